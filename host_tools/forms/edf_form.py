"""A session as EDF+: continuous, one sample a second, and beside every signal one that says which samples are readings.

EDF+ has no way to say "unknown", and its discontinuous kind (EDF+D) is read as if it had no gaps by MNE 1.13 and edfio 0.4,
and refused by pyedflib 0.1: so the file is EDF+C, and a sample counts where its `..._valid` is 1. The others are 0, with
which other programs fill a gap.
"""

import datetime
import io
import re
import warnings

import edfio
import numpy as np
from edfio import Edf, EdfAnnotation, EdfSignal, Patient, Recording

from host_tools.forms import edf_pack
from host_tools.sessions import words
from host_tools.sessions.note import SessionNote
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import Told, check_length
from simulator.files.errors import CalandoError

YEARS = range(1985, 2085)  # the format has two figures for a year, and means these
NOTED = "note: moment"
_DIGEST = "records SHA-256 "
_BEGAN = "session began "
_TOO_MANY = "a second row in this second is in the CSV only"

# Key of a row; label, label of its validity (16 characters each), unit, step, the field's highest number on the device
SIGNALS = (
    ("pulse_rate_bpm", "pulse_rate_bpm", "pulse_rate_valid", "bpm", 0.01, 65_535),
    ("tempo_bpm", "tempo_bpm", "tempo_valid", "bpm", 0.01, 65_535),
    ("target_tempo_bpm", "target_tempo_bpm", "target_valid", "bpm", 0.01, 65_535),
    ("level_dba", "level_dba", "level_valid", "dB(A)", 0.01, 65_535),
    ("perfusion_index_percent", "perfusion_index", "perfusion_valid", "%", 0.001, 65_535),
    ("spo2_percent", "SpO2uncalibrated", "SpO2_valid", "%", 0.5, 255),
    ("quality_percent", "quality", "quality_valid", "%", 1.0, 127),
    ("contact", "contact", "contact_valid", "", 1.0, 1),
)
# Only in the file of a session in which an adult's breath was looked for, one sample in BREATH_EVERY_S.
BREATH_SIGNALS = (
    ("breathing_rate_bpm", "breathing_rate", "breathing_valid", "/min", 0.01, 65_535),
    ("breath_amplitude_bpm", "breath_amplitude", "amplitude_valid", "bpm", 0.01, 65_535),
    ("pulse_variability_ms", "pulse_variabilit", "variab_valid", "ms", 0.01, 65_535),
    ("beats_corrected_percent", "beats_corrected", "corrected_valid", "%", 0.5, 255),
    ("coherence_percent", "coherence", "coherence_valid", "%", 0.5, 255),
    ("pace_bpm", "breath_pace", "pace_valid", "/min", 0.01, 65_535),
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
    "breathing_rate": "breaths a minute from light; not for care",
    "breath_amplitude": "swing of the pulse rate within a breath",
    "pulse_variabilit": "pulse variability: RMSSD of the pulse over 60 s",
    "beats_corrected": "odd beats of those 60 s",
    "coherence": "share of the pulse's swing near its peak",
    "breath_pace": "the pace of the soundscape's swell",
}
_LOWEST = -32_768  # digital; physical 0


def edf(session: SessionFile, told: Told, note: SessionNote | None = None) -> bytes:
    """Return the file. Phases, events, gaps, stretches without a reading and the times of a note's moments are annotations.

    Of the patient it says X X X X. The start is local time at the bedside as the computer knew it, with its offset to UTC
    in the header and as an annotation; where nobody knew, or in a year that the format cannot say, Startdate X and
    midnight of 1985, as the format has it.
    Raises CalandoError for records over more than a day, which no device plays.
    """
    check_length(told, "EDF+")
    length = told.length_s + 1
    seconds, left_out = _seconds(told)
    signals = []
    breath = any(row[key] is not None for row in told.rows for key, *_ in BREATH_SIGNALS)
    for key, label, valid_label, unit, step, top in SIGNALS + (BREATH_SIGNALS if breath else ()):
        digital = np.full(length, _LOWEST, np.int16)
        valid = np.zeros(length, np.int16)
        for second, row in seconds.items():
            if row[key] is not None:
                digital[second] = _LOWEST + round(float(row[key]) / step)
                valid[second] = 1
        signals.append(
            EdfSignal.from_digital(
                digital, 1, label=label, transducer_type=_MADE_BY[label], physical_dimension=unit,
                physical_range=(0, round(top * step, 3)), digital_range=(_LOWEST, _LOWEST + top),
                prefiltering=f"a reading where {valid_label} is 1",
            )
        )  # fmt: skip
        signals.append(
            EdfSignal.from_digital(
                valid, 1, label=valid_label, transducer_type=f"1: {label} is a reading, 0: unknown",
                physical_range=(0, 1), digital_range=(0, 1),
            )
        )  # fmt: skip
    started = session.started if session.started and session.started.year in YEARS else None
    additional = [_offset(started)] if started else []
    made = Edf(
        signals,
        patient=Patient(),
        recording=Recording(
            startdate=started.date() if started else None,
            equipment_code=_equipment(session),
            additional=additional,
        ),
        starttime=started.time().replace(microsecond=0) if started else datetime.time(0, 0, 0),
        data_record_duration=1,
        annotations=_annotations(session, told, note, left_out),
    )
    out = io.BytesIO()
    made.write(out)
    return edf_pack.pack(out.getvalue())


def _seconds(told: Told) -> tuple[dict[int, dict], list[int]]:
    """The row of each second, and the seconds of rows for which there was no place.

    The device writes a row each second, some milliseconds late or early: two may fall in one second of its clock and none
    in the next or the one before. One of the two stands there then.
    """
    times = [row["time_s"] for row in told.rows]
    taken = set(times)
    placed: dict[int, dict] = {}
    left_out = []
    for place, (at, row) in enumerate(zip(times, told.rows, strict=True)):
        if at not in placed:
            doubled = place + 1 < len(times) and times[place + 1] == at
            if doubled and at > 0 and at - 1 not in taken and told.every_s[place - 1 : place] == [2]:
                at -= 1
        elif at + 1 not in taken and place + 1 < len(times) and times[place + 1] == at + 2:
            at += 1
        else:
            left_out.append(at)
            continue
        taken.add(at)
        placed[at] = row
    return placed, left_out


def _equipment(session: SessionFile) -> str:
    """Unit and firmware in what the header's 80 characters leave for them, printable and without a blank."""
    return re.sub(r"[^!-~]", "_", f"Calando_{session.unit}_{session.firmware}")[:44]


def _offset(moment: datetime.datetime) -> str:
    """ "UTC+02:00"."""
    offset = f"{moment:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _annotations(
    session: SessionFile, told: Told, note: SessionNote | None, left_out: list[int]
) -> list[EdfAnnotation]:
    made = [EdfAnnotation(0, None, _DIGEST + session.sha256)]
    if session.started is not None:
        made.append(EdfAnnotation(0, None, f"{_BEGAN}{session.started.isoformat(timespec='minutes')}"))
    why = {
        (event["time_s"], event["detail"]["phase"]): words.reason(event["reason"])
        for event in told.events
        if event["kind"] == "phase" and event["reason"] is not None
    }
    for start, end, name in told.phases:
        because = f" ({why[start, name]})" if (start, name) in why else ""
        made.append(EdfAnnotation(start, end - start, f"phase: {words.PHASES[name]}{because}"))
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
    # The format's own way to say that words are about one signal: https://www.edfplus.info/specs/edftexts.html
    made += [
        EdfAnnotation(start, end - start, f"no pulse: {why}@@pulse_rate_bpm")
        for start, end, why in told.unknown
    ]
    made += [EdfAnnotation(at, None, _TOO_MANY) for at in left_out]
    if note is not None:
        # Its words stay with the therapist; only that something was seen then goes out.
        made += [
            EdfAnnotation(moment.time_s, None, f"{NOTED} {number}")
            for number, moment in enumerate(note.moments, 1)
            if moment.time_s <= told.length_s
        ]
    return made


def read_edf(content: bytes) -> tuple[str | None, dict[str, list[float | None]], list[tuple[float, str]]]:
    """Return the session's digest, each signal second by second with None for unknown, by its key in a row, and the
    annotations.

    Raises CalandoError for a file that is none of ours.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it warns of a file that was cut off, and reads what is left
            read = edfio.read_edf(io.BytesIO(content))
        signals = {}
        there = set(read.labels)
        breath = BREATH_SIGNALS if any(label in there for _, label, *_ in BREATH_SIGNALS) else ()
        for key, label, valid_label, _, step, _ in SIGNALS + breath:
            values, valid = read.get_signal(label).digital, read.get_signal(valid_label).digital
            if (values[valid == 0] != _LOWEST).any():
                raise ValueError("a sample that is no reading is not 0")
            signals[key] = [
                round((int(value) - _LOWEST) * step, 3) if known else None
                for value, known in zip(values, valid, strict=True)
            ]
        annotations = [(float(one.onset), one.text) for one in read.annotations]
    except Exception as error:  # noqa: BLE001  (a damaged file makes its reader fail in any way there is)
        raise CalandoError(f"it is no session's EDF+ as calando writes it ({type(error).__name__})") from None
    digests = [text.removeprefix(_DIGEST) for _, text in annotations if text.startswith(_DIGEST)]
    return (digests[0] if digests else None), signals, annotations


def began(content: bytes) -> datetime.datetime | None:
    """Return when the session in a file of ours began, by its header: local time with its offset to UTC; None: unknown.

    Raises CalandoError where the header says neither.
    """
    header = content[88:184].decode("ascii", "replace")
    offset = re.search(r"UTC([+-]\d\d:\d\d)", header)
    if "Startdate X" in header or offset is None:
        return None
    day, at = header[80:88], header[88:96]
    try:
        return datetime.datetime.strptime(f"{day} {at}{offset[1]}", "%d.%m.%y %H.%M.%S%z")
    except ValueError:
        raise CalandoError("its header has a time that is none") from None
