"""What goes wrong, and who means harm: a killed server, tabs, other pages, names made of HTML, huge files."""

import base64
import hashlib
import http.server
import threading

import pytest
from strange_device import StrangeDevice, line_of
from studio_browser import CHROMIUM, NO_BROWSER, Program, go, has_newborn_as_draft, has_put_on, until

from firmware.prescription.profile import Profile
from firmware.prescription.schema import pieces
from host_tools.device import changes, simulated
from host_tools.device.calibrate import LEVELS_DBFS
from host_tools.device.client import Connection, SerialTransport
from host_tools.studio.upload import LARGEST_BYTES

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)

TABS = 49
TITLE = "<b onx=1>"  # as much HTML as a title has room for
ABC = 'X:1\nT:<img src=x onerror="window.harmed=1">\nM:4/4\nL:1/4\nK:C\nCCGG|AAG2|\n'


def test_all_pages_are_there_and_nothing_is_asked_of_anybody_else(page, program):
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    for name in ("Device", "Prescription", "Hear", "Songs", "Programmes", "Sessions", "Bench"):
        go(page, name)
    page.reload()
    page.get_by_role("heading", level=1, name="Bench").wait_for()
    away = [
        url
        for url in asked
        if not url.startswith((program.base, program.base.replace("http", "ws"), "data:", "blob:"))
    ]
    assert len(asked) > 10 and away == []


def test_a_page_at_rest_is_sent_nothing(page):
    """A device is asked how it is every two seconds: only what reads differently is worth a message."""
    came = []
    page.on("websocket", lambda line: line.on("framereceived", lambda got: came.append(got)))
    page.reload()
    page.locator(".chip.good").wait_for()
    page.wait_for_timeout(3000)
    assert came
    came.clear()
    page.wait_for_timeout(5000)
    assert [message for message in came if len(message) > len("2")] == []  # but for the line's own beat


def test_another_tab_is_told_and_may_go_on_and_many_cost_nothing(page, context):
    others = [context.new_page() for _ in range(TABS)]
    for other in others:
        other.goto(page.url, wait_until="commit")
    for other in others:
        other.get_by_text("The studio is open in another tab").wait_for()
    others[-1].get_by_role("button", name="Go on here").click()
    others[-1].get_by_role("heading", name="Simulated device …").wait_for()
    page.get_by_text("The studio is open in another tab").wait_for()
    page.get_by_role("button", name="Go on here").click()
    page.get_by_role("heading", name="Simulated device …").wait_for()
    go(page, "Bench")  # the way to the pages is a new one; the one before is gone and must not be marked
    page.locator("nav a[aria-current=page]").get_by_text("Bench").wait_for()
    go(page, "Device")
    others[-1].get_by_role("button", name="Go on here").click()
    page.get_by_text("The studio is open in another tab").wait_for()
    page.reload()
    page.get_by_role("button", name="Go on here").click()
    page.get_by_role("heading", name="Simulated device …").wait_for()


def test_a_page_of_another_port_gets_nothing_and_changes_nothing(page, program):
    """It has the browser's cookie with it, for a port is the same site."""

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>evil</p>")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        evil = page.context.new_page()
        evil.goto(f"http://127.0.0.1:{server.server_port}/")
        told = evil.evaluate(
            """async (base) => {
                const order = {method: "POST", body: "x", mode: "no-cors", credentials: "include"};
                const post = await fetch(base + "upload", order)
                    .then(() => "sent").catch(() => "refused");
                const read = await fetch(base, {credentials: "include"}).then((r) => r.text()).catch(() => "refused");
                const socket = await new Promise((done) => {
                    const place = "_nicegui_ws/socket.io/?EIO=4&transport=websocket";
                    const line = new WebSocket(base.replace("http", "ws") + place);
                    line.onopen = () => done("open"); line.onerror = () => done("refused");
                });
                return [post, read, socket];
            }""",
            program.base,
        )
        server.shutdown()
    assert told[1:] == ["refused", "refused"]
    assert list((program.folder / "studio" / "uploads").iterdir()) == []


def test_names_made_of_html_are_words(page, program):
    go(page, "Prescription")
    page.get_by_role("button", name="Ready-made for a newborn").click()
    page.get_by_role("textbox", name="Title").fill(TITLE)
    until(page, lambda: program.draft().get("title") == TITLE, "the title is kept")
    has_put_on(page)
    go(page, "Device")
    page.get_by_text(f"It plays the profile “{TITLE}”").wait_for()
    go(page, "Songs")
    page.locator("input[type=file]").set_input_files(
        {"name": "<u>x</u>.abc", "mimeType": "text/plain", "buffer": ABC.encode()}
    )
    page.get_by_role("heading", name="<img src=x").wait_for()
    page.get_by_text("What was changed").wait_for()
    assert page.evaluate("window.harmed") is None
    assert page.locator("b[onx], .staff img, .staff script").count() == 0


def test_a_file_of_ten_megabytes_is_refused_in_a_sentence_and_one_too_large_is_not_even_sent(
    page, program, tmp_path
):
    go(page, "Songs")
    large = tmp_path / "large.mid"
    large.write_bytes(b"MThd" + bytes(10_000_000))
    page.locator("input[type=file]").set_input_files(large)
    page.get_by_text("give the song alone").wait_for()
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    page.locator("input[type=file]").set_input_files(huge)
    page.get_by_text("The file has more than 50 MB").wait_for()
    assert list((program.folder / "studio" / "uploads").iterdir()) == []


def wait_for_the_button(page):
    go(page, "Prescription")
    page.get_by_role("button", name="Ready-made for an adult").click()
    page.get_by_role("button", name="Put on …").click()
    page.get_by_label("Each of these is excluded").check()
    page.get_by_role("button", name="Put it on").click()
    page.get_by_text("Hold the button of the device down").first.wait_for()


def test_a_cable_pulled_while_the_button_is_waited_for_changes_nothing(new_studio):
    _, page = new_studio
    wait_for_the_button(page)
    go(page, "Device")
    page.get_by_role("button", name="Pull the cable").click()
    page.get_by_text("No device yet").wait_for()
    page.get_by_role("button", name="Plug the cable in").click()
    page.get_by_text("It is new: it has no profile").wait_for()
    go(page, "Prescription")
    page.wait_for_function("document.querySelector('[aria-label=Population].field')?.value === 'adult'")
    has_put_on(page)


def test_a_device_that_goes_in_a_commit_is_not_called_unchanged(context, tmp_path, monkeypatch):
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    with simulated.live() as live:
        program = Program(tmp_path, live.port)
        try:
            page = context.new_page()
            page.goto(program.start())
            page.get_by_text("It is new: it has no profile").wait_for()
            wait_for_the_button(page)
            live.unplug()
            page.get_by_role("heading", name="Nobody knows yet whether it is on the device").wait_for()
            page.get_by_role("button", name="Close").click()
            page.get_by_text("There is no device to put it on.").wait_for()
            assert page.get_by_label("Population").input_value() == "adult"
        finally:
            program.stop()


def test_a_cancelled_self_test_and_calibration_change_nothing_and_can_be_begun_again(new_studio):
    _, page = new_studio
    bench = page.locator("details", has_text="On the bench")
    bench.locator("summary").click()
    begin = page.get_by_role("button", name="Begin", exact=True)
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    hold = page.get_by_role("button", name="Hold the simulated button")

    waits = page.get_by_role("region", name="The device waits")

    def elsewhere(text, word):
        """Another page says it, and takes it back."""
        assert not waits.is_visible()  # this page says it
        go(page, "Hear")
        waits.get_by_text(text).wait_for()
        waits.get_by_role("button", name=word).click()
        waits.wait_for(state="detached")
        go(page, "Device")
        bench.evaluate("part => { part.open = true; }")

    asks = "The device waits for its button to be held for a second."
    room, meter = page.get_by_label("The room without the device, in dB(A)"), "class 2, at the pillow"
    begin.first.click()
    hold.wait_for()
    elsewhere(asks, "Discard")
    for asked in (False, True):
        page.get_by_label("The sound level meter, and where it stands").fill(meter)
        begin.last.click()
        room.wait_for()
        if asked:
            room.fill("30")
            page.get_by_role("button", name="That is what it shows").click()
            hold.wait_for()
            elsewhere(asks, "Discard")
        else:
            elsewhere("A self-test or calibration goes on", "Cancel")

    page.get_by_text("Cancelled: nothing was changed").first.wait_for()
    begin.first.click()
    cancel.click()  # while the button is waited for
    cancel.wait_for(state="detached")
    begin.first.click()
    hold.click()
    page.get_by_text("good: ").first.wait_for()
    cancel.click()  # between two parts
    cancel.wait_for(state="detached")
    assert page.get_by_text("No part failed").count() == 0

    page.get_by_label("The sound level meter, and where it stands").fill(meter)
    begin.last.click()
    room.fill("30")
    page.get_by_role("button", name="That is what it shows").click()
    page.get_by_label("The meter at -40 dBFS, in dB(A)").wait_for()
    go(page, "Sessions")
    waits.get_by_text("A self-test or calibration goes on, on the page “Device”").wait_for()
    go(page, "Device")
    page.get_by_label("The meter at -40 dBFS, in dB(A)").wait_for()  # it is found again, as it was
    waits.wait_for(state="detached")
    assert hold.count() == 0  # the bench was begun with the self-test
    cancel.click()  # while the meter is read
    cancel.wait_for(state="detached")
    assert page.get_by_text("Calibrated: a full-scale tone").count() == 0
    page.get_by_text("Not calibrated").wait_for()

    begin.last.click()  # and now to the end
    room.wait_for()
    room.fill("30")
    page.get_by_role("button", name="That is what it shows").click()
    for at in LEVELS_DBFS:
        page.get_by_label(f"The meter at {at} dBFS").fill(str(84 + at))
        page.get_by_role("button", name="That is what it shows").click()
    hold.click()
    page.get_by_text("Calibrated: a full-scale tone would be 87 dB(A) at the ear.").wait_for()
    page.get_by_text("a full tone is 87 dB(A) at the ear.").wait_for()


def test_a_port_that_another_program_holds_is_told_and_taken_up_when_it_is_free(
    context, tmp_path, monkeypatch
):
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    with simulated.live() as live:
        held, program = Connection(SerialTransport(live.port)), Program(tmp_path, live.port)
        try:
            page = context.new_page()
            page.goto(program.start())
            page.get_by_text("is in use").wait_for()
            held.close()
            page.get_by_text("It is new: it has no profile").wait_for()
        finally:
            held.close()
            program.stop()


def test_a_device_whose_settings_changed_since_the_draft_was_begun_is_told_and_its_limits_hold(
    context, tmp_path
):
    """Its firmware was renewed: the level may be 46 dBA now and not 50."""
    schema = b"".join(pieces())
    there = schema.replace(
        b'"newborn":{"allowed":[30,50],"default":48}', b'"newborn":{"allowed":[30,46],"default":46}'
    )
    assert there != schema
    renewed = False

    def wrong(command, request, answer):
        if not renewed:
            return None
        if command == "hello":
            answer["ok"]["schema"] = "0BADCAFE"
        elif command == "get" and request["name"] == "schema":
            told = answer["ok"]
            begin = request["at"]
            count = len(base64.b64decode(told["data"]))
            told["data"] = base64.b64encode(there[begin : begin + count]).decode()
            told["sha256"] = hashlib.sha256(there).hexdigest()
        else:
            return None
        return line_of(answer)

    with StrangeDevice(wrong) as device:
        program = Program(tmp_path, device.port)
        try:
            page = context.new_page()
            page.goto(program.start())
            page.get_by_text("It is new: it has no profile").wait_for()
            go(page, "Prescription")
            has_newborn_as_draft(page, program)
            title = page.get_by_role("textbox", name="Title")
            title.fill("Night")
            until(page, lambda: program.draft().get("title") == "Night", "the draft is kept")
            program.stop()
            renewed = True
            program.start()
            warning = page.get_by_role("alert").filter(
                has_text="has other settings than when this draft was begun"
            )
            warning.wait_for()
            page.get_by_text("48 is outside 30 to 46 dBA").wait_for()
            assert title.input_value() == "Night"
            page.get_by_role("button", name="Put on …", disabled=True).wait_for()
            page.get_by_role("button", name="I have seen it: go on with my draft").click()
            warning.wait_for(state="detached")
            page.get_by_role("textbox", name="Level", exact=True).fill("45")
            page.get_by_text("48 is outside").wait_for(state="detached")
            page.get_by_role("button", name="Put on …", disabled=False).wait_for()
        finally:
            program.stop()


def test_a_device_that_was_changed_elsewhere_since_the_draft_was_begun_shows_both(
    context, tmp_path, monkeypatch
):
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    with simulated.live() as live:

        def put_elsewhere(level):
            with Connection(SerialTransport(live.port)) as device:
                changes.put_profile(
                    device, Profile.from_values({**Profile.ready("newborn").values, "level_dba": level})
                )

                def say(_text):
                    if not said:
                        said.append(threading.Thread(target=live.hold_button))
                        said[0].start()

                said = []
                changes.commit(device, say, lambda: True)
                said[0].join()

        put_elsewhere(47)
        program = Program(tmp_path, live.port)
        try:
            page = context.new_page()
            page.goto(program.start())
            page.get_by_text("It plays the profile").wait_for()
            go(page, "Prescription")
            level = page.get_by_role("textbox", name="Level", exact=True)
            level.fill("44")
            until(page, lambda: program.draft().get("level_dba") == 44, "the draft is kept")
            program.stop()
            put_elsewhere(41)
            program.start()
            warning = page.get_by_role("alert").filter(has_text="is another than when this draft was begun")
            warning.wait_for()
            row = page.locator("tr.setting", has=level)
            row.locator("td").first.get_by_text("41 dBA").wait_for()
            assert level.input_value() == "44"
            page.get_by_role("button", name="Put on …", disabled=True).wait_for()
            page.get_by_role("button", name="I have seen it: go on with my draft").click()
            warning.wait_for(state="detached")
            page.get_by_role("button", name="Put on …").click()
            page.get_by_text("Level: 44 dBA instead of 41 dBA").wait_for()
            page.get_by_role("button", name="Cancel").click()
            page.get_by_text("Different from the device: Level.").wait_for()
        finally:
            program.stop()
