"""A device whose modules take three seconds to load, as they do on the chip; here loading is free."""

import time

import calando_boot

calando_boot.power_on()
time.sleep(3)

from firmware import main  # noqa: E402

main.main()
