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


@pytest.mark.parametrize(("height", "known"), [(480, True), (430, False)])
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


@pytest.mark.parametrize(("height", "known"), [(175_000, True), (200_000, False)])
def test_slopes_too_large_for_31_bits_are_not_looked_at(height, known):
    assert (looked_at((TICKS, height, 700), (2700, height, 900))[1] > 0) == known


@pytest.mark.parametrize(("lead", "beside"), [(700, 1100), (700, 1000), (900, 700)])
def test_the_slope_of_the_rhythm_that_shows_is_cleaned_of_what_is_beside_it(lead, beside):
    """Where the two are not far apart in time, what repeats is a mix of both: 0.84 for 0.7, eight percent of oxygen."""
    saturation, _ = looked_at((TICKS, 3000, lead), (3800, 4000 if beside > lead else 2000, beside))
    assert saturation.lead_slope == pytest.approx(lead * 4.096, rel=0.02)


def test_but_not_by_more_than_half():
    """So far apart it would be noise that is taken away."""
    saturation, _ = looked_at((TICKS, 3000, 500), (1900, 3000, 1500))
    assert saturation.lead_slope == pytest.approx(0.8 * 4096, rel=0.01)


@pytest.mark.parametrize(("beside", "cleaned"), [(3900, True), (4100, False)])
def test_nor_where_red_moves_four_times_as_much(beside, cleaned):
    saturation, _ = looked_at((TICKS, 3000, 3000), (3800, 4000, beside))
    assert (saturation.lead_slope < 3.05 * 4096) == cleaned


@pytest.mark.parametrize(("noise", "together"), [(950, True), (1060, False)])
def test_lights_go_together_at_a_correlation_of_0_8(noise, together):
    saturation, _ = looked_at(PULSE, noise=noise)
    assert (saturation.slope > 0) == together
    assert (saturation.ratio_permille is not None) == together


def measured(red_permille, ir_level=LEVEL, red_level=LEVEL, first=50):
    """SpO2 (permille) of a pulse that moves red so, and its slope; before pair 100 it moves red twice as much."""
    ir, red = _flat_ring(), _flat_ring()
    for pair, slope in enumerate(wave(TICKS, 3000)):
        ir[pair] = pulse.SLOPE_BIAS + round(slope)
        red[pair] = pulse.SLOPE_BIAS + round(slope * red_permille / 1000 * (1 if pair >= 100 else 2))
    saturation = spo2.Saturation()
    return saturation.measure(ir, red, first, END, ir_level, red_level), saturation


def test_oxygen_is_that_of_the_last_six_seconds():
    value, saturation = measured(700)
    assert saturation.ratio_permille == pytest.approx(700, abs=2)
    assert value == spo2.from_ratio(saturation.ratio_permille)
    assert saturation.lead_slope == saturation.slope
    assert measured(700, first=90)[1].ratio_permille == saturation.ratio_permille


@pytest.mark.parametrize("red_permille", [300, 5000])
def test_the_larger_of_both_lights_sets_the_scale(red_permille):
    assert measured(red_permille)[1].slope == pytest.approx(red_permille * 4.096, rel=0.01)


@pytest.mark.parametrize(
    ("ir_level", "red_level", "known"),
    [
        (2000, 2000, True),
        (1999, 2000, False),
        (2000, 1999, False),
        (100_000, 28_600, True),
        (100_000, 27_400, False),
    ],
)
def test_oxygen_needs_both_lights_and_a_ratio_that_was_measured_on_people(ir_level, red_level, known):
    """A ratio of 0.7 × 100 000 / 28 600 is 2.45, of 27 400 2.55: below 36 % the curve knows nothing."""
    value, saturation = measured(700, ir_level, red_level)
    assert (value is not None) == known
    assert (saturation.ratio_permille is not None) == known


def test_oxygen_is_never_more_than_all():
    assert spo2.from_ratio(300) == 1000
    assert spo2.from_ratio(600) == 925


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


def beneath_after(seconds=5, leads=True, slope=3300, calm_slope=0, calm_mbpm=150_000, **what):
    """For how many seconds a pulse is seen beneath a hand that leaves such a rhythm."""
    beneath = Beneath()
    beneath.calm(calm_slope)
    for _ in range(seconds):
        beneath.look(leads, slope, left(**what), calm_mbpm)
    return beneath


@pytest.mark.parametrize(
    ("permille", "repeats", "believed"), [(30, 600, True), (29, 600, False), (30, 599, False)]
)
def test_what_is_left_is_a_pulse_where_it_is_three_hundredths_and_has_a_rhythm(permille, repeats, believed):
    """Less is noise: it would stop a healthy child's music, or hide the one that falls."""
    assert (beneath_after(mbpm=62_000, permille=permille, repeats=repeats).seconds == 5) == believed


@pytest.mark.parametrize(
    ("slope", "calm_slope", "believed"), [(2500, 2000, True), (2499, 2000, False), (2500, 0, False)]
)
def test_a_hand_moves_red_by_a_quarter_more_than_the_pulse_did(slope, calm_slope, believed):
    after = beneath_after(leads=False, slope=slope, calm_slope=calm_slope, mbpm=62_000)
    assert (after.seconds == 5) == believed


@pytest.mark.parametrize(
    ("mbpm", "believed"),
    [(70_000, True), (71_000, False), (79_000, False), (80_000, True), (53_500, True), (52_500, False)],
)
def test_within_six_percent_of_half_or_a_third_it_may_be_the_healthy_pulse(mbpm, believed):
    assert (beneath_after(mbpm=mbpm).seconds == 5) == believed


@pytest.mark.parametrize(("mbpm", "seconds"), [(69_800, 6), (71_000, 1), (52_500, 6), (51_500, 1)])
def test_a_pulse_beneath_a_hand_that_is_another_is_seen_anew(mbpm, seconds):
    beneath = beneath_after(mbpm=60_000, calm_mbpm=0)
    beneath.look(True, 3300, left(mbpm), 0)
    assert beneath.seconds == seconds


@pytest.mark.parametrize(("mbpm", "told"), [(69_000, False), (69_100, True), (51_000, False), (50_900, True)])
def test_a_rate_fifteen_percent_beside_it_is_contradicted(mbpm, told):
    assert beneath_after(mbpm=60_000, calm_mbpm=0).contradicts(mbpm) == told
