"""Names that Adafruit's drivers put into their annotations, which MicroPython skips and CPython looks up."""


class I2C:
    """What firmware/drivers/i2c_bus.py's CircuitPythonI2C has the shape of."""
