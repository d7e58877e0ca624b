"""What LLVM makes of viper functions does on a desk what mpy-cross's own code does."""

import ast
import subprocess

import pytest

from simulator import machine_code
from simulator.interpreter import compile_text, find_micropython, folded_sources, functions

SOURCE = """
import micropython
from micropython import const

_STEP = const(3)
_MASK = const((1 << 12) - _STEP)


@micropython.viper
def numbers(a: int, b: int) -> int:
    if b == 0:
        b = -7
    found = a // b + a % b * 5 - (a & _MASK) + (b | 9) ^ (a << 3)
    found += a >> 2 if a > b and b != 4 or not a <= -9 else 0 - b
    found -= 1 if a else 2
    while found > 1 << 20:
        found >>= 1
        if found & 1:
            continue
        if found < 1 << 24:
            break
    return found


@micropython.viper
def wraps(a: int, b: int) -> int:
    return a * b * b


@micropython.viper
def pointers(bytes_: ptr8, halves: ptr16, words: ptr32, count: int):
    sum = 0
    for place in range(count):
        sum += int(words[place]) - int(halves[place]) * int(bytes_[place])
        bytes_[place] = sum
        halves[place] = words[place] = sum >> 1
        place += 100
    rest = ptr8(int(bytes_) + 2)
    rest[0] = 255
"""
PRINTS = """
import %s as made
from array import array

for a in (-(1 << 40), -1001, -10, -9, -1, 0, 1, 4, 8, 1000, 1 << 33):
    for b in (-1000, -3, -1, 0, 1, 4, 7, 12345):
        print(made.numbers(a, b))
print(made.wraps(1 << 31, 1 << 15), made.wraps(3 << 30, -1), made.wraps(1 << 32, 1 << 16))
bytes_ = bytearray(range(1, 9))
halves = array("H", range(65530, 65535)) + array("H", [1, 2, 3])
words = array("I", [1, 2, 4000000000, 4, 5, 6, 7, 8])
print(made.pointers(bytes_, memoryview(halves), words, 8), bytes_, halves, words)
try:
    made.wraps(1)
except TypeError as error:
    print(error)
"""

pytestmark = pytest.mark.skipif(not machine_code.version(), reason="no LLVM for this machine")


def test_llvm_does_what_mpy_cross_does(tmp_path):
    program = find_micropython()
    if program is None:
        pytest.skip("no MicroPython here")
    theirs = tmp_path / "theirs.mpy"
    compile_text(SOURCE, theirs, "x64", "theirs.py")
    ours = tmp_path / "ours.mpy"
    ours.write_bytes(machine_code.by_llvm(theirs.read_bytes(), SOURCE))
    assert ours.read_bytes() != theirs.read_bytes()
    said = [
        subprocess.run(
            [*program, "-c", PRINTS % name],
            env={"MICROPYPATH": str(tmp_path)},
            check=True,
            capture_output=True,
        ).stdout
        for name in ("theirs", "ours")
    ]
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == 11 * 8 + 3


def test_what_it_does_not_know_stays_as_it_is(tmp_path):
    source = "import micropython\n\n\n@micropython.viper\ndef asks(a: int) -> int:\n    return int(len(b'abc')) + a\n"
    made = tmp_path / "made.mpy"
    compile_text(source, made, "x64", "made.py")
    assert machine_code.by_llvm(made.read_bytes(), source) == made.read_bytes()


def test_it_knows_every_viper_function_of_the_firmware():
    known = 0
    for text in folded_sources("x64").values():
        constants = machine_code._constants(ast.parse(text))
        for function in functions(text, "viper"):
            assert machine_code._machine_code(machine_code._Function(function, constants, 0).text())
            known += 1
    assert known > 30
