"""Boots the device as firmware/root/main.py does after root/choice.py has left a newer firmware for this one."""

import calando_boot

calando_boot.power_on()
from firmware import main  # noqa: E402  (after boot.py, as on the chip)

main.main(("b", "never_ran"))
