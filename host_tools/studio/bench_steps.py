"""Self-test and calibration as steps, each with what to look at; for a quiet room without a patient."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from firmware.prescription import calibration
from host_tools.device import calibrate, selftest
from host_tools.device.client import Connection
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import asks_for_the_button, hold_button
from host_tools.studio.job import Job
from host_tools.studio.live import follow, live
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, number_of, sentence, told
from simulator.files.errors import CalandoError

SELFTEST, CALIBRATE = "selftest", "calibrate"
VERDICT = {True: ("good", "good"), False: ("bad", "BAD"), None: ("look", "look")}


def goes_on(studio: Studio) -> bool:
    """Return whether a self-test or a calibration has been begun and is not over."""
    return any(job is not None and job.running for job in map(studio.jobs.get, (SELFTEST, CALIBRATE)))


def bench_steps(studio: Studio) -> None:
    """Show both, with a button to begin each; they run in the desk's thread and are asked what they want to know."""
    w.words(
        _(
            "For a quiet room without a patient, after repair and once a year. The button is held once to begin, and once "
            "more for a calibration to be kept."
        )
    )
    w.heading(_("Self-test"), 3)
    w.words(
        _(
            "Each part is tried; a sentence says what to look at. With one BAD the device stays away from patients."
        )
    )
    _SelfTest(studio).build()
    w.heading(_("Calibration"), 3)
    w.words(
        _(
            "Finished case on its stand, a class 2 sound level meter where the ear will be, A-weighted and slow. "
            "Three noises are played; you type what the meter shows."
        )
    )
    _Calibration(studio).build()


class _Steps(ABC):
    """A job with the bench: started, asked for the button, cancelled, told about; it goes on when its page is left.

    Built once and changed in place: whoever presses or types while something is built anew would do so in vain.
    """

    name: str

    def __init__(self, studio: Studio):
        self.studio = studio

    @property
    def job(self) -> Job | None:
        """Return the last one, of the device that is there: what was found at another one is not said of this."""
        job, view = self.studio.jobs.get(self.name), self.studio.desk.view
        return None if job is not None and view.ready and job.about != view.unit else job

    @abstractmethod
    def work(self) -> Callable[[Job, Connection], Any]:
        """Return what is to be done with the device."""

    @abstractmethod
    def over(self, result: Any) -> None:
        """Show what came of it."""

    def build(self) -> None:
        self._said = w.tag("p", "", "", role="status")
        live(self._results, lambda: self.job and (id(self.job), len(self.job.rows)))
        with w.tag("div", None, "row"):
            self._begin = w.button(_("Begin"), self._start)
            self._hold = w.button(_("Hold the simulated button"), lambda: hold_button(self.studio), "main")
            self._cancel = w.button(_("Cancel"), lambda: self.job and self.job.cancel())
        live(self._end, lambda: self.job and (id(self.job), self.job.running))
        follow(self.look)
        if self.job is not None and self.job.running:
            self._tells()

    def _start(self) -> None:
        job = self.studio.jobs[self.name] = self.studio.desk.do(self.name, self.work())
        job.about = self.studio.desk.view.unit
        self._tells()

    def _tells(self) -> None:
        self.studio.tells_of_waiting = lambda: not self._said.is_deleted

    def look(self) -> None:
        """Show how far it is, and let be pressed what can be pressed now."""
        job, desk = self.job, self.studio.desk
        running = job is not None and job.running
        asked = job is not None and bool(job.said) and asks_for_the_button(job.said[-1]) and not job.rows
        w.put_text(self._said, " ".join(told(line) for line in job.said[-2:]) if job and running else "")
        w.reveal(self._begin, not running)
        w.enable(self._begin, desk.view.ready)
        w.reveal(self._hold, running and asked and desk.live is not None)
        w.reveal(self._cancel, running)

    def _results(self) -> None:
        with w.tag("ul", None, "facts"):
            for result in self.job.rows if self.job else ():
                kind, word = VERDICT[result["passed"]]
                advice = f" {told(result['next'])}" if result["passed"] is not True and result["next"] else ""
                w.tag("li", f"{_(word)}: {result['part']}. {told(result['text'])}{advice}", kind)

    def _end(self) -> None:
        job = self.job
        if job is None or job.running:
            return
        if job.error is not None:
            w.notice(sentence(job.error), "warn")
        else:
            self.over(job.future.result())


class _SelfTest(_Steps):
    name = SELFTEST

    def work(self) -> Callable[[Job, Connection], Any]:
        def work(job: Job, device: Connection) -> Any:
            def each(result: dict[str, Any]) -> None:
                job.rows.append(result)
                job.check()

            return selftest.run(device, selftest.PARTS, job.say, each, job.cancelled)

        return work

    def over(self, result: Any) -> None:
        bad = [one["part"] for one in result if one["passed"] is False]
        if bad:
            text = _(
                "{parts} failed: do not use this device at a bedside until it passes.", parts=", ".join(bad)
            )
            w.notice(text, "warn")
        else:
            w.notice(_("No part failed. What says “look” is for your eyes."), "good")


class _Calibration(_Steps):
    """What the meter shows is asked in the desk's thread and answered on the page."""

    name = CALIBRATE

    def __init__(self, studio: Studio):
        super().__init__(studio)
        self._meter = str(studio.settings.get("meter", ""))  # the next one is likely to be made with the same
        self._shown: str | None = None

    def work(self) -> Callable[[Job, Connection], Any]:
        meter = self._meter.strip()[: calibration.METER_CHARACTERS]

        def work(job: Job, device: Connection) -> Any:
            if not meter:
                raise CalandoError("name the sound level meter and where it stands, then begin")
            return calibrate.calibrate(device, meter, job.ask, job.say, cancelled=job.cancelled)

        return work

    def build(self) -> None:
        with w.tag("label", _("The sound level meter, and where it stands")):
            w.entry(self._meter, self._name_meter, maxlength=calibration.METER_CHARACTERS,
                    placeholder=_("class 2, at the pillow"))  # fmt: skip
        with w.tag("div", None, "row") as self._asking:
            with w.tag("label", "") as self._label:
                self._typed = w.entry("", lambda _text: None, inputmode="decimal")
            w.button(_("That is what it shows"), self._take, "main")
        self._problem = w.tag("p", "", "problem", role="status")
        super().build()

    def _name_meter(self, text: str) -> None:
        self._meter = text
        self.studio.set("meter", text)

    def look(self) -> None:
        super().look()
        question = self.job and self.job.question
        w.reveal(self._asking, question is not None)
        if question is not None and question != self._shown:
            self._typed.put("")
            w.put_text(self._label, told(question))
        self._shown = question

    def _take(self) -> None:
        value = number_of(self._typed.content)
        w.put_text(self._problem, _("That is no number.") if value is None else "")
        if value is not None and self.job is not None:
            self.job.answer(value)

    def over(self, result: Any) -> None:
        text = _(
            "Calibrated: a full-scale tone would be {level} dB(A) at the ear.",
            level=number(result["full_scale_dba"]),
        )
        w.notice(text, "good")
