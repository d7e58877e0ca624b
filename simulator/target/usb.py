"""MicroPython's `sys.stdin`, `sys.stdout` and `select` as they are on an RP2040 whose USB line is the console.

With what makes a careless driver wait there: `readinto` returns when its buffer is full, `write` when everything is out
or nothing has gone for half a second.
"""

import usb_fifo
import wire

POLLIN = 1
POLLOUT = 4
_POLL_US = 20  # of a byte asked for and moved; an estimate
_TIMEOUT_US = 500_000  # MICROPY_HW_USB_CDC_TX_TIMEOUT
_WAIT_US = 1000
_now = wire.now
_horizon = wire.horizon


class _Buffer:
    """`sys.stdin.buffer` and `sys.stdout.buffer`, one object as on the chip."""

    def readinto(self, buffer):
        for place in range(len(buffer)):
            while not usb_fifo.count_received():
                wire.advance(_WAIT_US)
            buffer[place] = usb_fifo.receive()
        return len(buffer)

    def write(self, buffer, start, count):
        waited_us = 0
        sent = 0
        while sent < count:
            if usb_fifo.room_leaving():
                first = not usb_fifo.frame_us[0]
                usb_fifo.leave(buffer[start + sent], _now[0])
                if first:
                    wire.look_ahead()  # a frame is due now
                sent += 1
                waited_us = 0
            elif waited_us < _TIMEOUT_US:
                wire.advance(_WAIT_US)
                waited_us += _WAIT_US
            else:
                break
        return sent


class _Stream:
    buffer = _Buffer()


stdin = _Stream()
stdout = _Stream()


class poll:
    """For one object and one direction: a poll of the chip's console for both would answer for either."""

    def register(self, object, event):
        self._arrives = event == POLLIN
        self._ready = ((object, event),)

    def ipoll(self, timeout_ms):
        if timeout_ms != 0:
            raise ValueError("nothing of this firmware may wait for a computer")
        later = _now[0] + _POLL_US
        if later < _horizon[0]:
            _now[0] = later
        else:
            wire.advance(_POLL_US)
        ready = usb_fifo.count_received() if self._arrives else usb_fifo.room_leaving()
        return self._ready if ready else ()
