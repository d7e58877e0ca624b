"""Makes any chip on the bus fail on cue: absent, holding the bus, answering nonsense, or standing still.

The chip inside is untouched and unaware; its own resets and brown-outs are its own model's business.
"""

import random
from typing import NamedTuple

from simulator.chips.bus import CLOCKS_TO_RELEASE

KINDS = ("nack", "stuck", "garbage", "frozen")
FOR_EVER_US = 1 << 62


class Fault(NamedTuple):
    """One of KINDS, and what ends a stuck one before its time: "clocks" or "power"."""

    from_us: int
    until_us: int
    kind: str
    released_by: str

    def is_on(self, now_us: int) -> bool:
        return self.from_us <= now_us < self.until_us


class FaultyTarget:
    """An I2C target that passes everything to `target` except while a fault is on.

    - nack: nobody answers at this address, as with a loose connector;
    - stuck: the chip holds SDA low, and with it the whole bus;
    - garbage: writes arrive, reads are random bytes (from `seed`);
    - frozen: the chip answers, but time stands still for it, as when its oscillator has stopped.
    """

    def __init__(self, target, seed: int = 1):
        self.target = target
        self.address = target.address
        self._faults: list[Fault] = []  # in the order they were asked for
        self.may_fail = False  # there are any; until then it is asked what the chip itself is
        self.write, self.read = target.write, target.read
        self._pulses = 0
        self._random = random.Random(seed)

    def __getattr__(self, name):
        return getattr(self.target, name)

    def fail(
        self, kind: str, at_us: int = 0, until_us: int | None = None, released_by: str | None = None
    ) -> None:
        """Let the chip fail from `at_us` until `until_us` (None: for ever).

        A stuck chip is released by "clocks" (nine of them, a chip caught in mid-byte) or by "power" alone;
        without `released_by` it is clocks when no end is given, and otherwise the chip holds on until the
        end.
        """
        if kind not in KINDS:
            raise ValueError(f"fault kind {kind!r}: choose one of {', '.join(KINDS)}")
        if released_by is None:
            released_by = "clocks" if until_us is None else "power"
        if released_by not in ("clocks", "power"):
            raise ValueError(f"released_by {released_by!r}: choose clocks or power")
        self._faults.append(Fault(at_us, FOR_EVER_US if until_us is None else until_us, kind, released_by))
        self.may_fail = True
        self.write, self.read = self._write, self._read
        self._pulses = 0

    def heal(self, now_us: int) -> None:
        """End every fault that is on."""
        self._faults = [fault for fault in self._faults if fault.from_us > now_us]

    def power_cycle(self, now_us: int) -> None:
        """Power off and on: a stuck chip lets go, and the chip inside starts from its power-on values."""
        self._release(now_us, ("clocks", "power"))
        self.target.power_cycle(now_us)

    def active(self, now_us: int) -> Fault | None:
        """Return the fault that is on, or None."""
        for fault in self._faults:
            if fault.is_on(now_us):
                return fault
        return None

    def holds_sda(self, now_us: int) -> bool:
        fault = self.active(now_us) if self.may_fail else None
        return fault is not None and fault.kind == "stuck"

    def clocked(self, n: int, now_us: int) -> None:
        if self.holds_sda(now_us):
            self._pulses += n
            if self._pulses >= CLOCKS_TO_RELEASE:
                self._release(now_us, ("clocks",))

    def _write(self, data: bytes, now_us: int):
        fault = self.active(now_us)
        if fault is None:
            return self.target.write(data, now_us)
        if fault.kind == "nack" or fault.kind == "stuck":
            return False
        return self.target.write(data, fault.from_us if fault.kind == "frozen" else now_us)

    def _read(self, count: int, now_us: int):
        fault = self.active(now_us)
        if fault is None:
            return self.target.read(count, now_us)
        kind = fault.kind
        if kind == "nack" or kind == "stuck":
            return None
        if kind == "garbage":
            self.target.read(count, now_us)  # the chip's own side effects happen all the same
            return self._random.randbytes(count)
        return self.target.read(count, fault.from_us)

    def read_byte(self, place: int, now_us: int) -> int | None:
        """Return byte `place` of a read under way, for a wire that goes byte by byte; None when nobody answers."""
        data = self.read(1 if self.target.reading_consumes else place + 1, now_us)
        return None if data is None else data[-1]

    def _release(self, now_us, ways):
        self._pulses = 0
        self._faults = [
            fault
            for fault in self._faults
            if not (fault.kind == "stuck" and fault.released_by in ways and fault.is_on(now_us))
        ]
