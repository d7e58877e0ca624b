"""Engraved notes on the page: one can be clicked, and one is marked (in the page: staff.js)."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from nicegui.element import Element

from host_tools.studio.drawing import safe


class Staff(Element, component="staff.js"):
    """on_picked gets the index of the note that was clicked; on_placed (place of the staff, notes before it).

    A place of the staff is 0 for middle C and 7 for the C above.
    """

    def __init__(
        self,
        on_picked: Callable[[int], Any],
        on_placed: Callable[[int, int], Any] = lambda step, before: None,
    ):
        super().__init__()
        self._ends: list[int] = []
        self._props.update({"svg": "", "from": 0, "to": 0})
        self.on("picked", lambda event: self._met(event.args["drawn"], on_picked))
        self.on("placed", lambda event: on_placed(event.args["step"], self._notes(event.args["before"])))

    def show(self, svg: str, pieces: Sequence[int]) -> None:
        """Draw an SVG of notes; pieces: how often each note of the song is drawn, tied over bars. Raises ParseError."""
        self._ends = list(accumulate(pieces))
        self._props["svg"] = safe(svg)

    def mark(self, index: int | None) -> None:
        """Mark a note of the song; None marks none."""
        there = index is not None and 0 <= index < len(self._ends)
        self._props["from"] = ([0, *self._ends])[index or 0] if there else 0
        self._props["to"] = self._ends[index or 0] if there else 0

    def _notes(self, drawn: int) -> int:
        """Return how many notes of the song were begun with the first `drawn` that are drawn."""
        return sum(end - 1 < drawn for end in self._ends) if drawn else 0

    def _met(self, drawn: int, on_picked: Callable[[int], Any]) -> Any:
        index = next((place for place, end in enumerate(self._ends) if drawn < end), None)
        return None if index is None else on_picked(index)
