"""Adults' light with known breath, variability and odd beats: for what is read from beat to beat."""

from dataclasses import dataclass

import numpy as np

RATE_HZ = 100
EARLY_SHARE = 0.68  # an early beat's interval; the pause after it makes up for it
IR_COUNTS = 100_000


@dataclass
class Varying:
    """Samples (pairs ir, red, counts), the time of each beat's top, and whether the interval before it is a normal one."""

    samples: np.ndarray
    tops_s: np.ndarray
    normal: np.ndarray

    def rmssd_ms(self, end_s: float, over_s: float = 60.0) -> float:
        """Of the normal intervals that end within `over_s` before `end_s`."""
        spans = np.diff(self.tops_s)
        last = np.flatnonzero((self.tops_s > end_s - over_s) & (self.tops_s <= end_s))
        last = last[last >= 2]
        steps = spans[last - 1] - spans[last - 2]
        return 1000 * float(np.sqrt(np.mean(np.square(steps[self.normal[last] & self.normal[last - 1]]))))


def varying_pulse(
    rate_bpm: float = 72,
    seconds: int = 120,
    *,
    breaths_per_minute: float | np.ndarray = 15,
    in_pulse: float = 0.03,
    in_pulse_later: tuple[float, float] | None = None,
    in_height: float = 0.06,
    in_level: float = 0.2,
    jitter: float = 0.01,
    early: float = 0.0,
    fibrillation: float = 0.0,
    fibrillates_from_s: float = 0.0,
    perfusion_percent: float = 1.0,
    noise_counts: float = 6.0,
    waves_per_minute: float = 6.0,
    waves: float = 0.0,
    seed: int = 1,
) -> Varying:
    """A pulse that grows faster by `in_pulse` (share of an interval) in mid-breath.

    breaths_per_minute: of each second, where they change. waves: another rhythm, such as that of slow waves of the pressure
    of the blood, which swings everything so many times as far as the breath does, `waves_per_minute` times a minute.
    in_pulse_later: from so many seconds on, and the share from then on. jitter: standard deviation of an interval, share.
    early: share of beats that come early. fibrillation: standard deviation of an interval from
    `fibrillates_from_s` on, share.
    """
    random = np.random.default_rng(seed)
    grid_s = np.arange(seconds + 4)
    rates = np.broadcast_to(np.asarray(breaths_per_minute, dtype=float), len(grid_s))
    turned = np.concatenate([[0.0], np.cumsum(rates[:-1])]) * 2 * np.pi / 60
    other = 2 * np.pi * waves_per_minute / 60

    def swung(at, later):
        return np.sin(np.interp(at, grid_s, turned) + later) + waves * np.sin(other * at + 1 + later)

    interval_s = 60 / rate_bpm
    at, pause = 0.3, False
    tops, heights, normal = [], [], []
    while at < seconds + 2:
        middle = at + interval_s / 2
        swing = in_pulse_later[1] if in_pulse_later and at >= in_pulse_later[0] else in_pulse
        span = interval_s * (1 - swing * swung(middle, 0.0)) * (1 + jitter * random.standard_normal())
        height = 1 + in_height * swung(middle, 0.7) + 0.02 * random.standard_normal()
        odd = pause
        if fibrillation and at > fibrillates_from_s:
            span, odd = interval_s * max(0.45, 1 + fibrillation * random.standard_normal()), True
        elif pause:
            span, height, pause = span * (2 - EARLY_SHARE), height * 1.1, False
        elif early and random.random() < early:
            span, height, pause, odd = span * EARLY_SHARE, height * 0.62, True, True
        at += span
        tops.append(at)
        heights.append(height)
        normal.append(not odd)
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    volume = in_level * swung(time_s, 0.0) - 0.5
    for top, height in zip(tops, heights, strict=True):
        near = slice(max(0, int((top - 0.5) * RATE_HZ)), max(0, int((top + 0.9) * RATE_HZ)))
        after = time_s[near] - top
        volume[near] += height * (
            np.exp(-0.5 * (after / 0.08) ** 2) + 0.35 * np.exp(-0.5 * ((after - 0.3) / 0.1) ** 2)
        )
    share = perfusion_percent / 100 * volume
    counts = np.column_stack([IR_COUNTS * (1 - share), 0.85 * IR_COUNTS * (1 - 0.6 * share)])
    counts += noise_counts * random.standard_normal(counts.shape)
    return Varying(np.clip(np.rint(counts), 0, 262143).astype("<u4"), np.array(tops), np.array(normal))
