"""Boots the device under MicroPython as start.py does. It lives for weeks, with sessions around each wrap of its ticks.

Arguments after those of transport.py: the file to write to, how many seconds one turn of the loop may leave out while
nothing plays, and the sessions as BEGIN-END in seconds. While one plays, and some seconds before and after it, nothing is
left out; then a line tells what is on the heap, and which task allocated how much on the way.
"""

import gc
import json
import sys

import calando_boot
import wire

report, hop_s = sys.argv[6], int(sys.argv[7])
sessions_s = [[int(part) for part in text.split("-")] for text in sys.argv[8:]]
BEFORE_S, AFTER_S = 5, 10
FED_US = 1_900_000  # the watchdog bites after two seconds
SMALL = (1 << 30) - 1  # the largest integer that the chip keeps without a heap

calando_boot.power_on()
from firmware import main  # noqa: E402  (after boot.py, as on the chip)

spent = {}


def counted(name, run):
    def call(now_ms):
        before = gc.mem_alloc()
        run(now_ms)
        used = gc.mem_alloc() - before
        if used >= 0:  # garbage was collected in this call: what it took is not to be known
            spent[name] = spent.get(name, 0) + used

    return call


def too_large(thing, path, found, seen):
    """Every integer of an object and of all it holds that is no small one on the chip."""
    if isinstance(thing, bool) or thing is None or id(thing) in seen:
        return
    if isinstance(thing, int):
        if not -SMALL - 1 <= thing <= SMALL:
            found.append(f"{path} = {thing}")
        return
    seen.add(id(thing))
    if isinstance(thing, (list, tuple)):
        for place in range(len(thing)):
            too_large(thing[place], f"{path}[{place}]", found, seen)
    elif isinstance(thing, dict):
        for key in thing:
            too_large(thing[key], f"{path}[{key}]", found, seen)
    elif hasattr(thing, "__dict__"):
        for name in thing.__dict__:
            too_large(thing.__dict__[name], path + "." + name, found, seen)


device = main.Device()
gc.threshold(-1)  # as main.main does: the loop says when
loop = device.loop
for task in loop._tasks:
    task.run = counted(task.name, task.run)
turn = counted("turn", lambda now_ms: loop.turn())


def leave_out(until_s):
    """Let time pass without a turn of the loop in every 16 ms of it; the chips and the bedside live on."""
    left_us = min(until_s * 1_000_000 - wire.now[0], hop_s * 1_000_000)
    while left_us > FED_US:
        wire.watchdog[0] = 0
        wire.look_ahead()
        piece_us = FED_US if hop_s < 60 else left_us
        wire.advance(piece_us)
        left_us -= piece_us
        loop.feed()


file = open(report, "w")  # noqa: SIM115  (closed before the last turns)
for press_s, end_s in sessions_s:
    while wire.now[0] < (press_s - BEFORE_S) * 1_000_000:
        leave_out(press_s - BEFORE_S)
        loop.turn()
    loop.turn()
    gc.collect()
    loop._gc_due_ms = loop.clock.now_ms()
    for name in spent:
        spent[name] = 0
    while wire.now[0] < (end_s + AFTER_S) * 1_000_000:
        turn(0)
    gc.collect()
    heap_bytes = gc.mem_alloc()
    found = []
    too_large(device, "device", found, set())
    line = json.dumps(
        {
            "press_s": press_s,
            "ticks_ms": loop.clock.now_ms(),
            "uptime_s": loop.clock.uptime_s,
            "heap_bytes": heap_bytes,
            "spent": spent,
            "too_large": found,
            "phase": device.session.phase,
            "end": device.session.end,
        }
    )
    file.write(line + "\n")
    del line, found
file.close()
while True:
    loop.turn()
