"""From a new device to a committed profile, and what may come between: limits, undo, a killed server, a pulled cable."""

import json

import pytest
from studio_browser import CHROMIUM, NO_BROWSER, Program, has_put_on

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)


def kept(program):
    """The draft on the disk; nothing where nothing was changed yet."""
    path = program.folder / "studio" / "draft.json"
    if not path.exists():
        return {}
    draft = json.loads(path.read_text())
    return draft["steps"][draft["at"]]


def level(page):
    return page.get_by_role("textbox", name="Level", exact=True)


def saved(page, program, name, value):
    for _ in range(40):
        if kept(program).get(name) == value:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"after a second the disk has {kept(program).get(name)!r}, not {value!r}")


def prescription(page):
    """The page, with the ready-made profile of a newborn as the draft, on whatever device."""
    page.get_by_role("navigation").get_by_role("link", name="Prescription", exact=True).click()
    page.get_by_role("button", name="Ready-made for a newborn").click()
    page.wait_for_function("document.querySelector('[aria-label=Level].field')?.value === '48'")


def device(page):
    page.get_by_role("navigation").get_by_role("link", name="Device").click()


def test_a_new_device_has_its_first_profile_in_eight_clicks_and_says_so(context, tmp_path):
    program, page, steps = Program(tmp_path), context.new_page(), []

    def click(role, name):
        page.get_by_role(role, name=name).first.click()
        steps.append(name)

    page.goto(program.start())
    click("link", "Make its first profile")
    click("button", "Ready-made for a newborn")
    click("button", "Put on …")
    click("checkbox", "Each of these is excluded")
    click("button", "Put it on")
    click("button", "Hold the simulated button")
    page.get_by_text("Read back and compared: it is there.").wait_for()
    assert len(steps) <= 8, steps
    device(page)
    page.get_by_text("It plays the profile “Newborn” (newborn).").wait_for()
    program.stop()


def test_a_draft_is_on_disk_within_a_second_and_survives_reload_and_kill(page, program):
    prescription(page)
    level(page).fill("44")
    saved(page, program, "level_dba", 44)
    page.get_by_role("textbox", name="Title").fill("Night")
    saved(page, program, "title", "Night")
    page.reload()
    assert level(page).input_value() == "44"
    program.kill()
    program.start()  # the page that is open finds the new one by itself
    page.get_by_role("button", name="Undo").wait_for()
    page.reload()
    assert (
        level(page).input_value() == "44"
        and page.get_by_role("textbox", name="Title").input_value() == "Night"
    )
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("document.querySelector('[aria-label=Level].field').value === '48'")
    saved(page, program, "level_dba", 48)


def test_a_limit_is_said_at_the_field_and_nothing_beyond_it_can_be_put_on(page):
    prescription(page)
    level(page).fill("70")
    page.get_by_text("70 is outside 30 to 50 dBA, in steps of 0.5.").wait_for()
    assert page.get_by_role("button", name="Put on …").is_disabled()
    level(page).fill("50")
    page.get_by_text("70 is outside").wait_for(state="detached")
    page.get_by_role("button", name="Put on …").click()
    page.get_by_text("level_dba - -> 50 dBA").wait_for()
    page.get_by_role("button", name="Cancel").click()


def test_the_curve_stops_at_its_limit_under_mouse_and_keyboard_and_says_which(page, program):
    prescription(page)
    third = page.get_by_role("slider", name="Point 3")
    third.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = third.bounding_box()
    page.mouse.move(box["x"] + 14, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] + 14, box["y"] + 250, steps=4)
    page.get_by_text("At most 8 % slower in a session (the setting Slowing).").wait_for()
    page.mouse.up()
    assert third.get_attribute("aria-valuenow") == "92"
    second = page.get_by_role("slider", name="Point 2")
    second.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelectorAll('.point')[1].getAttribute('aria-valuenow') === '94'")
    saved(page, program, "curve", [[0, 100, 0, 0, 60, 70], [9.5, 94, -2, 0, 40, 50], [16, 92, -4, 0, 30, 40]])
    page.keyboard.press("End")
    page.get_by_text("The tempo never rises: the point before it is at 100 %.").or_(
        page.get_by_text("No higher than 100 %.")
    ).wait_for()


def test_before_the_button_it_can_be_taken_back_and_a_pulled_cable_changes_nothing(page, program):
    prescription(page)
    page.get_by_role("button", name="Put on …").click()
    page.get_by_label("Each of these is excluded").check()
    page.get_by_role("button", name="Put it on").click()
    page.get_by_text("Hold the button of the device down").first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled: nothing was changed").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_text("The device has no profile yet.").wait_for()
    has_put_on(page)
    device(page)
    page.get_by_role("button", name="Pull the cable").click()
    page.get_by_text("No device yet").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Prescription").click()
    level(page).fill("40")
    saved(page, program, "level_dba", 40)
    assert page.get_by_role("button", name="Put on …").is_disabled()
    device(page)
    page.get_by_role("button", name="Plug the cable in").click()
    page.get_by_text("It plays the profile “Newborn”").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Prescription").click()
    assert level(page).input_value() == "40"
    page.get_by_text("Different from the device: Level.").wait_for()


def test_thirty_seconds_of_the_draft_are_heard(page):
    page.get_by_role("link", name="Hear", exact=True).click()
    page.get_by_role("button", name="Hear from minute 1").last.click()
    page.get_by_text("From minute 1: mean level").wait_for(timeout=60_000)
    page.wait_for_function("document.querySelector('audio').duration > 0")
    assert abs(page.locator("audio").evaluate("player => player.duration") - 30) < 0.1
