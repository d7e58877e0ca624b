"""Songs that were corrected and gave way to another: kept on this computer until somebody throws them away."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.output import write_files
from host_tools.studio.draft import Steps

_PLACE = re.compile(r"(\d+)\.json")


@dataclass(frozen=True)
class Kept:
    """A song on the shelf: its place there, and what it is called."""

    place: int
    title: str


class Shelf:
    """A folder with a file for each song, with every step that led to it; the newest has the highest place."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.changes = 0  # how often what is here has become other
        folder.mkdir(parents=True, exist_ok=True)

    def listed(self) -> tuple[Kept, ...]:
        """Return the songs, the newest first; what cannot be read is left out, and stays."""
        found = []
        for place in sorted(self._places(), reverse=True):
            song = self._read(place).get("song", {})
            if song:
                found.append(Kept(place, str(song.get("title") or song.get("name") or place)))
        return tuple(found)

    def keep(self, steps: Steps) -> None:
        """Keep a song as it is now, with its steps; one that is here as it is, or none, is not kept again."""
        song = steps.values
        if song and song not in [self._read(place).get("song") for place in self._places()]:
            place = max(self._places(), default=0) + 1
            content = {"song": song, **steps.content()}
            write_files({self._path(place): json.dumps(content, ensure_ascii=False).encode()})
            self.changes += 1

    def put_into(self, steps: Steps, place: int) -> bool:
        """Make a song of the shelf the one of `steps`, and take it off; whether it was there."""
        found = self._read(place)
        if not found:
            return False
        steps.steps, steps.at = found["steps"], found["at"]
        steps.save()
        self.throw_away(place)
        return True

    def throw_away(self, place: int) -> None:
        self._path(place).unlink(missing_ok=True)
        self.changes += 1

    def _places(self) -> list[int]:
        names = [_PLACE.fullmatch(path.name) for path in self._folder.iterdir()]
        return [int(name[1]) for name in names if name]

    def _path(self, place: int) -> Path:
        return self._folder / f"{place}.json"

    def _read(self, place: int) -> dict[str, Any]:
        try:
            found = json.loads(self._path(place).read_text(encoding="utf-8"))
            steps, at = found["steps"], found["at"]
            right = isinstance(found["song"], dict) and 0 <= at < len(steps) and steps[at] == found["song"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return found if right else {}
