"""What the guard is told of slow waves, rule by rule: rows of waves go in, no light."""

import pytest

from firmware.light.period import Period
from firmware.light.rates import Rates
from firmware.light.waves import Waves


def slow_after(groups, period_ticks=0, strength=0, calm=0):
    """For how many ticks a newborn has been slower than 100 after groups of waves, and perhaps so."""
    waves = Waves()
    rates = Rates(waves, True)
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period.strength = period_ticks, strength
    ticks = 0
    for group in groups:
        for wait, height in group:
            ticks += wait
            waves.every.take(ticks, height)
            rates.look()
    rates._calm = calm
    now = ticks + 320
    return (
        rates.slow_for_ticks(100_000, now, period),
        rates.perhaps_slow_for_ticks(100_000, now, period),
    )


# Beats of 75 whose second wave is too unlike from beat to beat to make a pattern.
UNLIKE = [
    [(1700, 1000), (860, 450)],
    [(1700, 1000)],
    [(2560, 900), (860, 200)],
    [(1700, 950), (900, 480)],
    [(1660, 1000)],
]


def test_high_waves_that_come_evenly_are_beats_whatever_stands_between():
    since_the_first = 4 * 2560 + 320
    assert slow_after(UNLIKE)[0] == since_the_first
    assert slow_after(UNLIKE, 1280, 840)[0] == since_the_first


@pytest.mark.parametrize("wait, told", [(2560, True), (2850, True), (2950, False), (1800, False)])
def test_but_they_come_evenly_and_slower_than_the_limit(wait, told):
    """The last interval beside the three others of 2560: within 12 % of them, and longer than a limit of 1920."""
    slow_ticks, _ = slow_after([*UNLIKE[:-1], [(wait - 900, 1000)]])
    assert (slow_ticks > 3 * 2560) == told


@pytest.mark.parametrize("height, told", [(490, True), (510, False)])
def test_half_as_high_as_the_highest_is_high(height, told):
    assert (slow_after([*UNLIKE, [(860, height), (1700, 1000)]])[0] > 3 * 2560) == told


@pytest.mark.parametrize("later, told", [(5, False), (6, True)])
def test_high_waves_are_looked_for_among_the_last_six_alone(later, told):
    """A step of the light hides those that follow, until there are six of them."""
    groups = [*UNLIKE, *UNLIKE, *UNLIKE]
    waves = [wave for group in groups for wave in group]
    wait, _ = waves[-1 - later]
    waves[-1 - later] = wait, 9000
    assert (slow_after([waves])[0] > 0) == told


@pytest.mark.parametrize(
    "period_ticks, strength, calm, told",
    [
        (1280, 860, 0, False),  # the period is as sure of twice the rate
        (1280, 840, 0, True),
        (2560, 950, 0, True),
        (1280, 860, 1280, False),  # and it goes on: every other beat is weak
        (1280, 840, 1280, True),
        (854, 860, 854, False),  # every third
        (1500, 860, 1500, True),
        (1280, 860, 1500, True),  # what was calm before had another rhythm
    ],
)
def test_high_waves_can_be_every_other_beat_of_those_that_go_on(period_ticks, strength, calm, told):
    assert (slow_after(UNLIKE, period_ticks, strength, calm)[0] > 3 * 2560) == told


PAIRS_OF_WAVES = [[(1000, 600), (1560, 1000)]] * 6


@pytest.mark.parametrize(
    "period_ticks, strength, calm, told",
    [(2560, 510, 0, True), (2560, 490, 0, False), (2340, 900, 0, False), (2560, 510, 1280, False)],
)
def test_pairs_are_beats_where_the_period_is_theirs(period_ticks, strength, calm, told):
    slow_ticks, _ = slow_after(PAIRS_OF_WAVES, period_ticks, strength, calm)
    assert (slow_ticks > 3 * 2560) == told


@pytest.mark.parametrize(
    "period_ticks, strength, calm, told",
    [
        (1280, 870, 0, True),
        (1280, 890, 0, False),  # perhaps not two waves, but two beats
        (1280, 510, 0, True),
        (1280, 490, 0, False),
        (1500, 870, 0, False),
        (1280, 870, 1280, False),  # beats that were known before are no waves
    ],
)
def test_and_later_where_it_may_be_the_way_to_their_second_waves(period_ticks, strength, calm, told):
    slow_ticks, perhaps_ticks = slow_after(PAIRS_OF_WAVES, period_ticks, strength, calm)
    assert slow_ticks == (perhaps_ticks - 8000 if told else 0)
    assert perhaps_ticks > 12000 or calm


@pytest.mark.parametrize(
    "calm, group, told",
    [
        (1280, 2560, False),
        (1280, 2740, False),
        (1280, 2800, True),
        (1280, 2200, True),
        (1000, 3000, False),
        (1000, 2500, True),
    ],
)
def test_pairs_that_are_no_double_or_triple_of_the_calm_beat_are_slow(calm, group, told):
    """Within 8 %; nearer they may be the calm beats, unlike in turn."""
    pairs = [[(group * 2 // 5, 600), (group - group * 2 // 5, 1000)]] * 8
    assert (slow_after(pairs, calm, 840, calm)[0] > 4 * group) == told
    assert slow_after(pairs, calm, 860, calm) == (0, 0)  # these go on


@pytest.mark.parametrize(("waits", "told"), [([1280], False), ([1000, 1560, 700, 1860], True)])
def test_strong_waves_are_slow_beats_unless_all_waves_are_beats(waits, told):
    waves = Waves()
    rates = Rates(waves, True)
    period = Period(12, 64, 400, 100, 960)
    ticks = 0
    for number in range(16):
        ticks += waits[number % len(waits)]
        waves.every.take(ticks, 1000)
        if number & 1:
            waves.strong.take(ticks, 1000)
        rates.look()
    assert (rates.slow_for_ticks(100_000, ticks + 320, period) > 4 * 2560) == told


@pytest.mark.parametrize("wait, told", [(4400, True), (4200, False)])
def test_an_adults_tall_waves_are_slow_beats(wait, told):
    waves = Waves(False)
    period = Period(13, 96, 400, 150, 1600)
    for number in range(6):
        waves.tall.take((number + 1) * wait, 1000)
    assert (Rates(waves, False).slow_for_ticks(45_000, 6 * wait + 320, period) > 3 * wait) == told


@pytest.mark.parametrize("group, told", [(4400, True), (4200, False)])
def test_and_perhaps_slow_where_they_come_in_pairs(group, told):
    waves = Waves(False)
    rates = Rates(waves, False)
    period = Period(13, 96, 400, 150, 1600)
    for number in range(8):
        waves.tall.take(number * group + group * 2 // 5, 600)
        waves.tall.take((number + 1) * group, 1000)
    assert (rates.perhaps_slow_for_ticks(45_000, 8 * group + 320, period) > 3 * group) == told
    assert rates.slow_for_ticks(45_000, 8 * group + 320, period) == 0


@pytest.mark.parametrize(
    "off, period_ticks, strength, told",
    [
        (200, 1280, 910, False),  # no second wave stands there and repeats half a period later
        (200, 1280, 890, True),
        (120, 1280, 910, True),  # this one may
        (200, 1480, 910, True),
    ],
)
def test_pairs_off_the_middle_of_a_sure_half_period_are_a_breaths(off, period_ticks, strength, told):
    groups = [[(1280 + off, 500), (1280 - off, 1000)]] * 6
    assert (slow_after(groups, period_ticks, strength)[1] > 0) == told


def test_pairs_nearly_alike_are_no_slow_beats_even_then():
    assert slow_after([[(1280, 840), (1280, 1000)]] * 6, 2560, 510) == (0, 0)


@pytest.mark.parametrize(
    "off, weak, groups, strength, told",
    [
        (0, 500, 14, 930, True),  # a fall to half, whose second wave is half-way
        (
            0,
            500,
            14,
            940,
            False,
        ),  # beats that a breath half as fast makes unlike: what is unlike repeats less well
        (0, 500, 11, 930, False),  # not yet long enough
        (0, 600, 14, 930, True),
        (0, 610, 14, 930, False),
        (160, 500, 14, 910, False),  # off the middle, and surer than a second wave is there
        (160, 500, 14, 890, True),
        (140, 500, 14, 910, True),
        (0, 700, 26, 930, True),  # less unlike, for 15 s: no breath stays in step for so long
        (0, 700, 25, 930, False),
        (0, 760, 60, 930, False),
        (0, 700, 50, 940, True),  # for half a minute, and the light's own limits make a period this sure
        (0, 700, 49, 940, False),
        (160, 700, 60, 910, False),
    ],
)
def test_pairs_long_unlike_are_slow_beats_though_the_calm_ones_seem_to_go_on(
    off, weak, groups, strength, told
):
    pairs = [[(1280 + off, weak), (1280 - off, 1000)]] * groups
    assert (slow_after(pairs, 1280, strength, 1280)[1] > 10 * 2560) == told


def test_beats_unlike_in_turn_are_no_second_waves_because_their_own_were():
    """A wave comes in after every beat and is lost again, while a breath begins to make every other beat weaker."""
    waves = Waves()
    rates = Rates(waves, True)
    period = Period(12, 64, 400, 100, 960)
    ticks = 0
    for number in range(30):
        ticks += 1470
        height = 800 if number > 13 and number & 1 else 1000
        for row in (waves.every, waves.strong):
            row.take(ticks, height)
        rates.look()
        if 8 <= number < 20:
            waves.every.take(ticks + 500, 300)
            rates.look()
        if number == 19:
            assert rates.second_wave
    assert waves.strong.group_ticks() == 2940
    assert not rates.second_wave
    assert rates.slow_for_ticks(100_000, ticks + 320, period) == 0


@pytest.mark.parametrize(
    "weak, groups, told", [(600, 8, True), (600, 4, False), (800, 8, False), (1000, 8, False)]
)
def test_waves_in_turn_for_long_are_no_swing(weak, groups, told):
    waves = Waves()
    rates = Rates(waves, True)
    for number in range(2 * groups):
        waves.every.take(1280 * (number + 1), weak if number & 1 else 1000)
        rates.look()
    assert rates.is_in_turn() == told


@pytest.mark.parametrize(
    ("group", "waves", "strength", "can"),
    [
        ([(1595, 1000), (1595, 500), (1595, 800)], 18, 500, True),
        ([(1595, 1000), (1595, 500), (1595, 800)], 18, 499, False),  # an irregular heart's
        ([(1605, 1000), (1605, 500), (1605, 800)], 18, 900, False),
        ([(1500, 1000), (1450, 600)], 8, 900, False),  # too few to tell
        ([(1500, 1000), (1450, 600)], 10, 900, True),
        ([(1500, 1000), (1450, 600)], 30, 900, False),
        ([(1270, 1000), (1280, 600)], 30, 900, True),
    ],
)
def test_waves_as_fast_as_a_newborns_are_an_adults_where_pairs_of_them_stay(group, waves, strength, can):
    """An adult at rest with a second wave half-way; at 75 and more it cannot be told from a newborn's breath."""
    rows = Waves(False)
    rates = Rates(rows, False)
    ticks = 0
    for number in range(waves):
        wait, height = group[number % len(group)]
        ticks += wait
        rows.every.take(ticks, height)
        rates.look()
    period = Period(12, 64, 400, 100, 960)
    period.strength = strength
    assert rates.can_be_newborns(period) == can


# A breath near half of a pulse of 137: of two beats' waves one is hidden, and of the last group another was missed.
ONE_MISSED = [[(947, 650), (1452, 600), (349, 750)]] * 5 + [[(950, 660), (1766, 630), (970, 790)]]


@pytest.mark.parametrize(
    "period_ticks, strength, told",
    [(1401, 860, False), (1401, 840, True), (1480, 860, True), (1460, 860, False)],
)
def test_no_group_of_waves_is_a_slow_beat_while_the_calm_ones_go_on(period_ticks, strength, told):
    """It stopped a healthy newborn's music within the second, for the groups before it were as slow, though not its beats.
    Within 5 % the calm ones go on."""
    slow_ticks, _ = slow_after(ONE_MISSED, period_ticks, strength, 1401)
    assert (slow_ticks > 9600) == told


@pytest.mark.parametrize(
    "off, period_ticks, strength, told",
    [
        (0.36, 1280, 910, False),
        (0.36, 1280, 890, True),
        (0.36, 2560, 910, True),
        (0.45, 1280, 910, True),  # half-way: the period may be the way to it
    ],
)
def test_what_seems_a_second_wave_is_every_other_beat_where_the_period_is_sure(
    off, period_ticks, strength, told
):
    """A breath half as fast hid every other beat with both of its waves, and 142 was shown as 67."""
    waves = Waves()
    rates = Rates(waves, True)
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period.strength = period_ticks, strength
    rates._known_delay, rates._known_weaker = round(2560 * off), 89
    ticks = 0
    for _ in range(8):
        for wait, height in ((round(2560 * (1 - off)), 1000), (round(2560 * off), 890)):
            ticks += wait
            waves.every.take(ticks, height)
            rates.look()
    assert rates.second_wave
    assert rates.sure_mbpm == 75_000
    assert (rates.slow_for_ticks(100_000, ticks + 320, period) > 0) == told
    assert (rates.doubt(75_000, period) is None) == told


@pytest.mark.parametrize(
    "later, strength, told", [(3 * 2560, 890, False), (4 * 2560, 890, True), (0, 910, False)]
)
def test_pairs_that_were_a_breaths_are_no_slow_beats_for_three_seconds(later, strength, told):
    """At one wave in some the period is a little less sure, and all the waves before would count as slow at once."""
    waves = Waves()
    rates = Rates(waves, True)
    period = Period(12, 64, 400, 100, 960)
    period.ticks, period.strength = 1280, 910
    ticks = 0

    def wave(wait, height):
        waves.every.take(ticks + wait, height)
        rates.look()
        return ticks + wait

    for _ in range(8):
        ticks = wave(1480, 500)
        ticks = wave(1080, 1000)
    rates.doubt(150_000, period)
    period.strength = strength
    for _ in range(later // 2560):
        ticks = wave(1480, 500)
        ticks = wave(1080, 1000)
    assert (rates.perhaps_slow_for_ticks(100_000, ticks, period) > 0) == told
