"""The way onto the device, the same for a profile, a song, a backup: what changes, who agrees, the hand on the button.

Nothing is in use before the button was held; until then it can be cancelled, and nothing has changed.
"""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from host_tools.device.changes import CONTRAINDICATIONS
from host_tools.device.client import DeviceLost
from host_tools.studio import rules
from host_tools.studio import widgets as w
from host_tools.studio.job import Job
from host_tools.studio.live import follow, live
from host_tools.studio.segments import remark_in_words
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, sentence, told


class CommitPanel:
    """A part of a page, empty until `open`. on_done is called when all is on the device and was compared."""

    def __init__(self, studio: Studio, on_done: Callable[[], Any] = lambda: None):
        self._studio = studio
        self._on_done = on_done
        self._job: Job | None = None
        self._state = ""
        self._wanted: Any = None
        self._hold_button: list[Any] = []
        self._then: Callable[[], Any] = lambda: None
        self._box = w.tag("section", None, "commit-panel", aria_label=_("Put on the device"))
        self._box._props["hidden"] = True
        follow(self._look)

    def open(self, stage: Callable[[], Job], then: Callable[[], Any] = lambda: None) -> None:
        """Begin: `stage` sends what is to be changed, and has {"lines", "profile"} as its result.

        then: shows what is to be done next, once it is on the device.
        """
        self._then = then
        self._studio.tells_of_waiting = lambda: self._state != "" and not self._box.is_deleted
        self._show("staging")
        self._job = stage()

    def _show(self, state: str, value: Any = None) -> None:
        self._state = state
        self._box.clear()
        self._box._props["hidden"] = state == ""
        self._box.update()
        if not state:
            return
        with self._box:
            getattr(self, f"_{state}")(value)
        # Not ui.run_javascript: the button that was pressed has just been replaced.
        self._box.client.run_javascript(
            f"document.getElementById('c{self._box.id}')?.scrollIntoView({{block: 'nearest'}})"
        )

    def _look(self) -> None:
        job = self._job
        if job is None:
            return
        if self._state == "waiting" and job.said:  # the device has asked: a press before that means nothing
            w.put_text(self._said, told(job.said[-1]))
            for button in self._hold_button:
                w.enable(button, asks_for_the_button(job.said[-1]))
        if job.running:
            return
        self._job = None
        if job.error is not None:
            lost = self._state == "waiting" and isinstance(job.future.exception(), DeviceLost)
            self._show("unknown" if lost else "failed", job.error)
        elif self._state == "staging":
            self._wanted = job.future.result().get("wanted")
            self._show("shown", job.future.result())
        elif self._state == "waiting":
            self._show("done")
            self._on_done()
        else:
            self._show("")

    # --- what is shown, step by step ------------------------------------------------------------------------------

    def _staging(self, _value: Any) -> None:
        w.heading(_("Sending it to the device"))
        live(self._how_far, lambda: self._job and (self._job.done, self._job.total))
        w.button(_("Cancel"), self._cancel)

    def _how_far(self) -> None:
        if self._job is not None:
            w.meter(self._job.done, self._job.total)

    def _shown(self, staged: dict[str, Any]) -> None:
        w.heading(_("Put on the device"))
        for note in staged.get("notes", ()):
            w.words(remark_in_words(note))
        if not staged["lines"]:
            w.words(_("Nothing differs from what is on the device."))
            w.button(_("Close"), self._discard)
            return
        w.words(_("This is what changes. Nothing is in use yet."))
        with w.tag("ul", None, "lines"):
            for line in staged["lines"]:
                for words in rules.change_in_words(line, self._studio.schema):
                    w.tag("li", words)
        go: list[Any] = []
        if staged["profile"]:
            w.heading(_("Calando must not be used with"), 3)
            with w.tag("ul"):
                for line in CONTRAINDICATIONS:
                    w.tag("li", _(line))
            w.tick(
                _("Each of these is excluded for whoever will listen."),
                False,
                lambda ticked: w.enable(go[0], ticked),
            )
        with w.tag("div", None, "row"):
            go.append(w.button(_("Put it on"), self._commit, "main"))
            w.button(_("Cancel"), self._discard)
        w.enable(go[0], not staged["profile"])

    def _waiting(self, _value: Any) -> None:
        w.heading(_("Now hold the button of the device down for a second"))
        self._said = w.tag("p", _("The device is asked …"), role="status")
        self._hold_button = []
        w.meter(0, 0)
        with w.tag("div", None, "row"):
            if self._studio.desk.live is not None:
                self._hold_button = [w.button(_("Hold the simulated button"), self._hold, "main")]
                w.enable(self._hold_button[0], False)
            w.button(_("Cancel"), self._cancel)

    def _done(self, _value: Any) -> None:
        w.heading(_("It is on the device"))
        w.notice(_("Read back and compared: it is there."), "good")
        self._then()
        w.words(_("Unplug the cable before the device goes to anybody."))
        w.button(_("Close"), lambda: self._show(""))

    def _failed(self, said: str) -> None:
        w.heading(_("It is not on the device"))
        w.notice(sentence(said), "warn")
        with w.tag("div", None, "row"):
            w.button(_("Close"), self._discard)

    def _unknown(self, said: str) -> None:
        w.heading(_("Nobody knows yet whether it is on the device"))
        w.notice(sentence(said), "warn")
        w.words(_("Plug it in again: this page then shows what is on it, and nothing of yours is lost."))
        w.button(_("Close"), lambda: self._show(""))

    # --- what is done ---------------------------------------------------------------------------------------------

    def _commit(self) -> None:
        self._show("waiting")
        self._job = self._studio.commit(self._wanted)

    def _hold(self) -> None:
        hold_button(self._studio)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _discard(self) -> None:
        if self._studio.desk.view.ready:
            self._studio.discard()
        self._show("")


def not_played(studio: Studio, setting: str, name: str, choose: Callable[[], Any] | None = None) -> None:
    """Say that a song, a recording or a programme is on the device and is not played, where the profile there plays
    another. choose: has the draft name it, where that takes more than the one setting.
    """
    profile = studio.desk.view.profile
    if profile is not None and profile.get(setting) == name:
        return
    shown = name.replace("_", " ")
    if profile is None:
        told_of = _("“{name}” is not played yet: the device has no profile.", name=shown)
    elif profile.get(setting) in (None, "none"):
        told_of = _("“{name}” is not played yet: the profile on the device does not name it.", name=shown)
    else:
        told_of = _("“{name}” is not played yet: the profile on the device plays “{other}”.", name=shown,
                    other=rules.named(profile.get(setting)))  # fmt: skip
    w.notice(told_of, "warn")

    def choose_it() -> None:
        studio.draft.change(setting, name)
        ui.navigate.to("/prescription")

    w.button(_("Choose it in the prescription"), choose or choose_it)


def asks_for_the_button(said: str) -> bool:
    """Return whether this is what the device says while it waits for its button to be held (client.py)."""
    return said.startswith("Hold the button")


def hold_button(studio: Studio) -> None:
    """Hold the button of the simulated device, without making anybody wait."""
    import threading

    simulated = studio.desk.live
    if simulated is not None:
        threading.Thread(target=simulated.hold_button, daemon=True).start()
