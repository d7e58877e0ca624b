"""The built-in songs, note by note, against settings that others published: facts only, pitches and lengths.

Each source is written as MIDI notes and lengths in its own key; docs/songs.md names it and says what differs. Where
ours departs on purpose, the departure stands here too, so that nothing else can differ.
"""

import pytest

from firmware.sound import score, songs

STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


def notes(text):
    """(MIDI note, length) from words such as fs4:2 (F sharp above middle C, two units)."""
    found = []
    for word in text.split():
        name, _, length = word.partition(":")
        alter = {"s": 1, "f": -1}.get(name[1:-1], 0)
        found.append((12 * (int(name[-1]) + 1) + STEPS[name[0]] + alter, float(length or 1)))
    return found


def ours(name, unit_ticks):
    """(MIDI note, length in units) of a built-in song; a rest lengthens the note before it."""
    song, found = songs.SONGS[name], []
    for at in range(song.notes):
        note = song.data[score.HEADER + 2 * at] & 127
        length = song.data[score.HEADER + 2 * at + 1] / unit_ticks
        if note:
            found.append((note, length))
        else:
            found[-1] = (found[-1][0], found[-1][1] + length)
    return found


# J. Chambers' collection, in D (unit: an eighth).
DROMORE = """
fs4:.5 g4:.5 a4:2 a4 a4:2 a4 b4:2 a4 a4 b4 cs5 d5:2 g4 fs4:2 g4 a4:5 b4:.5 cs5:.5 d5:2 d4 d4:2 d4 e4:2 d4 d4 e4 fs4
g4:2 b4 a4:2 g4 fs4:5 b4:.5 cs5:.5 d5 e5 d5 cs5 d5 cs5 b4 cs5 b4 a4:2 g4 fs4:2 a4 g4 fs4 e4 d4:3 fs4:2 a4 g4 a4 g4
e4:2 g4 fs4 g4 a4 d4:2 fs4 g4:2 e4 d4:2 cs4 d4:5
"""
# alter-kaker/liderbukh, in G minor (unit: an eighth).
PRIPETSHIK = """
g4 a4 bf4 bf4 bf4:2 a4 c5 bf4 a4 g4:2 bf4 a4 bf4:2 c5:2 d5:6
g5 d5 f5 ef5 c5 a4 c5 ef5 d5 bf4 g4:2 a4 c5 bf4:2 c5:2 d5:6
g5 d5 f5 ef5 c5 a4 c5 ef5 d5 bf4 g4:2 a4 c5 bf4:2 a4:2 g4:6
"""
# LilyPond's input/twinkle.ly without its two ornaments (unit: a quarter).
TWINKLE_A = "c4 c4 g4 g4 a4 a4 g4:2 f4 f4 e4 e4 d4 d4 c4:2"
TWINKLE = f"{TWINKLE_A} g4 g4 f4 f4 e4 e4 d4:2 g4 g4 f4 f4 e4 e4 d4:2 {TWINKLE_A}"
# vicch/piano, in F (unit: an eighth), without the ornament of the last bar but one.
BRAHMS = """
a4 a4 c5:3 a4 a4:2 c5:4 a4 c5 f5:2 e5:3 d5 d5:2 c5:2 g4 a4 bf4:2 g4:2 g4 a4 bf4:4 g4 bf4 e5 d5 c5:2 e5:2 f5:4
f4 f4 f5:4 d5 bf4 c5:4 a4 f4 bf4:2 c5:2 d5:2 c5:4 f4 f4 f5:4 d5 bf4 c5:4 a4 f4 bf4:2 a4:2 g4:2 f4:4
"""


@pytest.mark.parametrize(
    ("name", "source", "shift", "unit_ticks"),
    [
        ("dromore", DROMORE, -2, 8),
        ("pripetshik", PRIPETSHIK, -5, 12),
        ("twinkle", TWINKLE, 0, 24),
        ("brahms", BRAHMS, -5, 12),
    ],
)
def test_it_is_what_its_source_has(name, source, shift, unit_ticks):
    expected = [(note + shift, length) for note, length in notes(source)]
    got = ours(name, unit_ticks)
    different = [
        (at, mine, theirs)
        for at, (mine, theirs) in enumerate(zip(got, expected, strict=False))
        if mine != theirs
    ]
    assert not different and len(got) == len(expected), different[:3]
