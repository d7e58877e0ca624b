"""When a hand moves the sensor, rule by rule: swings go in, no light."""

import pytest

from firmware.light import pulse
from firmware.light.movement import Movement
from firmware.vitals import _flat_ring

S = 50  # pairs a second
CALM = 150_000  # mbpm
SLOPES = _flat_ring()


def calmed(seconds=10, swing=1000, red=600):
    """Movement after so many seconds of a calm rate, and the pair of the last."""
    movement = Movement()
    for second in range(1, seconds + 1):
        movement.look(SLOPES, second * S, swing, red)
        movement.calm(CALM, second * S)
    return movement, seconds * S


@pytest.mark.parametrize(
    ("swing", "red", "told"),
    [
        (2501, 1630, True),  # 2.5 times as much
        (2500, 1625, False),  # and red as before within a tenth
        (2600, 1635, False),  # within a twentieth it is blood
        (2600, 1640, True),
        (1301, 870, True),  # 1.3 times, and red otherwise than before
        (1300, 1000, False),
        (1301, 1301 * 655 // 1000, False),
        (1301, 1301 * 530 // 1000, True),  # less of it, too
    ],
)
def test_a_swing_far_larger_or_larger_and_unlike_is_a_hand(swing, red, told):
    movement, head = calmed()
    movement.look(SLOPES, head + S, swing, red)
    assert movement.much(head + S) == told
    assert movement.lasts(head + 2 * S) == (S if told else 0)


def test_noise_makes_no_small_swing_a_hands():
    """By 60 counts red must swing otherwise than infrared tells."""
    for red, told in ((200 + 59, False), (200 + 62, True)):
        movement, head = calmed(swing=300, red=150)
        movement.look(SLOPES, head + S, 400, red)
        assert movement.much(head + S) == told


def test_nothing_is_known_of_a_swing_before_three_calm_seconds():
    for seconds, told in ((2, False), (3, True)):
        movement, head = calmed(seconds)
        movement.look(SLOPES, head + S, 9000, 9000)
        assert movement.much(head + S) == told


def test_a_hand_lasts_for_380_pairs_after_its_last_large_swing():
    movement, head = calmed()
    movement.look(SLOPES, head + S, 5000, 4500)
    assert movement.present(head + S + 379) and movement.much(head + S + 379)
    assert not movement.present(head + S + 380) and not movement.much(head + S + 380)


@pytest.mark.parametrize(
    ("rate", "told"), [(164_900, False), (165_100, True), (135_100, False), (134_900, True)]
)
def test_the_calm_rate_alone_is_believed_within_a_tenth_while_a_hand_moves(rate, told):
    movement, head = calmed()
    assert not movement.disturbs(rate, head)
    movement.look(SLOPES, head + S, 5000, 4500)
    assert movement.disturbs(rate, head + S) == told


def test_in_a_movement_of_more_than_18_seconds_no_rate_is_believed():
    movement, head = calmed()
    for second in range(1, 20):
        now = head + second * S
        movement.look(SLOPES, now, 5000, 4500)
        assert movement.disturbs(CALM, now) == (now - head > 900)


def test_a_second_rhythm_disturbs_until_a_rate_was_calm_for_eight_seconds():
    for seconds, told in ((7, True), (8, False)):
        movement, head = calmed(seconds)
        movement.two(head)
        assert movement.present(head + 149) and not movement.present(head + 150)
        assert not movement.much(head + 1)
        assert movement.disturbs(CALM, head + 1) == told
        assert movement.disturbs(180_000, head + 1)
        assert not movement.disturbs(180_000, head + 150)
        assert movement.is_calm_sure() != told


def test_two_rhythms_told_twice_in_turn_keep_the_calm_rate():
    for apart, kept in ((75, True), (76, False)):
        movement, head = calmed()
        movement.perhaps_two(head + S)
        movement.perhaps_two(head + S + apart)
        movement.calm(160_000, head + S + apart + 149)
        assert movement.calm_mbpm == (CALM if kept else 160_000)
        movement.calm(161_000, head + S + apart + 300)
        assert movement.calm_mbpm == 161_000


def test_what_is_calm_follows_by_an_eighth_a_second():
    movement, head = calmed()
    for second in range(1, 9):
        movement.look(SLOPES, head + second * S, 2000, 1200)
        movement.calm(CALM, head + second * S)
    # 1000 came two thirds of its way to 2000: 2.5 times that is no longer reached.
    movement.look(SLOPES, head + 9 * S, 4000, 4000 * 64 // 100)
    assert not movement.much(head + 9 * S)
    movement.look(SLOPES, head + 10 * S, 4300, 4300 * 64 // 100)
    assert movement.much(head + 10 * S)


def test_a_pulse_goes_on_changing_beside_a_hand_that_is_not_large():
    movement, head = calmed()
    movement.look(SLOPES, head + S, 1400, 1400)
    movement.calm(158_000, head + S)
    assert movement.calm_mbpm == CALM + 1000
    movement.look(SLOPES, head + 2 * S, 5000, 5000)
    movement.calm(158_000, head + 2 * S)
    assert movement.calm_mbpm == CALM + 1000


def test_after_a_rhythm_that_was_a_hands_no_rate_is_believed_for_100_pairs():
    """Not the calm one either: the hand may have taken it up."""
    movement, head = calmed()
    movement.leads(head)
    assert movement.disturbs(CALM, head + 99)
    assert not movement.disturbs(CALM, head + 100)
    assert movement.disturbs(CALM * 5 // 4, head + 149)  # two rhythms are in the light
    assert movement.lasts(head + 100) == 100
    movement.forget()
    assert not movement.disturbs(CALM, 1)


@pytest.mark.parametrize(("slope", "told"), [(1240, False), (1260, True)])
def test_calm_is_as_steep_as_the_steepest_of_the_first_seconds(slope, told):
    """A wave 2.5 times as steep is a hand's, though the swing is as before."""
    movement = Movement()
    ring = _flat_ring()
    for second, steepest in enumerate((200, 500, 300, slope), 1):
        ring[second * S - 10] = pulse.SLOPE_BIAS + steepest
        movement.look(ring, second * S, 1000, 600 if second < 4 else 650)
        movement.calm(CALM, second * S)
    assert movement.much(4 * S) == told


def of_little_oxygen(permille=780, quality=98):
    """Movement after ten calm seconds of blood with this ratio of ratios, shown at that quality; and the last pair."""
    movement, head = calmed()
    for second in range(1, 11):
        movement.blood(permille, quality, head - S * (10 - second))
    return movement, head


def swings(movement, head, percent):
    """One more second, which swings so much of the calm light's, red as before; the pair at its end."""
    movement.look(SLOPES, head + S, 10 * percent, 6 * percent)
    return head + S


@pytest.mark.parametrize(("permille", "hidden"), [(620, False), (621, True)])
def test_only_where_a_hand_moves_red_as_the_blood_does_is_a_risen_rate_doubted(permille, hidden):
    movement, head = of_little_oxygen(permille)
    head = swings(movement, head, 131)
    assert not movement.hides(CALM * 117 // 100, 90, head)
    assert movement.hides(CALM * 117 // 100 + 100, 90, head) == hidden


def test_a_rate_that_rises_without_more_light_or_for_a_minute_is_the_hearts():
    movement, head = of_little_oxygen()
    head = swings(movement, head, 130)
    assert not movement.hides(190_000, 90, head)
    for second in range(62):
        head = swings(movement, head, 140)
        assert movement.hides(190_000, 90, head) == (second < 60), second


def test_the_doubt_lasts_seven_seconds_longer_than_the_light_swings_more():
    movement, head = of_little_oxygen()
    head = swings(movement, head, 140)
    assert movement.hides(190_000, 90, head + 379)
    assert not movement.hides(190_000, 90, head + 380)
    # And begins anew with the next, from the rate that was calm before it.
    movement.calm_mbpm = 170_000
    later = swings(movement, head + 380, 140)
    assert not movement.hides(190_000, 90, later)
    assert movement.hides(199_100, 90, later)


@pytest.mark.parametrize(
    ("quality", "rate", "percent", "hidden"),
    [
        (19, CALM, 100, True),
        (20, CALM, 100, False),
        (20, CALM, 131, True),
        (20, CALM, 130, False),
        (44, CALM * 106 // 100 + 100, 100, True),
        (44, CALM * 106 // 100, 100, False),
        (44, CALM * 94 // 100 - 100, 100, True),
        (44, CALM, 131, True),
        (45, CALM * 106 // 100 + 100, 131, False),
    ],
)
def test_with_so_little_oxygen_a_rate_of_poor_quality_is_doubted(quality, rate, percent, hidden):
    movement, head = of_little_oxygen()
    head = swings(movement, head, percent)
    assert movement.hides(rate, quality, head) == hidden


@pytest.mark.parametrize(("quality", "learnt"), [(74, False), (75, True)])
def test_what_blood_it_is_is_learnt_from_a_sure_rate_alone(quality, learnt):
    movement, head = of_little_oxygen(quality=quality)
    assert movement.hides(CALM, 19, head) == learnt


def test_what_blood_it_is_is_not_learnt_from_a_hand_and_changes_slowly():
    movement, head = of_little_oxygen(600)
    movement.two(head)
    for second in range(3):
        movement.blood(900, 98, head + second)
    assert not movement.hides(CALM, 19, head)
    movement.blood(760, 98, head + 150)
    assert not movement.hides(CALM, 19, head + 150)  # 620: an eighth of the way
    movement.blood(760, 98, head + 200)
    assert movement.hides(CALM, 19, head + 200)
