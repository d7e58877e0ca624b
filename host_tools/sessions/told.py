"""What the records of a session say, in human units: rows and events, and where nothing was written down.

Nothing is drawn or put in words here, and no clock is known: times are seconds since the session began.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

from firmware.memory.journal import CHIP_FAULTS, EVENTS, POPULATIONS, RECORD_BYTES, read_record
from firmware.reasons import ENDS, IDLE, PHASES
from host_tools.sessions import words
from simulator.breath_row import NO_BREATH, breath_row
from simulator.files import programme_file
from simulator.files.errors import CalandoError

WRAP_S = 65_536  # the seconds of a record are 16 bits
OUT_OF_ORDER_S = 60
MOST_THINNED_S = 64  # no device ever kept rows more coarsely
LONGEST_S = 86_400  # longer than any session, and than two that the device had to keep as one
NO_RECORD = "no record"  # stands for a phase where nothing was written down
UNSTEADY = "no steady reading"


class Stretch(NamedTuple):
    """A part of a session, in seconds since it began, and what it is called or how it was kept."""

    start_s: int
    end_s: int
    what: Any


@dataclass
class Told:
    """The records in human units. Times are seconds since the session began; what was before is negative.

    rows: `time_s`, `phase`, `reason`, `pulse_rate_bpm`, `tempo_bpm`, `target_tempo_bpm`, `level_dba`,
    `perfusion_index_percent`, `spo2_percent`, `quality_percent`, `contact`, and those of BREATH; None where the device did
    not know, or, of a breath, kept none in that second.
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
    def arm(self) -> int | None:
        """Return which arm of which study it was, as the device writes it (device/studies.py); None: of none."""
        return next(
            (event["detail"].get("value", 0) for event in self.events if event["kind"] == "arm"), None
        )

    @property
    def unknown(self) -> list[Stretch]:
        """Return the stretches of sound without a pulse, with why in words. Seconds without a record are not among them."""
        found: list[Stretch] = []
        for row, step in zip(self.rows, self.every_s, strict=True):
            if row["pulse_rate_bpm"] is not None or row["phase"] in words.DARK:
                continue
            why = words.REASONS["no_contact"] if not row["contact"] else UNSTEADY
            start, end = row["time_s"], row["time_s"] + step
            if found and found[-1].end_s >= start and found[-1].what == why:
                found[-1] = found[-1]._replace(end_s=end)
            else:
                found.append(Stretch(start, end, why))
        return found

    @property
    def thinning(self) -> list[Stretch]:
        """Return how coarsely the rows were kept: from, to, a row every so many seconds. Gaps lie between."""
        runs: list[Stretch] = []
        for row, every in zip(self.rows, self.every_s, strict=True):
            # A row that came a little late makes a step of its own; the device only ever halves.
            rounded = 1 << max(0, (every * 3 // 2).bit_length() - 1)
            start, end = row["time_s"], row["time_s"] + every
            if runs and runs[-1].what == rounded and start <= runs[-1].end_s:
                runs[-1] = runs[-1]._replace(end_s=end)
            else:
                runs.append(Stretch(start, end, rounded))
        return runs

    @property
    def phases(self) -> list[Stretch]:
        """Return from, to, phase, as events and rows tell it; a gap does not end a phase, for nobody knows."""
        seen = [(row["time_s"], row["phase"]) for row in self.rows]
        seen += [
            (event["time_s"], event["detail"]["phase"])
            for event in self.events
            if event["kind"] == "phase" and event["time_s"] >= 0
        ]
        runs: list[Stretch] = []
        for at, name in sorted(seen, key=itemgetter(0)):
            if not runs or runs[-1].what != name:
                if runs:
                    runs[-1] = runs[-1]._replace(end_s=at)
                runs.append(Stretch(at, self.length_s, name))
        return [run for run in runs if run.what != IDLE and run.end_s > run.start_s]


def profile_of(raw: bytes) -> tuple[str | None, str | None]:
    """Return population and digest (its first 16 hex digits) of the profile that played, as the records say; None: they do
    not, or name two, which is two sessions that the device had to keep as one.
    """
    mark = bytes([0x80 | EVENTS.index("profile")])
    kinds = raw[2::RECORD_BYTES]
    named = {
        raw[place * RECORD_BYTES + 4 : (place + 1) * RECORD_BYTES]
        for place in range(len(kinds))
        if kinds[place : place + 1] == mark
    }
    if len(named) != 1:
        return None, None
    read = read_record(b"\0\0" + mark + b"\0" + named.pop())
    known = 0 <= read["detail"] < len(POPULATIONS)
    return POPULATIONS[read["detail"]] if known else None, read["sha256"]


def check_length(told: Told, what: str) -> None:
    """Raise CalandoError where the records span more than any session, and `what` would be made second by second."""
    if told.length_s > LONGEST_S:
        raise CalandoError(
            f"the session has records over {told.length_s // 3600} hours, which is no one session: {what} is not made; "
            "look at it as CSV"
        )


def tell(raw: bytes) -> Told:
    """Return what raw records say. Raises CalandoError for bytes that are none of ours."""
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
    records, breaths = _apart(records)
    times = _unwrap(records)
    start = _beginning(records)
    told = Told()
    if not records:
        return told
    origin = times[start]
    told.began_s = records[start]["seconds"]
    told.length_s = max(times[-1] - origin, 0)
    for place, (at, record) in enumerate(zip(times, records, strict=True)):
        if "kind" in record:
            told.events.append(_event(at - origin, record))
        else:
            told.rows.append(_row(at - origin, record) | breaths.get(place, NO_BREATH))
    for event in told.events:
        if event["kind"] == "end":
            told.end, told.reason = event["detail"]["end"], event["reason"]
    _find_gaps(told)
    return told


def _apart(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Rows and events; and the breaths by the place of the row that they belong to, the one written just after them."""
    others: list[dict[str, Any]] = []
    breaths: dict[int, dict[str, Any]] = {}
    waiting = None
    for record in records:
        if record.get("kind") == "breath":
            waiting = record
            continue
        if "phase" in record:
            if waiting is not None and waiting["seconds"] == record["seconds"]:
                breaths[len(others)] = breath_row(waiting)
            waiting = None
        others.append(record)
    return others, breaths


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
    """Return which record the session began with: the first phase that is not idle; else what was refused."""
    for place, record in enumerate(records):
        if "phase" in record or (record["kind"] == "phase" and record["detail"] != PHASES.index(IDLE)):
            return place
    pressed = [place for place, record in enumerate(records) if record["kind"] in ("press", "end")]
    return pressed[0] if pressed else 0


def _row(time_s: int, record: dict[str, Any]) -> dict[str, Any]:
    # Written out, for a year of sessions has a million of them.
    pulse, tempo, target = record["pulse_rate_mbpm"], record["tempo_mbpm"], record["target_tempo_mbpm"]
    level, perfusion, spo2 = record["level_cdba"], record["perfusion_index_ppm"], record["spo2_permille"]
    return {
        "time_s": time_s,
        "phase": record["phase"],
        "reason": record["reason"],
        "pulse_rate_bpm": None if pulse is None else pulse / 1000,
        "tempo_bpm": None if tempo is None else tempo / 1000,
        "target_tempo_bpm": None if target is None else target / 1000,
        "level_dba": None if level is None else level / 100,
        "perfusion_index_percent": None if perfusion is None else perfusion / 10_000,
        "spo2_percent": None if spo2 is None else spo2 / 10,
        "quality_percent": record["quality_percent"],
        "contact": record["contact"],
    }


_NAMED = {
    "phase": ("phase", PHASES),
    "end": ("end", ENDS),
    "fault": ("chip_fault", CHIP_FAULTS),
    "profile": ("population", POPULATIONS),
}


def _event(time_s: int, record: dict[str, Any]) -> dict[str, Any]:
    kind, value = record["kind"], record["detail"]
    detail: dict[str, Any] = {}
    if kind in _NAMED:
        name, names = _NAMED[kind]
        if not 0 <= value < len(names):
            raise CalandoError(
                f"the session has an event, {kind} {value}, that this version does not know; renew calando"
            )
        detail[name] = names[value]
        if kind == "profile":
            detail["sha256"] = record["sha256"]
    elif kind == "segment":
        detail |= programme_file.segment_of(value)
    elif kind in EVENTS and value:
        detail["value"] = value
    return {"time_s": time_s, "kind": kind, "reason": record["reason"], "detail": detail}


def _find_gaps(told: Told) -> None:
    """Rows come by the second, and every 2nd, 4th ... where the device had to make room: twice the step of both
    neighbours is more than thinning ever leaves, and so nothing was written down there."""
    times = [row["time_s"] for row in told.rows]
    steps = [max(1, later - earlier) for earlier, later in pairwise(times)]
    last = len(steps) - 1
    for place, step in enumerate(steps):
        if step <= 3:  # twice the shortest step there is, and one: nearly all of them, and soon said
            told.every_s.append(step)
            continue
        before = steps[place - 1] if place > 0 else step
        after = steps[place + 1] if place < last else step
        usual = min(before, after) if last else 1
        if step > 2 * usual + 1 or step > MOST_THINNED_S:
            told.gaps.append((times[place], times[place + 1]))
            told.every_s.append(min(usual, MOST_THINNED_S))
        else:
            told.every_s.append(step)
    if times:
        told.every_s.append(told.every_s[-1] if steps else 1)
