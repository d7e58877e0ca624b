"""The judge: reads what came out of a session and measures how far it stayed from each limit.

It imports nothing of the firmware. Its limits are the data of docs/hazards.toml, its laws are written from the hazard
table. A margin is in the unit of its limit, positive on the safe side; below 0 the law is broken. A law that a session gave
no occasion for has no margin.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from host_tools.judge import causes
from host_tools.judge.evidence import FRAME_S, LEVEL_S, Array, Evidence, span
from host_tools.judge.limits import Limits

# What the judge grants beside the limits; none is a limit.
# Until the device sees in the light what is true of the patient: the step-level tier reads 3 (pulse) or 4 s (oxygen) late
# and at whole seconds; the whole device's bar is 10 s (docs/vitals-evidence.md).
SENSING_S = {"S": 5.0, "D": 10.0}
STEP_S = {"S": 0.15, "D": 0.05}  # when a tier looks; a block of sound is 16 ms
NOTES_DB = {
    "S": 0.3,
    "D": 8.0,
}  # how far single notes stand out of the mean that the level glides by (docs/sound.md)
LAST_FADE_S = 30.0  # of a programme, at least; and of one that ends in silence (docs/programmes.md)
ONSET_S = 90.0  # a session's first sound, which begins at silence
DIES_AWAY_S = {"S": 0.5, "D": 10.0}  # a last note is over before the fade is
UNHEARD_DBA = {"S": 0.0, "D": 18.0}  # where a rise begins: a level that nobody hears
MEAN_DB = 1.0  # by how much the mean may be off: the device's own estimate of what it plays
FADED_DBA = 10.0  # less than this is silence to anybody
NEAR_PERCENT = 2.0  # a pulse nearer to a limit than this is on neither side of it
NEAR_SPO2 = 1.0
TEMPO_OF_PULSE_PERCENT = 10.0  # a tempo further from every ratio of the true pulse is invented
FAULT_S = 10.0  # until a chip that fails silences the music: the sensor's clock is compared over 8 s
RATIOS = (1, 2, 3, 4)  # pulses to a beat
SUNG_BPM = (36.5, 93.5)  # beyond it another ratio may be chosen
BOUNDARY_S = 0.5  # a segment of a programme begins within this of when it was to (docs/programmes.md)
PHRASE_S = 90.0  # longer than any phrase
INTO_SILENCE_S = 20.0  # no fade into one that something comes after is longer
BREATH_S = 120.0  # an adult's breath is listened to for so long, whatever the profile says of its baseline
BLINK_S = 5.0  # a press and the sound that follows it
KNOB_SETTLES_S = 60.0  # a knob that is turned leads the level at its own pace, and for this long
CLICK_S = 1.0  # a finger that stays longer than this holds


@dataclass
class Verdict:
    """margins by law, in its unit; broken: a sentence for each law that is; measures: what is counted and no law."""

    margins: dict[str, float] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)

    def margin(self, law: str, value: float, at_s: float, told: str) -> None:
        """Keep the smallest margin of a law; below 0 it is broken, told as a sentence."""
        value = round(float(value), 2) + 0.0  # no minus zero
        if law not in self.margins or value < self.margins[law]:
            self.margins[law] = value
            if value < 0:
                self.broken[law] = f"{told} at {at_s:.1f} s (margin {value:g} {UNITS[law]})"


# Every law with its unit, its row in the hazard table, and what it says; the report names them.
LAWS: dict[str, tuple[str, int, str]] = {
    "level": ("dB(A)", 1, "the slow A-weighted level stays below the ceiling"),
    "level_c": ("dB(C)", 1, "the slow C-weighted level stays below the ceiling"),
    "mean_level": ("dB(A)", 1, "the mean of a session stays below the most that may be asked for, and what was prescribed"),
    "hour": ("dB", 1, "no hour holds more sound than the nursery's, across power cuts"),
    "onset": ("dB", 2, "from silence the level rises no faster than 1 dB a second"),
    "rise": ("dB/s", 2, "the level rises no faster than 1 dB a second"),
    "fall": ("dB/s", 2, "while it plays and nobody turns the knob, the level falls no faster than half a dB a second"),
    "fade": ("s", 2, "the fade of a session whose time is up is as long as prescribed, unless something ends it"),
    "pops": ("count", 3, "no pop, gap, stale or wild sound while the amplifier is on"),
    "unasked": ("count", 4, "sound begins after a press, never by itself"),
    "tempo_low": ("bpm", 5, "the tempo stays above the slowest that music has"),
    "tempo_high": ("bpm", 5, "the tempo stays below the fastest"),
    "tempo_step": ("%", 5, "the tempo never steps"),
    "tempo_rate": ("%/min", 5, "the tempo slows no faster than prescribed"),
    "tempo_rise": ("%", 5, "the music is never faster than it began"),
    "tempo_of_pulse": ("%", 6, "the tempo is a simple ratio of the true pulse"),
    "floor": ("%", 9, "the music never slows below its floor"),
    "freeze": ("%", 9, "below the freeze limit of the true pulse the music slows no further"),
    "low_pulse": ("s", 9, "a true pulse below the limit ends in silence in time"),
    "desaturation": ("s", 10, "true oxygen below the limit ends in silence in time"),
    "high_pulse": ("s", 10, "a true pulse above the limit ends in silence in time"),
    "session": ("s", 11, "no session is longer than prescribed"),
    "day": ("min", 11, "no day holds more music than prescribed, across power cuts"),
    "gap": ("min", 11, "no pause between sessions is shorter than prescribed, across power cuts"),
    "supply": ("s", 19, "a low supply ends in silence in time"),
    "usb": ("s", 20, "a computer on the cable ends in silence in time"),
    "hold": ("s", 22, "a hold is silence at once"),
    "press": ("s", 22, "a press while music plays ends in silence in time"),
    "stop": ("s", 22, "what the device calls a stop is silent in time"),
    "fault": ("s", 26, "what the device calls a fault is silent at once"),
    "chip": ("s", 27, "a chip that fails ends in silence in time"),
    "stuck": ("s", 28, "a stuck button ends in silence in time"),
    "room": ("s", 29, "a loud room ends in silence in time"),
    "segment": ("s", 38, "a segment of a listening programme begins when planned, or with the phrase that sounds then"),
    "pace": ("breaths/min", 37, "only an adult whose profile says so is led, within the slowest and fastest pace"),
    "after_stop": ("count", 30, "after a stop nothing sounds before somebody pressed twice"),
}  # fmt: skip
UNITS = {law: unit for law, (unit, _, _) in LAWS.items()}
# Laws without a margin: kept or broken.
BARE_LAWS = {
    "step_laws": "every step of tier S keeps the laws of simulator/laws.py",
    "cause": "what an ending names as its cause had happened",
    "same_decision": "on the same seed tier S decides as tier D does",
    "dies": "the firmware neither dies nor hangs",
}


def judge(evidence: Evidence, limits: Limits) -> Verdict:
    """Measure one session against the limits of its profile's population (limits.of)."""
    verdict = Verdict()
    sounding = evidence.sounding()
    _onsets(evidence, limits, sounding, verdict)
    sounding = evidence.sessions()
    for law in (_levels, _counts, _dose, _fingers, _stops, _fades, _causes, _segments):
        law(evidence, limits, sounding, verdict)
    if len(evidence.time_s):
        disturbed = evidence.disturbed()
        _tempo(evidence, limits, verdict)
        _pace(evidence, limits, verdict)
        _tempo_and_pulse(evidence, limits, disturbed, verdict)
        _patient(evidence, limits, disturbed, sounding, verdict)
        _measure(evidence, limits, disturbed, verdict)
    if evidence.step_laws:
        at_s, told = evidence.step_laws[0]
        verdict.broken["step_laws"] = f"{told}, at {at_s:.1f} s"
    uncaused = causes.missing(evidence)
    if uncaused is not None:
        verdict.broken["cause"] = uncaused
    return verdict


Spans = list[tuple[float, float]]


# --- the sound ---


def _levels(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    heard = evidence.heard
    if not len(heard.dba) or not np.isfinite(heard.dba).any():
        return
    loudest = int(np.argmax(heard.dba))
    verdict.margin(
        "level",
        limits["level_ceiling_dba"] - heard.dba[loudest],
        loudest * LEVEL_S,
        f"{heard.dba[loudest]:.1f} dB(A)",
    )
    if heard.dbc is not None:
        loudest = int(np.argmax(heard.dbc))
        verdict.margin(
            "level_c",
            limits["level_ceiling_dbc"] - heard.dbc[loudest],
            loudest * LEVEL_S,
            f"{heard.dbc[loudest]:.1f} dB(C)",
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


def _onsets(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
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


def _counts(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    for name, count in sorted(evidence.counts.items()):
        verdict.margin("pops", -count, 0.0, f"{count} {name}")


# --- how much, and whether it was asked for ---


def _powered(evidence: Evidence, from_s: float, until_s: float) -> bool:
    """Return whether the power stayed all the while."""
    for event in evidence.script:
        if event["do"] == "power_cut" and from_s < event["at_s"] < until_s:
            return False
        if event["do"] == "supply" and event["to"] < 1.9 and from_s < event["at_s"] < until_s:
            return False
    return True


def _dose(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
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


def _seen_s(evidence: Evidence, press_s: float) -> float:
    """Return since when music may be heard after a press: nothing is played to a newborn whom the sensor has not seen."""
    if evidence.population != "newborn" or evidence.prescription["opening"] != "music":
        return press_s
    off = [span(event) for event in evidence.script if event["do"] == "sensor_off" and event.get("to") != 0]
    return max([press_s, *(until_s for from_s, until_s in off if from_s <= press_s < until_s < math.inf)])


def _fingers(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    heard, step_s = evidence.heard, STEP_S[evidence.tier]
    presses = sorted(event["at_s"] for event in evidence.script if event["do"] in ("press", "hold"))
    stops = [at_s for at_s, phase, _ in evidence.phases if phase in ("withdraw", "fault")]
    ended_s = -1.0
    blink_s = BLINK_S
    if evidence.programme:
        blink_s += sum(60.0 * one["minutes"] for one in itertools.takewhile(_silent, evidence.programme))
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
        if stopped and ended_s >= 0 and _powered(evidence, stopped[-1], from_s):
            seen = sum(1 for at_s in presses if stopped[-1] < at_s <= from_s + step_s)
            verdict.margin("after_stop", min(0, seen - 2), from_s, f"sound after a stop and {seen} presses")
        ended_s = until_s
    for event in evidence.script:
        at_s = event["at_s"]
        if event["do"] not in ("press", "hold") or not heard.sounds_within(at_s - 0.2, at_s):
            continue
        if not _powered(evidence, at_s - 1.0, at_s + 12.0):
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


# --- stops ---


def _stops(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
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


def _fades(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
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
        if hurried or not heard.sounds_within(at_s - 1.0, at_s) or not _powered(evidence, at_s, until_s):
            continue
        lasts_s = heard.silent_from(at_s, until_s) - at_s
        verdict.margin(
            "fade",
            lasts_s + grace_s - wanted_s,
            at_s,
            f"a last fade of {lasts_s:.1f} s",
        )


def _must_end(
    evidence: Evidence, verdict: Verdict, law: str, cause_s: float, due_s: float, told: str
) -> None:
    """The music that plays at `cause_s` must be silent by `due_s`."""
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


def _causes(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Take in what the script does to the device, whatever the device says of it."""
    fade_s = limits["stop_fade_s"] + limits["fade_grace_s"] + STEP_S[evidence.tier] + 0.2
    wired = evidence.prescription["mode"] != "open_loop" or evidence.population != "adult"
    for event in evidence.script:
        at_s, until_s = span(event)
        kind, over_s = event["do"], event.get("over_s", 0.0)
        value: float = event.get("to", 1.0)
        lasts_s = until_s - at_s
        if kind == "usb_host" and value != 0 and lasts_s > 1.0:
            _must_end(evidence, verdict, "usb", at_s, at_s + fade_s, "a computer was connected")
        elif kind == "supply" and value < limits["supply_v"] - 0.05:
            # From 5 V, or from whatever an earlier event left: the moment is only known when there is one.
            if sum(1 for other in evidence.script if other["do"] == "supply") == 1:
                low_s = at_s + over_s * (5.0 - (limits["supply_v"] - 0.05)) / (5.0 - value)
                if until_s - low_s > limits["supply_s"] + 1.5:
                    _must_end(
                        evidence,
                        verdict,
                        "supply",
                        low_s,
                        low_s + limits["supply_s"] + fade_s + 0.5,
                        "a low supply",
                    )
        elif kind == "room_sound" and value > limits["room_dba"] + 1 and not over_s:
            if lasts_s > limits["room_s"] + 1.5:
                _must_end(
                    evidence, verdict, "room", at_s, at_s + limits["room_s"] + fade_s + 0.5, "a loud room"
                )
        elif kind == "adc_fault" and lasts_s > 3.0:
            _must_end(evidence, verdict, "chip", at_s, at_s + 3.0, "the converter failed")
        elif (
            kind == "i2c_fault"
            and event.get("chip", "max30102") == "max30102"
            and wired
            and lasts_s > FAULT_S
        ):
            _must_end(evidence, verdict, "chip", at_s, at_s + FAULT_S, "the sensor failed")
        elif kind == "sensor_clock" and abs(value) > 6 and wired and lasts_s > FAULT_S + 5:
            _must_end(evidence, verdict, "chip", at_s, at_s + FAULT_S + 5, "the sensor's clock went wrong")
        elif kind == "press" and (event.get("for_s") or 0) > 21:
            _must_end(evidence, verdict, "stuck", at_s, at_s + 20.0 + fade_s, "the button stuck")


# --- a listening programme ---


def _silent(segment: dict) -> bool:
    return segment["source"] == "silence"


def _segments(evidence: Evidence, limits: Limits, sounding: Spans, verdict: Verdict) -> None:
    """Look at when each segment began: one after the other, as planned from the first one on. A song that is played a
    number of times ends when it ends, and the plan goes on from there; one that may end its phrase may be late by it.
    A silence that begins late keeps its minutes, once the fade into it is over: the plan goes on from there, too.
    """
    planned_s, before, began_s = 0.0, -1, 0.0
    for at_s, segment in evidence.segments:
        if segment == 0:  # a session begins
            planned_s = at_s
        elif segment != before + 1:
            verdict.margin("segment", -99.0, at_s, f"segment {segment + 1} after segment {before + 1}")
            planned_s = at_s
        else:
            last = evidence.programme[before]
            late_s = 0.0
            # The device is late from BOUNDARY_S on, by a clock of its own: as near to it as that, it may be or not.
            moved = _silent(last) and began_s > planned_s + BOUNDARY_S - STEP_S[evidence.tier]
            if moved:
                planned_s, late_s = began_s, INTO_SILENCE_S
            planned_s += 60.0 * last["minutes"]
            early_s = planned_s - at_s
            late_s = PHRASE_S if last["until"] == "phrase_end" or last["repeats"] else late_s
            if not last["repeats"]:
                verdict.margin(
                    "segment", BOUNDARY_S - early_s, at_s, f"segment {segment + 1} {early_s:.1f} s early"
                )
            verdict.margin(
                "segment", BOUNDARY_S + late_s + early_s, at_s, f"segment {segment + 1} {-early_s:.1f} s late"
            )
            if moved or (last["repeats"] and early_s > BOUNDARY_S):
                planned_s = at_s
        before, began_s = segment, at_s


# --- the tempo ---


def _pieces(evidence: Evidence) -> list[slice]:
    """Runs of rows in which a melody plays, a second apart."""
    known = np.isfinite(evidence.tempo_bpm)
    found, start = [], None
    for place in range(len(known)):
        goes_on = known[place] and (
            start is None or evidence.time_s[place] - evidence.time_s[place - 1] < 1.5
        )
        if goes_on and start is None:
            start = place
        elif not goes_on and start is not None:
            found.append(slice(start, place))
            start = place if known[place] else None
    if start is not None:
        found.append(slice(start, len(known)))
    return [piece for piece in found if piece.stop - piece.start >= 3]


def _tempo(evidence: Evidence, limits: Limits, verdict: Verdict) -> None:
    prescribed = evidence.prescription
    slowing = min(float(prescribed["lead_rate_percent_per_min"]), limits["lead_rate_percent_per_min"])
    # A melody that opened at a tempo of no patient glides to the patient's, and a ratio that no longer fits to another.
    # A listening programme's pieces have tempos of their own, and each glides to its own from the one before.
    glides = prescribed["opening"] == "music" or bool(evidence.programme)
    for piece in _pieces(evidence):
        time_s, tempo = evidence.time_s[piece], evidence.tempo_bpm[piece]
        low, high = int(np.argmin(tempo)), int(np.argmax(tempo))
        verdict.margin(
            "tempo_low", tempo[low] - limits["tempo_lowest_bpm"] + 0.01, time_s[low], f"{tempo[low]:.1f} bpm"
        )
        verdict.margin(
            "tempo_high",
            limits["tempo_highest_bpm"] - tempo[high] + 0.01,
            time_s[high],
            f"{tempo[high]:.1f} bpm",
        )
        step = np.abs(tempo[1:] / tempo[:-1] - 1) * 100
        worst = int(np.argmax(step))
        # A second of rows lies in two of the windows of a second in which the change is bounded.
        verdict.margin(
            "tempo_step",
            2 * limits["tempo_change_percent"] - step[worst],
            time_s[worst],
            f"{step[worst]:.2f} % in a second",
        )
        if len(tempo) > 61 and (glides or _other_ratio(evidence, piece)):
            # It is on its way to the patient's tempo: slower than it leads nowhere, yet within a rate of its own.
            rate = np.abs(1 - tempo[60:] / tempo[:-60]) * 100
            worst = int(np.argmax(rate))
            verdict.margin(
                "tempo_rate",
                limits["match_rate_percent_per_min"] + 0.15 - rate[worst],
                time_s[worst],
                f"{rate[worst]:.2f} % in a minute",
            )
        if glides or _other_ratio(evidence, piece):
            continue
        first = tempo[0]
        if prescribed["programme"] != "descend_and_rise":
            verdict.margin(
                "tempo_rise",
                0.1 - (tempo[high] / first - 1) * 100,
                time_s[high],
                f"{tempo[high]:.1f} bpm after {first:.1f}",
            )
        start = min(first, _tempo_of_the_baseline(evidence, piece.start))
        verdict.margin(
            "floor",
            tempo[low] / start * 100 - limits["slowest_percent"] + 1.0,
            time_s[low],
            f"{tempo[low]:.1f} bpm after {start:.1f}",
        )
        if len(tempo) > 61:
            rate = (1 - tempo[60:] / tempo[:-60]) * 100
            worst = int(np.argmax(rate))
            verdict.margin(
                "tempo_rate", slowing + 0.05 - rate[worst], time_s[worst], f"{rate[worst]:.2f} % in a minute"
            )


def _tempo_of_the_baseline(evidence: Evidence, begin: int) -> float:
    """Return the tempo that the true pulse before the melody stands for, by the ratio at which it begins at row `begin`.

    A pulse that rose while it was measured is met where it is, and may be led down as far as it was measured (bpm;
    infinite where no baseline lies before).
    """
    first = begin
    while first and evidence.phase[first - 1] in ("baseline", evidence.phase[begin]):
        first -= 1
    measured = evidence.true_bpm[first:begin]
    measured = measured[np.isfinite(measured)]
    now = evidence.true_bpm[begin]
    if not len(measured) or not np.isfinite(now):
        return float("inf")
    ratio = max(1.0, round(now / evidence.tempo_bpm[begin]))
    return float(np.median(measured)) / ratio


def _pace(evidence: Evidence, limits: Limits, verdict: Verdict) -> None:
    """Look at the pace at which a breath is led; beyond the limits of an adult's, or of anybody else, none is right."""
    for place in np.flatnonzero(np.isfinite(evidence.pace_bpm)):
        pace, at_s = evidence.pace_bpm[place], evidence.time_s[place]
        room = min(
            pace - limits.get("pace_slowest_bpm", np.inf), limits.get("pace_fastest_bpm", -np.inf) - pace
        )
        if evidence.prescription["mode"] != "follow_breath":
            room = -np.inf
        verdict.margin("pace", max(-99.0, room + 0.01), at_s, f"a pace of {pace:.1f}")


def _other_ratio(evidence: Evidence, piece: slice) -> bool:
    """Return whether in this run the music may have gone over to another ratio of the pulse: where the one it began
    with gives a
    tempo outside of what people sing to (40 to 90 bpm, by 4)."""
    shown, tempo = evidence.shown_bpm[piece], evidence.tempo_bpm[piece]
    known = np.isfinite(shown)
    if not known.any():
        return False
    first = int(np.argmax(known))
    followed = shown[known] / max(1.0, round(shown[first] / tempo[first]))
    return bool((followed < SUNG_BPM[0]).any() or (followed > SUNG_BPM[1]).any())


def _tempo_and_pulse(evidence: Evidence, limits: Limits, disturbed: Array, verdict: Verdict) -> None:
    """The tempo that a session begins at is one of the patient's; and it waits below the freeze limit."""
    truth, time_s = evidence.true_bpm, evidence.time_s
    prescribed = evidence.prescription
    for at_s, phase, _ in evidence.phases:
        if phase == "match" and prescribed["opening"] != "music":
            place = int(np.searchsorted(time_s, at_s))
            before = [row for row in range(max(0, place - 3), min(place + 3, len(time_s)))]
            named = [row for row in before if np.isfinite(evidence.tempo_bpm[row]) and time_s[row] >= at_s]
            past = truth[(time_s > at_s - 90) & (time_s <= at_s + 1)]
            past = past[np.isfinite(past)]
            earlier = [phase_before for phase_s, phase_before, _ in evidence.phases if phase_s < at_s]
            if not named or not len(past) or not earlier or earlier[-1] != "baseline":
                continue
            tempo = evidence.tempo_bpm[named[0]]
            away = min(
                max(past.min() / (tempo * ratio) - 1, 1 - past.max() / (tempo * ratio), 0.0)
                for ratio in RATIOS
            )
            verdict.margin(
                "tempo_of_pulse", TEMPO_OF_PULSE_PERCENT - 100 * away, at_s,
                f"{tempo:.1f} bpm for a pulse of {past.min():.0f} to {past.max():.0f}",
            )  # fmt: skip
    sensing_s = SENSING_S[evidence.tier]
    low = truth < limits["freeze_bpm"] * (1 - NEAR_PERCENT / 100)
    for first, last in _runs(low & ~disturbed & np.isfinite(evidence.tempo_bpm)):
        begin = int(np.searchsorted(time_s, time_s[first] + sensing_s))
        if begin < last and np.isfinite(evidence.shown_bpm[begin:last]).all():
            fall = (1 - evidence.tempo_bpm[begin:last].min() / evidence.tempo_bpm[begin]) * 100
            if evidence.programme or prescribed["opening"] != "music":
                verdict.margin(
                    "freeze", 0.2 - fall, time_s[begin], f"{fall:.2f} % slower below the freeze limit"
                )


def _runs(mask: Array) -> list[tuple[int, int]]:
    """Return where a mask is true: first row, row after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


# --- the patient ---


def _patient(evidence: Evidence, limits: Limits, disturbed: Array, sounding: Spans, verdict: Verdict) -> None:
    """From when the truth crosses a stop rule until silence."""
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
        for first, last in _runs(crossed & ~disturbed):
            # A reading begins some seconds after the sound, when the sensor is lit.
            for from_s, until_s in sounding:
                cause_s = max(evidence.time_s[first], from_s + 8.0)
                due_s = cause_s + rule_s + SENSING_S[evidence.tier] + fade_s
                still = evidence.time_s[min(last, len(evidence.time_s) - 1)] >= due_s
                if from_s + 8.0 <= cause_s < until_s and still:
                    _must_end(evidence, verdict, law, cause_s, due_s, f"the true {law.replace('_', ' ')}")


PATIENT_STOPS = ("bradycardia", "tachycardia", "desaturation", "wrong_population")


def _measure(evidence: Evidence, limits: Limits, disturbed: Array, verdict: Verdict) -> None:
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
    start = evidence.true_bpm[np.isfinite(evidence.true_bpm)][:90]
    risen = (
        np.median(start) * (1 + float(prescribed["pulse_rise_stop_percent"]) / 100) * (1 - NEAR_PERCENT / 100)
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


Judge = Callable[[Evidence, Limits], Verdict]
