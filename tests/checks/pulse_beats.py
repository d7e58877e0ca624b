"""Beats of made hearts whose second wave comes 0.4 to 0.6 of the way to the next beat: how many are counted, and once.

    python tests/checks/pulse_beats.py [--cases 100] [--seed 1] [--jobs 1] [--list]

Prints, for each population, F1 at ±100 ms over the seconds in which a rate is shown, and the share of those.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from pulse_kinds import Made, course, heart  # noqa: E402
from vitals_score import matched  # noqa: E402

from host_tools.play import vitals_run  # noqa: E402

SECONDS = 90
SETTLED_S = 10
# Second wave after the beat (s), rates, breaths a minute, and how much intervals vary.
KINDS = {
    "adult": ((0.2, 0.5), (50, 140), (9, 22), (0.005, 0.03)),
    "newborn": ((0.2, 0.35), (75, 180), (35, 75), (0.004, 0.015)),
}


def make(population: str, random: np.random.Generator) -> tuple[Made, str]:
    """Make one heart of the kind; returns it and what it is."""
    delays, rates, breaths, varies = KINDS[population]
    rate = 0.0
    while not rates[0] <= rate <= rates[1]:
        share, delay_s = random.uniform(0.4, 0.6), random.uniform(*delays)
        rate = 60 * share / delay_s
    second, breath, jitter = random.uniform(0.2, 0.9), random.uniform(*breaths), random.uniform(*varies)
    perfusion = float(np.exp(random.uniform(np.log(0.2), np.log(3))))
    made = heart(
        course(SECONDS, (0, rate)),
        delay_s=delay_s,
        second=second,
        breathing_per_minute=breath,
        jitter=jitter,
        perfusion_percent=perfusion,
        seed=int(random.integers(1e9)),
    )
    return made, f"{rate:.0f} share {share:.2f} second {second:.2f} pi {perfusion:.2f} jitter {jitter:.3f}"


def score(population: str, seed: int) -> tuple[str, int, int, int]:
    """Return what was played, the beats that match, those found and true together, and the seconds shown."""
    made, name = make(population, np.random.default_rng([seed, len(population)]))
    readings = vitals_run.play(made.samples, population)
    shown = np.array([row["pulse_rate_bpm"] is not None for row in readings.rows])
    shown[:SETTLED_S] = False
    found, true = (
        beats[(beats < SECONDS - 1) & shown[np.minimum(beats, SECONDS - 1).astype(int)]]
        for beats in (np.array(readings.beats_s), made.beats_s)
    )
    both = len(found) + len(true)
    return name, matched(found, true) if both else 0, both, int(shown.sum())


def main() -> None:
    """Play the cases and print their scores."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print each case that is not whole")
    chosen = parser.parse_args()
    for population in KINDS:
        with ThreadPoolExecutor(chosen.jobs) as pool:
            seeds = range(chosen.seed * 100_000, chosen.seed * 100_000 + chosen.cases)
            results = list(pool.map(score, [population] * chosen.cases, seeds))
        for name, right, both, seconds in results:
            if chosen.list and both and 2 * right < 0.998 * both:
                print(f"  {population} {name}: F1 {200 * right / both:.1f}, {seconds} s shown")
        right, both, seconds = (sum(result[place] for result in results) for place in (1, 2, 3))
        share = 100 * seconds / (SECONDS - SETTLED_S) / chosen.cases
        print(
            f"{population}: F1 {200 * right / both:.2f} of {chosen.cases} hearts, shown in {share:.0f} % of seconds"
        )


if __name__ == "__main__":
    main()
