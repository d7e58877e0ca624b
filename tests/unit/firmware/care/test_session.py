"""The session's phases, step by step. Every step of every test also keeps the laws of simulator/laws.py."""

import re
from itertools import pairwise

import pytest
import session_heap
from session_bench import Bench

from firmware import reasons
from simulator import interpreter


def phases(bench):
    """The phases in the order in which they came."""
    order = []
    for row in bench.rows:
        if not order or order[-1] != row.phase:
            order.append(row.phase)
    return order


def test_nothing_sounds_before_a_press():
    bench = Bench()
    bench.run(300)
    assert phases(bench) == ["idle"] and not bench.outputs.amplifier_on and not bench.outputs.sensor_on


def test_a_press_asks_nothing_and_sounds_within_a_second():
    bench = Bench()
    bench.press()
    assert bench.phase == "baseline" and bench.outputs.sensor_on
    bench.run(1)
    assert bench.sounding


def test_the_dose_is_saved_before_the_first_sound():
    bench = Bench()
    assert bench.press().save_dose and not bench.outputs.amplifier_on
    assert not bench.step().save_dose and bench.outputs.amplifier_on


@pytest.mark.parametrize(("population", "pulse", "ratio"), [("newborn", 150, 1 / 2), ("adult", 72, 1)])
def test_the_first_tempo_is_the_pulse_times_the_ratio(population, pulse, ratio):
    bench = Bench(population)
    bench.pulse_bpm = pulse
    bench.start()
    assert 55 < bench.run(90, until="match") < 70
    assert abs(bench.tempo_bpm / (pulse * ratio) - 1) < 0.02


def test_no_melody_is_heard_while_the_pulse_is_measured():
    bench = Bench().start(59)
    assert bench.sounding and not any(row.melody or row.tempo_bpm for row in bench.rows)


def test_a_whole_session_of_a_patient_who_follows_passes_through_all_phases():
    bench = Bench(follow="lead_anyway").start(1300)
    assert phases(bench) == ["baseline", "match", "lead", "sustain", "fade", "idle"]
    assert (bench.outputs.end, bench.outputs.reason) == ("faded", "time_up")
    sounding = [row for row in bench.rows if row.sounding]
    assert 1190 <= len(sounding) <= 1201, "twenty minutes, sound to silence"
    assert min(row.tempo_bpm for row in sounding if row.tempo_bpm) == pytest.approx(75 * 0.92, abs=0.1)


def test_matching_lasts_as_the_profile_says():
    bench = Bench(match_min=4, follow="lead_anyway").start()
    bench.run(90, until="match")
    assert bench.run(300, until="lead") == pytest.approx(240, abs=0.5)


def test_the_music_waits_for_a_patient_who_does_not_follow():
    bench = Bench(follow="wait", margin_percent=4).start(1000)
    assert (bench.phase, bench.outputs.reason) == ("hold", "not_following")
    assert bench.tempo_bpm == pytest.approx(75 * 0.96, abs=0.1)


def test_the_music_leads_on_when_the_patient_follows():
    bench = Bench(follow="wait", margin_percent=4).start(400)
    for second in range(600):
        bench.pulse_bpm = 150 - second * 0.02
        bench.run(1)
    assert bench.tempo_bpm == pytest.approx(75 * 0.92, abs=0.3)


def test_a_poor_signal_keeps_the_tempo_at_once():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = None
    tempo = bench.tempo_bpm
    bench.run(10)
    assert bench.tempo_bpm == tempo
    assert (bench.phase, bench.outputs.reason) == ("hold", "unsettled")
    bench.pulse_bpm = 150.0
    bench.run(6)
    assert bench.phase == "lead"


def test_a_slow_pulse_is_no_hold_once_the_slowing_is_over():
    bench = Bench(follow="lead_anyway").start(800)
    assert bench.phase == "sustain"
    level = bench.outputs.level_cdba
    bench.pulse_bpm = 137.0
    bench.run(300)
    assert bench.phase == "sustain" and bench.outputs.level_cdba < level


def seconds_until(bench, phase, limit=60):
    return bench.run(limit, until=phase)


def test_a_hold_is_named_after_two_seconds_and_left_after_three():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = None
    assert seconds_until(bench, "hold") == pytest.approx(2, abs=0.11)
    reason = bench.outputs.reason
    bench.pulse_bpm = 150.0
    bench.step()
    assert (bench.phase, bench.outputs.reason) == ("hold", reason)
    assert seconds_until(bench, "lead") == pytest.approx(2.9, abs=0.11)


def test_a_hold_says_the_newest_reason():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = None
    bench.run(5)
    assert bench.outputs.reason == "unsettled"
    bench.pulse_bpm = 105.0
    bench.run(1)
    assert (bench.phase, bench.outputs.reason) == ("hold", "pulse_low")


def test_waiting_is_named_after_ten_seconds():
    bench = Bench(follow="wait", margin_percent=4).start(200)
    while not bench.session.tempo.waiting:
        bench.step()
    assert seconds_until(bench, "hold") == pytest.approx(9.9, abs=0.11)


def test_a_refused_press_and_the_sensors_reminder_last_their_time():
    bench = Bench().start(10)
    bench.hold()
    assert bench.session.remind_ms == 120_000
    bench.inputs.supply_mv = 3000
    bench.press()
    amber = 0
    while bench.step().light_colour == "amber":
        amber += 1
    assert 78 <= amber <= 80


def test_the_doses_age_is_saved_every_quarter_of_an_hour_while_nothing_plays():
    bench = Bench().start(200)
    bench.hold()
    saved = []
    for second in range(4000):
        if bench.step(step_ms=1000).save_dose:
            saved.append(second)
    assert len(saved) == 4 and all(890 <= later - earlier <= 910 for earlier, later in pairwise(saved))


def test_a_stop_fades_over_two_seconds_and_the_amplifier_follows_within_one_more():
    bench = Bench(laws=False).start(100)
    bench.obedient = False
    bench.inputs.usb_host_present = True
    assert bench.step().fade_over_ms == 2000
    turns = 0
    while bench.step().amplifier_on:
        turns += 1
    assert turns < 27, "the guard's 2.5 s"
    bench = Bench(laws=False).start(100)
    bench.obedient = False
    bench.press()
    turns = 0
    while bench.step().amplifier_on:
        turns += 1
    assert 108 <= turns <= 111


def test_a_stop_draws_out_no_fade_that_is_over_sooner():
    """Found by a campaign: sound for 11.7 s after a press, because the supply fell low in the last second of its fade."""
    bench = Bench().start(100)
    bench.press()
    bench.run(9)
    bench.inputs.usb_host_present = True
    over_ms = bench.step().fade_over_ms
    assert over_ms is not None and 700 <= over_ms <= 1000
    bench.run(1.2)
    assert (bench.outputs.end, bench.outputs.reason) == ("withdrawn", "usb_host") and not bench.sounding


def test_a_stop_in_the_last_moment_of_a_fade_takes_a_tenth_of_a_second():
    bench = Bench().start(100)
    bench.press()
    bench.run(9.9)
    bench.inputs.usb_host_present = True
    assert bench.step().fade_over_ms == 100


def test_an_open_loop_session_begins_its_melody_when_the_onset_is_over():
    bench = Bench("adult", mode="open_loop", onset_s=20)
    bench.press()
    assert seconds_until(bench, "lead") == pytest.approx(20, abs=0.2)


def test_a_song_in_compound_metre_has_three_pulses_to_a_beat():
    for compound, ratio in ((True, (1, 3)), (False, (1, 2)), (None, (1, 2))):
        bench = Bench()
        bench.song.compound = compound
        bench.start(100)
        assert (bench.outputs.ratio_beats, bench.outputs.ratio_pulses) == ratio


def test_the_level_falls_a_decibel_in_two_seconds_and_waits_for_a_rise_to_end():
    bench = Bench(follow="lead_anyway").start(100)
    bench.inputs.knob_permille = 0
    out = bench.step()
    assert (out.level_cdba, out.level_over_ms) == (3600, 24_000)
    bench.run(5)
    bench.inputs.knob_permille = 1000
    assert bench.step().level_over_ms is None, "a rise waits until the fall is over"
    bench.run(18)
    bench.run(3)
    assert bench.outputs.level_cdba == 4800


def falls_as_a_room_grows_louder(bench, steps):
    """Return by how much the level fell in each step, in hundredths of a dB, while it gave way to the room three times."""
    heard = []
    for room_cdba in (5800, 5900, 6000):
        bench.inputs.room_level_cdba = room_cdba
        for _ in range(steps):
            bench.step()
            heard.append(bench.sound.heard_cdba)
    return [before - after for before, after in pairwise(heard)]


def test_a_level_that_is_sent_lower_while_it_falls_falls_no_faster():
    bench = Bench(melody="accompany", light_swell=False, follow="lead_anyway").start(100)
    falls = falls_as_a_room_grows_louder(bench, 20)
    assert sum(falls) > 200 and max(falls) <= 5.001


def test_a_level_that_is_sent_lower_twice_while_it_rises_falls_no_faster():
    """Found by a campaign: the second fall took over the first one's time, and had both ways to go in it."""
    bench = Bench(melody="accompany", light_swell=False, follow="lead_anyway").start(100)
    bench.inputs.knob_permille = 0
    bench.run(30)
    bench.inputs.knob_permille = 1000
    bench.run(23.5)  # all but up
    falls = falls_as_a_room_grows_louder(bench, 10)
    assert sum(falls) > 100 and max(falls) <= 5.001


def test_a_hand_that_turns_the_knob_again_is_followed_without_delay():
    bench = Bench(follow="lead_anyway").start(100)
    bench.inputs.knob_permille = 500
    assert bench.step().level_over_ms == 12_000
    bench.run(5)
    bench.inputs.knob_permille = 0
    assert bench.step().level_over_ms == 12_000


def test_the_onset_is_a_decibel_a_second():
    bench = Bench(level_dba=50, baseline_below_db=0)
    bench.press()
    assert bench.step().level_over_ms == 50_000


def test_a_trembling_knob_changes_nothing():
    bench = Bench(follow="lead_anyway").start(100)
    for turn in range(100):
        bench.inputs.knob_permille = 1000 - turn % 2 * 19
        assert bench.step().level_over_ms is None


def test_a_blink_of_the_signal_is_no_phase():
    bench = Bench(follow="lead_anyway").start(300)
    bench.pulse_bpm = None
    bench.run(1)
    bench.pulse_bpm = 150.0
    bench.run(5)
    assert "hold" not in phases(bench)


def test_a_newborns_music_fades_when_the_sensor_is_taken_off():
    bench = Bench().start(200)
    bench.pulse_bpm = None
    bench.inputs.contact = False
    assert bench.run(30, until="fade") == pytest.approx(15, abs=0.3)
    bench.run(12)
    assert (bench.phase, bench.outputs.end, bench.outputs.reason) == ("idle", "faded", "signal_lost")


def test_an_adults_music_goes_on_at_its_tempo_when_the_sensor_is_taken_off():
    bench = Bench("adult").start(400)
    bench.pulse_bpm = None
    bench.inputs.contact = False
    tempo = bench.tempo_bpm
    bench.run(300)
    assert bench.phase == "hold" and bench.sounding and bench.tempo_bpm == tempo


def test_a_newborn_who_only_moves_keeps_the_music_for_two_minutes():
    bench = Bench().start(200)
    bench.pulse_bpm = None
    assert bench.run(200, until="fade") == pytest.approx(120, abs=0.3)


def test_without_a_signal_from_the_start_the_profiles_own_tempo_is_played():
    bench = Bench("adult")
    bench.pulse_bpm = None
    bench.start()
    bench.run(200, until="lead")
    assert bench.outputs.reason == "open_loop" and bench.tempo_bpm == 66
    bench.run(900)
    assert bench.tempo_bpm == pytest.approx(66 * 0.85, abs=0.1)


def test_a_newborns_music_does_not_slow_without_a_pulse():
    bench = Bench(mode="open_loop")
    bench.pulse_bpm = None
    bench.start(150)
    assert bench.phase == "lead" and bench.tempo_bpm == 66


def test_signal_is_needed_for_the_whole_baseline():
    bench = Bench()
    bench.pulse_bpm = None
    bench.start(40)
    bench.pulse_bpm = 150.0
    assert 58 < bench.run(100, until="match") < 62


def test_a_press_fades_in_the_same_step_and_a_second_changes_nothing():
    bench = Bench().start(100)
    out = bench.press()
    assert (out.phase, out.fade_over_ms) == ("fade", 10_000)
    bench.run(3)
    assert bench.press().fade_over_ms is None
    bench.run(6)
    assert bench.phase == "fade" and bench.sounding
    bench.run(2)
    assert (bench.phase, bench.outputs.end, bench.outputs.reason) == ("idle", "faded", "pressed")
    assert not bench.outputs.amplifier_on


def test_a_press_does_not_wait_for_the_long_fade_of_a_session_whose_time_is_up():
    """Found by a campaign: the music went on for up to two minutes after the press."""
    bench = Bench(fade_s=120, session_min=10).start()
    bench.run(590, until="fade")
    assert bench.phase == "fade" and bench.outputs.reason == "time_up"
    bench.run(2)
    assert bench.press().fade_over_ms == 10_000
    bench.run(11)
    assert (bench.phase, bench.outputs.end, bench.outputs.reason) == ("idle", "faded", "pressed")
    assert not bench.sounding
    # What is left of a fade is never made longer.
    bench = Bench(fade_s=20, session_min=10).start()
    bench.run(600, until="fade")
    bench.run(15)
    assert bench.press().fade_over_ms is None


@pytest.mark.parametrize("seconds", [0.2, 30, 100, 300, 1180])
def test_a_hold_silences_at_once_in_any_phase(seconds):
    bench = Bench(follow="lead_anyway").start(seconds)
    out = bench.hold()
    assert out.mute_now and not out.amplifier_on and not bench.sounding
    assert (out.phase, out.end, out.reason) == ("idle", "silenced", "held")
    bench.run(60)
    assert not any(row.sounding for row in bench.rows[-59:])


def test_a_hold_while_fading_silences_too():
    bench = Bench().start(100)
    bench.press()
    bench.run(1)
    bench.hold()
    assert bench.phase == "idle" and bench.outputs.end == "silenced"


def test_a_hold_during_a_stop_rules_fade_is_silence_and_stays_a_stop():
    bench = Bench().start(100)
    bench.inputs.usb_host_present = True
    bench.step()
    bench.step()
    bench.hold()
    assert bench.phase == "withdraw" and bench.outputs.end == "withdrawn" and not bench.sounding


def test_after_a_stop_rule_nothing_resumes_and_a_press_only_says_seen():
    bench = Bench("adult", gap_min=30).start(60)
    bench.inputs.supply_mv = 3000
    bench.run(5)
    bench.inputs.supply_mv = 5000
    bench.run(600)
    assert bench.phase == "withdraw" and bench.outputs.end == "withdrawn" and not bench.sounding
    bench.press()
    assert bench.phase == "idle" and not bench.outputs.amplifier_on


def test_a_press_while_the_cause_lasts_changes_nothing():
    bench = Bench().start(60)
    bench.inputs.sensor_fault = "sensor_absent"
    bench.step()
    assert (bench.phase, bench.outputs.reason) == ("fault", "sensor_fault")
    bench.run(5)
    bench.press()
    assert bench.phase == "fault"
    bench.inputs.sensor_fault = None
    bench.press()
    assert bench.phase == "idle"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ({"usb_host_present": True}, "usb_host"),
        ({"supply_mv": 3300}, "supply_low"),
        ({"adc_fault": "adc_absent"}, "adc_fault"),
        ({"sensor_fault": "sensor_absent"}, "sensor_fault"),
        ({"audio_fault": "x"}, "audio_fault"),
        ({"heap_free_bytes": 4000}, "heap_low"),
        ({"memory_fault": "heap_low", "profile_confirmed": False}, "heap_low"),
        ({"button_stuck": True}, "button_stuck"),
        ({"profile_confirmed": False}, "not_confirmed"),
        ({"led_current_ua": 30_000}, "led_current"),
    ],
)
def test_a_session_is_refused_with_its_reason(cause, reason):
    bench = Bench()
    for name, value in cause.items():
        setattr(bench.inputs, name, value)
    out = bench.press()
    assert (out.phase, out.end, out.reason) == ("idle", "refused", reason)
    assert out.light_colour == "amber" and not out.save_dose
    bench.run(10)
    assert bench.outputs.light_colour == "green" and not any(row.sounding for row in bench.rows)
    assert bench.dose.minutes_today == 0


def test_a_cause_that_comes_between_press_and_sound_refuses_without_a_sound():
    bench = Bench()
    bench.press()
    bench.inputs.usb_host_present = True
    bench.run(5)
    assert bench.phase == "withdraw" and not any(row.sounding for row in bench.rows)


def test_the_level_begins_softly_rises_to_the_profiles_and_thins_out():
    bench = Bench(follow="lead_anyway").start(1150)
    levels = {int(row.time_s): row.level_dba for row in bench.rows if row.sounding}
    assert levels[5] < 5 and levels[30] < 30 and levels[45] == 42 and levels[90] == 48
    assert 44 <= levels[1150] <= 45


def test_the_knob_turns_down_and_never_up():
    bench = Bench(follow="lead_anyway").start(100)
    bench.inputs.knob_permille = 500
    bench.run(20)
    assert bench.sound.heard_cdba == 4200
    bench.inputs.knob_permille = 1000
    bench.run(20)
    assert bench.sound.heard_cdba == 4800
    bench.inputs.knob_permille = 5000
    bench.run(20)
    assert bench.sound.heard_cdba == 4800


def test_the_softest_profile_turned_down_is_a_level_still():
    curve = [[0, 100, -20, 0, 50, 50]]
    bench = Bench(level_dba=30, knob_range_db=20, curve=curve, follow="lead_anyway")
    bench.inputs.knob_permille = 0
    bench.start(200)
    assert bench.outputs.level_cdba == 1500 and bench.sounding


def test_a_patient_whose_pulse_rises_when_the_slowing_is_over_is_not_waited_for():
    bench = Bench(follow="wait", margin_percent=8).start(800)
    assert bench.phase == "sustain"
    bench.pulse_bpm = 160.0
    bench.run(60)
    assert bench.phase == "sustain"


def test_a_profile_may_begin_in_silence():
    bench = Bench(opening="silence").start(59)
    assert not any(row.sounding for row in bench.rows)
    bench.run(30)
    assert bench.phase == "match" and bench.sounding


def test_a_profile_may_begin_with_music_at_its_own_tempo_which_then_glides():
    bench = Bench(opening="music", opening_tempo_bpm=66).start(50)
    assert bench.tempo_bpm == 66
    bench.run(150)
    assert bench.phase == "match" and bench.tempo_bpm == pytest.approx(66 * 1.049**2.33, abs=0.3)
    bench.run(60, until="lead")
    assert bench.phase == "lead" and bench.tempo_bpm == pytest.approx(75, abs=0.1)


def test_minutes_left_count_down():
    bench = Bench().start(1)
    assert bench.outputs.minutes_left == 20
    bench.run(600)
    assert bench.outputs.minutes_left == 10


def test_mood_goes_with_the_curve():
    bench = Bench("adult").start(80)
    mood = bench.outputs
    assert (mood.minor_permille, mood.brightness_permille, mood.density_permille) == (0, 600, 800)
    bench.run(1500)
    assert mood.minor_permille == 0 and mood.brightness_permille < 400 and mood.density_permille < 500


def test_the_clock_may_run_for_weeks():
    bench = Bench()
    bench.now_ms = 3_000_000_000
    bench.start(100)
    assert bench.phase == "match"


def test_a_missed_step_costs_nothing_but_time():
    bench = Bench().start(100)
    bench.now_ms += 1000
    bench.run(10)
    assert bench.phase == "match"


def test_phases_reasons_and_ends_are_all_known_words():
    assert len(set(reasons.PHASES)) == 9 and len(set(reasons.REASONS)) == len(reasons.REASONS)
    words = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    assert words == set(reasons.PHASES) | set(reasons.ENDS) | {word for word in reasons.REASONS if word}


def test_a_step_leaves_nothing_on_the_heap_and_is_the_same_on_both_pythons():
    printed = interpreter.run_script(
        interpreter.ROOT / "tests" / "on_device" / "session_heap.py", heap_kib=200
    ).stdout.decode()
    lines = printed.splitlines()
    for line in lines:
        bytes_by_phase = re.findall(r"'(\w+)', (\d+)", line)
        assert "faded time_up" in line and len(bytes_by_phase) >= 6
        assert [phase for phase, used in bytes_by_phase if used != "0"] == []
    assert lines == session_heap.lives()


def test_a_newborn_whom_the_sensor_never_saw_gets_no_melody():
    """No stop rule can look after a baby that the sensor does not see."""
    for settings in ({}, {"opening": "music"}, {"mode": "open_loop"}):
        bench = Bench(**settings)
        bench.pulse_bpm = bench.spo2_percent = None
        bench.inputs.contact = False
        bench.run(2)
        bench.press()
        bench.run(400)
        assert not any(row.melody for row in bench.rows)
        assert (bench.outputs.end, bench.outputs.reason) == ("faded", "no_contact")


@pytest.mark.parametrize("seen_s", [6, 40])
@pytest.mark.parametrize(
    ("settings", "played"),
    [({}, False), ({"opening": "music"}, True), ({"mode": "open_loop", "onset_s": 120}, False)],
)
def test_a_newborn_whose_sensor_comes_off_before_the_match_is_not_played_to(settings, played, seen_s):
    """Found by a newcomer: contact at any moment of the baseline was enough for a melody of twenty minutes."""
    bench = Bench(**settings).start(seen_s)
    bench.pulse_bpm = bench.spo2_percent = None
    bench.inputs.contact = False
    bench.run(400)
    assert (bench.outputs.end, bench.outputs.reason) == ("faded", "no_contact")
    assert sum(row.melody for row in bench.rows) <= (seen_s + 15 + 10 if played else 0)


def test_a_newborn_whose_sensor_comes_off_while_no_pulse_leads_hears_the_music_fade():
    bench = Bench()
    bench.pulse_bpm = bench.spo2_percent = None
    bench.start(200)
    assert bench.rows[-1].melody and bench.rows[-1].reason == "open_loop"
    bench.inputs.contact = False
    assert bench.run(60, until="fade") == pytest.approx(15, abs=0.2)
    assert (bench.outputs.end, bench.outputs.reason) == ("faded", "no_contact")


def test_a_sensor_that_is_taken_off_ends_nothing_where_the_profile_says_so_until_the_guard_does():
    for population, ends in (("newborn", True), ("adult", False)):
        bench = Bench(population, sensor_off="fixed_tempo").start(300)
        bench.pulse_bpm = bench.spo2_percent = None
        bench.inputs.contact = False
        bench.run(130)
        assert bench.outputs.end is None and bench.rows[-1].melody
        bench.run(30)
        assert (bench.outputs.reason == "signal_lost") is ends


def test_a_newborn_with_a_poor_signal_may_be_played_to_for_a_while():
    bench = Bench()
    bench.pulse_bpm = None
    bench.run(2)
    bench.press()
    bench.run(260)
    assert bench.rows[-1].melody
