"""Commands that are stopped half-way: by a terminal that is closed, by a folder that takes nothing."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import cli, output
from host_tools.sound import render
from simulator import interpreter
from simulator.files import stopping
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
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout.readline() == b"there\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".calando-")]
    process.send_signal(number)
    assert process.wait(30) != 0
    said = process.stderr.read().decode()
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()
    assert list(tmp_path.iterdir()) == []
    # A terminal that was closed hears nothing more.
    assert said == ("" if number == signal.SIGHUP else "calando: stopped: nothing was written.\n")


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


# What takes an exception that comes while it runs, and goes on as if nothing were.
SWALLOWS = {
    "a finalizer": """
class Rubbish:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

Rubbish()
""",
    "a library": """
try:
    os.kill(os.getpid(), signal.{name})
    time.sleep(1)
except BaseException:
    pass
""",
}
GOES_ON = """
import os, signal, sys, time
from pathlib import Path
from host_tools import cli, output

def app():
    with output.OutputFolder(Path("out")):
        exec({code!r})
        print("goes on", flush=True)
        while True:
            time.sleep(0.05)

cli.app = app
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("where", SWALLOWS)
def test_a_request_to_end_that_is_lost_is_made_again(tmp_path, where, number):
    """A terminal that was closed was survived twice in thirty times: Python throws away what is raised in such a place."""
    code = SWALLOWS[where].format(name=number.name)
    ended = subprocess.run(
        [sys.executable, "-c", GOES_ON.format(code=code)], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=100,
    )  # fmt: skip
    assert ended.stdout == b"goes on\n" and ended.returncode == 128 + number, ended
    assert list(tmp_path.iterdir()) == []


CLEARS_UP = """
import os, signal, time
from pathlib import Path
from host_tools import cli
from simulator.files import stopping

stopping.AGAIN_S = 0.01

def app():
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(1)
    finally:
        time.sleep(0.2)
        Path("put in order").touch()

cli.app = app
cli.main()
"""


def test_what_is_put_in_order_on_the_way_out_is_not_disturbed(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", CLEARS_UP], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=100,
    )  # fmt: skip
    assert ended.returncode == 128 + signal.SIGHUP and [path.name for path in tmp_path.iterdir()] == [
        "put in order"
    ]


@pytest.mark.parametrize(
    ("written", "noted", "says"),
    [
        ([], {}, "stopped: nothing was written"),
        (["a.wav"], {}, "stopped: written: a.wav"),
        (list("abcde"), {}, "stopped: written: a, b, c and 2 more"),
        (list("ababab"), {}, "stopped: written: a, b"),
        (
            [],
            {"device": "nothing was committed"},
            "stopped: nothing was written; nothing was committed",
        ),
    ],
)
def test_ctrl_c_says_in_a_line_what_was_done(written, noted, says, monkeypatch, capsys):
    """It ended in silence with 130 in every command, unless it had not begun, or was committing."""

    def stopped(*_):
        for place in written:
            stopping.note_written(place)
        for what, state in noted.items():
            stopping.note(what, state)
        raise KeyboardInterrupt

    monkeypatch.setattr("host_tools.sound.meter.meter", stopped)
    for _ in range(2):  # the second one tells nothing of the first
        monkeypatch.setattr(sys, "argv", ["calando", "meter", "a.wav"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 130
        assert capsys.readouterr() == ("", f"calando: {says}.\n")


def test_what_is_written_is_noted(tmp_path):
    stopping.forget()
    output.write_files({tmp_path / "a": b"a"})
    with output.OutputFolder(tmp_path / "new") as new:
        (new / "b").write_bytes(b"b")
    with output.OutputFolder(tmp_path / "new") as new:
        (new / "c").write_bytes(b"c")
    assert stopping.told() == f"stopped: written: {tmp_path / 'a'}, {tmp_path / 'new'}"
    stopping.forget()


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
    says = ["calando: stopped.\n", "calando: stopped: nothing was written.\n"]
    assert ended.stderr in says + [""] * (program == "simulator.live") and not ended.stdout.strip()
    assert list(tmp_path.iterdir()) == []
