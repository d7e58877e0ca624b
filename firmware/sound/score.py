"""The compact form of a song and its reader: melody, phrases and chords in a few dozen bytes with a checksum.

Written on the host (host_tools/songs/songbook.py, song import), stored and played on the device. No note is
invented here: a score that breaks a rule is refused with the rule it broke.

Layout, all of it single bytes:
    0  "LUL1"               4 letters and version in one
    4  metre                beats in a bar (1 to 6), +128 when each beat divides in three
    5  key                  the tonic's pitch class (0 is C), +16 times the scale: see SCALES
    6  loudness             hundredths of a dB / 10 by which the song is louder than the reference, +128
    7  notes, low byte      8  high byte
    9  chords
   10  notes, 2 bytes each: MIDI note (0 is a rest), +128 where a phrase ends; length in ticks
    .  chords, 2 bytes each: root's pitch class +16 times the quality; length in ticks
    .  CRC-32 of everything before it, low byte first
A tick is a 24th of a beat; the beat is the quarter, or the dotted quarter where it divides in three.
"""

import binascii

MAGIC = b"LUL1"
HEADER = 10
LOUDNESS_PLACE = 6  # its byte in the header: tenths of a dB more than LOUDNESS_ZERO
LOUDNESS_ZERO = 128
TICKS_PER_BEAT = 24
LOWEST_NOTE = 55  # G3
HIGHEST_NOTE = 81  # A5: four harmonics of it lie below what the half-rate mix can carry
_SMALLEST = 16
LARGEST = 2048  # bytes; about four minutes of eighths
LONGEST_PHRASE_BEATS = 32
GOES_ON = 1  # in the place of a note: the one before sounds on, for notes of more than 255 ticks

# How each scale's twelve degrees above the tonic turn into its other mode: minor, major or its like. A melody
# keeps its contour.
MAJOR, MINOR, IN, PLAIN = range(4)
SCALES = (
    bytes((0, 1, 2, 3, 3, 5, 6, 7, 8, 8, 10, 10)),  # major to natural minor: third, sixth, seventh
    bytes((0, 2, 2, 4, 4, 5, 6, 7, 9, 9, 11, 11)),  # minor to major
    bytes((0, 2, 2, 4, 4, 5, 6, 7, 9, 9, 10, 11)),  # Japan's in scale to yo: second and sixth
    bytes((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),  # has no other mode
)
# Chord qualities: distances of third and fifth above the root; third 0: left out.
QUALITIES = (b"\x04\x07", b"\x03\x07", b"\x00\x07", b"\x04\x07")
SILENT = 15  # a chord of this quality is a rest
# Made on the device in the place of a song (pattern.py, which is loaded for them only), and how a song's name says so.
PATTERNS = ("drift", "lantern", "tide")
PATTERN = "pattern_"


def is_pattern(name):
    """Return whether a song of this name is made on the device."""
    return name[: len(PATTERN)] == PATTERN and name[len(PATTERN) :] in PATTERNS


class ScoreError(ValueError):
    """The score cannot be played; the text says why in one sentence."""


class Score:
    """A checked song. Nothing here changes while it plays.

    data: bytes in the layout above; raises ScoreError when they are damaged or break its rules.
    """

    grows = False  # a pattern has another phrase after each

    def __init__(self, data, name=""):
        size = len(data)
        if size < _SMALLEST or size > LARGEST:
            raise ScoreError("a score has %d to %d bytes, this one has %d" % (_SMALLEST, LARGEST, size))
        if bytes(data[:4]) != MAGIC:
            raise ScoreError("this is not a score: its first letters are not LUL1")
        checksum = binascii.crc32(data[: size - 4]) & 0xFFFFFFFF
        if checksum != int.from_bytes(data[size - 4 :], "little"):
            raise ScoreError("the score is damaged: its checksum does not match; copy it again")
        self.name = name
        self.data = bytes(data)
        self.compound = data[4] >= 128
        self.beats_per_bar = data[4] & 127
        self.tonic = data[5] & 15
        self.scale = data[5] >> 4
        self.loudness_cdb = (data[LOUDNESS_PLACE] - LOUDNESS_ZERO) * 10
        self.notes = data[7] | data[8] << 8
        self.chords = data[9]
        self.chords_at = HEADER + 2 * self.notes
        if size != self.chords_at + 2 * self.chords + 4:
            raise ScoreError("the score's length does not match its number of notes and chords")
        self._check()

    def _check(self):
        data = self.data
        if not 1 <= self.beats_per_bar <= 6:
            raise ScoreError("a bar has 1 to 6 beats, not %d" % self.beats_per_bar)
        if self.tonic > 11 or self.scale >= len(SCALES):
            raise ScoreError("the score's key is unknown")
        if self.notes == 0:
            raise ScoreError("the score has no notes")
        ticks = 0
        since_phrase = 0
        sounding = False
        going = False  # the note before may go on: it is no rest, and its phrase has not ended
        for index in range(self.notes):
            note = data[HEADER + 2 * index] & 127
            length = data[HEADER + 2 * index + 1]
            if note == GOES_ON:
                if not going:
                    raise ScoreError("note %d of the score goes on from none" % (index + 1))
            elif note and not LOWEST_NOTE <= note <= HIGHEST_NOTE:
                raise ScoreError("note %d of the score is outside G3 to A5" % (index + 1))
            if length == 0:
                raise ScoreError("note %d of the score has no length" % (index + 1))
            going = note > 0 and data[HEADER + 2 * index] < 128
            sounding = sounding or note > 0
            ticks += length
            since_phrase += length
            if since_phrase > LONGEST_PHRASE_BEATS * TICKS_PER_BEAT:
                raise ScoreError("a phrase of the score is longer than %d beats" % LONGEST_PHRASE_BEATS)
            if data[HEADER + 2 * index] >= 128:
                since_phrase = 0
        if not sounding:
            raise ScoreError("the score has only rests")
        if since_phrase:
            raise ScoreError("the score does not end with the end of a phrase")
        self.ticks = ticks
        for index in range(self.chords):
            root, length = data[self.chords_at + 2 * index], data[self.chords_at + 2 * index + 1]
            if root & 15 > 11 or (root >> 4 >= len(QUALITIES) and root >> 4 != SILENT) or length == 0:
                raise ScoreError("chord %d of the score is unknown" % (index + 1))
            ticks -= length
        if self.chords and ticks:
            raise ScoreError("the score's chords and melody differ in length")


def encode(notes, chords, beats_per_bar, compound, tonic, scale, loudness_cdb=0):
    """Return the bytes of a score. notes: (MIDI note or 0, ticks, ends a phrase); chords: (pitch class, quality,
    ticks).

    Raises ScoreError when the result could not be played.
    """
    data = bytearray(MAGIC)
    data.append(beats_per_bar | (128 if compound else 0))
    data.append(tonic | scale << 4)
    data.append(max(0, min(255, 128 + loudness_cdb // 10)))
    data.append(len(notes) & 255)
    data.append(len(notes) >> 8)
    if len(chords) > 255:
        raise ScoreError("a score has at most 255 chords, this one has %d" % len(chords))
    data.append(len(chords))
    for note, ticks, phrase in notes:
        if not 0 < ticks < 256:
            raise ScoreError("a note's length is 1 to 255 ticks, not %d" % ticks)
        data.append(note | (128 if phrase else 0))
        data.append(ticks)
    for root, quality, ticks in chords:
        if not 0 < ticks < 256:
            raise ScoreError("a chord's length is 1 to 255 ticks, not %d" % ticks)
        data.append(root | quality << 4)
        data.append(ticks)
    return sealed(data)


def sealed(data):
    """Return a score's bytes with the checksum after them, checked."""
    whole = bytearray(data)
    whole.extend((binascii.crc32(data) & 0xFFFFFFFF).to_bytes(4, "little"))
    return Score(whole).data
