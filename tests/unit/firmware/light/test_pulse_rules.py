"""Single rules of the pulse that made signals led to: each holds for the light that it was written for."""

import numpy as np
import pytest
from pulse_kinds import Made, course, heart, patting

from firmware import reasons
from firmware.light import spo2 as saturation
from firmware.light.period import Period
from firmware.light.rates import Rates
from firmware.light.waves import Waves
from host_tools.play import vitals_run
from simulator.interpreter import ROOT, find_micropython, run_script
from simulator.patient import ratio_from_spo2

needs_micropython = pytest.mark.skipif(
    find_micropython() is None, reason="there is no MicroPython, and CPython is too slow here"
)


def beating(rate, breath, delay, second, perfusion, seed, **more) -> Made:
    """A heart with a second wave in each beat: the wave's delay in s and its height, breaths a minute, perfusion in %."""
    return heart(
        rate,
        breathing_per_minute=breath,
        delay_s=delay,
        second=second,
        perfusion_percent=perfusion,
        seed=seed,
        **more,
    )


def wrong_seconds(made: Made, population: str) -> int:
    """Seconds after the fifth that show a rate more than 10 % beside the true one, which is steady."""
    rows = vitals_run.play(made.samples, population).rows[5:]
    rates = [row["pulse_rate_bpm"] for row in rows if row["pulse_rate_bpm"] is not None]
    return sum(abs(rate - made.rate_bpm[0]) > 0.1 * made.rate_bpm[0] for rate in rates)


@needs_micropython
def test_beats_weak_in_turn_are_not_halved_up_to_the_fastest_newborn():
    """Twice 107 was too fast to be a pulse, so 213 with every other beat weak was shown as 107."""
    made = heart(
        course(30, (0, 213.4)),
        delay_s=0.2,
        second=0.21,
        weak=0.42,
        perfusion_percent=0.45,
        breathing_per_minute=50,
        seed=35,
    )
    assert wrong_seconds(made, "newborn") == 0


@needs_micropython
@pytest.mark.parametrize("rate", [240, 262, 290])
@pytest.mark.parametrize("weak", [0.5, 0.6, 0.7])
def test_beats_weak_in_turn_of_a_heart_too_fast_for_a_newborn_are_not_halved(rate, weak):
    """Twice 131 was too fast to be a pulse: half of 262 was shown to the end."""
    made = heart(course(40, (0, rate)), delay_s=0.09, second=0.2, weak=weak)
    assert wrong_seconds(made, "newborn") == 0


@needs_micropython
@pytest.mark.parametrize(
    "rate, delay, second", [(140, 0.18, 0.5), (150, 0.22, 0.5), (125, 0.22, 0.3), (118, 0.2, 0.45)]
)
def test_a_newborns_second_wave_beside_the_middle_of_its_beat_or_low_hides_nothing(rate, delay, second):
    rows = vitals_run.play(
        heart(course(40, (0, rate)), delay_s=delay, second=second).samples, "newborn"
    ).rows[8:]
    rates = [row["pulse_rate_bpm"] for row in rows]
    assert None not in rates
    assert rates == pytest.approx([rate] * len(rates), rel=0.05)


@needs_micropython
@pytest.mark.parametrize(
    "rate, per_minute, height, form, perfusion",
    [(178, 98, 4.2, "hum", 0.52), (184, 202, 1.8, "sine", 0.57), (140, 192, 1.8, "pat", 0.6)],
)
def test_a_hand_near_the_pulse_from_the_first_second_on_is_no_newborns_pulse(
    rate, per_minute, height, form, perfusion
):
    """What red does not share with infrared is a tenth of it and beats: enough where nothing calm was seen before."""
    hand = patting(4000, per_minute, height, 0, 40, form, seed=452)
    made = heart(
        course(40, (0, rate)),
        delay_s=0.22,
        second=0.3,
        perfusion_percent=perfusion,
        breathing_per_minute=66,
        hand=hand,
        seed=452,
    )
    assert wrong_seconds(made, "newborn") <= 1


@needs_micropython
def test_a_hand_a_little_faster_than_the_pulse_does_not_lead_it_away():
    hand = patting(6000, 182, 1.4, 25, 60, "sine", seed=441)
    made = heart(
        course(60, (0, 160.3)),
        delay_s=0.22,
        second=0.1,
        perfusion_percent=0.57,
        breathing_per_minute=42,
        hand=hand,
        seed=441,
    )
    assert wrong_seconds(made, "newborn") <= 4


@needs_micropython
@pytest.mark.parametrize("population, rate", [("newborn", 155), ("adult", 78)])
def test_whatever_hides_the_pulse_in_a_large_movement_is_told_as_motion(population, rate):
    for form, per_minute, height in (("sine", 110, 6), ("pat", 170, 5)):
        hand = patting(5000, per_minute, height, 25, 50, form, seed=3)
        made = heart(course(50, (0, rate)), delay_s=0.22, second=0.25, hand=hand, seed=3)
        played = vitals_run.play(made.samples, population)
        told = {why[0] for why in played.reasons[28:48]}
        assert "motion" in told
        assert told <= {"motion", None}


@needs_micropython
def test_an_adult_is_not_shown_for_a_newborn_whose_breath_weakens_every_other_beat():
    wrong = 0
    for rate, breath, level, second in ((185, 102, 0.48, 0.13), (191, 100, 0.47, 0.31)):
        made = heart(
            course(40, (0, rate)),
            delay_s=0.22,
            second=second,
            perfusion_percent=0.8,
            breathing_per_minute=breath,
            breathing_level=level,
            seed=rate,
        )
        wrong += wrong_seconds(made, "adult")
    assert wrong <= 5


@needs_micropython
def test_a_fall_to_half_whose_second_wave_is_half_way_is_seen_at_last(tmp_path):
    """The period finds the beats before the fall unchanged, and their shape is gone: the waves stay unlike in turn."""
    rate = course(60, (0, 156.2), (28, 156.2), (28.01, 75.8))
    made = heart(rate, delay_s=0.39, second=0.56, perfusion_percent=0.86, breathing_per_minute=53.4, seed=5)
    made.samples.tofile(tmp_path / "samples")
    script = ROOT / "tests" / "on_device" / "pulse_stops.py"
    stopped = run_script(script, "newborn", str(tmp_path / "samples")).stdout.decode()
    assert 28 < float(stopped) < 42


def rates_of(groups, newborn=True):
    """Rates after groups of waves: each a list of (ticks since the wave before, height)."""
    waves = Waves(newborn)
    rates = Rates(waves, newborn)
    period = Period(12, 64, 400, 100, 960)
    ticks = 0
    for group in groups:
        for wait, height in group:
            ticks += wait
            for row in (waves.every, waves.strong):
                row.take(ticks, height)
            rates.look()
            told = rates.doubt(150_000, period)
            if rates.slow_mbpm is not None and rates.slow_mbpm == rates.fast_mbpm:
                period.ticks, period.strength = 1280, 900
    return rates, period, told


CALM = [[(1280, 1000)]] * 14  # 150 a minute
SEEN_AT_EVERY_OTHER = [(1280, 1000), (500, 300), (780, 950)]  # the second wave of one beat of two


def test_waves_nearly_alike_in_turn_are_no_newborns_beats_before_anything_is_known():
    nearly_alike = [[(1180, 750), (1380, 1000)]] * 5
    assert rates_of(nearly_alike)[2] == reasons.TWO_RATES
    assert rates_of(CALM + nearly_alike[:4])[2] is None


def test_two_calm_beats_and_the_second_wave_of_one_are_two_beats():
    rates, _, told = rates_of(CALM + [SEEN_AT_EVERY_OTHER] * 12)
    assert rates.slow_mbpm == 75_000 and rates.fast_mbpm == 150_000
    assert told is None


@pytest.mark.parametrize("strength, share", [(700, 1280), (900, 900)])
def test_but_not_where_the_period_has_changed_or_they_are_not_evenly_apart(strength, share):
    group = [(2560 - share, 1000), (share - 500, 300), (500, 950)]
    rates, period, _ = rates_of(CALM + [group] * 12)
    period.strength = strength
    assert rates.doubt(150_000, period) == "two_rates"


def test_a_rate_without_a_pattern_is_not_shown_where_it_is_half_of_the_calm_one():
    restless = [[(wait, 1000)] for wait in (1800, 900, 2100, 1200, 2500, 1700, 900, 1900)]
    rates, period, _ = rates_of(CALM + restless, newborn=False)
    period.strength = 0
    assert rates.slow_mbpm is None
    assert rates.doubt(75_000, period) == "two_rates"
    assert rates.doubt(100_000, period) is None


@needs_micropython
@pytest.mark.parametrize(
    "population, rate, breath, perfusion, delay, second, weak, early, seed",
    [
        # As late as an early second wave, but stronger; four waves in a group, or three at times.
        ("adult", 119.8, 8.1, 1.97, 0.25, 0.033, 0.448, 0.333, 210741509),
        ("adult", 109.3, 17.6, 0.47, 0.25, 0.263, 0.423, 0.233, 785985310),
        ("adult", 110.46, 19.994, 1.0073, 0.25, 0.2915, 0.4013, 0.2588, 227306912),
        # Too weak for the row of strong waves; strong enough to seem a second wave that was proven.
        ("newborn", 127.8, 64.2, 0.73, 0.2, 0.272, 0.409, 0.232, 97589132),
        ("newborn", 133.44, 68.7284, 0.42767, 0.2, 0.26116, 0.431, 0.2706, 583015273),
    ],
)
def test_beats_coupled_two_by_two_are_not_halved_from_the_start(
    population, rate, breath, perfusion, delay, second, weak, early, seed
):
    made = beating(course(40, (0, rate)), breath, delay, second, perfusion, seed, weak=weak, early=early)
    assert wrong_seconds(made, population) <= 2


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, level, delay, second, perfusion",
    [(219.2, 103.0, 0.58, 0.172, 0.34, 1.26), (185.5, 101.4, 0.47, 0.226, 0.345, 0.42)],
)
def test_waves_that_change_places_are_a_newborns_beats(rate, breath, level, delay, second, perfusion):
    """Strong and weak in turn as with a second wave half-way; but a breath near half of the pulse moves on."""
    made = heart(
        course(40, (0, rate)),
        delay_s=delay,
        second=second,
        perfusion_percent=perfusion,
        breathing_per_minute=breath,
        breathing_level=level,
        seed=1,
    )
    assert wrong_seconds(made, "adult") <= 5


UNLIKE = [(1500, 1000), (900, 500), (1300, 800), (1000, 1000), (1500, 600)]


@needs_micropython
def test_four_waves_by_chance_make_no_adult_of_a_newborn():
    """For 18 s nothing is known; then two pairs of beats look like two with an early second wave each."""
    made = heart(
        course(75, (0, 159.57257832226261)),
        delay_s=0.26,
        second=0.36,
        perfusion_percent=0.32,
        breathing_per_minute=88.28654753044134,
        breathing_level=0.48,
        seed=117874223,
    )
    assert wrong_seconds(made, "adult") == 0


@pytest.mark.parametrize("strength, told", [(800, reasons.TWO_RATES), (490, None)])
def test_pairs_as_fast_as_a_newborns_beats_are_an_adults_second_waves_from_eight_on(strength, told):
    """Not where the period finds nothing sound: as fast as that are an irregular heart's waves too."""
    waves = Waves(False)
    rates = Rates(waves, False)
    period = Period(13, 96, 400, 150, 1600)
    period.ticks, period.strength = 2340, strength
    ticks = 0
    doubts = {}
    for wait, height in UNLIKE * 3 + [(1500, 1000), (840, 390)] * 6:
        ticks += wait
        waves.every.take(ticks, height)
        rates.look()
        if rates.second_wave:
            doubts[waves.every.run] = rates.doubt(82_050, period)
    assert [doubts[run] for run in (4, 7, 8)] == [told, told, None]


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, perfusion, second, per_minute, height, form",
    [
        (
            161.6,
            50.8,
            0.37,
            0.18,
            210.6,
            1.73,
            "sine",
        ),  # what is left repeats at three beats, as a breath might
        (188.1, 36.6, 0.65, 0.35, 47.77, 3.21, "pat"),  # it is large, and repeats at times only
    ],
)
def test_what_a_hand_of_the_first_second_leaves_is_no_breath(
    rate, breath, perfusion, second, per_minute, height, form
):
    wrong = 0
    for seed in (1, 2, 3):
        hand = patting(4000, per_minute, height, 0, 40, form, seed=729374429)
        made = heart(
            course(40, (0, rate)),
            delay_s=0.22,
            second=second,
            perfusion_percent=perfusion,
            breathing_per_minute=breath,
            hand=hand,
            seed=seed,
        )
        wrong += wrong_seconds(made, "newborn")
    assert wrong <= 1


FOUR_WAVES = [
    (300, 2000),
    (600, 600),
    (1500, 900),
    (1100, 500),
]  # two coupled beats, each with its second wave


@pytest.mark.parametrize("newborn, told", [(False, "two_rates"), (True, None)])
def test_four_waves_in_a_group_are_two_adults_beats(newborn, told):
    """Of a newborn nothing follows: its breath makes groups of four."""
    waves = Waves(newborn)
    rates = Rates(waves, newborn)
    ticks = 0
    for _ in range(12):
        for wait, height in FOUR_WAVES:
            ticks += wait
            waves.every.take(ticks, height)
            rates.look()
    period = Period(13, 96, 400, 150, 1600)
    assert (waves.every.pattern == 4) == (not newborn)
    if not newborn:
        assert rates.slow_mbpm == 192_000_000 // 3500 and rates.fast_mbpm == 2 * rates.slow_mbpm
        assert rates.doubt(54_857, period) == told


def stop_s(made: Made, tmp_path) -> float | None:
    """When the guard's rules for a slow newborn would stop the music, s; None for never."""
    made.samples.tofile(tmp_path / "samples")
    script = ROOT / "tests" / "on_device" / "pulse_stops.py"
    stopped = run_script(script, "newborn", str(tmp_path / "samples")).stdout.decode()
    return float(stopped) if stopped.strip() else None


def slow_stop_s(tmp_path, rate, breath, delay, second, perfusion, seed) -> float | None:
    """When a newborn that is slow from the first second on is stopped, s."""
    made = beating(course(30, (0, rate)), breath, delay, second, perfusion, seed)
    return stop_s(made, tmp_path)


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [
        (78, 64, 0.25, 0.12, 1.61, 883891093),  # the second wave is at times too small to be one, then not
        (72, 47, 0.3, 0.13, 2.01, 435905940),
        (53, 73, 0.26, 0.13, 2.22, 303409122),
        (63, 64, 0.3, 0.59, 0.62, 310116011),  # high, and the period is that of two waves
    ],
)
def test_a_newborn_slow_from_the_first_second_is_told_after_four_of_waves(
    rate, breath, delay, second, perfusion, seed, tmp_path
):
    """Two seconds until there are waves, four that are slow; these took from 11 to 46 s."""
    stopped_s = slow_stop_s(tmp_path, rate, breath, delay, second, perfusion, seed)
    assert stopped_s is not None
    assert 4 < stopped_s < 7


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [(91, 67, 0.28, 0.52, 1.91, 675061511), (76, 68, 0.35, 0.6, 0.99, 490958802)],
)
def test_a_newborn_slow_from_the_start_whose_period_is_half_is_told_too(
    rate, breath, delay, second, perfusion, seed, tmp_path
):
    """The second wave is half-way, and the period the way to it; two rates for ten seconds took until 11."""
    stopped_s = slow_stop_s(tmp_path, rate, breath, delay, second, perfusion, seed)
    assert stopped_s is not None
    assert 6.5 < stopped_s < 8


@needs_micropython
def test_a_second_wave_half_way_is_no_swing_to_and_fro(tmp_path):
    """Nothing is known of such a light but its two rates: the guard's ten seconds of them."""
    stopped_s = slow_stop_s(tmp_path, 72, 51, delay=0.41, second=0.62, perfusion=0.57, seed=15804365)
    assert stopped_s is not None
    assert stopped_s < 12


@needs_micropython
def test_a_breath_half_as_fast_as_the_pulse_makes_no_slow_heart_from_the_start(tmp_path):
    made = heart(
        course(40, (0, 146)),
        breathing_per_minute=73,
        delay_s=0.29,
        second=0.47,
        perfusion_percent=0.85,
        jitter=0.008,
        seed=493309470,
    )
    assert stop_s(made, tmp_path) is None


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [
        # Every other beat is hidden with both its waves, or one wave of three was missed.
        (138.2, 70.3, 0.29, 0.6, 1.31, 652073573),
        (136.4, 67.6, 0.3, 0.6, 0.81, 168958172),
        # Pairs that are a breath's at all waves but one.
        (135.4, 65.7, 0.31, 0.57, 1.22, 433126940),
        (146.3, 73.1, 0.3, 0.67, 1.74, 212530182),
    ],
)
def test_a_breath_near_half_of_a_pulse_with_high_second_waves_stops_nothing(
    rate, breath, delay, second, perfusion, seed, tmp_path
):
    """Of thirty such healthy newborns ten were stopped as slow within two and a half minutes."""
    made = beating(course(150, (0, rate)), breath, delay, second, perfusion, seed, jitter=0.008)
    made.samples = made.samples[:7000]
    assert stop_s(made, tmp_path) is None


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [
        (157.7, 68.6, 0.28, 0.63, 1.66, 887065715),
        (145.8, 69.9, 0.3, 0.54, 1.35, 676455827),
        (158.8, 75.8, 0.27, 0.56, 0.51, 50203939),
    ],
)
def test_waves_that_a_breath_makes_unlike_now_here_now_there_stop_nothing(
    rate, breath, delay, second, perfusion, seed, tmp_path
):
    """No row of their waves was even before pairs of them were seen, so no rate was calm: each was stopped as slow."""
    made = beating(course(70, (0, rate)), breath, delay, second, perfusion, seed, jitter=0.008)
    assert stop_s(made, tmp_path) is None


@needs_micropython
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [(94.6, 35.3, 0.29, 0.65, 1.97, 720101425), (90.6, 39.1, 0.32, 0.69, 2.39, 434206894)],
)
def test_a_fall_to_half_whose_period_goes_on_is_told_within_half_a_minute(
    rate, breath, delay, second, perfusion, seed, tmp_path
):
    """Both waves of each beat are nearly alike and nearly even: it was never told."""
    made = beating(
        course(110, (0, 2 * rate), (40, 2 * rate), (40.01, rate)),
        breath,
        delay,
        second,
        perfusion,
        seed,
        jitter=0.008,
    )
    stopped_s = stop_s(made, tmp_path)
    assert stopped_s is not None
    assert 40 < stopped_s < 70


@needs_micropython
@pytest.mark.parametrize("ratio", [0.6, 1.1])
@pytest.mark.parametrize(
    "rate, breath, delay, second, perfusion, seed",
    [(136, 40, 0.28, 0.57, 1.62, 488638227), (121, 38, 0.33, 0.49, 0.4, 50411874)],
)
def test_oxygen_is_known_where_a_second_wave_is_now_and_then_counted_for_the_beat(
    rate, breath, delay, second, perfusion, seed, ratio
):
    """Such beats are odd, and passed for movement: oxygen was unknown all the time, and no desaturation would have been
    seen."""
    made = beating(course(60, (0, rate)), breath, delay, second, perfusion, seed, ratio=ratio, jitter=0.008)
    rows = vitals_run.play(made.samples, "newborn").rows[10:]
    expected = saturation.from_ratio(round(1000 * ratio)) / 10
    known = [row["spo2_percent"] for row in rows if row["spo2_percent"] is not None]
    assert len(known) > 0.9 * len(rows)
    assert all(abs(value - expected) < 1.5 for value in known)


def breathes_deeply(
    seconds, rate, spo2_percent, gap, breath, level, delay, second, perfusion, seed, **hand
) -> Made:
    """A newborn with little oxygen, and in the light that swings with its breath still less: `gap` percent."""
    spo2 = course(seconds, (0, spo2_percent))
    return heart(
        course(seconds, (0, rate)) if isinstance(rate, (int, float)) else rate,
        ratio=ratio_from_spo2(spo2),
        breathing_ratio=ratio_from_spo2(spo2 - gap),
        breathing_per_minute=breath,
        breathing_level=level,
        delay_s=delay,
        second=second,
        perfusion_percent=perfusion,
        seed=seed,
        **hand,
    )


@needs_micropython
@pytest.mark.parametrize(
    "rate, spo2, gap, breath, level, delay, second, perfusion, seed",
    [
        (155, 87.1, 13, 69.6, 0.33, 0.27, 0.25, 1.93, 432197443),
        (178, 87.7, 8, 76.1, 0.43, 0.26, 0.33, 1.43, 563654200),
        (124, 88.3, 8, 80.1, 0.16, 0.27, 0.26, 1.51, 434765136),
    ],
)
def test_the_breath_of_a_newborn_with_little_oxygen_hides_nothing(
    rate, spo2, gap, breath, level, delay, second, perfusion, seed
):
    """Such a breath moves both lights as a hand does, and pulse and oxygen were unknown for two minutes, until the end."""
    made = breathes_deeply(60, rate, spo2, gap, breath, level, delay, second, perfusion, seed)
    rows = vitals_run.play(made.samples, "newborn").rows[10:]
    assert sum(row["pulse_rate_bpm"] is not None for row in rows) > 0.9 * len(rows)
    assert all(abs(row["spo2_percent"] - spo2) < 3 for row in rows if row["spo2_percent"] is not None)
    assert sum(row["spo2_percent"] is not None for row in rows) > 0.9 * len(rows)
    assert wrong_seconds(made, "newborn") == 0


@needs_micropython
@pytest.mark.parametrize("rate, breath, level, delay, second, perfusion, seed", [
    (185, 87.6, 0.59, 0.24, 0.21, 1.69, 461397960),
    (177, 87.8, 0.59, 0.29, 0.31, 2.83, 327104590),
])  # fmt: skip
def test_a_deep_breath_that_hides_every_other_beat_makes_no_slow_heart(
    rate, breath, level, delay, second, perfusion, seed, tmp_path
):
    made = breathes_deeply(60, rate, 89, 5, breath, level, delay, second, perfusion, seed)
    assert stop_s(made, tmp_path) is None


@needs_micropython
@pytest.mark.parametrize("to", [45, 70])
def test_a_newborn_with_little_oxygen_that_breathes_deeply_is_told_when_its_pulse_falls(to, tmp_path):
    rate = course(80, (0, 155), (40, 155), (41, to))
    made = breathes_deeply(80, rate, 87.1, 13, 69.6, 0.33, 0.27, 0.25, 1.93, 432197443)
    stopped_s = stop_s(made, tmp_path)
    assert stopped_s is not None
    assert 40 < stopped_s < 50


@needs_micropython
@pytest.mark.parametrize("form", ["sine", "pat", "hum"])
@pytest.mark.parametrize(
    "to, per_minute, height", [(62, 130, 1.5), (62, 104, 1.5), (50, 110, 2), (60, 115, 4), (75, 120, 3)]
)
def test_no_hand_larger_than_the_pulse_over_a_slow_heart_with_little_oxygen_is_shown(
    form, to, per_minute, height
):
    """A hand moves light as such a breath does; what is left beside it has the form of a heart, and no breath's. One hardly
    larger than the pulse was shown for most of a minute: it moves red more than what is beside it."""
    rate = course(90, (0, 150), (40, 150), (41, to))
    hand = patting(9000, per_minute, height, 38, 90, form, seed=5)
    made = breathes_deeply(90, rate, 88, 8, 45, 0.2, 0.22, 0.2, 1.2, 11, hand=hand, hand_ratio=0.92)
    rows = vitals_run.play(made.samples, "newborn").rows[48:]
    assert not [row["pulse_rate_bpm"] for row in rows if (row["pulse_rate_bpm"] or to) > 1.1 * to]


def beneath_a_hand_like_blood(before, to, form, per_minute, height, hand_ratio, spo2, seed) -> Made:
    """A newborn with little oxygen, another pulse after 40 s, and a hand from 38 s on that moves red as its blood does."""
    rate = course(90, (0, before), (40, before), (41, to))
    return beating(
        rate,
        50,
        0.3,
        0.1,
        0.8,
        seed,
        ratio=ratio_from_spo2(np.array(spo2)).item(),
        hand=patting(9000, per_minute, height, 38, 90, form, seed=seed),
        hand_ratio=hand_ratio,
    )


@needs_micropython
@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize(
    "before, to, form, per_minute, height, hand_ratio, spo2",
    [
        (120, 69, "hum", 156, 1.35, 0.83, 86.5),
        (140, 67, "pat", 174, 1.46, 0.81, 87.2),
        (132, 132, "hum", 160, 1.5, 0.82, 86.5),
    ],
)
def test_a_hand_that_moves_red_as_a_newborns_blood_is_not_shown_where_the_rate_rises_with_it(
    before, to, form, per_minute, height, hand_ratio, spo2, seed
):
    """No light tells the two apart, and the hand was shown for up to 42 s; but no faster heart swings the light more."""
    made = beneath_a_hand_like_blood(before, to, form, per_minute, height, hand_ratio, spo2, seed)
    rows = vitals_run.play(made.samples, "newborn").rows[48:]
    assert not [row["pulse_rate_bpm"] for row in rows if abs((row["pulse_rate_bpm"] or to) - to) > 0.1 * to]


@needs_micropython
@pytest.mark.parametrize(
    "before, to, form, per_minute, height, hand_ratio",
    [(175, 66, "pat", 118, 1.6, 0.92), (150, 55, "sine", 100, 1.5, 0.95)],
)
def test_a_fall_beneath_a_hand_hardly_larger_than_the_pulse_is_told_with_little_oxygen(
    before, to, form, per_minute, height, hand_ratio, tmp_path
):
    rate = course(90, (0, before), (40, before), (41, to))
    hand = patting(9000, per_minute, height, 38, 90, form, seed=5)
    made = breathes_deeply(90, rate, 88, 8, 45, 0.15, 0.22, 0.2, 1.2, 5, hand=hand, hand_ratio=hand_ratio)
    stopped_s = stop_s(made, tmp_path)
    assert stopped_s is not None
    assert 40 < stopped_s < 60


@needs_micropython
@pytest.mark.parametrize(
    "before, to, at_s, over_s, spo2, gap, breath, level, delay, second, perfusion, seed",
    [
        (134, 57, 44, 3, 89, 9, 96, 0.96, 0.25, 0.19, 1.75, 113457113),
        (127, 51, 44, 3, 87, 9, 70, 1.4, 0.16, 0.04, 2.03, 606504304),
        (150, 60, 40, 1, 88, 8, 100, 1.0, 0.2, 0.1, 1.5, 7),
        (160, 52, 40, 1, 88, 10, 95, 1.2, 0.2, 0.1, 1.5, 8),
    ],
)
def test_a_breath_as_large_as_the_pulse_hides_no_fall(
    before, to, at_s, over_s, spo2, gap, breath, level, delay, second, perfusion, seed, tmp_path
):
    """After the fall the breath is the faster and the larger, and led the estimators: nothing was told in a minute."""
    rate = course(90, (0, before), (at_s, before), (at_s + over_s, to))
    made = breathes_deeply(90, rate, spo2, gap, breath, level, delay, second, perfusion, seed)
    stopped_s = stop_s(made, tmp_path)
    assert stopped_s is not None
    assert at_s < stopped_s < at_s + 20


@needs_micropython
@pytest.mark.parametrize(
    "rate, spo2, gap, breath, level, seed",
    [(150, 89, 12, 62, 0.9, 3), (140, 90, 12, 55, 1, 5), (165, 88, 10, 66, 0.8, 6)],
)
def test_the_veins_light_in_a_deep_breath_is_not_counted_as_the_pulses(rate, spo2, gap, breath, level, seed):
    """The breath's blood has less oxygen: together with it the pulse's was read a percent too low and more."""
    made = breathes_deeply(60, rate, spo2, gap, breath, level, 0.2, 0.2, 1.5, seed)
    rows = vitals_run.play(made.samples, "newborn").rows[12:]
    known = [row["spo2_percent"] for row in rows if row["spo2_percent"] is not None]
    assert len(known) > 0.9 * len(rows)
    assert all(abs(value - spo2) < 0.6 for value in known)


@needs_micropython
@pytest.mark.parametrize("before, after, seeds", [(1.1, 0.6, (3, 6, 10)), (0.6, 1.1, (5, 6))])
def test_oxygen_that_changes_is_no_hand(before, after, seeds):
    """While it does no one slope fits both lights, and early or late beats stand out against the rest."""
    for seed in seeds:
        ratio = course(70, (0, before), (30, before), (40, after))
        varies = 1 + 0.06 * np.sin(np.arange(7000) * 0.009 + seed)
        made = heart(
            165 * varies,
            ratio=ratio,
            jitter=0.04,
            delay_s=0.15,
            second=0.3,
            breathing_per_minute=16,
            breathing_height=0.3,
            breathing_level=0.1,
            seed=seed,
        )
        rows = vitals_run.play(made.samples, "newborn").rows[10:]
        assert all(row["pulse_rate_bpm"] is not None and row["spo2_percent"] is not None for row in rows)


@needs_micropython
def test_looking_at_a_deep_breath_and_a_hand_allocates_nothing_and_is_the_same_on_every_runtime(tmp_path):
    hand = patting(10000, 118, 1.6, 60, 80, "pat", seed=5)
    made = breathes_deeply(100, 155, 87.1, 13, 69.6, 0.5, 0.27, 0.25, 1.93, 5, hand=hand, hand_ratio=0.95)
    (tmp_path / "samples.bin").write_bytes(made.samples.tobytes())
    script = ROOT / "tests" / "on_device" / "vitals_heap.py"
    assert run_script(script, str(tmp_path / "samples.bin"), "newborn", heap_kib=200).stdout.split() == [b"0"]
    short = made.samples[:4000]
    shown = vitals_run.play(short, "newborn", runtime="micropython")
    assert sum(row["pulse_rate_bpm"] is not None for row in shown.rows) > 20
    assert shown == vitals_run.play(short, "newborn", runtime="cpython")


@needs_micropython
def test_a_fall_to_a_high_second_wave_near_the_middle_is_not_shown_as_double_for_long():
    """It was, to the end."""
    made = heart(course(90, (0, 185), (40, 185), (43, 82), (90, 82)), delay_s=0.365, second=0.9)
    rates = [row["pulse_rate_bpm"] for row in vitals_run.play(made.samples, "newborn").rows]
    assert not [rate for rate in rates[76:] if rate is not None and rate > 90]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fall_to_half_with_a_high_second_wave_is_not_shown_as_the_pulse_before(seed):
    """The second wave is where beats were, 0.42 of the way to the next and 0.6 as high; a deep breath hides the rhythm of
    strong and weak. Twice the period explains the light better within eight seconds.
    """
    made = heart(
        course(70, (0, 150), (30, 150), (30.5, 75), (70, 75)),
        delay_share=0.42,
        second=0.6,
        breathing_height=0.25,
        seed=seed,
    )
    rates = [row["pulse_rate_bpm"] for row in vitals_run.play(made.samples, "newborn").rows]
    assert all(rate is not None for rate in rates[10:30])
    assert not [rate for rate in rates[41:] if rate is not None and rate > 100]
