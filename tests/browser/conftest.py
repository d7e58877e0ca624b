"""One Chromium and one studio with a simulated device for each file; skipped where there is no Chromium.

What a test put on the device or drew is there for the next one, as for a therapist on the next day: a test begins with what
it needs. One that needs a new device has a studio of its own (`new_studio`).

Not one for all files: while Playwright's loop runs, no test of another file on the same process could run its own.
"""

import pytest
from studio_browser import ARGUMENTS, CHROMIUM, NO_BROWSER, WAIT_MS, Program


@pytest.fixture(scope="module")
def more_arguments():
    """What a file's Chromium is started with beside ARGUMENTS."""
    return ()


@pytest.fixture(scope="module")
def browser(more_arguments):
    """Chromium, driven over its debugging port."""
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, *more_arguments]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=WAIT_MS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """`calando studio --port sim`."""
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
    yield from _first_page(context, program)


@pytest.fixture
def new_studio(context, tmp_path):
    """A studio that was never open and its first page, with a device that is new."""
    program = Program(tmp_path)
    program.start()
    try:
        for page in _first_page(context, program):
            yield program, page
    finally:
        program.stop()


def _first_page(context, program):
    context.add_cookies([program.cookie()])
    found = context.new_page()
    errors = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.goto(program.base)
    found.get_by_role("heading", name="Simulated device …").wait_for()
    yield found
    # Shown where a test has failed.
    print(f"At the end {found.url} said:\n{found.locator('body').inner_text()}")
    assert errors == []
