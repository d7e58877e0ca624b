"""How fast a whole session plays: 20 minutes under MicroPython, and its peers: CPython with the same firmware, real time.

`make bench` prints this table. Times are of a shared machine: medians of a few runs, and ratios taken in the same run.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from simulator import scenario
from simulator.play import run

RUNS = 3
PEER_S = 120.0  # CPython plays only this much of it


def cut(played: scenario.Scenario, duration_s: float) -> scenario.Scenario:
    text = f"title = 't'\nduration_s = {duration_s}\n[[event]]\nat_s = 5\ndo = 'press'\n"
    return scenario.from_values(tomllib.loads(text)) if duration_s < played.duration_s else played


def play(played: scenario.Scenario, runtime: str) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the processes it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    started = time.perf_counter()
    run(played, runtime)
    wall_s = time.perf_counter() - started
    return wall_s, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def command() -> float:
    """Wall seconds of the command as a person gives it, pictures and start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run(
            [Path(sys.executable).parent / "calando", "simulate", "newborn", "--out", f"{folder}/out"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return time.perf_counter() - started


def main() -> None:
    whole = scenario.load("newborn")
    play(cut(whole, 10.0), "micropython")  # compiles the firmware, warms the disk
    runs = [play(whole, "micropython") for _ in range(RUNS)]
    wall_s = statistics.median(run[0] for run in runs)
    interpreter_s = statistics.median(run[1] for run in runs)
    command_s = statistics.median(command() for _ in range(RUNS))
    short = cut(whole, PEER_S)
    ours_s, peer_s = play(short, "micropython")[0], play(short, "cpython")[0]
    minutes = whole.duration_s / 60
    print(
        f"a session of {minutes:.1f} minutes, micropython runtime   {wall_s:7.2f} s   (median of {RUNS}; bar: 8 s)"
    )
    print(f"  of which the interpreter's own time              {interpreter_s:7.2f} s")
    print(f"  as `calando simulate`, start-up and pictures too  {command_s:6.2f} s")
    print(f"  faster than real time                            {whole.duration_s / wall_s:7.0f} times")
    print(
        f"its first {PEER_S:.0f} s: micropython {ours_s:.2f} s, cpython {peer_s:.2f} s, ratio {peer_s / ours_s:.1f}"
    )


if __name__ == "__main__":
    main()
