"""Variability cleaned of odd beats, and the breath from 4 to 30 a minute, on light whose truth is known."""

import importlib
from array import array

import numpy as np
import pytest
from varying_pulse import varying_pulse

from host_tools.play import vitals_run
from simulator import cpython

SETTLED_S = 60


def shown(**how):
    made = varying_pulse(**how)
    return made, vitals_run.play(made.samples, "adult").rows


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"early": 0.02},
        {"early": 0.04, "seed": 2},
        {"rate_bpm": 105, "early": 0.03, "seed": 3},
        {"perfusion_percent": 0.15, "seed": 4},
        {"in_pulse": 0.08, "breaths_per_minute": 4.5},
        {"in_pulse": 0.0, "jitter": 0.0},
    ],
    ids=str,
)
def test_the_variability_is_that_of_the_normal_beats(how):
    made, rows = shown(seconds=130, **how)
    known = [row for row in rows[SETTLED_S:] if row["pulse_variability_ms"] is not None]
    assert len(known) >= 20
    for row in known:
        true = made.rmssd_ms(row["time_s"] - 2)
        assert row["pulse_variability_ms"] == pytest.approx(true, rel=0.1, abs=5), row["time_s"]


def test_a_minute_with_too_many_odd_beats_has_no_variability():
    _, rows = shown(seconds=140, early=0.2, seed=5)
    late = rows[SETTLED_S:]
    assert all(row["pulse_variability_ms"] is None for row in late)
    assert np.mean([row["beats_corrected_percent"] for row in late if row["pulse_rate_bpm"]]) > 5


@pytest.mark.parametrize("spread", [0.12, 0.2])
def test_an_irregular_rhythm_is_unknown_within_a_minute_and_swings_with_no_breath(spread):
    _, rows = shown(seconds=170, fibrillation=spread, fibrillates_from_s=80, seed=6)
    assert rows[79]["pulse_variability_ms"] is not None
    for row in rows[140:]:
        assert row["pulse_variability_ms"] is None
        assert row["breath_amplitude_bpm"] is None


@pytest.mark.parametrize("breaths", [4, 5, 6, 9, 13, 18, 24, 30])
@pytest.mark.parametrize(
    "where",
    [
        {"in_pulse": 0.03, "in_height": 0, "in_level": 0},
        {"in_pulse": 0, "in_height": 0.1, "in_level": 0},
        {"in_pulse": 0, "in_height": 0, "in_level": 0.3},
        {"perfusion_percent": 0.3},
    ],
    ids=["interval", "height", "level", "weak light"],
)
def test_the_breath_is_read_from_four_to_thirty_a_minute(where, breaths):
    rate_bpm = 80 if breaths < 30 else 100
    _, rows = shown(rate_bpm=rate_bpm, seconds=110, breaths_per_minute=breaths, jitter=0.005, seed=7, **where)
    late = [row["breathing_rate_bpm"] for row in rows[SETTLED_S + 5 :]]
    known = [rate for rate in late if rate is not None]
    assert len(known) >= 0.9 * len(late)
    right = [abs(rate - breaths) <= max(0.3, 0.05 * breaths) for rate in known]
    assert np.mean(right) >= 0.95, known


@pytest.mark.parametrize(
    ("rate_bpm", "breaths"), [(70, 30), (72, 24), (74, 30), (90, 30), (62, 20), (100, 25), (55, 18)]
)
def test_a_breath_that_few_beats_see_is_never_taken_for_two_or_three(rate_bpm, breaths):
    """Of 70 beats and 30 breaths a minute 7 beats see 3 breaths: what the beats show repeats exactly every 6 s only."""
    for seed in (1, 3):
        _, rows = shown(rate_bpm=rate_bpm, seconds=110, breaths_per_minute=breaths, jitter=0.004, seed=seed)
        known = [row["breathing_rate_bpm"] for row in rows if row["breathing_rate_bpm"] is not None]
        assert len(known) >= 40
        assert known == pytest.approx([breaths] * len(known), rel=0.05)


@pytest.mark.parametrize(
    ("rate_bpm", "breaths"), [(50, 28), (52, 24), (56, 30), (60, 30), (60, 36), (70, 40)]
)
def test_a_breath_of_about_half_the_pulse_and_more_is_unknown_and_not_taken_for_a_slower_one(
    rate_bpm, breaths
):
    _, rows = shown(rate_bpm=rate_bpm, seconds=110, breaths_per_minute=breaths, jitter=0.004, seed=2)
    known = [row["breathing_rate_bpm"] for row in rows if row["breathing_rate_bpm"] is not None]
    if breaths + 33 > rate_bpm + 3 and breaths <= 33:
        assert not known
    assert all(rate > 20 for rate in known), "who is led would be led far too slowly"


@pytest.mark.parametrize(("breaths", "waves"), [(12, 6), (18, 6), (15, 5), (14, 7), (21, 7), (20, 5)])
@pytest.mark.parametrize("share", [0.6, 0.8, 1.0, 1.3])
def test_a_breath_beside_a_rhythm_of_its_half_or_third_is_right_or_unknown(breaths, waves, share):
    _, rows = shown(
        rate_bpm=84,
        seconds=110,
        breaths_per_minute=breaths,
        waves=share,
        waves_per_minute=waves,
        jitter=0.004,
    )
    known = [row["breathing_rate_bpm"] for row in rows if row["breathing_rate_bpm"] is not None]
    assert known == pytest.approx([breaths] * len(known), rel=0.05)
    if share > 0.9:
        assert not known


def test_the_swing_with_the_breath_is_the_pulses_from_its_lowest_to_its_highest():
    for swing in (0.04, 0.08):
        _, rows = shown(seconds=100, breaths_per_minute=6, in_pulse=swing, jitter=0.002)
        assert rows[-1]["breath_amplitude_bpm"] == pytest.approx(2 * swing * 72, rel=0.15)


def test_a_breath_in_is_where_the_pulse_grows_faster():
    vitals = device()
    made = varying_pulse(seconds=100, breaths_per_minute=8, jitter=0.004)
    right = total = 0
    for second in range(100):
        feed(vitals, made.samples[100 * second : 100 * second + 100], 1000 * second)
        left_ms = vitals.variability.breath.in_for_ms((second + 1) * 3200)
        if left_ms is not None and second > 70:
            phase = 2 * np.pi * 8 / 60 * (second + 1)
            total += 1
            right += (np.cos(phase) > 0) == (left_ms > 0)
            assert abs(left_ms) <= 60_000 / 8 / 2 * 1.05
    assert total > 20
    assert right >= 0.85 * total


def test_a_newborns_breath_and_variability_are_never_told():
    made = varying_pulse(rate_bpm=140, seconds=80, breaths_per_minute=30)
    rows = vitals_run.play(made.samples, "newborn").rows
    assert rows[-1]["pulse_rate_bpm"] is not None
    for name in (
        "breathing_rate_bpm",
        "breath_amplitude_bpm",
        "pulse_variability_ms",
        "beats_corrected_percent",
    ):
        assert all(row[name] is None for row in rows)


def device():
    cpython.install()
    return importlib.import_module("firmware.vitals").Vitals("adult")


def feed(vitals, samples, start_ms):
    for at in range(0, len(samples), 10):
        block = samples[at : at + 10]
        vitals.add(array("I", block[:, 0]), array("I", block[:, 1]), len(block))
        start_ms += 10 * len(block)
        vitals.update(start_ms)


class Spans:
    """The beats of a row of intervals, in ms, as `Beats` hands them over."""

    def __init__(self, spans_ms):
        self.times, self.spans = array("I", [0] * 64), array("I", [0] * 64)
        self.count = 0
        self._spans_ms = spans_ms
        self._ticks = 6400

    def come(self, rhythm):
        slopes = array("I", [8388608] * 512)  # flat: the times stay as they are
        for span_ms in self._spans_ms:
            ticks = round(span_ms * 3.2)
            self._ticks += ticks
            self.times[self.count & 63] = self._ticks
            self.spans[self.count & 63] = ticks if self.count else 0
            self.count += 1
            rhythm.follow(True, slopes)


@pytest.mark.parametrize(
    "odd_ms, classes",
    [
        ([600, 1000], [1, 5]),  # early, with its pause
        ([1000, 600], [1, 5]),  # late
        ([1600], [2]),
        ([300, 500], [3, 5]),
        ([1250], [4]),
    ],
    ids=["early", "late", "missed", "extra", "long"],
)
def test_each_kind_of_odd_beat_has_its_class(odd_ms, classes):
    rhythm_module = importlib.import_module("firmware.light.rhythm")
    random = np.random.default_rng(8)
    usual = [800 + 12 * step for step in random.standard_normal(60)]
    spans = Spans([*usual[:40], *odd_ms, *usual[40:]])
    rhythm = rhythm_module.Rhythm(spans)
    spans.come(rhythm)
    found = [rhythm.classes[number & 127] for number in range(1, rhythm.decided)]
    assert found[39 : 39 + len(odd_ms)] == classes
    assert sum(found) == sum(classes)
    assert rhythm.tally()[3] == 1


@pytest.mark.parametrize(("breaths", "before", "after"), [(15, 0.03, 0.06), (6, 0.03, 0.06), (6, 0.06, 0.03)])
def test_a_change_of_the_swing_is_read_within_two_breaths_and_the_time_to_class_a_beat(
    breaths, before, after
):
    changed_s = 100.3
    made = varying_pulse(
        seconds=160,
        breaths_per_minute=breaths,
        in_pulse=before,
        in_pulse_later=(changed_s, after),
        jitter=0.005,
        seed=3,
    )
    rows = vitals_run.play(made.samples, "adult").rows
    swing_bpm = [row["breath_amplitude_bpm"] for row in rows]
    between_bpm = 72 * (
        before + after
    )  # from the lowest to the highest: twice the share, halfway between both
    late = [
        row["time_s"]
        for row, bpm in zip(rows, swing_bpm, strict=True)
        if row["time_s"] > changed_s and bpm is not None and (bpm > between_bpm) == (after > before)
    ]
    assert late[0] - changed_s < 2 * 60 / breaths + 5
