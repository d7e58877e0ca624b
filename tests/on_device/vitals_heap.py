"""Runs under MicroPython: prints how many bytes Vitals allocates in 60 s of steady state, and what the guard asks of it."""

import gc
import sys
from array import array

from firmware.vitals import Vitals

vitals = Vitals(sys.argv[2])
ir = array("I", [0] * 10)
red = array("I", [0] * 10)
block = array("I", [0] * 20)


def run(file, blocks, at_ms):
    """Feed so many blocks; returns the bytes allocated meanwhile, less those of the reading itself."""
    allocated = 0
    for _ in range(blocks):
        file.readinto(block)
        for i in range(10):
            ir[i] = block[2 * i]
            red[i] = block[2 * i + 1]
        at_ms += 100
        before = gc.mem_alloc()
        vitals.add(ir, red, 10)
        vitals.update(at_ms)
        vitals.slow_for_ms(100_000)
        vitals.perhaps_slow_for_ms(100_000)
        vitals.perhaps_newborns()
        allocated += gc.mem_alloc() - before
    return allocated


with open(sys.argv[1], "rb") as samples:
    run(samples, 400, 0)
    gc.collect()
    gc.disable()
    print(run(samples, 600, 40_000))
