"""Reads a TOML file that a person wrote; whatever is wrong with it is one sentence."""

import tomllib
from pathlib import Path
from typing import Any

from simulator.files.errors import CalandoError, os_reason

LARGEST_BYTES = 1_000_000


def read(path: Path, what: str) -> tuple[dict[str, Any], str]:
    """The values of a file and its text; `what` ("scenario", "profile") is its name in the error.

    Raises CalandoError: no such file, not to be read, too large, not UTF-8, not TOML.
    """
    try:
        if path.is_dir():
            raise CalandoError(f"{path} is a folder; give the {what}'s TOML file")
        if path.is_file() and path.stat().st_size > LARGEST_BYTES:
            raise CalandoError(
                f"{path} is {path.stat().st_size / 1e6:.1f} MB; a {what} has at most "
                f"{LARGEST_BYTES // 1_000_000} MB, so check that this is the right file"
            )
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise CalandoError(f"{path}: there is no such {what}; check the name and the folder") from None
    except OSError as error:
        raise CalandoError(
            f"{path}: the {what} cannot be read ({os_reason(error)}); check its permissions"
        ) from None
    try:
        text = raw.decode("utf-8-sig")  # some editors begin a file with a mark that is no part of it
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CalandoError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    try:
        return tomllib.loads(text), text
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
