"""Many sessions as tidy tables: a row a session, a row a minute, a row a score; CSV and Parquet, with a dictionary.

The same names in both files, one unit a column, no words where a number belongs, and nothing to clean: an unknown is an
empty field in CSV and null in Parquet. Of a note only the scores are taken: free words stay with the therapist.
"""

import csv
import datetime
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.device import studies
from host_tools.extras import needed
from host_tools.forms.csv_form import UNCALIBRATED
from host_tools.forms.minutes import Minute, minutes
from host_tools.sessions import note as notes
from host_tools.sessions import session_file, words
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.session_read import SUFFIX
from host_tools.sessions.told import Told, tell
from simulator.files.errors import CalandoError

SESSIONS, MINUTES, SCORES, DICTIONARY = "sessions", "minutes", "scores", "dictionary"
FEW = 80  # sessions that are sooner read here than other processes are started
Say = Callable[[str], None]

_KEY = {
    "unit": ("text", "", "what tells the device from others, in hex"),
    "session": ("whole", "", "the session's number on that device; with unit it names a session"),
}
# Table: column: type (text, whole, number, flag, time), unit, meaning
COLUMNS: dict[str, dict[str, tuple[str, str, str]]] = {
    SESSIONS: {
        **_KEY,
        "session_sha256": ("text", "", "of the records that the device gave; calando session verify"),
        "firmware": ("text", "", "version on the device as it was read"),
        "read_at": ("time", "", "when it was read, in UTC, by that computer's clock"),
        "began_at": ("time", "", "when it began, in UTC, to the minute; empty: nobody knows"),
        "utc_offset_min": ("whole", "min", "of the clock at the bedside at its beginning; empty: nobody knows"),
        "length_s": ("whole", "s", "from its beginning to its last record"),
        "ended": ("text", "", f"how it ended: {', '.join(words.ENDS)}; empty: not written down"),
        "reason": ("text", "", "why it ended, a word of the device"),
        "cut": ("flag", "", "the power went before it ended"),
        "population": ("text", "", "of the profile: newborn or adult; empty: not known"),
        "profile": ("text", "", "title of the profile that played; empty: not known"),
        "profile_is_sure": ("flag", "", "the records name it, or no restart came in between; else the profile is empty"),
        "song": ("text", "", "of that profile"),
        "soundscape": ("text", "", "of that profile"),
        "calibrated": ("flag", "", "the level at the ear is reckoned from a calibration; empty: not known"),
        "records_kept": ("whole", "", "seconds that were written down"),
        "sound_s": ("whole", "s", "seconds written down in which something was played"),
        "pulse_known_percent": ("number", "%", "of the seconds with sound in which the pulse was known"),
        "pulse_first_bpm": ("number", "bpm", "median pulse of the 60 s from its first reading on; no measurement for care"),
        "pulse_last_bpm": ("number", "bpm", "median pulse of the last 60 s to its last reading"),
        "tempo_first_bpm": ("number", "bpm", "tempo of the music where it began"),
        "tempo_slowest_bpm": ("number", "bpm", "slowest tempo of the music"),
        "level_mean_dba": ("number", "dB(A)", "energetic mean level at the ear while something was played, reckoned"),
        "level_highest_dba": ("number", "dB(A)", "highest level at the ear, reckoned"),
        "study": ("text", "", "the mark of the blinded study it was of; empty: of none"),
        "arm": ("text", "", "a or b: the study's arm; empty: of none"),
        "arm_was": ("text", "", "music or sham; empty while the study is sealed on this computer"),
        "note_version": ("whole", "", "newest version of its note on this computer; empty: there is none"),
    },
    MINUTES: {
        **_KEY,
        "minute": ("whole", "", "from 1: the first 60 s of the session, and so on"),
        "began_at": ("time", "", "when the minute began, in UTC; empty: nobody knows"),
        "phase": ("text", "", f"what the device did for most of it: {', '.join(words.PHASES)}; empty: no record"),
        "records_kept": ("whole", "", "seconds of it that were written down"),
        "pulse_rate_bpm": ("number", "bpm", "median; light, steers music, not for monitoring"),
        "pulse_known_s": ("whole", "s", "seconds of it with a pulse"),
        "tempo_bpm": ("number", "bpm", "median tempo of the music's beat; empty: no music, or no record"),
        "level_dba": ("number", "dB(A)", "median level at the ear while something was played, reckoned"),
        "perfusion_index_percent": ("number", "%", "median pulsing share of the infrared light"),
        "spo2_uncalibrated_percent": ("number", "%", f"median; {UNCALIBRATED}"),
        "quality_percent": ("number", "%", "median of how far the device trusts its pulse signal"),
        "breathing_rate_bpm": ("number", "/min", "an adult's breaths a minute, median; light, not for care"),
        "breath_amplitude_bpm": ("number", "bpm", "median swing of the pulse rate within a breath"),
        "pulse_variability_ms": ("number", "ms", "median RMSSD of the pulse, not of the heart"),
        "pace_bpm": ("number", "/min", "median pace that the soundscape's swell showed; empty: none"),
    },
    SCORES: {
        **_KEY,
        "scale": ("text", "", "NRS, ESAS-r, N-PASS or COMFORTneo; the number is as somebody entered it"),
        "symptom": ("text", "", "what a score of ESAS-r is of, in the words of whoever entered it"),
        "taken": ("text", "", "before, during or after the session"),
        "score": ("whole", "", "as entered; nothing was computed"),
        "note_version": ("whole", "", "of the note it stands in, the newest"),
    },
}  # fmt: skip


@dataclass
class Tables:
    """Columns of each table, by its name; every column of a table is as long as the others. None: unknown."""

    columns: dict[str, dict[str, list[Any]]]

    def rows(self, table: str) -> int:
        return len(next(iter(self.columns[table].values())))


@dataclass
class _Rows:
    """What one session adds to the tables."""

    key: tuple[str, int, str]
    of_table: dict[str, list[dict[str, Any]]]


def read_folder(folder: Path, say: Say, progress: Callable[[int, int], None] | None = None) -> Tables:
    """Return the tables of every session file in a folder. What is left out is said, a line for each.

    Raises CalandoError when the folder has no session that can be read.
    """
    if not folder.is_dir():
        raise CalandoError(f"{folder} is no folder; name one with files of calando session get (*{SUFFIX})")
    places = sorted(folder.glob(f"*{SUFFIX}"))
    for pipe in [place for place in places if place.exists() and not (place.is_file() or place.is_dir())]:
        say(f"left out: {pipe} is no file")  # who opens one waits until somebody writes
        places.remove(pipe)
    if not places:
        raise CalandoError(
            f"there is no session in {folder}; bring one in with calando session get (*{SUFFIX})"
        )
    tables = Tables({table: {name: [] for name in columns} for table, columns in COLUMNS.items()})
    seen: dict[tuple[str, int, str], Path] = {}
    for number, (place, rows) in enumerate(zip(places, _all_rows(places), strict=True), 1):
        if progress is not None:
            progress(number, len(places))
        if isinstance(rows, str):
            say(f"left out: {rows}")
        elif rows.key in seen:
            say(f"left out: {place} is the same session as {seen[rows.key]}")
        else:
            seen[rows.key] = place
            for table, columns in tables.columns.items():
                for row in rows.of_table[table]:
                    for name, column in columns.items():
                        column.append(row[name])
    if not seen:
        raise CalandoError(f"no session in {folder} can be read; get them from the device again")
    return tables


def _all_rows(places: list[Path]) -> Iterator["_Rows | str"]:
    """The rows of each session, or the sentence why there are none; of many, on every processor there is."""
    if len(places) <= FEW:
        yield from map(_rows_of, places)
        return
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1), get_context("spawn")) as pool:
        yield from pool.map(_rows_of, places, chunksize=FEW // 4)


def _rows_of(place: Path) -> "_Rows | str":
    try:
        session = session_file.load(place)
        told = tell(session.raw)
        by_minute = minutes(told)
        written = notes.newest(session)
    except CalandoError as error:
        text = str(error)
        return text if text.startswith(str(place)) else f"{place}: {text}"
    scores = written.note.scores if written is not None else ()
    return _Rows(
        (session.unit, session.age, session.sha256),
        {
            SESSIONS: [_session_row(session, told, written)],
            MINUTES: [_minute_row(session, minute) for minute in by_minute],
            SCORES: [_score_row(session, written, score) for score in scores if written is not None],
        },
    )


def _session_row(session: SessionFile, told: Told, written: notes.NoteVersion | None) -> dict[str, Any]:
    profile = session.played
    sounding = [row for row in told.rows if row["level_dba"]]
    pulse = [(row["time_s"], row["pulse_rate_bpm"]) for row in told.rows if row["pulse_rate_bpm"] is not None]
    tempo = [row["tempo_bpm"] for row in told.rows if row["tempo_bpm"] is not None]
    levels = np.array([row["level_dba"] for row in sounding])
    known = sum(row["pulse_rate_bpm"] is not None for row in sounding)
    return {
        "unit": session.unit,
        "session": session.age,
        "session_sha256": session.sha256,
        "firmware": session.firmware,
        "read_at": session.read_at.astimezone(datetime.UTC),
        "began_at": None if session.started is None else session.started.astimezone(datetime.UTC),
        "utc_offset_min": _offset_min(session.started),
        "length_s": told.length_s,
        "ended": told.end,
        "reason": told.reason,
        "cut": session.cut,
        "population": session.population,
        "profile": profile.title if profile else None,
        "profile_is_sure": profile is not None,
        "song": profile.song if profile else None,
        "soundscape": profile.soundscape if profile else None,
        "calibrated": session.calibrated,
        "records_kept": len(told.rows),
        "sound_s": len(sounding),
        "pulse_known_percent": round(100 * known / len(sounding), 1) if sounding else None,
        "pulse_first_bpm": _median(rate for at, rate in pulse if at < pulse[0][0] + 60),
        "pulse_last_bpm": _median(rate for at, rate in pulse if at > pulse[-1][0] - 60),
        "tempo_first_bpm": tempo[0] if tempo else None,
        "tempo_slowest_bpm": min(tempo) if tempo else None,
        "level_mean_dba": round(float(10 * np.log10(np.mean(10 ** (levels / 10)))), 2) if sounding else None,
        "level_highest_dba": float(levels.max()) if sounding else None,
        **_study(told),
        "note_version": written.number if written else None,
    }


def _study(told: Told) -> dict[str, str | None]:
    arm = None if told.arm is None else studies.told(told.arm)
    return {
        "study": arm.mark if arm else None,
        "arm": arm.letter if arm else None,
        "arm_was": arm.was if arm else None,
    }


def _minute_row(session: SessionFile, minute: Minute) -> dict[str, Any]:
    began = session.started
    return {
        "unit": session.unit,
        "session": session.age,
        "minute": minute.number + 1,
        "began_at": (
            None
            if began is None
            else began.astimezone(datetime.UTC) + datetime.timedelta(minutes=minute.number)
        ),
        "phase": minute.phase,
        "records_kept": minute.rows,
        "pulse_known_s": minute.known["pulse_rate_bpm"],
        **minute.medians,
        "spo2_uncalibrated_percent": minute.medians["spo2_percent"],
    }


def _score_row(session: SessionFile, written: notes.NoteVersion, score: notes.ScaleScore) -> dict[str, Any]:
    return {
        "unit": session.unit,
        "session": session.age,
        "scale": score.scale,
        "symptom": score.symptom,
        "taken": score.when,
        "score": score.value,
        "note_version": written.number,
    }


def _offset_min(moment: datetime.datetime | None) -> int | None:
    offset = moment.utcoffset() if moment is not None else None
    return None if offset is None else round(offset.total_seconds() / 60)


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return round(float(np.median(known)), 3) if known else None


def files(tables: Tables, folder: Path) -> dict[Path, bytes]:
    """Return the content of every file, by its place: NAME.csv and NAME.parquet of each table, and dictionary.csv.

    Raises CalandoError when the library for Parquet is not installed.
    """
    made: dict[Path, bytes] = {}
    for table, columns in tables.columns.items():
        made[folder / f"{table}.csv"] = _csv(list(columns), zip(*columns.values(), strict=True))
        made[folder / f"{table}.parquet"] = _parquet(table, columns)
    explained = [
        (table, name, kind, unit, meaning)
        for table, columns in COLUMNS.items()
        for name, (kind, unit, meaning) in columns.items()
    ]
    made[folder / f"{DICTIONARY}.csv"] = _csv(["table", "column", "type", "unit", "meaning"], explained)
    return made


def _csv(header: list[str], rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_in_csv(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _in_csv(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _parquet(table: str, columns: dict[str, list[Any]]) -> bytes:
    arrow = needed("pyarrow", "record", "a table as Parquet")
    parquet = needed("pyarrow.parquet", "record", "a table as Parquet")
    types = {
        "text": arrow.string(), "whole": arrow.int64(), "number": arrow.float64(), "flag": arrow.bool_(),
        "time": arrow.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    fields = [
        arrow.field(name, types[kind], metadata={"unit": unit, "meaning": meaning})
        for name, (kind, unit, meaning) in COLUMNS[table].items()
    ]
    made = arrow.table(
        [arrow.array(columns[field.name], field.type) for field in fields], schema=arrow.schema(fields)
    )
    out = io.BytesIO()
    parquet.write_table(made, out)
    return out.getvalue()
