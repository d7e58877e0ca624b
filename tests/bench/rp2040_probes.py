"""What runs on the emulated chip of tests/bench/rp2040.py: the main_module's device, with a probe around each task.

A probe is a store to an address at which the bench listens; the bench has the clock. One costs some 10 us.
"""

import gc

from machine import mem32
from micropython import const

from firmware import main as main_module

# One by one, as MicroPython's compiler wants constants that take no room on the heap; the other names here are, where they
# can be, ones that it has in flash.
_RUNNING = const(0x40068000)
_LATE_MS = const(0x40068004)
_NAME = const(0x40068008)
_LOOP = const(0)
_SLEEP = const(1)
_COLLECT = const(2)
_FIRST_TASK = const(3)

state = _LOOP


def wrap(num, callback):
    def run(arg):
        global state
        before = state
        state = num
        mem32[_RUNNING] = num
        callback(arg)
        state = before
        mem32[_RUNNING] = before

    return run


def main():
    device = main_module.Device()
    gc.threshold(-1)
    loop = device.loop
    collect = loop.collect
    playing_s = 0

    def update(now_ms):
        nonlocal playing_s
        playing_s = playing_s + 1 if device.pcm.running else 0
        if playing_s <= 2:
            loop.worst_lateness_ms = 0  # before the first sound, and after the last, saving may take its time
        mem32[_LATE_MS] = loop.worst_lateness_ms

    for task in loop._tasks:
        for key in task.name + "\n":
            mem32[_NAME] = ord(key)
    for index in range(len(loop._tasks)):
        loop._tasks[index].run = wrap(_FIRST_TASK + index, loop._tasks[index].run)
    items = wrap(_COLLECT, lambda _: collect())
    loop.collect = lambda: items(None)
    device.clock.sleep_us = wrap(_SLEEP, device.clock.sleep_us)
    loop.add("update", 1000, update)
    loop.collect()
    loop.run()


main()
