"""What the inner loops of sound cost the RP2040, in cycles a sample: of the viper functions, which say what is right, and
of the assembler, which the chip runs; and that both compute the same there.

`python tests/bench/audio_cycles.py`. The bar is a tenth of the chip: 781 cycles.
"""

# pyright: reportArgumentType=false

import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from armv6m import Chip, machine_code

import host_tools  # noqa: F401  (makes viper code run here)
from firmware.sound import adpcm, master, noise, tables, voices
from simulator.interpreter import ROOT

SOUND = ROOT / "firmware" / "sound"
CLOCK_HZ, RATE_HZ, BLOCK = 125_000_000, 16_000, 256
BAR = 0.1


def copies(arguments):
    return [array(value.typecode, value) if isinstance(value, array) else value for value in arguments]


def cycles(code, assembler, arguments, answer, left):
    """Cycles of a call, after a look that it answers and leaves what it should."""
    chip, there = Chip(code, assembler), copies(arguments)
    answered = chip.call(*there)
    if there != left or (answer is not None and answered != answer & 0xFFFFFFFF):
        raise AssertionError("the chip computes otherwise")
    return chip.cycles


def both(module, name, arguments, assembled=None):
    """Cycles of viper, of what the chip runs, and what the arguments are then. assembled: which of these, by their places,
    the assembler's function gets, and then the number of samples; None where there is none."""
    left = copies(arguments)
    answer = getattr(module, name)(*left)
    path = SOUND / (module.__name__.rpartition(".")[2] + ".py")
    first = cycles(machine_code(path, "x64", "viper")[name], False, arguments, answer, left)
    if assembled is None:
        return first, first, left
    *places, count = assembled
    code = machine_code(SOUND / "loops.py", "armv6m", "asm_thumb")[name]
    there = [*(arguments[place] for place in places), count]
    return first, cycles(code, True, there, answer, [*(left[place] for place in places), count]), left


def measure():
    """(stage, cycles a sample of the output of viper, of what the chip runs) for six voices, noise, a recording and
    everything after them.
    """
    waves = tables.make_tables()
    state, mix = array("I", [0] * (voices.VOICES * voices.STRIDE)), array("I", [1 << 20] * 138)
    for voice in range(6):
        base = voice * voices.STRIDE
        state[base + voices.STAGE], state[base + voices.COUNT] = voices.DECAY, 1 << 29
        state[base + voices.STEP], state[base + voices.DECAY_SHIFT] = voices.note_step(60 + 2 * voice), 14
        for place in (voices.AMPLITUDE, voices.PEAK, voices.SUSTAIN):
            state[base + place] = 1 << 25
    rows = []
    *found, left = both(voices, "add_voices", [0, 0, 0, state, mix, waves, 10, 138], (3, 4, 5, 128))
    rows.append(("six voices", *found, BLOCK))
    noises = array("I", [0] * noise.STATE_SIZE)
    noise.start(noises)
    noises[noise.GAIN] = noises[noise.GAIN_TARGET] = 4000 << 10
    noises[noise.COEFFICIENT_1] = noises[noise.COEFFICIENT_2] = 166
    noises[noise.COEFFICIENT_3], noises[noise.SWELL_STEP], noises[noise.SWELL_DEPTH] = 46, 500000, 450
    arguments = [0, 0, 0, noises, left[4], waves, voices.PURE_TABLE, 10, 138]
    *found, left = both(noise, "add_noise", arguments, (3, 4, 5, 128))
    rows.append(("noise", *found, BLOCK))
    playing = array("I", (32768, 60, 10, adpcm.FULL >> 1, 1 << 28, 1 << 20, 300, 32768))
    recorded = array("B", bytes(place * 40503 >> 5 & 255 for place in range(adpcm.BLOCK)))
    *found, left = both(adpcm, "decode", [0, 0, 0, playing, recorded, left[4], adpcm.STEPS, 10, 138])
    rows.append(("a recording", *found, BLOCK))
    *found, _ = both(adpcm, "checksum", [1, 0, 0, recorded])
    rows.append(("its blocks' checksums", *found, 2 * adpcm.BLOCK_SAMPLES))
    *found, left = both(master, "upsample", [0, 0, 0, left[5], array("I", [0] * BLOCK), 128], (3, 4, 128))
    rows.append(("half-band filter", *found, BLOCK))
    last, block = array("I", [0] * master.STATE_SIZE), array("h", [0] * BLOCK)
    master.start(last)
    last[master.GAIN], last[master.KNEE], last[master.CLAMP] = 1 << 24, 20000 << 8, 30000
    *found, _ = both(master, "finish", [0, 0, 0, left[4], block, last, BLOCK], (3, 4, 5, BLOCK))
    rows.append(("gain, dither, clamp, meter", *found, BLOCK))
    return [(stage, viper / samples, chip / samples) for stage, viper, chip, samples in rows]


def main():
    rows = measure()
    for stage, viper, chip in rows:
        print(f"{stage:<28} {viper:6.0f} cycles a sample in viper, {chip:6.0f} on the chip")
    viper, chip = (sum(row[column] for row in rows) for column in (1, 2))
    share = chip * RATE_HZ / CLOCK_HZ
    print(
        f"together {viper:.0f} and {chip:.0f} of {CLOCK_HZ // RATE_HZ}: {viper * RATE_HZ / CLOCK_HZ:.1%} and {share:.1%} "
        f"of the chip, the bar is {BAR:.0%}; bytecode excluded"
    )
    return 0 if share <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
