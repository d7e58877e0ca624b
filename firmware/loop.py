"""The cooperative loop: tasks with deadlines, how late they ran, the watchdog, and the one place that collects garbage.

The only file of the firmware that knows the clock. Tasks get `now_ms`, the port's own ticks, which wrap (ticks.py).
"""

import gc
import time
from array import array

import micropython
from micropython import const

from firmware import ticks

LOADING_BYTES = const(
    4096
)  # of garbage, while modules are loaded: else what stays is strewn over all of the heap
_GC_MS = const(5_000)
# A collection takes 35 ms of the 64 that are queued as sound: it waits for a turn with this much left, but not for ever.
_CALM_MS = const(8)
_PATIENCE_MS = const(1000)
_LONGEST_WAIT_MS = const(1000)
_ROOM_WORDS = const(60)  # no function of ours needs more
_HOLES_MOST = const(512)  # of 16 bytes, of some 15 us each

# Places in the loop's times, in ms: for how long it may sleep after this turn; how late the latest task of it began; how
# many tasks there are, and of each when it is due and its period. They are numbers of an array, so that one call of machine
# code looks at all tasks.
_WAIT = const(0)
_LATE = const(1)
_COUNT = const(2)
_FIRST = const(3)
_WRAP = const(0x3FFFFFFF)  # as in ticks.py: the function below is one call, and calls none
_HALF = const(1 << 29)


class Clock:
    """The port's ticks, and the seconds since the device was put together: uptime_s, a small integer for 34 years.

    now_ms(): milliseconds that wrap: take them apart with ticks.py. ticks_us(): microseconds for differences below
    8 minutes: take them with passed_us(later, earlier). Asked several times a turn, so they are the port's own functions.
    """

    def __init__(self):
        self.now_ms = time.ticks_ms
        self.ticks_us = time.ticks_us
        self.passed_us = time.ticks_diff
        self.sleep_us = time.sleep_us
        self.uptime_s = 0
        self._counted_ms: int = self.now_ms()  # pyright: ignore[reportAttributeAccessIssue]

    def count(self, now_ms):
        """Let the seconds go on, at least once in six days; return when the next one is full."""
        passed_s = ticks.since(now_ms, self._counted_ms) // 1000
        if passed_s:
            self.uptime_s += passed_s
            self._counted_ms = ticks.add(self._counted_ms, passed_s * 1000)
        return ticks.add(self._counted_ms, 1000)


class Task:
    """Something to run again and again; `run(now_ms)` must return within a few milliseconds."""

    def __init__(self, name, run):
        self.name = name
        self.run = run


@micropython.viper
def _next_due(times: ptr32, number: int, now_ms: int, clock_ms: int) -> int:
    """Return which task is to run next, from `number` on, with its next time set; -1 where the turn is over.

    now_ms: when the turn began, with number 0. clock_ms: now. Once the first task is due again no other one begins.
    """
    if number == 0:
        times[_LATE] = 0
        times[_WAIT] = _LONGEST_WAIT_MS
    elif (((clock_ms - int(times[_FIRST])) & _WRAP) ^ _HALF) - _HALF >= 0:
        times[_WAIT] = 0  # the others are still due in the next turn
        return -1
    count = int(times[_COUNT])
    while number < count:
        place = _FIRST + 2 * number
        wait_ms = (((int(times[place]) - now_ms) & _WRAP) ^ _HALF) - _HALF
        left_ms = 0
        if wait_ms <= 0:
            if 0 - wait_ms > int(times[_LATE]):
                times[_LATE] = 0 - wait_ms
            # What a task missed is left out, and its beat kept: those that are due with the sound stay right after it.
            period_ms = int(times[place + 1])
            left_ms = ((0 - wait_ms) // period_ms + 1) * period_ms
            times[place] = (int(times[place]) + left_ms) & _WRAP
            wait_ms += left_ms
        if wait_ms < int(times[_WAIT]):
            times[_WAIT] = wait_ms
        if left_ms:
            return number
        number += 1
    return -1


def _fill_holes():
    """Leave garbage in the heap's small holes, as far as there is room for a function's names.

    A function with more than eleven words of names and stack gets its place on the heap at each call, and MicroPython looks
    for it from the last single block that it gave away on: from the heap's start after a collection, past every hole.
    """
    room_at = id((None,) * _ROOM_WORDS)
    for _ in range(_HOLES_MOST):
        if id(object()) > room_at:
            break


class Loop:
    """Runs tasks when they are due, in the order they were added, and sleeps in between.

    The first one added is served between any two others: it is late by no more than the longest of them takes.
    lateness_ms: how late the latest task of the last turn began; worst_lateness_ms: since boot.
    """

    def __init__(self, clock, watchdog=None):
        self.clock = clock
        self._watchdog = watchdog
        self._tasks = []
        self._times = array("I", [0] * _FIRST)
        self._gc_due_ms = clock.now_ms()
        self.lateness_ms = 0
        self.worst_lateness_ms = 0
        self.heap_free_bytes = None  # after the last collection; None where nobody knows
        self._turned = False  # the first turn finds everything late
        self._excused = False

    def add(self, name, period_ms, run):
        task = Task(name, run)
        times = self._times
        times.append(self.clock.now_ms())
        times.append(period_ms)
        self._tasks.append(task)
        times[_COUNT] = len(self._tasks)
        return task

    def turn(self):
        """Run what is due, then sleep until the next deadline. Allocates nothing of its own."""
        self._turn(False)

    def _turn(self, for_ever):
        """One turn, or one after the other: a function with as many names looks for room on the heap at each call."""
        clock = self.clock
        clock_ms = clock.now_ms
        since = ticks.since
        add = ticks.add
        next_due = _next_due
        watchdog = self._watchdog
        tasks = self._tasks
        times = self._times
        second_ms = None  # when the next one is full
        free_bytes = None
        counts = False  # what is free, as soon as there is time
        left_behind = True  # something has been, or may have been, since the last collection
        while True:
            now_ms = clock_ms()
            if second_ms is None or since(now_ms, second_ms) >= 0:
                second_ms = clock.count(now_ms)
            number = next_due(times, 0, now_ms, now_ms)
            while number >= 0:
                tasks[number].run(now_ms)
                if self._excused:
                    self._excused = False
                    self._begin()
                    times[_WAIT] = 0
                    left_behind = True
                    break
                number = next_due(times, number + 1, now_ms, clock_ms())
            late_ms = times[_LATE]
            self.lateness_ms = late_ms
            if not self._turned:
                self._turned = True
            elif late_ms > self.worst_lateness_ms:
                self.worst_lateness_ms = late_ms
            if watchdog is not None:
                watchdog.feed()
            next_ms = add(now_ms, times[_WAIT])
            wait_ms = since(next_ms, clock_ms())
            garbage_ms = since(now_ms, self._gc_due_ms)
            if garbage_ms >= 0 and (wait_ms >= _CALM_MS or garbage_ms >= _PATIENCE_MS):
                self._gc_due_ms = add(now_ms, _GC_MS)
                # While music plays nothing is left behind for minutes. What is free is counted in another turn: that takes
                # a third of a collection's time, and the sound that is queued would not last for both.
                if left_behind:
                    self.collect()
                counts = hasattr(gc, "mem_free")
                wait_ms = since(next_ms, clock_ms())
            if wait_ms > 0:
                clock.sleep_us(wait_ms * 1000)
                if counts:
                    counts = False
                    before_bytes = free_bytes
                    free_bytes = gc.mem_free()
                    left_behind = free_bytes != before_bytes
            if not for_ever:
                return

    def feed(self):
        """Tell the watchdog that all is well: for work that takes longer than a turn may, while nothing sounds."""
        if self._watchdog is not None:
            self._watchdog.feed()

    def run(self):
        """Turn for ever; an exception of any task ends it, and the caller leaves silence behind."""
        # The clock began with the device: what it took to put it together is not lateness.
        self._begin()
        self._turn(True)

    def excuse(self):
        """Let what the running task still does in this turn make no other late: it loads code, and nothing sounds."""
        self._excused = True

    def _begin(self):
        times = self._times
        now_ms = self.clock.now_ms()
        for number in range(len(self._tasks)):
            times[_FIRST + 2 * number] = now_ms

    def collect_after(self, garbage_bytes):
        """Let garbage go whenever there is so much of it; -1: in `turn` alone, or where the heap is full."""
        if hasattr(gc, "threshold"):
            gc.threshold(garbage_bytes)

    def collect(self):
        """Collect garbage now, and see how much heap is free."""
        gc.collect()
        if hasattr(gc, "mem_free"):
            self.heap_free_bytes = gc.mem_free()
            _fill_holes()
