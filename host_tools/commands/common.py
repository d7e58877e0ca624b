"""What every group of commands shares: options, and how they say, show and ask."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.commands.terminal import plain, say
from simulator.files.errors import CalandoError

if TYPE_CHECKING:
    from host_tools.device.client import Connection

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for a program to read.")]
Port = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|sim",
        envvar="CALANDO_PORT",
        help="The device's serial port, or sim for a simulated device; default: the one that is plugged in.",
    ),
]

Commit = Annotated[
    bool, typer.Option("--commit", help="Commit at once: somebody holds the button of the device.")
]
Checked = Annotated[
    bool,
    typer.Option("--checked", help="The contraindications were gone through; for scripts: nothing is asked."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there already, whatever is in them.")
]


def group(help: str) -> typer.Typer:
    """Return a group of commands."""
    return typer.Typer(help=help, no_args_is_help=True)


def say_nothing(text: str) -> None:
    pass


def print_json(value: Any) -> None:
    say(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar: `with progress_bar("reading") as progress: device.get(name, progress)`; none where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(plain(text).replace("[", r"\["), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def ask(question: str, instead: str) -> str:
    """Return what a person types. Raises CalandoError where nobody can: `instead` is what a script does."""
    if not sys.stdin.isatty():
        raise CalandoError(f"nobody is there to be asked; {instead}")
    try:
        return typer.prompt(plain(question), default="", show_default=False).strip()
    except typer.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        print(file=sys.stderr)  # the line of the question is still open
        raise CalandoError("what was asked was not answered, so nothing was changed") from None
    except UnicodeDecodeError:
        raise CalandoError("what was typed is no text in UTF-8, so nothing was changed") from None


@contextmanager
def all_or_nothing(device: "Connection") -> Iterator[None]:
    """Let the device forget what is staged when not all of it could be: a part of it is nothing to be committed."""
    try:
        yield
    except (CalandoError, KeyboardInterrupt):
        with suppress(CalandoError):
            device.call("discard")
        raise


def finish(device: "Connection", commit: bool, checked: bool = False) -> None:
    """Show what is staged; then commit it, or say how that is done."""
    from host_tools.device import changes

    differing = device.diff()
    if not differing and device.call("status")["staged"]:
        device.call("discard")
        say("Nothing differs from what is on the device, so there is nothing to commit.")
        return
    for line in changes.told(differing) or ["nothing differs from what is on the device"]:
        say(f"  {line}")
    if commit:
        changes.commit(device, say, lambda: checked or contraindications_checked())
    elif device.simulated:
        say("Nothing is committed, and a simulated device forgets it now: add --commit.")
    else:
        say("Staged, and not yet in use. Go to the device, then: calando profile commit")


def contraindications_checked() -> bool:
    """Show the list and ask whether a therapist has gone through it for this patient."""
    from host_tools.device.changes import CONTRAINDICATIONS

    say("Calando must not be used with")
    for line in CONTRAINDICATIONS:
        say(f"  - {line}")
    answer = ask(
        "Is each of these excluded for whoever will listen? Type yes", "add --checked when they are excluded"
    )
    return answer.lower() == "yes"
