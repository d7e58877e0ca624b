"""What a setting may be, in words, from the schema that the device serves; and where a curve must stop.

A rule of two settings together is the firmware's own (Profile.from_values), which `whole` asks.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from firmware.prescription.profile import Profile, ProfileError
from firmware.prescription.schema import pieces
from firmware.sound.score import PATTERN, is_pattern
from host_tools.studio.texts import _, number, number_of, sentence, told

UNITS = ("bpm", "dba", "db", "min", "s", "percent", "per")
LAYERS = ("minute", "tempo", "level", "minor", "brightness", "density")
LAYER_UNITS = ("min", "%", "dB", "%", "%", "%")
LAYER_STEPS = (0.5, 1, 0.5, 5, 5, 5)
SPACING_MIN = 0.1
TEMPO = 1

# Which settings stand together on the page. One that is not named here stands at the end.
GROUPS = (
    ("Who listens", ("title", "population", "maturity", "early_unlock", "arm")),
    ("What is heard", ("song", "voice", "melody", "light_swell", "listening_programme", "soundscape", "opening", "metre")),
    ("How loud", ("level_dba", "baseline_below_db", "knob_range_db", "onset_s", "fade_s")),
    ("How long and how often", ("session_min", "gap_min", "daily_min", "sessions_a_day")),
    (
        "How it meets the pulse and leads",
        (
            "mode", "programme", "opening_tempo_bpm", "baseline_s", "baseline_max_s", "match_min",
            "lead_rate_percent_per_min", "margin_percent", "slowing_percent", "follow",
        ),
    ),
    (
        "How it leads an adult's breath",
        (
            "breath_first_percent", "breath_floor_per_min", "breath_tempo_bpm", "breath_inhalation_percent",
            "breath_swell_db", "breath_length_min", "breath_feedback",
        ),
    ),
    (
        "When it lets go",
        (
            "sensor_off", "sensor_off_hold_s", "poor_signal_hold_s", "pulse_low_stop_bpm", "pulse_rise_stop_percent",
            "spo2_stop_percent",
        ),
    ),
)  # fmt: skip

Row = dict[str, Any]
_CHANGE = re.compile(r"profile  (\w+)  ?(.*) -> (.*)")
_STORED = re.compile(r"(song|voice|programme)\.(\w+)  (?:goes .*|bytes (\w+) -> .*)")


def grouped(schema: tuple[Row, ...]) -> list[tuple[str, list[Row]]]:
    """Return (heading, rows of the schema), every row once but the curve, which has a place of its own."""
    by_name = {row["name"]: row for row in schema if row["kind"] != "curve"}
    groups = [(title, [by_name.pop(name) for name in names if name in by_name]) for title, names in GROUPS]
    if by_name:
        groups.append(("More", list(by_name.values())))
    return [(title, rows) for title, rows in groups if rows]


def label(row: Row) -> str:
    """Return a setting's name for a person: its words without the unit, which stands beside the value."""
    words = row["name"].split("_")
    while row["kind"] == "number" and len(words) > 1 and words[-1] in UNITS:
        words.pop()
    text = " ".join(words).replace("spo2", "SpO2")
    return _(text[:1].upper() + text[1:])


def meaning(row: Row, schema: tuple[Row, ...] = ()) -> str:
    """Return what a setting means as a sentence; other settings of the schema in it by the names that they have there."""
    text = _(row["meaning"])
    for other in schema:
        if "_" in other["name"]:
            text = text.replace(other["name"], label(other))
    text = text.replace("_", " ")
    return text[:1].upper() + text[1:] + "."


def allowed(row: Row, population: str) -> Any:
    return row[population]["allowed"]


def adults_only(row: Row) -> bool:
    """Return whether a newborn's profile may not ask for anything of this setting: only its default is taken there."""
    return row["name"].startswith("breath_") or row["name"] == "listening_programme"


def offered(row: Row, values: dict[str, Any]) -> bool:
    """Return whether the form of a draft offers a setting. What may not be there is shown, for it to be set back."""
    if values["population"] != "newborn" or not adults_only(row):
        return True
    return values.get(row["name"]) != row["newborn"]["default"]


def in_words(row: Row, population: str) -> str:
    """Return what a setting may be: "30 to 50 dBA, in steps of 0.5"."""
    limits = allowed(row, population)
    if row["kind"] == "number":
        unit = f" {row['unit']}" if row["unit"] else ""
        words = _("{low} to {high}{unit}", low=number(limits[0]), high=number(limits[1]), unit=unit)
        return words if row["step"] == 1 else words + _(", in steps of {step}", step=number(row["step"]))
    if row["kind"] == "text":
        return _("{low} to {high} plain letters", low=limits[0], high=limits[1])
    return ""


def change_in_words(line: str, schema: tuple[Row, ...]) -> list[str]:
    """Return a line of what a commit changes (device/changes.py) in words, with a setting by its name on the page."""
    stored = _STORED.fullmatch(line)
    if stored is not None:
        return [_stored_in_words(*stored.groups())]
    changed = _CHANGE.fullmatch(line)
    row = next((row for row in schema if changed is not None and row["name"] == changed[1]), None)
    if changed is None or row is None:
        return [told(line)]
    old, new = (_read(row, text) for text in changed.group(2, 3))
    if row["kind"] == "curve":
        return _curve_in_words(old, new)
    words = value_in_words(row, new)
    if old is None:
        return [f"{label(row)}: {words}"]
    return [
        _("{setting}: {new} instead of {old}", setting=label(row), new=words, old=value_in_words(row, old))
    ]


def _stored_in_words(kind: str, name: str, before: str | None) -> str:
    values = {"name": name.replace("_", " ")}
    told_of = {
        "song": (_("The song “{name}” goes.", **values), _("The song “{name}” is new.", **values),
                 _("The song “{name}” takes the place of the one of that name.", **values)),
        "voice": (_("The recording “{name}” goes.", **values), _("The recording “{name}” is new.", **values),
                  _("The recording “{name}” takes the place of the one of that name.", **values)),
        "programme": (_("The programme “{name}” goes.", **values), _("The programme “{name}” is new.", **values),
                      _("The programme “{name}” takes the place of the one of that name.", **values)),
    }  # fmt: skip
    goes, new, other = told_of[kind]
    return goes if before is None else new if before == "new" else other


def _read(row: Row, text: str) -> Any:
    """A value of a line as it was before it was told there; None where there was none."""
    if text == "-":
        return None
    if row["kind"] not in ("number", "switch", "curve"):
        return text
    try:
        return json.loads(text.removesuffix(row["unit"] or "").strip())
    except ValueError:  # an older device has other values: they are told as they came
        return text


def _curve_in_words(old: Any, new: Any) -> list[str]:
    """A sentence for each layer that is another than it was: its points."""
    names = (_("Tempo"), _("Level"), _("Minor"), _("Brightness"), _("Density"))
    found = []
    for layer, name in enumerate(names, TEMPO):
        now, before = (_layer_in_words(curve, layer) for curve in (new, old))
        if now != before:
            found.append(_("Curve, {layer}: {points}.", layer=name, points=now))
    return found


def _layer_in_words(curve: Any, layer: int) -> str:
    if not isinstance(curve, list):
        return ""
    points = [f"{number(point[layer])} {LAYER_UNITS[layer]}" for point in curve]
    return ", ".join(
        _("{value} at minute {minute}", value=value, minute=number(point[0]))
        for value, point in zip(points, curve, strict=True)
    )


def value_in_words(row: Row, value: Any) -> str:
    """Return a value as it stands on the page, with its unit."""
    if value is None:
        return "–"
    if row["kind"] == "switch":
        return _("yes") if value else _("no")
    if row["kind"] == "number":
        return f"{number(value)} {row['unit']}".strip()
    return (
        named(value)
        if row["kind"] in ("choice", "name")
        else _("“{text}”", text=value)
        if row["kind"] == "text"
        else str(value)
    )


def named(value: Any) -> str:
    """Return a choice, or the name of a song, as it stands on the page; a pattern's in the reader's language."""
    text = str(value)
    if is_pattern(text):
        return _("pattern") + " " + _(text[len(PATTERN) :])
    return _(text.replace("_", " "))


def entered(row: Row, text: str) -> Any:
    """Return what somebody typed for a setting: a number, whole where it is one; what is none stays text, to be told."""
    if row["kind"] != "number":
        return text
    value = number_of(str(text))
    if value is None:
        return text
    return int(value) if value == int(value) else value


def problem(row: Row, value: Any, population: str) -> str | None:
    """Return a sentence about what is wrong with a value by itself, None where nothing is."""
    limits = allowed(row, population)
    kind = row["kind"]
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _("Not a number: {words}.", words=in_words(row, population))
        low, high = limits
        if not low <= value <= high:
            return _("{value} is outside {words}.", value=number(value), words=in_words(row, population))
        steps = value / row["step"]
        if abs(steps - round(steps)) > 1e-6:
            return _(
                "{value} is between two steps: {words}.", value=number(value), words=in_words(row, population)
            )
    elif kind == "choice" and value not in limits:
        return _("Choose one of {words}.", words=", ".join(map(named, limits)))
    elif kind in ("text", "name") and not (isinstance(value, str) and limits[0] <= len(value) <= limits[1]):
        return _(
            "{low} to {high} letters; this has {count}.", low=limits[0], high=limits[1], count=len(str(value))
        )
    elif kind == "text" and not all(" " <= letter <= "~" for letter in value):
        return _("The display has plain letters only (a to z, A to Z, digits).")
    default = row[population]["default"]
    if population == "newborn" and adults_only(row) and value != default:
        words = number(default) if kind == "number" else named(default)
        return _("For adults only; set it back to {default}.", default=words)
    return None


def problems(schema: tuple[Row, ...], values: dict[str, Any]) -> dict[str, str]:
    """Return a sentence for each setting that no device of this schema takes, by name."""
    population = values["population"]
    found = {}
    for row in schema:
        sentence = problem(row, values.get(row["name"]), population)
        if sentence is not None:
            found[row["name"]] = sentence
    return found


def whole(values: dict[str, Any]) -> str | None:
    """Return the firmware's sentence about the first thing wrong with a whole profile, with settings by their names on the
    page; None where it is right.
    """
    try:
        Profile.from_values(values)
    except ProfileError as error:
        text = told(str(error))
        for row in own_schema():
            if "_" in row["name"]:
                text = text.replace(row["name"], f"“{label(row)}”")
        return sentence(text.replace("_", " "))
    return None


def own_schema() -> tuple[Row, ...]:
    """Return the table of settings of this program: for a draft while no device is there."""
    return tuple(json.loads(b"".join(pieces()))["settings"])


# --- the curve ---


@dataclass(frozen=True)
class Stop:
    """How far a point may go one way, and why not further."""

    at: float
    why: str


def stops(row: Row, values: dict[str, Any], index: int, layer: int) -> dict[str, Stop]:
    """Return where a point of the curve must stop: `left` and `right` in minutes, `down` and `up` in the layer's unit.

    row: the curve's in the schema. layer: 1 to 5, a column of the curve. What is past a stop already may stay.
    """
    curve = values["curve"]
    lows, highs = allowed(row, values["population"])
    at, value = curve[index][0], curve[index][layer]
    first, last = index == 0, index == len(curve) - 1
    if first:
        left = right = Stop(0, _("The curve begins at minute 0, when the music has met the pulse."))
    else:
        left = Stop(curve[index - 1][0] + SPACING_MIN, _("The point before it is there."))
        right = Stop(highs[0], _("A curve ends by minute {high}.", high=number(highs[0])))
        if not last:
            right = Stop(curve[index + 1][0] - SPACING_MIN, _("The point after it is there."))
    unit = LAYER_UNITS[layer]
    down = Stop(lows[layer], _("No lower than {low} {unit}.", low=number(lows[layer]), unit=unit))
    up = Stop(highs[layer], _("No higher than {high} {unit}.", high=number(highs[layer]), unit=unit))
    if layer == TEMPO:
        down, up = _tempo_stops(values, index, down, up)
    return {
        "left": Stop(min(left.at, at), left.why),
        "right": Stop(max(right.at, at), right.why),
        "down": Stop(min(down.at, value), down.why),
        "up": Stop(max(up.at, value), up.why),
    }


def _tempo_stops(values: dict[str, Any], index: int, down: Stop, up: Stop) -> tuple[Stop, Stop]:
    """Return how far the tempo of a point may go: it begins at the matched one, falls, and keeps the floor of the
    profile.
    """
    curve = values["curve"]
    if index == 0 and values["programme"] != "stay_low":
        why = _("The music begins at the tempo that it met: 100 %.")
        return Stop(100, why), Stop(100, why)
    slowing = values["slowing_percent"]
    if isinstance(slowing, int | float) and 100 - slowing > down.at:
        why = _("At most {slowing} % slower in a session (the setting Slowing).", slowing=number(slowing))
        down = Stop(100 - slowing, why)
    if values["programme"] == "descend_and_rise":
        return down, up
    if index and curve[index - 1][TEMPO] < up.at:
        up = Stop(curve[index - 1][TEMPO], _("The tempo never rises: the point before it is at {tempo} %.",
                                             tempo=number(curve[index - 1][TEMPO])))  # fmt: skip
    if index < len(curve) - 1 and curve[index + 1][TEMPO] > down.at:
        down = Stop(curve[index + 1][TEMPO], _("The tempo never rises: the point after it is at {tempo} %.",
                                               tempo=number(curve[index + 1][TEMPO])))  # fmt: skip
    return down, up


def moved(
    row: Row, values: dict[str, Any], index: int, layer: int, minute: float, value: float
) -> list[list[float]]:
    """Return the curve with one point moved as far as it may go."""
    found = stops(row, values, index, layer)
    curve = [list(point) for point in values["curve"]]
    curve[index][0] = _neat(min(max(minute, found["left"].at), found["right"].at), 0.1)
    step = min(LAYER_STEPS[layer], 0.5)
    curve[index][layer] = _neat(min(max(value, found["down"].at), found["up"].at), step)
    return curve


def _neat(value: float, step: float) -> float:
    """The nearest step, as a whole number where it is one."""
    rounded = round(round(value / step) * step, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def with_point(values: dict[str, Any], minute: float) -> list[list[float]]:
    """Return the curve with one more point on its line at a minute; unchanged where there is no room for one."""
    curve = [list(point) for point in values["curve"]]
    minute = _neat(minute, 0.1)
    if any(abs(point[0] - minute) < SPACING_MIN for point in curve) or minute < 0:
        return curve
    before = [point for point in curve if point[0] < minute][-1]
    after = next((point for point in curve if point[0] > minute), None)
    new: list[float] = [minute]
    for layer in range(1, len(LAYERS)):
        if after is None:
            new.append(before[layer])
        else:
            share = (minute - before[0]) / (after[0] - before[0])
            new.append(_neat(before[layer] + share * (after[layer] - before[layer]), 0.5))
    return sorted([*curve, new])
