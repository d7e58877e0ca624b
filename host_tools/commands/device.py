"""`calando device`: which devices are plugged in, and how one is."""

import json
import time
from typing import Annotated, Any

import typer

from host_tools.commands.common import AsJson, Port, group, print_json, say

app = group("The device that is plugged in: which, and how it is.")


@app.command("list")
def list_(port: Port = None, as_json: AsJson = False) -> None:
    """List every device that is plugged in, and every port that could not be asked; of a port, what is there."""
    from host_tools.device import client

    if port is None:
        devices, refusals = client.find_all()
        for device in devices:
            device.close()
    else:
        with client.connect(port) as device:
            devices, refusals = [device], []
    if as_json:
        print_json([{"port": device.port, **device.hello} for device in devices])
        return
    for device in devices:
        hello = device.hello
        say(
            f"{device.port}  unit {device.unit}  firmware {hello['firmware']}  {hello['board']}  {hello['mode']}"
        )
    for refusal in refusals:
        say(str(refusal))
    if not devices and not refusals:
        raise client.nothing_found()


@app.command()
def info(port: Port = None, as_json: AsJson = False) -> None:
    """Show what it is and how it is: versions, profile, calibration, supply, faults, what waits, what it last died of."""
    from host_tools.device import client
    from host_tools.release import crash

    with client.connect(port) as device:
        about = {"port": device.port, **device.hello, **device.call("status")}
        read = None if about["mode"] == "session" else device.get_or_none("fault")
        died = read.decode(errors="replace") if read else None
        if as_json:
            print_json({**about, "last_fault": died})
            return
        about["last_fault"] = died and crash.in_a_line(died, about["firmware"])
        for name, value in about.items():
            say(f"{name:<20} {_plain(value)}")
        if about.get("fell_back"):
            say("An older firmware runs: the newer one was damaged, or did not start. Deploy again.")


@app.command()
def identify(port: Port = None) -> None:
    """Make the light of the device change colour for five seconds."""
    from host_tools.device import client

    with client.connect(port) as device:
        device.call("identify")
        say(f"The light of unit {device.unit} changes colour for five seconds.")


@app.command()
def monitor(
    port: Port = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, metavar="N", help="How long; default: until Ctrl-C.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one line a second of what it plays and measures, while it plays. It is not a monitor of the patient."""
    from host_tools.device import client
    from host_tools.sessions import words

    with client.connect(port) as device:
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            record = device.now()
            if as_json:
                say(json.dumps(record))
            elif "phase" in record:
                say(words.live_line(_row(record), record["seconds"]))
            time.sleep(1)


def _plain(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the journal in a person's units."""

    def in_units(name: str, scale: int) -> float | None:
        return None if record[name] is None else record[name] / scale

    return {
        "phase": record["phase"],
        "reason": record["reason"],
        "pulse_rate_bpm": in_units("pulse_rate_mbpm", 1000),
        "tempo_bpm": in_units("tempo_mbpm", 1000),
        "target_tempo_bpm": in_units("target_tempo_mbpm", 1000),
        "level_dba": in_units("level_cdba", 100),
        "quality": record["quality_percent"],
    }
