"""Single beats by their steepest rise, and the time between them booked as so many beats.

A beat is the steepest rise among its neighbours and not small beside the usual one. A missed or an extra beat
is noticed by the local interval and marked as odd; whether a rate may be shown is decided in `vitals`.
"""

from array import array

import micropython
from micropython import const

from firmware.light import pulse

_KEPT = const(64)  # beats and stretches remembered; a power of two
_MASK = const(63)

# Shares of the interval, in percent: a beat is the steepest from this long before to this long after itself.
# A premature beat may come after 0.4 of an interval; a diastolic wave is not as steep.
_BEHIND_PERCENT = const(40)
_AHEAD_PERCENT = const(30)
_FARTHEST_PAIRS = const(30)  # 0.6 s: a period that is twice the true one must not hide every other beat
# With a second wave about half-way, which may be steeper than its beat, both are looked at: steepest this far around.
_TWOFOLD_PERCENT = const(30)
_OFF_BEAT_PERCENT = const(25)  # farther from where the next beat is due it is the other wave,
_DUE_BEATS = const(3)  # up to so many of them; later anything is a beat
_AROUND_PAIRS = const(6)  # a wave's height is over the mean of 0.26 s around it, as `waves` has it
_HIGHER_PERCENT = const(110)  # of the beats beside it; so often in turn, and the other wave is the beat
_HIGHER_TURNS = const(3)
_THRESHOLD_PERCENT = const(25)  # of the usual steepness
_SHORT_PERCENT = const(65)  # an interval below this share of the local one holds an extra beat
_LONG_PERCENT = const(165)  # and from this share on a beat was missed
_LATEST = const(8)
_EVEN_PERCENT = const(60)  # of the steepest: beats of one kind are not less steep, diastolic waves are
_STEADY_PERCENT = const(30)  # intervals of one rhythm, even of two beats coupled, lie this near their median
_LOST_AFTER = const(7)  # half intervals without a beat that end the stretch


@micropython.viper
def _add_up(ends: ptr32, spans: ptr32, numbers: ptr8, oddness: ptr8, number: int, since: int, sums: ptr32):
    """Write into sums how long the stretches before `number`, 60 at most, that began at `since` or later are together, how
    many intervals they hold, and how odd they are.
    """
    oldest = number - 60 if number > 60 else 0
    ticks = 0
    beats = 0
    odd = 0
    while number > oldest:
        number -= 1
        place = number & _MASK
        span = int(spans[place])
        if int(ends[place]) - span < since:
            break
        ticks += span
        beats += int(numbers[place])
        odd += int(oddness[place])
    sums[0] = ticks
    sums[1] = beats
    sums[2] = odd


class Beats:
    """The beats of one patient. Times are in ticks, 1/3200 s since the first sample."""

    def __init__(self):
        self.count = 0
        # One place a beat: time of the steepest rise and of the top in ticks, fall of the light, ticks since the beat
        # before, level of the light.
        self.times = array("I", [0] * _KEPT)
        self.rises = array("I", [0] * _KEPT)
        self.tops = array("I", [0] * _KEPT)
        self.spans = array("I", [0] * _KEPT)
        self.levels = array("I", [0] * _KEPT)
        self._slope = array("I", [0] * _KEPT)
        self._order = array("I", [0] * _LATEST)  # for a while
        self._end = array("I", [0] * _KEPT)
        self._span = array("I", [0] * _KEPT)
        self._number = array("B", [0] * _KEPT)
        self._oddness = array("B", [0] * _KEPT)
        self.forget()

    def forget(self):
        """Start anew; beats already counted stay counted."""
        self.usual = 0  # slope of a usual beat
        self.local_ticks = 0  # from beat to beat just now
        self.anchor = 0  # the last good beat
        self.lately_odd = 0  # how odd the last beats were, 256 = one odd event a beat
        self.lately_ticks = self.lately_beats = 0  # see add_up
        self.stretches = 0
        self.first = self.count
        self._pending = 0
        self._searched = 0
        self._height = 0  # of the last beat, and of the highest wave since, where each beat has a second wave
        self._between = 0
        self._turns = 0  # how often in turn that was the higher

    def broken(self):
        """Take it that samples were lost: the next beat begins a new stretch."""
        self.anchor = 0
        self.first = self.count
        self._pending = 0

    def ticks(self, number):
        """Return when beat `number` came (of `count`, one of the last 64)."""
        return self.times[number & _MASK]

    def top(self, number):
        """Return when that beat's wave was at its top."""
        return self.tops[number & _MASK]

    def rise(self, number):
        """Return how far the light fell at that beat: slopes added up from foot to top."""
        return self.rises[number & _MASK]

    def level(self, number):
        """Return the light at that beat's top, where it stands still: 32 samples added up."""
        return self.levels[number & _MASK]

    def stretch_ticks(self, number):
        """Return how long stretch `number` (of `stretches`, one of the last 64) is; it lies between good beats."""
        return self._span[number & _MASK]

    def stretch_odd(self, number):
        """Return how many beats were missed or too many in that stretch."""
        return self._oddness[number & _MASK]

    def add_up(self, since):
        """Add up the last stretches, 60 at most, that began at `since` or later: `lately_ticks` is how long they are,
        `lately_beats` how many intervals they hold, more than one each where beats were missed; return how odd they are.
        """
        sums = self._order
        _add_up(self._end, self._span, self._number, self._oddness, self.stretches, since, sums)
        self.lately_ticks = sums[0]
        self.lately_beats = sums[1]
        return sums[2]

    def steady_ticks(self, least_ticks):
        """Return the median of the last 8 intervals if all are near it and all beats of one kind, else 0.

        Two beats coupled (a long and a short interval in turn) make the period look twice as long; this tells
        them from one beat with a diastolic wave, which comes within `least_ticks`.
        """
        if self.count - self.first < _LATEST + 1:
            return 0
        order = self._order
        most = 0
        least = 1 << 29
        for i in range(_LATEST):
            at = self.count - 1 - i
            span = self.times[at & _MASK] - self.times[(at - 1) & _MASK]
            slope = self._slope[at & _MASK]
            if slope > most:
                most = slope
            if slope < least:
                least = slope
            pulse.insert(order, i, span)
        median = (order[_LATEST // 2] + order[_LATEST // 2 - 1]) // 2
        if least * 100 < most * _EVEN_PERCENT:
            return 0
        if order[0] < least_ticks:
            return 0
        if order[0] * 100 < median * (100 - _STEADY_PERCENT):
            return 0
        if order[_LATEST - 1] * 100 > median * (100 + _STEADY_PERCENT):
            return 0
        return median

    def find(self, ring, slopes, oldest, end, period, twofold, limit, head, light):
        """Look for beats in `ring` (levelled or plain slopes) from pair `oldest` on, as far as `end` allows.

        `period` in ticks steers how far apart beats are; `limit` is the usual second's steepest slope,
        `light` the sum of 32 samples at pair `head`, up to which `slopes` are known. `twofold`: each beat has a
        second wave about half-way to the next.
        """
        interval = period
        if self.local_ticks and self.local_ticks < interval:
            interval = self.local_ticks
        behind = interval * _BEHIND_PERCENT // (100 * pulse.TICKS_PER_PAIR)
        ahead = interval * _AHEAD_PERCENT // (100 * pulse.TICKS_PER_PAIR)
        if twofold:
            if interval * 100 < period * _SHORT_PERCENT:
                interval = period
                self.local_ticks = period
            behind = ahead = interval * _TWOFOLD_PERCENT // (100 * pulse.TICKS_PER_PAIR)
        if behind > _FARTHEST_PAIRS:
            behind = _FARTHEST_PAIRS
        last = end - ahead
        n = self._searched
        if n < oldest:
            n = oldest
        if n < end - pulse.RING + 12 + behind:
            n = end - pulse.RING + 12 + behind
        if not self.usual:
            self.usual = limit * 3 // 4
        while n < last:
            n = pulse.next_peak(ring, n, last, behind, ahead, self.usual * _THRESHOLD_PERCENT // 100 + 1)
            if n < 0:
                n = last
                break
            top = ring[n & pulse.RING_MASK]
            slope = top - pulse.SLOPE_BIAS
            n += 1
            steep = pulse.largest_slope(slopes, n - 1, n + 6)
            if steep > 3 * self.usual and steep > 2 * limit:
                continue  # a step of the light, which levelling clips to the height of a beat
            before = ring[(n - 2) & pulse.RING_MASK]
            ticks = (n - 1) * pulse.TICKS_PER_PAIR
            ticks += pulse.vertex(before, top, ring[n & pulse.RING_MASK], pulse.TICKS_PER_PAIR)
            if twofold and self._is_between(ticks, interval, pulse.prominence(slopes, n - 1, _AROUND_PAIRS)):
                continue
            at = self.count & _MASK
            self.tops[at] = pulse.top(ring, n - 1, n - 1 + ahead)
            self.times[at] = ticks
            self._slope[at] = slope
            self.rises[at] = min(pulse.rise(slopes, n - 1, behind, ahead), pulse.RISE_MAX)
            self.spans[at] = ticks - self.times[(at - 1) & _MASK] if self.count > self.first else 0
            self.levels[at] = light + pulse.fall(slopes, (self.tops[at] >> 6) + 1, head)
            self.count += 1
            if slope > 2 * self.usual:
                slope = 2 * self.usual
            self.usual += (slope - self.usual) // 6
            self._book(ticks, period)
        self._searched = n
        # No beat for long: perhaps they have become small.
        if (
            self.anchor
            and last * pulse.TICKS_PER_PAIR - self.anchor > 3 * interval
            and self.usual > limit // 3
        ):
            self.usual -= self.usual // 16

    def _is_between(self, ticks, interval, height):
        """Return whether this wave, so high, is the other one of each beat: it comes when none is due."""
        if self.count == self.first:
            self._height = height
            self._between = 0
            return False
        since = ticks - self.times[(self.count - 1) & _MASK]
        due = (since + interval // 2) // interval
        if due == 0 or (
            due <= _DUE_BEATS and abs(since - due * interval) * 100 > interval * _OFF_BEAT_PERCENT
        ):
            if height > self._between:
                self._between = height
            return True
        beside = height if height > self._height else self._height
        self._turns = self._turns + 1 if self._between * 100 > beside * _HIGHER_PERCENT else 0
        self._height = height
        self._between = 0
        if self._turns < _HIGHER_TURNS:
            return False
        self._turns = 0
        self.broken()
        return True

    def _book(self, ticks, period):
        local = self.local_ticks
        if not local:
            local = self.local_ticks = period
        if not self.anchor:
            self.anchor = ticks
            return
        span = ticks - self.anchor
        if span * 100 < local * _SHORT_PERCENT:
            self._pending += 1
            self.lately_odd += (512 - self.lately_odd) // 4
            return
        self.anchor = ticks
        if span * 2 > local * _LOST_AFTER:
            self._pending = 0
            self.stretches = 0
            return
        beats = (span * 2 + local) // (2 * local)
        if beats < 1 or (beats == 2 and span * 100 < local * _LONG_PERCENT):
            beats = 1
        if beats == 1:
            self.local_ticks += (span - local) // 2
        odd = self._pending + beats - 1
        self._pending = 0
        at = self.stretches & _MASK
        self._end[at] = ticks
        self._span[at] = span
        self._number[at] = beats
        self._oddness[at] = odd if odd < 9 else 9
        self.stretches += 1
        self.lately_odd += (256 * (odd if odd < 2 else 2) - self.lately_odd) // 4
