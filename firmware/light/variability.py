"""How the pulse varies, for biofeedback: beat-to-beat variability and, for adults, breathing.

Both come from booked beats and are unknown where beats are odd or the modulation is weak. Not a diagnosis.
"""

from array import array

import micropython
from micropython import const

from firmware.light import pulse
from firmware.light.spo2 import square_root

# Beat-to-beat: root mean square of the successive differences of the last 60 intervals, of 20 at least.
_INTERVALS = const(60)
_LEAST_PAIRS = const(20)

# Breathing: the beats' height, interval and level, each put on a grid of 5 a second over 32 s and correlated
# with itself; 6 to 30 breaths a minute (Karlen et al. 2013 take the same three and let them agree).
_GRID = const(160)
_STEP_TICKS = const(640)
_SHORTEST = const(10)
_LONGEST = const(50)
_LEAST_BEATS = const(24)
_CLEAR_PERMILLE = const(450)  # a sum of three correlations, each weighed by itself
_NEAR_PERMILLE = const(700)  # the first peak this near the best: the breath, not two breaths
# A property that varies less than this is not used: sampling alone makes patterns of some permille.
_HEIGHT_SHARE = const(50)  # 1/50 of the usual height
_INTERVAL_SHARE = const(100)  # 1/100 of the interval
_LEVEL_SHARE = const(20)  # 1/20 of the height
_TREND = const(25)  # half the stretch (in steps of the grid) whose mean is taken away


@micropython.viper
def spread(ticks: ptr32, property: ptr32, values: ptr32, beat: int, last: int, begin: int):
    """A property of beats `beat`..`last`, interpolated every 0.2 s from `begin` on, into values[0..160)."""
    i = 0
    at = begin
    while i < 160:
        while beat + 1 < last and int(ticks[(beat + 1) & 63]) <= at:
            beat += 1
        before = int(ticks[beat & 63])
        span = int(ticks[(beat + 1) & 63]) - before
        share = (at - before) * 64 // span
        if share > 64:
            share = 64
        a = int(property[beat & 63])
        b = int(property[(beat + 1) & 63])
        values[i] = a + (((b - a) * share) >> 6)
        i += 1
        at += 640


@micropython.viper
def detrend(values: ptr32, x: ptr16, half: int) -> int:
    """160 values less the mean of those around, as ±511, biased, into x. Returns the largest step."""
    largest = 0
    turn = 0
    while turn < 2:
        i = 0
        total = 0
        number = 0
        while number < half:
            total += int(values[number])
            number += 1
        while i < 160:
            if i + half < 160:
                total += int(values[i + half])
                number += 1
            if i > half:
                total -= int(values[i - half - 1])
                number -= 1
            step = int(values[i]) - total // number
            if turn == 1:
                x[i] = 512 + step * 511 // largest
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


class Variability:
    """Reads the booked beats once a second.

    rmssd_us: beat-to-beat variability, µs. breathing_rate_mbpm: thousandths of a breath per minute. None:
    unknown.
    """

    def __init__(self, beats):
        self._beats = beats
        self._values = array("I", [0] * _GRID)
        self._x = array("H", [0] * _GRID)
        self._r = array("I", [0] * (_LONGEST + 2))
        self._sum = array("I", [0] * (_LONGEST + 2))
        self._wait = 0
        self.forget()

    def forget(self):
        """Nothing is known."""
        self.rmssd_us = None
        self.breathing_rate_mbpm = None

    def measure(self, now_ticks):
        """Renew the readings: variability each second, breathing every fourth."""
        self._measure_rmssd()
        self._wait += 1
        if self._wait >= 4:
            self._wait = 0
            self.breathing_rate_mbpm = self._breathing(now_ticks)

    def _measure_rmssd(self):
        beats = self._beats
        last = beats.stretches - 1
        oldest = last - _INTERVALS
        if oldest < 0:
            oldest = 0
        pairs = 0
        total = 0
        while last > oldest:
            if beats.stretch_odd(last) == 0 and beats.stretch_odd(last - 1) == 0:
                step = beats.stretch_ticks(last) - beats.stretch_ticks(last - 1)
                if -3200 < step < 3200:
                    total += step * step
                    pairs += 1
            last -= 1
        if pairs < _LEAST_PAIRS or total >= 1 << 29:
            self.rmssd_us = None
            return
        # The root of 16 times the mean square is 4 times as fine as a tick.
        mean = total // pairs
        root = square_root(mean * 16) if mean < 1 << 25 else square_root(mean) * 4
        self.rmssd_us = root * 625 // 8  # a tick is 312.5 µs

    def _breathing(self, now_ticks):
        beats = self._beats
        first = beats.count - 63
        if first < beats.first + 1:
            first = beats.first + 1  # the first has no interval
        begin = now_ticks - _GRID * _STEP_TICKS
        while first + 1 < beats.count and beats.ticks(first + 1) <= begin:
            first += 1
        if beats.count - first < _LEAST_BEATS or beats.ticks(first) > begin:
            return None
        total = self._sum
        for lag in range(len(total)):
            total[lag] = 0
        weight = 0
        for kind in range(3):
            property = beats.rises if kind == 0 else (beats.spans if kind == 1 else beats.levels)
            spread(beats.times, property, self._values, first, beats.count - 1, begin)
            depth = detrend(self._values, self._x, _TREND)
            if kind == 0:
                least = beats.rise(beats.count - 1) // _HEIGHT_SHARE
            elif kind == 1:
                least = beats.local_ticks // _INTERVAL_SHARE
            else:
                least = beats.rise(beats.count - 1) // _LEVEL_SHARE
            if depth < 4 or depth < least:
                continue
            pulse.autocorrelate(self._x, self._r, _SHORTEST - 1, _LONGEST + 1, _GRID)
            best = 0
            for lag in range(_SHORTEST, _LONGEST + 1):
                value = self._r[lag] - pulse.R_BIAS
                if value > best and self._r[lag - 1] <= self._r[lag] >= self._r[lag + 1]:
                    best = value
            for lag in range(_SHORTEST - 1, _LONGEST + 2):
                total[lag] += self._r[lag] * best // 1000
            weight += best
        if weight < _CLEAR_PERMILLE:
            return None
        return self._first_peak(weight)

    def _first_peak(self, weight):
        """The rate of the first peak of the weighed sum of correlations, or None."""
        total = self._sum
        bias = pulse.R_BIAS * weight // 1000
        best = 0
        for lag in range(_SHORTEST, _LONGEST + 1):
            if total[lag] - bias > best and total[lag - 1] <= total[lag] >= total[lag + 1]:
                best = total[lag] - bias
        if best * 1000 < weight * _CLEAR_PERMILLE:
            return None
        for lag in range(_SHORTEST, _LONGEST + 1):
            if (total[lag] - bias) * 1000 >= best * _NEAR_PERMILLE:
                if total[lag - 1] <= total[lag] >= total[lag + 1]:
                    ticks = lag * _STEP_TICKS
                    ticks += pulse.vertex(total[lag - 1], total[lag], total[lag + 1], _STEP_TICKS)
                    return 192000000 // ticks
        return None
