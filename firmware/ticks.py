"""Milliseconds as MicroPython's `time.ticks_ms` counts them: they wrap after 2 ** 30, which is 12.4 days.

So a time is a small integer for ever, and costs no heap. Two times tell nothing by being larger or smaller; only their
distance counts, and only below 2 ** 29 ms, 6.2 days: whoever keeps a time for longer must renew or forget it. What
happened hours ago, or days, is counted apart (loop.Clock.uptime_s, care/dose.py).
"""

import micropython
from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(1 << 29)


@micropython.viper
def since(later: int, earlier: int) -> int:
    """Return how many ms lie between two times; negative where `later` is the earlier one. As `time.ticks_diff`."""
    return (((later - earlier) & _MASK) ^ _HALF) - _HALF


@micropython.viper
def add(ticks: int, duration_ms: int) -> int:
    """Return the time `duration_ms` later: at most 2 ** 29 - 1 ms, or before, where it is negative. As `time.ticks_add`."""
    return (ticks + duration_ms) & _MASK
