"""The language that a session is told in: English, as it stands in the code, or another while somebody has asked for it.

Who asks brings the catalogue (host_tools/studio/texts.py); nothing here knows one.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


def _english(text: str, /, **values: object) -> str:
    return text.format(**values) if values else text


@dataclass(frozen=True)
class Language:
    """code: as HTML names it. say: a text of the code to this language, with its places filled. sentence: one that was made
    elsewhere, with its values in it. day, moment: as the reader's country writes them. point: before decimals.
    """

    code: str = "en"
    say: Callable[..., str] = _english
    sentence: Callable[[str], str] = str
    day: Callable[[datetime.date], str] = "{:%Y-%m-%d}".format
    moment: Callable[[datetime.datetime], str] = "{:%Y-%m-%d %H:%M}".format
    point: str = "."


_ENGLISH = Language()
_now: ContextVar[Language] = ContextVar("language", default=_ENGLISH)


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Have all that is told within in another language."""
    before = _now.set(language)
    try:
        yield
    finally:
        _now.reset(before)


def now() -> Language:
    """Return the language that is spoken."""
    return _now.get()


def say(text: str, /, **values: object) -> str:
    """Return a text in the language that is spoken, with `{name}` replaced by values."""
    return now().say(text, **values)


def number(value: float, form: str = "g") -> str:
    """Return a number as Python's format writes it, with the point that the reader knows."""
    return format(value, form).replace(".", now().point)
