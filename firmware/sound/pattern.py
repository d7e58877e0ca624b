"""Calm music that never repeats, made on the device from a seed: a phrase of four bars, a bar's rest, and another one.

A phrase is a walk in a scale within an octave over rhythms of one kind, and ends with a cadence. While one sounds, the next
is made, a bar with every note of the melody; it is looked at for the melodies of alarms before it may sound, and made anew
where it has one. It stands in memory as a Score does, and sequencer.py plays it as one. All is integer: the same seed gives
the same notes everywhere.

Loaded only for a profile or a programme that names a pattern.
"""

from micropython import const

from firmware.sound import alarms, score

_BARS = const(4)
_MOST_NOTES = const(28)
_BYTES = score.HEADER + 2 * _MOST_NOTES + 2 * _BARS
_TRIES = const(40)  # then a phrase of four long notes: an alarm's melody has five
_BEAT = const(24)
_FIFTH = b"\x07"  # bytes: MicroPython 1.28 looks for no number in bytes
# A melody's note and a chord's that lie so many semitones apart, octaves left out, do not go together for more than a beat:
# bits 1, 2, 6, 10 and 11.
_DISSONANT = const(0xC46)

# A kind is a row of numbers and bytes, because the chip's heap is small: as objects and lists they took 1.6 KB more.
_RHYTHMS = const(5)
_MOST_IN_A_BAR = const(4)
# Semitones above the tonic, and 16 times the quality; the first is the tonic's own. In major, then in minor.
_CHORDS = (b"\x00\x05\x07\x19\x12\x14\x20\x27\x25\x29", b"\x10\x15\x03\x0a\x08\x17\x20\x27\x25\x23")
# Whether the beat divides in three, beats in a bar, the tonic's note, whether it is in minor, hundredths of a dB as in a
# Score; rhythms of a bar, notes' ticks in groups of _MOST_IN_A_BAR with zeros behind, the last bar's own at the end; and
# the scales in major and in minor, semitones above the tonic to the octave.
KINDS = {
    # Five notes, in four: long notes that drift.
    "drift": (
        False, 4, 60, False, -85,
        b"\x30\x30\x00\x00\x30\x18\x18\x00\x18\x18\x30\x00\x48\x18\x00\x00\x18\x30\x18\x00\x18\x48\x00\x00",
        b"\x00\x02\x04\x07\x09\x0c", b"\x00\x03\x05\x07\x0a\x0c",
    ),
    # A mode, in six eighths: it sways.
    "tide": (
        True, 2, 57, True, 15,
        b"\x10\x08\x18\x00\x18\x10\x08\x00\x10\x08\x10\x08\x18\x18\x00\x00\x08\x08\x08\x18\x18\x18\x00\x00",
        b"\x00\x02\x04\x05\x07\x09\x0b\x0c", b"\x00\x02\x03\x05\x07\x09\x0a\x0c",
    ),
    # Six notes of a scale, in three: it turns.
    "lantern": (
        False, 3, 62, False, -72,
        b"\x30\x18\x00\x00\x18\x18\x18\x00\x18\x30\x00\x00\x24\x0c\x18\x00\x48\x00\x00\x00\x18\x30\x00\x00",
        b"\x00\x02\x04\x05\x07\x09\x0c", b"\x00\x02\x03\x05\x07\x08\x0c",
    ),
}  # fmt: skip


class Pattern:
    """One pattern, with the attributes of a Score. `begin` makes its first phrase; `turn` brings the next, `work` makes it.

    notes, chords, chords_at and data change with every phrase; `seed` is what begin was given.
    """

    grows = True

    def __init__(self, name):
        kind = KINDS[name]
        self.compound, self.beats_per_bar, self._root, self.minor, self.loudness_cdb, self._rhythms = kind[:6]
        self._scales = kind[6:]
        self.name = score.PATTERN + name
        self.tonic = self._root % 12
        self.scale = score.PLAIN  # whether a phrase is in major or minor is decided when it is made
        self.data = bytearray(_BYTES)
        self._next = bytearray(_BYTES)
        self._melody = bytearray(_MOST_NOTES)
        self.notes = self.chords = self._made_notes = 0
        self.chords_at = score.HEADER
        self.seed = 0
        self.begin(0)

    def begin(self, seed):
        """Start anew from a seed, 0 to 2 ** 30 - 1, with the first phrase ready."""
        self.seed = seed
        self._random = (seed & 0x3FFFFFFF) ^ 0x1F3D5B79 or 1
        for _ in range(8):
            self._draw(2)  # seeds that lie near each other soon differ in every bit
        self._minor_owed = 500
        self._wants_minor = self.minor
        self._phrase = 0
        self._start_phrase()
        self.turn(0)

    def turn(self, minor_permille):
        """Let the next phrase take the place of the one that is over. minor_permille: of the mood, for the one after it."""
        while self._bar < _BARS:
            self.work()
        data = self.data
        self.data = self._next
        self._next = data
        self.notes = self._made_notes
        self.chords_at = score.HEADER + 2 * self.notes
        self.chords = _BARS
        minor = self.minor
        share = -minor_permille if minor else minor_permille
        self._wants_minor = minor
        if share > 0:
            self._minor_owed += share
            if self._minor_owed >= 1000:
                self._minor_owed -= 1000
                self._wants_minor = not minor
        self._start_phrase()

    def work(self):
        """Make a bar of the next phrase, or nothing where it is whole. Allocates nothing."""
        if self._bar == _BARS:
            return
        if self._bar == 0:
            self._at = 0
        self._make_bar(self._bar)
        self._bar += 1
        if self._bar < _BARS:
            return
        if self._has_motif():
            self._tries += 1
            if self._tries < _TRIES:
                self._degree = self._first_degree
                self._bar = 0
                return
            self._make_plain()
        self._tries = 0
        self._first_degree = self._degree
        self._phrase += 1
        self._write_chords()

    # Helpers

    def _draw(self, count):
        """A number from 0 to count - 1: multiply with carry, period of 5 * 10 ** 8 and more."""
        value = self._random
        value = (value & 0xFFFF) * 16380 + (value >> 16)
        self._random = value
        return (value & 0xFFFF) * count >> 16

    def _start_phrase(self):
        self._bar = 0
        self._tries = 0
        self._at = 0
        self._in_minor = self._wants_minor
        if not self._phrase:
            self._first_degree = self._degree = self._draw(3)

    def _make_bar(self, bar):
        last = bar == _BARS - 1
        scale = self._scales[1 if self._in_minor else 0]
        rhythm = _MOST_IN_A_BAR * (_RHYTHMS if last else self._draw(_RHYTHMS))
        rhythms = self._rhythms
        count = _MOST_IN_A_BAR
        while not rhythms[rhythm + count - 1]:
            count -= 1
        top = len(scale) - 1
        # Every other phrase ends on the tonic, the ones between on the fifth: a question and an answer.
        goal = scale.index(_FIFTH) if self._phrase & 1 == 0 else 0
        data = self._next
        for place in range(count):
            if last:
                if place == count - 1:
                    self._degree = goal
                else:
                    self._degree = min(top, goal + 1)
            elif bar or place:
                # The bar before the last one makes for where that begins.
                self._degree = self._step_from(
                    self._degree, top, min(top, goal + 1) if bar == _BARS - 2 else None
                )
            note = self._root + scale[self._degree]
            self._melody[self._at] = note
            ends = 128 if last and place == count - 1 else 0
            data[score.HEADER + 2 * self._at] = note | ends
            data[score.HEADER + 2 * self._at + 1] = rhythms[rhythm + place]
            self._at += 1
        self._made_notes = self._at

    def _make_plain(self):
        """A phrase of a note a bar: the tonic and the fifth in turn."""
        data = self._next
        for bar in range(_BARS):
            note = self._root + (7 if (bar + self._phrase) & 1 else 0)
            self._melody[bar] = note
            data[score.HEADER + 2 * bar] = note | (128 if bar == _BARS - 1 else 0)
            data[score.HEADER + 2 * bar + 1] = self.beats_per_bar * _BEAT
        self._at = self._made_notes = _BARS
        self._degree = 0

    def _step_from(self, degree, top, goal):
        """A neighbour mostly, now and then one further; never the same note a third time; turned back at the ends, and
        towards `goal` where there is one.
        """
        chance = self._draw(16)
        step = 1 if chance < 11 else 2 if chance < 14 else 0
        if step == 0 and self._at >= 2 and self._melody[self._at - 1] == self._melody[self._at - 2]:
            step = 1
        falls = self._draw(top + 1) < degree  # the higher, the rather
        if goal is not None and goal != degree:
            falls = goal < degree
        if falls:
            step = -step
        found = degree + step
        if found < 0 or found > top:
            found = degree - step
        return found

    def _has_motif(self):
        melody = self._melody
        for start in range(self._at - 4):
            if alarms.motif_at(melody, start):
                return True
        return False

    def _write_chords(self):
        """A chord for each bar that goes with its notes; the first and the last bar's is the tonic's where that does."""
        data = self._next
        chords = _CHORDS[1 if self._in_minor else 0]
        at = score.HEADER + 2 * self._at
        bar_ticks = self.beats_per_bar * _BEAT
        first = 0
        for bar in range(_BARS):
            ticks = 0
            after = first
            while ticks < bar_ticks:
                ticks += data[score.HEADER + 2 * after + 1]
                after += 1
            begin = 0 if bar == 0 or bar == _BARS - 1 else self._draw(6)
            chosen = score.SILENT << 4
            for number in range(len(chords)):
                chord = chords[(begin + number) % len(chords)]
                if self._goes_with(chord, first, after):
                    chosen = (self._root + (chord & 15)) % 12 | chord & 0xF0
                    break
            data[at] = chosen
            data[at + 1] = bar_ticks
            at += 2
            first = after

    def _goes_with(self, chord, first, after):
        """Return whether no tone of a chord is dissonant with a note of a bar that is longer than a beat, nor a semitone
        from any.
        """
        data = self._next
        root = self._root + (chord & 15)
        third, fifth = score.QUALITIES[chord >> 4]
        for place in range(first, after):
            note = (data[score.HEADER + 2 * place] & 127) - root
            long = data[score.HEADER + 2 * place + 1] > _BEAT
            if _rubs(note % 12, long) or _rubs((note - third) % 12, long) or _rubs((note - fifth) % 12, long):
                return False
        return True


def _rubs(distance, long):
    return distance == 1 or distance == 11 or (long and _DISSONANT >> distance & 1 == 1)
