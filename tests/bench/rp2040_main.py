"""In place of main.py on the emulated chip of tests/bench/rp2040.py: the product's device, with a probe around each task.

A probe is a store to an address at which the bench listens; the bench has the clock. One costs some 10 us.
"""

import gc

from machine import mem32

from firmware import main as product

RUNNING, FREE, LARGEST, WORST_LATE_MS, NAME = 0x40068000, 0x40068004, 0x40068008, 0x4006800C, 0x40068010
LOOP, SLEEP, COLLECT, FIRST_TASK = 0, 1, 2, 3

_running = LOOP


def probed(number, act):
    def run(argument):
        global _running
        before = _running
        _running = number
        mem32[RUNNING] = number
        act(argument)
        _running = before
        mem32[RUNNING] = before

    return run


def largest_block():
    low, high = 0, gc.mem_free()
    while high - low > 64:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
    gc.collect()
    return low


def main():
    device = product.Device()
    gc.threshold(-1)
    loop = device.loop
    told = False

    def remember(now_ms):
        nonlocal told
        mem32[FREE] = gc.mem_free()
        if device.pcm.running:
            mem32[WORST_LATE_MS] = loop.worst_lateness_ms
        else:
            loop.worst_lateness_ms = 0  # saving, while nothing plays, may take its time
        if device.outputs.end is not None and not device.pcm.running and not told:
            told = True
            mem32[LARGEST] = largest_block()

    for task in loop._tasks:
        for letter in task.name + "\n":
            mem32[NAME] = ord(letter)
    for place in range(len(loop._tasks)):
        loop._tasks[place].run = probed(FIRST_TASK + place, loop._tasks[place].run)
    collect = probed(COLLECT, lambda _: gc_collect(loop))
    loop.collect = lambda: collect(None)
    device.clock.sleep_us = probed(SLEEP, device.clock.sleep_us)
    loop.add("remember", 1000, remember)
    mem32[LARGEST] = largest_block()
    loop.run()


def gc_collect(loop):
    gc.collect()
    loop.heap_free_bytes = gc.mem_free()


main()
