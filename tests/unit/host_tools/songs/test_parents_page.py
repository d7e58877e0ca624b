"""The page of who sings with the device: what it shows is what is accompanied, and every mistake is told in a sentence."""

import re

import pytest

from firmware.sound import score
from firmware.sound.score import Score
from host_tools.songs import abc_out, airs, importing, parents_page, songbook
from host_tools.songs.fit import Imported
from simulator.files.errors import CalandoError


@pytest.mark.parametrize("song", [*songbook.SONGS, *airs.AIRS], ids=lambda song: song.name)
def test_its_lines_are_the_phrases_note_for_note(song):
    """Each line is read back by itself: an accidental that stood in the line before would be missing."""
    made = song.imported()
    sung = made.notes()
    lines = abc_out.phrases(made)
    assert len(lines) == sum(end for *_, end in sung)
    at = 0
    for line in lines:
        end = next(place for place in range(at, len(sung)) if sung[place][2]) + 1
        here = [(note, ticks) for note, ticks, _ in sung[at:end]]
        at = end
        read = importing.from_lines(line.removeprefix("X:1\n"), "line", made_scale(made))
        # A line that begins or ends in a rest is read without it.
        assert _sounding([(note, ticks) for note, ticks, _ in read.notes()]) == _sounding(here)


def made_scale(made):
    return Score(made.data).scale


def _sounding(notes):
    while notes and not notes[0][0]:
        notes = notes[1:]
    while notes and not notes[-1][0]:
        notes = notes[:-1]
    return notes


def test_it_tells_the_first_note_and_has_a_place_for_the_words():
    text = parents_page.page(parents_page.song_of("brahms"))
    assert "E, above middle C" in text
    assert text.count('<div class="place">') == 4 and text.count("<svg") >= 6
    assert "one bar (3 beats)" in text


def test_the_words_stand_under_their_lines(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("\ufeffEins & zwei\ndrei\n\n\nvier\n", encoding="utf-8")
    text = parents_page.page(parents_page.song_of("brahms"), parents_page.read_words(words))
    under = re.findall(r'<div class="(words|place)">([^<]*)', text)
    assert under[:3] == [("words", "1. Eins &amp; zwei"), ("words", "2. vier"), ("words", "1. drei")]
    assert under[3:] == [("place", ""), ("place", "")]


def test_a_file_of_the_family_is_read_whatever_its_form(tmp_path):
    abc = tmp_path / "ours.abc"
    abc.write_text("X:1\nT:Ours & mine\nM:3/4\nL:1/4\nK:F\nA2 G|F3|]\n")
    done = importing.bring(abc, None, importing.Choice())
    for file in (abc, done.file):
        assert "Ours &amp; mine" in parents_page.page(parents_page.song_of(str(file)))
    (tmp_path / "ours.played.abc").unlink()
    assert "A, above middle C" in parents_page.page(parents_page.song_of(str(done.file)))


@pytest.mark.parametrize("note,name", [(60, "C, middle C"), (55, "G, below middle C"), (70, "A sharp, above middle C"),
                                       (72, "C, above middle C, an octave further")])  # fmt: skip
def test_a_note_is_named_for_who_reads_no_staff(note, name):
    assert parents_page._named(note, 2) == name


def test_what_cannot_be_is_told_in_a_sentence(tmp_path):
    song = parents_page.song_of("brahms")
    with pytest.raises(CalandoError, match="stanza 1 of the words has 5 lines and the song 4 phrases"):
        parents_page.page(song, [["a"] * 5])
    with pytest.raises(CalandoError, match=r"there is no song 'bramhs'.*brahms"):
        parents_page.song_of("bramhs")
    bad = tmp_path / "words.txt"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CalandoError, match="no text in UTF-8"):
        parents_page.read_words(bad)
    with pytest.raises(CalandoError, match="cannot read"):
        parents_page.read_words(tmp_path / "none.txt")
    bare = Imported("bare", score.encode([(60, 48, True)], [], 4, False, 0, score.MAJOR), [])
    with pytest.raises(CalandoError, match="bare has no chords"):
        parents_page.page(bare)
