"""Hazards that come from the patient: each test plays a session in virtual time. hNN: row of
docs/hazards.toml.
"""

import pytest
from session_bench import Bench

from firmware.prescription.profile import Profile, ProfileError


def ramp(bench, to_bpm, seconds):
    """The pulse glides; stops early once the music is told to leave."""
    start = bench.pulse_bpm
    for turn in range(int(seconds * 10)):
        bench.pulse_bpm = start + (to_bpm - start) * turn / (seconds * 10)
        bench.step()
        if bench.phase == "withdraw":
            return
    bench.pulse_bpm = to_bpm


def test_h05_no_pulse_reading_however_mad_makes_the_tempo_run_away():
    for reading in (0, 1, -75, 1000, 999_999):
        bench = Bench(follow="lead_anyway").start(200)
        before = bench.tempo_bpm
        bench.pulse_bpm = reading
        bench.run(3)
        assert abs(bench.tempo_bpm / before - 1) < 0.01
        bench.run(60)
        if bench.sounding:
            assert 0.92 * 75 - 0.01 <= bench.tempo_bpm <= 75


def test_h05_a_mad_reading_during_the_baseline_starts_no_mad_tempo():
    for reading in (1, 20, 400, 1000):
        bench = Bench()
        bench.pulse_bpm = reading
        bench.start(300)
        assert bench.phase == "withdraw" or bench.outputs.tempo_mbpm is None
        bench = Bench("adult")
        bench.pulse_bpm = reading
        bench.start(300)
        assert bench.phase == "withdraw" or bench.outputs.tempo_mbpm is None


@pytest.mark.parametrize("wrong", [75, 71, 300])
def test_h06_a_pulse_read_at_half_or_double_for_a_moment_hardly_moves_the_music(wrong):
    bench = Bench(match_min=10).start(120)
    before = bench.tempo_bpm
    bench.pulse_bpm = wrong
    bench.run(3.5)
    bench.pulse_bpm = 150.0
    bench.run(120)
    assert bench.phase == "match" and bench.tempo_bpm == pytest.approx(before, rel=0.01)


def test_h06_one_wrong_reading_in_ten_does_not_move_the_baseline():
    bench = Bench()
    bench.start()
    for second in range(80):
        bench.pulse_bpm = 75.0 if second % 10 == 9 else 150.0
        bench.run(1)
        if bench.phase == "match":
            break
    assert bench.outputs.baseline_mbpm == 150_000 and bench.tempo_bpm == pytest.approx(75, rel=0.02)


def test_h08_a_lost_signal_moves_nothing():
    bench = Bench(follow="lead_anyway").start(400)
    tempo = bench.tempo_bpm
    bench.pulse_bpm = None
    bench.run(100)
    assert bench.tempo_bpm == tempo and bench.phase == "hold"


def test_h08_no_tempo_comes_from_a_patient_without_a_signal():
    bench = Bench()
    bench.pulse_bpm = None
    bench.start(280)
    assert bench.outputs.baseline_mbpm is None and bench.tempo_bpm == 66
    # Five minutes in which no rule can see the patient are enough, or two and a fade of a melody.
    assert bench.run(60, until="withdraw") < 35
    assert bench.outputs.reason == "signal_lost"


def test_h08_a_newborns_sensor_that_is_off_ends_the_music_after_15_seconds():
    bench = Bench().start(300)
    bench.pulse_bpm = None
    bench.inputs.contact = False
    assert bench.run(60, until="fade") <= 15.2
    bench.run(11)
    assert not bench.sounding


def test_h09_slowing_stops_within_a_second_of_110_while_the_pulse_falls_to_70():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = 150.0
    start = 150.0
    frozen_at = None
    for turn in range(800):
        bench.pulse_bpm = start - turn * 0.1
        before = bench.tempo_bpm
        bench.step()
        if bench.phase == "withdraw":
            break
        if bench.pulse_bpm < 109.9 and frozen_at is None:
            frozen_at = before
        if frozen_at is not None:
            assert bench.tempo_bpm == frozen_at
    # It fell 1 bpm a second, so it was below 100 for 4 s at 96.
    assert (bench.phase, bench.outputs.reason) == (
        "withdraw",
        "bradycardia",
    ) and 95.8 <= bench.pulse_bpm <= 96.2
    bench.run(3)
    assert not bench.sounding


def test_h09_slowing_stops_when_the_pulse_has_come_down_8_percent():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = 137.5
    tempo = bench.tempo_bpm
    bench.run(300)
    assert (bench.phase, bench.outputs.reason) == ("hold", "pulse_low") and bench.tempo_bpm == tempo


@pytest.mark.parametrize(
    ("population", "settings", "pulse", "seconds"),
    [
        ("newborn", {}, 95, 4),
        ("newborn", {"maturity": "term", "pulse_low_stop_bpm": 80}, 75, 4),
        ("adult", {}, 42, 10),
    ],
)
def test_h09_bradycardia_withdraws_in_any_phase(population, settings, pulse, seconds):
    for start_s in (40, 80, 250, 700):
        bench = Bench(population, **settings).start(start_s)
        bench.pulse_bpm = pulse
        assert bench.run(60, until="withdraw") == pytest.approx(seconds, abs=0.2)
        assert bench.outputs.reason == "bradycardia" and bench.outputs.light_colour == "amber"
        bench.run(3)
        assert not bench.sounding and bench.outputs.end == "withdrawn"


def test_h10_desaturation_withdraws_and_tells_with_light_alone():
    bench = Bench().start(250)
    bench.spo2_percent = 80.0
    assert bench.run(60, until="withdraw") == pytest.approx(10, abs=0.2)
    bench.run(3)
    assert (
        bench.outputs.reason == "desaturation"
        and bench.outputs.light_colour == "amber"
        and not bench.sounding
    )


def test_h10_agitation_withdraws_after_half_a_minute_but_not_in_the_first_two():
    bench = Bench().start(75)
    bench.pulse_bpm = 185.0
    bench.run(100)
    assert bench.sounding, "a small rise at first is expected"
    bench.run(60)
    assert (bench.phase, bench.outputs.reason) == ("withdraw", "tachycardia")
    bench = Bench("adult").start(400)
    bench.pulse_bpm = 90.0
    assert bench.run(100, until="withdraw") == pytest.approx(60, abs=0.2)


def test_h16_an_adults_profile_on_a_newborn_is_refused_before_any_melody():
    bench = Bench("adult")
    bench.pulse_bpm = 120.0
    bench.start()
    assert bench.run(60, until="withdraw") < 8
    bench.run(3)
    assert (bench.outputs.end, bench.outputs.reason) == ("refused", "wrong_population")
    assert not bench.sounding and not any(row.melody for row in bench.rows)


def test_h16_a_newborns_profile_on_an_adult_ends_before_any_melody():
    bench = Bench()
    bench.pulse_bpm = 70.0
    bench.start()
    # For this profile it is a newborn with a pulse of 70, and told as that.
    assert bench.run(60, until="withdraw") < 6
    assert (bench.outputs.end, bench.outputs.reason) == ("withdrawn", "bradycardia")
    assert not any(row.melody for row in bench.rows)


def test_h16_without_a_word_about_the_population_the_strictest_limits_apply():
    profile = Profile.from_values({})
    assert (profile.population, profile.maturity, profile.pulse_low_stop_mbpm) == (
        "newborn",
        "preterm",
        100_000,
    )
    with pytest.raises(ProfileError, match="early_unlock"):
        Profile.from_values({"maturity": "very_preterm"})


def test_h23_a_profile_that_no_therapist_confirmed_does_not_play():
    for confirmed in (False, None):
        bench = Bench()
        bench.inputs.profile_confirmed = confirmed
        bench.start(30)
        assert (bench.outputs.end, bench.outputs.reason) == ("refused", "not_confirmed")
        assert not any(row.sounding for row in bench.rows)


@pytest.mark.parametrize("bias", [-6, 0, 4])
def test_h24_oxygen_never_starts_never_drives_and_only_stops(bias):
    straight, biased = Bench(follow="lead_anyway"), Bench(follow="lead_anyway")
    straight.spo2_percent, biased.spo2_percent = 96.0, 96.0 + bias
    straight.start(900)
    biased.start(900)
    assert [row.tempo_bpm for row in straight.rows] == [row.tempo_bpm for row in biased.rows]
    assert [row.phase for row in straight.rows] == [row.phase for row in biased.rows]
    unknown = Bench(follow="lead_anyway")
    unknown.spo2_percent = None
    unknown.start(190)
    before = len(unknown.rows)
    assert [row.tempo_bpm for row in unknown.rows] == [row.tempo_bpm for row in straight.rows[:before]]
    assert unknown.run(30, until="withdraw") < 20
