"""Self-test and calibration as steps, each with what to look at; for a quiet room without a patient."""

import threading
from abc import ABC, abstractmethod
from typing import Any

from host_tools.device import calibrate, selftest
from host_tools.device.client import Connection
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import hold_button
from host_tools.studio.job import Cancelled, Job
from host_tools.studio.live import live
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, sentence
from simulator.files.errors import CalandoError

VERDICT = {True: ("good", "good"), False: ("bad", "BAD"), None: ("look", "look")}


def bench_steps(studio: Studio) -> None:
    """Show both, with a button to begin each; they run in the desk's thread and are asked what they want to know."""
    w.words(
        _(
            "For a quiet room without a patient, after repair and once a year. The button is held once to begin."
        )
    )
    test = _SelfTest(studio)
    level = _Calibration(studio)
    w.heading(_("Self-test"), 3)
    w.words(
        _(
            "Each part is tried; a sentence says what to look at. With one BAD the device stays away from patients."
        )
    )
    live(test.build, lambda: test.key)
    w.heading(_("Calibration"), 3)
    w.words(
        _(
            "Finished case on its stand, a class 2 sound level meter where the ear will be, A-weighted and slow. "
            "Three noises are played; you type what the meter shows."
        )
    )
    live(level.build, lambda: level.key)


class _Steps(ABC):
    """A job with the bench: started, asked for the button, cancelled, told about."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.job: Job | None = None

    @property
    def key(self) -> Any:
        job = self.job
        seen = job and (id(job), job.running, len(job.said), len(job.rows))
        return (seen, self.studio.desk.view.ready, self.studio.desk.live is not None)

    @abstractmethod
    def start(self) -> None:
        """Begin the job."""

    def build(self) -> None:
        job = self.job
        if job is None or not job.running:
            button = w.button(_("Begin"), self.start)
            w.enable(button, self.studio.desk.view.ready)
        if job is None:
            return
        for line in job.said[-2:]:
            w.tag("p", _(line), role="status")
        with w.tag("ul", None, "facts"):
            for result in job.rows:
                kind, word = VERDICT[result["passed"]]
                advice = f" {result['next']}" if result["passed"] is not True and result["next"] else ""
                w.tag("li", f"{_(word)}: {result['part']}. {_(result['text'])}{_(advice)}", kind)
        if job.running:
            with w.tag("div", None, "row"):
                if self.studio.desk.live is not None and len(job.said) == 1 and not job.rows:
                    w.button(_("Hold the simulated button"), lambda: hold_button(self.studio), "main")
                w.button(_("Cancel"), job.cancel)
        elif job.error is not None:
            w.notice(sentence(job.error), "warn")
        else:
            self.over(job.future.result())

    @abstractmethod
    def over(self, result: Any) -> None:
        """Show what came of it."""


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
        self._answer: float | None = None
        self._answered = threading.Event()

    @property
    def key(self) -> Any:
        return (super().key, self._question)

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
        job = self.job
        if job is None or not job.running:
            with w.tag("label", _("The sound level meter, and where it stands")):
                w.entry(self._meter, lambda text: setattr(self, "_meter", text), maxlength=40,
                        placeholder=_("class 2, at the pillow"))  # fmt: skip
        question = self._question
        if question is not None:
            typed: list[str] = [""]

            def answer() -> None:
                try:
                    self._answer = float(typed[0].replace(",", "."))
                except ValueError:
                    return
                self._answered.set()

            with w.tag("div", None, "row"):
                with w.tag("label", _(question)):
                    w.entry("", lambda text: typed.__setitem__(0, text), inputmode="decimal")
                w.button(_("That is what it shows"), answer, "main")
        super().build()

    def over(self, result: Any) -> None:
        text = _(
            "Calibrated: a full-scale tone would be {level} dB(A) at the ear.",
            level=number(result["full_scale_dba"]),
        )
        w.notice(text, "good")
