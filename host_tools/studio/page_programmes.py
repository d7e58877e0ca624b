"""Listening programmes: segments as blocks on a time line, the shape that they draw, the rules where one is broken."""

import asyncio
from pathlib import Path
from typing import Any

from nicegui import ui

from host_tools.programmes import rules as listening
from host_tools.studio import rules
from host_tools.studio import segments as seg
from host_tools.studio import widgets as w
from host_tools.studio.commit_panel import CommitPanel, not_played
from host_tools.studio.draft import Steps
from host_tools.studio.job import Job
from host_tools.studio.live import follow, live, progress
from host_tools.studio.segment_form import SegmentForm
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _, number, sentence
from host_tools.studio.upload import drop_zone
from simulator.files.errors import CalandoError

HEARD_S = 30

# One block is in the order of Tab, the arrows go from one to the next; all else is an order for it.
_KEYS = w.key_orders(
    ".segment-block",
    {
        "ArrowUp": "higher", "ArrowDown": "lower", "+": "longer", "-": "shorter", "Delete": "remove",
        "Backspace": "remove", "ArrowLeft": "earlier", "ArrowRight": "later", "Insert": "add",
    },
)  # fmt: skip
_FOCUS = """(e) => {
    const at = [...e.currentTarget.querySelectorAll(".segment-block")].indexOf(e.target);
    if (at >= 0) emit(at);
}"""
ORDERS = (
    ("higher", "More moving"),
    ("lower", "Calmer"),
    ("longer", "Longer"),
    ("shorter", "Shorter"),
    ("earlier", "Earlier"),
    ("later", "Later"),
    ("add", "Add one after it"),
    ("remove", "Take it out"),
)


def build(studio: Studio) -> None:
    w.heading(_("Programmes"), 1)
    w.words(
        _(
            "For adults: pieces, soundscapes and silence that follow one another with a shape. The device plays them by "
            "itself; it is no method, and nobody guides."
        )
    )
    panel = CommitPanel(studio)
    page = _Page(studio, panel)
    page.bar()
    page.begin()
    page.line()
    page.segment()
    page.hear()
    with w.tag("section", None, "card"):
        w.heading(_("On the device"))
        live(
            page.on_device,
            lambda: (studio.desk.view.programmes, repr(studio.desk.view.profile), studio.desk.view.ready),
        )
    with w.tag("details", None, "card"):
        w.tag("summary", _("The rules, and why"))
        with w.tag("ul", None, "lines"):
            for rule, why in listening.RULES:
                w.tag("li", f"{_(rule)}: {_(why)}")
    page.refresh()
    follow(page.follow_device)


class _Page:
    def __init__(self, studio: Studio, panel: CommitPanel):
        self._studio = studio
        self._panel = panel
        self._steps = Steps(studio.folder / "programme.json", [_own("settle")])
        self._steps.read()
        self._chosen = 0
        self._blocks: list[Any] = []
        self._job: Job | None = None
        self._heard: dict[str, Any] | None = None
        self._trouble = ""
        self._remarks_shown: Any = None

    @property
    def _values(self) -> dict[str, Any]:
        return self._steps.values

    @property
    def _segments(self) -> list[dict[str, Any]]:
        return self._values["segment"]

    # --- the bar that is always in sight ----------------------------------------------------------------------------

    def bar(self) -> None:
        with w.tag("div", None, "sticky"):
            with w.tag("div", None, "bar", role="group", aria_label=_("Programme")):
                self._words = w.tag("p", "", "bar-words", role="status")
                with w.tag("div", None, "row"):
                    self._undo = w.button(_("Undo"), lambda: self._ordered(self._chosen, "undo"), "quiet")
                    self._redo = w.button(_("Redo"), lambda: self._ordered(self._chosen, "redo"), "quiet")
                    w.button(_("Save as a file (.toml)"), self._save, "quiet")
                    self._choose_it = w.button(
                        _("Choose it in the prescription"), lambda: self._prescribe(self._values)
                    )
                    self._put = w.button(_("Put on the device …"), self._put_on, "main")
            self._said = w.tag("p", "", "notice", role="status")

    def follow_device(self) -> None:
        """Show what the device that is there now makes of it."""
        wrong = seg.wrong(self._values)
        self._show_remarks(wrong)
        self._enable(wrong)

    def _enable(self, wrong: list[Any]) -> None:
        """Let be pressed what can be done now."""
        right = not wrong
        w.enable(self._put, right and self._studio.desk.view.ready)
        w.enable(self._choose_it, right)

    # --- where one begins ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        with w.tag("section", None, "card"):
            w.heading(_("Begin with"))
            with w.tag("div", None, "row"):
                for name in listening.ready():
                    values = _own(name)
                    w.button(
                        _("“{title}”, shape {shape}", title=values["title"], shape=_(values["shape"])),
                        lambda values=values: self._begin_with(values),
                    )
            with w.tag("details"):
                w.tag("summary", _("A programme's file (.toml)"))
                drop_zone(self._studio, _("Drop a programme here, or choose one"), ".toml", self._arrived)
            with w.tag("div", None, "row"):
                with w.tag("label", _("Title")):
                    self._title = w.entry("", lambda text: self._change("title", text), maxlength=16, size=18)
                with w.tag("label", _("Name on the device")):
                    self._name = w.entry("", lambda text: self._change("name", text), maxlength=24, size=18)
            shapes = [(shape, f"{_(shape)}: {_(text)}") for shape, text in listening.SHAPES.items()]
            with w.tag("label", _("Shape")):
                self._shape = w.choices("", shapes, lambda shape: self._change("shape", shape))
            self._head_problem = w.tag("p", "", "problem", role="status")

    def _begin_with(self, values: dict[str, Any]) -> None:
        """Take another programme as a whole; undo brings the one before back."""
        self._steps.replace(values)
        self._chosen = 0
        self._say("")
        self.refresh()

    def _arrived(self, file: Path, name: str) -> None:
        from host_tools.songs.names import song_name
        from simulator.files import programme_file

        try:
            data = programme_file.load(file)
        except CalandoError as error:
            self._say(str(error).replace(str(file), name))
            return
        finally:
            file.unlink(missing_ok=True)
        self._begin_with(seg.values_of(data, song_name(Path(name).stem)[:24]))

    def _change(self, name: str, value: Any) -> None:
        self._steps.change(name, value)
        self.refresh()

    # --- the time line ------------------------------------------------------------------------------------------------

    def line(self) -> None:
        with w.tag("section", None, "card"):
            w.heading(_("The shape: what follows what, and how moving it is"))
            w.words(
                _(
                    "Click a block, or go to one with Tab. Arrow keys: left and right choose, up and down make it more "
                    "moving and calmer, with Shift left and right move it; + and - make it longer and shorter, Delete "
                    "takes it out."
                ),
                "quiet",
            )
            self._line = w.tag("div", None, "time-line", role="group", aria_label=_("Segments"))
            self._line.on(
                "keydown",
                lambda event: self._ordered(event.args["index"], event.args["order"]),
                js_handler=_KEYS,
            )
            self._line.on("focusin", lambda event: self._choose(event.args), js_handler=_FOCUS)
            with w.tag("div", None, "row"):
                self._order_buttons = {
                    order: w.button(_(text), lambda order=order: self._ordered(self._chosen, order), "quiet")
                    for order, text in ORDERS
                }
            self._remarks = w.tag("div", None, "", role="status")

    def _make_blocks(self) -> None:
        """As many blocks as there are segments; one that is there already stays, with whoever stands on it."""
        while len(self._blocks) > len(self._segments):
            self._blocks.pop()[0].delete()
        with self._line:
            while len(self._blocks) < len(self._segments):
                index = len(self._blocks)
                with w.tag("button", None, "segment-block", type="button") as block:
                    with w.tag("span", None, "block-room"):
                        bar = w.tag("span", None, "block-bar")
                    name = w.tag("span", "", "block-name")
                    time = w.tag("span", "", "block-time")
                block.on("click", lambda _event, index=index: self._choose(index), args=[])
                self._blocks.append((block, bar, name, time))

    def _show_blocks(self, wrong: dict[int, list[str]]) -> None:
        self._make_blocks()
        at = 0.0
        for index, (segment, (block, bar, name, time)) in enumerate(
            zip(self._segments, self._blocks, strict=True)
        ):
            minutes = seg.minutes(segment)
            there = index == self._chosen
            block.style(replace=f"flex-grow: {minutes:g}")
            bar.style(replace=f"height: {10 * seg.height(segment):g}%")
            kind = (
                "segment-block "
                + segment["source"]
                + (" chosen" if there else "")
                + (" broken" if index in wrong else "")
            )
            block.classes(replace=kind)
            w.put_text(name, seg.what(segment))
            w.put_text(time, f"{number(at)}–{number(at + minutes)}")
            label = _("Segment {place} of {count}: {what}, minute {begin} to {end}, intensity {intensity}", place=index + 1,
                      count=len(self._segments), what=f"{_(str(segment['role']))}, {seg.what(segment)}", begin=number(at),
                      end=number(at + minutes), intensity=number(segment["intensity"]))  # fmt: skip
            props = {"aria-label": label + (". " + " ".join(wrong[index]) if index in wrong else ""),
                     "aria-pressed": "true" if there else "false", "tabindex": 0 if there else -1}  # fmt: skip
            for prop, value in props.items():
                if block._props.get(prop) != value:
                    block._props[prop] = value
            at += minutes

    def _choose(self, index: int) -> None:
        if index != self._chosen and index < len(self._segments):
            self._chosen = index
            self.refresh()

    def _ordered(self, index: int, order: str) -> None:
        """Do an order for a block."""
        index = min(index, len(self._segments) - 1)
        if order in ("undo", "redo"):
            self._steps.undo() if order == "undo" else self._steps.redo()
            self._chosen = min(self._chosen, len(self._segments) - 1)
        else:
            changed, self._chosen = seg.ordered(self._segments, index, order)
            if order in ("higher", "lower", "longer", "shorter"):
                self._steps.change("segment", changed)
            else:
                self._steps.replace({**self._values, "segment": changed})
                self._line.client.run_javascript(
                    f"document.querySelectorAll('.time-line .segment-block')[{self._chosen}]?.focus()"
                )
        self.refresh()

    # --- one segment --------------------------------------------------------------------------------------------------

    def segment(self) -> None:
        self._form = SegmentForm(self._names, self._segment_changed)

    def _names(self, source: str) -> list[str]:
        """Return what may be named: of Calando, of the device and of this computer."""
        view = self._studio.desk.view
        kept = self._studio.folder / "songs"
        if source == "song":
            own = [item["name"] for item in view.songs if not item["built_in"]]
            return [
                *seg.songs(),
                *own,
                *sorted(path.stem for path in kept.glob("*.lul") if path.stem not in own),
            ]
        if source == "voice":
            own = [item["name"] for item in view.voices]
            return [*own, *sorted(path.stem for path in kept.glob("*.adp") if path.stem not in own)]
        return list(seg.NAMES.get(source, ("none",)))

    def _segment_changed(self, name: str, value: Any) -> None:
        changed = [dict(one) for one in self._segments]
        changed[self._chosen] = seg.changed(self._segments, self._chosen, name, value, self._names)
        self._steps.change("segment", changed)
        self.refresh()

    # --- what is so now -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        values = self._values
        wrong = seg.wrong(values)
        at: dict[int, list[str]] = {}
        for one in wrong:
            if one.segment is not None:
                at.setdefault(one.segment, []).append(one.sentence)
        self._show_blocks(at)
        total = sum(map(seg.minutes, values["segment"]))
        if wrong:
            first = wrong[0]
            where = "" if first.segment is None else _("Segment {place}: ", place=first.segment + 1)
            more = "" if len(wrong) == 1 else _(" And {count} more.", count=len(wrong) - 1)
            text = where + first.sentence + more
        else:
            text = _(
                "Shape {shape}, {minutes} minutes. It keeps every rule.",
                shape=_(values["shape"]),
                minutes=number(total),
            )
        self._show_remarks(wrong)
        w.put_text(self._words, text)
        self._words.classes(add="problem" if wrong else "", remove="" if wrong else "problem")
        for field, name in ((self._title, "title"), (self._name, "name"), (self._shape, "shape")):
            field.put(str(values[name]))
        w.put_text(self._head_problem, " ".join(one.sentence for one in wrong if one.segment is None))
        w.enable(self._undo, self._steps.can_undo)
        w.enable(self._redo, self._steps.can_redo)
        for order, button in self._order_buttons.items():
            w.enable(button, seg.can(self._segments, self._chosen, order))
        self._form.show(self._segments, self._chosen, [one for one in wrong if one.segment == self._chosen])
        self._enable(wrong)

    def _show_remarks(self, wrong: list[Any]) -> None:
        """Tell what the device takes and would not play as it is written; of what breaks a rule, nothing."""
        there = self._studio.desk.view.profile
        now = (repr(self._values), repr(there), bool(wrong))
        if now == self._remarks_shown:
            return
        self._remarks_shown = now
        found = [] if wrong else seg.remarks_on(self._values, self._studio.folder / "songs", there)
        self._remarks.clear()
        if not found:
            return
        with self._remarks, w.tag("div", None, "notice"):
            w.heading(_("It keeps every rule, and is not heard as it is written"), 3)
            with w.tag("ul", None, "lines"):
                for line in found:
                    w.tag("li", line)

    def _say(self, text: str) -> None:
        w.put_text(self._said, sentence(text))

    # --- heard ----------------------------------------------------------------------------------------------------------

    def hear(self) -> None:
        with w.tag("section", None, "card"):
            w.heading(_("Hear it"))
            w.words(_("As an adult's ready-made profile plays it, with no sensor on anybody."), "quiet")
            live(self._heard_part, self._hear_key)

    def _hear_key(self) -> Any:
        job = self._job
        return (job and (id(job), job.running), self._trouble, self._heard and self._heard["file"], self._chosen,
                bool(seg.wrong(self._values)))  # fmt: skip

    def _heard_part(self) -> None:
        job = self._job
        if job is not None and job.running:
            w.tag("p", _("It is being played …"), role="status")
            progress(job)
            return
        go = w.button(_("Hear 30 seconds from segment {place}", place=self._chosen + 1), self._hear, "main")
        w.enable(go, not seg.wrong(self._values))
        if self._trouble:
            w.notice(self._trouble, "warn")
        heard = self._heard
        if heard is not None:
            w.tag("audio", None, "", src="/sound/" + heard["file"], controls=True, autoplay=True,
                  aria_label=_("30 seconds from segment {place}", place=heard["place"]))  # fmt: skip
            if heard["laeq_dba"] is None:
                w.words(_("These seconds are silent."), "quiet")
            else:
                w.words(
                    _(
                        "From segment {place}: mean level {mean} dB(A) at the ear.",
                        place=heard["place"],
                        mean=number(round(heard["laeq_dba"], 1)),
                    ),
                    "quiet",
                )

    async def _hear(self) -> None:
        place, values = self._chosen, self._values
        start_s = round(60 * sum(map(seg.minutes, values["segment"][:place])))
        self._trouble, self._heard = "", None
        try:
            data = seg.compact(values)
            await asyncio.wrap_future(self._studio.bring_sounds(data).future)
            self._job = self._studio.sounds.do(
                "hear_programme", folder=str(self._studio.folder / "sounds"), data=data, name=values["name"],
                songs=str(self._studio.folder / "songs"), start_s=start_s, seconds=HEARD_S,
            )  # fmt: skip
            self._heard = {**await asyncio.wrap_future(self._job.future), "place": place + 1}
        except CalandoError as error:
            self._trouble = sentence(error)

    # --- where it goes --------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """Save it as the file that `calando programme` reads; one that is not right yet cannot be one."""
        try:
            text = seg.as_file(self._values)
        except CalandoError as error:
            self._say(str(error))
            return
        self._line.client.download(text.encode(), self._values["name"] + ".toml")

    def _prescribe(self, values: dict[str, Any]) -> None:
        """Have the draft of the prescription name a programme; what of the draft is changed for that is said."""
        draft = self._studio.draft
        if draft.values["population"] != "adult":
            self._say(
                _(
                    "Programmes are for adults, and the prescription is a newborn's: begin an adult's there first."
                )
            )
            return
        self._studio.keep_programme(values["name"], seg.as_file(values))
        total = -(-sum(map(seg.minutes, values["segment"])) // 1)
        before = draft.values["session_min"]
        session = max(total, before) if isinstance(before, int | float) else total
        draft.replace({**draft.values, "listening_programme": values["name"], "session_min": int(session)})
        said = _("The prescription names it now.")
        if session != before:
            said += " " + _(
                "Its session lasts {minutes} minutes, not {before}.",
                minutes=number(session),
                before=number(before),
            )
        if not self._studio.problems() and rules.whole(draft.values) is None:
            remarks = seg.remarks_on(values, self._studio.folder / "songs", draft.values, "the profile")
            said = " ".join([said, *remarks])
        self._say(said)

    def _put_on(self) -> None:
        values = self._values
        self._studio.keep_programme(values["name"], seg.as_file(values))
        self._panel.open(
            lambda: self._studio.stage_programme(values["name"], seg.compact(values)),
            lambda: not_played(
                self._studio, "listening_programme", values["name"], lambda: self._prescribe(values)
            ),
        )

    def on_device(self) -> None:
        view = self._studio.desk.view
        if not view.ready:
            w.words(_("There is no device."), "quiet")
            return
        if not view.programmes:
            w.words(_("No programme is on it."))
        with w.tag("ul", None, "lines"):
            for item in view.programmes:
                name = item["name"]
                played = view.profile is not None and view.profile.get("listening_programme") == name
                with w.tag("li", name + (_(", which the profile plays") if played else "") + " "):
                    w.button(
                        _("Open it"),
                        lambda name=name: self._open(name),
                        "quiet",
                        aria_label=_("Open {name}", name=name),
                    )
                    w.button(_("Take it off …"), lambda name=name: self._panel.open(
                        lambda: self._studio.stage_call("remove", name=f"programme.{name}")), "quiet",
                        aria_label=_("Take {name} off", name=name))  # fmt: skip

    async def _open(self, name: str) -> None:
        try:
            data = await asyncio.wrap_future(self._studio.programme_on_device(name).future)
        except CalandoError as error:
            ui.notify(sentence(error))
            return
        self._begin_with(seg.values_of(data, name))


def _own(name: str) -> dict[str, Any]:
    """Return one of the programmes that come with Calando, its title in the reader's language."""
    values = seg.ready_made(name)
    return {**values, "title": _(values["title"])}
