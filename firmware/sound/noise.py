"""Ocean, womb and rain: filtered noise that swells like breathing, added to the mix at half the output's
rate.

The heartbeat of the womb is made of voices; audio.py plays it.
"""

import micropython
from micropython import const

BIAS = const(1 << 20)  # as in voices.py; a constant of another module would not be one to the compiler

# Places in the state array.
RANDOM = const(0)
LOW_1 = const(1)  # filter memories, biased
LOW_2 = const(2)
LOW_3 = const(3)
GAIN = const(4)  # 24 bits: now, and where it is going
GAIN_TARGET = const(5)
SWELL_PHASE = const(6)  # 28 bits a turn
SWELL_STEP = const(7)  # a block
SWELL_DEPTH = const(8)  # thousandths of the gain that the swell takes away
COEFFICIENT_1 = const(9)  # one-pole low-passes, of 512
COEFFICIENT_2 = const(10)
COEFFICIENT_3 = const(11)  # what lies below this one is taken away
LAST = const(12)  # the sample before, biased
DEPTH_TARGET = const(13)  # where SWELL_DEPTH is going, a thousandth a block
PACED = const(14)  # a gain of 16 384 over all that, at the begin of the block and at its end
PACED_END = const(15)
GAIN_SHIFT = const(16)  # how fast the gain nears its target, as a shift of blocks; 0: as fades go
STATE_SIZE = const(17)
AS_IT_IS = const(0x4000)

_WHOLE_TURN = const(0xFFFFFFF)  # of the swell, as of a voice
_TO_PLACE = const(19)
_FILTER_BIAS = const(1 << 22)

# Coefficients of 512 at 8 kHz: 512 * (1 - exp(-2 * pi * f / 8000)). Levels are set so that each gives the
# commanded level by itself (tests/unit/firmware/test_audio_level.py holds them to it).
SOUNDSCAPE_GAIN = const(5)  # the place of it below
# name: three coefficients, swell period in blocks of 16 ms, swell depth in thousandths, gain, heartbeat
SOUNDSCAPES = {
    "ocean": (166, 166, 46, 469, 450, 4135, False),  # two poles at 500 Hz, nothing under 120 Hz; 7.5 s
    "womb": (91, 512, 24, 560, 300, 3226, True),  # one pole at 250 Hz, as tissue; 9 s
    "rain": (440, 512, 140, 1250, 120, 1020, False),  # soft and wide, 400 Hz to 2.5 kHz; hardly moving
    "test": (512, 512, 91, 1250, 0, 770, False),  # for the calibration: steady, 250 Hz to 2 kHz
}


def start(state):
    """Give the state array its first values; the generator starts alike every time."""
    for place in range(STATE_SIZE):
        state[place] = 0
    state[RANDOM] = 123456789
    state[PACED] = state[PACED_END] = AS_IT_IS
    state[LOW_1] = state[LOW_2] = state[LOW_3] = state[LAST] = _FILTER_BIAS


@micropython.viper
def add_noise(
    random: int, low: int, at: int, state: ptr32, mix: ptr32, waves: ptr16, sine: int, start: int, end: int
) -> int:
    """Add noise to mix[start:end]; returns 0 when it has faded out. `sine` is where the pure tone's table
    begins.
    """
    gain = int(state[GAIN])
    target = int(state[GAIN_TARGET])
    if gain == 0 and target == 0:
        return 0
    # The gain nears its target over some eight seconds, and silence over two; the swell multiplies it.
    phase = (int(state[SWELL_PHASE]) + int(state[SWELL_STEP])) & _WHOLE_TURN
    depth = int(state[SWELL_DEPTH])
    if depth < int(state[DEPTH_TARGET]):
        state[SWELL_DEPTH] = depth + 1
    elif depth > int(state[DEPTH_TARGET]):
        state[SWELL_DEPTH] = depth - 1
    loud = int(waves[sine + (int(state[SWELL_PHASE]) >> _TO_PLACE)]) - 12768
    old_swell = AS_IT_IS - ((((loud * depth) >> 11) * 215) >> 8)
    loud = int(waves[sine + (phase >> _TO_PLACE)]) - 12768
    new_swell = AS_IT_IS - ((((loud * depth) >> 11) * 215) >> 8)
    old_swell = (old_swell * int(state[PACED])) >> 14
    new_swell = (new_swell * int(state[PACED_END])) >> 14
    state[SWELL_PHASE] = phase
    old_gain = gain
    shift = int(state[GAIN_SHIFT])
    if shift == 0:
        shift = 9 if target else 7
    gain += (target - gain) >> shift
    if gain < 8192 and target == 0:
        gain = 0
    elif gain < target:
        gain += 1
    state[GAIN] = gain
    loud = (old_gain >> 10) * old_swell
    slope = ((gain >> 10) * new_swell - loud) >> 7  # a block has 128 samples at this rate
    random = int(state[RANDOM])
    low = int(state[LOW_1]) - _FILTER_BIAS
    low_2 = int(state[LOW_2]) - _FILTER_BIAS
    low_3 = int(state[LOW_3]) - _FILTER_BIAS
    last = int(state[LAST]) - _FILTER_BIAS
    coefficient_1 = int(state[COEFFICIENT_1])
    coefficient_2 = int(state[COEFFICIENT_2])
    coefficient_3 = int(state[COEFFICIENT_3])
    at = start
    while at < end:
        random = (random & 0xFFFF) * 16380 + (random >> 16)
        low += (((((random & 0xFFFF) - 32768) << 4) - low) * coefficient_1) >> 9
        low_2 += ((low - low_2) * coefficient_2) >> 9
        low_3 += ((low_2 - low_3) * coefficient_3) >> 9
        # The mean of two neighbours: what lies near 4 kHz would come through the half-band filter as hiss.
        here = low_2 - low_3
        mix[at] = int(mix[at]) + (((here + last) >> 5) * (loud >> 14) >> 12)
        last = here
        loud += slope
        at += 1
    state[RANDOM] = random
    state[LOW_1] = low + _FILTER_BIAS
    state[LOW_2] = low_2 + _FILTER_BIAS
    state[LOW_3] = low_3 + _FILTER_BIAS
    state[LAST] = last + _FILTER_BIAS
    return 1
