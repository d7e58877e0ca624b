"""Listening programmes drawn at random: any that the rules allow, of what every device has on board."""

import math
from typing import Any

import numpy as np

from firmware.prescription import programme
from firmware.sound.score import PATTERNS
from firmware.sound.songs import NAMES

TRIES = 100
ROLES = ("arrive", "meet", "deepen", "rest")
SOUNDING = ("song", "song", "pattern", "soundscape")
# The course of each: intensity against the first segment's, and whether a segment is of the return.
SHAPES: dict[str, tuple[tuple[tuple[int, bool], ...], ...]] = {
    "flat": (((0, False),), ((0, False), (-1, False)), ((0, False), (1, False), (0, False))),
    "L": (
        ((0, False), (-2, False)),
        ((0, False), (-1, False), (-3, False)),
        ((0, False), (-2, False), (-2, False), (-1, False)),
    ),
    "U": (((0, False), (-2, False), (0, True)), ((0, False), (-2, False), (-3, False), (-1, True), (0, True))),
    "J": (((0, False), (-2, False), (0, True), (1, True)), ((0, False), (-2, False), (-1, True), (1, True))),
}  # fmt: skip


def drawn(random: np.random.Generator) -> dict[str, Any]:
    """Return a listening programme as the values of its file: title, shape and segments.

    Most of what is drawn keeps every rule; what breaks one is drawn again. Raises RuntimeError when none of TRIES does.
    """
    for _ in range(TRIES):
        values = _any(random)
        try:
            programme.encode(*programme.from_values(values))
        except programme.ProgrammeError:
            continue
        return values
    raise RuntimeError("no listening programme could be drawn that keeps its rules")


def lasts_min(values: dict[str, Any]) -> int:
    """Return the whole minutes that a session needs for a programme: no device takes it with a shorter one."""
    return math.ceil(sum(segment["minutes"] for segment in values["segment"]))


def _any(random: np.random.Generator) -> dict[str, Any]:
    shape = _one(random, tuple(SHAPES))
    course = SHAPES[shape][int(random.integers(len(SHAPES[shape])))]
    first_intensity = int(random.integers(3, 10))
    roles = sorted(int(random.integers(len(ROLES))) for _ in course)
    first_bpm = last_bpm = int(random.integers(50, 86))
    level_db = float(random.integers(-8, 1))
    segments: list[dict[str, Any]] = []
    for (change, returns), role in zip(course, roles, strict=True):
        source = _one(random, SOUNDING)
        crossfade_s = 0.5 * int(random.integers(8, 41))
        segment: dict[str, Any] = {
            "role": "return" if returns else ROLES[role],
            "source": source,
            "name": _one(random, {"song": NAMES, "pattern": PATTERNS}.get(source, programme.SOUNDSCAPES)),
            "minutes": 0.5 * int(random.integers(4 if returns else 2, 8)),
            "level_db": level_db,
            "minor_percent": int(random.integers(-100, 101)),
            "brightness_percent": int(random.integers(0, 101)),
            "density_percent": int(random.integers(0, 101)),
            "intensity": first_intensity + change,
            "crossfade_s": crossfade_s,
        }
        level_db = min(0.0, max(-20.0, level_db + 0.5 * int(random.integers(-6, 7))))
        if source != "soundscape":
            start_bpm = _near(random, last_bpm, first_bpm)
            most_bpm = int(start_bpm * programme.TEMPO_PERMILLE_A_MINUTE * segment["minutes"] / 1000)
            last_bpm = max(
                start_bpm - most_bpm, min(start_bpm + most_bpm, _near(random, start_bpm, first_bpm))
            )
            segment |= {
                "tempo": _one(random, ("fixed", "matched")),
                "tempo_start_bpm": start_bpm,
                "tempo_end_bpm": last_bpm,
                "until": _one(random, ("time", "phrase_end")),
            }
        if source == "song" and random.integers(10) < 3:
            segment["repeats"] = int(random.integers(1, 5))
        segments.append(segment)
    silence = {"role": "silence", "source": "silence", "minutes": 0.5 * int(random.integers(3, 6))}
    segments.insert(int(random.integers(len(segments) + 1)), silence)
    return {"title": "drawn", "shape": shape, "segment": segments}


def _one(random: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(random.integers(len(words)))]


def _near(random: np.random.Generator, bpm: int, first_bpm: int) -> int:
    """Return a tempo that may follow another one, whatever a programme began with."""
    lowest = max(40, -(-first_bpm * programme.TEMPO_LOWEST_PERCENT // 100), -(-bpm * 9 // 10))
    return int(random.integers(lowest, min(90, bpm * 11 // 10) + 1))
