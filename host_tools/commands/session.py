"""`calando session`: what happened on the device, as files, as a page, for other programs."""

import datetime
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_tools import extras
from host_tools.commands import session_note
from host_tools.commands.common import AsJson, Overwrite, Port, group, print_json, progress_bar, say
from simulator.files.errors import CalandoError

app = group("Sessions that were played: bring them in, print one page, export them.")

app.command("note")(session_note.note)

Source = Annotated[
    str,
    typer.Argument(
        metavar="AGE|newest|FILE",
        help="A session on the device by its age (see `calando session list`), the newest, or a file of `session get`.",
    ),
]


class Form(StrEnum):
    csv = "csv"
    edf = "edf"
    fhir = "fhir"
    all = "all"


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """List the sessions on the device, newest first."""
    from host_tools.device import client
    from host_tools.sessions import session_read

    with client.connect(port) as device:
        there = session_read.listed(device)
    if as_json:
        print_json(there)
        return
    if not there:
        say("There is no session on the device yet.")
    for item in there:
        since = "since it was switched on" if item["this_boot"] else "before it was last switched on"
        cut = ", cut off before its end" if item["cut"] else ""
        say(f"{item['age']:>6}  {item['records']:>5} records  {since}{cut}")


@app.command()
def get(
    age: Annotated[
        str, typer.Argument(metavar="AGE|newest", help="Which; see `calando session list`.")
    ] = "newest",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write it; default: session-UNIT-AGE.calando in this folder."
        ),
    ] = None,
    port: Port = None,
) -> None:
    """Bring one session in as the device wrote it down, with what is known of the device."""
    from host_tools.device import client
    from host_tools.sessions import session_file, session_read

    with client.connect(port) as device, progress_bar("reading the session") as progress:
        session = session_read.read(device, age, _now(), progress)
    place = out or Path(session_read.stem(session) + session_read.SUFFIX)
    session_file.refuse_another(session, place)
    session_file.save(session, place)
    say(f"Session {session.age} of unit {session.unit} is in {place}.")


@app.command()
def report(
    source: Source = "newest",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="Where to write it; default: session-UNIT-AGE.html in this folder."
        ),
    ] = None,
    overwrite: Overwrite = False,
    port: Port = None,
) -> None:
    """Make one page for the chart, to print on A4: what was played, and blanks for what only a person can see."""
    from host_tools.output import refuse_to_replace, write_files
    from host_tools.sessions import chart, note, session_read
    from host_tools.sessions.told import tell

    with progress_bar("reading the session") as progress:
        session = session_read.get(source, port, _now(), progress)
    place = out or Path(session_read.stem(session) + ".html")
    written = note.newest(session)
    page = {place: chart.html(session, tell(session.raw), written).encode()}
    refuse_to_replace(page, overwrite)
    write_files(page)
    say(f"The page about session {session.age} of unit {session.unit} is {place}; print it from a browser.")


@app.command()
def export(
    source: Source = "newest",
    form: Annotated[
        Form, typer.Option(help="CSV with a JSON that explains it, EDF+, FHIR R4, or all of them.")
    ] = Form.all,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An existing folder for the files.")] = Path(),
    patient: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE",
            help="FHIR only: whose it is, as the hospital's system knows them: Patient/123.",
        ),
    ] = None,
    spo2: Annotated[
        bool,
        typer.Option("--spo2", help="FHIR only: the uncalibrated estimate of oxygen too, marked as that."),
    ] = False,
    overwrite: Overwrite = False,
    format_: Annotated[str | None, typer.Option("--format", hidden=True)] = None,
    port: Port = None,
) -> None:
    """Write a session for other programs. An unknown is empty in CSV, invalid in EDF+, absent with a reason in FHIR."""
    from host_tools.forms import export as work
    from host_tools.output import refuse_to_replace, write_files
    from host_tools.sessions import note, session_read

    if format_ is not None:
        raise CalandoError(f"--format is called --form now; write --form {format_}")
    with progress_bar("reading the session") as progress:
        session = session_read.get(source, port, _now(), progress)
    forms = work.FORMS if form is Form.all else (form.value,)
    if form is Form.all:
        try:
            extras.needed("fhir.resources", "record", "FHIR")
        except CalandoError as error:
            say(f"{error}. The other forms are written.")
            forms = tuple(one for one in forms if one != work.FHIR)
    written = note.newest(session)
    refused: list[str] = []
    files = work.files(session, forms, out, written.note if written else None, patient, spo2, refused)
    refuse_to_replace(files, overwrite)
    write_files(files)
    say(f"Session {session.age} of unit {session.unit} is in {', '.join(map(str, files))}.")
    if refused:
        raise CalandoError("; ".join(refused))


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file of `session get` or of `session export`.")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="AGE|newest|FILE",
            help="What to compare with: a session on the device, or a file of `session get`; default: what lies beside it.",
        ),
    ] = None,
    port: Port = None,
) -> None:
    """Check that a file still is what the device gave: its numbers are compared with the session's own records."""
    from host_tools.forms import verify as work
    from host_tools.sessions import session_read

    session = None  # what lies beside the file; the port, which CALANDO_PORT may name for all commands, is not asked then
    if source is not None:
        with progress_bar("reading the session") as progress:
            session = session_read.get(source, port, _now(), progress)
    say(f"{work.verify(file, session)}.")


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder with files of `session get`.")]


@app.command()
def table(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Made if it is not there; default: that of the sessions."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write all sessions of a folder as tables for R or pandas: a row a session, a minute, a score; with a dictionary."""
    from host_tools.forms import table as work
    from host_tools.output import OutputFolder, refuse_to_replace

    with progress_bar("reading the sessions") as progress:
        tables = work.read_folder(folder, _tell, progress)
    files = work.files(tables, out or folder)
    refuse_to_replace(files, overwrite)
    with OutputFolder(out or folder) as made:
        for place, content in files.items():
            (made / place.name).write_bytes(content)
    counted = {name: tables.rows(name) for name in tables.columns}
    if as_json:
        print_json({"rows": counted, "files": [str(place) for place in files]})
        return
    rows = ", ".join(f"{number} {name if number != 1 else name[:-1]}" for name, number in counted.items())
    say(f"{rows} are in {out or folder}: {', '.join(place.name for place in files)}.")


@app.command()
def compare(
    folder: Folder,
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="Which device, where there are several.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Where to write it; default: sessions-UNIT.html there."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a page about the sessions of one unit: pulse, tempo, minutes, how each ended; nobody in particular."""
    from host_tools.forms import compare as work
    from host_tools.forms import table as tables
    from host_tools.output import refuse_to_replace, write_files

    with progress_bar("reading the sessions") as progress:
        chosen, rows = work.sessions_of(tables.read_folder(folder, _tell, progress), unit)
    place = out or folder / f"sessions-{chosen}.html"
    page = {place: work.html(chosen, rows).encode()}
    refuse_to_replace(page, overwrite)
    write_files(page)
    say(f"The course over {len(rows)} session{'s' if len(rows) != 1 else ''} of unit {chosen} is {place}.")


def _tell(text: str) -> None:
    print(f"{text}.", file=sys.stderr)


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()
