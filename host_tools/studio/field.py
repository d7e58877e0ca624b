"""A line, a text, a list or a box to fill in: what is typed is not lost to a late answer (in the page: field.js)."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

LINE, TEXT, LIST, TICK = "line", "text", "list", "tick"
TYPED_S = 0.3  # what is typed is told so often


class Field(Element, component="field.js"):
    """kind: LINE, TEXT, LIST or TICK, whose content is whether it is ticked. act: gets the content a moment after each
    key, and at once when the field is left.
    """

    def __init__(self, kind: str, content: str | bool, act: Callable[[Any], Any]):
        super().__init__()
        if kind != TICK:
            self.classes("field")
        self._act = act
        self._options: list[tuple[str, str]] = []
        self._props.update({"kind": kind, "content": content, "heard": 0})
        self.on("typed", self._taken, throttle=TYPED_S, leading_events=False)
        self.on("left", self._taken)

    def _taken(self, event: GenericEventArguments) -> Any:
        """Remember what is there without sending it back; then act. What `act` returns may have to be awaited."""
        content, sent = event.args["content"], event.args["sent"]
        with self._props.suspend_updates():
            self._props["heard"] = max(sent, self._props["heard"])
            self._props["content"] = content
        return self._act(content)

    @property
    def content(self) -> Any:
        """Return what is there, as far as this side knows."""
        return self._props["content"]

    def put(self, content: str | bool) -> None:
        """Bring the field to another content; one that the reader changes at that moment stays the reader's."""
        if content != self._props["content"]:
            self._props["content"] = content

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Let one be chosen of (value, words)."""
        if list(options) != self._options:
            self._options = list(options)
            self._props["options"] = [{"value": value, "words": words} for value, words in self._options]
