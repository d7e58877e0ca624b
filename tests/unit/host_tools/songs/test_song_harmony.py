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
from host_tools.songs.piece import MODE_STEPS
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


@pytest.mark.parametrize("called", ["major", "minor", "mixolydian"])
@pytest.mark.parametrize("tonic", [0, 5, 10])
def test_no_harmony_brings_a_tone_that_neither_the_file_nor_its_key_has(tonic, called):
    """Any bass, under any two notes. A root that nobody plays or sings is taken only where its chord holds both there."""
    own = {(tonic + note - MODE_STEPS[called]) % 12 for note in (0, 2, 4, 5, 7, 9, 11)}
    wrong = []
    for bass, first, second in itertools.product(range(12), repeat=3):
        sung = [(0, 60 + first, 24), (24, 60 + second, 24)]
        for root, quality, _ in harmony.simple(sung, [(0, 48)], tonic, called, [(0, 48 + bass, 48)]):
            chord = harmony.tones(root, quality)
            # The dominant holds its seventh too.
            held = chord | ({(tonic + 5) % 12} if root == (tonic + 7) % 12 else set())
            both = any({bass, note} <= held for note in (first, second))
            if not chord <= own | {bass, first, second} or (
                chord and root not in (bass, first, second) and not both
            ):
                wrong.append((bass, first, second, harmony.chord_name(root, quality)))
    assert wrong == []


@pytest.mark.parametrize(("tonic", "called"), [(10, "major"), (5, "major"), (2, "minor"), (0, "major")])
def test_two_notes_have_the_root_that_is_heard_where_the_key_has_it_too(tonic, called):
    """Found by a newcomer: D under D and B flat became G minor."""
    sung = [(0, 62, 24), (24, 70, 24)]
    found = harmony.simple(sung, [(0, 48)], tonic, called, [(0, 50, 48)])
    assert [harmony.chord_name(*chord[:2]) for chord in found] == ["Bb"]
    assert music21.chord.Chord([50, 62, 70]).root().pitchClass == 10


def duet(tmp_path, key, upper, lower, metre="4/4"):
    """(chords' names, what is told, the song) of two voices in quarters."""
    file = tmp_path / "duet.abc"
    file.write_text(f"X:1\nT:Two\nM:{metre}\nL:1/4\nK:{key}\nV:1\n{upper}\nV:2\n{lower}\n")
    found = importing.import_song(file)
    return [harmony.chord_name(*chord[:2]) for chord in found.chords()], found


def foreign(found, own, seconds=60):
    """Pitch classes that are heard of a song beside those."""
    return {row[2] % 12 for row in played(found.data, seconds=seconds, density_permille=1000)} - own


G_MAJOR = {7, 9, 11, 0, 2, 4, 6}


def test_a_duet_in_thirds_stays_in_its_key(tmp_path):
    """A and F sharp became F sharp minor: C sharp where the tune has C."""
    names, found = duet(tmp_path, "G", "B4|A4|c4|A4|d4|c4|A4|B4|]", "G4|F4|A4|F4|B4|A4|F4|G4|]")
    assert names == ["G", "D", "Am", "D", "G", "Am", "D", "G"]
    assert foreign(found, G_MAJOR) == set() and harmony.check(found.notes(), found.chords()) == []


def test_a_moving_duet_in_thirds_stays_in_its_key(tmp_path):
    upper = "B A B c|d2 B2|A F A c|B4|d c B A|c B A F|B2 A2|G4|]"
    lower = "G F G A|B2 G2|F D F A|G4|B A G F|A G F D|G2 F2|B,4|]"
    names, found = duet(tmp_path, "G", upper, lower)
    assert foreign(found, G_MAJOR) == set() and harmony.check(found.notes(), found.chords()) == []
    assert set(names) <= {"G", "Am", "Bm", "C", "D", "Em", "G5", "D5", "A5"}
    assert (names[0], names[-1]) == ("G", "G")


@pytest.mark.parametrize(("rest", "chord"), [(("G2", "E2"), "Em"), (("B2", "D2"), "G"), (("c2", "^F2"), "G")])
def test_the_rest_of_the_bar_says_which_chord_two_notes_are_of(rest, chord):
    """G and B are of G and of E minor."""
    pitch = {"G2": 67, "E2": 64, "B2": 71, "D2": 62, "c2": 72, "^F2": 66}
    sung, under = [(0, 71, 48), (48, pitch[rest[0]], 48)], [(0, 67, 48), (48, pitch[rest[1]], 48)]
    bar = harmony._Bar(
        sung, under, harmony._ground(7, "major", sung + under), False, harmony.weights(sung + under, 0, 96)
    )
    assert harmony.chord_name(*harmony._segment(bar, 0, 48, None)[0][:2]) == chord


def test_two_notes_go_on_in_the_chord_before(tmp_path):
    names, _ = duet(tmp_path, "C", "G2 E2|G4|E4|c4|]", "E2 B,2|E4|C4|E4|]")
    assert names[:2] == ["Em", "Em"] and names[-1] == "C"


def test_a_bass_an_octave_under_the_tune_is_the_root(tmp_path):
    names, _ = duet(tmp_path, "C", "c4|c4|B4|c4|]", "A,,4|F,,4|G,,4|C,4|]")
    assert names == ["Am", "F", "G", "C"]


def test_a_duet_in_minor_has_the_leading_tone_only_where_the_file_has_it(tmp_path):
    natural = {9, 11, 0, 2, 4, 5, 7}
    names, found = duet(tmp_path, "Am", "c4|B4|A4|B4|c4|]", "A4|E4|F4|E4|A4|]")
    assert names == ["Am", "Em", "F", "Em", "Am"] and foreign(found, natural) == set()
    names, found = duet(tmp_path, "Am", "c4|B4|A4|B4|c4|]", "A4|E4|F4|^G4|A4|]")
    assert names == ["Am", "E", "F", "E", "Am"] and foreign(found, natural) == {8}


def test_a_duet_in_a_church_mode_has_its_own_chords(tmp_path):
    dorian = {2, 4, 5, 7, 9, 11, 0}
    names, found = duet(tmp_path, "Ddor", "F4|E4|G4|B4|A4|F4|]", "D4|C4|E4|G4|F4|D4|]")
    assert names == ["Dm", "C", "C", "G", "Dm", "Dm"] and foreign(found, dorian) == set()
    names, found = duet(tmp_path, "Dmix", "F4|E4|c4|A4|F4|]", "D4|C4|A4|F4|D4|]")
    assert "A" not in names and foreign(found, G_MAJOR) == set()


def test_a_files_own_accidentals_are_in_its_chords_where_they_stand(tmp_path):
    names, found = duet(tmp_path, "C", "c4|^F4|G4|A4|c4|]", "E4|D4|B,4|F4|E4|]")
    assert names == ["C", "D", "G", "F", "C"]
    # F sharp is heard while the file has it, and not in another bar.
    at, sharp = 0, []
    for root, quality, ticks in found.chords():
        sharp += [at] if 6 in harmony.tones(root, quality) else []
        at += ticks
    assert sharp == [96]


def test_chords_follow_a_key_that_changes(tmp_path):
    names, found = duet(tmp_path, "C", "e4|c4|[K:D]^F4|A4|d4|]".replace("^", ""), "C4|A4|[K:D]D4|F4|F4|]")
    assert names[2:] == ["D", "D", "D"] and "added follow each key" in " ".join(found.told)


def test_two_notes_that_no_chord_of_the_key_holds_have_none_and_that_is_told(tmp_path):
    names, found = duet(tmp_path, "C", "B4|B4|c4|]", "c4|G4|E4|]")
    assert names == ["N.C.", "G", "C"]
    assert "in 1 place no chord of the key holds the file's notes" in " ".join(found.told)
    # A passing second under which the chord before does not rub: it goes on.
    names, found = duet(tmp_path, "C", "e4|d4|c4|]", "c4|c4|E4|]")
    assert names == ["C", "C", "C"] and "no chord of the key" not in " ".join(found.told)


def test_a_second_voice_gives_the_harmony_even_where_its_third_rubs(tmp_path):
    """C under E F G A is the file's own harmony; its third rubs against the F, so its fifth stands for it, and no other."""
    file = tmp_path / "two.abc"
    head = "X:1\nT:T\nM:4/4\nL:1/4\nK:C\n"
    file.write_text(head + "V:1\nE F G A|G F E2|D E F G|E4|]\nV:2\nC A, C F|E D C2|B, C D B,|C4|]\n")
    found = importing.import_song(file)
    names = [harmony.chord_name(root, quality) for root, quality, _ in found.chords()]
    assert names == ["C5", "Dm", "C", "G", "C"]
    assert harmony.check(found.notes(), found.chords()) == []
