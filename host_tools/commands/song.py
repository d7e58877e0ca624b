"""`calando song`: the family's own song, from a file to the device."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands.common import (
    AsJson,
    Commit,
    Overwrite,
    Port,
    finish,
    group,
    print_json,
    progress_bar,
    say,
)

Anyway = Annotated[
    bool, typer.Option("--anyway", help="Take a recording with a monitor's tones or loud noise in it.")
]

app = group("The family's own song: bring it in, hear it, put it on the device.")


class RecordedKind(StrEnum):
    voice = "voice"
    heartbeat = "heartbeat"


class PageLanguage(StrEnum):
    en = "en"
    de = "de"


@app.command("import")
def import_(
    song: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="MIDI, MusicXML, ABC or Humdrum, or somebody singing: .wav, .m4a, .mp3, .ogg, .opus, .flac.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.lul", help="Where to write it; default: beside the file.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="N", help="The melody's part: its number or name.")
    ] = None,
    voice: Annotated[str | None, typer.Option(metavar="N", help="The melody's voice in its part.")] = None,
    tune: Annotated[
        str | None,
        typer.Option(metavar="N", help="Which tune of a file that holds several: its number or title."),
    ] = None,
    track: Annotated[
        str | None, typer.Option(metavar="N", help="The melody's track in a MIDI file: its number or name.")
    ] = None,
    overwrite: Overwrite = False,
    anyway: Anyway = False,
) -> None:
    """Turn a song into the device's compact form, and show its notes to be confirmed.

    Says plainly what had to change: key, range, voices left out. Beside it are an ABC file of exactly what will be
    played, to correct and import again, and a picture of it.
    """
    from host_tools.songs import importing
    from host_tools.songs.line import Choice

    done = importing.bring(song, out, Choice(part, voice, tune, track), overwrite, anyway)
    say("\n".join(done.told()))


@app.command("record")
def record_(
    sound: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Somebody singing or speaking, or a heartbeat: .wav, .m4a, .mp3, .ogg, .opus, .flac.",
        ),
    ],
    kind: Annotated[RecordedKind, typer.Option(help="What was recorded.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.adp", help="Where to write it; default: beside the file.")
    ] = None,
    overwrite: Overwrite = False,
    anyway: Anyway = False,
) -> None:
    """Turn a recorded voice or heartbeat into the device's compact form.

    Says how long it is, what memory it takes and what was changed. A voice keeps its own tempo; a heartbeat follows
    the session's.
    """
    from host_tools.songs import importing
    from host_tools.songs import record as work

    file, done = work.write(sound, kind.value, out, anyway, overwrite)
    say(
        f"{file}: a {done.kind}, {done.seconds:.1f} s, {len(done.data)} bytes, "
        f"{100 * len(done.data) / work.DEVICE_BYTES:.1f} % of the device's memory for files"
    )
    for line in done.told:
        say(f"  {line}")
    say(f"  noise of the compact form: {done.snr_dba:.0f} dB below it, A-weighted")
    if kind == RecordedKind.voice:
        say(
            "  it keeps its own tempo: the session's tempo leads it nowhere; its level and brightness follow the curve"
        )
    else:
        say("  it is heard on every beat and follows the session's tempo")
    say(importing.to_hear(file, "voice"))


@app.command()
def airs(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="One of them, to be written; without, all are listed."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write it.")] = Path(),
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """List the adults' songbook: airs that are no lullabies, free everywhere, for calando song put."""
    from host_tools.songs import airs as book
    from host_tools.songs import importing

    if name is not None:
        done = importing.write(book.get(name).imported(), out / f"{name}.lul", overwrite)
        say("\n".join(done.told()))
        return
    rows = book.listed()
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(
            f"{row['name']:<20}{row['culture']:<10}{row['metre']:<5}{row['range']:<11}intensity {row['intensity']:<3}"
            f"{row['title']}"
        )
    say("calando song put NAME --commit sends one to the device; docs/songs.md says where each comes from.")


@app.command()
def sheet(
    song: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="A song that is built in, one of calando song airs, or a song's file: notes of any kind, or a .lul.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write it; default: the song's name.")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.txt", help="The words: a line for each phrase, an empty line between two stanzas."
        ),
    ] = None,
    language: Annotated[
        PageLanguage, typer.Option(help="The language of the page, English or German.")
    ] = PageLanguage.en,
    overwrite: Overwrite = False,
) -> None:
    """Make a page for who sings while the device accompanies (melody = "accompany"): tune, first note, the words' place."""
    from host_tools.output import refuse_to_replace, write_files
    from host_tools.songs import parents_page

    found = parents_page.song_of(song)
    target = out or Path(f"{found.name}.html")
    stanzas = None if words is None else parents_page.read_words(words)
    page = parents_page.page(found, stanzas, _speaker(language), language)
    refuse_to_replace({target: page.encode()}, overwrite)
    write_files({target: page.encode()})
    say(f"{target}: open it in a browser, and print it.")


def _speaker(language: PageLanguage) -> Callable[..., str]:
    """Return what puts a text into a language: its catalogue is the one of the page in the browser."""
    from host_tools.songs import parents_page

    if language is PageLanguage.en:
        return parents_page.english
    from host_tools.extras import needed

    needed("babel", "studio", "a page in German")
    from host_tools.studio import texts

    texts.use(language)
    return texts._


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """List the songs on the device, those built in and the family's own, and the recordings.

    Without a device: the songs that are built in.
    """
    from firmware.sound import songs
    from host_tools.device import client

    no_device = None
    try:
        with client.connect(port) as device:
            there = {kind: device.list(kind) for kind in ("song", "voice")}
    except client.NoDevice as error:
        if port is not None:
            raise
        no_device = str(error)
        built_in = [{"name": name, "bytes": len(data), "built_in": True} for name, data in songs.DATA.items()]
        there = {"song": built_in, "voice": []}
    if as_json:
        print_json(there["song"] + there["voice"])
        return
    for kind, items in there.items():
        for item in items:
            what = "built in" if item["built_in"] else "put there" if kind == "song" else "a recording"
            say(f"{item['name']:<26}{item['bytes']:>7} bytes  {what}")
    if no_device is not None:
        say(no_device)


@app.command()
def put(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|NAME",
            help="What calando song import (.lul) or calando song record (.adp) has written, or one of calando song airs.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its name on the device; default: the file's.")
    ] = None,
    commit: Commit = False,
    port: Port = None,
) -> None:
    """Send a song or a recording to the device. A profile can name it once it is there, as its song or its voice."""
    from host_tools.device import changes, client
    from host_tools.songs import shelf
    from simulator.files import song_file

    kind, data = shelf.sound(file)
    named = f"{kind}.{name or file.stem}"
    if kind == "song":
        song_file.refuse_second_meaning(name or file.stem, data, str(file), "give another name with --name")
    with client.connect(port) as device:
        with progress_bar(named) as progress:
            changes.put_sound(device, named, data, progress)
        finish(device, commit)


@app.command()
def rm(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A song or a recording that somebody put there.")
    ],
    commit: Commit = False,
    port: Port = None,
) -> None:
    """Take a song or a recording off the device."""
    from host_tools.device import client

    with client.connect(port) as device:
        recorded = name in [item["name"] for item in device.list("voice")]
        device.call("remove", name=f"{'voice' if recorded else 'song'}.{name}")
        finish(device, commit)
