"""Commands that are stopped half-way: by a terminal that is closed, by a folder that takes nothing."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.sound import render
from simulator import interpreter
from simulator.files.errors import CalandoError

PROGRAM = """
import sys
from pathlib import Path
from pathlib import Path
from host_tools import cli, output

def app():
    with output.OutputFolder(Path("out")) as new:
        (new / "half").write_text("half")
        print("there", flush=True)
        sys.stdin.read()

cli.app = app
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_stopped_leaves_nothing_behind(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout.readline() == b"there\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".calando-")]
    process.send_signal(number)
    assert process.wait(30) != 0
    process.stdin.close()
    process.stdout.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_one_sentence(tmp_path, monkeypatch):
    shelf = tmp_path / "shelf"
    shelf.mkdir(mode=0o555)
    interpreter.environment()  # the firmware's image is built in a folder of its own, which takes what it is given
    if os.geteuid() == 0:  # who may write everywhere: the system's answer in its place

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr("tempfile.mkstemp", refuse)
        monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(CalandoError, match=r"(?i)permission denied"):
        render.render(shelf / "song.wav", song="twinkle", seconds=1.0)
    monkeypatch.setattr(
        sys,
        "argv",
        ["calando", "render", "--song", "twinkle", "--seconds", "1", "--out", str(shelf / "a.wav")],
    )
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert list(shelf.iterdir()) == []


# Ctrl-C comes the moment that a module is asked for, as a finger may find it anywhere in the start of a command.
WHILE_IT_IMPORTS = """
import os, runpy, signal, sys, tomllib
from importlib.metadata import EntryPoint

class Finger:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finger())
sys.argv[1:] = {words!r}
if {program!r} == "calando":
    with open("{root}/pyproject.toml", "rb") as project:
        script = tomllib.load(project)["project"]["scripts"]["calando"]
    EntryPoint("calando", script, "console_scripts").load()()
else:
    runpy.run_module({program!r}, run_name="__main__", alter_sys=True)
"""
ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("program", "words", "module"),
    [
        *[("calando", ["--help"], name) for name in ("typer", "host_tools.commands", "host_tools.cli")],
        *[
            ("calando", ["profile", "show", "--ready", "adult"], name)
            for name in ("pydantic", "pydantic_core")
        ],
        *[
            ("calando", ["simulate", "newborn"], name)
            for name in ("host_tools.play", "numpy", "simulator.bedside")
        ],
        *[
            ("simulator.live", ["--speed", "free"], name)
            for name in ("argparse", "simulator.bedside", "numpy")
        ],
        ("simulator.live", [], "simulator.runtimes"),
    ],
)
def test_ctrl_c_while_a_command_begins_is_no_traceback(program, words, module, tmp_path):
    code = WHILE_IT_IMPORTS.format(program=program, words=words, module=module, root=ROOT)
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=100,
    )  # fmt: skip
    assert ended.returncode == 130, ended
    assert ended.stderr.strip() in ("", "calando: stopped.") and not ended.stdout.strip()
    assert list(tmp_path.iterdir()) == []
