"""Records and files on MicroPython's own littlefs: every flash operation of some saves and of some renames is cut before,
within and after.

Prints how many cut points were looked at; fails where a record or a file was neither old nor new.
tests/checks/power_cuts.py and tests/checks/commit_cuts.py do the same on CPython with more of them.
"""

import os

from firmware.drivers import flash_files
from firmware.drivers.flash_files import FlashFiles
from firmware.memory.store import Store

ROOT = "/flash"
flash_files.FOLDER = ROOT + "/data"  # a folder within the file system, as on the device
SECTOR = 4096
SECTORS = 16
SAVES = (
    ("profile", 900), ("dose", 82), ("dose", 82), ("profile", 1100), ("session", 5000), ("dose", 82), ("session", 7000),
    ("profile", 0), ("dose", 82), ("session", 300), ("session", 2000), ("profile", 1000),
)  # fmt: skip
NAMES = ("profile", "dose", "session")
STAGED = 4
OTHERS = 24  # so many that littlefs has them and what is staged on two pairs of blocks
FILE_BYTES = 200


class Chip:
    """The block device protocol over a bytearray, with MicroPython's geometry; it notes what is written."""

    def __init__(self, image):
        self.image = image
        self.operations = []

    def readblocks(self, block, buffer, offset=0):
        place = block * SECTOR + offset
        buffer[:] = self.image[place : place + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self.operations.append((block * SECTOR + offset, bytes(buffer)))
        program(self.image, block * SECTOR + offset, buffer, len(buffer))

    def ioctl(self, op, argument):
        if op == 4:
            return SECTORS
        if op == 5:
            return SECTOR
        if op == 6:
            self.operations.append((argument * SECTOR, None))
            erase(self.image, argument * SECTOR, SECTOR)
        return 0


def program(image, offset, data, count):
    for place in range(count):
        image[offset + place] &= data[place]


def erase(image, offset, count):
    image[offset : offset + count] = b"\xff" * count


def cuts(image, operations):
    """Yields one image after the other, changed in place: torn in three places and after each operation."""
    yield image
    for offset, data in operations:
        size = SECTOR if data is None else len(data)
        for torn_at in (1, size // 3, size - 1):
            torn = bytearray(image)
            if data is None:
                erase(torn, offset, torn_at)
                torn[offset + torn_at] |= 0x5A
            else:
                program(torn, offset, data, torn_at)
                torn[offset + torn_at] &= data[torn_at] | 0x5A
            yield torn
        if data is None:
            erase(image, offset, size)
        else:
            program(image, offset, data, size)
        yield image


def boot(image):
    """Mount as the port's own start-up does; returns chip and store."""
    chip = Chip(image)
    try:
        files = os.VfsLfs2(chip, progsize=256, mtime=False)
    except OSError:
        os.VfsLfs2.mkfs(chip, progsize=256)
        files = os.VfsLfs2(chip, progsize=256, mtime=False)
    os.mount(files, ROOT)
    return chip, Store(FlashFiles(lambda: False))


def loaded(store):
    found = {}
    for name in NAMES:
        record = store.load(name)
        found[name] = None if record is None else (record[0], bytes(record[1]))
        assert not store.damaged(name), name
    return found


def cut_saves():
    image = bytearray(b"\xff" * SECTOR * SECTORS)
    boot(image)
    os.umount(ROOT)
    known = {name: None for name in NAMES}
    count = 0
    for number, (name, size) in enumerate(SAVES):
        chip, store = boot(bytearray(image))
        new = (number, bytes([(place * 7 + number) & 0xFF for place in range(size)]))
        store.save(name, new[0], new[1])
        os.umount(ROOT)
        after = dict(known)
        after[name] = new
        for left in cuts(bytearray(image), chip.operations):
            _, store = boot(bytearray(left))
            found = loaded(store)
            os.umount(ROOT)
            assert found in (known, after), (number, name)
            count += 1
        image = chip.image
        known = after
    return count


def cut_renames():
    """What is staged gets its name: after a cut each has the old name or the new one, and no other file is gone."""
    image = bytearray(b"\xff" * SECTOR * SECTORS)
    boot(image)
    files = FlashFiles(lambda: False)
    others = [f"other.{number:02}" for number in range(OTHERS)]
    for name in others + [f"new.x{number}" for number in range(STAGED)]:
        files.write(name, (bytes(FILE_BYTES),))
    os.umount(ROOT)
    count = 0
    for number in range(STAGED):
        chip, _ = boot(bytearray(image))
        FlashFiles(lambda: False).rename(f"new.x{number}", f"x{number}")
        os.umount(ROOT)
        for left in cuts(bytearray(image), chip.operations):
            boot(bytearray(left))
            found = sorted(FlashFiles(lambda: False).names())
            os.umount(ROOT)
            done = [f"x{n}" for n in range(number)]
            waiting = [f"new.x{n}" for n in range(number + 1, STAGED)]
            either = [sorted(others + done + waiting + [name]) for name in (f"x{number}", f"new.x{number}")]
            assert found in either, (number, found)
            count += 1
        image = chip.image
    return count


print(cut_saves() + cut_renames(), "cut points, none lost anything")
