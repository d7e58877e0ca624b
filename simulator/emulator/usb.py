"""The USB cable of the emulated chip, between it and the bedside's computer."""

# pyright: reportMissingImports=false

from typing import TYPE_CHECKING, Any

from rp2040py.usb.cdc import USBCDC

from simulator.bedside import USB
from simulator.computer import CONNECTED, OPEN

if TYPE_CHECKING:
    from simulator.emulator.chip import Chip

_ANSWER_NS = 1000


class QuietHost:
    """The host that enumerates the device and is silent while it has nothing to say.

    rp2040py's own host answers every question for data with an empty packet, for ever, which takes the guest half of its
    processor: here the question stays open until there is something to send. A computer that does not read, and a cable
    that is taken out, are not modelled: the device learns of the latter from its supply pin.
    """

    def __init__(self, chip: "Chip"):
        self._chip = chip
        self._cdc: Any = None
        self._open: tuple[int, int] | None = None
        self._alarm = chip.mcu.clock.create_alarm(chip.guard(self._answer_now))

    def room(self) -> int:
        """How many bytes the cable takes now."""
        return 0 if self._cdc is None else self._cdc.tx_fifo.size - self._cdc.tx_fifo.item_count

    def news(self, state: int, data: bytes) -> None:
        """What the computer does: the bits of simulator.computer, and bytes for the device."""
        if state & CONNECTED and self._cdc is None:
            self._plug()
        if self._cdc is None:
            return
        if self._cdc.dtr != bool(state & OPEN) and self._cdc.control_line_state:
            self._cdc.set_control_lines(dtr=bool(state & OPEN), rts=bool(state & OPEN))
        for value in data:
            self._cdc.send_serial_byte(value)
        if data and self._open is not None:
            self._alarm.schedule(_ANSWER_NS)

    def _plug(self) -> None:
        usb = self._chip.mcu.usb_ctrl
        self._cdc = USBCDC(usb)
        self._cdc.on_serial_data = self._chip.guard(lambda data: self._chip.tell(USB, 0, 0, bytes(data)))
        self._answer: Any = usb.on_endpoint_read
        usb.on_endpoint_read = self._asked
        usb.reset_device()

    def _asked(self, endpoint: int, size: int) -> None:
        if endpoint == self._cdc._out_endpoint and self._cdc.tx_fifo.item_count == 0:
            self._open = (endpoint, size)
        else:
            self._answer(endpoint, size)

    def _answer_now(self) -> None:
        if self._open is not None:
            (endpoint, size), self._open = self._open, None
            self._answer(endpoint, size)
