"""What every reader of notation hands over: measures of notes with their marks, and the order in which they are played.

Times are fractions of a quarter note, so that nothing is rounded before the song is fitted to the device.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

LONGEST_QUARTERS = 4000  # over an hour of quarters at 60: whatever is longer is no lullaby
MOST_MEASURES = 2000

# Each mode's tonic in semitones above that of the major scale with the same notes, and as ABC ends its name.
MODE_STEPS = {
    "major": 0, "ionian": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "minor": 9, "aeolian": 9,
    "locrian": 11,
}  # fmt: skip
CHURCH_MODES = {"dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix", "locrian": "loc"}
LETTER_SHARP = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class Note:
    """start, length: quarters; pitch: sounding MIDI note; voice: the file's own number of it."""

    start: Fraction
    length: Fraction
    pitch: int
    voice: str = "1"
    tied: bool = False  # it goes on with the next note of the same pitch

    @property
    def end(self) -> Fraction:
        return self.start + self.length


@dataclass(frozen=True)
class Key:
    """fifths: sharps, or flats below 0; None where the file's signature is none that exists. tonic: pitch class or
    None; minor: True, False, or None where the file does not say; mode: of CHURCH_MODES, or nothing.
    """

    fifths: int | None
    tonic: int | None = None
    minor: bool | None = None
    mode: str = ""

    @property
    def called(self) -> str:
        """Return what its mode is called."""
        return self.mode or ("minor" if self.minor else "major")


@dataclass(frozen=True)
class ChordName:
    """A chord that the file names at a place: root as a pitch class, quality as in firmware.score, None for no chord."""

    start: Fraction
    root: int | None
    quality: int
    text: str


@dataclass
class Measure:
    """One bar of all parts: notes of each part from the bar's own start."""

    length: Fraction
    notes: dict[int, list[Note]] = field(default_factory=dict)
    metre: tuple[int, int] | None = None  # where it changes
    key: Key | None = None  # where it changes
    chords: list[ChordName] = field(default_factory=list)
    phrases: list[Fraction] = field(default_factory=list)  # where a line of the source begins
    forward: bool = False
    backward: bool = False
    times: int = 2  # how often a repeat that begins or ends here is played
    endings: frozenset[int] = frozenset()
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    fine: bool = False
    fine_after: Fraction | None = None  # the last note that is played begins here; None: the whole bar is
    double: bool = False  # a double bar ends it, and a repeat without a beginning goes back to there
    jump: str = ""  # "capo" or "segno", at its end
    silent_to: Fraction = Fraction(0)  # where a silence without a rest (MusicXML's <forward>) ends
    blank: bool = False  # nothing stands in it, not even a rest
    section: str = ""  # the name of a part of the tune that begins here


@dataclass(frozen=True)
class Part:
    """name as the file has it; accompanies: a staff below another of the same instrument, or nothing but drums."""

    name: str
    staff_of: str = ""


@dataclass
class Piece:
    """A whole file, or the one tune of it that was asked for."""

    title: str
    parts: list[Part]
    measures: list[Measure]
    told: list[str] = field(default_factory=list)
    tempo_bpm: float | None = None
    exact: bool = True  # lengths are written ones; False: played ones, as a MIDI file may have them
    per_quarter: int = 0  # a MIDI file's ticks
    sections: Sequence[str] = (
        ""  # the names of its parts in the order in which they are played; empty: as they stand
    )
    own: bool = False  # the ABC that an import wrote: its lines are its phrases
    struck_anew: bool = True  # a chord that goes on is struck again with each bar and phrase
    scale: int | None = None  # the scale of an own file, which no key can say
    tonic: int | None = None  # of an own file whose key changes
    name: str | None = None


@dataclass
class Timeline:
    """A piece in the order in which it is played. Starts are quarters from the first note's bar."""

    notes: dict[int, list[Note]]
    bars: list[Fraction]
    end: Fraction
    metres: list[tuple[Fraction, tuple[int, int]]]
    keys: list[tuple[Fraction, Key]]
    chords: list[ChordName]
    phrases: list[Fraction]
    repeated: int  # bars played a second time or oftener
    upbeats_left_out: bool  # after a jump back whose bar has them in it already


def play_order(measures: list[Measure]) -> list[int]:
    """Return indices of the measures as they are played: repeats, endings, da capo, dal segno, fine and coda.

    A repeat without a beginning goes back to the end of the one before, as engravers write it. After a jump back
    nothing is repeated again, the last ending is taken, and an upbeat that the bar before has in it is left out. Each
    jump is taken once: where more follow, Fine only ends the refrain, and what comes after the jump is played next.
    """
    order: list[int] = []
    at, start, turn, jumped, begun = 0, 0, 1, False, False
    to_take = {index for index, measure in enumerate(measures) if measure.jump}
    after_jump = 0
    full = Counter(measure.length for measure in measures).most_common(1)[0][0] if measures else Fraction(0)
    while at < len(measures):
        measure = measures[at]
        if measure.forward and start != at:
            start, turn = at, 1
        begun |= measure.forward
        group = _ending_group(measures, at)
        if group:
            last = max(group)
            wanted = last if jumped else min(turn, last)
            if wanted not in measure.endings:
                at += 1
                continue
        order.append(at)
        if len(order) > MOST_MEASURES:
            break
        if jumped and measure.fine:
            if not any(index >= max(after_jump, at + 1) for index in to_take):
                break
            at = start = max(after_jump, at + 1)
            turn, jumped, begun = 1, False, False
            continue
        if jumped and measure.to_coda:
            found = [index for index, other in enumerate(measures) if other.coda and index > at]
            if found:
                at = found[0]
                continue
        if measure.backward and not jumped:
            if turn < max([measure.times, measures[start].times, *group]):
                turn += 1
                at = start
                continue
            start, turn, begun = at + 1, 1, False
        elif group and not _ending_group(measures, at + 1):
            start, turn, begun = at + 1, 1, False
        elif measure.double and not begun and not group:
            start, turn = at + 1, 1
        if at in to_take:
            to_take.remove(at)
            jumped, after_jump = True, at + 1
            found = [index for index, other in enumerate(measures) if other.segno]
            at = found[0] if measure.jump == "segno" and found else 0
            if measure.length >= full > measures[at].length and at + 1 < len(measures):
                at += 1
            continue
        at += 1
    return order


def _skips_upbeat(measures: list[Measure], order: list[int]) -> bool:
    """Return whether a jump back in this order leaves out the upbeat to which it leads."""
    segno = next((at for at, measure in enumerate(measures) if measure.segno), 0)
    return any(
        measures[one].jump and two <= one and two == (segno if measures[one].jump == "segno" else 0) + 1
        for one, two in pairwise(order)
    )


def _section_order(piece: Piece) -> list[int]:
    """Measures in the order of an ABC tune's P: line, or a **kern file's; empty where it names parts that are not there."""
    starts = {measure.section: at for at, measure in enumerate(piece.measures) if measure.section}
    if not piece.sections or not set(piece.sections) <= set(starts):
        return []
    stops = [*sorted(starts.values()), len(piece.measures)]
    order: list[int] = []
    for name in piece.sections:
        start = starts[name]
        stop = next(at for at in stops if at > start)
        order += [start + at for at in play_order(piece.measures[start:stop])]
        if len(order) > MOST_MEASURES:
            break
    return order


def _ending_group(measures: list[Measure], at: int) -> frozenset[int]:
    """All numbers of the endings that stand side by side around a measure; empty outside endings."""
    if at >= len(measures) or not measures[at].endings:
        return frozenset()
    low, high = at, at
    # A new group begins where the numbers start again.
    while (
        low > 0 and measures[low - 1].endings and min(measures[low - 1].endings) <= min(measures[low].endings)
    ):
        low -= 1
    while (
        high + 1 < len(measures)
        and measures[high + 1].endings
        and min(measures[high + 1].endings) >= min(measures[high].endings)
    ):
        high += 1
    return frozenset().union(*(measure.endings for measure in measures[low : high + 1]))


def number_endings(measures: list[Measure]) -> list[tuple[int, int]]:
    """Number endings that stand side by side from 1 without a gap, in place; return (as written, as played) where changed.

    One whose number never comes would be left out, and the rest of the song with it.
    """
    groups = [sorted(_ending_group(measures, at)) for at in range(len(measures))]
    changed: list[tuple[int, int]] = []
    for at, (measure, numbers) in enumerate(zip(measures, groups, strict=True)):
        played = {number: place + 1 for place, number in enumerate(numbers)}
        if at == 0 or groups[at - 1] != numbers:
            changed += [(number, place) for number, place in played.items() if number != place]
        measure.endings = frozenset(played[number] for number in measure.endings)
    return changed


def timeline(piece: Piece, repeats: bool = True) -> Timeline:
    """Return the piece as it is played; without repeats every bar once, but of several endings the last alone."""
    if repeats:
        order = _section_order(piece) or play_order(piece.measures)
    else:
        order = []
        for index, measure in enumerate(piece.measures):
            group = _ending_group(piece.measures, index)
            if not group or max(group) in measure.endings:
                order.append(index)
    result = Timeline(
        {},
        [],
        Fraction(0),
        [],
        [],
        [],
        [],
        len(order) - len(set(order)),
        _skips_upbeat(piece.measures, order),
    )
    metre, key = None, None
    # What rules at a bar is what the source says before it, in the order of the page.
    ruling: list[tuple[tuple[int, int] | None, Key | None]] = []
    for measure in piece.measures:
        metre, key = measure.metre or metre, measure.key or key
        ruling.append((metre, key))
    at = Fraction(0)
    for index in order:
        measure = piece.measures[index]
        if measure.length:
            result.bars.append(at)
        metre, key = ruling[index]
        if metre and (not result.metres or result.metres[-1][1] != metre):
            result.metres.append((at, metre))
        if key and (not result.keys or result.keys[-1][1] != key):
            result.keys.append((at, key))
        for part, notes in measure.notes.items():
            into = result.notes.setdefault(part, [])
            into += [Note(at + note.start, note.length, note.pitch, note.voice, note.tied) for note in notes]
        result.chords += [ChordName(at + c.start, c.root, c.quality, c.text) for c in measure.chords]
        result.phrases += [at + start for start in measure.phrases]
        at += measure.length
    result.end = at
    last = piece.measures[order[-1]] if order else None
    if last and last.fine_after is not None and result.repeated and last.fine:
        _stop_after(result, at - last.length + last.fine_after)
    return result


def _stop_after(whole: Timeline, last: Fraction) -> None:
    """Leave out what begins after the last note of a da capo."""
    for part, notes in whole.notes.items():
        whole.notes[part] = [note for note in notes if note.start <= last]
    whole.end = max([note.end for notes in whole.notes.values() for note in notes], default=whole.end)
    whole.chords = [chord for chord in whole.chords if chord.start < whole.end]
    whole.phrases = [start for start in whole.phrases if start < whole.end]


_FIFTHS = "FCGDAEB"


def spelled(place: int) -> str:
    """Return the name of a place on the line of fifths, C being 0: F# for 6, Bb for -2."""
    shift = (place + 1) // 7
    return _FIFTHS[(place + 1) % 7] + ("#" * shift if shift > 0 else "b" * -shift)


def signature_for(tonic: int, mode: str, wanted: int | None = None) -> int:
    """Return the sharps of a key's signature: those that are wanted where they are its own, else the fewest."""
    fits = [fifths for fifths in range(-7, 8) if (7 * fifths + MODE_STEPS[mode] - tonic) % 12 == 0]
    return min(fits, key=lambda fifths: (fifths != wanted, abs(fifths)))


def written_key(fifths: int, mode: str) -> str:
    """Return a signature's key as ABC has it: "Ebm" for 6 flats in minor, "Dmix" for one sharp in mixolydian."""
    above = next(place for place in range(-1, 6) if 7 * place % 12 == MODE_STEPS[mode])
    return spelled(fifths + above) + ("m" if mode == "minor" else CHURCH_MODES.get(mode, ""))


def places(fifths: int) -> dict[int, int]:
    """Return pitch class to its place on the line of fifths in a key of that signature: its own seven notes, the
    raised and the
    lowered ones around them.
    """
    return {(7 * place) % 12: place for place in range(fifths - 3, fifths + 9)}


def spelled_note(note: int, fifths: int) -> str:
    """Return G#4 for 68 in E major, Ab4 in E flat."""
    place = places(fifths)[note % 12]
    return spelled(place) + str((note - (place + 1) // 7) // 12 - 1)


def note_name(note: int) -> str:
    """Return C4 for 60."""
    return LETTER_SHARP[note % 12] + str(note // 12 - 1)
