"""The computer's end of the USB line as a pseudo-terminal, so that a real program can open it like a serial port."""

import contextlib
import os
import select
import tty
from collections.abc import Callable

from simulator.computer import Computer

_BUSY_US = 50_000  # after the last byte


class Terminal(Computer):
    """A new pseudo-terminal each time the cable goes in, as a port vanishes and comes back on a real computer.

    port: its name, None while unplugged; `changed(port)` is called when it changes.
    """

    def __init__(self, changed: Callable[[str | None], None]):
        super().__init__()
        self.port: str | None = None
        self.busy_until_us = 0  # bytes have just gone to and fro: more may come soon
        self._changed = changed
        self._master = -1
        self._to_program = bytearray()

    def plug(self, on: bool) -> None:
        if on == self.connected:
            return
        super().plug(on)
        self.port_open = False
        self._to_program.clear()
        if on:
            self._master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(self._master, False)
            self.port = os.ttyname(slave)
            os.close(slave)  # nobody has it open, and the system can tell when somebody has
        else:
            os.close(self._master)
            self._master, self.port = -1, None
        self._changed(self.port)

    def number_to_wait_for(self) -> int | None:
        """Return the file number on which something may come; None while nobody has the port open."""
        return self._master if self.port_open else None

    def hear(self, data: bytes, now_us: int) -> None:
        self._to_program += data
        self._write()
        self.busy_until_us = now_us + _BUSY_US

    def news(self, room: int, now_us: int) -> bytes:
        if self.connected:
            self._look(room)
            if self._to_send:
                self.busy_until_us = now_us + _BUSY_US
        return super().news(room, now_us)

    def _look(self, room: int) -> None:
        """See whether the port is open, and take what its program wrote and the device has room for."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = dict(poll.poll(0)).get(self._master, 0)
        self.port_open = not events & select.POLLHUP
        if events & select.POLLIN and room > len(self._to_send):
            with contextlib.suppress(BlockingIOError):
                self._to_send += os.read(self._master, room - len(self._to_send))
        if not self.port_open:
            self._to_program.clear()
        self._write()
        self.reads = not self._to_program

    def _write(self) -> None:
        if self._to_program and self.port_open:
            with contextlib.suppress(BlockingIOError):
                del self._to_program[: os.write(self._master, self._to_program)]
