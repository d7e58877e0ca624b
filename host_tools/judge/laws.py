"""The laws of a session: each with its unit and its row of the hazard table, and what a session comes to by them."""

from dataclasses import dataclass, field

import numpy as np

from host_tools.judge.evidence import Array, Evidence

Spans = list[tuple[float, float]]

# What the judge grants beside the limits, here and in each file of laws; none is a limit.
# Until the device sees in the light what is true of the patient: the step-level tier reads 3 (pulse) or 4 s (oxygen) late
# and at whole seconds; the whole device's bar is 10 s (docs/vitals-evidence.md).
SENSING_S = {"S": 5.0, "D": 10.0}
STEP_S = {"S": 0.15, "D": 0.05}  # when a tier looks; a block of sound is 16 ms
NEAR_PERCENT = 2.0  # a pulse nearer to a limit than this is on neither side of it

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


def powered(evidence: Evidence, from_s: float, until_s: float) -> bool:
    """Return whether the power stayed all the while."""
    for event in evidence.script:
        if event["do"] == "power_cut" and from_s < event["at_s"] < until_s:
            return False
        if event["do"] == "supply" and event["to"] < 1.9 and from_s < event["at_s"] < until_s:
            return False
    return True


def is_silence(segment: dict) -> bool:
    """Return whether a segment of a programme is a silence."""
    return segment["source"] == "silence"


def runs(mask: Array) -> list[tuple[int, int]]:
    """Return where a mask is true: first row, row after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
