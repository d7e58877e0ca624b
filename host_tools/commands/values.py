"""What typer makes of a text, a number, a path or a choice on the command line, without pydantic.

That takes longer to load than most of what these commands then do. What is not as simple as that, and what has to be
refused, is left to typer; but for an empty path, which it would take for the folder that one is in.
"""

import os
import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from typer import BadParameter

_THEIRS = object()  # not simple
_NUMBERS: dict[Any, Callable[[str], Any]] = {
    int: re.compile(r"-?[0-9]{1,15}").fullmatch,
    float: re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?").fullmatch,
}


class _Simply:
    """Stands in the place of the typer object that a parameter turns its values with."""

    def __init__(self, theirs: Callable[[], Any]):
        self._theirs = theirs

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value == "" and param.type_descriptor.annotation is Path:
            raise BadParameter("a path cannot be empty; give one, or leave it out", ctx=ctx, param=param)
        made = _simple(value, param)
        return self._theirs().coerce(value, param=param, ctx=ctx) if made is _THEIRS else made


class SimpleValues:
    """A command or a group whose parameters turn simple values without pydantic."""

    def get_params(self, ctx: Any) -> Any:
        parameters = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue]
        for parameter in parameters:
            if "get_runtime_param" not in vars(parameter) and hasattr(parameter, "get_runtime_param"):
                simply = _Simply(parameter.get_runtime_param)
                parameter.get_runtime_param = lambda simply=simply: simply
        return parameters


def _simple(value: Any, param: Any) -> Any:
    """Return what typer would make of a value, or _THEIRS where that is for typer to say."""
    info, annotation = param.type_descriptor.parameter_info, param.type_descriptor.annotation
    if param.multiple or param.nargs != 1 or info.parser is not None:
        return _THEIRS
    if value is None:
        return None
    if annotation in _NUMBERS:
        number: Any = annotation(value) if isinstance(value, str) and _NUMBERS[annotation](value) else value
        is_simple = type(number) is annotation and not info.clamp
        return number if is_simple and _lies_within(number, info.min, info.max) else _THEIRS
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next((choice for choice in annotation if value in (choice, choice.value)), _THEIRS)
    if annotation not in (str, Path) or not isinstance(value, str) or _asks_more(info):
        return _THEIRS
    if annotation is Path:
        return Path(value) if _can_be_read(value) else _THEIRS
    return value


def _lies_within(number: float, least: float | None, most: float | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def _asks_more(info: Any) -> bool:
    """Return whether more is asked of a path than that it may be read."""
    return bool(
        info.exists
        or not (info.file_okay and info.dir_okay and info.readable)
        or info.writable
        or info.resolve_path
        or info.allow_dash
        or info.path_type is not None
    )


def _can_be_read(path: str) -> bool:
    """Return whether nothing forbids to read what is there, if anything is: typer looks for that too."""
    return os.access(path, os.R_OK) or not os.path.lexists(path)
