"""The prescription: what is on the device, this draft, what is ready-made, beside each other; the curve; putting it on."""

from itertools import pairwise
from typing import Any

from nicegui import ui
from nicegui.element import Element

from firmware.sound.score import PATTERN, PATTERNS
from host_tools.studio import rules
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel
from host_tools.studio.draft import ready_made
from host_tools.studio.live import follow, live
from host_tools.studio.point_editor import PointEditor
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, typed

MOST_NAMED = 4


def build(studio: Studio) -> None:
    studio.meet_device()
    w.heading(_("Prescription"), 1)
    panel = CommitPanel(studio, on_done=lambda: studio.draft.stands_on(studio.base_now()))
    page = _Page(studio, panel)
    page.bar()
    live(page.warning, lambda: (studio.moved_on(), studio.desk.view.ready))
    page.begin()
    page.curve()
    live(page.form, lambda: studio.schema)
    follow(page.refresh)


class _Page:
    def __init__(self, studio: Studio, panel: CommitPanel):
        self._studio = studio
        self._panel = panel
        self._rows: dict[str, _Row] = {}
        self._groups: list[tuple[Any, list[rules.Row]]] = []
        self._shown: Any = None
        self._layer = rules.TEMPO
        self._editor: PointEditor | None = None

    # --- the bar that is always in sight ----------------------------------------------------------------------------

    def bar(self) -> None:
        """Built once and changed in place: a button that is built anew while somebody presses it would miss that."""
        draft = self._studio.draft
        with w.tag("div", None, "sticky"):
            with w.tag("div", None, "bar", role="group", aria_label=_("Draft")):
                self._words = w.tag("p", "", "bar-words", role="status")
                with w.tag("div", None, "row"):
                    self._undo = w.button(_("Undo"), lambda: self._do(draft.undo), "quiet")
                    self._redo = w.button(_("Redo"), lambda: self._do(draft.redo), "quiet")
                    self._back = w.button(
                        _("Discard"), self._discard, "quiet", title=_("Undo brings it back.")
                    )
                    w.link(_("Hear it"), "/hear", "button")
                    self._put = w.button(_("Put on …"), self._put_on, "main")
            self._whole = w.tag("p", "", "notice warn", role="status")

    def _show_bar(self) -> None:
        studio, draft = self._studio, self._studio.draft
        view = studio.desk.view
        wrong = studio.problems()
        whole = None if wrong else rules.whole(draft.values)
        w.put_text(self._words, self._summary())
        w.put_text(self._whole, whole or "")
        w.enable(self._undo, draft.can_undo)
        w.enable(self._redo, draft.can_redo)
        w.enable(self._back, draft.values != self._origin())
        right = not wrong and whole is None and studio.moved_on() is None
        w.enable(self._put, view.ready and right and draft.values != view.profile)

    def _summary(self) -> str:
        studio = self._studio
        wrong = studio.problems()
        if wrong:
            return _("Cannot be as it is: {names}.", names=self._named(wrong))
        there = studio.desk.view.profile
        if not studio.desk.view.ready:
            return _("Kept on this computer. There is no device to put it on.")
        if there is None:
            return _("A draft. The device has no profile yet.")
        other = [name for name, value in studio.draft.values.items() if there.get(name) != value]
        if not other:
            return _("The draft is as the device has it.")
        return _(
            "A draft, kept on this computer. Different from the device: {names}.", names=self._named(other)
        )

    def _named(self, names: Any) -> str:
        """A few settings by name, the rest as a number."""
        found = [rules.label(row) for row in self._studio.schema if row["name"] in names]
        more = len(found) - MOST_NAMED
        return ", ".join(found[:MOST_NAMED]) + (_(" and {count} more", count=more) if more > 0 else "")

    def _origin(self) -> dict[str, Any]:
        """Return what discarding goes back to: the device's profile, or the ready-made one."""
        return self._studio.desk.view.profile or self._studio.ready_made()

    def _discard(self) -> None:
        self._do(lambda: self._studio.draft.replace(self._origin()))

    def _do(self, act: Any) -> None:
        act()
        self.refresh()

    def _put_on(self) -> None:
        self._panel.open(self._studio.stage_profile)

    # --- what one must see first --------------------------------------------------------------------------------------

    def warning(self) -> None:
        studio = self._studio
        sentence = studio.moved_on()
        if sentence is None:
            return
        with w.tag("div", None, "notice warn", role="alert"):
            w.words(sentence)
            w.words(_("Both stand below, side by side; nothing of either is lost."))
            with w.tag("div", None, "row"):
                w.button(_("I have seen it: go on with my draft"),
                         lambda: studio.draft.stands_on(studio.base_now()))  # fmt: skip
                if studio.desk.view.profile is not None:
                    w.button(_("Take what is on the device as my draft"), self._take_device)

    def _take_device(self) -> None:
        self._studio.draft.replace(self._studio.desk.view.profile or {})
        self._studio.draft.stands_on(self._studio.base_now())

    def begin(self) -> None:
        with w.tag("section", None, "card"):
            w.heading(_("Begin with"))
            with w.tag("div", None, "row"):
                texts = {"newborn": _("Ready-made for a newborn"), "adult": _("Ready-made for an adult")}
                for name, text in texts.items():
                    own = ready_made(name)
                    w.button(text, lambda own=own: self._do(lambda: self._studio.draft.replace(own)))
                w.button(_("What is on the device"), self._from_device)

    def _from_device(self) -> None:
        if self._studio.desk.view.profile is None:
            ui.notify(_("There is no profile on the device."))
            return
        self._do(lambda: self._studio.draft.replace(self._studio.desk.view.profile or {}))

    # --- the curve ----------------------------------------------------------------------------------------------------

    def curve(self) -> None:
        with w.tag("section", None, "card"):
            w.heading(_("The curve: how the music changes once it has met the pulse"))
            names = (_("Tempo"), _("Level"), _("Minor"), _("Brightness"), _("Density"))
            options = [(str(layer), name) for layer, name in enumerate(names, rules.TEMPO)]
            w.pick_one(_("Show"), str(self._layer), options, self._choose_layer)
            self._editor = PointEditor(
                _("this draft"), _("minutes since it met the pulse"), "%", (0, 30), (50, 100), 0.5, 1,
                self._moved, self._added, self._removed,
                _("Drag a point, or Tab to it and use the arrow keys. Double-click adds one, Delete takes it off."),
            )  # fmt: skip
            with w.tag("div", None, "row"):
                w.button(_("Add a point"), self._add_in_widest_gap, "quiet")
            live(
                self._curve_words,
                lambda: (self._studio.draft.values["programme"], self._studio.problems().get("curve")),
            )
        self._draw()

    def _curve_words(self) -> None:
        programme = self._studio.draft.values["programme"]
        if programme != "curve":
            text = _("The tempo is not drawn here: the setting Programme is “{programme}”. All else follows the curve.",
                     programme=_(programme.replace("_", " ")))  # fmt: skip
            w.notice(text)
        problem = self._studio.problems().get("curve")
        if problem:
            w.notice(problem, "warn")

    def _choose_layer(self, layer: str) -> None:
        self._layer = int(layer)
        self._draw()

    def _curve_row(self) -> dict[str, Any]:
        return next(row for row in self._studio.schema if row["kind"] == "curve")

    def _draw(self) -> None:
        if self._editor is None:
            return
        studio, layer = self._studio, self._layer
        values, row = studio.draft.values, self._curve_row()
        lows, highs = rules.allowed(row, values["population"])
        points = []
        for index, point in enumerate(values["curve"]):
            stops = rules.stops(row, values, index, layer)
            points.append({"x": point[0], "y": point[layer],
                           **{way: {"at": stop.at, "why": stop.why} for way, stop in stops.items()}})  # fmt: skip
        last = max(30, *(point[0] for point in values["curve"]))
        lines = [self._line(_("ready-made"), studio.ready_made(), "dotted", "--quiet", last)]
        there = studio.desk.view.profile
        if there is not None:
            lines.append(self._line(_("on the device"), there, "dashed", "--device", last))
        low, high = lows[layer], highs[layer]
        if layer == rules.TEMPO:
            low = min(80, *(point["y"] - 5 for point in points))
        unit = {1: _("% of the tempo it met"), 2: "dB", 3: _("% of phrases in minor"), 4: "%", 5: "%"}[layer]
        self._editor.show(points, lines, (0, last), (low, high), unit, rules.LAYER_STEPS[layer])

    def _line(self, name: str, values: dict[str, Any], style: str, tone: str, last: float) -> dict[str, Any]:
        data = [[point[0], point[self._layer]] for point in values["curve"]]
        return {"name": name, "data": [*data, [last, data[-1][1]]], "style": style, "tone": tone}

    def _moved(self, index: int, minute: float, value: float) -> None:
        values = self._studio.draft.values
        self._set_curve(rules.moved(self._curve_row(), values, index, self._layer, minute, value))

    def _added(self, minute: float) -> None:
        if len(self._studio.draft.values["curve"]) < 16:
            self._set_curve(rules.with_point(self._studio.draft.values, minute))
        else:
            ui.notify(_("A curve has at most 16 points."))

    def _add_in_widest_gap(self) -> None:
        minutes = [point[0] for point in self._studio.draft.values["curve"]]
        ends = [*minutes, max(30, minutes[-1] + 2)]
        gap, at = max((after - before, before) for before, after in pairwise(ends))
        self._added(at + gap / 2)

    def _removed(self, index: int) -> None:
        curve = self._studio.draft.values["curve"]
        if index == 0:
            ui.notify(_("The first point stays: the curve begins there."))
        else:
            self._set_curve([point for place, point in enumerate(curve) if place != index])

    def _set_curve(self, curve: list[list[float]]) -> None:
        self._studio.draft.change("curve", curve)
        self.refresh()

    # --- the form ------------------------------------------------------------------------------------------------------

    def form(self) -> None:
        self._rows = {}
        self._groups = []
        for title, rows in rules.grouped(self._studio.schema):
            with w.tag("section", None, "card") as group:
                self._groups.append((group, rows))
                w.heading(_(title))
                headings = (_("Setting"), _("On the device"), _("This draft"), _("Ready-made"))
                with w.tag("table", None, "settings"):
                    with w.tag("thead"), w.tag("tr"):
                        for text in headings:
                            w.tag("th", text, scope="col")
                    with w.tag("tbody"):
                        for row in rows:
                            self._rows[row["name"]] = _Row(self._studio, row, headings, self._changed)
        self._shown = None
        self.refresh()

    def _changed(self, name: str, value: Any) -> None:
        self._studio.draft.change(name, value)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now; cheap where nothing has changed."""
        studio = self._studio
        draft, view = studio.draft, studio.desk.view
        now = (
            repr(draft.values),
            draft.at,
            len(draft.steps),
            repr(view.profile),
            view.songs,
            view.voices,
            view.programmes,
            view.ready,
            studio.moved_on(),
        )
        if now == self._shown:
            return
        self._shown = now
        self._show_bar()
        wrong = studio.problems()
        for name, row in self._rows.items():
            row.show(draft.values, view.profile, wrong.get(name))
        for group, rows in self._groups:
            w.reveal(group, any(rules.offered(row, draft.values) for row in rows))
        self._draw()


class _Row(Element, component="setting_row.js"):
    """One setting: what it means, and its value in three places. It stays while all around it changes: somebody types."""

    def __init__(self, studio: Studio, row: rules.Row, headings: tuple[str, ...], changed: Any):
        super().__init__()
        self._studio = studio
        self._row = row
        self._was: Any = None
        name, meaning = row["name"], rules.meaning(row, studio.schema)
        self._props.update(
            name=name,
            label=rules.label(row),
            meaning=meaning,
            unit=row["unit"],
            headings=headings,
        )
        with self:
            self._field = self._make_field(f"about-{name} limits-{name}", lambda value: changed(name, value))

    def _make_field(self, described: str, changed: Any) -> Any:
        row, common = self._row, {"aria_label": rules.label(self._row), "aria_describedby": described}
        value = self._studio.draft.values.get(row["name"])
        if row["kind"] == "switch":
            return w.tick("", bool(value), changed, **common)
        if row["kind"] in ("choice", "name"):
            return w.choices(str(value), [], changed, **common)
        if row["kind"] == "number":
            return w.entry(
                typed(value), lambda text: changed(rules.entered(row, text)), inputmode="decimal", **common
            )
        return w.entry(str(value), changed, maxlength=40, **common)

    def _options(self, population: str, value: Any) -> list[tuple[str, str]]:
        if self._row["kind"] == "choice":
            return [(option, rules.named(option)) for option in rules.allowed(self._row, population)]
        view = self._studio.desk.view
        if self._row["name"] == "song":
            found = [item["name"] for item in view.songs] or list(_built_in_songs())
            found += [PATTERN + kind for kind in PATTERNS]  # made on the device
        else:
            there = {"voice": view.voices, "listening_programme": view.programmes}.get(self._row["name"], ())
            found = ["none", *(item["name"] for item in there)]
        if value not in found:
            found.append(str(value))
        return [(name, rules.named(name)) for name in found]

    def show(self, values: dict[str, Any], there: dict[str, Any] | None, wrong: str | None) -> None:
        row, population = self._row, values["population"]
        value = values.get(row["name"])
        on_device = None if there is None else there.get(row["name"])
        options = self._options(population, value) if row["kind"] in ("choice", "name") else []
        now = (population, repr(value), repr(on_device), there is None, wrong, options)
        if now == self._was:
            return
        self._was = now
        differs = there is not None and on_device != value
        default = row[population]["default"]
        w.reveal(self, rules.offered(row, values))
        self._props.update(
            device="–" if there is None else rules.value_in_words(row, on_device),
            ready=rules.value_in_words(row, _(default) if row["kind"] == "text" else default),
            differs=differs,
            mark=_("changed") if differs else "",
            limits=wrong or rules.in_words(row, population),
            problem=wrong is not None,
        )
        self._put(value, options, wrong is not None)

    def _put(self, value: Any, options: list[tuple[str, str]], wrong: bool) -> None:
        """Bring the field to a value that it has not: an undo, another profile. What somebody types stays as typed."""
        if self._row["kind"] == "switch":
            self._field.box.put(value)
            return
        if self._row["kind"] in ("choice", "name"):
            self._field.offer(options)
        if rules.entered(self._row, self._field.content) != value:
            self._field.put(typed(value))
        if bool(self._field._props.get("aria-invalid")) != wrong:
            self._field._props["aria-invalid"] = "true" if wrong else None


def _built_in_songs() -> tuple[str, ...]:
    from firmware.sound import songs

    return tuple(songs.NAMES)
