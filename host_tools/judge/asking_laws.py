"""Laws of what was asked for: how much music, how often, and which finger began or ended it."""

import itertools
import math

from host_tools.judge.ending_laws import CLICK_S
from host_tools.judge.evidence import Evidence, span
from host_tools.judge.laws import STEP_S, Spans, Verdict, is_silence, powered
from host_tools.judge.limits import Limits

BREATH_S = 120.0  # an adult's breath is listened to for so long, whatever the profile says of its baseline
BLINK_S = 5.0  # a press and the sound that follows it


def look_at_dose(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Measure how long each session, each day and each pause was."""
    prescribed = evidence.prescription
    grace_s = limits["session_grace_s"]
    most_s = min(limits["session_s"], prescribed["session_min"] * 60.0) + grace_s
    for from_s, until_s in sounding:
        verdict.margin("session", most_s - (until_s - from_s), until_s, f"{until_s - from_s:.0f} s of music")
    most_min = min(limits["daily_min"], prescribed["daily_min"])
    for _, until_s in sounding:
        minutes = sum(
            max(0.0, end - max(start, until_s - 86_400.0)) / 60 for start, end in sounding if end <= until_s
        )
        # The device counts in whole minutes.
        verdict.margin("day", most_min + 1.0 - minutes, until_s, f"{minutes:.0f} min of music in a day")
    gap_min = max(limits["gap_min"], prescribed["gap_min"])
    for (start, end), (again, _) in itertools.pairwise(sounding):
        if end - start >= limits["counts_from_s"] + 1:
            pause_min = (again - end) / 60
            verdict.margin("gap", pause_min + 1.1 - gap_min, again, f"a pause of {pause_min:.1f} min")


def look_at_fingers(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Measure whether each sound was asked for, and how soon a press or a hold ends it."""
    heard, step_s = evidence.heard, STEP_S[evidence.tier]
    presses = sorted(event["at_s"] for event in evidence.script if event["do"] in ("press", "hold"))
    stops = [at_s for at_s, phase, _ in evidence.phases if phase in ("withdraw", "fault")]
    ended_s = -1.0
    blink_s = BLINK_S
    if evidence.programme:
        blink_s += sum(60.0 * one["minutes"] for one in itertools.takewhile(is_silence, evidence.programme))
    elif evidence.prescription["opening"] == "silence":  # the sound begins with the melody
        blink_s += max(float(evidence.prescription[name]) for name in ("baseline_max_s", "onset_s"))
        if evidence.prescription["mode"] == "follow_breath":
            blink_s = max(blink_s, BLINK_S + BREATH_S)
    for from_s, until_s in sounding:
        since = [at_s for at_s in presses if ended_s - step_s <= at_s <= from_s + step_s]
        verdict.margin(
            "unasked",
            0 if since and from_s - _seen_s(evidence, since[-1]) <= blink_s else -1,
            from_s,
            "sound that nobody asked for",
        )
        stopped = [at_s for at_s in stops if at_s <= from_s]
        if stopped and ended_s >= 0 and powered(evidence, stopped[-1], from_s):
            seen = sum(1 for at_s in presses if stopped[-1] < at_s <= from_s + step_s)
            verdict.margin("after_stop", min(0, seen - 2), from_s, f"sound after a stop and {seen} presses")
        ended_s = until_s
    for event in evidence.script:
        at_s = event["at_s"]
        if event["do"] not in ("press", "hold") or not heard.sounds_within(at_s - 0.2, at_s):
            continue
        if not powered(evidence, at_s - 1.0, at_s + 12.0):
            continue
        lasts_s = event.get("for_s", 1.5 if event["do"] == "hold" else 0.15)
        following = [later for later in presses if later > at_s]
        if lasts_s > CLICK_S + 0.1:
            due_s = at_s + limits["hold_s"]
            silent_s = heard.silent_from(due_s - 0.5, min([*following, due_s + 20.0]))
            verdict.margin(
                "hold",
                0.1 + step_s - (silent_s - due_s),
                at_s,
                f"sound {silent_s - due_s:.2f} s after a hold",
            )
        else:
            due_s = at_s + limits["press_fade_s"] + limits["fade_grace_s"]
            if not following or following[0] > due_s + 1:
                silent_s = heard.silent_from(at_s, min([*following, at_s + 40.0]))
                verdict.margin(
                    "press",
                    due_s + 2 * step_s - silent_s,
                    at_s,
                    f"sound {silent_s - at_s:.1f} s after a press",
                )


def _seen_s(evidence: Evidence, press_s: float) -> float:
    """Return since when music may be heard after a press: nothing is played to a newborn whom the sensor has not seen."""
    if evidence.population != "newborn" or evidence.prescription["opening"] != "music":
        return press_s
    off = [span(event) for event in evidence.script if event["do"] == "sensor_off" and event.get("to") != 0]
    seen_s = press_s
    for from_s, until_s in sorted(off):
        # Off before anything could be heard: the music waits on.
        if from_s <= seen_s + BLINK_S and seen_s < until_s < math.inf:
            seen_s = until_s
    return seen_s
