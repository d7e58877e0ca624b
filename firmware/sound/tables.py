"""The tables of soft waves that voices.py plays: made at the start, after which this is forgotten."""

# pyright: reportArgumentType=false
# Viper takes any buffer for a pointer, which its stubs do not say.

from array import array

import micropython
from micropython import const

_TABLE_SIZE = const(512)
_TABLE_STRIDE = const(514)  # of voices.py; a constant of another module would not be one to the compiler
_SINE_BIAS = const(1 << 20)
_WAVE_BIAS = const(32768)  # the tables hold unsigned numbers
# Strength of the harmonics in thousandths. All tables have the same fundamental, so brightness is not
# loudness. The last table is a pure tone, for heartbeats. Four harmonics at most: with the songs' range
# nothing can alias.
_TIMBRES = (
    (1000, 80, 20, 0),
    (1000, 170, 55, 0),
    (1000, 270, 95, 25),
    (1000, 370, 140, 50),
    (1000, 0, 0, 0),
)


def make_tables():
    """Return every timbre's table, one after the other, as biased 16-bit values with one guard value each."""
    # A quarter of a million steps of float would differ between machines: the sine turns in whole numbers.
    cosine_step = 1152834691737939328  # cos and sin of a turn / 512, times 2 ** 60
    sine_step = 14148120384212744
    sines = array("I", bytes(4 * _TABLE_SIZE))  # not from a list, which takes eight times the room
    cosine, sine = 1 << 60, 0
    for index in range(_TABLE_SIZE // 4 + 1):
        # 19 bits, so that sums of harmonics stay small integers. Large ones are slow: a quarter of a turn is the whole.
        height = (sine + (1 << 40)) >> 41
        sines[index] = sines[_TABLE_SIZE // 2 - index] = _SINE_BIAS + height
        sines[_TABLE_SIZE // 2 + index] = sines[-index] = _SINE_BIAS - height
        cosine, sine = (
            (cosine * cosine_step - sine * sine_step) >> 60,
            (sine * cosine_step + cosine * sine_step) >> 60,
        )
    waves = array("H", bytes(2 * _TABLE_STRIDE * len(_TIMBRES)))
    for number, (first, second, third, fourth) in enumerate(_TIMBRES):
        _make_table(waves, number * _TABLE_STRIDE, sines, first, second, third, fourth)
    return waves


@micropython.viper
def _make_table(waves: ptr16, base: int, sines: ptr32, first: int, second: int, third: int, fourth: int):
    """One timbre, from its harmonics in thousandths. In bytecode it takes the chip a second and more at each start."""
    for index in range(_TABLE_SIZE + 2):
        at = index & (_TABLE_SIZE - 1)
        total = first * (int(sines[at]) - _SINE_BIAS)
        total += second * (int(sines[2 * at & (_TABLE_SIZE - 1)]) - _SINE_BIAS)
        total += third * (int(sines[3 * at & (_TABLE_SIZE - 1)]) - _SINE_BIAS)
        total += fourth * (int(sines[4 * at & (_TABLE_SIZE - 1)]) - _SINE_BIAS)
        # The fundamental is 20000 of 32768, so that the brightest sum still fits.
        waves[base + index] = _WAVE_BIAS + (((total >> 5) * 20 + (1 << 13)) >> 14)
