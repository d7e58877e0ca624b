"""A listening programme as a TOML file that a person writes: title, shape and [[segment]] tables.

The one reader of such files. The rules are those of firmware/prescription/programme.py.
"""

import re
from pathlib import Path
from typing import Any

from firmware.care import plan
from firmware.prescription import programme
from firmware.prescription.profile import READY
from firmware.sound import adpcm
from simulator.files import profile_file, song_file, toml_file
from simulator.files.errors import CalandoError, choice

SUFFIX = ".toml"
PARTS = ("title", "shape", "segment")
HEAD = """\
# A listening programme of Calando, for adults. docs/programmes.md says what each setting means and may be.
# A setting that is left out has its usual value.
# Check it:  calando programme validate FILE     Hear it:  calando programme preview FILE --out FILE.wav
"""


def beside(name: str, folder: Path) -> Path:
    """Return the file of a profile's programme: NAME.toml in the folder of the profile, or else the ready-made one. A
    profile may have the name of its programme: it is not taken for one.
    """
    path, ready = folder / (name + SUFFIX), song_file.READY / (name + SUFFIX)
    return path if path.is_file() and not _is_a_profile(path) else ready


def _is_a_profile(path: Path) -> bool:
    try:
        values, _ = toml_file.read(path, "programme")
    except CalandoError:
        return False  # whoever reads it as a programme is told what is wrong
    return any(name in READY["adult"] for name in values if name not in PARTS)


def load(path: Path) -> bytes:
    """Return the compact form of a programme from its TOML file. Raises CalandoError with the file's line where it is
    known.
    """
    values, source = toml_file.read(path, "programme")
    return check(values, str(path), source)


def check(values: dict[str, Any], where: str, source: str = "") -> bytes:
    """Return the compact form of a programme from the values of its file; `source` is its text, to find a line in.

    Raises CalandoError: an unknown setting, a value out of its range, or a rule that segments break together.
    """
    for name in values:
        if name not in PARTS:
            raise CalandoError(
                f'{_place(where, source, None, name)}: there is no "{name[:40]}" in a programme'
                f"{choice(name, list(PARTS))}"
            )
    known = [setting.name for setting in programme.TABLE]
    segments = values.get("segment")
    for number, segment in enumerate(segments if isinstance(segments, list) else ()):
        for name in segment if isinstance(segment, dict) else ():
            if name not in known:
                raise CalandoError(
                    f'{_place(where, source, number, name)}: there is no setting "{name[:40]}" in a segment'
                    f"{choice(name, known)}"
                )
    try:
        return programme.encode(*programme.from_values(values))
    except programme.ProgrammeError as error:
        sentence = str(error)
        found = re.match(r"segment (\d+)(?:: (\w+))?", sentence)
        number, name = (
            (int(found[1]) - 1, found[2]) if found else (None, (re.match(r"\w+", sentence) or [""])[0])
        )
        if number is None and name in PARTS and name not in values:
            sentence = f"there is no {name}; write {name} = ... above the first [[segment]]"
        raise CalandoError(f"{_place(where, source, number, name or '')}: {sentence}") from None


def longer_than_session(name: str, data: bytes, session_min: float, where: str) -> str:
    """Return a sentence where a programme is longer than the session of a profile, in `where`, which would cut it; else
    nothing.
    """
    minutes = programme.read(data).total_ms / 60000
    if minutes <= session_min:
        return ""
    return (
        f"the programme {name} lasts {minutes:g} minutes and session_min of {where} is {session_min:g}; raise "
        "session_min, or shorten the programme"
    )


def refuse_heartbeat(programme_name: str, voice: str, recording: bytes) -> None:
    """Raise CalandoError where what a programme names as a voice is a heartbeat: out of silence it would not come up."""
    if song_file.kind_of(recording) == adpcm.HEARTBEAT:
        raise CalandoError(
            f'the programme {programme_name} names the voice "{voice}", which is a heartbeat; name a recorded voice'
        )


def dump(data: bytes) -> str:
    """Return a compact form as the text of a file; `load` gives the same bytes back."""
    title, shape, rows = programme.decode(data)
    parts = [HEAD, f"title = {profile_file.shown(title)}\nshape = {profile_file.shown(shape)}\n"]
    for row in rows:
        lines = ["[[segment]]"]
        for setting, value in zip(programme.TABLE, row, strict=True):
            default = row[6] if setting.name == "tempo_end_bpm" else programme.DEFAULTS.get(setting.name)
            if value != default:
                lines.append(f"{setting.name} = {profile_file.shown(value)}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def segment_of(code: int) -> dict[str, Any]:
    """Return a journal's number of a segment (firmware/care/plan.py) as its place from 1, its source and its role.

    A source or a role of a newer firmware is "unknown".
    """
    source, role = code >> 4 & 15, code >> 8 & 15
    return {
        "segment": (code & 15) + 1,
        "source": plan.SOURCES[source] if source < len(plan.SOURCES) else "unknown",
        "role": plan.ROLES[role] if role < len(plan.ROLES) else "unknown",
    }


def _place(where: str, source: str, segment: int | None, name: str) -> str:
    """ "FILE, line 7": of a setting in a segment, or of the segment; what is missing in the whole goes to the
    file's top, "FILE, line 1". The file alone where there is no such segment, and where there is no text.
    """
    lines = source.splitlines()
    heads = [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*segment\s*\]\]", line)]
    if segment is None:
        begin, end, best = (
            1,
            len(lines) + 1 if name not in PARTS or not heads else heads[0],
            1 if lines else None,
        )
    elif segment < len(heads):
        begin, end, best = heads[segment], [*heads, len(lines) + 1][segment + 1], heads[segment]
    else:
        return where
    for number in range(begin, end):
        if re.match(rf"""\s*(\[\[?\s*)?["']?{re.escape(name)}["']?\s*(=|\])""", lines[number - 1]):
            best = number
            break  # what stands in segments too may stand above them
    return where if best is None else f"{where}, line {best}"
