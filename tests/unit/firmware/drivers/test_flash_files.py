"""The driver of the flash's files: it writes nothing while the amplifier is on."""

import os

import pytest

from firmware.drivers import flash_files


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(flash_files, "FOLDER", str(tmp_path))
    made = flash_files.FlashFiles(lambda: made.audible)
    made.audible = False
    return made


def test_files_are_written_appended_renamed_and_removed(files):
    files.write("new.a", (b"one", b"two"))
    files.append("new.a", (b"three",))
    buffer = bytearray(20)
    with open(os.path.join(flash_files.FOLDER, "new.a"), "rb") as file:
        assert file.read() == b"onetwothree"
    assert files.read_into("new.a", 3, buffer) == 8 and buffer[:8] == b"twothree"
    files.write("a", (b"old",))
    files.rename("new.a", "a")
    assert files.names() == ["a"] and files.size("a") == 11 and files.size("new.a") is None
    files.remove("a")
    files.remove("a")
    files.write("new.x", ())
    files.write("keep", ())
    files.remove_all("new.")
    assert files.names() == ["keep"] and files.free_bytes() > 0


@pytest.mark.parametrize(("free", "room"), [(4294967294, 0), (353, 0), (352, 352 * 4096), (9, 9 * 4096)])
def test_more_blocks_free_than_there_are_is_no_room(files, monkeypatch, free, room):
    counts = (4096, 4096, 352, free, free, 0, 0, 0, 0, 255)
    monkeypatch.setattr(flash_files.os, "statvfs", lambda path: counts)
    assert files.free_bytes() == room


def test_while_the_amplifier_is_on_nothing_is_written(files):
    files.write("a", (b"old",))
    files.audible = True
    for change in (
        lambda: files.write("a", (b"new",)),
        lambda: files.append("a", (b"new",)),
        lambda: files.rename("a", "b"),
        lambda: files.remove("a"),
        lambda: files.remove_all("a"),
    ):
        with pytest.raises(OSError) as caught:
            change()
        assert caught.value.args[0] == 16
    assert files.size("a") == 3 and files.names() == ["a"]
