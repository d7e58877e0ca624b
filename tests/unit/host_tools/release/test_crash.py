"""A traceback from a chip has the chip's names; a person is told those of the source."""

import re

from firmware.version import VERSION
from host_tools.release import crash, deploy
from simulator.interpreter import ROOT, compacted_sources


def renamed(file):
    """(its line in the source, name there, name on the chip) of a function of a file that has another name on the chip."""
    compacted = compacted_sources()
    for number, text in enumerate(compacted.sources[file].splitlines(), 1):
        found = re.match(r"    def (\w+)\(self", text)
        if found and found[1] in compacted.names:
            return number, compacted.names[found[1]], found[1]
    raise AssertionError(f"nothing in {file} has another name")


def test_names_are_those_of_the_source():
    number, name, short = renamed("firmware/audio.py")
    line = (ROOT / "firmware/audio.py").read_text("utf-8").splitlines()[number - 1]
    assert f"def {name}(" in line
    said = (
        f'Traceback (most recent call last):\n  File "firmware.main", line 5, in run\n'
        f'  File "firmware.audio", line {number + 1}, in {short}\n'
        f"AttributeError: 'Audio' object has no attribute '{short}'\n"
    )
    told = crash.in_a_line(said, VERSION)
    where = f'File "firmware.audio", line {number + 1}, in {name}'
    assert told == f"AttributeError: 'Audio' object has no attribute '{name}', {where}"


def test_names_stay_where_the_source_may_be_another():
    number, name, short = renamed("firmware/audio.py")
    frame = f'  File "firmware.audio", line {number + 1}, in '
    other = crash.in_a_line(f"Traceback:\n{frame}{short}\nOSError: 5\n", "0.0.1")
    assert other == f"OSError: 5, {(frame + short).strip()}"
    plain = crash.in_a_line(f"Traceback:\n{frame}{name}\nOSError: 5\n", VERSION)
    assert plain == f"OSError: 5, {(frame + name).strip()}"
    assert crash.in_a_line("MemoryError: \n", VERSION) == "MemoryError:"
    assert crash.in_a_line("", VERSION) == ""


def test_deployment_tells_of_a_firmware_that_died_while_it_was_loaded_by_the_names_of_the_source():
    number, name, short = renamed("firmware/audio.py")
    manifest = f'{{"version": "{VERSION}"}}'
    died = f"b   File \"firmware.audio\", line {number + 1}, in {short}\nAttributeError: no '{short}'"
    there = {"/left": "b never_ran", "/died": died, "/b/manifest.json": manifest}

    class Board:
        def read(self, path):
            return there.get(path)

    lines = []
    assert deploy._tell_what_was_left(Board(), lines.append) == ["/left", "/died"]
    where = f'File "firmware.audio", line {number + 1}, in {name}'
    assert lines[1].endswith(f"while it was loaded: AttributeError: no '{name}', {where}")
    there["/died"] = "of a firmware that nobody knows"
    deploy._tell_what_was_left(Board(), lines.append)
    assert lines[-1].endswith("of a firmware that nobody knows")
