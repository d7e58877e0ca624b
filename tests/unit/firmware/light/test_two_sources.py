"""What moves both lights to one rhythm, and what moves them beside it: slopes go in, made of two sources."""

import math
import random

import pytest

from firmware.light import pulse, spo2
from firmware.light.beneath import Beneath
from firmware.light.period import Period
from firmware.vitals import _flat_ring

LEVEL = 100_000  # counts, of both lights
END = 400  # pairs
TICKS = 1280  # 20 pairs: 150 a minute


def wave(ticks, height):
    """A beat's slopes, pair by pair, that repeat every so many ticks."""
    for pair in range(END):
        turn = 2 * math.pi * pair * pulse.TICKS_PER_PAIR / ticks
        yield height * (math.sin(turn) + 0.4 * math.sin(2 * turn + 1))


def looked_at(*sources, noise=0, first=50, ticks=TICKS):
    """Saturation after light of sources (ticks, counts, red in permille of infrared), and what is beside `ticks`."""
    ir, red = _flat_ring(), _flat_ring()
    slopes = [0] * END
    reds = [0] * END
    for period, height, permille in sources:
        for pair, slope in enumerate(wave(period, height)):
            slopes[pair] += slope
            reds[pair] += slope * permille / 1000
    made = random.Random(3)
    for pair in range(END):
        ir[pair] = pulse.SLOPE_BIAS + round(slopes[pair] + made.gauss(0, noise))
        red[pair] = pulse.SLOPE_BIAS + round(reds[pair] + made.gauss(0, noise))
    saturation = spo2.Saturation()
    saturation.measure(ir, red, first, END, LEVEL, LEVEL)
    return saturation, saturation.beside_percent(ir, red, first, END, ticks)


PULSE = (TICKS, 3000, 700)


def test_a_pulse_alone_has_nothing_beside_it():
    saturation, beside = looked_at(PULSE)
    assert beside == 0
    assert saturation.lead_slope == saturation.slope == pytest.approx(0.7 * 4096, rel=0.002)


def test_a_pulse_between_two_pairs_has_nothing_beside_it_either():
    assert looked_at((1310, 3000, 700), ticks=1310)[1] == 0


@pytest.mark.parametrize("slow", [2700, 2100])
def test_a_slow_pulse_beneath_a_hand_moves_red_less(slow):
    """A hand moves red by 0.9 of infrared, the blood by 0.7: both slopes are found."""
    saturation, beside = looked_at((TICKS, 3000, 900), (slow, 2000, 700))
    assert 77 <= beside <= 84
    assert saturation.slope < 0.86 * 4096
    assert saturation.lead_slope == pytest.approx(0.9 * 4096, rel=0.02)


def test_a_breath_beside_a_pulse_moves_red_more():
    saturation, beside = looked_at(PULSE, (2700, 2000, 900))
    assert 118 <= beside <= 130
    assert saturation.slope > 0.74 * 4096
    assert saturation.lead_slope == pytest.approx(0.7 * 4096, rel=0.03)


def test_two_sources_that_move_both_lights_alike_are_told_as_that():
    assert looked_at(PULSE, (2700, 2000, 700))[1] in (99, 100)


@pytest.mark.parametrize(("height", "known"), [(540, True), (300, False)])
def test_what_is_less_than_a_fiftieth_is_not_looked_at(height, known):
    assert (looked_at(PULSE, (2700, height, 900))[1] > 0) == known


@pytest.mark.parametrize(("noise", "known"), [(20, True), (400, False)])
def test_noise_beside_a_pulse_has_no_slope(noise, known):
    assert (looked_at(PULSE, (2700, 1000, 900), noise=noise)[1] > 0) == known


@pytest.mark.parametrize(("first", "known"), [(END - 75 - 21, True), (END - 74 - 21, False)])
def test_a_second_and_a_half_is_the_least(first, known):
    assert (looked_at(PULSE, (2700, 2000, 900), first=first)[1] > 0) == known


def test_the_last_six_seconds_count():
    """Twenty-one pairs of them go to the rhythm that is taken away."""
    ahead = looked_at(PULSE, (2700, 2000, 900), first=END - spo2.WINDOW)
    assert looked_at(PULSE, (2700, 2000, 900), first=0)[1] == ahead[1]


@pytest.mark.parametrize(("height", "known"), [(140_000, True), (400_000, False)])
def test_slopes_too_large_for_31_bits_are_not_looked_at(height, known):
    assert (looked_at((TICKS, height, 700), (2700, height, 900))[1] > 0) == known


def test_nothing_is_said_of_light_that_was_not_measured():
    saturation, _ = looked_at(PULSE, (2700, 2000, 900))
    ring = _flat_ring()
    assert saturation.measure(ring, ring, 50, END, LEVEL, LEVEL) is None
    assert saturation.beside_percent(ring, ring, 50, END, TICKS) == 0
    assert saturation.lead_slope == 0


def left(mbpm, permille=100, repeats=900):
    """A period that found such a rhythm in what red does not share with infrared."""
    period = Period(12, 64, 400, 100, 960)
    period.left_mbpm, period.left_permille, period.left_repeats = mbpm, permille, repeats
    return period


def test_a_slow_pulse_beneath_a_rhythm_that_is_a_hands_is_believed_after_two_seconds():
    """How red follows infrared in calm light need not be known, nor be far from the hand's."""
    beneath = Beneath()
    for second in range(1, 6):
        beneath.look(True, 3300, left(62_000), 150_000)
        assert beneath.slow_for_ms(100_000) == max(0, second - 2) * 1000
    assert beneath.contradicts(130_000)


def test_beneath_no_hand_nothing_is_believed_and_what_was_is_forgotten():
    beneath = Beneath()
    for _ in range(5):
        beneath.look(True, 3300, left(62_000), 150_000)
    for seconds in (3, 1, 0):
        beneath.look(False, 3300, left(62_000), 150_000)
        assert beneath.seconds == seconds


def test_a_rhythm_near_half_of_the_pulse_is_not_believed_beneath_a_hand():
    beneath = Beneath()
    for _ in range(5):
        beneath.look(True, 3300, left(73_000), 150_000)
    assert beneath.seconds == 0
