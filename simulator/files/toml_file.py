"""Reads a TOML file that a person wrote; whatever is wrong with it is one sentence."""

import tomllib
from pathlib import Path
from typing import Any

from simulator.files import contents
from simulator.files.errors import CalandoError

LARGEST_BYTES = 1_000_000
_MOST_BITS = 10_000  # some 3000 digits


def read(path: Path, what: str) -> tuple[dict[str, Any], str]:
    """Return the values of a file and its text; `what` ("scenario", "profile") is its name in the error.

    Raises CalandoError: no such file, not to be read, too large, not UTF-8, not TOML.
    """
    raw = contents.read_bytes(path, what, LARGEST_BYTES, "check that this is the right file")
    try:
        text = raw.decode("utf-8-sig")  # some editors begin a file with a mark that is no part of it
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CalandoError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    try:
        values = tomllib.loads(text)
        _refuse_huge(values)
        return values, text
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        if "at end of document" in message:
            raise CalandoError(
                f"{path}: this is not valid TOML: it ends in the middle of something, as a file that was cut; take the "
                f"whole {what}, or complete its last line"
            ) from None
        raise CalandoError(
            f"{path}: this is not valid TOML: {message[:1].lower() + message[1:]}; correct that place"
        ) from None
    except ValueError:  # the number is longer than Python reads
        raise CalandoError(
            f"{path}: a number in it has thousands of digits; no value of a {what} has, so correct it"
        ) from None
    except RecursionError:
        raise CalandoError(f"{path}: this is not a {what}: it is nested too deeply; check the file") from None


def _refuse_huge(values: dict[str, Any]) -> None:
    """Raise ValueError where a whole number, written in hexadecimal, is longer than Python puts into a sentence."""
    waiting: list[Any] = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ValueError("a number of thousands of digits")
