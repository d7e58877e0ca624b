"""Kinds of hearts and hands that fooled the estimator once: what is shown is right, or nothing is.

Two waves a beat, weak or early beats in turn, rates out of range, falls, and rhythmic hands. Each test plays a few
dozen made signals to the firmware under MicroPython and counts over all of them, as a hospital would.
"""

from pathlib import Path

import numpy as np
import pytest
from pulse_kinds import Made, course, heart, patting

from firmware.light.period import Period
from firmware.light.rates import Rates
from firmware.light.waves import Waves
from host_tools.play import vitals_run
from simulator.interpreter import find_micropython, run_script
from simulator.patient import NA_PER_MA_PER_COUNT, Patient

pytestmark = pytest.mark.skipif(
    find_micropython() is None, reason="there is no MicroPython, and CPython is too slow here"
)

SCRIPT = Path(__file__).resolve().parents[2] / "on_device" / "pulse_stops.py"
WRONG_PERCENT = 10


def steady(rate_bpm, seconds=30, **settings):
    return heart(course(seconds, (0, rate_bpm)), **settings)


def wrong_seconds(made, population, from_s=5):
    """Seconds that show more than 10 % beside every true rate of the last 8 s, and seconds that show anything."""
    wrong = shown = 0
    for second, row in enumerate(vitals_run.play(made.samples, population).rows, 1):
        rate = row["pulse_rate_bpm"]
        if rate is None or second < from_s:
            continue
        true = made.rate_bpm[max(0, second - 8) * 100 : second * 100]
        shown += 1
        wrong += not true.min() * 0.9 <= rate <= true.max() * 1.1
    return wrong, shown


def kinds():
    """(name, population, light): a sample of each kind, fixed."""
    for rate in (60, 85, 95, 110, 140, 165, 200):
        for delay, second in ((0.2, 0.3), (0.25, 0.6), (0.35, 0.4), (0.36, 0.7), (0.45, 0.5)):
            yield "two waves, newborn", "newborn", steady(rate, delay_s=delay, second=second, seed=rate)
    for rate in (45, 65, 84, 110, 150):
        for delay, second in ((0.2, 0.3), (0.3, 0.4), (0.38, 0.4), (0.4, 0.7)):
            slow = steady(rate, delay_s=delay, second=second, seed=rate, breathing_per_minute=15)
            yield "two waves, adult", "adult", slow
    for rate in (20, 34, 44, 260, 300):
        made = steady(rate, delay_s=0.36, second=0.5 if rate < 100 else 0, seed=rate)
        yield "out of range, newborn", "newborn", made
    for rate in (20, 27, 260, 290):
        made = steady(rate, delay_s=0.36, second=0.5 if rate < 100 else 0, breathing_per_minute=15)
        yield "out of range, adult", "adult", made
    for rate in (120, 150, 180):
        for weak in (0.4, 0.6, 0.8):
            yield "alternans", "newborn", steady(rate, delay_s=0.2, second=0.1, weak=weak, seed=rate)
    for breath in (40, 60, 90):
        made = steady(150, delay_s=0.2, second=0.15, breathing_per_minute=breath, seed=breath)
        yield "newborn, adult's profile", "adult", made


@pytest.mark.parametrize(
    "name, most_percent",
    [
        ("two waves, newborn", 0.5),
        ("two waves, adult", 0.5),
        ("out of range, newborn", None),
        ("out of range, adult", None),
        ("alternans", 0.5),
        ("newborn, adult's profile", 0.5),
    ],
)
def test_a_kind_of_light_is_read_right_or_not_at_all(name, most_percent):
    found = [wrong_seconds(made, population) for kind, population, made in kinds() if kind == name]
    wrong, shown = np.sum(found, axis=0)
    if most_percent is None:
        assert shown == 0
    else:
        assert 100 * wrong <= most_percent * max(1, shown)


@pytest.mark.parametrize("form", ["sine", "pat", "hum"])
@pytest.mark.parametrize("population, rate", [("newborn", 150), ("adult", 75)])
def test_a_hand_is_not_a_pulse(population, rate, form):
    wrong = shown = 0
    for per_minute in (60, 90, 130):
        for height in (3, 5):
            hand = patting(6000, per_minute, height, 20, 40, form)
            made = steady(rate, 60, delay_s=0.22, second=0.25, hand=hand, seed=per_minute)
            rows = vitals_run.play(made.samples, population).rows
            assert any(row["pulse_rate_bpm"] for row in rows[10:20]), "known before"
            assert any(row["pulse_rate_bpm"] for row in rows[40:52]), "back within 12 s"
            more = wrong_seconds(made, population)
            wrong, shown = wrong + more[0], shown + more[1]
    assert 200 * wrong <= shown


@pytest.mark.parametrize("population, rate", [("newborn", 150), ("adult", 75)])
def test_a_hand_from_the_first_second_on_is_no_pulse(population, rate):
    """Nothing calm was seen before it: what red does not share with infrared beats to another rhythm."""
    wrong = shown = moving = 0
    for form, per_minute, height in (("sine", 110, 4), ("pat", 90, 5), ("hum", 130, 3)):
        hand = patting(3000, per_minute, height, 0, 30, form)
        made = steady(rate, delay_s=0.22, second=0.25, hand=hand, seed=per_minute)
        rows = vitals_run.play(made.samples, population)
        moving += sum(reason[0] == "motion" for reason in rows.reasons)
        more = wrong_seconds(made, population)
        wrong, shown = wrong + more[0], shown + more[1]
    assert wrong <= 1
    assert moving >= 60


@pytest.mark.parametrize("weak, early", [(0.62, 0.31), (0.5, 0.33), (0.85, 0.33)])
def test_a_newborns_beats_coupled_two_by_two_are_not_halved(weak, early):
    made = steady(170, delay_s=0.2, second=0.15, weak=weak, early=early, seed=3)
    assert wrong_seconds(made, "newborn")[0] <= 2


def test_a_second_wave_is_proven_by_beats_that_vary():
    """It keeps its distance to its own beat; an early beat scales with the others, and even beats prove nothing."""
    proven = []
    for spread, delay in ((0.05, 1000), (0.05, None), (0, 1000)):
        waves = Waves()
        ticks = 0
        for beat in range(20):
            span = 2200 + round(2200 * spread * np.sin(beat))
            for wait, height in (
                (delay or span * 45 // 100, 700),
                (span - (delay or span * 45 // 100), 1000),
            ):
                ticks += wait
                waves.every.take(ticks, height)
        proven.append(waves.every.keeps_delay())
    assert proven == [True, False, False]


def test_a_missed_wave_is_no_beat_that_varies():
    """After it strong and weak change places: beats weak in turn seemed to keep a distance to beats that vary."""
    waves = Waves(False)
    ticks = 0
    for wave in range(40):
        ticks += 1500 + 20 * (wave % 3)
        if wave != 28:
            waves.strong.take(ticks, 1250 if wave % 2 else 450)
    assert waves.strong.pattern == 2
    assert not waves.strong.keeps_delay()


@pytest.mark.parametrize(
    "rate, breath, level, delay, second",
    [(130, 98, 0.39, 0.23, 0.32), (190, 100, 0.44, 0.22, 0.12), (148, 67, 0.45, 0.23, 0.39)],
)
def test_a_newborn_that_never_shows_a_rate_is_no_adult(tmp_path, rate, breath, level, delay, second):
    """An adult's profile plays it nothing: its breath makes its beats unlike throughout, and it is refused for that."""
    light = steady(
        rate, 70, delay_s=delay, second=second, breathing_per_minute=breath, breathing_level=level, seed=3
    )
    assert stop_s(light, "adult", tmp_path) < 60


@pytest.mark.parametrize("rate", [63, 65])
def test_an_adults_second_wave_half_way_is_no_newborns_beat(tmp_path, rate):
    """As high as the beat, so that no rate is shown for most of the time."""
    patient = Patient("adult", 3, pulse_rate_bpm=rate, breathing_rate_bpm=15)
    ir, red, _ = patient.photocurrent(0, 10_000, 7500)
    counts = np.rint(np.column_stack([ir, red]) / NA_PER_MA_PER_COUNT).astype("<u4")
    made = Made(counts, np.full(len(counts), float(rate)), np.zeros(0))
    assert sum(row["pulse_rate_bpm"] is None for row in vitals_run.play(made.samples, "adult").rows) > 40
    assert stop_s(made, "adult", tmp_path) is None


@pytest.mark.parametrize(
    "rate, breath, level, delay, second",
    [(158, 89, 0.47, 0.16, 0.17), (217, 97, 0.48, 0.27, 0.02), (169, 81, 0.51, 0.15, 0.38)],
)
def test_a_newborns_breath_is_no_adults_pulse(rate, breath, level, delay, second):
    """It hides every other beat for some seconds; between them the row is even, and too fast for an adult."""
    wrong = 0
    for seed in (1, 2, 3):
        made = steady(
            rate,
            delay_s=delay,
            second=second,
            breathing_per_minute=breath,
            breathing_level=level,
            perfusion_percent=0.8,
            seed=seed,
        )
        wrong += wrong_seconds(made, "adult")[0]
    assert wrong <= 6


@pytest.mark.parametrize("height, reason", [(900, "two_rates"), (200, None)])
def test_waves_that_fade_are_no_slower_heart(height, reason):
    """A heart that has slowed has waves as high as before; with others the rate that was known is held a while."""
    waves = Waves()
    rates = Rates(waves, True)
    ticks = 0
    for wait_ticks, high in [(1280, 1000)] * 12 + [(4000, height), (3500, height)]:
        ticks += wait_ticks
        for row in (waves.every, waves.strong):
            row.take(ticks, high)
        rates.look()
        doubt = rates.doubt(150_000, Period(12, 64, 400, 100, 960))
    assert doubt == reason


def test_a_lamp_on_a_bare_sheet_is_no_pulse():
    time_s = np.arange(6000) / 100
    swing = np.sin(2 * np.pi * 2 * time_s)
    noise = np.random.default_rng(1).standard_normal((6000, 2)) * 6
    light = np.column_stack([60_000 + 120 * swing, 50_000 + 60 * swing]) + noise
    readings = vitals_run.play(np.rint(light).astype("<u4"), "newborn")
    assert all(row["pulse_rate_bpm"] is None for row in readings.rows[8:])
    assert readings.reasons[-1][0] == "not_a_pulse"


@pytest.mark.parametrize("hz", [7.7, 8.3, 10.017])
def test_a_flicker_is_no_pulse_of_any_multiple_of_its_time(hz):
    """Found by a newcomer: a sawtooth of 10 Hz was shown as 120, its fifth, and music followed it."""
    random = np.random.default_rng(2)
    swing = 1 - 2 * ((hz * np.arange(4000) / 100 + 0.0005 * np.cumsum(random.standard_normal(4000))) % 1)
    noise = random.standard_normal((4000, 2)) * 6
    light = np.column_stack([80_000 * (1 + 0.004 * swing), 70_000 * (1 + 0.0036 * swing)]) + noise
    for population in ("newborn", "adult"):
        readings = vitals_run.play(np.rint(light).astype("<u4"), population)
        assert sum(row["pulse_rate_bpm"] is not None for row in readings.rows) <= 2


@pytest.mark.parametrize("hz", [1.2, 1.6, 5.6, 8])
def test_a_lamp_slow_or_fast_stops_no_music_as_a_slow_or_fast_heart(hz, tmp_path):
    """Nothing is told of it before a shape was seen, and no heart beats 320 times a minute."""
    time_s = np.arange(6000) / 100
    swing = np.sin(2 * np.pi * hz * time_s)
    noise = np.random.default_rng(1).standard_normal((6000, 2)) * 6
    light = np.column_stack([60_000 + 300 * swing, 50_000 + 250 * swing]) + noise
    made = Made(np.rint(light).astype("<u4"), np.full(6000, np.nan), np.zeros(0))
    assert all(row["pulse_rate_bpm"] is None for row in vitals_run.play(made.samples, "newborn").rows)
    assert stop_s(made, "newborn", tmp_path) is None


def stop_s(made, population, tmp_path):
    """When the guard's rules for a slow pulse would stop the music, s; None for never."""
    made.samples.tofile(tmp_path / "samples")
    out = run_script(SCRIPT, population, str(tmp_path / "samples")).stdout.decode()
    return float(out) if out.strip() else None


@pytest.mark.parametrize("over_s", [0.01, 3, 10])
def test_a_fall_is_seen_by_the_guard(tmp_path, over_s):
    """Second waves late and early; the fade of 2 s comes on top."""
    waits = []
    for to, delay, second in (
        (78, 0.36, 0.35),
        (78, 0.25, 0.3),
        (67, 0.4, 0.3),
        (45, 0.3, 0.4),
        (30, 0.25, 0.3),
    ):
        rate = course(50, (0, 150), (25, 150), (25 + over_s, to))
        made = heart(rate, delay_s=delay, second=second, seed=to)
        crossed_s = np.argmax(rate < 100) / 100
        stopped_s = stop_s(made, "newborn", tmp_path)
        assert stopped_s is not None
        waits.append(stopped_s - crossed_s)
    assert max(waits) <= 10
    assert np.median(waits) <= 6.5


@pytest.mark.parametrize("rate", [120, 135, 150, 175, 200])
def test_a_steady_newborn_is_never_taken_for_a_slow_one(tmp_path, rate):
    for second in (0, 0.15):
        for breath in (40, 60):
            made = steady(rate, 120, delay_s=0.2, second=second, breathing_per_minute=breath, seed=rate)
            assert stop_s(made, "newborn", tmp_path) is None


@pytest.mark.parametrize(
    "rate, breath, delay, second",
    [
        (138.6, 68.0, 0.3, 0.34),
        (128.6, 62.8, 0.33, 0.47),
        (136.2, 61.0, 0.27, 0.37),
        (126.9, 62.2, 0.36, 0.69),
        (136.9, 48.7, 0.31, 0.55),
    ],
)
def test_a_breath_at_half_or_a_third_of_the_pulse_is_no_slow_heart(tmp_path, rate, breath, delay, second):
    """Such a breath makes every second or third wave weak, or hides it; the beats go on as before."""
    for seed in (1, 2):
        made = steady(
            rate,
            90,
            delay_s=delay,
            second=second,
            breathing_per_minute=breath,
            perfusion_percent=0.7,
            seed=seed,
        )
        assert stop_s(made, "newborn", tmp_path) is None


def test_a_fall_to_another_rate_than_half_is_sure(tmp_path):
    """The waves come in pairs, none of them much the weaker: what tells is that their rhythm is new."""
    waits = []
    for before, to, delay, second in (
        (180, 72, 0.37, 0.7),
        (165, 62, 0.4, 0.8),
        (150, 90, 0.28, 0.8),
        (190, 70, 0.4, 0.6),
    ):
        rate = course(45, (0, before), (25, before), (25.01, to))
        made = heart(rate, delay_s=delay, second=second, seed=to)
        waits.append(stop_s(made, "newborn", tmp_path) - 25)
    assert max(waits) < 6


@pytest.mark.parametrize("second", [0, 0.3])
def test_a_dip_of_two_seconds_is_no_bradycardia(tmp_path, second):
    """Four seconds are the rule, and they begin with the first slow beat, not with the second waves before it."""
    rate = course(60, (0, 112), (30, 112), (30.5, 94), (32.5, 94), (33, 112))
    made = heart(rate, delay_s=0.22, second=second, seed=3)
    assert stop_s(made, "newborn", tmp_path) is None


@pytest.mark.parametrize("before, to, over_s", [(70, 28, 10), (105, 34, 3), (92, 22, 0.01), (58, 40, 0.01)])
def test_an_adults_very_slow_heart_is_seen(tmp_path, before, to, over_s):
    """Two waves a beat, noise between them, and a rate that the estimator takes for its double or triple, or for none."""
    for delay, second in ((0.28, 0.1), (0.4, 0.5)):
        rate = course(60, (0, before), (25, before), (25 + over_s, to))
        made = heart(
            rate, delay_s=delay, second=second, breathing_per_minute=12, perfusion_percent=0.33, seed=to
        )
        crossed_s = np.argmax(rate < 45) / 100
        assert stop_s(made, "adult", tmp_path) - crossed_s <= 16


@pytest.mark.parametrize(
    "to, per_minute, form", [(54, 106, "sine"), (69, 149, "sine"), (83, 62, "pat"), (62, 110, "hum")]
)
def test_a_fall_beneath_a_rhythmic_hand_is_seen(tmp_path, to, per_minute, form):
    """What red does not share with infrared goes on as the pulse does."""
    rate = course(60, (0, 150), (25, 150), (26, to))
    hand = patting(6000, per_minute, 5, 24, 60, form)
    made = heart(rate, delay_s=0.3, second=0.3, hand=hand, perfusion_percent=0.6, seed=to)
    assert stop_s(made, "newborn", tmp_path) - 26 <= 22


@pytest.mark.parametrize(
    "per_minute, height, form", [(94, 6, "sine"), (79, 5.8, "pat"), (87, 2.7, "hum"), (103, 5.1, "pat")]
)
def test_a_hand_over_a_healthy_pulse_stops_no_music(tmp_path, per_minute, height, form):
    """Neither while it moves nor when it has gone, and waves six times as high with it."""
    for pulse in (137, 167):
        hand = patting(6000, per_minute, height, 22, 45, form)
        made = steady(pulse, 60, delay_s=0.22, second=0.4, hand=hand, perfusion_percent=0.5, seed=pulse)
        assert stop_s(made, "newborn", tmp_path) is None
