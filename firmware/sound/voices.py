"""Soft wavetable voices: the inner loop that adds every sounding voice to the mix. Their tables are those of tables.py.

Voices run at half the output's rate, because nothing in them lies above 2.2 kHz; master.py brings the mix to
the full rate. Which note sounds when is decided in sequencer.py.
"""

import micropython
from micropython import const

VOICES = const(8)
STRIDE = const(16)

# One voice's place in the state array, counted from its first word.
STAGE = const(0)  # OFF WAIT ATTACK DECAY RELEASE AGAIN
COUNT = const(1)  # samples left in this stage
PHASE = const(2)  # 28 bits a turn
STEP = const(3)  # phase a sample
AMPLITUDE = const(4)  # 28 bits
PEAK = const(5)
SUSTAIN = const(6)
ATTACK = const(7)  # samples of attack, then
DECAY_FOR = const(8)  # samples until the release
ATTACK_SHIFT = const(9)  # time constants, as powers of two in samples
DECAY_SHIFT = const(10)
RELEASE_SHIFT = const(11)
TABLE = const(12)
NEXT_STEP = const(13)  # pitch and table from the attack on
NEXT_TABLE = const(14)

OFF = const(0)
WAIT = const(1)  # silent until the note's own sample
ATTACK_STAGE = const(2)
DECAY = const(3)  # towards the sustained level, until the release
RELEASE = const(4)
AGAIN = const(5)  # releasing until the next note's own sample

_WAVE_BIAS = const(32768)  # the tables hold unsigned numbers
_WHOLE_TURN = const(0xFFFFFFF)  # of a phase: 28 bits, of which the uppermost 9 are the place in a table
_TO_PLACE = const(19)
TABLE_STRIDE = const(514)
BRIGHT_TIMBRES = const(4)
PURE = const(4)
PURE_TABLE = const(4 * 514)
BIAS = const(1 << 20)  # the mix is stored biased: pointers of 32 bits read unsigned on some machines

# Phase steps at 8 kHz of the twelve notes from C8 up, A4 = 440 Hz; lower octaves are shifts of these.
_C8_STEPS = (
    140459156,
    148811292,
    157660072,
    167035027,
    176967447,
    187490479,
    198639243,
    210450947,
    222965012,
    236223201,
    250269764,
    265151578,
)


def note_step(note):
    """Return the phase step of a MIDI note (0 to 119) at 8000 samples a second."""
    return _C8_STEPS[note % 12] >> (9 - note // 12)


@micropython.viper
def add_voices(
    phase: int, amplitude: int, at: int, state: ptr32, mix: ptr32, waves: ptr16, start: int, end: int
) -> int:
    """Add every voice to mix[start:end] and move its envelope on; returns how many sounded.

    The first three arguments are locals: viper keeps the first three in registers, the others in memory. Pass zeros.
    """
    sounding = 0
    voice = 0
    while voice < VOICES * STRIDE:
        stage = int(state[voice])
        if stage != OFF:
            sounding += 1
            phase = int(state[voice + PHASE])
            amplitude = int(state[voice + AMPLITUDE])
            step = int(state[voice + STEP])
            table = int(state[voice + TABLE])
            count = int(state[voice + COUNT])
            peak = int(state[voice + PEAK])
            at = start
            while at < end:
                run = end
                target = 0
                shift = int(state[voice + RELEASE_SHIFT])
                if stage != RELEASE:
                    if count == 0:
                        if stage == WAIT or stage == AGAIN:
                            stage = ATTACK_STAGE
                            step = int(state[voice + NEXT_STEP])
                            table = int(state[voice + NEXT_TABLE])
                            count = int(state[voice + ATTACK])
                        elif stage == ATTACK_STAGE:
                            stage = DECAY
                            count = int(state[voice + DECAY_FOR])
                        else:
                            stage = RELEASE
                        continue
                    if at + count < run:
                        run = at + count
                    count -= run - at
                    if stage == WAIT:
                        at = run
                        continue
                    if stage == ATTACK_STAGE:
                        target = peak
                        shift = int(state[voice + ATTACK_SHIFT])
                    elif stage == DECAY:
                        target = int(state[voice + SUSTAIN])
                        shift = int(state[voice + DECAY_SHIFT])
                elif amplitude < (peak >> 7) + 65536:
                    # 42 dB down: straight to nothing over what is left of this block.
                    shift = amplitude // (end - at) + 1
                    while at < end:
                        index = table + (phase >> _TO_PLACE)
                        value = int(waves[index])
                        value += ((int(waves[index + 1]) - value) * ((phase >> 7) & 0xFFF)) >> 12
                        mix[at] = int(mix[at]) + (((value - _WAVE_BIAS) * (amplitude >> 14)) >> 13)
                        amplitude -= shift
                        if amplitude < 0:
                            amplitude = 0
                        phase = (phase + step) & _WHOLE_TURN
                        at += 1
                    stage = OFF
                    amplitude = 0
                    continue
                while at < run:
                    index = table + (phase >> _TO_PLACE)
                    value = int(waves[index])
                    value += ((int(waves[index + 1]) - value) * ((phase >> 7) & 0xFFF)) >> 12
                    mix[at] = int(mix[at]) + (((value - _WAVE_BIAS) * (amplitude >> 14)) >> 13)
                    amplitude += (target - amplitude) >> shift
                    phase = (phase + step) & _WHOLE_TURN
                    at += 1
            state[voice] = stage
            state[voice + PHASE] = phase
            state[voice + AMPLITUDE] = amplitude
            state[voice + STEP] = step
            state[voice + TABLE] = table
            state[voice + COUNT] = count
        voice += STRIDE
    return sounding
