"""Boots the device with a task that sends back what comes on the USB line, in capitals; `?` asks for the worst lateness.

On a board with an isolator, so that sessions go on while a computer is connected.
"""

import calando_boot

calando_boot.power_on()
from firmware import board, main  # noqa: E402  (after boot.py, as on the chip)
from firmware.drivers.usb_serial import UsbSerial  # noqa: E402

board.USB_ISOLATED = True


class Echo(main.Device):
    def __init__(self, left):
        super().__init__(left)
        for task in self.loop._tasks:
            if task.name == "link":
                task.run = self._echo  # the line has one reader
        self._usb = UsbSerial()
        self._bytes = bytearray(64)
        self._start = 0
        self._count = 0

    def _echo(self, now_ms):
        if not self.usb_power.value():
            return
        if not self._count:
            self._start = 0
            self._count = self._usb.read(self._bytes)
            for place in range(self._count):
                value = self._bytes[place]
                if 97 <= value <= 122:
                    self._bytes[place] = value - 32
            if self._count and self._bytes[0] == ord("?"):
                said = str(self.loop.worst_lateness_ms)
                self._count = len(said)
                self._bytes[: self._count] = said.encode()
        sent = self._usb.write(self._bytes, self._start, self._count)
        self._start += sent
        self._count -= sent


main.Device = Echo
main.main()
