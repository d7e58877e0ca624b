"""A firmware's folder on the flash: all files of it in one, and the sum by which a start knows that it is whole.

firmware/root/packed.py reads it and says why it is one file; firmware/root/choice.py compares the sums.
"""

import struct
import zlib
from pathlib import PurePosixPath

from firmware.root.packed import FILE as PACKED
from firmware.root.packed import HEAD, MARK

SUMS = "sums"  # the file of a slot that holds slot_sums


def slot_of(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return what lies in a slot for a firmware's files by their paths ("firmware/audio.mpy"): modules packed, the sums."""
    modules = {name: data for name, data in files.items() if name.endswith(".mpy")}
    beside = {name: data for name, data in files.items() if name not in modules}
    slot = {PACKED: packed(modules)}
    return {**slot, SUMS: slot_sums(slot), **beside}


def packed(files: dict[str, bytes]) -> bytes:
    """Return files in one, as firmware/root/packed.py reads it. Raises ValueError for two paths of the same CRC-32."""
    folders = {str(folder) for name in files for folder in PurePosixPath(name).parents if folder.name}
    begin = struct.calcsize(HEAD) + 8 * (len(files) + len(folders))
    entries = {zlib.crc32(f"/{folder}".encode()): 0 for folder in folders}
    bodies = b""
    for name, data in sorted(files.items()):
        entries[zlib.crc32(f"/{name}".encode())] = begin + len(bodies)
        bodies += data
    if len(entries) < len(files) + len(folders):
        raise ValueError("two paths of the firmware have the same CRC-32; rename one of the files")
    table = b"".join(struct.pack("<II", *entry) for entry in sorted(entries.items()))
    return struct.pack(HEAD, MARK, len(entries), 0) + table + bodies


def slot_sums(files: dict[str, bytes]) -> bytes:
    """Return what firmware/root/choice.py compares a slot with at each start: CRC-32 and path of every file, then of
    these.
    """
    lines = "".join(f"{zlib.crc32(data):08x} {name}\n" for name, data in sorted(files.items())).encode()
    return lines + f"{zlib.crc32(lines):08x}\n".encode()
