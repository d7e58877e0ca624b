"""The computer at the other end of the device's USB cable: what it sends, whether it reads, and what it was told.

It has no clock of its own: bytes reach the device when the device's side asks for news (simulator/target/usb_fifo.py).
"""

FRAME_US = 1000  # of full-speed USB
CONNECTED, OPEN, READING = 1, 2, 4


class Computer:
    """A scripted one: it opens the port when it is plugged in, and reads unless `reads` is False.

    heard: (time in us, bytes) of everything that came from the device.
    """

    def __init__(self):
        self.connected = False
        self.port_open = False
        self.reads = True
        self.heard: list[tuple[int, bytes]] = []
        self._to_send = bytearray()
        self._told: int | None = None
        self._frame_us = 0

    def plug(self, on: bool) -> None:
        """Put the cable in, or pull it; what had not left the computer never will."""
        self.connected = self.port_open = on
        self._to_send.clear()

    def send(self, data: bytes) -> None:
        """Give bytes to the cable, where there is one."""
        if self.connected:
            self._to_send += data

    def hear(self, data: bytes, now_us: int) -> None:
        self.heard.append((now_us, data))

    def said(self) -> bytes:
        """Return everything that came from the device, in one piece."""
        return b"".join(data for _, data in self.heard)

    def forget(self) -> None:
        """Start anew with a device that knows nothing of this end."""
        self._told = None

    def due_us(self) -> int | None:
        """Return when there is news for the device, None for never."""
        return self._frame_us if self._to_send or self._state() != self._told else None

    def news(self, room: int, now_us: int) -> bytes:
        """Return the state of this end and the bytes of a frame, for which the device has `room`; empty where nothing
        is new.
        """
        state = self._state()
        if not self._to_send and state == self._told:
            return b""
        self._told = state
        self._frame_us = now_us + FRAME_US
        piece = bytes(self._to_send[:room])
        del self._to_send[:room]
        return bytes((state,)) + piece

    def _state(self) -> int:
        return CONNECTED * self.connected | OPEN * self.port_open | READING * self.reads
