"""Parts of a page that follow what happens elsewhere: on the device, in a job."""

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from host_tools.studio import widgets as w

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


def follow(look: Callable[[], Any], every_s: float = LOOK_S) -> None:
    """Call a function now and again and again, as long as the page is there."""
    ui.timer(every_s, look)  # the first time at once
