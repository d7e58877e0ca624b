"""A song that was written on the page is what an import of its ABC reads: note for note, length for length."""

import pytest

from host_tools.songs import importing
from host_tools.songs.line import Choice
from host_tools.studio import sheet as sheets


def read(tmp_path, sheet):
    file = tmp_path / "a.abc"
    file.write_text(sheets.abc(sheet))
    return importing.import_song(file, Choice())


@pytest.mark.parametrize("key", sheets.KEYS)
def test_every_place_of_the_staff_comes_back_as_the_note_that_was_meant(key, tmp_path):
    pitches = [sheets.pitch_of(place, key) for place in range(-2, 10)]
    notes = [[pitch, 4, False] for pitch in pitches if sheets.LOWEST <= pitch <= sheets.HIGHEST]
    song = read(tmp_path, {**sheets.EMPTY, "key": key, "notes": notes})
    assert [note for note, _, _ in song.notes()] == [pitch for pitch, _, _ in notes]


@pytest.mark.parametrize("metre", sheets.METRES)
def test_notes_across_bars_accidentals_rests_and_phrases_come_back(metre, tmp_path):
    notes = [
        [67, 12, False],
        [66, 8, False],
        [67, 6, False],
        [66, 2, True],
        [0, 4, False],
        [70, 16, False],
        [71, 3, False],
        [70, 1, True],
    ]
    song = read(
        tmp_path, {**sheets.EMPTY, "metre": metre, "notes": notes, "words": "sleep, lit-tle one * _ |"}
    )
    beat = 6 if metre == "6/8" else 4  # sixteenths
    assert [(note, ticks * beat / 24) for note, ticks, _ in song.notes()] == [
        (note, length) for note, length, _ in notes
    ]


def test_letters_take_the_nearest_note_in_the_key():
    assert sheets.near("F", 67, "G") == 66
    assert sheets.near("C", None, "C") == 60
    assert sheets.near("A", 57, "C") == 57


def test_words_are_syllables_with_their_hyphens():
    assert sheets.syllables("Sleep, lit-tle  one --") == ["Sleep,", "lit-", "tle", "one"]
    text = sheets.abc(
        {**sheets.EMPTY, "notes": [[60, 4, False], [62, 20, False], [64, 4, True]], "words": "lit-tle o|ne"}
    )
    assert "w: lit- tle _ one" in text


def test_a_song_that_was_being_written_is_there_again(tmp_path):
    steps = sheets.kept(tmp_path / "sheet.json")
    steps.replace({**steps.values, "notes": [[60, 4, False]]})
    assert sheets.kept(tmp_path / "sheet.json").values["notes"] == [[60, 4, False]]
