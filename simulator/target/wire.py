"""Everything that leaves the simulated microcontroller: virtual time, and the messages to the bedside around it.

Reads and writes of chips are in lock-step: a request, then its answer. What needs no answer (sound, output pins) is
sent and forgotten. Nothing here allocates in steady state, so that the firmware's own allocations can be counted.
The same file runs under MicroPython and CPython; `transport` carries the messages, through a pipe or by a call.
"""

import struct
from array import array

import micropython
import transport
import usb_fifo
from messages import (
    FLASH_ERASE,
    FLASH_READ,
    FLASH_WRITE,
    I2C,
    I2C_INIT,
    I2S_DATA,
    I2S_GAP,
    I2S_START,
    I2S_STOP,
    PIN,
    PIN_READ,
    PWM,
    RESET,
    SCRATCH_READ,
    SCRATCH_WRITE,
    SYNC,
    UART,
    USB,
    USB_NEWS,
)
from micropython import const

_SOUND_BYTES = const(2048)  # sound is sent on in pieces of 64 ms
_PINS = 48
_USB_BYTES = 256  # that the bedside hands over at a time
_PAGE = 256  # bytes of flash

now = array("l", [0])  # virtual time, us since the bench was switched on
watchdog = array("l", [0])  # when the watchdog bites; 0 while it is not running
horizon = array("l", [0])  # before this nothing happens that is not asked for: min(next event, watchdog)
levels = bytearray(_PINS)  # what each pin reads
_listeners = [None] * _PINS
_sound = bytearray(_SOUND_BYTES)
_sound_fill = array("i", [0])
_changes = bytearray(2 * _PINS + 2 + _USB_BYTES)
_place = bytearray(8)


def begin():
    """Take over the time, the reset cause and the pin levels from the bedside, before the firmware boots."""
    now[0] = transport.start_us()
    _synchronise()


def reset_cause():
    return transport.reset_cause()


def _advance_to(end):
    while horizon[0] <= end:
        if watchdog[0] and watchdog[0] <= horizon[0]:
            now[0] = watchdog[0]
            reset("watchdog")
        if horizon[0] > now[0]:
            now[0] = horizon[0]
        _flush_sound()
        _flush_usb()
        _synchronise()
    if end > now[0]:
        now[0] = end


# What is asked for in each turn is at hand as an argument, as in time.py.
def advance(duration_us, _now=now, _horizon=horizon, _to=_advance_to):
    """Let time pass; what the bedside does to a pin meanwhile happens at its own time."""
    end = _now[0] + duration_us
    if end >= _horizon[0]:
        _to(end)
    elif duration_us > 0:  # the common case
        _now[0] = end


def look_ahead(
    _next_us=transport.next_event_us, _frame_us=usb_fifo.frame_us, _watchdog=watchdog, _horizon=horizon
):
    """Find the horizon anew, after the bedside or the watchdog moved it."""
    event_us = _next_us[0]
    frame_us = _frame_us[0]
    if frame_us and frame_us < event_us:
        event_us = frame_us
    bite_us = _watchdog[0]
    _horizon[0] = bite_us if bite_us and bite_us < event_us else event_us


def _synchronise():
    transport.send(SYNC, 0, min(_USB_BYTES, usb_fifo.room_received()), 0, None, now[0])
    transport.receive(_changes)
    place = 0
    while place < transport.length[0]:
        number = _changes[place]
        if number == USB_NEWS:
            usb_fifo.hear(_changes, place + 1, transport.length[0], now[0])
            break
        levels[number] = _changes[place + 1]
        if _listeners[number] is not None:
            _listeners[number]()
        place += 2
    look_ahead()


def _flush_usb():
    """One frame of USB: what the device has written goes to a computer that reads."""
    count = usb_fifo.take(now[0])
    if count:
        transport.send(USB, 0, 0, count, usb_fifo.leaving, now[0])


def listen(number, handler):
    """Call `handler()` when the bedside changes the level of a pin."""
    _listeners[number] = handler


def reset(why):
    """Start the microcontroller again; does not return."""
    _flush_sound()
    name = why.encode()
    transport.send(RESET, 0, 0, len(name), name, now[0])
    transport.wait_for_the_end()


def i2c_init(bus, frequency_hz, timeout_us):
    transport.send(I2C_INIT, bus, frequency_hz // 1000, 4, struct.pack("<I", timeout_us), now[0])


def i2c(
    bus, address, out, out_length, into, into_length,
    _now=now, _send=transport.send, _receive=transport.receive, _look_ahead=look_ahead, _advance=advance,
    _took_us=transport.took_us, _op=I2C,
):  # fmt: skip
    """Carry out one transaction, a write and then a read where both are given; 0 or a negative errno, `into` filled."""
    _send(_op, bus << 7 | address, into_length, out_length, out, _now[0])
    status = _receive(into)
    _look_ahead()
    _advance(_took_us[0])
    return status


def i2s_start(rate_hz):
    transport.send(I2S_START, 0, rate_hz, 0, None, now[0])


@micropython.viper
def _copy(into: ptr32, frames: ptr32, offset: int, count: int):
    """Copy `count` pairs of frames; a block has an even number of them."""
    place = 0
    while place < count:
        into[offset + place] = frames[place]
        place += 1


def _flush_sound(_fill=_sound_fill, _sound=_sound, _now=now, _send=transport.send, _op=I2S_DATA):
    if _fill[0]:
        _send(_op, 0, 0, _fill[0], _sound, _now[0])
        _fill[0] = 0


def i2s_write(frames, count, _fill=_sound_fill, _sound=_sound, _flush=_flush_sound, _copy=_copy):
    fill = _fill[0]
    if fill + count * 2 > _SOUND_BYTES:
        _flush()
        fill = 0
    _copy(_sound, frames, fill >> 2, count >> 1)
    _fill[0] = fill + count * 2


def i2s_gap(frames, before):
    """Tell of so many frames of zeros, before the last `before` frames that were written."""
    _flush_sound()
    transport.send(I2S_GAP, 0, 0, 8, struct.pack("<II", frames, before), now[0])


def i2s_stop():
    _flush_sound()
    transport.send(I2S_STOP, 0, 0, 0, None, now[0])


def pin(number, level):
    transport.send(PIN, number, level, 0, None, now[0])


def pin_read(number):
    """Return the level of a line that a chip may hold low."""
    transport.send(PIN_READ, number, 0, 0, None, now[0])
    return transport.receive(None)


def pwm(number, duty_u16):
    transport.send(PWM, number, duty_u16, 0, None, now[0])


def scratch_read(number):
    """Return a scratch register of the watchdog: what the bedside keeps over resets, until the power goes."""
    transport.send(SCRATCH_READ, number, 0, 0, None, now[0])
    transport.receive(_place)
    look_ahead()
    return struct.unpack_from("<I", _place, 0)[0]


def scratch_write(number, value):
    transport.send(SCRATCH_WRITE, number, 0, 4, struct.pack("<I", value), now[0])


def uart(buffer, count):
    transport.send(UART, 0, 0, count, buffer, now[0])


def flash_read(offset, buffer):
    if transport.flash_read(offset, buffer):
        return  # it takes no time, and what happens outside by now was heard of at its own time
    struct.pack_into("<II", _place, 0, offset, len(buffer))
    transport.send(FLASH_READ, 0, 0, 8, _place, now[0])
    transport.receive(buffer)
    look_ahead()
    advance(transport.took_us[0])


def flash_write(offset, buffer):
    if offset % _PAGE or len(buffer) % _PAGE:
        raise ValueError("flash is programmed in whole pages")
    _flush_sound()
    transport.send(FLASH_WRITE, 0, offset // _PAGE, len(buffer), buffer, now[0])
    transport.receive(None)
    look_ahead()
    advance(transport.took_us[0])


def flash_erase(offset):
    _flush_sound()
    transport.send(FLASH_ERASE, 0, 0, 4, struct.pack("<I", offset), now[0])
    transport.receive(None)
    look_ahead()
    advance(transport.took_us[0])
