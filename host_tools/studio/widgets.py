"""The few elements that pages are made of: HTML's own, with the roles and labels that it gives them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.element import Element

from host_tools.studio.field import LINE, LIST, TICK, Field
from host_tools.studio.texts import _

Act = Callable[..., Any]
_VALUE = "(e) => emit(e.target.value)"


def tag(name: str, text: str | None = None, classes: str = "", /, **attributes: Any) -> Element:
    """Return any element of HTML; `text` is shown as it is, never as HTML. `aria_label` becomes aria-label."""
    element = ui.element(name)
    if classes:
        element.classes(classes)
    _give(element, attributes)
    element._text = text
    return element


def put_text(element: Element, text: str) -> None:
    """Change the text of an element that `tag` made."""
    if element._text != text:
        element._text = text
        element.update()


def heading(text: str, level: int = 2) -> Element:
    return tag(f"h{level}", text)


def words(text: str, classes: str = "") -> Element:
    return tag("p", text, classes)


def button(text: str, act: Act, kind: str = "", **attributes: Any) -> Element:
    """Draw a button. kind: "" a plain one, "main" for the one that goes on, "quiet" for one seldom wanted."""
    element = tag("button", text, f"button {kind}", type="button", **attributes)
    element.on("click", act, args=[])
    return element


def link(text: str, to: str, classes: str = "", **attributes: Any) -> Element:
    return tag("a", text, classes, href=to, **attributes)


def enable(element: Element, able: bool) -> None:
    """Let a button be pressed, or not."""
    _flag(element, "disabled", not able)


def reveal(element: Element, seen: bool) -> None:
    """Let an element be seen, by screen readers too, or not."""
    _flag(element, "hidden", not seen)


def _flag(element: Element, name: str, given: bool) -> None:
    """Give an element an attribute without a value, or take it; it is sent anew only where that is a change."""
    if bool(element._props.get(name)) != given:
        element._props.set_bool(name, given)


def choices(content: str, options: Sequence[tuple[str, str]], act: Act, **attributes: Any) -> Field:
    """Make a list to choose one from; options are (value, words). `act` gets the value."""
    element = Field(LIST, content, act)
    _give(element, attributes)
    element.offer(options)
    return element


def entry(content: str, act: Act, kind: str = LINE, **attributes: Any) -> Field:
    """Make a line to type in, or a TEXT of several. `act` gets it a moment after each key, and at once when it is left."""
    element = Field(kind, content, act)
    _give(element, attributes)
    return element


def _give(element: Element, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        if value is not None and value is not False:
            element._props[key.rstrip("_").replace("_", "-")] = value


def tick(text: str, value: bool, act: Act, **attributes: Any) -> Element:
    """Make a box to tick, with its words. `act` gets whether it is ticked."""
    with tag("label", None, "tick") as whole:
        box = Field(TICK, value, act)
        _give(box, attributes)
        tag("span", text)
    whole.box = box  # pyright: ignore[reportAttributeAccessIssue]
    return whole


def pick_one(name: str, value: str, options: Sequence[tuple[str, str]], act: Act) -> Element:
    """Make a row of which one is chosen, as radio buttons."""
    with tag("fieldset", None, "pick") as whole:
        tag("legend", name)
        group = f"pick-{whole.id}"
        for option, text in options:
            with tag("label"):
                box = tag("input", None, "", type="radio", name=group, value=option, checked=option == value)
                box.on("change", lambda event: act(event.args), js_handler=_VALUE)
                tag("span", text)
    return whole


def key_orders(selector: str, orders: dict[str, str]) -> str:
    """Return what a browser does on `keydown` in a row of things: arrows, Home and End move the focus; a key of `orders`,
    with Shift where it moves too, and Ctrl with z or y, emits {index, order}.
    """
    return f"""(e) => {{
    const row = [...e.currentTarget.querySelectorAll({json.dumps(selector)})], at = row.indexOf(e.target);
    if (at < 0 || e.altKey || e.metaKey) return;
    const orders = {json.dumps(orders)};
    const to = e.shiftKey && orders[e.key] ? undefined
        : {{ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: row.length - 1}}[e.key];
    const order = e.ctrlKey ? {{z: "undo", y: "redo"}}[e.key] : orders[e.key];
    if (to !== undefined || order) e.preventDefault();
    if (to !== undefined) row[Math.min(Math.max(to, 0), row.length - 1)].focus();
    else if (order) emit({{index: at, order}});
}}"""


def notice(text: str, kind: str = "") -> Element:
    """Show a sentence that wants to be seen: kind "" , "warn" or "good"."""
    return tag("div", text, f"notice {kind}", role="status")


def meter(done: int, total: int) -> Element:
    """Return how far something is; without an end where nobody knows."""
    bar = tag("progress", None, "", aria_label=_("Progress"))
    put_meter(bar, done, total)
    return bar


def put_meter(bar: Element, done: int, total: int) -> None:
    """Show how far it is now, in a meter that is there; it is sent anew only where that is a change."""
    now = {"max": total, "value": done} if total else {}
    if now != {name: bar._props[name] for name in ("max", "value") if name in bar._props}:
        for name in ("max", "value"):
            bar._props.pop(name, None)
        bar._props.update(now)
        bar.update()
