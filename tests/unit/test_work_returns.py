"""Work returns values and raises; only the words of the command line print, and programs of the project's own.

So a page or another program can call whatever works, and shows what comes back in its own way.
"""

import ast

import pytest

from host_tools.docs import imports
from simulator.interpreter import ROOT

# The main() of a program that is run by `python -m`, or by MicroPython, speaks to who runs it.
PROGRAM = "main"
SPEAKING = {"print", "input", "echo", "secho"}
STREAMS = {"stdout", "stderr"}
# A process of the simulator's own, asked and answered over its pipes.
PIPES = {"simulator.live", "host_tools.play.reporter"}


def speaks(text: str) -> list[str]:
    """Return where a source prints: "line 12: print"."""
    found = []

    def look(node: ast.AST, function: str | None) -> None:
        for child in ast.iter_child_nodes(node):
            name = child.name if isinstance(child, ast.FunctionDef) and function is None else function
            if isinstance(child, ast.Name) and child.id in SPEAKING:
                said = child.id
            elif isinstance(child, ast.Attribute) and (
                child.attr in ("echo", "secho")
                or (child.attr in STREAMS and isinstance(child.value, ast.Name) and child.value.id == "sys")
            ):
                said = child.attr
            elif isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == "rich":
                said = "rich"
            else:
                said = None
            if said is not None and name != PROGRAM:
                found.append(f"line {getattr(child, 'lineno', 0)}: {said}")
            look(child, name)

    look(ast.parse(text), None)
    return found


WORKING = {
    name: path
    for name, path in imports.sources().items()
    if not name.startswith(("host_tools.commands", "firmware.", "simulator.target", "simulator.cpython"))
}


@pytest.mark.parametrize("name", sorted(WORKING.keys() - PIPES))
def test_only_commands_print(name):
    found = speaks(WORKING[name].read_text("utf-8"))
    assert not found, (
        f"{WORKING[name].relative_to(ROOT)}: return it, and print it in host_tools/commands ({found})"
    )


@pytest.mark.parametrize(
    "text", ["def work():\n    print(1)", "import sys\nsys.stdout.write('a')", "from typer import echo\necho('a')",
             "def work(say=print): pass"]
)  # fmt: skip
def test_what_prints_is_seen(text):
    assert speaks(text)


def test_a_programs_own_words_are_not_meant():
    assert not speaks("def main():\n    def say():\n        print(1)")
