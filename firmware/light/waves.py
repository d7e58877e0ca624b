"""Every wave of the light that rises steeply, in two rows: all of them, and the strong ones alone.

A second opinion beside `period` and `beats`, which steer each other: this looks at the plain slopes, knows no
period, and never picks one of two answers. A row that comes evenly means one rate; waves that are strong and weak
in turn mean a heart with a second wave, or one twice as fast with every other beat weak. What follows from that
is said in `rates`.
"""

from array import array

from micropython import const

from firmware.light import pulse

_KEPT = const(32)  # waves remembered in a row; a power of two
_MASK = const(31)
_APART_PAIRS = const(4)  # a wave is the steepest within 80 ms on each side: 300 a minute come 200 ms apart
_AROUND_PAIRS = const(6)  # its height is over the mean of 0.26 s around it, so that a breath counts little
_DELAY_PAIRS = const(7)  # a wave can be judged this long after its top
_SMALL_PERCENT = const(18)  # of the usual height: smaller ones are notches and noise
_STRONG_PERCENT = const(36)
_LEAST_SLOPE = const(24)  # counts over 80 ms: what the converter's own noise reaches
_ADULT_TALL_PERCENT = const(50)
# Two waves as near as this are one beat of a slow heart. Of a fast one every other beat is left out at most, and what is
# left is still no slow heart's: less than twice this apart.
_ADULT_MERGE_TICKS = const(1600)  # 0.5 s
_SLACKEN_PAIRS = const(15)  # without a wave for so long, what is usual falls by 1/8 for each further one
_SLACKEN_TALL_SHIFT = const(4)  # and what is tall by 1/16: a beat may be 3 s away, and noise comes sooner
# Of the highest of the last waves; those are beats, where so many intervals between them are alike (percent).
_HIGH_PERCENT = const(50)
_HIGH_WAVES = const(6)
_HIGH_RUN = const(3)
_HIGH_STEADY_PERCENT = const(12)
_LONGEST_PAIRS = const(400)  # slopes older than 8 s are on their way out of the ring

# In percent: an interval is like the one before; a pair of them like the pair one wave before; heights of waves
# that are not neighbours are alike; neighbours of one kind do not differ more than that; neighbours
# of two kinds differ at least so much, and two apart only this share of it.
_STEADY_PERCENT = const(9)
_ONE_KIND_PERCENT = const(40)
_PAIR_PERCENT = const(12)
_SLOWING_PERCENT = const(22)
_ALIKE_PERCENT = const(30)
_IN_TURN_PERCENT = const(13)
_IN_TURN_SHARE_PERCENT = const(45)
_AS_HIGH_PERCENT = const(85)
_UNLIKE_PERCENT = const(30)
_MIDDLE_WAVES = const(10)  # over which it is asked whether the weaker come half-way
_GROUPS = const(10)  # of two waves, over which a second wave keeps its distance to the first
_VARIES_PERCENT = const(4)  # where these groups vary by so much
_MISSED_PERCENT = const(140)  # a group so much longer than another is one whose wave was missed
_RUN = const(4)  # waves that make a pattern
_TRIPLE_RUN = const(6)
_QUAD_RUN = const(8)

NONE = const(0)  # no rhythm to be seen
EVEN = const(1)  # one kind of waves
PAIRS = const(2)  # two kinds in turn
TRIPLES = const(3)
QUADS = const(4)  # an adult's alone: a newborn's breath makes groups of four


def _apart_percent(one, other):
    """Return how far two positive numbers are apart, in percent of the larger."""
    if one > other:
        return (one - other) * 100 // one
    return (other - one) * 100 // other if other else 0


class Row:
    """Waves one after another, and the pattern they make. Times in ticks of 1/3200 s since the first sample."""

    def __init__(self, quads=False):
        self._counts_quads = quads
        self._times = array("I", [0] * _KEPT)
        self._heights = array("I", [0] * _KEPT)
        self.count = 0
        self.forget()

    def forget(self):
        """Start anew."""
        self.first = self.count  # waves before it are not compared
        self.pattern = NONE
        self.run = 0  # for how many waves it has held
        self.mean_ticks = self.off_permille = 0  # what find_middle measured
        self.high_since = 0  # ticks; see high_ticks
        self._high_count = 0  # for so many waves it was asked for, and with this limit; and its answer
        self._high_limit = 0
        self._high_ticks = 0
        self._steady = 0
        self._turns = 0
        self._uneven = 0
        self._pairs = 0
        self._triples = 0
        self._quads = 0
        self._unlikes = 0

    def time(self, back):
        """Return when the wave `back` before the last (0 = the last) rose most steeply, in ticks."""
        return self._times[(self.count - 1 - back) & _MASK]

    def height(self, back):
        """Return how steep that wave was, in counts over 80 ms above its surroundings."""
        return self._heights[(self.count - 1 - back) & _MASK]

    def known(self):
        """Return how many waves can be asked for."""
        known = self.count - self.first
        return known if known < _KEPT else _KEPT

    def take(self, ticks, height):
        """Take down one more wave, and what pattern it makes with those before. Allocates nothing."""
        times = self._times
        heights = self._heights
        at = self.count & _MASK
        times[at] = ticks
        heights[at] = height
        self.count += 1
        known = self.known()
        if known < 3:
            return
        # As `time` and `height` have them, without a call for each.
        before = times[(at - 1) & _MASK]
        second = times[(at - 2) & _MASK]
        one = ticks - before
        two = before - second
        neighbours = _apart_percent(height, heights[(at - 1) & _MASK])
        apart = _apart_percent(one, two)
        self._steady = self._steady + 1 if apart <= _STEADY_PERCENT and neighbours <= _ONE_KIND_PERCENT else 0
        in_turn = (
            neighbours >= _IN_TURN_PERCENT
            and _apart_percent(height, heights[(at - 2) & _MASK]) * 100 <= neighbours * _IN_TURN_SHARE_PERCENT
        )
        self._turns = self._turns + 1 if in_turn else 0
        uneven = (
            apart >= _IN_TURN_PERCENT
            and _apart_percent(one, second - times[(at - 3) & _MASK]) * 100 <= apart * _IN_TURN_SHARE_PERCENT
        )
        self._uneven = self._uneven + 1 if uneven and known > 3 else 0
        if known < 5:
            return
        self._pairs = self._pairs + 1 if self._repeats(2) else 0
        self._triples = self._triples + 1 if self._repeats(3) else 0
        self._unlikes = self._unlikes + 1 if self._unlike() else 0
        self._quads = self._quads + 1 if self._counts_quads and known > 5 and self._repeats(4) else 0
        pattern = NONE
        run = 0
        turns = self._turns if self._turns > self._uneven else self._uneven
        if self._pairs >= _RUN and turns >= _RUN:
            pattern = PAIRS
            run = turns if turns < self._pairs else self._pairs
            if self.pattern == PAIRS and self.run >= run:
                run = min(self.run + 1, self._pairs)
        # Once seen, they need not differ at every wave: a breath makes them alike now and then.
        elif self.pattern == PAIRS and self._pairs >= _RUN and self._steady < _RUN and self._zigzags():
            pattern = PAIRS
            run = self.run + 1
        elif self._steady >= _RUN:
            pattern = EVEN
            run = self._steady
        elif self._triples >= _TRIPLE_RUN and self._unlikes >= _TRIPLE_RUN:
            pattern = TRIPLES
            run = self._unlikes if self._unlikes < self._triples else self._triples
        elif self._quads >= _QUAD_RUN and self._unlikes >= _QUAD_RUN:
            pattern = QUADS
            run = self._unlikes if self._unlikes < self._quads else self._quads
        self.pattern = pattern
        self.run = run

    def _zigzags(self):
        """Return whether the last waves are high and low in turn, or the times between them long and short."""
        height = self.height(1)
        if (self.height(0) < height) == (self.height(2) < height):
            return True
        span = self.time(1) - self.time(2)
        return (self.time(0) - self.time(1) < span) == (self.time(2) - self.time(3) < span)

    def _unlike(self):
        """Return whether the last three waves are of more than one kind, or unequally far apart."""
        times = self._times
        heights = self._heights
        at = self.count - 1
        low = high = heights[at & _MASK]
        before = times[(at - 1) & _MASK]
        short = long = times[at & _MASK] - before
        for _ in range(2):
            at -= 1
            height = heights[at & _MASK]
            if height < low:
                low = height
            if height > high:
                high = height
            time = before
            before = times[(at - 1) & _MASK]
            span = time - before
            if span < short:
                short = span
            if span > long:
                long = span
        return _apart_percent(low, high) >= _UNLIKE_PERCENT or _apart_percent(short, long) >= _UNLIKE_PERCENT

    def _repeats(self, step):
        """Return whether the last wave is like the one `step` before, in height and in the time that led to it."""
        times = self._times
        heights = self._heights
        at = self.count - 1
        if _apart_percent(heights[at & _MASK], heights[(at - step) & _MASK]) > _ALIKE_PERCENT:
            return False
        span = times[at & _MASK] - times[(at - step) & _MASK]
        at -= 1
        before = times[at & _MASK] - times[(at - step) & _MASK]
        return _apart_percent(span, before) <= (_SLOWING_PERCENT if span > before else _PAIR_PERCENT)

    def group_ticks(self):
        """Return the ticks from a wave to the next of its kind, a mean of two or more; 0 without a pattern."""
        pattern = self.pattern
        if pattern == NONE:
            return 0
        groups = 4 if pattern == EVEN else 2 if self.run >= 2 * pattern else 1
        return (self.time(0) - self.time(groups * pattern)) // groups

    def _kind_height(self, place):
        """The height of the waves of one kind, the last two of them added; `place` is how far the last is back."""
        return self.height(place) + self.height(place + self.pattern)

    def _strongest(self):
        """Return how far back the last wave of the strongest kind is."""
        best = 0
        for place in range(1, self.pattern):
            if self._kind_height(place) > self._kind_height(best):
                best = place
        return best

    def _second(self, best):
        """Return how far back the last wave of the second strongest kind is."""
        second = 1 if best == 0 else 0
        for place in range(self.pattern):
            if place != best and self._kind_height(place) > self._kind_height(second):
                second = place
        return second

    def weaker_percent(self):
        """Return how high the second strongest kind of waves is beside the strongest; 100 where there is one kind."""
        if self.pattern < PAIRS:
            return 100
        best = self._strongest()
        return self._kind_height(self._second(best)) * 100 // self._kind_height(best)

    def alike_percent(self):
        """Return how alike the waves of a group are, in height or in the times between, whichever differ more; 100
        at most.
        """
        if self.pattern != PAIRS:
            return self.weaker_percent()
        one = self.time(0) - self.time(1)
        two = self.time(1) - self.time(2)
        return min(self.weaker_percent(), 100 - _apart_percent(one, two))

    def delay_ticks(self):
        """Return the ticks from the strongest kind of wave to the second strongest after it; 0 for one kind."""
        if self.pattern < PAIRS:
            return 0
        best = self._strongest()
        second = self._second(best)
        if second > best:
            best += self.pattern
        delay = self.time(second) - self.time(best)
        if self.weaker_percent() > _AS_HIGH_PERCENT:
            # Which is the first cannot be told by the height: a second wave is nearer to its own beat.
            other = self.group_ticks() - delay
            if other < delay:
                return other
        return delay

    def find_middle(self):
        """Measure the ticks of a group of PAIRS, and how much later than its middle the weaker wave comes, in permille of
        it: means of the last ten waves, where so many are of this pattern.
        """
        count = self.run if self.run < _MIDDLE_WAVES else _MIDDLE_WAVES
        groups = (count - 1) // 2
        group = (self.time(0) - self.time(2 * groups)) // groups
        total = 0
        for place in range(1, count - 1):
            off = 2 * self.time(place) - self.time(place - 1) - self.time(place + 1)
            total += off if place & 1 else -off
        off = total * 500 // ((count - 2) * group)
        self.mean_ticks = group
        self.off_permille = off if self._strongest() == 0 else -off

    def keeps_delay(self):
        """Return whether the weaker wave keeps its distance to the stronger one before it while groups of two vary.

        Beats scale with each other; a second wave belongs to its beat. False where groups vary too little to tell.
        """
        if self.pattern != PAIRS or self.known() < 2 * _GROUPS + 3:
            return False
        best = self._strongest()
        shortest = longest = self.time(best) - self.time(best + 2)
        near = far = self.time(best + 1) - self.time(best + 2)
        for place in range(best + 2, best + 2 * _GROUPS, 2):
            group = self.time(place) - self.time(place + 2)
            shortest = min(shortest, group)
            longest = max(longest, group)
            delay = self.time(place + 1) - self.time(place + 2)
            near = min(near, delay)
            far = max(far, delay)
        if longest * 100 > shortest * _MISSED_PERCENT:
            return False
        varies = longest - shortest
        return varies * 100 > longest * _VARIES_PERCENT and (far - near) * 3 < varies

    def slow_ticks(self, limit_ticks, now):
        """Return for how many ticks, until `now`, waves have come no faster than one in `limit_ticks` on average."""
        known = self.known()
        if not known:
            return 0
        times = self._times
        latest = self.count - 1
        begin = times[latest & _MASK]
        back = 0
        while back + 2 < known and begin - times[(latest - back - 2) & _MASK] >= 2 * limit_ticks:
            back += 1
            begin = times[(latest - back) & _MASK]
        # The last step went over two intervals: the earlier one belongs to it where it is slow by itself.
        if back and back + 1 < known:
            before = times[(latest - back - 1) & _MASK]
            if begin - before >= limit_ticks:
                begin = before
        return now - begin if back or now - begin > 2 * limit_ticks else 0

    def high_ticks(self, limit_ticks):
        """Return how far apart the high waves are on average, and since when: of at least half the height of the highest,
        evenly, `limit_ticks` or more apart. What stands between them is no beat. 0 where they are not so.
        """
        if self.count == self._high_count and limit_ticks == self._high_limit:
            return self._high_ticks  # asked for several times for each wave
        self._high_count = self.count
        self._high_limit = limit_ticks
        # Over every wave that is kept: as `time` and `height` have them, without a call for each.
        times = self._times
        heights = self._heights
        known = self.known()
        latest = self.count - 1
        highest = 0
        for back in range(known if known < _HIGH_WAVES else _HIGH_WAVES):
            height = heights[(latest - back) & _MASK]
            if height > highest:
                highest = height
        self.high_since = later = newest = span = 0
        run = 0
        for back in range(known):
            place = (latest - back) & _MASK
            if heights[place] * 100 < highest * _HIGH_PERCENT:
                continue
            time = times[place]
            if later:
                between = later - time
                if between < limit_ticks or (span and _apart_percent(between, span) > _HIGH_STEADY_PERCENT):
                    break
                span = between
                run += 1
            newest = newest or time
            self.high_since = later = time
        self._high_ticks = (newest - later) // run if run >= _HIGH_RUN else 0
        return self._high_ticks

    def slow_groups_ticks(self, limit_ticks, now):
        """Return for how many ticks, until `now`, waves of one kind have come `limit_ticks` or more apart."""
        step = self.pattern
        if step == NONE:
            return 0
        known = self.known()
        back = 0
        while (
            back + step < known
            and back <= self.run
            and self.time(back) - self.time(back + step) >= limit_ticks
        ):
            back += 1
        return now - self.time(back + step - 1) if back else 0


class Waves:
    """Find the waves of one patient in the plain slopes."""

    def __init__(self, newborn=True):
        self.every = Row(not newborn)  # all that are more than a notch
        self.strong = Row()  # those near the usual height alone
        # An adult's that noise between far beats cannot be; of two very near ones the first.
        self.tall = None if newborn else Row()
        self.forget()

    def forget(self):
        """Start anew: what came before belongs to another grip of the sensor."""
        self.every.forget()
        self.strong.forget()
        if self.tall is not None:
            self.tall.forget()
        self._usual = 0
        self._tall = 0
        self._searched = 0
        self._slackened = 0

    def find(self, slopes, oldest, head):
        """Look for waves in `slopes` from pair `oldest` as far as pair `head` allows; True if there is news.

        Allocates nothing.
        """
        n = self._searched
        if n < oldest + _DELAY_PAIRS:
            n = oldest + _DELAY_PAIRS
        if n < head - _LONGEST_PAIRS:
            n = head - _LONGEST_PAIRS
        last = head - _DELAY_PAIRS
        found = False
        while n < last:
            n = pulse.next_peak(slopes, n, last, _APART_PAIRS, _APART_PAIRS, -pulse.LIMIT_MAX)
            if n < 0:
                n = last
                break
            height = pulse.prominence(slopes, n, _AROUND_PAIRS)
            if height >= _LEAST_SLOPE and height * 100 >= self._usual * _SMALL_PERCENT:
                self._take(slopes, n, height)
                found = True
            n += 1
        if n > self._searched:
            self._searched = n
        if self.every.known():
            waited = (n * pulse.TICKS_PER_PAIR - self.every.time(0)) // (
                _SLACKEN_PAIRS * pulse.TICKS_PER_PAIR
            )
            while self._slackened < waited:
                self._slackened += 1
                self._usual -= self._usual >> 3
                self._tall -= self._tall >> _SLACKEN_TALL_SHIFT
        return found

    def _take(self, slopes, n, height):
        ticks = n * pulse.TICKS_PER_PAIR + pulse.vertex(
            slopes[(n - 1) & pulse.RING_MASK],
            slopes[n & pulse.RING_MASK],
            slopes[(n + 1) & pulse.RING_MASK],
            pulse.TICKS_PER_PAIR,
        )
        usual = self._usual
        self.every.take(ticks, height)
        if height * 100 >= usual * _STRONG_PERCENT:
            self.strong.take(ticks, height)
        if self.tall is not None:
            self._take_tall(self.tall, ticks, height)
        if height > usual:
            # A step of the light is many times as steep as a wave: it may not hide those that follow for long.
            self._usual = usual + (min(height, 3 * usual) - usual) // 2 if usual else height
        elif height * 2 > usual:
            self._usual = usual - (usual - height) // 8
        self._slackened = 0

    def _take_tall(self, row, ticks, height):
        tall = self._tall
        if height * 100 >= tall * _ADULT_TALL_PERCENT and (
            not row.known() or ticks - row.time(0) >= _ADULT_MERGE_TICKS
        ):
            row.take(ticks, height)
        if height > tall:
            self._tall = tall + (min(height, 3 * tall) - tall) // 2 if tall else height
        else:
            self._tall = tall - (tall >> _SLACKEN_TALL_SHIFT)
