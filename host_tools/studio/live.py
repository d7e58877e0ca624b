"""Parts of a page that follow what happens elsewhere: on the device, in a job."""

from collections.abc import Callable
from typing import Any

from nicegui import app, ui
from nicegui.element import Element
from nicegui.slot import Slot

from host_tools.studio import widgets as w
from host_tools.studio.job import Job
from host_tools.studio.texts import _

LOOK_S = 0.25
_CLOCK = "clock"  # where a page has its own


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

    follow(look)
    return box


def key_of(job: Job | None) -> Any:
    """Return a key for `live` of what is about a job: another one, and this one at its end."""
    return job and (id(job), job.running)


def follow(look: Callable[[], None]) -> None:
    """Call a function now and again and again, as long as the part of the page is there that is being built."""
    slot = ui.context.slot
    storage = ui.context.client.storage
    if _CLOCK not in storage:
        storage[_CLOCK] = _Clock()
    clock = storage[_CLOCK]
    clock.looks.append((slot, slot.parent, look))
    look()


class _Clock:
    """One timer for a whole page: with one for each part, each would be a task of its own four times a second."""

    def __init__(self) -> None:
        self.looks: list[tuple[Slot, Element, Callable[[], Any]]] = []
        with ui.context.client.content:
            ui.timer(LOOK_S, self._tick)

    def _tick(self) -> None:
        self.looks = [look for look in self.looks if not look[1].is_deleted]
        for slot, parent, look in list(self.looks):
            if parent.is_deleted:  # one before has built it anew
                continue
            try:
                with slot:
                    look()
            except Exception as error:  # noqa: BLE001 - one part must not stop the others
                app.handle_exception(error)


def progress(job: Job) -> None:
    """Show how far a job is, and a button that cancels it. Both stay where they are: what is built anew under a finger or
    a key is not pressed.
    """
    bar = w.meter(job.done, job.total)
    w.button(_("Cancel"), job.cancel)
    follow(lambda: w.put_meter(bar, job.done, job.total))
