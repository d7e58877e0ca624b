"""A line whose points a person moves by mouse, touch or keyboard, drawn by ECharts (the drawing: point_editor.js)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nicegui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from host_tools.studio.texts import _, number

_ECHARTS = Path(nicegui.__file__).parent / "elements" / "echart" / "dist"


class PointEditor(Element, component="point_editor.js", esm={"nicegui-echart": str(_ECHARTS)}):
    """points: dicts of x, y and `left`, `right`, `down`, `up`, each a dict of `at` and `why`.

    on_moved is called with (index, x, y) when a point was let go, on_added with x, on_removed with the index.
    """

    def __init__(
        self,
        name: str,
        x_name: str,
        y_name: str,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_step: float,
        y_step: float,
        on_moved: Callable[[int, float, float], Any],
        on_added: Callable[[float], Any],
        on_removed: Callable[[int], Any],
        hint: str,
    ):
        super().__init__()
        self._props.update(
            {
                "name": name, "xName": x_name, "yName": y_name, "xRange": list(x_range), "yRange": list(y_range),
                "xStep": x_step, "yStep": y_step, "points": [], "lines": [], "pointName": _("Point"), "hint": hint,
                "decimal": number(0.5)[1], "heard": 0,
            }
        )  # fmt: skip
        self._on_moved = on_moved
        self.on("moved", self._moved)
        self.on("added", lambda event: on_added(event.args["x"]))
        self.on("removed", lambda event: on_removed(int(event.args["index"])))

    def _moved(self, event: GenericEventArguments) -> None:
        self._props["heard"] = event.args["sent"]
        self._on_moved(int(event.args["index"]), event.args["x"], event.args["y"])
        self.update()

    def show(
        self,
        points: list[dict[str, Any]],
        lines: list[dict[str, Any]],
        x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None,
        y_name: str | None = None,
        y_step: float | None = None,
    ) -> None:
        """Draw other points and lines; what is None stays."""
        changes = {"points": points, "lines": lines, "xRange": x_range and list(x_range),
                   "yRange": y_range and list(y_range), "yName": y_name, "yStep": y_step}  # fmt: skip
        new = {
            name: value for name, value in changes.items() if value is not None and self._props[name] != value
        }
        if new:  # to draw it again costs the browser more than all else on its page
            self._props.update(new)
            self.update()
