"""The flash chip as a file system at /data: what MicroPython does by itself, for the firmware on CPython.

CPython has no mount, so the one file of the firmware that opens files gets `open` and `os` of this file system.
"""

import contextlib
import posixpath

import littlefs
import wire

from simulator import flash


@contextlib.contextmanager
def _as_micropython():
    """Raise MicroPython's OSError for what littlefs-python raises, which is none of it."""
    try:
        yield
    except littlefs.LittleFSError as error:
        raise OSError(-error.code) from None
    except (FileNotFoundError, FileExistsError, IsADirectoryError) as error:
        raise OSError(error.errno or 2) from None


class _File:
    """An open file, unbuffered as MicroPython's: a flash that is full says so at the write that finds it full."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with _as_micropython():
            self._file.close()

    def seek(self, place):
        return self._file.seek(place)

    def readinto(self, buffer):
        with _as_micropython():
            return self._file.readinto(buffer)

    def write(self, data):
        with _as_micropython():
            return self._file.write(data)


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
        with _as_micropython():
            return function(_inside(path))


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
        with _as_micropython():
            if mode == "ab" and posixpath.basename(path) not in files.listdir(posixpath.dirname(path)):
                mode = "wb"  # littlefs-python would make no file, MicroPython does
            return _File(files.open(path, mode, buffering=0))

    from firmware.drivers import flash_files

    flash_files.open = open_file
    flash_files.os = _Os(files)
