"""The loop keeps the sound fed: it comes between any two tasks, and garbage is collected where there is time for it."""

import gc
from itertools import pairwise

import pytest

from firmware.loop import Loop
from simulator.interpreter import ROOT, run_script

COLLECT_MS = 34  # as measured on the emulated chip


class Clock:
    def __init__(self):
        self.us = 0

    def now_ms(self):
        return self.us // 1000

    def count(self, now_ms):
        pass

    def sleep_us(self, duration_us):
        self.us += duration_us


class Chip:
    """A loop whose tasks take their time."""

    def __init__(self, tasks):
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self.began = {name: [] for name, _, _ in tasks}
        self.collected = []
        for name, period_ms, takes_ms in tasks:
            self.loop.add(
                name, period_ms, lambda now_ms, name=name, takes_ms=takes_ms: self._work(name, takes_ms)
            )
        self.loop.collect = self._collect

    def _work(self, name, takes_ms):
        self.began[name].append(self.clock.now_ms())
        self.clock.sleep_us(takes_ms * 1000)

    def _collect(self):
        self.collected.append((self.clock.now_ms(), self.clock.now_ms() - self.began["sound"][-1]))
        self.clock.sleep_us(COLLECT_MS * 1000)

    def run(self, until_ms):
        while self.clock.now_ms() < until_ms:
            self.loop.turn()
        return self


def busy_chip():
    return Chip(
        [("sound", 16, 3), ("button", 16, 0), ("sensor", 160, 34), ("adc", 250, 8), ("session", 100, 10)]
    ).run(65_000)


def test_between_two_looks_at_the_sound_there_is_one_other_task_at_most():
    began = busy_chip().began["sound"]
    gaps_ms = [later - earlier for earlier, later in pairwise(began)]
    assert max(gaps_ms) < 48  # what is queued at the least, when a look at the sound is over


@pytest.mark.parametrize(("name", "period_ms"), [("sensor", 160), ("adc", 250), ("session", 100)])
def test_the_others_are_not_forgotten(name, period_ms):
    began = busy_chip().began[name]
    assert len(began) == pytest.approx(65_000 / period_ms, rel=0.02)


def test_garbage_is_collected_every_five_seconds_right_after_the_sound():
    collected = busy_chip().collected
    assert len(collected) == 13
    assert all(since_sound_ms <= 8 for _, since_sound_ms in collected)


def test_what_the_start_took_is_not_lateness():
    chip = Chip([("sound", 16, 3), ("session", 100, 10)])
    chip.clock.sleep_us(5_000_000)

    def stop(now_ms):
        if now_ms > 8000:
            raise StopIteration

    chip.loop.add("stop", 100, stop)
    with pytest.raises(StopIteration):
        chip.loop.run()
    assert chip.loop.worst_lateness_ms < 64 and len(chip.began["session"]) == pytest.approx(30, abs=1)


def test_a_loop_that_is_never_calm_collects_all_the_same():
    chip = Chip([("sound", 16, 15)]).run(25_000)
    assert [at_ms // 1000 for at_ms, _ in chip.collected] == [1, 7, 13, 19]


@pytest.mark.parametrize("left_behind_until_s", [0, 12, 60])
def test_nothing_is_collected_where_nothing_was_left_behind(monkeypatch, left_behind_until_s):
    """A collection takes half of the sound that is queued, and while music plays there is nothing to collect."""
    chip = Chip([("sound", 16, 3), ("session", 100, 10)])
    free_bytes = 100_000

    def work(now_ms):
        nonlocal free_bytes
        if now_ms < 1000 * left_behind_until_s:
            free_bytes -= 16
        if now_ms > 62_000:
            raise StopIteration

    chip.loop.add("work", 1000, work)
    monkeypatch.setattr(gc, "mem_free", lambda: free_bytes, raising=False)
    with pytest.raises(StopIteration):
        chip.loop.run()
    collected_s = [at_ms // 1000 for at_ms, _ in chip.collected]
    assert collected_s == [at_s for at_s in range(0, 62, 5) if at_s < left_behind_until_s + 10]


def test_what_loading_code_left_behind_is_collected_next(monkeypatch):
    chip = Chip([("sound", 16, 3)])
    loaded_ms = []

    def load(now_ms):
        if now_ms > 31_000 and not loaded_ms:
            loaded_ms.append(now_ms)
            chip.loop.excuse()
        if now_ms > 62_000:
            raise StopIteration

    chip.loop.add("load", 1000, load)
    monkeypatch.setattr(gc, "mem_free", lambda: 100_000, raising=False)
    with pytest.raises(StopIteration):
        chip.loop.run()
    assert [at_ms // 1000 for at_ms, _ in chip.collected] == [0, 5, 35]


def test_between_collecting_and_counting_what_is_free_the_sound_is_looked_at(monkeypatch):
    """Both take 51 ms of the emulated chip, and 48 are queued."""
    chip = Chip([("sound", 16, 3)])
    counted_ms = []

    def free():
        counted_ms.append(chip.clock.now_ms())
        return 100_000 - len(counted_ms)

    def stop(now_ms):
        if now_ms > 62_000:
            raise StopIteration

    chip.loop.add("stop", 1000, stop)
    monkeypatch.setattr(gc, "mem_free", free, raising=False)
    with pytest.raises(StopIteration):
        chip.loop.run()
    assert len(chip.collected) == len(counted_ms) == 13
    for (collected_ms, _), at_ms in zip(chip.collected, counted_ms, strict=True):
        assert any(collected_ms < began_ms < at_ms for began_ms in chip.began["sound"])
        assert at_ms < collected_ms + 100


@pytest.mark.parametrize("excused", [True, False])
def test_what_loading_code_took_is_not_lateness(excused):
    """Half a second late would silence the session that begins with it."""
    clock = Clock()
    loop = Loop(clock)
    began = []

    def load(now_ms):
        began.append(now_ms)
        if len(began) == 3:
            if excused:
                loop.excuse()
            clock.sleep_us(700_000)

    loop.add("sound", 16, lambda now_ms: None)
    loop.add("session", 100, load)
    for _ in range(60):
        loop.turn()
    assert (loop.worst_lateness_ms > 500) != excused
    assert len(began) > 5


def test_after_a_collection_nobody_searches_the_heaps_small_holes():
    """Each function with many names searches the heap for room, from the last single block that was given away on."""
    assert run_script(ROOT / "tests" / "on_device" / "heap_holes.py", heap_kib=400).stdout.strip() == b"True"
