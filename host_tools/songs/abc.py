"""Reads one tune in ABC notation, as folk collections write it, into notes and chords of a score.

Only what a single-voice lullaby needs: keys, accidentals, lengths, ties, triplets, rests, chord names, bar
lines. The end of a line is the end of a phrase. Anything else in the music is refused with its line, never
skipped.
"""

import re

from simulator.files.errors import CalandoError

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS = "FCGDAEB"
MAJOR_FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4}
MODES = {"": 0, "maj": 0, "m": -3, "min": -3, "dor": -2, "phr": -4, "mix": -1}
TOKEN = re.compile(
    r"""(?P<chord>"[^"]*")|(?P<bar>[:|\[\]]+)|(?P<triplet>\(3)|(?P<slur>[()])|(?P<space>\s+)
    |(?P<note>(?P<accidental>\^\^|__|[_^=])?(?P<letter>[A-Ga-gz])(?P<octave>[',]*)(?P<length>\d*/*\d*)(?P<tie>-)?)""",
    re.VERBOSE,
)


def pitch_class(name: str) -> int:
    """0 to 11 of a note name such as F#, Bb or C."""
    return (LETTERS[name[0]] + name.count("#") - name[1:].count("b")) % 12


def _length(text: str) -> tuple[int, int]:
    top, _, bottom = text.partition("/")
    slashes = text.count("/")
    if slashes > 1:
        return int(top or 1), 2**slashes
    return int(top or 1), int(bottom or 2) if slashes else 1


def _signature(key: str) -> dict[str, int]:
    match = re.fullmatch(r"([A-G][b#]?) ?(maj|min|m|dor|phr|mix)?", key)
    if match is None:
        raise CalandoError(f"the key {key!r} is not understood; write it as G, Am, Ddor or Ephr")
    tonic, mode = match[1], match[2] or ""
    base = MAJOR_FIFTHS.get(tonic)
    if base is None:
        base = {"F#": 6, "C#": 7}[tonic]
    fifths = base + MODES[mode]
    if fifths >= 0:
        return dict.fromkeys(SHARPS[:fifths], 1)
    return dict.fromkeys(SHARPS[::-1][:-fifths], -1)


def _chord(name: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-G][b#]?)(m|5|7)?", name)
    if match is None:
        raise CalandoError(f"the chord {name!r} is not understood; write it as G, Am, D7 or G5 (no third)")
    return pitch_class(match[1]), {"": 0, "m": 1, "5": 2, "7": 3}[match[2] or ""]


def read(text: str):
    """An ABC tune to (notes, chords, beats_per_bar, compound, tonic), as firmware.sound.score.encode takes them."""
    fields, lines = {}, []
    for line in text.strip().splitlines():
        line = line.strip()
        if re.match(r"[A-Za-z]:", line) and line[0] not in "|":
            fields[line[0]] = line[2:].strip()
        elif line and not line.startswith("%"):
            lines.append(line)
    for need in "MLK":
        if need not in fields:
            raise CalandoError(f"the tune has no {need}: line (M: metre, L: unit length, K: key)")
    top, bottom = (int(part) for part in fields["M"].split("/"))
    compound = bottom == 8 and top % 3 == 0
    beats_per_bar = top // 3 if compound else top * 4 // bottom
    unit_top, unit_bottom = (int(part) for part in fields["L"].split("/"))
    whole = 64 if compound else 96  # ticks of a whole note: 24 a dotted quarter, or a quarter
    signature = _signature(fields["K"])
    tonic = pitch_class(re.split(r"(?<=[A-G])(?![b#])|(?<=[b#])", fields["K"])[0])
    notes, changes, ticks = [], [], 0  # changes: (tick, chord or "bar" or "phrase")
    tied = False
    for line in lines:
        at, accidentals, triplet = 0, {}, 0
        while at < len(line):
            token = TOKEN.match(line, at)
            if token is None:
                raise CalandoError(f"{line[at : at + 6]!r} is not understood in the line {line!r}")
            at = token.end()
            if token["chord"]:
                changes.append((ticks, _chord(token["chord"].strip('"'))))
            elif token["bar"]:
                accidentals = {}
                changes.append((ticks, "bar"))
            elif token["triplet"]:
                triplet = 3
            elif token["note"]:
                numerator, denominator = _length(token["length"])
                length = whole * unit_top * numerator
                divisor = unit_bottom * denominator
                if triplet:
                    length, divisor, triplet = length * 2, divisor * 3, triplet - 1
                if length % divisor:
                    raise CalandoError(f"the length of {token[0]!r} in {line!r} is too short to be written")
                length //= divisor
                note = 0
                if token["letter"] != "z":
                    letter = token["letter"].upper()
                    place = letter + token["octave"] + ("'" if token["letter"].islower() else "")
                    if token["accidental"]:
                        accidentals[place] = token["accidental"].count("^") - token["accidental"].count("_")
                    sharp = accidentals.get(place, signature.get(letter, 0))
                    octave = (
                        token["octave"].count("'") - token["octave"].count(",") + token["letter"].islower()
                    )
                    note = 60 + LETTERS[letter] + sharp + 12 * octave
                if tied and notes and notes[-1][0] == note:
                    notes[-1][1] += length
                else:
                    notes.append([note, length, False])
                tied = bool(token["tie"])
                ticks += length
        if notes:
            notes[-1][2] = True
            changes.append((ticks, "phrase"))
    return [tuple(note) for note in notes], _spans(changes, ticks), beats_per_bar, compound, tonic


def _spans(changes, ticks):
    """Chord changes to lengths. A chord goes on until the next; each bar and phrase begins it anew."""
    if not any(isinstance(change, tuple) for _, change in changes):
        return []
    spans, chord, since = [], (0, 15), 0
    for tick, change in [*changes, (ticks, "bar")]:
        while tick > since:
            length = min(tick - since, 240)
            spans.append((*chord, length))
            since += length
        if isinstance(change, tuple):
            chord = change
    return spans
