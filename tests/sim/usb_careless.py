"""Boots the device with a task that writes to the console without asking whether there is room."""

import calando_boot

calando_boot.power_on()
from firmware import board, main  # noqa: E402  (after boot.py, as on the chip)
from firmware.drivers import usb_serial  # noqa: E402

board.USB_ISOLATED = True


class Careless(main.Device):
    def __init__(self, left):
        super().__init__(left)
        self._line = bytes(64)
        self.loop.add("careless", 1000, self._say)

    def _say(self, now_ms):
        usb_serial.sys.stdout.buffer.write(self._line, 0, len(self._line))


main.Device = Careless
main.main()
