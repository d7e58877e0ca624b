"""The display model: addressing modes, the panel's switch, and no traffic that breaks it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.chips.ssd1306 import SSD1306


def command(chip, *values):
    assert chip.write(bytes((0x00, *values)), 0)


def data(chip, *values):
    assert chip.write(bytes((0x40, *values)), 0)


def test_it_is_dark_until_it_is_switched_on():
    chip = SSD1306()
    data(chip, 0xFF)
    assert not chip.pixel(0, 0)
    assert chip.read(1, 0) == b"\x40"
    command(chip, 0xAF)
    assert chip.pixel(0, 0)
    assert chip.read(1, 0) == b"\x00"
    command(chip, 0xAE)
    assert not chip.pixel(0, 0)


def test_horizontal_addressing_fills_a_window_row_by_row():
    chip = SSD1306()
    command(chip, 0xAF, 0x20, 0, 0x21, 10, 12, 0x22, 1, 2)
    data(chip, 1, 2, 3, 4, 5, 6, 7)
    assert chip.memory[128 + 10 : 128 + 13] == bytes((7, 2, 3))
    assert chip.memory[256 + 10 : 256 + 13] == bytes((4, 5, 6))


def test_vertical_addressing_fills_it_column_by_column():
    chip = SSD1306()
    command(chip, 0xAF, 0x20, 1, 0x21, 10, 12, 0x22, 1, 2)
    data(chip, 1, 2, 3, 4, 5, 6)
    assert chip.memory[128 + 10 : 128 + 13] == bytes((1, 3, 5))
    assert chip.memory[256 + 10 : 256 + 13] == bytes((2, 4, 6))


def test_page_addressing_stays_in_its_page():
    chip = SSD1306()
    command(chip, 0xAF, 0xB2, 0x0E, 0x17)
    data(chip, 1, 2, 3)
    assert chip.memory[2 * 128 + 126 : 3 * 128] == bytes((1, 2))
    assert chip.memory[2 * 128] == 3


def test_the_lowest_bit_is_the_uppermost_point_and_inversion_turns_all():
    chip = SSD1306()
    command(chip, 0xAF)
    data(chip, 0x01, 0x80)
    assert chip.pixel(0, 0)
    assert not chip.pixel(0, 7)
    assert chip.pixel(1, 7)
    command(chip, 0xA7)
    assert not chip.pixel(0, 0)
    assert chip.picture().splitlines()[0].startswith(".##")


def test_arguments_are_not_taken_for_commands():
    chip = SSD1306()
    command(chip, 0x81, 0xAF, 0xA8, 31, 0x8D, 0x14)
    assert not chip.on
    assert chip.settings == {0x81: b"\xaf", 0xA8: b"\x1f", 0x8D: b"\x14"}


def test_single_bytes_with_their_own_control_bytes():
    chip = SSD1306()
    assert chip.write(bytes((0x80, 0xAF, 0xC0, 0x55, 0x40, 0x66, 0x77)), 0)
    assert chip.on
    assert chip.memory[:3] == b"\x55\x66\x77"


def test_power_clears_it():
    chip = SSD1306()
    command(chip, 0xAF)
    data(chip, 0xFF)
    chip.power_off()
    assert chip.write(b"\x00\xaf", 0) is False
    chip.power_cycle(0)
    assert not chip.on
    assert not any(chip.memory)


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_no_traffic_breaks_it(traffic):
    chip = SSD1306()
    for piece in traffic:
        assert chip.write(piece, 0)
    assert len(chip.memory) == 1024
    assert len(chip.picture()) == 32 * 129 - 1
