"""The words of the page in the reader's language, and numbers and dates as their country has them.

English stands in the code; other languages in one catalogue each (locale/LANGUAGE.po), read by Babel. A sentence that is
not in it stays English, as do the device's own.
"""

import datetime
import io
import re
from functools import cache, lru_cache, partial
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from host_tools.sessions.language import Language

LANGUAGES = {"en": "English", "de": "Deutsch"}
TOLD, KEY = "told", "key"  # contexts in the catalogue
FOLDER = Path(__file__).parent / "locale"

_language = "en"
_region = "en_GB"


def use(language: str, region: str | None = None) -> None:
    """Speak a language of LANGUAGES from now on; region: such as de_CH, for numbers and dates."""
    global _language, _region
    _language = language if language in LANGUAGES else "en"
    _region = region or {"en": "en_GB", "de": "de_DE"}[_language]


def language() -> str:
    return _language


def spoken() -> tuple[str, str]:
    """Return language and region as they are now, for `use` in another process."""
    return _language, _region


def for_sessions() -> Language:
    """Return the reader's language for what is told of a session (host_tools/sessions/language.py)."""
    point = "."
    if _language != "en":
        from babel.numbers import get_decimal_symbol

        point = get_decimal_symbol(_region)
    return Language(_language, _, told, day, minute, point)


def _(text: str, /, **values: Any) -> str:
    """Return a text in the reader's language, with `{name}` replaced by values."""
    if _language != "en":
        text = _catalogue(_language).gettext(text)
    return text.format(**values) if values else text


def in_each(text: str) -> set[str]:
    """Return a text as each language has it."""
    return {text, *(_catalogue(name).gettext(text) for name in LANGUAGES if name != "en")}


def told(sentence: str) -> str:
    """Return what another part of the program told in English, with its values in it, in the reader's language.

    The catalogue has it with places for the values, in the context TOLD; of {key} it has each name in the context KEY,
    and {told} is such a sentence itself.
    """
    if _language != "en":
        for pattern, text in _patterns(_language):
            found = pattern.fullmatch(sentence)
            if found is not None:
                say = {KEY: partial(_catalogue(_language).pgettext, KEY), TOLD: told}
                values = {name: say.get(name, str)(value) for name, value in found.groupdict().items()}
                return text.format(**values)
    return sentence


def sentence(said: object) -> str:
    """Return what another part of the program told, or an error of it, as a sentence of a page: see told."""
    text = told(str(said))
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def number(value: Any) -> str:
    """Return a number as the reader's country writes it; what is none, as it is."""
    return _written(value, "#,##0.###", _region)


def typed(value: Any) -> str:
    """Return a number as somebody types it: as `number`, but for the marks between thousands."""
    return _written(value, "0.###", _region)


@lru_cache(4096, typed=True)  # a page says the same few numbers at each click, and Babel takes its time
def _written(value: Any, pattern: str, region: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    from babel.numbers import format_decimal

    return format_decimal(value, format=pattern, locale=region)


def number_of(text: str) -> float | None:
    """Return what somebody typed as a number; None where it is none.

    A comma or a point is the decimal mark, but where it stands as the reader's country parts thousands: "1,440" in Britain.
    """
    from babel.numbers import get_group_symbol

    text = text.strip()
    mark = get_group_symbol(_region)
    marks = re.escape("'’ \u00a0\u202f" + (mark if mark in ",." else ""))
    point = ",.".replace(mark, "")
    if re.fullmatch(rf"-?[1-9]\d{{0,2}}([{marks}]\d{{3}})+([{point}]\d+)?", text):
        whole = re.match(rf"-?\d+([{marks}]\d{{3}})+", text)
        assert whole is not None  # the pattern begins so
        text = re.sub(rf"[{marks}]", "", whole[0]) + text[whole.end() :]
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) <= 1e9 else None


def when(moment: datetime.datetime) -> str:
    """Return a day and an hour as the reader's country writes them."""
    from babel.dates import format_datetime

    return format_datetime(moment, "medium", locale=_region)


def day(date: datetime.date) -> str:
    """Return a day as the reader's country writes it."""
    from babel.dates import format_date

    return format_date(date, "medium", locale=_region)


def minute(moment: datetime.datetime) -> str:
    """Return a day and an hour without its seconds, as the reader's country writes them."""
    from babel.dates import format_time

    return f"{day(moment)}, {format_time(moment, 'short', locale=_region)}"


def preferred(accept_language: str) -> tuple[str, str | None]:
    """Return (language, region) that a browser asks for, as far as there is a catalogue."""
    from babel import Locale, UnknownLocaleError

    for part in accept_language.split(","):
        tag = part.split(";")[0].strip()
        try:
            locale = Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
        if locale.language in LANGUAGES:
            return locale.language, str(locale) if locale.territory else None
    return "en", None


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return what `told` looks for, and what it says then."""
    found = []
    for message in _read(language):
        if message.context == TOLD:
            literal = re.split(r"{(\w+)}", message.id)
            text = "".join(
                f"(?P<{part}>.*?)" if at % 2 else re.escape(part) for at, part in enumerate(literal)
            )
            found.append((re.compile(text), message.string))
    return found


def _read(language: str) -> Any:
    from babel.messages import pofile

    with (FOLDER / f"{language}.po").open("rb") as file:
        return pofile.read_po(file, locale=language)


@cache
def _catalogue(language: str) -> GNUTranslations:
    from babel.messages import mofile

    compiled = io.BytesIO()
    mofile.write_mo(compiled, _read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
