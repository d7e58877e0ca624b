"""The flash chip as a file system at /data: what MicroPython does by itself, for the firmware on CPython.

CPython has no mount, so the one file of the firmware that opens files gets `open` and `os` of this file system.
"""

import littlefs
import wire

from simulator import flash


class _Os:
    """The calls of `os` that firmware/drivers/flash_files.py makes, with MicroPython's OSError for littlefs's own."""

    def __init__(self, files):
        self._files = files

    def mkdir(self, path):
        self._call(self._files.mkdir, path)

    def stat(self, path):
        return (0, 0, 0, 0, 0, 0, self._call(self._files.stat, path).size, 0, 0, 0)

    @staticmethod
    def _call(function, path):
        try:
            return function(path.removeprefix("/data") or "/")
        except littlefs.LittleFSError as error:
            raise OSError(-error.code) from None
        except (FileNotFoundError, FileExistsError) as error:
            raise OSError(error.errno or 2) from None


def _read(offset, size):
    buffer = bytearray(size)
    wire.flash_read(offset, buffer)
    return buffer


def mount():
    files = flash.mount(_read, wire.flash_write, wire.flash_erase)

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
