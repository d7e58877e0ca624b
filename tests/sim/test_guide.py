"""The therapist's guide, followed line by line in a fresh home with the simulated device: each line does what it shows.

What a person does beside the lines (a tune written down, a number changed in an editor, an answer typed) is done here as
the guide says it. "..." in the guide stands for anything.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import sung_voices

from simulator.interpreter import ROOT, find_micropython

GUIDE = (ROOT / "docs" / "therapist-guide.md").read_text("utf-8")
# What somebody types comes through a pipe that says it is a terminal.
AT_A_TERMINAL = "import sys; sys.stdin.isatty = lambda: True; from host_tools.cli import main; main()"
VOICE_HZ = 16_000
TYPED = {
    "calando profile put night.toml --commit": "yes\n",
    "calando restore all.zip": "yes\n",
    "calando factory-reset": "4f01\n",
    "calando calibrate": "25\n40\n50\n60\n",
}


def steps(guide: str) -> list[tuple[str, list[str]]]:
    """Return each line after a $ with what the guide shows below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", guide, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line:
                found[-1][1].append(line)
    return found


def edit(file: Path, **settings: str) -> None:
    """Change settings of a profile as somebody does in an editor."""
    text = file.read_text("utf-8")
    for name, value in settings.items():
        text, count = re.subn(rf"(?m)^{name} = .*", f"{name} = {value}", text)
        assert count == 1, name
    file.write_text(text, "utf-8")


def prepare(line: str, home: Path) -> None:
    """Do what a person does before a line."""
    night = home / "night.toml"
    if line == "calando profile validate night.toml":
        edit(night, title='"Night"', level_dba="44")
    elif line == "calando profile validate bad.toml":
        (home / "bad.toml").write_text(night.read_text("utf-8"), "utf-8")
        edit(home / "bad.toml", level_dba="70")
    elif line == "calando song import grandmother.abc":
        [tune] = re.findall(r"```abc\n(.*?)```", GUIDE, re.S)
        (home / "grandmother.abc").write_text(tune, "utf-8")
    elif line == "calando song record lullaby.wav --kind voice":
        samples, _ = sung_voices.sing([(67, 2), (71, 2), (74, 4)] * 2, rate_hz=VOICE_HZ)
        soundfile.write(home / "lullaby.wav", samples[: 12 * VOICE_HZ], VOICE_HZ)
    elif line == "calando render --profile night.toml --seconds 60 --out night.wav":
        edit(night, song='"grandmother"', voice='"lullaby"')


def run(line: str, home: Path) -> tuple[int, list[str]]:
    """Return the exit status of a line and what it printed."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("CALANDO_", "XDG_"))
    }
    environment |= {
        "HOME": str(home), "CALANDO_PORT": "sim", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }  # fmt: skip
    typed = next((text for start, text in TYPED.items() if line.startswith(start)), None)
    if typed is not None:
        line = line.replace("calando", f"{shlex.quote(sys.executable)} -c {shlex.quote(AT_A_TERMINAL)}", 1)
    done = subprocess.run(
        line, shell=True, cwd=home, env=environment, input=typed or "", text=True, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout.replace(str(home), "/home/you").splitlines()


def same(shown: list[str], said: list[str]) -> bool:
    """Return whether a program said what the guide shows."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*")
        for line in shown
    )
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in said if line.strip())) is not None


# With a sound level meter, in the minutes that it takes: by themselves, so that two processors can share the guide.
APART = ("calando selftest", "calando calibrate")


@pytest.mark.skipif(find_micropython() is None, reason="no MicroPython for this machine")
@pytest.mark.parametrize("apart", [False, True], ids=["the week", "calibration"])
def test_every_line_of_the_guide_does_what_it_shows(tmp_path, apart):
    home = tmp_path / "home"
    home.mkdir()
    found = [step for step in steps(GUIDE) if step[0].startswith(APART) == apart]
    assert len(found) == 2 if apart else len(found) > 25
    wrong = []
    for line, shown in found:
        prepare(line, home)
        status, said = run(line, home)
        refused = any(text.startswith("calando: ") for text in shown)
        if status != int(refused) or (shown and not same(shown, said)):
            wrong.append("\n".join([f"$ {line}   (status {status})", *said]))
    assert not wrong, "\n\n".join(wrong)


def test_what_is_shown_and_not_said_is_seen():
    assert same(["a", "...", "d e"], ["a", "b", "c", "d e"]) and same(["x ... z"], ["x y z"])
    assert not same(["a", "d"], ["a", "c", "d"]) and not same(["44"], ["45"])
