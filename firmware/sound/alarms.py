"""The melodies of medical alarms (IEC 60601-1-8:2006, annex F), and whether notes have one: none may ever sound."""

# Steps from note to note, in semitones.
MOTIFS = (
    (0, 0, 0, 0),  # general
    (4, 3, 0, 5),  # cardiovascular
    (6, -6, 0, 6),  # perfusion
    (9, -4, 4, -4),  # ventilation
    (-1, -2, -2, -2),  # oxygen
    (4, -2, 3, 2),  # temperature
    (-10, 5, 5, -10),  # drug delivery
    (-12, 0, 0, 12),  # power
)


def motif_at(notes, start):
    """Return whether five notes from a place on, MIDI numbers, have the steps of an alarm. Allocates nothing."""
    for motif in MOTIFS:
        step = 0
        while step < 4 and notes[start + step + 1] - notes[start + step] == motif[step]:
            step += 1
        if step == 4:
            return True
    return False
