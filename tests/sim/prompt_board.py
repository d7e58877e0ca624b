"""The first script of a board for test_deploy.py: MicroPython with nothing but a littlefs, and its prompt.

The file that holds the flash is the argument. Run with -i, the prompt comes after this script.
"""

import os
import sys

_SECTOR = 4096


class _Flash:
    """A block device in a file of the host."""

    def __init__(self, path):
        self._file = open(path, "r+b")  # noqa: SIM115  (as long as the board is on)

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * _SECTOR + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * _SECTOR + offset)
        self._file.write(buffer)
        self._file.flush()

    def ioctl(self, op, argument):
        if op == 4:
            self._file.seek(0, 2)
            return self._file.tell() // _SECTOR
        return _SECTOR if op == 5 else 0


_flash = _Flash(sys.argv[1])
os.umount("/")
try:
    _files = os.VfsLfs2(_flash, progsize=256)
except OSError:
    os.VfsLfs2.mkfs(_flash, progsize=256)
    _files = os.VfsLfs2(_flash, progsize=256)
os.mount(_files, "/")
