"""Lets CPython import the firmware: supplies the `micropython` module that MicroPython has built in.

Everything else the firmware's pure modules need is plain Python. `machine` and the virtual `time` are
not here: they belong to a simulated device (simulator/target) and exist only while one runs.
"""

import sys
from pathlib import Path


def install() -> None:
    """Put our `micropython` module within reach of `import micropython`; harmless when repeated."""
    folder = str(Path(__file__).parent / "modules")
    if folder not in sys.path:
        sys.path.append(folder)
