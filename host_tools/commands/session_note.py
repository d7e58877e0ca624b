"""`calando session note`: what a person saw, written down beside a session, on this computer alone."""

import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.commands.common import AsJson, Port, ask, print_json, progress_bar, say
from simulator.files.errors import CalandoError

if TYPE_CHECKING:
    from host_tools.sessions.note import NoteVersion, SessionNote
    from host_tools.sessions.told import Told

Words = str | None


def note(
    source: Annotated[
        str,
        typer.Argument(
            metavar="AGE|newest|FILE",
            help="A session on the device by its age (see `calando session list`), the newest, or a file of `session get`.",
        ),
    ] = "newest",
    goal: Annotated[Words, typer.Option(metavar="WORDS", help="What was to be reached.")] = None,
    present: Annotated[
        Words, typer.Option(metavar="WORDS", help="Who was there, by role: mother, nurse.")
    ] = None,
    before: Annotated[Words, typer.Option(metavar="WORDS", help="The state before.")] = None,
    after: Annotated[Words, typer.Option(metavar="WORDS", help="The state after.")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'SCALE WHEN N'",
            help="A score as it was entered, once for each: 'NRS before 4', 'ESAS-r breathlessness after 3', "
            "'N-PASS during 2', 'COMFORTneo after 12'; - for the number takes it out.",
        ),
    ] = None,
    too_much: Annotated[Words, typer.Option(metavar="WORDS", help="Signs that it was too much.")] = None,
    stopped_by: Annotated[Words, typer.Option(metavar="WORDS", help="Who stopped it, by role.")] = None,
    stopped_why: Annotated[Words, typer.Option(metavar="WORDS", help="Why it was stopped.")] = None,
    moment: Annotated[
        list[str] | None,
        typer.Option(metavar="'M:SS WORDS'", help="Something seen at a time of the session, once for each."),
    ] = None,
    remarks: Annotated[Words, typer.Option(metavar="WORDS", help="Anything else.")] = None,
    keep_as_written: Annotated[
        bool,
        typer.Option("--keep-as-written", help="Nothing in it names anybody; for scripts: nothing is asked."),
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Only show the note, with its older versions.")
    ] = False,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Write down what only a person sees: on this computer, and on the page of `calando session report`.

    It is asked for line by line when nothing of it is given here. A field that is not given stays as it was, and one given
    empty ('') is taken out; every version before is kept. Nothing here may name the patient.
    """
    from host_tools.sessions import note as notes
    from host_tools.sessions import session_read
    from host_tools.sessions.told import tell

    now = datetime.datetime.now().astimezone()
    with progress_bar("reading the session") as progress:
        session = session_read.get(source, port, now, progress)
    versions = notes.history(session)
    before_it = versions[-1].note if versions else notes.SessionNote()
    given = {
        "goal": goal, "present": present, "before": before, "after": after, "too_much": too_much,
        "stopped_by": stopped_by, "stopped_why": stopped_why, "remarks": remarks,
    }  # fmt: skip
    given = {name: text for name, text in given.items() if text is not None}
    if show:
        _show(versions, as_json)
        return
    told = tell(session.raw)
    if given or score or moment:
        made = notes.changed(before_it, given, score, moment, told.length_s)
    else:
        say(f"Session {session.age} of unit {session.unit}. Enter keeps what stands there, - takes it out.")
        made = _asked(before_it, told)
    if made == before_it:
        say("The note is as it was; nothing was written.")
        return
    _check_names(notes.identifying_words(made, before_it), keep_as_written)
    written = notes.write(session, made, versions[-1].number if versions else 0, now)
    if as_json:
        print_json(written.model_dump(mode="json", exclude_none=True))
        return
    for line in _lines(written.note):
        say(f"  {line}")
    say(
        f"Version {written.number} of the note of session {session.age} of unit {session.unit} is on this computer, "
        f"in {notes.folder()}."
    )


def _check_names(suspected: list[tuple[str, str, str]], keep: bool) -> None:
    """Ask once about what may name somebody. Raises CalandoError when it does, or when nobody can be asked."""
    if not suspected or keep:
        return
    for name, what, words in suspected:
        say(f'  {name}: "{words}" looks like {what}.')
    answer = ask(
        "Nothing in a note may say who the patient is. Keep it as it is written? Type yes",
        "leave out what names somebody, or add --keep-as-written when it names nobody",
    )
    if answer.lower() != "yes":
        raise CalandoError("nothing was written; write the note again without what names somebody")


def _asked(note: "SessionNote", told: "Told") -> "SessionNote":
    """Every field asked for, one after the other. What cannot be is said, and asked for again."""
    from host_tools.sessions import note as notes
    from host_tools.sessions import scales

    instead = "give what is to be kept as options, such as --goal (see --help), or --show to see the note"
    names = [name for name in notes.WORDS if name != "remarks"]
    for name in names:
        note = _ask_words(note, name, instead)
    named = ", ".join(f"{scale.name} ({scale.lowest} to {scale.highest})" for scale in scales.SCALES)
    say(f"Scores of {named}: one a line, such as NRS before 4.")
    note = _ask_list(note, "score", instead)
    say("Moments: minutes and seconds of the session, and what was seen, one a line, such as 12:30 grimaces.")
    note = _ask_list(note, "moment", instead, told.length_s)
    return _ask_words(note, "remarks", instead)


def _ask_words(note: "SessionNote", name: str, instead: str) -> "SessionNote":
    from host_tools.sessions import note as notes

    question, most = notes.WORDS[name]
    there = getattr(note, name)
    while True:
        answer = ask(f"{question} [{there}]" if there else f"{question} (up to {most} characters)", instead)
        if not answer:
            return note
        try:
            return notes.changed(note, {name: "" if answer == "-" else answer})
        except CalandoError as error:
            say(f"  {error}.")


def _ask_list(note: "SessionNote", what: str, instead: str, length_s: int | None = None) -> "SessionNote":
    from host_tools.sessions import note as notes

    for line in _lines(note):
        if line.startswith(what):
            say(f"  {line}")
    while True:
        answer = ask(f"A {what}, or nothing when that is all", instead)
        if not answer:
            return note
        try:
            if what == "score":
                note = notes.changed(note, scores=[answer])
            else:
                note = notes.changed(note, moments=[answer], length_s=length_s)
        except CalandoError as error:
            say(f"  {error}.")


def _show(versions: "list[NoteVersion]", as_json: bool) -> None:
    if as_json:
        print_json([version.model_dump(mode="json", exclude_none=True) for version in versions])
        return
    if not versions:
        say("There is no note of this session yet.")
    for version in versions:
        say(f"Version {version.number}, {version.written:%Y-%m-%d %H:%M}")
        for line in _lines(version.note):
            say(f"  {line}")


def _lines(note: "SessionNote") -> list[str]:
    from host_tools.sessions import note as notes

    lines = [
        f"{name.replace('_', ' ')}: {getattr(note, name)}" for name in notes.WORDS if getattr(note, name)
    ]
    lines += [f"score: {notes.score_words(score)}" for score in note.scores]
    lines += [f"moment: {notes.moment_words(moment)}" for moment in note.moments]
    return lines
