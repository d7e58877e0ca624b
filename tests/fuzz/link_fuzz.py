"""Sends the device's USB link lines that mean it no good, and sees that it answers each, forgets it, and does nothing.

    python tests/fuzz/link_fuzz.py --lines 1000000 --runtime micropython --seed 1        (make fuzz)

The device runs its own firmware, from its boot on: three runs of four with nothing playing, the fourth beside a session on
a board with an isolator. docs/simulator.md says what is looked at.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fuzz_lines

from firmware.usb import link
from simulator.bedside import Answer, Bedside, RuntimeDied, Stopped
from simulator.computer import FRAME_US, Computer
from simulator.runtimes import cpython, micropython
from simulator.scenario import from_values
from simulator.target.messages import RESET

BOOT: dict[str, Callable[..., Any]] = {"cpython": cpython.boot, "micropython": micropython.boot}
ISOLATED = Path(__file__).with_name("isolated_board.py")
START_S = 2.0  # the first line comes when the device has booted, or the session has begun
SILENT_S = 20.0  # a selftest and a stage take a while; longer than this is no answer
# What still looks like an address is not collected: by chance that keeps modules of the desk, 36 KB and 4 KB here, until
# they are loaded anew. A leak goes on until this is passed or the device dies of it: hence so many lines in one life.
HEAP_NOISE_BYTES = 42_000
WATCH_EVERY = 500  # lines between two looks at the heap
QUIET_S = 12.0  # for the loop to collect garbage, which it does every 10 s, before that look
QUESTION = b'{"id":%d,"cmd":"%s"}'
_ASKED = link.ID_MOST  # the id of our own questions: no line of the source has it


class Failed(Exception):
    """What the device did that it must not; the text says after how many lines."""


class Pest(Computer):
    """A computer that sends line after line, and holds every answer against what was asked."""

    def __init__(self, lines: int, seed: int, source: Iterator[bytes] | None = None):
        super().__init__()
        self.sent = 0
        self.answered = 0
        self.wrong: str | None = None
        self.accepted: set[str | None] = set()  # commands that were carried out at least once
        self.statuses: list[dict[str, Any]] = []
        self.last_us = 0
        self._lines = fuzz_lines.Lines(seed) if source is None else source
        self._wanted = lines
        self._waiting: deque[bytes] = deque()
        self._answer = bytearray()
        self._watch_at = 0
        self._resume_us = int(START_S * 1e6)
        self._asking: list[str] = []

    @property
    def finished(self) -> bool:
        return self.wrong is not None or (
            self.sent >= self._wanted and not self._waiting and not self._asking
        )

    def due_us(self) -> int | None:
        return max(self._resume_us, self._frame_us)

    def news(self, room: int, now_us: int) -> bytes:
        if self.connected and now_us >= self._resume_us and len(self._to_send) < 1024:
            self._fill(now_us)
        news = super().news(room, now_us)
        self._frame_us = now_us + FRAME_US
        return news

    def _fill(self, now_us: int) -> None:
        if self._asking:
            if not self._waiting:
                self._ask(self._asking.pop(0), now_us)
        elif self.sent >= self._watch_at or self.sent >= self._wanted:
            if self._waiting or self.finished:
                return
            self._watch_at = self.sent + WATCH_EVERY if self.sent < self._wanted else sys.maxsize
            self._asking = ["discard", "status"]
        else:
            while len(self._to_send) < 4096 and self.sent < min(self._wanted, self._watch_at):
                data = next(self._lines)
                asked = data[:-1].split(b"\n")
                self._waiting.extend(asked)
                self.sent += len(asked)
                self._to_send += data

    def _ask(self, command: str, now_us: int) -> None:
        line = fuzz_lines.checked(QUESTION % (_ASKED, command.encode()))
        self._waiting.append(line[:-1])
        self._to_send += line
        if command == "discard":
            self._resume_us = now_us + int(QUIET_S * 1e6)

    def hear(self, data: bytes, now_us: int) -> None:
        self.last_us = now_us
        self._answer += data
        while (end := self._answer.find(b"\n")) >= 0:
            line = bytes(self._answer[: end + 1])
            del self._answer[: end + 1]
            self._judge(line)

    def _judge(self, line: bytes) -> None:
        if self.wrong is not None:
            return
        try:
            answer = link.decode(line)
        except ValueError as error:
            self.wrong = f"an answer that is none ({error}): {line!r}"
            return
        if not self._waiting:
            self.wrong = f"an answer that nobody asked for: {line!r}"
            return
        asked = self._waiting.popleft()
        number = answer.get("id")
        if not fuzz_lines.is_answer_to(asked, number) or ("ok" in answer) == ("error" in answer):
            self.wrong = f"answered {line!r} to {asked!r}"
        if "ok" in answer:
            self.accepted.add(fuzz_lines.command_of(asked))
        if number == _ASKED:
            status = answer.get("ok") or {}
            if "heap_free_bytes" in status:
                self.statuses.append(status)
        else:
            self.answered += 1

    def oldest(self) -> bytes | None:
        return self._waiting[0] if self._waiting else None


class _Bench(Bedside):
    """A bedside that ends when the pest is done or the device has failed."""

    def __init__(self, values: dict[str, Any], pest: Pest):
        super().__init__(from_values(values), computer=pest)
        self._pest = pest

    def handle(self, op: int, a: int, b: int, payload: bytes, now_us: int) -> Answer | None:
        pest = self._pest
        if op == RESET:
            pest.wrong = f"the device reset itself ({payload.decode()}); the oldest line without answer: {pest.oldest()!r}"
        elif pest.oldest() is not None and now_us - pest.last_us > (SILENT_S + QUIET_S) * 1e6:
            pest.wrong = f"no answer to {pest.oldest()!r}"
        if pest.finished:
            self.next_boot = None
            self.sound.power_off(now_us)
            raise Stopped
        return super().handle(op, a, b, payload, now_us)


def bench_of(pest: Pest, plays: bool) -> Bedside:
    """Return a bedside with this computer, on which nothing or a session plays."""
    events = [{"at_s": 0.5, "do": "usb_host"}]
    if plays:
        events.append({"at_s": 1, "do": "press"})
    return _Bench({"title": "fuzz", "duration_s": 1180 if plays else 86_400, "event": events}, pest)


def run(lines: int, seed: int, runtime: str, plays: bool) -> tuple[Pest, Bedside]:
    """Send so many lines to a device on which nothing or a session plays; both are to be looked at afterwards.

    Raises Failed when the device did what it must not.
    """
    pest = Pest(lines, seed)
    bench = bench_of(pest, plays)
    names = ("profile", "calibration") if plays else ("profile", "calibration", "dose")
    kept = {name: bench.saved(name) for name in names}
    try:
        BOOT[runtime](bench, ISOLATED)
    except RuntimeDied as error:
        pest.wrong = str(error)
    where = f"after {pest.answered} lines (seed {seed}, {runtime}, {'session' if plays else 'idle'})"
    if not pest.finished:
        raise Failed(f"{where}: the time of the scenario was not enough for {lines} lines")
    if pest.wrong is not None:
        raise Failed(f"{where}: {pest.wrong}")
    for name, before in kept.items():
        if bench.saved(name) != before:
            raise Failed(f"{where}: {name} is not what it was")
    if plays:
        if bench.sound.underruns or not bench.sound.amplifier.timeline[-2][1]:
            raise Failed(f"{where}: the music did not go on ({bench.sound.underruns} underruns)")
    elif len(bench.sound.amplifier.timeline) > 1:
        raise Failed(f"{where}: the amplifier was on")
    if bench.sound.garbage:
        raise Failed(f"{where}: flash was erased while something played")
    free = [status["heap_free_bytes"] for status in pest.statuses]
    free = free[len(free) // 4 + 1 :]  # until then modules are still loaded, each when it is first asked for
    half = len(free) // 2
    # Garbage and what is loaded for a moment make it less, and nothing makes it more: a leak lowers the most.
    if half and free[0] is not None and max(free[half:]) < max(free[:half]) - HEAP_NOISE_BYTES:
        raise Failed(f"{where}: the free heap shrinks: {free}")
    return pest, bench


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runtime", choices=sorted(BOOT), default="micropython")
    arguments = parser.parse_args()
    at_once = 12_000  # a session lasts long enough for some 15 000
    done = 0
    started = time.perf_counter()
    while done < arguments.lines:
        count = min(at_once, arguments.lines - done)
        seed = arguments.seed + done // at_once
        plays = done // at_once % 4 == 3  # every fourth beside a session
        pest, _ = run(count, seed, arguments.runtime, plays)
        done += pest.answered
        per_s = done / (time.perf_counter() - started)
        free = [status["heap_free_bytes"] for status in pest.statuses]
        beside = "session" if plays else "idle"
        print(
            f"{done} lines, {per_s:.0f}/s; seed {seed}, {beside}, heap free {free[0]} to {free[-1]}",
            flush=True,
        )
    print(f"{done} lines on {arguments.runtime}: each answered, nothing changed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        print(error, file=sys.stderr)
        sys.exit(1)
