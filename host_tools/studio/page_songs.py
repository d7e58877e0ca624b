"""The family's own song: brought in from a file or sung, corrected note by note; or written on an empty staff."""

import asyncio
import json
from pathlib import Path
from typing import Any

from host_tools.songs.importing import NOTATION
from host_tools.sound.decode import SUFFIXES
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel
from host_tools.studio.drawing import safe
from host_tools.studio.field import TEXT
from host_tools.studio.live import live
from host_tools.studio.microphone import microphone
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number
from host_tools.studio.upload import drop_zone
from host_tools.studio.writing import Writing
from simulator.files.errors import CalandoError

HEARD_S = 40
KINDS = (
    ("notes", "A song: its notes"),
    ("voice", "A voice, as it was recorded"),
    ("heartbeat", "A heartbeat"),
)


def build(studio: Studio) -> None:
    w.heading(_("Songs"), 1)
    panel = CommitPanel(studio)
    page = _Page(studio, panel)
    with w.tag("section", None, "card"):
        w.heading(_("Bring one in"))
        page.bring()
    page.box = w.tag("div")
    with w.tag("section", None, "card"):
        w.heading(_("Write one"))
        Writing(studio, page.take_abc).build()
    with w.tag("section", None, "card"):
        w.heading(_("On the device"))
        live(page.on_device, lambda: (studio.desk.view.songs, studio.desk.view.voices))


class _Page:
    def __init__(self, studio: Studio, panel: CommitPanel):
        self._studio = studio
        self._panel = panel
        self._kind = "notes"
        self._anyway = False
        self._song: dict[str, Any] | None = None
        self._said: Any = None
        self.box: Any = None

    # --- from a file or the microphone ----------------------------------------------------------------------------

    def bring(self) -> None:
        w.words(
            _(
                "MIDI, MusicXML, ABC or Humdrum; or somebody singing alone: {kinds}.",
                kinds=", ".join(SUFFIXES[:6]),
            ),
            "quiet",
        )
        w.pick_one(
            _("It is"),
            self._kind,
            [(kind, _(text)) for kind, text in KINDS],
            lambda kind: setattr(self, "_kind", kind),
        )
        accept = ",".join((*NOTATION, *SUFFIXES))
        drop_zone(self._studio, _("Drop a file here, or choose one"), accept, self._arrived)
        microphone(self._studio, self._arrived)
        w.tick(
            _("Take a recording with a monitor's tones or loud noise in it"),
            False,
            lambda on: setattr(self, "_anyway", on),
        )
        self._said = w.tag("p", "", "problem", role="status")

    async def _arrived(self, file: Path, name: str) -> None:
        if self._kind == "notes":
            await self._take("bring_song", file=str(file), name=name, choice={}, anyway=self._anyway)
        else:
            await self._take(
                "bring_recording", file=str(file), name=name, kind=self._kind, anyway=self._anyway
            )

    async def take_abc(self, text: str, name: str) -> None:
        """Bring in what was written as ABC."""
        await self._take("read_abc", text=text, name=name)

    async def _take(self, task: str, **arguments: Any) -> None:
        """Have the workshop make a song of it, and show that."""
        job = self._studio.workshop.do(task, **arguments)
        w.put_text(self._said, "")
        self.box.clear()
        with self.box, w.tag("section", None, "card"):
            w.tag("p", _("It is being read …"), role="status")
            w.meter(0, 0)
            w.button(_("Cancel"), job.cancel)
        try:
            self._song = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            self._song = None
            self.box.clear()
            text = str(error)
            w.put_text(self._said, text[:1].upper() + text[1:].rstrip(".") + ".")
            return
        self._show()

    # --- what was made of it ----------------------------------------------------------------------------------------

    def _show(self) -> None:
        song = self._song
        assert song is not None
        self.box.clear()
        with self.box, w.tag("section", None, "card"):
            if "imported" in song:
                self._notes(song)
            else:
                self._recording(song)
        self.box.client.run_javascript(
            f"document.getElementById('c{self.box.id}')?.scrollIntoView({{block: 'nearest'}})"
        )

    def _recording(self, song: dict[str, Any]) -> None:
        w.heading(_("{name}: {seconds} s", name=song["name"], seconds=number(round(song["seconds"], 1))))
        _told(song["told"])
        name = f"voice.{song['name']}"
        with w.tag("div", None, "row"):
            w.button(
                _("Put on the device …"),
                lambda: self._panel.open(lambda: self._studio.stage_sound(name, song["data"])),
                "main",
            )
            w.button(_("Save for later (.adp)"), lambda: self._download(song["data"], song["name"] + ".adp"))

    def _notes(self, song: dict[str, Any]) -> None:
        from nicegui import ui

        imported = song["imported"]
        w.heading(imported.title or imported.name)
        w.words(
            _(
                "This is exactly what will be played. Read the notes and hear them with the family before you go on."
            )
        )
        with w.tag("div", None, "columns song"):
            ui.html(song["svg"], sanitize=safe).classes("staff").props(
                f'role=img aria-label="{_("The notes")}"'
            )
            with w.tag("div"):
                w.heading(_("What was changed"), 3)
                _told(imported.told)
        w.heading(_("Correct a note"), 3)
        w.words(_("Choose a note, then move it with the arrow keys or the buttons."), "quiet")
        chosen = [0]
        with w.tag("div", None, "notes", role="group", aria_label=_("Notes")):
            for index, (name, beats, _pitch) in enumerate(song["notes"]):
                label = _label(index, name, beats)
                one = w.tag("button", f"{name} {number(beats)}", "note", type="button", aria_label=label)
                one.on(
                    "keydown",
                    lambda event, index=index: self._change(index, int(event.args)),
                    js_handler=_ARROWS,
                )
        with w.tag("div", None, "row"):
            w.button(_("Higher"), lambda: self._change(chosen[0], 1), "quiet")
            w.button(_("Lower"), lambda: self._change(chosen[0], -1), "quiet")
        with w.tag("details"):
            w.tag("summary", _("Correct it as text (ABC)"))
            text = [song["abc"]]
            area = w.entry(
                song["abc"],
                lambda typed: text.__setitem__(0, typed),
                TEXT,
                rows=12,
                aria_label=_("The song as ABC"),
            )
            area.classes("abc")
            w.button(_("Take this over"), lambda: self.take_abc(text[0], imported.name))
        player = w.tag("div")
        name = f"song.{imported.name}"
        with w.tag("div", None, "row"):
            w.button(
                _("Put on the device …"),
                lambda: self._panel.open(lambda: self._studio.stage_sound(name, imported.data)),
                "main",
            )
            w.button(_("Hear it"), lambda: self._hear(player, imported))
            w.button(
                _("Save as ABC"),
                lambda: self._download(song["abc"].encode(), imported.name + ".abc"),
                "quiet",
            )
            w.button(
                _("Save for the device (.lul)"),
                lambda: self._download(imported.data, imported.name + ".lul"),
                "quiet",
            )

    async def _change(self, index: int, steps: int) -> None:
        song = self._song
        if song is None:
            return
        pitch = song["notes"][index][2] or 67
        try:
            job = self._studio.workshop.do(
                "change_note", imported=song["imported"], index=index, to=pitch + steps
            )
            self._song = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            w.put_text(self._said, f"{error}.")
            return
        self._show()
        name, beats, _pitch = job.future.result()["notes"][index]
        focus = _FOCUS.replace("BOX", f"c{self.box.id}").replace("INDEX", str(index))
        self.box.client.run_javascript(focus.replace("LABEL", json.dumps(_label(index, name, beats))))

    async def _hear(self, player: Any, imported: Any) -> None:
        player.clear()
        with player:
            w.meter(0, 0)
        try:
            job = self._studio.sounds.do(
                "play_song",
                folder=str(self._studio.folder / "made"),
                data=imported.data,
                name=imported.name,
                seconds=HEARD_S,
            )
            file = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            w.put_text(self._said, f"{error}.")
            return
        player.clear()
        with player:
            w.tag(
                "audio", None, "", src=f"/made/{file}", controls=True, autoplay=True, aria_label=imported.name
            )

    def _download(self, data: bytes, name: str) -> None:
        self.box.client.download(data, name)

    # --- what is there ----------------------------------------------------------------------------------------------

    def on_device(self) -> None:
        view = self._studio.desk.view
        if not view.ready:
            w.words(_("There is no device."), "quiet")
            return
        own = [("song", item) for item in view.songs if not item["built_in"]] + [
            ("voice", item) for item in view.voices
        ]
        built_in = [item["name"].replace("_", " ") for item in view.songs if item["built_in"]]
        if not own:
            w.words(_("No song or voice of a family is on it."))
        with w.tag("ul", None, "lines"):
            for kind, item in own:
                with w.tag("li", item["name"] + " "):
                    name = f"{kind}.{item['name']}"
                    w.button(_("Take it off …"), lambda name=name: self._panel.open(
                        lambda: self._studio.stage_call("remove", name=name)), "quiet",
                        aria_label=_("Take {name} off", name=item["name"]))  # fmt: skip
        w.words(_("Built in: {names}.", names=", ".join(built_in)), "quiet")


_ARROWS = """(e) => {
    const steps = {ArrowUp: 1, ArrowDown: -1, PageUp: 12, PageDown: -12}[e.key];
    if (steps) { e.preventDefault(); emit(steps); }
}"""


# The same note again, once it is drawn anew: whoever moves it by key goes on doing so.
_FOCUS = """(() => {
    const find = (left) => {
        const note = document.querySelectorAll("#BOX .note")[INDEX];
        if (note && note.getAttribute("aria-label") === LABEL) note.focus();
        else if (left) setTimeout(() => find(left - 1), 30);
    };
    find(100);
})()"""


def _label(index: int, name: str, beats: float) -> str:
    return _("Note {place}: {name}, {beats} beats", place=index + 1, name=name, beats=number(beats))


def _told(lines: list[str]) -> None:
    with w.tag("ul", None, "lines"):
        for line in lines:
            w.tag("li", line)
