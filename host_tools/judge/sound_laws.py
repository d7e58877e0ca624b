"""Laws of the sound: how loud, how soon, how fast it rises and falls, and whether any of it was lost."""

import itertools

import numpy as np

from host_tools.judge.evidence import LEVEL_S, Evidence
from host_tools.judge.laws import Spans, Verdict
from host_tools.judge.limits import Limits

NOTES_DB = {
    "S": 0.3,
    "D": 8.0,
}  # how far single notes stand out of the mean that the level glides by (docs/sound.md)
ONSET_S = 90.0  # a session's first sound, which begins at silence
UNHEARD_DBA = {"S": 0.0, "D": 18.0}  # where a rise begins: a level that nobody hears
MEAN_DB = 1.0  # by how much the mean may be off: the device's own estimate of what it plays
KNOB_SETTLES_S = 60.0  # a knob that is turned leads the level at its own pace, and for this long


def look_at_levels(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Measure the loudest moment, A- and C-weighted, the mean of each session and the fullest hour."""
    heard = evidence.heard
    if not len(heard.dba) or not np.isfinite(heard.dba).any():
        return
    for law, levels, ceiling, unit in (
        ("level", heard.dba, "level_ceiling_dba", "dB(A)"),
        ("level_c", heard.dbc, "level_ceiling_dbc", "dB(C)"),
    ):
        if levels is not None:
            loudest = int(np.argmax(levels))
            verdict.margin(
                law, limits[ceiling] - levels[loudest], loudest * LEVEL_S, f"{levels[loudest]:.1f} {unit}"
            )
    asked = min(limits["level_mean_dba"], float(evidence.prescription["level_dba"]))
    for from_s, until_s in sounding:
        energy = heard.energy[int(from_s / LEVEL_S) : int(until_s / LEVEL_S)]
        if len(energy) >= 60 / LEVEL_S and energy.any():
            mean = 45 + 10 * np.log10(energy.mean())
            verdict.margin("mean_level", asked + MEAN_DB - mean, until_s, f"a mean of {mean:.1f} dB(A)")
    total = np.concatenate([[0.0], np.cumsum(heard.energy) * LEVEL_S])
    hour = int(3600 / LEVEL_S)
    most = float((total[hour:] - total[:-hour]).max()) if len(total) > hour else float(total[-1])
    if most > 0:
        verdict.margin(
            "hour",
            10 * np.log10(limits["hour_s_at_45_dba"] / most),
            evidence.duration_s,
            f"an hour of {most:.0f} s at 45 dB(A)",
        )


def look_at_onsets(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Measure how soon it is how loud after silence, and how fast it rises and falls later."""
    dba, notes = evidence.heard.dba, NOTES_DB[evidence.tier]
    rate = 1 / limits["rise_s_per_db"]
    for from_s, until_s in sounding:
        first = int(from_s / LEVEL_S)
        piece = dba[first : int(min(until_s, from_s + ONSET_S) / LEVEL_S)]
        if len(piece) < 10:
            continue
        allowed = UNHEARD_DBA[evidence.tier] + (np.arange(len(piece)) * LEVEL_S + LEVEL_S) * rate + notes
        loud = piece > 20.0
        if loud.any():
            room = np.where(loud, allowed - piece, np.inf)
            worst = int(np.argmin(room))
            verdict.margin(
                "onset", room[worst], from_s + worst * LEVEL_S, f"{piece[worst]:.1f} dB(A) so soon"
            )
        # What comes back from a rest is as loud at once as it was before it, and no louder.
        loudest = np.maximum.accumulate(
            np.maximum(dba[first : int(until_s / LEVEL_S)], UNHEARD_DBA[evidence.tier])
        )
        second = round(1 / LEVEL_S)
        if evidence.tier == "D" and len(loudest) > second:
            rise = loudest[second:] - loudest[:-second]
            rise[: round(ONSET_S / LEVEL_S)] = 0.0  # that is the onset's
            worst = int(np.argmax(rise))
            verdict.margin(
                "rise",
                rate + notes - rise[worst],
                from_s + worst * LEVEL_S,
                f"{rise[worst]:.2f} dB above all before it in a second",
            )
    if evidence.tier == "S" and len(dba) > 10:
        audible = np.isfinite(dba)
        both = audible[10:] & audible[:-10]
        if both.any():
            rise = np.where(both, dba[10:] - np.where(audible[:-10], dba[:-10], 0.0), -np.inf)
            worst = int(np.argmax(rise))
            verdict.margin(
                "rise", rate + 0.15 - rise[worst], worst * LEVEL_S, f"{rise[worst]:.2f} dB in a second"
            )
        _falls(evidence, limits, verdict)


def _falls(evidence: Evidence, limits: Limits, verdict: Verdict) -> None:
    """Look at how fast the level falls by itself: not in a fade, and not for a hand on the knob."""
    dba, span_steps = evidence.heard.dba, 5
    plays = np.isfinite(dba)
    places = [*evidence.phases, (evidence.duration_s, "idle", None)]
    for (at_s, phase, _), (until_s, _, _) in itertools.pairwise(places):
        if phase in ("idle", "fade", "withdraw", "fault"):
            plays[max(0, int(at_s / LEVEL_S) - 1) : int(until_s / LEVEL_S) + 2] = False
    for from_s, until_s in evidence.silences():  # the fade into it
        plays[max(0, int(from_s / LEVEL_S) - 1) : int(min(until_s, evidence.duration_s) / LEVEL_S)] = False
    for event in evidence.script:
        if event["do"] in ("knob", "power_cut", "supply"):
            lasts_s = 2 * event.get("over_s", 0.0) + event.get("for_s", 0.0) + KNOB_SETTLES_S
            plays[int(event["at_s"] / LEVEL_S) : int((event["at_s"] + lasts_s) / LEVEL_S)] = False
    both = plays[span_steps:] & plays[:-span_steps]
    if both.any():
        fall = np.where(
            both, np.where(plays, dba, 0.0)[:-span_steps] - np.where(plays, dba, 0.0)[span_steps:], -np.inf
        )
        fall /= span_steps * LEVEL_S
        worst = int(np.argmax(fall))
        verdict.margin(
            "fall",
            1 / limits["fall_s_per_db"] + 0.05 - fall[worst],
            worst * LEVEL_S,
            f"{fall[worst]:.2f} dB a second",
        )


def look_at_counts(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Measure what was lost or wild in the sound, as the bedside counted it."""
    for name, count in sorted(evidence.counts.items()):
        verdict.margin("pops", -count, 0.0, f"{count} {name}")
