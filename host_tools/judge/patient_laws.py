"""Laws of the patient's truth: what must end the music, and what is counted of readings and of stops without a cause."""

import numpy as np

from host_tools.judge.ending_laws import must_end
from host_tools.judge.evidence import FRAME_S, Array, Evidence
from host_tools.judge.laws import NEAR_PERCENT, SENSING_S, Spans, Verdict, runs
from host_tools.judge.limits import Limits

NEAR_SPO2 = 1.0
PATIENT_STOPS = ("bradycardia", "tachycardia", "desaturation", "wrong_population")


def look_at_patient(
    evidence: Evidence, limits: Limits, disturbed: Array, sounding: Spans, verdict: Verdict
) -> None:
    """Measure the time from when the truth crosses a stop rule until silence."""
    sensed = evidence.population != "adult" or evidence.prescription["mode"] != "open_loop"
    if not sensed:
        return
    prescribed = evidence.prescription
    low_bpm = max(limits["low_bpm"], float(prescribed["pulse_low_stop_bpm"])) * (1 - NEAR_PERCENT / 100)
    high_bpm = limits["high_bpm"] * (1 + NEAR_PERCENT / 100)
    rules: list[tuple[str, Array, float]] = [
        ("low_pulse", evidence.true_bpm < low_bpm, limits["low_s"]),
        ("high_pulse", evidence.true_bpm > high_bpm, limits["high_s"]),
    ]
    spo2 = max(limits.get("spo2_percent", 0.0), float(prescribed["spo2_stop_percent"]))
    if spo2:
        rules.append(("desaturation", evidence.true_spo2 < spo2 - NEAR_SPO2, limits["spo2_s"]))
    fade_s = limits["stop_fade_s"] + limits["fade_grace_s"]
    for law, crossed, rule_s in rules:
        for first, last in runs(crossed & ~disturbed):
            # A reading begins some seconds after the sound, when the sensor is lit.
            for from_s, until_s in sounding:
                cause_s = max(evidence.time_s[first], from_s + 8.0)
                due_s = cause_s + rule_s + SENSING_S[evidence.tier] + fade_s
                still = evidence.time_s[min(last, len(evidence.time_s) - 1)] >= due_s
                if from_s + 8.0 <= cause_s < until_s and still:
                    must_end(evidence, verdict, law, cause_s, due_s, f"the true {law.replace('_', ' ')}")


def measure(evidence: Evidence, limits: Limits, disturbed: Array, verdict: Verdict) -> None:
    """Count: readings that were wrong, stops that had no cause, hours of good signal."""
    measures = verdict.measures
    lit = np.array([phase not in ("idle", "fault") for phase in evidence.phase])
    good = lit & ~disturbed & np.isfinite(evidence.true_bpm)
    measures["good_signal_s"] = float(good.sum())
    shown = np.isfinite(evidence.shown_bpm) & np.isfinite(evidence.true_bpm) & lit
    truth = evidence.true_bpm
    # The truth of the last seconds, as wide as it was: a reading is late by nature.
    lowest, highest = truth.copy(), truth.copy()
    for back in range(1, 9):
        lowest[back:] = np.fmin(lowest[back:], truth[:-back])
        highest[back:] = np.fmax(highest[back:], truth[:-back])
    wrong = shown & ((evidence.shown_bpm < 0.9 * lowest) | (evidence.shown_bpm > 1.1 * highest))
    measures["shown_s"] = float(shown.sum())
    measures["wrong_s"] = float(wrong.sum())
    measures["false_stops"] = float(
        sum(
            1
            for at_s, _, reason in evidence.ends
            if reason in PATIENT_STOPS and _uncalled(evidence, limits, at_s, reason, good)
        )
    )
    measures["sounding_s"] = float(evidence.heard.audible.sum() * FRAME_S)


def _uncalled(evidence: Evidence, limits: Limits, at_s: float, reason: str, good: Array) -> bool:
    """Return whether the truth of the last minute gave a stop no cause, with a good signal."""
    window = (evidence.time_s > at_s - 75) & (evidence.time_s <= at_s)
    recent = window & (evidence.time_s > at_s - 30)
    if not recent.any() or not good[recent].all():
        return False
    truth = evidence.true_bpm[window]
    prescribed = evidence.prescription
    low_bpm = max(limits["low_bpm"], float(prescribed["pulse_low_stop_bpm"])) * (1 + NEAR_PERCENT / 100)
    risen = (
        np.median(_first_minute(evidence, at_s))
        * (1 + float(prescribed["pulse_rise_stop_percent"]) / 100)
        * (1 - NEAR_PERCENT / 100)
    )
    high_bpm = min(limits["high_bpm"] * (1 - NEAR_PERCENT / 100), float(risen))
    if reason == "bradycardia":
        return bool((truth >= low_bpm).all())
    if reason == "tachycardia":
        return bool((truth <= high_bpm).all())
    if reason == "wrong_population" and "newborns_bpm" in limits:
        return bool((truth <= limits["newborns_bpm"] * (1 - NEAR_PERCENT / 100)).all())
    if reason == "desaturation":
        least = max(limits.get("spo2_percent", 0.0), float(prescribed["spo2_stop_percent"])) + NEAR_SPO2
        return bool((evidence.true_spo2[window] >= least).all())
    return bool((truth >= low_bpm).all() and (truth <= limits["high_bpm"] * (1 - NEAR_PERCENT / 100)).all())


def _first_minute(evidence: Evidence, at_s: float) -> Array:
    """Return the truth of the first sixty seconds with a reading in the session that ends at `at_s`, without one its first.

    A rise is one over the pulse at this session's beginning: in a life with several, not over the first one's.
    """
    before = np.flatnonzero(evidence.time_s < at_s)
    idle = [row for row in before if evidence.phase[row] in ("idle", "fault")]
    own = before[before > idle[-1]] if idle else before
    own = own[np.isfinite(evidence.true_bpm[own])]
    read = own[np.isfinite(evidence.shown_bpm[own])]
    return evidence.true_bpm[(read if len(read) else own)[:60]]
