"""The page of who sings with the device: what it shows is what is accompanied, and every mistake is told in a sentence."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware.sound import score
from firmware.sound.score import Score
from host_tools.commands import song as song_command
from host_tools.songs import abc_out, airs, importing, parents_page, songbook
from host_tools.songs.fit import Imported
from host_tools.studio import texts
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


def test_the_same_song_gives_the_same_bytes():
    song = parents_page.song_of("brahms")
    assert parents_page.page(song) == parents_page.page(song)


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


@pytest.mark.parametrize(
    "note,fifths,name,german",
    [
        (60, 2, "C, middle C", "C, das mittlere"),
        (59, 0, "B, below middle C", "H unter dem mittleren C"),
        (70, -1, "B flat, above middle C", "B über dem mittleren C"),
        (70, 2, "A sharp, above middle C", "Ais über dem mittleren C"),
        (72, 2, "C, an octave above middle C", "C, eine Oktave über dem mittleren C"),
        (74, 2, "D, more than an octave above middle C", "D, mehr als eine Oktave über dem mittleren C"),
    ],
)
def test_a_note_is_named_for_who_reads_no_staff(note, fifths, name, german, in_german):
    assert parents_page._named(note, fifths, parents_page.english) == name
    assert parents_page._named(note, fifths, in_german) == german


@pytest.fixture
def in_german():
    texts.use("de")
    yield texts._
    texts.use("en")


@pytest.mark.parametrize("name", ["brahms", "stille_nacht", "edo"])
def test_the_page_is_german_where_that_is_asked_for(name, in_german):
    """No sentence of the English page is left, and the notes are the same."""
    song = parents_page.song_of(name)
    english, german = parents_page.page(song), parents_page.page(song, None, in_german, "de")
    assert '<html lang="de">' in german and "Dann singen Sie" in german

    def said(page):
        told = re.findall(r"<(?:p|h2|title|figcaption)>([^<]+)", page)
        assert len(told) == 8
        return told

    assert not set(said(english)) & set(said(german))
    assert german.count("<svg") == english.count("<svg")


def test_the_command_writes_it_in_german(tmp_path):
    out = tmp_path / "lied.html"
    done = CliRunner().invoke(song_command.app, ["sheet", "brahms", "--language", "de", "--out", str(out)])
    texts.use("en")
    assert done.exit_code == 0, done.output
    assert "zum Mitsingen" in out.read_text("utf-8")
    again = CliRunner().invoke(song_command.app, ["sheet", "brahms", "--out", str(out)])
    assert "is there already" in str(again.exception) and "zum Mitsingen" in out.read_text("utf-8")
    again = CliRunner().invoke(song_command.app, ["sheet", "brahms", "--out", str(out), "--overwrite"])
    assert again.exit_code == 0 and "zum Mitsingen" not in out.read_text("utf-8")


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
    with pytest.raises(CalandoError, match="there is no such text of a song"):
        parents_page.read_words(tmp_path / "none.txt")
    with pytest.raises(CalandoError, match=r"zero has more than 20 KB; a text of a song has at most 20 KB"):
        parents_page.read_words(Path("/dev/zero"))
    bare = Imported("bare", score.encode([(60, 48, True)], [], 4, False, 0, score.MAJOR), [])
    with pytest.raises(CalandoError, match="bare has no chords"):
        parents_page.page(bare)
