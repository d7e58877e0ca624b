"""What a Pico and MicroPython's start-up do: mount the flash, run boot.py, then main.py."""

import files
import wire
from firmware import boot, main


def run():
    wire.begin()
    files.mount()
    boot.main()
    main.main()
