"""The flash chip behind the device's file system: what it holds outlives a power cut, and an erase takes its time."""

import contextlib
import fcntl
import gc
import itertools
import json
import mmap
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import littlefs

from firmware.care import dose
from firmware.drivers import flash_pages
from firmware.memory import names
from firmware.memory.store import Store
from firmware.prescription import profile
from simulator.files.errors import CalandoError, os_reason

SECTOR_BYTES = 4096
SECTORS = 352  # 1408 KB, what MicroPython leaves to the file system on a Pico
BYTES = SECTOR_BYTES * SECTORS
PAGE_BYTES = 256
# W25Q16JV data sheet, typical and, of a page, at worst; an erase may take 400 ms. Around each call the chip's ROM leaves
# the mode in which code runs from flash, sends the page over one line at a sixth of the processor's clock, and comes
# back: some 0.25 ms more.
ERASE_US = 45_000
PROGRAM_US, WORST_PROGRAM_US = 400, 3_000
CALL_US = 250


_shared = itertools.count(1)  # chips made so far


class Flash:
    """Bytes that can only be cleared bit by bit, and set again a sector at a time.

    erases and programs count operations, so that a test can cut the power at each of them. erase_us and program_us are how
    long a sector and a page take. A `worn` flash takes every order, and its time, and does nothing. The device's
    records are in `folder` of its file system.
    """

    def __init__(self, image: bytearray | mmap.mmap | memoryview | None = None, folder: str = ""):
        self.folder = folder
        self.erase_us, self.program_us = ERASE_US, PROGRAM_US
        self._number: int | None = None
        self._shared: memoryview | None = None
        if image is None:
            image = self._shared = self._share()
        self.image = image
        self.erases = 0
        self.programs = 0
        self.worn = False

    def _share(self) -> memoryview:
        """Make an erased chip that another process can read as a file, or one of this process alone."""
        if not hasattr(os, "memfd_create"):  # on macOS
            return memoryview(bytearray(b"\xff" * BYTES))
        if next(_shared) % 64 == 0:
            gc.collect()  # a bedside that is over hangs in circles, and its two descriptors with it until they are found
        self._number = os.memfd_create("flash")
        weakref.finalize(self, os.close, self._number)
        os.write(self._number, b"\xff" * BYTES)
        return memoryview(mmap.mmap(self._number, BYTES))

    @property
    def file_number(self) -> int | None:
        """Return the descriptor of a file in memory that is this chip, from which it may be read without being asked."""
        plain = type(self).read is Flash.read and type(self).program is Flash.program
        return self._number if plain and self.image is self._shared else None

    @classmethod
    @contextlib.contextmanager
    def in_file(cls, path: Path, folder: str = "") -> Iterator["Flash"]:
        """Return the flash of a device that lives on when its process ends, however it ends. One device at a time.

        Raises CalandoError where the file cannot be used.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CalandoError(
                f"{path}: the simulated device's flash cannot be kept there ({os_reason(error)}); choose another folder"
            ) from None
        with open(number, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CalandoError(
                    f"{path}: this simulated device is running already; close the other program or choose another file"
                ) from None
            size = file.seek(0, os.SEEK_END)
            if size == 0:
                file.write(b"\xff" * BYTES)
                file.flush()
            elif size != BYTES:
                raise CalandoError(
                    f"{path}: this is no flash of a simulated device: {size} bytes instead of {BYTES}; choose another file"
                )
            with mmap.mmap(file.fileno(), BYTES) as image:
                yield cls(image, folder)

    @property
    def blank(self) -> bool:
        """Return whether nothing has ever been written on it: as it comes from the factory."""
        return self.image[:] == b"\xff" * BYTES

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self.image[offset : offset + count])

    def program(self, offset: int, data: bytes) -> int:
        """Clear bits; returns how long it takes in us, with interrupts off all the while."""
        if not self.worn:
            old = int.from_bytes(self.image[offset : offset + len(data)], "little")
            self.image[offset : offset + len(data)] = (old & int.from_bytes(data, "little")).to_bytes(
                len(data), "little"
            )
        self.programs += 1
        return CALL_US + self.program_us * -(-len(data) // PAGE_BYTES)

    def erase(self, offset: int) -> int:
        start = offset // SECTOR_BYTES * SECTOR_BYTES
        if not self.worn:
            self.image[start : start + SECTOR_BYTES] = b"\xff" * SECTOR_BYTES
        self.erases += 1
        return CALL_US + self.erase_us

    def commit_profile(self, values: dict[str, Any], beside: dict[str, bytes] | None = None) -> None:
        """Do what a therapist did before the session: the profile is on the device, and what it names ("song.ours": its
        bytes).
        """
        files = mount(self.read, self.program, self.erase)
        for name, data in (beside or {}).items():
            HostFiles(files, self.folder).write(name, (data,))
        Store(HostFiles(files, self.folder)).save(
            names.PROFILE, profile.SCHEMA_VERSION, json.dumps(values).encode()
        )
        files.unmount()
        self.erases = self.programs = 0

    def pass_minutes(self, minutes: int) -> None:
        """Let time pass for the dose, as on a device that is switched on with nobody there."""
        store = self.store()
        found = store.load(names.DOSE)
        if found is None or minutes <= 0:
            return
        kept = dose.Dose()
        try:
            kept.unpack(found[1])
        except ValueError:
            return  # damaged: the device assumes that the day's dose was given, and goes by that
        kept.pass_minutes(minutes)
        record = bytearray(dose.RECORD_BYTES)
        kept.pack_into(record)
        store.save(names.DOSE, dose.VERSION, bytes(record))

    def store(self) -> Store:
        """Return the device's records, to read and to write, while it is switched off."""
        return Store(HostFiles(mount(self.read, self.program, self.erase), self.folder))

    def load(self, name: str, slots: int = 2) -> bytes | None:
        """Return the newest record of that name in the device's store, or None."""
        files = mount(self.read, lambda offset, data: None, lambda offset: None)
        found = Store(HostFiles(files, self.folder)).load(name, slots)
        return None if found is None else bytes(found[1])

    def file(self, name: str) -> bytes | None:
        """Return a file of the device's files, such as "voice.mother"; None where there is none of that name."""
        files = HostFiles(mount(self.read, lambda offset, data: None, lambda offset: None), self.folder)
        size = files.size(name)
        if size is None:
            return None
        data = bytearray(size)
        files.read_into(name, 0, data)
        return bytes(data)

    def install(self, contents: dict[str, bytes]) -> int:
        """Write files, with the folders they are in; returns how many sectors the file system then uses."""
        files = mount(self.read, self.program, self.erase)
        for name, data in contents.items():
            files.makedirs(str(PurePosixPath(name).parent), exist_ok=True)
            with files.open(name, "wb") as file:
                file.write(data)
        if self.folder:
            files.makedirs(self.folder, exist_ok=True)
        used = files.used_block_count
        files.unmount()
        self.erases = self.programs = 0
        return used


def page_files() -> dict[str, bytes]:
    """Return the files of a journal's pages as they are before the first start, by name: an erased block with a mark."""
    blank = b"\xff" * (SECTOR_BYTES - PAGE_BYTES)
    return {
        flash_pages.name_of(number): bytes(flash_pages.first_page(number, None)) + blank
        for number in range(flash_pages.FILES)
    }


class _Partition(littlefs.UserContext):
    def __init__(self, read: Callable, program: Callable, erase: Callable):
        super().__init__(buffsize=0)
        self._read, self._program, self._erase = read, program, erase

    def read(self, cfg, block, off, size):
        return bytearray(self._read(block * SECTOR_BYTES + off, size))

    def prog(self, cfg, block, off, data):
        self._program(block * SECTOR_BYTES + off, bytes(data))
        return 0

    def erase(self, cfg, block):
        self._erase(block * SECTOR_BYTES)
        return 0


def mount(
    read: Callable[[int, int], bytes], program: Callable[[int, bytes], object], erase: Callable[[int], object]
) -> littlefs.LittleFS:
    """Return the file system on a flash chip reached through three functions, made if there is none; MicroPython's
    geometry.
    """
    files = littlefs.LittleFS(
        context=_Partition(read, program, erase), mount=False, block_size=SECTOR_BYTES, block_count=SECTORS,
        prog_size=PAGE_BYTES, read_size=32, cache_size=4 * PAGE_BYTES, lookahead_size=32, block_cycles=100,
        disk_version=0x00020001,
    )  # fmt: skip
    try:
        files.mount()
    except littlefs.LittleFSError:
        files.format()
        files.mount()
    return files


class HostFiles:
    """As firmware/drivers/flash_files.py, for the host's side of the chip; that driver's folder is this root."""

    def __init__(self, files: littlefs.LittleFS, folder: str = ""):
        self._files = files
        self._folder = PurePosixPath(folder)

    def _path(self, name: str) -> str:
        return str(self._folder / name)

    def size(self, name: str) -> int | None:
        try:
            return self._files.stat(self._path(name)).size
        except littlefs.LittleFSError:
            return None

    def read_into(self, name: str, offset: int, buffer: bytearray) -> int:
        with self._files.open(self._path(name), "rb") as file:
            file.seek(offset)
            data = file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def pieces(self, name: str, offset: int, buffer: bytearray) -> Iterator[int]:
        with self._files.open(self._path(name), "rb") as file:
            file.seek(offset)
            while data := file.read(len(buffer)):
                buffer[: len(data)] = data
                yield len(data)

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        try:
            with self._files.open(self._path(name), "wb") as file:
                for part in parts:
                    file.write(part)
        except littlefs.LittleFSError as error:
            raise OSError(-error.code, str(error)) from None
