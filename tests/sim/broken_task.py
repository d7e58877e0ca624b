"""Boots the device, and lets one of its tasks fail. Arguments after those of transport.py: the task, when (s), and how."""

import sys

import calando_boot

calando_boot.power_on()
from broken_device import break_it  # noqa: E402  (after boot.py, as on the chip)

break_it(sys.argv[6], int(sys.argv[7]), sys.argv[8])
from firmware import main  # noqa: E402

main.main()
