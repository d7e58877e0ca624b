"""The journal on its flash pages, and the file system around them, without the rest of the device: for power cuts.

A session is rows whose second counts up; `Life` is one time between two losses of power. When the power goes at a flash
operation, `left` is the flash with that one half done; the code runs on, on a flash that nobody will see again.
"""

import random

from firmware.drivers.flash_pages import FlashPages
from firmware.memory.journal import Journal, read_record
from firmware.memory.names import SESSION, SESSIONS_KEPT
from firmware.memory.store import Store
from firmware.step import Inputs, Outputs
from simulator.flash import SECTOR_BYTES, SECTORS, Flash, HostFiles, mount

RECORD_BYTES = 16


class Amplifier:
    amplifier_on = False


class Life:
    """A boot on a flash image, with the power going at operation `cut_at` (None: never). `left` is what it leaves."""

    def __init__(self, image, cut_at=None, seed=0, folder=""):
        self.flash = Flash()
        self.flash.image = bytearray(image)
        self._cut_at = cut_at
        self._random = random.Random(seed)
        self._left = None
        self.operations = 0
        self.amplifier = Amplifier()
        self.file_system = mount(self.flash.read, self._program, self._erase)
        self.files = HostFiles(self.file_system, folder)
        self.store = Store(self.files)
        self.pages = FlashPages(self, self.files, self.amplifier)
        self.journal = Journal(self.pages, self.store)
        self.rows = 0
        self._inputs, self._outputs = Inputs(), Outputs()

    @property
    def dead(self):
        return self._left is not None

    @property
    def left(self):
        return bytes(self.flash.image) if self._left is None else self._left

    def _program(self, offset, data):
        if self._power_goes():
            # Some of the bits are cleared already.
            whole = self._random.randrange(len(data) + 1)
            some = bytes(byte | self._random.randrange(256) for byte in data[whole : whole + 16])
            half = Flash()
            half.image = bytearray(self.flash.image)
            half.program(offset, data[:whole] + some)
            self._left = bytes(half.image)
        self.flash.program(offset, data)

    def _erase(self, offset):
        if self._power_goes():
            done = self._random.choice((0, 0.5, 1))
            left = bytearray(self.flash.image)
            for place in range(offset, offset + SECTOR_BYTES):
                if self._random.random() < done:
                    left[place] |= self._random.randrange(256)
            self._left = bytes(left)
        self.flash.erase(offset)

    def _power_goes(self):
        self.operations += 1
        return self.operations - 1 == self._cut_at

    # What rp2.Flash() is.

    def readblocks(self, block, buffer, offset=0):
        start = block * SECTOR_BYTES + offset
        buffer[:] = self.flash.read(start, len(buffer))

    def writeblocks(self, block, buffer, offset):
        assert offset % 256 == 0 and len(buffer) % 256 == 0
        self._program(block * SECTOR_BYTES + offset, bytes(buffer))

    def ioctl(self, operation, argument):
        if operation == 4:
            return SECTORS
        assert operation == 6 and not self.amplifier.amplifier_on
        self._erase(argument * SECTOR_BYTES)
        return 0

    # What the device does.

    def open(self, cause=1):
        return self.journal.open(cause)

    def play(self, first_s, seconds):
        """Rows of so many seconds; stops counting them when the power is gone."""
        self.amplifier.amplifier_on = True
        for second in range(first_s, first_s + seconds):
            if self.dead:
                return
            self.journal.row(second, self._outputs, self._inputs)
            self.journal.keep()
            self.rows = second - first_s + 1

    def end(self, at_s):
        self.amplifier.amplifier_on = False
        self.journal.event(at_s, "end")
        self.journal.keep()
        self.journal.save(lambda: None)

    def sessions(self):
        """What can be read of each session in the store, oldest first."""
        found = []
        for _, slot in self.store.history(SESSION, SESSIONS_KEPT):
            payload = self.store._read(SESSION, slot)[1]
            found.append(
                [read_record(payload[at : at + RECORD_BYTES]) for at in range(0, len(payload), RECORD_BYTES)]
            )
        return found

    def others(self):
        """Name and bytes of every file that is neither a page nor a session."""
        return {
            name: bytes(self.file_system.open(name, "rb").read())
            for name in self.file_system.listdir("/")
            if not name.startswith(("page.", SESSION))
        }


def row_seconds(session):
    return [record["seconds"] for record in session if "phase" in record]


def kinds(session):
    return [record["kind"] for record in session if "kind" in record]
