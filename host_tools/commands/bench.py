"""`calando calibrate` and `calando selftest`: what is done on the bench, before anybody hears the device."""

from typing import Annotated, Any

import typer

from host_tools.commands.common import AsJson, Port, print_json, say, say_nothing
from host_tools.device.selftest import PARTS
from simulator.files.errors import CalandoError


def calibrate(
    meter: Annotated[str, typer.Option(metavar="NAME", help="The sound level meter, and where it stood.")],
    port: Port = None,
    background: Annotated[
        float | None, typer.Option(metavar="DBA", help="The silent room; default: you are asked.")
    ] = None,
    readings: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C", help="What the meter will say at -40, -30, -20 dBFS; default: you are asked."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how loud a full-scale tone of this device is at the ear, and keep that on the device.

    Three noises of 12 s are played; a class 2 meter, A-weighted and slow, stands where the ear will be.
    """
    from host_tools.device import calibrate as work
    from host_tools.device import client

    known = _numbers(background, readings)

    def ask(question: str) -> float:
        return known.pop(0) if known else float(typer.prompt(question, type=float, err=True))

    with client.connect(port) as device:
        values = work.calibrate(device, meter, ask, say_nothing if as_json else say)
    if as_json:
        print_json(values)


def selftest(
    port: Port = None,
    part: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help=f"One of {', '.join(PARTS)}; default: all of them."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try each part of the device, and say in a sentence what is wrong and what to look at. Exit status 1 if any is."""
    from host_tools.device import client
    from host_tools.device import selftest as work

    quiet = say_nothing if as_json else say
    with client.connect(port) as device:
        results = work.run(device, part or PARTS, quiet, lambda result: quiet(_line(result)))
    if as_json:
        print_json(results)
    failed = [result["part"] for result in results if result["passed"] is False]
    if failed:
        raise CalandoError(f"{', '.join(failed)} failed: do not use this device at a bedside until it passes")


def _line(result: dict[str, Any]) -> str:
    word = {True: "good", False: "BAD", None: "look"}[result["passed"]]
    advice = f" {result['next']}" if result["passed"] is not True and result["next"] else ""
    return f"{word:<5}{result['part']:<10} {result['text']}{advice}"


def _numbers(background: float | None, readings: str | None) -> list[float]:
    """The answers that were given on the command line, in the order in which they are asked."""
    if (background is None) != (readings is None):
        raise CalandoError("give both --background and --readings, or neither; then you are asked")
    if background is None or readings is None:
        return []
    try:
        return [background, *(float(reading) for reading in readings.split(","))]
    except ValueError:
        raise CalandoError(
            f"--readings {readings} are not numbers; write three, such as 34.2,44.1,54.3"
        ) from None
