"""What a person named is read whole, or told in a sentence; nothing waits for what never comes."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from host_tools import zip_files
from host_tools.sound import decode, render
from simulator.files import contents
from simulator.files.errors import CalandoError

WAITS_S = 20  # a reader that waits for a writer has not ended by then


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    return path


def _unpack(path):
    with zip_files.opened(path, "backup", 1000, 10):
        pass


READERS = {
    "any": lambda path: contents.read_bytes(path, "session", 1000, "take another"),
    "zip": _unpack,
    "pulse": render.load_pulse,
    "sound": decode.read,
}


def _refuse(kind, path, told):
    try:
        READERS[kind](path)
    except CalandoError as error:
        told.put(str(error))


@pytest.mark.parametrize("kind", READERS)
def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(kind, pipe):
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    reader = context.Process(target=_refuse, args=(kind, pipe, told), daemon=True)
    reader.start()
    reader.join(WAITS_S)
    waits = reader.is_alive()
    reader.kill()
    assert not waits
    assert f"{pipe} is a pipe" in told.get(timeout=5)


@pytest.mark.parametrize("pause_s", [0, 0.3])
def test_what_is_written_to_a_pipe_is_read_whole(pause_s, pipe):
    """As a shell's `<(...)` or /dev/stdin, whose writer may be slow to begin."""
    number = os.open(pipe, os.O_RDWR)  # a writer that is there
    if not pause_s:
        os.write(number, b"first and ")

    def write():
        os.write(number, b"last" if not pause_s else b"first and last")
        os.close(number)

    threading.Timer(pause_s or 0.3, write).start()
    assert contents.read_bytes(pipe, "session", 1000, "take another") == b"first and last"


def test_a_pipe_that_brings_too_much_is_refused(pipe):
    number = os.open(pipe, os.O_RDWR)
    os.write(number, b"x" * 2000)
    with pytest.raises(CalandoError, match="at most 1 KB"):
        contents.read_bytes(pipe, "session", 1000, "take another")
    os.close(number)


def test_a_pulse_without_end_is_refused():
    with pytest.raises(CalandoError, match="at most 20 MB"):
        render.load_pulse(Path("/dev/zero"))
