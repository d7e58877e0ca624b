"""The family's own song: brought in from a file or sung, corrected note by note; or written on an empty staff."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import ui

from host_tools.songs.importing import NOTATION
from host_tools.sound.decode import SUFFIXES
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel, not_played
from host_tools.studio.correcting import Correcting, without_options
from host_tools.studio.live import live, progress
from host_tools.studio.microphone import microphone
from host_tools.studio.singing import Singing
from host_tools.studio.studio import Studio, throw_away
from host_tools.studio.tasks import beside
from host_tools.studio.texts import _, number, sentence, told
from host_tools.studio.upload import drop_zone
from host_tools.studio.writing import Writing
from simulator.files.errors import CalandoError

KINDS = (
    ("notes", "A song: its notes"),
    ("voice", "A voice, as it was recorded"),
    ("heartbeat", "A heartbeat"),
)


# What a file may have several of, as song import chooses it; of a MIDI file a part is a track.
CHOICES = {"part": "Part or track", "voice": "Voice", "tune": "Tune"}


def build(studio: Studio) -> None:
    w.heading(_("Songs"), 1)
    panel = CommitPanel(studio)
    page = _Page(studio, panel)
    with w.tag("section", None, "card"):
        w.heading(_("Bring one in"))
        page.bring()
    page.box = w.tag("div")
    page.correcting = Correcting(studio, panel, page.take_abc)
    ui.timer(0, page.correcting.go_on, once=True)
    with w.tag("section", None, "card"):
        w.heading(_("Write one"))
        Writing(studio, page.take_abc).build()
    with w.tag("section", None, "card"):
        w.heading(_("On the device"))
        live(
            page.on_device,
            lambda: (studio.desk.view.songs, studio.desk.view.voices, repr(studio.desk.view.profile)),
        )
    with w.tag("section", None, "card"):
        w.heading(_("A sheet to sing from"))
        Singing(studio, page.correcting).build()


class _Page:
    def __init__(self, studio: Studio, panel: CommitPanel):
        self._studio = studio
        self._panel = panel
        self._kind = "notes"
        self._anyway = False
        self._choice: dict[str, str] = {}
        self._said: Any = None
        self.box: Any = None
        self.correcting: Any = None

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
        with w.tag("details"):
            w.tag("summary", _("Which melody, where a file has several"))
            w.words(_("By number or by name; then bring the file in, once more if need be."), "quiet")
            with w.tag("div", None, "row"):
                for name, text in CHOICES.items():
                    with w.tag("label", _(text)):
                        w.entry("", lambda said, name=name: self._choose(name, said), maxlength=40, size=12)
        self._said = w.tag("p", "", "problem", role="status")

    def _choose(self, name: str, said: str) -> None:
        self._choice.pop(name, None)
        if said.strip():
            self._choice[name] = said.strip()

    async def _arrived(self, file: Path, name: str) -> None:
        if self._kind == "notes":
            choice = dict(self._choice)
            if "part" in choice and NOTATION.get(Path(name).suffix.lower()) == "midi":
                choice["track"] = choice.pop("part")
            await self._take(
                "bring_song", self.say, file=str(file), name=name, choice=choice, anyway=self._anyway
            )
        else:
            await self._take(
                "bring_recording", self.say, file=str(file), name=name, kind=self._kind, anyway=self._anyway
            )

    async def take_abc(self, text: str, name: str, say: Callable[[str], Any]) -> None:
        """Bring in what was written as ABC; say: tells what is wrong with it."""
        await self._take("read_abc", say, text=text, name=name)

    async def _take(self, task: str, say: Callable[[str], Any], **arguments: Any) -> None:
        """Have the workshop make a song of it, and show that."""
        job = self._studio.workshop.do(task, **arguments)
        w.put_text(self._said, "")
        self.box.clear()
        with self.box, w.tag("section", None, "card"):
            w.tag("p", _("It is being read …"), role="status")
            progress(job)
        try:
            found = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            if "file" in arguments:  # whoever was stopped could not tidy up
                file = Path(arguments["file"])
                throw_away(file)
                throw_away(beside(file))
            self.box.clear()
            say(str(error))
            return
        self.box.clear()
        if "song" in found:
            self.correcting.begin(found)
        else:
            with self.box, w.tag("section", None, "card"):
                self._recording(found)

    def say(self, text: str) -> None:
        """Say what went wrong, where it was begun."""
        w.put_text(self._said, without_options(sentence(text)))

    # --- what was made of it ----------------------------------------------------------------------------------------

    def _recording(self, song: dict[str, Any]) -> None:
        w.heading(_("{name}: {seconds} s", name=song["name"], seconds=number(round(song["seconds"], 1))))
        _told(song["told"])
        name = f"voice.{song['name']}"
        with w.tag("div", None, "row"):
            w.button(
                _("Put on the device …"),
                lambda: self._panel.open(
                    lambda: self._studio.stage_sound(name, song["data"]),
                    lambda: not_played(self._studio, "voice", song["name"]),
                ),
                "main",
            )
            w.button(_("Save for later (.adp)"), lambda: self._download(song["data"], song["name"] + ".adp"))

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
                played = view.profile is not None and view.profile.get(kind) == item["name"]
                with w.tag("li", item["name"] + (_(", which the profile plays") if played else "") + " "):
                    name = f"{kind}.{item['name']}"
                    w.button(_("Take it off …"), lambda name=name: self._panel.open(
                        lambda: self._studio.stage_call("remove", name=name)), "quiet",
                        aria_label=_("Take {name} off", name=item["name"]))  # fmt: skip
        w.words(_("Built in: {names}.", names=", ".join(built_in)), "quiet")


def _told(lines: list[str]) -> None:
    with w.tag("ul", None, "lines"):
        for line in lines:
            w.tag("li", without_options(told(line)))
