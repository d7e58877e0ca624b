"""Reads who imports whom in firmware, simulator and host_tools: for the layer test and the drawing of the house.

A deferred import inside a function and one under TYPE_CHECKING count like any other: both tie two files together.
"""

import ast
from pathlib import Path

from simulator.interpreter import ROOT

PACKAGES = ("firmware", "simulator", "host_tools")

# From the ground up. A file may import from its own floor, where that makes no circle, and from every floor below.
# A name stands for a room with all its files, or for one file.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "firmware", "firmware.board", "firmware.reasons", "firmware.step", "firmware.decibels", "firmware.version",
        "firmware.modules", "firmware.ticks",
    ),
    ("firmware.drivers",),
    ("firmware.light", "firmware.sound", "firmware.memory"),
    ("firmware.care",),
    ("firmware.prescription", "firmware.audio", "firmware.vitals"),
    ("firmware.usb", "firmware.startup", "firmware.loop"),
    ("firmware.boot", "firmware.main", "firmware.root"),
    (
        "simulator",
        "simulator.cpython",
        "simulator.interpreter",
        "simulator.compact",
        "simulator.machine_code",
        "simulator.mpy_file",
        "simulator.rom_names",
    ),
    ("simulator.target", "simulator.slot"),
    ("simulator.files", "simulator.chips"),
    (
        "simulator.computer", "simulator.sound", "simulator.flash", "simulator.laws", "simulator.step_bench",
        "simulator.breath_row",
    ),
    ("simulator.cpython.direct",),
    ("simulator.patient", "simulator.recordings", "simulator.scenario"),
    ("simulator.bedside", "simulator.step_bedside"),
    ("simulator.emulator",),
    ("simulator.runtimes",),
    ("simulator.play", "simulator.terminal", "simulator.live"),
    ("host_tools", "host_tools.extras", "host_tools.output", "host_tools.release", "host_tools.zip_files"),
    ("host_tools.device", "host_tools.sound"),
    ("host_tools.songs", "host_tools.sessions", "host_tools.judge"),
    ("host_tools.forms", "host_tools.play", "host_tools.programmes"),
    ("host_tools.campaign", "host_tools.studio"),
    ("host_tools.docs",),
    ("host_tools.commands",),
    ("host_tools.cli",),
    ("host_tools.start",),
)  # fmt: skip


def name_of(path: Path) -> str:
    """Return the dotted name of a source file; a room's `__init__.py` has the name of the room."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, Path]:
    """Return every module of the three packages, by dotted name."""
    return {name_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def imports_of(path: Path) -> set[str]:
    """Return the dotted names of all that a file imports, wherever in it. Raises ValueError for a relative import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{path}: a relative import hides where it leads")
            if (ROOT / node.module.replace(".", "/")).is_dir():
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def arrows() -> dict[str, set[str]]:
    """Return for each module of the house the modules of the house that it imports."""
    every = sources()
    return {
        name: {other for other in imports_of(path) if other in every} - {name} for name, path in every.items()
    }


def room_of(name: str) -> str:
    """Return the entry of FLOORS that a module belongs to: itself, or the room around it. Raises KeyError where none is."""
    known = {room for floor in FLOORS for room in floor}
    place = name
    while place not in known:
        place, _, _ = place.rpartition(".")
        if place in (
            "",
            *PACKAGES,
        ):  # a package's own name on a floor is its __init__.py, not all that is below
            raise KeyError(f"{name} stands on no floor: add its room to FLOORS in host_tools/docs/imports.py")
    return place


def floor_of(name: str) -> int:
    """Return the floor of a module, 0 at the ground."""
    room = room_of(name)
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def arrows_back(house: dict[str, set[str]]) -> list[str]:
    """Return a sentence for every import from a lower floor to a higher one."""
    return [
        f"{name} imports {other}, which stands {floor_of(other) - floor_of(name)} floors above it"
        for name, others in sorted(house.items())
        for other in sorted(others)
        if floor_of(other) > floor_of(name)
    ]


def circles(house: dict[str, set[str]]) -> list[list[str]]:
    """Return groups of modules that import one another in a circle, each sorted by name (Tarjan, SIAM J. Comput. 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        path.append(name)
        for other in house[name]:
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in path:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in house:
        if name not in number:
            visit(name)
    return found
