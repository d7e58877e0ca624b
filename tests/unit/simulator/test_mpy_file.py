"""A compiled file is read as mpy-cross wrote it, and other code in a function moves what follows and nothing else."""

import pytest

from simulator import interpreter
from simulator.interpreter import compile_text
from simulator.mpy_file import BYTECODE, NATIVE, VIPER, MpyFile

SOURCE = """
import micropython


def wobble(a):
    def inner(b):
        return b"bytes", "a text that is too long to be a name of MicroPython's own, by far", 1.5, (a, (b, None))

    return inner


@micropython.native
def squares(a):
    return a * a


@micropython.viper
def adds(a: int, b: int) -> int:
    return a + b


@micropython.viper
def takes(a: int, b: int) -> int:
    return a - b
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    target = tmp_path_factory.mktemp("made") / "made.mpy"
    compile_text(SOURCE, target, "x64", "made.py")
    return target.read_bytes()


def test_it_finds_every_function_and_the_names_that_it_brings(made):
    file = MpyFile(made)
    assert [code.kind for code in file.codes] == [BYTECODE, BYTECODE, BYTECODE, NATIVE, VIPER, VIPER]
    assert {"wobble", "squares", "adds"} <= file.names
    assert "micropython" not in file.names  # MicroPython has it
    assert file.table is not None
    for code in file.codes:
        assert made[code.end - len(code.code) : code.end] == code.code


@pytest.mark.parametrize("length", [1, 15, 16, 300, 20_000])
def test_other_code_is_put_into_one_function_alone(made, length):
    before = MpyFile(made)
    assert before.with_codes(VIPER, [None, None]) == made
    after = MpyFile(before.with_codes(VIPER, [None, bytes(length)]))
    assert [code.code for code in after.codes[:-1]] == [code.code for code in before.codes[:-1]]
    assert after.codes[-1].code == bytes(length)
    assert after.names == before.names


def test_codes_for_more_functions_than_there_are_fit_nowhere(made):
    with pytest.raises(ValueError):
        MpyFile(made).with_codes(VIPER, [None])


@pytest.mark.parametrize("wrong", [b"M\x05", b"PK"])
def test_another_form_is_refused(made, wrong):
    with pytest.raises(ValueError, match="version 6"):
        MpyFile(wrong + made[2:])
    with pytest.raises(ValueError, match="goes on"):
        MpyFile(made + b"\0")


def compiled(tmp_path, names, more=""):
    """A file that gives so many names a value, compiled as for a chip."""
    target = tmp_path / "file.mpy"
    # The file's own name is one of them, and its outermost function's.
    text = "".join(f"letter_{chr(97 + number)} = 1\n" for number in range(names - 2)) + more
    interpreter.compile_text(text, target, "armv6m", "firmware/file.py")
    return MpyFile(target.read_bytes())


@pytest.mark.parametrize("names", range(2, 18))
def test_no_files_names_end_where_the_next_piece_of_a_chips_heap_begins(tmp_path, monkeypatch, names):
    """Without an object behind them MicroPython would keep that piece for good: 1152 B of an open file, once."""
    assert not compiled(tmp_path, names).holds_on
    assert not compiled(tmp_path, names, "len\nabs\n").holds_on  # names that would have been added are there
    monkeypatch.setattr(interpreter, "_MORE_NAMES", ())
    assert compiled(tmp_path, names).holds_on == (names in (7, 8, 15, 16))
    assert not compiled(tmp_path, names, "text = 'a text that is long enough'\n").holds_on


def test_no_file_of_the_device_holds_on_to_more_than_its_own():
    image = interpreter.device_image("armv6m")
    assert not [path.name for path in image.rglob("*.mpy") if MpyFile(path.read_bytes()).holds_on]
