"""Goes to the root of the flash as packed.py: a firmware in one file, mounted so that MicroPython imports from it.

Looking for a module among folders takes littlefs four looks of some 4 ms each, and opening every file of a slot to compare
it as long again: half of the time from power-on to the first look at the button.

The file: "CPK1", how many entries u16, zeros u16; for each path that a module may be looked for by the CRC-32 of
"/firmware/audio.mpy" u32 and where its bytes begin u32, 0 for a folder; then the files, one after the other.

Names here are, where they can be, those that MicroPython has in its flash: any other stays on the heap for good.
"""

import binascii
import os
import struct

FILE = "packed"  # in a slot
PLACE = "/packed"  # where it is mounted
HEAD = "<4sHH"
MARK = b"CPK1"


class Packed:
    """What MicroPython asks of a file system: what is there, and an open file. Nothing else, and no writing."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            head = file.read(struct.calcsize(HEAD))
            if head[: len(MARK)] != MARK or len(head) < struct.calcsize(HEAD):
                raise OSError(22)
            count = struct.unpack(HEAD, head)[1]
            self.items = file.read(8 * count)

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        begin = self.find(path)
        return (0x8000 if begin else 0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def open(self, path, mode):
        begin = self.find(path)
        file = open(self.path, mode)
        file.seek(begin)
        return file

    def find(self, path):
        key = struct.pack("<I", binascii.crc32(path.encode()))
        items = self.items  # of 8 bytes each
        at = items.find(key)
        while at >= 0:
            if at % 8 == 0:
                return struct.unpack_from("<I", items, at + 4)[0]
            at = items.find(key, at + 1)
        raise OSError(2)


def mount(slot):
    """Mount what is packed in a slot's folder in place of what was; raises OSError where nothing is."""
    try:
        os.umount(PLACE)
    except OSError:
        pass  # the first time
    os.mount(Packed(slot + "/" + FILE), PLACE)
