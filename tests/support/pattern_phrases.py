"""The rules that every phrase of a pattern keeps, looked at from outside: no alarm, no wide leap, no long dissonance."""

from itertools import pairwise

import alarm_motifs

from firmware.sound import score
from firmware.sound.pattern import KINDS, Pattern

DISSONANT = {1, 2, 6, 10, 11}
FASTEST_BEAT_S = 60 / 110


def melody(pattern):
    """Notes and ticks of the phrase that stands in it."""
    data = pattern.data
    rows = [
        (data[score.HEADER + 2 * at] & 127, data[score.HEADER + 2 * at + 1]) for at in range(pattern.notes)
    ]
    return [note for note, _ in rows], [ticks for _, ticks in rows]


def chords(pattern):
    """(pitch classes, ticks) of each chord; no pitch classes for a silent one."""
    found = []
    for at in range(pattern.chords):
        root, ticks = pattern.data[pattern.chords_at + 2 * at], pattern.data[pattern.chords_at + 2 * at + 1]
        tones = (
            []
            if root >> 4 == score.SILENT
            else [(root & 15) + step for step in (0, *score.QUALITIES[root >> 4])]
        )
        found.append(({tone % 12 for tone in tones}, ticks))
    return found


def broken(pattern):
    """Return which rules the phrase that stands in a pattern breaks, in words; none for a good one."""
    notes, ticks = melody(pattern)
    harmony = chords(pattern)
    bar = pattern.beats_per_bar * score.TICKS_PER_BEAT
    found = []
    alarm = alarm_motifs.alarm_in(notes, ticks, FASTEST_BEAT_S)
    if alarm is not None:
        found.append(f"has the alarm {alarm}")
    if max(notes) - min(notes) > 12 or any(abs(two - one) > 12 for one, two in pairwise(notes)):
        found.append("goes beyond an octave")
    if min(notes) < score.LOWEST_NOTE or max(notes) > score.HIGHEST_NOTE:
        found.append("cannot be played")
    if not sum(ticks) == 4 * bar == sum(length for _, length in harmony):
        found.append("is not four bars long")
    at = 0
    for note, length in zip(notes, ticks, strict=True):
        clash = {(note - tone) % 12 for tone in harmony[min(at // bar, len(harmony) - 1)][0]}
        at += length
        if clash & {1, 11} or (length > score.TICKS_PER_BEAT and clash & DISSONANT):
            found.append("holds a dissonance")
    return found


def phrases(count, first=0):
    """Yield (kind, seed, pattern) for that many phrases under as many seeds: the kinds in turn, in major and in minor."""
    made = {kind: Pattern(kind) for kind in KINDS}
    kinds = sorted(made)
    for number in range(first, first + count):
        pattern = made[kinds[number % 3]]
        seed = number * 107_041 % (1 << 30)
        pattern.begin(seed)
        pattern.turn(1000 * (number % 2) - 1000 * (number % 5 == 0))
        pattern.turn(0)
        yield kinds[number % 3], seed, pattern
