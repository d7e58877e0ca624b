"""A family's song brought in, corrected, written, put on; a session read, noted, seen; a backup made and put back."""

import pytest
from studio_browser import CHROMIUM, NO_BROWSER, WAIT_MS, Program, go

from host_tools.device import simulated
from simulator import scenario
from simulator.bedside import Bedside
from simulator.interpreter import find_micropython
from simulator.runtimes import cpython, micropython

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

ABC = "X:1\nT:Grandmother\nM:3/4\nL:1/4\nK:G\nGBd|d2B|Ace|e2c|Bd G|A2F|G3|]\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A studio whose device has played a short session."""
    found = Program(tmp_path_factory.mktemp("studio"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALANDO_SIM_DIR", str(found.folder / "sim"))
        (found.folder / "sim").mkdir()
        with simulated.at_bedside(scenario.load("short"), 0, lambda text: None) as (played, flash):
            bedside = Bedside(played, flash=flash)
            while bedside.next_boot is not None:
                (micropython if find_micropython() else cpython).boot(bedside)
    found.start()
    yield found
    found.stop()


def commit(page):
    page.get_by_role("button", name="Put it on").click()
    page.get_by_role("button", name="Hold the simulated button").click()
    page.get_by_text("Read back and compared").wait_for()
    page.get_by_role("button", name="Close").click()


def test_a_song_is_brought_in_corrected_and_put_on(page):
    go(page, "Songs")
    page.locator("input[type=file]").set_input_files(
        {"name": "grandmother.abc", "mimeType": "text/plain", "buffer": ABC.encode()}
    )
    page.get_by_role("img", name="The notes").locator("svg").first.wait_for()
    page.get_by_text("key: G major").wait_for()
    page.get_by_role("button", name="Note 1: G4, 1 beats").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_role("button", name="Note 1: G#4, 1 beats").wait_for()
    page.get_by_role("button", name="Note 1: G#4, 1 beats").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Note 1: G4, 1 beats").wait_for()
    page.get_by_role("button", name="Put on the device …").click()
    page.get_by_text("song.grandmother").first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Put on the device …").click()
    commit(page)
    page.get_by_role("button", name="Take grandmother off").wait_for()


def test_a_song_is_written_with_the_keyboard_alone_and_is_there_after_a_reload(page):
    go(page, "Songs")
    staff = page.get_by_label("Staff: type notes here")
    staff.locator("svg").first.wait_for()
    staff.focus()
    for key in ("c", "c", "g", "PageUp", "Enter", "a", "Backspace", "r"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    page.get_by_label("Words, a syllable").fill("lit-tle star")
    page.wait_for_function("document.querySelectorAll('.staff-field g.note').length === 3")
    page.keyboard.press("Tab")
    page.reload()
    page.wait_for_function("document.querySelectorAll('.staff-field g.note').length === 3")
    page.locator(".staff-field g.staff").first.click(position={"x": 40, "y": 4}, force=True)
    page.wait_for_function("document.querySelectorAll('.staff-field g.note').length === 4")
    page.get_by_role("button", name="Undo the last step").click()
    page.wait_for_function("document.querySelectorAll('.staff-field g.note').length === 3")
    page.get_by_role("button", name="Make the song of it").click()
    page.get_by_role("button", name="Note 3: G4, 1 beats").wait_for()


def test_a_session_is_read_noted_and_ready_to_print(page):
    go(page, "Sessions")
    page.get_by_label("Show session 1").check()
    sheet = page.frame_locator("iframe.sheet")
    sheet.get_by_text("How it ended").wait_for()
    page.get_by_text("The note: what only a person sees").click()
    page.get_by_label("What was the goal").fill("rest")
    page.get_by_label("Scores").fill("NRS before 4; NRS after 2")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Save the note").click()
    page.get_by_text("Version 1,").wait_for(state="attached")
    sheet.get_by_text("rest").first.wait_for()
    page.evaluate("document.querySelector('iframe').contentWindow.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print the page (A4)").click()
    page.wait_for_function("window.printed === true")


def test_a_backup_is_saved_and_put_back(page, tmp_path):
    go(page, "Device")
    page.get_by_text("Keep everything safe").click()
    with page.expect_download(timeout=WAIT_MS) as saved:
        page.get_by_role("button", name="Save a backup").click()
    saved.value.save_as(tmp_path / "all.zip")
    page.locator("input[type=file]").set_input_files(tmp_path / "all.zip")
    page.get_by_role("heading", name="Put on the device").wait_for()
    page.get_by_text("Nothing differs from what is on the device.").wait_for()
    page.get_by_role("button", name="Close").click()
