"""Made hearts and hands of every kind, with the truth known: how often a rate is shown, and how often it is wrong.

    python tests/checks/pulse_rates.py [--kind hand ...] [--population newborn] [--cases 950] [--seed 1] [--jobs 1] [--list]

Each case is light of tests/support/pulse_kinds.py, played to the estimator alone under MicroPython. A second is wrong
that shows a rate more than 10 % beside every true one of the last 8 s. `--cases` is the number over all kinds; each
has its share. Prints a line for each kind, and with --list one a wrong case.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from pulse_kinds import Made, course, heart, patting  # noqa: E402

from host_tools.play import vitals_run  # noqa: E402
from simulator.patient import ratio_from_spo2  # noqa: E402

FIRST_S = 5  # nothing is judged before
WRONG_PERCENT = 10
LAG_S = 8  # what is shown may be any rate of so many seconds
HAND_S = (25, 50)
TOLD_S, BACK_S = 3, 10  # after a hand came, nothing wrong; after it left, the rate again

POPULATIONS = ("newborn", "adult")
RATES = {"newborn": (115, 200), "adult": (50, 110)}  # of hearts beside a hand


@dataclass
class Case:
    """Light of one kind, and what is shown of it: a rate and the reason why none is, for each second."""

    kind: str
    population: str
    told: str
    made: Made
    rates: list[float | None]
    reasons: list[str | None]

    def is_wrong(self, second: int) -> bool:
        """Return whether what the second that ends at `second` shows is no rate of the last 8 s."""
        rate = self.rates[second - 1]
        true = self.made.rate_bpm[max(0, second - LAG_S) * 100 : second * 100]
        low, high = 1 - WRONG_PERCENT / 100, 1 + WRONG_PERCENT / 100
        return rate is not None and not true.min() * low <= rate <= true.max() * high

    @property
    def judged(self) -> range:
        return range(FIRST_S, len(self.rates) + 1)

    @property
    def shown(self) -> int:
        return sum(self.rates[second - 1] is not None for second in self.judged)

    @property
    def wrong(self) -> int:
        return sum(map(self.is_wrong, self.judged))

    @property
    def is_told(self) -> bool:
        """Whether nothing wrong is shown from 3 s after the hand's beginning on, and motion told where nothing is."""
        during = range(HAND_S[0] + TOLD_S, HAND_S[1])
        return not any(map(self.is_wrong, during)) and all(
            self.rates[second - 1] is not None or self.reasons[second - 1] == "motion" for second in during
        )

    @property
    def is_back(self) -> bool:
        """Whether the right rate is shown again within 10 s of the hand's end."""
        after = range(HAND_S[1], HAND_S[1] + BACK_S + 1)
        return any(self.rates[second - 1] is not None and not self.is_wrong(second) for second in after)


def two_waves(random, population, _):
    """A steady heart, its second wave 0.2 to 0.5 s late and 0.2 to 0.9 high."""
    rate = random.uniform(47, 250) if population == "newborn" else random.uniform(31, 180)
    return course(40, (0, rate)), second_wave(random)


def out_of_range(random, population, _):
    """A heart slower or faster than what is looked for."""
    slow, fast = ((20, 45), (256, 300)) if population == "newborn" else ((20, 29), (236, 300))
    rate = random.uniform(*(slow if random.random() < 0.55 else fast))
    settings = {"delay_s": random.uniform(0.2, 0.5), "second": random.uniform(0, 0.9)}
    return course(40, (0, rate)), settings


def newborn_under_adults(random, *_):
    """A newborn under an adult's profile, whose breath may hide every other beat."""
    settings = {
        "delay_s": random.uniform(0.15, 0.3),
        "second": random.uniform(0, 0.4),
        "breathing_per_minute": random.uniform(30, 110),
        "breathing_level": random.uniform(0.2, 0.6),
    }
    return course(40, (0, random.uniform(120, 240))), settings


def alternating(random, population, _):
    """Every other beat is weak."""
    rate = random.uniform(100, 220) if population == "newborn" else random.uniform(60, 160)
    return course(40, (0, rate)), small_second_wave(random, population) | {"weak": random.uniform(0.35, 0.95)}


def coupled(random, population, _):
    """Every other beat is early, and weak or not."""
    rate = random.uniform(110, 200) if population == "newborn" else random.uniform(55, 120)
    settings = {"weak": random.uniform(0.4, 1), "early": random.uniform(0.05, 0.35)}
    return course(40, (0, rate)), small_second_wave(random, population) | settings


def hand(random, population, number):
    """A hand comes after 25 s and leaves after 50."""
    return beside_hand(random, population, number, 75, HAND_S, 8)


def hand_always(random, population, number):
    """A hand moves from the first second on."""
    return beside_hand(random, population, number, 40, (0, 40), 6)


def changing(random, population, _):
    """A rate becomes another, at once or within 15 s."""
    low, high = (60, 220) if population == "newborn" else (40, 150)
    before, after = random.uniform(low, high, 2)
    at_s = random.uniform(20, 30)
    rate = course(60, (0, before), (at_s, before), (at_s + random.uniform(0.01, 15), after), (60, after))
    return rate, second_wave(random)


def low_hand(random, *_):
    """A hand 1.2 to 2 times as large as the pulse of a newborn with 86 to 92 % of oxygen, which mostly falls beneath it."""
    before, at_s, seconds = random.uniform(120, 190), random.uniform(35, 50), 90
    after = random.uniform(45, 92) if random.random() < 0.7 else before
    form = str(random.choice(["sine", "pat", "hum"]))
    from_s, seed = at_s + random.uniform(-6, 3), int(random.integers(1e9))
    moved = patting(
        seconds * 100, random.uniform(50, 180), random.uniform(1.2, 2), from_s, seconds, form, seed
    )
    settings = {
        "delay_s": random.uniform(0.2, 0.45),
        "second": random.uniform(0, 0.5),
        "breathing_level": random.uniform(0.05, 0.4),
        "ratio": ratio_from_spo2(np.array(random.uniform(86, 92))).item(),
        "hand": moved,
        "hand_ratio": random.uniform(0.8, 1),
    }
    return course(seconds, (0, before), (at_s, before), (at_s + 1, after)), settings


def steep(random, population):
    """Return what a heart is made with whose waves rise fast and fall slowly, the second low or high, at any place."""
    rate = random.uniform(110, 200) if population == "newborn" else random.uniform(50, 110)
    return rate, {
        "delay_share": random.uniform(0.3, 0.5),
        "second": random.uniform(0.1, 0.5),
        "width_s": min(0.09, 0.015 + 0.13 * 60 / rate),
        "fall": 1.9,
    }


def steep_coupled(random, population, _):
    """Every other beat is early from some second on; each rises fast and falls slowly."""
    rate, settings = steep(random, population)
    beats = {"weak": random.uniform(0.5, 1), "early": random.uniform(0.2, 0.45)}
    return course(60, (0, rate)), settings | beats | {"from_s": max(0, random.uniform(-30, 30))}


def steep_third(random, population, _):
    """Every third beat is early, or every fourth or fifth; each rises fast and falls slowly."""
    rate, settings = steep(random, population)
    beats = {"weak": random.uniform(0.2, 1), "early": random.uniform(0.15, 0.45)}
    return course(50, (0, rate)), settings | beats | {"turn": int(random.choice([3, 3, 4, 5]))}


def deep_breath(random, population, _):
    """A breath moves the light further than the pulse, near half or a third of its rate in a newborn."""
    rate, settings = steep(random, population)
    if population == "newborn":
        settings["breathing_per_minute"] = min(110, rate / random.choice([2, 2, 3, 1.9, 2.1, 2.5]))
    settings["breathing_level"] = random.uniform(0.3, 1.5)
    settings["breathing_height"] = random.uniform(0, 0.25)
    settings["breathing_ratio"] = random.uniform(0.9, 1.3) * 0.6
    return course(60, (0, rate)), settings


def red_hand(random, population, number):
    """A hand that moves red as the blood does, or nearly."""
    rate, settings = beside_hand(random, population, number, 75, HAND_S, 4)
    return rate, settings | {"hand_ratio": random.uniform(0.55, 0.8)}


def second_wave(random):
    return {"delay_s": random.uniform(0.2, 0.5), "second": random.uniform(0.2, 0.9)}


def small_second_wave(random, population):
    delay_s, most = (0.2, 0.3) if population == "newborn" else (0.25, 0.35)
    return {"delay_s": delay_s, "second": random.uniform(0, most)}


def beside_hand(random, population, number, seconds, moves_s, highest):
    form = ("sine", "pat", "hum")[number % 3]
    moved = patting(
        seconds * 100,
        random.uniform(45, 230),
        random.uniform(1, highest),
        *moves_s,
        form,
        int(random.integers(1e9)),
    )
    settings = {"delay_s": 0.22, "second": random.uniform(0.1, 0.4), "hand": moved}
    return course(seconds, (0, random.uniform(*RATES[population]))), settings


# Of each kind: how it is made, and how many of 950 cases are a newborn's and an adult's.
KINDS = {
    "two_waves": (two_waves, (60, 50)),
    "out_of_range": (out_of_range, (20, 20)),
    "newborn_under_adults": (newborn_under_adults, (0, 80)),
    "alternating": (alternating, (40, 40)),
    "coupled": (coupled, (40, 40)),
    "hand": (hand, (60, 60)),
    "hand_always": (hand_always, (40, 40)),
    "changing": (changing, (30, 30)),
    "low_hand": (low_hand, (40, 0)),
    "steep_coupled": (steep_coupled, (40, 40)),
    "steep_third": (steep_third, (20, 40)),
    "deep_breath": (deep_breath, (40, 20)),
    "red_hand": (red_hand, (30, 30)),
}
ALL = sum(sum(shares) for _, shares in KINDS.values())


def play(kind: str, population: str, seed: int, number: int) -> Case:
    """Make case `number` of a kind and play it; the same numbers give the same light."""
    random = np.random.default_rng([seed, sum(kind.encode()), POPULATIONS.index(population), number])
    rate_bpm, settings = KINDS[kind][0](random, population, number)
    breaths = (35, 70) if population == "newborn" else (8, 20)
    settings = {
        "perfusion_percent": float(10 ** random.uniform(-0.5, 0.3)),
        "breathing_per_minute": random.uniform(*breaths),
        "seed": int(random.integers(1e9)),
    } | settings
    made = heart(rate_bpm, **settings)
    played = vitals_run.play(made.samples, population)
    told = " ".join(f"{name} {value:.3g}" for name, value in settings.items() if name not in ("hand", "seed"))
    return Case(
        kind,
        population,
        f"{rate_bpm[0]:.0f} to {rate_bpm[-1]:.0f}, {told}",
        made,
        [row["pulse_rate_bpm"] for row in played.rows],
        [reason[0] for reason in played.reasons],
    )


def run(kind: str, population: str, count: int, seed: int, jobs: int) -> Iterator[Case]:
    """Play `count` random cases of a kind."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda number: play(kind, population, seed, number), range(count))


def summary(cases: list[Case], hands: bool = False) -> str:
    """Return what was shown of `cases`, in a line."""
    judged = sum(len(case.judged) for case in cases)
    shown, wrong = sum(case.shown for case in cases), sum(case.wrong for case in cases)
    line = f"{len(cases)} cases, {sum(c.wrong > 0 for c in cases)} with a wrong second; "
    line += f"shown {100 * shown / judged:.1f} % of {judged} s, wrong {100 * wrong / max(1, shown):.2f} % of these"
    if hands:
        told, back = sum(c.is_told for c in cases), sum(c.is_back for c in cases)
        line += f"; told within {TOLD_S} s {told}, back within {BACK_S} s {back}"
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kind", action="append", choices=[*KINDS])
    parser.add_argument("--population", choices=POPULATIONS)
    parser.add_argument("--cases", type=int, default=ALL, help="over all kinds and populations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print each case with a wrong second")
    arguments = parser.parse_args()
    everything = []
    for kind in arguments.kind or KINDS:
        for population, share in zip(POPULATIONS, KINDS[kind][1], strict=True):
            count = round(arguments.cases * share / ALL)
            if not count or (arguments.population or population) != population:
                continue
            cases = list(run(kind, population, count, arguments.seed, arguments.jobs))
            print(f"{kind}, {population}: {summary(cases, kind == 'hand')}", flush=True)
            for case in cases if arguments.list else ():
                if case.wrong:
                    print(f"  {case.wrong} of {case.shown} shown: {case.told}", flush=True)
            everything += cases
    if everything:
        print(f"all: {summary(everything)}")


if __name__ == "__main__":
    main()
