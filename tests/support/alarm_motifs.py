"""The melodies of medical alarms, and whether a song has one of them."""

from firmware.sound import score

# IEC 60601-1-8:2006 annex F: the melodies of medical alarms, as steps from note to note.
ALARMS = {
    "general": (0, 0, 0, 0),
    "cardiovascular": (4, 3, 0, 5),
    "perfusion": (6, -6, 0, 6),
    "ventilation": (9, -4, 4, -4),
    "oxygen": (-1, -2, -2, -2),
    "temperature": (4, -2, 3, 2),
    "drug delivery": (-10, 5, 5, -10),
    "power": (-12, 0, 0, 12),
}
# "Oxygen" (C B A G F) is five notes down the scale, as any song has; an alarm's are evenly quick (some 0.25 s
# each, the slowest allowed), and no song here goes that fast.
SLOWEST_ALARM_S = 0.25 + 0.125


def alarm_in(notes, ticks, beat_s):
    """The name of an alarm's motif in a melody at that tempo, or None."""
    for start in range(len(notes) - 4):
        steps = tuple(notes[start + at + 1] - notes[start + at] for at in range(4))
        lengths = ticks[start : start + 5]
        quick = all(
            length * beat_s / 24 <= SLOWEST_ALARM_S for length in (lengths[0], lengths[1], lengths[3])
        )
        even = max(lengths[0], lengths[1], lengths[3]) <= 1.2 * min(lengths[0], lengths[1], lengths[3])
        for name, motif in ALARMS.items():
            if steps == motif and (name != "oxygen" or (quick and even)):
                return name
    return None


def melody_ticks(read):
    """Notes of a score's melody, 0 for a rest, and their ticks."""
    data = read.data
    pairs = [(data[score.HEADER + 2 * at] & 127, data[score.HEADER + 2 * at + 1]) for at in range(read.notes)]
    return [note for note, _ in pairs], [ticks for _, ticks in pairs]


def found_in(song, turned=False):
    """The alarm's name in a song's melody, in its own mode or turned, at the fastest beat there is; None without."""
    notes, ticks = melody_ticks(song)
    if turned:
        turn = score.SCALES[song.scale]
        notes = [n and n - (n - song.tonic) % 12 + turn[(n - song.tonic) % 12] for n in notes]
    return alarm_in(notes, ticks, 60 / 110)
