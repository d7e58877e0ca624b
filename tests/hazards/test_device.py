"""Hazards that come from the device and from those who use it, in virtual time. hNN: row of
docs/hazards.toml.
"""

import pytest
from session_bench import Bench

from firmware.care import panel
from firmware.care.display import Display
from firmware.care.dose import RECORD_BYTES, Dose
from firmware.memory.journal import Journal, read_record
from firmware.step import Outputs
from simulator import flash
from simulator.laws import CEILING_CDBA, GAP_MIN
from simulator.sound import Sound

PHASES_S = (0.3, 30, 90, 300, 900)  # after the press: just begun, baseline, match, lead, later


@pytest.mark.parametrize("population", CEILING_CDBA)
def test_h01_more_than_the_ceiling_is_silence_at_once(population):
    bench = Bench(population, laws=False).start(300)
    bench.inputs.level_cdbc = 0
    bench.sound.heard_cdba = bench.sound.target_cdba = CEILING_CDBA[population] + 1050
    bench.step()
    assert (bench.phase, bench.outputs.reason) == ("fault", "too_loud") and not bench.sounding


def test_h02_no_onset_is_faster_than_a_decibel_a_second_whatever_the_knob_does():
    """The law of the bench is the test: it looks at every tenth of a second."""
    bench = Bench("adult", level_dba=60, follow="lead_anyway").start()
    for second in range(400):
        bench.inputs.knob_permille = (0, 1000, 300, 900, 10)[second // 7 % 5]
        bench.run(1)
    assert bench.sounding


def test_h04_after_a_reset_there_is_silence_until_a_press():
    bench = Bench()
    bench.start(300)
    record = bytearray(RECORD_BYTES)
    bench.dose.pack_into(record)
    dose = Dose()
    dose.unpack(record)
    again = Bench(dose=dose)
    again.run(600)
    assert again.phase == "idle" and not any(row.sounding for row in again.rows)


def test_h11_no_series_of_power_cuts_gives_more_than_a_days_dose():
    dose = Dose()
    played_s = 0
    for _ in range(60):
        bench = Bench(dose=dose)
        bench.press()
        bench.run(50)
        played_s += bench.total_ms / 1000
        # The plug is pulled: what was saved is what there is.
        record = bytearray(RECORD_BYTES)
        bench.dose.pack_into(record)
        dose = Dose()
        dose.unpack(record)
    assert played_s <= 60 * 60 and played_s <= 51, "the first cut costs the whole session"


@pytest.mark.parametrize(("population", "daily_min"), [("newborn", 60), ("adult", 90)])
def test_h11_a_button_pressed_all_day_gives_no_more_than_the_dose(population, daily_min):
    bench = Bench(population, laws=False)
    for _ in range(20 * 60):
        bench.press()
        bench.run(60)
        if bench.phase == "fade":
            bench.run(12)
    assert bench.total_ms <= daily_min * 60_000


def test_h11_the_pause_between_sessions_is_kept():
    for population, gap_min in GAP_MIN.items():
        bench = Bench(population).start(600)
        bench.press()
        bench.run(12)
        bench.run(gap_min * 60 - 30)
        bench.press()
        assert bench.outputs.reason == "too_soon" and not bench.outputs.amplifier_on
        bench.run(60)
        bench.press()
        bench.run(1)
        assert bench.sounding


def test_h12_a_led_over_its_cap_or_a_hot_sensor_goes_dark_and_silent():
    for name, value in (("led_current_ua", 13_400), ("sensor_temperature_centi_c", 4100)):
        bench = Bench().start(100)
        setattr(bench.inputs, name, value)
        assert bench.run(10, until="fault") <= 5.1
        assert not bench.outputs.sensor_on and not bench.sounding


def test_h13_the_sensor_is_lit_only_in_a_session_and_the_display_says_to_take_it_off():
    bench = Bench()
    lit_ms = 0
    for turn in range(3000 * 10):
        bench.step("press" if turn == 100 else None)
        lit_ms += 100 * bench.outputs.sensor_on
        if turn < 100:
            assert not bench.outputs.sensor_on
    assert lit_ms <= 1_201_000 and not bench.outputs.sensor_on
    display = Display("Newborn")
    display.update(bench.outputs, False, True)
    assert display.on and display.lines[2] == "remove sensor"


def test_h15_nothing_on_the_panel_is_a_monitors():
    bench = Bench().start(400)
    display = Display("Newborn")
    for pulse in (150.0, 143.0, 95.0):
        bench.pulse_bpm = pulse
        bench.run(20)
        display.update(bench.outputs, False, False)
        assert not any(word in " ".join(display.lines) for word in ("150", "143", "95", "96", "bpm", "%"))
    assert bench.outputs.light_colour == "amber" and bench.outputs.light_permille <= 100


def test_h18_the_journal_can_hold_nothing_of_a_person():
    allowed = {
        "seconds", "phase", "reason", "pulse_rate_mbpm", "tempo_mbpm", "target_tempo_mbpm", "level_cdba",
        "perfusion_index_ppm", "spo2_permille", "quality_percent", "contact", "kind", "detail",
    }  # fmt: skip
    journal = Journal(None, None)
    bench = Bench().start(100)
    journal.row(bench.now_ms // 1000, bench.outputs, bench.inputs)
    row = read_record(journal.record)
    journal.event(bench.now_ms // 1000, "press")
    for fields in (row, read_record(journal.record)):
        assert set(fields) <= allowed
        assert all(
            value is None or isinstance(value, (int, bool)) or len(value) < 24 for value in fields.values()
        )


def test_h19_a_sinking_supply_fades_long_before_the_chip_browns_out():
    bench = Bench().start(300)
    for millivolts in range(5000, 2700, -10):
        bench.inputs.supply_mv = millivolts
        bench.run(0.5)
        if not bench.sounding:
            break
    assert bench.outputs.reason == "supply_low" and millivolts > 3300


def test_h19_a_dip_of_half_a_second_does_not_end_the_music():
    bench = Bench().start(300)
    bench.inputs.supply_mv = 3300
    bench.run(0.5)
    bench.inputs.supply_mv = 5000
    bench.run(5)
    assert bench.sounding


@pytest.mark.parametrize("start_s", PHASES_S)
def test_h20_a_usb_host_fades_the_music_and_none_begins(start_s):
    bench = Bench(follow="lead_anyway").start(start_s)
    bench.inputs.usb_host_present = True
    bench.run(3)
    assert bench.outputs.reason == "usb_host" and not bench.sounding
    bench.run(60)
    bench.press()
    assert bench.phase == "withdraw" and not bench.outputs.amplifier_on
    fresh = Bench()
    fresh.inputs.usb_host_present = True
    fresh.start(5)
    assert fresh.outputs.end == "refused" and not fresh.sounding


def test_h21_wiping_the_button_costs_a_false_start_and_no_dose():
    bench = Bench()
    for _ in range(6):
        bench.press()
        bench.run(0.7)
        bench.hold()
        bench.run(0.4)
    assert not bench.sounding and bench.dose.sessions_today == 0 and bench.dose.refusal(bench.profile) is None


@pytest.mark.parametrize("start_s", PHASES_S)
def test_h22_a_press_begins_the_fade_in_its_own_step_in_any_phase(start_s):
    bench = Bench(follow="lead_anyway").start(start_s)
    assert bench.press().fade_over_ms == 10_000 and bench.phase == "fade"
    bench.run(11.2)
    assert not bench.sounding


@pytest.mark.parametrize("start_s", PHASES_S)
def test_h22_a_hold_is_silence_in_its_own_step_in_any_phase(start_s):
    bench = Bench(follow="lead_anyway").start(start_s)
    out = bench.hold()
    assert out.mute_now and not out.amplifier_on and not bench.sounding


def test_h22_a_fade_that_does_not_end_is_ended_by_the_amplifier():
    for cause, seconds in (("press", 11.2), ("usb", 3.2)):
        bench = Bench(laws=False).start(300)
        if cause == "press":
            bench.press()
        else:
            bench.inputs.usb_host_present = True
            bench.step()
        bench.obedient = False
        bench.run(seconds)
        assert bench.outputs.mute_now or not bench.outputs.amplifier_on


def test_h25_a_loudspeaker_that_gets_something_else_than_was_sent_is_muted():
    for sent_more_cdb, seconds in ((800, 2.2), (-2000, 5.2)):
        bench = Bench().start(120)
        bench.inputs.measured_level_cdba = bench.inputs.level_cdba + sent_more_cdb
        assert bench.run(10, until="fault") <= seconds
        assert bench.outputs.reason == "output_mismatch" and not bench.sounding


def test_h26_a_loop_that_is_late_or_a_heap_that_runs_out_ends_in_silence():
    for name, value, reason in (("lateness_ms", 300, "late"), ("heap_free_bytes", 5000, "heap_low")):
        bench = Bench().start(120)
        setattr(bench.inputs, name, value)
        assert bench.run(10, until="fault") <= 1.2
        assert bench.outputs.reason == reason and not bench.sounding


def test_h26_a_clock_that_jumps_ends_in_silence():
    for jump_ms in (-5000, 20_000):
        bench = Bench().start(120)
        bench.now_ms += jump_ms
        bench.step()
        assert (bench.phase, bench.outputs.reason) == ("fault", "clock_fault") and not bench.sounding


def test_h27_readings_that_never_change_are_not_believed():
    bench = Bench(laws=False)
    bench.start(100)
    for _ in range(700):
        bench._turn = 0  # the same perfusion again and again
        bench.step()
    assert (bench.phase, bench.outputs.reason) == ("fault", "readings_frozen")


def test_h28_a_button_that_is_stuck_starts_nothing():
    button = panel.Gestures()
    bench = Bench()
    for turn in range(600):
        bench.inputs.button_stuck = button.stuck
        bench.step(button.sample(turn * 100, True))
    assert not any(row.sounding for row in bench.rows)


def test_h29_a_loud_room_gets_no_more_sound():
    bench = Bench().start(120)
    bench.inputs.room_level_cdba = 7000
    assert bench.run(60, until="withdraw") == pytest.approx(20, abs=0.2)
    bench.run(3)
    assert bench.outputs.reason == "room_too_loud" and not bench.sounding


@pytest.mark.parametrize(
    "cause",
    [
        {"usb_host_present": True},
        {"supply_mv": 3000},
        {"adc_fault": "adc_stopped"},
        {"sensor_fault": "sensor_reset"},
    ],
)
def test_h30_nothing_resumes_when_a_cause_goes_away(cause):
    bench = Bench("adult").start(300)
    for name, value in cause.items():
        before = getattr(bench.inputs, name)
        setattr(bench.inputs, name, value)
        bench.run(3)
        setattr(bench.inputs, name, before)
    bench.run(3600)
    assert not any(row.sounding for row in bench.rows[-3590:])


def test_h30_after_a_stop_a_first_press_only_says_seen():
    bench = Bench("adult").start(30)
    bench.inputs.supply_mv = 3000
    bench.run(3)
    bench.inputs.supply_mv = 5000
    bench.press()
    bench.run(10)
    assert bench.phase == "idle" and not bench.sounding


def test_h31_flash_is_written_only_while_the_amplifier_is_off():
    """The law of the bench looks at every step; here are the moments at which there is something to write."""
    bench = Bench()
    saved = []
    for turn in range(20_000):
        out = bench.step("press" if turn == 10 else None)
        if out.save_dose:
            saved.append(round(bench.now_ms / 1000))
            assert not out.amplifier_on
    assert len(saved) >= 2 and saved[0] == 1 and 1200 <= saved[1] <= 1203
    assert isinstance(Outputs().save_dose, bool)


@pytest.mark.parametrize(("program_us", "heard_again"), [(flash.PROGRAM_US, 0), (flash.WORST_PROGRAM_US, 1)])
def test_h31_a_page_written_while_it_sounds_plays_no_memory_however_slow_the_flash(program_us, heard_again):
    sound = Sound()
    chip = flash.Flash()
    chip.program_us = program_us
    sound.amplifier.sd_mode(1, 0)
    sound.interrupts_off(chip.program(0, bytes(flash.PAGE_BYTES)))
    assert (sound.garbage, sound.stale) == (0, heard_again)
    sound.interrupts_off(chip.erase(0))
    assert sound.garbage == 1, "an erase does, and is counted"


def test_h32_what_cannot_be_written_down_is_not_played():
    # The dose goes to flash between the press and the first sound; main.py says that it did not.
    bench = Bench()
    bench.press()
    assert bench.outputs.save_dose
    bench.inputs.flash_fault = "flash_fault"
    bench.run(60)
    assert (bench.phase, bench.outputs.reason, bench.outputs.end) == ("fault", "flash_fault", "fault")
    assert bench.total_ms == 0
    bench.press()
    assert bench.phase == "fault", "the cause lasts: nobody has seen it yet"
    bench.inputs.flash_fault = None
    bench.press()
    bench.run(1)
    bench.press()
    bench.run(60)
    assert bench.sounding


def test_h32_after_a_session_whose_dose_was_not_written_down_none_begins():
    bench = Bench("adult").start(300)
    bench.hold()
    bench.inputs.flash_fault = "flash_fault"
    bench.run(GAP_MIN["adult"] * 60 + 60)
    bench.press()
    bench.run(60)
    assert bench.outputs.end == "refused" and bench.outputs.reason == "flash_fault" and not bench.sounding
