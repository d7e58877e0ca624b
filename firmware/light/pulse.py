"""Arithmetic on the light samples: smoothing, period by autocorrelation, beats by their steepest rise.

Everything here is integer and runs as viper code without allocating. What the numbers mean for a
patient, and when they are not to be believed, is decided in `vitals`.
"""

from array import array

import micropython
from micropython import const

# Pairs of the sensor's 100 samples/s are added: 50 per second are enough for a pulse and halve the work.
PAIRS_PER_S = const(50)
RING = const(512)  # 10.2 s of slopes; a power of two, because places are masked
RING_MASK = const(511)
SLOPE_BIAS = const(8388608)
PRODUCT_BIAS = const(536870912)  # 2 ** 29: of the sum of products, which may be below 0
RISE_MAX = const(1000000)
LIMIT_MAX = const(500000)  # slopes are clipped here at the latest, so that products of them fit
TICKS_PER_PAIR = const(64)  # beat times are interpolated to 1/64 of 20 ms
# Samples for the autocorrelation are 10 bits, stored as 1..1023; correlations are permille, stored as 24..2024.
R_BIAS = const(1024)
_X_BIAS = const(512)
_X_MOST = const(511)

# Places in the filter's state.
HEAD = const(0)  # pairs seen since the start
_HALF = const(1)  # 1 when the first sample of a pair is waiting
_WAITING = const(2)  # that sample, of infrared and red
IR_SUM = const(4)  # the newest 4 pairs of infrared, of red; then the 4 pairs before
RED_SUM = const(5)
_IR_SUM_BEFORE = const(6)
_RED_SUM_BEFORE = const(7)
FILLED = const(8)  # 0: the next _FILLS pairs each fill the 8 pairs
_FILLS = const(3)  # the first may hold a sample of before
IR_MAX = const(14)  # largest and smallest count since they were last cleared
IR_MIN = const(15)
RED_MAX = const(16)
_RED_MIN = const(17)
_PAIRS = const(18)  # the last 8 pairs of infrared
_RED_PAIRS = const(26)  # and of red
STATE_SIZE = const(34)


@micropython.viper
def smooth(state: ptr32, ir_slopes: ptr32, red_slopes: ptr32, ir: ptr32, red: ptr32, count: int):
    """Take `count` samples of each light (0..262143 counts); a biased slope a pair goes into the two rings.

    The slope is how far the sum over 4 pairs (80 ms) fell (blood came) since the 4 pairs before: a band-pass around the
    pulse's steep rise that knows no level, so steps and drift of the light pass by quickly.
    """
    i = 0
    while i < count:
        a = int(ir[i])
        b = int(red[i])
        if a > int(state[IR_MAX]):
            state[IR_MAX] = a
        if a < int(state[IR_MIN]):
            state[IR_MIN] = a
        if b > int(state[RED_MAX]):
            state[RED_MAX] = b
        if b < int(state[_RED_MIN]):
            state[_RED_MIN] = b
        if int(state[_HALF]) == 0:
            state[_WAITING] = a
            state[_WAITING + 1] = b
            state[_HALF] = 1
        else:
            state[_HALF] = 0
            a += int(state[_WAITING])
            b += int(state[_WAITING + 1])
            head = int(state[HEAD])
            j = 0
            fill = int(state[FILLED])
            if fill < _FILLS:
                state[FILLED] = fill + 1
                # The first pairs fill everything, so that the level appearing is no step.
                while j < 8:
                    state[_PAIRS + j] = a
                    state[_RED_PAIRS + j] = b
                    j += 1
                state[IR_SUM] = 4 * a
                state[RED_SUM] = 4 * b
            tap = head & 7
            half = (head + 4) & 7
            # Beside the newest pair goes the one of 4 pairs ago; of the 4 before, the one of 8 ago.
            state[IR_SUM] = int(state[IR_SUM]) + a - int(state[_PAIRS + half])
            state[RED_SUM] = int(state[RED_SUM]) + b - int(state[_RED_PAIRS + half])
            if fill < _FILLS:
                state[_IR_SUM_BEFORE] = 4 * a
                state[_RED_SUM_BEFORE] = 4 * b
            state[_IR_SUM_BEFORE] = (
                int(state[_IR_SUM_BEFORE]) + int(state[_PAIRS + half]) - int(state[_PAIRS + tap])
            )
            state[_RED_SUM_BEFORE] = (
                int(state[_RED_SUM_BEFORE]) + int(state[_RED_PAIRS + half]) - int(state[_RED_PAIRS + tap])
            )
            state[_PAIRS + tap] = a
            state[_RED_PAIRS + tap] = b
            ir_slopes[head & RING_MASK] = int(state[_IR_SUM_BEFORE]) - int(state[IR_SUM]) + SLOPE_BIAS
            red_slopes[head & RING_MASK] = int(state[_RED_SUM_BEFORE]) - int(state[RED_SUM]) + SLOPE_BIAS
            state[HEAD] = head + 1
        i += 1


@micropython.viper
def level(slopes: ptr32, out: ptr32, n: int, end: int, half: int, limit: int):
    """Write into out the slopes at pairs n..end-1, clipped at ±limit, less the mean of those `half` pairs around.

    That mean is the breath's and the drift's. It needs slopes up to pair end - 1 + half.
    """
    high = SLOPE_BIAS + limit
    low = SLOPE_BIAS - limit
    width = 2 * half + 1
    total = 0
    j = n - half
    while n < end:
        last = n + half
        while j <= last:
            s = int(slopes[j & RING_MASK])
            if s > high:
                s = high
            if s < low:
                s = low
            total += s - SLOPE_BIAS
            j += 1
        s = int(slopes[n & RING_MASK])
        if s > high:
            s = high
        if s < low:
            s = low
        out[n & RING_MASK] = s - total // width
        # The oldest leaves the mean.
        s = int(slopes[(n - half) & RING_MASK])
        if s > high:
            s = high
        if s < low:
            s = low
        total -= s - SLOPE_BIAS
        n += 1


@micropython.viper
def largest_slope(ring: ptr32, n: int, end: int) -> int:
    """Return the largest slope, up or down, at pairs n..end-1."""
    best = 0
    while n < end:
        s = int(ring[n & RING_MASK]) - SLOPE_BIAS
        if s < 0:
            s = 0 - s
        if s > best:
            best = s
        n += 1
    return best


@micropython.viper
def insert(order: ptr32, count: int, value: int):
    """Put a number (0 or more) in its place among `count` that lie in order already, the least first."""
    while count > 0 and int(order[count - 1]) > value:
        order[count] = int(order[count - 1])
        count -= 1
    order[count] = value


@micropython.viper
def extract(ring: ptr32, x: ptr16, first: int, count: int, limit: int):
    """Write into x the slopes of `count` pairs from `first`, clipped at ±limit (1..2^19), scaled to ±511, biased."""
    i = 0
    while i < count:
        s = int(ring[(first + i) & RING_MASK]) - SLOPE_BIAS
        if s > limit:
            s = limit
        if s < 0 - limit:
            s = 0 - limit
        x[i] = (s + limit) * _X_MOST // limit + 1
        i += 1


@micropython.viper
def autocorrelate(x: ptr16, r: ptr32, lags: int, count: int):
    """Write r[lag] for lags of `lags` & 0xFFFF up to `lags` >> 16, below `count`: the normalised autocorrelation of
    x[0..count), 1..1023 each and at most 400, in permille + R_BIAS.

    Normalised by the mean energy of the two stretches compared (McLeod and Wyvill 2005), so it stays
    within ±1 and does not prefer short lags. On a chip it is that of pulse_thumb.py.
    """
    lag = lags & 0xFFFF
    last_lag = lags >> 16
    n = count - lag
    # Sums and energies of the stretch that begins the window, and of the one `lag` later.
    a_sum = 0
    a_energy = 0
    b_sum = 0
    b_energy = 0
    i = 0
    while i < n:
        v = int(x[i]) - _X_BIAS
        a_sum += v
        a_energy += v * v
        v = int(x[i + lag]) - _X_BIAS
        b_sum += v
        b_energy += v * v
        i += 1
    while lag <= last_lag:
        total = 0
        n = count - lag
        i = 0
        j = lag
        while i < n:
            total += int(x[i]) * int(x[j])
            i += 1
            j += 1
        total -= _X_BIAS * (a_sum + b_sum + _X_BIAS * n)
        energy = ((a_energy + b_energy) >> 11) + 1
        value = (total >> 10) * 1000 // energy
        if value > 1000:
            value = 1000
        if value < -1000:
            value = -1000
        r[lag] = value + R_BIAS
        v = int(x[n - 1]) - _X_BIAS
        a_sum -= v
        a_energy -= v * v
        v = int(x[lag]) - _X_BIAS
        b_sum -= v
        b_energy -= v * v
        lag += 1


@micropython.viper
def salience(
    r: ptr32,
    out: ptr32,
    lags: ptr16,
    bins: int,
    shortest: int,
    longest: int,
    part_percent: int,
    second: int,
):
    """Work out how well each of the periods `lags` (1/64 pair) explains the correlations r: 0..1000 each.

    The mean correlation at up to four multiples, less a share of that at the half or third of the period, and
    less what something much shorter correlates better. Up to `second` (1/64 pair) after a beat a second wave
    may rise: a period as short as that loses twice what its double or triple correlates better, and a half or
    third as short counts less where it correlates less than the whole.
    """
    place = shortest >> 6
    shorter = 0
    b = 0
    while b < bins:
        t = int(lags[b])
        lag = t
        total = 0
        n = 0
        first = 0
        while lag <= longest and n < 4:
            i = lag >> 6
            f = lag & 63
            v = ((int(r[i]) * (64 - f) + int(r[i + 1]) * f) >> 6) - R_BIAS
            if n == 0:
                first = v
            total += v
            n += 1
            lag += t
        value = 0
        if n > 0:
            value = total // n
        if value > first:
            value = first
        part = 0
        lag = t >> 1
        if lag >= shortest:
            i = lag >> 6
            f = lag & 63
            part = ((int(r[i]) * (64 - f) + int(r[i + 1]) * f) >> 6) - R_BIAS
        lag = t // 3
        if lag >= shortest:
            i = lag >> 6
            f = lag & 63
            v = ((int(r[i]) * (64 - f) + int(r[i + 1]) * f) >> 6) - R_BIAS
            if v > part:
                part = v
        if part < first and t <= 2 * second:
            part += part - first
        if part > 0:
            value -= part * part_percent // 100
        if t <= second:
            # The highest correlation within 1/16 of this period, and of its double and triple.
            own = 0
            most = 0
            n = 1
            while n < 4:
                lag = n * t
                j = (lag - (lag >> 4)) >> 6
                last = (lag + (lag >> 4) + 63) >> 6
                if last > longest >> 6:
                    last = longest >> 6
                while j <= last:
                    v = int(r[j]) - R_BIAS
                    if n == 1 and v > own:
                        own = v
                    if v > most:
                        most = v
                    j += 1
                n += 1
            value -= 2 * (most - own)
        # What correlates less than something much shorter is no period.
        while place <= t * 3 >> 8:
            v = int(r[place]) - R_BIAS
            if v > shorter:
                shorter = v
            place += 1
        if shorter > first:
            value -= shorter - first
        if value < 0:
            value = 0
        out[b] = value
        b += 1


@micropython.viper
def follow(before: ptr32, after: ptr32, now: ptr32, bins: int, reach: int, toll: int, leak: int) -> int:
    """Go one step of the best path through time: after = now + leak × the best of `before` nearby.

    Returns the place of the best, 0..bins-1.
    """
    b = 0
    best = 0
    top = -1
    while b < bins:
        j = b - reach
        if j < 0:
            j = 0
        last = b + reach
        if last > bins - 1:
            last = bins - 1
        most = 0
        while j <= last:
            d = j - b
            if d < 0:
                d = 0 - d
            v = int(before[j]) - d * toll
            if v > most:
                most = v
            j += 1
        v = int(now[b]) + most * leak // 100
        after[b] = v
        if v > top:
            top = v
            best = b
        b += 1
    return best


@micropython.viper
def next_peak(ring: ptr32, n: int, end: int, behind: int, ahead: int, threshold: int) -> int:
    """Return the first pair in [n, end) whose slope is ≥ threshold and the largest from `behind` to `ahead` of it.

    -1 when there is none.
    """
    threshold += SLOPE_BIAS
    while n < end:
        s = int(ring[n & RING_MASK])
        if s >= threshold:
            good = 1
            j = n - behind
            while j < n:
                if int(ring[j & RING_MASK]) >= s:
                    good = 0
                    j = n
                j += 1
            if good == 1:
                j = n + 1
                last = n + ahead
                while j <= last:
                    if int(ring[j & RING_MASK]) > s:
                        good = 0
                        j = last
                    j += 1
                if good == 1:
                    return n
        n += 1
    return -1


@micropython.viper
def lean(ring: ptr32, n: int, end: int) -> int:
    """Return how much steeper pairs n..end-1 rise than they fall: the largest slope up, in percent of the largest down."""
    up = 0
    down = 1
    while n < end:
        s = int(ring[n & RING_MASK]) - SLOPE_BIAS
        if s > up:
            up = s
        if 0 - s > down:
            down = 0 - s
        n += 1
    return up * 100 // down


@micropython.viper
def prominence(slopes: ptr32, n: int, around: int) -> int:
    """Return how far the slope at pair n stands above the mean of the `around` pairs on each side of it."""
    total = 0
    j = n - around
    last = n + around
    while j <= last:
        total += int(slopes[j & RING_MASK]) - SLOPE_BIAS
        j += 1
    return int(slopes[n & RING_MASK]) - SLOPE_BIAS - total // (2 * around + 1)


@micropython.viper
def rise(slopes: ptr32, n: int, behind: int, ahead: int) -> int:
    """Return how far the light fell at the beat that is steepest at pair n: slopes from foot to top, added up.

    0 where it did not fall: a deep breath brightened it more than the beat darkened it.
    """
    peak = int(slopes[n & RING_MASK]) - SLOPE_BIAS
    if peak <= 0:
        return 0
    least = SLOPE_BIAS + (peak >> 4)
    total = 0
    j = n
    first = n - behind
    while j > first and int(slopes[j & RING_MASK]) > least:
        total += int(slopes[j & RING_MASK]) - SLOPE_BIAS
        j -= 1
    j = n + 1
    last = n + ahead
    while j <= last and int(slopes[j & RING_MASK]) > least:
        total += int(slopes[j & RING_MASK]) - SLOPE_BIAS
        j += 1
    return total


@micropython.viper
def top(ring: ptr32, n: int, last: int) -> int:
    """Return where the rise that is steepest at pair n ends: its slope falls through zero there. In 1/64 pair."""
    j = n + 1
    while j < last and int(ring[j & RING_MASK]) > SLOPE_BIAS:
        j += 1
    above = int(ring[(j - 1) & RING_MASK]) - SLOPE_BIAS
    below = SLOPE_BIAS - int(ring[j & RING_MASK])
    if below < 0:
        below = 0
    return (j - 1) * 64 + 64 * above // (above + below + 1)


@micropython.viper
def fall(slopes: ptr32, n: int, end: int) -> int:
    """Return the sum of the slopes at pairs n..end-1: how much lighter 4 sums over 80 ms were before (counts)."""
    total = 0
    while n < end:
        total += int(slopes[n & RING_MASK]) - SLOPE_BIAS
        n += 1
    return total


@micropython.viper
def light(state: ptr32) -> int:
    """Return the light now: 4 sums over 80 ms added up, of which `fall` tells how they changed before."""
    head = int(state[HEAD])
    total = 0
    k = 1
    while k < 8:
        weight = k
        if k > 4:
            weight = 8 - k
        total += weight * int(state[_PAIRS + ((head - k) & 7)])
        k += 1
    return total


@micropython.viper
def products(ir: ptr32, red: ptr32, out: ptr32, first: int, end: int, limit: int, ticks: int, sign: int):
    """Write into out[0..2] the sums of ir², red², ir × red + 2^29 over levelled slopes of pairs first..end-1.

    Slopes are scaled so that `limit` (at least the largest) is 1023; at most 400 pairs. sign 0: the slopes themselves; 1 or
    -1: what they add up to with those of `ticks` (1/64 pair) before, or differ by, of which the largest is `limit`.
    """
    aa = 0
    bb = 0
    ab = 0
    k = ticks >> 6
    f = ticks & 63
    n = first
    while n < end:
        a = int(ir[n & RING_MASK]) - SLOPE_BIAS
        b = int(red[n & RING_MASK]) - SLOPE_BIAS
        if sign != 0:
            i = (n - k) & RING_MASK
            j = (n - k - 1) & RING_MASK
            a += sign * (((int(ir[i]) * (64 - f) + int(ir[j]) * f) >> 6) - SLOPE_BIAS)
            b += sign * (((int(red[i]) * (64 - f) + int(red[j]) * f) >> 6) - SLOPE_BIAS)
        a = a * 1023 // limit
        b = b * 1023 // limit
        aa += a * a
        bb += b * b
        ab += a * b
        n += 1
    out[0] = aa
    out[1] = bb
    out[2] = ab + PRODUCT_BIAS


@micropython.viper
def leave(ir: ptr32, red: ptr32, x: ptr16, out: ptr32, first: int, count: int, slope: int, shift: int):
    """Write what red does not share with infrared into x, as `extract` does: two pairs from `first` on a sample.

    slope: of red on infrared, × 4096, at most 65536; levelled slopes >> shift are below 4096. out[0], out[1]: the
    sizes of what is left and of red, added up.
    """
    left = 0
    whole = 0
    most = 1
    turn = 0
    while turn < 2:
        i = 0
        n = first
        while i < count:
            a = (int(ir[n & RING_MASK]) + int(ir[(n + 1) & RING_MASK]) - 2 * SLOPE_BIAS) >> shift
            b = (int(red[n & RING_MASK]) + int(red[(n + 1) & RING_MASK]) - 2 * SLOPE_BIAS) >> shift
            e = b - ((a * slope) >> 12)
            if turn == 1:
                x[i] = (e + most) * _X_MOST // most + 1
            else:
                if e < 0:
                    e = 0 - e
                if e > most:
                    most = e
                left += e
                if b < 0:
                    b = 0 - b
                whole += b
            i += 1
            n += 2
        turn += 1
    out[0] = left
    out[1] = whole


@micropython.viper
def quiet(slopes: ptr32, n: int, end: int):
    """Take pairs n..end-1 as flat."""
    while n < end:
        slopes[n & RING_MASK] = SLOPE_BIAS
        n += 1


def vertex(before, peak, after, scale):
    """Return where a parabola through three neighbours has its top, in 1/scale of a step from the middle one."""
    bend = before - 2 * peak + after
    if bend >= 0:
        return 0
    offset = (before - after) * scale // (2 * bend)
    half = scale // 2
    if offset > half:
        return half
    if offset < -half:
        return -half
    return offset


def new_state():
    """Return the filter's state before the first sample."""
    state = array("I", [0] * STATE_SIZE)
    clear_extremes(state)
    return state


def clear_extremes(state):
    """Start anew with the largest and smallest counts."""
    state[IR_MAX] = 0
    state[IR_MIN] = 262143
    state[RED_MAX] = 0
    state[_RED_MIN] = 262143
