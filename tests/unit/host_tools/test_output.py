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
    for refuse in (output.write_files, output.refuse_to_replace):
        with pytest.raises(CalandoError, match="a is a folder; name a file in it"):
            refuse({tmp_path / "a": b"new"})
    with pytest.raises(CalandoError, match="a is a folder; name a file in it"):
        output.refuse_another_kind([(tmp_path / "a", "RIFF")])
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and list((tmp_path / "a").iterdir()) == []


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "kept").write_bytes(b"old")
    (tmp_path / "link").symlink_to("kept")
    output.write_files({tmp_path / "link": b"new"})
    assert (tmp_path / "kept").read_bytes() == b"new" and (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("to", ["link", "nowhere"])
def test_a_link_that_leads_nowhere_is_left_as_it_is(tmp_path, to):
    (tmp_path / "link").symlink_to(to)
    with pytest.raises(CalandoError, match="link is a link that leads nowhere"):
        output.write_files({tmp_path / "a": b"new", tmp_path / "link": b"new"})
    assert os.readlink(tmp_path / "link") == to and [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_result_takes_the_place_of_an_older_one_and_of_nothing_else(tmp_path):
    older, other, empty = tmp_path / "older.csv", tmp_path / "other.csv", tmp_path / "empty.csv"
    older.write_text("time_s,voice\n1,2\n")
    other.write_text("time_s,ir\n1,2\n")
    empty.touch()
    output.refuse_another_kind([(older, "time_s,voice"), (empty, "RIFF"), (None, ""), (tmp_path / "new", "")])
    with pytest.raises(CalandoError, match="is no earlier result of this kind"):
        output.refuse_another_kind([(older, "time_s,voice"), (other, "time_s,voice")])
    with pytest.raises(CalandoError, match="is to take two results"):
        output.refuse_another_kind([(tmp_path / "a", ""), (tmp_path / "." / "a", "")])
    (tmp_path / "link").symlink_to(older)
    with pytest.raises(CalandoError, match="is to take two results"):
        output.refuse_another_kind([(older, "time_s,voice"), (tmp_path / "link", "time_s,voice")])
