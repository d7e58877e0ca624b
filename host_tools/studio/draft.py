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
from host_tools.studio.texts import _, in_each

KEPT_STEPS = 200
ONE_STEP_S = 1.0  # changes of one value that follow each other as quickly are one step


def ready_made(population: str) -> dict[str, Any]:
    """Return a ready-made profile, its title in the reader's language: it is read on the device's display."""
    return {**READY[population], "title": _(READY[population]["title"])}


@dataclass
class Base:
    """The device as it was when the draft was begun: what it would be put over. None: not known, or not there."""

    unit: str | None = None
    schema: str | None = None
    profile: dict[str, Any] | None = None


@dataclass
class Steps:
    """Values with every step that led to them, written to a file as they are made. `at` is the step that is shown."""

    path: Path
    steps: list[dict[str, Any]] = field(default_factory=list)
    at: int = 0
    _last: tuple[str, float] = ("", 0.0)
    _texts: dict[int, tuple[dict[str, Any], str]] = field(
        default_factory=dict, compare=False, repr=False
    )  # as written

    @property
    def values(self) -> dict[str, Any]:
        """Return what is so now."""
        return self.steps[self.at]

    @property
    def can_undo(self) -> bool:
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        return self.at < len(self.steps) - 1

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

    def replace(self, values: dict[str, Any]) -> None:
        """Take over other values as a whole; a step that can be undone."""
        self._last = ("", 0.0)
        if values != self.values:
            self.add(dict(values))

    def change(self, name: str, value: Any) -> None:
        """Set one value; a step that can be undone, together with what follows it at once of the same name."""
        if self.values.get(name) != value:
            self._go_on(name, {**self.values, name: value})

    def _go_on(self, name: str, values: dict[str, Any]) -> None:
        now_s = time.monotonic()
        goes_on = self._last[0] == name and now_s - self._last[1] < ONE_STEP_S and not self.can_redo
        self._last = (name, now_s)
        if goes_on and self.can_undo:
            self.steps[self.at] = values
            self.save()
        else:
            self.add(values)

    def add(self, values: dict[str, Any]) -> None:
        """Go one step on; what was undone goes."""
        self.steps = [*self.steps[: self.at + 1], values][-KEPT_STEPS:]
        self.at = len(self.steps) - 1
        self.save()

    def beside(self) -> dict[str, Any]:
        """Return what is kept beside the steps."""
        return {"at": self.at}

    def content(self) -> dict[str, Any]:
        return {**self.beside(), "steps": self.steps}

    def save(self) -> None:
        """Write all of it. A step never changes, and is turned into text once."""
        texts = {}
        for step in self.steps:
            texts[id(step)] = self._texts.get(id(step)) or (step, json.dumps(step, ensure_ascii=False))
        self._texts = texts  # each holds its step, so that no other one can have its id
        text = json.dumps(self.beside(), ensure_ascii=False).removesuffix("}")
        steps = ", ".join(texts[id(step)][1] for step in self.steps)
        write_files({self.path: f'{text}, "steps": [{steps}]}}'.encode()})

    def read(self) -> dict[str, Any] | None:
        """Take up what is in the file, and return all of it; None where there is none. A damaged one is put aside."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            steps, at = found["steps"], found["at"]
            if not steps or not all(isinstance(step, dict) for step in steps) or not 0 <= at < len(steps):
                raise ValueError
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            self.path.replace(self.path.with_name(self.path.name + ".damaged"))
            return None
        self.steps, self.at = steps, at
        return found


@dataclass
class Draft(Steps):
    """The settings of a profile in human units, step by step, and the device that they were begun for."""

    base: Base = field(default_factory=Base)

    @classmethod
    def kept(cls, path: Path) -> "Draft":
        """Return the draft in a file, or the ready-made profile of a newborn; a damaged file is put aside, not lost."""
        draft = cls(path, [ready_made("newborn")])
        found = draft.read()
        if found is not None:
            draft.base = Base(**found.get("base", {}))
        return draft

    @property
    def touched(self) -> bool:
        """Return whether it is anything but what a new studio begins with."""
        title = self.values["title"]
        begun = {**READY["newborn"], "title": title}
        return len(self.steps) > 1 or self.values != begun or title not in in_each(READY["newborn"]["title"])

    def speak(self) -> None:
        """Have an untouched draft say its title in the language that is read now."""
        if not self.touched:
            self.steps = [ready_made("newborn")]

    def change(self, name: str, value: Any) -> None:
        """Set one setting; of another population all else follows, but for a title of one's own."""
        if self.values.get(name) == value:
            return
        values = {**self.values, name: value}
        if name == "population" and value in READY:
            values = ready_made(value)
            if self.values["title"] not in in_each(READY[self.values["population"]]["title"]):
                values["title"] = self.values["title"]
        self._go_on(name, values)

    def stands_on(self, base: Base) -> None:
        """Say that it was compared with a device as it is now."""
        if base != self.base:
            self.base = base
            self.save()

    def beside(self) -> dict[str, Any]:
        base = {"unit": self.base.unit, "schema": self.base.schema, "profile": self.base.profile}
        return {**super().beside(), "base": base}
