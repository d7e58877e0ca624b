"""Parts of a page that follow what happens elsewhere: on the device, in a job."""

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from host_tools.studio import widgets as w
from host_tools.studio.job import Job
from host_tools.studio.texts import _

LOOK_S = 0.25


def live(build: Callable[[], Any], key: Callable[[], Any], classes: str = "") -> Element:
    """Make a part that is built anew when its key is another; nothing that somebody types in belongs into one."""
    box = w.tag("div", None, f"live {classes}")
    last: list[Any] = []

    def look() -> None:
        now = key()
        if last != [now]:
            last[:] = [now]
            box.clear()
            with box:
                build()

    look()
    ui.timer(LOOK_S, look)
    return box


def key_of(job: Job | None) -> Any:
    """Return a key for `live` of what is about a job: another one, and this one at its end."""
    return job and (id(job), job.running)


def follow(look: Callable[[], Any], every_s: float = LOOK_S) -> None:
    """Call a function now and again and again, as long as the page is there."""
    ui.timer(every_s, look)  # the first time at once


def progress(job: Job) -> None:
    """Show how far a job is, and a button that cancels it. Both stay where they are: what is built anew under a finger or
    a key is not pressed.
    """
    bar = w.meter(job.done, job.total)
    w.button(_("Cancel"), job.cancel)
    follow(lambda: w.put_meter(bar, job.done, job.total))
