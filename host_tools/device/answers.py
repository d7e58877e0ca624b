"""What a device may answer: a model for each answer of docs/protocol.md, with types, ranges and a bound for everything.

A device that is broken, of another version or not ours sends lines of the right form with anything in them. Nothing of
an answer is used before it went through here; what a model does not name is dropped.
"""

import base64
import binascii
import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from firmware.memory.journal import RECORD_BYTES
from firmware.usb import link

# Far above what a flash of 2 MB can hold: whoever tells of more is no device of ours.
MOST_OBJECT_BYTES = 1 << 21
MOST_TEXT_BYTES = 1 << 16  # of an object that is JSON
MOST_ITEMS = 1000
MOST_RECORDS = 1 << 14
MOST_S = 1 << 32
MOST_NUMBER = 1e9  # of a setting, in any unit
MOST_CHARACTERS = 100


class Strange(ValueError):
    """An answer cannot be right; the text says which part and why."""


def _bytes(text: Any) -> Any:
    """The bytes of a base64 text as the device writes it; a decoder alone would pass over what is none."""
    if not isinstance(text, str):
        raise ValueError("should be a text in base64")
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("is not base64 as it is written")
    return data


def _as_in_settings(value: Any, depth: int = 0) -> Any:
    """A setting's value of whatever kind, so long as it is as small as settings are."""
    if isinstance(value, bool | None):
        small = True
    elif isinstance(value, int | float):
        small = -MOST_NUMBER <= value <= MOST_NUMBER  # false for NaN, too
    elif isinstance(value, str):
        small = len(value) <= MOST_CHARACTERS
    else:
        small = isinstance(value, list | dict) and len(value) <= MOST_CHARACTERS and depth < 4
        if small:
            for part in [*value, *value.values()] if isinstance(value, dict) else value:
                _as_in_settings(part, depth + 1)
    if not small:
        raise ValueError("is no value of a setting")
    return value


Word = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
Unit = Annotated[str, Field(pattern=r"^[0-9a-f]{1,32}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,24}$")]
ObjectName = Annotated[
    str, Field(pattern=r"^(profile|calibration|session|(song|voice|programme)\.[a-z0-9_]{1,24})$")
]
Title = Annotated[str, Field(max_length=16)]
Bytes = Annotated[bytes, BeforeValidator(_bytes)]
Count = Annotated[int, Field(ge=0, le=MOST_S)]
Level = Annotated[float, Field(ge=0, le=200)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Value = Annotated[Any, AfterValidator(_as_in_settings)]


class Answer(BaseModel):
    """An answer, or a part of one: nothing is turned from one type into another, and no number is infinite or NaN."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class Nothing(Answer):
    """An answer that says only that it was done."""


class Greeting(Answer):
    """The part of `hello` that every version of the protocol has."""

    product: Literal["calando"]
    protocol: Annotated[int, Field(ge=1, le=1000)]


class Hello(Greeting):
    unit: Unit
    firmware: Annotated[str, Field(min_length=1, max_length=32)]
    board: Annotated[str, Field(max_length=64)]
    # docs/protocol.md: `schema` is the CRC-32 of the table of settings; the name alone is one of pydantic's own.
    schema_crc: Annotated[str, Field(alias="schema", pattern=r"^[0-9A-F]{8}$")]
    mode: Literal["session", "idle", "bench"]
    line: Annotated[int, Field(ge=64, le=1 << 16)]


class ProfileInUse(Answer):
    title: Title
    population: Literal["newborn", "adult"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Status(Answer):
    mode: Literal["session", "idle", "bench"]
    phase: Word  # a newer firmware may have other words, and says nothing wrong with them
    reason: Word | None
    minutes_left: Minutes | None
    uptime_s: Count
    profile: ProfileInUse | None
    confirmed: bool
    fell_back: Word | None = None  # a firmware that knows no such thing says nothing of it
    calibrated: bool
    full_scale_dba: Level
    staged: Annotated[int, Field(ge=0, le=MOST_ITEMS)]
    commit: Literal["none", "waiting", "done", "expired", "failed"]
    supply_v: Annotated[float, Field(ge=0, le=100)] | None
    sensor_fault: Word | None
    adc_fault: Word | None
    dose_today_min: Annotated[int, Field(ge=0, le=1 << 16)]
    flash_free_bytes: Count | None
    heap_free_bytes: Count | None
    worst_lateness_ms: Count


class Now(Answer):
    row: Annotated[Bytes, Field(min_length=RECORD_BYTES, max_length=RECORD_BYTES)]


class SoundItem(Answer):
    name: Name
    size: Annotated[int, Field(alias="bytes", ge=0, le=MOST_OBJECT_BYTES)]
    built_in: bool


class SessionItem(Answer):
    age: Count
    records: Annotated[int, Field(ge=0, le=MOST_RECORDS)]
    this_boot: bool
    cut: bool


class _Page(Answer):
    next: Annotated[int, Field(ge=1, le=MOST_ITEMS)] | None


class SoundPage(_Page):
    items: Annotated[list[SoundItem], Field(max_length=MOST_ITEMS)]


class SessionPage(_Page):
    items: Annotated[list[SessionItem], Field(max_length=MOST_ITEMS)]


class Chunk(Answer):
    """A chunk of an object; the last has no `next` and the SHA-256 of the whole."""

    data: Bytes
    size: Annotated[int, Field(ge=0, le=MOST_OBJECT_BYTES)]
    next: Annotated[int, Field(ge=1, le=MOST_OBJECT_BYTES)] | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _ends_with_its_hash(self) -> Self:
        if self.next is None and self.sha256 is None:
            raise ValueError("the last chunk has no sha256")
        return self


class Have(Answer):
    have: Annotated[int, Field(ge=0, le=MOST_OBJECT_BYTES)]


class Staged(Answer):
    staged: Annotated[int, Field(ge=0, le=MOST_ITEMS)]


class Waiting(Answer):
    # A device from before the button's two times had two names says hold_s.
    within_s: Annotated[int, Field(ge=1, le=120, validation_alias=AliasChoices("within_s", "hold_s"))]


class Tried(Answer):
    passed: bool | None
    text: Annotated[str, Field(min_length=1, max_length=400)]
    next: Annotated[str, Field(max_length=400)] | None


class Refusal(Answer):
    code: Word
    text: Annotated[str, Field(min_length=1, max_length=link.LINE_BYTES)]


class Line(Answer):
    """What every answer is: what was asked for, or a refusal."""

    id: Annotated[int, Field(ge=0, le=link.ID_MOST)] | None
    ok: dict[str, Any] | None = None
    error: Refusal | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ok is None) == (self.error is None):
            raise ValueError("it has neither ok nor error, or both")
        return self


class Change(Answer):
    name: ObjectName
    setting: Word
    old: Value
    new: Value

    @model_validator(mode="after")
    def _says_whose_profile(self) -> Self:
        known = (None, "newborn", "adult")
        if (self.name, self.setting) == ("profile", "population") and not (
            self.old in known and self.new in known
        ):
            raise ValueError("a population is newborn or adult")
        return self


class Diff(Answer):
    """The object `diff`: what a commit would change."""

    changes: Annotated[list[Change], Field(max_length=MOST_ITEMS)]


class Calibration(Answer):
    """The part of the object `calibration` that is used here."""

    date: datetime.date


ANSWERS: dict[str, type[Answer]] = {
    "hello": Hello,
    "status": Status,
    "now": Now,
    "get": Chunk,
    "put": Have,
    "data": Have,
    "stage": Staged,
    "remove": Staged,
    "rollback": Staged,
    "reset": Staged,
    "discard": Staged,
    "commit": Waiting,
    "bench": Waiting,
    "identify": Nothing,
    "tone": Nothing,
    "quiet": Nothing,
    "selftest": Tried,
}
_SETTINGS: TypeAdapter[dict[str, Any]] = TypeAdapter(
    dict[str, Value], config=ConfigDict(strict=True, allow_inf_nan=False)
)


def check(cmd: str, arguments: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a command's answer says, with bytes where it says base64. Raises Strange."""
    if cmd == "list":
        model: type[Answer] = SessionPage if arguments["kind"] == "session" else SoundPage
    else:
        model = ANSWERS[cmd]
    return _checked(lambda: model.model_validate(answer)).model_dump(by_alias=True)


def line(message: dict[str, Any]) -> Line:
    """Return a line that was decoded as an answer. Raises Strange when it is none."""
    return _checked(lambda: Line.model_validate(message))


def greeting(answer: dict[str, Any]) -> Greeting | None:
    """Return who answers; None when it is no Calando device of any version."""
    try:
        return Greeting.model_validate(answer)
    except ValidationError:
        return None


def diff(text: bytes) -> list[dict[str, Any]]:
    """Return the changes of the object `diff`. Raises Strange."""
    return _checked(lambda: Diff.model_validate_json(_bounded(text))).model_dump()["changes"]


def settings(text: bytes) -> dict[str, Any]:
    """Return the values of an object that is a JSON object of settings; they are not checked yet. Raises Strange."""
    return _checked(lambda: _SETTINGS.validate_json(_bounded(text)))


def calibrated_on(text: bytes) -> datetime.date:
    """Return the day of a calibration. Raises Strange."""
    return _checked(lambda: Calibration.model_validate_json(_bounded(text))).date


def _bounded(text: bytes) -> bytes:
    if len(text) > MOST_TEXT_BYTES:
        raise Strange(f"it has {len(text)} bytes, where {MOST_TEXT_BYTES} are most")
    return text


def _checked(read: Any) -> Any:
    try:
        return read()
    except ValidationError as error:
        raise Strange(first(error)) from None


# What the library finds wrong, by the end of its own word for it, in ours: its sentences are for who writes programs.
_WORDS = {
    "missing": "it is missing",
    "_type": "it is of another kind",
    "too_long": "it is too long",
    "too_short": "it is too short",
    "_equal": "it is out of its range",
    "_number": "it is out of its range",
    "_mismatch": "it has signs that it cannot have",
    "literal_error": "it is none of those that there are",
}


def first(error: ValidationError) -> str:
    """Return the first thing that is wrong, as a part of a sentence."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"] if part != "[key]")[:80]
    kind = problem["type"]
    if kind == "value_error":  # of our own
        text = problem["msg"].removeprefix("Value error, ")
    else:
        text = next(
            (words for ending, words in _WORDS.items() if kind.endswith(ending)), "it cannot be right"
        )
    return f"{where}: {text}" if where else text
