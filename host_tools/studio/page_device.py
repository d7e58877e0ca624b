"""Which device is there and how it is, in sentences; the next step, and the steps of the bench."""

from typing import Any

from nicegui import ui

from host_tools.sessions import words
from host_tools.studio import widgets as w
from host_tools.studio.bench_steps import bench_steps, goes_on
from host_tools.studio.commit_panel import CommitPanel
from host_tools.studio.desk import View
from host_tools.studio.keeping import keeping
from host_tools.studio.live import live
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, sentence


def build(studio: Studio) -> None:
    desk = studio.desk
    w.heading(_("Device"), 1)
    live(lambda: _which(studio), lambda: _identity(desk.view))
    with w.tag("section", None, "card"):
        w.heading(_("How it is"))
        told = _Told(studio)
        live(lambda: _how(told.facts), lambda: told.facts)
    live(
        lambda: _simulated(studio),
        lambda: (desk.live is not None, desk.live is not None and desk.live.plugged),
    )
    panel = CommitPanel(studio)
    with w.tag("details", None, "card"):
        w.tag("summary", _("Keep everything safe: backup, restore, factory reset"))
        keeping(studio, panel)
    with w.tag("details", None, "card", open=goes_on(studio)):
        w.tag("summary", _("On the bench: self-test and calibration"))
        bench_steps(studio)


def _identity(view: View) -> tuple[Any, ...]:
    """Return what `_which` shows of the device."""
    firmware = view.hello.get("firmware")
    return (
        view.state,
        view.sentence,
        view.found,
        view.port,
        view.simulated,
        view.unit,
        firmware,
        view.profile is None,
    )


class _Told:
    """How the device is, in sentences. A status says more than they do, and another one every two seconds: the page is sent
    only what reads differently.
    """

    def __init__(self, studio: Studio):
        self._desk = studio.desk
        self._view: View | None = None
        self._facts: list[tuple[str, str]] = []

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return them as they are now; empty where there is no device."""
        view = self._desk.view
        if view is not self._view:
            self._view = view
            held = (view.calibration, view.profile, view.last_fault)
            self._facts = facts(view.status, *held) if view.status else []
        return self._facts


def _which(studio: Studio) -> None:
    view = studio.desk.view
    if not view.ready:
        with w.tag("section", None, "card"):
            w.heading(_("No device yet"))
            w.words(sentence(view.sentence) if view.sentence else _("Looking for it …"))
            for port, unit in view.found:
                with w.tag("p"):
                    w.button(_("Take unit …{end} ({port})", end=unit[-4:], port=port),
                             lambda port=port: studio.desk.choose(port))  # fmt: skip
            w.words(_("Plug it in with a cable that carries data; it is seen by itself."), "quiet")
            w.button(_("Try it with a simulated device"), lambda: studio.desk.choose("sim"))
        return
    with w.tag("section", None, "card welcome"):
        what = _("Simulated device") if view.simulated else _("Device")
        w.heading(f"{what} …{view.unit[-4:]}")
        w.words(
            _("Firmware {firmware}, on {port}.", firmware=view.hello.get("firmware", "?"), port=view.port),
            "quiet",
        )
        if view.profile is None:
            w.words(_("It is new: it has no profile, and plays nothing before one is put on it."))
            text = _("Make its first profile")
        else:
            text = _("Look at its prescription")
        with w.tag("div", None, "row"):
            w.link(text, "/prescription", "button main")
            w.button(
                _("Which one is it?"), lambda: _identify(studio), title=_("Its light changes colour for 5 s.")
            )


def _identify(studio: Studio) -> None:
    studio.desk.do("identify", lambda _job, device: device.call("identify"))
    ui.notify(_("Its light changes between green and amber for five seconds."))


def _how(told: list[tuple[str, str]]) -> None:
    if not told:
        w.words(_("That is told as soon as one is plugged in."), "quiet")
        return
    with w.tag("ul", None, "facts"):
        for kind, fact in told:
            w.tag("li", fact, kind)


def facts(
    status: dict[str, Any],
    calibration: dict[str, Any] | None,
    profile: dict[str, Any] | None,
    last_fault: str | None,
) -> list[tuple[str, str]]:
    """Return how a device is: (good, look or bad; a sentence) for each thing that a therapist should know."""
    found = []
    held = status["profile"]
    if held is None:
        found.append(("look", _("It has no profile: it will not play.")))
    elif status["confirmed"]:
        found.append(("good", _("It plays the profile “{title}” ({population}).", title=held["title"],
                                population=_(held["population"]))))  # fmt: skip
    else:
        found.append(
            ("bad", _("Its profile “{title}” is not confirmed: it will not play.", title=held["title"]))
        )
    if status["mode"] == "session":
        found.append(("look", _("It is playing; it answers again when that is over.")))
    if status["mode"] == "bench":
        found.append(
            (
                "look",
                _("It is in bench mode until it is unplugged: it may play with a computer connected."),
            )
        )
    if status["calibrated"]:
        day = "" if calibration is None else str(calibration.get("date", ""))
        found.append(("good", _("Calibrated {day}: a full tone is {level} dB(A) at the ear.", day=day,
                                level=number(status["full_scale_dba"]))))  # fmt: skip
    else:
        found.append(
            (
                "look",
                _("Not calibrated: it takes itself for louder than it is likely to be, and plays softer."),
            )
        )
    for name, chip in (
        ("sensor_fault", _("The pulse sensor")),
        ("adc_fault", _("The converter for level and voltage")),
    ):
        fault = status[name]
        if fault is None:
            found.append(("good", _("{chip} answers.", chip=chip)))
        else:
            found.append(("bad", f"{chip} {_(words.CHIP_FAULTS.get(fault, 'has failed'))}."))
    daily = None if profile is None else profile.get("daily_min")
    dose = number(status["dose_today_min"])
    if daily is None:
        found.append(("", _("{dose} minutes of music in the last 24 hours.", dose=dose)))
    else:
        found.append(
            (
                "",
                _("{dose} of {daily} minutes of music in the last 24 hours.", dose=dose, daily=number(daily)),
            )
        )
    if status["staged"]:
        found.append(("look", _("{count} changes were sent and wait for the button; they are not in use.",
                                count=status["staged"])))  # fmt: skip
    if status.get("supply_v") is not None:
        found.append(("", _("Its supply is {volt} V.", volt=number(status["supply_v"]))))
    if last_fault:
        found.append(
            ("bad", _("Its program stopped once: {fault}", fault=" ".join(last_fault.split())[-160:]))
        )
    return found


def _simulated(studio: Studio) -> None:
    device = studio.desk.live
    if device is None:
        return
    with w.tag("section", None, "card simulated"):
        w.heading(_("The hand at the simulated device"))
        w.words(_("There is no device in reality: this stands for its button and its cable."), "quiet")
        with w.tag("div", None, "row"):
            if not device.plugged:
                w.button(_("Plug the cable in"), lambda: _in_thread(device.plug))
            else:
                w.button(_("Hold its button"), lambda: _in_thread(device.hold_button))
                w.button(_("Pull the cable"), lambda: _in_thread(device.unplug))


def _in_thread(act: Any) -> None:
    import threading

    threading.Thread(target=act, daemon=True).start()
