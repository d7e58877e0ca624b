"""What a change gave: this tree beside another commit, by the processor time of the same work.

    python tests/bench/against.py REV [--runs N] [--seconds S]

`make bench-against REV=400a7de` runs it. That commit is checked out into a folder of its own; the two take turns, so that
whatever else the machine does meets both, and which of them begins changes from round to round. Printed are the medians
and the ratio of medians: below 1 this tree needs less. Libraries are those of this tree's `.venv` for both.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from simulator.patient import NA_PER_MA_PER_COUNT, Patient

ROOT = Path(__file__).resolve().parents[2]
SESSION = """
import resource, sys, tomllib
from simulator import scenario
from simulator.play import run
text = "title = 't'\\nduration_s = %s\\n[[event]]\\nat_s = 5\\ndo = 'press'\\n"
before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
run(scenario.from_values(tomllib.loads(text %% sys.argv[1])), "micropython")
after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(a.ru_utime + a.ru_stime - b.ru_utime - b.ru_stime for a, b in zip(after, before)))
"""
WORK = {
    "a session, both processes": None,
    "calando --help": ["--help"],
    "calando vitals of 8 minutes": ["vitals", "{out}/../light.csv", "--out", "{out}/readings.csv"],
    "calando render of 60 s": ["render", "--seconds", "60", "--out", "{out}/sound.wav"],
}


def light(place: Path) -> None:
    """Write eight minutes of a newborn's light, the same for both trees."""
    infrared, red, _ = Patient("newborn", 1).photocurrent(0, 10_000.0, 48_000)
    rows = np.rint(np.column_stack([infrared, red]) / NA_PER_MA_PER_COUNT).astype(int)
    lines = [f"{number / 100:.2f},{ir},{dark}\n" for number, (ir, dark) in enumerate(rows)]
    place.write_text("time_s,ir,red\n" + "".join(lines), encoding="utf-8")


def spent_s(tree: Path, what: list[str] | None, seconds: float, out: str) -> float:
    """Return the processor seconds, user and system, of one piece of work done by a tree's own code."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    # Users compile once, so neither tree does it in each run; and how many threads numpy starts is a tree's own affair.
    for name in ("PYTHONDONTWRITEBYTECODE", "OPENBLAS_NUM_THREADS"):
        environment.pop(name, None)
    if what is None:
        done = subprocess.run(
            [sys.executable, "-c", SESSION.replace("%%", "%"), f"{seconds:g}"],
            cwd=tree, env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return float(done.stdout.split()[-1])
    words = [word.format(out=out) for word in what]
    code = f"import sys; sys.argv = ['calando', *{words!r}]; from host_tools.cli import main; main()"
    before = os.times()
    subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rev", metavar="REV", help="the commit to compare with")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=float, default=1230, metavar="S", help="length of the session")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="calando-") as folder:
        light(Path(folder) / "light.csv")
        other = Path(folder) / "tree"
        subprocess.run(
            ["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", other, arguments.rev], check=True
        )
        try:
            print(f"{'processor seconds, medians':<32}{'this tree':>10}{arguments.rev[:10]:>12}{'ratio':>8}")
            for name, what in WORK.items():
                taken: dict[Path, list[float]] = {ROOT: [], other: []}
                # Each writes into a folder of its own: what another build wrote may be refused as another kind.
                places = {ROOT: f"{folder}/ours", other: f"{folder}/theirs"}
                for tree in taken:
                    os.makedirs(places[tree], exist_ok=True)
                    spent_s(tree, what, min(arguments.seconds, 10), places[tree])  # compiles, warms the disk
                for turn in range(arguments.runs):
                    for tree in (ROOT, other) if turn % 2 else (other, ROOT):
                        taken[tree].append(spent_s(tree, what, arguments.seconds, places[tree]))
                ours, theirs = (statistics.median(taken[tree]) for tree in (ROOT, other))
                print(f"{name:<32}{ours:>10.2f}{theirs:>12.2f}{ours / theirs:>8.2f}", flush=True)
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", other], check=True)


if __name__ == "__main__":
    main()
