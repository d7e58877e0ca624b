"""The innermost loops of sound, as the engine calls them: this is the one place that says whose they are.

Here, on a desk, they are the viper functions of voices.py, noise.py and master.py, which say what is right. For a chip
thumb.py is compiled in this file's place, with the same functions in assembler, and those of viper are left out.
tests/unit/firmware/sound/test_thumb.py holds the two together, bit by bit.

Each takes the number of samples last: of the half rate, but for `finish`.
"""

from firmware.sound import master, noise, voices


# What is at hand as an argument need not be looked up.
def add_voices(state, mix, waves, count, _add=voices.add_voices):
    """Add every voice to the `count` samples of the mix behind its history; return how many voices sounded."""
    start = master.HISTORY
    return _add(0, 0, 0, state, mix, waves, start, start + count)


def add_noise(state, mix, waves, count, _add=noise.add_noise):
    """Add noise to the `count` samples of the mix behind its history; return 0 when it has faded out."""
    start = master.HISTORY
    return _add(0, 0, 0, state, mix, waves, voices.PURE_TABLE, start, start + count)


def upsample(mix, wide, count, _double=master.upsample):
    """Double the rate: `count` samples of the mix to 2 * count; return the highest crest."""
    return _double(0, 0, 0, mix, wide, count)


def finish(wide, block, state, count, _finish=master.finish):
    """Turn wide[:count] into block[:count], and meter it; return whether a slow power is above what it is watched from."""
    return _finish(0, 0, 0, wide, block, state, count)
