"""What the firmware costs on the emulated chip, held against DESIGN.md's bars; writes docs/chip-budget.md.

A session with everything playing at once: melody, soundscape, light, pulse; ten minutes unless MINUTES says otherwise. Then
a computer on the cable, which asks without pause. Where the processor is, is sampled from outside every 37 us; how long
things take is measured with probes (rp2040_probes.py). These lie on the heap, 8 KB with the table of names that they make
MicroPython double, so the same is played a second time without them, beside it, and its heap looked at from outside.
"""

import argparse
import contextlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rp2040_heap import RAM_END, RAM_START, free_and_largest

import simulator  # noqa: F401  (first: on a desk the firmware imports what it brings along)
from firmware.usb.link import decode, encode
from simulator import scenario
from simulator.bedside import Bedside, Stopped
from simulator.computer import FRAME_US
from simulator.flash import SECTORS
from simulator.interpreter import ROOT, device_image
from simulator.runtimes import rp2040

PROBES = Path(__file__).with_name("rp2040_probes.py")
DOCUMENT = ROOT / "docs" / "chip-budget.md"
PRESSED_S, HOLD_S = 10.0, 1.0  # a hold is a second
STEADY_AFTER_S = 2.0  # by then music has begun
# After the hold: the computer's cable goes in, and how long it asks, a question as soon as the last one is answered.
PLUG_AFTER_S, DESK_S = 5.0, 10.0
ANSWERED_AFTER_S = 1.0  # by then the first two of these are answered
SESSIONS_MOST_MINUTES = 18  # the profile's session is 20
RATE_HZ = 16000
CHUNK_FRAMES = 32  # MicroPython's I2S plays so many zeros at a time where its ring has run dry
QUEUE_MS = 64  # of sound, ahead of the loudspeaker
PAGE = 0x40068
RUNNING, WORST_LATE_MS, NAME = 0x000, 0x004, 0x008
LOOP, SLEEP, COLLECT, FIRST_TASK = 0, 1, 2, 3
SAMPLE_NS = 37_000
HEAP_NS = 250_000_000
GROUPS = {
    "sound": "audio", "sensor": "vitals", "session": "session and guard", "button": "session and guard", "link": "link",
}  # fmt: skip


@dataclass
class Span:
    """What was seen of the processor between two times: samples by (what ran, whether it waited), and longest runs."""

    begin_us: int
    end_us: int
    samples: Counter[tuple[int, bool]] = field(default_factory=Counter)
    longest_us: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def holds(self, at_us: int) -> bool:
        return self.begin_us <= at_us < self.end_us

    def share(self, number: int) -> float:
        """Of the processor, that this took: all of it is 1."""
        return self.samples[number, False] / max(1, sum(self.samples.values()))


class Probes:
    """The registers that rp2040_probes.py writes, and a look at the processor every 37 us."""

    def __init__(self, chip: Any, *spans: Span):
        self._chip = chip
        self._spans = spans
        self._now = LOOP
        self._since_us = 0
        self._names = bytearray()
        self.worst_late_ms = 0
        chip.mcu.peripherals[PAGE] = self
        self._alarm = chip.mcu.clock.create_alarm(self._sample)
        self._sample()

    def _sample(self) -> None:
        self._alarm.schedule(SAMPLE_NS)
        now_us = self._chip.now_us
        for span in self._spans:
            if span.holds(now_us):
                span.samples[self._now, bool(self._chip.mcu.core.waiting)] += 1

    def number(self, name: str) -> int:
        return FIRST_TASK + self._names.decode().split().index(name)

    def name(self, number: int) -> str:
        if number < FIRST_TASK:
            return ("loop", "sleep", "collect")[number]
        return self._names.decode().split()[number - FIRST_TASK]

    def read_uint32(self, offset: int) -> int:
        return 0

    def write_uint32(self, offset: int, value: int) -> None:
        now_us = self._chip.now_us
        if offset == RUNNING:
            for span in self._spans:
                if span.holds(self._since_us):
                    span.longest_us[self._now] = max(span.longest_us[self._now], now_us - self._since_us)
            self._now, self._since_us = value, now_us
        elif offset == WORST_LATE_MS:
            self.worst_late_ms = max(self.worst_late_ms, value)
        elif offset == NAME:
            self._names.append(value)

    def reset(self) -> None:
        """Nothing of the chip's."""

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        self.write_uint32(offset, value)


@dataclass
class Measured:
    """What one run gave; shares are of the processor, times in ms, sizes in bytes."""

    image: str
    playing_s: float
    shares: dict[str, float]
    longest_ms: dict[str, float]
    worst_late_ms: int
    boot_s: float
    press_to_sound_ms: float
    press_to_fade_ms: float
    hold_to_silence_ms: float
    saving_ms: float
    hello_ms: float
    status_ms: float
    schema_s: float
    rows_a_second: float
    link_share: float
    link_longest_ms: float
    dropped_frames: int
    samples_lost: int
    mpy_bytes: int
    file_sectors: int
    wall_s: float


@dataclass
class Heap:
    """What one run without probes gave: bytes free, garbage not counted as such, and of these in one piece."""

    boot_free: int  # as the firmware says
    lowest_free: int
    last: tuple[int, int]
    desk_lowest_free: int


def dropped(pcm: np.ndarray) -> int:
    """Frames of silence in the middle of the sound, as an empty ring leaves them; the soundscape itself is never still."""
    pauses = np.diff(np.flatnonzero(pcm)) - 1
    return int(pauses[pauses >= CHUNK_FRAMES].sum())


def play(held_s: float) -> scenario.Scenario:
    """Press, hold at `held_s`, and a cable that stays."""
    plug_s = held_s + PLUG_AFTER_S
    return scenario.from_values({
        "title": "everything at once, on the emulated chip",
        "duration_s": plug_s + DESK_S,
        "profile": {"population": "newborn", "opening": "music", "mode": "open_loop"},
        "patient": {"population": "newborn", "pulse_rate_bpm": 150},
        "event": [
            {"at_s": PRESSED_S, "do": "press", "for_s": 0.2},
            {"at_s": held_s, "do": "hold", "for_s": HOLD_S + 0.5},
            {"at_s": plug_s, "do": "usb_host"},
        ],
    })  # fmt: skip


class Asking(Bedside):
    """A bedside whose computer says hello, asks for the device's status, reads its table of settings, and then one row of
    its journal after the other, each as soon as it has the last answer. answers_us: when these came; rows_us: of rows."""

    answers_us: list[int]
    rows_us: list[int]
    lowest_free: int
    look: Callable[[], int] = staticmethod(lambda: RAM_END - RAM_START)  # at the chip's heap: bytes free

    def begin(self, at_s: float) -> None:
        self.answers_us = []
        self.rows_us = []
        self.lowest_free = RAM_END - RAM_START
        self._asked = "hello"
        self.usb_send(at_s + 0.01, encode({"id": 0, "cmd": "hello"}))

    def _question(self, answer: Any) -> dict[str, Any]:
        """What is asked after this answer."""
        if self._asked == "hello":
            return {"cmd": "status"}
        if self._asked == "status":
            return {"cmd": "get", "name": "schema", "at": 0}
        if self._asked == "get" and answer["ok"]["next"] is not None:
            return {"cmd": "get", "name": "schema", "at": answer["ok"]["next"]}
        return {"cmd": "now"}

    def _next_event_us(self) -> int:
        # Its next question is ready as soon as the answer is there, which nobody told the chip.
        soonest_us = super()._next_event_us()
        return min(soonest_us, self.now_us + FRAME_US) if self.computer.connected else soonest_us

    def handle(self, op: int, a: int, b: int, payload: bytes, now_us: int) -> Any:
        answer = super().handle(op, a, b, payload, now_us)
        said = self.computer.said()
        answered = said.count(b"\n")
        if answered > len(self.answers_us):
            self.answers_us.append(now_us)
            self.lowest_free = min(self.lowest_free, self.look())
            if self._asked == "now":
                self.rows_us.append(now_us)
            question = self._question(decode(said.splitlines()[-1]))
            self._asked = question["cmd"]
            self.computer.send(encode({"id": answered, **question}))
        return answer


def held_after_s(minutes: float) -> float:
    return PRESSED_S + max(12.0, 60 * minutes)


def measure_heap(minutes: float) -> Heap:
    """Play the scenario once, without probes."""
    from simulator.emulator.chip import Chip  # not above: the emulator need not be installed

    image, version = rp2040.image()
    held_s = held_after_s(minutes)
    played = play(held_s)
    bench = Asking(played)
    bench.flash, _ = rp2040.deployed_flash()
    bench.flash.commit_profile(played.profile_values())
    bench.begin(held_s + PLUG_AFTER_S)
    chip = Chip(image, bench, bench.boot())
    seen: list[tuple[int, int]] = []

    def look() -> tuple[int, int]:
        return free_and_largest(bytes(chip.mcu.sram))

    def sample() -> None:
        alarm.schedule(HEAP_NS)
        if PRESSED_S + STEADY_AFTER_S <= chip.now_us / 1e6 < held_s:
            seen.append(look())

    alarm = chip.mcu.clock.create_alarm(sample)
    alarm.schedule(HEAP_NS)
    bench.look = lambda: look()[0]
    with contextlib.suppress(Stopped):
        chip.run()
    result = bench.result("rp2040", 0.0, {"micropython": version})
    return Heap(
        boot_free=result.summary["heap"]["free_bytes"][0],
        lowest_free=min(free for free, _ in seen),
        last=seen[-1],
        desk_lowest_free=bench.lowest_free,
    )


def measure(minutes: float) -> Measured:
    """Play the scenario once, with probes. Raises FileNotFoundError where there is no image."""
    from simulator.emulator.chip import Chip  # not above: the emulator need not be installed

    image, version = rp2040.image()
    held_s = held_after_s(minutes)
    played = play(held_s)
    bench = Asking(played, progress=lambda row: print(f"{row['time_s']:6.1f} s  {row['phase']}", flush=True))
    bench.flash, sectors = rp2040.deployed_flash({"probes.py": PROBES})
    bench.flash.install({"main.py": b"import probes"})
    bench.flash.commit_profile(played.profile_values())
    plug_s = held_s + PLUG_AFTER_S
    bench.begin(plug_s)
    chip = Chip(image, bench, bench.boot())
    steady = Span(int(1e6 * (PRESSED_S + STEADY_AFTER_S)), int(1e6 * (held_s - 0.1)))
    ending = Span(int(1e6 * held_s), int(1e6 * plug_s))
    desk = Span(int(1e6 * (plug_s + ANSWERED_AFTER_S)), bench.end_us)
    probes = Probes(chip, steady, ending, desk)
    started = time.perf_counter()
    with contextlib.suppress(Stopped):
        chip.run()
    wall_s = time.perf_counter() - started
    result = bench.result("rp2040", wall_s, {"micropython": version})
    shares: dict[str, float] = defaultdict(float)
    for number in {number for number, _ in steady.samples}:
        shares[GROUPS.get(probes.name(number), "the rest")] += steady.share(number)
    ends = [event for event in result.events if event["kind"] in ("device_fault", "device_end")]
    fades_s = [
        event["time_s"]
        for event in result.events
        if event["kind"] == "device_phase"
        and event["detail"]["phase"] == "fade"
        and event["time_s"] >= held_s
    ]
    silent_s = [
        at_us / 1e6 for at_us, on in bench.sound.amplifier.timeline if not on and at_us > held_s * 1e6
    ]
    if not fades_s or not silent_s:
        raise RuntimeError(f"it did not play until it was held at {held_s:g} s; what it told: {ends}")
    link = probes.number("link")
    return Measured(
        image=version,
        playing_s=held_s - PRESSED_S,
        shares=dict(shares),
        longest_ms={probes.name(number): took_us / 1000 for number, took_us in steady.longest_us.items()},
        worst_late_ms=probes.worst_late_ms,
        boot_s=next(event["time_s"] for event in result.events if event["kind"] == "device_boot"),
        press_to_sound_ms=1000 * (np.flatnonzero(result.pcm)[0] / RATE_HZ - PRESSED_S),
        press_to_fade_ms=1000 * (fades_s[0] - held_s),
        hold_to_silence_ms=1000 * (silent_s[0] - held_s - HOLD_S),
        saving_ms=ending.longest_us[probes.number("button")] / 1000,
        hello_ms=bench.answers_us[0] / 1000 - 1000 * plug_s,
        status_ms=(bench.answers_us[1] - bench.answers_us[0]) / 1000,
        schema_s=(bench.rows_us[0] - bench.answers_us[1]) / 1e6,
        rows_a_second=(len(bench.rows_us) - 1) / max(1e-6, (bench.rows_us[-1] - bench.rows_us[0]) / 1e6),
        link_share=desk.share(link),
        link_longest_ms=desk.longest_us[link] / 1000,
        dropped_frames=dropped(result.pcm),
        samples_lost=result.summary["samples_lost"],
        mpy_bytes=sum(path.stat().st_size for path in device_image("armv6m").rglob("*.mpy")),
        file_sectors=sectors,
        wall_s=wall_s,
    )


def row(what: str, value: str, bar: str = "", holds: bool | None = None) -> str:
    return f"| {what} | {value} | {bar} | {'' if holds is None else 'holds' if holds else '**missed**'} |"


def document(run: Measured, heap: Heap) -> str:
    """The page docs/chip-budget.md."""
    from firmware.care import guard  # not above: it needs what the simulator brings along

    busy = sum(run.shares.values())
    collect_ms = run.longest_ms.get("collect", 0.0)
    rows = [
        row("processor, everything at once", f"{busy:.1%}", "≤ 35 %", busy <= 0.35),
        *(
            row(f"of which {name}", f"{run.shares.get(name, 0):.1%}")
            for name in ("audio", "vitals", "session and guard", "link", "the rest")
        ),
        row("worst lateness of any task while playing", f"{run.worst_late_ms} ms", f"≤ {guard.LATE_MS} ms, the guard's",
            run.worst_late_ms <= guard.LATE_MS),
        row("longest collection", f"{collect_ms:.1f} ms", f"< {QUEUE_MS} ms", collect_ms < QUEUE_MS),
        row("free heap after boot", f"{heap.boot_free:,} B"),
        row("free heap while playing, lowest of four looks a second, garbage not counted as free",
            f"{heap.lowest_free:,} B", "≥ 64 KB", heap.lowest_free >= 64 << 10),
        row("the same at the end of the music, and of it in one piece", "{:,} and {:,} B".format(*heap.last),
            "≥ 40 KB in one piece", heap.last[1] >= 40 << 10),
        row("free heap with a computer on the cable, lowest; garbage, which goes after every 24 KB, not counted as free",
            f"{heap.desk_lowest_free:,} B", "≥ 32 KB", heap.desk_lowest_free >= 32 << 10),
        row("power-on to the first look at the button", f"{run.boot_s:.2f} s", "≤ 2.0 s", run.boot_s <= 2.0),
        row("press to first sound", f"{run.press_to_sound_ms:.0f} ms", "≤ 1000 ms", run.press_to_sound_ms <= 1000),
        row("press to fade begun", f"{run.press_to_fade_ms:.0f} ms", "≤ 100 ms", run.press_to_fade_ms <= 100),
        row("a second's hold to silence", f"{run.hold_to_silence_ms:.0f} ms", "≤ 100 ms", run.hold_to_silence_ms <= 100),
        row("then, in silence, saving the session", f"{run.saving_ms:.0f} ms"),
        row("frames of sound dropped", f"{run.dropped_frames}", "0", run.dropped_frames == 0),
        row("samples of the sensor lost", f"{run.samples_lost}", "0", run.samples_lost == 0),
        row("a computer's cable in, to the answer to its `hello`", f"{run.hello_ms:.0f} ms"),
        row("to its `status`, for which the whole file system is counted", f"{run.status_ms:.0f} ms"),
        row("the whole table of settings, after that", f"{run.schema_s:.2f} s"),
        row("rows of the journal asked for and answered, without pause", f"{run.rows_a_second:.0f} a second"),
        row("of the processor for these", f"{run.link_share:.0%}"),
        row("longest turn of the link then", f"{run.link_longest_ms:.0f} ms"),
        row(".mpy files", f"{run.mpy_bytes:,} B"),
        row("file system with them", f"{run.file_sectors} of {SECTORS} sectors of 4 KB"),
    ]  # fmt: skip
    longest = ", ".join(
        f"{name} {took_ms:.1f}"
        for name, took_ms in sorted(run.longest_ms.items(), key=lambda entry: -entry[1])
        if name not in ("sleep", "loop", "remember")
    )
    return f"""# What the firmware costs on the chip

Written by `make bench-rp2040`: MicroPython {run.image} on an emulated RP2040 at 125 MHz, {run.playing_s:g} s of music with
melody, soundscape, sensor and converter all at work, then a computer on the cable (tests/bench/rp2040.py). The processor
is looked at every 37 us while the music plays. The emulator counts the processor's cycles but not the misses of its flash
cache: on a board bytecode is up to 20 % slower, viper code is not. The probes around the tasks cost some 10 us each, which
are included. The heap is that of a second run without them, looked at from outside.

| what | measured | bar | |
|---|---|---|---|
{chr(10).join(rows)}

{QUEUE_MS} ms of sound are queued: what takes less is not heard. Longest run of each task while it played, ms: {longest}.
"""


def minutes(text: str) -> float:
    value = float(text)
    if not 0 < value <= SESSIONS_MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"0 to {SESSIONS_MOST_MINUTES} minutes")
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=minutes, default=10.0, help="of music")
    arguments = parser.parse_args()
    missing = rp2040.why_not()
    if missing is not None:
        print(f"skipped: {missing}")
        return 0
    with ProcessPoolExecutor(1) as beside:
        heap = beside.submit(measure_heap, arguments.minutes)
        try:
            run = measure(arguments.minutes)
        except RuntimeError as error:
            print(f"no figures: {error}", file=sys.stderr)
            return 1
        DOCUMENT.write_text(document(run, heap.result()), encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)} is written; that took {run.wall_s / 60:.0f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
