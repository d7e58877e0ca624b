"""The patient is light that depends on seed, script and time alone, and carries the physiology it was given.

Physics: a beat brings blood, blood absorbs, so the light falls; red falls R times as far as infrared, and R
follows from the saturation by the calibration curve of Maxim's application note 6845.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.patient import (
    IR_COUNTS,
    NA_PER_MA_PER_COUNT,
    RED_COUNTS,
    Patient,
    Script,
    ratio_from_spo2,
    spo2_from_ratio,
)  # fmt: skip

PERIOD_US = 10_000.0


def light(patient, seconds, start_s=0.0):
    """Infrared and red in counts, 100 a second."""
    ir, red, _ = patient.photocurrent(int(start_s * 1e6), PERIOD_US, int(seconds * 100))
    return ir / NA_PER_MA_PER_COUNT, red / NA_PER_MA_PER_COUNT


def band(signal, low_hz, high_hz):
    spectrum = np.fft.rfft(signal - signal.mean())
    hertz = np.fft.rfftfreq(len(signal), 0.01)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0
    return np.fft.irfft(spectrum, len(signal))


@settings(max_examples=25)
@given(
    pieces=st.lists(st.integers(1, 900), min_size=1, max_size=12),
    seed=st.integers(0, 2**31 - 1),
    population=st.sampled_from(["newborn", "adult"]),
)
def test_the_samples_are_the_same_in_whatever_pieces_they_are_asked_for(pieces, seed, population):
    def make():
        patient = Patient(population, seed, irregular_pulse=0.1)
        patient.set("motion", 2.0, 5, 1, 3)
        patient.set("sensor_off", 1, 12, 0, 4)
        patient.set("pulse_rate", 90, 3, 5, 2)
        return patient

    whole = make().photocurrent(0, PERIOD_US, sum(pieces))
    patient, at, parts = make(), 0, []
    for count in pieces:
        parts.append([piece.copy() for piece in patient.photocurrent(at * 10_000, PERIOD_US, count)])
        at += count
    for channel in range(3):
        assert np.array_equal(whole[channel], np.concatenate([part[channel] for part in parts]))


def test_a_time_looked_at_twice_is_the_same_and_looking_back_is_allowed():
    patient = Patient("adult", 5)
    late = patient.photocurrent(60_000_000, PERIOD_US, 100)[0].copy()
    patient.photocurrent(0, PERIOD_US, 100)
    assert np.array_equal(late, patient.photocurrent(60_000_000, PERIOD_US, 100)[0])


def test_another_seed_is_another_patient():
    assert not np.array_equal(light(Patient(seed=1), 10)[0], light(Patient(seed=2), 10)[0])


def test_the_noise_of_the_two_colours_has_nothing_in_common():
    ir, red = light(Patient(perfusion_index_percent=0.01), 60)
    noise = [np.diff(colour, 2) for colour in (ir, red)]
    assert abs(np.corrcoef(noise)[0, 1]) < 0.05
    assert np.std(noise[0]) == pytest.approx(
        6 * 6**0.5, rel=0.1
    )  # 6 counts, as the sensor has; second difference


def test_the_light_is_at_the_level_the_recordings_have():
    ir, red = light(Patient("newborn"), 60)
    assert abs(ir.mean() / IR_COUNTS - 1) < 0.02
    assert abs(red.mean() / RED_COUNTS - 1) < 0.02


@pytest.mark.parametrize(
    ("population", "rate"), [("newborn", 150), ("newborn", 190), ("adult", 60), ("adult", 110)]
)
def test_the_beats_come_at_the_rate_that_was_asked_for(population, rate):
    patient = Patient(population, pulse_rate_bpm=rate)
    beats = np.array(patient.beat_times_s(600))
    assert abs(60 / np.diff(beats).mean() / rate - 1) < 0.01
    truth = np.mean([patient.true_pulse_rate_bpm(t) for t in range(600)])
    assert abs(truth / rate - 1) < 0.01


@pytest.mark.parametrize(("population", "rate"), [("newborn", 150), ("adult", 70)])
def test_the_strongest_rhythm_in_the_light_is_the_pulse(population, rate):
    patient = Patient(population, pulse_rate_bpm=rate)
    ir, _ = light(patient, 60)
    spectrum = np.abs(np.fft.rfft(band(ir, 0.9, 8)))
    strongest_bpm = 60 * np.fft.rfftfreq(len(ir), 0.01)[spectrum.argmax()]
    assert abs(strongest_bpm - rate) < 5


def test_light_falls_quickly_when_a_beat_brings_blood_and_comes_back_slowly():
    patient = Patient("adult", pulse_rate_bpm=60, breathing_rate_bpm=6)
    ir, _ = light(patient, 30)
    beats = [beat for beat in patient.beat_times_s(28) if beat > 1]
    lowest = [np.argmin(ir[int(beat * 100) : int(beat * 100) + 95]) / 100 for beat in beats]
    assert 0.1 < np.median(lowest) < 0.35


@pytest.mark.parametrize("perfusion", [0.1, 1.0, 5.0])
def test_the_pulse_is_as_high_as_the_perfusion_index_says(perfusion):
    patient = Patient("adult", perfusion_index_percent=perfusion)
    ir, _ = light(patient, 60)
    beats = [int(beat * 100) for beat in patient.beat_times_s(59)]
    pulse = band(ir, 0.6, 20)
    heights = [np.ptp(pulse[a:b]) for a, b in pairwise(beats)]
    assert abs(np.median(heights) / IR_COUNTS * 100 / perfusion - 1) < 0.25


@pytest.mark.parametrize("spo2", [98, 90, 80, 70])
def test_red_over_infrared_gives_back_the_saturation(spo2):
    ir, red = light(Patient("newborn", spo2_percent=spo2), 60)
    ratio = np.std(band(red, 1.8, 8)) / red.mean() / (np.std(band(ir, 1.8, 8)) / ir.mean())
    assert abs(spo2_from_ratio(ratio) - spo2) < 1.0


@given(st.floats(40, 100))
def test_the_calibration_curve_is_inverted_exactly(spo2):
    assert spo2_from_ratio(float(ratio_from_spo2(np.float64(spo2)))) == pytest.approx(spo2, abs=1e-9)


def test_a_scripted_fall_of_the_pulse_is_in_the_beats_and_in_the_truth():
    patient = Patient("newborn", pulse_rate_bpm=150)
    patient.set("pulse_rate", 75, at_s=60, over_s=10, for_s=20)
    beats = np.array(patient.beat_times_s(140))
    slow = beats[(beats > 71) & (beats < 89)]
    assert 60 / np.diff(slow).mean() == pytest.approx(75, rel=0.04)
    after = beats[beats > 102]
    assert 60 / np.diff(after).mean() == pytest.approx(150, rel=0.04)
    assert patient.true_pulse_rate_bpm(80) == pytest.approx(75, rel=0.04)


def test_a_change_made_while_playing_is_seen_at_once_and_leaves_the_past_alone():
    patient = Patient("newborn", seed=4)
    before = patient.photocurrent(0, PERIOD_US, 600)[0].copy()
    patient.beat_times_s(30)
    patient.set("pulse_rate", 80, at_s=6.0)
    assert np.array_equal(before, patient.photocurrent(0, PERIOD_US, 600)[0])
    beats = np.array(patient.beat_times_s(30))
    assert 60 / np.diff(beats[beats > 7]).mean() == pytest.approx(80, rel=0.04)


def test_off_the_skin_there_is_hardly_any_light_and_no_pulse():
    patient = Patient("newborn")
    patient.set("sensor_off", 1, at_s=10, for_s=10)
    ir, red = light(patient, 30)
    gap = slice(1100, 1950)
    assert ir[gap].max() < 5000
    assert red[gap].max() < 5000
    assert np.std(band(ir[gap], 2, 4)) < 10
    assert abs(ir[2200:].mean() / IR_COUNTS - 1) < 0.05
    assert [patient.contact(t) for t in (9.9, 10.1, 19.9, 20.1)] == [True, False, False, True]
    assert patient.skin_temperature_c(15) < patient.skin_temperature_c(5)


def test_motion_is_stronger_than_the_pulse_while_it_lasts_and_gone_after():
    patient, still = Patient("newborn"), Patient("newborn")
    patient.set("motion", 3.0, at_s=10, for_s=5)
    moved, calm = light(patient, 30)[0], light(still, 30)[0]
    assert np.std(moved[1000:1500]) > 5 * np.std(calm[1000:1500])
    assert np.array_equal(moved[1501:], calm[1501:])
    assert np.array_equal(moved[:1000], calm[:1000])


def test_room_light_reaches_the_detector_and_more_of_it_without_skin():
    patient = Patient("newborn")
    patient.set("ambient_light", 100, at_s=1)
    patient.set("sensor_off", 1, at_s=5)
    ambient = patient.photocurrent(0, PERIOD_US, 800)[2]
    assert ambient[:90].max() < 1000
    assert ambient[300] == pytest.approx(100_000, rel=0.05)
    assert ambient[700] > 5 * ambient[300]


def test_the_pulse_does_not_follow_the_music_unless_told_to():
    deaf, plain = Patient("newborn", 7), Patient("newborn", 7)
    for t in range(0, 600, 1):
        deaf.hear(t, 60.0)
    assert deaf.beat_times_s(600) == plain.beat_times_s(600)


@pytest.mark.parametrize(("gain", "least", "most"), [(1.0, -9.5, -7.0), (0.5, -5.0, -3.2), (-0.5, 3.2, 5.0)])
def test_the_pulse_follows_late_and_as_far_as_it_is_told(gain, least, most):
    patient, plain = (Patient("newborn", 7, pulse_rate_bpm=150, follows_music=g) for g in (gain, 0.0))
    change = []
    for t in range(400):
        patient.hear(float(t), 75.0 if t < 100 else 69.0)  # half of 150, then 8 % less
        change.append(100 * (patient.true_pulse_rate_bpm(t) / plain.true_pulse_rate_bpm(t) - 1))
    assert abs(change[99]) < 0.5
    assert abs(change[104]) < 0.5
    assert least < change[-1] < most


def test_silence_lets_the_pulse_go_back():
    patient, plain = (Patient("newborn", 7, follows_music=g) for g in (1.0, 0.0))
    for t in range(600):
        patient.hear(float(t), 70.0 if t < 300 else None)
    assert patient.true_pulse_rate_bpm(602) == pytest.approx(plain.true_pulse_rate_bpm(602), rel=0.002)


def test_an_irregular_pulse_keeps_its_rate_and_loses_its_regularity():
    regular = np.diff(Patient("adult", 3).beat_times_s(600))
    irregular = np.diff(Patient("adult", 3, irregular_pulse=0.15).beat_times_s(600))
    assert irregular.std() > 3 * regular.std()
    assert irregular.mean() == pytest.approx(regular.mean(), rel=0.02)


def test_a_younger_newborn_has_a_faster_pulse():
    rates = [Patient(postmenstrual_weeks=weeks).true_pulse_rate_bpm(0) for weeks in (28, 34, 40)]
    assert rates[0] > rates[1] > rates[2]


def test_an_unknown_quantity_is_refused():
    with pytest.raises(ValueError, match="blood_pressure"):
        Patient().set("blood_pressure", 120, 0)


class TestScript:
    def test_a_change_for_good(self):
        script = Script(1.0)
        script.set(3.0, at_s=10, over_s=2)
        assert [script.at(t) for t in (0, 10, 11, 12, 99)] == [1, 1, 2, 3, 3]

    def test_a_change_that_is_undone(self):
        script = Script(1.0)
        script.set(3.0, at_s=10, over_s=2, for_s=5)
        assert [script.at(t) for t in (10, 12, 17, 18, 19, 50)] == [1, 3, 3, 2, 1, 1]

    def test_a_change_within_a_change_gives_the_outer_one_back(self):
        script = Script(0.0)
        script.set(10.0, at_s=0, for_s=100)
        script.set(20.0, at_s=50, for_s=10)
        assert [script.at(t) for t in (25, 55, 65, 99, 101)] == [10, 20, 10, 10, 0]

    @given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 9), st.floats(0, 9)), max_size=6))
    def test_one_time_and_many_times_agree(self, changes):
        script = Script(5.0)
        for number, (at_s, over_s, for_s) in enumerate(sorted(changes)):
            script.set(float(number), at_s, over_s, for_s or None)
        time_s = np.linspace(0, 130, 200)
        assert np.allclose(script.over(time_s), [script.at(t) for t in time_s], atol=1e-6)


def test_a_slow_beat_is_long_by_its_rest_and_rises_as_quickly():
    """Its steepest rise is as steep at 30 a minute as at 60, and only there would another rule begin."""
    steepest = {}
    for rate in (75, 60, 45, 30):
        ir, _, _ = Patient("adult", 3, pulse_rate_bpm=rate).photocurrent(0, 10_000, 3000)
        steepest[rate] = np.quantile(-np.diff(ir), 0.995)
    assert steepest[60] < steepest[75]
    assert steepest[45] == pytest.approx(steepest[60], rel=0.1)
    assert steepest[30] == pytest.approx(steepest[60], rel=0.1)
