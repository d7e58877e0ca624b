"""The firmware on an emulated RP2040, under MicroPython's own image: real instructions, real heap, real interrupts.

Thirty to fifty times slower than the chip while it works, so for short scenarios. The image is not ours to ship:
CALANDO_UF2 names the file. The emulator is an extra: `make setup-chip`.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from simulator.bedside import Bedside, Stopped
from simulator.emulator.image import ImageError, load_image
from simulator.flash import Flash, page_files
from simulator.interpreter import ROOT, device_image
from simulator.slot import slot_of

IMAGE_VARIABLE = "CALANDO_UF2"
FOLDER = "data"  # of the file system: where the device keeps its records
_SLOT = "a"


def why_not() -> str | None:
    """Return half a sentence on what this machine lacks for the emulated chip, or None when it can be had."""
    if not os.environ.get(IMAGE_VARIABLE):
        return (
            f"{IMAGE_VARIABLE} does not name MicroPython's image: download RPI_PICO v1.28.0 (UF2) from "
            f"micropython.org/download/RPI_PICO and set {IMAGE_VARIABLE} to the file"
        )
    if find_spec("rp2040py") is None:
        return "the emulator rp2040py is not installed: run `make setup-chip`"
    return None


def image() -> tuple[bytes, str]:
    """Return the image as flash contents, and its version; raises FileNotFoundError (with a sentence) where it or the
    emulator is missing or of no use."""
    missing = why_not()
    if missing is not None:
        raise FileNotFoundError(missing)
    try:
        return load_image(Path(os.environ[IMAGE_VARIABLE]))
    except ImageError as error:
        raise FileNotFoundError(
            f"{error}; set {IMAGE_VARIABLE} to MicroPython's image for RPI_PICO"
        ) from None


def boot(bedside: Bedside, pins: bool = False, powered_for_ms: int = 0) -> dict[str, Any]:
    """Run the firmware from one reset to the next; returns the image's version.

    `pins` hears the I2S signals bit by bit, ten times slower (simulator/emulator/i2s.py); powered_for_ms is where the
    chip's timer begins, for what happens after weeks.

    Raises FileNotFoundError (with a sentence) where the image or the emulator is missing or of no use.
    """
    flash, version = image()
    from simulator.emulator.chip import Chip  # not above: the emulator need not be installed

    if not bedside.flash.folder:
        bedside.flash, _ = deployed_flash()
        played = bedside.scenario
        bedside.flash.commit_profile(played.profile_values(), played.own_files())
    try:
        Chip(flash, bedside, bedside.boot(), pins, powered_for_ms).run()
    except Stopped:
        return {"micropython": version}
    raise RuntimeError("the emulated chip stopped without a reason")


def deployed_flash(along: dict[str, Path] | None = None) -> tuple[Flash, int]:
    """Return a Pico's flash with the firmware (and what is `along`) on it, and how many sectors the file system uses."""
    flash = Flash(folder=FOLDER)
    return flash, install_firmware(flash, along)


def install_firmware(flash: Flash, along: dict[str, Path] | None = None) -> int:
    """Do what `calando deploy` does: the firmware in the first of a flash's two folders, and pages for the journal.

    Returns how many sectors the file system then uses.

    along: more files by their names there, compiled with it.
    """
    files = device_image("armv6m", along)
    contents = {path.name: path.read_bytes() for path in sorted((ROOT / "firmware" / "root").glob("*.py"))}
    contents["slot"] = _SLOT.encode()
    slot = slot_of(
        {path.relative_to(files).as_posix(): path.read_bytes() for path in sorted(files.rglob("*.mpy"))}
    )
    contents |= {f"{_SLOT}/{name}": data for name, data in slot.items()}
    contents |= {f"{FOLDER}/{name}": data for name, data in page_files().items()}
    return flash.install(contents)
