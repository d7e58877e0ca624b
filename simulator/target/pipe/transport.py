"""Messages between MicroPython and the bedside through two pipes, named by number on the command line.

A request is 16 bytes, little endian (op u8, a u8, b u16, length u32, now_us u64), then `length` bytes; an answer is
16 bytes (status i16, length u16, took_us u32, next_event_us u64), then `length` bytes.
"""

import struct
import sys
from array import array

_to_bedside = open(int(sys.argv[1]), "wb")
_from_bedside = open(int(sys.argv[2]), "rb")
_SMALL = 64
_request = bytearray(16 + _SMALL)
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


def send(op, a, b, count, payload, now_us):
    struct.pack_into("<BBHIQ", _request, 0, op, a, b, count, now_us)
    if count <= _SMALL:
        # In one piece: a second write would wake the other side twice.
        for place in range(count):
            _request[16 + place] = payload[place]
        _to_bedside.write(_request, 16 + count)
    else:
        _to_bedside.write(_request, 16)
        _to_bedside.write(payload, count)


def receive(into):
    """Wait for the answer; returns its status, and fills `into` with what came along."""
    if _from_bedside.readinto(_answer) != 16:
        sys.exit()  # the bedside is gone: the power is off
    status = _answer[0] & 0xFFFF
    count = _answer[0] >> 16
    length[0] = count
    took_us[0] = _answer[1]
    next_event_us[0] = _answer[2] | _answer[3] << 32
    if count:
        got = _from_bedside.readinto(into, count)
        while got < count:  # a long answer may come in pieces
            got += _from_bedside.readinto(memoryview(into)[got:], count - got)
    return status - 0x10000 if status & 0x8000 else status


def wait_for_the_end():
    """Wait until the bedside ends this process; nothing of the firmware runs on meanwhile."""
    while _from_bedside.read(1):
        continue
    sys.exit()
