"""Past sessions: the list, the page for the chart of one or two side by side, the note, files for other programs."""

import asyncio
import datetime
import time
from typing import Any

from nicegui import ui

from host_tools.sessions import note, scales
from host_tools.studio import paper, texts
from host_tools.studio import widgets as w
from host_tools.studio.job import Cancelled, Job
from host_tools.studio.live import live, progress
from host_tools.studio.studio import BENCH, Studio
from host_tools.studio.texts import _, sentence, when
from simulator.files.errors import CalandoError

_READS_S = 0.7  # nobody reads a question and answers it sooner

FORMS = (("csv", "CSV"), ("edf", "EDF+"), ("fhir", "FHIR R4"))


def build(studio: Studio) -> None:
    w.heading(_("Sessions"), 1)
    page = _Page(studio)
    with w.tag("section", None, "card"):
        live(page.listed, lambda: (studio.desk.view.sessions, studio.desk.view.ready, studio.bench_session()))
        # Not in what is built anew: what it says stays.
        page.trouble = w.tag("p", "", "problem", role="status")
    page.box = w.tag("div", None, "sheets")


class _Page:
    def __init__(self, studio: Studio):
        self._studio = studio
        self._shown: list[str] = []
        self._ticks: list[Any] = []
        self.trouble: Any = None
        self.box: Any = None

    def listed(self) -> None:
        view = self._studio.desk.view
        on_bench = self._studio.bench_session() is not None
        if not view.ready:
            w.words(_("Plug the device in: its sessions are read from it."), "quiet")
        elif not view.sessions:
            w.words(_("There is no session on the device yet."), "quiet")
        sessions = view.sessions if view.ready else ()
        if not sessions and not on_bench:
            return
        unit, shown = self._studio.settings.get("sessions_shown", ["", []])
        there = [str(item["age"]) for item in sessions] + [BENCH] * on_bench
        self._shown = [age for age in shown if unit == view.unit and age in there]
        self._ticks = []
        w.words(_("Newest first. Choose one, or two to see them side by side."))
        with w.tag("table", None, "listing"):
            with w.tag("thead"), w.tag("tr"):
                for text, classes in (
                    (_("Session"), ""),
                    (_("Played"), ""),
                    (_("Records"), "less"),
                    (_("Show"), ""),
                ):
                    w.tag("th", text, classes, scope="col")
            with w.tag("tbody"):
                if on_bench:
                    self._row(BENCH, _("Bench"), _("in the simulator: no patient, no device"), "")
                for item in sessions:
                    since = (
                        _("since it was switched on")
                        if item["this_boot"]
                        else _("before it was last switched on")
                    )
                    cut = _(", cut off before its end") if item["cut"] else ""
                    self._row(str(item["age"]), str(item["age"]), since + cut, str(item["records"]))
        if self._shown:
            ui.timer(0, self.show, once=True)

    def _row(self, age: str, name: str, played: str, records: str) -> None:
        with w.tag("tr"):
            w.tag("th", name, scope="row")
            w.tag("td", played)
            w.tag("td", records, "less")
            with w.tag("td"):
                self._ticks.append(
                    w.tick(
                        "",
                        age in self._shown,
                        lambda on: self._choose(age, on),
                        aria_label=_("Show session {age}", age=name),
                    )
                )

    async def _choose(self, age: str, on: bool) -> None:
        if on:
            self._shown = [*self._shown[-1:], age]
        else:
            self._shown = [other for other in self._shown if other != age]
        self._studio.set("sessions_shown", [self._studio.desk.view.unit, self._shown])
        await self.show()

    async def show(self) -> None:
        """Show the chosen sessions: reads them, and has their pages made."""
        wanted = list(self._shown)
        sheets = []
        w.put_text(self.trouble, "")
        self.box.clear()
        try:
            for age in wanted:
                reading = self._studio.session(age)
                self._wait(_("Session {age} is being read …", age=_named(age)), reading)
                session = await asyncio.wrap_future(reading.future)
                if wanted != self._shown:
                    return  # somebody chose others meanwhile
                making = self._studio.workshop.do(
                    "session_page",
                    folder=str(self._studio.folder / "made"),
                    session=session.model_dump_json(),
                    language=texts.spoken(),
                )
                self._wait(_("The page about session {age} is being made …", age=_named(age)), making)
                sheets.append((age, session, await asyncio.wrap_future(making.future)))
                if wanted != self._shown:
                    return
        except Cancelled as error:
            if wanted == self._shown:
                self._choose_none()
            w.put_text(self.trouble, sentence(error))
            return
        except CalandoError as error:
            if wanted != self._shown:
                return
            w.put_text(self.trouble, sentence(error))
            self.box.clear()
            return
        self.box.clear()
        with self.box, w.tag("div", None, "columns wide" if len(sheets) > 1 else ""):
            for age, session, name in sheets:
                self._sheet(age, session, name, alone=len(sheets) == 1)

    def _wait(self, what: str, job: Job) -> None:
        self.box.clear()
        with self.box, w.tag("section", None, "card"):
            w.tag("p", what, role="status")
            progress(job)

    def _choose_none(self) -> None:
        """Show no session: it is on the device still, and may be chosen again."""
        self._shown = []
        self._studio.set("sessions_shown", [self._studio.desk.view.unit, []])
        self.box.clear()
        for tick in self._ticks:
            tick.box.put(False)

    def _sheet(self, age: str, session: Any, name: str, alone: bool) -> None:
        with w.tag("section", None, "card"):
            began = _(", began {when}", when=when(session.started)) if session.started else ""
            simulated = age == BENCH  # it has no note, and is nothing for other programs: it was nobody's
            w.heading(_("Session {age}", age=_named(age)) + began)
            if simulated:
                w.notice(_("Played in the simulator: it proves nothing about a patient."), "warn")
            frame = f"sheet-{age}"
            with w.tag("div", None, "row"):
                paper.print_button(_("Print the page (A4)"), frame)
                for form, text in () if simulated else FORMS:
                    w.button(
                        _("Save as {form}", form=text), lambda form=form: self._export(session, form), "quiet"
                    )
            paper.sheet(frame, name, _("The page about session {age}", age=_named(age)))
            if alone and not simulated:
                self._note(session)

    async def _export(self, session: Any, form: str) -> None:
        client = self.box.client
        try:
            job = self._studio.workshop.do("session_files", session=session.model_dump_json(), form=form)
            files = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            w.put_text(self.trouble, sentence(error))
            return
        for name, content in files.items():
            client.download(content, name)

    # --- the note ------------------------------------------------------------------------------------------------------

    def _note(self, session: Any) -> None:
        """Show what only a person sees; each saving is a new version, none is written over."""
        try:
            before = note.newest(session)
        except CalandoError as error:
            w.notice(sentence(error), "warn")
            return
        was = before.note if before else note.SessionNote()
        unsaved = f"note_{session.sha256[:16]}"  # what is typed and not saved yet outlasts the page
        begun = self._studio.settings.get(unsaved)
        with w.tag("details", None, "note", open=begun is not None):
            w.tag("summary", _("The note: what only a person sees"))
            w.words(
                _(
                    "Kept on this computer, never on the device. No names: write roles, such as mother or nurse."
                ),
                "quiet",
            )
            there = {name: getattr(was, name) or "" for name in note.WORDS}
            there["scores"] = "; ".join(
                _when_said(note.score_words(score).replace(":", "")) for score in was.scores
            )
            there["moments"] = "; ".join(note.moment_words(moment) for moment in was.moments)
            there.update(begun or {})

            def line(name: str, question: str, most: int | None = None) -> None:
                def typed(text: str) -> None:
                    there[name] = text
                    self._studio.set(unsaved, there)

                with w.tag("label", question):
                    w.entry(there[name], typed, maxlength=most, size=60)

            for name, (question, most) in note.WORDS.items():
                line(name, _(question), most)
            line("scores", _("Scores, such as NRS before 4; NRS after 2"))
            line("moments", _("Moments, such as 12:30 grimaces; 14:00 sleeps"))
            said = w.tag("p", "", "", role="status")
            asked: list[Any] = [None, 0.0]  # about which words, and when

            async def save() -> None:
                try:
                    bare = was.model_copy(update={"scores": (), "moments": ()})
                    words = {name: there[name] for name in note.WORDS}
                    scores = [_when_meant(score) for score in _parts(there["scores"])]
                    new = note.changed(bare, words, scores, _parts(there["moments"]))
                    names = note.identifying_words(new, was)
                    # A double click is no answer, and an answer is about the words that were asked about.
                    if names and (names != asked[0] or time.monotonic() - asked[1] < _READS_S):
                        if names != asked[0]:
                            asked[:] = [names, time.monotonic()]
                        found = ", ".join(f"“{text}” ({_(what)})" for _field, what, text in names)
                        w.put_text(said, _("That seems to name somebody: {found}. Leave it out, or save once more.",
                                           found=found))  # fmt: skip
                        return
                    note.write(
                        session, new, before.number if before else 0, datetime.datetime.now().astimezone()
                    )
                    self._studio.forget(unsaved)
                except CalandoError as error:
                    w.put_text(said, sentence(error))
                    return
                await self.show()

            w.button(_("Save the note"), save, "main")
            if before is not None:
                w.words(
                    _("Version {number}, {when}.", number=before.number, when=when(before.written)), "quiet"
                )


def _named(age: str) -> str:
    """Return what a session is called by: its age, or that it is the bench's."""
    return _("Bench") if age == BENCH else age


def _when_said(score: str) -> str:
    """Return a score with its time (before, during, after) in the reader's language."""
    return " ".join(_(word) if word in scales.WHEN else word for word in score.split(" "))


def _when_meant(score: str) -> str:
    """Return a score with its time as the note has it, from the reader's language; English is taken too."""
    meant = {_(when).casefold(): when for when in scales.WHEN}
    return " ".join(meant.get(word.casefold(), word) for word in score.split(" "))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
