"""The flash chip as a file system at /data: what MicroPython does by itself, for the firmware on CPython.

CPython has no mount, so the one file of the firmware that opens files gets `open` and `os` of this file system.
"""

import posixpath

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

    def listdir(self, path):
        return self._call(self._files.listdir, path)

    def statvfs(self, path):
        free = flash.SECTORS - self._call(lambda path: self._files.used_block_count, path)
        return (flash.SECTOR_BYTES, flash.SECTOR_BYTES, flash.SECTORS, free, free, 0, 0, 0, 0, 255)

    def rename(self, path, new_path):
        self._call(lambda path: self._files.rename(path, _inside(new_path)), path)

    def remove(self, path):
        self._call(self._files.remove, path)

    @staticmethod
    def _call(function, path):
        try:
            return function(_inside(path))
        except littlefs.LittleFSError as error:
            raise OSError(-error.code) from None
        except (FileNotFoundError, FileExistsError) as error:
            raise OSError(error.errno or 2) from None


def _inside(path):
    return path.removeprefix("/data") or "/"


def _read(offset, size):
    buffer = bytearray(size)
    wire.flash_read(offset, buffer)
    return buffer


def mount():
    files = flash.mount(_read, wire.flash_write, wire.flash_erase)

    def open_file(path, mode="r"):
        path = _inside(path)
        try:
            if mode == "ab" and posixpath.basename(path) not in files.listdir(posixpath.dirname(path)):
                mode = "wb"  # littlefs-python would make no file, MicroPython does
            return files.open(path, mode)
        except littlefs.LittleFSError as error:
            raise OSError(-error.code) from None
        except (FileNotFoundError, IsADirectoryError) as error:
            raise OSError(error.errno or 2) from None

    from firmware.drivers import flash_files

    flash_files.open = open_file
    flash_files.os = _Os(files)
