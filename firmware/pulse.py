"""Arithmetic on the light samples: smoothing, period by autocorrelation, beats by their steepest rise.

Everything here is integer and runs as viper code without allocating. What the numbers mean for a
patient, and when they are not to be believed, is decided in `vitals`.
"""

from array import array

import micropython
from micropython import const

# Pairs of the sensor's 100 samples/s are added: 50 per second are enough for a pulse and halve the work.
PAIRS_PER_S = const(50)
RING = const(512)  # 10.2 s of pairs; a power of two, because places are masked
RING_MASK = const(511)
# A sum over 4 pairs (80 ms), and the fall from the 4 pairs before to these 4: a band-pass around the
# pulse's steep rise that knows no level, so steps and drift of the light pass by quickly.
TAPS = const(4)
TICKS_PER_PAIR = const(64)  # beat times are interpolated to 1/64 of 20 ms

WINDOW_MAX = const(400)  # pairs that the period is measured over at most
X_BIAS = const(512)  # samples for the autocorrelation are 10 bits, stored as 1..1023
R_BIAS = const(1024)  # correlations are permille, stored as 24..2024

# Places in the filter's state.
_HEAD = const(0)  # pairs seen since the start
_HALF = const(1)  # 1 when the first sample of a pair is waiting
_IR_WAITING = const(2)
_RED_WAITING = const(3)
_IR_SUM = const(4)  # sums over the last 4 pairs
_RED_SUM = const(5)
_IR_TAP = const(6)  # 6..9 and 10..13: the last 4 pairs
_RED_TAP = const(10)
IR_MAX = const(14)  # largest and smallest count since they were last cleared
IR_MIN = const(15)
RED_MAX = const(16)
RED_MIN = const(17)
STATE_SIZE = const(18)


@micropython.viper
def smooth(state: ptr32, ir_ring: ptr32, red_ring: ptr32, ir: ptr32, red: ptr32, count: int):
    """Take `count` samples of each light (0..262143 counts); sums over 80 ms go into the rings."""
    i = 0
    while i < count:
        a = int(ir[i])
        b = int(red[i])
        if a > int(state[14]):
            state[14] = a
        if a < int(state[15]):
            state[15] = a
        if b > int(state[16]):
            state[16] = b
        if b < int(state[17]):
            state[17] = b
        if int(state[1]) == 0:
            state[2] = a
            state[3] = b
            state[1] = 1
        else:
            state[1] = 0
            a += int(state[2])
            b += int(state[3])
            head = int(state[0])
            tap = head & 3
            if head == 0:
                # The first pair fills the taps, so that the level appearing is no step.
                j = 0
                while j < 4:
                    state[6 + j] = a
                    state[10 + j] = b
                    j += 1
                state[4] = 4 * a
                state[5] = 4 * b
                j = 0
                while j < 512:
                    ir_ring[j] = 4 * a
                    red_ring[j] = 4 * b
                    j += 1
            state[4] = int(state[4]) + a - int(state[6 + tap])
            state[5] = int(state[5]) + b - int(state[10 + tap])
            state[6 + tap] = a
            state[10 + tap] = b
            ir_ring[head & 511] = int(state[4])
            red_ring[head & 511] = int(state[5])
            state[0] = head + 1
        i += 1


@micropython.viper
def largest_slope(ring: ptr32, first: int, count: int) -> int:
    """The largest |slope| among `count` pairs from pair `first` on."""
    best = 0
    i = 0
    while i < count:
        s = int(ring[(first + i - 4) & 511]) - int(ring[(first + i) & 511])
        if s < 0:
            s = 0 - s
        if s > best:
            best = s
        i += 1
    return best


@micropython.viper
def extract(ring: ptr32, x: ptr16, first: int, count: int, limit: int):
    """Slopes of `count` pairs from `first`, clipped at ±limit (≥ 1), scaled to ±511 and biased, into x."""
    # The scale keeps 9 bits whatever the light: limit is brought below 2^21 so the product fits.
    i = 0
    while i < count:
        s = int(ring[(first + i - 4) & 511]) - int(ring[(first + i) & 511])
        if s > limit:
            s = limit
        if s < 0 - limit:
            s = 0 - limit
        x[i] = (s + limit) * 511 // limit + 1
        i += 1


@micropython.viper
def autocorrelate(x: ptr16, r: ptr32, lag: int, last_lag: int, count: int):
    """Normalised autocorrelation of x[0..count) in permille + R_BIAS, r[lag] up to r[last_lag].

    Normalised by the mean energy of the two stretches compared (McLeod and Wyvill 2005), so it stays
    within ±1 and does not prefer short lags.
    """
    n = count - lag
    # Sums and energies of the stretch that begins the window, and of the one `lag` later.
    a_sum = 0
    a_energy = 0
    b_sum = 0
    b_energy = 0
    i = 0
    while i < n:
        v = int(x[i]) - 512
        a_sum += v
        a_energy += v * v
        v = int(x[i + lag]) - 512
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
        total -= 512 * (a_sum + b_sum + 512 * n)
        energy = ((a_energy + b_energy) >> 11) + 1
        value = (total >> 10) * 1000 // energy
        if value > 1000:
            value = 1000
        if value < -1000:
            value = -1000
        r[lag] = value + 1024
        v = int(x[n - 1]) - 512
        a_sum -= v
        a_energy -= v * v
        v = int(x[lag]) - 512
        b_sum -= v
        b_energy -= v * v
        lag += 1


@micropython.viper
def next_peak(ring: ptr32, n: int, end: int, reach: int, threshold: int) -> int:
    """The first pair in [n, end) whose slope is ≥ threshold and the largest within ±reach pairs, or -1."""
    while n < end:
        s = int(ring[(n - 4) & 511]) - int(ring[n & 511])
        if s >= threshold:
            j = n - reach
            good = 1
            while j < n:
                if int(ring[(j - 4) & 511]) - int(ring[j & 511]) >= s:
                    good = 0
                    j = n
                j += 1
            if good == 1:
                j = n + 1
                last = n + reach
                while j <= last:
                    if int(ring[(j - 4) & 511]) - int(ring[j & 511]) > s:
                        good = 0
                        j = last
                    j += 1
                if good == 1:
                    return n
        n += 1
    return -1


@micropython.viper
def slope_at(ring: ptr32, n: int) -> int:
    """The slope at pair n: how far the sum over 80 ms fell (blood came) since the 80 ms before."""
    return int(ring[(n - 4) & 511]) - int(ring[n & 511])


def vertex(before, peak, after, scale):
    """Where a parabola through three neighbours has its top, in 1/scale of a step from the middle one."""
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
    """The filter's state before the first sample."""
    state = array("I", [0] * STATE_SIZE)
    clear_extremes(state)
    return state


def clear_extremes(state):
    """Start anew with the largest and smallest counts."""
    state[IR_MAX] = 0
    state[IR_MIN] = 262143
    state[RED_MAX] = 0
    state[RED_MIN] = 262143
