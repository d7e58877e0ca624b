"""One Chromium for each file, one studio with a simulated device for each test; skipped where there is no Chromium.

Not one for all files: while Playwright's loop runs, no test of another file on the same process could run its own.
"""

import pytest
from studio_browser import ARGUMENTS, CHROMIUM, NO_BROWSER, WAIT_MS, Program


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven over its debugging port."""
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def program(tmp_path_factory):
    """`calando studio --port sim`, with a new device for each test: what one put on would be another's surprise."""
    found = Program(tmp_path_factory.mktemp("studio"))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def context(browser):
    """A browser that has never been here."""
    found = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    found.set_default_timeout(WAIT_MS)
    yield found
    found.close()


@pytest.fixture
def page(context, program):
    """The studio's first page, with the device there; an error on the page fails the test."""
    context.add_cookies([program.cookie()])
    found = context.new_page()
    errors = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.goto(program.base)
    found.get_by_role("heading", name="Simulated device …").wait_for()
    yield found
    assert errors == []
