"""Records on flash: old or new after a cut at any write, never neither; damage is noticed, a history keeps its newest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_files import Files, PowerCut

from firmware.memory.store import Store


def test_what_was_saved_is_loaded():
    store = Store(Files())
    assert store.load("profile") is None
    store.save("profile", 3, b"one")
    store.save("profile", 4, b"two")
    assert store.load("profile") == (4, b"two")


@given(st.binary(max_size=700), st.binary(max_size=700), st.integers(0, 720))
def test_a_write_cut_anywhere_leaves_the_old_or_the_new(old, new, cut_after):
    files = Files()
    store = Store(files)
    store.save("dose", 1, old)
    files.cut_at, files.cut_after = files.writes + 1, cut_after
    with pytest.raises(PowerCut):
        store.save("dose", 2, new)
    assert store.load("dose") in ((1, old), (2, new))
    # And the next write works as if nothing had been.
    store.save("dose", 3, b"next")
    assert store.load("dose") == (3, b"next")


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_flipped_bit_is_never_believed(payload, data):
    files = Files()
    store = Store(files)
    store.save("dose", 1, b"before")
    store.save("dose", 1, payload)
    name = "dose.1"
    place = data.draw(st.integers(0, len(files.files[name]) - 1))
    damaged = bytearray(files.files[name])
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    files.files[name] = bytes(damaged)
    # Bits 48 to 63 of the header belong to nothing that is kept; any other flip makes the slot invalid.
    assert store.load("dose") in ((1, b"before"), (1, payload))
    if place not in (6, 7):
        assert store.load("dose") == (1, b"before")


def test_damage_without_a_whole_slot_is_told_from_nothing_at_all():
    files = Files()
    store = Store(files)
    assert not store.damaged("dose")
    files.files["dose.0"] = b"garbage"
    assert store.damaged("dose")
    store.save("dose", 1, b"whole")
    assert not store.damaged("dose")


def test_an_empty_file_is_what_a_cut_leaves_of_a_first_write_and_no_damage():
    files = Files()
    files.files["dose.0"] = b""
    assert Store(files).load("dose") is None
    assert not Store(files).damaged("dose")


def test_a_history_keeps_its_newest_oldest_first():
    store = Store(Files())
    for number in range(11):
        store.save("session", 1, bytes([number]), slots=8)
    kept = [store._read("session", slot)[1][0] for _, slot in store.history("session", 8)]
    assert kept == [3, 4, 5, 6, 7, 8, 9, 10]


def test_flash_that_does_not_hold_a_record_is_an_error_and_the_old_one_stays():
    class Forgetful(Files):
        def write(self, name, parts):
            super().write(name, (b"\0" * 30,))

    files = Files()
    Store(files).save("dose", 1, b"old")
    forgetful = Forgetful()
    forgetful.files = files.files
    with pytest.raises(OSError):
        Store(forgetful).save("dose", 1, b"new")
    assert Store(files).load("dose") == (1, b"old")


@given(st.binary(max_size=700), st.integers(1, 300))
def test_a_payload_that_comes_in_pieces_is_the_same_record(payload, size):
    pieces = [payload[place : place + size] for place in range(0, len(payload), size)]
    whole, piecewise = Files(), Files()
    Store(whole).save("session", 1, payload)
    Store(piecewise).save_pieces("session", 1, lambda: iter(pieces))
    assert piecewise.files == whole.files
    buffer = bytearray(100)
    count = Store(piecewise).read_into("session", 0, 3, buffer)
    assert buffer[:count] == payload[3:103]


def test_a_payload_that_changes_while_it_is_written_is_an_error_and_the_old_one_stays():
    files = Files()
    store = Store(files)
    store.save("session", 1, b"old")
    calls = []

    def pieces():
        calls.append(1)
        return iter((bytes([len(calls)]) * 300,))

    with pytest.raises(OSError):
        store.save_pieces("session", 1, pieces)
    assert store.load("session") == (1, b"old")
