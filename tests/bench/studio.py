"""How quick and how modest the studio is, in a real browser with the simulated device: `make bench` prints it.

First view, a click's answer, how soon a change is on the disk, thirty seconds of sound, what it costs while nobody does
anything, and with many tabs (--tabs), number by number. It is left alone until its workshops have gone home, and then
watched for some minutes (--minutes). What it grew is told of the second half of these: in the first one buffers still find
their size.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from studio_browser import ARGUMENTS, CHROMIUM, NO_BROWSER, WAIT_MS, Program

VIEWS = 5
CLICKS = 200
CHANGES = 20
REST_S = 75  # the workshops go home after a minute

# Undo and redo, by turns: each is answered when the button Undo is what it then must be.
_CLICKS = """async (count) => {
    const button = (name) => [...document.querySelectorAll("button")].find((one) => one.textContent === name);
    const took = [];
    for (let turn = 0; turn < count; turn++) {
        const back = turn % 2 === 0, began = performance.now();
        button(back ? "Undo" : "Redo").click();
        while (button("Undo").disabled !== back) await new Promise((next) => setTimeout(next, 1));
        took.push(performance.now() - began);
    }
    return took;
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=3.0, help="how long the idle studio is watched")
    options.add_argument("--tabs", type=int, default=50, help="how many tabs are opened")
    chosen = options.parse_args()
    if CHROMIUM is None:
        print(NO_BROWSER)
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        program = Program(Path(folder))
        program.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            _measure(program, browser, chosen.minutes)
            _tabs(program, browser, chosen.tabs)
        finally:
            browser.close()
            program.stop()


def _measure(program: Program, browser: Any, minutes: float) -> None:
    print("what                                          figure        bar")
    first = [_first_view(program, browser) for _ in range(VIEWS)]
    _row("first view, no cache, median", f"{statistics.median(first):.2f} s", "2 s")
    context, page = _page(program, browser)
    page.goto(program.base + "prescription")
    page.locator(".chip.good").wait_for()
    page.get_by_role("checkbox", name="Early unlock").check()
    page.wait_for_function(
        "![...document.querySelectorAll('button')].find(b => b.textContent === 'Undo').disabled"
    )
    took = sorted(page.evaluate(_CLICKS, CLICKS))
    _row(f"a click answered, 95 % of {CLICKS}", f"{took[int(0.95 * len(took))]:.0f} ms", "100 ms")
    _row(f"a change on the disk, 95 % of {CHANGES}", f"{_on_disk(program, page):.0f} ms", "1000 ms")
    page.get_by_role("link", name="Hear", exact=True).click()
    for name, minute in (("30 s of sound, the first", "1"), ("30 s of sound, of the same session", "0")):
        page.get_by_role("textbox", name="From minute").fill(minute)
        go = page.get_by_role("button", name=f"Hear from minute {minute}").last
        go.wait_for()
        began = time.monotonic()
        go.click()
        page.get_by_text(f"From minute {minute}: mean level").or_(
            page.get_by_text("are silent")
        ).first.wait_for()
        _row(name, f"{time.monotonic() - began:.2f} s", "3 s")
    context.close()
    context, page = _page(program, browser)
    page.goto(program.base)
    page.locator(".chip.good").wait_for()
    time.sleep(REST_S)
    began, before_s, memory = (
        time.monotonic(),
        _processor_s(program.process_id),
        [_megabytes(program.process_id)],
    )
    while time.monotonic() - began < 60 * minutes:
        time.sleep(10)
        memory.append(_megabytes(program.process_id))
    took_s = time.monotonic() - began
    share = 100 * (_processor_s(program.process_id) - before_s) / took_s
    _row("idle, a page open: processor", f"{share:.2f} %", "1 %")
    _row("idle, a page open: memory", f"{memory[-1]:.0f} MB", "150 MB")
    growth = memory[-1] - memory[len(memory) // 2]
    _row(f"grown in the second half of {minutes:g} minutes", f"{growth:.2f} MB", "0 MB")
    context.close()


def _on_disk(program: Program, page: Any) -> float:
    """Return how long it takes until what was typed is kept, in milliseconds; the 95th percentile."""
    took = []
    for turn in range(CHANGES):
        title = f"Night {turn}"
        page.get_by_role("textbox", name="Title").fill(title)
        began = time.monotonic()
        while program.draft().get("title") != title:
            time.sleep(0.002)
        took.append(1000 * (time.monotonic() - began))
    return sorted(took)[int(0.95 * CHANGES)]


def _tabs(program: Program, browser: Any, most: int) -> None:
    """Open tab after tab, each told that there is a first, and print what the program and the pages hold."""
    print(f"\n{'tabs':>4}{'the newest there':>20}{'program':>12}{'JavaScript of a page':>24}")
    context, page = _page(program, browser)
    pages = [page]
    page.goto(program.base)
    page.locator(".chip.good").wait_for()
    for count in range(1, most + 1):
        if count > 1:
            pages.append(context.new_page())
            began = time.monotonic()
            pages[-1].goto(program.base)
            pages[-1].get_by_text("The studio is open in another tab").wait_for()
            took = f"{time.monotonic() - began:.2f} s"
        else:
            took = "-"
        if count in (1, 2, 5) or count % 10 == 0:
            heap = pages[-1].evaluate("performance.memory.usedJSHeapSize") / 1e6
            print(
                f"{count:>4}{took:>20}{_megabytes(program.process_id):>9.0f} MB{heap:>21.0f} MB", flush=True
            )
    page.bring_to_front()
    page.get_by_role("link", name="Prescription", exact=True).click()
    page.get_by_role("heading", level=1, name="Prescription").wait_for()
    context.close()
    time.sleep(REST_S)
    print(f"{0:>4}{'':>20}{_megabytes(program.process_id):>9.0f} MB", flush=True)


def _page(program: Program, browser: Any) -> tuple[Any, Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    context.add_cookies([program.cookie()])
    return context, context.new_page()


def _first_view(program: Program, browser: Any) -> float:
    context, page = _page(program, browser)
    began = time.monotonic()
    page.goto(program.base)
    page.get_by_role("heading", name="How it is").wait_for()
    took = time.monotonic() - began
    context.close()
    return took


def _processor_s(process: int) -> float:
    """Seconds of processor that a process has had, without its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: int) -> float:
    """What a process holds in memory, in millions of bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _row(what: str, figure: str, bar: str) -> None:
    print(f"{what:44}{figure:>10}{bar:>11}", flush=True)


if __name__ == "__main__":
    main()
