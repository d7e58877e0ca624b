"""The firmware in this very process, for the debugger, coverage and property tests. Slower than MicroPython.

`machine` and `time` exist only while a device runs: the firmware's modules are imported afresh for each boot, from the
same files, with the simulated parts ahead on the path.
"""

import contextlib
import importlib.util
import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from simulator import cpython
from simulator.bedside import Bedside, RuntimeDied, Stopped
from simulator.interpreter import ROOT, TARGET

DIRECT = ROOT / "simulator" / "cpython" / "direct"
_SUPPLIED = ("machine", "rp2", "wire", "messages", "transport", "files", "usb", "usb_fifo", "calando_boot")
# Built into CPython, so that no path can come before them.
_REPLACED = {"time": TARGET / "time.py", "gc": DIRECT / "gc.py"}


@contextlib.contextmanager
def _device_modules() -> Iterator[None]:
    """Let imports find the device's modules instead of ours, and put ours back afterwards."""

    def of_the_device(name: str) -> bool:
        return (
            name in _SUPPLIED
            or name in _REPLACED
            or name.split(".")[0] in ("firmware", "adafruit_ads1x15", "adafruit_bus_device")
        )

    cpython.install()
    ours = {name: module for name, module in sys.modules.items() if of_the_device(name)}
    path = list(sys.path)
    for name in ours:
        del sys.modules[name]
    sys.path[:0] = [str(TARGET), str(DIRECT)]
    try:
        for name, file in _REPLACED.items():
            _load(name, file, ours.get(name))
        yield
    finally:
        for name in [name for name in sys.modules if of_the_device(name)]:
            del sys.modules[name]
        sys.modules.update(ours)
        sys.path[:] = path


def _load(name: str, file: Path, real: ModuleType | None) -> None:
    """Put a module of the device in the place of a built-in one; what it lacks, others still find in it."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for key, value in vars(real).items() if real is not None else ():
        vars(module).setdefault(key, value)
    sys.modules[name] = module


def _print_exception(error: BaseException, file: TextIO) -> None:
    traceback.print_exception(error, file=file)


def boot(bedside: Bedside, script: Path | None = None) -> dict[str, Any]:
    """Run the firmware from one reset to the next; returns what is known of its heap (nothing, on CPython).

    `script` boots it instead of simulator/target/pipe/start.py.
    """
    start = bedside.boot()
    with _device_modules():
        import calando_boot  # pyright: ignore[reportMissingImports]
        import transport  # pyright: ignore[reportMissingImports]

        transport.port, transport.boot = bedside, start
        sys.print_exception = _print_exception  # type: ignore[attr-defined]
        try:
            if script is None:
                calando_boot.run()
            else:
                runpy.run_path(str(script))
        except Stopped:
            return {}
        finally:
            del sys.print_exception  # type: ignore[attr-defined]
    raise RuntimeDied(
        "the firmware ended by itself: started with its button held and a computer there it is in maintenance, "
        "for which only --runtime rp2040 has a prompt"
    )
