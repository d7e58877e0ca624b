"""Somebody singing or humming, to notes and beats.

The pitch is followed by host_tools/sound/pitch.py. Here it is cut into notes (where the pitch moves to another
semitone, at consonants and breaths, and where the level dips), a voice that drifts is followed, and a beat is found.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from host_tools.sound import decode, judge, pitch
from simulator.files.errors import CalandoError

LONGEST_S = 180
SHORTEST_NOTE_S = 0.09
JOIN_SEMITONES = 0.6
SCOOP_FRAMES = 14
SYLLABLE_DB, VIBRATO_DB, ALIKE_DB = 5, 12, 2
VIBRATO_FRAMES = 26  # of 10 ms: a vibrato has four swings a second and more
GRID_PER_SEMITONE = 3  # heights that a note may have while it is cut out
# Costs of the cut, in frames of 10 ms that lie a semitone off.
CHANGE_COST = 7.0
UNVOICED_COST = 0.45
MOST_OFF = 1.3  # semitones: a frame that is further off (an octave slip) costs no more
# The drift, in semitones: heights tried, and what a step costs against notes that lie off.
DRIFT_STEP = 0.05
DRIFT_MOST = 2.5
DRIFT_COST = 0.35
OFF_SCALE_COST = 0.03
MAJOR_DEGREES = (0, 2, 4, 5, 7, 9, 11)


@dataclass
class Sung:
    """What was heard: (MIDI note or 0 for a rest, beats) and sentences for whoever confirms it.

    heard holds (onset s, end s, MIDI note) of each note as it lies in the file.
    """

    notes: list[tuple[int, float]]
    heard: list[tuple[float, float, int]]
    told: list[str] = field(default_factory=list)


def read(path: Path, anyway: bool = False) -> Sung:
    """Read a recording of one voice, of at most three minutes, in any usual sound format.

    CalandoError for a file that cannot be read, holds no melody, or (unless `anyway`) has a monitor's tones or noise
    as loud as the voice in it.
    """
    samples, rate_hz = decode.read(path, LONGEST_S)
    return hear(samples, rate_hz, str(path), anyway)


def hear(samples: np.ndarray, rate_hz: int, name: str, anyway: bool = False) -> Sung:
    """Find the melody in samples of shape (count,), floats with 1.0 at full scale; `name` is what to call them."""
    highest = judge.highest(samples, name)
    told = []
    if highest < judge.QUIET:
        told.append(f"it is quiet, and was raised by {-20 * np.log10(highest):.0f} dB to be heard")
    track, level = pitch.track(samples, rate_hz)
    for problem in judge.problems(samples, rate_hz, np.isfinite(track), level):
        if not anyway:
            raise CalandoError(f"{name}: {problem}; record it again without, or give --anyway")
        told.append(problem)
    heard = cut(track, level)
    if len(heard) < 3:
        raise CalandoError(
            f"{name} holds no melody that could be heard: sing closer to the microphone, without music"
        )
    drift = follow_drift(heard)
    whole = [
        (onset, end, round(height - off)) for (onset, end, height), off in zip(heard, drift, strict=True)
    ]
    told.append(f"{len(whole)} notes were heard; please confirm them")
    if abs(drift[0]) > 0.15:
        told.append(f"the voice's tuning was taken to be {100 * drift[0]:+.0f} cents from 440 Hz")
    moved = drift[-1] - drift[0]
    if abs(moved) > 0.3:
        way = "rose" if moved > 0 else "sank"
        told.append(
            f"the voice {way} by {abs(moved):.1f} semitones to its end; the notes stay in the first key"
        )
    beat_s = beat_of([onset for onset, _, _ in whole])
    told.append(f"its beat was taken to be {60 / beat_s:.0f} a minute")
    return Sung(_in_beats(whole, beat_s), whole, told)


def _in_beats(heard: list[tuple[float, float, int]], beat_s: float) -> list[tuple[int, float]]:
    """Lengths to the nearest half beat, from note to note and not along a grid: a singer's tempo drifts."""
    notes: list[tuple[int, float]] = []
    for at, (onset, end, note) in enumerate(heard):
        following = heard[at + 1][0] if at + 1 < len(heard) else end
        whole = max(1, round(2 * (following - onset) / beat_s))
        rest = round(2 * (following - end) / beat_s) if following - end > 0.6 * beat_s else 0
        rest = min(rest, whole - 1)
        notes.append((note, (whole - rest) / 2))
        if rest:
            notes.append((0, rest / 2))
    return notes


def cut(track: np.ndarray, level: np.ndarray) -> list[tuple[float, float, float]]:
    """Cut a voice's pitch into notes: (onset s, end s, height as a fractional MIDI note).

    track, level: shape (frames,), as pitch.track gives them.
    """
    voiced = np.isfinite(track)
    if voiced.sum() < 10:
        return []
    voiced &= level > np.quantile(level[voiced], 0.9) - 35
    track = np.where(voiced, track, np.nan)
    states = _steps(track)
    dips = _dips(level, voiced)
    found: list[tuple[int, int]] = []
    start = None
    for at in range(len(track) + 1):
        here = states[at] if at < len(track) else -1
        if start is not None and (here != states[start] or dips[at]):
            found.append((start, at))
            start = None
        if start is None and here >= 0:
            start = at
    joined: list[tuple[int, int]] = []
    for first, last in found:
        # A vibrato's halves, or a scoop into a note: no new syllable lies between.
        if joined and joined[-1][1] == first and not dips[first]:
            before, here = _height(track, *joined[-1]), _height(track, first, last)
            scoop = joined[-1][1] - joined[-1][0] < SCOOP_FRAMES and (first == 0 or not _legato(joined))
            near = abs(before - here) < JOIN_SEMITONES
            if near or (scoop and abs(before - here) < 1.6):
                joined[-1] = (joined[-1][0], last)
                continue
        joined.append((first, last))
    return [
        (first * pitch.HOP_S, last * pitch.HOP_S, _height(track, first, last))
        for first, last in joined
        if np.isfinite(track[first:last]).sum() >= SHORTEST_NOTE_S / pitch.HOP_S
    ]


def _legato(notes: list[tuple[int, int]]) -> bool:
    """Return whether the last of the notes follows the one before it without a gap."""
    return len(notes) > 1 and notes[-2][1] == notes[-1][0]


def _height(track: np.ndarray, first: int, last: int) -> float:
    """A note's height: the glide into it and out of it is not the note."""
    inside = track[first:last]
    middle = inside[len(inside) // 5 : max(len(inside) // 5 + 4, len(inside) * 9 // 10)]
    middle = middle[np.isfinite(middle)]
    if not np.isfinite(inside).any():
        return np.nan  # too short to be kept
    return float(np.median(middle if len(middle) else inside[np.isfinite(inside)]))


def _steps(track: np.ndarray) -> np.ndarray:
    """The cheapest staircase along a pitch, by Viterbi: which step each frame is on, -1 for none.

    A vibrato costs less than the steps that would follow it; a glide is split between the notes at its ends.
    """
    low, high = np.nanmin(track) - 0.5, np.nanmax(track) + 0.5
    heights = np.arange(low, high, 1 / GRID_PER_SEMITONE)
    count = len(heights)
    off = np.minimum(np.abs(track[:, None] - heights[None, :]), MOST_OFF)
    cost = np.where(np.isfinite(off), off, 1.0)
    silent = np.where(np.isfinite(track), UNVOICED_COST * 2, 0.0)
    cost = np.concatenate([cost, silent[:, None]], axis=1)
    change = np.full(count + 1, CHANGE_COST * 0.5)
    change[count] = CHANGE_COST * 0.15  # to be silent is cheap: consonants are short
    best = cost[0].copy()
    back = np.zeros((len(track), count + 1), dtype=np.int32)
    stay = np.arange(count + 1)
    for at in range(1, len(track)):
        lowest = int(best.argmin())
        moved = best[lowest] + change
        keeps = best <= moved
        back[at] = np.where(keeps, stay, lowest)
        best = np.where(keeps, best, moved) + cost[at]
    states = np.empty(len(track), dtype=int)
    state = int(best.argmin())
    for at in range(len(track) - 1, -1, -1):
        states[at] = state if state < count else -1
        state = int(back[at, state])
    return states


def _dips(level: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """Return where a new syllable begins on the same pitch: the level's lowest point in a dip of 5 dB and more.

    Dips that follow one another as quickly as a vibrato's, in which the harmonics pass through the vowel's own
    resonances, are alike: one of 12 dB and more, or much deeper than those beside it, is a syllable.
    """
    depths: dict[int, float] = {}
    reach = 12
    for at in range(reach, len(level) - reach):
        around = level[at - 6 : at + 7]
        if not voiced[at] or level[at] > around.min():
            continue
        depth = min(level[at - reach : at].max(), level[at + 1 : at + reach + 1].max()) - level[at]
        if depth > SYLLABLE_DB and not any(at - 6 <= before < at for before in depths):
            depths[at] = depth
    dips = np.zeros(len(level) + 1, dtype=bool)
    for at, depth in depths.items():
        waving = any(
            0 < abs(at - other) <= VIBRATO_FRAMES and beside > depth - ALIKE_DB
            for other, beside in depths.items()
        )
        dips[at] = depth > VIBRATO_DB or not waving
    return dips


def follow_drift(heard: list[tuple[float, float, float]]) -> list[float]:
    """Return how far the voice's own scale lies from 440 Hz at each note, in semitones: a path that moves as little as the
    notes allow, by Viterbi, in the major scale (or its relative minor) that fits best.
    """
    grid = np.arange(-DRIFT_MOST, DRIFT_MOST + DRIFT_STEP / 2, DRIFT_STEP)
    heights = np.array([height for _, _, height in heard])
    weight = np.minimum(1.0, np.array([end - onset for onset, end, _ in heard]) / 0.3)
    shifted = heights[:, None] - grid[None, :]
    nearest = np.round(shifted)
    off = np.square(shifted - nearest) * weight[:, None]
    moves = DRIFT_COST * np.abs(grid[:, None] - grid[None, :])
    moves = np.where(np.abs(grid[:, None] - grid[None, :]) > 0.35, np.inf, moves)
    best_cost, best_path = np.inf, np.zeros(len(heard), dtype=int)
    for key in range(12):
        outside = ~np.isin((nearest - key) % 12, MAJOR_DEGREES)
        cost = off + OFF_SCALE_COST * outside
        # It begins within half a semitone of 440 Hz: any further is another note's name.
        total = np.where(np.abs(grid) <= 0.5 + DRIFT_STEP / 2, cost[0] + 0.01 * np.abs(grid), np.inf)
        back = np.zeros((len(heard), len(grid)), dtype=int)
        for at in range(1, len(heard)):
            through = total[:, None] + moves
            back[at] = through.argmin(axis=0)
            total = through.min(axis=0) + cost[at]
        if total.min() < best_cost - 1e-9:
            best_cost = total.min()
            state = int(total.argmin())
            path = np.zeros(len(heard), dtype=int)
            for at in range(len(heard) - 1, -1, -1):
                path[at] = state
                state = int(back[at, state])
            best_path = path
    return [float(grid[state]) for state in best_path]


def beat_of(onsets: list[float]) -> float:
    """Find the beat in seconds (45 to 110 a minute) whose half-beat grid the onsets (s) fit best."""
    gaps = np.array([after - before for before, after in pairwise(onsets)])
    best, found = np.inf, 0.8
    for beat in np.arange(60 / 110, 60 / 45, 0.004):
        parts = gaps / (beat / 2)
        error = np.mean(np.minimum(np.abs(parts - np.maximum(1, np.round(parts))), 0.5)) + 0.02 * abs(
            np.log2(beat / 0.8)
        )
        if error < best:
            best, found = error, float(beat)
    halves = np.maximum(1, np.round(gaps / (found / 2)))
    return float(2 * gaps.sum() / halves.sum())
