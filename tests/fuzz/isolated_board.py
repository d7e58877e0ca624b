"""Boots the device as it is, on a board with an isolator: sessions go on while a computer is connected."""

import calando_boot

calando_boot.power_on()
from firmware import board, main  # noqa: E402  (after boot.py, as on the chip)

board.USB_ISOLATED = True
main.main()
