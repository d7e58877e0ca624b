"""What the inner loops of sound cost the RP2040, in cycles a sample, and that they compute the same there.

`python tests/bench/audio_cycles.py`; needs the package unicorn. The bar is a quarter of the chip: 1953 cycles.
"""

# pyright: reportArgumentType=false

import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from armv6m import Chip, viper_code

import host_tools  # noqa: F401  (makes viper code run here)
from firmware.sound import adpcm, master, noise, voices

CLOCK_HZ, RATE_HZ, BLOCK = 125_000_000, 16_000, 256
BAR = 0.25


def copies(arguments):
    return [array(value.typecode, value) if isinstance(value, array) else value for value in arguments]


def both(function, module, number, arguments):
    """Cycles on the chip, after a look that it leaves the very same numbers there as here."""
    here, there = copies(arguments), copies(arguments)
    chip = Chip(viper_code(module, number))
    returned = chip.call(*there)
    expected = function(*here)
    if here != there or (expected is not None and returned != expected & 0xFFFFFFFF):
        raise AssertionError(f"{module}.{function.__name__} computes otherwise on the chip")
    return chip.cycles, here


def measure():
    """(stage, cycles a sample of the output) for six voices, noise, a recording and everything after them."""
    waves = voices.make_tables()
    state, mix = array("I", [0] * (voices.VOICES * voices.STRIDE)), array("I", [1 << 20] * 138)
    for voice in range(6):
        base = voice * voices.STRIDE
        state[base + voices.STAGE], state[base + voices.COUNT] = voices.DECAY, 1 << 29
        state[base + voices.STEP], state[base + voices.DECAY_SHIFT] = voices.note_step(60 + 2 * voice), 14
        for place in (voices.AMPLITUDE, voices.PEAK, voices.SUSTAIN):
            state[base + place] = 1 << 25
    rows = []
    cycles, found = both(voices.add_voices, "voices", 0, [0, 0, 0, state, mix, waves, 10, 138])
    rows.append(("six voices", cycles / BLOCK))
    noises = array("I", [0] * noise.STATE_SIZE)
    noise.start(noises)
    noises[noise.GAIN] = noises[noise.GAIN_TARGET] = 4000 << 10
    noises[noise.COEFFICIENT_1] = noises[noise.COEFFICIENT_2] = 166
    noises[noise.COEFFICIENT_3], noises[noise.SWELL_STEP], noises[noise.SWELL_DEPTH] = 46, 500000, 450
    cycles, found = both(noise.add_noise, "noise", 0, [0, 0, 0, noises, found[4], waves, 4 * 514, 10, 138])
    rows.append(("noise", cycles / BLOCK))
    playing = array("I", (32768, 60, 10, adpcm.FULL >> 1, 1 << 28, 1 << 20, 300, 32768))
    recorded = bytearray(place * 40503 >> 5 & 255 for place in range(adpcm.BLOCK))
    arguments = [0, 0, 0, playing, array("B", recorded), found[4], adpcm.STEPS, 10, 138]
    cycles, found_recording = both(adpcm.decode, "adpcm", 1, arguments)
    rows.append(("a recording", cycles / BLOCK))
    found[4] = found_recording[5]
    cycles, _ = both(adpcm.checksum, "adpcm", 0, [1, 0, 0, array("B", recorded)])
    rows.append(("its blocks' checksums", cycles / (2 * adpcm.BLOCK_SAMPLES)))
    wide = array("I", [0] * BLOCK)
    cycles, found = both(master.upsample, "master", 0, [0, 0, 0, found[4], wide, 128])
    rows.append(("half-band filter", cycles / BLOCK))
    last, block = array("I", [0] * master.STATE_SIZE), array("h", [0] * BLOCK)
    master.start(last)
    last[master.GAIN], last[master.KNEE], last[master.CLAMP] = 1 << 24, 20000 << 8, 30000
    cycles, _ = both(master.finish, "master", 1, [0, 0, 0, found[4], block, last, BLOCK])
    rows.append(("gain, dither, clamp, meter", cycles / BLOCK))
    return rows


def main():
    rows = measure()
    for stage, cycles in rows:
        print(f"{stage:<28} {cycles:6.0f} cycles a sample")
    total = sum(cycles for _, cycles in rows)
    share = total * RATE_HZ / CLOCK_HZ
    print(
        f"together {total:.0f} of {CLOCK_HZ // RATE_HZ}: {share:.1%} of the chip, the bar is {BAR:.0%}; bytecode excluded"
    )
    return 0 if share <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
