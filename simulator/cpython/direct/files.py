"""The flash chip as a file system at /data: what MicroPython does by itself, for the firmware on CPython.

CPython has no mount, so the one file of the firmware that opens files gets `open` and `os` of this file system.
"""

import littlefs
import wire

_SECTOR = 4096
_SECTORS = 128


class _Partition(littlefs.UserContext):
    """littlefs's callbacks, over the simulated flash."""

    def __init__(self):
        super().__init__(buffsize=0)

    def read(self, cfg, block, off, size):
        buffer = bytearray(size)
        wire.flash_read(block * _SECTOR + off, buffer)
        return buffer

    def prog(self, cfg, block, off, data):
        wire.flash_write(block * _SECTOR + off, data)
        return 0

    def erase(self, cfg, block):
        wire.flash_erase(block * _SECTOR)
        return 0


class _Os:
    """The calls of `os` that firmware/drivers/flash_files.py makes, with MicroPython's OSError for littlefs's own."""

    def __init__(self, files):
        self._files = files

    def mkdir(self, path):
        self._call(self._files.mkdir, path)

    def remove(self, path):
        self._call(self._files.remove, path)

    def listdir(self, path):
        return self._call(self._files.listdir, path)

    @staticmethod
    def _call(function, path):
        try:
            return function(path.removeprefix("/data") or "/")
        except littlefs.LittleFSError as error:
            raise OSError(-error.code) from None


def mount():
    files = littlefs.LittleFS(
        context=_Partition(), mount=False, block_size=_SECTOR, block_count=_SECTORS, prog_size=256, read_size=32,
        cache_size=256, lookahead_size=32, disk_version=0x00020000,
    )  # fmt: skip
    try:
        files.mount()
    except littlefs.LittleFSError:
        files.format()
        files.mount()

    def open_file(path, mode="r"):
        try:
            return files.open(path.removeprefix("/data"), mode)
        except littlefs.LittleFSError as error:
            raise OSError(-error.code) from None
        except (FileNotFoundError, IsADirectoryError) as error:
            raise OSError(error.errno or 2) from None

    from firmware.drivers import flash_files

    flash_files.open = open_file
    flash_files.os = _Os(files)
