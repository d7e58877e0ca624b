"""Records that survive a power cut at any write: two slots each, the older one written, checked, then believed.

A slot is a header (magic, schema version, age, length, CRC-32) and the payload. Nothing here knows what it keeps.
"""

import binascii
import struct

_HEADER = "<4sHHIII"      # magic, schema version, 0, age, payload length, CRC-32 of header so far and payload
_HEADER_BYTES = 20
_MAGIC = b"CAL1"
_SLOTS = ("a", "b")


class Store:
    """`files` has read(name), write(name, data) as drivers/flash_files.py does."""

    def __init__(self, files):
        self._files = files

    def load(self, name):
        """(schema version, payload) of the newest whole record of that name, or None when there is none."""
        best = None
        best_age = 0
        for slot in _SLOTS:
            found = self._slot(name, slot)
            if found is not None and (best is None or found[0] > best_age):
                best_age = found[0]
                best = (found[1], found[2])
        return best

    def save(self, name, schema, payload):
        """Write a record, read it back, and only then let it count. Raises OSError when the flash does not hold it."""
        ages = [0, 0]
        for place in (0, 1):
            found = self._slot(name, _SLOTS[place])
            ages[place] = 0 if found is None else found[0]
        place = 0 if ages[0] <= ages[1] else 1
        age = max(ages) + 1
        header = struct.pack("<4sHHII", _MAGIC, schema, 0, age, len(payload))
        crc = binascii.crc32(payload, binascii.crc32(header))
        self._files.write(name + "." + _SLOTS[place], header + struct.pack("<I", crc) + payload)
        written = self._slot(name, _SLOTS[place])
        if written is None or written[2] != payload:
            raise OSError(5)

    def _slot(self, name, slot):
        """(age, schema version, payload) or None."""
        data = self._files.read(name + "." + slot)
        if data is None or len(data) < _HEADER_BYTES:
            return None
        magic, schema, _, age, length, crc = struct.unpack(_HEADER, data[:_HEADER_BYTES])
        payload = data[_HEADER_BYTES:]
        if magic != _MAGIC or length != len(payload) or crc != binascii.crc32(payload, binascii.crc32(data[:16])):
            return None
        return age, schema, payload
