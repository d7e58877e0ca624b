"""What is written of a session that was played: sound, rows, events, picture, page and summary."""

import csv
import json
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from host_tools.sessions import facts
from simulator.breath_row import BREATH
from simulator.files import song_file
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from simulator.bedside import Result

RATE_HZ = 16_000
COLUMNS = (
    "time_s", "phase", "pulse_rate_bpm", "spo2_percent", "perfusion_index_percent", "quality", "contact",
    "tempo_bpm", "target_tempo_bpm", "level_dba", "true_pulse_rate_bpm", "true_spo2_percent", "reason", *BREATH,
    "true_breathing_rate_bpm",
)  # fmt: skip
FILES = ("report.html", "plot.png", "audio.wav", "session.csv", "events.jsonl", "summary.json")


def write(result: "Result", folder: Path) -> dict[str, Any]:
    """Write all files of a session into an existing folder; returns the summary."""
    started = time.perf_counter()
    from host_tools.sessions import picture, report

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
    from firmware import board
    from firmware.care import guard

    population, wanted = _prescription(result.scenario)
    ceiling_cdba = guard.NEWBORN_CEILING_CDBA if population == "newborn" else guard.ADULT_CEILING_CDBA
    history, means, sound, sounded_s = _heard(result.pcm, board.FULL_SCALE_CDBA / 100)
    return facts.from_records(
        result.rows, result.events, result.scenario.title, population,
        result.summary.get("end"), result.summary.get("reason"), ceiling_cdba / 100, wanted, history, means, sound,
        result.scenario.profile_values().get("melody") == "accompany", _recorded_voice(result), sounded_s,
    )  # fmt: skip


def _recorded_voice(result: "Result") -> facts.RecordedVoice | None:
    """Return what is known of the recorded voice that the profile had in the melody's place; None where it had none."""
    from firmware.sound import adpcm, songs
    from firmware.sound.accompaniment import FASTEST_PASS, SLOWEST_PASS
    from firmware.sound.score import TICKS_PER_BEAT, Score

    values = result.scenario.profile_values()
    recording = result.sounds.get(f"voice.{values['voice']}")
    if recording is None or values["listening_programme"] != "none":
        return None
    try:
        kind, samples, _ = adpcm.check(recording[: adpcm.HEADER], len(recording))
    except adpcm.SoundRecordingError:
        return None  # it was not played
    if kind != adpcm.VOICE:
        return None
    song, own = values["song"], result.sounds.get(f"song.{values['song']}")
    tempo = None
    if values["melody"] == "accompany" and (own is not None or song in songs.NAMES):
        score = songs.SONGS[song] if own is None else Score(own, song)
        tempo = score.ticks / TICKS_PER_BEAT / (samples / song_file.RECORDING_RATE_HZ / 60)
        tempo = tempo if score.chords and SLOWEST_PASS <= tempo <= FASTEST_PASS else None
    return facts.RecordedVoice(tempo, values["soundscape"] == "womb")


def _heard(
    pcm: np.ndarray, full_scale_dba: float
) -> tuple[np.ndarray, np.ndarray, dict[str, float], tuple[float, float] | None]:
    """The sound as a level meter at the ear shows it: of each second the highest slow level and the mean, and numbers; then
    when it began and ended.
    """
    from host_tools.sound import meter

    powers_a, powers_c = meter.frame_powers(pcm, RATE_HZ)
    history = meter.by_second(meter.decibels(meter.time_weighted(powers_a, meter.SLOW_S), full_scale_dba))
    # The slow weighting rings on after the last sound; a second of zeros was silent.
    sounded = (
        np.maximum.reduceat(pcm != 0, np.arange(0, len(pcm), RATE_HZ)) if len(pcm) else np.zeros(0, bool)
    )
    history = np.where(sounded, history[: len(sounded)], np.nan)
    # The highest of each second would lie about a decibel above what was heard on the whole.
    starts = np.arange(0, len(powers_a), round(1 / meter.FRAME_S))
    seconds = (
        np.add.reduceat(powers_a, starts) / np.diff(starts, append=len(powers_a)) if len(starts) else powers_a
    )
    means = meter.decibels(seconds, full_scale_dba)
    means = np.where(sounded & np.isfinite(means), means, np.nan)
    if not sounded.any():
        return history, means, {}, None
    slow_c = meter.decibels(meter.time_weighted(powers_c, meter.SLOW_S), full_scale_dba)
    sounding = powers_a[powers_a > meter.SILENT_POWER]
    numbers = {
        "laeq_dba": meter.decibels(sounding.mean(), full_scale_dba),  # of the time with sound
        "las_max_dba": np.nanmax(history),
        "lcs_max_dbc": slow_c.max(),
    }
    first, last = (int(second) for second in np.flatnonzero(sounded)[[0, -1]])
    sounded_s = (
        first + np.flatnonzero(pcm[first * RATE_HZ : (first + 1) * RATE_HZ])[0] / RATE_HZ,
        last + np.flatnonzero(pcm[last * RATE_HZ : (last + 1) * RATE_HZ])[-1] / RATE_HZ,
    )
    rounded = {name: round(float(value), 2) for name, value in numbers.items()}
    return history, means, rounded, sounded_s


def _prescription(scenario: Scenario) -> tuple[str, float | None]:
    """Population and level of the profile (not of the patient: the profile sets the device's limits)."""
    from firmware.prescription.profiles import READY

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
    if scenario.expect.limits_kept:
        summary["limits_broken"] = _limits_broken(result)
    summary["expected"] = check(scenario, summary)
    return summary


def _limits_broken(result: "Result") -> dict[str, str]:
    """Return what broke a limit of docs/hazards.toml, by the judge's law; {} where all were kept."""
    from host_tools.judge import limits, verdict, witness

    table = limits.read()
    evidence = witness.of_device(result, float(table["full_scale_dba"]["newborn"]))
    own = limits.of(table, evidence.population, "term" if evidence.term else "preterm")
    return verdict.judge(evidence, own).broken


def check(scenario: Scenario, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Return whether `[expect]` holds: {"held": bool, "differences": [half sentences]}; None without one."""
    expect = scenario.expect
    differences = []
    wants = [want for want in (expect.end, expect.reason, expect.max_level_dba) if want is not None]
    if not wants and not expect.limits_kept:
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
    for told in summary.get("limits_broken", {}).values():
        differences.append(f"it should keep every limit, and there was {told}")
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
