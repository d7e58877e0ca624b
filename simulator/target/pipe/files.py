"""The flash chip as a file system at /data, as MicroPython's start-up mounts it on the chip."""

import os

import wire

_SECTOR = 4096
_SECTORS = 128


class _Partition:
    """The block device protocol of MicroPython, over the simulated flash."""

    def readblocks(self, block, buffer, offset=0):
        wire.flash_read(block * _SECTOR + offset, buffer)

    def writeblocks(self, block, buffer, offset=None):
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


def mount():
    partition = _Partition()
    try:
        files = os.VfsLfs2(partition, progsize=256, mtime=False)
    except OSError:
        os.VfsLfs2.mkfs(partition, progsize=256)
        files = os.VfsLfs2(partition, progsize=256, mtime=False)
    os.mount(files, "/data")
