"""What the therapist is prescribing: not yet on any device, on this computer's disk with every step that led here.

A step is written down as it is made; so a closed tab, a killed server or a pulled cable lose nothing. Nothing is judged
here: a draft may hold what no device takes (rules.py says so), for it is what somebody has typed.
"""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.prescription.profile import READY
from host_tools.output import write_files

KEPT_STEPS = 200
ONE_STEP_S = 1.0  # changes of one setting that follow each other as quickly are one step
FORMAT = "calando draft"


@dataclass
class Base:
    """The device as it was when the draft was begun: what it would be put over. None: not known, or not there."""

    unit: str | None = None
    schema: str | None = None
    profile: dict[str, Any] | None = None


@dataclass
class Draft:
    """path: where it is kept. steps: the values of every step in human units; `at` is the one that is shown."""

    path: Path
    base: Base = field(default_factory=Base)
    steps: list[dict[str, Any]] = field(default_factory=list)
    at: int = 0
    _last: tuple[str, float] = ("", 0.0)

    @classmethod
    def kept(cls, path: Path) -> "Draft":
        """Return the draft in a file, or the ready-made profile of a newborn; a damaged file is put aside, not lost."""
        draft = cls(path)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT or not all(isinstance(step, dict) for step in found["steps"]):
                raise ValueError
            draft.base = Base(**found["base"])
            draft.steps, draft.at = found["steps"], found["at"]
            draft.values  # noqa: B018 - raises where `at` points nowhere
        except FileNotFoundError:
            draft._begin(dict(READY["newborn"]))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            path.replace(path.with_name(path.name + ".damaged"))
            draft = cls(path)
            draft._begin(dict(READY["newborn"]))
        return draft

    @property
    def values(self) -> dict[str, Any]:
        """The settings as they are now, in human units."""
        return self.steps[self.at]

    @property
    def can_undo(self) -> bool:
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        return self.at < len(self.steps) - 1

    @property
    def touched(self) -> bool:
        """Whether it is anything but what a new studio begins with."""
        return len(self.steps) > 1 or self.values != READY["newborn"]

    def change(self, name: str, value: Any) -> None:
        """Set one setting; a step that can be undone. Of another population all else that does not fit follows."""
        if self.values.get(name) == value:
            return
        values = {**self.values, name: value}
        if name == "population" and value in READY:
            values = {**READY[value], "title": self.values["title"]}
            if values["title"] == READY[self.values["population"]]["title"]:
                values["title"] = READY[value]["title"]
        now_s = time.monotonic()
        goes_on = self._last[0] == name and now_s - self._last[1] < ONE_STEP_S and not self.can_redo
        self._last = (name, now_s)
        if goes_on and self.can_undo:
            self.steps[self.at] = values
            self.save()
        else:
            self._step(values)

    def replace(self, values: dict[str, Any]) -> None:
        """Take over a whole profile; a step that can be undone."""
        self._last = ("", 0.0)
        if values != self.values:
            self._step(dict(values))

    def undo(self) -> None:
        if self.can_undo:
            self.at -= 1
            self._last = ("", 0.0)
            self.save()

    def redo(self) -> None:
        if self.can_redo:
            self.at += 1
            self._last = ("", 0.0)
            self.save()

    def stands_on(self, base: Base) -> None:
        """Say that it was compared with a device as it is now."""
        if base != self.base:
            self.base = base
            self.save()

    def save(self) -> None:
        content = {
            "format": FORMAT,
            "base": {"unit": self.base.unit, "schema": self.base.schema, "profile": self.base.profile},
            "at": self.at,
            "steps": self.steps,
        }
        write_files({self.path: json.dumps(content, ensure_ascii=False).encode()})

    def _begin(self, values: dict[str, Any]) -> None:
        self.steps, self.at = [values], 0

    def _step(self, values: dict[str, Any]) -> None:
        self.steps = [*self.steps[: self.at + 1], values][-KEPT_STEPS:]
        self.at = len(self.steps) - 1
        self.save()
