"""What is heard before anybody listens: A beside B, a pulse drawn or taken, a programme from any block, the bench."""

import pytest
from studio_browser import (
    CHROMIUM,
    NO_BROWSER,
    Program,
    go,
    has_newborn_as_draft,
    play_sessions,
    that_played,
    until,
)

from host_tools.device import simulated

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

PLAYERS = "[...document.querySelectorAll('audio.part')]"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A studio whose device has played a short session."""
    yield from that_played(tmp_path_factory.mktemp("studio"), 1)


def part(page, letter):
    return page.locator("section.card", has=page.get_by_role("heading", name=f"{letter}: "))


def hear(page, letter):
    """Have one of the two played; returns where its sound is."""
    box = part(page, letter)
    for before in box.locator("audio").all():
        before.evaluate("player => { player.dataset.before = 1; }")
    box.get_by_role("button", name="Hear from minute").click()
    player = box.locator("audio:not([data-before])")
    player.wait_for()
    return player.get_attribute("src")


def test_a_and_b_are_heard_at_the_same_place(page, program):
    go(page, "Prescription")
    has_newborn_as_draft(page, program)
    page.get_by_role("textbox", name="Level", exact=True).fill("40")
    until(page, lambda: program.draft().get("level_dba") == 40, "the draft is kept")
    go(page, "Hear")
    assert hear(page, "A") != hear(page, "B")
    part(page, "B").get_by_text("40 dB(A).").wait_for()
    playing = f"{PLAYERS}.map((player) => !player.paused).join()"
    page.evaluate(f"{PLAYERS}.forEach((player) => {{ player.pause(); player.currentTime = 5; }})")
    page.evaluate(f"{PLAYERS}[1].play()")
    page.wait_for_function(f"{playing} === 'false,true' && {PLAYERS}[1].currentTime > 5.2")
    page.get_by_role("button", name="Switch between A and B").click()
    page.wait_for_function(f"{playing} === 'true,false' && {PLAYERS}[0].currentTime > 5.2")
    there, left = page.evaluate(f"{PLAYERS}.map((player) => player.currentTime)")
    assert left > 5.2 and there > left - 0.1


def test_a_minute_that_is_none_is_told_and_the_one_before_stays(page):
    go(page, "Hear")
    minute = page.get_by_role("textbox", name="From minute")
    minute.fill("3")
    page.get_by_role("button", name="Hear from minute 3").last.wait_for()
    for wrong in ("later", "46", "-1"):
        minute.fill(wrong)
        page.get_by_text("Type a minute from 0 to 45; minute 3 stays until then.").wait_for()
        assert minute.get_attribute("aria-invalid") == "true"
        assert page.get_by_role("button", name="Hear from minute 3").count() == 2
        minute.fill("3")
        page.get_by_text("Type a minute").wait_for(state="detached")
        assert minute.get_attribute("aria-invalid") is None


def test_a_pulse_is_drawn_by_hand_and_by_key_and_comes_back(page, program):
    go(page, "Hear")
    points = page.get_by_role("slider")
    count = points.count()
    field = page.locator(".point-editor-field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    field.dblclick(position={"x": box["width"] / 2, "y": 60})
    page.wait_for_function(f"document.querySelectorAll('.point').length === {count + 1}")
    added = points.nth(2)
    before = int(added.get_attribute("aria-valuenow"))
    added.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")

    def drawn():
        kept = program.kept("settings")
        return next((points for name, points in kept.items() if name.startswith("pulse_")), [])

    until(page, lambda: len(drawn()) == count + 1 and drawn()[2][1] == before + 15, "the pulse is kept")
    with_it = hear(page, "B")
    page.reload()
    page.wait_for_function(f"document.querySelectorAll('.point')[2]?.ariaValueNow === '{before + 15}'")
    points.nth(2).focus()
    page.keyboard.press("Delete")
    page.wait_for_function(f"document.querySelectorAll('.point').length === {count}")
    assert hear(page, "B") != with_it


def test_the_pulse_of_a_past_session_stays_the_one_that_is_heard(page):
    go(page, "Hear")
    page.get_by_role("textbox", name="From minute").fill("0")
    drawn = hear(page, "B")
    source = page.get_by_label("Take the pulse of")
    source.select_option("1")
    page.locator(".point-editor").get_by_text("of the session").wait_for()
    assert page.get_by_role("slider").count() == 0  # what was measured is not drawn over
    taken = hear(page, "B")
    assert taken != drawn
    source.select_option("")
    page.get_by_role("slider").first.wait_for()
    assert hear(page, "B") == drawn


def test_the_pulse_of_a_session_stays_when_the_cable_is_pulled(context, tmp_path, monkeypatch):
    play_sessions(tmp_path, 1)
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    with simulated.live() as live:
        program = Program(tmp_path, live.port)
        try:
            page = context.new_page()
            page.goto(program.start())
            page.get_by_text("It plays the profile").wait_for()
            go(page, "Hear")
            source = page.get_by_label("Take the pulse of")
            source.select_option("1")
            legend = page.locator(".point-editor").get_by_text("of the session")
            legend.wait_for()
            live.unplug()
            page.get_by_text("no device").wait_for()
            assert source.input_value() == "1" and legend.is_visible()
            source.select_option("")
            page.get_by_role("slider").first.wait_for()
        finally:
            program.stop()


def test_a_programme_is_heard_from_any_block(page):
    go(page, "Programmes")
    page.get_by_role("button", name="“Settle”, shape L").click()
    page.get_by_text("It keeps every rule.").wait_for()
    heard = set()
    for place in (2, 1):
        page.locator(".segment-block").nth(place - 1).click()
        page.get_by_role("button", name=f"Hear 30 seconds from segment {place}").click()
        page.get_by_text(f"From segment {place}: mean level").wait_for()
        page.wait_for_function("Math.abs(document.querySelector('audio').duration - 30) < 0.1")
        heard.add(page.locator("audio").get_attribute("src"))
    assert len(heard) == 2


SHORT_PIECE = """\
title = "Short"
shape = "flat"
[[segment]]
role = "arrive"
source = "soundscape"
name = "rain"
minutes = 3
intensity = 3
[[segment]]
role = "silence"
source = "silence"
minutes = 2
[[segment]]
role = "rest"
source = "pattern"
name = "tide"
minutes = 1
intensity = 3
"""


def test_what_of_a_programme_is_not_heard_as_it_is_written_is_told_as_it_is_opened_changed_and_put(
    page, tmp_path
):
    file = tmp_path / "short.toml"
    file.write_text(SHORT_PIECE)
    go(page, "Programmes")
    page.get_by_role("button", name="“Settle”, shape L").click()
    page.get_by_text("Shape L, 30 minutes. It keeps every rule.").wait_for()
    heading = page.get_by_role("heading", name="It keeps every rule, and is not heard as it is written")
    assert heading.count() == 0
    page.locator("summary", has_text="A programme's file").click()
    page.locator("input[type=file]").set_input_files(file)
    heading.wait_for()
    remark = "Segment 3: a pattern comes up slowly out of silence; in 1 min"
    assert page.get_by_text(remark).count() == 1
    page.get_by_role("button", name="Put on the device …").click()
    panel = page.locator(".commit-panel")
    panel.get_by_text("The programme “short” is new.").wait_for()
    assert panel.get_by_text(remark).count() == 1
    panel.get_by_role("button", name="Cancel").click()
    page.locator(".segment-block").nth(2).click()
    for _ in range(4):
        page.get_by_role("button", name="Longer", exact=True).click()
    heading.wait_for(state="detached")


def test_the_bench_is_seen_as_it_plays_and_may_be_cancelled_and_played_again(page):
    go(page, "Bench")
    said = page.locator("p[role=status]").first
    play, cancel = page.get_by_role("button", name="Play it"), page.get_by_role("button", name="Cancel")
    page.get_by_label("The patient, and what happens").select_option("newborn")
    play.click()
    said.get_by_text("Minute ").wait_for()
    assert play.is_disabled()
    first = said.inner_text()
    page.wait_for_function("was => document.querySelector('p[role=status]').innerText !== was", arg=first)
    assert page.get_by_role("heading", name="How it ended").count() == 0  # it is live
    go(page, "Device")
    go(page, "Bench")
    said.get_by_text("Minute ").wait_for()  # it went on meanwhile, and is found again
    assert play.is_disabled() and page.get_by_label("The patient").input_value() == "newborn"
    page.wait_for_function("document.querySelector('progress').value > 0")
    cancel.click()
    page.get_by_text("Cancelled: nothing was changed.").wait_for()

    page.get_by_label("The patient, and what happens").select_option("short")
    play.click()
    page.get_by_role("heading", name="How it ended").wait_for()
    page.wait_for_function("document.querySelector('audio').duration > 10")
    lines = page.locator(".bench-chart path[fill=none][stroke='#7d8992']")
    assert "L" in (lines.first.get_attribute("d") or "")  # the true pulse, drawn
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="The whole report").click()
    opened.value.get_by_role("heading", level=1).wait_for()

    go(page, "Sessions")
    page.get_by_label("Show session Bench").set_checked(True)
    sheet = page.frame_locator("iframe.sheet")
    sheet.get_by_text("Simulated: nobody was there. This is for no chart.").wait_for()
    assert page.get_by_role("button", name="Save as").count() == 0  # nothing of it for other programs
    assert page.get_by_text("The note: what only a person sees").count() == 0
