"""Draws docs/wiring.svg and the wiring table of docs/hardware.md from firmware/board.py, so that they can't drift.

Run as a program it writes both; with --check it only says whether they are the newest.
"""

import io
import re
import sys
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from firmware import board
from host_tools.docs import generated
from simulator.interpreter import ROOT

DRAWING = ROOT / "docs" / "wiring.svg"
DOCUMENT = ROOT / "docs" / "hardware.md"
BEGIN, END = "<!-- wiring: made by host_tools/docs/wiring.py -->", "<!-- end of wiring -->"

# Where the GPIOs come out on the Raspberry Pi Pico and Pico 2 (their data sheets' pinout); GPIO 23 to 25 and 29 are on the
# board itself. Pins 1 to 20 are on the left side, 40 to 21 on the right.
HEADER_PIN = {
    0: 1, 1: 2, 2: 4, 3: 5, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12, 10: 14, 11: 15, 12: 16, 13: 17, 14: 19, 15: 20,
    16: 21, 17: 22, 18: 24, 19: 25, 20: 26, 21: 27, 22: 29, 26: 31, 27: 32, 28: 34,
}  # fmt: skip
GROUND, SUPPLY_3V3, SUPPLY_5V = "GND", "3V3", "VSYS"
SUPPLY_PIN = {GROUND: 38, SUPPLY_3V3: 36, SUPPLY_5V: 39}


@dataclass(frozen=True)
class Wire:
    """One connection: a terminal of a part, and a GPIO (by its name in board.py) or a supply of the Pico."""

    terminal: str
    to: str
    note: str = ""

    @property
    def pin(self) -> int | None:
        """Return the pin of the Pico's header; None for a GPIO that is wired on the Pico itself."""
        return SUPPLY_PIN.get(self.to) or HEADER_PIN.get(getattr(board, self.to, -1))

    @property
    def target(self) -> str:
        return self.to if self.to in SUPPLY_PIN else f"GP{getattr(board, self.to)}"


@dataclass(frozen=True)
class Component:
    """A part of the device and its wires. `side` is where it stands in the drawing.

    beyond: its other terminals, and what each leads to that is not the Pico.
    """

    name: str
    side: str
    wires: tuple[Wire, ...]
    beyond: tuple[tuple[str, str], ...] = ()


PARTS = (
    Component(f"MAX30102 sensor, 0x{board.ADDRESS_SENSOR:02X}", "left", (
        Wire("SDA", "PIN_I2C_SDA", "4.7 kOhm to 3V3, once a bus"),
        Wire("SCL", "PIN_I2C_SCL", "4.7 kOhm to 3V3, once a bus"),
        Wire("INT", "PIN_SENSOR_INTERRUPT", "reserved; 10 kOhm to 3V3"),
        Wire("VIN", SUPPLY_3V3), Wire("GND", GROUND),
    )),
    Component(f"ADS1115 converter, 0x{board.ADDRESS_ADC:02X}", "left", (
        Wire("SDA", "PIN_I2C_SDA"), Wire("SCL", "PIN_I2C_SCL"), Wire("VDD", SUPPLY_3V3),
        Wire("GND, ADDR", GROUND, "ADDR to GND sets the address"),
    ), (
        (f"A{board.ADC_ROOM_SOUND}", "microphone's detector"), (f"A{board.ADC_KNOB}", "knob, 10 kOhm"),
        (f"A{board.ADC_SUPPLY}", f"VSYS divided by {board.SUPPLY_DIVIDER}"),
        (f"A{board.ADC_OUTPUT}", "loudspeaker's detector"),
    )),
    Component(f"SSD1306, optional, 0x{board.ADDRESS_DISPLAY:02X}", "left", (
        Wire("SDA", "PIN_I2C_SDA"), Wire("SCL", "PIN_I2C_SCL"), Wire("VCC", SUPPLY_3V3), Wire("GND", GROUND),
    )),
    Component("MAX98357A amplifier", "right", (
        Wire("BCLK", "PIN_I2S_CLOCK"), Wire("LRC", "PIN_I2S_WORD_SELECT"), Wire("DIN", "PIN_I2S_DATA"),
        Wire("SD_MODE", "PIN_AMPLIFIER_ON", "100 kOhm to GND: off at reset"),
        Wire("VIN", SUPPLY_5V, "GAIN: 100 kOhm to VIN, 3 dB"), Wire("GND", GROUND),
    ), (("OUT+", "47 Ohm, 1 W, to the loudspeaker"), ("OUT-", "loudspeaker; neither end is ground"))),
    Component("Button", "right", (Wire("1", "PIN_BUTTON", "pull-up inside the chip"), Wire("2", GROUND))),
    Component("Light, green and amber", "right", (
        Wire("green", "PIN_LIGHT_GREEN", "1 kOhm in series"), Wire("amber", "PIN_LIGHT_AMBER", "1 kOhm in series"),
        Wire("common cathode", GROUND),
    )),
    Component("Service header", "right", (
        Wire("TX", "PIN_TRACE_TX", "115 200 baud; it only sends"), Wire("GND", GROUND),
    )),
    Component("USB power sense", "right", (
        Wire("VBUS", "PIN_USB_POWER", "on the Pico; high: USB is in"),
    )),
)  # fmt: skip

ANALOGUE = (
    (board.ADC_ROOM_SOUND, "room sound", f"microphone's logarithmic detector, {board.ROOM_SOUND_MV_PER_DBA} mV per dB(A)"),
    (board.ADC_KNOB, "volume knob", f"10 kOhm potentiometer from GND to 3V3: 0 to {board.KNOB_FULL_MV} mV"),
    (board.ADC_SUPPLY, "supply", f"VSYS through a divider by {board.SUPPLY_DIVIDER} (two of 100 kOhm)"),
    (board.ADC_OUTPUT, "amplifier's output", "envelope detector across the loudspeaker's terminals, rms, linear; "
     f"{board.OUTPUT_FULL_SCALE_MV} mV for a full-scale sine"),
)  # fmt: skip


def table() -> str:
    """Return the wiring as Markdown: every wire with its GPIO and its pin on the Pico's header."""
    lines = ["| part | terminal | Pico | pin | note |", "|---|---|---|---|---|"]
    for part in PARTS:
        for place, wire in enumerate(part.wires):
            name = part.name if place == 0 else ""
            pin = "–" if wire.pin is None else wire.pin
            lines.append(f"| {name} | {wire.terminal} | {wire.target} | {pin} | {wire.note} |")
    lines += ["", "| ADS1115 | carries | from |", "|---|---|---|"]
    lines += [f"| A{channel} | {name} | {source} |" for channel, name, source in sorted(ANALOGUE)]
    return "\n".join(lines)


def draw() -> str:
    """Return the wiring as an SVG text, the same for the same board."""
    with plt.rc_context({"svg.hashsalt": "calando", "svg.fonttype": "none", "font.size": 8}):
        figure, axes = plt.subplots(figsize=(14, 7.2))
        axes.set_axis_off()
        axes.set_xlim(-27, 27)
        rows = {
            side: sum(len(part.wires) + 1.6 for part in PARTS if part.side == side)
            for side in ("left", "right")
        }
        height = max(rows.values())
        axes.set_ylim(-1, height + 1.2)
        axes.add_patch(Rectangle((-4, 0), 8, height, facecolor="#e8f0e8", edgecolor="#406040"))
        axes.text(
            -1.2, 1.3, "Raspberry Pi\nPico or Pico 2", ha="center", va="center", fontsize=10, color="#406040"
        )
        colours = {GROUND: "#555555", SUPPLY_3V3: "#c04030", SUPPLY_5V: "#c04030"}
        for side, sign in (("left", -1), ("right", 1)):
            top = height - (height - rows[side]) / 2
            for part in (part for part in PARTS if part.side == side):
                tall = len(part.wires) + 0.9
                x = sign * 19
                axes.add_patch(
                    Rectangle((min(x, x - sign * 8), top - tall), 8, tall, facecolor="#f4f0e4", edgecolor="#807050")
                )  # fmt: skip
                axes.text(
                    x - sign * 4, top - 0.25, part.name, ha="center", va="top", fontsize=8, weight="bold"
                )
                for place, wire in enumerate(part.wires):
                    y = top - 1.2 - place
                    axes.plot(
                        [sign * 4, x - sign * 8], [y, y], color=colours.get(wire.to, "#3060a0"), linewidth=1.2
                    )
                    axes.text(
                        x - sign * 7.8, y, wire.terminal, ha="left" if sign > 0 else "right", va="center"
                    )
                    label = wire.target + ("" if wire.pin is None else f" · pin {wire.pin}")
                    axes.text(sign * 3.85, y, label, ha="right" if sign > 0 else "left", va="center")
                    if wire.note:
                        axes.text(
                            sign * 7.5,
                            y + 0.12,
                            wire.note,
                            ha="center",
                            va="bottom",
                            fontsize=5.2,
                            color="#444444",
                        )
                for place, (terminal, leads_to) in enumerate(part.beyond):
                    y = top - 1.2 - place
                    axes.plot([x, x + sign * 0.6], [y, y], color="#3060a0", linewidth=1.2)
                    outward = "right" if sign > 0 else "left"
                    axes.text(x - sign * 0.2, y, terminal, ha=outward, va="center")
                    axes.text(
                        x + sign * 0.8,
                        y,
                        leads_to,
                        ha="left" if sign > 0 else "right",
                        va="center",
                        fontsize=6.5,
                    )
                top -= tall + 0.7
        axes.text(0, height + 0.5, "Calando, hardware revision A", ha="center", fontsize=12)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
        plt.close(figure)
    return re.sub(r"[ \t]+\n", "\n", text.getvalue())


def document() -> str:
    """Return docs/hardware.md with today's wiring table in its place."""
    return generated.with_table(DOCUMENT, BEGIN, END, table())


def main() -> int:
    return generated.main({DRAWING: draw(), DOCUMENT: document()}, "host_tools.docs.wiring", sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
