"""One session as it was read from a device: its raw records, and what was known of the device then. Saved and read back.

Nothing here knows who listened: no name, no record number. The device has no clock; where the computer could tell when
the session began, it wrote that down as it read (`started`), and otherwise it stays unknown.
"""

import base64
import binascii
import datetime
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from firmware.memory.journal import RECORD_BYTES
from host_tools.device.answers import first
from host_tools.output import write_files
from host_tools.sessions.told import WRAP_S, Told, profile_of
from simulator.files import contents
from simulator.files.errors import CalandoError

FORMAT = "calando session"
VERSION = 1
MOST_RECORDS = 16_384  # the device's pages hold 3150; a file that claims more is no session
LARGEST_BYTES = 2 * MOST_RECORDS * RECORD_BYTES


def _a_clock_s(moment: datetime.datetime) -> datetime.datetime:
    # A computer without its battery says 1970; it has the session all the same.
    if not 1970 <= moment.year < 2200:
        raise ValueError(f"the year {moment.year} is none of a computer's clock")
    return moment


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has characters that cannot be printed")
    return text


Moment = Annotated[AwareDatetime, AfterValidator(_a_clock_s)]
Text = Annotated[str, AfterValidator(_printable)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PlayedProfile(_Model):
    """What the profile on the device said of the music; of its other settings nothing is kept with a session."""

    title: Text = Field(max_length=16)
    population: Literal["newborn", "adult"]
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{16}$"
    )  # its first digits, of the profile's record
    song: Text | None = Field(default=None, max_length=24)
    soundscape: Text | None = Field(default=None, max_length=24)
    recorded_voice: bool | None = None  # one is heard in the melody's place; its name is nobody's business
    level_dba: float | None = Field(default=None, ge=0, le=140)
    session_min: float | None = Field(default=None, ge=0, le=1440)


class SessionFile(_Model):
    """What `calando session get` writes: JSON, the records in base64 with their SHA-256."""

    format: Literal["calando session"] = FORMAT
    version: Literal[1] = VERSION
    unit: str = Field(pattern=r"^[0-9a-f]{1,32}$")
    firmware: Text = Field(max_length=32)
    protocol: int = Field(ge=1, le=1000)
    age: int = Field(ge=0, le=2**32)  # grows by one with each session the device keeps
    this_boot: bool  # the device was not switched off between the session and its reading
    cut: bool  # the power went before the session ended
    profile: PlayedProfile | None = (
        None  # on the device as it was read; the one that played only if the records name it, or this_boot
    )
    calibrated: bool | None = None  # as it was read, and at the session only if this_boot; so the three below
    calibrated_on: datetime.date | None = None
    full_scale_dba: float | None = Field(default=None, ge=0, le=200)
    dose_today_min: int | None = Field(default=None, ge=0, le=1440)
    read_at: Moment  # the computer's clock
    started: Moment | None = None  # the computer's clock, reckoned back
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    records: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if hashlib.sha256(self.raw).hexdigest() != self.sha256:
            raise ValueError("its records differ from their SHA-256")
        return self

    @property
    def played(self) -> PlayedProfile | None:
        """Return the profile that played; None where it may have been another than the device had as it was read.

        The records name it since there is an event "profile"; before, or in a blinded study, only a restart tells, in which
        every commit ends.
        """
        _, digest = profile_of(self.raw)
        if self.profile is None or digest is None or self.profile.sha256 is None:
            return self.profile if self.this_boot else None
        return self.profile if digest == self.profile.sha256 else None

    @property
    def population(self) -> str | None:
        """Return whose session it was: the records say so, or the profile that played."""
        population, _ = profile_of(self.raw)
        return population or (self.played.population if self.played else None)

    @property
    def raw(self) -> bytes:
        """Return the records as the device gave them, 16 bytes each."""
        try:
            raw = base64.b64decode(self.records, validate=True)
        except binascii.Error:
            raise ValueError("its records are not base64") from None
        if base64.b64encode(raw).decode() != self.records:
            raise ValueError("its records are not base64 as it is written")
        if len(raw) % RECORD_BYTES or not 0 < len(raw) <= MOST_RECORDS * RECORD_BYTES:
            raise ValueError(f"its records are not whole ones of {RECORD_BYTES} bytes")
        return raw


def make(raw: bytes, **known: Any) -> SessionFile:
    """Make a session from its raw records; `known` are the other fields. Raises CalandoError when they cannot be right."""
    try:
        return SessionFile(
            records=base64.b64encode(raw).decode(), sha256=hashlib.sha256(raw).hexdigest(), **known
        )
    except ValidationError as error:
        raise CalandoError(f"session {known.get('age')} of the device: {first(error)}") from None


def from_values(values: dict[str, Any]) -> SessionFile:
    """Return a session from its fields, records among them. Raises CalandoError when they cannot be right."""
    try:
        return SessionFile.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise CalandoError(f"it is not a whole session: {first(error)}") from None


def save(session: SessionFile, place: Path) -> None:
    write_files({place: (session.model_dump_json(indent=1) + "\n").encode()})


def refuse_another(session: SessionFile, place: Path) -> None:
    """Raise CalandoError where anything is at this place but the same session, read before: ages begin anew at times."""
    if not place.is_file():
        return
    try:
        same = load(place).sha256 == session.sha256
    except CalandoError:
        same = False
    if not same:
        raise CalandoError(
            f"{place} is there already and is not this session; give --out another name, or move it away"
        )


def load(place: Path) -> SessionFile:
    """Return a saved session. Raises CalandoError for a file that is missing, no session, or damaged."""
    try:
        text = contents.read_bytes(
            place, "session", LARGEST_BYTES, "choose a file that `calando session get` wrote"
        )
        return SessionFile.model_validate_json(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise CalandoError(
            f"{place} is not a session; name a file that `calando session get` wrote"
        ) from None
    except ValidationError as error:
        raise CalandoError(
            f"{place} is not a whole session: {first(error)}; get it from the device again"
        ) from None


def started_at(
    told: Told, this_boot: bool, uptime_s: float, now: datetime.datetime
) -> datetime.datetime | None:
    """Return when the session began by the computer's clock, to the minute, in its zone; None where that cannot be told.

    `now` is aware of its zone, whose offset to UTC may have changed since the session. The device tells seconds since it
    was switched on, modulo 65536: after 18 hours they could mean two times.
    """
    if not this_boot or told.began_s is None or not told.began_s <= uptime_s < WRAP_S:
        return None
    began = now - datetime.timedelta(seconds=uptime_s - told.began_s)
    return began.astimezone().replace(second=0, microsecond=0)


def facts_json(session: SessionFile) -> dict[str, Any]:
    """Return everything known of a session but its records, fit for JSON."""
    return json.loads(session.model_dump_json(exclude={"records", "format", "version"}))
