"""What the firmware costs on the emulated chip, held against DESIGN.md's bars; writes docs/chip-budget.md.

A short session with everything playing at once: melody, soundscape, light, pulse. Where the processor is, is sampled from
outside every 37 us; how long things take is measured with probes (rp2040_main.py).
"""

import contextlib
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator import scenario
from simulator.bedside import Bedside, Stopped
from simulator.flash import SECTORS
from simulator.interpreter import ROOT, device_image
from simulator.runtimes import rp2040

SCENARIO = Path(__file__).parent / "rp2040.toml"
DOCUMENT = ROOT / "docs" / "chip-budget.md"
PRESSED_S, HELD_S, HOLD_S = 10.0, 22.0, 1.0  # of that scenario; a hold is a second
STEADY_S = (12.0, 21.9)  # music has begun, and nobody touches the button
RATE_HZ = 16000
CHUNK_FRAMES = 32  # MicroPython's I2S plays so many zeros at a time where its ring has run dry
QUEUE_MS = 64  # of sound, ahead of the loudspeaker
PAGE = 0x40068
RUNNING, FREE, LARGEST, WORST_LATE_MS, NAME = 0x000, 0x004, 0x008, 0x00C, 0x010
LOOP, SLEEP, COLLECT, FIRST_TASK = 0, 1, 2, 3
SAMPLE_NS = 37_000
GROUPS = {
    "sound": "audio", "sensor": "vitals", "session": "session and guard", "button": "session and guard", "link": "link",
}  # fmt: skip


class Probes:
    """The registers that rp2040_main.py writes, and a look at the processor every 37 us."""

    def __init__(self, chip: Any, begin_us: int, end_us: int):
        self._chip = chip
        self._span_us = begin_us, end_us
        self._now = LOOP
        self._since_us = 0
        self._names = bytearray()
        self.samples: Counter[tuple[int, bool]] = Counter()
        self.longest_us: dict[int, int] = defaultdict(int)
        self.times: Counter[int] = Counter()
        self.free: list[tuple[int, int]] = []
        self.largest: list[int] = []
        self.worst_late_ms = 0
        chip.mcu.peripherals[PAGE] = self
        self._alarm = chip.mcu.clock.create_alarm(self._sample)
        self._sample()

    def _sample(self) -> None:
        self._alarm.schedule(SAMPLE_NS)
        if self._span_us[0] <= self._chip.now_us < self._span_us[1]:
            self.samples[self._now, bool(self._chip.mcu.core.waiting)] += 1

    def name(self, number: int) -> str:
        names = self._names.decode().split()
        if number < FIRST_TASK:
            return ("loop", "sleep", "collect")[number]
        return names[number - FIRST_TASK]

    def read_uint32(self, offset: int) -> int:
        return 0

    def write_uint32(self, offset: int, value: int) -> None:
        now_us = self._chip.now_us
        if offset == RUNNING:
            took_us = now_us - self._since_us
            if self._span_us[0] <= self._since_us:
                self.longest_us[self._now] = max(self.longest_us[self._now], took_us)
                self.times[self._now] += 1
            self._now, self._since_us = value, now_us
        elif offset == FREE:
            self.free.append((now_us, value))
        elif offset == LARGEST:
            self.largest.append(value)
        elif offset == WORST_LATE_MS:
            self.worst_late_ms = value
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
    shares: dict[str, float]
    longest_ms: dict[str, float]
    worst_late_ms: int
    free_bytes: list[int]
    largest_bytes: list[int]
    free_after_boot: int
    boot_s: float
    press_to_sound_ms: float
    press_to_fade_ms: float
    hold_to_silence_ms: float
    dropped_frames: int
    samples_lost: int
    mpy_bytes: int
    file_sectors: int
    duration_s: float
    wall_s: float


def dropped(pcm: np.ndarray) -> int:
    """Frames of silence in the middle of the sound, as an empty ring leaves them; the soundscape itself is never still."""
    pauses = np.diff(np.flatnonzero(pcm)) - 1
    return int(pauses[pauses >= CHUNK_FRAMES].sum())


def measure() -> Measured:
    """Play the scenario once. Raises FileNotFoundError where there is no image."""
    from simulator.emulator.chip import Chip  # not above: the emulator need not be installed

    image, version = rp2040.image()
    played = scenario.load(str(SCENARIO))
    bench = Bedside(played, progress=lambda row: print(f"{row['time_s']:6.1f} s  {row['phase']}", flush=True))
    bench.flash, sectors = rp2040.deployed_flash()
    bench.flash.install({"main.py": (Path(__file__).parent / "rp2040_main.py").read_bytes()})
    bench.flash.commit_profile(played.profile_values())
    chip = Chip(image, bench, bench.boot())
    probes = Probes(chip, *(int(1e6 * at_s) for at_s in STEADY_S))
    started = time.perf_counter()
    with contextlib.suppress(Stopped):
        chip.run()
    wall_s = time.perf_counter() - started
    result = bench.result("rp2040", wall_s, {"micropython": version})
    everything = sum(probes.samples.values())
    shares: Counter[str] = Counter()
    for (number, waiting), count in probes.samples.items():
        if not waiting:
            shares[GROUPS.get(probes.name(number), "the rest")] += count / everything
    fade_s = next(
        event["time_s"]
        for event in result.events
        if event["kind"] == "device_phase" and event["detail"]["phase"] == "fade"
    )
    silent_s = next(
        at_us / 1e6 for at_us, on in bench.sound.amplifier.timeline if not on and at_us > HELD_S * 1e6
    )
    return Measured(
        image=version,
        shares=dict(shares),
        longest_ms={probes.name(number): took_us / 1000 for number, took_us in probes.longest_us.items()},
        worst_late_ms=probes.worst_late_ms,
        free_bytes=[free for at_us, free in probes.free if PRESSED_S + 1 < at_us / 1e6 < HELD_S],
        largest_bytes=probes.largest,
        free_after_boot=result.summary["heap"]["free_bytes"][0],
        boot_s=next(event["time_s"] for event in result.events if event["kind"] == "device_boot"),
        press_to_sound_ms=1000 * (np.flatnonzero(result.pcm)[0] / RATE_HZ - PRESSED_S),
        press_to_fade_ms=1000 * (fade_s - HELD_S),
        hold_to_silence_ms=1000 * (silent_s - HELD_S - HOLD_S),
        dropped_frames=dropped(result.pcm),
        samples_lost=result.summary["samples_lost"],
        mpy_bytes=sum(path.stat().st_size for path in device_image("armv6m").rglob("*.mpy")),
        file_sectors=sectors,
        duration_s=played.duration_s,
        wall_s=wall_s,
    )


def row(what: str, value: str, bar: str = "", holds: bool | None = None) -> str:
    return f"| {what} | {value} | {bar} | {'' if holds is None else 'holds' if holds else '**missed**'} |"


def document(run: Measured) -> str:
    """The page docs/chip-budget.md."""
    busy = sum(run.shares.values())
    collect_ms = run.longest_ms.get("collect", 0.0)
    lowest, highest = min(run.free_bytes), max(run.free_bytes)
    largest = " and ".join(f"{size:,}" for size in run.largest_bytes)
    rows = [
        row("processor, everything at once", f"{busy:.0%}", "≤ 50 %", busy <= 0.5),
        *(
            row(f"of which {name}", f"{run.shares.get(name, 0):.1%}")
            for name in ("audio", "vitals", "session and guard", "link", "the rest")
        ),
        row("worst lateness of the loop while playing", f"{run.worst_late_ms} ms", f"< {QUEUE_MS} ms",
            run.worst_late_ms < QUEUE_MS),
        row("longest collection", f"{collect_ms:.1f} ms", f"< {QUEUE_MS} ms", collect_ms < QUEUE_MS),
        row("free heap after boot", f"{run.free_after_boot:,} B", "≥ 48 KB", run.free_after_boot >= 48 << 10),
        row("free heap while playing, highest of each second's", f"{highest:,} B", "≥ 48 KB", highest >= 48 << 10),
        row("and lowest, with ten seconds' garbage", f"{lowest:,} B"),
        row("largest free block, after boot and after the session", f"{largest} B"),
        row("power-on to the first look at the button", f"{run.boot_s:.1f} s"),
        row("press to first sound", f"{run.press_to_sound_ms:.0f} ms", "≤ 1000 ms", run.press_to_sound_ms <= 1000),
        row("press to fade begun", f"{run.press_to_fade_ms:.0f} ms", "≤ 100 ms", run.press_to_fade_ms <= 100),
        row("a second's hold to silence", f"{run.hold_to_silence_ms:.0f} ms", "≤ 100 ms", run.hold_to_silence_ms <= 100),
        row("frames of sound dropped", f"{run.dropped_frames}", "0", run.dropped_frames == 0),
        row("samples of the sensor lost", f"{run.samples_lost}", "0", run.samples_lost == 0),
        row(".mpy files", f"{run.mpy_bytes:,} B"),
        row("file system with them", f"{run.file_sectors} of {SECTORS} sectors of 4 KB"),
    ]  # fmt: skip
    longest = ", ".join(
        f"{name} {took_ms:.1f}"
        for name, took_ms in sorted(run.longest_ms.items(), key=lambda entry: -entry[1])
        if name not in ("sleep", "loop")
    )
    return f"""# What the firmware costs on the chip

Written by `make bench-rp2040`: MicroPython {run.image} on an emulated RP2040 at 125 MHz, {run.duration_s:g} s with melody,
soundscape, sensor and converter all at work (tests/bench/rp2040.toml). The processor is looked at every 37 us between
{STEADY_S[0]:g} and {STEADY_S[1]:g} s. The emulator counts the processor's cycles but not the misses of its flash cache:
on a board bytecode is up to 20 % slower, viper code is not. The probes around the tasks cost some 10 us and, all
together, 3 KB of heap; they are included.

| what | measured | bar | |
|---|---|---|---|
{chr(10).join(rows)}

{QUEUE_MS} ms of sound are queued: what takes less is not heard. Longest run of each task from then on, ms: {longest}.
The button's is the end of the session: the amplifier is off by then, and what is to be kept is written.
"""


def main() -> int:
    missing = rp2040.why_not()
    if missing is not None:
        print(f"skipped: {missing}")
        return 0
    run = measure()
    DOCUMENT.write_text(document(run), encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)} is written; that took {run.wall_s / 60:.0f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
