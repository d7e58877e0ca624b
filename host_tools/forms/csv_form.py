"""A session as CSV, with a JSON beside it that explains it and holds the device's own records.

What is written is what the device wrote down: a second without a record is no row, and a reading that the device did not
have is an empty field.
"""

import csv
import io
import json
from importlib.metadata import version
from typing import Any

from firmware.memory.journal import BREATH_EVERY_S
from host_tools.sessions import session_file, words
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import Told
from simulator.breath_row import BREATH
from simulator.files.errors import CalandoError

UNCALIBRATED = "uncalibrated SpO2: estimated, not to be used for care; it can only stop the music"
NOTICE = (
    f"Calando plays music; it is not a monitor, and nothing here is a measurement for care. {UNCALIBRATED}."
)
DIGEST = "session_sha256"
JSON_FORMAT = "calando session csv"

_KEPT = f"an adult's, kept every {BREATH_EVERY_S} s"
# name, unit, meaning
COLUMNS = {
    "time_s": ("s", "since the session began; seconds without a row were not kept by the device"),
    "phase": ("", "what the device was doing"),
    "pulse_rate_bpm": ("bpm", "pulse rate estimated from light; steers music, no measurement for care"),
    "tempo_bpm": ("bpm", "tempo of the music's beat"),
    "target_tempo_bpm": ("bpm", "the tempo that it eases to"),
    "level_dba": (
        "dB(A)",
        "sound level at the ear, reckoned by the device from full_scale_dba; 0: nothing played",
    ),
    "perfusion_index_percent": ("%", "pulsing share of the infrared light"),
    "spo2_uncalibrated_percent": ("%", UNCALIBRATED),
    "quality_percent": ("%", "how far the device trusts its pulse signal"),
    "contact": ("", "1: the sensor is on the skin; 0: it is not"),
    "reason": ("", "why the device was in that phase"),
    "breathing_rate_bpm": (
        "breaths/min",
        f"an adult's breaths a minute from light; {_KEPT}; no measurement for care",
    ),
    "breath_amplitude_bpm": ("bpm", f"swing of the pulse rate within a breath, median of three; {_KEPT}"),
    "pulse_variability_ms": (
        "ms",
        f"RMSSD of the pulse over 60 s, odd beats left out; of the pulse, not of the heart; {_KEPT}",
    ),
    "beats_corrected_percent": ("%", f"beats of those 60 s that were odd; {_KEPT}"),
    "coherence_percent": ("%", f"power of the pulse's swing near its peak, 0.04 to 0.26 Hz, 64 s; {_KEPT}"),
    "pace_bpm": ("breaths/min", f"the pace that the soundscape's swell showed; {_KEPT}; empty: none"),
    "feedback_percent": (
        "%",
        f"what the breath added to brightness and density; {_KEPT}; empty: nothing could",
    ),
    "pacer": ("", f"off, paced or let_go; {_KEPT}"),
    "breath_followed": ("", f"1: the last breath that was paced followed; {_KEPT}"),
    DIGEST: ("", "of the records that the device gave, the same in each row: calando session verify"),
}
_WORDS = ("phase", "reason", "pacer", DIGEST)
_WHOLE = ("time_s", "quality_percent", "contact", "feedback_percent", "breath_followed")
_BEFORE_BREATH = tuple(name for name in COLUMNS if name not in BREATH)  # what an older Calando wrote


def csv_text(session: SessionFile, told: Told) -> str:
    """Return one row for each second that the device kept."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in told.rows:
        values = row | {
            "spo2_uncalibrated_percent": row["spo2_percent"],
            "contact": int(row["contact"]),
            DIGEST: session.sha256,
        }
        writer.writerow(["" if values[name] is None else values[name] for name in COLUMNS])
    return text.getvalue()


def read_csv(text: str) -> tuple[str | None, list[dict[str, Any]]]:
    """Return the session's digest, None without a row, and the rows as Told has them; those of an older Calando lack what
    is of a breath. Raises CalandoError for anything else.
    """
    lines = csv.DictReader(io.StringIO(text), strict=True)
    digests = set()
    rows = []
    try:
        if tuple(lines.fieldnames or ()) not in (tuple(COLUMNS), _BEFORE_BREATH):
            raise ValueError("its columns are others")
        for line in lines:
            digests.add(line.pop(DIGEST))
            row = {name: _value(name, text) for name, text in line.items()}
            row["spo2_percent"] = row.pop("spo2_uncalibrated_percent")
            row["contact"] = bool(row["contact"])
            rows.append(row)
    except (ValueError, TypeError, csv.Error) as error:
        raise CalandoError(f"it is no session's CSV as calando writes it: {error}") from None
    if len(digests) > 1:
        raise CalandoError("its rows are of more than one session")
    return next(iter(digests), None), rows


def _value(name: str, text: str) -> Any:
    if text == "":
        return None
    if name in _WORDS:
        return text
    return int(text) if name in _WHOLE else float(text)


def sidecar(session: SessionFile, told: Told) -> dict[str, Any]:
    """Return what stands in the CSV, where it comes from, what happened besides, and the records themselves."""
    phases = dict.fromkeys(row["phase"] for row in told.rows)
    reasons = dict.fromkeys(
        item["reason"] for item in [*told.rows, *told.events] if item["reason"] is not None
    )
    return {
        "format": JSON_FORMAT,
        "version": 3,
        "notice": NOTICE,
        "unknown": "an empty field: the device had no reading; no value is invented",
        "columns": {name: {"unit": unit, "meaning": meaning} for name, (unit, meaning) in COLUMNS.items()},
        "words": {
            "phases": {name: words.PHASES[name] for name in phases},
            "reasons": {name: words.reason(name) for name in reasons},
        },
        "session": session_file.facts_json(session),
        "length_s": told.length_s,
        "end": told.end,
        "reason": told.reason,
        "events": [
            {"time_s": event["time_s"], "kind": event["kind"], "reason": event["reason"], **event["detail"]}
            for event in told.events
        ],
        "gaps": [{"from_s": start, "to_s": end} for start, end in told.gaps],
        "kept": [{"from_s": start, "to_s": end, "every_s": every} for start, end, every in told.thinning],
        "made_with": {"calando": version("calando")},
        "records": session.records,  # base64, 16 bytes each: what the digest in `session` is of
    }


def sidecar_text(session: SessionFile, told: Told) -> str:
    return json.dumps(sidecar(session, told), indent=2, ensure_ascii=False) + "\n"


def session_of(beside: dict[str, Any]) -> SessionFile:
    """Return the session that a JSON of `sidecar` was made from. Raises CalandoError when it is none, or damaged."""
    if (
        beside.get("format") != JSON_FORMAT
        or not isinstance(beside.get("session"), dict)
        or "records" not in beside
    ):
        raise CalandoError("it is no JSON of an exported session")
    return session_file.from_values({**beside["session"], "records": beside["records"]})
