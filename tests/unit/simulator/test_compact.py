"""What is compiled for the device is the firmware, with fewer names: it does the same, and every line is where it was."""

import ast
import re

import pytest

from simulator.compact import compact, fold
from simulator.interpreter import compacted_sources, device_sources
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
    assert set(result.names) <= NAMES and "minutes_open" in result.names.values()


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
    new = {old: name for name, old in both.names.items()}
    assert both.sources["script.py"].startswith(f"from house.tap import {new['Tap']}\n{new['flow_after']} = ")


def test_a_desks_files_have_numbers_for_constants_and_keep_every_name():
    folded = fold(PARTS)
    assert "(-129) + 128 + minutes_open" in folded["house/tap.py"] and "flow_after" in folded["house/tap.py"]
    assert (
        "HALF = const(128)" in folded["house/sizes.py"]
        and "\nSINK = const(_DEEP - 1)" in folded["house/sizes.py"]
    )
    assert all(folded[name].count("\n") == text.count("\n") for name, text in PARTS.items())


def test_the_firmware_keeps_its_lines_its_texts_and_its_machine_code():
    small = compacted_sources().sources
    for name, path in device_sources().items():
        before, after = ast.parse(path.read_text()), ast.parse(small[name.as_posix()])
        assert _statements(before) == _statements(after), name
        assert _texts(before) <= _texts(after), name
        assert len(path.read_text().split("\n")) == len(small[name.as_posix()].split("\n"))


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
