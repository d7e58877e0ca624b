"""The course over the sessions of one unit: a page with a picture and a line for each, and nothing about a person.

A unit goes from bed to bed: that two sessions follow each other on it says nothing about who listened.
"""

import io
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from host_tools.forms.table import SESSIONS, Tables
from host_tools.sessions import report, words
from simulator.files.errors import CalandoError

MOST_ROWS = 400  # a year of one unit, and more than a page can show
_COLOURS = {
    "faded": "#3f8f5f", "withdrawn": "#c47a10", "silenced": "#3868b0", "refused": "#9aa5ab", "fault": "#b3261e",
    None: "#d7dde0",
}  # fmt: skip
_PULSE, _TEMPO = "#2f6db3", "#d9731a"


def sessions_of(tables: Tables, unit: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Return the unit, and its sessions by their age. Raises CalandoError where it is not said which unit, or there is
    none.
    """
    columns = tables.columns[SESSIONS]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    units = sorted({row["unit"] for row in rows})
    if unit is None and len(units) > 1:
        raise CalandoError(
            f"there are sessions of {len(units)} units; choose one with --unit: {', '.join(units)}"
        )
    chosen = units[0] if unit is None else unit
    if chosen not in units:
        raise CalandoError(
            f"there is no session of unit {chosen}; choose one with --unit: {', '.join(units)}"
        )
    return chosen, sorted((row for row in rows if row["unit"] == chosen), key=lambda row: row["session"])[
        -MOST_ROWS:
    ]


def html(unit: str, rows: list[dict[str, Any]]) -> str:
    """Return the page, self-contained. `rows` are those of `sessions_of`."""
    return report.render(
        "compare.html.j2",
        unit=unit,
        first=rows[0]["session"],
        last=rows[-1]["session"],
        picture=b64encode(picture_png(rows)).decode("ascii"),
        endings=[
            (words.ENDS[end] if end else "how it ended is not written down", _COLOURS[end], number)
            for end, number in _counted(row["ended"] for row in rows)
        ],
        rows=[_line(row) for row in rows],
    )


def _counted(ends: Iterable[str | None]) -> list[tuple[str | None, int]]:
    all_ends = list(ends)
    return [(end, all_ends.count(end)) for end in _COLOURS if end in all_ends]


def _line(row: dict[str, Any]) -> dict[str, str]:
    def span(first: float | None, last: float | None, digits: int) -> str:
        return "not known" if first is None or last is None else f"{first:.{digits}f} → {last:.{digits}f}"

    return {
        "session": str(row["session"]),
        "began": "not known" if row["began_at"] is None else f"{row['began_at']:%Y-%m-%d %H:%M} UTC",
        "sound": words.span(row["sound_s"]),
        "pulse": span(row["pulse_first_bpm"], row["pulse_last_bpm"], 0),
        "tempo": span(row["tempo_first_bpm"], row["tempo_slowest_bpm"], 1),
        "end": words.ending(row["ended"], row["reason"]),
    }


def picture_png(rows: list[dict[str, Any]]) -> bytes:
    """Draw pulse of the first and last minute, tempo where it began and slowest, minutes of sound by how it ended."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    figure, (above, below) = pyplot.subplots(
        2, 1, figsize=(9.5, 5), sharex=True, height_ratios=(2.2, 1), layout="constrained"
    )
    for first, last, colour, name in (
        ("pulse_first_bpm", "pulse_last_bpm", _PULSE, "pulse: first minute (open) to last"),
        ("tempo_first_bpm", "tempo_slowest_bpm", _TEMPO, "music's tempo: first (open) to slowest"),
    ):
        known = [row for row in rows if row[first] is not None and row[last] is not None]
        at = [row["session"] for row in known]
        above.vlines(
            at, [row[last] for row in known], [row[first] for row in known], color=colour, lw=2, alpha=0.5
        )
        above.plot(at, [row[first] for row in known], "o", mfc="white", mec=colour, ms=4)
        above.plot(at, [row[last] for row in known], "o", color=colour, ms=4, label=name)
    above.set_ylabel("beats a minute")
    above.legend(loc="upper right", ncols=2, fontsize=8, frameon=False)
    above.margins(y=0.2)
    below.bar(
        [row["session"] for row in rows],
        [row["sound_s"] / 60 for row in rows],
        color=[_COLOURS[row["ended"]] for row in rows],
    )
    below.set_ylabel("minutes of sound")
    below.set_xlabel("session of this unit")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=130, metadata={"Software": None})
    pyplot.close(figure)
    return out.getvalue()
