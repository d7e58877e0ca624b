"""Beats where each has a second wave about half-way: counted once, whichever of the two is steeper."""

from array import array

import numpy as np
import pytest
from pulse_kinds import course, heart
from vitals_score import matched

from host_tools.play import vitals_run
from simulator import cpython

FROM_S, UNTIL_S = 10, 58


def parts(beats_s, shown):
    """The beats of settled seconds in which a rate is shown."""
    inside = beats_s[(beats_s > FROM_S) & (beats_s < UNTIL_S)]
    return inside[shown[inside.astype(int)]]


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize(
    "population, rate, share, second",
    [
        ("adult", 61, 0.49, 0.67),
        ("adult", 84, 0.53, 0.4),
        ("adult", 91, 0.58, 0.85),
        ("adult", 72, 0.6, 0.47),
        ("adult", 130, 0.55, 0.8),
        ("newborn", 160, 0.47, 0.5),
        ("newborn", 114, 0.57, 0.77),
    ],
)
def test_a_second_wave_half_way_to_the_next_beat_is_no_beat(population, rate, share, second, runtime):
    made = heart(
        course(60, (0, rate)),
        delay_s=share * 60 / rate,
        second=second,
        breathing_per_minute=12 if population == "adult" else 50,
        perfusion_percent=0.6,
        jitter=0.015,
        seed=rate,
    )
    readings = vitals_run.play(made.samples, population, runtime=runtime)
    shown = np.array([row["pulse_rate_bpm"] is not None for row in readings.rows])
    found, true = parts(np.array(readings.beats_s), shown), parts(made.beats_s, shown)
    assert len(true) >= 20
    assert 2 * matched(found, true) >= 0.98 * (len(found) + len(true))


def beats_found(waves, interval=2000):
    """Feed waves (ticks, height) to the choice between the two of each beat; returns the times of what was taken."""
    cpython.install()
    from firmware.light.beats import Beats

    beats = Beats()
    for ticks, height in waves:
        if not beats._is_between(ticks, interval, height):
            beats.times[beats.count & 63] = ticks
            beats.count += 1
    return list(beats.times[: beats.count])


def in_pairs(delay, second, count=12, before=0):
    """Beats of height 1000 each 2000 ticks, `before` of them alone at first, and a second wave after each."""
    for beat in range(count):
        yield 2000 * beat + 500, 1000
        if beat >= before:
            yield 2000 * beat + 500 + delay, second


@pytest.mark.parametrize("delay", [600, 1000, 1400])
@pytest.mark.parametrize("second", [300, 990])
def test_of_two_waves_that_which_is_due_is_the_beat(delay, second):
    assert beats_found(in_pairs(delay, second)) == [500 + 2000 * beat for beat in range(12)]


def test_the_higher_wave_becomes_the_beat_when_it_was_the_higher_three_times():
    # The second waves are the beats; from the fourth on that is known.
    assert beats_found(in_pairs(1000, 1200)) == [500, 2500, 4500] + [7500 + 2000 * beat for beat in range(9)]
    # A little higher they are not: beats of a breath differ by as much.
    assert beats_found(in_pairs(1000, 1080)) == [500 + 2000 * beat for beat in range(12)]


def test_beats_that_were_missed_leave_the_time_of_the_next():
    waves = [(500, 1000), (2500, 1000), (7500, 400), (8500, 1000), (18500, 1000)]
    assert beats_found(waves) == [500, 2500, 8500, 18500]


def test_the_light_is_what_the_slopes_add_up_to():
    """`fall` from any pair on, and the light now, are the light then: exactly, wherever now is."""
    cpython.install()
    from firmware.light import pulse

    light = (100_000 + 500 * np.sin(np.arange(400) / 7)).astype(int)
    levels = []
    for count in (300, 302, 306, 400):
        state = pulse.new_state()
        ir, red = (array("I", [pulse.SLOPE_BIAS] * pulse.RING) for _ in range(2))
        pulse.smooth(state, ir, red, array("I", light.tolist()), array("I", light.tolist()), count)
        levels.append(pulse.light(state) + pulse.fall(ir, 120, state[pulse.HEAD]))
    assert len(set(levels)) == 1
    pairs = light[0::2] + light[1::2]
    sums = [pairs[pair - 3 : pair + 1].sum() for pair in range(116, 120)]
    assert levels[0] == sum(sums)


def test_a_slow_breath_shows_no_swing_before_three_of_them_were_laid():
    """The grid begins with 44 s; three breaths of 15 s are 45, and what is not filled is no interval."""
    cpython.install()
    from firmware.vitals import Vitals

    breath = Vitals("adult").variability.breath
    swings = []
    breath._swing = swings.append
    turns = 2 * np.pi * np.arange(256) / 61
    for place in range(256):
        breath._heights[place] = int(1000 + 100 * np.sin(turns[place]))
        breath._intervals[place] = int(2400 + 60 * np.sin(turns[place]))
        breath._levels[place] = 32768
    breath._from_height, breath._from_span = 1000, 2400
    for laid in (176, 182):
        breath._laid = laid
        breath.measure(0, False)
        assert breath.rate_mbpm == pytest.approx(240_000 / 61, rel=0.1)
    assert len(swings) == 1


def test_a_beat_that_a_breath_outran_has_no_height():
    """The light grew at it: below 0 was written where a chip keeps that as four thousand million counts."""
    cpython.install()
    from firmware.light import pulse

    slopes = array(
        "I", [pulse.SLOPE_BIAS + slope for slope in (-9, -8, -100, -7, -6)] + [pulse.SLOPE_BIAS] * 507
    )
    assert pulse.rise(slopes, 2, 2, 2) == 0
    slopes[2] = pulse.SLOPE_BIAS + 100
    assert pulse.rise(slopes, 2, 2, 2) == 100


def test_perfusion_is_measured_at_beats_that_have_a_height():
    cpython.install()
    from firmware.light import pulse
    from firmware.vitals import Vitals

    def perfusion(*rises):
        vitals = Vitals("newborn")
        vitals._state[pulse.IR_SUM] = 100_000 * 8 << 8
        vitals._beats.local_ticks = 1280
        vitals._beats.count = vitals._beats.stretches = len(rises)
        for number, rise in enumerate(rises):
            vitals._beats.rises[number] = rise
            vitals._beats.times[number] = 1000 + number * 1280
        vitals._measure_perfusion(1000 + len(rises) * 1280)
        return vitals.perfusion_index_ppm

    assert perfusion(30_000, 0, 32_000, 0, 34_000) == perfusion(30_000, 32_000, 34_000) is not None
    assert perfusion(30_000, 0, 0, 0, 34_000) is None
