"""Which light has no shape of a pulse, number by number: correlations go in, no light."""

import pytest

from firmware.light import pulse
from firmware.light.period import Period

FAST, SLOW = 1280, 1984  # ticks of a period: 150 and 97 a minute


def shapeless(ticks, whole, half, lean, seconds=1, after=0):
    """For how many seconds light has been without a shape that correlates so at its period and at half of it.

    after: so many pairs later than there, where the period lies between two.
    """
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period._lean = ticks, lean
    period._r[ticks // 2 // pulse.TICKS_PER_PAIR + after] = pulse.R_BIAS + half
    period._r[ticks // pulse.TICKS_PER_PAIR + after] = pulse.R_BIAS + whole
    for _ in range(seconds):
        period._look_at_shape()
    return period.shapeless


@pytest.mark.parametrize(
    ("ticks", "whole", "half", "lean", "told"),
    [
        (FAST, 900, -900, 100, True),
        (FAST, 900, -900, 106, True),
        (FAST, 900, -900, 107, False),  # it rises more steeply than it falls
        (FAST, 900, -900, 94, True),
        (FAST, 900, -900, 93, False),
        (FAST, 900, -874, 100, True),
        (FAST, 900, -872, 100, False),  # it is not its own opposite
        (FAST, 900, -927, 100, True),
        (FAST, 900, -928, 100, False),
        (FAST, 501, -501, 100, True),
        (FAST, 500, -500, 100, False),  # it repeats too little to tell
        (SLOW, 900, -900, 150, True),  # noise is steeper than a slow lamp's weak swing
        (1921, 900, -900, 150, True),
        (1920, 900, -900, 150, False),
        (SLOW, 900, -874, 150, True),
        (SLOW, 900, -872, 150, False),
        (SLOW, 500, -500, 150, False),
    ],
)
def test_what_is_its_own_opposite_and_rises_as_it_falls_has_no_shape(ticks, whole, half, lean, told):
    assert (shapeless(ticks, whole, half, lean) > 0) == told


def test_a_period_between_two_pairs_is_looked_for_at_both():
    assert shapeless(FAST, 900, -900, 100, after=1)


def test_seconds_without_a_shape_are_counted_until_one_has_it():
    assert shapeless(FAST, 900, -900, 100, seconds=3) == 3
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period.shapeless = FAST, 3
    period._look_at_shape()
    assert period.shapeless == 0


@pytest.mark.parametrize(
    "lag, repeats, opposite, percent, told",
    [
        (20, 900, 900, 200, True),
        (20, 900, 676, 200, True),
        (20, 900, 675, 200, False),  # a slow heart is not its own opposite
        (20, 900, 900, 141, True),
        (20, 900, 900, 140, False),  # it may be the pulse beneath a hand
        (20, 601, 601, 200, True),
        (20, 600, 600, 200, False),  # it repeats too little to tell
        (21, 900, 900, 200, True),
    ],
)
def test_a_breath_is_slower_than_the_pulse_and_its_own_opposite(lag, repeats, opposite, percent, told):
    for half in {lag // 2, (lag + 1) // 2}:
        period = Period(12, 64, 400, 100, 960)
        period.left_repeats = repeats
        period._r[half] = pulse.R_BIAS - opposite
        assert period._is_breath(lag, percent) == told


def flicker(peak_lag, between=100, peak=800, before=None, after=0):
    """What a rhythm of `peak_lag` of 20 ms is told to repeat, where correlation falls to `between` before (permille)."""
    period = Period(12, 64, 400, 100, 960)
    correlations = {peak_lag - 1: between, peak_lag: peak, peak_lag + 1: after} | (before or {})
    for lag, permille in correlations.items():
        period._r[lag] = pulse.R_BIAS + permille
    return period._find_flicker()


@pytest.mark.parametrize("lag, told", [(3, 800), (5, 800), (8, 800), (9, 0), (2, 0)])
def test_a_rhythm_of_six_to_sixteen_a_second_is_a_flicker(lag, told):
    assert flicker(lag) == told


@pytest.mark.parametrize("between, told", [(299, 800), (300, 0), (-500, 800)])
def test_light_falls_between_two_flickers(between, told):
    assert flicker(5, between, before={2: 900, 3: 700}) == told


def test_the_highest_flicker_counts_and_only_where_it_is_a_peak():
    assert flicker(5, before={3: 500, 2: 100}) == 800
    assert flicker(4, peak=600, before={6: 100, 7: 900, 8: 200}) == 900
    assert flicker(5, after=900, before={7: 910, 8: 920, 9: 930}) == 0
    assert flicker(6, peak=310, before={3: 290, 2: 290}) == 310


@pytest.mark.parametrize(
    "whole, repeats, told", [(800, 561, True), (800, 560, False), (501, 400, True), (500, 400, False)]
)
def test_light_that_flickers_has_no_shape(whole, repeats, told):
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period._lean, period._flicker = FAST, 150, repeats
    period._r[FAST // pulse.TICKS_PER_PAIR] = pulse.R_BIAS + whole
    period._look_at_shape()
    assert (period.shapeless > 0) == told


def followed(lag, whole, double):
    """What is said of a period of `lag` pairs that correlates `whole`, and of which twice does `double` permille."""
    period = Period(12, 64, 400, 100, 960)
    for top, value in ((lag, whole), (2 * lag, double)):
        for away, percent in ((0, 100), (1, 80), (2, 30)):
            for side in (top - away, top + away):
                period._r[side] = pulse.R_BIAS + value * percent // 100
    period._follow(64)
    assert abs(period.ticks - lag * pulse.TICKS_PER_PAIR) < 20
    return period


@pytest.mark.parametrize(
    "lag, whole, double, told",
    [
        (14, 900, 945, False),
        (14, 900, 946, True),  # over 105 %, by however little
        (14, 600, 631, True),
        (14, 400, 425, True),  # and however little both repeat
        (16, 900, 950, False),  # later than 0.3 s a newborn's second wave does not rise
    ],
)
def test_a_short_period_is_doubtful_where_twice_it_repeats_better(lag, whole, double, told):
    assert followed(lag, whole, double).doubtful == told


@pytest.mark.parametrize(
    "whole, double, percent", [(900, 946, 104), (400, 501, 124), (475, 501, 105), (475, 500, 0)]
)
def test_twice_a_period_is_told_beside_it_where_it_repeats_well(whole, double, percent):
    assert followed(15, whole, double).double_percent == percent
