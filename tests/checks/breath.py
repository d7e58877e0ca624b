"""Plays made light of adults to the device's estimator and judges breath and variability by the truth; a table, status 1.

    CALANDO_RECORDINGS=... nice python tests/checks/breath.py [--runs 40] [--seed 1] [PART ...]

Rates of 72 to 110 a minute, perfusion of 0.15 to 2 %, drawn at random; `sessions` has 50 to 110 a minute, any depth of
the breath, and slow waves beside it. A small part is in `make test` (tests/unit/firmware/light/test_rhythm_and_breath.py).
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[:0] = [
        str(Path(__file__).resolve().parents[2]),
        str(Path(__file__).resolve().parents[1] / "support"),
    ]

import breath_score
from breath_bench import Bedside
from varying_pulse import varying_pulse

from host_tools.play import vitals_run

SETTLED_S = 60
IRREGULAR_WITHIN_S = 60
RIGHT_LEAST, SHOWN_LEAST = 0.95, 0.90
RECORDING_ERROR_MOST = 1.5
BASELINE_S = 124  # the breath of the start is taken after 60 to 120 s
FOLLOWS_EACH, FOLLOWS_S = 10, 300  # every tenth one follows the pace, for so long
CARRIERS = {
    "all": lambda share: {"in_pulse": share, "in_height": 2 * share, "in_level": 6 * share},
    "interval": lambda share: {"in_pulse": share, "in_height": 0.0, "in_level": 0.0},
    "height": lambda share: {"in_pulse": 0.0, "in_height": 2 * share, "in_level": 0.0},
    "level": lambda share: {"in_pulse": 0.0, "in_height": 0.0, "in_level": 6 * share},
}


def drawn(chance: np.random.Generator) -> dict:
    """Return what differs from adult to adult: rate, perfusion and the seed of the light."""
    return {
        "rate_bpm": float(chance.uniform(72, 110)),
        "perfusion_percent": float(np.exp(chance.uniform(np.log(0.15), np.log(2.0)))),
        "seed": int(chance.integers(1 << 30)),
    }


def variability(runs: int, chance: np.random.Generator) -> list[str]:
    """RMSSD with up to 5 % early beats: within 10 % or 5 ms of that of the normal beats, where it is shown."""
    right, known, seconds, missed = 0, 0, 0, []
    for number in range(runs):
        how = drawn(chance) | {"early": (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)[number % 6]}
        made = varying_pulse(seconds=130, jitter=float(chance.uniform(0.005, 0.02)), **how)
        off = 0
        for row in vitals_run.play(made.samples, "adult").rows[SETTLED_S:]:
            seconds += 1
            if row["pulse_variability_ms"] is None:
                continue
            known += 1
            true = made.rmssd_ms(row["time_s"] - 2)
            good = abs(row["pulse_variability_ms"] - true) <= max(5.0, 0.1 * true)
            right += good
            off += not good
        if off:
            missed.append(f"{off} seconds wrong: {told(how)}")
    print(
        f"variability: {known} of {seconds} seconds shown, of these {100 * right / max(1, known):.2f} % within 10 % or 5 ms"
    )
    return missed if right < RIGHT_LEAST * known else []


def irregular(runs: int, chance: np.random.Generator) -> list[str]:
    """A rhythm that becomes irregular: variability and swing unknown within a minute, and for as long as it lasts."""
    missed, latest = [], 0.0
    for _ in range(runs):
        how = drawn(chance) | {"fibrillation": float(chance.uniform(0.1, 0.25)), "fibrillates_from_s": 80}
        rows = vitals_run.play(varying_pulse(seconds=200, **how).samples, "adult").rows
        known = [
            row["time_s"] - 80
            for row in rows
            if row["pulse_variability_ms"] is not None or row["breath_amplitude_bpm"] is not None
        ]
        last = max([at for at in known if at > 0], default=0.0)
        latest = max(latest, last)
        if last > IRREGULAR_WITHIN_S:
            missed.append(f"shown {last:.0f} s after it began: {told(how)}")
    print(f"irregular: {runs} rhythms, the last second shown {latest:.0f} s after it began")
    return missed


def breath(runs: int, chance: np.random.Generator) -> list[str]:
    """Breath of 4 to 30 a minute whose modulation is 3 % or more: how often it is shown, and how often right."""
    missed = []
    for carrier, shares in CARRIERS.items():
        shown = right = seconds = 0
        worst: list[tuple[float, str]] = []
        for _ in range(runs):
            breaths = float(np.exp(chance.uniform(np.log(4), np.log(30))))
            how = drawn(chance) | shares(float(chance.uniform(0.03, 0.08))) | {"breaths_per_minute": breaths}
            rows = vitals_run.play(varying_pulse(seconds=120, jitter=0.005, **how).samples, "adult").rows
            read = [row["breathing_rate_bpm"] for row in rows[SETTLED_S:]]
            known = [rate for rate in read if rate is not None]
            good = sum(abs(rate - breaths) <= max(0.3, 0.05 * breaths) for rate in known)
            seconds, shown, right = seconds + len(read), shown + len(known), right + good
            worst.append(
                (
                    good / len(read),
                    f"shown {len(known)}, right {good} of {len(read)}: {breaths:.1f} a minute, {told(how)}",
                )
            )
        print(
            f"breath in {carrier}: shown in {100 * shown / seconds:.1f} % of the seconds, right in "
            f"{100 * right / max(1, shown):.1f} % of these"
        )
        if right < RIGHT_LEAST * shown or shown < SHOWN_LEAST * seconds:
            missed += [f"breath in {carrier}, {line}" for _, line in sorted(worst)[:4]]
    return missed


def adult(chance: np.random.Generator) -> dict:
    """Return how the light of any adult is made: also of one whose breath shows faintly, or beside slow waves."""
    share = float(chance.uniform(0.0, 0.08))
    return {
        "rate_bpm": float(chance.uniform(50, 110)),
        "breaths_per_minute": float(np.exp(chance.uniform(np.log(4), np.log(30)))),
        **CARRIERS[list(CARRIERS)[int(chance.integers(len(CARRIERS)))]](share),
        "waves": float(chance.uniform(0, 1)) if chance.random() < 0.5 else 0.0,
        "waves_per_minute": float(chance.uniform(4.5, 8)),
        "jitter": float(chance.uniform(0.002, 0.012)),
        "noise_counts": float(chance.uniform(3, 15)),
        "perfusion_percent": float(np.exp(chance.uniform(np.log(0.15), np.log(2.0)))),
        "seed": int(chance.integers(1 << 30)),
    }


def bedside(how: dict, seconds: int) -> tuple[Bedside, list[float | None]]:
    """Play light to the estimator, and a session to what it reads. Return the session, and the breaths a minute it read."""
    rows = vitals_run.play(varying_pulse(seconds=seconds, **how).samples, "adult").rows
    read = [row["breathing_rate_bpm"] for row in rows]
    swing = [row["breath_amplitude_bpm"] for row in rows]

    def breathes(second, pace):
        place = min(second, seconds) - 1
        return tuple(None if of[place] is None else round(1000 * of[place]) for of in (read, swing))

    return Bedside(breathes).run(seconds), read


def followed_through(how: dict) -> Bedside:
    """Return the session of one who breathes with the swell from the third breath after each change of its pace on."""
    rates = np.full(FOLLOWS_S + 4, how["breaths_per_minute"])
    while True:
        bed, _ = bedside(how | {"breaths_per_minute": rates}, FOLLOWS_S)
        along = np.array(rates)
        for second, (pace, *_) in enumerate(bed.told):
            if pace:
                along[second + 120_000 // pace :] = pace / 1000
        if np.array_equal(along, rates):
            return bed
        rates = along


def wrong(found: float, true: float) -> bool:
    return abs(found - true) > max(0.3, 0.05 * true)


def sessions(runs: int, chance: np.random.Generator) -> list[str]:
    """Sessions of adults of every kind: no breath of the start that is wrong; and who breathes at the pace is seen to."""
    missed: list[str] = []
    known = led = shown = off = along = let_go = 0
    for number in range(runs):
        how = adult(chance)
        true = how["breaths_per_minute"]
        bed, read = bedside(how, BASELINE_S)
        read = [rate for rate in read if rate is not None]
        shown, off = shown + len(read), off + sum(wrong(rate, true) for rate in read)
        own = bed.bench.session.pacer.own_mbpm
        known += own is not None
        if own is not None and wrong(own / 1000, true):
            missed.append(f"a breath of {true:.1f} is taken for {own / 1000:.1f}: {told(how)}")
        paces = bed.paces()
        led += bool(paces)
        if not paces or number % FOLLOWS_EACH:
            continue
        along += 1
        let_go += followed_through(how).bench.outputs.pacer == "let_go"
    print(
        f"sessions: {runs}; the breath of the start was known in {known} and wrong in {len(missed)}; {led} were led. "
        f"Of {shown} seconds shown {off} were wrong. Of {along} who breathe along {let_go} were let go"
    )
    return missed


def recordings(runs: int, chance: np.random.Generator) -> list[str]:
    """Real recordings with a respiration reference: the median error of the seconds that are shown."""
    missed = []
    for light, breaths in breath_score.recordings():
        errors, judged = breath_score.errors(vitals_run.read(light, "adult").rows, breaths)
        share = 100 * len(errors) / max(1, judged)
        middle = f"{np.median(errors):.2f}" if errors else "none"
        print(
            f"recording {light.stem}: shown in {share:.0f} % of the seconds, median error {middle} a minute"
        )
        if errors and share >= 10 and np.median(errors) > RECORDING_ERROR_MOST:
            missed.append(f"recording {light.stem}: median error {middle}")
    return missed


def told(how: dict) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in how.items())


PARTS: dict[str, Callable[[int, np.random.Generator], list[str]]] = {
    "variability": variability,
    "irregular": irregular,
    "breath": breath,
    "sessions": sessions,
    "recordings": recordings,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--runs", type=int, default=40, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    unknown = [name for name in asked.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    missed = []
    for name in asked.parts or PARTS:
        missed += PARTS[name](asked.runs, np.random.default_rng(asked.seed))
        sys.stdout.flush()
    for line in missed:
        print(f"    {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
