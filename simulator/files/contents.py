"""Reads a file that a person named, as far as it may be large; why it cannot be read is one sentence."""

import io
import os
from pathlib import Path

from simulator.files.errors import CalandoError, os_reason


def read_bytes(path: Path, what: str, most_bytes: int, advice: str) -> bytes:
    """Return the whole file. `what` ("scenario", "recording") is its name in the sentence, `advice` what to do with one
    that is larger than `most_bytes`.

    Raises CalandoError: a folder, no such file, too large, not to be read.
    """
    try:
        if path.is_dir():
            raise CalandoError(f"{path} is a folder; give the {what}'s file")
        raw = read_at_most(path, most_bytes + 1)
        size = max(path.stat().st_size, len(raw))  # of a pipe, what came of it
    except FileNotFoundError:
        raise CalandoError(f"{path}: there is no such {what}; check the name and the folder") from None
    except OSError as error:
        raise CalandoError(
            f"{path}: the {what} cannot be read ({os_reason(error)}); check its permissions"
        ) from None
    if size > most_bytes:
        told, most = sizes(size, most_bytes)
        raise CalandoError(f"{path} has {told}; a {what} has at most {most}, so {advice}")
    return raw


def read_at_most(path: Path, count: int) -> bytes:
    """Return the first `count` bytes of a file, or of a pipe (a shell's `<(...)`, /dev/stdin) what is written to it.

    Raises OSError, and CalandoError for a pipe that nobody writes to: opening it in the usual way waits for ever.
    """
    if not path.is_fifo():
        with path.open("rb") as file:
            return file.read(count)
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb", buffering=0) as raw:
        begins = raw.read(1)  # None: somebody has it open, and has not written yet
        if begins == b"":
            raise CalandoError(f"{path} is a pipe that nobody writes to; give a file")
        os.set_blocking(number, True)
        with io.BufferedReader(raw) as file:
            return (begins or b"") + file.read(count - len(begins or b""))


def sizes(size: int, most_bytes: int) -> tuple[str, str]:
    """Return a size that is too large, and the most that it may be, as a person reads them.

    The most is never rounded, and what is hardly more, or was read no further, is "more than" that.
    """
    most = f"{most_bytes} bytes"
    for unit, name in ((1_000_000, "MB"), (1000, "KB")):
        if most_bytes % unit == 0 and most_bytes:
            most = f"{most_bytes // unit} {name}"
            break
    told = f"{size} bytes" if size < 10_000 else f"{size / 1000:.0f} KB"
    if size >= 1_000_000:
        told = f"{size / 1e6:.1f} MB"
    if size == most_bytes + 1 or told.replace(".0 ", " ") == most:
        told = f"more than {most}"
    return told, most
