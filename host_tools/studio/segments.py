"""A listening programme as the studio keeps it: its name, title, shape, and a table of settings for each segment.

Nothing here is judged but by the device's own rules (host_tools/programmes/rules.py): a draft may break them.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from firmware.care import plan as columns
from firmware.prescription import programme
from firmware.prescription.profile import Profile
from firmware.prescription.programme import SEGMENTS_MAX, SOUNDSCAPES
from firmware.sound import songs as built_in
from firmware.sound.score import PATTERNS
from host_tools.programmes import remarks
from host_tools.programmes.programmes import Listening
from host_tools.programmes.remarks import NO_PART
from host_tools.programmes.rules import FOLDER, Broken, broken
from host_tools.studio import rules
from host_tools.studio.texts import _, sentence
from simulator.files import programme_file
from simulator.files.errors import CalandoError

NAMES = {"soundscape": SOUNDSCAPES, "pattern": PATTERNS, "silence": ("none",)}
NAME = re.compile(r"[a-z0-9_]{1,24}")
_SETTINGS = {setting.name: setting for setting in programme.TABLE}
SHORTEST_MIN, LONGEST_MIN = _SETTINGS["minutes"].adult
STEP_MIN = _SETTINGS["minutes"].step
MOST_MOVING = _SETTINGS["intensity"].adult[1]
_ROWS = [{"name": setting.name, "kind": setting.kind} for setting in programme.TABLE]

Values = dict[str, Any]
Segments = list[Values]


def values_of(data: bytes, name: str) -> Values:
    """Return the values of a compact form. Raises CalandoError."""
    try:
        title, shape, rows = programme.decode(data)
        programme.make(title, shape, rows)
    except programme.ProgrammeError as error:
        raise CalandoError(str(error)) from None
    segments = [dict(zip(_SETTINGS, row, strict=True)) for row in rows]
    return {"name": name, "title": title, "shape": shape, "segment": segments}


@cache
def _ready_data(name: str) -> bytes:
    return programme_file.load(FOLDER / f"{name}.toml")


def ready_made(name: str) -> Values:
    """Return one of the programmes that come with Calando."""
    return values_of(_ready_data(name), name)


def compact(values: Values) -> bytes:
    """Return the compact form. Raises CalandoError with the first sentence about what is wrong."""
    for one in wrong(values):
        where = "" if one.segment is None else f"segment {one.segment + 1}: "
        raise CalandoError(where + one.sentence.rstrip("."))
    parts = {name: values[name] for name in programme_file.PARTS}
    return programme.encode(*programme.from_values(parts))


def as_file(values: Values) -> str:
    """Return the text of its TOML file. Raises CalandoError."""
    return programme_file.dump(compact(values))


def wrong(values: Values) -> list[Broken]:
    """Return what keeps it from being a programme."""
    found = broken({name: values[name] for name in programme_file.PARTS})
    if not NAME.fullmatch(values["name"]):
        found.append(
            Broken(None, "name", _("Its name on the device has 1 to 24 small letters, digits and _."))
        )
    return found


def remarks_on(
    values: Values, sounds: Path, profile: Values | None, where: str = "the profile on the device"
) -> list[str]:
    """Return a sentence of the page for each thing that is not heard as a programme that is right has it written.

    sounds: the folder with its own songs. profile: the values beside which it is looked at, of `where`, as for
    `remarks.beside`.
    """
    beside = None if profile is None else Profile.from_values(profile)
    return [
        remark_in_words(line)
        for line in remarks.beside(Listening(values["name"], compact(values), sounds), beside, where)
    ]


def remark_in_words(line: str) -> str:
    """Return a remark (programmes/remarks.py) in the reader's language, with settings by their names on the page."""
    without_part = re.fullmatch(r"(segment \d+: )([a-z_, ]+)( ha(?:s|ve) no part in .*)", line)
    if without_part:
        before, names, after = without_part.groups()
        line = before + ", ".join(map(_label, names.split(", "))) + after
    return re.sub(r"\b[a-z0-9]+(_[a-z0-9]+)+\b", lambda found: _label(found[0]), sentence(line))


def _label(name: str) -> str:
    """A setting's name on the page, in quotation marks; what is none, as it is."""
    row = next((row for row in (*_ROWS, *rules.own_schema()) if row["name"] == name), None)
    return name if row is None else _("“{text}”", text=rules.label(row))


@cache
def songs() -> tuple[str, ...]:
    """Return the songs that Calando has, the firmware's and the adults' airs."""
    from host_tools.songs import airs

    return (*built_in.NAMES, *(str(row["name"]) for row in airs.listed()))


def minutes(segment: Values) -> float:
    """Return its minutes for the drawing; what is not a number of them is the shortest."""
    value = segment["minutes"]
    right = isinstance(value, int | float) and SHORTEST_MIN <= value <= LONGEST_MIN
    return float(value) if right else SHORTEST_MIN


def height(segment: Values) -> float:
    """Return its intensity for the drawing, 0 where it is silent."""
    value = segment["intensity"]
    right = isinstance(value, int | float) and 0 <= value <= MOST_MOVING
    return float(value) if right and segment["source"] != "silence" else 0.0


def what(segment: Values) -> str:
    """Return what sounds, in words."""
    if segment["source"] == "silence":
        return _("silence")
    return _(str(segment["name"]).replace("_", " "))


def changed(
    segments: Segments, index: int, name: str, value: Any, names: Callable[[str], list[str]]
) -> Values:
    """Return one segment with a setting changed, and with it what goes with it: another source has other names.

    names: what may be named, for a source.
    """
    segment = {**segments[index], name: value}
    if name != "source" or value == segments[index]["source"]:
        return segment
    segment["name"] = next(iter(names(value)), "none")
    for setting in NO_PART[value]:
        if setting in programme.DEFAULTS and setting != "name":
            segment[setting] = programme.DEFAULTS[setting]
    if value == "silence":
        segment |= {"role": "silence", "intensity": 0}
    elif segment["role"] == "silence":
        before = _sounding(segments[:index][::-1]) or _sounding(segments[index + 1 :])
        segment |= (
            {"role": before["role"], "intensity": before["intensity"]}
            if before
            else {"role": "arrive", "intensity": 3}
        )
    return segment


def _sounding(segments: Segments) -> Values | None:
    return next((one for one in segments if one["source"] != "silence"), None)


def can(segments: Segments, index: int, order: str) -> bool:
    """Return whether an order for a segment would change anything."""
    return ordered(segments, index, order)[0] != segments


def ordered(segments: Segments, index: int, order: str) -> tuple[Segments, int]:
    """Return the segments after an order for one of them, and which is chosen then.

    order: higher, lower, longer, shorter, earlier, later, add, remove.
    """
    found = [dict(one) for one in segments]
    segment = found[index]
    if order in ("higher", "lower") and segment["source"] != "silence":
        step = 1 if order == "higher" else -1
        segment["intensity"] = int(min(max(height(segment) + step, 0), MOST_MOVING))
    elif order in ("longer", "shorter"):
        step = STEP_MIN if order == "longer" else -STEP_MIN
        segment["minutes"] = _whole(min(max(minutes(segment) + step, SHORTEST_MIN), LONGEST_MIN))
    elif order in ("earlier", "later"):
        to = index + (1 if order == "later" else -1)
        if 0 <= to < len(found):
            found[index], found[to] = found[to], found[index]
            index = to
    elif order == "add" and len(found) < SEGMENTS_MAX:
        found.insert(index + 1, dict(segment))
        index += 1
    elif order == "remove" and len(found) > 1:
        del found[index]
        index = min(index, len(found) - 1)
    return found, index


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def rows(source: str) -> list[dict[str, Any]]:
    """Return the settings that have a part in a segment of a source, as rows such as the device's schema has."""
    found = []
    for setting in programme.TABLE:
        if setting.name in NO_PART.get(source, ()):
            continue
        allowed: Any = setting.adult
        if setting.name == "role":
            allowed = ("silence",) if source == "silence" else columns.ROLES[:5]
        found.append({"name": setting.name, "kind": setting.kind, "unit": setting.unit, "step": setting.step,
                      "meaning": setting.meaning, "adult": {"allowed": allowed}})  # fmt: skip
    return found
