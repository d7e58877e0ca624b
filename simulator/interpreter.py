"""Finds the MicroPython interpreter and runs firmware code in it, for every command that wants the real thing."""

import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(__file__).resolve().parent / "target"


def find_micropython() -> Path | None:
    """The `micropython` program of this environment, or None where no wheel of it exists for the machine."""
    beside = Path(sys.executable).parent / "micropython"
    if beside.exists():
        return beside
    found = shutil.which("micropython")
    return Path(found) if found else None


def why_no_micropython() -> str:
    """One sentence for the person whose machine has none."""
    return (
        f"no MicroPython interpreter for {platform.system()} on {platform.machine()}: its wheels cover "
        "x86-64 Linux and Arm macOS; use --runtime cpython, which gives the same results more slowly"
    )


def drivers_path() -> Path:
    """The folder that holds Adafruit's drivers, which the firmware imports unchanged."""
    spec = find_spec("adafruit_ads1x15")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package adafruit-circuitpython-ads1x15 is not installed: run `make setup`")
    return Path(spec.origin).parent.parent


def environment(*first: Path) -> dict[str, str]:
    """The environment in which MicroPython finds, in this order: `first`, the firmware package, Adafruit's drivers."""
    path = [*map(str, first), str(ROOT), str(drivers_path()), ".frozen"]
    return {**os.environ, "MICROPYPATH": ":".join(path)}


def run_script(
    script: Path, *arguments: str, heap_kib: int | None = None, stdin: bytes | None = None, timeout_s: float = 600
) -> subprocess.CompletedProcess[bytes]:
    """Run a script of ours under MicroPython with the firmware importable; returns what it printed.

    Raises FileNotFoundError (with a sentence) where there is no interpreter, subprocess.CalledProcessError when
    the script fails, subprocess.TimeoutExpired when it hangs.
    """
    program = find_micropython()
    if program is None:
        raise FileNotFoundError(why_no_micropython())
    heap = ["-X", f"heapsize={heap_kib}k"] if heap_kib else []
    return subprocess.run(
        [str(program), *heap, str(script), *arguments],
        env=environment(), input=stdin, capture_output=True, check=True, timeout=timeout_s,
    )
