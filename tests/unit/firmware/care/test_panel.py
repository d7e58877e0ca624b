"""The button's gestures, and snapshots of light and display in every phase."""

import re
from pathlib import Path

import pytest

from firmware import reasons
from firmware.care import panel
from firmware.care.display import Display
from firmware.step import Outputs

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "panel.md"


def gestures(levels, every_ms=16):
    """(time, gesture) of a row of levels, one every `every_ms`; the first is before any finger."""
    button = panel.Gestures()
    button.sample(0, False)
    found = []
    for turn, down in enumerate(levels, 1):
        gesture = button.sample(turn * every_ms, bool(down))
        if gesture:
            found.append((turn * every_ms, gesture))
    return found, button


def test_a_press_counts_as_the_button_goes_down():
    found, _ = gestures([0, 0, 1, 1, 1, 0, 0, 0])
    assert found == [(48, "press")]


def test_a_press_shorter_than_a_turn_counts_once():
    assert gestures([0, 1, 0, 0, 0, 0])[0] == [(32, "press")]


@pytest.mark.parametrize("bounce", [[1, 0, 1, 0, 1, 1], [1, 1, 0, 1, 1, 1], [1, 0, 1, 1, 1, 0, 1, 0, 0]])
def test_bounces_are_one_press(bounce):
    found, _ = gestures([0, *bounce, 0, 0, 0, 0, 0])
    assert [gesture for _, gesture in found] == ["press"]


def test_a_glove_that_rests_for_most_of_a_second_is_one_press():
    found, _ = gestures([0] + [1] * 60 + [0] * 10)
    assert [gesture for _, gesture in found] == ["press"]


def test_a_hold_comes_once_a_second_after_the_press():
    found, _ = gestures([0] + [1] * 200 + [0] * 10)
    assert [gesture for _, gesture in found] == ["press", "hold"]
    assert 1000 <= found[1][0] - found[0][0] <= 1016


def test_a_bounce_does_not_delay_a_hold():
    found, _ = gestures([0] + [1] * 30 + [0] + [1] * 60)
    assert found[1][1] == "hold" and found[1][0] - found[0][0] <= 1016


def nearly(levels, first=False):
    button = panel.Gestures()
    button.sample(0, first)
    told = []
    for turn, down in enumerate(levels, 1):
        button.sample(turn * 10, bool(down))
        told.append(button.nearly_held)
    return told


def test_a_hold_is_foreseen_for_as_long_as_the_sound_needs_to_sink():
    told = nearly([0] + [1] * 2500 + [0] * 10)  # longer than a stuck button
    assert told.index(True) * 10 == 10 + 860
    assert told.count(True) == 14 and not any(told[1 + 100 :])
    told = nearly([0] + [1] * 90 + [0, 1, 0, 0, 0, 0])
    assert all(told[1 + 86 : 1 + 94]) and not any(told[1 + 95 :]), (
        "who lets go before it hears the fade again"
    )
    assert not any(nearly([1] * 200, first=True)), "a button that is stuck from the start"


@pytest.mark.parametrize(("press_late_ms", "looks_late_ms"), [(0, 0), (7, 0), (0, 7), (1, 3)])
def test_looks_that_come_some_milliseconds_late_move_neither_the_sinking_nor_the_hold(
    press_late_ms, looks_late_ms
):
    """On the chip a look 2 ms late let the sound sink a block earlier than on the desk."""
    button = panel.Gestures()
    button.sample(0, False)
    assert button.sample(160 + press_late_ms, True) == "press"
    sinks = holds = None
    for look in range(1, 70):
        held = button.sample(160 + 16 * look + looks_late_ms, True)
        if sinks is None and button.nearly_held:
            sinks = look
        if held:
            holds = look
    assert (sinks, holds) == (54, 63)


def test_up_is_believed_after_30_ms_and_down_at_once():
    button = panel.Gestures()
    button.sample(0, False)
    assert button.sample(10, True) == "press"
    button.sample(20, False)
    button.sample(49, False)
    assert button.sample(49, True) is None, "29 ms up: a bounce"
    button.sample(100, False)
    button.sample(130, False)
    assert button.sample(131, True) == "press", "30 ms up: let go"


def test_an_older_firmware_is_said_while_nothing_plays_and_never_over_the_music():
    outputs = Outputs()
    display = Display("Night")
    panel.show_light(outputs, False, True)
    display.update(outputs, False, False, True)
    assert (outputs.light_colour, outputs.light_permille) == ("amber", 6)
    assert display.on and display.lines[1:] == ["ready", "old firmware"]
    display.update(outputs, False, True, True)
    assert display.lines[2] == "remove sensor"
    outputs.phase = "lead"
    panel.show_light(outputs, False, True)
    assert outputs.light_colour == "green"


def test_two_presses_are_two():
    found, _ = gestures([0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0])
    assert [gesture for _, gesture in found] == ["press", "press"]


def test_a_button_down_at_power_on_is_stuck_and_says_nothing_until_released():
    button = panel.Gestures()
    assert [button.sample(turn * 16, True) for turn in range(200)] == [None] * 200
    assert button.stuck
    for turn in range(200, 210):
        button.sample(turn * 16, False)
    assert not button.stuck
    assert button.sample(4000, True) == "press"


def test_a_button_that_is_down_for_twenty_seconds_is_stuck():
    found, button = gestures([0] + [1] * 1300)
    assert button.stuck and [gesture for _, gesture in found] == ["press", "hold"]
    _, button = gestures([0] + [1] * 1240)
    assert not button.stuck


LIGHT = {
    "idle": ("green", 6),
    "baseline": ("green", 30),
    "match": ("green", 30),
    "lead": ("green", 30),
    "sustain": ("green", 30),
    "hold": ("green", 30),
    "fade": ("green", 12),
    "withdraw": ("amber", 60),
    "fault": ("amber", 60),
}
DISPLAY = {
    ("idle", None): (False, "ready", ""),
    ("baseline", None): (True, "listening", "12 min left"),
    ("match", None): (True, "with the patient", "12 min left"),
    ("lead", None): (True, "slowing", "12 min left"),
    ("sustain", None): (True, "staying calm", "12 min left"),
    ("hold", "motion"): (True, "keeping tempo", "12 min left"),
    ("fade", "time_up"): (True, "fading out", ""),
    ("withdraw", "bradycardia"): (True, "stopped", "look at patient"),
    ("withdraw", "wrong_population"): (True, "stopped", "wrong profile?"),
    ("withdraw", "usb_host"): (True, "stopped", "unplug USB"),
    ("withdraw", "supply_low"): (True, "stopped", "battery low"),
    ("fault", "adc_fault"): (True, "device fault", "level check"),
    ("fault", "flash_fault"): (True, "device fault", "memory"),
}


def outputs_in(phase, reason=None, minutes=12):
    outputs = Outputs()
    outputs.phase, outputs.reason, outputs.minutes_left = phase, reason, minutes
    return outputs


@pytest.mark.parametrize("phase", reasons.PHASES)
def test_light_in_every_phase(phase):
    outputs = outputs_in(phase)
    panel.show_light(outputs, False)
    assert (outputs.light_colour, outputs.light_permille) == LIGHT[phase]


def test_a_refused_press_is_amber_for_a_while():
    outputs = outputs_in("idle", "too_soon")
    panel.show_light(outputs, True)
    assert (outputs.light_colour, outputs.light_permille) == ("amber", 40)


@pytest.mark.parametrize(("phase", "reason"), DISPLAY)
def test_display_in_every_phase(phase, reason):
    display = Display("Newborn")
    display.update(outputs_in(phase, reason), False, False)
    assert (display.on, *display.lines[1:]) == DISPLAY[phase, reason]
    assert display.lines[0] == "Newborn"


def test_every_phase_has_its_snapshot():
    assert {phase for phase, _ in DISPLAY} == set(reasons.PHASES) == set(LIGHT)


def test_the_display_says_why_not_and_reminds_of_the_sensor():
    display = Display("Adult")
    display.update(outputs_in("idle", "too_soon"), True, False)
    assert (display.on, *display.lines) == (True, "Adult", "not now", "pause not over")
    display.update(outputs_in("idle", "time_up"), False, True)
    assert (display.on, display.lines[2]) == (True, "remove sensor")
    display.update(outputs_in("idle", "time_up"), False, False)
    assert not display.on


def test_a_long_title_is_cut_to_the_display():
    assert Display("x" * 40).lines[0] == "x" * 16


def test_the_display_is_drawn_again_only_when_it_says_something_new():
    display = Display("Adult")
    outputs = outputs_in("lead")
    display.update(outputs, False, False)
    assert display.changed
    display.changed = False
    for _ in range(100):
        display.update(outputs, False, False)
    assert not display.changed
    outputs.minutes_left = 11
    display.update(outputs, False, False)
    assert display.changed and display.lines[2] == "11 min left"


def test_nothing_on_the_panel_could_be_taken_for_a_monitor():
    """No number but minutes, no word of a vital sign, no line too long, a steady light."""
    for phase in reasons.PHASES:
        for reason in reasons.REASONS:
            for refused in (False, True):
                display = Display("Newborn")
                outputs = outputs_in(phase, reason)
                outputs.tempo_mbpm = 75_123
                display.update(outputs, refused, True)
                text = " ".join(display.lines)
                assert all(len(line) <= 16 for line in display.lines)
                assert re.sub(r"\b12 min left", "", text) == re.sub(
                    r"\d+", "", re.sub(r"\b12 min left", "", text)
                )
                assert not re.search(r"pulse|heart|spo2|oxygen|bpm|%|alarm|rate", text, re.I)
                lights = set()
                for _ in range(50):
                    panel.show_light(outputs, refused)
                    lights.add((outputs.light_colour, outputs.light_permille))
                assert len(lights) == 1


def test_every_reason_to_stop_or_refuse_has_words_on_the_display():
    quiet = {None, "pulse_low", "not_following", "open_loop", "time_up", "pressed", "held"}
    quiet |= {"irregular", "no_breath", "let_go"}
    quiet |= set(reasons.UNKNOWN_PULSE)
    for reason in reasons.REASONS:
        display = Display("Newborn")
        display.update(outputs_in("fault", reason), False, False)
        assert bool(display.lines[2]) != (reason in quiet), reason


def test_the_document_shows_this_table():
    text = DOCUMENT.read_text()
    for phase, (colour, permille) in LIGHT.items():
        assert re.search(rf"\| {phase} \|[^|]*\| {colour}, {permille} ‰ ", text), phase
    assert f"40 ‰ for {panel.REFUSED_MS / 1000:g} seconds" in text
    for line in {line for _, *lines in DISPLAY.values() for line in lines if line and "12" not in line}:
        assert line in text, line
