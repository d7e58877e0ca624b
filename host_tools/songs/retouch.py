"""One note of a song changed by hand: another pitch, another length, or a rest in its place. All else stays as it is."""

from dataclasses import replace

from firmware.sound import score
from firmware.sound.score import Score, ScoreError
from host_tools.songs import harmony
from host_tools.songs.fit import Imported
from simulator.files.errors import CalandoError

# Lengths in ticks (24 a beat) from short to long; the beat is a quarter, or a dotted quarter that divides in three.
SIMPLE = (6, 12, 18, 24, 36, 48, 72, 96)
COMPOUND = (4, 8, 12, 16, 24, 32, 48, 72, 96)


def lengths(song: Imported) -> tuple[int, ...]:
    """Return the lengths that a note of this song can be given, in ticks."""
    return COMPOUND if Score(song.data).compound else SIMPLE


def beside(song: Imported, ticks: int, steps: int) -> int:
    """Return the length `steps` longer (above 0) or shorter than one of `ticks`; the end of the row where there is none."""
    row = lengths(song)
    if steps > 0:
        further = [length for length in row if length > ticks]
        return further[min(steps, len(further)) - 1] if further else ticks
    further = [length for length in reversed(row) if length < ticks]
    return further[min(-steps, len(further)) - 1] if further else ticks


def retouched(song: Imported, index: int, note: int | None = None, ticks: int | None = None) -> Imported:
    """Return the song with note `index` (from 0) as a MIDI note, 0 for a rest, and a length in ticks; None: as it is.

    What comes after moves with a changed length, its chords too; bar lines stay where they are. Raises CalandoError.
    """
    if note and not score.LOWEST_NOTE <= note <= score.HIGHEST_NOTE:
        raise CalandoError("the device plays from G3 to A5; choose a note between them")
    line = song.notes()
    old_note, old_ticks, ends = line[index]
    new_ticks = old_ticks if ticks is None else ticks
    line[index] = (old_note if note is None else note, new_ticks, ends)
    start = sum(ticks for _, ticks, _ in line[:index])
    read = Score(song.data)
    written = harmony.in_pieces(line)
    chords = _stretched(song.chords(), start, start + old_ticks, start + new_ticks)
    try:
        data = score.encode(
            written, chords, read.beats_per_bar, read.compound, read.tonic, read.scale, read.loudness_cdb
        )
    except ScoreError as error:
        raise CalandoError(f"that cannot be played: {error}") from None
    return replace(song, data=data, bars=_bars(song.bars, Score(data).ticks))


def _stretched(chords: harmony.Chords, start: int, old_stop: int, new_stop: int) -> harmony.Chords:
    """The chords over a note that ends earlier or later than it did: they change under the same notes as before."""
    found: harmony.Chords = []
    at = 0
    for root, quality, ticks in chords:
        edges = [
            edge if edge <= start else edge + new_stop - old_stop if edge >= old_stop else min(edge, new_stop)
            for edge in (at, at + ticks)
        ]
        found += [(root, quality, piece) for piece in harmony.split(edges[1] - edges[0])]
        at += ticks
    return found


def _bars(bars: list[int], end: int) -> list[int]:
    """The bar lines of a song that ends elsewhere than it did."""
    if len(bars) < 2:
        return bars
    step = bars[-1] - bars[-2]
    longer = list(range(bars[-1] + step, end, step)) if step > 0 else []
    return [bar for bar in bars if bar <= end] + longer
