"""The emulated chip's I2C controller and the bedside's bus: every byte takes its time on the wire."""

# pyright: reportMissingImports=false

from typing import Any

from rp2040py.gpio_pin import GPIOPinState

from firmware import board
from simulator.chips.bus import I2CBusModel
from simulator.emulator.wired import Wired
from simulator.target.messages import PIN

_TX_EMPTY = 1 << 4
_ENABLE = 1
_LOOK_AGAIN_NS = 50_000
_READ = 1
_CLOCK_HZ = 125e6


class I2CWire:
    """Targets of `bus` behind `controller`, byte by byte; and SDA, which a stuck chip holds low."""

    def __init__(self, chip: Wired, bus: I2CBusModel, controller: Any):
        self._chip = chip
        self._bus = bus
        self._controller = controller
        self._target: Any = None
        self._written: bytearray | None = None
        self._place = 0  # of the next byte to be read
        self._done: Any = None
        self._alarm = chip.mcu.clock.create_alarm(chip.guard(self._fire))
        controller.on_start = chip.guard(self._begin)
        controller.on_connect = chip.guard(self._connect)
        controller.on_write_byte = chip.guard(self._write)
        controller.on_read_byte = chip.guard(self._read)
        controller.on_stop = chip.guard(lambda: self._after(1, self._stop))
        self._sda = chip.mcu.gpio[board.PIN_I2C_SDA]
        chip.mcu.gpio[board.PIN_I2C_SCL].add_listener(chip.guard(self._clock))

    def _after(self, bits: int, done: Any) -> None:
        controller = self._controller
        # The controller adds to its two counts a cycle and the spike filter's length.
        cycles = controller.scl_low_period + controller.scl_high_period + controller._spikelen + 8
        self._done = done
        self._alarm.schedule(bits * cycles / _CLOCK_HZ * 1e9)

    def _fire(self) -> None:
        done, self._done = self._done, None
        done()

    def _deliver(self) -> bool:
        """Return what was written up to here reaches the target as one piece; whether it took it."""
        written, self._written = self._written, None
        return (
            written is None
            or self._target is None
            or self._target.write(bytes(written), self._chip.now_us) is not False
        )

    def _begin(self, again: bool) -> None:
        self._deliver()
        controller = self._controller
        if self._bus.sda_level(self._chip.now_us):
            self._let_go()
        else:
            self._sda.set_input_value(False)
            if controller.enable & _ENABLE and not controller._stop:
                # It waits for a free bus, and the firmware for its time-out, which switches the controller off.
                self._done = lambda: self._begin(again)
                self._alarm.schedule(_LOOK_AGAIN_NS)
                return
        self._bus.transactions += not again
        self._after(1, controller.complete_start)

    def _connect(self, address: int, mode: int) -> None:
        controller = self._controller
        self._target = self._bus.answering(address, self._chip.now_us)
        self._written = None if mode == _READ else bytearray()
        self._place = 0

        def done() -> None:
            controller.complete_connect(self._target is not None)
            if self._target is None:
                controller._set_interrupts(_TX_EMPTY)  # an abort empties the queue; rp2040py does not say so

        self._after(9, done)

    def _write(self, value: int) -> None:
        if self._written is not None:
            self._written.append(value)
        self._after(9, lambda: self._controller.complete_write(True))

    def _read(self, more: bool) -> None:
        value = self._target.read_byte(self._place, self._chip.now_us)
        self._place += 1
        self._after(9, lambda: self._controller.complete_read(0xFF if value is None else value))

    def _stop(self) -> None:
        self._deliver()
        self._controller.complete_stop()

    # --- pins worked by hand, to free a stuck bus ---

    def _let_go(self) -> None:
        self._sda.release_input()

    def _clock(self, level: GPIOPinState, before: GPIOPinState) -> None:
        self._chip.tell(PIN, board.PIN_I2C_SCL, 0 if level == GPIOPinState.LOW else 1)
        if level != GPIOPinState.LOW and self._bus.sda_level(self._chip.now_us):
            self._let_go()
