"""Early beats and breaths that hide every other beat, or make a second wave of it: half of the pulse is not shown."""

import pytest

from firmware import reasons
from firmware.light.period import Period
from firmware.light.rates import Rates
from firmware.light.waves import Waves

MBPM_TICKS = 192_000_000


class Played:
    """Waves given one by one, the highest of 1000, and what is said of the rate that they seem to have."""

    def __init__(self, newborn=True):
        self._newborn = newborn
        self._waves = Waves(newborn)
        self._rates = Rates(self._waves, newborn)
        self._period = Period(12, 64, 400, 100, 960)
        self._ticks = 0

    def play(self, rate_mbpm, *waves, times=1):
        """Take waves (ticks since the one before, height) so many times; return what is said of the rate after each."""
        told = []
        for wait, height in waves * times:
            self._ticks += wait
            self._waves.every.take(self._ticks, height)
            if height >= 360:
                self._waves.strong.take(self._ticks, height)
            if height >= 500 and not self._newborn:
                self._waves.tall.take(self._ticks, height)
            self._rates.look()
            told.append(self._rates.doubt(rate_mbpm, self._period))
        return told


@pytest.mark.parametrize("newborn", [True, False])
def test_a_rate_that_becomes_half_from_one_beat_to_the_next_may_be_every_other_beat(newborn):
    played = Played(newborn)
    assert played.play(150_000, (1280, 1000), times=14)[-1] is None
    assert set(played.play(75_000, (2560, 1000), times=20)[4:]) == {reasons.TWO_RATES}
    assert played.play(93_000, (2064, 1000), times=8)[-1] is None  # no half of anything


@pytest.mark.parametrize("newborn", [True, False])
@pytest.mark.parametrize("ticks, told", [(1460, "half"), (1480, None), (2230, None), (2250, "half")])
def test_but_not_where_it_slowed_from_beat_to_beat(newborn, ticks, told):
    """Between 115 and 175 % of the calm beat: nearer to it is its own variation, nearer to two of it half of the rate."""
    played = Played(newborn)
    played.play(150_000, (1280, 1000), times=14)
    lagging = MBPM_TICKS // ticks * 115 // 100  # so that it is not calm itself
    played.play(lagging, (ticks, 1000), times=7)
    assert played.play(75_000, (2560, 1000), times=12)[-1] == (told and reasons.TWO_RATES)


@pytest.mark.parametrize("before, told", [(1900, None), (1950, reasons.TWO_RATES)])
def test_a_newborn_never_seen_faster_is_not_shown_slow_while_more_waves_come(before, told):
    """Small ones between beats, seen now and then; at 100 a minute and more a newborn rests."""
    between = [(1300, 1000), (1300, 250), (2600, 1000), (2600, 1000), (1300, 250), (1300, 1000)]
    played = Played()
    played.play(MBPM_TICKS // before, (before, 1000), times=14)
    assert played.play(73_800, *between, times=4)[-1] == told


@pytest.mark.parametrize(
    "low, rate, told", [(450, 100_000, "two_rates"), (550, 100_000, None), (450, 116_000, None)]
)
def test_an_adults_rate_with_more_beats_than_tall_waves_is_not_shown_without_a_rhythm(low, rate, told):
    """Two of seven are less than half as high as the highest; tall ones half a second apart cannot speak of a fast rate."""
    waits = (1900, 1900, 2300, 1400, 2000, 2400, 1500)
    heights = (1000, 600, 1000, low, 900, low, 1000)
    played = Played(newborn=False)
    assert played.play(rate, *zip(waits, heights, strict=True), times=6)[-3] == told


@pytest.mark.parametrize(
    "ticks, height, told",
    [(640, 190, "two_rates"), (640, 170, None), (588, 500, "two_rates"), (560, 500, None)],
)
def test_what_may_be_a_newborns_early_beat_shows_no_slow_rate(ticks, height, told):
    """Over 18 % of the beat's height, and after at least 22 % of the time to the next."""
    assert Played().play(75_000, (2560 - ticks, 1000), (ticks, height), times=12)[-1] == told


@pytest.mark.parametrize(
    "ticks, height, told",
    [(622, 320, "two_rates"), (622, 290, None), (590, 600, "two_rates"), (570, 600, None)],
)
def test_a_newborn_at_rest_has_higher_and_later_second_waves(ticks, height, told):
    """From 100 a minute on: over 30 % of the beat's height, and after at least 32 % of the time to the next."""
    assert Played().play(105_000, (1829 - ticks, 1000), (ticks, height), times=12)[-1] == told


@pytest.mark.parametrize(
    "ticks, height, told",
    [(928, 530, "two_rates"), (928, 510, None), (840, 610, "two_rates"), (840, 590, None), (820, 800, None)],
)
def test_the_earlier_an_adults_wave_the_higher_must_it_be_to_be_an_early_beat(ticks, height, told):
    """34 % after 0.36 s and 1 % more for each 3.75 ms less, down to 0.26 s."""
    assert Played(newborn=False).play(58_000, (3310 - ticks, 1000), (ticks, height), times=14)[-1] == told


@pytest.mark.parametrize("rate, told", [(84_000, "two_rates"), (88_000, None)])
def test_more_waves_by_an_eighth_are_more(rate, told):
    assert Played().play(rate, (1960, 1000), times=14)[-1] == told


def test_waves_that_were_not_yet_seen_are_not_counted():
    assert Played().play(75_000, (2560, 1000), times=7)[-1] is None


@pytest.mark.parametrize("keeps, told", [(True, None), (False, "two_rates")])
def test_a_second_wave_that_keeps_its_distance_makes_half_of_the_calm_rate_the_rate(keeps, told):
    """Groups of two waves vary by a twentieth; an early beat comes later in the longer ones."""
    played = Played(newborn=False)
    played.play(110_000, (1145, 1000), (600, 400), times=12)
    said = []
    for turn in range(16):
        group = 3490 + 90 * (turn % 3 - 1)
        delay = 900 if keeps else group * 900 // 3490
        said = played.play(55_000, (group - delay, 1000), (delay, 400))
    assert said[-1] == told


@pytest.mark.parametrize(
    "repeats, rhythm, told",
    [(600, 75_000, "two_rates"), (599, 75_000, None), (900, 78_000, "two_rates"), (900, 71_900, None)],
)
def test_a_newborn_never_seen_faster_is_not_shown_slow_beside_a_breath_in_step(repeats, rhythm, told):
    played = Played()
    played._period.left_repeats, played._period.left_mbpm = repeats, rhythm
    assert played.play(75_000, (2560, 1000), times=14)[-1] == told
    seen = Played()
    seen.play(150_000, (1280, 1000), times=14)
    seen.play(150_000, (1700, 1000), times=7)
    seen._period.left_repeats, seen._period.left_mbpm = repeats, rhythm
    assert seen.play(75_000, (2560, 1000), times=14)[-1] is None


class Calm(Played):
    """A newborn at 150, and a second of it after the other, in which the period and how twice it repeats are given."""

    def __init__(self, calm_mbpm=150_000, even=False):
        super().__init__()
        self._even = even
        self._number = 0
        self.beat = MBPM_TICKS // calm_mbpm
        self._rate = calm_mbpm
        self._period.ticks, self._period.strength = self.beat, 900
        assert self.play(calm_mbpm, (self.beat, 1000), times=45)[-1] is None

    def _waves_of_a_second(self):
        """Waves that come evenly, now and then a low one: neither of one kind nor of two in turn."""
        waves = []
        for _ in range(self._rate // 60_000 + 1):
            self._number += 1
            waves.append((self.beat, 1000 if self._even or self._number % 5 in (0, 2, 3) else 550))
        return waves

    def second(self, double_percent, period_ticks=None, strength=700):
        """Return what is said of the rate, and for how long it has perhaps been slow, in seconds."""
        self._period.ticks = period_ticks or self.beat
        self._period.double_percent, self._period.strength = double_percent, strength
        told = self.play(self._rate, *self._waves_of_a_second())[-1]
        slow_ticks = self._rates.perhaps_slow_for_ticks(100_000, self._ticks, self._period)
        return told, slow_ticks / 3200


@pytest.mark.parametrize("double_percent, told", [(124, None), (125, reasons.TWO_RATES)])
def test_two_beats_that_repeat_much_better_than_one_may_be_one(double_percent, told):
    calm = Calm()
    assert calm.second(double_percent)[0] is None  # once is no more than a restless second
    calm.second(double_percent)
    assert calm.second(double_percent)[0] == told


def test_the_guard_is_told_of_such_a_slow_heart_for_four_seconds_more():
    """Half of the eight that are looked at were slow before it could be seen."""
    calm = Calm()
    assert calm.second(130)[1] == 0
    last_s = [calm.second(130)[1] for _ in range(4)]
    assert 5 < last_s[0] < 6.5 and 8 < last_s[-1] < 10


def test_it_is_told_a_second_after_it_was_seen_first():
    calm = Calm(160_000)  # 1200 ticks of 1/3200 s
    calm.second(124)
    calm._period.double_percent = 130
    waves = [(1200, 550), (1200, 1000), (1200, 1000), (1200, 550)]
    assert calm.play(160_000, *waves) == 3 * [None] + [reasons.TWO_RATES]


@pytest.mark.parametrize("still_percent, told", [(110, reasons.TWO_RATES), (109, None)])
def test_it_stays_so_until_one_repeats_nearly_as_well_again(still_percent, told):
    calm = Calm()
    for _ in range(4):
        calm.second(130)
    assert calm.second(still_percent)[0] == told
    assert (calm.second(still_percent)[1] > 4) == bool(told)


@pytest.mark.parametrize(
    "share_percent, strength, told",
    [
        (200, 500, True),
        (200, 499, False),
        (216, 600, True),
        (220, 600, False),
        (185, 600, True),
        (182, 600, False),
    ],
)
def test_a_period_of_two_calm_beats_says_the_same(share_percent, strength, told):
    calm = Calm()
    for _ in range(4):
        said = calm.second(0, calm.beat * share_percent // 100, strength)
    assert (said[1] > 4) == told


def test_twice_another_period_than_the_calm_ones_says_nothing():
    calm = Calm()
    for _ in range(4):
        assert calm.second(140, calm.beat * 112 // 100)[1] == 0


@pytest.mark.parametrize("calm_mbpm, told", [(198_000, True), (204_000, False)])
def test_half_of_the_calm_rate_must_be_slow_to_be_perhaps_slow(calm_mbpm, told):
    calm = Calm(calm_mbpm)
    for _ in range(4):
        said = calm.second(140)
    assert said[0] == reasons.TWO_RATES and (said[1] > 4) == told


def test_where_nothing_was_calm_twice_a_period_says_nothing():
    played = Played()
    played._period.ticks, played._period.strength, played._period.double_percent = 1280, 700, 140
    played.play(150_000, (1280, 1000), (1280, 700), times=3)
    assert played._rates.perhaps_slow_for_ticks(100_000, played._ticks, played._period) == 0


def test_where_waves_are_all_alike_twice_a_period_says_nothing():
    """A hand that moved has left its rhythm in the window."""
    calm = Calm(even=True)
    for _ in range(6):
        assert calm.second(140) == (None, 0)


def test_where_waves_come_faster_now_twice_a_period_says_nothing():
    """The window is of before, and the heart at 200."""
    calm = Calm()
    calm.beat = 960
    calm.play(150_000, *2 * calm._waves_of_a_second())
    for _ in range(4):
        assert calm.second(140, 1280)[1] == 0


@pytest.mark.parametrize("unseen_s, told", [(1, True), (4, False)])
def test_what_was_seen_before_a_hand_moved_counts_no_more(unseen_s, told):
    """While a hand moves nobody asks; its rhythm stays in the window of eight seconds."""
    calm = Calm()
    calm.second(130)
    for _ in range(unseen_s):
        for wait, height in calm._waves_of_a_second():
            calm._ticks += wait
            calm._waves.every.take(calm._ticks, height)
    assert (calm.second(130)[0] is not None) == told


@pytest.mark.parametrize("after_ticks, told", [(6400, True), (6401, False)])
def test_two_seconds_without_a_question_are_the_most(after_ticks, told):
    calm = Calm()
    calm.second(130)
    slow_ticks = calm._rates.perhaps_slow_for_ticks(100_000, calm._ticks + after_ticks, calm._period)
    assert (slow_ticks > 0) == told


@pytest.mark.parametrize("after_ticks, slow_ticks", [(25_600 + 3199, 0), (25_600 + 3200, 16_000)])
def test_then_it_is_eight_seconds_until_it_counts_again(after_ticks, slow_ticks):
    calm = Calm()
    calm.second(130)

    def slow_at(ticks):
        return calm._rates.perhaps_slow_for_ticks(100_000, calm._ticks + 4 * 3200 + ticks, calm._period)

    assert [slow_at(ticks) for ticks in range(0, 25_600, 3200)] == 8 * [0]
    assert slow_at(after_ticks) == slow_ticks


@pytest.mark.parametrize("before_s, told", [(1, None), (3, reasons.TWO_RATES)])
def test_what_was_not_shown_before_a_hand_moved_is_not_shown_at_once_after_it(before_s, told):
    """A heart that had halved is as slow behind a hand; for the guard it counts anew."""
    calm = Calm()
    for _ in range(before_s):
        calm.second(130)
    for wait, height in [wave for _ in range(4) for wave in calm._waves_of_a_second()]:
        calm._ticks += wait
        calm._waves.every.take(calm._ticks, height)
    assert [calm.second(130) for _ in range(3)] == 3 * [(told, 0)]
    assert calm.second(109) == (None, 0)


def test_a_second_that_says_nothing_changes_nothing():
    calm = Calm()
    for _ in range(4):
        told, before_s = calm.second(130)
    calm._period.ticks = 0
    assert calm.play(150_000, (1280, 550))[-1] == reasons.TWO_RATES
    told, after_s = calm.second(112)  # which would not be enough to begin with
    assert told == reasons.TWO_RATES and after_s > before_s


def test_not_even_several_of_them():
    calm = Calm()
    for _ in range(4):
        calm.second(130)
    calm._period.ticks = 0
    assert set(calm.play(150_000, *calm._waves_of_a_second(), times=4)) == {reasons.TWO_RATES}
    assert calm.second(100) == (None, 0)


def test_the_last_wave_may_be_a_second_old():
    """The guard asks by the last sample, which is later: that alone is no second look."""
    calm = Calm()
    calm._period.double_percent = 130
    calm.play(150_000, (1280, 550))
    assert calm._rates.perhaps_slow_for_ticks(100_000, calm._ticks + 1600, calm._period) == 0
    assert calm._rates.perhaps_slow_for_ticks(100_000, calm._ticks + 3300, calm._period) >= 16_000
