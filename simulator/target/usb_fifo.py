"""The buffers between MicroPython's stdin and stdout and the USB cable, as on an RP2040 (shared/tinyusb/mp_usbd_cdc.c).

What arrives waits in 767 bytes (stdin's ring and TinyUSB's) and is never lost: the computer waits for room. What leaves
waits in 256: for the next frame, while the computer reads; for the computer, while it has the port open and does not;
and with the port closed the newest 256 bytes stay for whoever opens it.
"""

from array import array

_RECEIVED_BYTES = 767
_LEAVING_BYTES = 256
_FRAME_US = 1000

_CONNECTED, _OPEN, _READING = 1, 2, 4  # what the bedside tells of the computer
_state = bytearray(1)

_received = bytearray(_RECEIVED_BYTES)
_received_span = array("i", [0, 0])  # where the oldest byte is, and how many there are
_left = bytearray(_LEAVING_BYTES)
_left_span = array("i", [0, 0])
leaving = bytearray(_LEAVING_BYTES)  # what take() took, oldest first
frame_us = array("l", [0])  # when what has been written goes out; 0: nothing goes


def hear(news, start, end, now_us):
    """Take the state of the computer, and then the bytes that came from it."""
    before = _state[0]
    state = _state[0] = news[start]
    if before & _CONNECTED and not state & _CONNECTED:
        _left_span[1] = 0  # TinyUSB forgets it with the next enumeration
    for place in range(start + 1, end):
        _received[(_received_span[0] + _received_span[1]) % _RECEIVED_BYTES] = news[place]
        _received_span[1] += 1
    _plan(now_us)


def room_received():
    return _RECEIVED_BYTES - _received_span[1]


def count_received():
    return _received_span[1]


def receive():
    """Return the oldest byte that came; there must be one."""
    value = _received[_received_span[0]]
    _received_span[0] = (_received_span[0] + 1) % _RECEIVED_BYTES
    _received_span[1] -= 1
    return value


def room_leaving():
    """Return the bytes that can be written now; with the port closed the oldest make room."""
    return _LEAVING_BYTES - _left_span[1] if _state[0] & _OPEN else _LEAVING_BYTES


def leave(value, now_us):
    """Write a byte; there must be room."""
    if _left_span[1] == _LEAVING_BYTES:
        _left_span[0] = (_left_span[0] + 1) % _LEAVING_BYTES
        _left_span[1] -= 1
    _left[(_left_span[0] + _left_span[1]) % _LEAVING_BYTES] = value
    _left_span[1] += 1
    _plan(now_us)


def _plan(now_us):
    if not _left_span[1] or _state[0] != _CONNECTED | _OPEN | _READING:
        frame_us[0] = 0
    elif not frame_us[0]:
        frame_us[0] = now_us + _FRAME_US


def take(now_us):
    """Move what leaves with the frame that is due into `leaving`; returns how many bytes."""
    if not frame_us[0] or frame_us[0] > now_us:
        return 0
    count = _left_span[1]
    for place in range(count):
        leaving[place] = _left[(_left_span[0] + place) % _LEAVING_BYTES]
    _left_span[1] = 0
    frame_us[0] = 0
    return count
