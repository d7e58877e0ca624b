"""The self-test and the calibration on the whole device: each part good, and each part broken, is told from the other."""

import json

import pytest
from sim_parts import SIM, from_text

from firmware import board
from firmware.usb import link, selftest
from host_tools.commands import bench as command
from simulator import bedside
from simulator.runtimes import cpython, micropython

BOOT = {"cpython": cpython.boot, "micropython": micropython.boot}
TEXT = """
title = "on the bench"
duration_s = 60
[[event]]
at_s = 1
do = "usb_host"
[[event]]
at_s = 3
do = "hold"
"""
PARTS = ("button", "light", "sensor", "adc", "flash", "amplifier", "mute", "lights")


def play(lines, events="", runtime="micropython", spoil=None, script=None):
    """Bench mode, then these (at_s, cmd, arguments); the answers in order, and the bench."""
    bench = bedside.Bedside(from_text(TEXT + events))
    bench.usb_send(2, link.encode({"id": 0, "cmd": "bench"}))
    for number, (at_s, cmd, arguments) in enumerate(lines, 1):
        bench.usb_send(at_s, link.encode({"id": number, "cmd": cmd, **arguments}))
    if spoil is not None:
        spoil(bench)
    while bench.next_boot is not None:
        BOOT[runtime](bench, script)
    answers = [link.decode(line) for line in bench.computer.said().splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(lines) + 1))
    return [answer.get("ok", answer.get("error")) for answer in answers[1:]], bench


def selftests(*parts):
    return [(6 + 4 * place, "selftest", {"part": part}) for place, part in enumerate(parts)]


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_a_good_device_passes_and_says_what_was_seen(runtime):
    answers, bench = play(selftests(*PARTS), runtime=runtime)
    by_part = dict(zip(PARTS, answers, strict=True))
    assert {part: answer["passed"] for part, answer in by_part.items()} == dict.fromkeys(PARTS, True) | {
        "light": None  # only a person sees it
    }
    assert by_part["adc"]["text"].startswith("Supply 5000 mV, knob 3")
    assert "100 samples a second" in by_part["sensor"]["text"]
    assert all(answer["text"].endswith((".", "?")) for answer in answers)
    assert not bench.sound.amplifier.on
    assert bench.saved("selftest") is None  # nothing is left on the flash
    colours = {pin for at_s, pin, duty in bench.lights if duty and 10 < at_s < 13}
    assert colours == {board.PIN_LIGHT_GREEN, board.PIN_LIGHT_AMBER}


def test_the_command_tries_every_part_there_is():
    assert sorted(command.PARTS) == sorted(selftest.PARTS) == sorted(PARTS)


def fault(chip, kind):
    return f'[[event]]\nat_s = 4\ndo = "{"adc" if chip == "ads1115" else "i2c"}_fault"\nchip = "{chip}"\nkind = "{kind}"\n'


@pytest.mark.parametrize(
    ("part", "events", "said"),
    [
        ("sensor", fault("max30102", "nack"), "The sensor does not work: sensor_absent."),
        ("adc", fault("ads1115", "nack"), "The converter does not work: adc_absent."),
        ("adc", '[[event]]\nat_s = 4\ndo = "supply"\nto = 3.0\n', "The supply reads 3000 mV."),
    ],
)
def test_a_broken_part_is_named_with_what_to_look_at(part, events, said):
    answers, _ = play(selftests(part), events)
    assert answers[0]["passed"] is False
    assert answers[0]["text"] == said
    assert answers[0]["next"]


BARE = '[[event]]\nat_s = 1\ndo = "sensor_off"\n'
EXCHANGED_BOARD = SIM / "exchanged_board.py"
EXCHANGED = "[board]\nlights_exchanged = true\n"


def finger(spo2_percent):
    return f'[patient]\npopulation = "adult"\nspo2_percent = {spo2_percent}\n'


@pytest.mark.parametrize(
    ("events", "passed", "said"),
    [
        (finger(98), True, "the lights are where they should be"),
        (finger(94), True, "the lights are where they should be"),
        (finger(98) + EXCHANGED, False, "the two lights of this module are exchanged"),
        (finger(94) + EXCHANGED, False, "the two lights of this module are exchanged"),
        (finger(80), None, "neither as in health nor"),
        (finger(80) + EXCHANGED, None, "neither as in health nor"),
        (BARE, None, "No finger was on the sensor"),
        ('[patient]\npopulation = "adult"\nperfusion_index_percent = 0.05\n', None, "No pulse was seen"),
    ],
)
def test_exchanged_lights_are_found_by_a_healthy_finger_and_by_no_other(events, passed, said):
    answers, bench = play(selftests("lights"), events)
    assert answers[0]["passed"] is passed, answers
    assert said in answers[0]["text"]
    if passed is False:
        assert "LIGHTS_EXCHANGED in firmware/board.py to True" in answers[0]["next"]
    assert bench._sensor._registers[0x0C] == bench._sensor._registers[0x0D] == 0  # dark again
    assert not [event for event in bench._events if event["kind"] == "reset"]


@pytest.mark.parametrize("exchanged", [True, False])
def test_the_boards_setting_puts_exchanged_lights_right_and_right_ones_wrong(exchanged):
    events = finger(98) + (EXCHANGED if exchanged else "")
    answers, _ = play(selftests("lights"), events, script=EXCHANGED_BOARD)
    assert answers[0]["passed"] is exchanged
    if not exchanged:
        assert "to False" in answers[0]["next"]


@pytest.mark.parametrize("script", [EXCHANGED_BOARD, None])
def test_with_the_setting_a_session_reads_the_true_saturation(script):
    text = 'title = "x"\nduration_s = 40\n[[event]]\nat_s = 4\ndo = "press"\n[patient]\nspo2_percent = 92\n'
    bench = bedside.Bedside(from_text(text + EXCHANGED))
    micropython.boot(bench, script)
    rows = bench.result("micropython", 0.0, {}).rows
    known = [row["spo2_percent"] for row in rows if row["spo2_percent"] is not None]
    assert known
    assert abs(known[-1] - (59 if script is None else 92)) < 3


def test_a_button_that_stays_down_is_named():
    # The press begins a session, which bench mode allows, and the hold silences it.
    answers, _ = play(
        [(12, "selftest", {"part": "button"})], '[[event]]\nat_s = 5.5\ndo = "hold"\nfor_s = 20\n'
    )
    assert answers[0]["passed"] is False
    assert answers[0]["text"] == "The button is down."


def test_a_loudspeaker_that_gets_nothing_and_one_that_is_never_mute_are_found():
    def detector(mv):
        def spoil(bench):
            healthy = bench._volts
            chip = bench._targets["ads1115"].target
            chip.volts = lambda channel, now_us: (
                mv / 1000 if channel == board.ADC_OUTPUT else healthy(channel, now_us)
            )

        return spoil

    dead, _ = play(selftests("amplifier"), spoil=detector(0))
    assert (dead[0]["passed"], dead[0]["next"].split(",")[0]) == (False, "The loudspeaker's wires")
    stuck, _ = play(selftests("mute"), spoil=detector(63))
    assert stuck[0]["passed"] is False
    assert "SD_MODE" in stuck[0]["next"]


def test_an_unknown_part_is_refused_and_none_is_tried_without_the_button():
    answers, _ = play([(6, "selftest", {"part": "soul"})])
    assert answers[0]["code"] == "bad_argument"
    bench = bedside.Bedside(from_text(TEXT.partition("[[event]]\nat_s = 3")[0]))
    bench.usb_send(4, link.encode({"id": 1, "cmd": "selftest", "part": "mute"}))
    while bench.next_boot is not None:
        micropython.boot(bench)
    assert link.decode(bench.computer.said())["error"]["code"] == "busy"
    assert json.dumps(bench.sound.amplifier.pops) == "[]"
