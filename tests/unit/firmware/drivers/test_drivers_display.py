"""firmware/drivers/display.py on the display's model, both under MicroPython, whose letters it draws with."""

import json
from pathlib import Path

from simulator.chips import ssd1306
from simulator.interpreter import ROOT, run_script

SCRIPT = ROOT / "tests" / "on_device" / "display_on_micropython.py"
CHIPS = Path(ssd1306.__file__).parent


def test_the_display_shows_the_lines_it_is_given_and_nothing_depends_on_it():
    printed = json.loads(run_script(SCRIPT, str(CHIPS), heap_kib=400, timeout_s=60).stdout)
    assert printed["silent_before"]
    assert printed["configured"]
    assert printed["dark"]
    assert printed["steps"] == [False, False, False, True, True]  # a line a call
    assert printed["first"]
    assert printed["second"]
    assert printed["bytes_for_a_line"] == 4 + 129
    assert printed["off"]
    assert printed["allocated"] == 0
    assert printed["failed"]
    assert printed["absent"]
