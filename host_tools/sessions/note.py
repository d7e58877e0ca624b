"""The note of a session: what only a person sees, kept on this computer alone and never on the device.

Keyed by the unit, the session's age and the digest of its records: it is found when the session is read again, and not by
another session that a device set back to new numbered the same. Each change is a new version in a file of its own; none is
ever written over.
"""

import contextlib
import datetime
import os
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from host_tools.sessions import identifying, scales
from host_tools.sessions.session_file import SessionFile
from simulator.files import stopping
from simulator.files.errors import CalandoError, os_reason

FORMAT = "calando note"
MOST_SCORES = 16
MOST_MOMENTS = 8
# What is free words: the question, and how many characters fit on the page for the chart.
WORDS: dict[str, tuple[str, int]] = {
    "goal": ("What was the goal", 200),
    "present": ("Who was present, by role", 120),
    "before": ("State before", 200),
    "after": ("State after", 200),
    "too_much": ("Signs that it was too much", 200),
    "stopped_by": ("Stopped by whom, by role", 60),
    "stopped_why": ("Stopped why", 200),
    "remarks": ("Anything else", 400),
}
_LISTS_PEOPLE = ("present", "stopped_by")
_MOMENT_CHARACTERS = 60


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScaleScore(_Model):
    """A number of a named scale, as somebody scored it."""

    scale: str
    symptom: str | None = None
    when: Literal["before", "during", "after"]
    value: int

    @model_validator(mode="after")
    def _of_the_scale(self) -> Self:
        try:
            scales.checked(self.scale, self.symptom, self.when, self.value)
        except CalandoError as error:
            raise ValueError(str(error)) from None
        return self


class Moment(_Model):
    """Something seen at a time of the session, in seconds since it began."""

    time_s: int = Field(ge=0, le=86_400)
    words: str = Field(min_length=1, max_length=_MOMENT_CHARACTERS)


def _field(name: str) -> Any:
    return Field(default=None, min_length=1, max_length=WORDS[name][1])


class SessionNote(_Model):
    """What a person saw. None: nothing was entered, which is neither "no" nor 0."""

    goal: str | None = _field("goal")
    present: str | None = _field("present")
    before: str | None = _field("before")
    after: str | None = _field("after")
    too_much: str | None = _field("too_much")
    stopped_by: str | None = _field("stopped_by")
    stopped_why: str | None = _field("stopped_why")
    remarks: str | None = _field("remarks")
    scores: Annotated[tuple[ScaleScore, ...], Field(max_length=MOST_SCORES)] = ()
    moments: Annotated[tuple[Moment, ...], Field(max_length=MOST_MOMENTS)] = ()


class NoteVersion(_Model):
    """A note as it was written once; `number` counts from 1."""

    format: Literal["calando note"] = FORMAT
    version: Literal[1] = 1
    unit: str = Field(pattern=r"^[0-9a-f]{1,32}$")
    age: int = Field(ge=0, le=2**32)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")  # of the session's records
    number: int = Field(ge=1, le=9999)
    written: AwareDatetime
    note: SessionNote


# --- making one ---


def changed(
    note: SessionNote,
    words: Mapping[str, str | None] | None = None,
    scores: list[str] | None = None,
    moments: list[str] | None = None,
    length_s: int | None = None,
) -> SessionNote:
    """Return the note with some of it entered anew; what is not named stays, and what is entered empty is taken out.

    words: by the names in WORDS. scores: such as "NRS before 4" or "ESAS-r breathlessness after 3", with "-" for the
    number to take it out. moments: such as "12:30 grimaces", a time in minutes and seconds, without words to take it out.
    length_s: how long the session was, where it is known; no moment lies behind it.
    Raises CalandoError with what is wrong and what may be entered.
    """
    values: dict[str, Any] = note.model_dump()
    for name, text in (words or {}).items():
        values[name] = _printable(name, " ".join(text.split())) if text and text.strip() else None
        most = WORDS[name][1]
        if values[name] and len(values[name]) > most:
            raise CalandoError(
                f"{name} has {len(values[name])} characters; the page for the chart has room for {most}: say it shorter"
            )
    kept = {(score.scale, score.symptom, score.when): score.value for score in note.scores}
    for text in scores or []:
        scale, symptom, when, value = _read_score(text)
        if value is None:
            kept.pop((scale, symptom, when), None)
        else:
            kept[scale, symptom, when] = value
    seen = {moment.time_s: moment.words for moment in note.moments}
    for text in moments or []:
        at, said = _read_moment(text)
        if length_s is not None and at > length_s:
            end = f"{length_s // 60}:{length_s % 60:02d}"
            raise CalandoError(f'"{text}": the session ends at {end}; write what came later into remarks')
        if said is None:
            seen.pop(at, None)
        else:
            seen[at] = said
    if len(kept) > MOST_SCORES or len(seen) > MOST_MOMENTS:
        raise CalandoError(
            f"a note has at most {MOST_SCORES} scores and {MOST_MOMENTS} moments; leave some out"
        )
    values["scores"] = [
        {"scale": scale, "symptom": symptom, "when": when, "value": value}
        for (scale, symptom, when), value in kept.items()
    ]
    values["moments"] = [{"time_s": at, "words": said} for at, said in sorted(seen.items())]
    return SessionNote.model_validate(values)


def _read_score(text: str) -> tuple[str, str | None, str, int | None]:
    parts = text.replace("=", " ").split()
    if len(parts) < 3:
        raise CalandoError(
            f'"{text}" is no score; write scale, time and number, such as "NRS before 4" (or "NRS before -" to take it out)'
        )
    name, *between, last = parts
    when = between.pop().casefold()
    symptom = " ".join(between) or None
    if last in ("-", "–"):
        found = scales.find(name)
        scale, symptom, when, _ = scales.checked(name, symptom, when, found.lowest)
        return scale, symptom, when, None
    try:
        value = int(last)
    except ValueError:
        raise CalandoError(
            f'"{last}" in "{text}" is no whole number; enter the number as it was scored'
        ) from None
    return scales.checked(name, symptom, when, value)


def _read_moment(text: str) -> tuple[int, str | None]:
    at, _, said = text.strip().partition(" ")
    said = " ".join(said.split())
    minutes, colon, seconds = at.partition(":")
    if not (
        colon and minutes.isdecimal() and seconds.isdecimal() and len(seconds) == 2 and int(seconds) < 60
    ):
        raise CalandoError(
            f'"{text}" is no moment; write minutes, seconds and what was seen, such as "12:30 grimaces"'
        )
    time_s = 60 * int(minutes) + int(seconds)
    if time_s > 86_400:
        raise CalandoError(
            f"{at} is more than a day after the session's beginning; write its time in the session"
        )
    if len(said) > _MOMENT_CHARACTERS:
        raise CalandoError(
            f"what was seen at {at} has {len(said)} characters; write at most {_MOMENT_CHARACTERS}"
        )
    return time_s, _printable(f"what was seen at {at}", said) or None


def _printable(what: str, text: str) -> str:
    """A text, if all of it can stand on paper. Raises CalandoError for control characters and bytes that are no text."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise CalandoError(f'{what} has a character that cannot be printed ("{character}"); type it anew')
    return text


def identifying_words(note: SessionNote, before: SessionNote) -> list[tuple[str, str, str]]:
    """Return what in a note looks as if it named somebody: (field, "a name", the words); what stood in `before` is
    left out.
    """
    asked = set(_texts(before))
    return [
        (name, what, words)
        for name, text in _texts(note)
        if (name, text) not in asked
        for what, words in identifying.found(text, name in _LISTS_PEOPLE)
    ]


def _texts(note: SessionNote) -> list[tuple[str, str]]:
    texts = [(name, getattr(note, name)) for name in WORDS]
    texts += [("score", score.symptom) for score in note.scores]
    texts += [("moment", moment.words) for moment in note.moments]
    return [(name, text) for name, text in texts if text]


def score_words(score: ScaleScore) -> str:
    """Return a score in words: "NRS before: 4", "ESAS-r breathlessness after: 3"."""
    of = f" {score.symptom}" if score.symptom else ""
    return f"{score.scale}{of} {score.when}: {score.value}"


def moment_words(moment: Moment) -> str:
    """Return a moment in words: "12:30 grimaces"."""
    return f"{moment.time_s // 60}:{moment.time_s % 60:02d} {moment.words}"


# --- keeping it ---


def folder() -> Path:
    """Return where this computer keeps its notes: in the user's data folder, or in CALANDO_NOTES_DIR."""
    chosen = os.environ.get("CALANDO_NOTES_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_data_path("calando")) / "notes"


def history(session: SessionFile) -> list[NoteVersion]:
    """Return all versions of a session's note, oldest first. Raises CalandoError for one that is damaged."""
    place = _place(session)
    versions = []
    try:
        names = sorted(path for path in place.glob("*.json"))
        for path in names:
            versions.append(NoteVersion.model_validate_json(path.read_bytes()))
            made = versions[-1]
            if (made.unit, made.age, made.sha256) != (session.unit, session.age, session.sha256):
                raise CalandoError(f"{path} is the note of another session; move it out of that folder")
    except (ValidationError, UnicodeDecodeError):
        raise CalandoError(
            f"{path} is no whole note; move it out of that folder, and the version before it counts"
        ) from None
    except OSError as error:
        raise CalandoError(f"the notes in {place} cannot be read ({os_reason(error)})") from None
    return versions


def newest(session: SessionFile) -> NoteVersion | None:
    """Return the note as it stands, or None when there is none."""
    versions = history(session)
    return versions[-1] if versions else None


def write(session: SessionFile, note: SessionNote, based_on: int, now: datetime.datetime) -> NoteVersion:
    """Keep a note as the next version after number `based_on` (0: the first). `now` is this computer's clock.

    Raises CalandoError when that version is there already, because somebody else wrote meanwhile, and when it cannot be
    written; nothing that was there is changed.
    """
    made = NoteVersion(
        unit=session.unit, age=session.age, sha256=session.sha256, number=based_on + 1,
        written=now.replace(microsecond=0), note=note,
    )  # fmt: skip
    place = _place(session) / f"{made.number:04d}.json"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=".", dir=place.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(made.model_dump_json(indent=1, exclude_none=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(name, place)  # fails where that version is there already; a rename would write over it
            stopping.note_written("the note")
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    except FileExistsError:
        raise CalandoError(
            f"somebody wrote version {made.number} of this note meanwhile; look at it, and write yours again"
        ) from None
    except OSError as error:
        raise CalandoError(f"the note cannot be kept in {place.parent} ({os_reason(error)})") from None
    return made


def _place(session: SessionFile) -> Path:
    return folder() / f"{session.unit}-{session.age}-{session.sha256[:12]}"
