"""Which rates an adult's waves allow: what is other than with a newborn's in `rates`.

An adult's second wave nearly always is one, and later; its waves may be seen a third and a fourth time a beat; and under
its profile may lie a newborn, whose beats a breath weakens in turn.
"""

from micropython import const

from firmware.light.waves import EVEN, PAIRS

_MBPM_TICKS = const(192000000)

# An even row faster than this may be a newborn's, and a breath may hide every other beat:
_RESTLESS_MBPM = const(115000)
_SEEN_WAVES = const(5)  # of so many
_FAST_LASTS_TICKS = const(48000)  # so for 15 s no rate under three quarters of it is believed
_NEWBORN_MBPM = const(120000)  # waves as fast as this may be a newborn's beats,
_RESTING_MBPM = const(75000)  # unless pairs of them are slower than this and stay the same,
_STAYS_WAVES = const(12)  # so long;
# or make now the one, now the other half of evenly spaced waves the weaker: then half their rate is not believed.
_SPACED_PERCENT = const(32)  # from half-way between its neighbours
_EVEN_PERCENT = const(15)  # and so near to the two before
_IN_PLACE_PERCENT = const(87)
_IN_PLACE_WAVES = const(3)
_HALF_PERCENT = const(15)
_SOUND_PERMILLE = const(500)  # a period this strong is one

_COUNTED_WAVES = const(8)  # over which it is asked how far apart they are
_TALL_PERCENT = const(125)  # of the time of so many beats, in which tall waves are too few

_SLOW_MBPM = const(45000)
_FAST_MBPM = const(170000)  # twice a pulse is not likely to be a pulse from here on
# A second wave is a second wave unless it is as strong and as late as this, or the heart would be slower than this.
_STRONG_PERCENT = const(34)
_LATE_TICKS = const(1152)  # 0.36 s
# Where twice the pulse is slower than this, beats coupled two by two come up to 0.1 s earlier: for 3.75 ms 1 % more.
_COUPLED_MBPM = const(140000)
_EARLY_TICKS = const(12)
_EARLIEST_TICKS = const(832)  # 0.26 s at the least
_HALFWAY_STRONG_PERCENT = const(25)  # half-way to the next beat, where a weak beat would come
# So strong and so late, or half-way, it may be a beat even where twice the pulse would be a newborn's.
_AS_STRONG_PERCENT = const(60)
_RATHER_STRONG_PERCENT = const(52)  # the same where twice the pulse is faster than this
_NEWBORN_LIKELY_MBPM = const(180000)
_NEWBORN_MOST_MBPM = const(250000)
_HALF_LATE_TICKS = const(960)  # 0.3 s


class Adult:
    """What an adult's waves tell besides: whether they are a newborn's, and which of them are second waves."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew."""
        self._restless_mbpm = 0  # an even row faster than an adult at rest, and until when it is remembered
        self._restless_until = 0
        self._half_mbpm = 0  # half of a newborn's rate whose breath weakens every other beat, and so long
        self._half_until = 0
        self._place = False  # the stronger of two evenly spaced waves has an even number, for so many waves
        self._in_place = 0
        self._left_place = False  # and had the other one before

    def look(self, row, every, calm):
        """Look at one wave more. row: the one whose pattern counts; every: that of all waves; calm: a rate is known."""
        if row.pattern == EVEN and row.run >= _SEEN_WAVES and not calm:
            rate = _MBPM_TICKS // row.group_ticks()
            if rate > _RESTLESS_MBPM:
                self._restless_mbpm = rate
                self._restless_until = row.time(0) + _FAST_LASTS_TICKS
        self._look_at_places(every)

    def _look_at_places(self, row):
        """Remember evenly spaced waves of which now every first, now every second is the weaker: a newborn's breath does
        that to its beats; a second wave stays where it is.
        """
        if row.known() < 4:
            return
        span = row.time(0) - row.time(1)
        before = row.time(1) - row.time(2)
        pair = span + before
        if (
            pair > 2 * _MBPM_TICKS // _FAST_MBPM
            or abs(span - before) * 100 > pair * _SPACED_PERCENT
            or abs(pair - before - row.time(2) + row.time(3)) * 100 > pair * _EVEN_PERCENT
        ):
            self._in_place = 0
            self._left_place = False
            return
        high, low = max(row.height(0), row.height(1)), min(row.height(0), row.height(1))
        if low * 100 > high * _IN_PLACE_PERCENT:
            return
        place = (row.count & 1 == 0) == (row.height(0) == high)
        if place == self._place:
            self._in_place += 1
        else:
            self._left_place = self._in_place >= _IN_PLACE_WAVES
            self._place = place
            self._in_place = 1
        if self._left_place and self._in_place >= _IN_PLACE_WAVES:
            self._half_mbpm = _MBPM_TICKS // pair
            self._half_until = row.time(0) + _FAST_LASTS_TICKS

    def was_newborns(self, rate, now):
        """Return whether `rate` (mbpm) is slower than waves a newborn may have had lately, or half of its beats'."""
        if now < self._restless_until and rate < self._restless_mbpm // 4 * 3:
            return True
        return now < self._half_until and abs(rate - self._half_mbpm) < rate // 100 * _HALF_PERCENT

    def are_newborns(self, fast, delay, share, weaker):
        """Return whether waves of which every other comes `delay` ticks later, `share` percent of the way to the next and
        `weaker` percent as high, may be a newborn's beats at `fast` mbpm.
        """
        return (
            fast < _NEWBORN_MOST_MBPM
            and weaker >= (_RATHER_STRONG_PERCENT if fast > _NEWBORN_LIKELY_MBPM else _AS_STRONG_PERCENT)
            and (delay >= _HALF_LATE_TICKS or 42 <= share <= 58)
        )

    def is_second_wave(self, pattern, slow, fast, delay, share, weaker):
        """Return whether it is the beat's second wave, the beats `slow`, both of them `fast` mbpm."""
        if slow < _SLOW_MBPM:
            return False
        if pattern > PAIRS and weaker >= _HALFWAY_STRONG_PERCENT:
            return False
        # The nearer to the beat it is, the stronger it must be to be taken for another.
        strong = _STRONG_PERCENT
        if delay < _LATE_TICKS and fast < _COUPLED_MBPM:
            strong += (_LATE_TICKS - delay) // _EARLY_TICKS
            delay += _LATE_TICKS - _EARLIEST_TICKS
        if weaker >= strong and delay >= _LATE_TICKS:
            return False
        return not (weaker >= _HALFWAY_STRONG_PERCENT and 46 <= share <= 54)

    def is_above(self, tall, rate):
        """Return whether tall waves, half a second or more apart, are fewer than `rate` (mbpm) has beats."""
        if tall.known() <= _COUNTED_WAVES or rate > _RESTLESS_MBPM:
            return False
        span = tall.time(0) - tall.time(_COUNTED_WAVES)
        return span * 100 > _MBPM_TICKS // rate * _COUNTED_WAVES * _TALL_PERCENT

    def can_be_newborns(self, row, every, period):
        """Return whether waves come as fast as a newborn's beats, and are not those of an adult at rest: in pairs that have
        long stayed the same. A breath changes which of a newborn's beats are weak, as regularly as it comes: waves in
        which `period` finds nothing sound are an irregular heart's.
        """
        if every.known() <= _COUNTED_WAVES or period.strength < _SOUND_PERMILLE:
            return False
        span = every.time(0) - every.time(_COUNTED_WAVES)
        if span > _MBPM_TICKS // _NEWBORN_MBPM * _COUNTED_WAVES:
            return False
        stays = row.pattern == PAIRS and row.run >= _STAYS_WAVES
        return not (stays and _MBPM_TICKS // row.group_ticks() < _RESTING_MBPM)
