"""The ADS1115 converter through Adafruit's driver: one channel after the other, without ever waiting for it.

Adafruit's driver is used as it is published, for its registers and its settings. Its own read() is not: in
continuous mode it does not change the channel (release 3.0.5, upstream issue 112), and in single-shot mode
it polls for as long as the chip takes, for ever if the chip has stopped. So a conversion is begun in one
turn of the loop and fetched in a later one; the chip's own configuration, read back, says that it is done,
and that nothing has reset it.
"""

from adafruit_ads1x15.ads1x15 import Mode
from adafruit_ads1x15.ads1115 import ADS1115
from micropython import const

from firmware import ticks
from firmware.drivers.i2c_bus import EIO

_CHANNELS = const(4)

# Why the converter cannot be trusted (`fault`).
ADC_ABSENT = "adc_absent"  # nobody answers at the address
ADC_BUS_STUCK = "adc_bus_stuck"
ADC_READBACK = "adc_readback"  # its configuration is not what was written: reset, or nonsense
ADC_STOPPED = "adc_stopped"  # a conversion never ends

_POINTER_CONVERSION = const(0)
_POINTER_CONFIG = const(1)
_SINGLE_ENDED = const(4)  # MUX of A0 against ground
_READY = const(0x8000)
_SETTINGS = const(0x7FFF)
_RATE_HZ = const(860)
_GAIN = const(1)  # 4.096 V full scale
_UV_PER_COUNT = const(125)
# A conversion takes 1.2 ms, 1.3 ms with the slowest oscillator the data sheet allows.
_CONVERSION_MS = const(2)
_STOPPED_MS = const(50)
_FAILING_MS = const(500)
_BAD_READS = const(4)
_FRESH_MS = const(2_000)


class Adc:
    """The converter behind `i2c` (CircuitPythonI2C); of `clock` it uses now_ms(). Silent before configure().

    `order` is the channels' round robin; a channel may be in it more than once.
    fault: None, or one of the reasons above; it stays until configure() succeeds.
    """

    def __init__(self, i2c, clock, order=(0, 1, 2, 3)):
        self._i2c = i2c
        self._clock = clock
        self._order = order
        self._chip: ADS1115 | None = None
        self._turn = 0
        self._expected = 0
        self._started_ms = None
        self._bad_reads = 0
        self._value = bytearray(2)
        self._failing_since_ms = None
        self._microvolts: list[int | None] = [None] * _CHANNELS
        self._read_ms = [0] * _CHANNELS
        self.fault = None

    def configure(self):
        """Find the converter and set it up; says whether it can be trusted (else see `fault`)."""
        self._started_ms = None
        self._bad_reads = 0
        self._failing_since_ms = None
        for channel in range(_CHANNELS):
            self._microvolts[channel] = None
        try:
            self._chip = ADS1115(self._i2c, gain=_GAIN, data_rate=_RATE_HZ, mode=Mode.SINGLE)
            # One that answers nonsense answers: it is well only once it says what it was told. Else a press within the
            # four readings that it takes to find out later would begin a session.
            self._begin(self._chip, self._clock.now_ms())
            if self._read(self._chip, _POINTER_CONFIG) & _SETTINGS != self._expected:
                self._started_ms = None
                self.fault = ADC_READBACK
                return False
        except (OSError, ValueError):  # ValueError: what Adafruit's bus device makes of the probe's OSError
            self._give_up(self._i2c.bus.last_errno)
            return False
        self.fault = None
        return True

    def step(self):
        """Begin a conversion, or fetch one that is done; returns the channel that has a new reading, or None.

        To be called every few milliseconds; takes two or three short transactions. Raises nothing.
        """
        chip = self._chip
        if chip is None or self.fault is not None:
            return None
        now_ms = self._clock.now_ms()
        try:
            channel = self._fetch(chip, now_ms)
            if self._started_ms is None:
                self._begin(chip, now_ms)
            self._failing_since_ms = None
            return channel
        except OSError as error:
            self._started_ms = None
            if self._failing_since_ms is None:
                self._failing_since_ms = now_ms
            elif ticks.since(now_ms, self._failing_since_ms) >= _FAILING_MS:
                self._give_up(error.args[0])
            return None

    def microvolts(self, channel):
        """Return the channel's latest reading in microvolts, None when there is none younger than 2 s."""
        if self.fault is not None or ticks.since(self._clock.now_ms(), self._read_ms[channel]) > _FRESH_MS:
            return None
        return self._microvolts[channel]

    def millivolts(self, channel):
        """Return the channel's latest reading in millivolts, None when there is none younger than 2 s."""
        value = self.microvolts(channel)
        return None if value is None else value // 1000

    def _begin(self, chip, now_ms):
        chip._write_config(_SINGLE_ENDED + self._order[self._turn])
        self._expected = (chip.buf[1] << 8 | chip.buf[2]) & _SETTINGS
        self._started_ms = now_ms

    def _fetch(self, chip, now_ms):
        """The conversion under way, if it is done."""
        if self._started_ms is None or ticks.since(now_ms, self._started_ms) < _CONVERSION_MS:
            return None
        config = self._read(chip, _POINTER_CONFIG)
        if config & _SETTINGS != self._expected:
            self._started_ms = None
            self._bad_reads += 1
            if self._bad_reads >= _BAD_READS:
                self.fault = ADC_READBACK
            return None
        self._bad_reads = 0
        if not config & _READY:
            if ticks.since(now_ms, self._started_ms) >= _STOPPED_MS:
                self.fault = ADC_STOPPED
            return None
        channel = self._order[self._turn]
        self._microvolts[channel] = (
            (self._read(chip, _POINTER_CONVERSION) ^ 0x8000) - 0x8000
        ) * _UV_PER_COUNT
        self._read_ms[channel] = now_ms
        self._started_ms = None
        self._turn = (self._turn + 1) % len(self._order)
        return channel

    def _read(self, chip, register):
        """Read as Adafruit's `_read_register` does, without the list and the bytes that it makes each time."""
        value = self._value
        self._i2c.bus.read_registers(chip.i2c_device.device_address, register, value)
        return value[0] << 8 | value[1]

    def _give_up(self, errno):
        self.fault = ADC_ABSENT if errno == EIO else ADC_BUS_STUCK
