"""How soon an emulated chip looks at its button, and what is then left of MicroPython's heap, read out of its memory.

`CALANDO_UF2=... python tests/bench/rp2040_heap.py`: some minutes where `make bench-rp2040` takes an hour, and without its
probes, which lie on the heap themselves. The layout is that of MicroPython 1.28 (py/gc.c): two bits of a table for each
block of 16 bytes, 0 for a free one. Where the table is stands among the interpreter's own variables, as five addresses that
fit each other and the memory's end.
"""

import argparse
import contextlib
import sys

import numpy as np

import simulator  # noqa: F401  (first: on a desk the firmware imports what it brings along)
from simulator import scenario
from simulator.bedside import Bedside, Stopped
from simulator.runtimes import rp2040

RAM_START, RAM_END = 0x2000_0000, 0x2004_0000
BLOCK_BYTES = 16
_BLOCKS_A_BYTE = 4


def table(ram: bytes) -> tuple[int, int]:
    """Return where the table of blocks begins in the memory, and how many bytes it has. Raises ValueError for no heap."""
    words = np.frombuffer(ram, "<u4", count=(RAM_END - RAM_START) // 4)
    for place in np.flatnonzero(words == RAM_END):
        if place < 4:
            continue
        begin, count, finalisers, pool, _ = (int(word) for word in words[place - 4 : place + 1])
        if RAM_START < begin < finalisers < pool and pool + count * _BLOCKS_A_BYTE * BLOCK_BYTES == RAM_END:
            return begin - RAM_START, count
    raise ValueError("there is no MicroPython heap in this memory")


def free_and_largest(ram: bytes) -> tuple[int, int]:
    """Return how many bytes of the heap are free, and how many in the largest piece."""
    begin, count = table(ram)
    packed = np.frombuffer(ram, np.uint8, count, begin)
    kinds = np.stack([packed >> shift & 3 for shift in (0, 2, 4, 6)], axis=1).ravel()
    edges = np.flatnonzero(np.diff(np.concatenate(([1], kinds != 0, [1]))))
    runs = np.diff(edges)[::2]
    return BLOCK_BYTES * int((kinds == 0).sum()), BLOCK_BYTES * int(runs.max(initial=0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of the chip's time, from power-on")
    arguments = parser.parse_args()
    missing = rp2040.why_not()
    if missing is not None:
        print(f"skipped: {missing}")
        return 0
    from simulator.emulator.chip import Chip  # not above: the emulator need not be installed

    bench = Bedside(scenario.from_values({"title": "switched on", "duration_s": arguments.seconds}))
    image, version = rp2040.image()
    bench.flash, _ = rp2040.deployed_flash()
    bench.flash.commit_profile(bench.scenario.profile_values())
    chip = Chip(image, bench, bench.boot())
    with contextlib.suppress(Stopped):
        chip.run()
    result = bench.result("rp2040", 0.0, {"micropython": version})
    looked_s = next(event["time_s"] for event in result.events if event["kind"] == "device_boot")
    free, largest = free_and_largest(bytes(chip.mcu.sram))
    print(f"MicroPython {version}: power-on to the first look at the button {looked_s:.2f} s")
    print(f"free after boot {result.summary['heap']['free_bytes'][0]:,} B, as the firmware says")
    print(
        f"at {arguments.seconds:g} s free {free:,} B, of it in one piece {largest:,} B, garbage not counted as free"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
