"""The pulse's period, by autocorrelation of the last 8 s and a path through time.

One autocorrelation can be fooled by a breath, a movement or a double wave; a path through many, allowed to
bend only as fast as a pulse does, is not. Whether a rate may be shown is decided in `vitals`.
"""

from array import array

from micropython import const

from firmware.light import pulse

_MBPM_TICKS = const(192000000)  # thousandths of a beat per minute × ticks

# Neighbouring candidates differ by 1.5 %, so the path can follow ± 9 % in a second, as a bradycardia falls.
_STEP_PERMILLE = const(15)
_REACH = const(6)
_TOLL = const(20)  # permille of correlation that each candidate's step aside costs
_LEAK_PERCENT = const(85)  # the past's weight falls to half in 4 s
# A multiple of the period correlates as well as the period itself; what the half or third of it does tells
# them apart. At this weight, a half that correlates 0.7 as well wins. A second wave half-way can do that (an
# adult's, beside a pulse of 100), so halves that short must do better: see `pulse.salience`.
_PART_PERCENT = const(40)
# One restless second must not rule the window: slopes are clipped at this share of the usual second's limit.
_CLIP_PERCENT = const(80)
_SMALLEST_LIMIT = const(4)
# Half the period correlates: from 0.15 on there is a second wave half-way; at 0.9 of what the period does, or
# more, the half may be the period, and nothing is said about waves.
_SECOND_WAVE_PERMILLE = const(150)
_SECOND_WAVE_PERCENT = const(90)
# A pure swing: the two are this near, the steepest rise is that near the steepest fall.
_SHAPELESS_PERMILLE = const(970)
_UPRIGHT_PERCENT = const(107)
# No heart slower than 100 a minute was ever its own opposite, a lamp's weak swing in the noise of the sensor is: there
# its steepest rise and fall are the noise's, and are not asked.
_SLOW_TICKS = const(1920)
# Of 20 ms: rhythms of a lamp, any multiple of which may look like a pulse. Their light falls as low as this between, and
# repeats as well as this share of the multiple.
_FLICKER_FIRST_LAG = const(2)
_FLICKER_LAST_LAG = const(9)
_FLICKER_FALLS_PERMILLE = const(300)
_FLICKER_PERCENT = const(70)
# Two lights that tell of one source alone differ by noise, which has no rhythm. Of what red does not share with
# infrared: so large beside red, so well repeated, and a rhythm this far from the period's: another pulses there.
_LEFT_PERMILLE = const(30)
_LEFT_REPEATS = const(600)
_LEFT_CLEAR_PERMILLE = const(15)
_LEFT_CLEAR_REPEATS = const(900)
_LEFT_APART_PERCENT = const(7)
_LEFT_SLOWEST_PERCENT = const(240)  # of the period: slower than this it is a newborn's breath
# As large and as well repeated as this it is another's, whatever its rhythm.
_LEFT_MUCH_PERMILLE = const(150)
_LEFT_MUCH_REPEATS = const(450)
# Where nothing calm was seen yet, this may be a hand's pulse beneath or beside another's already.
_LEFT_DOUBTFUL_PERMILLE = const(60)
_LEFT_DOUBTFUL_REPEATS = const(800)
_LEFT_LARGE_PERMILLE = const(100)
# What repeats, or is its own opposite, no better than this at any lag has no rhythm: noise.
_LEFT_NOISE = const(330)
_LEFT_LOUD = const(600000)  # counts × permille: so much more than noise leaves
# A breath goes to and fro: half a period later it is so much its own opposite, as no slow heart is, nor the pulse that a
# hand leaves; and it is slower than the pulse by this.
_BREATH_REPEATS = const(600)
_BREATH_SMOOTH_PERCENT = const(75)
_BREATH_SLOWER_PERCENT = const(140)
_LEFT_SAMPLES = const(150)  # of 40 ms
_LEFT_FIRST_LAG = const(5)
_LEFT_LAST_LAG = const(36)
_LEFT_FIRST_SHARE = const(7)  # of 8: the first peak this high beside the highest is the rhythm
_DOUBTFUL_PERCENT = const(105)  # of its correlation: what the double of a short period must not exceed
_DOUBLE_PERMILLE = const(500)  # so well twice the period repeats at least, to be told of


class Period:
    """Follow the period of one patient's pulse between two lags, over at most `window` pairs of 20 ms."""

    def __init__(self, shortest, longest, window, least, second):
        self._shortest = shortest
        self._longest = longest
        self._window = window
        self._least = least  # pairs without which nothing is said
        self._second = second  # ticks after a beat at which a second wave may still rise
        lags = []
        ticks = shortest * pulse.TICKS_PER_PAIR
        while ticks <= longest * pulse.TICKS_PER_PAIR:
            lags.append(ticks)
            ticks += ticks * _STEP_PERMILLE // 1000
        self._lags = array("H", lags)
        self._candidates = len(lags)
        self._x = array("H", [0] * window)
        self.scratch = self._x  # free for others between the calls of this object
        self._r = array("I", [pulse.R_BIAS] * (longest + 2))
        self._now = array("I", lags)
        self._path = array("I", lags)
        self._next_path = array("I", lags)
        self.forget()

    def forget(self):
        """Start anew: what came before belongs to another grip of the sensor."""
        for i in range(self._candidates):
            self._path[i] = 0
        self.pairs = 0  # that the last measurement rested on
        self.ticks = 0  # the period in 1/3200 s; 0 = unknown
        self.last_ticks = 0  # the last one that was known
        self.strength = 0  # 0..1000: how well it explains the window
        self.doubtful = False  # the double explains more, and a second wave can be as soon as this period
        self.twofold = False  # a second wave rises steeply about half-way between the beats
        self.double_percent = 0  # how well twice the period repeats beside it; 0: not well
        self._lean = 0  # how much steeper the light rises than falls, in percent
        self._flicker = 0  # permille
        # What red does not share with infrared: its share of red, how well it repeats (0: not known), and its rhythm.
        self.left_permille = self.left_repeats = self.left_mbpm = 0
        self.breathes = False  # it may be another's pulse, but for its form, which is a breath's
        self.shapeless = 0  # for how many seconds the light has swung to and fro alike

    def measure(self, levelled, first, end, limit):
        """Measure on the levelled slopes of pairs first..end-1 and take the path one second further."""
        count = end - first
        if count > self._window:
            count = self._window
        self.pairs = count
        self.strength = 0
        self.doubtful = self.twofold = False
        self.double_percent = 0
        if self.ticks:
            self.last_ticks = self.ticks
        self.ticks = 0
        if count < self._least:
            return
        longest = self._longest
        if longest > count // 2:
            longest = count // 2
        clip = limit * _CLIP_PERCENT // 100
        largest = pulse.largest_slope(levelled, end - count, end)
        if clip > largest:
            clip = largest
        if clip < _SMALLEST_LIMIT:
            return
        self._lean = pulse.lean(levelled, end - count // 2, end)
        pulse.extract(levelled, self._x, end - count, count, clip)
        r = self._r
        for lag in range(longest, self._longest + 2):
            r[lag] = pulse.R_BIAS
        pulse.autocorrelate(self._x, r, _FLICKER_FIRST_LAG | longest << 16, count)
        self._flicker = self._find_flicker()
        for lag in range(_FLICKER_FIRST_LAG, self._shortest // 2):
            r[lag] = pulse.R_BIAS  # no part of a period that is looked for
        self._follow(longest)

    def _find_flicker(self):
        """Return how well a rhythm of 6 to 16 a second repeats, in permille, which no heart has; 0 where there is none."""
        r = self._r
        highest = 0
        fallen = False  # what is near in time is alike in any light
        for lag in range(_FLICKER_FIRST_LAG, _FLICKER_LAST_LAG):
            value = r[lag] - pulse.R_BIAS
            if value < _FLICKER_FALLS_PERMILLE:
                fallen = True
            elif fallen and value > highest and r[lag - 1] <= r[lag] >= r[lag + 1]:
                highest = value
        return highest

    def _follow(self, longest):
        now = self._now
        pulse.salience(
            self._r,
            now,
            self._lags,
            self._candidates,
            self._shortest * pulse.TICKS_PER_PAIR,
            longest * pulse.TICKS_PER_PAIR,
            _PART_PERCENT,
            self._second,
        )
        path = self._next_path
        best = pulse.follow(self._path, path, now, self._candidates, _REACH, _TOLL, _LEAK_PERCENT)
        self._next_path = self._path
        self._path = path
        # The path is smooth; the top of what is measured now is near it.
        last = self._candidates - 1
        for _ in range(3):
            if best < last and now[best + 1] > now[best]:
                best += 1
            elif best > 0 and now[best - 1] > now[best]:
                best -= 1
        self.strength = now[best]
        if self.strength == 0:
            return
        lags = self._lags
        self.ticks = lags[best]
        if 0 < best < last:
            width = (lags[best + 1] - lags[best - 1]) // 2
            self.ticks += pulse.vertex(now[best - 1], now[best], now[best + 1], width)
        half = self._highest_near(self.ticks // 2)
        whole = self._highest_near(self.ticks)
        double = self._highest_near(self.ticks * 2)
        self._look_at_shape()
        if double > _DOUBLE_PERMILLE:
            self.double_percent = double * 100 // (whole + 1)
        self.doubtful = self.ticks <= self._second and double * 100 > whole * _DOUBTFUL_PERCENT
        self.twofold = (
            self.ticks <= 2 * self._second
            and half > _SECOND_WAVE_PERMILLE
            and half * 100 < whole * _SECOND_WAVE_PERCENT
        )

    def _look_at_shape(self):
        """A swing without a shape is its own opposite half a period later, and rises as fast as it falls; or it is some
        swings of a lamp."""
        r = self._r
        lag = self.ticks // 2 // pulse.TICKS_PER_PAIR
        half = min(r[lag], r[lag + 1]) - pulse.R_BIAS
        lag = self.ticks // pulse.TICKS_PER_PAIR
        whole = max(r[lag], r[lag + 1]) - pulse.R_BIAS
        upright = self._lean < _UPRIGHT_PERCENT and self._lean * _UPRIGHT_PERCENT > 10000
        if whole > 500 and self._flicker * 100 > whole * _FLICKER_PERCENT:
            self.shapeless += 1
        elif (
            whole > 500
            and whole * _SHAPELESS_PERMILLE < -half * 1000
            and -half * _SHAPELESS_PERMILLE < whole * 1000
            and (upright or self.ticks > _SLOW_TICKS)
        ):
            self.shapeless += 1
        else:
            self.shapeless = 0

    def shared(self, ir, red, first, end, largest, slope, sums, calm):
        """Return whether one rhythm alone moves both lights: False where red pulses beside `slope` × infrared, or may,
        unless the pulse was `calm` long enough to be known.

        ir, red: levelled slopes of pairs first..end-1, at most `largest`; slope × 4096; sums: room for two numbers.
        """
        self.left_repeats = 0
        self.breathes = False
        count = (end - first) // 2
        if count > _LEFT_SAMPLES:
            count = _LEFT_SAMPLES
        last = self._longest // 2
        if last > _LEFT_LAST_LAG:
            last = _LEFT_LAST_LAG
        if not self.ticks or not slope or 2 * last > count:
            return True
        shift = 0
        while largest >> shift >= 2048:
            shift += 1
        pulse.leave(ir, red, self._x, sums, end - 2 * count, count, slope, shift)
        permille = sums[0] * 1000 // (sums[1] + 1)
        self.left_permille = permille
        if permille < _LEFT_CLEAR_PERMILLE:
            return True
        loud = not calm and permille > _LEFT_MUCH_PERMILLE and largest > _LEFT_LOUD // permille
        r = self._r
        pulse.autocorrelate(self._x, r, _LEFT_FIRST_LAG | last << 16, count)
        highest = 0
        lowest = 2 * pulse.R_BIAS
        for lag in range(_LEFT_FIRST_LAG + 1, last):
            highest = max(highest, r[lag])
            lowest = min(lowest, r[lag])
        loud = loud and max(highest - pulse.R_BIAS, pulse.R_BIAS - lowest) > _LEFT_NOISE
        lag = _LEFT_FIRST_LAG + 1
        while lag < last and not (
            (r[lag] - pulse.R_BIAS) * 8 >= (highest - pulse.R_BIAS) * _LEFT_FIRST_SHARE
            and r[lag - 1] <= r[lag] >= r[lag + 1]
        ):
            lag += 1
        repeats = r[lag] - pulse.R_BIAS
        if lag == last:
            return not loud
        ticks = 2 * (
            lag * pulse.TICKS_PER_PAIR + pulse.vertex(r[lag - 1], r[lag], r[lag + 1], pulse.TICKS_PER_PAIR)
        )
        percent = ticks * 100 // self.ticks
        self.left_repeats = repeats
        self.left_mbpm = _MBPM_TICKS // ticks
        if not loud and self._is_of_one(permille, repeats, percent, calm):
            return True
        self.breathes = self._is_breath(lag, percent)
        return False

    def _is_breath(self, lag, percent):
        """Return whether what is left, at `percent` of the period, goes to and fro; its rhythm in `_r` is at `lag`."""
        r = self._r
        opposite = pulse.R_BIAS - min(r[lag // 2], r[(lag + 1) // 2])
        return (
            percent > _BREATH_SLOWER_PERCENT
            and self.left_repeats > _BREATH_REPEATS
            and opposite * 100 > self.left_repeats * _BREATH_SMOOTH_PERCENT
        )

    def _is_of_one(self, permille, repeats, percent, calm):
        """Return whether what is left, so large and so regular at `percent` of the period, is no second pulse."""
        much = permille > _LEFT_MUCH_PERMILLE and repeats > _LEFT_MUCH_REPEATS
        # Where nothing calm was seen yet, what is left may be a hand's whatever its rhythm: a third of it is no breath.
        if not calm and (much or (permille > _LEFT_LARGE_PERMILLE and repeats > _LEFT_CLEAR_REPEATS)):
            return False
        if self._second < 1000 and percent > _LEFT_SLOWEST_PERCENT:
            return True
        if much:
            return False
        if not calm and permille > _LEFT_DOUBTFUL_PERMILLE and repeats > _LEFT_DOUBTFUL_REPEATS:
            return False
        if repeats < (_LEFT_CLEAR_REPEATS if permille < _LEFT_PERMILLE else _LEFT_REPEATS):
            return True
        return abs(percent - 100) <= _LEFT_APART_PERCENT

    def _highest_near(self, ticks):
        """The highest correlation within 1/8 of a lag; 0 where none is known."""
        lag = (ticks - ticks // 8) // pulse.TICKS_PER_PAIR
        last = (ticks + ticks // 8) // pulse.TICKS_PER_PAIR + 1
        highest = 0
        if lag < self._shortest // 2:
            return 0
        if last > self._longest:
            last = self._longest
        while lag <= last:
            value = self._r[lag] - pulse.R_BIAS
            if value > highest:
                highest = value
            lag += 1
        return highest
