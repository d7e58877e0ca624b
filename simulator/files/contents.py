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
        most = _large(most_bytes).replace(".0 ", " ")
        told = _large(size) if _large(size) != _large(most_bytes) else f"larger than {most}"
        raise CalandoError(f"{path} is {told}; a {what} has at most {most}, so {advice}")
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


def _large(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} KB"
