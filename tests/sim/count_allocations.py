"""Boots the device under MicroPython as start.py does, and counts what each task and each turn of the loop allocates; and
which modules are loaded while it plays.

Arguments after those of transport.py: the file to write to, and when to begin and end counting, in seconds.
"""

import gc
import json
import sys

import calando_boot
import wire

report, begin_s, end_s = sys.argv[6], int(sys.argv[7]), int(sys.argv[8])
counts = {}


def counted(name, run):
    entry = counts[name] = [0, 0, 0]  # calls, bytes, most bytes in one call

    def call(now_ms):
        before = gc.mem_alloc()
        run(now_ms)
        used = gc.mem_alloc() - before
        entry[0] += 1
        entry[1] += used
        if used > entry[2]:
            entry[2] = used

    return call


calando_boot.power_on()
from firmware import main, ticks  # noqa: E402  (after boot.py, as on the chip)

device = main.Device()
while wire.now[0] < begin_s * 1_000_000:
    device.loop.turn()
# What the counting itself takes, so that it can be subtracted.
empty = counted("nothing", lambda now_ms: None)
empty(0)
for task in device.loop._tasks:
    task.run = counted(task.name, task.run)
turn = counted("turn", lambda now_ms: device.loop.turn())
gc.collect()
device.loop._gc_due_ms = ticks.add(device.clock.now_ms(), 1 << 28)
gc.disable()
turns = 0
while wire.now[0] < end_s * 1_000_000:
    turn(0)
    turns += 1
    if turns % 64 == 0:
        gc.collect()
gc.enable()
with open(report, "w") as file:
    json.dump({"counts": counts, "modules": list(sys.modules)}, file)
device.loop.run()
