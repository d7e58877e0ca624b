"""Why the device started is read from the chip, and told: a watchdog that bit, a wanted reset, an older firmware."""

import pytest
from sim_parts import SIM, from_text

from firmware import board
from simulator import bedside
from simulator.runtimes import cpython, micropython

IDLE_TEXT = 'title = "t"\nduration_s = 8\n'
SET_TO_BITE = 0x6AB73121


def faults(bench):
    return [event["detail"]["reason"] for event in bench._events if event["kind"] == "device_fault"]


def started(bench, cause, scratch_4):
    """Boot a device that was used before, with what the chip's registers say of the reset."""
    bench.next_boot = bedside.Boot(0, cause)
    bench.scratch[4] = scratch_4
    micropython.boot(bench)
    return faults(bench)


@pytest.mark.parametrize(
    ("cause", "scratch_4", "told"),
    [
        (bedside.POWER_ON_RESET, 0, []),
        # A fresh image: the chip's own loader resets through the watchdog, and clears its mark.
        (bedside.WATCHDOG_RESET, 0, []),
        (bedside.WATCHDOG_RESET, SET_TO_BITE, ["watchdog"]),
    ],
)
@pytest.mark.parametrize("used", [False, True])
def test_only_a_watchdog_that_bit_is_told_as_one(cause, scratch_4, told, used):
    bench = bedside.Bedside(from_text(IDLE_TEXT))
    if used:
        bench.flash.store().save("fault", 2, b"told long ago")
    assert started(bench, cause, scratch_4) == told


@pytest.mark.parametrize("boot", [micropython.boot, cpython.boot])
def test_a_firmware_that_runs_is_not_counted_as_one_that_failed(boot):
    bench = bedside.Bedside(from_text(IDLE_TEXT))
    bench.scratch[1] = 0x0CA16202
    boot(bench)
    assert bench.scratch[1] == 0
    early = bedside.Bedside(from_text(IDLE_TEXT.replace("8", "4")))
    early.scratch[1] = 0x0CA16202
    boot(early)
    assert early.scratch[1] == 0x0CA16202, "four seconds prove nothing"


def test_an_older_firmware_says_so_in_the_journal_and_with_its_light():
    bench = bedside.Bedside(from_text(IDLE_TEXT), display=True)
    micropython.boot(bench, SIM / "fallen_back.py")
    told = [event["detail"]["value"] for event in bench._events if event["kind"] == "device_fell_back"]
    assert told == [1], "never_ran"
    lit = {pin: duty for _, pin, duty in bench.lights}
    assert lit[board.PIN_LIGHT_GREEN] == 0 and lit[board.PIN_LIGHT_AMBER] == 6 * 65535 // 1000
    assert bench.display_picture().count("#") > 100, "it is lit, and says old firmware"
