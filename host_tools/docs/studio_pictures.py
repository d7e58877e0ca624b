"""The pictures of docs/studio.md, taken with a browser of the studio as it is: `make guide`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.device import simulated
from host_tools.docs.guide_pictures import FOLDER as BESIDE
from host_tools.docs.guide_pictures import main as write
from host_tools.docs.guide_pictures import small
from simulator import scenario
from simulator.bedside import Bedside
from simulator.files.errors import CalandoError
from simulator.interpreter import find_micropython
from simulator.runtimes import cpython, micropython

FOLDER = BESIDE.with_name("studio-pictures")
PLAYED = "newborn"
WINDOW = {"width": 1120, "height": 860}
WAIT_MS = 120_000
SONG = "X:1\nT:Grandmother\nM:3/4\nL:1/4\nK:G\nGBd|d2B|Ace|e2c|Bd G|A2F|G3|]\n"


def _prescription(page: Any) -> None:
    level = page.get_by_role("textbox", name="Level", exact=True)
    level.fill("44")
    page.get_by_text("Different from the device: Level.").wait_for()
    third = page.get_by_role("slider", name="Point 3")
    third.focus()
    page.keyboard.press("Home")
    page.get_by_text("At most 8 % slower").wait_for()
    page.mouse.wheel(0, -5000)


def _hear(page: Any) -> None:
    page.get_by_role("button", name="Hear from minute 1").last.click()
    page.get_by_text("From minute 1: mean level").wait_for()
    page.evaluate("document.querySelectorAll('audio').forEach((player) => player.pause())")


def _songs(page: Any) -> None:
    file = {"name": "grandmother.abc", "mimeType": "text/plain", "buffer": SONG.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("img", name="The notes").locator("g.note").nth(4).click()
    page.get_by_text("Note 5: B4, 1 beat").first.wait_for()
    page.get_by_role("heading", name="Grandmother").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.columns.song').parentElement.scrollIntoView()")


def _write(page: Any) -> None:
    staff = page.get_by_label("Staff: type notes here")
    staff.focus()
    for key in "ccggaa6g.":
        page.keyboard.press(key)
    page.get_by_label("Words, a syllable").fill("Sleep, lit-tle one, sleep now, sleep")
    page.locator(".staff-field").get_by_text("now,").wait_for()
    page.get_by_role("heading", name="Write one").evaluate(
        "heading => heading.parentElement.scrollIntoView()"
    )


def _programmes(page: Any) -> None:
    page.locator(".segment-block").nth(2).click()
    page.get_by_role("heading", name="Segment 3: suo gan").wait_for()
    for _ in range(3):
        page.get_by_role("button", name="More moving").click()
    page.get_by_text("Segment 5: Intensity is 4").wait_for()
    page.mouse.wheel(0, 260)


def _sessions(page: Any) -> None:
    page.get_by_label("Show session 1").check()
    page.frame_locator("iframe.sheet").get_by_text("How it ended").wait_for()
    page.wait_for_function("document.querySelector('iframe.sheet').clientHeight > 600")


def _stay(_page: Any) -> None:
    """The page as one finds it."""


# Each picture: its name, the page, what is done there first.
PICTURES: tuple[tuple[str, str, Callable[[Any], None]], ...] = (
    ("device.png", "", _stay),
    ("prescription.png", "prescription", _prescription),
    ("hear.png", "hear", _hear),
    ("songs.png", "songs", _songs),
    ("writing.png", "songs", _write),
    ("programmes.png", "programmes", _programmes),
    ("sessions.png", "sessions", _sessions),
)
NAMES = tuple(name for name, _path, _act in PICTURES)


def take() -> dict[str, bytes]:
    """Return every picture by its name. Raises CalandoError where there is no Chromium or the studio does not start."""
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        raise CalandoError("the studio's pages need chromium (apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        _play_a_session(Path(folder))
        studio = subprocess.Popen(
            [sys.executable, "-m", "host_tools.cli", "studio", "--port", "sim", "--no-open"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, **_folders(Path(folder))},
        )  # fmt: skip
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--headless", "--no-sandbox"]
        )
        try:
            assert studio.stdout is not None
            found = re.search(r"http://\S+", studio.stdout.readline())
            if found is None:
                raise CalandoError("the studio did not start")
            page = browser.new_context(locale="en-GB", viewport=WINDOW).new_page()  # type: ignore[arg-type]
            page.set_default_timeout(WAIT_MS)
            page.goto(found[0])
            return {name: _picture(page, found[0].split("?")[0] + path, act) for name, path, act in PICTURES}
        finally:
            browser.close()
            studio.terminate()
            studio.wait(30)


def _picture(page: Any, address: str, act: Callable[[Any], None]) -> bytes:
    page.goto(address)
    page.locator(".chip.good").wait_for()
    act(page)
    page.evaluate("document.fonts.ready")
    return small(page.screenshot())


def _folders(folder: Path) -> dict[str, str]:
    names = {"CALANDO_STUDIO_DIR": "studio", "CALANDO_SIM_DIR": "sim", "CALANDO_NOTES_DIR": "notes"}
    return {name: str(folder / place) for name, place in names.items()}


def _play_a_session(folder: Path) -> None:
    """Give the simulated device of that folder a session to look at."""
    os.environ.update(_folders(folder))
    (folder / "sim").mkdir()
    with simulated.at_bedside(scenario.load(PLAYED), 0, lambda text: None) as (played, flash):
        bedside = Bedside(played, flash=flash)
        while bedside.next_boot is not None:
            (micropython if find_micropython() else cpython).boot(bedside)


def main() -> int:
    return write("Take the pictures of the studio's guide.", FOLDER, lambda folder: take())


if __name__ == "__main__":
    sys.exit(main())
