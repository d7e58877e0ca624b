"""Runs under MicroPython: whether the next small thing lies behind the heap's small holes once garbage was collected."""

from firmware.loop import Clock, Loop

loop = Loop(Clock())
kept = [object() for _ in range(400)]
last = id(kept[399])
for place in range(0, 400, 2):
    kept[place] = None
loop.collect()
print(id(object()) > last)
