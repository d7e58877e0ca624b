"""A studio of its own for a test: the program as a person starts it, with a simulated device, and Debian's Chromium."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware.prescription.profile import Profile
from host_tools.device import simulated
from simulator import scenario
from simulator.bedside import Bedside
from simulator.interpreter import find_micropython
from simulator.runtimes import cpython, micropython

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NO_BROWSER = "there is no Chromium here (apt-get install chromium): the studio's page was not tried"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT_MS = 90_000  # for a machine that has much else to do; nothing waits longer than it must


class Program:
    """`calando studio` in a folder of its own; it may be stopped, killed, and started again on the same port."""

    def __init__(self, folder: Path, port: str = "sim"):
        self.folder = folder
        self._port = port
        self._listen: str | None = None
        self._process: subprocess.Popen[str] | None = None
        self._cookie: dict[str, Any] | None = None
        self.address = ""

    @property
    def base(self) -> str:
        return self.address.split("?")[0]

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> str:
        """Start it; returns the address, token included."""
        command = [sys.executable, "-m", "host_tools.cli", "studio", "--port", self._port, "--no-open"]
        command += ["--listen", self._listen or str(_free_port())]
        environment = {
            **os.environ,
            "CALANDO_STUDIO_DIR": str(self.folder / "studio"),
            "CALANDO_SIM_DIR": str(self.folder / "sim"),
            "CALANDO_NOTES_DIR": str(self.folder / "notes"),
        }
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S+", self._process.stdout.readline())
        assert found, "it did not say where it is"
        self.address, self._listen = found[0], found[1]
        self._cookie = None
        return self.address

    def cookie(self) -> dict[str, Any]:
        """What a browser gets for the token, once; the others of the tests are handed it."""
        if self._cookie is None:
            with socket.create_connection(
                ("127.0.0.1", int(self._listen or 0)), timeout=WAIT_MS / 1000
            ) as line:
                path = self.address.removeprefix(self.base)
                host = self.base.removeprefix("http://").strip("/")
                line.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: line.recv(4096), b"")).decode()
            found = re.search(r"set-cookie: (\w+)=(\w+);", answer, re.IGNORECASE)
            assert found, answer
            self._cookie = {"name": found[1], "value": found[2], "url": self.base}
        return self._cookie

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As when the power goes: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def die_and_come_back(self, page: Any) -> None:
        """Kill it and start it again; the page that is open finds the new one by itself."""
        page.evaluate("window.before = true")
        self.kill()
        self.start()
        page.wait_for_function("window.before === undefined")
        page.locator(".chip.good").wait_for()

    def draft(self) -> dict[str, Any]:
        """Return the draft as it is on the disk; nothing where nothing was changed yet."""
        kept = self.kept("draft")
        return kept["steps"][kept["at"]] if kept else {}

    def kept(self, name: str) -> dict[str, Any]:
        """Return a file of the studio's folder; nothing where there is none."""
        path = self.folder / "studio" / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.wait(WAIT_MS / 1000)
        if process.stdout is not None:
            process.stdout.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def play_sessions(folder: Path, count: int) -> None:
    """Have the simulated device of a program's folder, one that was never used, play so many short sessions."""
    (folder / "sim").mkdir()
    before, os.environ["CALANDO_SIM_DIR"] = os.environ.get("CALANDO_SIM_DIR"), str(folder / "sim")
    try:
        for _ in range(count):
            with simulated.at_bedside(scenario.load("short"), 24, lambda text: None) as (played, flash):
                bedside = Bedside(played, flash=flash)
                while bedside.next_boot is not None:
                    (micropython if find_micropython() else cpython).boot(bedside)
    finally:
        del os.environ["CALANDO_SIM_DIR"]
        if before is not None:
            os.environ["CALANDO_SIM_DIR"] = before


def that_played(folder: Path, sessions: int) -> Iterator[Program]:
    """Yield a studio in a folder of its own, whose device has played so many short sessions, and end it."""
    found = Program(folder)
    play_sessions(folder, sessions)
    found.start()
    yield found
    found.stop()


def until(page: Any, so: Callable[[], Any], what: str) -> None:
    """Wait until something is so that no page shows, as on the disk."""
    for _ in range(WAIT_MS // 50):
        if so():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not so after {WAIT_MS // 1000} s: {what}")


def go(page: Any, name: str) -> None:
    """Go to a page of the studio by its name."""
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1, name=name).wait_for()


def has_newborn_as_draft(page: Any, program: Program, press: Callable[[Any], None] | None = None) -> None:
    """On the page of the prescription, make the ready-made profile of a newborn the draft; returns when the page shows it.

    The level alone is no sign of that: the draft of a test before may have the same, and its title and curve would be
    replaced while this one types or drags.
    """
    begun = page.get_by_role("button", name="Ready-made for a newborn")
    (press or (lambda button: button.click()))(begun)
    ready = plain(Profile.ready("newborn").values)
    names = ("title", "population", "level_dba", "early_unlock", "soundscape", "curve")
    until(
        page,
        lambda: all((program.draft() or ready).get(name) == ready[name] for name in names),  # none: untouched
        "the draft is the ready-made one",
    )
    page.wait_for_function(
        "() => document.querySelector('[aria-label=Level].field')?.value === '48'"
        " && document.querySelector('[aria-label=Title].field')?.value === 'Newborn'"
        " && [...document.querySelectorAll('.point')].at(-1)?.ariaValueText.includes(', 16 ')"
    )


def plain(value: Any) -> Any:
    """Return a value as a file of JSON gives it back."""
    return json.loads(json.dumps(value))


def has_put_on(page: Any) -> None:
    """Go from the prescription to the end: stage, confirm, hold the button, read back."""
    page.get_by_role("button", name="Put on …").click()
    page.get_by_label("Each of these is excluded").check()
    page.get_by_role("button", name="Put it on").click()
    page.get_by_role("button", name="Hold the simulated button").click()
    page.get_by_text("Read back and compared").wait_for()


class Mouse:
    """Whoever points: everything is clicked."""

    def __init__(self, page: Any):
        self.page = page

    def press(self, what: Any) -> None:
        what.click()

    def fill(self, what: Any, text: str) -> None:
        what.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose_file(self, what: Any, file: Any) -> None:
        with self.page.expect_file_chooser() as chooser:
            what.click()
        chooser.value.set_files(file)


_WHERE = """(element) => {
    const now = document.activeElement;
    if (now === element) return "here";
    return element.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING ? "before" : "after";
}"""


class Keys(Mouse):
    """Whoever has a keyboard alone: goes with Tab to everything, and presses what a person would press there."""

    def reach(self, what: Any) -> None:
        """Go with Tab, or with Shift and Tab where it lies before, until it has the focus; fails where that cannot be."""
        from playwright.sync_api import expect

        expect(what).to_be_enabled(timeout=WAIT_MS)  # what cannot be pressed is not in the order of Tab
        for _ in range(150):
            where = what.evaluate(_WHERE)
            if where == "here":
                return
            self.page.keyboard.press("Shift+Tab" if where == "before" else "Tab")
        raise AssertionError(f"Tab does not reach {what}")

    def press(self, what: Any) -> None:
        self.reach(what)
        self.page.keyboard.press("Space" if what.get_attribute("type") in ("checkbox", "button") else "Enter")

    def fill(self, what: Any, text: str) -> None:
        self.reach(what)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose_file(self, what: Any, file: Any) -> None:
        self.reach(what)
        with self.page.expect_file_chooser() as chooser:
            # The order to catch the chooser and a key come to the browser by two ways; this answer comes after the order.
            assert what.evaluate("field => field === document.activeElement")
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)
