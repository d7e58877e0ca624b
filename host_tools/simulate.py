"""Plays a scenario at the simulated bedside, says live how it goes, and writes what came out into a folder.

The playing is simulator.bedside's; the page and the picture are report's and picture's.
"""

import csv
import json
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from host_tools import facts, words
from host_tools.errors import CalandoError
from host_tools.output import OutputFolder
from host_tools.reporter import Reporter
from simulator import scenario as scenarios
from simulator.interpreter import find_micropython, why_no_micropython
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.bedside import Result

RATE_HZ = 16_000
COLUMNS = (
    "time_s", "phase", "pulse_rate_bpm", "spo2_percent", "perfusion_index_percent", "quality", "contact",
    "tempo_bpm", "target_tempo_bpm", "level_dba", "true_pulse_rate_bpm", "true_spo2_percent", "reason",
)  # fmt: skip
FILES = ("report.html", "plot.png", "audio.wav", "session.csv", "events.jsonl", "summary.json")
LINE_EVERY_S = 30.0
RUNTIMES = ("micropython", "cpython", "rp2040")


def simulate(
    name: str,
    runtime: str | None = None,
    seed: int | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Play the scenario `name` and write the results; returns the summary, as in summary.json.

    runtime: None takes MicroPython, or this Python where there is no interpreter for the machine.

    Raises CalandoError when the scenario, its files or the folder cannot be used, when the runtime is missing
    or dies, and (with the results written) when the scenario's `[expect]` does not hold.
    """
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
        print(f"{scenario.patient.recording}: {note}.", file=sys.stderr)
    with OutputFolder(out) as folder, Reporter() as reporter:
        say(f"{scenario.title} ({words.span(scenario.duration_s)} to play, {runtime}, seed {chosen})")
        if runtime == "rp2040":
            say(
                "An emulated second takes some seconds of this computer's, and up to twenty while the chip boots."
            )
        result = _play(scenario, runtime, seed, say)
        summary = reporter.write(result, folder)
    _say_end(summary, out, say)
    expected = summary["expected"]
    if expected is not None and not expected["held"]:
        raise CalandoError(
            f"{scenario.path or scenario.title}: not as expected: {'; '.join(expected['differences'])}; "
            f"see {out / 'report.html'}"
        )
    return summary


def _play(scenario: Scenario, runtime: str, seed: int | None, say: Callable[[str], None]) -> "Result":
    from simulator import bedside  # not above: `calando --help` need not load the whole simulator

    next_line_s = LINE_EVERY_S

    def progress(row: dict[str, Any]) -> None:
        nonlocal next_line_s
        if row["time_s"] >= next_line_s:
            say(words.live_line(row, next_line_s))
            next_line_s = (row["time_s"] // LINE_EVERY_S + 1) * LINE_EVERY_S

    try:
        return bedside.run(scenario, runtime, seed, progress)
    except FileNotFoundError as error:
        raise CalandoError(str(error)) from None
    except bedside.RuntimeDied as error:
        what, *rest = str(error).split("\n")
        if rest:  # a traceback of the firmware, for those who mend it
            print("\n".join(rest), file=sys.stderr)
            what = what.removesuffix(": Traceback (most recent call last):")
        raise CalandoError(f"{scenario.title}: {what}; nothing was written") from None


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


# --- what is written ---


def write(result: "Result", folder: Path) -> dict[str, Any]:
    """All files of a session into an existing folder; returns the summary."""
    started = time.perf_counter()
    from host_tools import picture, report

    found = facts_of(result)
    summary = _summary(result, found)
    _write_wav(folder / "audio.wav", result.pcm)
    _write_csv(folder / "session.csv", result.rows)
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        for event in result.events:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")
    whole, bare = picture.pngs(found)
    (folder / "plot.png").write_bytes(whole)
    (folder / "report.html").write_text(report.html(found, bare, summary), encoding="utf-8")
    summary["report_s"] = round(time.perf_counter() - started, 3)
    (folder / "summary.json").write_text(
        json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return summary


def facts_of(result: "Result") -> facts.Facts:
    from firmware import board, guard

    population, wanted = _prescription(result.scenario)
    ceiling_cdba = guard.NEWBORN_CEILING_CDBA if population == "newborn" else guard.ADULT_CEILING_CDBA
    history, sound = _heard(result.pcm, board.FULL_SCALE_CDBA / 100)
    return facts.from_records(
        result.rows, result.events, result.scenario.title, population,
        result.summary.get("end"), result.summary.get("reason"), ceiling_cdba / 100, wanted, history, sound,
    )  # fmt: skip


def _heard(pcm: np.ndarray, full_scale_dba: float) -> tuple[np.ndarray, dict[str, float]]:
    """The sound as a level meter at the ear shows it: highest slow level of each second, and numbers."""
    from host_tools import meter

    powers_a, powers_c = meter.frame_powers(pcm, RATE_HZ)
    history = meter.by_second(meter.decibels(meter.time_weighted(powers_a, meter.SLOW_S), full_scale_dba))
    # The slow weighting rings on after the last sound; a second of zeros was silent.
    sounded = (
        np.maximum.reduceat(pcm != 0, np.arange(0, len(pcm), RATE_HZ)) if len(pcm) else np.zeros(0, bool)
    )
    history = np.where(sounded, history[: len(sounded)], np.nan)
    if not sounded.any():
        return history, {}
    slow_c = meter.decibels(meter.time_weighted(powers_c, meter.SLOW_S), full_scale_dba)
    sounding = powers_a[powers_a > meter.SILENT_POWER]
    numbers = {
        "laeq_dba": meter.decibels(sounding.mean(), full_scale_dba),  # of the time with sound
        "las_max_dba": np.nanmax(history),
        "lcs_max_dbc": slow_c.max(),
    }
    return history, {name: round(float(value), 2) for name, value in numbers.items()}


def _prescription(scenario: Scenario) -> tuple[str, float | None]:
    """Population and level of the profile (not of the patient: the profile sets the device's limits)."""
    from firmware.profiles import READY

    values = scenario.profile_values()
    population = values.get("population", "newborn")
    return population, (READY[population] | values)["level_dba"]


def _summary(result: "Result", found: facts.Facts) -> dict[str, Any]:
    scenario = result.scenario
    summary = {
        "scenario": scenario.name,
        **result.summary,
        "population": scenario.patient.population,
        "recording": scenario.patient.recording,
        "max_level_dba": found.sound.get("las_max_dba"),
        "sound": found.sound,
    }
    summary["expected"] = check(scenario, summary)
    return summary


def check(scenario: Scenario, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Whether `[expect]` holds: {"held": bool, "differences": [half sentences]}; None without one."""
    expect = scenario.expect
    differences = []
    wants = [want for want in (expect.end, expect.reason, expect.max_level_dba) if want is not None]
    if not wants:
        return None
    end, reason, level = summary.get("end"), summary.get("reason"), summary["max_level_dba"]
    if expect.end is not None and end != expect.end:
        because = f" ({reason})" if reason else ""
        differences.append(
            f"it should end {expect.end}, and it {f'ended {end}{because}' if end else 'did not end'}"
        )
    if expect.reason is not None and reason != expect.reason and (end == expect.end or expect.end is None):
        differences.append(f"its reason should be {expect.reason}, and it was {reason or 'none'}")
    if expect.max_level_dba is not None and level is not None and level > expect.max_level_dba:
        differences.append(
            f"it should stay at or below {expect.max_level_dba:g} dB(A), and it reached {level:.1f}"
        )
    return {"held": not differences, "differences": differences}


def _write_wav(path: Path, pcm: np.ndarray) -> None:
    # Opened by us: wave's own opening leaves a half-made object behind when the disk refuses.
    with path.open("wb") as disk, wave.open(disk, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.ascontiguousarray(pcm, dtype="<i2").data)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(["" if row[name] is None else row[name] for name in COLUMNS])
