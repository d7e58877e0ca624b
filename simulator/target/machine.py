"""The microcontroller's own parts, as MicroPython's `machine` shows them on an RP2040: pins, buses, I2S, watchdog.

The same file runs under MicroPython and under CPython; `wire` leads to the chips and the patient on the other side.
What the firmware does not use is not here, so that using it fails loudly.
"""

from array import array

import micropython
import wire
from micropython import const

PWRON_RESET = 1
WDT_RESET = 3


def reset_cause():
    """Return what made the device boot: PWRON_RESET, or WDT_RESET after the watchdog or reset()."""
    return wire.reset_cause()


def reset():
    """Start again from nothing; does not return."""
    mem32[_SCRATCH_4] = 0
    wire.reset("reset")


class _Mem32:
    """The watchdog's eight scratch registers of an RP2040, and nothing else of its memory."""

    def __getitem__(self, address):
        return wire.scratch_read(self._number(address))

    def __setitem__(self, address, value):
        wire.scratch_write(self._number(address), value & 0xFFFFFFFF)

    @staticmethod
    def _number(address):
        number = (address - 0x4005800C) // 4
        if address % 4 or not 0 <= number < 8:
            raise ValueError("of the chip's memory only the watchdog's scratch registers are here")
        return number


mem32 = _Mem32()
_SCRATCH_4 = 0x4005801C
_SET_TO_BITE = (
    0x6AB73121  # pico-sdk leaves it there when the watchdog is enabled, and 0 when a reset is asked for
)


def unique_id():
    return b"CALANDO\x01"


def freq():
    return 125_000_000


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, number, mode=IN, pull=None, value=None):
        self.number = number
        self._shared = mode == Pin.OPEN_DRAIN  # others may hold the line low
        if mode == Pin.OUT or self._shared:
            self._set(1 if value else 0)

    # What is asked for in each turn looks up no globals, as in time.py.
    def value(self, level=None, _advance=wire.advance, _levels=wire.levels, _read=wire.pin_read):
        if level is not None:
            self._set(1 if level else 0)
            return None
        _advance(2)
        return _read(self.number) if self._shared else _levels[self.number]

    def on(self):
        self._set(1)

    def off(self):
        self._set(0)

    def _set(self, level):
        wire.levels[self.number] = level
        wire.pin(self.number, level)

    __call__ = value

    def irq(self, handler, trigger=IRQ_FALLING | IRQ_RISING):
        """Call `handler(pin)` on the edges asked for, in the middle of whatever runs, as an interrupt does."""

        def edge():
            wanted = Pin.IRQ_RISING if wire.levels[self.number] else Pin.IRQ_FALLING
            if trigger & wanted:
                handler(self)

        wire.listen(self.number, edge)


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0):
        self._number = pin.number
        self._duty_u16 = -1
        self.duty_u16(duty_u16)

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty_u16
        if duty != self._duty_u16:
            self._duty_u16 = duty
            wire.pwm(self._number, duty)
        return None

    def deinit(self):
        self.duty_u16(0)


class I2C:
    """A bus whose transactions take their time on the wire; NACK is OSError(EIO), a stuck line OSError(ETIMEDOUT)."""

    def __init__(self, id, *, scl, sda, freq=400_000, timeout=50_000):
        self._bus = id
        self._register = bytearray(1)
        wire.i2c_init(id, freq, timeout)

    def writeto(self, address, buffer, stop=True):
        self._check(wire.i2c(self._bus, address, buffer, len(buffer), None, 0))
        return len(buffer)

    def readfrom_into(self, address, buffer, stop=True):
        self._check(wire.i2c(self._bus, address, None, 0, buffer, len(buffer)))

    def readfrom_mem_into(self, address, register, buffer):
        self._register[0] = register
        self._check(wire.i2c(self._bus, address, self._register, 1, buffer, len(buffer)))

    def writeto_mem(self, address, register, buffer):
        self._check(
            wire.i2c(self._bus, address, bytes((register,)) + bytes(buffer), 1 + len(buffer), None, 0)
        )

    def scan(self):
        return [a for a in range(0x08, 0x78) if wire.i2c(self._bus, a, b"", 0, None, 0) == 0]

    @staticmethod
    def _check(status):
        if status:
            raise OSError(-status)


_HALF = const(32)  # SIZEOF_HALF_DMA_BUFFER_IN_BYTES of 16-bit samples, each sent left and right
_LEAST = const(64)  # the same bytes, as the ring counts them: each sample once


@micropython.viper
def _play_on(ring: ptr32, passed_us: int, rate_hz: int) -> int:
    """Do what the DMA's interrupts have done so long after the start; return for how many frames they found too little.

    ring: frames in it, and halves that an interrupt has filled.
    """
    queued = int(ring[0])
    due = passed_us * rate_hz // (_HALF * 1_000_000) - int(ring[1])
    ring[1] = int(ring[1]) + due
    filled = 0
    if queued >= _LEAST:
        filled = (queued - _LEAST) // _HALF + 1
        if filled > due:
            filled = due
        ring[0] = queued - filled * _HALF
    return (due - filled) * _HALF


class I2S:
    """Sound out: a ring buffer of `ibuf` bytes that drains as machine.I2S's does on the RP2040 (ports/rp2/machine_i2s.c).

    Two DMA halves of 32 frames each take turns; an interrupt at the end of one fills it anew for the turn after next. It
    takes 32 frames where the ring holds 64, else it plays 32 frames of zeros and leaves what there is in the ring. So the
    first 64 frames are zeros, and up to 63 frames of music come after a gap, not before it. write() blocks until
    everything is in the ring; the recorder on the other side learns of the gaps.
    """

    TX = 1
    MONO = 0
    STEREO = 1

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if mode != I2S.TX or bits != 16 or format != I2S.MONO:
            raise ValueError("this board plays 16-bit mono only")
        if ws.number != sck.number + 1:
            raise ValueError("invalid ws (must be sck+1)")
        self._rate = rate
        self._room = (ibuf - 1) // 2  # one byte of the ring is never used
        self._ring = array("I", (0, 0))
        self._start_us = wire.now[0]
        wire.i2s_start(rate)
        wire.i2s_gap(2 * _HALF, 0)

    def _interrupts(self, _now=wire.now, _gap=wire.i2s_gap, _play_on=_play_on):
        """Do what the DMA's interrupts have done by now."""
        dry = _play_on(self._ring, _now[0] - self._start_us, self._rate)
        if dry:
            _gap(dry, self._ring[0])

    def write(
        self, buffer, _now=wire.now, _play_on=_play_on, _gap=wire.i2s_gap, _write=wire.i2s_write, _advance=wire.advance,
        _len=len,
    ):  # fmt: skip
        count = _len(buffer)  # an array of 16-bit frames
        ring = self._ring
        dry = _play_on(ring, _now[0] - self._start_us, self._rate)
        if dry:
            _gap(dry, ring[0])
        if ring[0] + count > self._room:
            self._wait(count)
        _write(buffer, count)
        ring[0] += count
        _advance(20)
        return count * 2

    def _wait(self, count):
        if count > self._room:
            raise ValueError("a block larger than the ring")
        while self._ring[0] + count > self._room:
            turn_us = (self._ring[1] + 1) * _HALF * 1_000_000 // self._rate
            wire.advance(self._start_us + turn_us - wire.now[0])
            self._interrupts()

    def deinit(self):
        self._interrupts()
        wire.i2s_stop()


class UART:
    def __init__(self, id, baudrate=115200, tx=None, rx=None):
        self._byte_us = 10_000_000 // baudrate

    def write(self, buffer):
        wire.uart(buffer, len(buffer))
        return len(buffer)


class WDT:
    """Resets the device when not fed in time; cannot be stopped once started, and 8388 ms is the chip's longest."""

    def __init__(self, id=0, timeout=5000):
        if not 1 <= timeout <= 8388:
            raise ValueError("timeout must be 1 to 8388 ms on this chip")
        self._timeout_us = timeout * 1000
        mem32[_SCRATCH_4] = _SET_TO_BITE
        self.feed()

    def feed(self, _watchdog=wire.watchdog, _now=wire.now, _look_ahead=wire.look_ahead):
        _watchdog[0] = _now[0] + self._timeout_us
        _look_ahead()
