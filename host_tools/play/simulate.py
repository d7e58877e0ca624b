"""Plays a scenario at the simulated bedside, says live how it goes, and writes what came out into a folder.

The playing is simulator/play.py's; what is written is results.py's.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.reasons import IDLE
from host_tools.device import client, simulated
from host_tools.output import OutputFolder
from host_tools.play.reporter import Reporter
from host_tools.play.results import FILES
from host_tools.sessions import words
from simulator import scenario as scenarios
from simulator.files.errors import CalandoError
from simulator.interpreter import find_micropython, why_no_micropython
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.bedside import Result
    from simulator.flash import Flash

LINE_EVERY_S = 30.0
REST_HOURS = 24.0  # after which no earlier session counts for pauses and dose
RUNTIMES = ("micropython", "cpython", "rp2040")


def nothing(text: str) -> None:
    """Say nothing: who calls wants the summary alone."""


def simulate(
    name: str,
    runtime: str | None = None,
    seed: int | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = nothing,
    warn: Callable[[str], None] = nothing,
    port: str | None = None,
    rest_hours: float | None = None,
) -> dict[str, Any]:
    """Play the scenario `name` and write the results; returns the summary, as in summary.json.

    runtime: None takes MicroPython, or this Python where there is no interpreter for the machine.
    port: "sim" plays on the simulated device, which keeps its session; None on a new one, which is gone afterwards.
    rest_hours: how long the device of `port` has been on without a session, for the pauses it keeps; None: REST_HOURS.

    say: called with each line of how it goes; warn: with what a person must know all the same.

    Raises CalandoError when the scenario, its files, the folder or the device cannot be used, when the runtime is
    missing or dies, and (with the results written) when the scenario's `[expect]` does not hold.
    """
    if port not in (None, client.SIMULATED):
        client.port_name(port)
        raise CalandoError(
            f"a scenario is played on a simulated device, and not on {port}; choose --port {client.SIMULATED}"
        )
    if port is not None and runtime == "rp2040":
        raise CalandoError(
            "the simulated device of --port sim is no emulated chip; leave --port or --runtime out"
        )
    if port is None and rest_hours is not None:
        raise CalandoError("hours of rest are for the simulated device that stays; add --port sim")
    scenario = scenarios.load(name)
    if runtime is None:
        runtime = "micropython" if find_micropython() else "cpython"
        if runtime == "cpython":
            say(f"On CPython, with the same results and many times slower: {why_no_micropython()}.")
    if runtime not in RUNTIMES:
        raise CalandoError(
            f'there is no runtime "{runtime}"; choose {", ".join(RUNTIMES[:-1])} or {RUNTIMES[-1]} with --runtime'
        )
    out = out or Path("out") / scenario.name
    chosen = scenario.seed if seed is None else seed
    patient = scenario.make_patient(chosen)  # a bad recording is refused before anything begins
    for note in patient.notes:
        warn(f"{scenario.patient.recording}: {note}.")
    with OutputFolder(out) as folder, Reporter() as reporter:
        say(f"{scenario.title} ({words.span(scenario.duration_s)} to play, {runtime}, seed {chosen})")
        if runtime == "rp2040":
            say(
                "An emulated second takes some seconds of this computer's, and up to twenty while the chip boots."
            )
        with ExitStack() as kept:
            flash = None
            if port is not None:
                hours = REST_HOURS if rest_hours is None else rest_hours
                scenario, flash = kept.enter_context(simulated.at_bedside(scenario, hours, say))
            result = _play(scenario, runtime, seed, say, warn, flash)
        summary = reporter.write(result, folder)
    _say_end(summary, out, say)
    if port is not None:
        _say_kept(result, say)
    expected = summary["expected"]
    if expected is not None and not expected["held"]:
        raise CalandoError(
            f"{scenario.path or scenario.title}: not as expected: {'; '.join(expected['differences'])}; "
            f"see {out / 'report.html'}"
        )
    return summary


def _play(
    scenario: Scenario,
    runtime: str,
    seed: int | None,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    flash: "Flash | None",
) -> "Result":
    from simulator import (
        bedside,  # not above: `calando --help` need not load the whole simulator
        play,
    )

    next_line_s = LINE_EVERY_S

    def progress(row: dict[str, Any]) -> None:
        nonlocal next_line_s
        if row["time_s"] >= next_line_s:
            say(words.live_line(row, next_line_s))
            next_line_s = (row["time_s"] // LINE_EVERY_S + 1) * LINE_EVERY_S

    try:
        return play.run(scenario, runtime, seed, progress, flash)
    except FileNotFoundError as error:
        raise CalandoError(str(error)) from None
    except bedside.RuntimeDied as error:
        what, *rest = str(error).split("\n")
        if rest:  # a traceback of the firmware, for those who mend it
            warn("\n".join(rest))
            what = what.removesuffix(": Traceback (most recent call last):")
        raise CalandoError(f"{scenario.title}: {what}; nothing was written") from None


def _say_kept(result: "Result", say: Callable[[str], None]) -> None:
    if any(row["phase"] != IDLE for row in result.rows):
        say("The session is on the simulated device: calando session list --port sim")
    else:
        say("Nothing was listened to or played, so the simulated device keeps no session of it.")


def _say_end(summary: dict[str, Any], out: Path, say: Callable[[str], None]) -> None:
    level = summary["max_level_dba"]
    loudest = "nothing was heard" if level is None else f"at most {level:.1f} dB(A)"
    underruns = summary.get("underruns", 0)
    gaps = "no underrun" if underruns == 0 else f"{underruns} underruns"
    say(
        f"End: {words.ending(summary.get('end'), summary.get('reason'))}; {loudest}, {gaps}. "
        f"Played {words.span(summary['duration_s'])} in {summary['wall_s']:.1f} s."
    )
    say(f"Results in {out}: {', '.join(FILES)}")
