"""Every state in which a power cut can leave a flash chip while something is written: before, within and after each
operation. Used by the tests of what is on flash; run as a program it counts them at every byte.
"""

import random
import sys
import time
from pathlib import Path

from firmware.memory.store import Store
from simulator import flash as chips


class Recorder(chips.Flash):
    """A flash chip that notes each program and erase."""

    def __init__(self, image=None):
        super().__init__()
        if image is not None:
            self.image[:] = image
        self.operations = []

    def program(self, offset, data):
        self.operations.append((offset, bytes(data)))
        return super().program(offset, data)

    def erase(self, offset):
        self.operations.append((offset // chips.SECTOR_BYTES * chips.SECTOR_BYTES, None))
        return super().erase(offset)


def store_on(flash):
    """The firmware's store on littlefs on this chip, mounted as after a boot: made anew where it cannot be mounted."""
    return Store(chips.HostFiles(chips.mount(flash.read, flash.program, flash.erase)))


def cuts(before, operations, tears, seed=0):
    """Yields (what was cut, image): before the first operation, within each, and after each.

    `tears(length)` says at how many bytes programs and erases are torn. The byte at which a program tears has only some of
    its bits cleared; behind the place where an erase tears lie old bytes and half-erased ones.
    """
    chance = random.Random(seed)
    image = bytearray(before)
    yield "before", bytes(image)
    for number, (offset, data) in enumerate(operations):
        size = chips.SECTOR_BYTES if data is None else len(data)
        for torn_at in tears(size):
            torn = bytearray(image)
            if data is None:
                torn[offset : offset + torn_at] = b"\xff" * torn_at
                for place in range(offset + torn_at, min(offset + torn_at + 64, offset + size)):
                    torn[place] |= chance.randrange(256)
            else:
                for place in range(torn_at):
                    torn[offset + place] &= data[place]
                if torn_at < size:
                    torn[offset + torn_at] &= data[torn_at] | chance.randrange(256)
            yield f"operation {number} torn at byte {torn_at} of {size}", bytes(torn)
        if data is None:
            image[offset : offset + size] = b"\xff" * size
        else:
            for place, byte in enumerate(data):
                image[offset + place] &= byte
        yield f"after operation {number}", bytes(image)


def a_few(length):
    """Both ends, the middles of pages and their borders."""
    return sorted({place for place in (0, 1, length // 3, 256, length // 2, length - 1) if place < length})


def every_byte(length):
    """Of what is programmed; of a sector's erase every 64th."""
    return range(0, length, 64 if length == chips.SECTOR_BYTES else 1)


SAVES = (  # name, slots, bytes: each name first and again, small ones that littlefs keeps in its directory, and large
    ("profile", 2, 900), ("dose", 2, 82), ("dose", 2, 82), ("calibration", 2, 300), ("profile", 2, 1100),
    ("session", 8, 4800), ("dose", 2, 82), ("session", 8, 9000), ("profile", 2, 0), ("session", 8, 300),
    ("calibration", 2, 280), ("dose", 2, 82),
)  # fmt: skip


def payload(number, size):
    return random.Random(number).randbytes(size)


def history(store, name, slots):
    """Every whole record of a name, oldest first, as (schema version, bytes)."""
    found = []
    for _, slot in store.history(name, slots):
        schema, data = store._read(name, slot)
        found.append((schema, bytes(data)))
    return found


def newest(store, name, slots):
    found = store.load(name, slots)
    return None if found is None else (found[0], bytes(found[1]))


def count_saves(tears):
    """Cut SAVES at every operation; returns how many cut points were looked at. AssertionError where one lost something."""
    image = bytes(chips.Flash().image)
    flash = Recorder(image)
    store_on(flash)
    image = bytes(flash.image)
    known = {}
    count = 0
    for number, (name, slots, size) in enumerate(SAVES):
        flash = Recorder(image)
        new = (number, payload(number, size))
        store_on(flash).save(name, *new, slots)
        old = dict(known)
        known[name] = [*known.get(name, []), new][-slots:]
        for where, left in cuts(image, flash.operations, tears, number):
            count += 1
            store = store_on(Recorder(left))
            said = f"save {number} of {name}, {where}"
            for other, wanted in known.items():
                kept = history(store, other, 8 if other == "session" else 2)
                before = old.get(other, [])
                if other == name:
                    assert kept in (before, wanted), said
                else:
                    assert kept == before, said
                assert newest(store, other, 8 if other == "session" else 2) == (kept[-1] if kept else None), (
                    said
                )
                assert not store.damaged(other, 8 if other == "session" else 2), said
        image = bytes(flash.image)
    return count


def main():
    started = time.perf_counter()
    count = count_saves(every_byte if "--every-byte" in sys.argv else a_few)
    print(
        f"{len(SAVES)} saves, {count} cut points, none lost anything; {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
