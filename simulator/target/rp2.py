"""The flash as MicroPython's `rp2` shows it on an RP2040: the very block device on which the file system is mounted."""

import wire

_SECTOR = 4096
_SECTORS = (
    352  # 1408 KB: what MicroPython leaves to the file system on a Pico; simulator/flash.py has as many
)


class Flash:
    def readblocks(self, block, buffer, offset=0):
        wire.flash_read(block * _SECTOR + offset, buffer)

    def writeblocks(self, block, buffer, offset=None):
        """Write whole pages of 256 bytes: without an offset into an erased block; with one, bits are only cleared."""
        if offset is None:
            wire.flash_erase(block * _SECTOR)
            offset = 0
        wire.flash_write(block * _SECTOR + offset, buffer)

    def ioctl(self, op, argument):
        if op == 4:
            return _SECTORS
        if op == 5:
            return _SECTOR
        if op == 6:
            wire.flash_erase(argument * _SECTOR)
        return 0
