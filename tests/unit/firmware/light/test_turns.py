"""Every other wave the lower for long: two of them may be one beat. A breath makes now the one, now the other lower."""

import numpy as np
import pytest

from firmware import reasons
from firmware.light.period import Period
from firmware.light.rates import Rates, Turns
from firmware.light.waves import Waves


def after(waves, lower_permille=100, first=0, height=4000):
    """What is told after each of so many waves, every other of them lower by so much of the higher."""
    turns = Turns()
    told = []
    for number in range(first, first + waves):
        lower = lower_permille if number & 1 == 0 else 0
        turns.take(height * (1000 - lower) // 1000, number & 1)
        told.append(turns.may_be_pairs())
    return told


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("lower, told", [(0, False), (52, False), (54, True), (150, True), (400, True)])
def test_waves_lower_in_turn_for_long_may_be_pairs(lower, told, first):
    """From 0.025 to both sides of the mean height on."""
    assert after(200, lower, first)[-1] == told


def test_it_takes_24_waves_from_where_it_is_steady():
    told = after(120, 200)
    assert told.index(True) == 63
    assert all(told[63:])


@pytest.mark.parametrize("height, told", [(650, False), (700, True)])
def test_waves_as_low_as_noise_tell_nothing(height, told):
    """A mean of 585, and of 630."""
    assert after(200, 200, height=height)[-1] == told


@pytest.mark.parametrize(
    "lower, other, told",
    [(200, 200, True), (200, 150, True), (200, 270, False), (200, 110, False), (200, 0, False)],
)
def test_what_changes_by_more_than_a_fifth_is_not_steady(lower, other, told):
    turns = Turns()
    seen = []
    for number in range(200):
        low = 1000 - (lower if number < 100 else other)
        turns.take(4 * (1000 if number & 1 else low), number & 1)
        seen.append(turns.may_be_pairs())
    assert seen[99]
    assert all(seen[100:]) == told


@pytest.mark.parametrize("per_beat", [0.2, 0.3, 0.4, 0.47])
def test_a_breath_that_is_not_half_as_fast_makes_no_pairs(per_beat):
    turns = Turns()
    for number in range(400):
        turns.take(round(4000 * (1 + 0.15 * np.sin(2 * np.pi * per_beat * number))), number & 1)
        assert not turns.may_be_pairs()


def test_another_grip_begins_anew():
    turns = Turns()
    for number in range(90):
        turns.take(4000 if number & 1 else 3200, number & 1)
    assert turns.may_be_pairs()
    turns.forget()
    turns.take(1000, 1)
    assert not turns.may_be_pairs()


def rates_after(newborn, lower_permille, count=90):
    waves = Waves(newborn)
    rates = Rates(waves, newborn)
    for number in range(count):
        waves.every.take(1200 * (number + 1), 1000 - (0 if number & 1 else lower_permille))
        rates.look()
    return rates


@pytest.mark.parametrize(
    "newborn, lower, told", [(True, 100, True), (True, 0, False), (False, 100, False), (False, 0, False)]
)
def test_a_newborns_rate_of_a_beat_a_wave_is_doubted_then(newborn, lower, told):
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period.strength = 1200, 900
    assert (rates_after(newborn, lower).doubt(160_000, period) == reasons.TWO_RATES) == told


@pytest.mark.parametrize("percent, told", [(100, True), (114, True), (118, False), (88, True), (86, False)])
def test_a_rate_has_a_beat_a_wave_within_15_percent(percent, told):
    assert rates_after(True, 100)._is_waves(160_000 * 100 // percent) == told


@pytest.mark.parametrize("count, told", [(8, False), (9, True)])
def test_nine_waves_make_a_rate(count, told):
    assert rates_after(True, 0, count)._is_waves(160_000) == told
