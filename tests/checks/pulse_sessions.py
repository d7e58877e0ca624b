"""Many random sessions of made light, with the truth known: how late a stop comes, and how often one comes for nothing.

    python tests/checks/pulse_sessions.py [--kind falls ...] [--cases 200] [--seed 1] [--jobs 1] [--list]

Each case is light (two-wave hearts of tests/support/pulse_kinds.py, or the simulator's patient), played to the estimator
and to a whole session at step level, both under MicroPython. Prints a line for each kind, and with --list one a case.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from pulse_kinds import course, heart, patting  # noqa: E402

from simulator.interpreter import run_script  # noqa: E402
from simulator.patient import NA_PER_MA_PER_COUNT, Patient, ratio_from_spo2  # noqa: E402

SCRIPT = ROOT / "tests" / "on_device" / "pulse_sessions.py"
STEP_BENCH = ROOT / "simulator" / "step_bench.py"
CHUNK = 8
FADE_S = 2.0  # of a stop rule, until silence
LOW_BPM = {"newborn": 100, "adult": 45}


@dataclass
class Case:
    """Light for a profile; `event_s`: when what should stop it begins (None: nothing should)."""

    name: str
    profile: str
    samples: np.ndarray
    event_s: float | None = None
    reason: str | None = None
    note: str = ""
    result: list = field(default_factory=list)

    def __post_init__(self):
        self.seconds = len(self.samples) / 100

    @property
    def stopped_s(self) -> float | None:
        return None if self.result[2] is None else self.result[2] / 1000

    @property
    def silent_s(self) -> float | None:
        """From the event to silence; None: never."""
        if self.stopped_s is None or self.event_s is None:
            return None
        return self.stopped_s - self.event_s + FADE_S


def model(
    population: str, seconds: float, seed: int, changes: list[tuple] = (), **settings
) -> tuple[np.ndarray, Patient]:
    """The simulator's patient as counts of the sensor, without its chips."""
    patient = Patient(population, seed, **settings)
    for change in changes:
        patient.set(*change)
    ir, red, _ = patient.photocurrent(0, 10_000, round(seconds * 100))
    counts = np.column_stack([ir, red]) / NA_PER_MA_PER_COUNT
    return np.clip(np.rint(counts), 0, 262143).astype("<u4"), patient


def wave_settings(random: np.random.Generator) -> dict:
    return {
        "delay_s": round(random.uniform(0.2, 0.45), 2),
        "second": round(random.uniform(0.0, 0.7), 2),
        "perfusion_percent": round(float(np.exp(random.uniform(np.log(0.2), np.log(3)))), 2),
        "seed": int(random.integers(1e9)),
    }


def falls(random: np.random.Generator) -> Case:
    """A newborn whose pulse falls below 100 and stays there."""
    return _fall(random, "newborn", random.uniform(115, 200), random.uniform(20, 95))


def adult_falls(random: np.random.Generator) -> Case:
    """An adult whose pulse falls below 45 and stays there."""
    return _fall(random, "adult", random.uniform(55, 115), random.uniform(20, 42))


def _fall(random, population, before, to) -> Case:
    over_s = random.choice([0.01, 3, 10])
    at_s = random.uniform(30, 60)
    seconds = at_s + over_s + 40
    breath = random.uniform(35, 75) if population == "newborn" else random.uniform(9, 22)
    if random.random() < 0.6:
        settings = wave_settings(random)
        rate = course(seconds, (0, before), (at_s, before), (at_s + over_s, to))
        made = heart(rate, breathing_per_minute=breath, **settings)
        samples, true, kind = made.samples, rate, "waves"
        limit_s = float(np.argmax(true < LOW_BPM[population])) / 100
        note = f"delay {settings['delay_s']} second {settings['second']} pi {settings['perfusion_percent']}"
    else:
        seed = int(random.integers(1e6))
        pi = float(np.exp(random.uniform(np.log(0.2), np.log(3))))
        samples, patient = model(
            population, seconds, seed, [("pulse_rate", to, at_s, over_s)],
            pulse_rate_bpm=before, breathing_rate_bpm=breath, perfusion_index_percent=pi,
        )  # fmt: skip
        times = np.arange(round(seconds * 100)) / 100
        true = np.array([patient.true_pulse_rate_bpm(t) for t in times[::10]])
        below = true < LOW_BPM[population]
        limit_s = float(np.argmax(below & (times[::10] >= at_s))) / 10
        note, kind = f"model seed {seed} pi {pi:.2f}", "model"
    name = f"{kind} {before:.0f} to {to:.0f} in {over_s:.0f} s at {at_s:.0f}"
    return Case(name, population, samples, limit_s, "bradycardia", f"{note} breath {breath:.0f}")


def good_starts(random: np.random.Generator) -> Case:
    """The first 40 s of `good_light`, where nothing is known yet."""
    return good_light(random, 40)


def good_light(random: np.random.Generator, seconds: float = 1200) -> Case:
    """A newborn of 120 to 200 in good light, whom nothing should stop."""
    rate, breath = random.uniform(120, 200), random.uniform(30, 75)
    if random.random() < 0.5:
        settings = wave_settings(random)
        settings["perfusion_percent"] = max(0.4, settings["perfusion_percent"])
        points = [(0, rate)]
        while points[-1][0] < seconds:
            points.append(
                (points[-1][0] + random.uniform(10, 60), np.clip(rate * random.normal(1, 0.03), 120, 200))
            )
        made = heart(course(seconds, *points), breathing_per_minute=breath, jitter=0.008, **settings)
        return Case(f"waves {rate:.0f} breath {breath:.0f} {settings}", "newborn", made.samples)
    seed = int(random.integers(1e6))
    pi = float(np.exp(random.uniform(np.log(0.4), np.log(3))))
    rate = np.clip(rate, 124, 194)  # it wanders by 1 %
    samples, _ = model(
        "newborn", seconds, seed, pulse_rate_bpm=rate, breathing_rate_bpm=breath, perfusion_index_percent=pi
    )
    return Case(f"model {rate:.0f} breath {breath:.0f} seed {seed} pi {pi:.2f}", "newborn", samples)


def falls_to_half(random: np.random.Generator) -> Case:
    """A newborn whose pulse falls to half, with a second wave half-way and 0.6 to 0.73 high: the rhythm goes on."""
    before, at_s, over_s = (
        random.uniform(120, 195),
        random.uniform(30, 60),
        float(random.choice([0.01, 3, 10])),
    )
    to, seconds = before / 2 * random.uniform(0.985, 1.015), at_s + over_s + 60
    settings = wave_settings(random) | {
        "delay_s": round(random.uniform(0.47, 0.53) * 60 / to, 3),
        "second": round(random.uniform(0.6, 0.73), 3),
    }
    rate = course(seconds, (0, before), (at_s, before), (at_s + over_s, to))
    made = heart(rate, breathing_per_minute=random.uniform(30, 75), **settings)
    name = f"{before:.0f} to {to:.0f} in {over_s:.0f} s at {at_s:.0f} {settings}"
    return Case(name, "newborn", made.samples, float(np.argmax(rate < 100)) / 100, "bradycardia")


def breath_near_half(random: np.random.Generator) -> Case:
    """A newborn whom nothing should stop, with a breath near half of its pulse and high second waves: the worst of them."""
    rate, seconds = random.uniform(122, 150), 150
    breath = rate / 2 + random.uniform(-3, 3)
    settings = wave_settings(random) | {
        "delay_s": round(random.uniform(0.24, 0.33), 2),
        "second": round(random.uniform(0.55, 0.7), 2),
    }
    settings["perfusion_percent"] = max(0.4, settings["perfusion_percent"])
    made = heart(course(seconds, (0, rate)), breathing_per_minute=breath, jitter=0.008, **settings)
    return Case(f"{rate:.1f} breath {breath:.1f} {settings}", "newborn", made.samples)


def newborn_under_adults(random: np.random.Generator) -> Case:
    """A newborn of 120 and more under an adult's profile: refused before any melody."""
    rate, breath, seconds = random.uniform(121, 220), random.uniform(25, 110), 75
    if random.random() < 0.5:
        settings = wave_settings(random)
        settings["breathing_level"] = round(random.uniform(0.1, 0.5), 2)
        settings["second"] = round(random.uniform(0, 0.4), 2)
        made = heart(course(seconds, (0, rate)), breathing_per_minute=breath, **settings)
        return Case(
            f"waves {rate:.0f} breath {breath:.0f} {settings}", "adult", made.samples, 0.2, "wrong_population"
        )
    seed = int(random.integers(1e6))
    pi = float(np.exp(random.uniform(np.log(0.2), np.log(3))))
    samples, _ = model(
        "newborn",
        seconds,
        seed,
        pulse_rate_bpm=max(rate, 124),
        breathing_rate_bpm=breath,
        perfusion_index_percent=pi,
    )
    return Case(
        f"model {rate:.0f} breath {breath:.0f} seed {seed} pi {pi:.2f}",
        "adult",
        samples,
        0.2,
        "wrong_population",
    )


def adults(random: np.random.Generator) -> Case:
    """An adult of 55 to 119, whom nothing should stop."""
    rate, breath, seconds = random.uniform(55, 118), random.uniform(8, 24), 600
    if random.random() < 0.5:
        settings = wave_settings(random)
        made = heart(course(seconds, (0, rate)), breathing_per_minute=breath, jitter=0.015, **settings)
        return Case(f"waves {rate:.0f} breath {breath:.0f} {settings}", "adult", made.samples)
    seed = int(random.integers(1e6))
    samples, _ = model("adult", seconds, seed, pulse_rate_bpm=min(rate, 114), breathing_rate_bpm=breath)
    return Case(f"model {rate:.0f} breath {breath:.0f} seed {seed}", "adult", samples)


def slow_from_start(random: np.random.Generator) -> Case:
    """A newborn that is slow from the first second: told as that."""
    rate, breath, seconds = random.uniform(30, 95), random.uniform(30, 75), 60
    if random.random() < 0.6:
        settings = wave_settings(random)
        made = heart(course(seconds, (0, rate)), breathing_per_minute=breath, **settings)
        return Case(
            f"waves {rate:.0f} breath {breath:.0f} {settings}", "newborn", made.samples, 0.2, "bradycardia"
        )
    seed = int(random.integers(1e6))
    samples, _ = model("newborn", seconds, seed, pulse_rate_bpm=rate, breathing_rate_bpm=breath)
    return Case(f"model {rate:.0f} breath {breath:.0f} seed {seed}", "newborn", samples, 0.2, "bradycardia")


def fast(random: np.random.Generator) -> Case:
    """A newborn whose pulse rises over 200 and stays there."""
    before, to, at_s = random.uniform(125, 185), random.uniform(207, 300), random.uniform(30, 90)
    seconds, over_s = at_s + 60, random.choice([0.01, 5])
    if random.random() < 0.5:
        settings = wave_settings(random)
        settings["second"] = round(random.uniform(0, 0.3), 2)
        rate = course(seconds, (0, before), (at_s, before), (at_s + over_s, to))
        made = heart(rate, breathing_per_minute=45, **settings)
        name = f"waves {before:.0f} to {to:.0f} {settings}"
        return Case(name, "newborn", made.samples, float(np.argmax(rate > 200)) / 100, "tachycardia")
    seed = int(random.integers(1e6))
    samples, _ = model("newborn", seconds, seed, [("pulse_rate", to, at_s, over_s)], pulse_rate_bpm=before)
    return Case(
        f"model {before:.0f} to {to:.0f} seed {seed}", "newborn", samples, at_s + over_s, "tachycardia"
    )


def oxygen(random: np.random.Generator) -> Case:
    """A newborn whose oxygen falls below 85 % and stays there; the pulse does not."""
    rate, to, at_s = random.uniform(125, 185), random.uniform(65, 82), random.uniform(40, 90)
    over_s = random.choice([0.01, 3, 10, 40])
    pi = float(random.choice([0.05, 0.1, 0.3, 1.0, 2.0]))
    seed, seconds = int(random.integers(1e6)), at_s + over_s + 45
    samples, patient = model(
        "newborn",
        seconds,
        seed,
        [("spo2", to, at_s, over_s)],
        pulse_rate_bpm=rate,
        perfusion_index_percent=pi,
    )
    times = np.arange(0, seconds, 0.05)
    below = np.array([patient.true_spo2_percent(t) < 85 for t in times])
    return Case(
        f"model {rate:.0f} to {to:.0f} % in {over_s:.0f} s pi {pi} seed {seed}", "newborn", samples,
        float(times[np.argmax(below)]), "desaturation", f"over {over_s:.0f} pi {pi}",
    )  # fmt: skip


def _breathing(random: np.random.Generator, spo2: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, str]:
    """A newborn whose breath swings the light by 0.3 to 3 heights of the pulse, with less oxygen in it than the pulse."""
    settings = wave_settings(random)
    settings["delay_s"], settings["second"] = settings["delay_s"] / 1.5, settings["second"] / 2
    settings["perfusion_percent"] = max(0.3, settings["perfusion_percent"])
    settings["breathing_per_minute"] = round(random.uniform(30, 110))
    settings["breathing_level"] = round(float(np.exp(random.uniform(np.log(0.15), np.log(1.5)))), 2)
    venous = spo2 - random.uniform(4, 15)
    made = heart(rate, ratio=ratio_from_spo2(spo2), breathing_ratio=ratio_from_spo2(venous), **settings)
    return made.samples, f"{rate[0]:.0f} {spo2[0]:.0f} to {spo2[-1]:.0f} % {settings}"


def breathing_low(random: np.random.Generator) -> Case:
    """A newborn of 86.5 to 90 % of oxygen that breathes deeply: nothing should stop it."""
    spo2, rate = random.uniform(86.5, 90), random.uniform(120, 190)
    samples, name = _breathing(random, course(180, (0, spo2)), course(180, (0, rate)))
    return Case(name, "newborn", samples)


def breathing_oxygen(random: np.random.Generator) -> Case:
    """A newborn that breathes deeply, whose oxygen falls below 85 % and stays there."""
    at_s, over_s, seconds = random.uniform(45, 80), random.choice([0.01, 5, 20, 60]), 300
    spo2 = course(
        seconds, (0, high := random.uniform(86.5, 94)), (at_s, high), (at_s + over_s, random.uniform(70, 82))
    )
    samples, name = _breathing(random, spo2, course(seconds, (0, random.uniform(120, 190))))
    return Case(
        name, "newborn", samples, float(np.argmax(spo2 < 85)) / 100, "desaturation", f"over {over_s:.0f}"
    )


def breathing_falls(random: np.random.Generator) -> Case:
    """A newborn with little oxygen that breathes deeply, whose pulse falls below 100 and stays there."""
    at_s, over_s, seconds = random.uniform(35, 60), random.choice([0.01, 3, 10]), 130
    rate = course(
        seconds,
        (0, before := random.uniform(120, 190)),
        (at_s, before),
        (at_s + over_s, random.uniform(30, 90)),
    )
    samples, name = _breathing(random, course(seconds, (0, random.uniform(86.5, 92))), rate)
    return Case(
        f"{name} to {rate[-1]:.0f}", "newborn", samples, float(np.argmax(rate < 100)) / 100, "bradycardia"
    )


def moving_oxygen(random: np.random.Generator) -> Case:
    """A newborn that moves on and on, with little perfusion, and whose oxygen falls."""
    rate, to, at_s = random.uniform(125, 185), random.uniform(65, 82), random.uniform(60, 90)
    pi, motion = float(random.choice([0.1, 0.3, 1.0])), float(random.choice([0.05, 0.1, 0.2, 0.5, 1.0]))
    seed, seconds = int(random.integers(1e6)), at_s + 100
    changes = [("spo2", to, at_s, 5), ("motion", motion, 40, 1)]
    samples, _ = model("newborn", seconds, seed, changes, pulse_rate_bpm=rate, perfusion_index_percent=pi)
    name = f"model {rate:.0f} to {to:.0f} % pi {pi} motion {motion} seed {seed}"
    return Case(name, "newborn", samples, at_s + 4, "desaturation", f"pi {pi} motion {motion}")


def moving(random: np.random.Generator) -> Case:
    """A healthy newborn that moves for a while."""
    rate, from_s, lasts_s = random.uniform(125, 185), random.uniform(30, 60), random.uniform(5, 60)
    pi, motion = float(random.choice([0.1, 0.3, 1.0])), float(random.choice([0.05, 0.1, 0.2, 0.5, 1.0, 3.0]))
    seed = int(random.integers(1e6))
    samples, _ = model(
        "newborn",
        180,
        seed,
        [("motion", motion, from_s, 1, lasts_s)],
        pulse_rate_bpm=rate,
        perfusion_index_percent=pi,
    )
    return Case(
        f"model {rate:.0f} pi {pi} motion {motion} for {lasts_s:.0f} s seed {seed}", "newborn", samples
    )


def hands(random: np.random.Generator) -> Case:
    """A healthy newborn whom a hand pats or rocks for 10 to 40 s: no stop for a slow or fast heart."""
    rate, per_minute, height = random.uniform(125, 190), random.uniform(50, 140), random.uniform(2, 7)
    settings = wave_settings(random)
    form = str(random.choice(["sine", "pat", "hum"]))
    from_s, lasts_s = random.uniform(30, 60), random.uniform(8, 40)
    seconds = round(from_s + lasts_s + 30)
    hand = patting(seconds * 100, per_minute, height, from_s, from_s + lasts_s, form, settings["seed"])
    made = heart(course(seconds, (0, rate)), hand=hand, **settings)
    return Case(
        f"{rate:.0f} {form} {per_minute:.0f} x{height:.1f} at {from_s:.0f} {settings}",
        "newborn",
        made.samples,
    )


def hidden(random: np.random.Generator) -> Case:
    """A newborn whose pulse falls while a hand pats; the hand stays."""
    before, to = random.uniform(130, 190), random.uniform(50, 90)
    per_minute, height = random.uniform(50, 150), random.uniform(2, 6)
    settings = wave_settings(random)
    at_s, seconds = random.uniform(35, 60), 150
    rate = course(seconds, (0, before), (at_s, before), (at_s + 1, to))
    hand = patting(
        seconds * 100, per_minute, height, at_s + random.uniform(-5, 3), seconds, "sine", settings["seed"]
    )
    made = heart(rate, hand=hand, **settings)
    name = f"{before:.0f} to {to:.0f} at {at_s:.0f}, {per_minute:.0f} x{height:.1f} {settings}"
    return Case(name, "newborn", made.samples, float(np.argmax(rate < 100)) / 100, "bradycardia")


def hidden_low(random: np.random.Generator) -> Case:
    """A newborn with little oxygen, 86 to 92 %, whose pulse falls while a hand of any height pats; the hand stays."""
    before, to = random.uniform(120, 190), random.uniform(45, 92)
    at_s, seconds = random.uniform(35, 60), 150
    form, per_minute, height = (
        str(random.choice(["sine", "pat", "hum"])),
        random.uniform(50, 150),
        random.uniform(0.5, 6),
    )
    settings = wave_settings(random) | {"ratio": ratio_from_spo2(np.array(random.uniform(86, 92))).item()}
    hand = patting(
        seconds * 100, per_minute, height, at_s + random.uniform(-6, 3), seconds, form, settings["seed"]
    )
    rate = course(seconds, (0, before), (at_s, before), (at_s + 1, to))
    made = heart(rate, hand=hand, hand_ratio=random.uniform(0.8, 1.0), **settings)
    name = f"{before:.0f} to {to:.0f} at {at_s:.0f}, {form} {per_minute:.0f} x{height:.1f} {settings}"
    return Case(name, "newborn", made.samples, float(np.argmax(rate < 100)) / 100, "bradycardia")


def lamps(random: np.random.Generator) -> Case:
    """Light that swings without the shape of a pulse: no bradycardia is told of a sheet."""
    seconds = 60
    hz, depth = random.uniform(0.8, 10), 10 ** random.uniform(-3.3, -1.7)
    time_s = np.arange(seconds * 100) / 100
    turns = 2 * np.pi * hz * time_s + random.uniform(0, 6)
    form = str(random.choice(["sine", "triangle", "square"]))
    swing = {
        "sine": np.sin(turns),
        "triangle": 2 / np.pi * np.arcsin(np.sin(turns)),
        "square": np.sign(np.sin(turns)),
    }[form]
    level, alike = random.uniform(20_000, 150_000), random.choice([1.0, 0.9, 0.6])
    counts = np.column_stack([level * (1 + depth * swing), 0.85 * level * (1 + alike * depth * swing)])
    counts += 6 * random.standard_normal(counts.shape)
    name = f"{form} {hz:.2f} Hz depth {100 * depth:.2f} % red {alike}"
    return Case(name, "newborn", np.clip(np.rint(counts), 0, 262143).astype("<u4"))


KINDS: dict[str, Callable[[np.random.Generator], Case]] = {
    make.__name__: make
    for make in (
        falls, adult_falls, good_light, good_starts, newborn_under_adults, adults, slow_from_start, fast, oxygen,
        moving_oxygen, moving, hands, hidden, lamps, breathing_low, breathing_oxygen, breathing_falls, hidden_low,
        falls_to_half, breath_near_half,
    )
}  # fmt: skip


def play(cases: list[Case]) -> list[Case]:
    """Play them in one interpreter; each gets its result."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number, case in enumerate(cases):
            place = Path(folder) / str(number)
            case.samples.tofile(place)
            lines.append(f"{case.profile} {place}\n")
        manifest = Path(folder) / "cases"
        manifest.write_text("".join(lines))
        out = run_script(SCRIPT, str(STEP_BENCH), str(manifest), heap_kib=65536).stdout.decode()
    for case, line in zip(cases, out.splitlines(), strict=True):
        case.result = json.loads(line)
    return cases


def case(kind: str, seed: int, number: int) -> Case:
    """Make a case of a kind; the same seed gives the same one."""
    return KINDS[kind](np.random.default_rng([seed, sum(kind.encode()), number]))


def run(kind: str, count: int, seed: int, jobs: int) -> Iterator[Case]:
    """Play `count` random cases of a kind."""

    def chunk(first: int) -> list[Case]:
        return play([case(kind, seed, number) for number in range(first, min(first + CHUNK, count))])

    with ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(chunk, range(0, count, CHUNK)):
            yield from done


def summary(kind: str, cases: Iterable[Case]) -> str:
    """Return what came of cases of a kind, in a line."""
    waits: list[float] = []
    hours, melodies, ends = 0.0, 0, Counter()
    for case in cases:
        hours += (case.stopped_s or case.seconds) / 3600
        ends[f"{case.result[0]} {case.result[1]}"] += 1
        melodies += any(row[3] for row in case.result[3])
        if case.event_s is not None:
            waits.append(case.silent_s or np.inf)
    told = ", ".join(f"{end} {times}" for end, times in ends.most_common())
    line = f"{kind}: {hours:.1f} h, {melodies} with melody; {told}"
    if waits:
        median, most_95, most_99 = np.percentile(waits, [50, 95, 99], method="higher")
        late = [sum(wait > limit for wait in waits) for limit in (10, 18)]
        line += f"; s to silence: median {median:.1f}, 95 % {most_95:.1f}, 99 % {most_99:.1f}, most {max(waits):.1f}"
        line += f"; over 10 s {late[0]}, over 18 s {late[1]}, never {sum(np.isinf(waits))}"
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kind", action="append", choices=[*KINDS])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print each case")
    arguments = parser.parse_args()
    for kind in arguments.kind or KINDS:
        cases = []
        for number, case in enumerate(run(kind, arguments.cases, arguments.seed, arguments.jobs)):
            case.samples = case.samples[:0]
            cases.append(case)
            if arguments.list:
                end, reason = case.result[:2]
                wait = case.silent_s
                print(
                    f"  {number} {case.name} {case.note}: {end} {reason} {case.stopped_s}, silent after {wait}",
                    flush=True,
                )
        print(summary(kind, cases), flush=True)


if __name__ == "__main__":
    main()
