"""Who gets the prompt: whoever holds the button, with the cable in, while power comes on.

On the chip the firmware then takes seconds to load, and whoever was told to let go after two has done so meanwhile.
"""

import pytest
from sim_parts import SIM, from_text

from simulator import bedside
from simulator.runtimes import cpython, micropython

BOOT = {"cpython": cpython.boot, "micropython": micropython.boot}
HELD = """
title = "t"
duration_s = 6
[[event]]
at_s = 0
do = "usb_host"
[[event]]
at_s = {from_s}
for_s = 2
do = "hold"
"""


@pytest.mark.parametrize("runtime", BOOT)
def test_a_hand_that_lets_go_while_the_firmware_loads_gets_the_prompt(runtime):
    bench = bedside.Bedside(from_text(HELD.format(from_s=0)))
    with pytest.raises(bedside.RuntimeDied, match="ended by itself"):  # here nobody gives the prompt
        BOOT[runtime](bench, SIM / "slow_start.py")
    assert "device_boot" not in [event["kind"] for event in bench.result(runtime, 0.0, {}).events]


@pytest.mark.parametrize("runtime", BOOT)
def test_a_hand_that_comes_while_the_firmware_loads_gets_none(runtime):
    bench = bedside.Bedside(from_text(HELD.format(from_s=2)))
    BOOT[runtime](bench, SIM / "slow_start.py")
    assert "device_boot" in [event["kind"] for event in bench.result(runtime, 0.0, {}).events]
