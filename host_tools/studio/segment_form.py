"""The settings of the chosen segment of a listening programme, each with what it may be and what is wrong with it."""

from collections.abc import Callable
from typing import Any

from host_tools.programmes.rules import Broken
from host_tools.studio import rules, segments
from host_tools.studio import widgets as w
from host_tools.studio.texts import _, typed


class SegmentForm:
    """names: what may be named, for a source. on_changed: gets the setting and its value."""

    def __init__(self, names: Callable[[str], list[str]], on_changed: Callable[[str, Any], Any]):
        self._names = names
        self._on_changed = on_changed
        self._fields: dict[str, tuple[dict[str, Any], Any, Any]] = {}
        self._built: Any = None
        with w.tag("section", None, "card"):
            self._heading = w.heading("")
            self._problem = w.tag("p", "", "problem", role="status")
            self._box = w.tag("div", None, "segment-form")

    def show(self, all_segments: list[dict[str, Any]], index: int, wrong: list[Broken]) -> None:
        """Show a segment. Its fields stay while it is the same one: somebody types in them."""
        segment = all_segments[index]
        built = (index, len(all_segments), segment["source"])
        w.put_text(self._heading, _("Segment {place}: {what}", place=index + 1, what=segments.what(segment)))
        if built != self._built:
            self._built = built
            self._build(segment)
        told = {one.setting: one.sentence for one in wrong}
        without_field = [sentence for setting, sentence in told.items() if setting not in self._fields]
        w.put_text(self._problem, " ".join(without_field))
        for name, (row, field, limits) in self._fields.items():
            value = segment[name]
            if row["kind"] in ("choice", "name"):
                field.offer(self._options(row, segment["source"], value))
            if rules.entered(row, field.content) != value:
                field.put(typed(value))
            w.put_text(limits, told.get(name) or rules.in_words(row, "adult"))
            limits.classes(add="problem" if name in told else "", remove="" if name in told else "problem")
            if bool(field._props.get("aria-invalid")) != (name in told):
                field._props["aria-invalid"] = "true" if name in told else None

    def _build(self, segment: dict[str, Any]) -> None:
        self._fields = {}
        self._box.clear()
        with self._box:
            for row in segments.rows(segment["source"]):
                name = row["name"]
                about, limits = f"about-segment-{name}", f"limits-segment-{name}"
                with w.tag("div", None, "segment-setting"):
                    w.tag("span", rules.label(row), "setting-name")
                    w.tag("span", rules.meaning(row), "setting-meaning", id=about)
                    with w.tag("div", None, "setting-field"):
                        field = self._field(row, segment[name], f"{about} {limits}")
                        if row["unit"]:
                            w.tag("span", row["unit"], "unit")
                    said = w.tag("span", "", "limits", id=limits, aria_live="polite")
                self._fields[name] = (row, field, said)

    def _field(self, row: dict[str, Any], value: Any, described: str) -> Any:
        common = {"aria_label": rules.label(row), "aria_describedby": described}
        name = row["name"]
        if row["kind"] == "number":
            return w.entry(
                typed(value),
                lambda text: self._on_changed(name, rules.entered(row, text)),
                inputmode="decimal",
                **common,
            )
        return w.choices(str(value), [], lambda chosen: self._on_changed(name, chosen), **common)

    def _options(self, row: dict[str, Any], source: str, value: Any) -> list[tuple[str, str]]:
        found = list(row["adult"]["allowed"]) if row["kind"] == "choice" else self._names(source)
        if value not in found:
            found.append(str(value))
        return [(name, rules.named(name)) for name in found]
