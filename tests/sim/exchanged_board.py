"""Boots a device whose board.py says that the sensor module's lights are exchanged."""

import calando_boot

calando_boot.power_on()
from firmware import board  # noqa: E402  (after boot.py, as on the chip)

board.LIGHTS_EXCHANGED = True
from firmware import main  # noqa: E402

main.main()
