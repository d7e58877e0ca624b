"""What the tests of chips and drivers share: light, clock, machine.I2C over the bus model, pins."""

import numpy as np

from simulator.chips.bus import I2CBusModel


class Ramp:
    """Light in which no two samples are alike.

    At 6.4 mA on the 4096 nA range the sample at t_us has base + t_us / period_us counts of infrared and
    20 000 more of red.
    """

    LSB_NA = 4096 / (1 << 18)

    def __init__(self, base: int = 1000, period_us: int = 10_000, ambient_na: float = 0.0):
        self.base = base
        self.period_us = period_us
        self.ambient_na = ambient_na
        self.asked = []

    def photocurrent(self, start_us, period_us, count):
        self.asked.append((start_us, count))
        ir = self.base + np.rint(start_us + np.arange(count) * period_us) / self.period_us
        per_ma = self.LSB_NA / 6.4
        return ir * per_ma, (ir + 20_000) * per_ma, np.full(count, self.ambient_na)


class Steady:
    """The same light for ever, in nanoamperes per milliampere."""

    def __init__(self, ir: float, red: float, ambient_na: float = 0.0):
        self.values = (ir, red, ambient_na)

    def photocurrent(self, start_us, period_us, count):
        return tuple(np.full(count, value) for value in self.values)


class Clock:
    """Virtual time that only test and bus move; in the shapes of the firmware's clock and of `time`."""

    def __init__(self):
        self.us = 0

    def now_ms(self):
        return self.us // 1000

    def sleep_us(self, us):
        self.us += us

    def sleep(self, seconds):
        self.us += max(1, round(seconds * 1_000_000))

    def time(self):
        return self.us / 1_000_000


class I2C:
    """machine.I2C over the bus model; transactions take their time."""

    def __init__(self, bus: I2CBusModel, clock: Clock, frequency_hz: int = 400_000):
        self.bus, self.clock, self.frequency_hz = bus, clock, frequency_hz

    def _transfer(self, address, write, read_count, stop=True):
        status, data, took_us = self.bus.transfer(
            address, write, read_count, stop, self.clock.us, self.frequency_hz
        )
        self.clock.us += took_us
        if status:
            raise OSError(-status)
        return data

    def writeto(self, address, buffer, stop=True):
        self._transfer(address, bytes(buffer), 0, stop)
        return len(buffer)

    def readfrom_into(self, address, buffer, stop=True):
        buffer[:] = self._transfer(address, None, len(buffer), stop)

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self._transfer(address, bytes((register,)), len(buffer))


class Pin:
    """An open-drain pin on SCL or SDA; a rising edge of SCL clocks the chips."""

    def __init__(self, bus: I2CBusModel, clock: Clock, line: str):
        self.bus, self.clock, self.line, self.level = bus, clock, line, 1

    def value(self, level=None):
        if level is None:
            return self.bus.sda_level(self.clock.us) if self.line == "sda" and self.level else self.level
        if self.line == "scl" and level and not self.level:
            self.bus.clock_pulses(1, self.clock.us)
        self.level = level
        return None


def open_bus(*targets, timeout_us: int = 10_000):
    """The firmware's I2CBus with these chips on it, the bus model under it, and the clock of both."""
    from firmware.drivers.i2c_bus import I2CBus

    model = I2CBusModel(targets, timeout_us=timeout_us)
    clock = Clock()
    bus = I2CBus(
        lambda: I2C(model, clock), lambda: (Pin(model, clock, "scl"), Pin(model, clock, "sda")), clock
    )
    return bus, model, clock


def words(data: bytes) -> list[int]:
    """FIFO bytes as 24-bit words."""
    return [int.from_bytes(data[i : i + 3], "big") for i in range(0, len(data), 3)]
