"""Chords under a melody: the file's own, those of its other notes, or simple ones; and the check that none rubs.

A minor second or a major seventh (any octaves apart) between a tone of the chord and a melody note that sounds with it
for more than half a beat is a clash. The engine plays any tone of a chord at any time in it, so every tone counts.
"""

from itertools import pairwise
from typing import NamedTuple

from firmware.sound import score
from host_tools.songs.piece import MODE_STEPS, note_name

LONGEST_CLASH_TICKS = score.TICKS_PER_BEAT // 2
LONGEST_TICKS = 240  # of one chord; a longer one is struck again
MAJOR, MINOR, OPEN = range(3)  # of score.QUALITIES
MOST_CHORDS = 255
_SCALE = (0, 2, 4, 5, 7, 9, 11)
# Degrees of the church modes on which chords are built, the most usual first, in semitones above the tonic.
_MODAL = {
    "dorian": (0, 10, 5, 3, 7, 2), "phrygian": (0, 1, 10, 3, 8, 5), "lydian": (0, 2, 7, 9, 4, 11),
    "mixolydian": (0, 10, 5, 7, 2, 9), "locrian": (3, 10, 1, 6, 8, 5),
}  # fmt: skip
# Degrees in the order in which two notes alone are taken for them: I, V, IV, vi, ii, iii, and what stands for it in minor:
# i, V, v, VI, III, iv, VII.
_USUAL = {
    "major": ((0, MAJOR), (7, MAJOR), (5, MAJOR), (9, MINOR), (2, MINOR), (4, MINOR)),
    "minor": ((0, MINOR), (7, MAJOR), (7, MINOR), (8, MAJOR), (3, MAJOR), (5, MINOR), (10, MAJOR)),
}

# (tick, MIDI note or 0, ticks)
Line = list[tuple[int, int, int]]
# (pitch class, quality, ticks)
Chords = list[tuple[int, int, int]]


def tones(root: int, quality: int) -> set[int]:
    """Return pitch classes of a chord; none of a silent one."""
    if quality == score.SILENT:
        return set()
    third, fifth = score.QUALITIES[quality]
    return {root, (root + fifth) % 12} | ({(root + third) % 12} if third else set())


def sounding(line: Line, start: int, stop: int) -> Line:
    """Return the part of a line that sounds between two ticks."""
    return [(at, note, ticks) for at, note, ticks in line if at < stop and at + ticks > start]


def weights(line: Line, start: int, stop: int) -> list[int]:
    """Return ticks of each pitch class between two ticks."""
    found = [0] * 12
    for at, note, ticks in line:
        overlap = min(stop, at + ticks) - max(start, at)
        if note and overlap > 0:
            found[note % 12] += overlap
    return found


def clashes(line: Line, root: int, quality: int, start: int, stop: int) -> bool:
    """Return whether a chord from start to stop rubs against a note of the melody for longer than half a beat."""
    chord = tones(root, quality)
    for at, note, ticks in line:
        if note and min(stop, at + ticks) - max(start, at) > LONGEST_CLASH_TICKS:
            distances = {(note - tone) % 12 for tone in chord}
            if distances & {1, 11}:
                return True
    return False


def check(notes: list[tuple[int, int, bool]], chords: Chords) -> list[tuple[int, str, str]]:
    """Return every clash of a finished song: (tick, the chord's name, the melody's note)."""
    line, at = [], 0
    for note, ticks, _ in notes:
        line.append((at, note, ticks))
        at += ticks
    found, at = [], 0
    for root, quality, ticks in chords:
        for start, note, length in line:
            if clashes([(start, note, length)], root, quality, at, at + ticks):
                found.append((max(at, start), chord_name(root, quality), note_name(note)))
        at += ticks
    return found


def chord_name(root: int, quality: int) -> str:
    """Return a chord's name as a lead sheet has it: G, Am, D5 (no third), E7; N.C. for none."""
    if quality == score.SILENT:
        return "N.C."
    return note_name(60 + root)[:-1] + ("", "m", "5", "7")[quality]


def degrees(called: str) -> list[tuple[int, int]]:
    """Return (semitones above the tonic, quality) of the chords of a mode; those of a church mode have its own notes."""
    if called == "minor":
        return [(0, MINOR), (5, MINOR), (7, MAJOR), (3, MAJOR), (8, MAJOR), (10, MAJOR)]
    if called == "major":
        return [(0, MAJOR), (5, MAJOR), (7, MAJOR), (9, MINOR), (2, MINOR), (4, MINOR)]
    own = {(note - MODE_STEPS[called]) % 12 for note in _SCALE}
    return [(root, MAJOR if (root + 4) % 12 in own else MINOR) for root in _MODAL[called]]


class _Ground(NamedTuple):
    """The key that rules: its tonic, its mode's name, and its own pitch classes."""

    tonic: int
    called: str
    own: frozenset[int]


class _Bar(NamedTuple):
    """What sounds in a bar: the melody, the file's other notes, the key, whether the song ends with it."""

    line: Line
    others: Line
    ground: _Ground
    last: bool
    heard: list[int]  # ticks of each pitch class in the whole bar


def _ground(tonic: int, called: str, everything: Line) -> _Ground:
    own = {(tonic + note - MODE_STEPS[called]) % 12 for note in _SCALE}
    leading = (tonic + 11) % 12
    if called == "minor" and any(note and note % 12 == leading for _, note, _ in everything):
        own.add(leading)  # as the file itself has it
    return _Ground(tonic % 12, called, frozenset(own))


def simple(
    line: Line,
    segments: list[tuple[int, int]],
    tonic: int,
    called: str,
    others: Line | None = None,
    keys: list[tuple[int, int, str]] | None = None,
) -> Chords:
    """Return one chord a segment (first tick, last), of the key's own, that fits the melody and rubs nowhere.

    called: the mode's name.
    others: the file's other notes; then a major or minor chord that they spell is taken, with no tone that neither the
    file has there nor its key: of two notes the chord that the rest of the bar or the chord before supports, else the
    key's usual one; where none holds both, the chord before goes on, or there is none.
    keys: (tick, tonic, mode's name) from where on another key rules. A segment in which every chord rubs is halved down
    to a beat; there, root and fifth alone are tried, and then nothing.
    """
    chords: Chords = []
    everything = line + (others or [])
    last = len(segments) - 1
    for index, (start, stop) in enumerate(segments):
        ruling = next(((key, mode) for at, key, mode in reversed(keys or []) if at <= start), (tonic, called))
        heard = weights(everything, start, stop)
        bar = _Bar(line, others or [], _ground(*ruling, everything), index == last, heard)
        for root, quality, ticks in _segment(bar, start, stop, chords[-1][:2] if chords else None):
            for piece in split(ticks):
                chords.append((root, quality, piece))
    return merged(chords)


def _segment(bar: _Bar, start: int, stop: int, before: tuple[int, int] | None) -> Chords:
    """Return the chords of a bar or a part of it. before: (pitch class, quality) of the chord that ends there."""
    line, ground = sounding(bar.line, start, stop), bar.ground
    here = weights(line, start, stop)
    under = weights(bar.others, start, stop)
    spelled = any(under)
    heard = {tone for tone in range(12) if here[tone] or under[tone]}
    two = spelled and len(heard) <= 2
    if two:
        low = {note for _, note, _ in sounding(bar.others, start, stop) if note}
        high = [note for _, note, _ in line if note]
        # One low note a whole octave under the tune is a bass, and most often its chord's root.
        bass = min(low) % 12 if len(low) == 1 and high and min(high) - min(low) >= 12 else None
        ranked = _of_two(bar, heard, here, under, before, bass)
    elif spelled:
        ranked = _ranked(bar, _of_many(heard, ground), here, under, stop - start)
    else:
        choices = [((ground.tonic + degree) % 12, quality) for degree, quality in degrees(ground.called)]
        ranked = _ranked(bar, choices, here, under, stop - start)
    whole: Chords = []
    for root, quality in ranked:
        if not clashes(line, root, quality, start, stop):
            whole = [(root, quality, stop - start)]
            break
    half = (start + stop) // 2
    half -= (half - start) % score.TICKS_PER_BEAT
    if not start < half < stop or (whole and stop - start < 4 * score.TICKS_PER_BEAT):
        halves: Chords = []
    else:
        first = _segment(bar._replace(last=False), start, half, before)
        halves = [*first, *_segment(bar, half, stop, first[-1][:2])]
        if two and len({chord[:2] for chord in halves}) == 1:
            halves = [(*halves[0][:2], stop - start)]
    # Two chords in a bar where they hold a beat's more of the melody than one does.
    if halves and (
        not whole or _held(line, halves, start) >= _held(line, whole, start) + score.TICKS_PER_BEAT
    ):
        return halves
    if whole:
        return whole
    # Two notes that no chord of the key holds are passing ones, over the chord before.
    if two and before and tones(*before) <= ground.own and not clashes(line, *before, start, stop):
        return [(*before, stop - start)]
    for root, _ in [] if spelled else ranked:
        if not clashes(line, root, OPEN, start, stop):
            return [(root, OPEN, stop - start)]
    return [(ground.tonic, score.SILENT, stop - start)]


def _of_many(heard: set[int], ground: _Ground) -> list[tuple[int, int]]:
    """Return chords with a root that is heard and no tone that is neither heard nor the key's."""
    # A root that nobody plays or sings is not spelled: D under D and B flat is B flat's chord, and no G's.
    choices = [(root, quality) for root in sorted(heard) for quality in (MAJOR, MINOR)]
    # Where the third of what they spell rubs against the melody, its root and fifth, not another harmony.
    choices += [(root, OPEN) for root in sorted(heard)]
    return [chord for chord in choices if tones(*chord) <= heard | ground.own]


def _of_two(
    bar: _Bar,
    heard: set[int],
    here: list[int],
    under: list[int],
    before: tuple[int, int] | None,
    bass: int | None,
) -> list[tuple[int, int]]:
    """Return chords that hold two notes (or one), the likeliest first; what they add to them is the key's own."""
    ground = bar.ground
    dominant = (ground.tonic + 7) % 12
    usual = _USUAL.get(ground.called) or tuple(degrees(ground.called))
    rest = [all_of - one - other for all_of, one, other in zip(bar.heard, here, under, strict=True)]
    found = []
    for root in range(12):
        for quality in (MAJOR, MINOR):
            chord = tones(root, quality)
            # The dominant holds its seventh too.
            holds = chord | {(dominant + 10) % 12} if (root, quality) == (dominant, MAJOR) else chord
            if not heard <= holds or not chord <= heard | ground.own:
                continue
            supported = max(0, sum(ticks if tone in chord else -ticks for tone, ticks in enumerate(rest)))
            degree = ((root - ground.tonic) % 12, quality)
            found.append(
                (
                    not heard <= chord,
                    len(heard) == 1 and root not in heard,
                    not (bar.last and root == ground.tonic),
                    -supported,
                    root != bass,
                    (root, quality) != before,
                    usual.index(degree) if degree in usual else len(usual),
                    root not in heard,
                    (root, quality),
                )
            )
    return [chord for *_, chord in sorted(found)]


def _ranked(
    bar: _Bar, choices: list[tuple[int, int]], here: list[int], under: list[int], ticks: int
) -> list[tuple[int, int]]:
    """Return chords, the best first: by the ticks of notes that each holds."""
    ranked = []
    for place, (root, quality) in enumerate(choices):
        chord = tones(root, quality)
        fit = sum(here[tone] + 2 * under[tone] for tone in chord)
        fit += under[root] - sum(under[tone] for tone in range(12) if tone not in chord)
        # The plainer chord where two fit alike; the last one is the tonic's where it can be.
        fit = fit * 100 - place * (8 if not any(under) else 0) * ticks // 10
        if root == bar.ground.tonic:
            fit += 1 + (50 * ticks if bar.last else 0)
        ranked.append((fit, -place, root, quality))
    return [(root, quality) for _, _, root, quality in sorted(ranked, reverse=True)]


def _held(line: Line, chords: Chords, start: int) -> int:
    """Ticks of melody notes that belong to the chord under them."""
    found = 0
    for root, quality, ticks in chords:
        here = weights(line, start, start + ticks)
        found += sum(here[tone] for tone in tones(root, quality))
        start += ticks
    return found


def split(ticks: int) -> list[int]:
    """Return a length in pieces that a byte holds."""
    pieces = []
    while ticks > LONGEST_TICKS:
        pieces.append(LONGEST_TICKS)
        ticks -= LONGEST_TICKS
    return [*pieces, ticks] if ticks else pieces


def in_pieces(notes: list[tuple[int, int, bool]]) -> list[tuple[int, int, bool]]:
    """Return a melody's (note, ticks, whether a phrase ends) as the compact form writes it: no length above a byte's."""
    written = []
    for note, ticks, end in notes:
        pieces = split(ticks)
        for at, piece in enumerate(pieces):
            going = note and at
            written.append((score.GOES_ON if going else note, piece, end and at + 1 == len(pieces)))
    return written


def merged(chords: Chords) -> Chords:
    """Return the same chords, in fewer pieces where there are more than a song can have."""
    while len(chords) > MOST_CHORDS:
        for at, (one, two) in enumerate(pairwise(chords)):
            *chord, ticks = one
            *following, more = two
            if chord == following and ticks + more <= LONGEST_TICKS:
                chords = [*chords[:at], (*one[:2], ticks + more), *chords[at + 2 :]]
                break
        else:
            return []
    return chords
