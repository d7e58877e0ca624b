"""The judge is judged: faults are put into guard, tempo, dose, session and sound, and a campaign must find each.

    python tests/checks/campaign_teeth.py [--jobs 2] [--only TEXT] [--most 1000] [--list]

The faults of the care rooms are mutants of tests/checks/mutation.py, each in a fork that plays tier S; those of the sound
are changed files in a copy of the tree, played as tier D. Sessions are those of the plan `bedside`, worst case and
representative in turn, until one breaks a law. Exit 1 when a fault is not found within `--most` sessions (of tier D: 40).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import mutation

ROOT = Path(__file__).resolve().parents[2]
SESSIONS_D = 40
COHORTS = ("worst_case", "representative")

# Mutants by their name (mutation.py --list), cut off where it is clear; docs/campaign/README.md has those that none finds.
CARE = (
    "guard.py: SPO2_MS up",
    "guard.py: ROOM_MS up",
    "guard.py: NEWBORN_ROOM_CDBA up",
    "guard.py: SUPPLY_MV down",
    "guard.py: check: never `if stop is not None`",
    "guard.py: check: never `if fault is not None`",
    "guard.py: _stop_rule: never `if self._is_slow(inputs)`",
    "guard.py: _stop_rule: never `if self._spo2_for_ms >= SPO2_MS`",
    "guard.py: _stop_rule: never `if inputs.usb_host_present",
    "guard.py: _device_fault: never `if inputs.adc_fault is not None`",
    "guard.py: _device_fault: never `if inputs.sensor_fault is not None",
    "tempo.py: _PERMILLE_AND_MARGIN down",
    "tempo.py: _follow: `matched > self._ceiling_mbpm`",
    "tempo.py: _glide: `gap > most`",
    "dose.py: refusal: never `if since is not None",
    "dose.py: COUNTS_FROM_MS up",
    "session.py: PRESS_FADE_MS up",
    "session.py: _LEVEL_MS_PER_CDB down",
    "session.py: _pressed_in_silence: `verdict.action >= FADE`",
    "session.py: _let_go: `inputs.gesture == PRESS`",
)  # fmt: skip
# A file of the firmware, what stands in it, and what stands there instead.
SOUND = {
    "the loudspeaker is taken for 6 dB quieter than it is": (
        "firmware/board.py", "FULL_SCALE_CDBA = 7400", "FULL_SCALE_CDBA = 6800",
    ),
    "a level is taken up at once": (
        "firmware/sound/loudness.py", "self._level_step = max(1, min(step, limit))", "self._level_step = 1 << 28",
    ),
    "the music is 5 dB louder than asked for": (
        "firmware/sound/loudness.py", "max(0, level_cdba) * _LEVEL_UNIT", "(level_cdba + 500) * _LEVEL_UNIT",
    ),
}  # fmt: skip


@cache
def bedside():
    """The plan `bedside` and the table of limits."""
    from host_tools.campaign import plan
    from host_tools.judge import limits

    return plan.load("bedside"), limits.read()


def broken_in(tier: str, cohort: str, number: int) -> dict[str, str]:
    """Play one session of the plan `bedside`; returns the laws that it broke."""
    from host_tools.campaign import session

    plan, table = bedside()
    named = next(one for one in plan.cohort if one.name == cohort)
    return session.play_one(plan, named, tier, number, table)["broken"]


def hunt(tier: str, most: int) -> str | None:
    """Play sessions until one breaks a law; returns which and what, or None."""
    for number in range(most // len(COHORTS)):
        for place, cohort in enumerate(COHORTS):
            broken = broken_in(tier, cohort, number)
            if broken:
                count = number * len(COHORTS) + place + 1
                return (
                    f"session {count} ({cohort} {number}): {', '.join(broken)}: {next(iter(broken.values()))}"
                )
    return None


def without_the_fault(tier: str, found: str) -> dict[str, str]:
    """Return what the session that found a fault breaks without it: nothing, or it has found nothing."""
    told = re.match(r"session \d+ \((\w+) (\d+)\)", found)
    return broken_in(tier, told[1], int(told[2])) if told else {}


def in_a_fork(mutant: mutation.Mutant, most: int) -> tuple[int, int]:
    """A child that is the mutant and writes what it found; returns its id and where to read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        mutation.infect(mutant)
        found = hunt("S", most)
    except BaseException as error:  # noqa: BLE001 - a mutant that ends with an error is noticed too
        found = f"{type(error).__name__}: {error}"
    os.write(writing, (found or "").encode()[:4000])
    os._exit(0)


def in_a_copy(file: str, before: str, after: str) -> str | None:
    """What a copy of the tree with that change finds in tier D."""
    text = (ROOT / file).read_text("utf-8")
    if text.count(before) < 1:
        raise SystemExit(f"{file} has no {before!r} any more: change this check")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("firmware", "simulator", "host_tools"):
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "docs").mkdir()
        shutil.copy(ROOT / "docs" / "hazards.toml", Path(folder) / "docs")
        (Path(folder) / file).write_text(text.replace(before, after, 1), "utf-8")
        done = subprocess.run(
            [sys.executable, __file__, "--hunt", "D"], capture_output=True, text=True, cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT / 'tests' / 'checks'}"},
        )  # fmt: skip
    if done.returncode:
        return f"it does not run: {done.stderr.strip().splitlines()[-1]}"
    return done.stdout.strip() or None


def chosen_mutants(only: str) -> list[mutation.Mutant]:
    every = list(mutation.mutants())
    found = []
    for name in CARE:
        matching = [mutant for mutant in every if mutant.name.startswith(name)]
        if not matching:
            raise SystemExit(f"no mutant begins with {name!r} any more: change this check")
        found.append(matching[0])
    return [mutant for mutant in found if only in mutant.name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--only", default="")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--hunt", choices=("S", "D"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hunt:
        print(hunt(given.hunt, SESSIONS_D) or "")
        return 0
    mutants = chosen_mutants(given.only)
    sounds = {name: change for name, change in SOUND.items() if given.only in name}
    if given.list:
        print("\n".join([*(mutant.name for mutant in mutants), *sounds]))
        return 0
    began = time.monotonic()
    healthy = hunt("S", min(given.most, 20))  # each that finds something is played without the fault too
    if healthy:
        print(f"without any fault: {healthy}")
        return 1
    missed = 0

    def tell(name: str, found: str | None, tier: str = "S") -> None:
        nonlocal missed
        healthy = without_the_fault(tier, found) if found else {}
        if healthy:
            name, found = f"{name} (without it too: {', '.join(healthy)})", None
        missed += found is None
        print(f"{'found  ' if found else 'MISSED '} {name}: {found or 'no law was broken'}", flush=True)

    running: dict[int, tuple[str, int]] = {}
    for mutant in [*mutants, None]:
        while len(running) >= given.jobs or (mutant is None and running):
            child, _ = os.wait()
            name, reading = running.pop(child)
            tell(name, os.read(reading, 4000).decode(errors="replace") or None)
            os.close(reading)
        if mutant is not None:
            child, reading = in_a_fork(mutant, given.most)
            running[child] = (mutant.name, reading)
    for name, change in sounds.items():
        tell(name, in_a_copy(*change), "D")
    count = len(mutants) + len(sounds)
    print(f"{count} faults in {time.monotonic() - began:.0f} s, {missed} not found")
    return 1 if missed or not count else 0


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd() if "--hunt" in sys.argv else str(ROOT))
    sys.exit(main())
