"""Laws of how music ends: what stops it, how soon it is silent then, and how long its last fade is."""

import itertools

from host_tools.judge.evidence import Evidence, span
from host_tools.judge.laws import STEP_S, Spans, Verdict, powered
from host_tools.judge.limits import Limits

LAST_FADE_S = 30.0  # of a programme, at least; and of one that ends in silence (docs/programmes.md)
DIES_AWAY_S = {"S": 0.5, "D": 10.0}  # a last note is over before the fade is
FAULT_S = 10.0  # until a chip that fails silences the music: the sensor's clock is compared over 8 s
CLICK_S = 1.0  # a finger that stays longer than this holds


def look_at_stops(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Take in what the device itself calls a stop or a fault."""
    heard, step_s = evidence.heard, STEP_S[evidence.tier]
    places = [*evidence.phases, (evidence.duration_s, "idle", None)]
    for (at_s, phase, reason), (until_s, _, _) in itertools.pairwise(places):
        if phase == "withdraw" and until_s > at_s + 0.05:
            silent_s = heard.silent_from(at_s, until_s)
            due_s = at_s + limits["stop_fade_s"] + limits["fade_grace_s"] + 2 * step_s
            if until_s >= due_s:
                verdict.margin(
                    "stop", due_s - silent_s, at_s, f"{reason}: sound {silent_s - at_s:.1f} s after it"
                )
        elif phase == "fault" and until_s > at_s + 0.3:
            silent_s = heard.silent_from(at_s, until_s)
            verdict.margin(
                "fault",
                at_s + 0.1 + step_s - silent_s,
                at_s,
                f"{reason}: sound {silent_s - at_s:.2f} s after it",
            )


def look_at_fades(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Take in whether the last fade, which nobody hurried, is the prescribed one: a quick end is an end that is heard.

    Of a programme that ends in silence it is the one into that.
    """
    heard, grace_s = evidence.heard, DIES_AWAY_S[evidence.tier]
    for (at_s, phase, reason), (until_s, after, _) in itertools.pairwise(evidence.phases):
        if (phase, reason, after) != ("fade", "time_up", "idle"):
            continue
        hurried = any(
            at_s - CLICK_S <= event["at_s"] <= until_s and event["do"] in ("press", "hold")
            for event in evidence.script
        )
        wanted_s = float(evidence.prescription["fade_s"])
        if evidence.programme:  # its last segment comes in first
            last = evidence.programme[-1]
            wanted_s = min(wanted_s, max(LAST_FADE_S, 60.0 * last["minutes"] - last["crossfade_s"]))
        for from_s, to_s in evidence.silences():
            if from_s - 0.5 <= at_s <= to_s:  # it ends in silence: the fade into that is the last one
                at_s, wanted_s = from_s, LAST_FADE_S
        if hurried or not heard.sounds_within(at_s - 1.0, at_s) or not powered(evidence, at_s, until_s):
            continue
        lasts_s = heard.silent_from(at_s, until_s) - at_s
        verdict.margin(
            "fade",
            lasts_s + grace_s - wanted_s,
            at_s,
            f"a last fade of {lasts_s:.1f} s",
        )


def look_at_causes(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Take in what the script does to the device, whatever the device says of it."""
    fade_s = limits["stop_fade_s"] + limits["fade_grace_s"] + STEP_S[evidence.tier] + 0.2
    wired = evidence.prescription["mode"] != "open_loop" or evidence.population != "adult"
    for event in evidence.script:
        at_s, until_s = span(event)
        kind, over_s = event["do"], event.get("over_s", 0.0)
        value: float = event.get("to", 1.0)
        lasts_s = until_s - at_s
        if kind == "usb_host" and value != 0 and lasts_s > 1.0:
            must_end(evidence, verdict, "usb", at_s, at_s + fade_s, "a computer was connected")
        elif kind == "supply" and value < limits["supply_v"] - 0.05:
            # From 5 V, or from whatever an earlier event left: the moment is only known when there is one.
            if sum(1 for other in evidence.script if other["do"] == "supply") == 1:
                low_s = at_s + over_s * (5.0 - (limits["supply_v"] - 0.05)) / (5.0 - value)
                if until_s - low_s > limits["supply_s"] + 1.5:
                    must_end(
                        evidence,
                        verdict,
                        "supply",
                        low_s,
                        low_s + limits["supply_s"] + fade_s + 0.5,
                        "a low supply",
                    )
        elif kind == "room_sound" and value > limits["room_dba"] + 1 and not over_s:
            if lasts_s > limits["room_s"] + 1.5:
                must_end(
                    evidence, verdict, "room", at_s, at_s + limits["room_s"] + fade_s + 0.5, "a loud room"
                )
        elif kind == "adc_fault" and lasts_s > 3.0:
            must_end(evidence, verdict, "chip", at_s, at_s + 3.0, "the converter failed")
        elif (
            kind == "i2c_fault"
            and event.get("chip", "max30102") == "max30102"
            and wired
            and lasts_s > FAULT_S
        ):
            must_end(evidence, verdict, "chip", at_s, at_s + FAULT_S, "the sensor failed")
        elif kind == "sensor_clock" and abs(value) > 6 and wired and lasts_s > FAULT_S + 5:
            must_end(evidence, verdict, "chip", at_s, at_s + FAULT_S + 5, "the sensor's clock went wrong")
        elif kind == "press" and (event.get("for_s") or 0) > 21:
            must_end(evidence, verdict, "stuck", at_s, at_s + 20.0 + fade_s, "the button stuck")


def must_end(evidence: Evidence, verdict: Verdict, law: str, cause_s: float, due_s: float, told: str) -> None:
    """Measure how long before `due_s` the music that plays at `cause_s` is silent."""
    if due_s >= evidence.duration_s:
        return
    if any(
        cause_s < event["at_s"] <= due_s + 1.0 and event["do"] in ("press", "hold")
        for event in evidence.script
    ):
        return  # a finger that may begin the next session, or end this one
    if evidence.heard.sounds_within(cause_s - 0.3, cause_s + 0.1):
        later = [
            event["at_s"]
            for event in evidence.script
            if event["do"] in ("press", "hold") and event["at_s"] > due_s
        ]
        silent_s = evidence.heard.silent_from(cause_s, min([*later, due_s + 30.0]))
        verdict.margin(law, due_s - silent_s, cause_s, f"sound {silent_s - cause_s:.1f} s after {told}")
