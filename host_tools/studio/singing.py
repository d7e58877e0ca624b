"""A sheet for who sings while the device accompanies: any song, its words, printed in the reader's language."""

import asyncio
from typing import Any

from firmware.sound import songs
from host_tools.songs import airs
from host_tools.studio import paper, texts
from host_tools.studio import widgets as w
from host_tools.studio.correcting import Correcting
from host_tools.studio.field import TEXT
from host_tools.studio.live import follow
from host_tools.studio.studio import Studio, built_in
from host_tools.studio.texts import _
from simulator.files.errors import CalandoError

HERE = ""  # the song that was brought in and is being corrected
MOST_LETTERS = 5000
KEPT = "sung_sheet"  # what was chosen and written, in the reader's settings


class Singing:
    """A part of the page of songs."""

    def __init__(self, studio: Studio, correcting: Correcting):
        self._studio = studio
        self._correcting = correcting
        self._chosen: dict[str, str] = {"song": "twinkle", "words": "", **studio.settings.get(KEPT, {})}

    def build(self) -> None:
        w.words(
            _(
                "While it accompanies (the setting Melody), the device leaves the tune to who is in the room. The sheet "
                "has the notes, line by line, what is heard first, and the note to begin on."
            )
        )
        with w.tag("label", _("Song")):
            song = w.choices(self._chosen["song"], [], lambda name: self._keep("song", name))
        follow(lambda: song.offer(self._songs(song.content)))
        with w.tag("label", _("Words: a line for each phrase, an empty line between two stanzas")):
            w.entry(
                self._chosen["words"],
                lambda text: self._keep("words", text),
                TEXT,
                rows=4,
                maxlength=MOST_LETTERS,
            ).classes("sung")
        with w.tag("div", None, "row"):
            w.button(_("Make the sheet"), self._make, "main")
        self._said = w.tag("p", "", "problem", role="status")
        self._box = w.tag("div")

    def _keep(self, what: str, value: str) -> None:
        self._chosen[what] = value
        self._studio.set(KEPT, self._chosen)

    def _songs(self, chosen: str) -> list[tuple[str, str]]:
        """Return what there is to sing, the family's own first; what was chosen stays in the list."""
        found = [item["name"] for item in self._studio.desk.view.songs if not item["built_in"]]
        found += [name for name in (*songs.NAMES, *airs.NAMES) if name not in found]
        options = [(name, name.replace("_", " ")) for name in found]
        if self._correcting.song:
            title = self._correcting.song["title"] or self._correcting.song["name"]
            options.insert(0, (HERE, _("{title}, as it stands above", title=title)))
        if chosen not in [name for name, _words in options]:
            options.append((chosen, chosen.replace("_", " ") or _("The song above")))
        return options

    async def _make(self) -> None:
        name, song = self._chosen["song"], self._correcting.song
        w.put_text(self._said, "")
        try:
            if name == HERE and not song:
                raise CalandoError(_("no song was brought in above; bring one in, or choose another"))
            arguments: dict[str, Any] = {"song": song if name == HERE else None, "source": name}
            if name != HERE and not built_in(name) and airs.find(name) is None:
                bringing = self._studio.song_file("song", name, built_in=False)
                if bringing is not None:
                    await asyncio.wrap_future(bringing.future)
                arguments["source"] = str(self._studio.sound_path("song", name))
            job = self._studio.workshop.do(
                "sung_sheet", folder=str(self._studio.folder / "made"), words=self._chosen["words"],
                language=texts.language(), **arguments,
            )  # fmt: skip
            file = await asyncio.wrap_future(job.future)
        except CalandoError as error:
            self._box.clear()
            w.put_text(self._said, texts.sentence(error))
            return
        self._box.clear()
        with self._box:
            paper.print_button(_("Print the sheet"), "sung-sheet")
            paper.sheet("sung-sheet", file, _("The sheet to sing from"))
