"""What is compiled for the device is the firmware, with fewer names: it does the same, and every line is where it was."""

import ast
import re
import sys

import pytest

from simulator.compact import compact, fold
from simulator.interpreter import compacted_sources, device_texts
from simulator.rom_names import NAMES

PARTS = {
    "house/sizes.py": (
        "from micropython import const\n"
        "HALF = const(128)\n_DEEP = const(-HALF)\nSINK = _DEEP - 1\nOWN = HALF * 2\n"
    ),
    "house/tap.py": (
        "from house import sizes\n"
        "from house.sizes import (\n    HALF,\n    OWN,\n)\n"
        "class Tap:\n"
        "    litres_a_minute = 3\n"
        "    def flow_after(self, minutes_open, write=None):\n"
        "        self.litres = sizes.SINK + sizes.HALF + minutes_open * self.litres_a_minute\n"
        "        return f'{self.litres}', HALF\n"
    ),
}


def test_a_constant_of_another_module_is_its_number_and_no_name():
    small = compact(PARTS).sources
    assert "sizes.HALF" not in small["house/tap.py"] and "128" in small["house/tap.py"]
    assert "(-129)" in small["house/tap.py"]
    assert (
        "_HALF = const(128)" in small["house/sizes.py"]
        and "_SINK = const(_DEEP - 1)" in small["house/sizes.py"]
    )


def test_names_become_such_as_micropython_has_in_flash_but_for_those_that_others_know():
    result = compact(PARTS)
    tap = result.sources["house/tap.py"]
    assert "minutes_open" not in tap and "flow_after" not in tap and "Tap" not in tap
    assert "litres" in tap, "it stands in a text that is put together"
    assert "write" in tap, "MicroPython's own"
    new = {**result.names, **result.own["house/tap.py"]}
    assert set(new) <= NAMES and {"flow_after", "litres_a_minute"} <= set(new.values())


def test_an_argument_and_an_objects_part_share_a_name_which_tells_of_the_part():
    """One stands alone, the other behind a point: they never meet."""
    result = compact(PARTS)
    (given,) = re.findall(r"def \w+\(self, (\w+), write=None\)", result.sources["house/tap.py"])
    assert result.own["house/tap.py"][given] in ("flow_after", "litres_a_minute")


@pytest.mark.parametrize(
    "caller", ["from house import tap\ntap.Tap().flow_after(2)\n", "HALF = SINK = OWN = 1\n"]
)
def test_what_a_file_uses_that_stays_as_it_is_keeps_its_name(caller):
    sources = compact(PARTS, callers=[caller]).sources
    for name in re.findall(r"\b(?:Tap|flow_after)\b", caller):
        assert name in sources["house/tap.py"]
    if "HALF" in caller:
        assert "\nHALF = const(128)" in sources["house/sizes.py"]


def test_a_file_that_comes_along_calls_things_as_the_others_do_and_changes_nothing_of_them():
    alone = compact(PARTS)
    both = compact(
        PARTS,
        along={"script.py": "from house.tap import Tap\nflow_after = Tap().flow_after(minutes_open=2)\n"},
    )
    assert all(both.sources[name] == text for name, text in alone.sources.items())
    new = {old: name for name, old in both.own["house/tap.py"].items()}
    assert both.sources["script.py"].startswith(f"from house.tap import {new['Tap']}\n{new['flow_after']} = ")


def test_a_desks_files_have_numbers_for_constants_and_keep_every_name():
    folded = fold(PARTS)
    assert "(-129) + 128 + minutes_open" in folded["house/tap.py"] and "flow_after" in folded["house/tap.py"]
    assert (
        "HALF = const(128)" in folded["house/sizes.py"]
        and "\nSINK = const(_DEEP - 1)" in folded["house/sizes.py"]
    )
    assert all(folded[name].count("\n") == text.count("\n") for name, text in PARTS.items())


# What each file calls by names of its own, in all the ways in which two of them could meet.
TRAPS = {
    "house/__init__.py": "",
    "house/tank.py": (
        "level_litres = 7\n"
        "def _leak(litres_lost, per_hour=2):\n"
        "    def litres_now(hours_gone):\n"
        "        return level_litres - litres_lost - per_hour * hours_gone\n"
        "    return litres_now\n"
        "class Tank:\n"
        "    depth_cm = 40\n"
        "    def __init__(self, litres_full):\n"
        "        self.litres_full = litres_full\n"
        "        self._litres_gone = 3\n"
        "    def _left(self):\n"
        "        return self.litres_full - self._litres_gone\n"
        "    def filled(self, litres_more):\n"
        "        return self._left() + litres_more, _leak(1, per_hour=3)(1), self.depth_cm\n"
    ),
    "house/boiler.py": (
        "from house import tank\n"
        "from house.tank import Tank\n"
        "_degrees_most = 90\n"
        "class Boiler(Tank):\n"
        "    def __init__(self, degrees_now):\n"
        "        super().__init__(100)\n"
        "        self._degrees_now = degrees_now\n"
        "        self._fuel_kg = 5\n"
        "    def heated(self, degrees_more):\n"
        "        global _degrees_most\n"
        "        _degrees_most += 1\n"
        "        warmer = lambda by_degrees: self._degrees_now + by_degrees\n"
        "        most = min(warmer(degrees_more), _degrees_most)\n"
        "        return most, self._fuel_kg, self.filled(litres_more=1), tank.level_litres\n"
    ),
    "house/meter.py": (
        "from house import boiler\n"
        "class Meter:\n"
        "    def __init__(self, boiler_read):\n"
        "        self._boiler_read = boiler_read\n"
        "        self._counts_so_far = [0]\n"
        "    def counted(self, how_many):\n"
        "        for count_now in range(how_many):\n"
        "            self._counts_so_far.append(count_now)\n"
        "        self._boiler_read.litres_full = 50\n"
        "        return self._counts_so_far, self._boiler_read.heated(60), self._boiler_read.heated(1)\n"
        "said = Meter(boiler.Boiler(20)).counted(3)\n"
    ),
}


def test_with_the_same_few_names_in_every_file_a_program_does_what_it_did(tmp_path, monkeypatch):
    result = compact(TRAPS)
    script = "from house.meter import said\n"
    changed = compact(TRAPS, along={"script.py": script}).sources
    said = []
    for place, sources in (("as_written", {**TRAPS, "script.py": script}), ("changed", changed)):
        for name, text in sources.items():
            (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place / name).write_text(text)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(tmp_path / place))
            for module in [name for name in sys.modules if name.split(".")[0] == "house"]:
                patch.delitem(sys.modules, module)
            variables: dict = {}
            exec(sources["script.py"], variables)
            said.append(next(value for value in variables.values() if isinstance(value, tuple)))
            for module in [name for name in sys.modules if name.split(".")[0] == "house"]:
                del sys.modules[module]
    assert said[0] == said[1] and said[0][1:]
    own = result.own
    assert set(own["house/tank.py"]) & set(own["house/meter.py"]), "the same few"
    # An object has parts of both these files.
    assert not {"_litres_gone", "_left", "_fuel_kg"} & {
        *own["house/tank.py"].values(),
        *own["house/boiler.py"].values(),
    }
    assert {"_degrees_most", "degrees_more"} <= set(own["house/boiler.py"].values())


@pytest.mark.parametrize(
    "script",
    ["from house import a\na.start_1(for_hours=1)\n", "from house import a, b\na.start_1(b.start_2)\n"],
)
def test_a_file_along_that_asks_for_what_is_another_thing_in_each_file_is_refused(script):
    parts = {
        f"house/{name}.py": f"def start_{number}(for_hours):\n    return for_hours\n"
        for number, name in enumerate("ab", start=1)
    }
    with pytest.raises(ValueError, match=r"asks for (for_hours|start_1, start_2)"):
        compact(parts, along={"script.py": script})


def test_arguments_that_a_file_along_also_calls_its_own_variables_do_not_become_one():
    room = """
class {0}:
    def __init__(self, {0}_wide):
        self.{0}_area = {0}_wide
"""
    script = """
def measure(one, other):
    hall_wide = 1
    yard_wide = 2
    one(hall_wide=hall_wide)
    other(yard_wide=yard_wide)
"""
    parts = {f"house/{name}.py": room.format(name) for name in ("hall", "yard")}
    with pytest.raises(ValueError, match="asks for hall_wide, yard_wide"):
        compact(parts, along={"script.py": script})


# In a class's body its parts stand alone, as the argument of the function around it does.
CLASS_INSIDE = """
def made(first_one):
    class Box:
        def look_in(self):
            return 7
        value = first_one
    return Box.value
"""
# A name for what was raised is one of the function's own.
NAMED_ERROR = """
class Box:
    def __init__(self):
        self.troubled = 1
def made(first_one):
    try:
        raise ValueError
    except ValueError as troubled:
        pass
    return first_one
"""


@pytest.mark.parametrize("text", [CLASS_INSIDE, NAMED_ERROR])
def test_an_argument_keeps_a_name_of_its_own_where_a_part_would_stand_alone(text):
    variables: dict = {}
    exec(compact({"house/box.py": text}, callers=["made"]).sources["house/box.py"], variables)
    assert variables["made"](4) == 4


def test_the_firmware_keeps_its_lines_its_texts_and_its_machine_code():
    small = compacted_sources().sources
    for name, text in device_texts("armv6m").items():
        before, after = ast.parse(text), ast.parse(small[name])
        assert _statements(before) == _statements(after), name
        assert _texts(before) <= _texts(after), name
        assert len(text.split("\n")) == len(small[name].split("\n"))


def test_registers_and_instructions_keep_their_names():
    text = (
        "import micropython\n"
        "@micropython.asm_thumb\n"
        "def twice_a_long_name(r0):\n"
        "    label(A_LONG_LABEL)\n"
        "    add(r0, r0, r0)\n"
        "def other_long_name(r0, add):\n"
        "    return twice_a_long_name(r0 + add)\n"
    )
    small = compact({"a.py": text}).sources["a.py"]
    assert "label(A_LONG_LABEL)" in small and "add(r0, r0, r0)" in small and "(r0):" in small


def _statements(tree):
    """Kind and line of each statement; an import that brought constants alone has become `pass`."""
    return [
        (node.lineno, type(node).__name__)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass)
    ]


def _texts(tree):
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
