"""The checker is checked: what would differ between the chip and the desk is found."""

from array import array

import micropython
import pytest
from int32 import Firmware, LeftTheRange, checked


@micropython.viper
def total(values: ptr32, count: int) -> int:  # noqa: F821
    result = 0
    i = 0
    while i < count:
        result += int(values[i])
        i += 1
    return result


@micropython.viper
def square_into(values: ptr32, place: int, value: int):  # noqa: F821
    values[place] = value * value


@micropython.viper
def scaled(value: int) -> int:
    return (value << 12) >> 12


@pytest.mark.parametrize("signed", [True, False])
def test_arithmetic_that_fits_gives_the_plain_result(signed):
    assert checked(total, signed)(array("I", [1, 2, 1 << 29]), 3) == total(array("I", [1, 2, 1 << 29]), 3)


def test_a_sum_beyond_32_bits_is_found():
    with pytest.raises(LeftTheRange, match="does not fit 32 bits"):
        checked(total, False)(array("I", [(1 << 30) - 1] * 3), 3)


def test_an_intermediate_beyond_32_bits_is_found_though_the_result_fits():
    with pytest.raises(LeftTheRange, match="does not fit 32 bits"):
        checked(scaled, True)(1 << 20)


def test_a_store_that_reads_differently_as_signed_is_found():
    with pytest.raises(LeftTheRange, match="stores"):
        checked(square_into, False)(array("I", [0]), 0, 40000)


def test_a_value_read_as_signed_shows_in_the_result():
    buffer = array("I", [0xFFFFFFFF])
    assert checked(total, True)(buffer, 1) == -1
    with pytest.raises(LeftTheRange):
        checked(total, False)(buffer, 1)


def test_bytecode_is_held_to_30_bits_and_to_integers(tmp_path, monkeypatch):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "sample.py").write_text("def double(x):\n    x += x\n    return x\n", "utf-8")
    monkeypatch.setattr("int32.ROOT", tmp_path)
    double = Firmware(signed=True).module("firmware.sample").double
    assert double(7) == 14
    with pytest.raises(LeftTheRange, match="does not fit 31 bits"):
        double(1 << 29)
    with pytest.raises(LeftTheRange, match="is a float"):
        double(0.5)
