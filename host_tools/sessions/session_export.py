"""A session for other programs: CSV with a JSON beside it that explains it, and EDF+.

What is written is what the device wrote down: a second without a record is no row of the CSV, and a reading that the
device did not have is an empty field there and UNKNOWN in EDF+, which has no other way to say so.
"""

import csv
import datetime
import io
import json
from importlib.metadata import version
from typing import Any

import numpy as np
from edfio import Edf, EdfAnnotation, EdfSignal, Patient, Recording

from host_tools.sessions import session_file, words
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import Told

UNCALIBRATED = "uncalibrated SpO2: estimated, not to be used for care; it can only stop the music"
UNKNOWN = -1.0  # in EDF+; no signal of ours can have this value
_LOWEST = -32768
UNKNOWN_EDF = "-1 = unknown or no record"

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
}
# EDF+: label (16 characters), unit, resolution, highest value, key of a row
_SIGNALS = (
    ("pulse_rate_bpm", "bpm", 0.01, 400, "pulse_rate_bpm"),
    ("tempo_bpm", "bpm", 0.01, 400, "tempo_bpm"),
    ("target_tempo_bpm", "bpm", 0.01, 400, "target_tempo_bpm"),
    ("level_dba", "dB(A)", 0.01, 200, "level_dba"),
    ("perfusion_index", "%", 0.001, 60, "perfusion_index_percent"),
    ("SpO2uncalibrated", "%", 0.5, 100, "spo2_percent"),
    ("quality", "%", 1.0, 100, "quality_percent"),
    ("contact", "", 1.0, 1, "contact"),
)
_MADE_BY = {
    "pulse_rate_bpm": "light at the skin, estimate; steers music, not for care",
    "tempo_bpm": "the music that was played",
    "target_tempo_bpm": "the tempo that the music eases to",
    "level_dba": "reckoned by the device at the ear; 0: nothing played",
    "perfusion_index": "pulsing share of infrared light",
    "SpO2uncalibrated": "uncalibrated SpO2 from light; not for care",
    "quality": "the device's trust in its pulse signal",
    "contact": "1: sensor on the skin, 0: not",
}


def csv_text(told: Told) -> str:
    """One row for each second that the device kept."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in told.rows:
        values = row | {"spo2_uncalibrated_percent": row["spo2_percent"], "contact": int(row["contact"])}
        writer.writerow(["" if values[name] is None else values[name] for name in COLUMNS])
    return text.getvalue()


def sidecar(session: SessionFile, told: Told) -> dict[str, Any]:
    """What stands in the CSV, where it comes from, and what happened besides."""
    phases = dict.fromkeys(row["phase"] for row in told.rows)
    reasons = dict.fromkeys(
        item["reason"] for item in [*told.rows, *told.events] if item["reason"] is not None
    )
    return {
        "format": "calando session csv",
        "version": 1,
        "notice": (
            f"Calando plays music; it is not a monitor, and nothing here is a measurement for care. {UNCALIBRATED}."
        ),
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
        "kept": [
            {"from_s": start, "to_s": end, "every_s": every} for start, end, every in told.thinning or []
        ],
        "made_with": {"calando": version("calando")},
    }


def sidecar_text(session: SessionFile, told: Told) -> str:
    return json.dumps(sidecar(session, told), indent=2, ensure_ascii=False) + "\n"


def edf(session: SessionFile, told: Told) -> bytes:
    """EDF+C, one sample a second from the beginning to the last record; phases, events and gaps are annotations.

    Of the patient it says X X X X. The start is the computer's, where it knew; else Startdate X and midnight.
    """
    length = told.length_s + 1
    signals = [_signal(told, length, *how) for how in _SIGNALS]
    started = session.started
    recording = Recording(
        startdate=started.date() if started else None,
        equipment_code=f"Calando_{session.unit}_{session.firmware.replace(' ', '_')}",
    )
    made = Edf(
        signals,
        patient=Patient(),
        recording=recording,
        starttime=started.time().replace(microsecond=0) if started else datetime.time(0, 0, 0),
        data_record_duration=1,
        annotations=_annotations(told),
    )
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()


def _signal(told: Told, length: int, label: str, unit: str, step: float, top: float, key: str) -> EdfSignal:
    highest = _LOWEST + round((top - UNKNOWN) / step)
    digital = np.full(length, _LOWEST, np.int16)
    for row in told.rows:
        if row[key] is not None and row["time_s"] < length:
            # A value beyond what any of our signals can be is no reading.
            value = _LOWEST + round((row[key] - UNKNOWN) / step)
            digital[row["time_s"]] = value if value <= highest else _LOWEST
    return EdfSignal.from_digital(
        digital, 1, label=label, transducer_type=_MADE_BY[label], physical_dimension=unit,
        physical_range=(UNKNOWN, top), digital_range=(_LOWEST, highest), prefiltering=UNKNOWN_EDF,
    )  # fmt: skip


def _annotations(told: Told) -> list[EdfAnnotation]:
    made = [
        EdfAnnotation(start, end - start, f"phase: {words.PHASES[name]}") for start, end, name in told.phases
    ]
    for event in told.events:
        if event["kind"] == "phase":
            continue
        text = words.event(f"device_{event['kind']}", event["detail"] | {"reason": event["reason"]})
        at = event["time_s"]
        if at < 0:
            text = f"{words.span(-at)} before: {text}"
        made.append(EdfAnnotation(max(at, 0), None, text))
    made += [EdfAnnotation(start + 1, end - start - 1, "no record") for start, end in told.gaps]
    made += [
        EdfAnnotation(start, end - start, f"only one row in {every} s was kept")
        for start, end, every in told.thinning
        if every > 1
    ]
    return made
