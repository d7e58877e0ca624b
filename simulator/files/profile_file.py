"""A profile as a TOML file that a person edits: every setting with a comment on what it means and may be.

The one reader of such files, for `calando profile`, `render` and the scenarios. The rules are those of
firmware/prescription/profile.py.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from firmware.prescription.profile import READY, SEAL, TABLE, Profile, ProfileError, Setting, find
from simulator.files import toml_file
from simulator.files.errors import CalandoError, choice

HEAD = """\
# A profile of Calando: what the therapist prescribes. docs/settings.md says where the numbers come from.
# A setting that is left out has the value of the ready-made profile for its population.
# Check it:  calando profile validate FILE     Hear it:  calando render --profile FILE --out FILE.wav
"""


def load(name: str | os.PathLike[str]) -> Profile:
    """Read a checked profile from a TOML file, or a ready-made one by its name.

    Raises CalandoError with the file's line where it is known.
    """
    text = os.fspath(name)
    path = Path(text)
    if text in READY and not path.exists():
        return Profile.ready(text)
    values, source = toml_file.read(path, "profile")
    profile = check(values, text, source)
    if "population" not in values:
        # Whose limits hold is never guessed: an empty file, or one that was cut, would get a newborn's.
        raise CalandoError(
            f'{text}: population is not stated, so this is no whole profile; write population = "newborn" or "adult", or '
            "begin with calando profile show --ready newborn"
        )
    return profile


def unstated(name: str | os.PathLike[str]) -> list[str]:
    """Return the settings that a profile's file leaves to the ready-made one, in the table's order. Raises CalandoError."""
    if os.fspath(name) in READY and not Path(name).exists():
        return []
    values, _ = toml_file.read(Path(name), "profile")
    return [setting.name for setting in TABLE if setting.name not in values]


def check(values: dict[str, Any], where: str, source: str = "") -> Profile:
    """Make a profile from a table of settings. `source` is the text of the file, to find a line in.

    Raises CalandoError: an unknown setting, a value out of its range, or settings that do not go together.
    """
    known = [setting.name for setting in TABLE]
    for name in values:
        if name not in known and name != SEAL:
            raise CalandoError(
                f'{_place(where, source, name)}: there is no setting "{_short(name)}" in a profile{choice(name, known)}'
            )
    try:
        return Profile.from_values(values)
    except ProfileError as error:
        sentence = str(error)
        named = re.match(r"\w+", sentence)
        row = re.search(r"\brow (\d+)", sentence)
        place = _place(where, source, named[0] if named else "", int(row[1]) if row else None)
        raise CalandoError(f"{place}: {sentence}") from None


def dump(values: dict[str, Any]) -> str:
    """Return all settings of a profile as the text of a file; `load` gives the same values back."""
    population = values["population"]
    parts = [HEAD]
    for setting in TABLE:
        comment = f"{setting.meaning}; {rule(setting, population)}; ready-made: {shown(setting.default(population))}"
        if setting.kind == "curve":
            comment = setting.meaning
        parts.append(f"# {comment}\n{setting.name} = {toml_value(values[setting.name], setting.kind)}\n")
    return "\n".join(parts)


def as_bytes(profile: Profile) -> bytes:
    """Return a profile as it is sent to the device: JSON of every setting, in the table's order."""
    return json.dumps(profile.values, separators=(",", ":")).encode()


def rule(setting: Setting, population: str) -> str:
    """Return what a setting may be: "30 to 50 dBA, in steps of 0.5", "preterm, term or very_preterm"."""
    allowed = setting.allowed(population)
    if setting.kind == "number":
        unit = f" {setting.unit}" if setting.unit else ""
        steps = f", in steps of {setting.step}" if setting.step != 1 else ""
        return f"{allowed[0]} to {allowed[1]}{unit}{steps}"
    if setting.kind == "choice":
        return " or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1])))
    if setting.kind == "switch":
        return "true or false"
    if setting.kind == "curve":
        return "1 to 16 rows"
    letters = "small letters, digits and _" if setting.kind == "name" else "plain letters"
    return f"{allowed[0]} to {allowed[1]} {letters}"


def shown(value: Any) -> str:
    """Return a value as it stands in a file, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)


def toml_value(value: Any, kind: str) -> str:
    """Return a value of the table as TOML; JSON's strings, numbers and lists are TOML's too."""
    if kind != "curve":
        return shown(value)
    columns = [max(len(shown(row[column])) for row in value) for column in range(len(value[0]))]
    rows = (
        ", ".join(shown(number).rjust(width) for number, width in zip(row, columns, strict=True))
        for row in value
    )
    return "[\n" + "".join(f"    [{row}],\n" for row in rows) + "]"


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (setting, old, new) for each setting that differs, in the table's order."""
    return [
        (setting.name, old[setting.name], new[setting.name])
        for setting in TABLE
        if old[setting.name] != new[setting.name]
    ]


def turned(profile: Profile) -> str:
    """Return one sentence where the curve plays songs in another mode than the one they are written in, else nothing."""
    shares = [row[3] for row in profile.values["curve"]]
    sad, glad = max(0, *shares), -min(0, *shares)
    said = []
    if sad:
        said.append(f"up to {sad} in a hundred phrases of a song in major sound in minor")
    if glad:
        said.append(
            f"up to {glad} {'of one in minor in' if sad else 'in a hundred phrases of a song in minor sound in'} major"
        )
    return f"Its curve turns songs: {', '.join(said)}." if said else ""


def with_unit(name: str, value: Any) -> str:
    """Return a value for a person to read: "48 dBA"; nothing there is "-"."""
    if value is None:
        return "-"
    setting = find(name)
    text = value if isinstance(value, str) else shown(value)
    return f"{text} {setting.unit}" if setting is not None and setting.unit else text


def _place(where: str, source: str, name: str, row: int | None = None) -> str:
    """ "FILE, line 7", or the file alone where the line of a setting cannot be found."""
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        if re.match(rf"""\s*["']?{re.escape(name)}["']?\s*=""", line):
            rows = [
                below
                for below, text in enumerate(lines[number:], number + 1)
                if text.lstrip().startswith("[")
            ]
            if row is not None and row <= len(rows):
                number = rows[row - 1]
            return f"{where}, line {number}"
    return where


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:37] + "..."
