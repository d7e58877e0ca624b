"""The swell of a soundscape that shows a pace to breathe at: up while in, down while out, evenly in dB.

Loaded only where it is asked for (audio.set_pace). It never reads a clock: blocks of 16 ms are its time. A new pace counts
from the next breath in, a new depth from the middle of a breath, where the level is the soundscape's own: so neither is a
step.
"""

from micropython import const

from firmware import decibels

_TURN = const(1 << 28)
_UNITY = const(0x4000)
# Of a turn, for a block of 16 ms and a thousandth of a breath a minute: 2**28 / 3 750 000 = 71.583. Rounded down: with 15
# breaths the product still is a small integer of the chip.
_TURN_PER_BLOCK_PERMILLE = const(71_582)


class Swell:
    """`next_gain` gives the gain at the end of each block, of 16 384."""

    def __init__(self):
        self.gain = _UNITY  # at the end of the block before
        self._phase = 0  # 0: a breath in begins
        self._step = 0
        self._in = _TURN * 4 // 10  # where a breath out begins
        self._depth_cdb = 0
        self._above = False
        self._pace_mbpm = 0  # what is wanted
        self._wanted_cdb = 0

    def set(self, pace_mbpm, swell_cdb, inhalation_permille):
        """Take over a pace (thousandths of a breath a minute, None or 0: none), a depth (hundredths of a dB) and the share
        of a breath that goes in, the same for a whole session.
        """
        self._wanted_cdb = swell_cdb
        self._in = _TURN // 1000 * inhalation_permille
        if pace_mbpm != self._pace_mbpm:
            self._pace_mbpm = pace_mbpm
            if not self._depth_cdb:
                self._phase = 0
                self._above = False
                self._take_pace()

    def _take_pace(self):
        pace_mbpm = self._pace_mbpm
        if pace_mbpm:
            self._step = pace_mbpm * _TURN_PER_BLOCK_PERMILLE // 1000
        elif not self._depth_cdb:
            self._step = 0

    def next_gain(self):
        """Go on by a block; return the gain at its end."""
        phase = self._phase + self._step
        if phase >= _TURN:
            phase -= _TURN
            self._take_pace()
        self._phase = phase
        rising = self._in
        # Where in the breath, 0 to 2000: up to 2000 at the end of a breath in, and down again.
        if phase < rising:
            place = phase // (rising // 2000)
        else:
            place = (_TURN - phase) // ((_TURN - rising) // 2000)
        above = place > 1000
        if above != self._above:
            self._above = above
            self._depth_cdb = self._wanted_cdb
        if not self._depth_cdb:
            self.gain = _UNITY
        else:
            self.gain = decibels.gain(self._depth_cdb * (place - 1000) // 1000) >> 10
        return self.gain
