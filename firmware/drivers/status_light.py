"""The two-colour light, green and amber, each with a brightness; dim is a matter of board and panel."""

from machine import PWM, Pin

_FREQUENCY_HZ = 1000  # well above what an eye or a camera at the bedside sees flicker


class StatusLight:
    def __init__(self, green_pin, amber_pin):
        self._green = PWM(Pin(green_pin), freq=_FREQUENCY_HZ, duty_u16=0)
        self._amber = PWM(Pin(amber_pin), freq=_FREQUENCY_HZ, duty_u16=0)

    def show(self, colour, brightness_permille):
        """Show a colour: "off", "green" or "amber"; brightness 0 to 1000."""
        duty = brightness_permille * 65535 // 1000
        self._green.duty_u16(duty if colour == "green" else 0)
        self._amber.duty_u16(duty if colour == "amber" else 0)
