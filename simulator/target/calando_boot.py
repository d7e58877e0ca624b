"""What a Pico and MicroPython's start-up do: mount the flash, run boot.py, then main.py."""

import files
import wire


def run():
    wire.begin()
    files.mount()
    from firmware import boot

    boot.main()
    from firmware import main

    main.main()
