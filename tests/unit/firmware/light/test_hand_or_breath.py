"""What the guard hears and what of oxygen is shown, rule by rule: what each part of the estimator says goes in, no light.

A rule that is lost here hides a slow heart or a desaturation behind a hand or a breath, or ends a healthy child's music.
"""

from types import SimpleNamespace

import pytest

from firmware import reasons
from firmware.light import pulse, spo2
from firmware.vitals import Vitals

HEAD = 5000  # pairs
LIMIT = 100_000  # mbpm
FOUR_S = 12_800  # ticks


class Hand:
    """Movement as a test says it is; `told` is what it was told."""

    def __init__(self):
        self.told = []
        self.moves = self.is_much = False
        self.for_pairs = 0
        self.calm_mbpm = 150_000
        self.learnt = None

    def lasts(self, head):
        return self.for_pairs

    def present(self, head):
        return self.moves

    def much(self, head):
        return self.is_much

    def is_calm_sure(self):
        return True

    def two(self, head):
        self.told.append("two")

    def perhaps_two(self, head):
        self.told.append("perhaps_two")

    def blood(self, ratio, quality, head):
        self.learnt = ratio, quality, head

    def leads(self, head):
        self.told.append("leads")


class Lights:
    """How red goes with infrared, as a test says it does."""

    def __init__(self, ratio, beside=0):
        self.ratio_permille = ratio
        self.slope, self.lead_slope = 3000, 2400
        self.beside = beside
        self.measured = None

    def measure(self, ir, red, first, end, ir_level, red_level):
        self.measured = first, end

    def beside_percent(self, ir, red, first, end, ticks):
        return self.beside


class Below:
    """What is beneath a hand; `asked` is what it was asked."""

    def __init__(self, seconds=0):
        self.seconds = seconds
        self.asked = []

    def look(self, leads, slope, period, calm_mbpm):
        self.asked.append(("look", leads))

    def calm(self, slope):
        self.asked.append(("calm", slope))

    def slow_for_ms(self, limit_mbpm):
        return 7000


def estimator(population="newborn", ratio=800, lately=800, beside=0):
    """Vitals on skin, with a clear pulse of 150 that nothing disturbs, and 10 s of light."""
    vitals = Vitals(population)
    vitals.contact = vitals._shaped = True
    vitals._state[pulse.HEAD] = HEAD
    vitals._since, vitals._half, vitals._levelled_to = 0, 12, 512
    vitals._limit, vitals._red_limit = 900, 700
    vitals._swung_head = vitals._breathes_until = 0
    vitals.pulse_rate_mbpm, vitals.pulse_reason = 150_000, None
    vitals._movement = Hand()
    vitals._saturation = Lights(ratio, beside)
    if population == "newborn":
        vitals._lately = Lights(lately)
        vitals._beneath = Below()
    vitals._beside = beside
    vitals._beats = SimpleNamespace(lately_odd=0)
    vitals._period = SimpleNamespace(
        ticks=1280, strength=900, shapeless=0, breathes=False, left_mbpm=60_000, left_permille=100
    )
    vitals._period.left_repeats = 900
    vitals._period.shared = lambda *given: shared_with(vitals, given)
    vitals.shares = False
    vitals.rates = SimpleNamespace(
        slow_for_ticks=lambda limit, now, period: FOUR_S,
        perhaps_slow_for_ticks=lambda limit, now, period: FOUR_S,
        is_in_turn=lambda: False,
        only_mbpm=lambda: 150_000,
    )
    return vitals


def shared_with(vitals, given):
    vitals.given = given
    return vitals.shares


@pytest.mark.parametrize(
    ("population", "ratio", "mbpm", "learnt"),
    [
        ("newborn", 740, 150_000, (740, 90, HEAD)),
        ("newborn", None, 150_000, None),
        ("newborn", 740, None, None),
        ("adult", 740, 150_000, None),
    ],
)
def test_how_a_newborns_blood_moves_red_is_learnt_while_its_rate_is_shown(population, ratio, mbpm, learnt):
    vitals = estimator(population, ratio)
    vitals.pulse_rate_mbpm, vitals.quality_percent = mbpm, 90
    vitals._compare_lights()
    assert vitals._movement.learnt == learnt


# What the guard hears.


def test_a_slow_pulse_is_told_in_milliseconds_and_not_without_contact():
    vitals = estimator()
    assert vitals.slow_for_ms(LIMIT) == vitals.perhaps_slow_for_ms(LIMIT) == 4000
    vitals.contact = False
    assert vitals.slow_for_ms(LIMIT) == vitals.perhaps_slow_for_ms(LIMIT) == 0
    assert vitals.candidate_mbpm() is None


def test_while_a_hand_moves_what_beats_beneath_it_is_told():
    vitals = estimator()
    vitals._movement.for_pairs = 1
    assert vitals.slow_for_ms(LIMIT) == 7000


@pytest.mark.parametrize(("ticks", "ms"), [(160 * 64, 3200), (160 * 64 - 1, 0)])
def test_an_adult_that_was_slow_three_seconds_before_a_hand_came_was_no_hand(ticks, ms):
    vitals = estimator("adult")
    vitals._movement.for_pairs = 10
    vitals.rates.slow_for_ticks = lambda limit, now, period: ticks
    assert vitals.slow_for_ms(LIMIT) == ms


@pytest.mark.parametrize(("shaped", "seconds", "ms"), [(True, 3, 4000), (True, 4, 0), (False, 1, 0)])
def test_a_swing_without_shape_is_no_slow_heart(shaped, seconds, ms):
    vitals = estimator()
    vitals._shaped, vitals._period.shapeless = shaped, seconds
    assert vitals.slow_for_ms(LIMIT) == ms


def test_nor_one_whose_shape_was_lost_before_any_was_seen():
    vitals = estimator()
    vitals._shaped, vitals._swung_head = False, HEAD - 100
    assert vitals.slow_for_ms(LIMIT) == 2000


@pytest.mark.parametrize(
    ("shaped", "seconds", "in_turn", "ms"),
    [(False, 1, False, 0), (False, 1, True, 4000), (True, 9, False, 4000), (False, 0, False, 4000)],
)
def test_two_rates_are_told_of_a_swing_only_where_waves_are_in_turn_or_a_pulse_was_seen(
    shaped, seconds, in_turn, ms
):
    vitals = estimator()
    vitals._shaped, vitals._period.shapeless = shaped, seconds
    vitals.rates.is_in_turn = lambda: in_turn
    assert vitals.perhaps_slow_for_ms(LIMIT) == ms


@pytest.mark.parametrize(
    ("population", "moves", "much", "ms"),
    [("newborn", True, False, 0), ("adult", True, False, 4000), ("adult", True, True, 0)],
)
def test_two_rates_beside_a_hand_are_the_hands(population, moves, much, ms):
    vitals = estimator(population)
    vitals._movement.moves, vitals._movement.is_much = moves, much
    assert vitals.perhaps_slow_for_ms(LIMIT) == ms


@pytest.mark.parametrize(
    ("until", "strength", "ticks", "hides"),
    [
        (HEAD + 1, 700, 1920, True),
        (HEAD, 700, 1920, False),  # the breath was seen too long ago
        (HEAD + 1, 699, 1920, False),
        (HEAD + 1, 700, 1921, False),  # the pulse itself is slower than 100
    ],
)
def test_a_breath_hides_beats_only_of_a_pulse_that_is_clear_and_not_slow(until, strength, ticks, hides):
    vitals = estimator()
    vitals._breathes_until, vitals._period.strength, vitals._period.ticks = until, strength, ticks
    for told in (vitals.slow_for_ms(LIMIT), vitals.perhaps_slow_for_ms(LIMIT)):
        assert told == (0 if hides else 4000)


@pytest.mark.parametrize(
    ("mbpm", "much", "told"),
    [(320_000, False, 320_000), (320_001, False, None), (None, False, None), (150_000, True, None)],
)
def test_the_rate_of_the_waves_alone_is_no_lamps_and_no_hands(mbpm, much, told):
    vitals = estimator()
    vitals.rates.only_mbpm = lambda: mbpm
    vitals._movement.is_much = much
    assert vitals.candidate_mbpm() == told


# Whose the second rhythm is.


@pytest.mark.parametrize(
    ("beside", "ratio", "told"),
    [
        (94, 800, True),
        (95, 800, False),
        (0, 800, False),
        (94, 1049, True),
        (94, 1050, False),
        (94, None, True),
    ],
)
def test_a_rhythm_that_moves_red_more_than_all_else_may_be_a_hands(beside, ratio, told):
    assert estimator(ratio=ratio, beside=beside)._may_be_hands() == told


@pytest.mark.parametrize(
    ("ratio", "lately", "steady"),
    [
        (800, 831, True),
        (800, 832, False),
        (800, 769, True),
        (800, 768, False),
        (None, 800, False),
        (800, None, False),
    ],
)
def test_lights_are_steady_where_three_seconds_say_what_six_do(ratio, lately, steady):
    assert estimator(ratio=ratio, lately=lately)._is_steady() == steady


def test_an_adults_are_not_asked():
    assert not estimator("adult")._is_steady()


@pytest.mark.parametrize(
    ("beside", "repeats", "mbpm", "told"),
    [
        (111, 401, 60_000, True),
        (110, 401, 60_000, False),  # red moves as with the pulse
        (111, 400, 60_000, False),  # no rhythm
        (111, 401, 128_000, False),  # the pulse's own rhythm, 150
        (111, 401, 127_000, True),
        (111, 401, 172_000, False),
        (111, 401, 173_000, True),
    ],
)
def test_what_moves_red_more_to_a_rhythm_of_its_own_is_a_breath(beside, repeats, mbpm, told):
    vitals = estimator(beside=beside)
    vitals._period.left_repeats, vitals._period.left_mbpm = repeats, mbpm
    assert vitals._is_breaths() == told


HIDES_FOR = 150  # pairs


@pytest.mark.parametrize(
    ("population", "ratio", "breathes", "beside", "told", "hides"),
    [
        ("newborn", 699, False, 0, "perhaps_two", False),
        ("newborn", 700, False, 0, "two", False),
        ("newborn", None, False, 0, "two", False),
        ("newborn", 800, True, 0, "perhaps_two", True),
        ("newborn", 800, False, 111, "perhaps_two", True),
        ("adult", 699, False, 0, "two", False),
        ("adult", 800, True, 0, "two", False),
    ],
)
def test_a_second_rhythm_is_a_hands_unless_it_is_bloods_or_a_newborns_breath(
    population, ratio, breathes, beside, told, hides
):
    vitals = estimator(population, ratio=ratio, lately=ratio, beside=beside)
    vitals._period.breathes = breathes
    vitals._compare_lights()
    assert vitals._movement.told == [told]
    assert vitals._breathes_until == (HEAD + HIDES_FOR if hides else 0)


def test_where_all_that_red_moves_is_shared_there_is_no_second_rhythm():
    vitals = estimator()
    vitals.shares = True
    vitals._compare_lights()
    assert vitals._movement.told == []


@pytest.mark.parametrize(("lately", "told"), [(800, "leads"), (900, "two")])
def test_a_rhythm_that_is_a_hands_leads_only_while_oxygen_does_not_change(lately, told):
    vitals = estimator(lately=lately, beside=80)
    vitals._compare_lights()
    assert vitals._movement.told == [told]
    assert vitals.given[5] == vitals._saturation.lead_slope


def test_the_slope_of_both_together_is_taken_away_where_no_hand_may_lead():
    vitals = estimator(beside=100)
    vitals._compare_lights()
    assert vitals.given[5] == vitals._saturation.slope


@pytest.mark.parametrize(("limit", "red_limit"), [(900, 700), (700, 900)])
def test_the_larger_light_sets_the_scale(limit, red_limit):
    vitals = estimator()
    vitals._limit, vitals._red_limit = limit, red_limit
    vitals._compare_lights()
    assert vitals.given[4] == 1800


def test_what_is_beside_a_rhythm_is_not_asked_where_there_is_none():
    vitals = estimator(beside=80)
    vitals._period.ticks = 0
    vitals._compare_lights()
    assert vitals._beside == 0


@pytest.mark.parametrize(("pairs", "begin"), [(500, 512 - spo2.LATELY), (spo2.LEAST, 512 - spo2.LEAST)])
def test_a_newborns_last_three_seconds_are_measured_by_themselves(pairs, begin):
    vitals = estimator()
    vitals._since = 500 - pairs
    vitals._compare_lights()
    assert vitals._saturation.measured == (512 - pairs, 512)
    assert vitals._lately.measured == (begin, 512)
    assert spo2.LATELY == 150 and spo2.LEAST == 140


@pytest.mark.parametrize("without", ["contact", "slopes", "light"])
def test_nothing_is_said_of_oxygen_without_contact_or_enough_light(without):
    vitals = estimator(beside=80)
    if without == "contact":
        vitals.contact = False
    elif without == "slopes":
        vitals._limit = 0
    else:
        vitals._since = 500 - spo2.LEAST + 1
    vitals._compare_lights()
    assert vitals._saturation.ratio_permille is None
    assert vitals._saturation.measured is None
    assert vitals._beside == 0
    assert vitals._movement.told == []


# What is looked for beneath a hand.


@pytest.mark.parametrize(
    ("leads", "repeats", "seconds", "much", "asked"),
    [
        (True, 900, 0, False, [("look", True)]),
        (True, 300, 0, False, []),  # nothing with a rhythm is left
        (True, 300, 1, False, [("look", False)]),
        (False, 900, 0, False, []),
        (False, 900, 1, False, [("look", False)]),
        (False, 900, 0, True, [("look", False)]),
    ],
)
def test_a_pulse_is_looked_for_beneath_a_hand_that_moves_or_did(leads, repeats, seconds, much, asked):
    vitals = estimator()
    vitals._hand_leads = leads
    vitals._period.left_repeats = repeats
    vitals._beneath.seconds = seconds
    vitals._movement.is_much = vitals._movement.moves = much
    vitals.pulse_rate_mbpm = None
    vitals._look_beneath(HEAD)
    assert vitals._beneath.asked == asked


@pytest.mark.parametrize(
    ("moves", "rate", "asked"), [(False, 150_000, True), (True, 150_000, False), (False, None, False)]
)
def test_calm_light_is_that_of_a_rate_and_no_hand(moves, rate, asked):
    vitals = estimator()
    vitals._hand_leads = False
    vitals._movement.moves, vitals.pulse_rate_mbpm = moves, rate
    vitals._look_beneath(HEAD)
    assert vitals._beneath.asked == ([("calm", 3000)] if asked else [])


# Oxygen.


def oxygen(vitals):
    """The oxygen (permille) or why there is none, after a second."""
    vitals.spo2_permille, vitals.spo2_reason = 1, "as before"
    vitals._judge_spo2()
    return vitals.spo2_reason or vitals.spo2_permille


def test_oxygen_is_that_of_a_newborns_last_three_seconds_and_of_an_adults_six():
    assert oxygen(estimator(ratio=600, lately=700)) == spo2.from_ratio(700)
    assert oxygen(estimator(ratio=600, lately=None)) == spo2.from_ratio(600)
    assert oxygen(estimator("adult", ratio=600)) == spo2.from_ratio(600)
    assert oxygen(estimator(ratio=None, lately=700)) == reasons.TOO_WEAK


def test_beside_a_deep_breath_oxygen_is_the_pulses_alone():
    assert oxygen(estimator(beside=111)) == spo2.from_ratio(800 * 2400 // 3000)


def test_of_light_that_is_not_looked_at_nothing_new_is_said():
    for without in ("contact", "_limit"):
        vitals = estimator()
        setattr(vitals, without, 0)
        assert oxygen(vitals) == "as before"


@pytest.mark.parametrize(("pairs", "told"), [(spo2.LEAST, None), (spo2.LEAST - 1, reasons.UNSETTLED)])
def test_oxygen_needs_four_seconds_of_light(pairs, told):
    vitals = estimator()
    vitals._since = 500 - pairs
    assert oxygen(vitals) == (told or spo2.from_ratio(800))


def test_light_that_is_no_pulse_has_no_oxygen():
    vitals = estimator()
    vitals._period.shapeless = 4
    assert oxygen(vitals) == reasons.NOT_A_PULSE


@pytest.mark.parametrize(
    ("rate", "reason", "told"),
    [
        (None, reasons.TWO_RATES, reasons.TWO_RATES),
        (None, reasons.UNSETTLED, spo2.from_ratio(800)),
        (150_000, None, spo2.from_ratio(800)),
    ],
)
def test_without_a_pulse_oxygen_is_known_only_before_the_pulse_can_be(rate, reason, told):
    vitals = estimator()
    vitals.pulse_rate_mbpm, vitals.pulse_reason = rate, reason
    assert oxygen(vitals) == told


@pytest.mark.parametrize(
    ("population", "odd", "rate", "strength", "moves", "known"),
    [
        ("newborn", 100, 150_000, 400, True, True),  # not so odd
        ("newborn", 101, 150_000, 849, False, False),
        ("newborn", 101, 150_000, 850, False, True),
        ("newborn", 101, 150_000, 850, True, False),
        ("newborn", 101, None, 850, False, False),
        ("adult", 101, 150_000, 850, False, False),
    ],
)
def test_odd_beats_are_movement_unless_a_newborns_light_repeats_as_where_nothing_moves(
    population, odd, rate, strength, moves, known
):
    """A high second wave is now and then counted for the beat: oxygen was unknown for two minutes, and the music ended."""
    vitals = estimator(population)
    vitals._beats.lately_odd, vitals.pulse_rate_mbpm = odd, rate
    vitals.pulse_reason = None if rate else reasons.TWO_RATES
    vitals._period.strength, vitals._movement.moves = strength, moves
    assert oxygen(vitals) == (spo2.from_ratio(800) if known else reasons.MOTION)
