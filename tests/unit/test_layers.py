"""Imports inside the firmware point one way only: drivers <- services <- session <- main (DESIGN.md section 3)."""

import ast

import pytest

from host_tools.release.compile_firmware import sources
from simulator.interpreter import ROOT, compile_file

DRIVERS, SERVICES, SESSION, MAIN = range(4)
TOP = {"session": SESSION, "main": MAIN, "boot": MAIN, "root": MAIN, "startup": MAIN, "computer": MAIN}
FACTS = {"board", "reasons", "records"}  # words and numbers, without code of their own: anyone may read them
MACHINE_USERS = {"board", "loop", "boot", "main"}
HARDWARE = {"machine", "rp2", "time", "utime", "os", "gc", "network"}
PURE_FOR_HOST = {
    "guard",
    "profile",
    "profiles",
    "link",
    "calibration",
    "score",
    "songs",
    "audio",
    "adpcm",
    "vitals",
    "journal",
    "board",
    "reasons",
    "store",
    "version",
}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            if node.module == "firmware":
                yield from (f"firmware.{alias.name}" for alias in node.names)
            else:
                yield node.module


def layer(name):
    parts = name.split(".")
    if parts[1] == "drivers":
        return DRIVERS
    return TOP.get(parts[1], SERVICES)


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_point_to_the_left(path):
    name = module_name(path)
    if name in ("firmware.__init__", "firmware.drivers.__init__"):
        return
    mine = layer(name)
    for imported in imports_of(path):
        if not imported.startswith("firmware.") or imported.split(".")[1] in FACTS:
            continue
        theirs = layer(imported)
        assert theirs <= mine, f"{name} imports {imported}, which is to its right"
        if mine == SERVICES:
            assert theirs != DRIVERS, f"{name} imports {imported}: services get their drivers handed in"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_only_drivers_and_the_top_touch_the_hardware(path):
    name = module_name(path)
    if layer(name) == DRIVERS or name.split(".")[1] in MACHINE_USERS:
        return
    touched = HARDWARE & {imported.split(".")[0] for imported in imports_of(path)}
    assert not touched, (
        f"{name} imports {', '.join(sorted(touched))}: services never read a clock, a pin or a file"
    )


def test_firmware_knows_nothing_of_host_or_simulator():
    for path in sources():
        for imported in imports_of(path):
            assert imported.split(".")[0] not in ("simulator", "host_tools", "tests", "typing"), (
                f"{path}: {imported}"
            )
        assert "simulat" not in path.read_text().lower(), f"{path} speaks of a simulator"


def test_host_tools_import_only_pure_parts_of_the_firmware():
    for path in sorted((ROOT / "host_tools").rglob("*.py")):
        if path.stem.endswith("_script"):
            continue  # run by MicroPython, as the device's own main.py is
        for imported in imports_of(path):
            if imported.startswith("firmware."):
                assert imported.split(".")[1] in PURE_FOR_HOST, f"{path.name} imports {imported}"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_every_file_compiles_for_the_chip(path, tmp_path):
    assert compile_file(path, tmp_path / "out.mpy", "armv6m", path.name) > 0
