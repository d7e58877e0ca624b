"""What reaches the terminal: plain characters only, and a sentence where it takes no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.commands import terminal

ROOT = Path(__file__).resolve().parents[4]
CALANDO = [sys.executable, "-m", "host_tools.cli"]


@given(st.text())
def test_nothing_that_moves_hides_or_turns_comes_through(text):
    shown = terminal.plain(text)
    assert all(character == "\n" or character.isprintable() or character.isspace() for character in shown)
    assert not any(character in shown for character in "\x1b\x9b\x07\r\u202e\u200b\x7f\u2028")
    assert terminal.plain(shown) == shown


@given(st.text())
def test_json_means_the_same_afterwards(text):
    assert json.loads(terminal.plain(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", ["Schlaf, Kindlein → 72 °C ½", "夜の歌", "a\nb"])
def test_writing_in_any_language_stays(text):
    assert terminal.plain(text) == text


@pytest.mark.parametrize(
    "words", [["--help"], ["profile", "show", "--ready", "adult"], ["song", "put", "--help"]], ids=" ".join
)
def test_a_full_standard_output_is_a_sentence(words):
    with open("/dev/full", "w") as full:
        ended = subprocess.run(CALANDO + words, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "calando: what was to be printed cannot be written (no space left on device)"
    )
    assert ended.stderr.count("\n") == 1


def test_a_file_name_with_an_escape_sequence_is_shown_plain(tmp_path):
    name = str(tmp_path / "a\x1b]0;x\x07.toml")
    ended = subprocess.run([*CALANDO, "profile", "validate", name], capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 1
    assert "\\u001b]0;x\\u0007.toml" in ended.stderr and "\x1b" not in ended.stderr


def test_a_word_that_would_fill_the_window_is_shown_by_its_ends(capsys):
    terminal.complain(f"{'x' * 301} is too long, {'y' * 300} is not")
    assert capsys.readouterr().err == f"calando: {'x' * 60}...{'x' * 60} is too long, {'y' * 300} is not.\n"


AT_A_TERMINAL = """
import sys
sys.stdin.reconfigure(errors="strict")  # as at a terminal of UTF-8
sys.stdin.isatty = lambda: True
from host_tools.commands import common
from host_tools import cli
@cli.app.command()
def asking() -> None:
    common.say(common.ask("Which", "give it"))
    common.say(common.ask("And then", "give it"))
cli.main()
"""


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (b"one\n", "\ncalando: what was asked was not answered, so nothing was changed.\n"),
        (b"one\n\xff\n", "calando: what was typed is no text in UTF-8, so nothing was changed.\n"),
    ],
)
def test_an_answer_that_never_comes_or_is_no_text_is_a_sentence(typed, told):
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", AT_A_TERMINAL, "asking"],
        input=typed, capture_output=True, cwd=ROOT,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr.decode()) == (1, told)
