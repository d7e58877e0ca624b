"""Why the chip started, read from its watchdog, and the count of starts that did not come as far as the loop.

`machine.reset_cause()` says WDT_RESET after the watchdog bit, after `machine.reset()`, and after an image was put on the
board alike. The scratch registers outlive all of these and not the power. In the fifth the pico-sdk leaves a mark when the
watchdog is set to bite, and another when a reset is asked for (hardware_watchdog/watchdog.c); in the second
firmware/root/choice.py counts.
"""

import sys

import machine
from micropython import const

_SCRATCH = 0x400D800C if "RP2350" in getattr(sys.implementation, "_machine", "") else 0x4005800C
_STARTS = const(4)  # the second of them, in bytes
_MARK = const(16)  # the fifth
_SET_TO_BITE = 0x6AB73121


def bitten():
    """Return whether the time of the watchdog ran out: nobody asked for this start. To be asked before it is set again."""
    return machine.reset_cause() == machine.WDT_RESET and machine.mem32[_SCRATCH + _MARK] == _SET_TO_BITE


def reached():
    """Note that this firmware runs: the next start is the first again."""
    machine.mem32[_SCRATCH + _STARTS] = 0
