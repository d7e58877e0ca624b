"""Decibels in whole numbers: hundredths of a dB to gains and back, the same on every machine.

Used by the engine's gain and by its sound level meter. What is done with a level is decided in audio.py.
"""

from array import array

UNITY = 1 << 24  # a gain of 0 dB
TOP_CDB = 1200  # the highest gain
BOTTOM_CDB = -10800  # below it a gain is zero
FULL_POWER = 1 << 29  # the meter's mean power of a full-scale sine

_GAINS = array("I", [0] * 121)  # +12 dB down to -108 dB in steps of 1 dB
_LOGS = array("H", [0] * 33)  # 16 times hundredths of a dB of the powers 1 to 2 in steps of 1/32


def _fill_tables():
    value = 66813176 * 10**9  # 2 ** 24 * 10 ** (12 / 20)
    for index in range(121):
        _GAINS[index] = value // 10**9
        value = value * 891250938 // 10**9
    # The logarithm by squaring, one binary digit at a time, with 20 fraction bits.
    for index in range(33):
        mantissa = (32 + index) << 15
        digits = 0
        if index == 32:
            digits = 1 << 16
        else:
            for _ in range(16):
                mantissa = (mantissa * mantissa) >> 20
                digits <<= 1
                if mantissa >= 2 << 20:
                    mantissa >>= 1
                    digits |= 1
        _LOGS[index] = (digits * 481648 + (1 << 15) * 100) // ((1 << 16) * 100)


_fill_tables()


def gain(cdb):
    """Return the gain (UNITY is 0 dB) of a level in hundredths of a dB; interpolated, within 0.02 dB."""
    if cdb <= BOTTOM_CDB:
        return 0
    if cdb >= TOP_CDB:
        return _GAINS[0]
    below = TOP_CDB - cdb
    index = below // 100
    high = _GAINS[index]
    return high - (high - _GAINS[index + 1]) * (below - index * 100) // 100


def power_cdb(power):
    """Return the level of a mean power against a full-scale sine's, in hundredths of a dB; None for no power."""
    if power <= 0:
        return None
    octave = 0
    while power >= 1 << 21:
        power >>= 1
        octave += 1
    while power < 1 << 20:
        power <<= 1
        octave -= 1
    index = (power >> 15) - 32
    low = _LOGS[index]
    fine = low + (((_LOGS[index + 1] - low) * (power & 0x7FFF)) >> 15)
    # An octave of power is 301.03 hundredths of a dB, and FULL_POWER is 9 octaves above 2 ** 20.
    return ((octave - 9) * 481648 // 100 + fine + 8) >> 4


def power(cdb):
    """Return the mean power of a level in hundredths of a dB against a full-scale sine's, at most twice that
    sine's.
    """
    amplitude = gain(cdb if cdb < 300 else 300) >> 9
    return (amplitude * amplitude) >> 1
