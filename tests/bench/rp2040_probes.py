"""What runs on the emulated chip of tests/bench/rp2040.py: the product's device, with a probe around each task.

A probe is a store to an address at which the bench listens; the bench has the clock, and looks at the heap from outside.
One costs some 10 us.
"""

import gc

from machine import mem32
from micropython import const

from firmware import main as product

_RUNNING, _LATE_MS, _COLLECTED, _NAME = (
    const(0x40068000), const(0x40068004), const(0x40068008), const(0x4006800C),
)  # fmt: skip
_LOOP, _SLEEP, _COLLECT, _FIRST_TASK = const(0), const(1), const(2), const(3)

_running = _LOOP


def probed(number, act):
    def run(argument):
        global _running
        before = _running
        _running = number
        mem32[_RUNNING] = number
        act(argument)
        _running = before
        mem32[_RUNNING] = before

    return run


def main():
    device = product.Device()
    gc.threshold(-1)
    loop = device.loop
    collect = loop.collect
    playing_s = 0

    def remember(now_ms):
        nonlocal playing_s
        playing_s = playing_s + 1 if device.pcm.running else 0
        if playing_s <= 2:
            loop.worst_lateness_ms = 0  # before the first sound, and after the last, saving may take its time
        mem32[_LATE_MS] = loop.worst_lateness_ms

    def collect_and_tell(_):
        collect()
        mem32[_COLLECTED] = 1

    for task in loop._tasks:
        for letter in task.name + "\n":
            mem32[_NAME] = ord(letter)
    for place in range(len(loop._tasks)):
        loop._tasks[place].run = probed(_FIRST_TASK + place, loop._tasks[place].run)
    collected = probed(_COLLECT, collect_and_tell)
    loop.collect = lambda: collected(None)
    device.clock.sleep_us = probed(_SLEEP, device.clock.sleep_us)
    loop.add("remember", 1000, remember)
    loop.collect()
    loop.run()


main()
