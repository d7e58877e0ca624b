"""Whole tasks, by mouse and by keyboard alone. The program is killed in the middle of each, and nothing is lost.

A task is a generator: where it yields, the program may die; what was done before must be there afterwards.
"""

import re

import numpy as np
import pytest
from studio_browser import (
    CHROMIUM,
    NO_BROWSER,
    WAIT_MS,
    Keys,
    Mouse,
    has_newborn_as_draft,
    that_played,
    until,
)

from host_tools.sound import meter

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

ABC = "X:1\nT:Grandmother\nM:3/4\nL:1/4\nK:G\nGBd|d2B|Ace|e2c|Bd G|A2F|G3|]\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A studio whose device has played two short sessions, and has the profile that they were played with."""
    yield from that_played(tmp_path_factory.mktemp("studio"), 2)


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keys"])
def hand(request, page, program):
    found = request.param(page)
    found.program = program
    return found


def run(task, program):
    """Do it, with a death of the program wherever it may die."""
    hand = task.gi_frame.f_locals["hand"]
    for _ in task:
        program.die_and_come_back(hand.page)


def button(hand, name):
    return hand.page.get_by_role("button", name=name, exact=True)


def go(hand, name):
    heading = hand.page.get_by_role("heading", level=1, name=name)
    if heading.count():  # the page is built anew for whoever goes where he is: no moment to wait for
        return
    hand.press(hand.page.get_by_role("navigation").get_by_role("link", name=name, exact=True))
    heading.wait_for()


def put_on(hand):
    """From what is staged to what was read back."""
    there = hand.page.get_by_label("Each of these is excluded")
    button(hand, "Put it on").wait_for()
    if there.count():
        hand.press(there)
    hand.press(button(hand, "Put it on"))
    hand.press(button(hand, "Hold the simulated button"))
    hand.page.get_by_text("Read back and compared").wait_for()
    hand.press(button(hand, "Close"))


def begins_with_newborn(hand):
    go(hand, "Prescription")
    has_newborn_as_draft(hand.page, hand.program, hand.press)


def level(hand, expected=None):
    field = hand.page.get_by_role("textbox", name="Level", exact=True)
    if expected is not None:
        hand.page.wait_for_function(
            "(wanted) => document.querySelector('[aria-label=Level].field')?.value === wanted", arg=expected
        )
    return field


def change_the_level(hand):
    begins_with_newborn(hand)
    on_device = hand.page.locator("tr.setting", has=level(hand)).locator("td").first.inner_text()
    new = "43" if on_device.startswith("44") else "44"
    hand.fill(level(hand), new)
    # Words are no sign: another level may differ from the device too.
    until(hand.page, lambda: hand.program.draft().get("level_dba") == int(new), f"the draft has {new} dBA")
    hand.page.get_by_text("Different from the device: Level.").wait_for()
    yield
    level(hand, new)
    hand.press(button(hand, "Put on …"))
    hand.page.get_by_text(f"Level: {new} dBA instead of").wait_for()
    put_on(hand)
    hand.page.get_by_text("The draft is as the device has it.").wait_for()


def drag_the_curve_into_a_limit(hand):
    begins_with_newborn(hand)
    third = hand.page.get_by_role("slider", name="Point 3")
    if type(hand) is Mouse:
        third.scroll_into_view_if_needed()
        box = third.bounding_box()
        hand.page.mouse.move(box["x"] + 14, box["y"] + 14)
        hand.page.mouse.down()
        hand.page.mouse.move(box["x"] + 14, box["y"] + 250, steps=4)
        hand.page.get_by_text("At most 8 % slower in a session (the setting Slowing).").wait_for()
        hand.page.mouse.move(box["x"] + 60, box["y"] + 250, steps=2)
        hand.page.mouse.up()
    else:
        hand.reach(third)
        hand.page.keyboard.press("ArrowRight")
        hand.page.keyboard.press("Home")
        hand.page.get_by_text("At most 8 % slower in a session (the setting Slowing).").wait_for()
    button(hand, "Redo").wait_for()
    hand.page.wait_for_function(
        "![...document.querySelectorAll('button')].find(b => b.textContent === 'Undo').disabled"
    )
    moved = third.get_attribute("aria-valuetext")
    assert moved.startswith("92 ") and not moved.endswith(", 16 minutes since it met the pulse")
    until(hand.page, lambda: hand.program.draft()["curve"][2][0] != 16, "the draft has the moved point")
    yield
    assert hand.page.get_by_role("slider", name="Point 3").get_attribute("aria-valuetext") == moved
    hand.press(button(hand, "Undo"))
    hand.page.wait_for_function("document.querySelectorAll('.point')[2].ariaValueText.includes(', 16 ')")


def import_and_correct_a_song(hand):
    name = (
        "grandmother" if type(hand) is Mouse else "grandfather"
    )  # what the other one brought is there still
    go(hand, "Songs")
    text = ABC.replace("Grandmother", name.title())
    file = {"name": f"{name}.abc", "mimeType": "text/plain", "buffer": text.encode()}
    hand.choose_file(hand.page.locator("input[type=file]"), file)
    hand.page.get_by_role("heading", name=name.title()).wait_for()
    hand.page.get_by_role("img", name="The notes").locator("svg").first.wait_for()
    hand.page.get_by_text("key: G major").wait_for()
    if type(hand) is Mouse:
        hand.page.get_by_role("img", name="The notes").locator("g.note").nth(1).click()
        hand.press(button(hand, "Higher").first)
        hand.press(button(hand, "Longer").first)
    else:
        hand.reach(hand.page.get_by_role("button", name="Note 1: G4, 1 beat"))
        hand.page.keyboard.press("ArrowRight")
        hand.page.keyboard.press("ArrowUp")
        hand.page.keyboard.press("+")
    changed = hand.page.get_by_role("button", name="Note 2: C5, 1.5 beats")
    changed.wait_for()
    assert type(hand) is Mouse or changed.evaluate("note => note === document.activeElement")
    yield
    changed.wait_for()
    hand.press(button(hand, "Put on the device …"))
    hand.page.locator(".commit-panel").get_by_text(f"The song “{name}” is new.").first.wait_for()
    put_on(hand)
    hand.press(button(hand, f"Take {name} off"))
    put_on(hand)
    button(hand, f"Take {name} off").wait_for(state="detached")


def put_it_on_and_cancel(hand):
    begins_with_newborn(hand)
    hand.fill(hand.page.get_by_role("textbox", name="Title"), "Not this")
    until(hand.page, lambda: hand.program.draft().get("title") == "Not this", "the title is kept")
    hand.page.get_by_text("Different from the device:").wait_for()
    hand.press(button(hand, "Put on …"))
    hand.press(hand.page.get_by_label("Each of these is excluded"))
    hand.press(button(hand, "Put it on"))
    hand.page.get_by_text("Hold the button of the device down").first.wait_for()
    yield
    hand.press(button(hand, "Put on …"))  # it was never asked again: nothing is staged, and one begins anew
    hand.press(hand.page.get_by_label("Each of these is excluded"))
    hand.press(button(hand, "Put it on"))
    hand.page.get_by_text("Hold the button of the device down").first.wait_for()
    hand.press(button(hand, "Cancel"))
    hand.page.get_by_text("Cancelled: nothing was changed").wait_for()
    hand.press(button(hand, "Close"))
    hand.page.get_by_text("Different from the device:").wait_for()
    assert hand.page.get_by_role("textbox", name="Title").input_value() == "Not this"


def write_a_song(hand):
    go(hand, "Songs")
    third = {Mouse: "E", Keys: "F"}[type(hand)]  # what the other one wrote is there still
    hand.press(button(hand, "New sheet"))
    staff = hand.page.get_by_label("Staff: type notes here")
    staff.locator("svg").first.wait_for()
    notes = "document.querySelectorAll('.staff-field g.note').length === "
    hand.page.wait_for_function(notes + "0")
    if type(hand) is Mouse:
        for letter in ("C", "C", third):
            hand.press(button(hand, f"Note {letter}"))
        hand.press(button(hand, "Longer").last)
    else:
        hand.reach(staff)
        for key in ("c", "c", third.lower(), "+", "Enter", "a", "Backspace"):
            hand.page.keyboard.press(key)
    hand.page.get_by_text(f"Note 3 of 3: {third}4, dotted quarter").wait_for()
    hand.fill(hand.page.get_by_label("Words, a syllable"), "lit-tle star")
    hand.page.locator(".staff-field").get_by_text("star").wait_for()
    until(hand.page, lambda: "star" in str(hand.program.kept("sheet")["steps"][-1]), "the words are kept")
    yield
    hand.page.wait_for_function(notes + "3")
    hand.page.locator(".staff-field").get_by_text("star").wait_for()
    if type(hand) is Mouse:
        song = hand.program.kept("song")
        if song and song["steps"][song["at"]]:  # above the staff: it has come before anything is aimed at
            button(hand, "Put it away").wait_for()
        lines = hand.page.locator(".staff-field g.staff").first
        lines.click(position={"x": lines.bounding_box()["width"] - 4, "y": 4}, force=True)
        hand.page.get_by_text("Note 4 of 4").wait_for()
        hand.press(button(hand, "Undo the last step"))
        hand.page.wait_for_function(notes + "3")
    hand.press(button(hand, "Make the song of it"))
    hand.page.get_by_role("button", name=f"Note 3: {third}4, 1.5 beats").wait_for()


def make_a_programme(hand):
    go(hand, "Programmes")
    hand.press(button(hand, "“Settle”, shape L"))
    # The one that a test before has made looks the same, but for its name.
    name = hand.page.get_by_role("textbox", name="Name on the device")
    until(hand.page, lambda: name.input_value() == "settle", "the page shows the ready-made programme")
    hand.page.get_by_text("Shape L, 30 minutes. It keeps every rule.").wait_for()
    blocks = hand.page.locator(".segment-block")
    if type(hand) is Mouse:
        blocks.nth(2).click()
        for _ in range(3):
            hand.press(button(hand, "More moving"))
    else:
        hand.reach(blocks.nth(0))
        for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp"):
            hand.page.keyboard.press(key)
    hand.page.get_by_text("Segment 5: Intensity is 4 from the segment before, and may be 2").wait_for()
    third = hand.page.get_by_role(
        "button", name="Segment 3 of 6: deepen, suo gan, minute 11 to 18, intensity 5"
    )
    third.wait_for()
    assert button(hand, "Put on the device …").is_disabled()
    assert "Intensity is 4" in blocks.nth(4).get_attribute("aria-label")
    yield
    third.wait_for()
    if type(hand) is Mouse:
        third.click()
        for _ in range(3):
            hand.press(button(hand, "Calmer"))
    else:
        hand.reach(blocks.nth(0))
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
            hand.page.keyboard.press(key)
    hand.page.get_by_text("It keeps every rule.").wait_for()
    hand.fill(name, "mine")
    until(
        hand.page, lambda: hand.program.kept("programme")["steps"][-1]["name"] == "mine", "its name is kept"
    )
    hand.press(button(hand, "Put on the device …"))
    hand.page.locator(".commit-panel").get_by_text("The programme “mine” is new.").first.wait_for()
    button(hand, "Put it on").wait_for()
    hand.press(button(hand, "Put it on"))
    hand.press(button(hand, "Hold the simulated button"))
    panel = hand.page.locator(".commit-panel")
    panel.get_by_text("“mine” is not played yet: the profile on the device does not name it.").wait_for()
    hand.press(panel.get_by_role("button", name="Choose it in the prescription"))
    hand.page.get_by_text("Programmes are for adults, and the prescription is a newborn's").wait_for()
    hand.press(button(hand, "Close"))
    hand.press(button(hand, "Take mine off"))
    put_on(hand)
    hand.page.get_by_text("No programme is on it.").wait_for()
    if type(hand) is Mouse:
        hand.page.locator(".segment-block").first.click()
        hand.press(button(hand, "Hear 30 seconds from segment 1"))
        hand.page.get_by_text("From segment 1: mean level").wait_for()
        hand.page.wait_for_function("Math.abs(document.querySelector('audio').duration - 30) < 0.1")


def read_a_session_note_it_print_it(hand):
    go(hand, "Sessions")
    goal_words = {Mouse: "before the bath", Keys: "after the bath"}[type(hand)]
    show = hand.page.get_by_label("Show session 1")
    if not show.is_checked():
        hand.press(show)
    sheet = hand.page.frame_locator("iframe.sheet")
    sheet.get_by_text("How it ended").wait_for()
    if not hand.page.get_by_label("What was the goal").is_visible():
        hand.press(hand.page.locator("summary", has_text="The note"))
    goal = hand.page.get_by_label("What was the goal")
    hand.fill(goal, goal_words)
    hand.fill(hand.page.get_by_label("Scores"), "NRS before 4; NRS after 2")
    for typed in (goal_words, "after 2"):
        until(hand.page, lambda typed=typed: typed in str(hand.program.kept("settings")), "the note is kept")
    yield
    sheet.get_by_text("How it ended").wait_for()
    assert goal.input_value() == goal_words
    hand.press(button(hand, "Save the note"))
    sheet.get_by_text(goal_words).first.wait_for()
    hand.page.evaluate(
        "document.querySelector('iframe').contentWindow.print = () => { window.printed = true; }"
    )
    hand.press(button(hand, "Print the page (A4)"))
    hand.page.wait_for_function("window.printed === true")


def restore_a_backup(hand, folder):
    go(hand, "Device")
    hand.press(hand.page.locator("summary", has_text="Keep everything safe"))
    with hand.page.expect_download(timeout=WAIT_MS) as saved:
        hand.press(button(hand, "Save a backup"))
    saved.value.save_as(folder / "all.zip")
    begins_with_newborn(hand)
    hand.fill(level(hand), "41")
    until(hand.page, lambda: hand.program.draft().get("level_dba") == 41, "the draft has 41 dBA")
    hand.press(button(hand, "Put on …"))
    put_on(hand)
    yield
    go(hand, "Device")
    for differs in (True, False):
        if not button(hand, "Save a backup").is_visible():
            hand.press(hand.page.locator("summary", has_text="Keep everything safe"))
        hand.choose_file(hand.page.locator("input[type=file]"), folder / "all.zip")
        hand.page.get_by_role("heading", name="Put on the device").wait_for()
        if differs:
            hand.page.locator(".commit-panel").get_by_text(
                re.compile("Level: .* instead of 41 dBA")
            ).wait_for()
            put_on(hand)
        else:
            hand.page.get_by_text("Nothing differs from what is on the device.").wait_for()
            hand.press(button(hand, "Close"))
    go(hand, "Prescription")
    hand.page.get_by_text("The profile on the device is another than when this draft was begun.").wait_for()
    hand.press(button(hand, "I have seen it: go on with my draft"))
    hand.page.get_by_text("Both stand below").wait_for(state="detached")


TASKS = (
    change_the_level,
    drag_the_curve_into_a_limit,
    import_and_correct_a_song,
    put_it_on_and_cancel,
    write_a_song,
    make_a_programme,
    read_a_session_note_it_print_it,
)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_whole_task(task, hand, program):
    run(task(hand), program)


def test_a_backup_is_put_back(hand, program, tmp_path):
    run(restore_a_backup(hand, tmp_path), program)


def test_two_sessions_stand_side_by_side(page):
    go(Mouse(page), "Sessions")
    for age in ("1", "2"):
        page.get_by_label(f"Show session {age}").set_checked(True)
    sheets = page.locator("iframe.sheet")
    for age in ("1", "2"):
        sheet = page.frame_locator(f"iframe.sheet[title='The page about session {age}']")
        sheet.get_by_text("How it ended").wait_for()
        sheet.get_by_text(f"Session {age} of unit").wait_for()
    left, right = (sheet.bounding_box() for sheet in sheets.all())
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    assert page.get_by_text("The note: what only a person sees").count() == 0  # it is written about one
    page.reload()
    page.wait_for_function("document.querySelectorAll('iframe.sheet').length === 2")
    page.get_by_label("Show session 2").set_checked(False)
    page.wait_for_function("document.querySelectorAll('iframe.sheet').length === 1")
    page.get_by_role("heading", name="Session 1").wait_for()


# As quick as can be: whatever is made is there soon.
_CANCEL_AT_ONCE = """() => {
    window.cancelPressed = false;
    new MutationObserver((_, watch) => {
        const cancel = [...document.querySelectorAll("button")].find(one => one.textContent === "Cancel");
        if (cancel) { watch.disconnect(); cancel.click(); window.cancelPressed = true; }
    }).observe(document.body, {childList: true, subtree: true});
}"""


def test_a_session_that_is_read_is_cancelled_and_read_again(page, program):
    program.die_and_come_back(page)  # a program that has nothing at hand
    go(Mouse(page), "Sessions")
    box = page.get_by_label("Show session 1")
    if box.is_checked():
        box.set_checked(False)
        # The page is no sign of it: its sheet may not have come yet.
        until(page, lambda: program.kept("settings")["sessions_shown"][1] == [], "no session is shown")
        program.die_and_come_back(page)
    page.evaluate(_CANCEL_AT_ONCE)
    box.click()
    page.get_by_text("Cancelled: nothing was changed.").wait_for()
    page.wait_for_function("!document.querySelector('[aria-label=\"Show session 1\"]').checked")
    assert page.locator("iframe.sheet, progress").count() == 0
    box.set_checked(True)
    page.frame_locator("iframe.sheet").get_by_text("How it ended").wait_for()


# Scrolls to the staff as soon as it is there, as quickly as nobody can, and writes down where it is then.
_STAND_AT_THE_STAFF = """() => {
    const look = () => {
        const field = document.querySelector(".staff-field");
        if (!field) return requestAnimationFrame(look);
        field.scrollIntoView({block: "center"});
        window.top_at_first = field.getBoundingClientRect().top;
    };
    look();
}"""


def test_whoever_writes_stays_where_they_are_while_a_song_is_taken_up_again(page, program):
    """A click that was aimed at the staff must not land elsewhere, because what is above it came at that moment."""
    hand = Mouse(page)
    go(hand, "Songs")
    text = ABC.replace("Grandmother", "Aunt")  # the tasks look for theirs by its title
    file = {"name": "aunt.abc", "mimeType": "text/plain", "buffer": text.encode()}
    hand.choose_file(page.locator("input[type=file]"), file)
    page.get_by_role("heading", name="Aunt").wait_for()
    first = page.get_by_role("button", name="Note 1: G4, 1 beat")
    first.wait_for()
    until(page, lambda: program.kept("song"), "the song is kept")
    page.add_init_script(f"({_STAND_AT_THE_STAFF})()")
    page.reload()
    first.wait_for()
    page.wait_for_timeout(300)  # for a scroll that the program asks for
    moved = "document.querySelector('.staff-field').getBoundingClientRect().top - window.top_at_first"
    assert abs(page.evaluate(moved)) <= 2


def test_notes_are_played_on_the_keys_of_the_computer(page, program):
    hand = Keys(page)
    go(hand, "Songs")
    hand.press(button(hand, "New sheet"))
    notes = "document.querySelectorAll('.staff-field g.note').length === "
    page.wait_for_function(notes + "0")
    hand.reach(page.get_by_label("letters C to B"))
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.value === 'piano'")
    hand.reach(page.get_by_label("Staff: type notes here"))
    for key, name in (("a", "C4"), ("w", "C#4"), ("d", "E4"), ("j", "B4"), ("k", "C5"), ("p", "Eb5")):
        page.keyboard.press(key)
        page.get_by_text(f": {name}, quarter").wait_for()
    page.keyboard.press("b")  # no key of a piano here
    page.wait_for_function(notes + "6")
    until(page, lambda: len(program.kept("sheet")["steps"][-1]["notes"]) == 6, "six notes are kept")
    assert [note[0] for note in program.kept("sheet")["steps"][-1]["notes"]] == [60, 61, 64, 71, 72, 75]


def test_a_backup_is_cancelled_and_another_one_made(page, program):
    go(Mouse(page), "Device")
    page.locator("summary", has_text="Keep everything safe").click()
    save = page.get_by_role("button", name="Save a backup")
    cancelled = page.get_by_text("Cancelled: nothing was changed.")
    made = page.get_by_text("The backup is with your browser's downloads.")

    def kept():
        return {
            path.name: path.stat().st_mtime_ns for path in (program.folder / "studio" / "uploads").iterdir()
        }

    for _ in range(10):  # on a busy computer a small backup may be there before the finger
        before = kept()
        page.evaluate(_CANCEL_AT_ONCE)
        save.click()
        page.wait_for_function("window.cancelPressed")
        cancelled.or_(made).wait_for()
        if cancelled.is_visible():
            break
    assert cancelled.is_visible() and kept() == before
    with page.expect_download(timeout=WAIT_MS) as saved:
        save.click()
    assert saved.value.path().stat().st_size > 100


def test_every_export_button_gives_its_files(page):
    given = []
    page.on("download", lambda download: given.append(download.suggested_filename))
    hand = Mouse(page)

    def gives(names, ends):
        """Press the buttons of these names until files of exactly these ends were given, one after the other."""
        given.clear()
        for name in names:
            with page.expect_download(timeout=WAIT_MS) as saved:
                hand.press(button(hand, name))
            assert saved.value.path().stat().st_size > 100, name
        # A button may give two files, and only the first of them has been waited for.
        while missing := ends - {name[name.index(".") :] for name in given}:
            second = page.wait_for_event("download", timeout=WAIT_MS)
            assert second.path().stat().st_size > 100, missing
        assert {name[name.index(".") :] for name in given} == ends

    go(hand, "Sessions")
    show = page.get_by_label("Show session 1")
    if not show.is_checked():
        hand.press(show)
    page.frame_locator("iframe.sheet").get_by_text("How it ended").wait_for()
    names = [name for name in page.locator("button").all_inner_texts() if name.startswith("Save as")]
    assert len(names) == 3
    gives(names, {".csv", ".edf", ".fhir.json", ".json"})
    go(hand, "Songs")
    file = {
        "name": "cradle.abc",
        "mimeType": "text/plain",
        "buffer": ABC.replace("Grandmother", "Cradle").encode(),
    }
    hand.choose_file(page.locator("input[type=file]"), file)
    # Another test may have left a song open: only the heading tells that this one is there.
    page.get_by_role("heading", name="Cradle").wait_for()
    gives(["Save as ABC"], {".abc"})
    with page.expect_download(timeout=WAIT_MS) as saved:
        hand.press(button(hand, "Save for the device (.lul)"))
    assert saved.value.suggested_filename == "cradle.lul"
    go(hand, "Programmes")
    gives(["Save as a file (.toml)"], {".toml"})


def test_a_program_killed_while_it_reads_a_voice_keeps_no_half_file(page, program, tmp_path):
    voice = tmp_path / "mother.wav"
    times = np.arange(20 * 16_000) / 16_000
    tone = 0.2 * np.sin(2 * np.pi * 220 * times) * (np.sin(2 * np.pi * 0.5 * times) > -0.6)
    meter.write_wav(voice, (32767 * tone).astype("<i2"), 16_000)
    hand = Mouse(page)
    go(hand, "Songs")
    hand.press(page.get_by_label("A voice, as it was recorded"))
    hand.choose_file(page.locator("input[type=file]"), voice)
    page.get_by_text("It is being read …").or_(page.get_by_text("mother: ")).first.wait_for()
    program.die_and_come_back(page)
    page.get_by_role("heading", level=1, name="Songs").wait_for()
    assert list((program.folder / "studio" / "uploads").iterdir()) == []


def test_a_sheet_to_sing_from_has_the_words_and_outlasts_a_killed_program(page, program):
    page.get_by_role("navigation").get_by_role("link", name="Songs").click()
    part = page.locator("section", has=page.get_by_role("heading", name="A sheet to sing from"))
    part.get_by_label("Song").select_option("brahms")
    words = part.get_by_label("Words: a line for each phrase")
    words.fill("Gut Abend, <b>gut</b> Nacht")
    until(page, lambda: "Nacht" in str(program.kept("settings")), "the words are kept")
    program.die_and_come_back(page)
    assert (
        words.input_value() == "Gut Abend, <b>gut</b> Nacht"
        and part.get_by_label("Song").input_value() == "brahms"
    )
    part.get_by_role("button", name="Make the sheet").click()
    sheet = page.frame_locator("iframe.sheet")
    sheet.get_by_text("You begin on").wait_for()
    assert sheet.get_by_text("Gut Abend, <b>gut</b> Nacht").count() == 1
    assert sheet.locator("svg").count() > 4
    words.fill("\n".join("abcdefgh" * 9))
    part.get_by_role("button", name="Make the sheet").click()
    part.get_by_text("write one line for each phrase").wait_for()


def test_every_page_shows_that_the_device_waits_and_takes_it_back(page, program):
    hand = Mouse(page)
    hand.program = program
    begins_with_newborn(hand)
    hand.fill(hand.page.get_by_role("textbox", name="Title"), "Waits")
    until(page, lambda: program.draft().get("title") == "Waits", "the title is kept")
    waits = page.get_by_role("region", name="The device waits")
    hand.press(button(hand, "Put on …"))
    button(hand, "Put it on").wait_for()
    assert not waits.is_visible()  # the panel says it, and has a Cancel
    go(hand, "Sessions")
    waits.get_by_text("Something was sent to the device and waits there.").wait_for()
    hand.press(waits.get_by_role("button", name="Discard"))
    waits.wait_for(state="detached")
    go(hand, "Prescription")
    hand.press(button(hand, "Put on …"))
    hand.press(page.get_by_label("Each of these is excluded"))
    hand.press(button(hand, "Put it on"))
    page.get_by_text("Hold the button of the device down").first.wait_for()
    go(hand, "Hear")
    waits.get_by_text("The device waits for its button to be held for a second.").wait_for()
    hand.press(waits.get_by_role("button", name="Discard"))
    waits.wait_for(state="detached")
    go(hand, "Prescription")
    page.get_by_text("Different from the device: ").wait_for()


def test_a_corrected_song_outlasts_the_next_one_and_has_a_name_of_its_own(page, program):
    hand = Mouse(page)

    def brings(title):
        text = ABC.replace("Grandmother", title).encode()
        file = {"name": f"{title.lower()}.abc", "mimeType": "text/plain", "buffer": text}
        hand.choose_file(page.locator("input[type=file]"), file)
        page.get_by_role("heading", name=title, exact=True).wait_for()

    go(hand, "Songs")
    brings("First")
    hand.press(page.get_by_role("button", name="Note 2: B4, 1 beat"))
    hand.press(button(hand, "Higher").first)
    corrected = page.get_by_role("button", name="Note 2: C5, 1 beat")
    corrected.wait_for()
    hand.press(page.locator("summary", has_text="Correct it as text"))
    hand.fill(page.get_by_label("The song as ABC"), "no song")
    hand.press(button(hand, "Take this over"))
    page.locator("button:text-is('Take this over') + .problem:not(:empty)").wait_for()
    brings("Second")
    hand.press(button(hand, "Take First up again"))
    corrected.wait_for()
    button(hand, "Take Second up again").wait_for()
    name = page.get_by_role("textbox", name="Name on the device")
    put = button(hand, "Put on the device …")
    hand.fill(name, "Our song")
    page.get_by_text("Small letters from a to z, digits and _ make a name").wait_for()
    assert put.is_disabled()
    hand.fill(name, "our_song")
    until(page, lambda: program.kept("song")["steps"][-1]["name"] == "our_song", "its name is kept")
    hand.press(put)
    page.get_by_text("The song “our song” is new.").wait_for()
    hand.press(button(hand, "Put it on"))
    hand.press(button(hand, "Hold the simulated button"))
    page.get_by_text("“our song” is not played yet: the profile on the device plays").wait_for()
    hand.press(button(hand, "Choose it in the prescription"))
    page.get_by_role("heading", level=1, name="Prescription").wait_for()
    until(page, lambda: program.draft().get("song") == "our_song", "the draft names it")
