"""`calando study`: blinded studies, in which one of two arms is a sham: nobody hears it, or it answers to a stranger."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands.common import AsJson, ask, group, print_json, say

app = group("Blinded studies: two arms, of which one is a sham, and nobody here knows which.")

Name = Annotated[
    str, typer.Argument(metavar="TITLE|MARK", help="A study on this computer; see `calando study list`.")
]


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="What the study is called; 1 to 40 characters.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write it to a file, for the study's other computers."),
    ] = None,
) -> None:
    """Begin a study: draw by lot which arm is the sham, and tell nobody."""
    from host_tools.device import studies

    study = studies.begin(title, datetime.datetime.now().astimezone(), out)
    say(f'The study "{study.title}" ({study.mark}) is sealed on this computer.')
    if out is not None:
        say(
            f"{out} brings it to another computer: calando study join {out}. "
            "Whoever opens that file could find out the arms."
        )
    say(
        'Write arm = "a" or arm = "b" into a profile as each person was drawn, then: calando profile put FILE'
    )


@app.command()
def join(file: Annotated[Path, typer.Argument(help="What `calando study new --out FILE` wrote.")]) -> None:
    """Bring in a study that was begun on another computer."""
    from host_tools.device import studies

    study = studies.join(studies.read(file))
    say(f'The study "{study.title}" ({study.mark}) is on this computer.')


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the studies on this computer, and whether they are sealed."""
    from host_tools.device import studies

    there = studies.known()
    if as_json:
        print_json(
            [
                {
                    "title": study.title,
                    "mark": study.mark,
                    "made": study.made.isoformat(),
                    "unsealed": study.unsealed.isoformat() if study.unsealed else None,
                }
                for study in there
            ]
        )
        return
    for study in there:
        state = "sealed" if study.unsealed is None else f"unsealed {study.unsealed:%Y-%m-%d}"
        say(f"{study.mark}  {state:<20}{study.title}")
    if not there:
        say("There is no study on this computer.")


@app.command()
def unseal(
    study: Name,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="The last session of the study is over; for scripts: nothing is asked."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which arm was which, for good: from then on the reports on this computer say it too."""
    from host_tools.device import studies
    from simulator.files.errors import CalandoError

    found = studies.find(study)
    if found.unsealed is None and not yes:
        answer = ask(
            f'Is the last session of "{found.title}" over? What is unsealed stays so. Type yes',
            "add --yes when it is over",
        )
        if answer.lower() != "yes":
            raise CalandoError(
                f'the study "{found.title}" stays sealed; unseal it when its last session is over'
            )
    found = studies.unseal(found, datetime.datetime.now().astimezone())
    arms = found.opened()
    if as_json:
        print_json({"title": found.title, "mark": found.mark, "arms": arms})
        return
    for arm, what in arms.items():
        say(f"arm {arm}: {what}")
    say(
        "The sham played in silence; under a profile whose music answers to the breath, it answered to a stranger's."
    )
