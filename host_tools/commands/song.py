"""`calando song`: the family's own song, from a file to the device."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands.common import AsJson, Commit, Port, finish, group, print_json, progress_bar, say

app = group("The family's own song: bring it in, hear it, put it on the device.")


class Recording(StrEnum):
    voice = "voice"
    heartbeat = "heartbeat"


@app.command("import")
def import_(
    song: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="MIDI, MusicXML or ABC of one voice, or a WAV of somebody singing."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.lul", help="Where to write it; default: beside the file.")
    ] = None,
) -> None:
    """Turn a song into the device's compact form, and show its notes to be confirmed.

    Says plainly what had to change: key, range, voices left out.
    """
    from host_tools import song_import as work

    work.command(song, out)


@app.command("record")
def record_(
    sound: Annotated[
        Path, typer.Argument(metavar="IN.wav", help="Somebody singing or speaking, or a heartbeat.")
    ],
    kind: Annotated[Recording, typer.Option(help="What was recorded.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.adp", help="Where to write it; default: beside the file.")
    ] = None,
) -> None:
    """Turn a recorded voice or heartbeat into the device's compact form.

    Says how long it is, what memory it takes and what was changed. A voice keeps its own tempo; a heartbeat follows
    the session's.
    """
    from host_tools import record as work

    work.command(sound, kind.value, out)


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """The songs on the device, those built in and the family's own."""
    from host_tools import client

    with client.connect(port) as device:
        songs = device.list("song")
    if as_json:
        print_json(songs)
        return
    for item in songs:
        say(f"{item['name']:<26}{item['bytes']:>5} bytes  {'built in' if item['built_in'] else 'put there'}")


@app.command()
def put(
    file: Annotated[Path, typer.Argument(metavar="FILE.lul", help="What calando song import has written.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its name on the device; default: the file's.")
    ] = None,
    commit: Commit = False,
    port: Port = None,
) -> None:
    """Send a song to the device. A profile can name it once it is there."""
    from host_tools import changes, client, song_file

    data = song_file.read(file)
    song = name or file.stem
    with client.connect(port) as device:
        with progress_bar(song) as progress:
            changes.put_song(device, song, data, progress)
        finish(device, commit)


@app.command()
def rm(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A song that somebody put there.")],
    commit: Commit = False,
    port: Port = None,
) -> None:
    """Take a song off the device."""
    from host_tools import client

    with client.connect(port) as device:
        device.call("remove", name=f"song.{name}")
        finish(device, commit)
