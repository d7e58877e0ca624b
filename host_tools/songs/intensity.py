"""How moving a melody is, from 0 to 10, for choosing songs that follow one another.

A measure of ours, with no claim beyond the three things it is made of: how many notes fall on a beat, how wide the melody
spans, how far it leaps. The bounds are those of the two songbooks: a slow chant of few notes is near 0, a dance near 10.
"""

from itertools import pairwise

from firmware.sound import score

NOTES_A_BEAT = (0.7, 2.2)
SPAN_SEMITONES = (5, 22)
LEAP_SEMITONES = (1.0, 4.5)


def intensity(data: bytes) -> int:
    """Return the whole number for a score's melody: the mean of the three, notes a beat counted twice."""
    read = score.Score(data)
    notes = [data[score.HEADER + 2 * at] & 127 for at in range(read.notes)]
    sung = [note for note in notes if note and note != score.GOES_ON]
    leaps = [abs(two - one) for one, two in pairwise(sung)]
    parts = (
        # A dotted beat is half as long again.
        (len(sung) / (read.ticks / score.TICKS_PER_BEAT) / (1.5 if read.compound else 1), NOTES_A_BEAT),
        (max(sung) - min(sung), SPAN_SEMITONES),
        (sum(leaps) / max(1, len(leaps)), LEAP_SEMITONES),
    )
    shares = [min(1.0, max(0.0, (value - low) / (high - low))) for value, (low, high) in parts]
    return round(10 * (2 * shares[0] + shares[1] + shares[2]) / 4)
