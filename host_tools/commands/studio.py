"""`calando studio`: the therapist's page in a browser on this computer."""

from typing import Annotated

import typer

from host_tools.commands.common import Port, say
from host_tools.extras import needed


def studio(
    port: Port = None,
    listen: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="PORT",
            help="The port of the page on this computer; default: 8642, or a free one.",
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the address, and open no browser.")
    ] = False,
) -> None:
    """Open the studio: see the device, draw the curve, hear it, put it on, bring in songs, look at past sessions.

    It is a page of this computer alone, without a network. Its address has a word in it that is good for one browser, once.
    Ctrl-C ends it; what you have drawn is there again next time.
    """
    for module in ("nicegui", "babel"):
        needed(module, "studio", "the studio")
    from host_tools.studio import server

    def ready(address: str) -> None:
        say(f"The studio is at {address}\nEnd it with Ctrl-C. What you have drawn is kept.")
        if not no_open:
            import webbrowser

            webbrowser.open(address)

    server.serve(port, listen, ready)
