"""Self-test and calibration as steps, each with what to look at; for a quiet room without a patient."""

import threading
from abc import ABC, abstractmethod
from typing import Any

from host_tools.device import calibrate, selftest
from host_tools.device.client import Connection
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import asks_for_the_button, hold_button
from host_tools.studio.job import Cancelled, Job
from host_tools.studio.live import follow, live
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, number_of, sentence, told
from simulator.files.errors import CalandoError

VERDICT = {True: ("good", "good"), False: ("bad", "BAD"), None: ("look", "look")}


def bench_steps(studio: Studio) -> None:
    """Show both, with a button to begin each; they run in the desk's thread and are asked what they want to know."""
    w.words(
        _(
            "For a quiet room without a patient, after repair and once a year. The button is held once to begin."
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
    """A job with the bench: started, asked for the button, cancelled, told about.

    Built once and changed in place: whoever presses or types while something is built anew would do so in vain.
    """

    def __init__(self, studio: Studio):
        self.studio = studio
        self.job: Job | None = None

    @abstractmethod
    def start(self) -> None:
        """Begin the job."""

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

    def _start(self) -> None:
        self.start()
        self.studio.tells_of_waiting = lambda: not self._said.is_deleted

    def look(self) -> None:
        """Show how far it is, and let be pressed what can be pressed now."""
        job, desk = self.job, self.studio.desk
        running = job is not None and job.running
        asked = job is not None and bool(job.said) and asks_for_the_button(job.said[-1]) and not job.rows
        w.put_text(self._said, " ".join(told(line) for line in job.said[-2:]) if job else "")
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
    def start(self) -> None:
        def work(job: Job, device: Connection) -> Any:
            def each(result: dict[str, Any]) -> None:
                job.rows.append(result)
                job.check()

            return selftest.run(device, selftest.PARTS, job.say, each, job.cancelled)

        self.job = self.studio.desk.do("selftest", work)

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

    def __init__(self, studio: Studio):
        super().__init__(studio)
        self._meter = ""
        self._question: str | None = None
        self._shown: str | None = None
        self._answer: float | None = None
        self._answered = threading.Event()

    def start(self) -> None:
        def ask(question: str) -> float:
            self._answer = None
            self._answered.clear()
            self._question = question
            try:
                while not self._answered.wait(0.2):
                    job.check()
            finally:
                self._question = None
            if self._answer is None:
                raise Cancelled("cancelled: nothing was changed")
            return self._answer

        def work(job: Job, device: Connection) -> Any:
            if not self._meter.strip():
                raise CalandoError("name the sound level meter and where it stands, then begin")
            return calibrate.calibrate(
                device, self._meter.strip()[:40], ask, job.say, cancelled=job.cancelled
            )

        job = self.job = self.studio.desk.do("calibrate", work)

    def build(self) -> None:
        with w.tag("label", _("The sound level meter, and where it stands")):
            w.entry(self._meter, lambda text: setattr(self, "_meter", text), maxlength=40,
                    placeholder=_("class 2, at the pillow"))  # fmt: skip
        with w.tag("div", None, "row") as self._asking:
            with w.tag("label", "") as self._label:
                self._typed = w.entry("", lambda _text: None, inputmode="decimal")
            w.button(_("That is what it shows"), self._take, "main")
        self._problem = w.tag("p", "", "problem", role="status")
        super().build()

    def look(self) -> None:
        super().look()
        question = self._question
        w.reveal(self._asking, question is not None)
        if question is not None and question != self._shown:
            self._typed.put("")
            w.put_text(self._label, told(question))
        self._shown = question

    def _take(self) -> None:
        self._answer = number_of(self._typed.content)
        if self._answer is None:
            w.put_text(self._problem, _("That is no number."))
            return
        w.put_text(self._problem, "")
        self._answered.set()

    def over(self, result: Any) -> None:
        text = _(
            "Calibrated: a full-scale tone would be {level} dB(A) at the ear.",
            level=number(result["full_scale_dba"]),
        )
        w.notice(text, "good")
