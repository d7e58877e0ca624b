"""What is around every page: the way to the others, which device is there; and the one tab that has the studio."""

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import Client, ui

from host_tools.studio import (
    page_bench,
    page_device,
    page_hear,
    page_prescription,
    page_programmes,
    page_sessions,
    page_songs,
    texts,
)
from host_tools.studio import widgets as w
from host_tools.studio.bench_steps import CALIBRATE, SELFTEST
from host_tools.studio.commit_panel import asks_for_the_button, hold_button
from host_tools.studio.live import live
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _

STYLE = Path(__file__).parent / "style.css"
LINE = Path(__file__).parent / "line.js"
CONNECT_S = 60.0
BENCH = (SELFTEST, CALIBRATE)
ASKING = ("commit", *BENCH)  # jobs that wait for a hand on the button

Page = Callable[[Studio], Any]


def pages() -> dict[str, tuple[str, Page]]:
    """Return every page: where it is, its name in the reader's language, what builds it."""
    return {
        "/": (_("Device"), page_device.build),
        "/prescription": (_("Prescription"), page_prescription.build),
        "/hear": (_("Hear"), page_hear.build),
        "/songs": (_("Songs"), page_songs.build),
        "/programmes": (_("Programmes"), page_programmes.build),
        "/sessions": (_("Sessions"), page_sessions.build),
        "/bench": (_("Bench"), page_bench.build),
    }


class Owner:
    """The one tab that has the studio. Another one is told, and may take it over."""

    def __init__(self) -> None:
        self._tab: str | None = None
        self._client: Client | None = None
        self._leave: Callable[[], Any] = lambda: None

    def has(self, client: Client) -> bool:
        return self._client is client

    def free_for(self, client: Client) -> bool:
        """Return whether this tab may have it: nobody has, or the same tab from before a reload, or one that is gone."""
        held = self._client
        return (
            held is None
            or held.id not in Client.instances
            or not held.has_socket_connection
            or self._tab == client.tab_id
        )

    def take(self, client: Client, leave: Callable[[], Any]) -> None:
        """Give it to this tab; `leave` is called in the other's page when somebody else takes it."""
        held, before = self._client, self._leave
        self._tab, self._client, self._leave = client.tab_id, client, leave
        if held is not None and held is not client and held.id in Client.instances:
            with held:
                before()


async def build(studio: Studio, owner: Owner) -> None:
    """Build the page for one tab."""
    client = ui.context.client
    request = client.request
    if "language" not in studio.settings and request is not None:
        texts.use(*texts.preferred(request.headers.get("accept-language", "")))
    studio.draft.speak()
    ui.add_css(STYLE)
    ui.colors(primary="#1f5f6b")
    dark = ui.dark_mode(studio.settings.get("dark"))
    client.title = _("Calando studio")
    with w.tag("div", None, "studio", lang=texts.language()) as whole:
        w.tag("p", _("Opening …"), "quiet", role="status")
    ui.add_body_html(f'<div id="line" role="alert" data-text="{html.escape(_no_line())}"></div>')
    ui.add_body_html(f"<script>{LINE.read_text('utf-8')}</script>")
    try:
        await client.connected(timeout=CONNECT_S)
    except TimeoutError:  # it was closed before it was there
        return
    too_long = json.dumps(
        [_("That is too long to be sent."), _("What was typed last is not kept; make it shorter.")]
    )
    client.run_javascript(
        f"document.documentElement.lang = '{texts.language()}';"
        f"document.querySelectorAll('#too_long_message_popup span').forEach((part, at) => {{"
        f" part.textContent = {too_long}[at]; }})"
    )

    def show() -> None:
        whole.clear()
        with whole:
            if owner.has(client):
                _everything(studio, dark)
            else:
                _elsewhere(take)

    def take() -> None:
        owner.take(client, show)
        show()

    if owner.free_for(client):
        owner.take(client, show)
    show()


def _no_line() -> str:
    return _(
        "The studio's program does not answer. All that was drawn is kept; this page goes on as soon as it runs again."
    )


def _elsewhere(take: Callable[[], Any]) -> None:
    with w.tag("div", None, "page"), w.tag("section", None, "card"):
        w.heading(_("The studio is open in another tab"), 1)
        w.words(
            _(
                "One draft, one page: so that nothing is changed behind your back. Close this tab, or go on here."
            )
        )
        w.button(_("Go on here"), take, "main")


def _everything(studio: Studio, dark: Any) -> None:
    w.link(_("To the content"), "#content", "skip")
    with w.tag("header", None, "top"):
        w.tag("span", "Calando", "brand")
        with w.tag("nav", None, "", aria_label=_("Pages")):
            places = {path: w.link(name, path) for path, (name, _build) in pages().items()}
        with w.tag("div", None, "top-end"):
            live(
                lambda: _chip(studio),
                lambda: (studio.desk.view.state, studio.desk.view.unit, studio.desk.view.simulated),
            )
            _preferences(studio, dark)
    router = ui.context.client.sub_pages_router

    def mark(path: str) -> None:
        here = path.split("?")[0]
        for place, link in places.items():
            if not link.is_deleted:  # the router outlives what another tab's taking over has replaced
                link._props["aria-current"] = "page" if place == here else "false"
                link.update()

    mark(router.current_path)
    router.on_path_changed(mark)
    live(lambda: _waiting(studio), lambda: waits(studio))
    with w.tag("div", None, "page", id="content", tabindex="-1"):
        routes = {path: (lambda page=page: page(studio)) for path, (_name, page) in pages().items()}
        ui.sub_pages(routes)


def waits(studio: Studio) -> str | None:
    """Return what the device waits for, where the page that is open does not tell of it: "button", "staged", or "bench"
    for a self-test or calibration that goes on; None for nothing.
    """
    job, view = studio.desk.job, studio.desk.view
    if studio.tells_of_waiting():
        return None
    if job is not None and job.running:
        if job.name in ASKING and job.said and asks_for_the_button(job.said[-1]) and not job.rows:
            return "button"
        return "bench" if job.name in BENCH else None
    return "staged" if view.ready and view.status.get("staged") else None


def _waiting(studio: Studio) -> None:
    """Say on whatever page that the device waits, and let it be taken back."""
    what = waits(studio)
    if what is None:
        return
    with w.tag("section", None, "notice warn waiting", aria_label=_("The device waits")):
        if what == "staged":
            w.words(
                _(
                    "Something was sent to the device and waits there. It is not in use: nobody has held the button."
                )
            )
        elif what == "bench":
            w.words(
                _(
                    "A self-test or calibration goes on, on the page “Device”; until it is over nothing else reaches the "
                    "device."
                )
            )
        else:
            w.words(_("The device waits for its button to be held for a second. Until then nothing changes."))
        with w.tag("div", None, "row"):
            if what == "button" and studio.desk.live is not None:
                w.button(_("Hold the simulated button"), lambda: hold_button(studio))
            w.button(_("Cancel") if what == "bench" else _("Discard"), lambda: _take_back(studio))


def _take_back(studio: Studio) -> None:
    """Have the device forget what waits: what asks for the button is stopped, what was sent is thrown away."""
    job = studio.desk.job
    if job is not None and job.running:
        job.cancel()
    else:
        studio.discard()


def _chip(studio: Studio) -> None:
    view = studio.desk.view
    if view.ready:
        what = (
            _("simulated …{end}", end=view.unit[-4:])
            if view.simulated
            else _("device …{end}", end=view.unit[-4:])
        )
        w.tag("span", "● " + what, "chip good", role="status")
    else:
        w.tag("span", "○ " + _("no device"), "chip", role="status")


def _preferences(studio: Studio, dark: Any) -> None:
    def speak(language: str) -> None:
        texts.use(language)
        studio.set("language", language)
        ui.navigate.reload()

    def shade(value: str) -> None:
        chosen = {"auto": None, "light": False, "dark": True}[value]
        dark.set_value(chosen)
        studio.set("dark", chosen)

    w.choices(texts.language(), list(texts.LANGUAGES.items()), speak, aria_label=_("Language"))
    now = {None: "auto", False: "light", True: "dark"}[studio.settings.get("dark")]
    options = [("auto", _("as the computer")), ("light", _("light")), ("dark", _("dark"))]
    w.choices(now, options, shade, aria_label=_("Colours"))
