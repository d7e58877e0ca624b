"""Every page for those who read it otherwise: axe-core finds nothing, in light, in the dark, at 200 %, in two languages."""

import pytest
from studio_browser import CHROMIUM, NO_BROWSER, WAIT_MS

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
    for path, names in PAGES.items():
        page.goto(program.base + path)
        page.locator(".chip.good").wait_for()
        page.get_by_role("heading", level=1, name=names[locale.startswith("de")], exact=True).wait_for()
        for summary in page.locator("summary").all():
            summary.click()
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
    assert found == []
