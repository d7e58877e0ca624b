"""Chords never rub against a melody for long, in any mode, and a song is in the mode in which it is written."""

import itertools
import re
from pathlib import Path

import music21
import pytest

from firmware.prescription.profile import Profile
from firmware.sound import score, songs
from firmware.sound.score import Score
from host_tools.songs import harmony, importing
from host_tools.songs.fit import Imported
from host_tools.sound import render
from simulator.files import profile_file

READY = {name: Profile.from_values({"population": name}) for name in ("newborn", "adult")}
RATE_HZ = render.RATE_HZ
MINOR_SONGS = [name for name in songs.NAMES if songs.SONGS[name].scale in (score.MINOR, score.IN)]


def played(data, seconds=70, tempo_mbpm=90000, **changes):
    """(first sample, voice, note, last sample, samples of a beat) of everything that sounds."""
    plan = render.plan_for(
        READY["newborn"],
        "twinkle",
        seconds=seconds,
        notes=True,
        soundscape=None,
        tempo_mbpm=tempo_mbpm,
        **changes,
    )
    plan.update(score=data.hex(), song="ours")
    return [
        (at, voice, note, at + length, RATE_HZ * 60000 / tempo)
        for at, voice, note, length, tempo in render.play(plan)[1]
    ]


def rubs(rows):
    """(second, melody's note, chord's note) wherever a semitone or a major seventh lasts more than half a beat."""
    melody = [row for row in rows if row[1] < 3]
    found = []
    for start, voice, note, stop, beat in rows:
        if 3 <= voice < 6:
            for begin, _, sung, end, _ in melody:
                lasts = min(stop, end) - max(start, begin)
                if (sung - note) % 12 in (1, 11) and lasts > beat / 2:
                    found.append((start / RATE_HZ, sung, note))
    return found


@pytest.mark.parametrize("name", songs.NAMES)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("density_permille", [300, 1000])
def test_no_built_in_song_rubs_in_any_mode(name, turned, density_permille):
    share = (-1000 if name in MINOR_SONGS else 1000) if turned else 0
    rows = played(songs.DATA[name], minor_permille=share, density_permille=density_permille)
    assert len(rows) > 30 and rubs(rows) == []


@pytest.mark.parametrize("name", songs.NAMES)
def test_no_chord_that_is_written_in_the_songbook_rubs(name):
    song = Imported(name, songs.DATA[name], [])
    assert harmony.check(song.notes(), song.chords()) == []


def test_the_measures_find_a_rub():
    notes = [(71, 24, False), (72, 24, True)]
    assert harmony.check(notes, [(0, 0, 48)]) == [(0, "C", "B4")]
    assert harmony.check([(71, 12, False), (72, 36, True)], [(0, 0, 48)]) == []
    rows = [(0, 0, 71, 8000, 10000), (0, 3, 60, 8000, 10000)]
    assert rubs(rows) == [(0.0, 71, 60)] and rubs([rows[0], (4000, 3, 60, 8000, 10000)]) == []


def test_the_engine_keeps_even_a_files_own_chords_from_rubbing():
    notes = [(71, 48, False), (65, 48, False), (72, 48, True)]
    data = score.encode(notes, [(0, 0, 144)], 4, False, 0, score.MAJOR)
    rows = played(data, seconds=20, density_permille=1000)
    chord = [row for row in rows if 3 <= row[1] < 6]
    assert rubs(rows) == [] and len(chord) > 6
    # Over B there is no C, over F no E; elsewhere both are there.
    assert {row[2] % 12 for row in chord} == {0, 4, 7}


def test_chords_that_are_added_never_rub():
    line = [(at * 24, note, 24) for at, note in enumerate((60, 66, 61, 71, 68, 63, 65, 70))]
    for tonic in range(12):
        for minor in (False, True):
            chords = harmony.simple(line, [(0, 96), (96, 192)], tonic, "minor" if minor else "major")
            assert sum(ticks for *_, ticks in chords) == 192
            assert harmony.check([(note, ticks, False) for _, note, ticks in line], chords) == []


@pytest.mark.parametrize(
    "collection", ["airdsAirs/book1.abc", "essenFolksong/boehme10.abc", "oneills1850/0001-0050.abc"]
)
def test_no_imported_tune_without_chords_rubs(tmp_path, collection):
    book = Path(music21.__path__[0], "corpus", collection).read_text("latin-1")
    tunes = [tune for tune in re.split(r"(?m)^(?=X:)", book)[1:] if "\nK:" in tune]
    for number, tune in enumerate(tunes[::10][:4]):
        path = tmp_path / f"{number}.abc"
        path.write_text(tune, "utf-8")
        song = importing.import_song(path)
        assert "simple chords were added under the melody" in song.told
        assert sum(root is not None for root, *_ in song.chords()) > 3
        assert harmony.check(song.notes(), song.chords()) == []


@pytest.mark.parametrize("name", songs.NAMES)
@pytest.mark.parametrize("ready", READY)
def test_a_ready_made_profile_plays_every_song_as_it_is_written(name, ready):
    plan = render.plan_for(READY[ready], name, seconds=40, notes=True)
    heard = [note for _, voice, note, *_ in render.play(plan)[1] if voice < 3]
    assert len(heard) > 20 and heard == (3 * render.melody(songs.SONGS[name]))[: len(heard)]


def test_what_a_curve_turns_is_said():
    assert [profile_file.turned(profile) for profile in READY.values()] == ["", ""]
    sad = Profile.from_values(
        {"population": "adult", "curve": [[0, 100, 0, 60, 60, 80], [9, 92, -2, -20, 40, 50]]}
    )
    assert profile_file.turned(sad) == (
        "Its curve turns songs: up to 60 in a hundred phrases of a song in major sound in minor, up to 20 of one in "
        "minor in major."
    )


def test_a_curve_can_ask_for_the_other_mode():
    curve = [[0, 100, 0, -100, 60, 70], [9, 92, -2, -100, 40, 50]]
    profile = Profile.from_values({"population": "newborn", "curve": curve})
    plan = render.plan_for(profile, "pripetshik", seconds=30, notes=True)
    heard = [note for _, voice, note, *_ in render.play(plan)[1] if voice < 3]
    written = render.melody(songs.SONGS["pripetshik"])[: len(heard)]
    raised = {note % 12 for note, was in zip(heard, written, strict=True) if note == was + 1}
    assert raised == {6, 11, 1}, "F, B flat and C of D minor"


def test_a_long_note_is_struck_once():
    data = score.encode(
        [(69, 240, False), (score.GOES_ON, 48, False), (67, 24, True)], [], 4, False, 0, score.MAJOR
    )
    rows = [row for row in played(data, seconds=12, tempo_mbpm=90000) if row[1] < 3]
    assert [row[2] for row in rows][:2] == [69, 67]
    beats = (rows[0][3] - rows[0][0]) / rows[0][4]
    assert 11 < beats < 12 and rows[1][0] - rows[0][0] == pytest.approx(12 * rows[0][4], rel=0.01)
    with pytest.raises(score.ScoreError, match="goes on from none"):
        score.encode(
            [(0, 24, False), (score.GOES_ON, 24, False), (67, 24, True)], [], 4, False, 0, score.MAJOR
        )
    assert Score(data).ticks == 312


@pytest.mark.parametrize("tonic", [0, 5, 10])
def test_no_harmony_has_a_root_that_nobody_plays_or_sings(tonic):
    """Found by a newcomer: D under D and B flat became G minor. Any bass, under any two notes, in any key."""
    wrong = []
    for bass, first, second in itertools.product(range(12), repeat=3):
        sung = [(0, 60 + first, 24), (24, 60 + second, 24)]
        found = harmony.simple(sung, [(0, 48)], tonic, "major", [(0, 48 + bass, 48)])
        wrong += [
            (bass, first, second, harmony.chord_name(root, quality))
            for root, quality, _ in found
            if quality != score.SILENT and root not in (bass, first, second)
        ]
    assert wrong == []
    # As music21 hears them.
    for bass, first, second, name in ((2, 2, 10, "Bb"), (4, 4, 0, "C")):
        heard = music21.chord.Chord([48 + bass, 60 + first, 60 + second])
        sung = [(0, 60 + first, 24), (24, 60 + second, 24)]
        found = harmony.simple(sung, [(0, 48)], 10, "major", [(0, 48 + bass, 48)])
        assert [one[0] for one in found] == [heard.root().pitchClass], name


def test_a_second_voice_gives_the_harmony_even_where_its_third_rubs(tmp_path):
    """C under E F G A is the file's own harmony; its third rubs against the F, so its fifth stands for it, and no other."""
    file = tmp_path / "two.abc"
    head = "X:1\nT:T\nM:4/4\nL:1/4\nK:C\n"
    file.write_text(head + "V:1\nE F G A|G F E2|D E F G|E4|]\nV:2\nC A, C F|E D C2|B, C D B,|C4|]\n")
    found = importing.import_song(file)
    names = [harmony.chord_name(root, quality) for root, quality, _ in found.chords()]
    assert names == ["C5", "Dm", "C", "G", "C"]
    assert harmony.check(found.notes(), found.chords()) == []
