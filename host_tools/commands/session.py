"""`calando session`: what happened on the device, as files, as a page, for other programs."""

import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands import session_note
from host_tools.commands.common import AsJson, Port, group, print_json, progress_bar, say

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
    all = "all"


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """The sessions on the device, newest first."""
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
    port: Port = None,
) -> None:
    """One page for the chart, to print on A4: what was played, and blanks for what only a person can see."""
    from host_tools.output import write_files
    from host_tools.sessions import chart, note, session_read
    from host_tools.sessions.told import tell

    with progress_bar("reading the session") as progress:
        session = session_read.get(source, port, _now(), progress)
    place = out or Path(session_read.stem(session) + ".html")
    written = note.newest(session)
    write_files({place: chart.html(session, tell(session.raw), written).encode()})
    say(f"The page about session {session.age} of unit {session.unit} is {place}; print it from a browser.")


@app.command()
def export(
    source: Source = "newest",
    form: Annotated[
        Form, typer.Option("--format", help="CSV with a JSON that explains it, EDF+, or all of them.")
    ] = Form.all,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An existing folder for the files.")] = Path(),
    port: Port = None,
) -> None:
    """A session for other programs. An unknown is an empty field in CSV and -1 in EDF+."""
    from host_tools.output import write_files
    from host_tools.sessions import session_export, session_read
    from host_tools.sessions.told import tell

    with progress_bar("reading the session") as progress:
        session = session_read.get(source, port, _now(), progress)
    told = tell(session.raw)
    stem = session_read.stem(session)
    files = {}
    if form in (Form.csv, Form.all):
        files[out / f"{stem}.csv"] = session_export.csv_text(told).encode()
        files[out / f"{stem}.json"] = session_export.sidecar_text(session, told).encode()
    if form in (Form.edf, Form.all):
        files[out / f"{stem}.edf"] = session_export.edf(session, told)
    write_files(files)
    say(f"Session {session.age} of unit {session.unit} is in {', '.join(map(str, files))}.")


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()
