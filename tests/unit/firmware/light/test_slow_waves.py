"""What the guard is told of slow waves, rule by rule: rows of waves go in, no light."""

import pytest

from firmware import reasons
from firmware.light.period import Period
from firmware.light.rates import Places, Rates
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


@pytest.mark.parametrize("last, told", [(2760, False), (2600, True)])
def test_of_high_waves_all_intervals_are_compared_with_the_calm_beats(last, told):
    """A second wave was counted for a beat once, and a healthy newborn's music stopped; uneven ones are no evidence."""
    groups = [[(2000, 700), (1140, 330)]] * 5 + [[(2000, 700), (last - 1560, 330), (1560, 430)]]
    assert slow_after(groups, 1593, 860, 1593)[0] == 0
    assert (slow_after(groups, 1593, 840, 1593)[0] > 3 * 3140) == (not told)


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


@pytest.mark.parametrize(
    "places, least_percent, both",
    [
        ("EO--", 20, True),
        ("E---O---", 20, True),  # one in four is unlike
        ("E----O----", 20, False),  # one in five
        ("EEEO", 20, False),
        ("EOEOO", 20, True),
        ("EEE", 20, False),
        ("EO", 31, False),  # none is so much unlike
    ],
)
def test_places_are_both_where_the_rarer_is_not_rare_and_neighbours_are_often_unlike(
    places, least_percent, both
):
    seen = Places()
    told = False
    for number in range(120):
        place = places[number % len(places)]
        odd = number & 1
        larger = (place == "O") == odd
        last, before = (1000, 1000) if place == "-" else (1000, 700) if larger else (700, 1000)
        seen.take(last, before, odd, least_percent)
        told = told or (number > 40 and seen.both())
    assert told == both
    seen.forget()
    assert not seen.both()


class InTurn:
    """A newborn's waves, high and low, early and late in turn, of which `waves` says how many stay in their place."""

    def __init__(self, newborn=True, beat=1300, weak=700, off=100, strength=940):
        self._waves = Waves(newborn)
        self.rates = Rates(self._waves, newborn)
        self.period = Period(12, 64, 400, 100, 960)
        self.period.ticks, self.period.strength = beat, strength
        self._mbpm = 192_000_000 // beat
        self._beat, self._weak, self._off = beat, weak, off
        self._high = self._long = 0
        self._ticks = 0
        self._number = 0

    def play(self, count, high=0, long=0):
        """Take `count` waves more, of which the high and the late ones then change places; return the last doubt."""
        told = None
        for _ in range(count):
            self._number += 1
            high_now = (self._number + self._high) & 1
            long_now = (self._number + self._long) & 1
            self._ticks += self._beat + (self._off if long_now else -self._off)
            self._waves.every.take(self._ticks, 1000 if high_now else self._weak)
            self.rates.look()
            told = self.doubt()
        self._high ^= high
        self._long ^= long
        return told

    def doubt(self, times=1):
        return self.rates.doubt(self._mbpm // times, self.period)

    def perhaps_slow(self):
        return self.rates.perhaps_slow_for_ticks(100_000, self._ticks + 320, self.period) > 0


@pytest.mark.parametrize("high, long, told", [(1, 1, False), (1, 0, True), (0, 1, True), (0, 0, True)])
def test_waves_in_turn_that_change_places_are_beats_that_a_breath_makes_unlike(high, long, told):
    """A healthy newborn was shown for half a minute though no row of its waves was even; at one look its pairs were unlike
    enough to count since they began, and the music stopped. A second wave stays after its beat.
    """
    waves = InTurn()
    for _ in range(8):
        waves.play(7, high, long)
    doubt = waves.play(7)
    assert (doubt == reasons.TWO_RATES) == told
    assert waves.perhaps_slow() == told
    assert waves.doubt(times=2) == reasons.TWO_RATES  # half of it is no calm rate


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"strength": 936}, False),
        ({"strength": 934}, True),  # a second wave may be as sure
        ({"beat": 1820}, False),
        ({"beat": 1850}, True),  # as slow as this it may be the breath
        ({"weak": 790}, False),
        ({"weak": 810}, True),  # too much alike to tell which is the higher
        ({"weak": 590, "off": 62}, False),
        ({"weak": 590, "off": 60}, True),  # and which time the longer
        ({"newborn": False}, True),
    ],
)
def test_and_only_where_they_are_unlike_and_the_period_is_sure(settings, told):
    waves = InTurn(**settings)
    for _ in range(12):
        waves.play(7, 1, 1)
    assert (waves.rates._calm == 0) == told
    waves._weak = 600
    assert (waves.play(10) == reasons.TWO_RATES) == told


@pytest.mark.parametrize("period_ticks, told", [(1350, False), (1390, True)])
def test_but_not_where_the_period_has_changed_since(period_ticks, told):
    waves = InTurn()
    for _ in range(8):
        waves.play(7, 1, 1)
    waves.period.ticks = period_ticks
    assert (waves.play(7) == reasons.TWO_RATES) == told


@pytest.mark.parametrize("count, told", [(37, False), (46, True)])
def test_for_fifteen_seconds_they_may_keep_their_places(count, told):
    waves = InTurn()
    for _ in range(8):
        waves.play(7, 1, 1)
    assert (waves.play(count) == reasons.TWO_RATES) == told


def test_the_first_two_waves_are_beside_none_of_another_grip():
    waves = InTurn()
    waves.play(30, 1, 1)
    waves._waves.forget()
    waves.rates.forget()
    waves.play(2)
    assert not waves.rates._places._even + waves.rates._places._odd
    waves.play(1)
    assert waves.rates._places._even + waves.rates._places._odd


@pytest.mark.parametrize("moved, told", [(1, False), (0, True)])
def test_no_second_wave_is_seen_again_where_waves_changed_places(moved, told):
    """A second wave like one of before was seen in two beats of a healthy newborn, and they were slow at once."""
    waves = InTurn(off=60, weak=590) if not moved else InTurn(weak=590)
    for _ in range(8):
        waves.play(7, moved, moved)
    waves.rates._known_delay, waves.rates._known_weaker = 1200, 59
    waves.play(10)
    assert waves.rates.second_wave
    slow_ticks = waves.rates.slow_for_ticks(100_000, waves._ticks + 320, waves.period)
    assert (slow_ticks > 4 * 2600) == told
    assert (waves.doubt(times=2) is None) == told


class HalfWay:
    """A newborn's waves, of which every other is `weak` (permille), half-way between its neighbours or beside that."""

    def __init__(self):
        self._waves = Waves()
        self.rates = Rates(self._waves, newborn=True)
        self._ticks = 0

    def play(self, group=1400, off_permille=0, weak=600, groups=12):
        """Take groups of two waves; return whether either wave may be the beat."""
        for _ in range(groups):
            self._ticks += group
            self._waves.every.take(self._ticks, 1000)
            self.rates.look()
            self._waves.every.take(self._ticks + group // 2 + group * off_permille // 1000, weak)
            self.rates.look()
        assert self.rates.slow_mbpm == pytest.approx(192_000_000 / group, rel=0.05)
        return self.rates.fast_mbpm != self.rates.slow_mbpm


@pytest.mark.parametrize(
    "settings, may_be_beats",
    [
        ({}, True),  # 274 a minute, or 137 with a second wave half-way
        ({"weak": 460}, True),
        ({"weak": 440}, False),
        ({"off_permille": 19}, True),
        ({"off_permille": -19}, True),
        ({"off_permille": 22}, False),
        ({"off_permille": -22}, False),
        ({"group": 1204}, True),  # 319
        ({"group": 1196}, False),  # 321: no heart
        ({"group": 1700}, True),  # 226
    ],
)
def test_a_weak_wave_half_way_of_a_newborn_may_be_a_very_fast_beat(settings, may_be_beats):
    assert HalfWay().play(**settings) == may_be_beats


@pytest.mark.parametrize("after", [1330, 1475])
@pytest.mark.parametrize("steps, is_beat", [(0, True), (11, True), (12, False), (-12, True)])
def test_a_wave_that_keeps_its_distance_while_groups_change_is_a_second_wave(after, steps, is_beat):
    """It comes earlier in longer groups; a beat stays half-way."""
    waves = HalfWay()
    waves.play(1400)
    assert waves.play(after, steps if after < 1400 else -steps) == is_beat
    if not is_beat:
        assert not waves.play(1400)  # it is remembered


def test_it_comes_earlier_by_a_fifth_of_what_groups_are_longer():
    for steps, is_beat in ((13, True), (18, False)):
        waves = HalfWay()
        waves.play(1400)
        assert waves.play(1300, steps) == is_beat


@pytest.mark.parametrize("groups, longer", [(1364, False), (1352, True), (1437, False), (1450, True)])
def test_groups_must_differ_to_tell(groups, longer):
    waves = HalfWay()
    waves.play(1400)
    assert waves.play(groups, 15 if groups < 1400 else -15) != longer


def test_a_wave_far_off_the_middle_is_no_beat_for_five_minutes():
    waves = HalfWay()
    waves.play(off_permille=45)
    assert not waves.play(groups=round(290 * 3200 / 1400))
    assert waves.play(groups=round(30 * 3200 / 1400))


def test_what_was_a_second_wave_may_be_beats_when_it_stays_half_way():
    waves = HalfWay()
    waves.play(1400, 8)
    assert not waves.play(1475, -8)
    assert waves.play(1320)


def test_the_middle_is_that_of_the_last_ten_waves():
    """The tenth counts once, as a neighbour; one more back would count twice, and one less not at all."""
    row = Waves().every
    for number in range(24):
        row.take(700 * number + (40 if number == 14 else 0), 1000 if number % 2 else 600)
    assert row.run >= 13
    row.find_middle()
    assert (row.mean_ticks, row.off_permille) == (1400, 1)


def test_how_far_apart_high_waves_are_is_told_anew_for_another_limit_and_after_another_wave():
    row = Waves().every
    for number in range(1, 7):
        row.take(2560 * number, 1000)
    assert [row.high_ticks(limit_ticks) for limit_ticks in (1920, 1920, 3000, 1920)] == [2560, 2560, 0, 2560]
    row.take(2560 * 6 + 2800, 1000)
    assert (row.high_ticks(1920), row.high_since) == ((2560 * 5 + 2800) // 6, 2560)


def test_another_grip_knows_nothing_of_a_second_wave():
    waves = HalfWay()
    waves.play(off_permille=45)
    assert not waves.play()
    waves.rates.forget()
    assert waves.play()
