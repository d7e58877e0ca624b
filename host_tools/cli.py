"""The command `calando`: reads the words on the command line and hands over to the modules that work.

Exit status: 0 done; 1 the thing asked for failed, one plain sentence on standard error; 2 wrong usage.
"""

import errno
import gc
import json
import sys
from copy import copy
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_tools.commands import (
    backup,
    bench,
    campaign,
    device,
    once,
    profile,
    programme,
    session,
    song,
    studio,
    study,
    terminal,
)
from host_tools.commands.common import AsJson, print_json, progress_bar, say, say_nothing
from host_tools.commands.terminal import warn
from simulator.files import stopping
from simulator.files.errors import CalandoError, Interrupted

app = typer.Typer(
    name="calando",
    help=(
        "Calando meets a patient's pulse with quiet music and leads it gently down. "
        "This command plays whole bedside sessions on a desk, with the device's real firmware, and looks at "
        "what came out.\n\nBegin with:  calando simulate newborn"
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # drawn boxes would cost half of the time that --help takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)

LEVELS = (
    ("LAeq", "laeq_dba", "dB(A)"),
    ("LAS max", "las_max_dba", "dB(A)"),
    ("LCS max", "lcs_max_dbc", "dB(C)"),
    ("LAF10", "laf10_dba", "dB(A)"),
    ("LAF90", "laf90_dba", "dB(A)"),
    ("L50 slow", "l50_dba", "dB(A)"),
    ("true peak", "true_peak_dbfs", "dBFS"),
    ("rise rate", "rise_rate_db_per_s", "dB/s"),
)


class Runtime(StrEnum):
    micropython = "micropython"
    cpython = "cpython"
    rp2040 = "rp2040"


class Population(StrEnum):
    newborn = "newborn"
    adult = "adult"


@app.callback()
def _all_commands() -> None:
    pass


@app.command()
def simulate(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO.toml", help="A scenario file, or the name of one that comes with Calando."
        ),
    ],
    runtime: Annotated[
        Runtime | None,
        typer.Option(
            help="What runs the firmware: real MicroPython (default, where there is one), or, slower, this Python."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**31 - 1, help="Another chance for everything random; default: the scenario's."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results; default: out/ and the scenario's name."),
    ] = None,
    port: Annotated[
        str | None,
        typer.Option(
            metavar="sim",
            help="Play on the simulated device of --port sim, which keeps the session; default: on a new device.",
        ),
    ] = None,
    rest_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=48,
            help="With --port: hours the device was on without a session before; default: 24, when none counts any more.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a whole session at a simulated bedside, with the real firmware.

    Writes report.html, plot.png, audio.wav, session.csv, events.jsonl and summary.json into the folder.
    """
    from host_tools.play import simulate as work

    summary = work.simulate(
        scenario,
        runtime.value if runtime else None,
        seed,
        out,
        say_nothing if as_json else say,
        warn,
        port,
        rest_hours,
    )
    if as_json:
        print_json(summary)


@app.command()
def vitals(
    recording: Annotated[
        Path,
        typer.Argument(
            metavar="RECORDING.csv",
            help="Columns time_s, ir, red (red may be absent), or a logger's file: see below.",
        ),
    ],
    population: Annotated[Population, typer.Option(help="Whose pulse it is.")] = Population.newborn,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the rows go; default: standard output.")
    ] = None,
    beats: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the time of each beat there.")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="25..1600", help="Samples a second of a file without a time; with one, the time tells."
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="The columns' names, in place of the file's: time_ms,ir,red."),
    ] = None,
) -> None:
    """Show what the device would read from a recording: pulse rate, SpO2, perfusion, quality, contact; and why not.

    Comma, semicolon, tab, bar or blank between the columns; decimal point or comma; lines that begin with #, %, ; or
    // are comments. Known columns: time (time_s, timestamp_ms, t, millis, micros, elapsed, datetime; hours, minutes,
    seconds, ms, us or ns, from zero or since 1970, or a clock time); infrared (ir, infrared, irValue, ir_raw, led_ir,
    ppg_ir; a lone ppg or raw); red (red, R, redValue, red_raw, led_red); in any order and case. Lines such as
    IR=100330,RED=85166 or R[85166] IR[100330] are read too. 25 to 1600 samples a second are resampled to 100;
    repeated rows are left out, or refused where nobody can tell what time passed between them, missing ones drawn
    through up to 0.1 s by the file's own time, and longer holes are passed on as lost samples.
    Each change is told on standard error.
    """
    from host_tools.play import vitals_run as work

    with progress_bar("reading the recording") as progress:
        readings = work.vitals(recording, population.value, out, beats, rate, columns, progress)
    for note in readings.notes:
        warn(f"{recording}: {note}.")
    if readings.rows and not any(row["pulse_rate_bpm"] for row in readings.rows):
        warn(f"{recording}: no pulse was read anywhere in it; see its column pulse_reason (docs/vitals.md).")
    if out is None:
        say(work.csv_text(readings).removesuffix("\n"))


@app.command()
def render(
    out: Annotated[Path, typer.Option(metavar="FILE.wav", help="The sound file to write.")],
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A profile; default: the newborn's.")
    ] = None,
    pulse: Annotated[
        Path | None,
        typer.Option(metavar="TRACE.csv", help="Pulse to play for: columns time_s, pulse_rate_bpm."),
    ] = None,
    song: Annotated[
        str | None, typer.Option(metavar="NAME", help="The melody; default: the profile's.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(metavar="N", help="How long to play.")] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Also write one row a note: when, voice (melody, chord, bass, heart), note, length, tempo.",
        ),
    ] = None,
    voice: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.adp", help="A recording: a voice in the song's place, or a heartbeat on the beat."
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**30 - 1, help="Of a pattern: what it is made from; a session's is in its journal."
        ),
    ] = 0,
) -> None:
    """Write what the device would play, for a pulse that you give, as a sound file."""
    from host_tools.sound import render as work

    with progress_bar("playing") as progress:
        made = work.render(out, profile, pulse, song, seconds, events, voice, progress, seed)
    levels = made.levels
    loud = (
        "silence"
        if levels.laeq_dba is None
        else f"LAeq {levels.laeq_dba:.1f}, LAS max {levels.las_max_dba:.1f} dB(A)"
    )
    say(f"{out}: {made.seconds:.1f} s, {loud}")
    mean_dba, most_dba = levels.laeq_dba, levels.las_max_dba
    if mean_dba is not None and most_dba is not None and most_dba < mean_dba:
        say(
            "It is too short for LAS max: the slow meter of IEC 61672 begins at silence and takes seconds to rise."
        )


@app.command()
def meter(
    sound: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A sound file of any usual kind, such as audio.wav of a session."
        ),
    ],
    full_scale_dba: Annotated[
        float | None,
        typer.Option(min=0, max=140, metavar="X", help="Level at the ear of a full-scale 1 kHz tone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how loud a sound file is: LAeq, LAS max, LCS max, LAF10, LAF90, L50, true peak, highest rise rate."""
    from host_tools.sound import meter as work

    levels = work.meter(sound, full_scale_dba)
    if as_json:
        say(json.dumps(asdict(levels)))
        return
    say(f"{sound}: {levels.seconds:.1f} s, full scale at {levels.full_scale_dba:.1f} dB(A)")
    for name, key, unit in LEVELS:
        value = getattr(levels, key)
        say(f"  {name:<10} {'silence' if value is None else f'{value:7.1f} {unit}'}")


app.add_typer(device.app, name="device")
app.add_typer(profile.app, name="profile")
app.add_typer(song.app, name="song")
app.add_typer(programme.app, name="programme")
app.add_typer(session.app, name="session")
app.add_typer(study.app, name="study")
app.command()(campaign.campaign)
app.command()(bench.calibrate)
app.command()(bench.selftest)
device.app.command("selftest")(bench.selftest)
app.command()(backup.backup)
app.command()(backup.restore)
app.command("factory-reset")(backup.factory_reset)
app.command()(studio.studio)


@app.command()
def deploy(
    port: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Where the board is; default: the one that is plugged in."),
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option(metavar="FILE.zip", help="From a release; default: what is checked out here."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the firmware on a board: only what changed, every hash compared, switched over when all is there.

    Profiles, songs, calibration and journals stay. On a device that works already,
    switch it off and hold its button while you plug it in.
    """
    from host_tools.release import deploy as work

    done = work.command(port, release, say_nothing if as_json else say)
    if as_json:
        print_json(done)


once.everywhere(app)


def main() -> None:
    """Run the console command `calando`."""
    # Most of a short command is importing: few objects die meanwhile.
    gc.set_threshold(20_000)
    stopping.end_when_told()
    stopping.forget()
    try:
        _run()
    except CalandoError as error:
        terminal.complain(str(error))
        raise SystemExit(stopping.STATUS if isinstance(error, Interrupted) else 1) from None
    except KeyboardInterrupt:
        terminal.complain(stopping.told())
        raise SystemExit(stopping.STATUS) from None
    except SystemExit as end:
        if end.code == stopping.TERMINATED:
            terminal.complain(stopping.told())
        raise
    finally:
        stopping.ended()
        gc.freeze()  # what is in use to the end need not be looked through three times more while Python takes itself down


def _asked_for(every: typer.Typer, word: str) -> typer.Typer:
    """Return the app with the one command or group of this name, or with every one where there is none: typer makes
    objects of each parameter of all fifty before it looks which is meant, 9 ms.
    """
    one = copy(every)
    one.registered_commands = [
        command
        for command in every.registered_commands
        if word == (command.name or getattr(command.callback, "__name__", None))
    ]
    one.registered_groups = [group for group in every.registered_groups if word == group.name]
    return one if one.registered_commands or one.registered_groups else every


def _run() -> None:
    try:
        (_asked_for(app, sys.argv[1]) if len(sys.argv) > 1 else app)()
    except SystemExit as end:
        # The library's own way with Ctrl-C is to say nothing.
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise CalandoError(
                f"{str(error.filename)[:40]}... is longer than the name of a file may be; choose a shorter one"
            ) from None
        if error.errno not in terminal.FULL:
            raise
        raise terminal.output_failed(error) from None  # the library's own printing, of --help
    finally:
        terminal.flush()


if __name__ == "__main__":
    main()
