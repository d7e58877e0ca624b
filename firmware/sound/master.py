"""The last steps of every sample: full rate, gain, soft knee, dither, hard clamp, and the meter of what
leaves.

Nothing may come after `finish`: what it writes is what is played, and its clamp is the ceiling's last word.
"""

import micropython
from micropython import const

BIAS = const(1 << 20)  # as in voices.py; a constant of another module would not be one to the compiler

BLOCK = const(256)  # samples that are made at a time, 16 ms
HALF = const(128)  # of a block at the half rate
HISTORY = const(10)  # samples of the last block that the half-band filter still needs
DELAY_SAMPLES = const(266)  # of the output: the filter's 10, and a block in which the gain can see what comes

# Places in the state array.
GAIN = const(0)  # 24 fraction bits
GAIN_STEP = const(1)  # a sample, biased
RANDOM = const(2)
KNEE = const(3)  # with 8 fraction bits: from here up, peaks are pressed to a quarter
CLAMP = const(4)  # no sample beyond this
SLOW_1 = const(5)  # the meter's filter memories, biased
SLOW_2 = const(6)
SLOW_3 = const(7)
SLOW_4 = const(8)
LAST = const(9)
POWER_A = const(10)  # slow (1 s) mean powers; level.FULL_POWER is a full-scale sine's
POWER_C = const(11)
BLOCK_POWER_A = const(12)  # of the last block alone, a sixteenth of that
NEAR_A = const(13)  # slow powers above which the level is watched
NEAR_C = const(14)
PHRASE_POWER = const(15)  # the sum of a phrase's blocks, of 64, and how many they are
PHRASE_BLOCKS = const(16)
STATE_SIZE = const(17)

GAIN_BIAS = const(1 << 28)
_METER_BIAS = const(1 << 26)
PHRASE_MOST_BLOCKS = const(4000)  # of a longer phrase no more is measured: its sum of powers would not fit


def start(state):
    """Give the state array its first values: gain zero, meter at rest."""
    for place in range(STATE_SIZE):
        state[place] = 0
    state[RANDOM] = 987654321
    state[GAIN_STEP] = GAIN_BIAS
    rest(state)


def rest(state):
    """Empty the meter's filters, as after a long silence."""
    for place in range(SLOW_1, LAST + 1):
        state[place] = _METER_BIAS


@micropython.viper
def upsample(before: int, after: int, at: int, mix: ptr32, wide: ptr32, count: int) -> int:
    """Double the rate: `count` samples of the mix to 2 * count, through a 20-tap half-band filter.

    Images are below -90 dB for what lies under 1.1 kHz and below -64 dB up to 2.2 kHz, where only harmonics
    at -26 dB and less are left. The mix is emptied and keeps the history that the next block needs. Returns
    the highest crest.
    """
    top = BIAS
    bottom = BIAS
    # Each sample is read once, and handed on from one name to the next: from a to g, with the two in the middle.
    a = int(mix[0])
    b = int(mix[1])
    c = int(mix[2])
    d = int(mix[3])
    before = int(mix[4])
    after = int(mix[5])
    e = int(mix[6])
    f = int(mix[7])
    g = int(mix[8])
    at = 0
    while at < count:
        new = int(mix[at + 9])
        if before > top:
            top = before
        elif before < bottom:
            bottom = before
        wide[at + at] = before
        # The coefficients add up to 4096, so the bias comes out as it went in.
        wide[at + at + 1] = BIAS + (
            (
                (before + after - 2 * BIAS) * 5049
                - (d + e - 2 * BIAS) * 1293
                + (c + f - 2 * BIAS) * 444
                - (b + g - 2 * BIAS) * 123
                + (a + new - 2 * BIAS) * 19
            )
            >> 13
        )
        a = b
        b = c
        c = d
        d = before
        before = after
        after = e
        e = f
        f = g
        g = new
        at += 1
    at = 0
    while at < HISTORY:
        mix[at] = int(mix[count + at])
        at += 1
    while at < count + HISTORY:
        mix[at] = BIAS
        at += 1
    top -= BIAS
    bottom = BIAS - bottom
    return top if top > bottom else bottom


@micropython.viper
def finish(out: int, at: int, gain: int, wide: ptr32, block: ptr16, state: ptr32, count: int) -> int:
    """Turn wide[:count] into block[:count]: gain, knee, dither, clamp; then A and C power of exactly what was
    written. Returns whether a slow power is above what it is watched from.

    The meter is IEC 61672-1's C weighting as two 20.6 Hz high-passes and a 12.2 kHz roll-off, and A as C
    through 107.7 and 737.9 Hz high-passes; within 0.15 dB of the standard's formula from 20 Hz to 5 kHz.
    """
    gain = int(state[GAIN])
    step = int(state[GAIN_STEP]) - GAIN_BIAS
    random = int(state[RANDOM])
    knee = int(state[KNEE])
    clamp = int(state[CLAMP])
    slow_1 = int(state[SLOW_1]) - _METER_BIAS
    slow_2 = int(state[SLOW_2]) - _METER_BIAS
    slow_3 = int(state[SLOW_3]) - _METER_BIAS
    slow_4 = int(state[SLOW_4]) - _METER_BIAS
    last = int(state[LAST]) - _METER_BIAS
    sum_a = 0
    sum_c = 0
    rest_a = 128
    rest_c = 128
    at = 0
    while at < count:
        gain += step
        out = (((int(wide[at]) - BIAS) >> 1) * (gain >> 12)) >> 4
        if out > knee:
            out = knee + ((out - knee) >> 2)
        elif out < 0 - knee:
            out = ((out + knee) >> 2) - knee
        random = (random & 0xFFFF) * 16380 + (random >> 16)
        out = (out + (random & 255) - ((random >> 8) & 255) + 128) >> 8
        if out > clamp:
            out = clamp
        elif out < 0 - clamp:
            out = 0 - clamp
        block[at] = out & 0xFFFF
        out = (out << 6) - slow_1
        slow_1 += (out >> 7) + (out >> 12)
        out -= slow_2
        slow_2 += (out >> 7) + (out >> 12)
        weighted = out - (((out - last) * 25) >> 8)
        last = out
        out = (weighted + 128) >> 8
        rest_c = (rest_c & 255) + out * out
        sum_c += rest_c >> 8
        out = weighted - slow_3
        slow_3 += (out * 42) >> 10
        out -= slow_4
        slow_4 += out >> 2
        out = (out + 128) >> 8
        rest_a = (rest_a & 255) + out * out
        sum_a += rest_a >> 8
        at += 1
    state[GAIN] = gain
    state[RANDOM] = random
    state[SLOW_1] = slow_1 + _METER_BIAS
    state[SLOW_2] = slow_2 + _METER_BIAS
    state[SLOW_3] = slow_3 + _METER_BIAS
    state[SLOW_4] = slow_4 + _METER_BIAS
    state[LAST] = last + _METER_BIAS
    # The high-passes leave A 0.49 dB low at 1 kHz.
    sum_a += (sum_a >> 3) - (sum_a >> 7) + (sum_a >> 9)
    state[BLOCK_POWER_A] = sum_a
    at = int(state[PHRASE_BLOCKS])
    if at < PHRASE_MOST_BLOCKS:
        state[PHRASE_BLOCKS] = at + 1
        state[PHRASE_POWER] = int(state[PHRASE_POWER]) + (sum_a >> 6)
    # One second in steps of a block: 1 / 64 + 1 / 4096 = 1 - exp(-0.016).
    if sum_a > 0x3FFFFFF:
        sum_a = 0x3FFFFFF
    if sum_c > 0x3FFFFFF:
        sum_c = 0x3FFFFFF
    near = 0
    slow_1 = int(state[POWER_A])
    out = (sum_a << 4) - slow_1
    out = slow_1 + (out >> 6) + (out >> 12)
    state[POWER_A] = out if out > 0 else 0  # both shifts round down: near nothing, that is below it
    if out > int(state[NEAR_A]):
        near = 1
    slow_1 = int(state[POWER_C])
    out = (sum_c << 4) - slow_1
    out = slow_1 + (out >> 6) + (out >> 12)
    state[POWER_C] = out if out > 0 else 0  # both shifts round down: near nothing, that is below it
    if out > int(state[NEAR_C]):
        near = 1
    return near


@micropython.viper
def zeros(block: ptr16, state: ptr32, count: int):
    """Write exact silence; the meter's slow powers sink as they must."""
    at = 0
    while at < count:
        block[at] = 0
        at += 1
    at = int(state[POWER_A])
    state[POWER_A] = at - (at >> 6) - (at >> 12) if at > 63 else 0
    at = int(state[POWER_C])
    state[POWER_C] = at - (at >> 6) - (at >> 12) if at > 63 else 0
    state[BLOCK_POWER_A] = 0
