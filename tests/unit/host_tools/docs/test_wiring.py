"""The wiring drawing and table say what firmware/board.py says."""

from firmware import board
from host_tools.docs import wiring

WIRES = [wire for part in wiring.PARTS for wire in part.wires]


def test_every_pin_of_the_board_is_wired_once_or_on_the_bus():
    used = [wire.to for wire in WIRES if wire.to not in wiring.SUPPLY_PIN]
    assert set(used) == {name for name in vars(board) if name.startswith("PIN_")}
    shared = {"PIN_I2C_SDA", "PIN_I2C_SCL"}
    assert all(used.count(name) == 1 for name in set(used) - shared)


def test_every_channel_of_the_converter_is_in_the_table_and_in_the_drawing():
    channels = {value for name, value in vars(board).items() if name in
                ("ADC_ROOM_SOUND", "ADC_KNOB", "ADC_SUPPLY", "ADC_OUTPUT")}  # fmt: skip
    assert {channel for channel, _, _ in wiring.ANALOGUE} == channels == set(range(4))
    drawn = {
        terminal for part in wiring.PARTS for terminal, _ in part.beyond if part.name.startswith("ADS1115")
    }
    assert drawn == {f"A{channel}" for channel in channels}


def test_what_limits_the_loudness_is_drawn():
    amplifier = next(part for part in wiring.PARTS if part.name.startswith("MAX98357A"))
    notes = [wire.note for wire in amplifier.wires] + [leads_to for _, leads_to in amplifier.beyond]
    for limit in (
        "100 kOhm to GND: off at reset",
        "GAIN: 100 kOhm to VIN, 3 dB",
        "47 Ohm, 1 W, to the loudspeaker",
    ):
        assert limit in notes


def test_no_two_gpios_share_a_pin_of_the_header():
    assert len(set(wiring.HEADER_PIN.values())) == len(wiring.HEADER_PIN)
    assert not set(wiring.HEADER_PIN.values()) & {3, 8, 13, 18, 23, 28, 38}  # its grounds


def test_the_committed_drawing_and_table_are_the_newest():
    assert wiring.DRAWING.read_text("utf-8") == wiring.draw()
    assert wiring.DOCUMENT.read_text("utf-8") == wiring.document()


def test_another_pin_gives_another_drawing_and_table(monkeypatch):
    monkeypatch.setattr(board, "PIN_BUTTON", 15)
    assert "| Button | 1 | GP15 | 20 |" in wiring.table()
    assert wiring.draw() != wiring.DRAWING.read_text("utf-8")
