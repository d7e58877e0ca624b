"""`calando backup`, `restore` and `factory-reset`: all that is on a device, away from it, back to it, or gone."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands.common import (
    AsJson,
    Checked,
    Port,
    all_or_nothing,
    ask,
    contraindications_checked,
    finish,
    print_json,
    progress_bar,
    say,
)
from simulator.files.errors import CalandoError

ZIP = Annotated[Path, typer.Argument(metavar="FILE.zip", help="The backup.")]


def backup(file: ZIP, port: Port = None, as_json: AsJson = False) -> None:
    """Read everything that is on the device into one file: profile, calibration, songs, voices, programmes and sessions."""
    from host_tools.device import backup as work
    from host_tools.device import client

    if not file.absolute().parent.is_dir():
        raise CalandoError(f"cannot write {file}: its folder does not exist")
    if file.is_file():
        raise CalandoError(
            f"{file} is there already, perhaps a backup that is needed; give another name, or move it away"
        )
    with client.connect(port) as device, progress_bar("reading") as progress:
        found = work.read_device(device, progress)
    work.write(file, found)
    if as_json:
        print_json({"file": str(file), "device": found.about, "objects": sorted(found.objects)})
        return
    sizes = {kind: len(found.names(kind)) for kind in work.COUNTED}
    say(f"{file}: " + ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in sizes.items()))


def restore(file: ZIP, checked: Checked = False, port: Port = None) -> None:
    """Make the device as it was when the backup was made, and compare. Somebody holds the button once.

    Sessions are not put back: what a device says it played, it played.
    """
    from host_tools.device import backup as work
    from host_tools.device import changes, client

    kept = work.read(file)
    with client.connect(port) as device:
        device.call("discard")
        with all_or_nothing(device), progress_bar("sending") as progress:
            wanted = work.stage(device, kept, say, progress)
        if device.call("status")["staged"]:
            for line in changes.told(device.diff()):
                say(f"  {line}")
            changes.commit(device, say, lambda: checked or contraindications_checked())
        found = work.differences(device, wanted)
    if found:
        raise CalandoError(f"the device differs from {file}: {'; '.join(found)}; restore it again")
    say(f"The device is as {file} has it.")


def factory_reset(
    confirmation: Annotated[
        str | None,
        typer.Argument(
            metavar="[LAST4]", help="The last four characters of the unit, for scripts: nothing is asked."
        ),
    ] = None,
    port: Port = None,
) -> None:
    """Take profile, calibration, songs, voices, programmes and sessions off the device. Today's dose stays."""
    from host_tools.device import changes, client

    with client.connect(port) as device:
        word = device.unit[-4:]
        if confirmation is None:
            say(f"Everything on unit {device.unit} goes. There is no way back but a backup.")
            confirmation = ask("Type the last four characters of the unit", f"give {word} as an argument")
        if confirmation.lower() != word.lower():
            raise CalandoError(f"nothing was changed: {confirmation!r} is not the end of unit {device.unit}")
        device.call("reset")
        if changes.told(device.diff()):
            finish(device, True)
        else:
            device.call("discard")
            say("There was nothing on it.")
