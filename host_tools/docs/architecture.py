"""Draws docs/architecture.svg and the table of docs/architecture.md from the imports, so that they can't drift.

`python -m host_tools.docs.architecture` writes both; with --check it only says whether they are the newest.
"""

import ast
import io
import re
import sys

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from host_tools.docs import generated, imports
from simulator.interpreter import ROOT

DRAWING = ROOT / "docs" / "architecture.svg"
DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- floors: made by host_tools/docs/architecture.py -->", "<!-- end of floors -->"
COLOURS = {"firmware": "#e8f0e8", "simulator": "#e8ecf4", "host_tools": "#f4f0e4"}
WIDTH = 16.0
# Folders whose files are copied or put on a path: no packages, so that they cannot say it themselves.
SAID = {
    "firmware.root": "The two files that MicroPython starts, at the root of the flash",
    "simulator.target": "What stands in for MicroPython's own modules, and the messages to the bedside",
    "simulator.cpython.direct": "The same for the firmware in this Python: files, heap, and the way to the bedside",
}


def room_arrows() -> dict[str, set[str]]:
    """Return for each room the rooms that its files import, itself left out."""
    found: dict[str, set[str]] = {room: set() for floor in imports.FLOORS for room in floor}
    for name, others in imports.arrows().items():
        room = imports.room_of(name)
        found[room] |= {imports.room_of(other) for other in others} - {room}
    return found


def drawn(rooms: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows without those that a longer way says too: what is imported by what is imported."""
    reach: dict[str, set[str]] = {}

    def below(room: str) -> set[str]:
        if room not in reach:
            reach[room] = set()
            for other in rooms[room]:
                reach[room] |= {other} | below(other)
        return reach[room]

    return {
        room: {other for other in others if not any(other in below(between) for between in others - {other})}
        for room, others in rooms.items()
    }


def draw() -> str:
    """Return the floors as an SVG text, the ground at the bottom; the same for the same imports."""
    places = {}
    for height, floor in enumerate(imports.FLOORS):
        for place, room in enumerate(sorted(floor)):
            aside = (
                0.7 * (height % 3 - 1) if len(floor) < 4 else 0.0
            )  # so that arrows pass beside what is between
            places[room] = ((place + 0.5) * WIDTH / len(floor) + aside, height * 1.3)
    with plt.rc_context({"svg.hashsalt": "calando", "svg.fonttype": "none", "font.size": 8}):
        figure, axes = plt.subplots(figsize=(12, 14))
        axes.set_axis_off()
        axes.set_xlim(-0.2, WIDTH + 0.2)
        axes.set_ylim(-0.6, len(imports.FLOORS) * 1.3)
        for room, others in sorted(drawn(room_arrows()).items()):
            x, y = places[room]
            for other in sorted(others):
                to_x, to_y = places[other]
                bend = 0.25 if to_y == y else 0.04
                axes.add_patch(
                    FancyArrowPatch(
                        (x, y - 0.22), (to_x, to_y + 0.22), arrowstyle="-|>", mutation_scale=7, color="#9098a0",
                        linewidth=0.6, connectionstyle=f"arc3,rad={bend}",
                    )
                )  # fmt: skip
        for room, (x, y) in sorted(places.items()):
            package, _, own = room.partition(".")
            width = 0.5 + 0.125 * len(own or package)
            axes.add_patch(
                FancyBboxPatch(
                    (x - width / 2, y - 0.2), width, 0.4, boxstyle="round,pad=0.03", facecolor=COLOURS[package],
                    edgecolor="#606860", linewidth=0.8,
                )
            )  # fmt: skip
            axes.text(x, y, own or package, ha="center", va="center")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
        plt.close(figure)
    return re.sub(r"[ \t]+\n", "\n", text.getvalue())


def table() -> str:
    """Return the floors as a table of Markdown, the highest first: rooms, and what each says of itself."""
    lines = ["| floor | room or file | what lives there |", "|---|---|---|"]
    for number in reversed(range(len(imports.FLOORS))):
        for room in sorted(imports.FLOORS[number]):
            path = ROOT / room.replace(".", "/")
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) if file.exists() else None
            first = SAID.get(room) or re.split(r"(?<=[.:])\s", (said or "").replace("\n", " "), maxsplit=1)[
                0
            ].rstrip(":.")
            shown = path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else ".py")
            lines.append(f"| {number} | `{shown}` | {first} |")
    return "\n".join(lines)


def document() -> str:
    """Return docs/architecture.md with today's table in its place."""
    return generated.with_table(DOCUMENT, BEGIN, END, table())


def main() -> int:
    return generated.main(
        {DRAWING: draw(), DOCUMENT: document()}, "host_tools.docs.architecture", sys.argv[1:]
    )


if __name__ == "__main__":
    sys.exit(main())
