"""The USB cable of the emulated chip, between it and the bedside's computer."""

# pyright: reportMissingImports=false

from typing import Any

from rp2040py.peripherals.usb import CONTROLLER_EN, INTR_DEV_SUSPEND
from rp2040py.usb.cdc import CDC_DTR, CDC_RTS, USBCDC

from simulator.computer import CONNECTED, OPEN
from simulator.emulator.wired import Wired
from simulator.target.messages import USB

_ANSWER_NS = 1000


class _Host(USBCDC):
    """rp2040py's host, but for the port: it need not be open when the device has been found."""

    open = False

    def _cdc_set_control_line_state(self, value: int | None = None, interface_number: Any = None) -> None:
        if value is None:
            value = CDC_DTR | CDC_RTS if self.open else 0
        super()._cdc_set_control_line_state(value, interface_number)


class QuietHost:
    """The host that enumerates the device and is silent while it has nothing to say.

    rp2040py's own host answers every question for data with an empty packet, for ever, which takes the guest half of its
    processor: here the question stays open until there is something to send. It takes all that the device says, whether
    its program reads or not. While the cable is out the bus is suspended, and nobody answers.
    """

    def __init__(self, chip: Wired):
        self._chip = chip
        self._usb: Any = chip.mcu.usb_ctrl
        self._cdc: Any = None
        self._open: tuple[int, int] | None = None
        self._alarm = chip.mcu.clock.create_alarm(chip.guard(self._answer_now))

    def room(self) -> int:
        """Return how many bytes the cable takes now."""
        return 0 if self._cdc is None else self._cdc.tx_fifo.size - self._cdc.tx_fifo.item_count

    def news(self, state: int, data: bytes) -> None:
        """Take what the computer does: the bits of simulator.computer, and bytes for the device."""
        if bool(state & CONNECTED) != (self._cdc is not None):
            if state & CONNECTED:
                self._plug()
            else:
                self._unplug()
        if self._cdc is None:
            return
        self._cdc.open = bool(state & OPEN)
        if self._cdc._initialized and self._cdc.dtr != self._cdc.open:
            self._cdc.set_control_lines(dtr=self._cdc.open, rts=self._cdc.open)
        for value in data:
            self._cdc.send_serial_byte(value)
        if data and self._open is not None:
            self._alarm.schedule(_ANSWER_NS)

    def _plug(self) -> None:
        self._cdc = _Host(self._usb)
        self._cdc.on_serial_data = self._chip.guard(lambda data: self._chip.tell(USB, 0, 0, bytes(data)))
        self._answer: Any = self._usb.on_endpoint_read
        self._usb.on_endpoint_read = self._asked
        # A second reset would find rp2040py's host half-way through its questions: one that comes before the guest has
        # switched its end on is left to the moment when it does.
        if self._usb._main_ctrl & CONTROLLER_EN:
            self._usb.reset_device()

    def _unplug(self) -> None:
        self._cdc = self._open = None
        self._usb.on_usb_enabled = self._usb.on_reset_received = None
        self._usb.on_endpoint_read = self._usb.on_endpoint_write = None
        self._usb._int_raw |= INTR_DEV_SUSPEND  # until the guest has seen it: the bus is idle
        self._usb.check_interrupts()

    def _asked(self, endpoint: int, size: int) -> None:
        if endpoint == self._cdc._out_endpoint and self._cdc.tx_fifo.item_count == 0:
            self._open = (endpoint, size)
        else:
            self._answer(endpoint, size)

    def _answer_now(self) -> None:
        if self._open is not None:
            (endpoint, size), self._open = self._open, None
            self._answer(endpoint, size)
