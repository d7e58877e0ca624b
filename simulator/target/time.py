"""The device's clock: virtual, moved only by what the firmware does. Takes the place of MicroPython's `time`.

As on the chip, ticks wrap after 2**30, and asking the time takes time (6 us on an RP2040 at 125 MHz, measured),
so a loop that only polls the clock gets somewhere.
"""

import micropython
import wire
from micropython import const

_WRAP = const((1 << 30) - 1)
_HALF = const(1 << 29)
_READ_US = const(6)


# The most frequent calls of all: what is at hand as an argument need not be looked up, and machine code that looks up
# nothing has no globals to change and to change back, whatever happens.
def ticks_us(_now=wire.now, _horizon=wire.horizon, _advance=wire.advance):
    later = _now[0] + _READ_US
    if later < _horizon[0]:  # the common case
        _now[0] = later
        return later & _WRAP
    _advance(_READ_US)
    return _now[0] & _WRAP


def ticks_ms(_now=wire.now, _horizon=wire.horizon, _advance=wire.advance):
    later = _now[0] + _READ_US
    if later < _horizon[0]:
        _now[0] = later
        return later // 1000 & _WRAP
    _advance(_READ_US)
    return _now[0] // 1000 & _WRAP


def ticks_add(ticks, delta):
    return (ticks + delta) & _WRAP


@micropython.viper
def ticks_diff(later: int, earlier: int) -> int:
    return ((later - earlier + _HALF) & _WRAP) - _HALF


sleep_us = wire.advance


def sleep_ms(duration_ms):
    sleep_us(duration_ms * 1000)


def sleep(duration_s):
    sleep_us(int(duration_s * 1_000_000))
