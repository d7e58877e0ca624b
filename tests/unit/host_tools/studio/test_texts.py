"""Every sentence of the page is in the catalogue of each other language, with the same places for values."""

import ast
import datetime
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from firmware.care import plan
from firmware.prescription import programme
from host_tools.device.changes import CONTRAINDICATIONS
from host_tools.programmes import rules as listening
from host_tools.sessions import words
from host_tools.songs import parents_page
from host_tools.studio import correcting, page_programmes, page_songs, rules, segments, texts, writing
from simulator.interpreter import ROOT

PLACES = re.compile(r"{\w+}")


def sentences():
    """What the code hands to `_`, or the page to sing from to `say`, and what it takes from tables to do so."""
    found = []
    for path in [*(ROOT / "host_tools" / "studio").glob("*.py"), Path(parents_page.__file__)]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("_", "say")
            if named:
                first = node.args[0]
                either = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found += [part.value for part in either if isinstance(part, ast.Constant)]
    found += (
        [title for title, _ in rules.GROUPS]
        + list(writing.NAMES.values())
        + [text for _, text in page_songs.KINDS + correcting.ORDERS + page_programmes.ORDERS]
    )
    found += [text for rule in listening.RULES for text in rule] + list(listening.SHAPES.values())
    found += [setting.meaning for setting in programme.TABLE] + [*plan.ROLES, *plan.SOURCES]
    found += [name.replace("_", " ") for names in segments.NAMES.values() for name in names]
    found += [
        *CONTRAINDICATIONS,
        *words.PHASES.values(),
        *words.REASONS.values(),
        *words.CHIP_FAULTS.values(),
    ]
    for row in rules.own_schema():
        found += [row["meaning"]] if row["kind"] != "curve" else []
        for population in ("newborn", "adult"):
            if row["kind"] == "choice":
                found += [option.replace("_", " ") for option in row[population]["allowed"]]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("language", sorted(set(texts.LANGUAGES) - {"en"}))
def test_the_catalogue_is_whole(language):
    with (texts.FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    missing = [
        sentence for sentence in sentences() if sentence not in catalogue or not catalogue[sentence].string
    ]
    assert missing == []
    for message in catalogue:
        if message.id:
            assert set(PLACES.findall(message.id)) == set(PLACES.findall(message.string)), message.id


@pytest.fixture
def german():
    texts.use("de", "de_CH")
    yield
    texts.use("en")


@pytest.mark.usefixtures("german")
def test_texts_numbers_and_dates_are_the_readers():
    assert texts._("Device") == "Gerät" and texts._("no such sentence") == "no such sentence"
    assert (
        texts.number(1234.5).replace("'", "’") == "1’234.5"
        and texts.typed(1440) == "1440"
        and texts.number(True) == "True"
        and texts.number("4x") == "4x"
    )
    assert texts.when(datetime.datetime(2026, 3, 4, 15, 6)) == "04.03.2026, 15:06:00"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", ("de", "de_CH")),
        ("fr-FR,de;q=0.5", ("de", None)),
        ("en-US", ("en", "en_US")),
        ("*", ("en", None)),
        ("", ("en", None)),
        ("xx-yy;q=z,\x00", ("en", None)),
    ],
)
def test_the_language_is_the_browsers(asked, found):
    assert texts.preferred(asked) == found
