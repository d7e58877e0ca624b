"""Early beats, made as light: they make every other beat look like a second wave or hide it; half is not shown."""

import pytest
from pulse_kinds import course, heart

from host_tools.play import vitals_run
from simulator.interpreter import find_micropython

pytestmark = pytest.mark.skipif(
    find_micropython() is None, reason="there is no MicroPython, and CPython is too slow here"
)


def shown(made, population):
    """Seconds in which a rate more than 10 % beside the true one is shown, and how many show any."""
    rates = [row["pulse_rate_bpm"] for row in vitals_run.play(made.samples, population).rows[5:]]
    rates = [rate for rate in rates if rate is not None]
    return sum(abs(rate - made.rate_bpm[0]) > 0.1 * made.rate_bpm[0] for rate in rates), len(rates)


def steep(rate, seconds=60, **settings):
    """A heart whose waves rise fast and fall slowly, with a second wave so low that it only widens them."""
    given = {"delay_share": 0.35, "second": 0.15, "perfusion_percent": 1.2, "breathing_level": 0.1}
    return heart(
        course(seconds, (0, rate)), width_s=min(0.09, 0.015 + 7.8 / rate), fall=1.9, **given | settings
    )


@pytest.mark.parametrize("rate", [140, 165, 190])
@pytest.mark.parametrize("early, weak", [(0.35, 0.7), (0.4, 0.5), (0.42, 0.9)])
def test_a_newborns_beats_that_become_coupled_are_not_halved(rate, early, weak):
    wrong, _ = shown(steep(rate, early=early, weak=weak, from_s=25), "newborn")
    assert wrong <= 2


@pytest.mark.parametrize(
    "rate, early, weak", [(165, 0.35, 0.7), (150, 0.38, 0.7), (161, 0.42, 0.9), (121, 0.4, 0.6)]
)
def test_nor_those_that_are_coupled_from_the_start(rate, early, weak):
    wrong, _ = shown(steep(rate, early=early, weak=weak), "newborn")
    assert wrong <= 2


@pytest.mark.parametrize("rate, early, weak", [(116, 0.42, 0.82), (107, 0.42, 0.76), (96, 0.4, 0.7)])
def test_an_adults_early_beats_as_strong_as_no_second_wave_are_not_halved(rate, early, weak):
    wrong, _ = shown(steep(rate, breathing_per_minute=14, early=early, weak=weak), "adult")
    assert wrong <= 2


def test_an_adults_ordinary_second_wave_hides_nothing():
    made = steep(58, breathing_per_minute=14, delay_share=0.31, second=0.35)
    wrong, known = shown(made, "adult")
    assert wrong == 0 and known > 50


@pytest.mark.parametrize(
    "rate, turn, early, weak, share, second",
    [(51, 3, 0.15, 0.8, 0.496, 0.436), (57, 5, 0.43, 0.66, 0.478, 0.367), (51, 5, 0.32, 0.24, 0.493, 0.448)],
)
def test_an_adults_beats_of_which_some_are_early_are_not_doubled(rate, turn, early, weak, share, second):
    wrong, _ = shown(
        steep(
            rate,
            breathing_per_minute=15,
            breathing_level=0.3,
            turn=turn,
            early=early,
            weak=weak,
            delay_share=share,
            second=second,
        ),
        "adult",
    )
    assert wrong <= 3


@pytest.mark.parametrize("rate, seed", [(161, 1), (187, 2), (143, 3), (174, 4)])
def test_a_deep_breath_at_half_of_a_newborns_pulse_is_not_shown_as_the_pulse(rate, seed):
    """It hides every other beat; but red follows the breath by other than the blood's ratio."""
    made = steep(
        rate,
        breathing_per_minute=rate / 2,
        breathing_level=1.3,
        breathing_ratio=0.68,
        breathing_height=0.15,
        second=0.35,
        delay_share=0.4,
        seed=seed,
    )
    wrong, _ = shown(made, "newborn")
    assert wrong <= 3


@pytest.mark.parametrize("place", [0.46, 0.5, 0.54])
@pytest.mark.parametrize("seed", range(3))
def test_no_rate_is_shown_for_long_where_the_guard_sees_a_slow_heart(place, seed):
    """A second wave half-way, low, in beats that a breath makes unlike: double was shown for half a minute."""
    made = heart(
        course(75, (0, 150), (30, 150), (31, 75)),
        delay_s=0.8 * place,
        second=0.35,
        breathing_height=0.3,
        breathing_level=0.2,
        breathing_per_minute=45,
        jitter=0.03,
        seed=seed,
    )
    rates = [row["pulse_rate_bpm"] for row in vitals_run.play(made.samples, "newborn").rows]
    assert any(rates[10:28])
    assert all(rate is None or rate < 100 for rate in rates[42:])


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_an_adults_weak_light_is_no_hand(seed):
    """A twentieth of the pulse's height in each sample; it was told as motion, and no rate was ever shown."""
    made = steep(60, breathing_per_minute=14, perfusion_percent=0.3, noise_counts=12, second=0.3, seed=seed)
    wrong, known = shown(made, "adult")
    assert wrong == 0 and known > 35


@pytest.mark.parametrize("rate, delay, second", [(105, 0.16, 0.1), (108, 0.2, 0.2), (111, 0.22, 0.2)])
def test_a_newborn_at_rest_is_shown_from_the_start(rate, delay, second):
    wrong, known = shown(
        steep(rate, delay_share=delay * rate / 60, second=second, breathing_height=0.05), "newborn"
    )
    assert wrong == 0 and known > 40
