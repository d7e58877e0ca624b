"""What a part of the emulated chip sees of it: its registers, its time, and the way to the bedside."""

from collections.abc import Callable
from typing import Any, Protocol

from simulator.bedside import Bedside


class Wired(Protocol):
    """The chip that a part is wired to, as simulator/emulator/chip.py gives it."""

    mcu: Any  # rp2040py's RP2040
    bedside: Bedside

    @property
    def now_us(self) -> int:
        """Return the virtual time, in us since the bench was switched on."""
        ...

    def tell(self, op: int, a: int, b: int, payload: bytes = b"") -> Any:
        """Send a message to the bedside; returns its answer."""
        ...

    def guard(self, act: Callable[..., Any]) -> Callable[..., None]:
        """Return `act` as a callback of the emulator, whose exceptions end the run."""
        ...
