"""The cooperative loop: tasks with deadlines, how late they ran, the watchdog, and the one place that collects garbage.

The only file of the firmware that knows the clock. Tasks get `now_ms`, the port's own ticks, which wrap (ticks.py).
"""

import gc
import time

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
    """Something to run every `period_ms`; `run(now_ms)` must return within a few milliseconds."""

    def __init__(self, name, period_ms, run, due_ms):
        self.name = name
        self.period_ms = period_ms
        self.run = run
        self.due_ms = due_ms


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
        self._frequent = []  # those of them that run as often as the first
        self._gc_due_ms = self._seldom_due_ms = clock.now_ms()
        self.lateness_ms = 0
        self.worst_lateness_ms = 0
        self.heap_free_bytes = None  # after the last collection; None where nobody knows
        self._turned = False  # the first turn finds everything late
        self._excused = False

    def add(self, name, period_ms, run):
        task = Task(name, period_ms, run, self.clock.now_ms())
        self._seldom_due_ms = task.due_ms
        self._tasks.append(task)
        if period_ms <= self._tasks[0].period_ms:
            self._frequent.append(task)
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
        tasks = self._tasks
        frequent = self._frequent
        first = tasks[0]
        often_ms = first.period_ms
        second_ms = None  # when the next one is full
        while True:
            now_ms = clock_ms()
            if second_ms is None or since(now_ms, second_ms) >= 0:
                second_ms = clock.count(now_ms)
            late_ms = 0
            # In most turns nothing is due but what runs as often as the first: the others are asked for their time
            # together.
            seldom_ms = since(self._seldom_due_ms, now_ms)
            others_rest = seldom_ms > 0
            if not others_rest:
                seldom_ms = _LONGEST_WAIT_MS
            wait_ms = _LONGEST_WAIT_MS
            for task in frequent if others_rest else tasks:
                period_ms = task.period_ms
                due_ms = task.due_ms
                behind_ms = since(now_ms, due_ms)
                if behind_ms >= 0:
                    if behind_ms > late_ms:
                        late_ms = behind_ms
                    # What a task missed is left out, and its beat kept: those that are due with the sound stay right
                    # after it.
                    left_ms = period_ms
                    if behind_ms >= period_ms:
                        left_ms *= behind_ms // period_ms + 1
                    task.due_ms = add(due_ms, left_ms)
                    behind_ms -= left_ms
                    task.run(now_ms)
                    if self._excused:
                        self._excused = False
                        self._begin()
                        seldom_ms = wait_ms = 0
                        break
                    if since(clock_ms(), first.due_ms) >= 0:
                        if not others_rest:
                            seldom_ms = 0
                        wait_ms = 0  # the others are still due in the next turn
                        break
                if period_ms <= often_ms:
                    if -behind_ms < wait_ms:
                        wait_ms = -behind_ms
                elif -behind_ms < seldom_ms:
                    seldom_ms = -behind_ms
            if seldom_ms < wait_ms:
                wait_ms = seldom_ms
            if not others_rest:
                self._seldom_due_ms = add(now_ms, seldom_ms)
            self.lateness_ms = late_ms
            if late_ms > self.worst_lateness_ms and self._turned:
                self.worst_lateness_ms = late_ms
            self._turned = True
            if self._watchdog is not None:
                self._watchdog.feed()
            next_ms = add(now_ms, wait_ms)
            wait_ms = since(next_ms, clock_ms())
            garbage_ms = since(now_ms, self._gc_due_ms)
            if garbage_ms >= 0 and (wait_ms >= _CALM_MS or garbage_ms >= _PATIENCE_MS):
                self._gc_due_ms = add(now_ms, _GC_MS)
                self.collect()
                wait_ms = since(next_ms, clock_ms())
            if wait_ms > 0:
                clock.sleep_us(wait_ms * 1000)
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
        now_ms = self.clock.now_ms()
        self._seldom_due_ms = now_ms
        for task in self._tasks:
            task.due_ms = now_ms

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
