"""What leaves the emulated chip's I2S pins, as 16-bit frames.

MicroPython's I2S is a PIO program fed by DMA: for mono each 16-bit sample goes into the state machine's queue twice, left
and right. `PinEar` lets the PIO run bit by bit and reads clock, word select and data off the pins. `FifoEar` takes the
words out of the queue at the pace at which the program would; a test holds that both hear the same.
"""

# pyright: reportMissingImports=false

from abc import ABC, abstractmethod
from typing import Any

from rp2040py.gpio_pin import GPIOPinState

from firmware import board
from simulator.emulator.wired import Wired
from simulator.target.messages import I2S_GAP, I2S_START, I2S_STOP

_PIO_PAGES = (0x50200, 0x50300)
_CTRL = 0x000
_CYCLES_PER_FRAME = 2 * 16 * 2  # channels, bits, PIO instructions a bit
_CLOCK_HZ = 125_000_000
_CHUNK_FRAMES = 64


class _Page:
    """The registers of a PIO block, with an ear on what enables its state machines."""

    def __init__(self, pio: Any, changed: Any):
        self._pio = pio
        self._changed = changed

    def read_uint32(self, offset: int) -> int:
        return self._pio.read_uint32(offset)

    def write_uint32(self, offset: int, value: int) -> None:
        self._pio.write_uint32(offset, value)
        if offset == _CTRL:
            self._changed(self._pio)

    def reset(self) -> None:
        self._pio.reset()

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        self._pio.write_uint32_atomic(offset, value, atomic_type)
        if offset == _CTRL:
            self._changed(self._pio)


class _Ear(ABC):
    def __init__(self, chip: Wired):
        self._chip = chip
        self._frames = bytearray()
        self._machine: Any = None  # the state machine that plays, while one does
        for page, pio in zip(_PIO_PAGES, chip.mcu.pio, strict=True):
            chip.mcu.peripherals[page] = _Page(pio, self._changed)

    def _changed(self, pio: Any) -> None:
        playing = next((machine for machine in pio.machines if machine.enabled), None)
        if playing is not None and self._machine is None:
            self._machine = playing
            divider = playing.clock_div_int + playing.clock_div_frac / 256
            self._chip.tell(I2S_START, 0, round(_CLOCK_HZ / divider / _CYCLES_PER_FRAME))
            self._begin(pio, divider)
        elif playing is None and self._machine is not None and self._machine in pio.machines:
            self._machine = None
            self._end()
            self.flush()
            self._chip.tell(I2S_STOP, 0, 0)

    @abstractmethod
    def _begin(self, pio: Any, divider: float) -> None:
        """A state machine of `pio` plays from now on."""

    @abstractmethod
    def _end(self) -> None:
        """It does not any more."""

    def _hear(self, frame: int) -> None:
        self._frames += frame.to_bytes(2, "little")
        if len(self._frames) >= 2 * _CHUNK_FRAMES:
            self.flush()

    def flush(self) -> None:
        """Hand on what has been heard so far."""
        if self._frames:
            self._chip.bedside.sound.data(bytes(self._frames))
            self._frames.clear()


class FifoEar(_Ear):
    """Plays the state machine's queue at its pace. The PIO itself stands still, and costs the emulation nothing."""

    def __init__(self, chip: Wired):
        super().__init__(chip)
        self._period_ns = 0.0
        self._alarm = chip.mcu.clock.create_alarm(chip.guard(self._frame))

    def _begin(self, pio: Any, divider: float) -> None:
        pio.stopped = True
        self._period_ns = _CYCLES_PER_FRAME * divider / _CLOCK_HZ * 1e9
        self._alarm.schedule(self._period_ns)

    def _end(self) -> None:
        self._alarm.cancel()

    def _frame(self) -> None:
        self._alarm.schedule(self._period_ns)
        machine = self._machine
        queue = machine.tx_fifo
        if queue.item_count < 2:
            # The PIO stalls: the clock stops for as long as the DMA owes it a word.
            self.flush()
            self._chip.tell(I2S_GAP, 0, 0, (1).to_bytes(4, "little"))
            return
        left = queue.pull()
        queue.pull()
        self._chip.mcu.dma.set_dreq(machine.dreq_tx)
        self._hear(left >> 16)


class PinEar(_Ear):
    """Reads the three pins: a bit at each rising clock, most significant first, one clock behind word select."""

    def __init__(self, chip: Wired):
        super().__init__(chip)
        gpio = chip.mcu.gpio
        self._word_select = gpio[board.PIN_I2S_WORD_SELECT]
        self._data = gpio[board.PIN_I2S_DATA]
        self._side: bool | None = None
        self._word = 0
        self._bits = -1  # -1 until word select has changed for the first time
        gpio[board.PIN_I2S_CLOCK].add_listener(chip.guard(self._clock))
        self._beat = chip.mcu.clock.create_alarm(self._keep_pace)
        self._beat_ns = 0.0

    def _begin(self, pio: Any, divider: float) -> None:
        self._beat_ns = divider / _CLOCK_HZ * 1e9
        self._beat.schedule(self._beat_ns)

    def _end(self) -> None:
        self._beat.cancel()
        self._side, self._bits = None, -1

    def _keep_pace(self) -> None:
        """While the processor sleeps the emulator jumps from alarm to alarm and steps the PIO once a jump."""
        self._beat.schedule(self._beat_ns)

    def _clock(self, level: GPIOPinState, before: GPIOPinState) -> None:
        if level != GPIOPinState.HIGH:
            return
        side = self._word_select.value == GPIOPinState.HIGH
        if self._bits >= 0:
            self._word = self._word << 1 | (self._data.value == GPIOPinState.HIGH)
            self._bits += 1
        if side != self._side:
            # The bit of this clock is the last one of the word before.
            if self._bits == 16 and self._side is False:
                self._hear(self._word)
            if self._side is not None:
                self._word, self._bits = 0, 0
            self._side = side
