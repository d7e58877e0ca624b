"""What a person named is read whole, or told in a sentence; nothing waits for what never comes."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from host_tools import zip_files
from host_tools.sound import decode, render
from simulator.files import contents, song_file
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


@pytest.mark.parametrize(
    ("size", "most_bytes", "told"),
    [
        (2500, 2048, ("2500 bytes", "2048 bytes")), (2049, 2048, ("more than 2048 bytes", "2048 bytes")),
        (300_000, 163_344, ("300 KB", "163344 bytes")), (70_000, 20_000, ("70 KB", "20 KB")),
        (20_001, 20_000, ("more than 20 KB", "20 KB")), (20_400, 20_000, ("more than 20 KB", "20 KB")),
        (4_000_002, 4_000_000, ("more than 4 MB", "4 MB")), (5_250_000, 4_000_000, ("5.2 MB", "4 MB")),
    ],
)  # fmt: skip
def test_a_size_and_the_most_that_it_may_be_are_told_apart(size, most_bytes, told):
    assert contents.sizes(size, most_bytes) == told


def test_a_song_that_is_too_large_is_told_with_its_own_size(tmp_path):
    """It was "larger than 3 KB; a song has at most 3 KB", and a song has at most 2048 bytes."""
    (tmp_path / "a.lul").write_bytes(bytes(2500))
    with pytest.raises(
        CalandoError, match=r"a\.lul has 2500 bytes; a song has at most 2048 bytes, so make one"
    ):
        song_file.read(tmp_path / "a.lul")


def test_a_pulse_without_end_is_refused():
    with pytest.raises(CalandoError, match="at most 20 MB"):
        render.load_pulse(Path("/dev/zero"))
