"""Compiles every file of the firmware as it goes to a board, and says how large each is there.

What does not compile for the chip (a constant beyond 2**30 - 1 in viper code, for one) runs well on a desk, so this is
part of `make check` and of the tests.
"""

import argparse
import sys
from pathlib import Path

from host_tools.release.fit import blocks_needed
from host_tools.release.image import image
from simulator.files.errors import CalandoError
from simulator.interpreter import ROOT
from simulator.slot import slot_of

FIRMWARE = ROOT / "firmware"


def sources() -> list[Path]:
    return sorted(FIRMWARE.rglob("*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description="compile the firmware for a chip")
    parser.add_argument("--arch", default="armv6m", help="armv6m for the RP2040, armv7emsp for the RP2350")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .mpy files")
    arguments = parser.parse_args()
    try:
        files = image(arguments.arch)
        for name, data in files.items():
            (arguments.out / name).parent.mkdir(parents=True, exist_ok=True)
            (arguments.out / name).write_bytes(data)
    except CalandoError as error:
        print(error, file=sys.stderr)
        return 1
    modules = {name: len(data) for name, data in files.items() if name.endswith(".mpy")}
    for name, size in modules.items():
        print(f"{size:7d}  {name}")
    slot = {name: len(data) for name, data in slot_of(files).items()}
    print(f"{sum(modules.values()):7d}  bytes for {arguments.arch}")
    print(
        f"{sum(slot.values()):7d}  bytes in a slot, {blocks_needed(slot)} blocks of flash: {', '.join(slot)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
