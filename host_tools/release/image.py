"""Compiles what a board gets: every file of one slot, with their hashes, and the starters beside it."""

import hashlib
import json
import tempfile
from pathlib import Path

from firmware.version import VERSION
from simulator.files.errors import CalandoError
from simulator.interpreter import ROOT, CompileError, compacted_sources, compile_text

# Of firmware/root: to the root of the flash, as source, for MicroPython runs no other. In this order: choice.py imports
# packed.py, and the cable may be pulled between the two.
STARTERS = ("packed.py", "boot.py", "main.py", "choice.py")
MANIFEST = "manifest.json"
CHIPS = {"armv6m": "RP2040", "armv7emsp": "RP2350"}


def image(arch: str) -> dict[str, bytes]:
    """Return everything that goes into one slot, compiled for `arch`: path inside the slot to bytes.

    Raises CalandoError when a file does not compile.
    """
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as beside:
        target = Path(beside) / "file.mpy"
        for name, text in compacted_sources(arch).sources.items():
            try:
                compile_text(text, target, arch, name)
            except CompileError as error:
                raise CalandoError(str(error)) from None
            files[Path(name).with_suffix(".mpy").as_posix()] = target.read_bytes()
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files[MANIFEST] = json.dumps({"version": VERSION, "architecture": arch, "files": hashes}).encode()
    return files


def starters() -> dict[str, bytes]:
    """Return the small files at the root of the flash: the two that MicroPython itself starts, the choice of a
    slot, and what imports from it."""
    return {name: (ROOT / "firmware" / "root" / name).read_bytes() for name in STARTERS}
