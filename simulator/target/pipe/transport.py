"""Messages between MicroPython and the bedside through two pipes, named by number on the command line.

A request is 16 bytes, little endian (op u8, a u8, b u16, length u32, now_us u64), then `length` bytes; an answer is
16 bytes (status i16, length u16, took_us u32, next_event_us u64), then `length` bytes.

What needs no answer waits here until something does, or there is no more room: the bedside goes by the time that stands in
each message, so it is all the same to it, and each time it is woken costs more than what it then does.
"""

import struct
import sys
from array import array

import micropython
from micropython import const

_to_bedside = open(int(sys.argv[1]), "wb")
_from_bedside = open(int(sys.argv[2]), "rb")
_HEAD = const(16)
_OUT_BYTES = const(1 << 13)  # a quarter of a second of sound
_out = bytearray(_OUT_BYTES)
_fill = array("i", [0])
_answer = array("I", [0, 0, 0, 0])

took_us = array("i", [0])  # how long the last answered request took on its bus
length = array("i", [0])  # how many bytes came with it
next_event_us = array("l", [0])  # the bedside has nothing new for us before this time


# The flash chip as a file that both sides see; 0 where it is none. MicroPython starts with thousands of reads.
_flash = open(int(sys.argv[5]), "rb") if int(sys.argv[5]) else None


def flash_read(offset, buffer):
    """Fill `buffer` from the flash chip; returns whether it could be done here, without a message."""
    if _flash is None:
        return False
    _flash.seek(offset)
    return _flash.readinto(buffer) == len(buffer)


def start_us():
    return int(sys.argv[3])


def reset_cause():
    return int(sys.argv[4])


@micropython.viper
def _copy(out: ptr8, fill: int, payload: ptr8, count: int):
    """Copy `count` bytes, four at a time as long as there are as many."""
    into = ptr32(int(out) + fill)
    words = ptr32(payload)
    place = 0
    while place < count >> 2:
        into[place] = words[place]
        place += 1
    place <<= 2
    while place < count:
        out[fill + place] = payload[place]
        place += 1


def _flush(_fill=_fill, _out=_out, _write=_to_bedside.write):
    if _fill[0]:
        _write(_out, _fill[0])
        _fill[0] = 0


# What is asked for in each turn looks up no globals, as in time.py.
def send(
    op, a, b, count, payload, now_us,
    _fill=_fill, _out=_out, _pack_into=struct.pack_into, _flush=_flush, _copy=_copy, _write=_to_bedside.write,
):  # fmt: skip
    fill = _fill[0]
    if fill + _HEAD + count > _OUT_BYTES:
        _flush()
        fill = 0
    _pack_into("<BBHIQ", _out, fill, op, a, b, count, now_us)
    fill += _HEAD
    if fill + count <= _OUT_BYTES:
        if count:
            _copy(_out, fill, payload, count)
        _fill[0] = fill + count
    else:
        _fill[0] = fill
        _flush()
        _write(payload, count)


def _receive_rest(into, got, count):
    """Fill `into` to `count` bytes: a long answer may come in pieces."""
    while got < count:
        got += _from_bedside.readinto(memoryview(into)[got:], count - got)


def receive(
    into,
    _flush=_flush, _read=_from_bedside.readinto, _answer=_answer, _length=length, _took_us=took_us,
    _next_us=next_event_us, _end=sys.exit, _rest=_receive_rest,
):  # fmt: skip
    """Wait for the answer; returns its status, and fills `into` with what came along."""
    _flush()
    if _read(_answer) != 16:
        _end()  # the bedside is gone: the power is off
    status = _answer[0] & 0xFFFF
    count = _answer[0] >> 16
    _length[0] = count
    _took_us[0] = _answer[1]
    _next_us[0] = _answer[2] | _answer[3] << 32
    if count:
        got = _read(into, count)
        if got < count:
            _rest(into, got, count)
    return status - 0x10000 if status & 0x8000 else status


def wait_for_the_end():
    """Wait until the bedside ends this process; nothing of the firmware runs on meanwhile."""
    _flush()
    while _from_bedside.read(1):
        continue
    sys.exit()
