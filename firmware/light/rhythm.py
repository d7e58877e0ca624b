"""Beats classed as they come: normal, early or late, missed, one too many, long or short; and an irregular rhythm told.

For variability and breath alone: the pulse rate is read without this. Thresholds and their constants are those of
Lipponen and Tarvainen (J. Med. Eng. Technol. 43:173, 2019), made causal: they come from the past 91 intervals only,
and a beat's class is known two beats later.
"""

from array import array

import micropython
from micropython import const

_KEPT = const(128)  # intervals remembered, a power of two: 60 s at 120 a minute
_MASK = const(127)
_BEATS_MASK = const(63)  # beats.py remembers 64
_SLOPES_MASK = const(511)  # pulse.py remembers 512 slopes
_MINUTE_TICKS = const(192000)
_MOST_TILT = const(20000000)  # so that 96 times it has 31 bits
_MOST_STEP = const(2000)  # ticks: 128 squares of it have 31 bits
_LARGE_SHARE = const(12)
_PAST = const(91)  # differences that the thresholds are taken from
_LEAST_PAST = const(20)
_LONGEST = const(20000)  # ticks, 6 s: no interval
_AROUND = const(11)  # intervals whose median is the usual one

# Threshold: 5.2 times the quartile deviation, half of what lies between the quartiles; 5.2 / 2 = 13 / 5.
_ALPHA = const(13)
_ALPHA_UNDER = const(5)
# A difference below this share of the interval is no odd beat: 1/40, 20 ms at 75 a minute.
_LEAST_SHARE = const(40)
# And above this one it is: where many beats are odd the quartiles are theirs, and would let them pass.
_MOST_SHARE = const(6)
_MOST_OFF_SHARE = const(10)
_C1_PERMILLE = const(130)
_C2_PERMILLE = const(170)

NORMAL = const(0)
ECTOPIC = const(1)  # early or late, and the next one makes up for it
MISSED = const(2)  # two intervals in one
EXTRA = const(3)  # two that together are one
LONG_OR_SHORT = const(4)
_PARTNER = const(5)  # the other interval of an ectopic or extra beat: as odd, but not counted again
_NONE = const(6)  # no interval: the first beat after a gap

# Slots of what `tally` adds up over the last 60 s.
_SPAN = const(0)  # ticks
_CLEAN = const(1)  # ticks of normal intervals
_BEATS = const(2)
_CORRECTED = const(3)
_PAIRS = const(4)  # differences of two normal intervals
_SQUARES = const(5)  # their squares added up, ticks²
_STEPS = const(6)  # all differences, odd or not
_LARGE = const(7)  # of these: more than a twelfth of the interval
_TURNS = const(8)  # of these: against the one before
_SLOTS = const(9)


@micropython.viper
def steepest(slopes: ptr32, ticks: int) -> int:
    """Return when the rise near `ticks` was steepest: the top of the parabola that fits the seven slopes around it best.

    Three slopes give the same without noise; with the noise of a weak pulse seven halve the error.
    """
    middle = (ticks + 32) >> 6
    tilt = 0
    bend = 0
    k = 0 - 3
    while k < 4:
        slope = int(slopes[(middle + k) & _SLOPES_MASK])
        tilt += k * slope
        bend += (k * k - 4) * slope
        k += 1
    if bend >= 0 or tilt > _MOST_TILT or tilt < 0 - _MOST_TILT:
        return ticks
    # Least squares on k = -3..3: slope ~ tilt k / 28 + bend k² / 84, so the top is at -(84 tilt) / (2 · 28 bend).
    offset = 0 - (tilt * 96) // bend
    if offset > 96 or offset < 0 - 96:
        return ticks
    return middle * 64 + offset


@micropython.viper
def place(sorted16: ptr16, count: int, value: int):
    """Put `value` into `count` sorted numbers."""
    i = count
    while i > 0 and int(sorted16[i - 1]) > value:
        sorted16[i] = sorted16[i - 1]
        i -= 1
    sorted16[i] = value


@micropython.viper
def take(sorted16: ptr16, count: int, value: int):
    """Take one `value` out of `count` sorted numbers."""
    i = 0
    while i < count - 1 and int(sorted16[i]) != value:
        i += 1
    while i < count - 1:
        sorted16[i] = sorted16[i + 1]
        i += 1


@micropython.viper
def tally(spans: ptr16, classes: ptr8, last: int, kept: int, most: int, out: ptr32):
    """Add up the `kept` intervals ending with number `last`, as many as fit into `most` ticks, into the slots of `out`."""
    i = 0
    while i < _SLOTS:
        out[i] = 0
        i += 1
    number = last
    oldest = last - kept
    after = 0
    while number > oldest:
        span = int(spans[number & _MASK])
        kind = int(classes[number & _MASK])
        if int(out[_SPAN]) + span > most:
            number = oldest
        else:
            out[_SPAN] = int(out[_SPAN]) + span
            if kind < _NONE:
                out[_BEATS] = int(out[_BEATS]) + 1
            if kind == NORMAL:
                out[_CLEAN] = int(out[_CLEAN]) + span
            elif kind < _PARTNER:
                out[_CORRECTED] = int(out[_CORRECTED]) + 1
            before = 0
            if number - 1 > oldest:
                before = int(spans[(number - 1) & _MASK])
            if span > 0 and before > 0:
                step = span - before
                if kind == NORMAL and int(classes[(number - 1) & _MASK]) == NORMAL:
                    out[_PAIRS] = int(out[_PAIRS]) + 1
                    if step > _MOST_STEP or step < 0 - _MOST_STEP:
                        step = _MOST_STEP
                    out[_SQUARES] = int(out[_SQUARES]) + step * step
                    step = span - before
                out[_STEPS] = int(out[_STEPS]) + 1
                if step * _LARGE_SHARE > span or step * _LARGE_SHARE < 0 - span:
                    out[_LARGE] = int(out[_LARGE]) + 1
                if (step > 0 and after < 0) or (step < 0 and after > 0):
                    out[_TURNS] = int(out[_TURNS]) + 1
                after = step
            else:
                after = 0
            number -= 1


class Rhythm:
    """Classes of the last 128 intervals; interval n is the one that ends with beat n."""

    def __init__(self, beats):
        self._beats = beats
        self.spans = array("H", bytes(2 * _KEPT))
        self.classes = bytearray(_KEPT)
        self._steps = array(
            "H", bytes(2 * _KEPT)
        )  # sizes of differences, for taking them out of the sorted ones
        self._offs = array("H", bytes(2 * _KEPT))  # sizes of distances from the usual interval
        self._sorted_steps = array("H", bytes(2 * (_PAST + 1)))
        self._sorted_offs = array("H", bytes(2 * (_PAST + 1)))
        self._around = array("H", bytes(2 * (_AROUND + 1)))
        self.sums = array("I", bytes(4 * _SLOTS))
        self.forget()

    def forget(self):
        """Begin with nothing known."""
        self.taken = self._beats.count  # beats below this number are in `spans`
        self.first = self.taken
        self.decided = self.taken  # and below this one they have a class
        self._ticks = 0
        self._past = 0
        self._usual = 0
        self._steps_limit = 0
        self._offs_limit = 0

    def follow(self, sure, slopes):
        """Take the beats that are new, and class those that have two behind them; unsure ones have no class.

        slopes: the ring of slopes in which the beats were found, for their time to a fraction of a millisecond.
        """
        beats = self._beats
        if beats.count - self.taken > 60:
            self.forget()
        while self.taken < beats.count:
            number = self.taken
            ticks = steepest(slopes, beats.times[number & _BEATS_MASK])
            span = ticks - self._ticks
            self._ticks = ticks
            if not beats.spans[number & _BEATS_MASK] or not 0 < span < _LONGEST or not sure:
                span = 0
            self.spans[number & _MASK] = span
            self.classes[number & _MASK] = NORMAL if span else _NONE
            self.taken = number + 1
            self._learn(number)
        while self.decided + 2 < self.taken and self._past >= _LEAST_PAST:
            self._class(self.decided)
            self.decided += 1

    def _span(self, number):
        return self.spans[number & _MASK] if self.first <= number < self.taken else 0

    def _learn(self, number):
        """The usual interval and the two thresholds, with this interval among the past."""
        around = self._around
        count = 0
        back = number
        while count < _AROUND and back >= self.first and number - back < 20:
            span = self.spans[back & _MASK]
            if span:
                place(around, count, span)
                count += 1
            back -= 1
        if not count:
            return
        self._usual = around[count // 2]
        span = self._span(number)
        before = self._span(number - 1)
        if not span or not before:
            return
        at = self._past & _MASK
        count = self._past
        if count >= _PAST:
            old = (self._past - _PAST) & _MASK
            take(self._sorted_steps, _PAST, self._steps[old])
            take(self._sorted_offs, _PAST, self._offs[old])
            count = _PAST - 1
        off = span - self._usual
        self._steps[at] = abs(span - before)
        self._offs[at] = -2 * off if off < 0 else off
        place(self._sorted_steps, count, self._steps[at])
        place(self._sorted_offs, count, self._offs[at])
        self._past += 1
        count += 1
        least = self._usual // _LEAST_SHARE
        self._steps_limit = min(
            max(least, self._limit(self._sorted_steps, count)), self._usual // _MOST_SHARE
        )
        self._offs_limit = min(
            max(least, self._limit(self._sorted_offs, count)), self._usual // _MOST_OFF_SHARE
        )

    @staticmethod
    def _limit(numbers, count):
        return (numbers[count * 3 // 4] - numbers[count // 4]) * _ALPHA // _ALPHA_UNDER

    def _class(self, number):
        """Give interval `number` its class; two that come after it are known."""
        at = number & _MASK
        if self.classes[at] != NORMAL:
            return
        span = self._span(number)
        before = self._span(number - 1)
        after = self._span(number + 1)
        step = span - before if before else 0
        next_step = after - span if after else 0
        limit = self._steps_limit
        off = span - self._usual
        size = abs(step)
        far = (-2 * off if off < 0 else off) > 3 * self._offs_limit
        if size <= limit and not far:
            return
        made_up = after and abs(next_step) * 1000 > size * _C1_PERMILLE + limit * _C2_PERMILLE
        near = self._offs_limit
        if near > self._usual // 8:
            near = self._usual // 8
        if off < 0 and after and abs(span + after - self._usual) < near:
            self.classes[at] = EXTRA
            self.classes[(number + 1) & _MASK] = _PARTNER
        elif off > 0 and abs(span // 2 - self._usual) < near:
            self.classes[at] = MISSED
        elif size > limit and step < 0 and made_up and next_step > limit and after > self._usual:
            self.classes[at] = ECTOPIC
            self.classes[(number + 1) & _MASK] = _PARTNER
        elif size > limit and step > 0 and made_up and next_step < -limit and after < self._usual:
            self.classes[at] = ECTOPIC
            self.classes[(number + 1) & _MASK] = _PARTNER
        elif far or (step < 0 and next_step > limit) or (step > 0 and next_step < -limit):
            self.classes[at] = LONG_OR_SHORT

    def good(self, number):
        """Return whether beat `number` (below `decided`) ends a normal interval."""
        return self.first <= number < self.decided and self.classes[number & _MASK] == NORMAL

    def tally(self):
        """Renew `sums` over the last 60 s of classed intervals."""
        kept = self.decided - self.first
        if kept > _KEPT - 3:
            kept = _KEPT - 3
        tally(self.spans, self.classes, self.decided - 1, kept, _MINUTE_TICKS, self.sums)
        return self.sums
