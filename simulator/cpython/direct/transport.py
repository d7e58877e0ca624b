"""Messages between the firmware on CPython and the bedside in the same process: plain calls, and no copy of a protocol.

`port` is put in place by simulator/runtimes/cpython.py before the device boots.
"""

from array import array

port = None
boot = None

took_us = array("i", [0])
length = array("i", [0])
next_event_us = array("l", [0])
_answer = None


def flash_read(offset, buffer):
    """Return False: the flash is read by a message."""
    return False


def start_us():
    return boot.start_us


def reset_cause():
    return boot.reset_cause


def send(op, a, b, count, payload, now_us):
    global _answer
    _answer = port.handle(op, a, b, bytes(memoryview(payload)[:count]) if count else b"", now_us)


def receive(into):
    status, data, took_us[0], next_event_us[0] = _answer
    length[0] = len(data)
    if data:
        memoryview(into).cast("B")[: len(data)] = data
    return status


def wait_for_the_end():
    raise AssertionError("the bedside ended the run at the reset and did not return")
