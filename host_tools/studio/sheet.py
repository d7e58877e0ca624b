"""A song that is being written: notes, words, tempo and metre, and the same as ABC. Nothing is played or drawn here."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from host_tools.songs.abc_out import signature_of, written_length, written_note, written_parts
from host_tools.songs.piece import places
from host_tools.studio.draft import Steps
from host_tools.studio.texts import _

KEYS = {
    "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4,
    "Am": 0, "Em": 1, "Bm": 2, "F#m": 3, "Dm": -1, "Gm": -2, "Cm": -3,
}  # fmt: skip
METRES = ("4/4", "3/4", "2/4", "6/8")
LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)  # sixteenths
LOWEST, HIGHEST = 55, 81  # G3 to A5: what the device plays
MOST_NOTES = 400
_LETTERS = "CDEFGAB"
_NATURAL = (0, 2, 4, 5, 7, 9, 11)
EMPTY: dict[str, Any] = {"title": "A song", "metre": "4/4", "key": "C", "tempo": 70, "words": "", "notes": []}


def empty() -> dict[str, Any]:
    """Return a sheet without a note, its title in the reader's language."""
    return {**EMPTY, "title": _(EMPTY["title"])}


def kept(path: Path) -> Steps:
    """Return the song that was being written, or an empty sheet."""
    steps = Steps(path, [empty()])
    steps.read()
    return steps


def pitch_of(step: int, key: str) -> int:
    """Return the MIDI note of a place on the staff, 0 for middle C and 7 for the C above, as the key's signature has it."""
    letter = _LETTERS[step % 7]
    return 60 + 12 * (step // 7) + _NATURAL[step % 7] + signature_of(KEYS[key])[letter]


def near(letter: str, before: int | None, key: str) -> int:
    """Return the note of a letter that lies nearest to the one before; without one, in the octave above middle C."""
    step = _LETTERS.index(letter.upper())
    choices = [pitch_of(step + 7 * octave, key) for octave in (-1, 0, 1, 2)]
    inside = [pitch for pitch in choices if LOWEST <= pitch <= HIGHEST]
    return min(inside, key=lambda pitch: abs(pitch - (before or 64)))


def syllables(words: str) -> list[str]:
    """Return the syllables of words such as "sleep, lit-tle one": one for each note, "lit-" where the word goes on."""
    found = []
    for word in words.split():
        parts = [part for part in re.split("-+", word) if part]
        found += [part + "-" for part in parts[:-1]] + parts[-1:]
    return found


def pieces(sheet: dict[str, Any]) -> list[int]:
    """Return how often each note is written: one over a bar line is tied."""
    top, bottom = map(int, sheet["metre"].split("/"))
    found, at = [], 0
    for _pitch, length, _ends in sheet["notes"]:
        found.append(len(_parts(at, length, 16 * top // bottom)))
        at += length
    return found


def _parts(at: int, length: int, bar: int) -> list[int]:
    """A note's length in sixteenths, cut at bar lines and into lengths that a single note has."""
    found: list[int] = []
    while length:
        inside = min(length, bar - at % bar)
        found += [int(2 * part) for part in written_parts(Fraction(inside, 2))]
        length -= inside
        at += inside
    return found


def abc(sheet: dict[str, Any]) -> str:
    """Return the song as ABC: a phrase a line with its words, bars by the metre, ties over their lines."""
    top, bottom = map(int, sheet["metre"].split("/"))
    bar = 16 * top // bottom
    fifths = KEYS[sheet["key"]]
    names, signature = places(fifths), signature_of(fifths)
    title = " ".join(sheet["title"].split()) or "A song"
    beat = "3/8" if (top, bottom) == (6, 8) else "1/4"
    lines = [
        "X:1",
        f"T:{title}",
        f"M:{sheet['metre']}",
        "L:1/16",
        f"Q:{beat}={sheet['tempo']}",
        f"K:{sheet['key']}",
    ]
    words = syllables(sheet["words"])
    used: dict[tuple[str, int], int] = {}
    at, music, sung = 0, [], []
    last = len(sheet["notes"]) - 1
    for index, (pitch, length, phrase_ends) in enumerate(sheet["notes"]):
        parts = _parts(at, length, bar)
        for place, part in enumerate(parts):
            if pitch:
                tie = "-" if place + 1 < len(parts) else ""
                music.append(written_note(pitch, names, signature, used) + _length(part) + tie)
                sung.append("_" if place else _sung(words.pop(0)) if words else "*")
            else:
                music.append("z" + _length(part))
            at += part
            if at % bar == 0:
                music.append("|")
                used.clear()
        if phrase_ends or index == last:
            lines.append(
                " ".join(music) if index != last else " ".join(music).removesuffix("|").strip() + " |]"
            )
            if any(syllable not in ("*", "_") for syllable in sung):
                lines.append("w: " + " ".join(sung))
            music, sung = [], []
    return "\n".join(lines) + "\n"


def _length(sixteenths: int) -> str:
    return written_length(Fraction(sixteenths))


def _sung(syllable: str) -> str:
    """A syllable as a w: line takes it: its own signs are words, not orders."""
    going_on = syllable.endswith("-")
    text = re.sub(r"[\\*_|~%]", "", syllable.removesuffix("-")) or "*"
    return text + ("-" if going_on and text != "*" else "")
