"""The chip's assembler correlates as viper does, bit by bit, and touches nothing but its buffers."""

import random
import re
from array import array

import pytest
from armv6m import Chip, folder_texts, machine_code

from firmware.light import pulse
from simulator.interpreter import ROOT, functions

PULSE = ROOT / "firmware" / "light" / "pulse.py"
MOST = 400  # pairs: the longest window


@pytest.fixture(scope="module")
def chip():
    return Chip(machine_code(PULSE, "armv6m", "asm_thumb")["autocorrelate"], assembler=True, counting=False)


def hold_together(chip, samples, first, last, count):
    x, here = array("H", samples), array("I", [7] * (last + 2))
    there = array("I", here)
    pulse.autocorrelate(x, here, first | last << 16, count)
    chip.call(x, there, first | last << 16, count)
    assert here == there
    assert x == array("H", samples)
    return here


def swing(period, loud):
    return [512 + (loud if at % period < period // 2 else -loud) for at in range(MOST)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 24, 25, 100, 150, 399, 400])
def test_any_light_at_every_lag(chip, count):
    chance = random.Random(count)
    for samples in (
        [chance.randint(1, 1023) for _ in range(count)],
        [chance.choice((1, 1023)) for _ in range(count)],
        [chance.choice((511, 512, 513)) for _ in range(count)],
    ):
        for first in (0, 1, 5, count // 2):
            hold_together(chip, samples, min(first, count - 1), count - 1, count)


@pytest.mark.parametrize("value", [1, 512, 1023])
def test_light_that_stands_still(chip, value):
    found = hold_together(chip, [value] * MOST, 6, 200, MOST)
    assert set(found[6:201]) == {pulse.R_BIAS + (0 if value == 512 else 999)}


def test_light_that_is_its_own_opposite(chip):
    """Where the quotient is the smallest and the largest there is."""
    found = hold_together(chip, swing(40, 511), 1, 200, MOST)
    assert found[20] == pulse.R_BIAS - 1000 and found[40] >= pulse.R_BIAS + 999
    for period, loud in ((2, 511), (2, 1), (40, 1), (8, 3), (399, 511)):
        hold_together(chip, swing(period, loud), 1, 399, MOST)


def test_no_lag_writes_nothing(chip):
    assert hold_together(chip, swing(40, 511), 9, 8, MOST) == array("I", [7] * 10)


def test_a_chip_has_it_in_assembler_and_a_desk_in_viper():
    name = PULSE.relative_to(ROOT).as_posix()
    here, there = folder_texts(PULSE.parent, "x64")[name], folder_texts(PULSE.parent, "armv6m")[name]
    vipers = [function.name for function in functions(here, "viper")]
    assembled = [function.name for function in functions(there, "asm_thumb")]
    assert assembled == ["autocorrelate"] and not functions(here, "asm_thumb")
    assert [function.name for function in functions(there, "viper")] == [
        viper for viper in vipers if viper not in assembled
    ]
    for arch in ("x64", "armv6m"):
        assert "firmware/light/pulse_thumb.py" not in folder_texts(PULSE.parent, arch)


def test_its_numbers_are_those_of_the_file_that_it_stands_in():
    text = PULSE.with_name("pulse_thumb.py").read_text("utf-8")
    own = re.findall(r"^(\w+) = const\((\d+)\)$", text, re.MULTILINE)
    assert [(name, getattr(pulse, name)) for name, _ in own] == [(name, int(value)) for name, value in own]
    assert len(own) == 2
