"""A session's journal on flash: what a power cut leaves of it, and of everything else, wherever it comes.

The file system is littlefs itself on a flash that only clears bits; see tests/support/flash_bench.py.
"""

import functools

import pytest
from flash_bench import Life, kinds, row_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.drivers.flash_pages import FlashPages
from simulator.flash import SECTOR_BYTES, SECTORS

MOST_LOST_S = 16
PAGE_FILES = FlashPages.count // 15
OTHERS = {"profile.0": b"p" * 700, "dose.0": b"d" * 60, "song.0": bytes(range(256)) * 40}


@functools.cache
def with_others():
    """A device with other records on its flash, never switched on."""
    life = Life(b"\xff" * (SECTORS * SECTOR_BYTES))
    for name, data in OTHERS.items():
        life.files.write(name, (data,))
    return life.left


@functools.cache
def ready():
    """The same, switched on once, with a session."""
    life = Life(with_others())
    life.open()
    life.play(10, 50)
    life.end(60)
    return life.left


def cut_short(image, cut_at, seed=0):
    """A whole life on `image` (a boot, a session of 40 rows, its end) up to operation `cut_at`; returns it."""
    life = Life(image, cut_at, seed)
    life.open()
    life.play(1000, 40)
    life.end(1040)
    return life


def check(image, rows):
    """What must hold at the boot after a cut, `rows` seconds into the second session; and that life goes on."""
    life = Life(image)
    life.open()
    assert life.others() == OTHERS
    sessions = life.sessions()
    assert row_seconds(sessions[0]) == list(range(10, 60)), "the session before is whole"
    assert len(sessions) == 1 + (len(sessions) > 1), "no session is there twice"
    if len(sessions) == 1:
        assert rows < MOST_LOST_S
    else:
        kept = row_seconds(sessions[1])
        assert kept == list(range(1000, 1000 + len(kept))) and rows - MOST_LOST_S < len(kept) <= rows
        assert "cut" in kinds(sessions[1]) or len(kept) == rows
    life.play(2000, 20)
    life.end(2020)
    assert row_seconds(life.sessions()[-1]) == list(range(2000, 2020)) and kinds(life.sessions()[-1]) == [
        "end"
    ]
    assert life.others() == OTHERS


@functools.cache
def operations_of_a_life():
    return cut_short(ready(), None).operations


@settings(max_examples=60)
@given(st.data())
def test_a_power_cut_anywhere_loses_sixteen_seconds_at_most_and_nothing_else(data):
    cut_at = data.draw(st.integers(0, operations_of_a_life()), label="operation")
    life = cut_short(ready(), cut_at, data.draw(st.integers(0, 99), label="seed"))
    check(life.left, life.rows)


@settings(max_examples=40)
@given(st.integers(0, 40), st.lists(st.integers(0, 60), min_size=1, max_size=3), st.integers(0, 99))
def test_a_power_cut_at_any_second_and_more_while_that_session_is_saved(seconds, cuts, seed):
    life = Life(ready())
    life.open()
    life.play(1000, seconds)
    image = life.left
    for number, cut_at in enumerate(cuts):
        again = Life(image, cut_at, seed + number)
        again.open()
        image = again.left
    check(image, seconds)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 130), min_size=1, max_size=2), st.integers(0, 99))
def test_a_power_cut_while_the_pages_are_made_is_made_good(cuts, seed):
    image = with_others()
    for number, cut_at in enumerate(cuts):
        life = Life(image, cut_at, seed + number)
        life.open()
        image = life.left
    life = Life(image)
    life.open()
    assert life.others() == OTHERS
    life.play(10, 50)
    life.end(60)
    check(life.left, 0)


def test_boot_after_boot_the_pages_stay_where_they_are_and_are_erased_rarely():
    image = ready()
    erases = 0
    for _ in range(45):
        life = Life(image)
        assert life.open() is False
        erases += life.flash.erases
        image = life.left
    assert erases <= 4 * PAGE_FILES, "the places for proofs last fourteen boots"
    assert life.file_system.listdir("/").count("page.0") == 1
    check(image, 0)


# What somebody may do to the files between two boots, over the prompt that maintenance opens.
MEDDLING = {
    "removed": lambda fs: fs.remove("page.0"),
    "all_removed": lambda fs: [fs.remove(name) for name in fs.listdir("/") if name.startswith("page.")],
    "rewritten_as_it_was": lambda fs: put(fs, "page.0", get(fs, "page.0")),
    "overwritten": lambda fs: put(fs, "page.0", b"something else" * 300),
    "of_the_right_size": lambda fs: put(fs, "page.0", b"x" * SECTOR_BYTES),
    "emptied": lambda fs: put(fs, "page.0", b""),
    "exchanged": lambda fs: (
        fs.rename("page.1", "x"),
        fs.rename("page.2", "page.1"),
        fs.rename("x", "page.2"),
    ),
}


def get(file_system, name):
    with file_system.open(name, "rb") as file:
        return file.read()


def put(file_system, name, data):
    with file_system.open(name, "wb") as file:
        file.write(data)


@pytest.mark.parametrize("new_blocks", [0, 30])
@pytest.mark.parametrize("what", MEDDLING)
def test_page_files_that_somebody_changed_do_no_harm(what, new_blocks):
    life = Life(ready())
    MEDDLING[what](life.file_system)
    # What takes the blocks that came free is not to be touched.
    put(life.file_system, "new", b"n" * (new_blocks * SECTOR_BYTES))
    life = Life(life.left)
    life.open()
    assert get(life.file_system, "new") == b"n" * (new_blocks * SECTOR_BYTES)
    life.file_system.remove("new")
    check(life.left, 0)
    # And in this life too: what it writes is where its files are.
    life.play(1000, 40)
    check(life.left, 40)


def test_copies_of_page_files_and_page_files_that_were_renamed_are_not_touched():
    life = Life(ready())
    copies = {f"copy{number}": get(life.file_system, f"page.{number}") for number in range(PAGE_FILES)}
    for name, data in copies.items():
        put(life.file_system, name, data)
    for number in range(PAGE_FILES):
        # Now the copies come first, and what is in both is the same.
        put(life.file_system, f"page.{number}", copies[f"copy{number}"])
    life.file_system.rename("page.5", "renamed")
    copies["renamed"] = get(life.file_system, "renamed")
    for _ in range(2):
        life = Life(life.left)
        life.open()
        life.play(1000, 40)
        life.end(1040)
    assert {name: get(life.file_system, name) for name in copies} == copies


def test_nothing_is_erased_while_the_amplifier_is_on():
    life = Life(ready())
    life.open()
    life.play(1000, 40)
    erases = life.flash.erases
    with pytest.raises(RuntimeError):
        life.pages.erase(lambda: None)
    assert life.flash.erases == erases


def test_a_session_longer_than_the_pages_says_so_and_how_it_ended():
    life = Life(ready())
    life.open()
    life.play(100, 3600)
    life.end(3700)
    session = life.sessions()[-1]
    kept = row_seconds(session)
    assert kept == list(range(100, 100 + len(kept))) and len(kept) >= 50 * 60
    assert kinds(session) == ["full", "end"]
    assert life.others() == OTHERS


def test_events_of_an_idle_device_are_no_session_and_the_newest_stay():
    life = Life(ready())
    life.open()
    for second in range(100):
        life.journal.event(second, "press")
        life.journal.keep()
    assert not life.journal.has_rows
    life.play(100, 20)
    life.end(120)
    session = life.sessions()[-1]
    assert [record["seconds"] for record in session] == [*range(86, 120), 120]


def test_with_no_room_for_pages_the_device_still_starts_and_keeps_what_it_can():
    life = Life(b"\xff" * (SECTORS * SECTOR_BYTES))
    big = b"b" * ((SECTORS - 8) * SECTOR_BYTES)
    put(life.file_system, "big", big)
    with pytest.raises(OSError):
        life.open()
    life.play(10, 200)
    assert get(life.file_system, "big") == big
    # Room again: the pages are made at the next boot, and what the few had becomes a session.
    life.file_system.remove("big")
    again = Life(life.left)
    again.open()
    assert not again.pages._blocks.count(-1)


def test_a_page_that_does_not_hold_what_was_written_costs_nothing_of_the_session():
    life = Life(ready())
    life.open()
    whole = life.writeblocks
    life.writeblocks = lambda block, buffer, offset: offset == 512 or whole(block, buffer, offset)
    life.play(1000, 60)
    life.end(1060)
    assert row_seconds(life.sessions()[-1]) == list(range(1000, 1060))


def test_a_block_that_cannot_be_erased_is_left_and_its_old_pages_are_not_believed():
    life = Life(ready())
    life.open()
    worn = life.pages._blocks[0]
    whole = life._erase
    life._erase = lambda offset: offset == worn * SECTOR_BYTES or whole(offset)
    life.play(1000, 40)
    life.end(1040)
    life.play(2000, 40)
    again = Life(life.left)
    assert again.open() is True
    kept = row_seconds(again.sessions()[-1])
    assert kept == list(range(2000, 2000 + len(kept))) and len(kept) > 40 - MOST_LOST_S
    assert row_seconds(again.sessions()[-2]) == list(range(1000, 1040))


def test_a_session_whose_saving_fails_stays_and_the_next_is_added():
    life = Life(ready())
    life.open()
    life.play(1000, 20)
    write, life.files.write = life.files.write, lambda name, parts: None
    with pytest.raises(OSError):
        life.end(1020)
    life.files.write = write
    life.play(2000, 20)
    life.end(2020)
    session = life.sessions()[-1]
    assert row_seconds(session) == [*range(1000, 1020), *range(2000, 2020)] and kinds(session) == [
        "end",
        "end",
    ]
