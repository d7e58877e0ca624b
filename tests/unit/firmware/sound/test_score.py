"""The compact form of a song, its reader, and the songs that come with the device."""

import re

import alarm_motifs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.sound import score, songs
from firmware.sound.score import Score, ScoreError, encode
from host_tools.docs import songs_doc
from host_tools.songs import songbook
from host_tools.sound import render
from simulator.files import song_file

NOTES = st.lists(
    st.tuples(st.sampled_from([0, *range(55, 82)]), st.integers(1, 60)), min_size=2, max_size=60
).filter(lambda notes: any(note for note, _ in notes) and len(notes) * 2 + 14 <= score.LARGEST)

SIMPLE = encode([(60, 24, False), (62, 24, True)], [(0, 0, 48)], 2, False, 0, score.MAJOR)


@given(NOTES, st.integers(1, 6), st.booleans(), st.integers(0, 11), st.integers(0, 3), st.integers(-60, 60))
def test_what_is_written_is_what_is_read(notes, beats, compound, tonic, scale, loudness):
    phrased = [(note, ticks, at % 8 == 7 or at == len(notes) - 1) for at, (note, ticks) in enumerate(notes)]
    data = encode(phrased, [], beats, compound, tonic, scale, loudness * 10)
    read = Score(data)
    assert (read.beats_per_bar, read.compound, read.tonic, read.scale) == (beats, compound, tonic, scale)
    assert read.loudness_cdb == loudness * 10
    assert read.notes == len(notes) and read.ticks == sum(ticks for _, ticks in notes)
    pairs = [(data[10 + 2 * at], data[11 + 2 * at]) for at in range(read.notes)]
    assert [(byte & 127, ticks, byte >= 128) for byte, ticks in pairs] == phrased


@given(st.data())
def test_a_damaged_score_is_refused(data):
    damaged = bytearray(SIMPLE)
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ScoreError):
        Score(bytes(damaged))


@given(st.binary(max_size=80))
def test_rubbish_is_refused_in_a_sentence(data):
    with pytest.raises(ScoreError) as caught:
        Score(data)
    assert str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("notes", "chords", "says"),
    [
        ([(60, 24, False)], [], "does not end with the end of a phrase"),
        ([(40, 24, True)], [], "outside G3 to A5"),
        ([(0, 24, True)], [], "only rests"),
        ([], [], "bytes|no notes"),
        ([(60, 0, True)], [], "1 to 255 ticks"),
        ([(60, 255, True), *[(60, 255, False)] * 3, (60, 255, True)], [], "longer than"),
        ([(60, 24, True)], [(0, 0, 25)], "differ in length"),
        ([(60, 24, True)], [(0, 9, 24)], "unknown"),
    ],
)  # fmt: skip
def test_a_score_that_could_not_be_played_is_refused(notes, chords, says):
    with pytest.raises(ScoreError, match=says):
        encode(notes, chords, 2, False, 0, score.MAJOR)


def test_turning_a_mode_twice_keeps_the_scale_tones():
    major = {0, 2, 4, 5, 7, 9, 11}
    minor = {score.SCALES[score.MAJOR][degree] for degree in major}
    assert minor == {0, 2, 3, 5, 7, 8, 10}
    assert {score.SCALES[score.MINOR][degree] for degree in minor} == major
    assert {score.SCALES[score.IN][degree] for degree in (0, 1, 5, 7, 8)} == {0, 2, 5, 7, 9}


# ABC notation


# The songs


def test_the_device_carries_what_the_songbook_says():
    assert (songs_doc.ROOT / "firmware" / "sound" / "songs.py").read_text(
        "utf-8"
    ) == songs_doc.firmware_source(), "run python -m host_tools.docs.songs_doc"
    assert (songs_doc.ROOT / "docs" / "songs.md").read_text("utf-8") == songs_doc.docs_source(), (
        "run python -m host_tools.docs.songs_doc"
    )
    airs = {air.name: air.encode() for air in songs_doc.AIRS}
    assert {name: song_file.air(name) for name in song_file.airs()} == airs, (
        "run python -m host_tools.docs.songs_doc"
    )


def test_there_are_songs_for_many():
    assert len(songs.SONGS) >= 12
    assert len({song.culture for song in songbook.SONGS}) >= 8
    for song in songbook.SONGS:
        assert song.title and song.origin and len(song.free) > 10
        assert re.fullmatch("[a-z0-9_]{1,24}", song.name)


@pytest.mark.parametrize("name", songs.NAMES)
def test_every_song_is_a_lullaby_in_form(name):
    song = songs.SONGS[name]
    notes = render.melody(song)
    assert max(notes) - min(notes) <= 17
    assert min(notes) >= 58 and max(notes) <= 77
    assert song.chords > 0
    assert song.ticks % (24 * song.beats_per_bar) in (
        0,
        24 * song.beats_per_bar // 2,
        16,
    )  # whole bars, or an upbeat's
    phrase = 0
    for index in range(song.notes):
        byte, ticks = song.data[score.HEADER + 2 * index], song.data[score.HEADER + 2 * index + 1]
        assert ticks >= 4
        phrase += ticks
        if byte >= 128:
            assert phrase <= 8.5 * 24 * song.beats_per_bar
            phrase = 0


@pytest.mark.parametrize("name", songs.NAMES)
@pytest.mark.parametrize("minor", [False, True])
def test_no_song_has_the_motif_of_a_medical_alarm(name, minor):
    assert alarm_motifs.found_in(songs.SONGS[name], minor) is None


def test_the_alarm_lint_finds_every_alarm():
    for name, motif in alarm_motifs.ALARMS.items():
        notes = [72]
        for step in motif:
            notes.append(notes[-1] + step)
        assert alarm_motifs.alarm_in([60, *notes, 65], [24, 6, 6, 9, 6, 6, 24], 60 / 110) == name
