"""What the tests of chips and drivers share: a light, a clock, a machine.I2C over the bus model, pins for recovery."""

import numpy as np

from simulator.chips.bus import I2CBusModel


class Ramp:
    """Light in which every sample is different: sample n gives n counts above the base at 6.4 mA on 4096 nA."""

    LSB_NA = 4096 / (1 << 18)

    def __init__(self, base: int = 1000, period_us: int = 10_000, ambient_na: float = 0.0):
        self.base = base
        self.step_us = period_us
        self.ambient_na = ambient_na
        self.calls = 0

    def photocurrent(self, start_us, period_us, count):
        self.calls += 1
        times = np.rint(start_us + np.arange(count) * period_us)
        ir = self.base + times / self.step_us
        return (
            ir * self.LSB_NA / 6.4,
            (ir + 20_000) * self.LSB_NA / 6.4,
            np.full(count, self.ambient_na),
        )


class Clock:
    """Virtual time that only the test and the bus move."""

    def __init__(self):
        self.us = 0

    def now_ms(self):
        return self.us // 1000

    def sleep_us(self, us):
        self.us += us

    # In the shape of the `time` module, for drivers that sleep by it.
    def sleep(self, seconds):
        self.us += round(seconds * 1_000_000) or 1

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
            raise OSError(-status, "I2C")
        return data

    def writeto(self, address, buffer, stop=True):
        self._transfer(address, bytes(buffer), 0, stop)
        return len(buffer)

    def readfrom_into(self, address, buffer, stop=True):
        buffer[:] = self._transfer(address, None, len(buffer), stop)

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self._transfer(address, bytes((register,)), len(buffer))

    def writeto_mem(self, address, register, buffer):
        self._transfer(address, bytes((register,)) + bytes(buffer), 0)

    def scan(self):
        return [
            a for a in range(8, 0x78) if self.bus.transfer(a, b"", 0, True, self.clock.us, 100_000)[0] == 0
        ]


class Pin:
    """An open-drain pin on SCL or SDA; rising edges of SCL clock the chips."""

    def __init__(self, bus, clock, line):
        self.bus, self.clock, self.line, self.level = bus, clock, line, 1

    def value(self, level=None):
        if level is None:
            return self.bus.sda_level(self.clock.us) if self.line == "sda" and self.level else self.level
        if self.line == "scl" and level and not self.level:
            self.bus.clock_pulses(1, self.clock.us)
        self.level = level
        return None


def open_bus(*targets, timeout_us=10_000):
    """(firmware's I2CBus, bus model, clock) with these chips on it."""
    from firmware.drivers.i2c_bus import I2CBus

    model = I2CBusModel(targets, timeout_us=timeout_us)
    clock = Clock()
    bus = I2CBus(
        lambda: I2C(model, clock), lambda: (Pin(model, clock, "scl"), Pin(model, clock, "sda")), clock
    )
    return bus, model, clock
