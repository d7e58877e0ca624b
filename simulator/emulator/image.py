"""MicroPython's image for the Pico, as the UF2 file that a person downloads: checked, and taken apart."""

import re
from pathlib import Path

FLASH_START = 0x1000_0000
FLASH_BYTES = 2 << 20
FILES_START = 640 << 10  # of a Pico's flash; the file system takes the 1408 KB behind it

_BLOCK_BYTES = 512
_MAGIC = b"UF2\nWQ]\x9e"
_MOST_PAYLOAD_BYTES = 476


class ImageError(Exception):
    """The firmware image cannot be used; the text says which and why."""


def load_image(path: Path) -> tuple[bytes, str]:
    """Read a UF2 file as (flash contents, MicroPython version); raises ImageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"the image {path} cannot be read ({error.strerror})") from None
    flash = bytearray(b"\xff" * FILES_START)
    for place in range(0, len(data) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
        block = data[place : place + _BLOCK_BYTES]
        start = int.from_bytes(block[12:16], "little") - FLASH_START
        count = int.from_bytes(block[16:20], "little")
        if block[:8] != _MAGIC or count > _MOST_PAYLOAD_BYTES or not 0 <= start <= FILES_START - count:
            raise ImageError(
                f"{path} is not a UF2 image of a Raspberry Pi Pico (block {place // _BLOCK_BYTES})"
            )
        flash[start : start + count] = block[32 : 32 + count]
    found = re.search(rb"MicroPython (v[\w.+-]+) on ", flash)
    if found is None or b"RP2040" not in flash:
        raise ImageError(f"{path} holds no MicroPython for the RP2040")
    return bytes(flash), found[1].decode()
