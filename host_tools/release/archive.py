"""Builds one archive that is all a device needs: firmware for both boards, hashes, a bill of materials, notes.

The same sources give the same bytes: times in the archive are fixed, names sorted. `calando deploy --release` puts it
on a device.
"""

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

from firmware.version import VERSION
from host_tools import zip_files
from host_tools.output import OutputFolder
from host_tools.release.bill import bill_of_materials
from host_tools.release.image import CHIPS, starters
from host_tools.release.image import image as compiled
from simulator.files.errors import CalandoError
from simulator.interpreter import ROOT

# The image of MicroPython that this firmware was tried with in emulation; a newer one leaves it less memory, and deploy
# takes no other (fit.py).
MICROPYTHON = "1.28.0"
IMAGES = {"armv6m": "RPI_PICO", "armv7emsp": "RPI_PICO2"}
SUMS = "SHA256SUMS"
BILL = "sbom.cdx.json"
LARGEST_BYTES = 8_000_000  # packed, and unpacked; today 0.5 MB for both boards
MOST_FILES = 1000
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same bytes whenever it is built


def contents() -> dict[str, bytes]:
    """Return every file of the release by its name in the archive."""
    files: dict[str, bytes] = {}
    for arch in IMAGES:
        files |= {f"{arch}/{name}": data for name, data in compiled(arch).items()}
    files |= {f"root/{name}": data for name, data in starters().items()}
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files["NOTES.md"] = _notes(files).encode()
    files[BILL] = bill_of_materials(files, MICROPYTHON, IMAGES.values()).encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return {**files, SUMS: sums.encode()}


def _notes(files: dict[str, bytes]) -> str:
    sizes = {arch: sum(len(data) for name, data in files.items() if name.startswith(arch)) for arch in IMAGES}
    rows = "".join(
        f"| {CHIPS[arch]} | {image} | {arch} | {sizes[arch]} |\n" for arch, image in IMAGES.items()
    )
    return f"""# Calando {VERSION}

Not a medical device and not a monitor. Read docs/intended-use.md of the project before anything that involves a person.

| chip | image of MicroPython {MICROPYTHON} | files | bytes in a slot |
|---|---|---|---|
{rows}
1. Put that image on the board (micropython.org/download): hold BOOTSEL while you plug it in, copy the file over.
2. `calando deploy --release calando-{VERSION}.zip`. On a device that works already, switch it off and
   hold its button while you plug it in.
3. The bench checklist of docs/hardware.md, before anybody hears it.

`{SUMS}` holds the hash of every file here, `{BILL}` what the firmware is made of (CycloneDX 1.6).
"""


def build(folder: Path) -> Path:
    """Write the archive into a folder; returns its path."""
    name = f"calando-{VERSION}.zip"
    with OutputFolder(folder) as new, zipfile.ZipFile(new / name, "w") as archive:
        for file, data in sorted(contents().items()):
            archive.writestr(zipfile.ZipInfo(file, _TIME), data, zipfile.ZIP_DEFLATED)
    return folder / name


def image(path: Path, arch: str) -> dict[str, bytes]:
    """Return the slot's files for a chip from an archive; raises CalandoError unless every hash in it is right."""
    try:
        with zip_files.opened(path, "release", LARGEST_BYTES, MOST_FILES) as archive:
            files = {name: archive.read(name) for name in archive.names}
        sums = dict(line.split("  ")[::-1] for line in files.pop(SUMS).decode().splitlines())
    except (OSError, *zip_files.DAMAGED) as error:
        raise CalandoError(
            f"{path} is no release of Calando ({error}); build one with `make release`"
        ) from None
    if {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} != sums:
        raise CalandoError(f"{path} is damaged: its files are not those of its {SUMS}; get it again")
    chosen = {
        name.removeprefix(f"{arch}/"): data for name, data in files.items() if name.startswith(f"{arch}/")
    }
    if not chosen:
        raise CalandoError(f"{path} has nothing for this board ({arch}), only for {', '.join(IMAGES)}")
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description="build the release archive")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    try:
        path = build(parser.parse_args().out)
    except (CalandoError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
