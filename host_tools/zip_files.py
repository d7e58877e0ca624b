"""Reads a zip of unknown origin into memory, no more of it than was asked for; nothing is ever unpacked into a folder."""

import io
import struct
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

from simulator.files import contents
from simulator.files.errors import CalandoError

# What the reader of zips raises for bytes that are none; NotImplementedError is its word for a packing it does not know.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OverflowError, ValueError,
    KeyError,
)  # fmt: skip
_ENTRY = b"PK\x01\x02"  # begins each entry of a zip's directory


class Zip:
    """An open zip; `names` are those of its files, each once."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self.names = archive.namelist()

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises one of DAMAGED.

        Of the ways to pack, only these can be ended at the size that the directory says, and only when they are asked for
        so much: all at once is unpacked first and cut then.
        """
        entry = self._archive.getinfo(name)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("packed in an unusual way")
        with self._archive.open(entry) as file:
            return file.read(entry.file_size)


@contextmanager
def opened(path: Path, what: str, most_bytes: int, most_files: int):
    """Open a zip to read from: `with opened(path, "backup", ...) as files: files.read(name)`.

    Raises CalandoError for one that is larger, packed or unpacked, holds more files, or a name twice; one of DAMAGED or
    OSError for what is no zip, or cannot be read.
    """
    packed = contents.read_at_most(path, most_bytes + 1)
    too_large = CalandoError(f"{path} is larger than any {what}; check that this is the right file")
    if len(packed) > most_bytes or packed.count(_ENTRY) > 2 * most_files:
        raise too_large
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        entries = archive.infolist()
        if len({entry.filename for entry in entries}) < len(entries):
            raise CalandoError(f"{path} has the same name in it twice; use another {what}")
        if sum(entry.file_size for entry in entries) > most_bytes:
            raise too_large
        yield Zip(archive)
