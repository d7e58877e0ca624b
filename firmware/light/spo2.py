"""SpO2 from red and infrared, uncalibrated: for stop rules only, never for tempo.

The ratio of ratios is the slope of red on infrared over 4 to 6 s, with noise allowed in both, and counts only
where the two rise and fall together. The curve is the sensor maker's published one (Maxim AN6845).
"""

from array import array

from micropython import const

from firmware.light import pulse

WINDOW = const(300)  # pairs: 6 s
# 4 s of light leave 142 pairs to an adult, whose slopes are levelled over half a second on each side.
LEAST = const(140)
LATELY = const(150)  # 3 s, of a newborn's: seven beats, and a fall is known 1.5 s sooner
_CORRELATION_PERMILLE_SQUARED = const(640)  # 0.8 squared
# What does not repeat with the pulse: a fiftieth of what does at least, 1.5 s of it; and of one source, where noise is not.
_BESIDE_SHARE = const(50)
_BESIDE_PERMILLE_SQUARED = const(940)  # 0.97 squared
_LEAST_BESIDE = const(75)
_STEEP = const(16384)  # × 4096
_LARGEST = const(1000000)  # twice a slope: more times 1023 would have more than 31 bits
_LEAST_LEVEL_COUNTS = const(2000)  # of red: below this there is no red light
_RATIO_MAX_PERMILLE = const(2500)  # the curve says 36 % there and was never measured so low


def square_root(value):
    """Return the whole square root of 0 ≤ value < 2^30, by Newton's steps."""
    if value < 2:
        return value
    guess = 32768
    while True:
        better = (guess + value // guess) // 2
        if better >= guess:
            return guess
        guess = better


def from_ratio(ratio_permille):
    """Return SpO2 in permille for a ratio R in permille: 1.5958 R² − 34.6597 R + 112.6899 percent (AN6845)."""
    square = ratio_permille * ratio_permille // 100
    value = 1127 - ratio_permille * 34660 // 100000 + square * 1596 // 1000000
    return value if value < 1000 else 1000


class Saturation:
    """Ratio of ratios over a window of levelled slopes of both lights."""

    def __init__(self):
        self._sums = array("I", [0] * 3)
        self._largest = 0  # slope that was measured
        self._ir_square = self._red_square = self._product = 0  # the sums in 13 bits
        self.ratio_permille = None
        self.slope = 0  # of red on infrared, in counts × 4096; 0 = they do not go together
        self.lead_slope = 0  # the same of the rhythm that shows, without what is beside it

    def measure(self, ir, red, first, end, ir_level_counts, red_level_counts):
        """Return SpO2 in permille from levelled slopes of pairs first..end-1, or None where the lights disagree."""
        self.ratio_permille = None
        self.slope = self.lead_slope = self._largest = 0
        if end - first > WINDOW:
            first = end - WINDOW
        if red_level_counts < _LEAST_LEVEL_COUNTS or ir_level_counts < _LEAST_LEVEL_COUNTS:
            return None
        largest = pulse.largest_slope(ir, first, end)
        other = pulse.largest_slope(red, first, end)
        if other > largest:
            largest = other
        if largest < 1:
            return None
        pulse.products(ir, red, self._sums, first, end, largest, 0, 0)
        slope = self._slope(_CORRELATION_PERMILLE_SQUARED)
        levels = (ir_level_counts >> 3) * 1000 // (red_level_counts >> 3)
        if not slope or levels > 8000:
            return None
        self.slope = self.lead_slope = slope
        self._largest = largest
        ratio = slope * levels // 4096
        if ratio > _RATIO_MAX_PERMILLE:
            return None
        self.ratio_permille = ratio
        return from_ratio(ratio)

    def beside_percent(self, ir, red, first, end, ticks):
        """Return the ratio of ratios of what does not repeat every `ticks` (1/3200 s), in percent of that of what does.

        Of the light that `measure` saw last; `lead_slope` becomes the slope of what repeats alone. 0: not known, or nothing
        but the one rhythm is there.
        """
        largest = 2 * self._largest
        if not 0 < largest <= _LARGEST:
            return 0
        if end - first > WINDOW:
            first = end - WINDOW
        first += (ticks >> 6) + 1
        if end - first < _LEAST_BESIDE:
            return 0
        sums = self._sums
        pulse.products(ir, red, sums, first, end, largest, ticks, 1)
        whole = sums[0]
        slope = self._slope(_CORRELATION_PERMILLE_SQUARED)
        ir_square = self._ir_square
        red_square = self._red_square
        product = self._product
        pulse.products(ir, red, sums, first, end, largest, ticks, -1)
        if not slope or sums[0] * _BESIDE_SHARE < whole:
            return 0
        beside = self._slope(_BESIDE_PERMILLE_SQUARED)
        if not beside:
            return 0
        self.lead_slope = slope
        # Two sources add up in the sums: what is left of them without the one of slope `beside` has the other's.
        apart = (product * 4096 - ir_square * beside) >> 8
        if beside < _STEEP and apart:
            lead = (red_square * 4096 - product * beside) // apart  # × 256
            if slope < lead * 24 and lead * 16 < slope * 3 // 2:
                self.lead_slope = lead * 16
        return beside * 100 // slope

    def _slope(self, least_permille_squared):
        """Return red's slope on infrared (× 4096) by the sums, with equal noise in both: the cloud's main axis.

        0: they do not rise and fall together as well as that.
        """
        sums = self._sums
        ir_square = sums[0]
        red_square = sums[1]
        product = sums[2] - pulse.PRODUCT_BIAS
        # 13 bits, so that squares of them fit.
        while ir_square >= 8192 or red_square >= 8192:
            ir_square >>= 1
            red_square >>= 1
            product >>= 1
        if product <= 0 or ir_square == 0:
            return 0
        if product * product // 1000 < ir_square * red_square // 1000 * least_permille_squared // 1000:
            return 0
        self._ir_square = ir_square
        self._red_square = red_square
        self._product = product
        difference = (red_square - ir_square) // 2
        root = square_root(difference * difference + product * product)
        slope = (difference + root) * 4096 // product
        return slope if slope <= 65536 else 0
