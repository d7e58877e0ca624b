"""Light of hearts and hands made by formula, far beyond what a resting pulse looks like: for the rule that a
wrong rate is worse than none.

Two Gaussian waves a beat (the delay and height of the second are arguments), any course of the rate, weak or
early beats in turn, and a hand that pats, rocks or trembles beside them. What is true stands beside each.
"""

from dataclasses import dataclass, field

import numpy as np

RATE_HZ = 100
IR_COUNTS, RED_COUNTS = 100_000, 85_000
MOVEMENT_RATIO = 0.9  # movement changes the path of both lights alike


@dataclass
class Made:
    """Samples (pairs ir, red, counts), the rate at each sample, and the seconds in which a hand moved."""

    samples: np.ndarray
    rate_bpm: np.ndarray
    beats_s: np.ndarray
    moving: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def course(seconds: float, *points: tuple[float, float]) -> np.ndarray:
    """A rate a sample: straight lines through (second, beats a minute)."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    at, rates = zip(*points, strict=True)
    return np.interp(time_s, at, rates)


def beats_of(rate_bpm: np.ndarray, jitter: float, random: np.random.Generator) -> np.ndarray:
    """Times of beats (s) from before 0 to beyond the end, laid end to end at the rate of their begin."""
    length_s = len(rate_bpm) / RATE_HZ
    beats = [-4.0]
    while beats[-1] < length_s + 4:
        here = rate_bpm[int(np.clip(beats[-1] * RATE_HZ, 0, len(rate_bpm) - 1))]
        beats.append(beats[-1] + 60 / here * (1 + jitter * random.standard_normal()))
    return np.array(beats)


def heart(
    rate_bpm: np.ndarray,
    *,
    delay_s: float = 0.25,
    second: float = 0.3,
    delay_share: float | None = None,
    width_s: float | None = None,
    fall: float = 1.0,
    perfusion_percent: float = 1.0,
    ratio: float | np.ndarray = 0.6,
    noise_counts: float = 6.0,
    jitter: float = 0.006,
    weak: float = 1.0,
    early: float = 0.0,
    turn: int = 2,
    from_s: float = -4.0,
    breathing_per_minute: float = 45.0,
    breathing_level: float = 0.3,
    breathing_height: float = 0.08,
    breathing_ratio: float | np.ndarray | None = None,
    hand: np.ndarray | None = None,
    hand_ratio: float = MOVEMENT_RATIO,
    seed: int = 1,
) -> Made:
    """A heart of which each `turn`-th beat is `weak` of the other's height and comes `early` (share of a beat).

    rate_bpm: one value a sample. delay_s, second: of the second wave, after the first and as a share of it; delay_share:
    its delay in beats instead. fall: how much longer a wave falls than it rises, where it is not 1. from_s: when the weak
    and early beats begin.
    breathing_level: how far the breath swings the light to each side, in heights of the pulse; red by `breathing_ratio` of
    infrared, None: as the pulse does. hand: movement, one value a sample in heights of the pulse; it moves red by
    `hand_ratio` of infrared.
    """
    random = np.random.default_rng(seed)
    count = len(rate_bpm)
    time_s = np.arange(count) / RATE_HZ
    beats = beats_of(rate_bpm, jitter, random)
    spans = np.diff(beats)
    tops = beats[:-1].copy()
    heights = np.ones(len(tops))
    odd = np.arange(turn - 1, len(tops), turn)
    odd = odd[tops[odd] >= from_s]
    heights[odd] *= weak
    tops[odd] -= early * spans[odd]
    phase = random.uniform(0, 2 * np.pi)
    breathing = 2 * np.pi * breathing_per_minute / 60
    heights *= 1 + breathing_height * np.sin(breathing * tops + phase)
    volume = np.zeros(count)
    for top, span, height in zip(tops, spans, heights, strict=True):
        width = (0.065 if span > 0.45 else 0.145 * span) if width_s is None else width_s
        delay = delay_s if delay_share is None else delay_share * span
        for at, tall, wide in ((top, height, width), (top + delay, height * second, 1.15 * width)):
            low = max(0, int((at - 5 * wide) * RATE_HZ))
            high = min(count, int((at + 5 * wide * fall) * RATE_HZ) + 2)
            if low < high and tall:
                away = (time_s[low:high] - at) / wide
                volume[low:high] += tall * np.exp(-0.5 * np.where(away > 0, away / fall, away) ** 2)
    breath = breathing_level * np.sin(breathing * time_s + phase)
    volume += breath
    venous = 0.0 if breathing_ratio is None else breathing_ratio - ratio
    moved = np.zeros(count) if hand is None else hand
    scale = perfusion_percent / 100
    ir = IR_COUNTS * (1 - scale * (volume + moved))
    red = RED_COUNTS * (1 - scale * (ratio * volume + venous * breath + hand_ratio * moved))
    counts = np.column_stack([ir, red]) + noise_counts * random.standard_normal((count, 2))
    seconds = count // RATE_HZ
    moving = (np.abs(moved[: seconds * RATE_HZ]).reshape(seconds, RATE_HZ) > 0).any(axis=1)
    inside = tops[(tops > 0) & (tops < count / RATE_HZ)]
    return Made(np.clip(np.rint(counts), 0, 262143).astype("<u4"), rate_bpm, inside, moving)


def patting(
    count: int,
    per_minute: float,
    height: float,
    from_s: float,
    until_s: float,
    form: str = "sine",
    seed: int = 1,
) -> np.ndarray:
    """A hand that moves to a rhythm, in heights of the pulse: "sine" rocks, "pat" strikes, "hum" trembles."""
    random = np.random.default_rng(seed)
    time_s = np.arange(count) / RATE_HZ
    turns = np.cumsum(per_minute / 60 / RATE_HZ * (1 + 0.03 * np.sin(0.7 * time_s + random.uniform(0, 6))))
    if form == "sine":
        wave = np.sin(2 * np.pi * turns) + 0.25 * np.sin(4 * np.pi * turns + 1)
    elif form == "pat":
        wave = np.exp(-8 * (turns % 1)) * 2
    else:
        wave = np.sin(2 * np.pi * turns) * (1 + 0.3 * np.sin(0.9 * time_s))
    wave = wave * (1 + 0.15 * np.sin(1.9 * time_s + random.uniform(0, 6)))
    inside = (time_s >= from_s) & (time_s < until_s)
    return height / 2 * wave * inside
