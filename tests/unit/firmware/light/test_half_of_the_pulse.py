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
