"""A stranger's swing, that the music of a study's sham answers to in place of the patient's own.

Loaded only for a study. Percent of the first minute's, every five seconds: the swing of a resting adult's
pulse, from the recording bio_resting_5min_100hz of NeuroKit (MIT), its beats' rate over 30 s, less a parabola.
"""

from micropython import const

_STEP_MS = const(5_000)
_SWING = bytes(
    (
        113, 108, 103, 102, 101, 100, 93, 75, 85, 89, 89, 100, 110, 170, 195, 189, 193, 176, 182, 104, 155, 168, 187, 202,
        195, 188, 170, 144, 136, 134, 93, 77, 77, 80, 76, 82, 83, 86, 153, 154, 156, 247, 255, 255, 240, 243, 219,
        118, 123, 118, 129, 132, 115, 112,
    )
)  # fmt: skip


def swing_permille(paced_ms, own_swing):
    """Return the stranger's swing, thousandths of that of their first minute.

    Where it begins differs from session to session, by what nobody chooses: the patient's own swing at first, own_swing.
    """
    return _SWING[(paced_ms // _STEP_MS + own_swing) % len(_SWING)] * 10
