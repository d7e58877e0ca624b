"""Values on the command line are what typer makes of them, whoever turns them."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from host_tools.commands import once

Fruit = StrEnum("Fruit", ["apple", "pear"])


def answer(simple: bool, words: list[str]) -> tuple[int, str, str]:
    """Return what a command answers to words, with values turned by us where they are simple, or by typer alone."""
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    def command(
        place: Path,
        name: str | None = None,
        fruit: Fruit = Fruit.apple,
        many: Annotated[int, typer.Option(min=-3, max=7)] = 0,
        much: Annotated[float | None, typer.Option(min=0)] = None,
        clamped: Annotated[int, typer.Option(max=7, clamp=True)] = 1,
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        text: Annotated[list[str] | None, typer.Option()] = None,
        flag: bool = False,
    ) -> None:
        typer.echo(repr((place, name, fruit, many, much, clamped, there, text, flag)))

    if simple:
        once.everywhere(app)
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "a.csv", ".", "--name x -- -", "a --name=", "a --fruit pear", "a --fruit Pear", "a --fruit plum", "a --fruit=",
        "a --many 7", "a --many -3", "a --many 8", "a --many -4", "a --many x", "a --many 1_0", "a --many +5",
        "a --many 5.0", "a --many=", "a --much 0", "a --much 1.5", "a --much -0.5", "a --much 1e3", "a --much nan",
        "a --much .5",
        "a --many 007", "a --many \u0663", "a --clamped 9", "a --clamped 3", "a --there nothing_of_this_name",
        "a --there .", "a --text x --text y", "a --flag", "",
    ],
)  # fmt: skip
def test_every_value_is_what_typer_makes_of_it(words):
    assert answer(True, words.split()) == answer(False, words.split())


def test_a_file_that_may_not_be_read_is_refused_as_by_typer(tmp_path, monkeypatch):
    (tmp_path / "a").touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert answer(True, [str(tmp_path / "a")]) == answer(False, [str(tmp_path / "a")])
    assert answer(True, [str(tmp_path / "a")])[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ["meter", "nothing.wav", "--full-scale-dba", "90.5"],
        ["vitals", "nothing.csv", "--population", "adult", "--rate", "50"],
    ],
)
def test_simple_values_load_no_pydantic(words):
    code = (
        "import sys, contextlib\n"
        "from host_tools.cli import main\n"
        "with contextlib.suppress(SystemExit):\n    main()\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=True, text=True)
    assert done.stderr.startswith("calando: ") and done.stdout == "False\n"
