"""Imports go down the floors of the house, never up and never in a circle: host_tools/docs/imports.py says which floors."""

import pytest

from host_tools.docs import imports
from host_tools.release.compile_firmware import sources
from simulator.interpreter import compile_file

HARDWARE = {"machine", "rp2", "time", "utime", "os", "gc", "network"}
MACHINE_USERS = {
    "firmware.board", "firmware.loop", "firmware.boot", "firmware.main", "firmware.root.choice", "firmware.root.packed",
}  # fmt: skip
# Of the firmware, what runs on a host too: pure, and the same bits there.
PURE_ROOMS = {"firmware.prescription", "firmware.sound"}
PURE_FILES = {
    "firmware.audio", "firmware.board", "firmware.care.guard", "firmware.care.plan", "firmware.memory.journal",
    "firmware.memory.names", "firmware.memory.store", "firmware.reasons", "firmware.usb.link", "firmware.version",
    "firmware.vitals",
}  # fmt: skip
# Handed in by who puts the device together: never imported by what decides or computes.
WITHOUT_DRIVERS = {
    "firmware.light", "firmware.sound", "firmware.memory", "firmware.care", "firmware.prescription", "firmware.audio",
    "firmware.vitals",
}  # fmt: skip
HOUSE = imports.arrows()


def test_every_file_stands_on_a_floor():
    for name in HOUSE:
        imports.room_of(name)


def test_every_floor_is_lived_on():
    known = {imports.room_of(name) for name in HOUSE}
    assert {room for floor in imports.FLOORS for room in floor} == known


def test_no_import_leads_up():
    assert imports.arrows_back(HOUSE) == []


def test_no_imports_go_in_a_circle():
    assert imports.circles(HOUSE) == []


@pytest.mark.parametrize(
    ("file", "imported"),
    [
        ("host_tools.release.archive", "host_tools.release.deploy"),
        ("host_tools.play.results", "host_tools.play.reporter"),
        ("simulator.bedside", "simulator.runtimes.cpython"),
        ("simulator.bedside", "simulator.runtimes.micropython"),
        ("simulator.bedside", "simulator.runtimes.rp2040"),
        ("simulator.emulator.flash", "simulator.emulator.chip"),
        ("simulator.emulator.i2c", "simulator.emulator.chip"),
        ("simulator.emulator.i2s", "simulator.emulator.chip"),
        ("simulator.emulator.light", "simulator.emulator.chip"),
        ("simulator.emulator.usb", "simulator.emulator.chip"),
        ("simulator.patient", "simulator.scenario"),
        ("simulator.recordings.recording", "simulator.scenario"),
    ],
)
def test_an_old_circle_put_back_is_seen(file: str, imported: str):
    house = {name: set(others) for name, others in HOUSE.items()}
    house[file].add(imported)
    assert any({file, imported} <= set(circle) for circle in imports.circles(house))


@pytest.mark.parametrize("file", ["flash", "recordings.recording", "live", "scenario"])
def test_an_old_arrow_back_is_seen(file: str):
    house = {name: set(others) for name, others in HOUSE.items()}
    house[f"simulator.{file}"].add("host_tools.output")
    assert len(imports.arrows_back(house)) == 1


@pytest.mark.parametrize(
    "text",
    ["def f():\n    from simulator import live\n", "if TYPE_CHECKING:\n    from simulator import live\n"],
)
def test_deferred_imports_count(text: str, tmp_path):
    (tmp_path / "file.py").write_text(text)
    assert imports.imports_of(tmp_path / "file.py") == {"simulator.live"}


def test_what_decides_and_computes_gets_its_drivers_handed_in():
    for name, others in HOUSE.items():
        if imports.room_of(name) in WITHOUT_DRIVERS:
            assert not {other for other in others if imports.room_of(other) == "firmware.drivers"}, name


@pytest.mark.parametrize("path", sources(), ids=imports.name_of)
def test_only_drivers_and_the_top_touch_the_hardware(path):
    name = imports.name_of(path)
    if imports.room_of(name) == "firmware.drivers" or name in MACHINE_USERS:
        return
    touched = HARDWARE & {imported.split(".")[0] for imported in imports.imports_of(path)}
    assert not touched, (
        f"{name} imports {', '.join(sorted(touched))}: it never reads a clock, a pin or a file"
    )


def test_firmware_knows_nothing_of_host_or_simulator():
    for path in sources():
        for imported in imports.imports_of(path):
            assert imported.split(".")[0] not in ("simulator", "host_tools", "tests", "typing"), (
                f"{path}: {imported}"
            )
        assert "simulat" not in path.read_text().lower(), f"{path} speaks of a simulator"


def test_host_tools_import_only_pure_parts_of_the_firmware():
    for name, others in HOUSE.items():
        if not name.startswith("host_tools.") or name.endswith("_script"):
            continue  # a script is run by MicroPython, as the device's own main.py is
        for other in others:
            if other.startswith("firmware."):
                assert imports.room_of(other) in PURE_ROOMS or other in PURE_FILES, f"{name} imports {other}"


@pytest.mark.parametrize("path", sources(), ids=imports.name_of)
def test_every_file_compiles_for_the_chip(path, tmp_path):
    assert compile_file(path, tmp_path / "out.mpy", "armv6m", path.name) > 0
