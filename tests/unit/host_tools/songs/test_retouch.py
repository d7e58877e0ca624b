"""A note changed by hand: the others stay, the chords stay under their notes, and what cannot be played is a sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.sound.score import Score
from host_tools.songs import abc_out, importing, retouch
from simulator.files.errors import CalandoError

SONG = importing.from_lines('M:3/4\nL:1/4\nK:G\n"G"GBd|"C"e2c|"D"A2F|"G"G3|]', "test", 0)


def chord_under_each(song):
    """The chord that sounds where each note begins."""
    found, at = [], 0
    for _, ticks, _ in song.notes():
        end = 0
        for root, quality, length in song.chords():
            end += length
            if at < end:
                found.append((root, quality))
                break
        at += ticks
    return found


def test_another_pitch_changes_that_note_alone():
    changed = retouch.retouched(SONG, 1, note=72)
    assert [note for note, _, _ in changed.notes()] == [67, 72, *[note for note, _, _ in SONG.notes()][2:]]
    assert changed.chords() == SONG.chords() and changed.bars == SONG.bars


@settings(max_examples=60)
@given(st.data())
def test_another_length_leaves_the_others_and_each_chord_under_its_note(data):
    index = data.draw(st.integers(0, len(SONG.notes()) - 1))
    ticks = data.draw(st.sampled_from([1, *retouch.SIMPLE, 250, 400]))
    changed = retouch.retouched(SONG, index, ticks=ticks)
    assert [n for at, n in enumerate(changed.notes()) if at != index] == [
        n for at, n in enumerate(SONG.notes()) if at != index
    ]
    assert changed.notes()[index][1] == ticks
    assert chord_under_each(changed) == chord_under_each(SONG)
    assert Score(changed.data).loudness_cdb == Score(SONG.data).loudness_cdb
    abc_out.text(changed)


def test_a_length_and_back_is_the_same_song():
    there = retouch.retouched(SONG, 3, ticks=96)
    assert retouch.retouched(there, 3, ticks=SONG.notes()[3][1]).data == SONG.data


def test_longer_and_shorter_go_along_the_row_and_stop_at_its_ends():
    assert retouch.beside(SONG, 24, 1) == 36 and retouch.beside(SONG, 24, -1) == 18
    assert retouch.beside(SONG, 8, 1) == 12
    assert retouch.beside(SONG, 96, 1) == 96 and retouch.beside(SONG, 6, -3) == 6


def test_what_the_device_cannot_play_is_refused_in_a_sentence():
    with pytest.raises(CalandoError, match="G3 to A5"):
        retouch.retouched(SONG, 0, note=40)
    with pytest.raises(CalandoError, match="phrase"):
        retouch.retouched(SONG, 0, ticks=33 * 24)
    lone = importing.from_lines("M:2/4\nL:1/4\nK:C\nC2|]", "lone", 0)
    with pytest.raises(CalandoError, match="only rests"):
        retouch.retouched(lone, 0, note=0)
