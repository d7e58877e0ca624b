"""The page of a campaign: counts and bounds, margins as pictures, hazards provoked, and what all this is not."""

import base64
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from host_tools.campaign import provoked
from host_tools.campaign.tally import PROVOKED_LEAST, Tally
from host_tools.judge import laws
from host_tools.judge.limits import hazard_titles

ROOT = Path(__file__).resolve().parents[2]
CREDIBILITY = ROOT / "docs" / "campaign" / "credibility.md"
TEMPLATES = Path(__file__).resolve().parent / "templates"
COLOURS = ("#2f6db5", "#d9711c", "#4f9d69", "#8a5aa8", "#5b7f95", "#b3262e")
BINS = 40


def html(
    counted: Tally,
    result: dict[str, Any],
    run: dict[str, Any],
    links: dict[tuple[str, int], str],
    folder: Path | None = None,
) -> str:
    """Return the whole page, pictures in it. links: file of a session's scenario, by cohort and number; folder: where the
    page will lie, for the link to what says how far the model is to be believed.
    """
    pictures = {
        law: _histogram(counted, law, told["unit"])
        for law, told in result["margins"].items()
        if told["cohorts"]
    }
    hazards = [
        {
            "number": number,
            "title": title,
            "sessions": result["hazards"][str(number)]["sessions"],
            "cannot": provoked.CANNOT.get(number, ""),
        }
        for number, title in hazard_titles().items()
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("campaign.html").render(
        result=result, run=run, links=links, credibility=_way_to(CREDIBILITY, folder),
        pictures=pictures, hazards=hazards, least=PROVOKED_LEAST,
        bare=laws.BARE_LAWS, plan=counted.plan, whats={cohort.name: cohort for cohort in counted.plan.cohort},
    )  # fmt: skip


def _way_to(page: Path, folder: Path | None) -> str | None:
    """Return the relative link from a folder of this checkout; None from elsewhere, where there is none."""
    if folder is None or not page.is_file() or not folder.resolve().is_relative_to(ROOT):
        return None
    return Path(os.path.relpath(page, folder.resolve())).as_posix()


def _histogram(counted: Tally, law: str, unit: str) -> str:
    """A PNG as base64: the share of sessions by margin, a line for each cohort and tier, the limit at 0."""
    drawn = {key: np.array([margin for margin, _ in group.margins[law]]) for key, group in counted.groups.items()
             if group.margins.get(law)}  # fmt: skip
    every = np.concatenate(list(drawn.values()))
    low, high = float(min(every.min(), 0.0)), float(every.max())
    high = high if high > low else low + 1.0
    edges = np.linspace(low, high, BINS + 1)
    figure = Figure(figsize=(4.6, 1.5), dpi=110, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.3, 0.9, 0.56))
    for place, ((cohort, tier), values) in enumerate(drawn.items()):
        share = np.histogram(values, edges)[0] / len(values) * 100
        axes.stairs(share, edges, color=COLOURS[place % len(COLOURS)], label=f"{cohort}, {tier}", linewidth=1.2,
                    linestyle="-" if tier == "S" else "--")  # fmt: skip
    axes.axvline(0.0, color="#b3262e", linewidth=1.0)
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_ylim(0, 120)
    axes.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"], fontsize=6)
    axes.tick_params(axis="x", labelsize=6)
    axes.set_xlabel(f"margin, {unit}; % of sessions", fontsize=6, labelpad=1)
    axes.legend(fontsize=5, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 0.97), ncols=len(drawn))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    canvas.draw()
    out = BytesIO()
    figure.savefig(out, format="png")
    return base64.b64encode(out.getvalue()).decode()
