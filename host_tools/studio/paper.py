"""A sheet of paper on the page: as wide as there is room, as high as what stands in it; it prints itself, on A4."""

from typing import Any

from host_tools.studio import widgets as w

_PRINT = "() => document.getElementById('ID').contentWindow.print()"
_FIT = """(e) => {
    const frame = e.target;
    const fit = () => {
        const page = frame.contentDocument;
        if (!page) return;  // it has gone from the page
        page.documentElement.style.zoom = Math.min(1, frame.clientWidth / 780);
        const height = Math.ceil(page.body.getBoundingClientRect().bottom + 24) + "px";
        if (frame.style.height !== height) frame.style.height = height;
    };
    fit();
    new ResizeObserver(fit).observe(frame);
    for (const picture of frame.contentDocument.images) picture.addEventListener("load", fit);
}"""
_counted = [0]


def print_button(text: str, name: str) -> None:
    """Make a button that prints the sheet of that name."""
    printed = w.tag("button", text, "button", type="button")
    printed.on("click", js_handler=_PRINT.replace("ID", name))


def sheet(name: str, file: str, title: str) -> Any:
    """Show a page of the studio's folder of made things; one that was made anew is fetched anew."""
    _counted[0] += 1
    frame = w.tag("iframe", None, "sheet", id=name, src=f"/made/{file}?{_counted[0]}", title=title)
    frame.on("load", js_handler=_FIT)
    return frame
