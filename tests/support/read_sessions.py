"""Sessions as they were read from a device: made by hand, and at random as each version of the firmware wrote them."""

import datetime
import random
import struct

import journal_records as made

from firmware.memory.journal import EVENTS
from firmware.reasons import PHASES, REASONS
from host_tools.sessions import session_file

READ_AT = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
# How many words of EVENTS and REASONS the firmware knew, oldest first: words only ever came to the end of both.
# The first of them thinned its rows out where it had no room; those after it write every row until their pages are full.
# Since the last of them there is a "breath" among the events.
VERSIONS = ((8, 41), (10, 41), (11, 41), (11, 42), (12, 45), (16, 48), (len(EVENTS), len(REASONS)))


def file_of(raw, **changes):
    known = {
        "unit": "43414c414e444f01",
        "firmware": "0.1.0",
        "protocol": 1,
        "age": 7,
        "this_boot": True,
        "cut": False,
        "read_at": READ_AT,
        "dose_today_min": 20,
        "calibrated": False,
        "full_scale_dba": 74.0,
        "profile": {
            "title": "Night", "population": "newborn", "song": "brahms", "soundscape": "ocean", "level_dba": 48,
        },
    }  # fmt: skip
    return session_file.make(raw, **(known | changes))


def random_raw(chance, version, longest_s=1200):
    """Records with stretches of unknowns, gaps, late and doubled seconds, a clock that wraps, and perhaps no end."""
    events, reasons = VERSIONS[version]
    first = chance.choice((3, 100, 65_536 - 200, chance.randrange(65_536)))
    length = chance.choice((1, 5, 61, chance.randint(2, longest_s)))
    records = [made.event(first, "press"), made.event(first, "phase", "baseline")]
    if chance.random() < 0.5:
        records.insert(0, made.event(max(0, first - chance.randint(1, 2000)), "boot", 1))
    if events > 16:
        digest = chance.choice(("00" * 8, f"{chance.getrandbits(64):016x}"))
        records.append(made.profile(first, chance.choice(("newborn", "adult")), digest))
    every = chance.choice((1, 2, 4)) if version == 0 else 1
    phase, known = "baseline", {}
    second = 0
    while second < length:
        if chance.random() < 0.02:
            known = {number: chance.random() < 0.7 for number in range(6)}
        if chance.random() < 0.004:
            phase = chance.choice(PHASES[1:])
            reason = REASONS[chance.randrange(reasons)]
            records.append(made.event(first + second, "phase", phase, reason))
        if chance.random() < 0.003:
            kind = EVENTS[
                chance.choice(
                    [
                        n
                        for n in range(events)
                        if EVENTS[n] not in ("phase", "end", "boot", "breath", "profile")
                    ]
                )
            ]
            records.append(
                made.event(first + second, kind, chance.randrange(12), REASONS[chance.randrange(reasons)])
            )
        if chance.random() < 0.002:
            second += chance.randint(20, 60)  # a gap
        late = chance.random() < 0.01
        if events > 12 and second % 10 == 0:
            records.append(_breath(chance, first + second + late, reasons))
        records.append(_row(chance, (first + second + late) & 0xFFFF, phase, known, reasons))
        second += every
    if chance.random() < 0.6:
        records.append(
            made.event(first + second, "end", chance.randrange(5), REASONS[chance.randrange(reasons)])
        )
        records.append(made.event(first + second, "phase", "idle"))
    elif events >= 10:
        records.append(made.event(first + second, "cut", 1))
    return b"".join(records)


def _row(chance, seconds, phase, known, reasons):
    def field(number, most, usual):
        if not known.get(number, True):
            return 0xFFFF if most == 0xFFFE else 0xFF
        return chance.randint(0, most) if chance.random() < 0.02 else chance.randint(*usual)

    return struct.pack(
        "<HBBHHHHHBB", seconds, PHASES.index(phase), chance.choice((0, chance.randrange(reasons))),
        field(0, 0xFFFE, (9000, 18000)), field(1, 0xFFFE, (5000, 9000)), field(2, 0xFFFE, (5000, 9000)),
        chance.choice((0, field(3, 0xFFFE, (2000, 5000)))), field(4, 0xFFFE, (100, 5000)), field(5, 0xFE, (160, 200)),
        chance.randint(0, 100) | chance.choice((0, 0x80)),
    )  # fmt: skip


def _breath(chance, seconds, reasons):
    def known(number, unknown):
        return unknown if chance.random() < 0.2 else number

    return made.breath(
        seconds, known(chance.randrange(400, 3000), 0xFFFF), known(chance.randrange(2000), 0xFFFF),
        known(chance.randrange(0xFFFF), 0xFFFF), known(chance.randrange(201), 0xFF), known(chance.randrange(201), 0xFF),
        known(chance.randrange(450, 1500), 0xFFFF), known(chance.randrange(201), 0xFF),
        chance.randrange(3) | chance.choice((0, 0x80)), REASONS[chance.randrange(reasons)],
    )  # fmt: skip


def random_session(seed):
    """A session of one of VERSIONS, read at some time in some zone."""
    chance = random.Random(seed)
    zone = datetime.timezone(datetime.timedelta(minutes=chance.randrange(-11 * 60, 14 * 60 + 1, 15)))
    read_at = datetime.datetime(2026, 1, 1, tzinfo=zone) + datetime.timedelta(
        minutes=chance.randrange(525_600)
    )
    started = read_at - datetime.timedelta(minutes=chance.randint(30, 900)) if chance.random() < 0.5 else None
    raw = random_raw(chance, seed % len(VERSIONS))
    return file_of(
        raw, age=seed, read_at=read_at, started=started, cut=chance.random() < 0.3,
        profile=chance.choice((None, {"title": "Night", "population": "adult"})),
    )  # fmt: skip
