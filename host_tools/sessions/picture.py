"""The picture of a session: pulse and music, level, signal, phases and events, readable at a glance.

Draws what facts.py has worked out; decides nothing. It does without pyplot, which would cost a second.
"""

from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from host_tools.sessions import words
from host_tools.sessions.facts import Facts
from host_tools.sessions.language import number, say

WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 11.7, 8.0, 130

INK, QUIET, GRID = "#22303c", "#6b7885", "#e3e7ea"
PULSE, MUSIC, LEVEL, SIGNAL, OXYGEN, LIMIT = "#2f6db5", "#d9711c", "#5b7f95", "#4f9d69", "#8a5aa8", "#b3262e"
# Phases: grey for silence, warm where the music meets the patient, cool where it leads, red where it stops.
PHASE_COLOURS = {
    "idle": "#eef0f2",
    "baseline": "#dfe6ec",
    "match": "#f6dfc3",
    "lead": "#d5e7d6",
    "sustain": "#c3dce0",
    "hold": "#efe7b4",
    "fade": "#dcd7ea",
    "withdraw": "#f3c7c3",
    "fault": "#e79a9a",
}
SHORT = {
    "idle": "", "baseline": "listen", "match": "meet", "lead": "lead", "sustain": "stay", "hold": "hold",
    "fade": "fade", "withdraw": "stop", "fault": "fault",
}  # fmt: skip
LETTER_INCHES = 0.0088  # for each letter and point of its size
MOST_EVENTS = 12
LINE_LETTERS, MOST_LINES = 165, 3  # of what the marks mean, below the picture

PAGE_INCHES, PAGE_DOTS_PER_INCH = (7.48, 3.3), 220  # 190 mm: A4 less its margins
HEADING = 0.135  # of the height: title and story, which the page says in its own words


def pngs(facts: Facts) -> tuple[bytes, bytes]:
    """Return the picture as a PNG of 1521 x 1040 points, and without its heading for a page that has one."""
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _draw(figure, facts)
    canvas.draw()
    points = np.asarray(canvas.buffer_rgba())[:, :, :3]
    return _png(points), _png(points[int(HEADING * len(points)) :])


def page_png(facts: Facts) -> bytes:
    """Return the picture for a printed page, 190 mm wide and drawn at that size; its numbers are explained by the page."""
    figure = Figure(figsize=PAGE_INCHES, dpi=PAGE_DOTS_PER_INCH, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    heights = (0.3, 2.6, 1.5, 0.9, 1.4) if facts.paced else (0.3, 2.6, 1.5, 0.9)
    grid = figure.add_gridspec(
        len(heights),
        1,
        height_ratios=heights,
        hspace=0.16,
        left=0.045,
        right=0.905,
        top=0.925,
        bottom=0.115,
    )
    band, *panels = [figure.add_subplot(grid[row]) for row in range(len(heights))]
    _panels(band, panels, facts)
    canvas.draw()
    return _png(np.asarray(canvas.buffer_rgba())[:, :, :3])


def _png(points: np.ndarray) -> bytes:
    out = BytesIO()
    imsave(out, points, format="png", pil_kwargs={"compress_level": 4})
    return out.getvalue()


def _draw(figure: Figure, facts: Facts) -> None:
    with_oxygen = bool(np.isfinite(facts.spo2_percent).any())
    heights = [0.34, 3.5, 1.9, 1.15] + ([1.8] if facts.paced else []) + ([1.0] if with_oxygen else [])
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=heights, hspace=0.16, left=0.05, right=0.895, top=0.825, bottom=0.11
    )
    band, *panels = [figure.add_subplot(grid[row]) for row in range(len(heights))]
    title = facts.title[:1].upper() + facts.title[1:]
    figure.text(0.03, 0.955, title, fontsize=16, fontweight="bold", color=INK, va="center")
    for line, text in enumerate(facts.story[:2]):
        size = 9.5 * min(1.0, 160 / max(1, len(text)))  # so many letters of that size fit beside one another
        figure.text(0.03, 0.918 - 0.027 * line, text, fontsize=size, color=QUIET, va="center")

    marked = _panels(band, panels, facts)
    _explain_marks(figure, marked, facts)


def _panels(band, panels: list, facts: Facts) -> list[tuple[int, float, str]]:
    """Phases, pulse and music, level, signal and, where there is a place for it, oxygen; returns the marks."""
    beats, level, signal, *rest = panels
    end_s = max(1.0, float(facts.time_s[-1])) if len(facts.time_s) else 1.0
    _phase_band(band, facts, end_s)
    _beats(beats, facts)
    _level(level, facts)
    _signal(signal, facts)
    if facts.paced:
        _breath(rest.pop(0), facts)
    if rest:
        _oxygen(rest[0], facts)
    for axes in panels:
        _frame(axes, facts, end_s)
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel(say("minutes since {begin}", begin=say(facts.zero)), color=QUIET, fontsize=9)
    return _event_marks(band, panels, facts)


def _phase_band(axes, facts: Facts, end_s: float) -> None:
    axes.set_xlim(0, end_s)
    axes.set_ylim(0, 1)
    axes.axis("off")
    width = axes.figure.get_figwidth()
    for start, end, name in facts.phases:
        axes.add_patch(Rectangle((start, 0), end - start, 1, color=PHASE_COLOURS.get(name, GRID), lw=0))
        short = SHORT.get(name, name)
        short = say(short) if short else ""
        for text, size in (
            (words.phase(name), 9),
            (short, 9),
            (short, 6.5),
        ):
            if (end - start) / end_s * width >= LETTER_INCHES * size * (
                len(text) + (0.5 if size < 9 else 1.5)
            ):
                axes.text((start + end) / 2, 0.46, text, ha="center", va="center", fontsize=size, color=INK)
                break


def _beats(axes, facts: Facts) -> None:
    time_s = facts.time_s
    if np.isfinite(facts.true_pulse_bpm).any():
        axes.plot(time_s, facts.true_pulse_bpm, color="#b9c3cc", lw=3.2, label=say("true pulse"), zorder=2)
    axes.plot(time_s, facts.pulse_bpm, color=PULSE, lw=1.3, label=say("measured pulse"), zorder=4)
    ratios = sorted(set(facts.ratio[np.isfinite(facts.tempo_bpm)])) or [1.0]
    times = "" if ratios == [1.0] else " × " + say(" or ").join(f"{ratio:g}" for ratio in ratios)
    axes.plot(time_s, facts.music_bpm, color=MUSIC, lw=2.4, label=say("music's tempo") + times, zorder=5)
    axes.plot(time_s, facts.aim_bpm, color=MUSIC, lw=1.1, ls=(0, (4, 2)), label=say("its target"), zorder=3)
    _name(axes, say("Beats a minute"))
    known = np.concatenate([facts.pulse_bpm, facts.true_pulse_bpm, facts.music_bpm, facts.aim_bpm])
    known = known[np.isfinite(known)]
    if len(known):
        low, high = np.percentile(known, 0.5), np.percentile(known, 99.5)
        room = max(4.0, 0.12 * (high - low), (20 - (high - low)) / 3.2)
        axes.set_ylim(low - room, high + 2.2 * room)
    axes.yaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.legend(
        loc="upper right",
        ncols=4,
        fontsize=8.5,
        framealpha=0.75,
        edgecolor="none",
        borderaxespad=0.0,
        handlelength=1.8,
        columnspacing=1.4,
    )
    if len(ratios) == 1 and ratios[0] != 1.0:
        ratio = ratios[0]
        right = axes.secondary_yaxis("right", functions=(lambda bpm: bpm / ratio, lambda bpm: bpm * ratio))
        right.set_ylabel(say("the music's own"), color=MUSIC, fontsize=8.5)
        right.tick_params(labelsize=8, colors=MUSIC, length=0)
        right.spines["right"].set_visible(False)
        right.yaxis.set_major_formatter(FuncFormatter(lambda bpm, _: number(bpm)))


def _level(axes, facts: Facts) -> None:
    level = facts.level_dba
    floor = 25.0
    axes.fill_between(facts.time_s, floor, np.maximum(level, floor), color=LEVEL, alpha=0.35, lw=0)
    axes.plot(facts.time_s, level, color=LEVEL, lw=1.0)
    highest = facts.ceiling_dba
    if highest is None:
        highest = float(np.nanmax(level)) if np.isfinite(level).any() else 50.0
    else:
        axes.axhline(highest, color=LIMIT, lw=1.4, ls=(0, (5, 2)))
        _at_right(axes, highest, say("ceiling {level}", level=number(highest)), LIMIT)
    if facts.wanted_dba is not None:
        axes.axhline(facts.wanted_dba, color=QUIET, lw=0.9, ls=(0, (1, 2)))
        _at_right(axes, facts.wanted_dba, say("profile {level}", level=number(facts.wanted_dba)), QUIET)
    axes.set_ylim(floor, highest + 14)
    axes.yaxis.set_major_locator(MultipleLocator(10))
    _name(axes, say("Sound at the ear, dB(A)"))


def _signal(axes, facts: Facts) -> None:
    axes.fill_between(facts.time_s, 0, np.nan_to_num(facts.quality_percent), color=SIGNAL, alpha=0.45, lw=0)
    _spans(axes, facts.time_s, (facts.contact == 0) & facts.looking, LIMIT, say("sensor\noff"))
    axes.set_ylim(0, 150)
    axes.yaxis.set_major_locator(MultipleLocator(100))
    _name(axes, say("Quality of the pulse signal, %"))


def _breath(axes, facts: Facts) -> None:
    """Draw the breath and the pace that it was shown; green where it went along, and a line where it was let go."""
    if np.isfinite(facts.true_breath_bpm).any():
        axes.plot(facts.time_s, facts.true_breath_bpm, color="#b9c3cc", lw=3.0)
    paced = np.isfinite(facts.pace_bpm)
    led = paced & (facts.let_go != 1)
    axes.plot(
        facts.time_s[led], facts.pace_bpm[led], color=MUSIC, lw=2.0, label=say("the swell's pace"), zorder=4
    )
    known = np.isfinite(facts.breath_bpm)
    axes.plot(
        facts.time_s[known], facts.breath_bpm[known], color=PULSE, lw=1.3, label=say("breath"), zorder=5
    )
    top = max(12.0, 1.25 * float(np.nanmax(np.concatenate([facts.breath_bpm, facts.pace_bpm]))))
    seconds = facts.time_s[led]
    if len(seconds):
        went = facts.along[led] == 1
        axes.fill_between(
            seconds,
            0,
            np.where(went, top, 0),
            color=SIGNAL,
            alpha=0.25,
            lw=0,
            step="mid",
            label=say("it followed"),
        )
    gone = np.flatnonzero(facts.let_go == 1)
    if len(gone):
        axes.axvline(facts.time_s[gone[0]], color=QUIET, lw=1.2)
        axes.text(facts.time_s[gone[0]], 0.06 * top, " " + say("let go"), fontsize=8, color=INK)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.legend(loc="upper right", ncols=3, fontsize=8, framealpha=0.75, edgecolor="none", borderaxespad=0.0)
    _name(axes, say("Breaths a minute"))


def _oxygen(axes, facts: Facts) -> None:
    axes.plot(facts.time_s, facts.true_spo2_percent, color="#b9c3cc", lw=3.2)
    axes.plot(facts.time_s, facts.spo2_percent, color=OXYGEN, lw=1.2)
    known = np.concatenate([facts.spo2_percent, facts.true_spo2_percent])
    low = min(90.0, float(np.nanmin(known)) - 2)
    axes.set_ylim(low, 100 + 0.45 * (100 - low))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True, prune="upper"))
    _name(axes, say("Oxygen saturation, % (uncalibrated)"))


def _frame(axes, facts: Facts, end_s: float) -> None:
    """Draw what all panels share: the phases behind, quiet axes, minutes below."""
    axes.set_xlim(0, end_s)
    for start, end, name in facts.phases:
        axes.axvspan(start, end, color=PHASE_COLOURS.get(name, GRID), alpha=0.45, lw=0, zorder=0)
    axes.grid(axis="y", color="white", lw=1.0, zorder=1)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(labelsize=8.5, colors=INK, length=0)
    step_s = next((step for step in (10, 30, 60, 120, 300, 600, 1800, 3600) if end_s / step <= 12), 7200)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: words.clock(seconds)))


def _event_marks(band, panels: list, facts: Facts) -> list[tuple[int, float, str]]:
    """A numbered line for each thing that happened; returns its place, time and what it was."""
    marked = _told(facts)
    for place, at_s, _ in marked:
        for axes in panels:
            axes.axvline(at_s, color=INK, lw=0.8, ls=(0, (1, 1.5)), zorder=6)
        band.annotate(
            str(place), (at_s, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 8),
            textcoords="offset points", ha="center", va="center", fontsize=7.5, color="white",
            bbox={"boxstyle": "circle,pad=0.25", "fc": INK, "ec": "none"}, zorder=8, annotation_clip=False,
        )  # fmt: skip
    return marked


def _told(facts: Facts) -> list[tuple[int, float, str]]:
    """Return the first things that happened, as many as can be explained below the picture; none has a mark unexplained."""
    marked = [(place, *event) for place, event in enumerate(facts.scripted[:MOST_EVENTS], 1)]
    while len(_explanation(marked, facts)) > MOST_LINES:
        marked.pop()
    return marked


def _explanation(marked: list[tuple[int, float, str]], facts: Facts) -> list[str]:
    """Return in lines what the marks are, and how many have none."""
    texts = [f"{place}  {words.clock(at_s)} {text}" for place, at_s, text in marked]
    if len(facts.scripted) > len(marked):
        texts.append(say("and {count} more", count=len(facts.scripted) - len(marked)))
    lines, line = [], ""
    for text in texts:
        if line and len(line) + len(text) > LINE_LETTERS:
            lines.append(line)
            line = ""
        line = f"{line}     {text}" if line else text
    return [*lines, line]


def _explain_marks(figure: Figure, marked: list[tuple[int, float, str]], facts: Facts) -> None:
    """Say what the marks are, below the picture."""
    for row, text in enumerate(_explanation(marked, facts)):
        figure.text(0.03, 0.048 - 0.018 * row, text, fontsize=8.5, color=INK, va="center")


def _name(axes, text: str) -> None:
    """Write what a panel shows inside its upper left corner."""
    axes.text(
        0.007, 0.965, text, transform=axes.transAxes, va="top", fontsize=9, fontweight="bold", color=INK
    )


def _at_right(axes, value: float, text: str, colour: str) -> None:
    axes.annotate(
        text, (1.0, value), xycoords=("axes fraction", "data"), xytext=(5, 0), textcoords="offset points",
        va="center", fontsize=8.5, color=colour, annotation_clip=False,
    )  # fmt: skip


def _spans(axes, time_s: np.ndarray, here: np.ndarray, colour: str, label: str) -> None:
    """Mark the stretches where `here` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], here.astype(int), [0]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        first, last = time_s[start], time_s[min(end, len(time_s) - 1)]
        axes.axvspan(first, last, color=colour, alpha=0.18, lw=0)
        if end - start > 0.03 * len(time_s):
            axes.text((first + last) / 2, 50, label, ha="center", va="center", fontsize=7.5, color=colour)
