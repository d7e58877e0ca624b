"""First thing after every reset: silence, then bedside mode or maintenance. Runs before main.py.

Maintenance (the prompt that mpremote talks to) needs both a USB host and the button held while power comes on: a stuck
button alone, at a bedside, must not keep the device from working, and a cable alone must not open it.
"""

import gc

import micropython
from machine import Pin

from firmware import board
from firmware.drivers import resets

_wanted = None  # until it has been looked at
bitten = None  # the same: whether the watchdog made the device start


def maintenance():
    """Return whether whoever switched the device on wants the prompt instead of the bedside.

    Decided once, before anything else is loaded: main.py asks again seconds later, when the hand has let go of the button.
    """
    global _wanted
    if _wanted is None:
        held = Pin(board.PIN_BUTTON, Pin.IN, Pin.PULL_UP).value() == 0
        _wanted = held and Pin(board.PIN_USB_POWER, Pin.IN).value() == 1
    return _wanted


def main():
    """Keep silent, and let nobody interrupt. Both files that MicroPython starts call it, each for itself."""
    global bitten
    Pin(board.PIN_AMPLIFIER_ON, Pin.OUT, value=0)
    if bitten is None:
        bitten = resets.bitten()  # before the watchdog is set again
    # Collect often while modules load, so that what stays lies together and the buffers find room behind it. More often
    # costs time: after every 16 KB the first look at the button is 0.2 s later.
    gc.threshold(24576)
    if not maintenance():
        micropython.kbd_intr(-1)  # at the bedside a byte 0x03 on the USB line interrupts nothing


if __name__ == "__main__":
    main()
