"""One meaning a word, one place a word: what a search for a name would otherwise find twice."""

import ast
from collections import defaultdict

import pytest

from firmware import board, reasons
from firmware.drivers import adc, max3010x
from firmware.light import beneath, breath, movement, period, pulse, rates, rhythm
from firmware.prescription import programme
from firmware.sound import accompaniment, master, noise, sequencer, songs, tables, voices
from firmware.usb import bench_commands, programmes, staging
from host_tools.device import calibrate
from host_tools.docs import imports

MODULES = imports.sources()
# What stands in for the libraries of MicroPython and CircuitPython has their names.
STANDS_IN = ("simulator.target", "simulator.cpython.modules")
# Words that are also something else: kinds of the journal's events, a setting's values, an answer's fields and codes.
# A reason that is meant as one is written reasons.NAME.
OTHER_MEANINGS = {
    "firmware.memory.journal": {"hold", "fault"},
    "firmware.memory.names": {"dose", "fault"},
    "firmware.main": {"fault"},
    "firmware.step": {"hold", "idle"},
    "firmware.usb.commands": {"idle", "sensor_fault", "adc_fault"},
    "firmware.usb.staging": {"not_confirmed"},
    "firmware.prescription.profile": {"open_loop", "fade"},
    "firmware.prescription.profiles": {"fade"},
    "firmware.care.guard": {"open_loop"},
    "firmware.care.programme": {"open_loop"},
    "firmware.care.session": {"open_loop", "fade"},
}


def doubled(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Return the classes that others may use and whose name stands in more than one file, with the files."""
    found = defaultdict(list)
    for name, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    return {name: files for name, files in found.items() if len(files) > 1}


def test_a_class_has_its_name_alone():
    trees = {
        name: ast.parse(path.read_text("utf-8"))
        for name, path in MODULES.items()
        if not name.startswith(STANDS_IN)
    }
    assert doubled(trees) == {}


def test_a_class_that_is_there_twice_is_seen():
    trees = {"a": ast.parse("class Device: pass\nclass _Own: pass"), "b": ast.parse("class Device: pass")}
    assert doubled(trees | {"c": ast.parse("class _Own: pass")}) == {"Device": ["a", "b"]}


def typed_again(text: str) -> set[str]:
    """Return the words of firmware/reasons.py that stand in a source as strings of their own."""
    words = {value for key, value in vars(reasons).items() if key.isupper() and isinstance(value, str)}
    return {
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words
    }


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("firmware.")))
def test_a_reason_is_typed_in_one_place(name):
    if name != "firmware.reasons":
        assert typed_again(MODULES[name].read_text("utf-8")) <= OTHER_MEANINGS.get(name, set())


def test_a_reason_typed_again_is_seen():
    assert typed_again('why = "no_contact"') == {"no_contact"}


def test_an_address_on_the_bus_is_typed_in_one_place():
    addresses = {value for key, value in vars(board).items() if key.startswith("ADDRESS_")}
    assert len(addresses) == 3
    for name, path in MODULES.items():
        if name == "firmware.board" or not name.startswith(("firmware.drivers", "simulator.chips")):
            continue
        numbers = {
            keyword.value.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "address" and isinstance(keyword.value, ast.Constant)
        }
        assert not numbers & addresses, name


def test_numbers_that_the_chip_keeps_in_two_files_are_the_same():
    """A `const` is written into the file that uses it, and a module asked for one number alone would take its heap."""
    same = [
        {module._MBPM_TICKS for module in (breath, period, rates)},
        {breath._BEATS_MASK, rhythm._BEATS_MASK},
        {breath._X_MOST, pulse._X_MOST},
        {beneath._LEFT_PERMILLE, period._LEFT_PERMILLE},
        {beneath._SAME_PERCENT, rates._SAME_PERCENT},
        {beneath._SETTLES_SHIFT, movement._SETTLES_SHIFT},
        {accompaniment._UNITS_PER_TICK, sequencer._UNITS_PER_TICK},
        {accompaniment._HALF_SAMPLE_UNITS, sequencer._HALF_SAMPLE_UNITS},
        {master.BIAS, noise.BIAS, voices.BIAS},
        {noise._WHOLE_TURN, voices._WHOLE_TURN},
        {noise._TO_PLACE, voices._TO_PLACE},
        {tables._TABLE_STRIDE, voices.TABLE_STRIDE},
        {tables._WAVE_BIAS, voices._WAVE_BIAS},
        {adc._FAILING_MS, max3010x._FAILING_MS},
        {programme.SONG_BYTES_MAX, programmes.SONG_BYTES_MAX},
        {programme.PROGRAMMES_MAX, staging.PROGRAMMES_MAX},
        {programme.LARGEST, staging.PROGRAMME_BYTES_MAX},
        {programme.SOUNDSCAPES, songs.SOUNDSCAPES},
        {calibrate.LEVELS_DBFS, bench_commands.LEVELS_DBFS},
    ]
    assert [values for values in same if len(values) != 1] == []


def test_a_segments_places_are_those_of_its_table():
    order = [setting.name for setting in programme.TABLE]
    assert [order[place] for place in (programmes._SOURCE, programmes._NAME, programmes._MINUTES)] == [
        "source",
        "name",
        "minutes",
    ]
