"""The button: its level, and a latch that keeps a press shorter than a turn of the loop. Gestures are panel.py's."""

from machine import Pin


class Button:
    def __init__(self, number):
        pin = Pin(number, Pin.IN, Pin.PULL_UP)
        self._level = pin.value
        self._latched = False
        pin.irq(self._fell, Pin.IRQ_FALLING)

    def _fell(self, _pin):
        self._latched = True

    def down(self):
        """Return whether the button is held, or was pressed since the last question."""
        if self._latched:
            self._latched = False
            return True
        return self._level() == 0
