"""A melody as it is written, fitted to what the device plays: 24 ticks a beat, G3 to A5, phrases, chords.

Everything that is changed is told, a line each. Nothing is guessed about copyright.
"""

import bisect
import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction

from firmware.sound import score
from firmware.sound.score import Score, ScoreError
from host_tools.songs import harmony
from host_tools.songs.piece import (
    MODE_STEPS,
    Key,
    Note,
    note_name,
    places,
    signature_for,
    spelled,
    spelled_note,
    written_key,
)
from simulator.files.errors import CalandoError

LOW, HIGH = 60, 76  # C4 to E5: where the songs of the device lie
MOST_BYTES = score.LARGEST
LONGEST_REST_BEATS = 32
BEATS = 6  # the most that a bar of the device has
PHRASE_BARS = 4
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)  # Krumhansl 1990
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_INSTRUMENTS = 12, 119  # C0 to B8
_TICK = score.TICKS_PER_BEAT
_ALIKE = Fraction(1, 50)  # of a note's length: what a program's rounding makes of one share
_RESOLUTION = Fraction(1, 5)  # ticks: what a sequencer that counts otherwise makes of a written place


@dataclass
class Melody:
    """One line of notes and what is known about it; times in quarters from the first bar.

    chords: (start, root or None, quality, text) as the file has them. others: what else sounds in the file.
    phrases: where lines of the source begin, or None. exact: lengths as written, not as played; per_quarter: else the ticks
    of the file.
    """

    notes: list[Note]
    bars: list[Fraction]
    end: Fraction
    metre: tuple[int, int] | None = (4, 4)
    key: Key | None = None
    chords: list[tuple[Fraction, int | None, int, str]] = field(default_factory=list)
    others: list[Note] = field(default_factory=list)
    phrases: list[Fraction] | None = None
    exact: bool = True
    per_quarter: int = 0
    own: bool = False
    struck_anew: bool = True
    scale: int | None = None
    told: list[str] = field(default_factory=list)
    keys: list[tuple[Fraction, Key]] = field(default_factory=list)


class TooLong(CalandoError):
    """More notes or chords than a song can have."""


@dataclass
class Imported:
    """A score ready for the device, and what somebody should know before it is used.

    bars: ticks of the bar lines. fifths: of the key signature to write it with. mode: of piece.CHURCH_MODES, or nothing.
    keys: where its key changes, (tick, sharps of the signature, the key as ABC has it) of each from the first.
    """

    name: str
    data: bytes
    told: list[str]
    title: str = ""
    bars: list[int] = field(default_factory=list)
    fifths: int = 0
    metre: str = ""
    mode: str = ""
    keys: list[tuple[int, int, str]] = field(default_factory=list)

    def fifths_at(self, tick: int) -> int:
        """Return the sharps of the key signature that rules at a tick."""
        return next((fifths for at, fifths, _ in reversed(self.keys) if at <= tick), self.fifths)

    def notes(self) -> list[tuple[int, int, bool]]:
        """Return (MIDI note or 0 for a rest, ticks, whether a phrase ends with it); a long note as one."""
        found: list[tuple[int, int, bool]] = []
        read = Score(self.data)
        for index in range(read.notes):
            note = self.data[score.HEADER + 2 * index]
            ticks = self.data[score.HEADER + 2 * index + 1]
            if note & 127 == score.GOES_ON:
                before = found[-1]
                found[-1] = (before[0], before[1] + ticks, note >= 128)
            else:
                found.append((note & 127, ticks, note >= 128))
        return found

    def chords(self) -> harmony.Chords:
        """Return (pitch class, quality, ticks) of each chord."""
        read = Score(self.data)
        at = read.chords_at
        return [
            (self.data[at + 2 * i] & 15, self.data[at + 2 * i] >> 4, self.data[at + 2 * i + 1])
            for i in range(read.chords)
        ]

    def table(self) -> list[tuple[str, float]]:
        """Return note names ("-" for a rest) and lengths in beats, for confirming."""
        found, at = [], 0
        for note, ticks, _ in self.notes():
            found.append((spelled_note(note, self.fifths_at(at)) if note else "-", ticks / _TICK))
            at += ticks
        return found


def fit(melody: Melody, name: str, where: str, title: str = "") -> Imported:
    """Fit range, ticks, phrases, key and chords. CalandoError says in one sentence what cannot be used; TooLong
    that the song is.
    """
    told = list(melody.told)
    notes = [note for note in melody.notes if note.length > 0]
    if not notes:
        raise CalandoError(f"{where} holds no notes")
    first, last = notes[0].start, notes[-1].end
    compound, beats, metre_text = counted(melody.metre, told)
    beat = Fraction(3, 2) if compound else Fraction(1)
    line = _ticks(notes, first, beat, melody, told, where)
    line = _rest_of_last_bar(line, melody, first, last, beat)

    sounding = [note for _, note, _ in line if note]
    key = _key_of(melody.key, line, told)
    tonic, minor = key.tonic, bool(key.minor)
    assert tonic is not None
    shift = 0 if melody.own else _shift(sounding, where)
    if shift:
        line = [(at, note + shift if note else 0, ticks) for at, note, ticks in line]
        tonic = (tonic + shift) % 12
        octaves = abs(shift) // 12
        how = f" ({octaves} octave{'s' if octaves > 1 else ''})" if shift % 12 == 0 else ""
        told.append(
            f"it was moved {'up' if shift > 0 else 'down'} by {abs(shift)} semitone{'s' if abs(shift) > 1 else ''}{how}: "
            f"{note_name(min(sounding) + shift)} to {note_name(max(sounding) + shift)}"
        )
    fifths = key.fifths if shift % 12 == 0 else None
    if fifths is None:
        fifths = signature_for(tonic, key.called)
    told.append(f"key: {spelled(places(fifths)[tonic])} {key.called}")

    start, _, ticks = line[-1]
    length = start + ticks
    top, bottom = melody.metre or (4, 4)
    full = round(Fraction(4 * top, bottom) * _TICK / beat)
    bars = _bars(melody.bars, melody.end, first, beat, full, length)
    upbeat = bars[0] if bars and bars[0] else 0
    told.append(
        f"metre: {metre_text}"
        + (f", with an upbeat of {upbeat / _TICK:g} beat{'s' if upbeat > _TICK else ''}" if upbeat else "")
    )
    line = _phrased_line(line, melody, first, beat, bars, full)
    plain = [(at, note, ticks) for at, note, ticks, _ in line]
    phrases = sum(end for *_, end in line)
    told.append(f"{phrases} phrase{'s' if phrases > 1 else ''}: after each the device rests for a bar")
    chords = _chords(melody, plain, bars, length, first, beat, tonic, key.called, shift, told, line)
    scale = melody.scale if melody.scale is not None else score.MINOR if minor else score.MAJOR
    data = _encoded(
        [(note, ticks, end) for _, note, ticks, end in line],
        chords,
        beats,
        compound,
        tonic,
        scale,
        where,
        told,
    )
    main = signature_for(tonic, key.called, fifths)
    keys = _keys(melody, (main, written_key(main, key.called)), shift, first, beat, length)
    return Imported(
        name, data, told, title, bars, fifths, metre_text.split(",")[0].split(" ")[0], key.mode, keys
    )


def counted(metre: tuple[int, int] | None, told: list[str]) -> tuple[bool, int, str]:
    """Return (whether beats divide in three, beats in a bar, as text). The beat is the quarter, or the dotted quarter."""
    if metre is None:
        told.append("it has no metre: bars of four beats are counted")
        return False, 4, "4/4"
    top, bottom = metre
    if bottom == 8 and top % 3 == 0:
        beats = Fraction(top, 3)
        compound = True
    else:
        beats = Fraction(4 * top, bottom)
        compound = False
    text = f"{top}/{bottom}"
    whole = -(-beats.numerator // beats.denominator)
    if whole != beats:
        told.append(f"a bar of {text} is counted as {whole} beats for the rests between phrases")
    if whole > BEATS:
        parts = next(n for n in range(2, whole + 1) if whole % n == 0 and whole // n <= BEATS)
        told.append(f"a bar of {text} is counted as {parts} of {whole // parts} beats")
        whole //= parts
    return compound, max(1, whole), text


def _ticks(
    notes: list[Note], first: Fraction, beat: Fraction, melody: Melody, told: list[str], where: str
) -> harmony.Line:
    """(tick, note or 0, ticks), rests between the notes; onsets and ends are rounded, so that nothing adds up."""
    scale = _TICK / beat
    short = round(scale / 4)  # ticks of a sixteenth
    edges = [(note.start - first) * scale for note in notes] + [(note.end - first) * scale for note in notes]
    exact = melody.exact
    written = exact or _on_grid(edges, melody.per_quarter)
    gate = None if exact else _gate(notes)
    rounded = {edge: round(edge) for edge in edges} if written else _evened(edges, short)
    if not exact:
        _tell_moved_starts(notes, edges, rounded, melody.bars, told)
    off = [edge for edge in edges if exact and abs(edge - rounded[edge]) > Fraction(1, 20)]
    if off:
        told.append(
            f"{len({round(edge) for edge in off})} notes begin or end between the 24 ticks of a beat: rounded by at most "
            f"{float(max(abs(edge - rounded[edge]) for edge in off)) / 24:.3f} beat"
        )
    line: harmony.Line = []
    lengths: list[tuple[Note, Fraction]] = []  # as they are played here, in ticks
    lost = 0
    at = 0
    for index, note in enumerate(notes):
        start = rounded[(note.start - first) * scale]
        stop = rounded[(note.end - first) * scale]
        following = rounded[(notes[index + 1].start - first) * scale] if index + 1 < len(notes) else stop
        if not exact:
            # A player lets go early: a small gap is articulation and no rest, and lengths are sixteenths or triplets.
            near = min((short * round(stop / short), 8 * round(stop / 8)), key=lambda edge: abs(edge - stop))
            # In a file written to the grid a note that ends on a sixteenth or a triplet before the next one ends there.
            edge = (note.end - first) * scale
            rest = following - near >= short and written and abs(edge - near) <= Fraction(1, 2)
            if gate and index + 1 < len(notes) and notes[index + 1].start > note.start:
                rest = rest and abs(note.length / (notes[index + 1].start - note.start) - gate) >= _ALIKE
            gap = index + 1 < len(notes) and following - stop <= round(scale / 3)
            stop = following if gap and not rest else near
        stop = min(stop, following) if index + 1 < len(notes) else stop
        stop = max(stop, start + 1) if following > start or index + 1 == len(notes) else start
        if stop <= start:
            lost += 1
            continue
        if start > at:
            rest = start - at
            if rest > LONGEST_REST_BEATS * _TICK:
                raise CalandoError(
                    f"{where} has a rest of {rest / _TICK:.0f} beats after beat {at / _TICK:g}; a song has rests of at "
                    f"most {LONGEST_REST_BEATS} beats: cut the file there"
                )
            line.append((at, 0, rest))
        if stop - start > LONGEST_REST_BEATS * _TICK:
            raise CalandoError(
                f"{where} holds a note for {(stop - start) / _TICK:.0f} beats at beat {start / _TICK:g}; at most "
                f"{LONGEST_REST_BEATS} are played: "
                "is it a drone? Choose another part"
            )
        line.append((start, note.pitch, stop - start))
        lengths.append((note, stop - start - note.length * scale))
        at = stop
    if not exact:
        _tell_changed_lengths(lengths, melody.bars, told)
    if lost:
        told.append(f"{lost} notes shorter than a 24th of a beat were left out")
    return line


def _gate(notes: list[Note]) -> Fraction | None:
    """Return the share of its length after which a program let every note go; None where it is none, or nearly all."""
    shares = [
        (note.length / (after.start - note.start), after.start - note.start)
        for note, after in itertools.pairwise(notes)
        if after.start > note.start and note.length < after.start - note.start
    ]
    if len({length for _, length in shares}) < 2 or len(shares) < 0.9 * (len(notes) - 1):
        return None
    middle = sorted(share for share, _ in shares)[len(shares) // 2]
    alike = sum(abs(share - middle) < _ALIKE for share, _ in shares)
    return middle if Fraction(3, 4) < middle < Fraction(19, 20) and alike >= 0.9 * len(shares) else None


def _tell_moved_starts(
    notes: list[Note],
    edges: list[Fraction],
    rounded: dict[Fraction, int],
    bars: list[Fraction],
    told: list[str],
) -> None:
    """Tell of played notes that begin elsewhere here than where they were struck: how many, where, how far."""
    moved = [
        (abs(rounded[edge] - edge), note)
        for note, edge in zip(notes, edges, strict=False)  # the first half of the edges are the starts
        if abs(rounded[edge] - edge) > _RESOLUTION
    ]
    if moved:
        beats, name, at = _furthest(moved)
        told.append(
            f"{len(moved)} of {len(notes)} notes were played unevenly, in {_bars_of(moved, bars)}: they "
            f"begin on the nearest sixteenth, triplet or tick, moved by at most {beats} beat ({name} at beat {at})"
        )


def _tell_changed_lengths(
    lengths: list[tuple[Note, Fraction]], bars: list[Fraction], told: list[str]
) -> None:
    """Tell of played notes that are longer or shorter here. lengths: each note, and the ticks that it gained."""
    changed = [(abs(gained), note) for note, gained in lengths if abs(gained) > 1]
    if changed:
        beats, name, at = _furthest(changed)
        told.append(
            f"{len(changed)} of {len(lengths)} notes were let go early or late, in {_bars_of(changed, bars)}: "
            f"they last until the next one, or to a sixteenth or triplet, changed by at most {beats} beat "
            f"({name} at beat {at})"
        )


# What follows gets notes with how many ticks each was changed by.


def _furthest(changes: list[tuple[Fraction, Note]]) -> tuple[str, str, str]:
    """Return how far, in beats, the one was changed that was changed most; its name; and the beat where it is written."""
    ticks, note = max(changes, key=lambda change: change[0])
    return f"{float(ticks) / _TICK:.2f}", note_name(note.pitch), f"{float(note.start):.2f}"


def _bars_of(changes: list[tuple[Fraction, Note]], bars: list[Fraction]) -> str:
    """Return the bars, from 1, in which notes begin: "bar 2", or "bars 1-4, 7"."""
    numbers = sorted({max(1, bisect.bisect_right(bars, note.start)) for _, note in changes})
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)
    return f"bar{'s' if len(numbers) > 1 else ''} {shown}"


def _evened(edges: list[Fraction], short: int) -> dict[Fraction, int]:
    """Return the tick for each edge of notes that were played: onsets first, then as many ends. short: of a sixteenth.

    A beat whose onsets lie nearer to its thirds than to its sixteenths is one of triplets; a compound beat has none.
    """

    def nearest(edge: Fraction, grid: int) -> int:
        return grid * round(edge / grid)

    if short != _TICK // 4:
        return {edge: nearest(edge, short) for edge in edges}
    starts = edges[: len(edges) // 2]
    found = {
        edge: min(nearest(edge, short), nearest(edge, 8), key=lambda at: abs(at - edge)) for edge in edges
    }
    beats: dict[int, list[Fraction]] = {}
    for start in starts:
        beats.setdefault(math.floor((start + 2) / _TICK), []).append(start)
    for those in beats.values():
        apart = {grid: sum(abs(nearest(start, grid) - start) for start in those) for grid in (short, 8)}
        grid = 8 if apart[8] < apart[short] else short
        found.update((start, nearest(start, grid)) for start in those)
    return found


def _on_grid(edges: list[Fraction], per_quarter: int) -> bool:
    """Return whether a played file is a written one: nine onsets in ten on ticks, but for a sequencer's own resolution.

    per_quarter: the file's own ticks; where they are four times as fine as ours or finer, nobody plays just on ours.
    """
    starts = edges[: len(edges) // 2]
    if per_quarter >= 4 * _TICK:
        just = sum(abs(edge - round(edge)) <= Fraction(1, 50) for edge in starts)
        if just >= 0.9 * len(starts):
            return True
    near = sum(
        abs(edge - round(edge)) <= _RESOLUTION and (round(edge) % 3 == 0 or round(edge) % 4 == 0)
        for edge in starts
    )
    return near >= 0.9 * len(starts)


def _rest_of_last_bar(
    line: harmony.Line, melody: Melody, first: Fraction, last: Fraction, beat: Fraction
) -> harmony.Line:
    """A file of our own keeps the rests after its last note; elsewhere they are paper."""
    if melody.own and melody.end > last:
        ticks = round((melody.end - last) * _TICK / beat)
        at, _, length = line[-1]
        if ticks:
            line = [*line, (at + length, 0, ticks)]
    return line


def _shift(sounding: list[int], where: str) -> int:
    """The smallest move, whole octaves first, that brings a melody into the device's range."""
    lowest, highest = min(sounding), max(sounding)
    if lowest < _INSTRUMENTS[0] or highest > _INSTRUMENTS[1]:
        raise CalandoError(f"{where} has notes that no instrument plays; look at its octaves")
    if highest - lowest > score.HIGHEST_NOTE - score.LOWEST_NOTE:
        raise CalandoError(
            f"{where} spans {highest - lowest} semitones; the device plays 26, G3 to A5: choose a part or voice "
            "that is sung"
        )
    # A melody that can stay where it is stays.
    wide = range(score.LOWEST_NOTE - lowest, score.HIGHEST_NOTE - highest + 1)
    if 0 in wide:
        return 0
    gentle = [shift for shift in wide if lowest + shift >= LOW and highest + shift <= HIGH]
    octaves = [shift for shift in gentle if shift % 12 == 0] or [shift for shift in wide if shift % 12 == 0]
    return min(octaves or gentle or wide, key=abs)


def key_of(line: harmony.Line) -> tuple[int, bool]:
    """Return (tonic, minor) by the profiles of Krumhansl and the last note."""
    weight = [0.0] * 12
    for _, note, ticks in line:
        if note:
            weight[note % 12] += ticks
    last = next(note for _, note, _ in reversed(line) if note) % 12
    total = sum(weight)
    best, found = -9.0, (last, False)
    for tonic in range(12):
        for minor, profile in ((False, MAJOR_PROFILE), (True, MINOR_PROFILE)):
            turned = [profile[(pitch - tonic) % 12] for pitch in range(12)]
            fits = _correlation(weight, turned) + (0.15 if tonic == last else 0.0) * (total > 0)
            if fits > best:
                best, found = fits, (tonic, minor)
    return found


def _correlation(one, two) -> float:
    a, b = sum(one) / 12, sum(two) / 12
    up = sum((x - a) * (y - b) for x, y in zip(one, two, strict=True))
    down = (sum((x - a) ** 2 for x in one) * sum((y - b) ** 2 for y in two)) ** 0.5
    return up / down if down else 0.0


def _key_of(key: Key | None, line: harmony.Line, told: list[str]) -> Key:
    """The file's key; its mode by the end of the song where the file gives the signature alone."""
    if key is None or key.fifths is None:
        tonic, minor = key_of(line)
        told.append("the file has no key: it was taken from the notes")
        return Key(None, tonic, minor)
    if key.minor is not None and key.tonic is not None:
        return key
    major, minor = (7 * key.fifths) % 12, (7 * key.fifths + 9) % 12
    last = next(note for _, note, _ in reversed(line) if note) % 12
    if last == major:
        return Key(key.fifths, major, False)
    if last == minor:
        return Key(key.fifths, minor, True)
    weight = [0.0] * 12
    for _, note, ticks in line:
        if note:
            weight[note % 12] += ticks
    fits = {
        tonic: _correlation(weight, [profile[(pitch - tonic) % 12] for pitch in range(12)])
        for tonic, profile in ((major, MAJOR_PROFILE), (minor, MINOR_PROFILE))
    }
    told.append("the file gives sharps and flats alone: major or minor was taken from the notes")
    return Key(key.fifths, minor if fits[minor] > fits[major] else major, fits[minor] > fits[major])


def _keys(
    melody: Melody, main: tuple[int, str], shift: int, first: Fraction, beat: Fraction, length: int
) -> list[tuple[int, int, str]]:
    """Keys to write the song with where they change, as Imported has them. main: the one that rules longest."""
    found: dict[int, tuple[int, str]] = {}
    for start, given in melody.keys:
        at = max(0, round((start - first) * _TICK / beat))
        if given.fifths is None or at >= length:
            continue
        if given == melody.key:
            found[at] = main
            continue
        sharps = given.fifths
        if shift % 12:
            sharps = (sharps + 7 * shift + 6) % 12 - 6
        found[at] = sharps, written_key(sharps, given.called)
    changes: list[tuple[int, int, str]] = []
    for at, (sharps, name) in sorted(found.items()):
        if not changes or changes[-1][2] != name:
            changes.append((at, sharps, name))
    return changes if len(changes) > 1 and changes[0][0] == 0 else []


def _bars(
    bars: list[Fraction], end: Fraction, first: Fraction, beat: Fraction, full: int, length: int
) -> list[int]:
    """Ticks of the bar lines from the first note on: [upbeat, ...] or [0, ...]; halves of a split bar are one."""
    scale = _TICK / beat
    edges = [round((bar - first) * scale) for bar in bars]
    edges = [edge for edge in edges if edge < length]
    starts = [edge for edge in edges if edge <= 0][-1:] + [edge for edge in edges if edge > 0]
    stops = [*starts[1:], max(length, round((end - first) * scale))]
    found: list[int] = []
    at = 0
    while at < len(starts):
        start, stop = starts[at], stops[at]
        shortened = stop - start
        if at == 0 and 0 < stop < length and (stop < full or start < 0):
            found.append(stop)  # an upbeat
            at += 1
            if len(found) == 1 and at < len(starts):
                found.clear()
                found.append(starts[at])
            continue
        if not found or starts[at] != found[-1]:
            found.append(max(0, start))
        if shortened < full and at + 1 < len(starts) and stops[at + 1] - start == full:
            at += 1  # a bar that a repeat or a line end divides
        at += 1
    return found or [0]


def _phrased_line(line, melody: Melody, first: Fraction, beat: Fraction, bars: list[int], full: int):
    """(tick, note, ticks, ends a phrase): the source's lines where they can be, else bars and rests."""
    start, _, ticks = line[-1]
    length = start + ticks
    marks: list[int] = []
    if melody.phrases:
        marks = sorted({round((start - first) * _TICK / beat) for start in melody.phrases})
        marks = [mark for mark in marks if 0 < mark < length]
        edges = {at for at, *_ in line}
        marks = [mark for mark in marks if mark in edges]
        spans = [b - a for a, b in zip([0, *marks], [*marks, length], strict=True)]
        longest = score.LONGEST_PHRASE_BEATS * _TICK
        if not melody.own and (min(spans) < 2 * full or max(spans) > longest or not marks):
            marks = []
    if not marks and not melody.own:
        marks = _guessed(line, bars, full)
    ends = set(marks) | {length}
    # No phrase is longer than the device plays on one breath.
    found, since = [], 0
    for index, (at, note, ticks) in enumerate(line):
        stop = at + ticks
        end = stop in ends
        if not end and index + 1 < len(line):
            after, _, after_ticks = line[index + 1]
            end = after + after_ticks - since > score.LONGEST_PHRASE_BEATS * _TICK
        if end:
            since = stop
        found.append((at, note, ticks, end))
    return found


def _guessed(line, bars: list[int], full: int) -> list[int]:
    """Return where phrases begin: after rests of a beat, and every four bars, counted from the upbeat."""
    start, _, ticks = line[-1]
    length = start + ticks
    starts = [at for at, note, _ in line if note and at]
    resting = {at + ticks for at, note, ticks in line if not note and ticks >= _TICK}
    upbeat = bars[0] if bars else 0
    marks: list[int] = []
    since = 0
    for start in starts:
        span = start - since
        if start in resting and span >= 2 * full and length - start >= full:
            marks.append(start)
            since = start
            continue
        whole = PHRASE_BARS * full
        near = [other for other in starts if abs(other - (since + whole)) <= full // 2]
        if near:
            target = since + whole
            # The note of the next upbeat, or of the bar line.
            best = min(
                near, key=lambda other: (other != target, (other - upbeat) % full != 0, abs(other - target))
            )
            if start == best and length - start >= full:
                marks.append(start)
                since = start
        elif span >= whole and length - start >= full:
            marks.append(start)
            since = start
    return marks


def _chords(
    melody: Melody, line, bars, length, first, beat, tonic, called, shift, told, phrased
) -> harmony.Chords:
    scale = _TICK / beat
    if melody.chords:
        found = _given(melody, bars, length, first, scale, shift, told, phrased)
        rubs = harmony.check([(note, ticks, False) for _, note, ticks in line], found) if found else []
        if rubs and not melody.own:
            tick, chord, note = rubs[0]
            told.append(
                f"the file's chord {chord} rubs against the melody's {note} at beat {tick / _TICK:g}"
                + (f", and {len(rubs) - 1} more" if len(rubs) > 1 else "")
                + ": played as it is written; correct it in the ABC file if you do not want it"
            )
        return found
    if melody.own:
        return []
    others = [
        (round((note.start - first) * scale), note.pitch + shift, round(note.length * scale))
        for note in melody.others
    ]
    segments = _segments(bars, length, phrased)
    rule = []
    for start, given in melody.keys:
        ruling = tonic, called
        if given != melody.key and given.fifths is not None:
            mode = called if given.tonic is None else given.called
            ruling = (7 * given.fifths + MODE_STEPS[mode] + shift) % 12, mode
        rule.append((round((start - first) * scale), *ruling))
    chords = harmony.simple(line, segments, tonic, called, others or None, rule)
    silent = sum(quality == score.SILENT for _, quality, _ in chords)
    if others and silent:
        told.append(
            f"in {silent} place{'s' if silent > 1 else ''} no chord of the key holds the file's notes without rubbing: "
            "none is played there"
        )
    if not chords:
        told.append("no chords: the song has too many for the device")
    elif others:
        told.append("the file's other notes became simple chords under the melody")
    else:
        told.append("simple chords were added under the melody")
    return chords


def _segments(bars: list[int], length: int, phrased) -> list[tuple[int, int]]:
    """Return where chords may change: at bar lines, and where a phrase ends."""
    edges = {0, length, *bars, *(at + ticks for at, _, ticks, end in phrased if end)}
    ordered = sorted(edge for edge in edges if 0 <= edge <= length)
    return [(start, stop) for start, stop in itertools.pairwise(ordered) if stop > start]


def _given(melody: Melody, bars, length, first, scale, shift, told, phrased) -> harmony.Chords:
    """The file's chords: each goes on until the next, struck anew with every bar and phrase; a file of our own says
    each one itself.
    """
    changes: dict[int, tuple[int, int]] = {}
    names: dict[str, str] = {}
    for start, root, quality, text in melody.chords:
        at = max(0, round((start - first) * scale))
        chord = (0, score.SILENT) if root is None else ((root + shift) % 12, quality)
        changes[at] = chord
        plain = "N.C." if root is None else harmony.chord_name(root, quality)
        if root is not None and text.replace("-", "b") not in (plain, harmony.chord_name(root, quality)):
            letter = text.replace("#", "").replace("b", "")
            if len(letter) > 1 and not (letter[1:] in ("m", "7", "5", "power") and (quality in (1, 3, 2))):
                names.setdefault(text, plain)
    for text, plain in list(names.items())[:8]:
        told.append(f"the chord {text} is played as {plain}")
    edges = set(changes) | {0, length}
    if melody.struck_anew:
        edges |= set(bars) | {at + ticks for at, _, ticks, end in phrased if end}
    ordered = sorted(edge for edge in edges if 0 <= edge <= length)
    chord = (0, score.SILENT)
    found: harmony.Chords = []
    for start, stop in itertools.pairwise(ordered):
        chord = changes.get(start, chord)
        for piece in harmony.split(stop - start):
            found.append((*chord, piece))
    if len(found) > harmony.MOST_CHORDS:
        found = harmony.merged(found)
        if not found:
            told.append("no chords: the song has too many for the device")
    return found


def _encoded(notes, chords, beats, compound, tonic, scale, where, told) -> bytes:
    written = harmony.in_pieces(notes)
    room = MOST_BYTES - score.HEADER - 4 - 2 * len(written)
    if room < 0:
        raise TooLong(
            f"{where} has {len(notes)} notes; a song has at most {(MOST_BYTES - score.HEADER - 4) // 2}: shorten it"
        )
    if 2 * len(chords) > room:
        chords = []
        told.append("no chords: with its many notes there is no room for them")
    try:
        return score.encode(written, chords, beats, compound, tonic, scale)
    except ScoreError as error:
        raise CalandoError(f"{where} cannot be made into a song: {error}") from error
