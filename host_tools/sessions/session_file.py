"""One session as it was read from a device: its raw records, and what was known of the device then. Saved and read back.

Nothing here knows who listened: no name, no record number. The device has no clock; where the computer could tell when
the session began, it wrote that down as it read (`started`), and otherwise it stays unknown.
"""

import base64
import binascii
import datetime
import hashlib
import json
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from firmware.memory.journal import CHIP_FAULTS, EVENTS, RECORD_BYTES, read_record
from firmware.reasons import ENDS, IDLE, PHASES
from host_tools.output import write_files
from host_tools.sessions import words
from simulator.files.errors import CalandoError, os_reason

FORMAT = "calando session"
VERSION = 1
MOST_RECORDS = 65_536  # far more than a device holds; a file that claims more is no session
WRAP_S = 65_536  # the seconds of a record are 16 bits
OUT_OF_ORDER_S = 60
NO_RECORD = "no record"  # stands for a phase where nothing was written down

Percent = Annotated[float, Field(ge=0, le=100)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlayedProfile(_Model):
    """What the profile on the device said of the music; of its other settings nothing is kept with a session."""

    title: str = Field(max_length=16)
    population: Literal["newborn", "adult"]
    song: str | None = Field(default=None, max_length=24)
    soundscape: str | None = Field(default=None, max_length=24)
    level_dba: float | None = Field(default=None, ge=0, le=140)
    session_min: float | None = Field(default=None, ge=0, le=1440)


class SessionFile(_Model):
    """What `calando session get` writes: JSON, the records in base64 with their SHA-256."""

    format: Literal["calando session"] = FORMAT
    version: Literal[1] = VERSION
    unit: str = Field(pattern=r"^[0-9a-f]{1,32}$")
    firmware: str = Field(max_length=32)
    protocol: int = Field(ge=1, le=1000)
    age: int = Field(ge=0, le=2**32)  # grows by one with each session the device keeps
    this_boot: bool  # the device was not switched off between the session and its reading
    cut: bool  # the power went before the session ended
    profile: PlayedProfile | None = (
        None  # on the device as it was read; the one that played only if this_boot
    )
    calibrated: bool | None = None  # as it was read, and at the session only if this_boot; so the three below
    calibrated_on: datetime.date | None = None
    full_scale_dba: float | None = Field(default=None, ge=0, le=200)
    dose_today_min: int | None = Field(default=None, ge=0, le=1440)
    read_at: datetime.datetime  # the computer's clock
    started: datetime.datetime | None = None  # the computer's clock, reckoned back
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    records: str

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if hashlib.sha256(self.raw).hexdigest() != self.sha256:
            raise ValueError("its records differ from their SHA-256")
        return self

    @property
    def raw(self) -> bytes:
        """The records as the device gave them, 16 bytes each."""
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
    """A session from its raw records; `known` are the other fields. Raises CalandoError when they cannot be right."""
    try:
        return SessionFile(
            records=base64.b64encode(raw).decode(), sha256=hashlib.sha256(raw).hexdigest(), **known
        )
    except ValidationError as error:
        raise CalandoError(f"session {known.get('age')} of the device: {_first(error)}") from None


def save(session: SessionFile, place: Path) -> None:
    write_files({place: (session.model_dump_json(indent=1) + "\n").encode()})


def load(place: Path) -> SessionFile:
    """Raises CalandoError for a file that is missing, no session, or damaged."""
    try:
        if place.stat().st_size > 4 * MOST_RECORDS * RECORD_BYTES:
            raise CalandoError(
                f"{place} is too large to be a session; choose a file that `calando session get` wrote"
            )
        return SessionFile.model_validate_json(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalandoError(
            f"{place} cannot be read ({os_reason(error)}); name a file that `calando session get` wrote"
        ) from None
    except UnicodeDecodeError:
        raise CalandoError(
            f"{place} is not a session; name a file that `calando session get` wrote"
        ) from None
    except ValidationError as error:
        raise CalandoError(
            f"{place} is not a whole session: {_first(error)}; get it from the device again"
        ) from None


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, problem["loc"]))
    text = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


# --- what the records say ---


@dataclass
class Told:
    """The records in human units. Times are seconds since the session began; what was before is negative.

    rows: `time_s`, `phase`, `reason`, `pulse_rate_bpm`, `tempo_bpm`, `target_tempo_bpm`, `level_dba`,
    `perfusion_index_percent`, `spo2_percent`, `quality_percent`, `contact`; None where the device did not know.
    events: `time_s`, `kind`, `reason`, `detail`, a dict.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)  # from the last row before to the first after
    every_s: list[int] = field(default_factory=list)  # for each row, the step between rows around it
    began_s: int | None = None  # the second of the device's clock, modulo 65536, in which it began
    end: str | None = None
    reason: str | None = None
    length_s: int = 0  # to the last record

    @property
    def unknown(self) -> list[tuple[int, int, str]]:
        """Stretches of sound without a pulse: from, to, why in words. Seconds without a record are not among them."""
        found: list[tuple[int, int, str]] = []
        for row, step in zip(self.rows, self.every_s, strict=True):
            if row["pulse_rate_bpm"] is not None or row["phase"] in words.DARK:
                continue
            why = words.REASONS["no_contact"] if not row["contact"] else "no steady reading"
            start, end = row["time_s"], row["time_s"] + step
            if found and found[-1][1] >= start and found[-1][2] == why:
                found[-1] = (found[-1][0], end, why)
            else:
                found.append((start, end, why))
        return found


def tell(raw: bytes) -> Told:
    """What raw records say. Raises CalandoError for bytes that are none of ours."""
    if len(raw) % RECORD_BYTES:
        raise CalandoError(
            f"the session has {len(raw)} bytes, which are no whole records of {RECORD_BYTES}; get it from the device again"
        )
    records = []
    for place in range(0, len(raw), RECORD_BYTES):
        try:
            records.append(read_record(raw[place : place + RECORD_BYTES]))
        except ValueError:
            raise CalandoError(
                f"record {place // RECORD_BYTES + 1} of the session is not one of this version's; renew calando on "
                "this computer, or get the session from the device again"
            ) from None
    times = _unwrap(records)
    start = _beginning(records)
    told = Told()
    if not records:
        return told
    origin = times[start]
    told.began_s = records[start]["seconds"]
    told.length_s = max(times[-1] - origin, 0)
    for at, record in zip(times, records, strict=True):
        if "kind" in record:
            told.events.append(_event(at - origin, record))
        else:
            told.rows.append(_row(at - origin, record))
    for event in told.events:
        if event["kind"] == "end":
            told.end, told.reason = event["detail"]["end"], event["reason"]
    _find_gaps(told)
    return told


def _unwrap(records: list[dict[str, Any]]) -> list[int]:
    """Seconds that never fall: 16 bits are counted on, and a boot within a session continues where it was cut."""
    times: list[int] = []
    before = records[0]["seconds"] if records else 0
    now = before
    for record in records:
        later = (record["seconds"] - before) % WRAP_S
        # How long the device was off before a boot, nobody knows; and nearly a whole round on is a little back.
        if record.get("kind") != "boot" and later < WRAP_S - OUT_OF_ORDER_S:
            now += later
        before = record["seconds"]
        times.append(now)
    return times


def _beginning(records: list[dict[str, Any]]) -> int:
    """Which record the session began with: the first phase that is not idle; else what was refused."""
    for place, record in enumerate(records):
        if "phase" in record or (record["kind"] == "phase" and record["detail"] != PHASES.index(IDLE)):
            return place
    pressed = [place for place, record in enumerate(records) if record["kind"] in ("press", "end")]
    return pressed[0] if pressed else 0


def _row(time_s: int, record: dict[str, Any]) -> dict[str, Any]:
    def scaled(name: str, divisor: int) -> float | None:
        return None if record[name] is None else record[name] / divisor

    return {
        "time_s": time_s,
        "phase": record["phase"],
        "reason": record["reason"],
        "pulse_rate_bpm": scaled("pulse_rate_mbpm", 1000),
        "tempo_bpm": scaled("tempo_mbpm", 1000),
        "target_tempo_bpm": scaled("target_tempo_mbpm", 1000),
        "level_dba": scaled("level_cdba", 100),
        "perfusion_index_percent": scaled("perfusion_index_ppm", 10_000),
        "spo2_percent": scaled("spo2_permille", 10),
        "quality_percent": record["quality_percent"],
        "contact": record["contact"],
    }


_NAMED = {"phase": ("phase", PHASES), "end": ("end", ENDS), "fault": ("chip_fault", CHIP_FAULTS)}


def _event(time_s: int, record: dict[str, Any]) -> dict[str, Any]:
    kind, value = record["kind"], record["detail"]
    detail: dict[str, Any] = {}
    if kind in _NAMED:
        name, names = _NAMED[kind]
        if not 0 <= value < len(names):
            raise CalandoError(f"the session has a {kind} that this version does not know; renew calando")
        detail[name] = names[value]
    elif kind in EVENTS and value:
        detail["value"] = value
    return {"time_s": time_s, "kind": kind, "reason": record["reason"], "detail": detail}


def _find_gaps(told: Told) -> None:
    """Rows come by the second, and every 2nd, 4th ... where the device had to make room: twice the step of both
    neighbours is more than thinning ever leaves, and so nothing was written down there."""
    times = [row["time_s"] for row in told.rows]
    steps = [max(1, later - earlier) for earlier, later in pairwise(times)]
    for place, step in enumerate(steps):
        around = steps[max(0, place - 1) : place] + steps[place + 1 : place + 2]
        usual = min(around) if around else 1
        if step > 2 * usual + 1:
            told.gaps.append((times[place], times[place + 1]))
            told.every_s.append(usual)
        else:
            told.every_s.append(step)
    if times:
        told.every_s.append(told.every_s[-1] if steps else 1)


def started_at(
    told: Told, this_boot: bool, uptime_s: float, now: datetime.datetime
) -> datetime.datetime | None:
    """When the session began by the computer's clock, to the minute; None where that cannot be told.

    The device tells seconds since it was switched on, modulo 65536: after 18 hours they could mean two times.
    """
    if not this_boot or told.began_s is None or not told.began_s <= uptime_s < WRAP_S:
        return None
    began = now - datetime.timedelta(seconds=uptime_s - told.began_s)
    return began.replace(second=0, microsecond=0)


def facts_json(session: SessionFile) -> dict[str, Any]:
    """Everything known of a session but its records, fit for JSON."""
    return json.loads(session.model_dump_json(exclude={"records", "format", "version"}))
