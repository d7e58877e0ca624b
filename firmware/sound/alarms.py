"""The melodies of medical alarms (IEC 60601-1-8:2006, annex F), and whether notes have one: none may ever sound."""

from micropython import const

# Steps from note to note: four a motif, semitones and STEP_ZERO.
STEP_ZERO = const(64)
MOTIFS = (
    b"\x40\x40\x40\x40"  # general
    b"\x44\x43\x40\x45"  # cardiovascular
    b"\x46\x3a\x40\x46"  # perfusion
    b"\x49\x3c\x44\x3c"  # ventilation
    b"\x3f\x3e\x3e\x3e"  # oxygen
    b"\x44\x3e\x43\x42"  # temperature
    b"\x36\x45\x45\x36"  # drug delivery
    b"\x34\x40\x40\x4c"  # power
)


def motif_at(notes, start):
    """Return whether five notes from a place on, MIDI numbers, have the steps of an alarm. Allocates nothing."""
    for motif in range(0, len(MOTIFS), 4):
        step = 0
        while step < 4 and notes[start + step + 1] - notes[start + step] + STEP_ZERO == MOTIFS[motif + step]:
            step += 1
        if step == 4:
            return True
    return False
