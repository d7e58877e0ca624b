"""The guards are guarded: every limit moved, every rule removed, every comparison turned, and some test must
turn red.

    python tests/checks/mutation.py [--only guard.py] [--jobs 2] [--list]

Tests are collected once; each mutant is a fork of that process in which one piece of the firmware is another,
and runs the quickest tests first until one fails. Virtual time makes that a matter of seconds. Exit 1 when a
mutant survives.
"""

import argparse
import ast
import copy
import importlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
TIMEOUT_S = 60

# file: the tests that must notice.
SUBJECTS = {
    "guard.py": [
        "tests/unit/firmware/care/test_guard.py",
        "tests/unit/firmware/care/test_pacer.py",
        "tests/unit/firmware/prescription/test_profile.py",
    ],
    "tempo.py": ["tests/unit/firmware/care/test_tempo.py"],
    "session.py": ["tests/unit/firmware/care/test_session.py", "tests/unit/firmware/care/test_pacer.py"],
    "pacer.py": ["tests/unit/firmware/care/test_pacer.py"],
    "dose.py": ["tests/unit/firmware/care/test_dose.py"],
    "hour.py": ["tests/unit/firmware/care/test_hour.py", "tests/unit/firmware/care/test_dose.py"],
    "panel.py": ["tests/unit/firmware/care/test_panel.py"],
    "care/display.py": ["tests/unit/firmware/care/test_panel.py"],
    "consent.py": ["tests/unit/firmware/usb/test_consent.py"],
    "waves.py": ["tests/unit/firmware/light/test_slow_waves.py"],
    "rates.py": [
        "tests/unit/firmware/light/test_slow_waves.py",
        "tests/unit/firmware/light/test_turns.py",
        "tests/unit/firmware/light/test_half_of_the_pulse.py",
    ],
    "adult_rates.py": [
        "tests/unit/firmware/light/test_slow_waves.py",
        "tests/unit/firmware/light/test_half_of_the_pulse.py",
    ],
    "period.py": ["tests/unit/firmware/light/test_shape.py"],
    "movement.py": ["tests/unit/firmware/light/test_movement.py"],
    "spo2.py": [
        "tests/unit/firmware/light/test_two_sources.py",
        "tests/unit/firmware/light/test_hand_or_breath.py",
    ],
    "beneath.py": ["tests/unit/firmware/light/test_two_sources.py"],
    "vitals.py": ["tests/unit/firmware/light/test_hand_or_breath.py"],
}
# Of these files a part alone: what the guard hears of a slow heart. The rest is measured on made light, under MicroPython.
PARTS = {
    "waves.py": {"find_middle", "_MIDDLE_WAVES", "high_ticks", "_HIGH_PERCENT", "_HIGH_WAVES", "_HIGH_STEADY_PERCENT"},
    "rates.py": {
        "is_in_turn", "_is_breaths", "_is_period", "_can_be_fast", "_SUREST_PERMILLE", "_OFF_MIDDLE_PERCENT",
        "_UNCHANGED_PERMILLE", "_SOUND_PERMILLE", "_UNLIKE_ENOUGH_PERCENT",
        "slow_for_ticks", "perhaps_slow_for_ticks", "_perhaps_slow_ticks",
        "_is_long_unlike", "_UNTOUCHED_PERMILLE", "_LONG_WAVES", "_LONG_UNLIKE_PERCENT", "_TWO_WAVES_PERMILLE",
        "_TWO_WAVES_LATER_TICKS", "_has_slowed", "_goes_on", "_MULTIPLE_PERCENT", "_is_every_other",
        "_LONGER_WAVES", "_LONGEST_WAVES", "_BREATHS_LAST_TICKS", "take", "both", "_look_at_places", "_are_beats",
        "_UNLIKE_HEIGHT_PERCENT", "_UNLIKE_TIME_PERCENT", "_PLACE_LEAST", "_PLACE_PERCENT", "_MOVED_LASTS_TICKS",
        "_NO_BREATH_MBPM", "_is_halfway", "_hear", "_is_waves", "may_be_pairs",
        "_TURN_LEAST_PERMILLE", "_TURN_STEADY_PERCENT", "_TURN_SLOPE", "_TURN_WAVES", "_TURN_BITS", "_TURN_FIRST_SHIFT",
        "_TURN_SECOND_SHIFT",
        "_NEWBORN_FASTEST_MBPM", "_FASTEST_WEAK_PERCENT",
        "_FASTEST_HALFWAY_PERMILLE", "_LONGER_PERMILLE", "_EARLIER_PART", "_EARLIER_PERMILLE",
        "_ASIDE_LASTS_TICKS", "_may_be_half", "_is_half", "_MORE_PERCENT", "_BETWEEN_LEAST_PERCENT",
        "_BETWEEN_MOST_PERCENT", "_COUPLED_PERCENT", "_COUPLED_SHARE_PERCENT",
        "_may_be_early", "_IN_STEP_REPEATS", "_IN_STEP_PERCENT",
        "_SLOW_COUPLED_PERCENT", "_SLOW_COUPLED_SHARE_PERCENT", "_are_pairs", "_PAIRS_PERCENT",
        "_PAIRS_STILL_PERCENT", "_PAIRS_FOR_TICKS", "_SECOND_TICKS", "_UNSEEN_TICKS", "_WINDOW_TICKS",
    },
    "adult_rates.py": {
        "can_be_newborns", "_NEWBORN_MBPM", "_RESTING_MBPM", "_SOUND_PERMILLE", "_COUNTED_WAVES", "is_above",
        "_TALL_PERCENT", "_EARLY_TICKS", "_EARLIEST_TICKS",
    },
    "period.py": {
        "_look_at_shape", "_SHAPELESS_PERMILLE", "_UPRIGHT_PERCENT", "_SLOW_TICKS", "_is_breath", "_BREATH_REPEATS",
        "_BREATH_SMOOTH_PERCENT", "_BREATH_SLOWER_PERCENT", "_find_flicker", "_FLICKER_FIRST_LAG", "_FLICKER_LAST_LAG",
        "_FLICKER_FALLS_PERMILLE", "_FLICKER_PERCENT",
    },
    "vitals.py": {
        "slow_for_ms", "perhaps_slow_for_ms", "_breath_hides", "candidate_mbpm", "_FASTEST_HEART_MBPM", "_is_shapeless",
        "_compare_lights", "_may_be_hands", "_is_steady", "_is_blood", "_is_breaths", "_is_other", "_look_beneath",
        "_judge_spo2", "_is_untouched", "_BLOOD_PERMILLE", "_BESIDE_HAND_PERCENT", "_BESIDE_BREATH_PERCENT",
        "_HANDS_MOST_PERMILLE", "_STEADY_PERCENT", "_OTHER_REPEATS", "_OTHER_PERCENT", "_BREATH_LASTS_PAIRS",
        "_AT_REST_PERMILLE", "_CLEAR_PERMILLE", "_NOTICED_PAIRS", "_SHAPELESS_SECONDS",
    },
}  # fmt: skip
HAZARDS = ["tests/hazards/test_patient.py", "tests/hazards/test_device.py"]

# Mutants that need not die, each with the reason: a mutant's whole name, or the name of a limit or function.
EQUIVALENT: dict[str, str] = {
    "rates.py: _TURN_BITS": "how finely the means are kept",
    "tempo.py: _middle: `ordered[place - 1] > reading` -> `ordered[place - 1] <= reading`": "the same middle",
    "tempo.py: add: `readings[place - 1] > pulse_mbpm` -> `readings[place - 1] <= pulse_mbpm`": "the same middle",
    "pacer.py: _HISTORY": "more than the 45 breaths that are looked at",
    "session.py: ONSET_MS_PER_CDB down, 10 -> 7": "the guard lengthens a rise that is too fast",
    "session.py: _lead: `inputs.compound is True` -> `inputs.compound is not True`": "one ratio alone fits then",
    "session.py: _fill: `tempo.curve_ms - self._mood_ms >= MOOD_EVERY_MS` -> "
    "`tempo.curve_ms - self._mood_ms < MOOD_EVERY_MS`": "the mood is looked up every step instead",
    "session.py: MOOD_EVERY_MS": "how often the mood is looked up",
    "session.py: _PHASE_MOST_MS": "no phase that sounds lasts 18 hours, and 12 days still fit the chip",
    "session.py: LEVEL_STEP_CDB": "how fine the level follows its curve",
    "session.py: KNOB_STEP_PERMILLE": "how fine the knob is",
    "waves.py: high_ticks: never `if self.count == self._high_count "
    "and limit_ticks == self._high_limit`": "the same answer, found again",
    "rates.py: take: `(last > before) == odd` -> `(last > before) != odd`": "both places count alike",
    "rates.py: take: `last > before` -> `last <= before`": "both places count alike",
    "session.py: _name_phase: `self.phase != reasons.HOLD` -> `self.phase == reasons.HOLD`": "the reason differs too",
}


class Mutant:
    def __init__(self, file, name, tree):
        self.file = file
        self.name = f"{file}: {name}"
        self.tree = tree
        self.part = name.partition(":")[0].partition(" ")[0]  # the limit or function
        # Its neighbours most likely die of the same test.
        self.place = f"{file}: {self.part}"


def _moved_limits(file, tree):
    """Every constant `NAME = const(number)` by a quarter, up and down: tighter is as wrong as looser."""
    for place, node in enumerate(tree.body):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args):
            continue
        name = ast.unparse(node.targets[0])
        value = ast.literal_eval(node.value.args[0])
        if not isinstance(value, int) or value < 4:
            continue
        for word, moved in (("up", value + (value + 3) // 4), ("down", value - (value + 3) // 4)):
            changed = copy.deepcopy(tree)
            changed.body[place].value.args[0] = ast.Constant(moved)
            yield Mutant(file, f"{name} {word}, {value} -> {moved}", changed)


TURNED = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
TURNED |= {ast.Is: ast.IsNot, ast.IsNot: ast.Is}


def _functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node


def _removed_rules(file, tree):
    """Every `if` whose body is never run."""
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.If):
                text = ast.unparse(node.test)
                kept, node.test = node.test, ast.Constant(False)
                yield Mutant(file, f"{function.name}: never `if {text}`", copy.deepcopy(tree))
                node.test = kept


def _turned_comparisons(file, tree):
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
                text = ast.unparse(node)
                kept = node.ops[0]
                node.ops[0] = TURNED[type(kept)]()
                yield Mutant(
                    file,
                    f"{function.name}: `{text}` -> `{ast.unparse(node)}`",
                    copy.deepcopy(tree),
                )
                node.ops[0] = kept


def source_of(file):
    """Find a subject in the firmware's rooms by its name, with its room where two have that name; returns its path."""
    (path,) = (ROOT / "firmware").rglob(file)
    return path


def mutants(only=None):
    for file in SUBJECTS:
        if only in (None, file):
            tree = ast.parse(source_of(file).read_text())
            part = PARTS.get(file)
            yield from (mutant for mutant in _of(file, tree) if part is None or mutant.part in part)


def _of(file, tree):
    yield from _moved_limits(file, tree)
    if file in ("guard.py", "dose.py", "hour.py") or file in PARTS:
        yield from _removed_rules(file, tree)
    yield from _turned_comparisons(file, tree)


def infect(mutant):
    """Put the mutant's functions and constants where the tests' modules already look."""
    module = importlib.import_module(".".join(source_of(mutant.file).relative_to(ROOT).with_suffix("").parts))
    before = dict(vars(module))
    exec(compile(ast.fix_missing_locations(mutant.tree), mutant.file, "exec"), vars(module))
    for name, value in list(vars(module).items()):
        old = before.get(name)
        if isinstance(value, type) and isinstance(old, type) and value.__module__ == module.__name__:
            for attribute, thing in vars(value).items():
                if attribute not in ("__dict__", "__weakref__"):
                    setattr(old, attribute, thing)
            setattr(module, name, old)
    # Constants and functions that others imported by name.
    for other in list(sys.modules.values()):
        if other is module or not getattr(other, "__name__", "").startswith(
            ("firmware.", "test_", "session_bench", "simulator.step_bench")
        ):
            continue
        for name, value in list(vars(other).items()):
            if name in before and value is before[name] and not isinstance(value, type):
                setattr(other, name, vars(module)[name])


def _fails(item):
    """Run one test without pytest's report of it: to print a failure costs more than to find it."""
    setup = item.session._setupstate
    item._initrequest()
    try:
        setup.setup(item)
        item.runtest()
    except Exception:  # noqa: BLE001 - whatever a test raises
        return True
    finally:
        setup.teardown_exact(None)
        item.funcargs = None
    return False


class Mutation:
    """The pytest plugin: instead of running the tests once, it runs them once for each mutant."""

    def __init__(self, only, jobs):
        self._only = only
        self._jobs = jobs
        self.survivors = []
        self.count = 0
        self._items = []
        self._killers = {}  # of mutants of one function or limit
        self._kills = {}

    def pytest_runtestloop(self, session):
        self._items = self._quickest_first(session.items)
        running = {}
        began = time.monotonic()
        for mutant in mutants(self._only):
            self.count += 1
            while len(running) >= self._jobs:
                self._reap(running)
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                self._live_as(mutant, writing)
            os.close(writing)
            running[child] = mutant, reading
        while running:
            self._reap(running)
        print(f"\n{self.count} mutants in {time.monotonic() - began:.0f} s, {len(self.survivors)} survived")
        for name in sorted(self.survivors):
            print("  survived:", name)
        return True

    def _quickest_first(self, items):
        """Run everything once without a mutant: it must be green, and it tells how long each test takes."""
        took = {}
        for place, item in enumerate(items):
            began = time.monotonic()
            following = items[place + 1] if place + 1 < len(items) else None
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                raise pytest.UsageError(f"{item.nodeid} fails without any mutant")
            took[item] = time.monotonic() - began
        return sorted((item for item in items if "heap" not in item.name), key=lambda item: took[item])

    def _in_order(self, mutant):
        """Places of the tests: killers of neighbours first, then those that killed most, then the
        quickest.
        """
        files = {path.rpartition("/")[2] for path in SUBJECTS[mutant.file] + HAZARDS}
        near = self._killers.get(mutant.place, ())
        places = [place for place, item in enumerate(self._items) if item.path.name in files]
        return sorted(places, key=lambda place: (place not in near, -self._kills.get(place, 0), place))

    def _live_as(self, mutant, writing):
        """In the fork: become the mutant; exit with 0 only if no test notices."""
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        signal.alarm(TIMEOUT_S)
        try:
            infect(mutant)
            for place in self._in_order(mutant):
                if _fails(self._items[place]):
                    os.write(writing, str(place).encode())
                    os._exit(1)
        except BaseException:  # noqa: BLE001 - whatever ends a mutant has noticed it
            os._exit(1)
        os._exit(0)

    def _reap(self, running):
        child, status = os.wait()
        mutant, reading = running.pop(child)
        killer = os.read(reading, 20)
        os.close(reading)
        if killer:
            self._killers.setdefault(mutant.place, set()).add(int(killer))
            self._kills[int(killer)] = self._kills.get(int(killer), 0) + 1
        if sys.stderr.isatty() or self.count % 50 == 0:
            print(
                f"\r{self.count} mutants, {len(self.survivors)} survived", end="", file=sys.stderr, flush=True
            )
        survived = status == 0
        listed = mutant.name in EQUIVALENT or mutant.place in EQUIVALENT
        if survived and not listed:
            self.survivors.append(mutant.name)
        elif mutant.name in EQUIVALENT and killer:  # by a test, not by TIMEOUT_S on a busy machine
            self.survivors.append(
                f"{mutant.name} is listed as equivalent and was killed: remove it from the list"
            )


def main():
    parser = argparse.ArgumentParser(
        description="Every limit moved, every rule removed, every comparison turned."
    )
    parser.add_argument("--only", choices=SUBJECTS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    if chosen.list:
        for mutant in mutants(chosen.only):
            print(mutant.name)
        return 0
    plugin = Mutation(chosen.only, chosen.jobs)
    files = sorted({test for file in SUBJECTS if chosen.only in (None, file) for test in SUBJECTS[file]})
    status = pytest.main(
        [
            "-o",
            "addopts=",
            "-q",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *files,
            *HAZARDS,
        ],
        [plugin],
    )
    return 1 if plugin.survivors or not plugin.count or status not in (0, 5) else 0


if __name__ == "__main__":
    sys.exit(main())
