"""From a new device to a committed profile, and what may come between: limits, undo, a killed server, a pulled cable."""

import pytest
from studio_browser import (
    CHROMIUM,
    NO_BROWSER,
    Keys,
    Mouse,
    Program,
    has_newborn_as_draft,
    has_put_on,
    plain,
    until,
)

from firmware.prescription.profile import Profile

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)


def level(page):
    return page.get_by_role("textbox", name="Level", exact=True)


def saved(page, program, name, value):
    until(page, lambda: program.draft().get(name) == value, f"the draft has {name} = {value!r}")


def prescription(page, program):
    """The page, with the ready-made profile of a newborn as the draft, on whatever device."""
    page.get_by_role("navigation").get_by_role("link", name="Prescription", exact=True).click()
    has_newborn_as_draft(page, program)


def device(page):
    page.get_by_role("navigation").get_by_role("link", name="Device").click()


@pytest.mark.parametrize("kind", [Mouse, Keys], ids=["mouse", "keys"])
def test_a_new_device_has_its_first_profile_in_eight_clicks_and_says_so(kind, context, tmp_path):
    program, page, steps = Program(tmp_path), context.new_page(), []
    hand = kind(page)

    def press(role, name):
        hand.press(page.get_by_role(role, name=name).first)
        steps.append(name)

    try:
        page.goto(program.start())
        press("link", "Make its first profile")
        press("button", "Ready-made for a newborn")
        if kind is Mouse:
            program.die_and_come_back(page)
        press("button", "Put on …")
        press("checkbox", "Each of these is excluded")
        press("button", "Put it on")
        press("button", "Hold the simulated button")
        page.get_by_text("Read back and compared: it is there.").wait_for()
        print(f"{len(steps)} clicks: {', '.join(steps)}")
        assert len(steps) <= 8, steps
        device(page)
        page.get_by_text("It plays the profile “Newborn” (newborn).").wait_for()
        page.get_by_text("0 of 60 minutes of music in the last 24 hours.").wait_for()
        hand.press(page.get_by_role("button", name="Which one is it?"))
        page.get_by_text("Its light changes between green and amber for five seconds.").wait_for()
    finally:
        program.stop()


def test_a_draft_is_on_disk_within_a_second_and_survives_reload_and_kill(page, program):
    prescription(page, program)
    level(page).fill("44")
    saved(page, program, "level_dba", 44)
    page.get_by_role("textbox", name="Title").fill("Night")
    saved(page, program, "title", "Night")
    page.reload()
    assert level(page).input_value() == "44"
    program.die_and_come_back(page)
    assert (
        level(page).input_value() == "44"
        and page.get_by_role("textbox", name="Title").input_value() == "Night"
    )
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("document.querySelector('[aria-label=Level].field').value === '48'")
    saved(page, program, "level_dba", 48)


def test_fifty_steps_can_be_undone_after_a_reload(page, program):
    prescription(page, program)
    begun = program.kept("draft").get("at", 0)
    box, sound = page.get_by_role("checkbox", name="Early unlock"), page.get_by_label("Soundscape")
    was = box.is_checked()  # a test before may have left it so
    sounds = ("ocean", "none") if sound.input_value() == "none" else ("none", "ocean")
    for turn in range(27):  # 54 changes; faster than any hand, one may meet the answer to the one before
        box.set_checked(was == (turn % 2 == 1))
        sound.select_option(sounds[turn % 2])
    until(page, lambda: program.kept("draft").get("at", 0) >= begun + 50, "50 steps are kept")
    page.reload()
    page.locator(".chip.good").wait_for()
    back = page.get_by_role("button", name="Undo", exact=True)
    steps = program.kept("draft")["at"] - begun
    assert steps >= 50, "a reload loses none"
    for _ in range(steps):
        back.click()
    page.wait_for_function(
        "was => document.querySelector('[aria-label=\"Early unlock\"]').checked === was", arg=was
    )
    until(page, lambda: program.kept("draft")["at"] == begun, f"{steps} steps back")
    assert program.draft()["early_unlock"] is was


def test_nothing_is_lost_that_is_typed_while_the_page_answers(page, program):
    prescription(page, program)
    title = page.get_by_role("textbox", name="Title")
    title.focus()
    page.keyboard.press("End")
    for letter in "ofnight":
        page.keyboard.press(letter)
        page.wait_for_timeout(70)  # across several of the moments at which it is told
    assert title.input_value() == "Newbornofnight"
    saved(page, program, "title", "Newbornofnight")
    assert title.input_value() == "Newbornofnight"
    program.kill()
    page.get_by_text("program does not answer").wait_for()
    assert page.evaluate("document.querySelector('.studio').inert")  # nothing can be typed that would be lost
    program.start()
    page.wait_for_function("document.querySelector('.studio')?.inert === false")


def test_a_limit_is_said_at_the_field_and_nothing_beyond_it_can_be_put_on(page, program):
    prescription(page, program)
    level(page).fill("70")
    page.get_by_text("70 is outside 30 to 50 dBA, in steps of 0.5.").wait_for()
    page.get_by_role("button", name="Put on …", disabled=True).wait_for()
    level(page).fill("50")
    page.get_by_text("70 is outside").wait_for(state="detached")
    page.get_by_role("button", name="Put on …").click()
    page.locator(".commit-panel").get_by_text("Level: 50 dBA").wait_for()
    page.get_by_role("button", name="Cancel").click()


def test_what_is_for_adults_only_is_there_for_adults_only(page, program):
    prescription(page, program)
    heading = page.get_by_role("heading", name="How it leads an adult's breath")
    programme = page.get_by_label("Listening programme", exact=True)
    for population, seen in (("newborn", False), ("adult", True)):
        page.get_by_label("Population").select_option(population)
        heading.wait_for(state="visible" if seen else "hidden")
        assert programme.is_visible() == seen
    prescription(page, program)


def test_the_curve_stops_at_its_limit_under_mouse_and_keyboard_and_says_which(page, program):
    prescription(page, program)
    third = page.get_by_role("slider", name="Point 3")
    third.scroll_into_view_if_needed()
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
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Point 2'")
    saved(page, program, "curve", [[0, 100, 0, 0, 60, 70], [9.5, 94, -2, 0, 40, 50], [16, 92, -4, 0, 30, 40]])
    page.keyboard.press("End")
    page.get_by_text("The tempo never rises: the point before it is at 100 %.").or_(
        page.get_by_text("No higher than 100 %.")
    ).wait_for()


def test_every_layer_of_the_curve_is_drawn_and_moved_by_itself(page, program):
    prescription(page, program)
    curve = program.draft().get("curve") or plain(Profile.ready("newborn").values["curve"])
    third = page.get_by_role("slider", name="Point 3")
    for layer, name in enumerate(("Level", "Minor", "Brightness", "Density"), 2):
        page.get_by_label(name, exact=True).and_(page.get_by_role("radio")).check()
        was = curve[2][layer]
        page.wait_for_function(f"document.querySelectorAll('.point')[2].ariaValueNow === '{was}'")
        third.focus()
        page.keyboard.press("ArrowUp" if name == "Minor" else "ArrowDown")
        until(page, lambda was=curve: program.draft().get("curve", was) != was, f"{name} is moved")
        moved = program.draft()["curve"]
        row = [*curve[2][:layer], moved[2][layer], *curve[2][layer + 1 :]]
        assert moved == [*curve[:2], row] and moved[2][layer] != was
        curve = moved


def test_the_curve_stops_at_its_limit_under_a_finger(page, program):
    prescription(page, program)
    third = page.get_by_role("slider", name="Point 3")
    third.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.point')[2].getBoundingClientRect().width > 0")
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    box = third.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in (40, 120, 240):
        point = {"x": x + step / 4, "y": y + step}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    page.get_by_text("At most 8 % slower in a session (the setting Slowing).").wait_for()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("document.querySelectorAll('.point')[2].ariaValueNow === '92'")
    assert not third.get_attribute("aria-valuetext").endswith(", 16 minutes since it met the pulse")
    page.get_by_text("Different from").or_(page.get_by_text("A draft.")).first.wait_for()


def test_before_the_button_it_can_be_taken_back_and_a_pulled_cable_changes_nothing(new_studio):
    program, page = new_studio
    prescription(page, program)
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
    page.get_by_role("button", name="Put on …", disabled=True).wait_for()
    device(page)
    page.get_by_role("button", name="Plug the cable in").click()
    page.get_by_text("It plays the profile “Newborn”").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Prescription").click()
    assert level(page).input_value() == "40"
    page.get_by_text("Different from the device: Level.").wait_for()


def test_thirty_seconds_of_the_draft_are_heard(page):
    page.get_by_role("link", name="Hear", exact=True).click()
    page.get_by_role("button", name="Hear from minute 1").last.click()
    page.get_by_text("From minute 1: mean level").wait_for()
    page.wait_for_function("document.querySelector('audio').duration > 0")
    assert abs(page.locator("audio").evaluate("player => player.duration") - 30) < 0.1
