"""A second wave in each beat does not double the rate: on a real recording, and by formula.

The recording is 11 minutes of an adult at 85 to 107 beats a minute (data3 of the package heartpy), whose second
wave rises half-way between the beats. The estimator once took it for a beat: it showed about 200 in three of
four seconds, because half the period correlated well enough to win, and because beats and second waves in turn
passed for coupled beats. Two of four peers in docs/vitals-benchmark.md double there too.
"""

import numpy as np
import pytest
from pulse_signals import pulse

from host_tools.play import vitals_run
from simulator.interpreter import find_micropython
from simulator.recordings import recording

RATE_HZ = 100
# In this recording the second wave comes 0.3 s after the beat and is lower: a beat is the top of 0.8 s.
REACH = 40


def rate_of_tops(light):
    """At each second from 1, the median interval between the waves' tops in the last 8 s, as a rate."""
    volume = -light
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(volume, REACH, mode="edge"), 2 * REACH + 1)
    top = (volume == windows.max(axis=1)) & (volume > np.median(volume))
    tops_s = np.flatnonzero(top & ~np.roll(top, 1)) / RATE_HZ  # a clipped top counts once
    intervals, ends = np.diff(tops_s), tops_s[1:]
    seconds = range(1, len(light) // RATE_HZ + 1)
    inside = [intervals[(ends <= second) & (tops_s[:-1] >= second - 8)] for second in seconds]
    return np.array([60 / np.median(some) if len(some) >= 4 else np.nan for some in inside])


def shown(samples, population):
    rows = vitals_run.play(samples, population).rows
    return np.array(
        [np.nan if row["pulse_rate_bpm"] is None else row["pulse_rate_bpm"] for row in rows], float
    )


@pytest.mark.skipif(
    find_micropython() is None, reason="there is no MicroPython, and CPython is too slow here"
)
def test_a_real_second_wave_half_way_does_not_double_the_rate():
    light = recording.packaged("heartpy_movement").ir
    true = rate_of_tops(light)
    rate = shown(np.column_stack([light, light]).astype("<u4"), "adult")
    known = np.isfinite(rate) & np.isfinite(true) & (np.arange(len(rate)) >= 10)
    ratio = rate[known] / true[known]
    assert known.sum() >= 0.9 * len(rate)
    assert np.mean(np.abs(ratio - 1) <= 0.1) >= 0.9
    assert np.mean(ratio > 1.5) <= 0.02
    assert np.mean(ratio < 0.67) <= 0.02


def two_waves(rate_bpm, height, after_s, width_s, seconds=30):
    """Samples of beats that each have a second wave a fixed time after the first; breathing in height and interval."""
    random = np.random.default_rng(rate_bpm)
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    volume = np.zeros(len(time_s))
    beat_s = 0.3
    while beat_s < seconds + 1:
        breath = np.sin(2 * np.pi * 0.25 * beat_s)
        for top_s, part in ((beat_s, 1), (beat_s + after_s, height)):
            volume += (1 + 0.1 * breath) * part * np.exp(-0.5 * ((time_s - top_s) / width_s) ** 2)
        beat_s += 60 / rate_bpm * (1 + 0.025 * breath)
    ir = 100_000 * (1 - 0.01 * volume) + 6 * random.standard_normal(len(time_s))
    return np.rint(np.column_stack([ir, 0.85 * ir])).astype("<u4")


@pytest.mark.parametrize("height", [0.3, 0.5, 0.7])
@pytest.mark.parametrize(
    "population, rate_bpm, after_s, width_s",
    [
        *(("adult", rate_bpm, after_s, 0.075) for rate_bpm in (75, 95, 110) for after_s in (0.3, 0.34)),
        *(("newborn", rate_bpm, after_s, 0.05) for rate_bpm in (75, 110, 130) for after_s in (0.2, 0.24)),
    ],
)
def test_a_second_wave_by_formula_does_not_double_the_rate(population, rate_bpm, after_s, width_s, height):
    late = shown(two_waves(rate_bpm, height, after_s, width_s), population)[15:]
    known = late[np.isfinite(late)]
    assert np.all(np.abs(known - rate_bpm) <= 0.08 * rate_bpm)
    # As steep as the beat and half-way to the next one, it may be a beat: then nothing is shown.
    if (rate_bpm, after_s, height) not in ((95, 0.3, 0.7), (130, 0.24, 0.7)):
        assert len(known) > 0.8 * len(late)


@pytest.mark.parametrize(
    "population, rate_bpm", [("adult", 150), ("adult", 185), ("newborn", 180), ("newborn", 210)]
)
def test_a_fast_pulse_is_not_halved_for_fear_of_second_waves(population, rate_bpm):
    made = pulse(rate_bpm, 30, breathing_height=0.3)
    assert shown(made.samples, population)[15:] == pytest.approx(rate_bpm, rel=0.03)
