"""Thirty seconds of what the device will play, for a pulse that one draws or takes from a past session; A beside B."""

import asyncio
from typing import Any

from nicegui import ui

from firmware.sound import songs
from firmware.sound.score import is_pattern
from host_tools.sessions.told import tell
from host_tools.studio import rules
from host_tools.studio import widgets as w
from host_tools.studio.job import Job
from host_tools.studio.live import key_of, live, progress
from host_tools.studio.point_editor import PointEditor
from host_tools.studio.rules import Stop
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, number_of, sentence
from simulator.files.errors import CalandoError

SECONDS = 30
LAST_MIN = 45
PULSE_BPM = {"newborn": (80, 220), "adult": (40, 140)}
MOST_POINTS = 24

# Both players at the same place: one falls silent, the other goes on.
_SWITCH = """() => {
    const players = [...document.querySelectorAll("audio.part")];
    const from = players.find((player) => !player.paused) || players[0];
    const to = players.find((player) => player !== from);
    if (!from || !to) return;
    to.currentTime = from.currentTime; from.pause(); to.play();
}"""


def build(studio: Studio) -> None:
    studio.meet_device()
    w.heading(_("Hear"), 1)
    w.words(
        _(
            "Exactly what the device plays. Your loudspeakers set how loud you hear it; the levels are those at the ear."
        )
    )
    _Page(studio).build()


class _Page:
    def __init__(self, studio: Studio):
        self._studio = studio
        self._population = studio.draft.values["population"]
        self._points = [list(point) for point in studio.pulse()]
        self._from_session: list[tuple[int, int | None]] | None = None
        self._age = ""  # of that session
        self._asked = ""  # of the one that was chosen last
        self._minute = 1.0
        self._reading: Job | None = None
        self._jobs: dict[str, Job | None] = {"A": None, "B": None}
        self._heard: dict[str, Any] = {}
        self._trouble: dict[str, str] = {}
        self._source_list: Any = None
        self._editor: PointEditor | None = None

    def build(self) -> None:
        self._studio.sounds.do("warm")
        with w.tag("section", None, "card"):
            w.heading(_("For which pulse"))
            live(self._source, lambda: self._studio.desk.view.sessions)
            live(self._how_far, lambda: key_of(self._reading))
            self._editor = PointEditor(
                _("the pulse"), _("minutes since the button was pressed"), _("beats a minute"),
                (0, 30), PULSE_BPM[self._population], 0.5, 1, self._moved, self._added, self._removed,
                _("Drag a point, or Tab to it and use the arrow keys. Double-click adds one, Delete takes it off."),
            )  # fmt: skip
            self._draw()
        with w.tag("section", None, "card"):
            w.heading(_("Which thirty seconds"))
            with w.tag("div", None, "row"):
                with w.tag("label", _("From minute")):
                    self._minute_field = w.entry(
                        number(self._minute), self._set_minute, inputmode="decimal", size=6,
                        aria_describedby="minute-problem",
                    )  # fmt: skip
                for minute, text in self._moments():
                    w.button(f"{text} ({number(minute)})", lambda minute=minute: self._jump(minute), "quiet")
            self._minute_problem = w.tag("p", "", "problem", role="status", id="minute-problem")
        with w.tag("div", None, "columns"):
            for letter in ("A", "B"):
                with w.tag("section", None, "card"):
                    live(lambda letter=letter: self._part(letter), lambda letter=letter: self._key(letter))
        with w.tag("div", None, "row"):
            switch = w.tag("button", _("Switch between A and B at the same place"), "button", type="button")
            switch.on("click", js_handler=_SWITCH)

    def _moments(self) -> list[tuple[int, str]]:
        """Minutes of a session that are worth hearing, as the draft has them."""
        values = self._studio.draft.values
        if rules.whole(values) is not None:
            values = self._studio.ready_made()
        meets = round(values["baseline_s"] / 60)
        leads = round(meets + values["match_min"])
        end = max(0, round(values["session_min"]) - 1)
        return [
            (0, _("the beginning")),
            (meets, _("it meets the pulse")),
            (leads + 5, _("it leads")),
            (end, _("the end")),
        ]

    def _key(self, letter: str) -> Any:
        job = self._jobs[letter]
        view = self._studio.desk.view
        return (job and (id(job), job.running), self._heard.get(letter), self._trouble.get(letter), repr(view.profile),
                repr(self._studio.draft.values), self._minute)  # fmt: skip

    def _part(self, letter: str) -> None:
        """A is what is there already, B the draft."""
        there = self._studio.desk.view.profile
        if letter == "B":
            w.heading(_("B: this draft"))
        elif there is not None:
            w.heading(_("A: what is on the device"))
        else:
            w.heading(_("A: ready-made"))
        values = self._values(letter)
        programme, level = values["listening_programme"], number(values["level_dba"])
        if programme == "none":
            text = _("Song {song}, {level} dB(A).", song=rules.named(values["song"]), level=level)
        else:
            text = _("Programme {name}, {level} dB(A).", name=programme.replace("_", " "), level=level)
        w.words(text, "quiet")
        job = self._jobs[letter]
        if job is not None and job.running:
            w.tag("p", _("It is being played …"), role="status")
            progress(job)
            return
        whole = rules.whole(values)
        go = w.button(
            _("Hear from minute {minute}", minute=number(self._minute)), lambda: self._hear(letter), "main"
        )
        w.enable(go, whole is None)
        if whole is not None:
            w.notice(whole, "warn")
        if letter in self._trouble:
            w.notice(self._trouble[letter], "warn")
        heard = self._heard.get(letter)
        if heard is not None:
            self._player(heard)

    def _player(self, heard: dict[str, Any]) -> None:
        player = w.tag("audio", None, "part", src="/sound/" + heard["file"], controls=True, autoplay=True)
        player._props["aria-label"] = _("{seconds} seconds from minute {minute}", seconds=number(round(heard["length_s"])),
                                        minute=number(heard["minute"]))  # fmt: skip
        if heard["laeq_dba"] is None:
            w.words(_("These seconds are silent."), "quiet")
        else:
            mean, most = number(round(heard["laeq_dba"], 1)), number(round(heard["las_max_dba"], 1))
            text = _("From minute {minute}: mean level {mean} dB(A) at the ear, at most {most}.",
                     minute=number(heard["minute"]), mean=mean, most=most)  # fmt: skip
            w.words(text, "quiet")

    # --- what is heard ------------------------------------------------------------------------------------------------

    def _values(self, letter: str) -> dict[str, Any]:
        studio = self._studio
        if letter == "B":
            return studio.draft.values
        return studio.desk.view.profile or studio.ready_made()

    async def _hear(self, letter: str) -> None:
        values, minute = dict(self._values(letter)), self._minute
        self._trouble.pop(letter, None)
        self._heard.pop(letter, None)
        try:
            song = voice = programme = None
            if (
                values["listening_programme"] != "none"
            ):  # then the song and the voice of the profile have no part
                job = self._studio.programme(values["listening_programme"])
                programme = await asyncio.wrap_future(job.future)
            else:
                name = values["song"]
                song = await self._bring("song", name, name in songs.NAMES or is_pattern(name))
                voice = await self._bring("voice", values["voice"], values["voice"] == "none")
            job = self._studio.sounds.do(
                "hear", folder=str(self._studio.folder / "sounds"), values=values, pulse=self._pulse(),
                start_s=round(minute * 60), seconds=SECONDS, song=song, voice=voice, programme=programme,
            )  # fmt: skip
            self._jobs[letter] = job
            self._heard[letter] = {**await asyncio.wrap_future(job.future), "minute": minute}
        except CalandoError as error:
            self._trouble[letter] = sentence(error)

    async def _bring(self, kind: str, name: str, built_in: bool) -> str | None:
        """The file of a song or voice that is not built in, from the device where it is not here yet."""
        job = self._studio.song_file(kind, name, built_in)
        if job is not None:
            await asyncio.wrap_future(job.future)
        return None if built_in else str(self._studio.sound_path(kind, name))

    def _pulse(self) -> list[tuple[int, int | None]]:
        """The pulse as render takes it: (ms, thousandths of a beat a minute), once a second; straight between points."""
        if self._from_session is not None:
            return self._from_session
        return drawn_pulse(self._points)

    # --- which pulse --------------------------------------------------------------------------------------------------

    def _source(self) -> None:
        sessions = self._studio.desk.view.sessions
        options = [("", _("the one that is drawn here"))]
        options += [
            (str(item["age"]), _("session {age} of this device", age=item["age"])) for item in sessions
        ]
        if self._age not in [age for age, _words in options]:  # what was read stays, without the device too
            options.append((self._age, _("session {age} of this device", age=self._age)))
        if len(options) > 1:
            with w.tag("label", _("Take the pulse of")):
                self._source_list = w.choices(self._age, options, self._choose_source)

    def _how_far(self) -> None:
        if self._reading is not None and self._reading.running:
            w.tag("p", _("Session {age} is being read …", age=self._asked), role="status")
            progress(self._reading)

    async def _choose_source(self, age: str) -> None:
        self._from_session, self._age, self._asked = None, "", age
        if age:
            self._reading = self._studio.session(age)
            try:
                session = await asyncio.wrap_future(self._reading.future)
            except CalandoError as error:
                ui.notify(sentence(error))
                self._source_list.put("")
                return
            if age != self._asked:  # somebody chose another one meanwhile
                return
            self._from_session, self._age = sessions_pulse(tell(session.raw).rows), age
        self._draw()

    def _draw(self) -> None:
        if self._editor is None:
            return
        low, high = PULSE_BPM[self._population]
        lines = []
        if self._from_session is not None:
            data = [
                [ms / 60_000, None if rate is None else rate / 1000] for ms, rate in self._from_session[::5]
            ]
            lines.append({"name": _("of the session"), "data": data, "style": "solid", "tone": "--device"})
        points = []
        for index, (minute, rate) in enumerate(self._points):
            left, right = self._sides(index)
            down = Stop(low, _("No slower than {low} can be drawn.", low=low))
            up = Stop(high, _("No faster than {high} can be drawn.", high=high))
            stops = {"left": left, "right": right, "down": down, "up": up}
            points.append({"x": minute, "y": rate,
                           **{way: {"at": stop.at, "why": stop.why} for way, stop in stops.items()}})  # fmt: skip
        self._editor.show([] if self._from_session is not None else points, lines, (0, 30), (low, high))

    def _sides(self, index: int) -> tuple[Stop, Stop]:
        if index == 0:
            first = Stop(0, _("It begins when the button is pressed."))
            return first, first
        left = Stop(self._points[index - 1][0] + 0.5, _("The point before it is there."))
        if index == len(self._points) - 1:
            return left, Stop(30, _("Thirty minutes can be drawn."))
        return left, Stop(self._points[index + 1][0] - 0.5, _("The point after it is there."))

    def _moved(self, index: int, minute: float, rate: float) -> None:
        self._points[index] = [minute, rate]
        self._keep()

    def _added(self, minute: float) -> None:
        minute = round(minute * 2) / 2
        near = any(abs(point[0] - minute) < 0.5 for point in self._points)
        if near or not 0 < minute <= 30 or len(self._points) >= MOST_POINTS:
            return
        rate = next(rate for ms, rate in reversed(drawn_pulse(self._points)) if ms <= minute * 60_000) or 0
        self._points = sorted([*self._points, [minute, round(rate / 1000)]])
        self._keep()

    def _removed(self, index: int) -> None:
        if index:
            del self._points[index]
            self._keep()

    def _keep(self) -> None:
        self._studio.set(f"pulse_{self._population}", self._points)
        self._draw()

    def _set_minute(self, text: str) -> None:
        """Take a minute that was typed; what is none is told, and the minute before stays."""
        minute = number_of(text)
        right = minute is not None and 0 <= minute <= LAST_MIN
        if minute is None or not right:
            told = _("Type a minute from 0 to {last}; minute {minute} stays until then.", last=LAST_MIN,
                     minute=number(self._minute))  # fmt: skip
            w.put_text(self._minute_problem, told)
        else:
            self._minute = minute
            w.put_text(self._minute_problem, "")
        self._minute_field._props["aria-invalid"] = None if right else "true"

    def _jump(self, minute: float) -> None:
        self._minute_field.put(number(minute))
        self._set_minute(str(minute))


def drawn_pulse(points: list[list[float]]) -> list[tuple[int, int | None]]:
    """Return (ms, thousandths of a beat a minute) once a second for rows of minute and rate, straight between them."""
    found: list[tuple[int, int | None]] = []
    for second in range(int(points[-1][0] * 60) + 1):
        minute = second / 60
        index = max(place for place, point in enumerate(points) if point[0] <= minute)
        (x0, y0), (x1, y1) = points[index], points[min(index + 1, len(points) - 1)]
        rate = y0 if x1 == x0 else y0 + (y1 - y0) * (minute - x0) / (x1 - x0)
        found.append((second * 1000, round(rate * 1000)))
    return found


def sessions_pulse(rows: list[dict[str, Any]]) -> list[tuple[int, int | None]]:
    """Return (ms, thousandths of a beat a minute or None) of a session's rows from its beginning."""
    return [
        (row["time_s"] * 1000, None if row["pulse_rate_bpm"] is None else round(row["pulse_rate_bpm"] * 1000))
        for row in rows
        if row["time_s"] >= 0
    ]
