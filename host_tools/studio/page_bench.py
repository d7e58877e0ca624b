"""A whole session in the simulator for this draft and a patient one chooses, seen as it plays, faster than real."""

import math
from typing import Any

from nicegui import ui

from host_tools.sessions import words
from host_tools.studio import rules, tasks, texts
from host_tools.studio import widgets as w
from host_tools.studio.job import Job
from host_tools.studio.live import follow, key_of, live, progress
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, sentence

MOST_POINTS = 600
SERIES = ("true_pulse_rate_bpm", "pulse_rate_bpm", "tempo_bpm", "level_dba")


def build(studio: Studio) -> None:
    w.heading(_("Bench"), 1)
    w.words(
        _(
            "The device's own program with this draft, at a simulated bedside. It proves nothing about a patient."
        )
    )
    _Page(studio).build()


class _Page:
    def __init__(self, studio: Studio):
        self._studio = studio
        self._drawn = 0
        population = studio.draft.values["population"]
        self._patient = "newborn" if population == "newborn" else "adult_recording"
        if self._job is not None:  # it went on while the reader was elsewhere
            self._patient = self._job.about
        self._chart: Any = None
        self._said: Any = None

    def build(self) -> None:
        found = tasks.patients()
        here = self._studio.draft.values["population"]
        found.sort(key=lambda patient: (patient[2] != here, patient[1]))
        options = [
            (name, f"{_(title[:1].upper() + title[1:])} ({_(population)})")
            for name, title, population in found
        ]
        with w.tag("section", None, "card"):
            with w.tag("div", None, "row grow"):
                with w.tag("label", _("The patient, and what happens")):
                    w.choices(self._patient, options, lambda name: setattr(self, "_patient", name))
                self._go = w.button(_("Play it"), self._play, "main")
            self._said = w.tag("p", "", "", role="status")
            live(self._how_far, lambda: key_of(self._job))
            self._chart = ui.echart(_options(), renderer="svg").classes("bench-chart")
            self._chart._props["role"] = "img"
            self._chart._props["aria-label"] = _("Pulse, tempo and level of the session as it plays")
        live(self._end, lambda: key_of(self._job))
        follow(self._look)

    @property
    def _job(self) -> Job | None:
        return self._studio.jobs.get("bench")

    def _how_far(self) -> None:
        if self._job is not None and self._job.running:
            progress(self._job)

    def _play(self) -> None:
        values = self._studio.draft.values
        whole = rules.whole(values)
        if whole is not None:
            w.put_text(self._said, whole)
            return
        self._drawn = 0
        job = self._studio.workshop.do(
            "bench", folder=str(self._studio.folder / "made"), values=values, patient=self._patient,
            songs=str(self._studio.folder / "songs"), language=texts.spoken(),
        )  # fmt: skip
        job.about = self._patient
        self._studio.jobs["bench"] = job

    def _look(self) -> None:
        job = self._job
        running = job is not None and job.running
        w.enable(self._go, not running)
        if job is None or len(job.rows) == self._drawn:
            return
        self._drawn = len(job.rows)
        last = job.rows[-1]
        reason = f" ({_(words.reason(last['reason']))})" if last["reason"] else ""
        minute = number(round(last["time_s"] / 60, 1))
        phase = _(words.PHASES.get(last["phase"]) or str(last["phase"]))
        w.put_text(
            self._said, _("Minute {minute}: {phase}{reason}", minute=minute, phase=phase, reason=reason)
        )
        self._draw(job.rows)

    def _draw(self, rows: list[dict[str, Any]]) -> None:
        thin = max(1, len(rows) // MOST_POINTS)
        last_min = rows[-1]["time_s"] / 60
        self._chart.options["xAxis"]["max"] = max(30, 10 * math.ceil(last_min / 10))
        for series, name in zip(self._chart.options["series"], SERIES, strict=True):
            series["data"] = [[round(row["time_s"] / 60, 3), row[name]] for row in rows[::thin]]
        self._chart.update()

    def _end(self) -> None:
        job = self._job
        if job is None or job.running:
            return
        if job.error is not None:
            w.notice(sentence(job.error), "warn")
            return
        done = job.future.result()
        with w.tag("section", None, "card"):
            w.heading(_("How it ended"))
            w.words(sentence(done["sentence"]))
            w.tag(
                "audio",
                None,
                "",
                src=f"/made/{done['sound']}?{id(job)}",
                controls=True,
                aria_label=_("The whole session"),
            )
            w.words(_("What its device kept of it is under Sessions, told as simulated."), "quiet")
            w.link(_("The whole report"), f"/made/{done['report']}?{id(job)}", "button", target="_blank")


def _options() -> dict[str, Any]:
    """An empty picture with its axes."""
    lines = (
        (_("pulse as it truly is"), "#7d8992", 0), (_("pulse as the device reads it"), "#3a7fcc", 0),
        (_("tempo of the music"), "#d0690f", 0), (_("level, dB(A)"), "#3a9160", 1),
    )  # fmt: skip
    ink = {"color": "#7a8791"}  # of the letters style.css has one for light and one for dark
    return {
        "animation": False,
        "aria": {
            "enabled": True,
            "label": {"description": _("Pulse, tempo and level of the session as it plays")},
        },
        "legend": {"bottom": 0, "textStyle": ink, "itemHeight": 2},
        "grid": {"left": 50, "right": 50, "top": 30, "bottom": 100},
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": 30,
            "axisLabel": ink,
            "axisLine": {"lineStyle": ink},
            "splitLine": {"lineStyle": {"opacity": 0.3}},
            "name": _("minutes"),
            "nameLocation": "middle",
            "nameGap": 28,
            "nameTextStyle": ink,
        },
        "yAxis": [
            {
                "type": "value",
                "name": _("a minute"),
                "min": 0,
                "max": 200,
                "axisLabel": ink,
                "nameTextStyle": ink,
                "splitLine": {"lineStyle": {"opacity": 0.3}},
            },
            {
                "type": "value",
                "name": "dB(A)",
                "min": 0,
                "max": 80,
                "axisLabel": ink,
                "nameTextStyle": ink,
                "splitLine": {"show": False},
            },
        ],
        "series": [
            {"name": name, "type": "line", "symbol": "none", "data": [], "color": colour, "yAxisIndex": axis}
            for name, colour, axis in lines
        ],
    }
