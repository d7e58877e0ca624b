"""A listening programme as the session follows it: one flat array of integers, and the names of what sounds.

Apart from prescription/programme.py, which checks it, so that the table and the rules need not stay in memory.
"""

ROLES = ("arrive", "meet", "deepen", "rest", "return", "silence")
SOURCES = ("song", "voice", "soundscape", "silence", "pattern")

# Columns of a row: one row a segment.
ROLE, SOURCE, THING, LENGTH_MS, REPEATS, MATCHED, START_MBPM, END_MBPM, LEVEL_CDB = range(9)
MINOR, BRIGHTNESS, DENSITY, INTENSITY, CROSSFADE_MS, UNTIL_PHRASE = range(9, 15)
COLUMNS = 15
FALL_MS_PER_CDB = 2  # of the level before a silence, for the fade into it: 10 s from 50 dB(A)
LAST_FADE_MS = 30_000  # at least: an end that comes unawares startles
PHRASE_MS = 90_000  # longer than any phrase at the slowest tempo: after that none is waited for


class Plan:
    """rows: COLUMNS integers a segment; names: what a row's THING says the place of."""

    def __init__(self, title, shape, rows, names):
        self.title = title
        self.shape = shape
        self.rows = rows
        self.names = names
        self.segments = len(rows) // COLUMNS

    def at(self, segment, column):
        """Return one value of a segment."""
        return self.rows[segment * COLUMNS + column]

    def source(self, segment):
        """Return one of SOURCES."""
        return SOURCES[self.at(segment, SOURCE)]

    def name(self, segment):
        """Return which of them it is."""
        return self.names[self.at(segment, THING)]

    @property
    def total_ms(self):
        """Return how long it lasts; with repeats, at most."""
        return sum([self.at(segment, LENGTH_MS) for segment in range(self.segments)])

    def names_of(self, source):
        """Return the names of its songs ("song"), its voice ("voice") or its soundscapes, each once."""
        found = []
        for segment in range(self.segments):
            if self.source(segment) == source and self.name(segment) not in found:
                found.append(self.name(segment))
        return found

    def code(self, segment):
        """Return a segment as a journal's number: its place, 16 times its source, 256 times its role. No name is in it."""
        return segment + 16 * self.at(segment, SOURCE) + 256 * self.at(segment, ROLE)
