"""The USB serial line to a computer: MicroPython's own stdin and stdout, a byte at a time, so that nothing ever waits.

Why a byte at a time: on the chip `readinto` waits until its buffer is full, and `write` waits half a second for room while
a computer has the port open and does not read. `poll` promises one byte, and one byte it lets through at once.
"""

import select
import sys

from micropython import const

_MOST_BYTES = const(64)  # in one call, one packet of full-speed USB: the sound must not wait for a long line


class UsbSerial:
    """Reads what came and writes what there is room for. Allocates nothing, raises nothing, waits for nobody."""

    def __init__(self):
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        # Two of them: on the chip both ends are one object, and one poll would answer for the other's direction.
        self._arrived = select.poll()
        self._arrived.register(self._in, select.POLLIN)
        self._room = select.poll()
        self._room.register(self._out, select.POLLOUT)
        self._byte = bytearray(1)

    def read(self, buffer):
        """Fill a buffer from its beginning; returns how many bytes came, at most 64."""
        most = min(len(buffer), _MOST_BYTES)
        count = 0
        while count < most and _ready(self._arrived):
            self._in.readinto(self._byte)
            buffer[count] = self._byte[0]
            count += 1
        return count

    def write(self, buffer, start, count):
        """Send bytes of a buffer; returns how many went, at most 64: 0 while the computer does not read.

        With nobody at the other end they go nowhere, and count as sent.
        """
        most = min(count, _MOST_BYTES)
        sent = 0
        while sent < most and _ready(self._room):
            self._out.write(buffer, start + sent, 1)
            sent += 1
        return sent


def _ready(poll):
    for _ in poll.ipoll(0):
        return True
    return False
