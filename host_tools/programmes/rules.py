"""The rules of a listening programme with their reasons, and a programme told in lines and drawn as a shape.

The numbers are firmware/prescription/programme.py's; docs/programmes.md has the table.
"""

import re
from dataclasses import dataclass
from typing import Any

from firmware.care import plan as columns
from firmware.care.plan import Plan
from firmware.prescription import programme
from simulator.files import song_file

FOLDER = song_file.READY  # the programmes that come with Calando, beside their airs

# All ours: no study gives such numbers.
RULES = (
    (
        f"segments: 1 to {programme.SEGMENTS_MAX}, together at most {programme.LONGEST_MS // 60000} minutes",
        "a session of an adult ends there",
    ),
    (
        f"intensity: at most {programme.INTENSITY_STEP} of 10 from one piece to the next",
        "a change that is noticed as one is no lead but a break",
    ),
    (
        f"tempo: at most {programme.TEMPO_STEP_PERCENT} % from one piece to the next, reached at 5 % a minute",
        "two pieces of like pace belong together, and nothing steps while it sounds",
    ),
    (
        f"tempo: within a piece at most {programme.TEMPO_PERMILLE_A_MINUTE // 10} % a minute, and no faster than the "
        "profile's `lead_rate_percent_per_min`",
        "no adult's profile may lead faster; where its own rate is less, what is more is held back",
    ),
    (
        f"tempo: never below {programme.TEMPO_LOWEST_PERCENT} % of the first",
        "the guard lets an adult's music slow no further, and what it would hold back must not be promised",
    ),
    (
        f"level: at most {programme.LEVEL_STEP_CDB // 100} dB from one piece to the next, and never above the profile's",
        "more is heard as a step; the profile's level is the therapist's limit",
    ),
    (
        f"shapes U and J: at least {programme.RETURN_MS // 60000} minutes with the role return, less what a phrase "
        "before a silence may take",
        "whoever was led down is not left there when the day goes on",
    ),
    (
        f"silence: at least {programme.SILENCE_MS // 1000} s without any sound in one place, the fade into it over and "
        f"whatever the phrase before it takes (reckoned at {columns.PHRASE_MS // 1000} s)",
        "two minutes of silence after music lowered pulse and pressure below the baseline (Bernardi 2006)",
    ),
    (
        f"last fade: at least {columns.LAST_FADE_MS // 1000} s, in the last segment or into a silence that is last",
        "an end that comes unawares startles",
    ),
    (
        "roles in the order " + ", ".join(columns.ROLES[:5]) + "; silence anywhere",
        "the order of the iso-principle: meet first, then lead",
    ),
    (
        "one recorded voice, and songs of at most 3 KB together",
        "the device's memory: nothing is read while music plays",
    ),
)
SHAPES = {
    "U": "only falls, by 2 of intensity or more, then only rises, by 2 or more, to where it began (within 1)",
    "L": "only falls, by 2 or more, and then stays low (within 1)",
    "J": "only falls, by 2 or more, then only rises, to more than it began with",
    "flat": "stays within 1",
}


@dataclass(frozen=True)
class Segment:
    """A segment as a person reads it. minutes: from, to, as planned; level_db: against the profile's level."""

    number: int
    role: str
    source: str
    name: str
    from_min: float
    to_min: float
    repeats: int
    matched: bool
    tempo_start_bpm: float | None
    tempo_end_bpm: float | None
    level_db: float | None
    intensity: int
    crossfade_s: float
    until: str


@dataclass(frozen=True)
class Broken:
    """What keeps a programme from being one. segment: from 0, None for the whole; setting: "" where it is none alone."""

    segment: int | None
    setting: str
    sentence: str


def broken(values: dict[str, Any]) -> list[Broken]:
    """Return what is wrong with a programme's values (title, shape, a list `segment` of tables), the device's sentences.

    Each segment is looked at by itself; where all of them are right, the first rule that they break together is told.
    """
    found: list[Broken] = []
    for number, segment in enumerate(values["segment"]):
        try:
            programme.read_segment(number, programme.row_of(number, segment), [])
        except programme.ProgrammeError as error:
            found.append(_broken(str(error), number))
    if not found:
        try:
            programme.encode(*programme.from_values(values))
        except programme.ProgrammeError as error:
            found.append(_broken(str(error), None))
    return found


def _broken(text: str, segment: int | None) -> Broken:
    """The device's sentence with the place that it names."""
    place = re.match(r"segment (\d+)(?::| is) ?", text)
    if place:
        segment, text = int(place[1]) - 1, text[place.end() :]
    settings = ["title", "shape", *(setting.name for setting in programme.TABLE)]
    named = re.match(r"\w+", text)
    setting = named[0] if named and named[0] in settings else ""
    return Broken(segment, setting, text[:1].upper() + text[1:].rstrip(".") + ".")


def ready() -> list[str]:
    """Return the names of the programmes that come with Calando."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def segments(plan: Plan) -> list[Segment]:
    """Return the segments of a programme with the times at which they are planned."""
    found: list[Segment] = []
    at_ms = 0
    for number in range(plan.segments):
        source = plan.source(number)
        melody = source not in ("soundscape", "silence")
        end_ms = at_ms + plan.at(number, columns.LENGTH_MS)
        found.append(
            Segment(
                number + 1, columns.ROLES[plan.at(number, columns.ROLE)], source, plan.name(number),
                at_ms / 60000, end_ms / 60000, plan.at(number, columns.REPEATS),
                melody and plan.at(number, columns.MATCHED) == 1,
                plan.at(number, columns.START_MBPM) / 1000 if melody else None,
                plan.at(number, columns.END_MBPM) / 1000 if melody else None,
                None if source == "silence" else plan.at(number, columns.LEVEL_CDB) / 100,
                plan.at(number, columns.INTENSITY), plan.at(number, columns.CROSSFADE_MS) / 1000,
                "phrase_end" if plan.at(number, columns.UNTIL_PHRASE) else "time",
            )
        )  # fmt: skip
        at_ms = end_ms
    return found


def drawing(plan: Plan) -> list[str]:
    """Return the shape as lines of text: a column a minute, the intensity upwards, blanks where it is silent."""
    heights: list[int] = []
    for segment in segments(plan):
        height = -1 if segment.source == "silence" else segment.intensity
        heights += [height] * (round(segment.to_min) - len(heights))
    top = max(heights)
    return [
        f"{level:>2} " + "".join("█" if height >= level else " " for height in heights).rstrip()
        for level in range(top, -1, -1)
    ]


def told(plan: Plan) -> list[str]:
    """Return a programme for a person to read: a line a segment, and the shape."""
    lines = [f"{plan.title}: shape {plan.shape}, {plan.total_ms / 60000:.3g} minutes"]
    for segment in segments(plan):
        what = segment.source if segment.source == "silence" else f"{segment.source} {segment.name}"
        line = f"{segment.from_min:>5.1f} to {segment.to_min:>4.1f} min  {segment.role:<8} {what:<24}"
        if segment.tempo_start_bpm is not None:
            tempo = f"{segment.tempo_start_bpm:g} to {segment.tempo_end_bpm:g} bpm"
            if segment.source == "voice":
                tempo = f"its own tempo, reckoned as {tempo}"
            line += f" {'matched, else ' if segment.matched else ''}{tempo}"
        if segment.level_db is not None:
            line += (
                f", {segment.level_db:g} dB"
                if segment.tempo_start_bpm is not None
                else f" {segment.level_db:g} dB"
            )
            line += f", intensity {segment.intensity}"
        if segment.repeats:
            line += f", {segment.repeats} times"
        if segment.source != "silence":
            line += f", in over {segment.crossfade_s:g} s"
        if segment.until == "phrase_end":
            line += ", to the end of a phrase"
        lines.append(line)
    return [*lines, "", *drawing(plan)]


def as_table(data: bytes) -> dict[str, Any]:
    """Return a programme as values for a program: title, shape, minutes, bytes, and its segments by the table's names."""
    title, shape, rows = programme.decode(data)
    plan = programme.read(data)
    names = [setting.name for setting in programme.TABLE]
    return {
        "title": title,
        "shape": shape,
        "minutes": plan.total_ms / 60000,
        "bytes": len(data),
        "segments": [dict(zip(names, row, strict=True)) for row in rows],
    }
