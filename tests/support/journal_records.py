"""Journal records made by hand, as a device writes them: rows and events of 16 bytes, with known numbers."""

import struct

from firmware.memory.journal import EVENTS
from firmware.reasons import PHASES, REASONS


def row(seconds, phase="lead", pulse_bpm=150.0, tempo_bpm=75.0, level_dba=48.0, contact=True, reason=None):
    def hundredths(value):
        return 0xFFFF if value is None else round(value * 100)

    return struct.pack(
        "<HBBHHHHHBB", seconds & 0xFFFF, PHASES.index(phase), REASONS.index(reason), hundredths(pulse_bpm),
        hundredths(tempo_bpm), hundredths(tempo_bpm), hundredths(level_dba), 1000, 192,
        (90 if pulse_bpm else 0) | (0x80 if contact else 0),
    )  # fmt: skip


def event(seconds, kind, detail=0, reason=None):
    number = PHASES.index(detail) if kind == "phase" else detail
    head = struct.pack("<HBBi", seconds & 0xFFFF, 0x80 | EVENTS.index(kind), REASONS.index(reason), number)
    return head.ljust(16, b"\0")


def breath(seconds, rate=1200, amplitude=500, varies=3000, corrected=2, coherence=120, pace=0xFFFF, feedback=0xFF,
           pacer=0, reason=None):  # fmt: skip
    """An adult's breath in the journal's own units, as it comes before the row of its second."""
    return struct.pack(
        "<HBBHHHBBHBB", seconds & 0xFFFF, 0x80 | EVENTS.index("breath"), REASONS.index(reason), rate, amplitude, varies,
        corrected, coherence, pace, feedback, pacer,
    )  # fmt: skip


def profile(seconds, population="newborn", digest="00" * 8):
    """Which profile plays, as a device writes it down as its session begins."""
    return event(seconds, "profile", ("newborn", "adult").index(population))[:8] + bytes.fromhex(digest)


def session(first_s=100, length_s=300, every_s=1, end=0):
    """A press, a minute of listening, music, and (unless `end` is None) its end at the session's time."""
    records = [event(first_s, "press"), event(first_s, "phase", "baseline")]
    for second in range(first_s + every_s, first_s + 60, every_s):
        records.append(row(second, "baseline", tempo_bpm=None, level_dba=30.0))
    records.append(event(first_s + 60, "phase", "lead"))
    for second in range(first_s + 60, first_s + length_s, every_s):
        records.append(row(second))
    if end is not None:
        records += [
            event(first_s + length_s, "end", end, "time_up"),
            event(first_s + length_s, "phase", "idle", "time_up"),
        ]
    return b"".join(records)
