"""`calando profile`: what the therapist prescribes, as a file and on the device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.commands.common import (
    AsJson,
    Checked,
    Commit,
    Port,
    finish,
    group,
    print_json,
    progress_bar,
    say,
)
from simulator.files.errors import CalandoError

if TYPE_CHECKING:
    from firmware.prescription.profile import Profile

app = group("Profiles: what the therapist prescribes, as a file to edit and on the device.")

File = Annotated[
    Path, typer.Argument(metavar="FILE.toml", help="A profile, or newborn or adult for a ready-made one.")
]
Ready = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The ready-made profile newborn or adult instead of the device's."),
]


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """List the ready-made profiles, and those on the device: the one in use and the one before it."""
    from firmware.prescription.profile import READY
    from host_tools.device import changes, client

    found = {name: f"{values['title']}, ready-made" for name, values in READY.items()}
    device_says = None
    try:
        with client.connect(port) as device:
            for name, what in (("profile", "in use"), ("profile.previous", "the one before it")):
                there = changes.profile_on(device, name)
                if there is not None:
                    found[name] = f"{there.title} ({there.population}), on the device, {what}"
    except client.NoDevice as error:
        if port is not None:
            raise
        device_says = str(error)
    if as_json:
        print_json(found)
        return
    for name, what in found.items():
        say(f"{name:<18}{what}")
    if device_says is not None:
        say(device_says)


@app.command()
def show(
    ready: Ready = None,
    previous: Annotated[bool, typer.Option("--previous", help="The one before the one in use.")] = False,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Write a profile as a file to edit, every setting with a comment: calando profile show > night.toml"""
    from simulator.files import profile_file

    profile = _ready_or_on_device(ready, port, "profile.previous" if previous else "profile")
    if as_json:
        print_json(profile.values)
    else:
        say(profile_file.dump(profile.values).rstrip("\n"))


@app.command()
def diff(file: File, ready: Ready = None, port: Port = None, as_json: AsJson = False) -> None:
    """Show what a file would change of the device's profile, setting by setting. Nothing is sent."""
    from simulator.files import profile_file

    new = profile_file.load(file)
    old = _ready_or_on_device(ready, port, "profile")
    found = profile_file.differences(old.values, new.values)
    if as_json:
        print_json([{"setting": name, "old": before, "new": after} for name, before, after in found])
        return
    for name, before, after in found:
        say(f"{name:<27}{profile_file.with_unit(name, before)} -> {profile_file.with_unit(name, after)}")
    if not found:
        say("Nothing differs.")


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Check a file by the rules of the device; needs no device."""
    from firmware.prescription.profile import READY
    from firmware.sound import songs
    from simulator.files import profile_file

    profile = profile_file.load(file)
    found = profile_file.differences(READY[profile.population], profile.values)
    if too_long := _too_long(profile, file):
        raise CalandoError(too_long)
    if as_json:
        print_json(profile.values)
        return
    say(f"{file} is a profile that the device takes: {profile.title} ({profile.population}).")
    say(f"Other than ready-made: {', '.join(name for name, _, _ in found) or 'nothing'}.")
    missing = profile_file.unstated(file)
    if missing:
        # A file that was cut is a profile too, and its end would be lost without a word.
        say(f"Not in the file, and as ready-made: {', '.join(missing)}.")
    if profile.song not in songs.NAMES:
        say(
            f"Its song {profile.song} is not built in; calando profile put sends it too, if it lies beside the file or is "
            "one of calando song airs."
        )
    if profile.listening_programme != "none":
        unheard = [
            name for name, _, _ in found if name in ("song", "voice", "opening", "curve", "sensor_off")
        ]
        if unheard:
            say(f"The programme plays in their place, so these have no part: {', '.join(unheard)}.")
        for line in _of_its_programme(profile, file):
            say(line)
    if turned := profile_file.turned(profile):
        say(turned)


@app.command()
def put(
    file: File,
    study: Annotated[
        str | None,
        typer.Option(metavar="TITLE", help="Whose arm it is, where more than one blinded study is going on."),
    ] = None,
    commit: Commit = False,
    checked: Checked = False,
    port: Port = None,
) -> None:
    """Send a profile to the device, and show what it would change. It is in use only once committed.

    The song and the recording that it names go with it, where they lie beside the file (NAME.lul, NAME.adp) or are airs.
    """
    from host_tools.device import changes, client
    from host_tools.songs import shelf
    from simulator.files import profile_file

    profile = profile_file.load(file)
    sounds = shelf.of_profile(profile, file.parent)
    for line in filter(None, [_too_long(profile, file), *_of_its_programme(profile, file)]):
        say(line)
    with client.connect(port) as device:
        changes.put_with_sounds(device, profile, sounds, progress_bar, study)
        finish(device, commit, checked)


@app.command()
def commit(checked: Checked = False, port: Port = None) -> None:
    """Commit everything that is staged, while somebody holds the button, and read it back."""
    from host_tools.device import client

    with client.connect(port) as device:
        finish(device, True, checked)


@app.command()
def rollback(commit: Commit = False, checked: Checked = False, port: Port = None) -> None:
    """Go back to the profile before the one in use. It is in use only once committed."""
    from host_tools.device import client

    with client.connect(port) as device:
        device.call("rollback")
        finish(device, commit, checked)


@app.command()
def discard(port: Port = None) -> None:
    """Forget what is staged."""
    from host_tools.device import client

    with client.connect(port) as device:
        device.call("discard")
        say("Nothing is staged any more.")


def _too_long(profile: "Profile", file: Path) -> str:
    """Return a sentence where the programme that a profile names, beside it, is longer than its session; else nothing."""
    from host_tools.programmes import programmes
    from simulator.files import programme_file

    listening = programmes.of_profile(profile, file.parent)
    if listening is None:
        return ""
    return programme_file.longer_than_session(
        listening.name, listening.data, profile.values["session_min"], str(file)
    )


def _of_its_programme(profile: "Profile", file: Path) -> list[str]:
    """Return what is to be told of the programme that a profile names, where it lies beside it."""
    from host_tools.programmes import programmes, remarks

    name = profile.listening_programme
    if name == "none":
        return []
    listening = programmes.of_profile(profile, file.parent)
    if listening is None:
        return [f"Its programme {name} does not lie beside the file: whether it fits, the device says."]
    return [f"Its programme {name}, {line}." for line in remarks.remarks(listening, profile)]


def _ready_or_on_device(ready: str | None, port: str | None, name: str) -> "Profile":
    from firmware.prescription.profile import READY, Profile
    from host_tools.device import changes, client
    from simulator.files.errors import choice

    if ready is not None:
        if ready not in READY:
            raise CalandoError(f'there is no ready-made profile "{ready}"{choice(ready, list(READY))}')
        return Profile.ready(ready)
    with client.connect(port) as device:
        profile = changes.profile_on(device, name)
        if profile is None:
            what = "profile" if name == "profile" else "earlier profile"
            raise CalandoError(
                f"no {what} has been committed to the device on {device.port}; use --ready newborn"
            )
    return profile
