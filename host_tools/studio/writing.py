"""An empty staff for a song made with a family: notes by clicking, by letters or on a piano's keys; words; undo."""

import asyncio
from collections.abc import Callable
from typing import Any

from nicegui import ui

from host_tools.songs.names import song_name
from host_tools.songs.piece import spelled_note
from host_tools.studio import sheet as sheets
from host_tools.studio import widgets as w
from host_tools.studio.live import LOOK_S
from host_tools.studio.staff import Staff
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, sentence
from simulator.files.errors import CalandoError

NAMES = {
    1: "sixteenth",
    2: "eighth",
    3: "dotted eighth",
    4: "quarter",
    6: "dotted quarter",
    8: "half",
    12: "dotted half",
    16: "whole",
}
PIANO = "awsedftgyhujkolp"  # semitones from C up, as programs that make music have them

DIGITS = {"3": 1, "4": 2, "5": 4, "6": 8, "7": 16}  # as programs that write music have them
DOTTED = {2: 3, 4: 6, 8: 12, 3: 2, 6: 4, 12: 8}

_KEY = """(e) => {
    if (e.altKey || e.metaKey || (e.ctrlKey && !["z", "y"].includes(e.key))) return;
    const orders = ["Backspace", "Delete", "Enter", "PageUp", "PageDown", "Home", "End",
        "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
    if (e.key.length > 1 && !orders.includes(e.key)) return;
    e.preventDefault();
    emit({key: e.key, ctrl: e.ctrlKey});
}"""


class Writing:
    """The sheet on the page. `take` gets its ABC, a name for the device, and who tells what is wrong with it."""

    def __init__(self, studio: Studio, take: Callable[[str, str, Callable[[str], Any]], Any]):
        self._studio = studio
        self._take = take
        self._steps = sheets.kept(studio.folder / "sheet.json")
        self._length = 4
        self._piano = False
        self._drawn: str | None = None
        self._drawing = False
        self._chosen = len(self._sheet["notes"]) - 1  # what is added comes after it; -1 is before the first
        self._staff: Any = None
        self._fields: dict[str, Any] = {}

    @property
    def _sheet(self) -> dict[str, Any]:
        return self._steps.values

    def build(self) -> None:
        w.words(
            _(
                "Click on the staff; or go to it with Tab and type the letters C to B, R for a rest, Enter to end a phrase."
            )
        )
        w.words(
            _(
                "A new note comes after the chosen one. Arrow keys: left and right choose, up and down move it; + and - "
                "make it longer and shorter, Backspace takes it off. Digits 3 to 7 and the full stop say how long the "
                "next one is."
            ),
            "quiet",
        )
        with w.tag("div", None, "row"):
            with w.tag("label", _("Title")):
                self._fields["title"] = w.entry(
                    self._sheet["title"], lambda text: self._set("title", text), maxlength=60
                )
            for name, text, options in (
                ("metre", _("Metre"), [(metre, metre) for metre in sheets.METRES]),
                ("key", _("Key"), [(key, key.replace("b", "♭").replace("#", "♯")) for key in sheets.KEYS]),
                ("tempo", _("Tempo"), [(str(tempo), str(tempo)) for tempo in range(40, 125, 5)]),
            ):
                with w.tag("label", text):
                    self._fields[name] = w.choices(str(self._sheet[name]), options, lambda value, name=name: self._set(
                        name, int(value) if name == "tempo" else value))  # fmt: skip
        lengths = [(str(length), _(name)) for length, name in NAMES.items()]
        with w.tag("label", _("The next note is a")):
            self._next = w.choices(
                str(self._length), lengths, lambda length: setattr(self, "_length", int(length))
            )
        modes = [("letters", _("letters C to B")), ("piano", _("a piano: A is C, W is C sharp …"))]
        w.pick_one(_("The keys are"), "letters", modes, lambda what: setattr(self, "_piano", what == "piano"))
        with w.tag(
            "div", None, "staff-field", tabindex=0, role="application", aria_label=_("Staff: type notes here")
        ) as field:
            self._staff = Staff(self._choose, self._clicked)
            field.on(
                "keydown", lambda event: self._typed(event.args["key"], event.args["ctrl"]), js_handler=_KEY
            )
        self._said = w.tag("p", "", "quiet", role="status")
        with w.tag("label", _("Words, a syllable for each note: sleep, lit-tle one")):
            self._fields["words"] = w.entry(
                self._sheet["words"], lambda text: self._set("words", text), size=60
            )
        with w.tag("div", None, "row"):
            for letter in "CDEFGAB":
                w.button(
                    letter,
                    lambda letter=letter: self._letter(letter),
                    "key",
                    aria_label=_("Note {letter}", letter=letter),
                )
            w.button(_("Rest"), lambda: self._add(0), "quiet")
            w.button(_("Higher"), lambda: self._move(1), "quiet")
            w.button(_("Lower"), lambda: self._move(-1), "quiet")
            w.button(_("An octave up"), lambda: self._move(12), "quiet")
            w.button(_("An octave down"), lambda: self._move(-12), "quiet")
            w.button(_("End of phrase"), self._end_phrase, "quiet")
            w.button(_("Longer"), lambda: self._longer(1), "quiet")
            w.button(_("Shorter"), lambda: self._longer(-1), "quiet")
            w.button(_("Take the note off"), self._back, "quiet")
        with w.tag("div", None, "row"):
            self._undo = w.button(_("Undo the last step"), lambda: self._step(self._steps.undo), "quiet")
            self._redo = w.button(_("Do it again"), lambda: self._step(self._steps.redo), "quiet")
            w.button(_("New sheet"), lambda: self._step(lambda: self._steps.replace(sheets.empty())), "quiet")
            w.button(_("Save the sheet as ABC"), self._save, "quiet")
            self._done = w.button(_("Make the song of it"), self._finish, "main")
        ui.timer(LOOK_S, self._look)  # it may wait for the workshop, and nothing else shall wait for that

    # --- one note after the other -----------------------------------------------------------------------------------

    def _set(self, name: str, value: Any) -> None:
        self._steps.change(name, value)

    def _step(self, act: Callable[[], None]) -> None:
        act()
        for name, field in self._fields.items():
            field.put(str(self._sheet[name]))
        self._choose(min(self._chosen, len(self._sheet["notes"]) - 1))

    def _choose(self, index: int) -> None:
        """Say which note is chosen, and mark it."""
        notes = self._sheet["notes"]
        self._chosen = min(max(index, -1), len(notes) - 1)
        self._staff.mark(self._chosen if self._chosen >= 0 else None)
        if self._chosen < 0:
            w.put_text(self._said, _("Before the first note.") if notes else "")
            return
        pitch, length, ends = notes[self._chosen]
        name = spelled_note(pitch, sheets.KEYS[self._sheet["key"]]) if pitch else _("Rest")
        text = _("Note {place} of {count}: {name}, {length}", place=self._chosen + 1, count=len(notes), name=name,
                 length=_(NAMES[length]))  # fmt: skip
        w.put_text(self._said, text + (_("; a phrase ends with it") if ends else "") + ".")

    def _put(self, notes: list[Any], chosen: int) -> None:
        self._steps.replace({**self._sheet, "notes": notes})
        self._choose(chosen)

    def _add(self, pitch: int) -> None:
        notes = self._sheet["notes"]
        if len(notes) >= sheets.MOST_NOTES:
            w.put_text(self._said, _("The song is as long as the device can hold."))
            return
        if pitch and not sheets.LOWEST <= pitch <= sheets.HIGHEST:
            w.put_text(
                self._said,
                _("The device plays from the G below middle C to the A two lines above the staff."),
            )
            return
        at = self._chosen + 1
        self._put([*notes[:at], [pitch, self._length, False], *notes[at:]], at)

    def _letter(self, letter: str) -> None:
        there = self._sheet["notes"][: self._chosen + 1]
        before = next((pitch for pitch, _length, _end in reversed(there) if pitch), None)
        self._add(sheets.near(letter, before, self._sheet["key"]))

    def _clicked(self, step: int, before: int) -> None:
        if -7 <= step <= 14:
            self._chosen = min(before, len(self._sheet["notes"])) - 1
            self._add(sheets.pitch_of(step, self._sheet["key"]))

    def _change(self, change: Callable[[list[Any]], list[Any]]) -> None:
        """Change the chosen note."""
        notes, at = self._sheet["notes"], self._chosen
        if at >= 0:
            self._put([*notes[:at], change(notes[at]), *notes[at + 1 :]], at)

    def _move(self, steps: int) -> None:
        def change(note: list[Any]) -> list[Any]:
            moved = note[0] + steps
            return [moved, *note[1:]] if note[0] and sheets.LOWEST <= moved <= sheets.HIGHEST else note

        self._change(change)

    def _longer(self, by: int) -> None:
        def change(note: list[Any]) -> list[Any]:
            place = sheets.LENGTHS.index(note[1]) + by
            return [note[0], sheets.LENGTHS[min(max(place, 0), len(sheets.LENGTHS) - 1)], note[2]]

        self._change(change)

    def _end_phrase(self) -> None:
        self._change(lambda note: [note[0], note[1], not note[2]])

    def _back(self) -> None:
        notes, at = self._sheet["notes"], self._chosen
        if at >= 0:
            self._put([*notes[:at], *notes[at + 1 :]], max(at - 1, 0) if len(notes) > 1 else -1)

    def _set_next(self, length: int) -> None:
        self._length = length
        self._next.put(str(length))
        w.put_text(self._said, _("The next note is a") + f": {_(NAMES[length])}.")

    def _typed(self, key: str, ctrl: bool) -> None:
        orders: dict[str, Callable[[], None]] = {
            "Backspace": self._back,
            "Delete": self._back,
            "Enter": self._end_phrase,
            "ArrowUp": lambda: self._move(1),
            "ArrowDown": lambda: self._move(-1),
            "PageUp": lambda: self._move(12),
            "PageDown": lambda: self._move(-12),
            "ArrowRight": lambda: self._choose(self._chosen + 1),
            "ArrowLeft": lambda: self._choose(self._chosen - 1),
            "Home": lambda: self._choose(-1),
            "End": lambda: self._choose(len(self._sheet["notes"]) - 1),
            "+": lambda: self._longer(1),
            "-": lambda: self._longer(-1),
        }
        if ctrl:
            self._step(self._steps.undo if key == "z" else self._steps.redo)
        elif key in orders:
            orders[key]()
        elif key in DIGITS:
            self._set_next(DIGITS[key])
        elif key == "." and self._length in DOTTED:
            self._set_next(DOTTED[self._length])
        elif key in (" ", "r", "R"):
            self._add(0)
        elif self._piano and key.lower() in PIANO:
            self._add(60 + PIANO.index(key.lower()))
        elif not self._piano and key.upper() in "CDEFGAB":
            self._letter(key)

    # --- how it looks, and where it goes -----------------------------------------------------------------------------

    async def _look(self) -> None:
        w.enable(self._undo, self._steps.can_undo)
        w.enable(self._redo, self._steps.can_redo)
        w.enable(self._done, any(pitch for pitch, _length, _end in self._sheet["notes"]))
        sheet = self._sheet
        text = sheets.abc(sheet if sheet["notes"] else {**sheet, "notes": [[0, 16, False]]})
        if text == self._drawn or self._drawing:
            return
        self._drawing = True
        try:
            svg = await asyncio.wrap_future(self._studio.workshop.do("draw", text=text).future)
            self._drawn = text
            self._staff.show(svg, sheets.pieces(sheet))
            self._staff.mark(self._chosen if self._chosen >= 0 else None)
        except CalandoError as error:
            self._drawn = text
            w.put_text(self._said, sentence(error))
        finally:
            self._drawing = False

    def _save(self) -> None:
        self._staff.client.download(
            sheets.abc(self._sheet).encode(), song_name(self._sheet["title"]) + ".abc"
        )

    async def _finish(self) -> None:
        name = song_name(self._sheet["title"])
        await self._take(sheets.abc(self._sheet), name, lambda text: w.put_text(self._said, sentence(text)))
