"""What a command writes is whole or not there, and never in the place of something that is no file."""

import os

import pytest

from host_tools import output
from simulator.files.errors import CalandoError


def test_a_file_is_written_in_the_place_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    output.write_files({tmp_path / "a": b"new"})
    assert (tmp_path / "a").read_bytes() == b"new" and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_pipe_or_a_device_stays_what_it_is_and_nothing_is_written(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CalandoError, match="pipe is no file, and is left as it is"):
        output.write_files({tmp_path / "a": b"new", tmp_path / "pipe": b"new"})
    assert (tmp_path / "pipe").is_fifo() and [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_folder_is_no_place_for_a_file(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(CalandoError, match="cannot be written"):
        output.write_files({tmp_path / "a": b"new"})
