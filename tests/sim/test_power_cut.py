"""A session whose power goes: what is read back of it, on the whole device. At every flash operation: test_flash_pages.py.

And what writing its journal while it plays does to the sound: nothing, or, on the slowest flash, what is said here.
"""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_parts import RATE_HZ, from_text, records

from firmware.memory.names import SESSIONS_KEPT
from simulator import bedside, flash, scenario
from simulator.runtimes import cpython, micropython

MOST_LOST_S = 16
PRESS_S = 4
TEXT = f'title = "t"\nduration_s = {{}}\n[[event]]\nat_s = {PRESS_S}\ndo = "press"\n'
CUT = '[[event]]\nat_s = {}\ndo = "power_cut"\nfor_s = 1\n'


def play(played, boot=micropython.boot):
    bench = bedside.Bedside(played)
    while bench.next_boot is not None:
        boot(bench)
    return bench


def last_session(bench):
    return records(bench.saved("session", SESSIONS_KEPT))


def seconds(session):
    return [record["seconds"] for record in session if "phase" in record]


@settings(max_examples=5)
@given(st.floats(PRESS_S + MOST_LOST_S + 2, 90))
def test_a_power_cut_at_any_time_of_a_session_loses_its_last_sixteen_seconds_at_most(at_s):
    bench = play(from_text(TEXT.format(at_s + 3) + CUT.format(at_s)))
    session = last_session(bench)
    kept = seconds(session)
    assert kept == list(range(kept[0], kept[-1] + 1)) and kept[0] <= PRESS_S + 1
    # The device counts its seconds from its first line, after its pages were made.
    assert at_s - kept[-1] <= MOST_LOST_S + 1
    assert (session[-1]["kind"], session[-1]["detail"]) == ("cut", bedside.POWER_ON_RESET)


def test_both_runtimes_leave_the_same_session():
    played = from_text(TEXT.format(45) + CUT.format(40))
    assert last_session(play(played)) == last_session(play(played, cpython.boot))


def test_the_scenario_of_a_power_cut_leaves_its_session_to_be_read():
    session = last_session(play(scenario.load("power_cut")))
    assert seconds(session)[-1] >= 120 - MOST_LOST_S - 1
    assert [record["kind"] for record in session if "kind" in record][-1] == "cut"


def test_a_session_that_ends_is_saved_whole_and_a_press_that_is_refused_is_none():
    presses = "".join(f'[[event]]\nat_s = {at_s}\ndo = "press"\n' for at_s in (40, 70))
    bench = play(from_text(TEXT.format(90) + presses))
    session = last_session(bench)
    kinds = [record["kind"] for record in session if "kind" in record]
    assert seconds(session) == list(range(seconds(session)[0], seconds(session)[-1] + 1))
    assert kinds[:2] == ["boot", "press"] and kinds[-2:] == ["end", "phase"] and "cut" not in kinds
    assert len(session) < 60, "nothing of the refused press is a session of its own"


class Chip(flash.Flash):
    """A flash that is as slow as one likes while the amplifier is on, and at other times as ever."""

    def __init__(self, sound, program_us):
        super().__init__()
        self._sound, self._program_us = sound, program_us

    def program(self, offset, data):
        audible = self._sound.amplifier.on
        self.program_us = self._program_us if audible else flash.PROGRAM_US
        return super().program(offset, data)


@functools.cache
def played_with(program_us):
    """The bench's sound, after a session on a flash that takes so long for a page."""
    played = from_text(TEXT.format(100))
    bench = bedside.Bedside(played)
    chip = Chip(bench.sound, program_us)
    chip.image = bench.flash.image
    bench.flash = chip
    micropython.boot(bench)
    return bench.sound, bench.sound.heard(100)


@pytest.mark.parametrize("program_us", [flash.PROGRAM_US, flash.WORST_PROGRAM_US])
def test_the_sound_does_not_know_that_the_journal_is_written(program_us):
    _, plain = played_with(-flash.CALL_US)  # in no time at all
    sound, heard = played_with(program_us)
    # A later melody may begin a block earlier or later: the loop's turns are not at the same microsecond.
    before_melody = slice(0, 60 * RATE_HZ)
    assert (plain[before_melody] == heard[before_melody]).all() and plain[before_melody].any()
    assert sound.garbage == sound.underruns == 0


def test_only_the_slowest_flash_repeats_a_millisecond_of_old_sound():
    assert played_with(flash.PROGRAM_US)[0].stale == 0
    # A page every fifteen seconds, from the press on.
    assert 5 <= played_with(flash.WORST_PROGRAM_US)[0].stale <= 7
