"""What every group of commands shares: options, and how they say, show and ask."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for a program to read.")]
Port = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|sim",
        help="The device's serial port, or sim for a simulated device; default: the one that is plugged in.",
    ),
]


def group(help: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(help=help, no_args_is_help=True)


def say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever read our output (`calando ... | head`) has had enough; the interpreter must not try again at
        # its end. Not left to main(): the bedside would take it for a broken pipe of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def say_nothing(text: str) -> None:
    pass


def print_json(value: Any) -> None:
    say(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """`with progress_bar("reading") as progress: device.get(name, progress)`; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
