"""A drawing of notes as part of the page, with nothing in it that could act: a title of somebody's file stands in it."""

import re
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
_KEPT = {
    "svg", "defs", "symbol", "g", "path", "use", "text", "tspan", "rect", "ellipse", "circle", "polygon", "polyline",
    "line", "style", "title", "desc",
}  # fmt: skip
_OUTSIDE = re.compile(r"""@import|url\(\s*["']?(?!data:font)(?!data:application/font)""", re.IGNORECASE)
_HREF = ("href", "{http://www.w3.org/1999/xlink}href")


def safe(svg: str) -> str:
    """Return an SVG with known elements alone, no script, no event, and links into itself alone. Raises ParseError."""
    if not svg:
        return ""
    root = ElementTree.fromstring(svg)
    _clean(root)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: ElementTree.Element) -> None:
    for name, value in list(element.attrib.items()):
        plain = name.rsplit("}", 1)[-1].lower()
        if (
            plain.startswith("on")
            or (name in _HREF and not value.startswith("#"))
            or "javascript:" in value.lower()
        ):
            del element.attrib[name]
    for child in list(element):
        plain = str(child.tag).rsplit("}", 1)[-1]
        outside = plain == "style" and _OUTSIDE.search(child.text or "")
        if not str(child.tag).startswith(f"{{{SVG}}}") or plain not in _KEPT or outside:
            element.remove(child)
        else:
            _clean(child)
