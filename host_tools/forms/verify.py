"""Says whether a file still is what the device gave: its values are compared with the records of its session.

A file carries the SHA-256 of those records. That says which session it came from; whether its numbers are still those is
seen only by comparing: the session must be at hand, in a file of `session get` or in the JSON beside an exported CSV.
"""

import datetime
import json
from pathlib import Path
from typing import Any

from host_tools.forms import csv_form, edf_form, fhir_form
from host_tools.forms.export import SUFFIXES
from host_tools.forms.minutes import minutes
from host_tools.sessions import session_file
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.session_read import SUFFIX
from host_tools.sessions.told import tell
from simulator.files import contents
from simulator.files.errors import CalandoError

_LARGEST_BYTES = 64_000_000
_GET = "get it from the device again, or export it again from the session's file"


def verify(place: Path, source: SessionFile | None = None) -> str:
    """Return a sentence that says that a file is whole, and as the device gave it.

    source: the session to compare with; None looks for it beside the file. Raises CalandoError, one sentence, when the file
    is not as it was, when it is none of ours, and when the session is nowhere to be found.
    """
    content = _read(place)
    if place.name.endswith(SUFFIX):
        own = session_file.load(place)
        _same_session(place, own.sha256, source)
        return f"{place} is whole: its records are those that unit {own.unit} gave as session {own.age}"
    try:
        digest, differences = _look(place, content, source)
    except CalandoError as error:
        raise CalandoError(f"{place}: {error}; {_GET}") from None
    if differences:
        more = f", and {len(differences) - 1} more" if len(differences) > 1 else ""
        raise CalandoError(f"{place} is not what the device gave: {differences[0]}{more}; {_GET}")
    return f"{place} is what the device gave; its session has the SHA-256 {digest}"


def _look(place: Path, content: bytes, source: SessionFile | None) -> tuple[str, list[str]]:
    """The digest that a file carries, and where it differs from its session."""
    try:
        text = "" if place.name.endswith(SUFFIXES["edf"]) else content.decode()
    except UnicodeDecodeError:
        raise CalandoError("it is no text, and so no file that calando wrote") from None
    if place.name.endswith(SUFFIXES["edf"]):
        digest, signals, annotations = edf_form.read_edf(content)
        session = _session(place, digest, source)
        return session.sha256, _edf_differences(session, content, signals, annotations)
    if place.name.endswith(SUFFIXES["fhir"]):
        digest, medians, begins = fhir_form.read_fhir(text)
        session = _session(place, digest, source)
        return session.sha256, _fhir_differences(session, medians, begins)
    if place.name.endswith(SUFFIXES["json"]):
        beside = _json(text)
        session = csv_form.session_of(beside)
        _same_session(place, session.sha256, source)
        return session.sha256, _json_differences(session, beside)
    if place.name.endswith(SUFFIXES["csv"]):
        digest, rows = csv_form.read_csv(text)
        session = _session(place, digest, source)
        return session.sha256, _row_differences(session, rows)
    endings = ", ".join((SUFFIX, *SUFFIXES.values()))
    raise CalandoError(f"only files that calando exports can be verified ({endings})")


def _session(place: Path, digest: str | None, source: SessionFile | None) -> SessionFile:
    """The session that a file says it came from. Raises CalandoError when it is not at hand."""
    if source is not None:
        if digest is not None:
            _same_session(place, digest, source)
        return source
    if digest is None:
        raise CalandoError("it carries no session's SHA-256; name the session's file with --source")
    for candidate in sorted(place.absolute().parent.glob("*")):
        try:
            if not candidate.is_file():
                continue  # a pipe would never be read to its end
            if candidate.name.endswith(SUFFIX):
                found = session_file.load(candidate)
            elif candidate.name.endswith(SUFFIXES["json"]) and not candidate.name.endswith(SUFFIXES["fhir"]):
                found = csv_form.session_of(_json(_read(candidate).decode()))
            else:
                continue
        except (CalandoError, UnicodeDecodeError):
            continue  # another's file, or a damaged one: it can vouch for nothing
        if found.sha256 == digest:
            return found
    raise CalandoError(
        f"its session (SHA-256 {digest[:12]}...) is not beside it; put the session's {SUFFIX} file there, or name it with "
        "--source"
    )


def _same_session(place: Path, digest: str, source: SessionFile | None) -> None:
    if source is not None and source.sha256 != digest:
        raise CalandoError(
            f"{place} came from another session (SHA-256 {digest[:12]}...) than session {source.age} of unit {source.unit}"
        )


def _row_differences(session: SessionFile, rows: list[dict[str, Any]]) -> list[str]:
    wanted = tell(session.raw).rows
    found = [
        f"row {number} has {name} = {_shown(row[name])}, the device {_shown(known[name])}"
        for number, (row, known) in enumerate(zip(rows, wanted, strict=False), 1)
        for name in known
        if name in row and row[name] != known[name]
    ]
    if len(rows) != len(wanted):
        found.append(f"it has {len(rows)} rows, the device's record {len(wanted)}")
    return found


def _json_differences(session: SessionFile, beside: dict[str, Any]) -> list[str]:
    wanted = json.loads(csv_form.sidecar_text(session, tell(session.raw)))
    return [
        f'"{name}" says something else than the records'
        for name in ("length_s", "end", "reason", "events", "gaps", "kept")
        if beside.get(name) != wanted[name]
    ]


def _edf_differences(
    session: SessionFile,
    content: bytes,
    signals: dict[str, list[float | None]],
    annotations: list[tuple[float, str]],
) -> list[str]:
    told = tell(session.raw)
    made = edf_form.edf(session, told)
    _, wanted, said = edf_form.read_edf(made)
    found = [
        f"second {second} of {key} is {_shown(value)}, the device's {_shown(known)}"
        for key in signals
        for second, (value, known) in enumerate(zip(signals[key], wanted[key], strict=False))
        if value != known
    ]
    if any(len(signals[key]) != len(wanted[key]) for key in signals):
        found.append(
            f"it is {len(signals['contact'])} s long, the device's record {len(wanted['contact'])} s"
        )
    # A note may have been written since, or before: its moments are not the device's.
    if [one for one in annotations if not one[1].startswith(edf_form.NOTED)] != said:
        found.append("its annotations are others")
    if edf_form.began(content) != edf_form.began(made):
        found.append("it begins at another time")
    return found


def _fhir_differences(
    session: SessionFile, medians: dict[str, list[float | None]], begins: list[datetime.datetime | None]
) -> list[str]:
    told = tell(session.raw)
    wanted = minutes(told)
    made = json.dumps(fhir_form.bundle(session, told, spo2=fhir_form.SPO2 in medians))
    found = [
        f"{key} of minute {number} is {_shown(value)}, the device's {_shown(minute.medians[key])}"
        for key, values in medians.items()
        for number, (value, minute) in enumerate(zip(values, wanted, strict=False), 1)
        if value != minute.medians[key]
    ]
    if any(len(values) != len(wanted) for values in medians.values()) or (wanted and not medians):
        found.append(f"it has other minutes than the {len(wanted)} of the device's record")
    elif begins != fhir_form.read_fhir(made)[2]:
        found.append("its minutes begin at other times")
    return found


def _shown(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise CalandoError("it is no JSON") from None
    if not isinstance(read, dict):
        raise CalandoError("it is no JSON of an exported session")
    return read


def _read(place: Path) -> bytes:
    return contents.read_bytes(place, "export", _LARGEST_BYTES, "name a file that calando wrote")
