"""Whether every other of a newborn's waves has been the lower for so long that two of them may be one beat.

A second wave half-way to the next beat and nearly as high as it looks like a beat of its own; what is left is that it is
always the lower of the two. A breath makes beats unlike in turn as well, now the one, now the other.
"""

from micropython import const

_SHIFT = const(6)  # of heights, so that the means keep what a right shift takes
# Two means one after the other: what is unlike at a third of the pulse's rate passes at 1 %, near half of it wholly.
_FIRST_SHIFT = const(4)
_SECOND_SHIFT = const(3)
_LEAST_PERMILLE = const(
    25
)  # of the height to both sides: a breath of usual depth far from half of the pulse leaves 20
_STEADY_PERCENT = const(20)  # a breath, and what a hand leaves, comes and goes
_NOISY_SLOPE = const(600)  # counts over 80 ms: noise makes lower waves unlike
_DOUBT_WAVES = const(24)


class Turns:
    """Take each wave; tell for how many the odd ones have been the higher, or the even ones."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew."""
        self._turn = self._turn_mean = 0
        self._height = self._height_mean = 0
        self._about = 0  # permille by which the odd ones are higher than the mean, the even ones below 0, for _run waves
        self._run = 0

    def take(self, height, odd):
        """Take down one wave more by its height (1..2^22); odd: its number is."""
        height <<= _SHIFT
        if not self._height:
            self._height = self._height_mean = height
        self._turn += ((height if odd else -height) - self._turn) >> _FIRST_SHIFT
        self._turn_mean += (self._turn - self._turn_mean) >> _SECOND_SHIFT
        self._height += (height - self._height) >> _FIRST_SHIFT
        self._height_mean += (self._height - self._height_mean) >> _SECOND_SHIFT
        permille = self._turn_mean // (self._height_mean // 1000 + 1)
        if (
            abs(permille) < _LEAST_PERMILLE
            or abs(permille - self._about) * 100 > abs(self._about) * _STEADY_PERCENT
            or self._height_mean < _NOISY_SLOPE << _SHIFT
        ):
            self._about = permille
            self._run = 0
        self._run += 1

    def may_be_pairs(self):
        """Return whether two waves may be one beat."""
        return self._run > _DOUBT_WAVES
