"""The chip's assembler computes what viper does, bit by bit, and touches nothing but its buffers.

Its machine code runs in an emulated Cortex-M0; the viper functions, which say what is right, run here.
"""

import ast
import random
import re
from array import array

import pytest
from armv6m import Chip, folder_texts, machine_code

from firmware.sound import loops, master, noise, tables, voices
from simulator.interpreter import ROOT, CompileError, compile_text, device_sources, functions

LOOPS = ROOT / "firmware" / "sound" / "loops.py"
THUMB = LOOPS.with_name("thumb.py")
PULSE_THUMB = ROOT / "firmware" / "light" / "pulse_thumb.py"
BIAS = 1 << 20
COUNTS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 15, 31, 64, 100, 127, 128)


@pytest.fixture(scope="module")
def chips():
    codes = machine_code(LOOPS, "armv6m", "asm_thumb")
    return {name: Chip(code, assembler=True, counting=False) for name, code in codes.items()}


def hold_together(chip, function, *arguments):
    """Both do the same with the same; returns what viper left of the arguments, and what it answered."""
    here = [array(value.typecode, value) if isinstance(value, array) else value for value in arguments]
    there = [array(value.typecode, value) if isinstance(value, array) else value for value in arguments]
    expected = function(*here)
    answered = chip.call(*there)
    assert answered == expected & 0xFFFFFFFF
    for ours, theirs in zip(here, there, strict=True):
        assert ours == theirs
    return here, expected


def words(values):
    return array("I", [value & 0xFFFFFFFF for value in values])


def mixed(chance, count, loudest):
    return words(BIAS + chance.randint(-loudest, loudest) for _ in range(count + master.HISTORY))


WAVES = tables.make_tables()
# Tables that no timbre has: from one end to the other, and back.
STEEP = array("H", [0, 65535] * (len(WAVES) // 2))


def voice(chance, stage, count):
    """The 16 words of one voice."""
    loud = chance.choice((0, 1, 70000, 1 << 21, 1 << 25, (1 << 28) - 1))
    own = [0] * voices.STRIDE
    own[voices.STAGE] = stage
    own[voices.COUNT] = count
    own[voices.PHASE] = chance.choice((0, (1 << 28) - 1, chance.randrange(1 << 28)))
    own[voices.STEP] = chance.choice((0, 1, (1 << 28) - 1, voices.note_step(chance.randrange(36, 100))))
    own[voices.AMPLITUDE] = chance.choice((0, loud, chance.randrange(loud + 1)))
    own[voices.PEAK] = loud
    own[voices.SUSTAIN] = chance.randrange(loud + 1)
    own[voices.ATTACK] = chance.choice((0, 1, 40, 128, 1 << 20))
    own[voices.DECAY_FOR] = chance.choice((0, 1, 40, 128, 1 << 29))
    own[voices.ATTACK_SHIFT] = chance.randrange(4, 12)
    own[voices.DECAY_SHIFT] = chance.randrange(8, 16)
    own[voices.RELEASE_SHIFT] = chance.randrange(6, 14)
    own[voices.TABLE] = chance.randrange(5) * voices.TABLE_STRIDE
    own[voices.NEXT_STEP] = voices.note_step(chance.randrange(36, 100))
    own[voices.NEXT_TABLE] = chance.randrange(5) * voices.TABLE_STRIDE
    return own


STAGES = (voices.OFF, voices.WAIT, voices.ATTACK_STAGE, voices.DECAY, voices.RELEASE, voices.AGAIN)


@pytest.mark.parametrize("stage", STAGES)
def test_voices_in_every_stage_for_every_length(chips, stage):
    chance = random.Random(stage)
    sounded = 0
    for count in COUNTS:
        for left in (chance.randrange(count + 1), count, 1 << 30):
            state = words(word for _ in range(voices.VOICES) for word in voice(chance, stage, left))
            arguments = state, mixed(chance, count, 1 << 17), chance.choice((WAVES, STEEP)), count
            _, sounding = hold_together(chips["add_voices"], loops.add_voices, *arguments)
            sounded += sounding
    assert (sounded > 0) == (stage != voices.OFF)


def test_voices_that_go_through_all_their_stages(chips):
    """Of all stages beside each other, block after block, until none sounds."""
    chance = random.Random(7)
    state = words(word for number in range(voices.VOICES) for word in voice(chance, STAGES[number % 6], 50))
    for number in range(voices.VOICES):
        base = number * voices.STRIDE
        state[base + voices.PEAK], state[base + voices.SUSTAIN] = 1 << 27, 1 << 26
        state[base + voices.ATTACK], state[base + voices.DECAY_FOR] = 100, 150
        state[base + voices.ATTACK_SHIFT] = state[base + voices.DECAY_SHIFT] = 5
        state[base + voices.RELEASE_SHIFT] = 6
    seen = set()
    for _ in range(40):
        left, sounding = hold_together(
            chips["add_voices"], loops.add_voices, state, mixed(chance, 128, 1000), WAVES, 128
        )
        state = left[0]
        seen |= {state[number * voices.STRIDE] for number in range(voices.VOICES)}
        if not sounding:
            break
    assert {voices.DECAY, voices.RELEASE, voices.OFF} <= seen and not sounding


@pytest.mark.parametrize("name", [*noise.SOUNDSCAPES, None])
def test_noise_for_every_length(chips, name):
    """None: with numbers that no soundscape has, at the ends of what the chip's words can hold."""
    chance = random.Random(str(name))
    for count in COUNTS:
        for fading in (False, True):
            state = array("I", [0] * noise.STATE_SIZE)
            noise.start(state)
            first, second, third, swell_blocks, depth, level, _ = noise.SOUNDSCAPES[name or "rain"]
            if name is None:
                first, second, third = (chance.choice((0, 1, 511, 512)) for _ in range(3))
                depth, level = chance.choice((0, 1000)), chance.choice((1, 16383))
                state[noise.RANDOM] = chance.randrange(1 << 30)
            state[noise.COEFFICIENT_1], state[noise.COEFFICIENT_2] = first, second
            state[noise.COEFFICIENT_3] = third
            state[noise.SWELL_PHASE] = chance.choice((0, (1 << 28) - 1, chance.randrange(1 << 28)))
            state[noise.SWELL_STEP] = (1 << 28) // swell_blocks
            state[noise.SWELL_DEPTH] = chance.randrange(depth + 1)
            state[noise.DEPTH_TARGET] = depth
            state[noise.GAIN] = chance.choice((0, 1, 8191, 8192, level << 10))
            state[noise.GAIN_TARGET] = 0 if fading else level << 10
            state[noise.GAIN_SHIFT] = chance.choice((0, 0, 5))
            state[noise.PACED] = chance.choice((noise.AS_IT_IS, 5000))
            state[noise.PACED_END] = chance.choice((noise.AS_IT_IS, 9000))
            for _ in range(3):
                left, _ = hold_together(
                    chips["add_noise"], loops.add_noise, state, mixed(chance, count, 1 << 17), WAVES, count
                )
                state = left[0]


def test_noise_that_fades_ends(chips):
    state = array("I", [0] * noise.STATE_SIZE)
    noise.start(state)
    state[noise.COEFFICIENT_1], state[noise.GAIN], state[noise.SWELL_DEPTH] = 500, 9000, 5
    answers = []
    for _ in range(20):
        left, answer = hold_together(
            chips["add_noise"], loops.add_noise, state, mixed(random.Random(1), 16, 9), WAVES, 16
        )
        state = left[0]
        answers.append(answer)
    assert answers[0] == 1 and answers[-1] == 0 and state[noise.GAIN] == 0


@pytest.mark.parametrize("loudest", [0, 1, 5000, 1 << 17])
def test_the_half_band_filter_for_every_length(chips, loudest):
    chance = random.Random(loudest)
    for count in COUNTS:
        wide = array("I", [7] * (2 * count))
        for _ in range(3):
            hold_together(chips["upsample"], loops.upsample, mixed(chance, count, loudest), wide, count)
        ends = words(BIAS + chance.choice((-loudest, loudest)) for _ in range(count + master.HISTORY))
        hold_together(chips["upsample"], loops.upsample, ends, wide, count)


@pytest.mark.parametrize("clamp", [0, 1, 9000, 32767])
def test_the_last_stage_for_every_length(chips, clamp):
    """A thousandth of full scale, and more than the clamp lets through; gains that rise and fall."""
    chance = random.Random(clamp)
    for count in (*COUNTS, 255, 256):
        state = array("I", [0] * master.STATE_SIZE)
        master.start(state)
        state[master.RANDOM] = chance.randrange(1 << 30)
        state[master.CLAMP], state[master.KNEE] = clamp, clamp * 192
        state[master.GAIN] = chance.choice((0, 1 << 20, 1 << 24, (1 << 26) - 1))
        state[master.NEAR_A] = state[master.NEAR_C] = chance.choice((0, 1000, 1 << 29))
        state[master.PHRASE_BLOCKS] = chance.choice((0, 3999, 4000))
        near = set()
        for number in range(4):
            loudest = chance.choice((30, 3000, 1 << 17))
            ends = number % 2
            wide = words(
                BIAS + (chance.choice((-loudest, loudest)) if ends else chance.randint(-loudest, loudest))
                for _ in range(count)
            )
            step = chance.choice((0, 1, 1000, -(state[master.GAIN] >> 9)))
            state[master.GAIN_STEP] = master.GAIN_BIAS + step
            left, answer = hold_together(
                chips["finish"], loops.finish, wide, array("h", [1] * count), state, count
            )
            state = left[2]
            near.add(answer)
        assert near <= {0, 1}


def test_the_last_stage_of_the_loudest_squares(chips):
    """What fills the meter's sums most."""
    state = array("I", [0] * master.STATE_SIZE)
    master.start(state)
    state[master.CLAMP], state[master.KNEE], state[master.GAIN] = 32767, 32767 * 192, (1 << 26) - 1
    state[master.NEAR_A] = state[master.NEAR_C] = 1 << 20
    for half in (256, 1, 8, 20, 100):
        wide = words(BIAS + (131071 if at // half % 2 else -131071) for at in range(256))
        for _ in range(6):
            left, near = hold_together(chips["finish"], loops.finish, wide, array("h", [0] * 256), state, 256)
            state = left[2]
    assert near == 1 and state[master.POWER_C] > 1 << 24


def test_a_chip_has_each_loop_once_and_a_desk_only_vipers():
    here, there = folder_texts(LOOPS.parent, "x64"), folder_texts(LOOPS.parent, "armv6m")
    assembled = [function.name for function in functions(THUMB.read_text("utf-8"), "asm_thumb")]
    called = [
        node.name for node in ast.parse(LOOPS.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
    ]
    assert sorted(assembled) == sorted(called)
    assert (
        THUMB not in device_sources("x64").values()
        and here["firmware/sound/loops.py"].count("asm_thumb") == 0
    )
    assert device_sources("armv6m")[LOOPS.relative_to(ROOT)] == THUMB
    for name in ("voices", "noise", "master"):
        file = f"firmware/sound/{name}.py"
        vipers = {function.name for function in functions(here[file], "viper")}
        left = {function.name for function in functions(there[file], "viper")}
        assert left == vipers - set(assembled) != vipers
        assert here[file].count("\n") == there[file].count("\n"), "lines stay where they are"


def test_the_assembler_is_for_the_smaller_of_both_chips(tmp_path):
    """What the Cortex-M0+ has not is refused by the compiler, as here a wide move."""
    text = "import micropython\n@micropython.asm_thumb\ndef f(r0):\n    movw(r0, 1)\n"
    with pytest.raises(CompileError, match="movw"):
        compile_text(text, tmp_path / "f.mpy", "armv6m", "f.py")


REGISTERS = {**{f"r{number}": number for number in range(16)}, "lr": 14}


def encoded(said):
    """The instruction that a comment names."""
    word, _, rest = said.partition(" ")
    named = [REGISTERS[name] for name in re.findall(r"\w+", rest)]
    if word in ("ldm", "stm"):
        listed = sum(1 << register for register in named[1:])
        return (0xC800 if word == "ldm" else 0xC000) | named[0] << 8 | listed
    if word in ("uxth", "uxtb"):
        return (0xB280 if word == "uxth" else 0xB2C0) | named[1] << 3 | named[0]
    return {"add": 0x4400, "cmp": 0x4500}[word] | (named[0] & 8) << 4 | named[1] << 3 | named[0] & 7


@pytest.mark.parametrize("file", [THUMB, PULSE_THUMB])
def test_what_stands_as_a_number_is_what_its_comment_says(file):
    found = re.findall(r"data\(2, (0x[0-9A-F]+)\)  # (.+)", file.read_text("utf-8"))
    assert len(found) == file.read_text("utf-8").count("data(2") > 20
    for number, said in found:
        assert int(number, 16) == encoded(said), said


def test_the_assemblers_numbers_are_those_of_the_files_they_are_named_after():
    own = re.findall(
        r"^_(MASTER|NOISE|VOICES)_(\w+) = const\((\d+)\)$", THUMB.read_text("utf-8"), re.MULTILINE
    )
    files = {"MASTER": master, "NOISE": noise, "VOICES": voices}
    assert len(own) > 50
    assert [(file, name, getattr(files[file], name)) for file, name, _ in own] == [
        (file, name, int(value)) for file, name, value in own
    ]
