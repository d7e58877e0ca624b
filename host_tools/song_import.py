"""The melody of a recording of somebody singing or humming: pitch tracked, cut into notes, a beat found.

Nothing is guessed about copyright.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from host_tools import meter
from host_tools.errors import CalandoError

LONGEST_SUNG_S = 180


@dataclass
class Melody:
    """What was heard: (MIDI note or 0 for a rest, length in beats), and what there is to tell."""

    notes: list[tuple[int, float]]
    told: list[str] = field(default_factory=list)


# Somebody singing or humming


FRAME_S = 0.064
HOP_S = 0.010
LOWEST_HZ, HIGHEST_HZ = 80.0, 1000.0
YIN_THRESHOLD = 0.15


def pitch_track(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    """Pitch as fractional MIDI notes (NaN where unvoiced) and level in dB, every 10 ms; the YIN method
    (2002).
    """
    frame, hop = round(FRAME_S * rate_hz), round(HOP_S * rate_hz)
    longest, shortest = round(rate_hz / LOWEST_HZ), round(rate_hz / HIGHEST_HZ)
    padded = np.concatenate([np.zeros(frame // 2), samples, np.zeros(frame + longest)])
    count = len(samples) // hop
    pitch, level = np.full(count, np.nan), np.full(count, -120.0)
    size = 1 << (2 * frame + longest).bit_length()
    for index in range(count):
        piece = padded[index * hop : index * hop + frame + longest]
        head = piece[:frame]
        energy = float(head @ head)
        level[index] = 10 * np.log10(energy / frame + 1e-12)
        if level[index] < -55:
            continue
        spectrum = np.conj(np.fft.rfft(head, size)) * np.fft.rfft(piece, size)
        products = np.fft.irfft(spectrum, size)[: longest + 1]
        squares = np.concatenate([[0], np.cumsum(piece * piece)])
        lags = np.arange(longest + 1)
        difference = energy + squares[lags + frame] - squares[lags] - 2 * products
        normal = np.ones(longest + 1)
        normal[1:] = difference[1:] * lags[1:] / np.maximum(np.cumsum(difference[1:]), 1e-12)
        below = np.flatnonzero(normal[shortest:longest] < YIN_THRESHOLD)
        if not len(below):
            continue
        lag = shortest + below[0]
        while lag + 1 < longest and normal[lag + 1] < normal[lag]:
            lag += 1
        left, here, right = normal[lag - 1 : lag + 2]
        bend = left - 2 * here + right
        exact = lag + (0.5 * (left - right) / bend if bend else 0)
        pitch[index] = 69 + 12 * np.log2(rate_hz / exact / 440)
    return pitch, level


def read_sung(path: Path) -> Melody:
    """The melody of a voice in a WAV file: pitch tracked, cut at breaths, dips and steps, beat found from
    onsets.
    """
    samples, rate = meter.read_wav(path)
    seconds = len(samples) / rate
    if seconds > LONGEST_SUNG_S:
        raise CalandoError(
            f"{path} lasts {seconds:.0f} s; a song to be tracked has at most {LONGEST_SUNG_S} s: cut it"
        )
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / 32768
    highest = float(np.abs(samples).max())
    if highest < 1e-3:
        raise CalandoError(f"{path} is silent")
    pitch, level = pitch_track(samples / highest, rate)
    notes = _notes_sung(pitch, level)
    if len(notes) < 3:
        raise CalandoError(
            f"{path} holds no melody that could be heard: sing closer to the microphone, without music"
        )
    tuning = float(np.median([note - round(note) for _, _, note in notes]))
    beat_s = _beat_of([onset for onset, _, _ in notes])
    # Nobody sings like a clock: half beats are as fine as can be told.
    melody = Melody([], told=[f"{len(notes)} notes were heard; please confirm them"])
    if abs(tuning) > 0.15:
        melody.told.append(f"the voice's tuning was taken to be {100 * tuning:+.0f} cents from 440 Hz")
    for at, (onset, end, note) in enumerate(notes):
        following = notes[at + 1][0] if at + 1 < len(notes) else end
        # From note to note, not along a grid: a singer's tempo drifts.
        whole = max(1, round(2 * (following - onset) / beat_s))
        rest = round(2 * (following - end) / beat_s) if following - end > 0.6 * beat_s else 0
        melody.notes.append((round(note - tuning), (whole - rest) / 2))
        if rest:
            melody.notes.append((0, rest / 2))
    melody.told.append(f"its beat was taken to be {60 / beat_s:.0f} a minute")
    return melody


def _notes_sung(pitch: np.ndarray, level: np.ndarray) -> list[tuple[float, float, float]]:
    """(onset s, end s, pitch) of each note: voiced stretches, cut where the pitch steps or the level dips."""
    window = 9
    padded = np.pad(pitch, window // 2, constant_values=np.nan)
    views = np.lib.stride_tricks.sliding_window_view(padded, window)
    voiced = np.isfinite(views).sum(axis=1) > window // 2
    smooth = np.full(len(pitch), np.nan)
    smooth[voiced] = np.nanmedian(views[voiced], axis=1)
    voiced &= level > np.max(level) - 35
    cuts = np.zeros(len(pitch), dtype=bool)
    for at in range(8, len(pitch) - 8):
        if not voiced[at]:
            continue
        step = abs(smooth[min(at + 6, len(pitch) - 1)] - smooth[at - 6])
        dip = min(level[at - 8 : at].max(), level[at + 1 : at + 9].max()) - level[at]
        cuts[at] = step > 0.7 or (dip > 4 and level[at] == level[at - 6 : at + 7].min())
    notes, start = [], None
    for at in range(len(pitch) + 1):
        inside = at < len(pitch) and voiced[at] and not cuts[at]
        if inside and start is None:
            start = at
        elif not inside and start is not None:
            if at - start >= 6:
                notes.append((start * HOP_S, at * HOP_S, float(np.nanmedian(smooth[start:at]))))
            start = None
    merged: list[tuple[float, float, float]] = []
    for onset, end, note in notes:
        if merged and onset - merged[-1][1] < 0.05 and abs(note - merged[-1][2]) < 0.4 and end - onset < 0.12:
            merged[-1] = (merged[-1][0], end, merged[-1][2])
        else:
            merged.append((onset, end, note))
    return [note for note in merged if note[1] - note[0] >= 0.08]


def _beat_of(onsets: list[float]) -> float:
    """The beat in seconds (45 to 110 a minute) whose half-beat grid the onsets fit best."""
    gaps = np.diff(onsets)
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
