"""`calando programme`: listening programmes for adults, as files and on the device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.commands.common import AsJson, Commit, Port, finish, group, print_json, progress_bar, say

if TYPE_CHECKING:
    from firmware.prescription.profile import Profile
    from host_tools.programmes.programmes import Listening

app = group(
    "Listening programmes for adults: pieces, soundscapes and silence that follow one another with a shape."
)

Programme = Annotated[
    str,
    typer.Argument(metavar="NAME|FILE.toml", help="A programme's file, or the name of a ready-made one."),
]

ItsProfile = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        metavar="FILE.toml",
        help="The adult's profile that names it; default: an adult's without a sensor.",
    ),
]


def _profile_for(listening: "Listening", file: Path | None) -> "Profile":
    from host_tools.programmes import programmes
    from simulator.files import profile_file

    return programmes.profile_for(listening, None if file is None else profile_file.load(file), str(file))


@app.command("list")
def list_(
    ready: Annotated[bool, typer.Option("--ready", help="Only those that come with Calando.")] = False,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """List the ready-made programmes, and those on the device."""
    from host_tools.device import client
    from host_tools.programmes import programmes

    there: list[Listening] = []
    device_says = None
    if not ready:
        try:
            with client.connect(port) as device:
                there = [programmes.from_device(device, item["name"]) for item in device.list("programme")]
        except client.NoDevice as error:
            if port is not None:
                raise
            device_says = str(error)
    same = [listening.name for listening in there if programmes.is_ready_made(listening)]
    found = [
        programmes.in_short(
            programmes.load(programmes.FOLDER / f"{name}.toml"),
            "ready-made and on the device" if name in same else "ready-made",
        )
        for name in programmes.ready()
    ]
    for listening in there:
        if listening.name not in same:
            other = programmes.is_ready_made(listening) is False
            found.append(
                programmes.in_short(
                    listening, "on the device, not the ready-made one" if other else "on the device"
                )
            )
    if as_json:
        print_json(found)
        return
    for row in found:
        say(f"{row['name']:<20}{row['shape']:<6}{row['minutes']:>5.3g} min  {row['title']}, {row['where']}")
    if device_says is not None:
        say(device_says)


@app.command()
def show(
    name: Programme,
    port: Annotated[
        str | None,
        typer.Option(metavar="PATH|sim", help="Show the one of this name on a device instead."),
    ] = None,
    as_file: Annotated[bool, typer.Option("--file", help="As a TOML file to edit.")] = False,
    profile: ItsProfile = None,
    as_json: AsJson = False,
) -> None:
    """Show a programme's segments with their times, its shape, and what a profile would not let be heard as it is written.

    To edit one: calando programme show settle --file
    """
    from host_tools.programmes import programmes, remarks, rules
    from simulator.files import programme_file

    if port is None:
        listening = programmes.load(name, "or give a TOML file, or --port for one that is on a device")
    else:
        listening = _on_device(name, port)
    if as_json:
        print_json(rules.as_table(listening.data))
    elif as_file:
        print(programme_file.dump(listening.data), end="")
    else:
        chosen = _profile_for(listening, profile)
        for line in rules.told(listening.plan):
            say(line)
        for line in remarks.remarks(listening, chosen):
            say(line)


def _on_device(name: str, port: str) -> "Listening":
    from host_tools.device import client
    from host_tools.programmes import programmes

    with client.connect(port) as device:
        return programmes.from_device(device, name)


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="A programme's file.")],
    profile: ItsProfile = None,
    as_json: AsJson = False,
) -> None:
    """Check a programme as the device does, whether its songs and its voice are there, and whether all of it is heard."""
    from host_tools.programmes import programmes, remarks, rules

    listening = programmes.load(file)
    needed = programmes.needed(listening)
    told = remarks.remarks(listening, _profile_for(listening, profile))
    if as_json:
        print_json({**rules.as_table(listening.data), "needs": needed, "remarks": told})
        return
    plan = listening.plan
    say(
        f"{file}: a programme of {plan.segments} segments, {plan.total_ms / 60000:.3g} min, shape {plan.shape}, "
        f"{len(listening.data)} bytes"
    )
    if needed:
        say(f"  with it go to the device: {', '.join(needed)}")
    for line in told:
        say(f"  {line}")


@app.command()
def preview(
    name: Programme,
    out: Annotated[Path, typer.Option(metavar="FILE.wav", help="Where to write the sound.")],
    events: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write one row a note here, too.")
    ] = None,
    profile: ItsProfile = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**30 - 1, help="What its patterns are made from; a session's is in its journal."
        ),
    ] = 0,
) -> None:
    """Write what the device would play, first sound to last fade, with no sensor on anybody."""
    from host_tools.programmes import programmes, remarks

    listening = programmes.load(name)
    chosen = _profile_for(listening, profile)
    with progress_bar(str(out)) as progress:
        done = programmes.preview(listening, out, events, chosen, progress, seed)
    level = done.levels.laeq_dba
    say(f"{out}: {done.seconds / 60:.1f} min, LAeq {'-' if level is None else f'{level:.1f}'} dB(A)")
    if events is not None:
        say(f"{events}: its notes")
    for line in remarks.remarks(listening, chosen):
        say(line)


@app.command()
def put(name: Programme, commit: Commit = False, port: Port = None) -> None:
    """Send a programme to the device, with the songs and the voice that it names; then a profile can name it."""
    from host_tools.device import changes, client
    from host_tools.programmes import programmes, remarks

    listening = programmes.load(name)
    programmes.needed(listening)
    with client.connect(port) as device:
        for line in remarks.beside(listening, changes.profile_on(device)):
            say(line)
        with progress_bar(listening.name) as progress:
            programmes.put(device, listening, progress)
        finish(device, commit)


@app.command()
def rm(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A programme on the device.")],
    commit: Commit = False,
    port: Port = None,
) -> None:
    """Take a programme off the device; its songs stay. One that the profile names stays too, and the device says so."""
    from host_tools.device import client

    with client.connect(port) as device:
        device.call("remove", name=f"programme.{name}")
        finish(device, commit)
