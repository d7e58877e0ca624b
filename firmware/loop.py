"""The cooperative loop: tasks with deadlines, how late they ran, the watchdog, and the one place that collects garbage.

The only file of the firmware that knows the clock. Tasks get `now_ms`, a count from boot that never wraps or steps.
"""

import gc
import time

from micropython import const

_GC_MS = const(5_000)
# A collection takes 35 ms of the 64 that are queued as sound: it waits for a turn with this much left, but not for ever.
_CALM_MS = const(8)
_PATIENCE_MS = const(1000)


class Clock:
    """Time since boot, from the chip's microsecond ticks, which wrap every 18 minutes.

    Must be asked at least once in 8 minutes; the loop asks it every few milliseconds.
    """

    def __init__(self):
        self._ticks = time.ticks_us()
        self._ms = 0
        self._rest_us = 0

    def now_ms(self):
        ticks = time.ticks_us()
        rest_us = self._rest_us + time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        self._ms += rest_us // 1000
        self._rest_us = rest_us % 1000
        return self._ms

    def ticks_us(self):
        """Microseconds for differences below 8 minutes: take them with `passed_us`."""
        return time.ticks_us()

    def passed_us(self, later, earlier):
        return time.ticks_diff(later, earlier)

    def sleep_us(self, duration_us):
        time.sleep_us(duration_us)


class Task:
    """Something to run every `period_ms`; `run(now_ms)` must return within a few milliseconds."""

    def __init__(self, name, period_ms, run):
        self.name = name
        self.period_ms = period_ms
        self.run = run
        self.due_ms = 0


class Loop:
    """Runs tasks when they are due, in the order they were added, and sleeps in between.

    The first one added is served between any two others: it is late by no more than the longest of them takes.
    lateness_ms: how late the latest task of the last turn began; worst_lateness_ms: since boot.
    """

    def __init__(self, clock, watchdog=None):
        self.clock = clock
        self._watchdog = watchdog
        self._tasks = []
        self._gc_due_ms = 0
        self.lateness_ms = 0
        self.worst_lateness_ms = 0
        self.heap_free_bytes = None  # after the last collection; None where nobody knows
        self.turns = 0
        self._excused = False

    def add(self, name, period_ms, run):
        task = Task(name, period_ms, run)
        self._tasks.append(task)
        return task

    def turn(self):
        """Run what is due, then sleep until the next deadline. Allocates nothing of its own."""
        clock = self.clock
        now_ms = clock.now_ms()
        late_ms = 0
        next_ms = now_ms + 1000
        first = self._tasks[0]
        for task in self._tasks:
            behind_ms = now_ms - task.due_ms
            if behind_ms >= 0:
                if behind_ms > late_ms:
                    late_ms = behind_ms
                # What a task missed is left out, and its beat kept: those that are due with the sound stay right after it.
                task.due_ms += task.period_ms * (behind_ms // task.period_ms + 1)
                task.run(now_ms)
                if self._excused:
                    self._excused = False
                    self._begin()
                    next_ms = now_ms
                    break
                if clock.now_ms() >= first.due_ms:
                    next_ms = now_ms  # the others are still due in the next turn
                    break
            if task.due_ms < next_ms:
                next_ms = task.due_ms
        self.lateness_ms = late_ms
        if late_ms > self.worst_lateness_ms and self.turns:
            self.worst_lateness_ms = late_ms
        self.turns += 1
        self.feed()
        wait_ms = next_ms - clock.now_ms()
        if now_ms >= self._gc_due_ms and (wait_ms >= _CALM_MS or now_ms >= self._gc_due_ms + _PATIENCE_MS):
            self._gc_due_ms = now_ms + _GC_MS
            self.collect()
            wait_ms = next_ms - clock.now_ms()
        if wait_ms > 0:
            clock.sleep_us(wait_ms * 1000)

    def feed(self):
        """Tell the watchdog that all is well: for work that takes longer than a turn may, while nothing sounds."""
        if self._watchdog is not None:
            self._watchdog.feed()

    def run(self):
        """Turn for ever; an exception of any task ends it, and the caller leaves silence behind."""
        # The clock began with the device: what it took to put it together is not lateness.
        self._begin()
        while True:
            self.turn()

    def excuse(self):
        """What the running task still does in this turn makes no other late: it loads code, and nothing sounds."""
        self._excused = True

    def _begin(self):
        now_ms = self.clock.now_ms()
        for task in self._tasks:
            task.due_ms = now_ms

    def collect(self):
        """Collect garbage now, and see how much heap is free."""
        gc.collect()
        if hasattr(gc, "mem_free"):
            self.heap_free_bytes = gc.mem_free()
