"""A traceback from a chip has the chip's names; a person is told those of the source."""

import re
from functools import cache

from firmware.version import VERSION
from host_tools.release import crash, deploy
from simulator.interpreter import ROOT, compacted_sources


@cache
def renamed(file):
    """(its name in the source, and on the chip) of each function of a file that has another name on the chip."""
    compacted = compacted_sources()
    names = {**compacted.names, **compacted.own[file]}
    found = re.findall(r"(?m)^ *def (\w+)\(self", compacted.sources[file])
    return [(names[short], short) for short in found if short in names]


def test_names_are_those_of_the_source():
    """Of those that mean the same everywhere, and of those that mean something else in each file."""
    source = (ROOT / "firmware/audio.py").read_text("utf-8")
    assert len(renamed("firmware/audio.py")) > 5
    for name, short in renamed("firmware/audio.py"):
        assert f"def {name}(" in source
        said = (
            f'Traceback (most recent call last):\n  File "firmware.main", line 1, in run\n'
            f'  File "firmware.audio", line 1, in {short}\n'
            f"AttributeError: 'Audio' object has no attribute '{short}'\n"
        )
        told = crash.in_a_line(said, VERSION)
        assert (
            told
            == f"AttributeError: 'Audio' object has no attribute '{name}', File \"firmware.audio\", in {name}"
        )


def test_names_stay_where_the_source_may_be_another():
    name, short = renamed("firmware/audio.py")[0]
    frame = '  File "firmware.audio", line 1, in '
    where = 'File "firmware.audio", in '
    other = crash.in_a_line(f"Traceback:\n{frame}{short}\nOSError: 5\n", "0.0.1")
    assert other == f"OSError: 5, {where}{short}"
    plain = crash.in_a_line(f"Traceback:\n{frame}{name}\nOSError: 5\n", VERSION)
    assert plain == f"OSError: 5, {where}{name}"
    assert crash.in_a_line("MemoryError: \n", VERSION) == "MemoryError:"
    assert crash.in_a_line("", VERSION) == ""


def test_deployment_tells_of_a_firmware_that_died_while_it_was_loaded_by_the_names_of_the_source():
    name, short = renamed("firmware/audio.py")[0]
    manifest = f'{{"version": "{VERSION}"}}'
    died = f"b   File \"firmware.audio\", line 1, in {short}\nAttributeError: no '{short}'"
    there = {"/left": "b never_ran", "/died": died, "/b/manifest.json": manifest}

    class Board:
        def read(self, path):
            return there.get(path)

    lines = []
    assert deploy._tell_what_was_left(Board(), lines.append) == ["/left", "/died"]
    where = f'File "firmware.audio", in {name}'
    assert lines[1].endswith(f"while it was loaded: AttributeError: no '{name}', {where}")
    there["/died"] = "of a firmware that nobody knows"
    deploy._tell_what_was_left(Board(), lines.append)
    assert lines[-1].endswith("of a firmware that nobody knows")


def test_a_desks_device_has_lines_and_its_own_names():
    said = 'Traceback:\n  File "firmware/audio.py", line 12, in a\nOSError: 5\n'
    assert crash.in_a_line(said, VERSION) == 'OSError: 5, File "firmware/audio.py", line 12, in a'
