"""The MAX30102 pulse oximeter: samples in bursts, LED currents under a cap, no trust without reading back.

100 samples a second of red and infrared, 18 bits. What the samples mean is firmware/vitals.py's business.
Registers and their names are those of Maxim's data sheet 19-7740.
"""

import micropython
from micropython import const

from firmware import ticks
from firmware.board import ADDRESS_SENSOR as ADDRESS
from firmware.drivers.i2c_bus import EIO

PART_ID = const(0x15)

SAMPLE_RATE_HZ = const(100)
FIFO_DEPTH = const(32)
_FULL_SCALE_COUNTS = const(262143)

# No more than this is ever written to an LED, and what was written is read back: a quarter of what the chip
# could, 12.8 mA in pulses of 411 us, 100 a second, is 0.53 mA on average and about 1 mW in each LED.
LED_CAP_UA = const(12800)
LED_START_UA = const(6400)
LED_LEAST_UA = const(800)
_LED_STEP_UA = const(200)  # of the current registers

# Why the sensor cannot be trusted (`fault`).
SENSOR_ABSENT = "sensor_absent"  # nobody answers at the address
SENSOR_BUS_STUCK = "sensor_bus_stuck"
SENSOR_WRONG_PART = "sensor_wrong_part"
SENSOR_RESET = "sensor_reset"  # it lost its settings: its supply dipped
SENSOR_READBACK = "sensor_readback"  # a register does not hold what was written, or answers are nonsense
SENSOR_RATE = "sensor_rate"  # its clock and ours differ by more than 5 %
SENSOR_STOPPED = "sensor_stopped"  # it answers, but no samples come

_INT_STATUS_1 = const(0x00)
_INT_ENABLE_1 = const(0x02)
_INT_ENABLE_2 = const(0x03)
_FIFO_WR_PTR = const(0x04)
_OVF_COUNTER = const(0x05)
_FIFO_RD_PTR = const(0x06)
_FIFO_DATA = const(0x07)
_FIFO_CONFIG = const(0x08)
_MODE_CONFIG = const(0x09)
_SPO2_CONFIG = const(0x0A)
_LED1_RED = const(0x0C)
_LED2_IR = const(0x0D)
_TEMP_INTEGER = const(0x1F)
_TEMP_CONFIG = const(0x21)
_PART_ID = const(0xFF)

_A_FULL = const(0x80)
_ALC_OVF = const(0x20)
_PWR_RDY = const(0x01)
_DIE_TEMP_RDY = const(0x02)
_SHUTDOWN = const(0x80)
_RESET = const(0x40)

_ENABLED_1 = const(0xA0)  # A_FULL, ALC_OVF: the chip keeps no status of an interrupt that is not enabled
_ENABLED_2 = const(0x02)  # DIE_TEMP_RDY
_FIFO_SETTING = const(0x10)  # no averaging, roll over, A_FULL when no slot is free
_SPO2_SETTING = const(0x27)  # 4096 nA full scale, 100 samples/s, 411 us = 18 bits
_MODE_SPO2 = const(0x03)

_BYTES = const(6)  # of a sample: red, infrared
_RESET_TRIES = const(20)
_SATURATED_OVERFLOW = const(31)
_GIVEN_UP = const(2)  # the oldest samples of a FIFO that was found full
_MS_PER_SAMPLE = const(10)

_FAILING_MS = const(500)  # the FIFO holds 320 ms; a gap longer than this is no longer a glitch
_BAD_READS = const(4)
_STOPPED_MS = const(500)
_RATE_WINDOW_MS = const(10_000)
_RATE_LOW_PERMILLE = const(950)
_RATE_HIGH_PERMILLE = const(1050)
_TEMPERATURE_MS = const(10_000)
_STEER_MS = const(1_000)


class MAX3010x:
    """The sensor on `bus` (I2CBus); of `clock` it uses now_ms() and sleep_us(). Silent before configure().

    lights_exchanged: on this module red shines where infrared should, and infrared where red should.
    fault: None, or one of the reasons above; it stays until configure() succeeds.
    on: the LEDs may be lit: True from the start until the chip has proved to be dark.
    lost: samples lost just before those that the latest read() returned; lost_total, samples_total: in all.
    rate_permille: measured sample rate against our clock, 1000 = 100/s; None until 10 s have been measured.
    temperature_centi_c: of the chip, not of the skin; None while unknown.
    ambient_overflow: the latest read() found more light in the room than the chip can subtract.
    led_ir_ua, led_red_ua: what the current registers hold, read back.
    """

    def __init__(self, bus, clock, lights_exchanged=False):
        self._bus = bus
        self._clock = clock
        self._exchanged = lights_exchanged
        self._head = bytearray(7)
        self._byte = bytearray(1)
        self._temperature = bytearray(2)
        self._raw = bytearray(FIFO_DEPTH * _BYTES)
        whole = memoryview(self._raw)
        # One view for each possible burst, made once: a slice would allocate with every read.
        self._bursts = [whole[: count * _BYTES] for count in range(FIFO_DEPTH + 1)]
        self.on = True  # whoever ran before this boot may have left them lit
        self.fault = None
        self.lost = 0
        self.lost_total = 0
        self.samples_total = 0
        self.rate_permille = None
        self.temperature_centi_c = None
        self.ambient_overflow = False
        self.led_ir_ua = 0
        self.led_red_ua = 0
        self._flags = 0
        self._bad_reads = 0
        self._failing_since_ms = None
        self._restart_counting(0)
        self._temperature_due_ms = 0
        self._steered_ms = 0

    def configure(self):
        """Find the part, reset it, set it up, leave it dark; says whether it worked (if not, see `fault`)."""
        bus = self._bus
        self.fault = None
        try:
            if self._read(_PART_ID) != PART_ID:
                self.fault = SENSOR_WRONG_PART
                return False
            bus.write_register(ADDRESS, _MODE_CONFIG, _RESET)
            tries = 0
            while self._read(_MODE_CONFIG) & _RESET:
                tries += 1
                if tries > _RESET_TRIES:
                    self.fault = SENSOR_READBACK
                    return False
                self._clock.sleep_us(1000)
            self._write(_INT_ENABLE_1, _ENABLED_1)
            self._write(_INT_ENABLE_2, _ENABLED_2)
            self._write(_FIFO_CONFIG, _FIFO_SETTING)
            self._write(_SPO2_CONFIG, _SPO2_SETTING)
            self._darken()
        except OSError as error:
            self._give_up(error)
        return self.fault is None

    def power(self, on):
        """Light the LEDs and sample, or go dark and rest; return whether the chip obeyed.

        Going dark is tried even in a fault: try again while `on` stays True. Lit, the currents start at
        LED_START_UA.
        """
        try:
            if not on:
                self._darken()
                return not self.on
            if self.fault is not None:
                return False
            self.on = True
            self._set_leds(LED_START_UA, LED_START_UA)
            bus = self._bus
            bus.write_register(ADDRESS, _FIFO_WR_PTR, 0)
            bus.write_register(ADDRESS, _OVF_COUNTER, 0)
            bus.write_register(ADDRESS, _FIFO_RD_PTR, 0)
            bus.read_registers(ADDRESS, _INT_STATUS_1, self._head)  # forget what happened in the dark
            self._flags = 0
            self._bad_reads = 0
            self._failing_since_ms = None
            self._write(_MODE_CONFIG, _MODE_SPO2)
            now_ms = self._clock.now_ms()
            self._restart_counting(now_ms)
            self._temperature_due_ms = now_ms
            self._steered_ms = ticks.add(now_ms, -_STEER_MS)  # it may be steered at once
            return self.fault is None
        except OSError as error:
            self._give_up(error)
            return False

    def read(self, ir, red):
        """Move the waiting samples, oldest first, into two array('i') of at least 32; says how many.

        Allocates nothing. Failures are counted and, when they last, end in `fault`; none is raised.
        """
        self.lost = 0
        if not self.on or self.fault is not None:
            return 0
        now_ms = self._clock.now_ms()
        try:
            count = self._read_fifo(now_ms)
            if count > 0:
                if self._exchanged:
                    _unpack(self._raw, ir, red, count)
                else:
                    _unpack(self._raw, red, ir, count)
            self._failing_since_ms = None
        except OSError as error:
            if self.lost:  # given up, and not yet told: the next read has to go by the clock
                self._lost_unknown = True
                self.lost = 0
            if self._failing_since_ms is None:
                self._failing_since_ms = now_ms
            elif ticks.since(now_ms, self._failing_since_ms) >= _FAILING_MS:
                self._give_up(error)
            return 0
        self.samples_total += count
        self.lost_total += self.lost
        self._watch(now_ms, count)
        return count

    def steer(self, step):
        """Make the light weaker (-1) or stronger (+1) by about an eighth; says whether the currents changed.

        At most once a second: a step takes that long to be judged.
        """
        if step == 0 or not self.on or self.fault is not None:
            return False
        now_ms = self._clock.now_ms()
        if ticks.since(now_ms, self._steered_ms) < _STEER_MS:
            return False
        self._steered_ms = now_ms
        return self.set_led_ua(_stepped(self.led_ir_ua, step), _stepped(self.led_red_ua, step))

    def set_led_ua(self, ir_ua, red_ua):
        """Set the LED currents, cut to LED_CAP_UA, read back; says whether they changed."""
        before_ir_ua = self.led_ir_ua
        before_red_ua = self.led_red_ua
        try:
            self._set_leds(ir_ua, red_ua)
        except OSError as error:
            self._give_up(error)
        return self.led_ir_ua != before_ir_ua or self.led_red_ua != before_red_ua

    def _darken(self):
        self._set_leds(0, 0)
        self._write(_MODE_CONFIG, _SHUTDOWN | _MODE_SPO2)
        self.on = self.led_ir_ua != 0 or self.led_red_ua != 0

    def _set_leds(self, ir_ua, red_ua):
        ir_register = _LED1_RED if self._exchanged else _LED2_IR
        red_register = _LED2_IR if self._exchanged else _LED1_RED
        self.led_ir_ua = self._write(ir_register, _current_code(ir_ua)) * _LED_STEP_UA
        self.led_red_ua = self._write(red_register, _current_code(red_ua)) * _LED_STEP_UA

    def _read_fifo(self, now_ms):
        """Bring what waits in the FIFO into self._raw; returns how many samples, and sets self.lost."""
        bus = self._bus
        head = self._head
        # Status, enables and pointers in one burst: 4 bytes more than the pointers alone, and each turn of
        # the loop learns whether the chip has lost its settings and whether equal pointers mean empty or
        # full.
        bus.read_registers(ADDRESS, _INT_STATUS_1, head)
        self._flags |= head[_INT_STATUS_1]
        write_pointer = head[_FIFO_WR_PTR]
        overflow = head[_OVF_COUNTER]
        read_pointer = head[_FIFO_RD_PTR]
        wrong = head[_INT_ENABLE_1] != _ENABLED_1 or head[_INT_ENABLE_2] != _ENABLED_2
        if wrong or write_pointer > 31 or overflow > 31 or read_pointer > 31:
            self._bad_reads += 1
            if self._bad_reads >= _BAD_READS:
                self.fault = (
                    SENSOR_RESET if head[_INT_ENABLE_1] == 0 and head[_INT_ENABLE_2] == 0 else SENSOR_READBACK
                )
            return 0
        self._bad_reads = 0
        flags = self._flags
        count = (write_pointer - read_pointer) & 31
        if overflow or (count == 0 and flags & _A_FULL):
            # Full. The data sheet does not say whether the read pointer moves when the FIFO rolls over, so
            # it is set. Not to the oldest sample: the next one may arrive before the pointer does and would
            # make the two pointers equal, which reads as empty; and not to the one after it, which may be
            # overwritten meanwhile.
            read_pointer = (write_pointer + _GIVEN_UP) & 31
            count = FIFO_DEPTH - _GIVEN_UP
            self.lost = overflow + _GIVEN_UP
            bus.write_register(ADDRESS, _FIFO_RD_PTR, read_pointer)
        if count:
            try:
                bus.read_registers(ADDRESS, _FIFO_DATA, self._bursts[count], False)
            except OSError:
                # How far the chip got is unknown: back to where the burst began, and once more.
                bus.write_register(ADDRESS, _FIFO_RD_PTR, read_pointer)
                bus.read_registers(ADDRESS, _FIFO_DATA, self._bursts[count], False)
        self._flags = 0
        self.ambient_overflow = flags & _ALC_OVF != 0
        if overflow == _SATURATED_OVERFLOW or self._lost_unknown:
            # The chip counts no further, or a read that failed has cleared its counter: the clock has to say.
            by_clock = ticks.since(now_ms, self._last_sample_ms) // _MS_PER_SAMPLE - count
            if by_clock > self.lost:
                self.lost = by_clock
            self._lost_unknown = False
            self._uncounted = True
        if head[1] & _DIE_TEMP_RDY:
            bus.read_registers(ADDRESS, _TEMP_INTEGER, self._temperature)
            whole = (self._temperature[0] ^ 0x80) - 0x80
            self.temperature_centi_c = whole * 100 + self._temperature[1] * 25 // 4
        elif ticks.since(now_ms, self._temperature_due_ms) >= 0:
            self._temperature_due_ms = ticks.add(now_ms, _TEMPERATURE_MS)
            bus.write_register(ADDRESS, _TEMP_CONFIG, 1)
        return count

    def _watch(self, now_ms, count):
        """Hold the sensor's clock against ours."""
        if self._uncounted:
            self._restart_counting(now_ms)
        elif count:
            self._last_sample_ms = now_ms
            self._counted += count + self.lost
        elif ticks.since(now_ms, self._last_sample_ms) >= _STOPPED_MS and self.fault is None:
            self.fault = SENSOR_STOPPED
        elapsed_ms = ticks.since(now_ms, self._counting_since_ms)
        if elapsed_ms >= _RATE_WINDOW_MS and count:
            rate_permille = self._counted * 1000 * _MS_PER_SAMPLE // elapsed_ms
            self.rate_permille = rate_permille
            if not _RATE_LOW_PERMILLE <= rate_permille <= _RATE_HIGH_PERMILLE:
                self.fault = SENSOR_RATE
            self._counting_since_ms = now_ms
            self._counted = 0

    def _restart_counting(self, now_ms):
        self._last_sample_ms = now_ms
        self._counting_since_ms = now_ms
        self._counted = 0
        self._uncounted = False
        self._lost_unknown = False

    def _read(self, register):
        self._bus.read_registers(ADDRESS, register, self._byte)
        return self._byte[0]

    def _write(self, register, value):
        """Write, read back, and return what the register holds now."""
        self._bus.write_register(ADDRESS, register, value)
        held = self._read(register)
        if held != value:
            self.fault = SENSOR_READBACK
        return held

    def _give_up(self, error):
        self.fault = SENSOR_ABSENT if error.args[0] == EIO else SENSOR_BUS_STUCK


def _current_code(current_ua):
    if current_ua > LED_CAP_UA:
        current_ua = LED_CAP_UA
    return current_ua // _LED_STEP_UA if current_ua > 0 else 0


def _stepped(current_ua, step):
    change_ua = current_ua >> 3
    if change_ua < _LED_STEP_UA:
        change_ua = _LED_STEP_UA
    current_ua += change_ua if step > 0 else -change_ua
    return current_ua if current_ua > LED_LEAST_UA else LED_LEAST_UA


@micropython.viper
def _unpack(raw: ptr8, red: ptr32, ir: ptr32, count: int):
    """Take samples apart: the light of LED1 comes first."""
    at = 0
    for i in range(count):
        red[i] = (raw[at] & 3) << 16 | raw[at + 1] << 8 | raw[at + 2]
        ir[i] = (raw[at + 3] & 3) << 16 | raw[at + 4] << 8 | raw[at + 5]
        at += 6
