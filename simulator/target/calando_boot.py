"""What a Pico and MicroPython's start-up do: mount the flash, open the USB line, run boot.py, then main.py."""

import files
import usb
import wire


def power_on():
    """Do everything that comes before main.py."""
    wire.begin()
    files.mount()
    from firmware.drivers import usb_serial

    # Only this file gets the chip's console: `sys` is built in, and the process has use for its own.
    usb_serial.sys = usb_serial.select = usb
    from firmware import boot

    boot.main()


def run():
    power_on()
    from firmware import main

    main.main()
