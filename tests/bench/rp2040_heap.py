"""MicroPython's heap, read out of the emulated chip's memory: what a look from inside would change.

The layout is that of MicroPython 1.28 (py/gc.c): two bits of a table for each block of 16 bytes, 0 for a free one. Where
the table is stands among the interpreter's own variables, as five addresses that fit each other and the memory's end.
"""

import numpy as np

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
