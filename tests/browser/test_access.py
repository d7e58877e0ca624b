"""Every page for those who read it otherwise: axe-core finds nothing, in light, in the dark, at 200 %, in two languages;
and in German nothing English is left.
"""

import re

import pytest
from babel.messages.pofile import read_po
from studio_browser import CHROMIUM, NO_BROWSER, WAIT_MS, that_played

from firmware.sound import songs
from host_tools.songs import airs
from host_tools.studio import texts

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "": ("Device", "Gerät"),
    "prescription": ("Prescription", "Verordnung"),
    "hear": ("Hear", "Hören"),
    "songs": ("Songs", "Lieder"),
    "programmes": ("Programmes", "Programme"),
    "sessions": ("Sessions", "Sitzungen"),
    "bench": ("Bench", "Probe"),
}
# As somebody sees it who made the letters twice as large on a screen of 1280 points.
HALF = {"width": 640, "height": 450}
TABLET = {"width": 820, "height": 1180}


ENGLISH = re.compile(
    r"\b(the|is|are|of|and|with|for|to|from|not|by|on|it|this|that|or|at|as|how)\b", re.IGNORECASE
)
# What a page shows and what a screen reader says of it, in lines.
_SAID = """() => {
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode;
        if (!(node.parentElement ?? node).checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        if (node.nodeType === Node.TEXT_NODE) {
            if (!["SCRIPT", "STYLE"].includes(node.parentElement.tagName)) found.push(node.textContent);
        } else {
            for (const name of ["aria-label", "aria-valuetext", "title", "alt", "placeholder"])
                found.push(node.getAttribute(name) ?? "");
        }
    }
    return found.map(text => text.trim()).filter(text => text);
}"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A studio whose device has played a short session."""
    yield from that_played(tmp_path_factory.mktemp("studio"), 1)


def english(said):
    """What of a German page is a text of the catalogue as it stands in the code, or has a word that no German one has."""
    with (texts.FOLDER / "de.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    german = {message.string for message in catalogue}
    there = {message.id for message in catalogue if message.id} - german
    names = re.compile("|".join(name.replace("_", " ") for name in (*songs.NAMES, *airs.NAMES)))
    return sorted({text for text in said if text in there or ENGLISH.search(names.sub("", text))})


def test_what_is_english_is_found():
    assert english(["Cancel", "Abbrechen", "Was war das Ziel", "Pull the plug", "the pretty horses"]) == [
        "Cancel", "Pull the plug", "the pretty horses",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "scheme, locale, window",
    [
        ("light", "en-GB", {"width": 1280, "height": 900}),
        ("dark", "de-CH", HALF),
        ("light", "en-GB", HALF),
        ("light", "de-DE", TABLET),
    ],
)
def test_no_page_breaks_wcag(scheme, locale, window, browser, program):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(locale=locale, viewport=window, color_scheme=scheme)
    context.set_default_timeout(WAIT_MS)
    context.add_cookies([program.cookie()])
    page = context.new_page()
    found = []
    german = locale.startswith("de")
    for path, names in PAGES.items():
        page.goto(program.base + path)
        page.locator(".chip.good").wait_for()
        page.get_by_role("heading", level=1, name=names[german], exact=True).wait_for()
        for summary in page.locator("summary").all():
            summary.click()
        if german and path == "sessions":
            page.get_by_label("Sitzung 1 zeigen").set_checked(True)
            sheet = page.frame_locator("iframe.sheet")
            sheet.get_by_text("Wie sie endete").wait_for()
            found += [f"sheet: {text}" for text in english(sheet.locator("body").evaluate(_SAID))]
        found += [f"{path}: {text}" for text in english(page.evaluate(_SAID))] if german else []
        told = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
        assert len(told["passes"]) > 15  # it has looked
        found += [
            f"{path}: {broken['id']}: {node['html']}"
            for broken in told["violations"]
            for node in broken["nodes"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path}: {wide} points must be scrolled sideways"] if wide > 0 else []
    context.close()
    assert found == [], "\n".join(found)
