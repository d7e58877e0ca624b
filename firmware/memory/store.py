"""Records that survive a power cut at any write: the oldest slot is written, read back, and only then believed.

A slot is a file: a header (magic, schema version, age, length, CRC-32) and the payload. A record that is replaced has two
slots; a history has as many as it keeps. Nothing here knows what is kept.
"""

import binascii
import struct

ASIDE = (
    "new."  # begins the name of a file that waits to be committed (staging.py); such files go at every start
)
_HEADER = (
    "<4sHHII"  # magic, schema version, 0, age, payload length; then the CRC-32 of these and of the payload
)
_HEADER_BYTES = 20
_MAGIC = b"CAL1"


class Store:
    """`files` has size, read_into, pieces, write and remove, as drivers/flash_files.py does."""

    def __init__(self, files):
        self._files = files
        self._head = bytearray(_HEADER_BYTES)
        self._piece = bytearray(256)

    def load(self, name, slots=2):
        """Return (schema version, payload) of the newest whole record of that name, or None when there is none."""
        newest = None
        newest_age = -1
        for slot in range(slots):
            age = self._age(name, slot)
            if age is not None and age > newest_age:
                newest, newest_age = slot, age
        return None if newest is None else self._read(name, newest)

    def load_older(self, name):
        """Return (schema version, payload) of the record before the newest, or None when only one slot is whole."""
        found = self.history(name, 2)
        return self._read(name, found[0][1]) if len(found) == 2 else None

    def damaged(self, name, slots=2):
        """Return whether there is something of that name, and nothing whole.

        An empty file is nothing: the file system makes one before it has any bytes, and there the power may go.
        """
        found = False
        for slot in range(slots):
            if self._age(name, slot) is not None:
                return False
            found = found or bool(self._files.size(_file(name, slot)))
        return found

    def history(self, name, slots):
        """Return every whole record of that name, oldest first, as a list of (age, slot)."""
        found = []
        for slot in range(slots):
            age = self._age(name, slot)
            if age is not None:
                found.append((age, slot))
        found.sort()
        return found

    def slot_size(self, name, slot):
        """Return the bytes of the payload in a slot that holds a whole record."""
        return self._files.size(_file(name, slot)) - _HEADER_BYTES

    def read_into(self, name, slot, offset, buffer):
        """Fill a buffer from a place in the payload of a whole slot; returns how many bytes there were."""
        return self._files.read_into(_file(name, slot), _HEADER_BYTES + offset, buffer)

    def remove(self, name, slots=2, keep_newest=False):
        """Remove every slot of that name, the oldest first, so that a cut leaves the newest or nothing."""
        whole = self.history(name, slots)
        in_order = [slot for slot in range(slots) if slot not in [place for _, place in whole]]
        in_order += [slot for _, slot in (whole[:-1] if keep_newest else whole)]
        for slot in in_order:
            self._files.remove(_file(name, slot))

    def save(self, name, schema, payload, slots=2):
        """Put a record in the place of the oldest. Raises OSError when the flash does not hold it; the others stay."""
        self.save_pieces(name, schema, lambda: (payload,), slots)

    def save_pieces(self, name, schema, pieces, slots=2):
        """Save a payload that need not be in memory, as `save`: `pieces()` gives it in buffers, three times the same."""
        oldest = 0
        oldest_age = None
        newest_age = 0
        for slot in range(slots):
            age = self._age(name, slot)
            if age is None:
                age = 0  # empty or damaged: first to be used
            if oldest_age is None or age < oldest_age:
                oldest, oldest_age = slot, age
            newest_age = max(newest_age, age)
        length = 0
        for piece in pieces():
            length += len(piece)
        header = struct.pack(_HEADER, _MAGIC, schema, 0, newest_age + 1, length)
        crc = binascii.crc32(header)
        for piece in pieces():
            crc = binascii.crc32(piece, crc)
        self._files.write(_file(name, oldest), _parts(header + struct.pack("<I", crc), pieces()))
        if self._age(name, oldest) != newest_age + 1:
            raise OSError(5)

    def _age(self, name, slot):
        """The age of a whole record, None for anything else; read piece by piece, whatever its length."""
        file = _file(name, slot)
        size = self._files.size(file)
        if (
            size is None
            or size < _HEADER_BYTES
            or self._files.read_into(file, 0, self._head) != _HEADER_BYTES
        ):
            return None
        magic, _, _, age, length = struct.unpack_from(_HEADER, self._head, 0)
        if magic != _MAGIC or length != size - _HEADER_BYTES:
            return None
        crc = binascii.crc32(self._head[:16])
        piece = self._piece
        for count in self._files.pieces(file, _HEADER_BYTES, piece):
            crc = binascii.crc32(piece if count == len(piece) else memoryview(piece)[:count], crc)
        return age if crc == struct.unpack_from("<I", self._head, 16)[0] else None

    def _read(self, name, slot):
        file = _file(name, slot)
        self._files.read_into(file, 0, self._head)
        _, schema, _, _, length = struct.unpack_from(_HEADER, self._head, 0)
        payload = bytearray(length)
        self._files.read_into(file, _HEADER_BYTES, payload)
        return schema, payload


def _parts(header, pieces):
    yield header
    yield from pieces


def _file(name, slot):
    return name + "." + str(slot)
