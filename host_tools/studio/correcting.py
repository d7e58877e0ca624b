"""A song that was brought in, corrected note by note before it goes on the device; kept on disk with every step."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element

from firmware.sound import songs
from firmware.sound.score import is_pattern
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel, not_played
from host_tools.studio.draft import Steps
from host_tools.studio.field import TEXT
from host_tools.studio.live import live, progress
from host_tools.studio.shelf import Shelf
from host_tools.studio.staff import Staff
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, sentence, told
from simulator.files import song_file
from simulator.files.errors import CalandoError

HEARD_S = 40
ORDERS = (
    ("higher", "Higher"),
    ("lower", "Lower"),
    ("octave up", "An octave up"),
    ("octave down", "An octave down"),
    ("longer", "Longer"),
    ("shorter", "Shorter"),
    ("rest", "A rest instead"),
)

# One note is in the order of Tab, the arrows go from one to the next; all else is an order for it.
_KEYS = w.key_orders(
    ".note",
    {
        "ArrowUp": "higher", "ArrowDown": "lower", "PageUp": "octave up", "PageDown": "octave down", "+": "longer",
        "-": "shorter", "Delete": "rest", "Backspace": "rest",
    },
)  # fmt: skip
_FOCUS = """(e) => {
    const notes = [...e.currentTarget.querySelectorAll(".note")], at = notes.indexOf(e.target);
    if (at < 0) return;
    notes.forEach((note, place) => { note.tabIndex = place === at ? 0 : -1; });
    emit(at);
}"""


OPTIONS = {
    "part": "Part or track", "track": "Part or track", "voice": "Voice", "tune": "Tune",
    "anyway": "Take a recording with a monitor's tones or loud noise in it",
}  # fmt: skip
NAME_CHARACTERS_MAX = 24  # as the device takes it (docs/protocol.md)
_NAME = re.compile(rf"[a-z0-9_]{{1,{NAME_CHARACTERS_MAX}}}")
_OPTION = re.compile(f"--({'|'.join(OPTIONS)})")


class _Place(Element, component="held.js"):
    """Where the song comes: what is below stays where it is when something of class "held" comes into it, and when that
    gives way to the song.
    """


class Correcting:
    """The song on the page, or nothing. take_abc: brings in what somebody wrote as ABC, and tells what is wrong with it."""

    def __init__(
        self,
        studio: Studio,
        panel: CommitPanel,
        take_abc: Callable[[str, str, Callable[[str], Any]], Awaitable[Any]],
    ):
        self._studio = studio
        self._panel = panel
        self._take_abc = take_abc
        self._shelf = Shelf(studio.folder / "shelf")
        self._steps = Steps(studio.folder / "song.json", [{}])
        self._steps.read()
        self._turn = asyncio.Lock()
        self._shown: dict[str, Any] = {}
        self._chosen = 0
        self._box = _Place()
        self._trouble = w.tag("p", "", "problem", role="status")
        live(self._kept, lambda: self._shelf.changes)

    @property
    def song(self) -> dict[str, Any]:
        """Return the song as it is now, a dict of `Imported` with hexadecimal data; empty where there is none."""
        return self._steps.values

    def begin(self, shown: dict[str, Any]) -> None:
        """Take up another song, as a task of the workshop shows it; the one before it goes on the shelf."""
        before = self.song
        if before and before["name"] == shown["song"]["name"] and before["title"] == shown["song"]["title"]:
            self._steps.replace(
                shown["song"]
            )  # the same one, corrected as text or brought in again: undo goes back
        else:
            self._shelf.keep(self._steps)
            self._steps.steps, self._steps.at = [shown["song"]], 0
            self._steps.save()
        self._chosen = 0
        self._build(shown)
        self._come_into_view()

    async def go_on(self) -> None:
        """Take up the song that was there when the page was last open.

        Whoever has begun to work further down stays where they are: nothing scrolls, and the song's place is held while
        it is drawn. A click that lands elsewhere than it was aimed would be lost, or do something else.
        """
        if self.song:
            async with self._turn:
                with self._box, w.tag("section", None, "card held"):
                    w.heading(self.song["title"] or self.song["name"])
                    w.tag("p", _("It is being read …"), role="status")
                await self._make(None, "show_song")
                if not self._shown:
                    self._box.clear()

    def put_away(self) -> None:
        """Put the song on the shelf: none is on the page then."""
        self._shelf.keep(self._steps)
        self._steps.steps, self._steps.at = [{}], 0
        self._steps.save()
        self._shown = {}
        self._box.clear()

    # --- the shelf ----------------------------------------------------------------------------------------------------

    def _kept(self) -> None:
        found = self._shelf.listed()
        if not found:
            return
        with w.tag("section", None, "card"):
            w.heading(_("Put away, on this computer"))
            w.words(
                _(
                    "Songs that gave way to another, as they were corrected. None of it is on the device by that."
                ),
                "quiet",
            )
            with w.tag("ul", None, "lines"):
                for kept in found:
                    with w.tag("li", kept.title + " "):
                        w.button(_("Take it up again"), lambda kept=kept: self._take_up(kept.place), "quiet",
                                 aria_label=_("Take {name} up again", name=kept.title))  # fmt: skip
                        self._thrown(kept.title, kept.place)

    def _thrown(self, title: str, place: int) -> None:
        """A button that throws a song away: pressed twice, for nothing brings it back."""

        def press() -> None:
            if button._props.get("aria-pressed") == "true":
                self._shelf.throw_away(place)
                return
            button._props.update(
                {"aria-pressed": "true", "aria-label": _("Throw {name} away for good", name=title)}
            )
            w.put_text(button, _("Throw it away for good"))

        button = w.button(_("Throw it away …"), press, "quiet", aria_label=_("Throw {name} away", name=title))

    async def _take_up(self, place: int) -> None:
        async with self._turn:
            self._shelf.keep(self._steps)
            if self._shelf.put_into(self._steps, place):
                self._shown = {}
                self._chosen = 0
                await self._make(None, "show_song")
                self._come_into_view()

    def _come_into_view(self) -> None:
        """Scroll to the song, for whoever has just asked for it."""
        place = f"document.getElementById('c{self._box.id}')"
        self._box.client.run_javascript(f"{place}?.scrollIntoView({{block: 'nearest'}})")

    def _say(self, text: str) -> None:
        """Say what went wrong, below the song."""
        w.put_text(self._trouble, without_options(sentence(text)) if text else "")

    # --- the page ---------------------------------------------------------------------------------------------------

    def _build(self, shown: dict[str, Any]) -> None:
        self._shown = shown
        song = self.song
        self._box.clear()
        with self._box, w.tag("section", None, "card"):
            w.heading(song["title"] or song["name"])
            w.words(
                _(
                    "This is exactly what will be played. Read the notes and hear them with the family before you go on."
                )
            )
            with w.tag("div", None, "columns song"):
                with w.tag("div", role="img", aria_label=_("The notes")):
                    self._staff = Staff(self._pick)
                with w.tag("div"):
                    w.heading(_("What was changed"), 3)
                    with w.tag("ul", None, "lines"):
                        for line in song["told"]:
                            w.tag("li", without_options(told(line)))
            self._correct()
            with w.tag("details"):
                w.tag("summary", _("Correct it as text (ABC)"))
                self._abc = w.entry(
                    shown["abc"], lambda _text: None, TEXT, rows=12, aria_label=_("The song as ABC")
                )
                self._abc.classes("abc")
                w.button(_("Take this over"), self._take_over)
                self._abc_said = w.tag("p", "", "problem", role="status")
            with w.tag("label", _("Name on the device")):
                self._name = w.entry(
                    song["name"],
                    self._rename,
                    maxlength=NAME_CHARACTERS_MAX,
                    size=26,
                    aria_describedby="name-problem",
                )
            self._name_problem = w.tag("p", "", "problem", role="status", id="name-problem")
            player = w.tag("div")
            with w.tag("div", None, "row"):
                self._put = w.button(_("Put on the device …"), self._put_on, "main")
                w.button(_("Hear it"), lambda: self._hear(player))
                w.button(_("Save as ABC"), self._save_abc, "quiet")
                w.button(_("Save for the device (.lul)"), self._save_lul, "quiet")
                w.button(_("Put it away"), self.put_away, "quiet")
        self._refresh()

    def _correct(self) -> None:
        w.heading(_("Correct a note"), 3)
        w.words(
            _(
                "Click a note. Arrow keys: left and right choose, up and down move it; + and - make it longer and shorter, "
                "Delete makes it a rest."
            ),
            "quiet",
        )
        with w.tag("div", None, "notes", role="group", aria_label=_("Notes")) as group:
            self._notes = [
                w.tag("button", "", "note", type="button", tabindex=-1 if index else 0)
                for index in range(len(self._shown["notes"]))
            ]
        group.on(
            "keydown", lambda event: self._ordered(event.args["index"], event.args["order"]), js_handler=_KEYS
        )
        group.on("focusin", lambda event: self._choose(event.args), js_handler=_FOCUS)
        with w.tag("div", None, "row"):
            for order, text in ORDERS:
                w.button(_(text), lambda order=order: self._ordered(self._chosen, order), "quiet")
            self._undo = w.button(_("Undo"), lambda: self._ordered(self._chosen, "undo"), "quiet")
            self._redo = w.button(_("Redo"), lambda: self._ordered(self._chosen, "redo"), "quiet")
        self._word = w.tag("p", "", "quiet", role="status")

    def _refresh(self) -> None:
        """Show the song as it is now, in place: whoever stands on a note goes on standing there."""
        shown = self._shown
        self._staff.show(shown["svg"], shown["pieces"])
        for index, (button, (name, beats)) in enumerate(zip(self._notes, shown["notes"], strict=True)):
            w.put_text(button, f"{name} {number(beats)}")
            label = _label(index, name, beats)
            if button._props.get("aria-label") != label:
                button._props["aria-label"] = label
        self._abc.put(shown["abc"])
        w.enable(self._undo, self._steps.can_undo)
        w.enable(self._redo, self._steps.can_redo)
        self._name.put(self.song["name"])
        self._tell_name(self.song["name"])
        self._choose(self._chosen)

    def _choose(self, index: int) -> None:
        self._chosen = index
        self._staff.mark(index)
        for place, button in enumerate(self._notes):
            button.classes(add="chosen" if place == index else "", remove="" if place == index else "chosen")
        w.put_text(self._word, _label(index, *self._shown["notes"][index]))

    def _pick(self, index: int) -> None:
        """A note of the picture was clicked: the keys are its now."""
        self._choose(index)
        notes = f"document.querySelectorAll('#c{self._box.id} button.note')"
        self._box.client.run_javascript(f"{notes}[{index}]?.focus()")

    # --- what is done -------------------------------------------------------------------------------------------------

    async def _take_over(self) -> None:
        w.put_text(self._abc_said, "")
        await self._take_abc(self._abc.content, self.song["name"], lambda text: w.put_text(
            self._abc_said, without_options(sentence(text))))  # fmt: skip

    def _rename(self, typed: str) -> None:
        """Take another name; what is none is told, and the name before stays."""
        name = typed.strip()
        if self._tell_name(name):
            self._steps.change("name", name)
            w.enable(self._undo, self._steps.can_undo)

    def _tell_name(self, name: str) -> bool:
        """Say at the field what is wrong with a name; whether it is right."""
        wrong = wrong_name(name)
        w.put_text(self._name_problem, wrong or "")
        w.enable(self._put, wrong is None)
        self._name._props["aria-invalid"] = None if wrong is None else "true"
        return wrong is None

    async def _ordered(self, index: int, order: str) -> None:
        """Do an order for a note; one after the other, so that the next begins with what came of the one before."""
        async with self._turn:
            if order == "undo":
                self._steps.undo()
            elif order == "redo":
                self._steps.redo()
            else:
                await self._make(index, "retouch", index=index, order=order)
                return
            await self._make(None, "show_song")

    async def _make(self, chosen: int | None, task: str, **arguments: Any) -> None:
        """Have it made in the workshop, and show it; chosen: the note that is so then."""
        if not self.song:
            self.put_away()
            return
        song = self.song
        self._say("")
        try:
            job = self._studio.workshop.do(task, song=song, **arguments)
            shown = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            self._say(str(error))
            return
        if self.song is not song:
            return  # meanwhile somebody brought in another, or put it away
        if shown["song"] != self.song:
            self._steps.add(shown["song"])
        if chosen is not None:
            self._chosen = chosen
        if len(shown["notes"]) != len(self._shown.get("notes", ())):
            self._chosen = 0
            self._build(shown)
        else:
            self._shown = shown
            self._refresh()

    def _put_on(self) -> None:
        song = self.song
        self._panel.open(
            lambda: self._studio.stage_sound(f"song.{song['name']}", bytes.fromhex(song["data"])),
            lambda: not_played(self._studio, "song", song["name"]),
        )

    def _save_abc(self) -> None:
        self._box.client.download(self._shown["abc"].encode(), self.song["name"] + ".abc")

    def _save_lul(self) -> None:
        self._box.client.download(bytes.fromhex(self.song["data"]), self.song["name"] + ".lul")

    async def _hear(self, player: Any) -> None:
        song = self.song
        job = self._studio.sounds.do(
            "play_song", folder=str(self._studio.folder / "made"), data=bytes.fromhex(song["data"]),
            name=song["name"], seconds=HEARD_S,
        )  # fmt: skip
        player.clear()
        with player:
            progress(job)
        try:
            file = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            player.clear()
            self._say(str(error))
            return
        player.clear()
        with player:
            w.tag(
                "audio", None, "", src=f"/made/{file}", controls=True, autoplay=True, aria_label=song["name"]
            )


def wrong_name(name: str) -> str | None:
    """Return what is wrong with the name of a song for the device, None where nothing is."""
    if not _NAME.fullmatch(name):
        return _(
            "Small letters from a to z, digits and _ make a name, {most} at most.", most=NAME_CHARACTERS_MAX
        )
    if name == "none" or name in songs.NAMES or is_pattern(name):
        return _("“{name}” is a name of the device's own; choose another.", name=name)
    if song_file.air(name) is not None:
        return _("“{name}” is the name of an air that comes with Calando; choose another.", name=name)
    return None


def without_options(text: str) -> str:
    """Return a sentence of `song import` for the page: what is an option there is a field here."""
    return _OPTION.sub(lambda found: "“" + _(OPTIONS[found[1]]) + "”", text)


def _label(index: int, name: str, beats: float) -> str:
    length = _("1 beat") if beats == 1 else _("{beats} beats", beats=number(beats))
    if name == "-":
        return _("Note {place}: a rest, {length}", place=index + 1, length=length)
    return _("Note {place}: {name}, {length}", place=index + 1, name=name, length=length)
