"""What a device's firmware died of, for whoever mends it, with the names of the source.

On a chip most names are others (simulator/compact.py), so that MicroPython need not keep them, and there are no numbers of
lines: every frame says 1. Which function of which file it was is left.
"""

import re
from functools import cache

from firmware.version import VERSION
from simulator.interpreter import compacted_sources

_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_QUOTED = re.compile(r"'(\w+)'")


def in_a_line(traceback: str, firmware: str) -> str:
    """Return what the firmware died of, and where: the last two lines of MicroPython's traceback, in one.

    firmware: the version that the device says it runs. Of another than this program's the names stay as the chip says them.
    """
    lines = [line.strip() for line in traceback.splitlines() if line.strip()][-2:]
    frame = _FRAME.search(lines[0]) if len(lines) == 2 else None
    if frame is not None and frame[2] == "1":
        called = frame[3]
        if firmware == VERSION:
            compacted = _compacted()
            file = _file(frame[1])
            names = {**compacted.names, **compacted.own.get(file, {})}
            # Only where that file has a function of that name: else it is other source, or has its own names.
            if called in names and _has(called, compacted.sources.get(file, "")):
                lines[1] = _QUOTED.sub(lambda said: f"'{names.get(said[1], said[1])}'", lines[1])
                called = names[called]
        lines[0] = f'File "{frame[1]}", in {called}'
    return ", ".join(reversed(lines))


_compacted = cache(compacted_sources)  # one and the same as long as the program runs


def _file(called: str) -> str:
    """Return the file of a frame: on a chip it is called as its module is."""
    return called if called.endswith(".py") else called.replace(".", "/") + ".py"


def _has(name: str, source: str) -> bool:
    return re.search(rf"(?m)^\s*def {re.escape(name)}\(", source) is not None
