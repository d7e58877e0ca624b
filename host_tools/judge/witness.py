"""What a play of the simulator left behind, turned into evidence for the judge."""

from typing import Any

import numpy as np

from host_tools.judge.evidence import FRAME_S, LEVEL_S, Array, Evidence, Heard, listen
from simulator.bedside import Result
from simulator.scenario import Scenario
from simulator.step_bedside import StepResult


def of_device(result: Result, full_scale_dba: float) -> Evidence:
    """Return the whole device's session (tier D), heard from the samples that reached the loudspeaker."""
    heard = listen(result.pcm, 16_000, full_scale_dba)
    summary = result.summary
    counts = {
        "underruns": summary["underruns"],
        "amplifier pops": summary["amplifier_pops"],
        "erasures of flash under sound": summary["flash_erased_while_audible"],
        "repeats of old sound": summary["stale_sound_repeats"],
    }
    return _evidence("D", result.scenario, result.rows, result.events, heard, counts)


def of_steps(result: StepResult) -> Evidence:
    """Return the step level's session (tier S): its sound is a level."""
    level = np.array(result.level_dba)
    audible = np.repeat(~np.isnan(level), round(LEVEL_S / FRAME_S))
    energy = np.where(np.isnan(level), 0.0, 10 ** ((level - 45) / 10))
    heard = Heard(np.where(np.isnan(level), -np.inf, level), None, energy, audible)
    evidence = _evidence("S", result.scenario, result.rows, result.events, heard, {})
    evidence.step_laws = result.broken
    return evidence


def _evidence(
    tier: str,
    scenario: Scenario,
    rows: list[dict[str, Any]],
    events: list[dict[str, Any]],
    heard: Heard,
    counts: dict[str, int],
) -> Evidence:
    values = scenario.profile_values()
    from firmware.prescription.profiles import READY

    prescription = {**READY[values.get("population", "newborn")], **values}
    script = [
        event.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for event in scenario.events
    ]
    patient = scenario.patient
    return Evidence(
        tier=tier,
        duration_s=scenario.duration_s,
        population=prescription["population"],
        term=prescription["maturity"] == "term",
        prescription=prescription,
        irregular=patient.irregular_pulse,
        perfusion_percent=patient.perfusion_index_percent,
        script=script,
        time_s=_column(rows, "time_s"),
        phase=[row["phase"] for row in rows],
        tempo_bpm=_column(rows, "tempo_bpm"),
        shown_bpm=_column(rows, "pulse_rate_bpm"),
        shown_spo2=_column(rows, "spo2_percent"),
        true_bpm=_column(rows, "true_pulse_rate_bpm"),
        true_spo2=_column(rows, "true_spo2_percent"),
        phases=[
            (event["time_s"], event["detail"]["phase"], event["detail"]["reason"])
            for event in events
            if event["kind"] == "device_phase"
        ],
        ends=[
            (event["time_s"], event["detail"]["end"], event["detail"]["reason"])
            for event in events
            if event["kind"] == "device_end"
        ],
        heard=heard,
        pace_bpm=_column(rows, "pace_bpm"),
        programme=scenario.listening_programme(),
        segments=[
            (event["time_s"], event["detail"]["segment"] - 1)
            for event in events
            if event["kind"] == "device_segment"
        ],
        counts=counts,
    )


def _column(rows: list[dict[str, Any]], name: str) -> Array:
    """One value a row; NaN where it is unknown."""
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)
