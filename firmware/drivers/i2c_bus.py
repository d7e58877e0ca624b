"""The I2C bus as the drivers see it: registers, failures counted, a bus that a chip holds low set free again.

A transaction is repeated once. What a failure means for the patient is the drivers' business, and the
session's.
"""

from micropython import const

from firmware import ticks

EIO = const(5)  # nobody acknowledged
ETIMEDOUT = const(110)  # a line was held low until the port gave up

# Half a clock of the recovery: 100 kHz, which every chip understands.
_HALF_CLOCK_US = const(5)
# A chip caught in mid-byte lets go of SDA after at most nine clocks (I2C specification UM10204, 3.1.16).
_CLOCKS = const(9)
# While a bus stays stuck: how long every transaction fails at once, so that the loop keeps its time.
_PATIENCE_MS = const(100)


class I2CBus:
    """A bus. `open_i2c()` gives a ready machine.I2C; `open_pins()` (SCL, SDA) as open-drain pins, both high.

    The I2C should have a timeout of some 10 ms: its default of 50 ms, several times a turn, would starve
    the sound. `errors` counts failed transactions, `recoveries` buses set free, `last_errno` is the latest
    failure's. Everything raises OSError when it fails twice.
    """

    def __init__(self, open_i2c, open_pins, clock):
        self._open_i2c = open_i2c
        self._open_pins = open_pins
        self._clock = clock
        self._two_bytes = bytearray(2)
        self._stuck_until_ms = None
        self.errors = 0
        self.recoveries = 0
        self.last_errno = 0
        self._i2c = open_i2c()

    def read_registers(self, address, register, buffer, again=True):
        """Fill `buffer` from `register` on; `again` False where a second try would not give the same."""
        self._check_free()
        try:
            self._i2c.readfrom_mem_into(address, register, buffer)
        except OSError as error:
            self._failed(error)
            if not again:
                raise
            self._i2c.readfrom_mem_into(address, register, buffer)

    def write_register(self, address, register, value):
        """Write one byte to a register."""
        self._two_bytes[0] = register
        self._two_bytes[1] = value
        self.writeto(address, self._two_bytes)

    def writeto(self, address, buffer, stop=True):
        self._check_free()
        try:
            self._i2c.writeto(address, buffer, stop)
        except OSError as error:
            self._failed(error)
            self._i2c.writeto(address, buffer, stop)

    def readfrom_into(self, address, buffer):
        self._check_free()
        try:
            self._i2c.readfrom_into(address, buffer)
        except OSError as error:
            self._failed(error)
            self._i2c.readfrom_into(address, buffer)

    def recover(self):
        """Clock a chip out of the byte it is stuck in, in 0.1 ms; return whether SDA is free."""
        clock = self._clock
        scl, sda = self._open_pins()
        for _ in range(_CLOCKS):
            if sda.value():
                break
            scl.value(0)
            clock.sleep_us(_HALF_CLOCK_US)
            scl.value(1)
            clock.sleep_us(_HALF_CLOCK_US)
        free = sda.value() == 1
        if free:  # a stop condition: whoever was listening starts afresh
            scl.value(0)
            sda.value(0)
            clock.sleep_us(_HALF_CLOCK_US)
            scl.value(1)
            clock.sleep_us(_HALF_CLOCK_US)
            sda.value(1)
            self.recoveries += 1
        self._i2c = self._open_i2c()
        return free

    def _check_free(self):
        if self._stuck_until_ms is not None:
            if ticks.since(self._clock.now_ms(), self._stuck_until_ms) < 0:
                raise OSError(ETIMEDOUT)
            self._stuck_until_ms = None

    def _failed(self, error):
        """Count a failure; a bus that cannot be freed is left alone for a while, and raises."""
        self.errors += 1
        self.last_errno = error.args[0]
        if error.args[0] != EIO and not self.recover():
            self._stuck_until_ms = ticks.add(self._clock.now_ms(), _PATIENCE_MS)
            raise error


class CircuitPythonI2C:
    """The bus in the shape that Adafruit's drivers expect of `busio.I2C`; one task uses it, hence no lock."""

    def __init__(self, bus):
        self.bus = bus
        self._whole = None
        self._part = memoryview(b"")

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, start=0, end=None):
        self.bus.writeto(address, self._slice(buffer, start, end))

    def readfrom_into(self, address, buffer, start=0, end=None):
        self.bus.readfrom_into(address, self._slice(buffer, start, end))

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        if (len(out_buffer) if out_end is None else out_end) - out_start == 1:
            # A register and its contents: one transaction, which no failure can split.
            self.bus.read_registers(address, out_buffer[out_start], self._slice(in_buffer, in_start, in_end))
            return
        self.bus.writeto(address, self._slice(out_buffer, out_start, out_end), False)
        self.bus.readfrom_into(address, self._slice(in_buffer, in_start, in_end))

    def _slice(self, buffer, start, end):
        """`buffer[start:end]` without a copy; the latest one is kept for the next time."""
        if start == 0 and (end is None or end == len(buffer)):
            return buffer
        if buffer is not self._whole or len(self._part) != end - start or start:
            self._whole = buffer
            self._part = memoryview(buffer)[start:end]
        return self._part
