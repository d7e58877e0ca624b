"""The breath of an adult, 4 to 30 a minute, from the height, the interval and the level of the beats.

Each of the three is laid on a grid of 4 a second over 44 s, where odd beats are passed over, and its power at
every half a breath a minute is taken (Karlen et al., IEEE Trans. Biomed. Eng. 60:1946, 2013, take the same three and
let them agree). Not its correlation with itself: beats that see a breath twice or three times each repeat exactly only
after several breaths, and a breath of 30 is read as 10.
"""

from array import array

import micropython
from micropython import const

from firmware.light import pulse

_RING = const(256)  # 64 s
_RING_MASK = const(255)
_BEATS_MASK = const(63)  # beats.py remembers 64 beats
_SPANS_MASK = const(127)  # rhythm.py remembers 128 intervals
_MBPM_TICKS = const(192000000)  # thousandths a minute × ticks
_GRID = const(176)  # of which 44 s are looked at for the rate: a breath of 15 s nearly three times
_STEP_TICKS = const(800)
_PLACES = const(61)  # of the spectrum: 3 to 33 breaths a minute
_FIRST_PLACE = const(6)  # of half a breath a minute each
_PLACE_MBPM = const(500)
_SLOWEST_MBPM = const(3700)
_FASTEST_MBPM = const(30500)
_TREND = const(30)  # half the stretch whose mean is taken away
_CLEAR_PERMILLE = const(450)  # a sum of three shares of a sine in all that varies, each weighed by itself
# Another rhythm beside it, this high: which of them is the breath? One that is faster by more than half may be the
# breath even where it is small, and what was found a wave of two or three breaths.
_OTHER_PERMILLE = const(500)
_FASTER_PERMILLE = const(250)
_APART_PLACES = const(3)  # nearer than 1.5 a minute 44 s show one peak of both ...
_WIDE_PERMILLE = const(500)  # ... and a wide one: a sine alone has 390 at most, two places to each side
# Lines from beat to beat show a rhythm of a quarter as many a minute as there are beats with 0.66 of its power, and one of
# half as many with 0.16.
_FADED_PERMILLE = const(150)
# A breath of more than half the pulse looks to its beats like one as much slower than half. Up to so many breaths a minute
# are thought of; the pulse less that is the fastest breath that is told.
_FOLDS_FROM_MBPM = const(33000)
_FARTHEST_TICKS = const(22400)  # beats farther apart than 7 s: the grid begins anew
# A property that varies less than this is not used: sampling alone makes patterns of some permille.
_HEIGHT_SHARE = const(50)  # 1/50 of the usual height
_INTERVAL_SHARE = const(100)  # 1/100 of the interval
_LEVEL_SHARE = const(20)  # 1/20 of the height
_ZERO = const(512)  # of biased values, which reach as far as ±511
_X_MOST = const(511)
_LEVEL_ZERO = const(32768)
_MOST_16 = const(65535)
_BREATHS = const(3)  # whose median swing is told
_SMOOTHED_TICKS = const(208)  # 65 ms
_STALE_TICKS = const(19200)  # the newest beat on the grid may be 6 s old

# 2 cos(2 pi k / 240), of 8192, for k = 6 to 66: half a second is laid in each value.
# fmt: off
_BREATH_COSINES = array("h", (
    16182, 16110, 16026, 15931, 15826, 15709, 15582, 15444, 15296, 15137, 14968, 14788, 14598,
    14399, 14189, 13970, 13741, 13502, 13255, 12998, 12733, 12458, 12176, 11885, 11585, 11278,
    10963, 10641, 10311, 9974, 9630, 9280, 8923, 8561, 8192, 7818, 7438, 7053, 6664, 6270,
    5872, 5469, 5063, 4653, 4240, 3825, 3406, 2986, 2563, 2139, 1713, 1285, 857, 429, 0, -429,
    -857, -1285, -1713, -2139, -2563,
))
# fmt: on

# Coherence: powers at 11/256 to 66/256 Hz (0.043 to 0.258), of a value a second; a peak and three places to each side
# are 0.012 Hz, and what a place stands for makes it 0.015 (0.014).
_FREQUENCIES = const(56)
_BESIDE = const(3)
# 2 cos(2 pi k / 256), of 8192, for k = 11 to 66.
# fmt: off
_COSINES = array("h", (
    15791, 15679, 15557, 15426, 15286, 15137, 14978, 14811, 14635, 14449, 14256, 14053, 13842, 13623,
    13395, 13160, 12916, 12665, 12406, 12140, 11866, 11585, 11297, 11003, 10702, 10394, 10080, 9760,
    9434, 9102, 8765, 8423, 8076, 7723, 7366, 7005, 6639, 6270, 5897, 5520, 5139, 4756, 4370, 3981,
    3590, 3196, 2801, 2404, 2006, 1606, 1205, 804, 402, 0, -402, -804,
))
# fmt: on


@micropython.viper
def detrend(values: ptr16, x: ptr16, start: int, count: int, half: int) -> int:
    """Write `count` values of a ring of 256 (the oldest at `start`) less the mean around each, as ±511, biased, into x.

    Returns the largest step.
    """
    largest = 0
    turn = 0
    while turn < 2:
        i = 0
        total = 0
        number = 0
        while number < half:
            total += int(values[(start + number) & _RING_MASK])
            number += 1
        while i < count:
            if i + half < count:
                total += int(values[(start + i + half) & _RING_MASK])
                number += 1
            if i > half:
                total -= int(values[(start + i - half - 1) & _RING_MASK])
                number -= 1
            step = int(values[(start + i) & _RING_MASK]) - total // number
            if turn == 1:
                x[i] = _ZERO + step * _X_MOST // largest
            else:
                if step < 0:
                    step = 0 - step
                if step > largest:
                    largest = step
            i += 1
        if largest < 4:
            turn = 2
        turn += 1
    return largest


@micropython.viper
def powers(x: ptr16, cosines: ptr16, count: int, out: ptr32):
    """Write powers of 256 biased values of ±511, four added up for each second, at `count` frequencies (Goertzel)."""
    k = 0
    while k < count:
        cosine = int(cosines[k])
        if cosine > 32767:
            cosine -= 65536
        before = 0
        last = 0
        i = 0
        while i < _RING:
            value = int(x[i]) + int(x[i + 1]) + int(x[i + 2]) + int(x[i + 3]) - 4 * _ZERO
            now = (value >> 4) + ((cosine * last) >> 13) - before
            before = last
            last = now
            i += 4
        last = last >> 1
        before = before >> 1
        power = last * last + before * before - ((cosine * last) >> 13) * before
        out[k] = power >> 8 if power > 0 else 0
        k += 1


@micropython.viper
def shares(x: ptr16, cosines: ptr16, places: int, count: int, out: ptr32):
    """Write, in permille, how much of what `count` biased values of ±511 vary is a sine, for each of `places` of them
    (Goertzel). Two values are added up for each half second.
    """
    energy = 0
    i = 0
    while i < count - 1:
        value = (int(x[i]) + int(x[i + 1]) - 2 * _ZERO) >> 2
        energy += value * value
        i += 2
    whole = ((count >> 1) * energy) >> 9
    if whole < 1:
        whole = 1
    k = 0
    while k < places:
        cosine = int(cosines[k])
        if cosine > 32767:
            cosine -= 65536
        before = 0
        last = 0
        i = 0
        while i < count - 1:
            now = ((int(x[i]) + int(x[i + 1]) - 2 * _ZERO) >> 2) + ((cosine * last) >> 13) - before
            before = last
            last = now
            i += 2
        last = last >> 4
        before = before >> 4
        power = last * last + before * before - ((cosine * last) >> 13) * before
        if power > whole:
            power = whole
        out[k] = power * 1000 // whole if power > 0 else 0
        k += 1


@micropython.viper
def weigh(found: ptr32, total: ptr32, places: int, keep: int) -> int:
    """Add what was found, weighed by the most of it, to the sum (keep 0: begin it); return the most. All in permille."""
    best = 0
    k = 0
    while k < places:
        value = int(found[k])
        if value > best:
            best = value
        k += 1
    k = 0
    while k < places:
        total[k] = int(total[k]) * keep + int(found[k]) * best // 1000
        k += 1
    return best


@micropython.viper
def highest(values: ptr32, count: int) -> int:
    """Return the place of the highest of the first `count` values, the first of several."""
    peak = 0
    k = 1
    while k < count:
        if int(values[k]) > int(values[peak]):
            peak = k
        k += 1
    return peak


@micropython.viper
def added(values: ptr32, place: int, end: int) -> int:
    """Return the sum of the values from `place` on, before `end`."""
    total = 0
    while place < end:
        total += int(values[place])
        place += 1
    return total


@micropython.viper
def next_top(values: ptr32, place: int, end: int) -> int:
    """Return the first place from `place` on, before `end`, that is as high as either neighbour or higher, or `end`."""
    while place < end:
        here = int(values[place])
        if int(values[place - 1]) <= here:
            if here >= int(values[place + 1]):
                return place
        place += 1
    return end


@micropython.viper
def extremes(values: ptr16, start: int, count: int, out: ptr32):
    """Write the least and the largest of `count` values of a ring of 256, the oldest at `start`."""
    least = _MOST_16
    largest = 0
    i = 0
    while i < count:
        value = int(values[(start + i) & _RING_MASK])
        if value < least:
            least = value
        if value > largest:
            largest = value
        i += 1
    out[0] = least
    out[1] = largest


@micropython.viper
def mean(values: ptr16, start: int, count: int) -> int:
    """Return the mean of `count` values of a ring of 256, the oldest at `start`."""
    total = 0
    i = 0
    while i < count:
        total += int(values[(start + i) & _RING_MASK])
        i += 1
    return total // count


@micropython.viper
def lay(values: ptr16, at: int, first: int, ticks: int, before: int, ticks_after: int, after: int) -> int:
    """Lay values between two beats on the grid, from place `at` on; return how many. first: ticks of that place."""
    span = ticks_after - ticks
    number = 0
    while first <= ticks_after:
        share = ((first - ticks) << 6) // span
        values[at & _RING_MASK] = before + (((after - before) * share) >> 6)
        at += 1
        first += _STEP_TICKS
        number += 1
    return number


class Breath:
    """The breath as the beats show it. None is unknown.

    rate_mbpm: thousandths of a breath per minute. amplitude_mbpm: from the lowest to the highest pulse rate within a
    breath, the median of the last three, thousandths of a beat per minute; unknown where the rhythm is irregular.
    coherence_permille: of the power of the pulse's swing between 0.04 and 0.26 Hz over 64 s, the share within 0.015 Hz of
    its peak; for the journal only.
    """

    def __init__(self, beats, rhythm, scratch):
        """scratch: at least 256 16-bit places, which others may write between the calls of `measure`."""
        self._beats = beats
        self._rhythm = rhythm
        self._heights = array("H", bytes(2 * _RING))
        self._intervals = array("H", bytes(2 * _RING))
        self._levels = array("H", bytes(2 * _RING))
        self._x = scratch
        self._found = array("I", bytes(4 * _PLACES))
        self._swings = array("I", bytes(4 * _BREATHS))
        self._sum = array("I", bytes(4 * _PLACES))
        self.forget()

    def forget(self):
        """Begin with nothing known."""
        self._next = self._rhythm.first  # the next beat to lay
        self._laid = 0  # places of the grid that are filled, counted on
        self._from = -1  # the beat that the grid has reached
        self._from_ticks = 0
        self._from_height = 0
        self._from_span = 0
        self._from_level = 0
        self._base = 0  # the level and ...
        self._shift = 0  # ... the fineness that heights and levels are laid with
        self._place_ticks = 0  # when the next place of the grid is
        self.hide()

    def hide(self):
        """Know nothing of the pulse just now; the grid is kept."""
        self.rate_mbpm = None
        self.amplitude_mbpm = None
        self.coherence_permille = None
        self._begun_ticks = None

    def follow(self):
        """Lay the beats that have been classed since on the grid."""
        rhythm = self._rhythm
        beats = self._beats
        if self._next < rhythm.first or beats.count - self._next > 60:
            self._next = max(rhythm.first, beats.count - 60)
            self._from = -1
        while self._next < rhythm.decided:
            number = self._next
            self._next += 1
            if not rhythm.good(number):
                continue
            ticks = beats.times[number & _BEATS_MASK]
            height = beats.rises[number & _BEATS_MASK]
            span = rhythm.spans[number & _SPANS_MASK]
            apart = ticks - self._from_ticks
            level = _LEVEL_ZERO + ((beats.levels[number & _BEATS_MASK] - self._base) >> self._shift)
            if self._from < 0 or not 0 < apart < _FARTHEST_TICKS or not 0 < level <= _MOST_16:
                self._laid = 0
                self._place_ticks = ticks
                # Sixteen bits a place: a usual height is some hundred steps, and the level may drift by 32 heights.
                self._base = beats.levels[number & _BEATS_MASK]
                self._shift = 0
                while height >> self._shift > 1000:
                    self._shift += 1
                level = _LEVEL_ZERO
                height = min(height >> self._shift, _MOST_16)
            else:
                height = min(height >> self._shift, _MOST_16)
                at = self._laid
                first = self._place_ticks
                begin = self._from_ticks
                lay(self._heights, at, first, begin, self._from_height, ticks, height)
                lay(self._intervals, at, first, begin, self._from_span, ticks, span)
                many = lay(self._levels, at, first, begin, self._from_level, ticks, level)
                self._laid += many
                self._place_ticks += many * _STEP_TICKS
            self._from = number
            self._from_ticks = ticks
            self._from_height = height
            self._from_span = span
            self._from_level = level
        if self._laid >= 64 * _RING:
            self._laid -= 32 * _RING

    def measure(self, now_ticks, irregular):
        """Renew the readings. irregular: whether the rhythm is; then the pulse's own swing says nothing."""
        self.hide()
        if self._laid < _GRID or now_ticks - self._from_ticks > _STALE_TICKS:
            return
        start = (self._laid - _GRID) % _RING
        total = self._sum
        found = self._found
        weight = 0
        for kind in range(3):
            if kind == 0:
                values = self._heights
                least = self._from_height // _HEIGHT_SHARE
            elif kind == 1:
                values = self._intervals
                least = self._from_span // _INTERVAL_SHARE
                if irregular:
                    continue
            else:
                values = self._levels
                least = self._from_height // _LEVEL_SHARE
            depth = detrend(values, self._x, start, _GRID, _TREND)
            if depth < 4 or depth < least:
                continue
            shares(self._x, _BREATH_COSINES, _PLACES, _GRID, found)
            weight += weigh(found, total, _PLACES, 1 if weight else 0)
        if weight < _CLEAR_PERMILLE:
            return
        pulse_mbpm = _MBPM_TICKS // mean(self._intervals, start, _GRID)
        rate_mbpm = self._only_rhythm(weight, pulse_mbpm)
        if not _SLOWEST_MBPM <= rate_mbpm <= min(_FASTEST_MBPM, pulse_mbpm - _FOLDS_FROM_MBPM):
            return
        self.rate_mbpm = rate_mbpm
        if not irregular:
            lag = (_MBPM_TICKS // _STEP_TICKS + rate_mbpm // 2) // rate_mbpm
            if self._laid >= _BREATHS * lag:
                self._swing(lag)
            if self._laid >= _RING:
                self._measure_coherence()

    def _measure_coherence(self):
        if detrend(self._intervals, self._x, self._laid % _RING, _RING, _RING) < 4:
            return
        found = self._found
        powers(self._x, _COSINES, _FREQUENCIES, found)
        total = added(found, 0, _FREQUENCIES)
        peak = highest(found, _FREQUENCIES)
        near = added(found, max(0, peak - _BESIDE), min(_FREQUENCIES, peak + _BESIDE + 1))
        if total >= 1000:
            self.coherence_permille = min(1000, near // (total // 1000))

    def _only_rhythm(self, weight, pulse_mbpm):
        """Return the rate of the highest peak of the weighed sum, or 0 where it is low, or not the only one."""
        total = self._sum
        peak = highest(total, _PLACES)
        if not 2 <= peak < _PLACES - 2:
            return 0
        best = total[peak]
        if best * 1000 < weight * _CLEAR_PERMILLE or not total[peak - 1] <= best >= total[peak + 1]:
            return 0
        if (total[peak - 2] + total[peak + 2]) * 1000 > best * _WIDE_PERMILLE:
            return 0
        rate_mbpm = (peak + _FIRST_PLACE) * _PLACE_MBPM
        rate_mbpm += pulse.vertex(total[peak - 1], best, total[peak + 1], _PLACE_MBPM)
        place = 0
        while (place := next_top(total, place + 1, _PLACES - 1)) < _PLACES - 1:
            if abs(place - peak) <= _APART_PLACES:
                continue
            most = _OTHER_PERMILLE
            if (place + _FIRST_PLACE) * 2 > (peak + _FIRST_PLACE) * 3:
                faded = (place + _FIRST_PLACE) * (4 * _PLACE_MBPM) > pulse_mbpm
                most = _FADED_PERMILLE if faded else _FASTER_PERMILLE
            if total[place] * 1000 > best * most:
                return 0
        return rate_mbpm

    def _swing(self, lag):
        """Measure how far the pulse swings with the breath, and when the last breath in begun."""
        intervals = self._intervals
        end = self._laid
        swings = self._swings
        found = self._found
        for breath in range(_BREATHS):
            extremes(intervals, end - (breath + 1) * lag, lag, found)
            swings[breath] = _MBPM_TICKS // found[0] - _MBPM_TICKS // found[1]
        low = min(swings[0], swings[1])
        high = max(swings[0], swings[1])
        self.amplitude_mbpm = max(low, min(high, swings[2]))
        # Of the last two breaths laid over one another: where the half with the longest intervals begins.
        half = lag // 2
        slower = 0
        for place in range(end - half, end):
            slower += intervals[place % _RING] + intervals[(place - lag) % _RING]
        most = slower
        begun = half  # steps ago
        for back in range(1, lag):
            slower -= intervals[(end - back) % _RING] + intervals[(end - back - lag) % _RING]
            place = end - back - half
            slower += intervals[place % _RING] + intervals[(place - lag) % _RING]
            if slower > most:
                most = slower
                begun = back + half
        # In the middle of that half the pulse is slowest: there a breath in begins, and half a breath later one out.
        # An interval tells of the time half an interval before its end, and the light was smoothed for 65 ms.
        middle = (2 * begun - half) * _STEP_TICKS // 2
        self._begun_ticks = self._place_ticks - middle - self._from_span // 2 - _SMOOTHED_TICKS

    def in_for_ms(self, now_ticks):
        """Return for how long the breath still goes in, or, negative, for how long still out; None: unknown.

        An adult's pulse grows faster while breathing in (respiratory sinus arrhythmia); 40 % in and 60 % out are not
        told apart from halves.
        """
        rate_mbpm = self.rate_mbpm
        if self._begun_ticks is None or rate_mbpm is None:
            return None
        period = _MBPM_TICKS // rate_mbpm
        into = (now_ticks - self._begun_ticks) % period
        half = period // 2
        return (half - into) * 5 // 16 if into < half else (into - period) * 5 // 16
