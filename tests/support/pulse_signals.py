"""Pulses made by formula, as the sensor would count them: for tests that need a known truth.

A steep systolic wave, a second wave, breathing in height, level and interval, and noise of some counts. They
show what the estimator does with a rate, a perfusion or a light that is known; not how it does on people.
"""

from dataclasses import dataclass

import numpy as np

RATE_HZ = 100


@dataclass
class Pulse:
    """Samples (pairs ir, red, counts) with the rate at each and the time of each wave's top."""

    samples: np.ndarray
    rate_bpm: np.ndarray
    beats_s: np.ndarray

    def mean_rate(self, second: int, over_s: int = 8) -> float:
        """Mean rate of the `over_s` seconds before `second`."""
        part = self.rate_bpm[max(0, second - over_s) * RATE_HZ : second * RATE_HZ]
        return 1 / float(np.mean(1 / part))


def _wave(turns: np.ndarray, second_wave: float) -> np.ndarray:
    place = turns % 1

    def hump(centre: float, width: float) -> np.ndarray:
        return sum(np.exp(-0.5 * ((place - centre + turn) / width) ** 2) for turn in (-1, 0, 1))

    return hump(0.22, 0.09) + second_wave * hump(0.62, 0.12) + 0.25 * hump(0.38, 0.12)


_ONE_TURN = np.arange(0, 1, 1e-4)
_TOP = float(_ONE_TURN[np.argmax(_wave(_ONE_TURN, 0.35))])


def pulse(
    rate_bpm,
    seconds: int = 40,
    *,
    light_counts: float = 100_000,
    perfusion_percent: float = 1.0,
    ratio=0.6,
    noise_counts: float = 6,
    second_wave: float = 0.35,
    breathing_per_minute: float = 15,
    breathing_level: float = 0.3,
    breathing_height: float = 0.1,
    breathing_interval: float = 0.0,
    seed: int = 1,
) -> Pulse:
    """A pulse whose rate and ratio of ratios are numbers or arrays, one value a sample."""
    random = np.random.default_rng(seed)
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    breath = np.sin(2 * np.pi * breathing_per_minute / 60 * time_s)
    rate = np.broadcast_to(np.asarray(rate_bpm, float), time_s.shape) * (1 + breathing_interval * breath)
    turns = np.cumsum(rate / 60 / RATE_HZ)
    shape = _wave(turns, second_wave)
    shape = (shape - shape.min()) / np.ptp(shape)
    volume = (
        perfusion_percent / 100 * ((1 + breathing_height * breath) * shape + breathing_level * breath - 0.5)
    )
    ir = light_counts * (1 - volume)
    red = 0.85 * light_counts * (1 - np.asarray(ratio) * volume)
    counts = np.column_stack([ir, red]) + noise_counts * random.standard_normal((len(time_s), 2))
    beats = np.interp(np.arange(np.ceil(turns[0] - _TOP), turns[-1] - _TOP) + _TOP, turns, time_s)
    return Pulse(np.clip(np.rint(counts), 0, 262143).astype("<u4"), rate, beats)


def no_pulse(seconds: int, light_counts: float, noise_counts: float = 7, seed: int = 1) -> np.ndarray:
    """Light and noise alone."""
    noise = noise_counts * np.random.default_rng(seed).standard_normal((seconds * RATE_HZ, 2))
    return np.clip(np.rint(light_counts + noise), 0, 262143).astype("<u4")


def spo2_of_ratio(ratio):
    """The sensor maker's published curve (Maxim AN6845), in percent."""
    return np.minimum(100, 1.5958422 * ratio**2 - 34.6596622 * ratio + 112.6898759)
