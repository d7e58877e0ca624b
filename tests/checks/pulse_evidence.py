"""Every kind of `pulse_sessions.py` on one seed and one build, into the tables of docs/vitals-evidence.md.

    python tests/checks/pulse_evidence.py [--seed 2026] [--jobs 2] [--share 1.0] [--out out/pulse]

Some forty minutes of one core. What is played lies in --out, eight cases a file, so that it may be broken off and goes
on; another build plays all anew. --share 0.01 plays a hundredth of each kind, to try it, and leaves the page alone.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pulse_sessions
from pulse_sessions import CHUNK, FADE_S, KINDS, ROOT
from scipy.stats import chi2

from host_tools.campaign.session import digest_of

PAGE = ROOT / "docs" / "vitals-evidence.md"
BEGIN, END = "<!-- sessions: made by tests/checks/pulse_evidence.py -->", "<!-- end of sessions -->"
# What the light and its reading depend on.
SOURCES = (
    "firmware", "simulator/patient.py", "simulator/step_bench.py", "tests/support/pulse_kinds.py",
    "tests/on_device/pulse_sessions.py", "tests/checks/pulse_sessions.py",
)  # fmt: skip
CASES = {
    "falls": 10_000, "slow_from_start": 1000, "adult_falls": 1000, "fast": 200, "falls_to_half": 100, "oxygen": 200,
    "moving_oxygen": 100, "breathing_oxygen": 100, "breathing_falls": 100, "hidden": 100, "hidden_low": 100,
    "newborn_under_adults": 1000, "good_light": 600, "good_starts": 1000, "breath_near_half": 100, "breathing_low": 48,
    "moving": 100, "hands": 100, "adults": 100, "lamps": 150,
}  # fmt: skip
BOUND_FROM_H = 10.0  # no bound is told of less
NAMED = 8  # cases of a kind that are named for what came of them


@dataclass(frozen=True)
class Played:
    number: int
    seconds: float
    must_stop: bool
    reason: str | None  # of a stop; None without one, and where the time was up
    stopped_s: float | None
    silent_s: float | None


def build() -> str:
    """Return the first digits of SHA-256 over all that light and readings come of."""
    return digest_of(SOURCES)[:12]


def play(kind: str, seed: int, first: int, count: int, out: Path) -> list[Played]:
    """Return what came of a kind's cases from `first` on, from the folder or played now."""
    path = out / f"{kind}-{seed}-{first:05d}-{count}.json"
    if not path.is_file():
        cases = [pulse_sessions.case(kind, seed, number) for number in range(first, first + count)]
        pulse_sessions.play(cases)
        told = [
            [
                number,
                case.seconds,
                case.event_s is not None,
                None if case.stopped_s is None or case.result[1] == "time_up" else case.result[1],
                case.stopped_s,
                case.silent_s,
            ]
            for number, case in enumerate(cases, first)
        ]
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(told))
        beside.replace(path)
    return [Played(*one) for one in json.loads(path.read_text())]


def first_sentence(kind: str) -> str:
    """Return what a kind is, as its docstring begins."""
    return (KINDS[kind].__doc__ or "").partition("\n")[0].rstrip(".")


def must_stop_row(kind: str, cases: list[Played]) -> str:
    """Return a kind's row of the table of stops that must come."""
    early = [case.number for case in cases if case.silent_s is not None and case.silent_s < FADE_S]
    never = [case.number for case in cases if case.silent_s is None]
    waits = [case.silent_s for case in cases if case.silent_s is not None and case.silent_s >= FADE_S]
    waits += [np.inf] * len(never)
    told = ["–"] * 4
    if waits:
        percentiles = np.percentile(waits, [50, 95, 99, 100], method="higher")
        told = [f"{wait:.1f}" if np.isfinite(wait) else "–" for wait in percentiles]
    return (
        f"| `{kind}`: {first_sentence(kind)} | {len(cases)} | {' | '.join(told)} | {_named(never)} | {_named(early)} | "
        f"{_reasons(cases)} |"
    )


def may_not_stop_row(kind: str, cases: list[Played]) -> str:
    """Return a kind's row of the table of stops that must not come, with the exact upper bound of a Poisson rate."""
    hours = sum(case.seconds if case.stopped_s is None else case.stopped_s for case in cases) / 3600
    stopped = [case for case in cases if case.reason is not None]
    most = (
        f"{float(chi2.ppf(0.95, 2 * (len(stopped) + 1))) / 2 / hours * 200:.1f}"
        if hours >= BOUND_FROM_H
        else "–"
    )
    return (
        f"| `{kind}`: {first_sentence(kind)} | {len(cases)} | {hours:.1f} | {_named(case.number for case in stopped)} | "
        f"{most} | {_reasons(stopped)} |"
    )


def tables(played: dict[str, list[Played]], seed: int) -> str:
    """Return both tables as Markdown."""
    rows: dict[bool, list[str]] = {True: [], False: []}
    for kind, cases in played.items():
        must_stop = any(case.must_stop for case in cases)
        rows[must_stop].append((must_stop_row if must_stop else may_not_stop_row)(kind, cases))
    return "\n".join(
        [
            f"Seed {seed}, firmware and light {build()}. Seconds are from the truth's crossing to silence, of those that",
            "were not stopped before it; two of them are the fade.",
            "",
            "| must stop | cases | median | 95 % | 99 % | most | never | before | told as |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows[True],
            "",
            "| must not stop | cases | hours | stopped | in 200 h, at 95 % at most | told as |",
            "|---|---|---|---|---|---|",
            *rows[False],
        ]
    )


def _reasons(cases: Iterable[Played]) -> str:
    counts = Counter(case.reason for case in cases if case.reason is not None)
    return ", ".join(f"`{reason}` {times}" for reason, times in counts.most_common()) or "none"


def _named(numbers: Iterable[int]) -> str:
    found = list(numbers)
    if not found:
        return "0"
    shown = ", ".join(map(str, found[:NAMED])) + (", ..." if len(found) > NAMED else "")
    return f"{len(found)} (case {shown})"


def main() -> None:
    """Play what is missing, print a line for each kind, and write the tables into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of each kind's cases")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "pulse")
    arguments = parser.parse_args()
    out = arguments.out / build()
    out.mkdir(parents=True, exist_ok=True)
    played: dict[str, list[Played]] = {}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for kind, whole in CASES.items():
            count = max(1, round(whole * arguments.share))
            firsts = range(0, count, CHUNK)
            futures = [
                pool.submit(play, kind, arguments.seed, first, min(CHUNK, count - first), out)
                for first in firsts
            ]
            played[kind] = [case for future in futures for case in future.result()]
            print(kind, len(played[kind]), flush=True)
    made = tables(played, arguments.seed)
    if arguments.share < 1:
        print(made)
        return
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
