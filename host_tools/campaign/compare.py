"""Whether the two tiers decide alike on the same session: the step level (S) beside the whole device (D).

The step level sees no light: it reads the truth some seconds late. So it is asked more than once, with sensors that are
slower, blinder, hardier or somewhat off, and the device has to decide as one of them. Where only a reading of disturbed
light can have made the difference, that is counted apart: the step level cannot know it. Everything else is a failure.
"""

import math

from host_tools.judge.evidence import Evidence
from host_tools.judge.witness import of_steps
from simulator import step_bedside
from simulator.scenario import Scenario
from simulator.step_bedside import Sensor

AGREED, READ_OTHERWISE, DIFFERED = "agreed", "read_otherwise", "differed"
WITHIN_S = 15.0
FADE_S = 12.0  # of an end that was decided, and a little more: until then a press means another thing than after it
# A sensor that is off by half of what its bars allow.
NEAR = (Sensor(pulse_times=1.015, spo2_more_percent=1.0), Sensor(pulse_times=0.985, spo2_more_percent=-1.0))
# What a sensor may be: as it is, slow, blind in any disturbance, looking through all of them, and off by what its bars
# allow or by half of that: beside a limit, when it is decided hangs on by how much; and wavering, as beats do, so that a
# rule which has to hold without a gap may never hold for long enough.
SENSORS = (
    Sensor(),
    Sensor(pulse_late_s=8, spo2_late_s=9),
    Sensor(motion_percent=0.2, ambient_ua=5.0, perfusion_percent=0.3, settles_s=6, recovers_s=15),
    Sensor(motion_percent=50.0, ambient_ua=1000.0, perfusion_percent=0.0),
    Sensor(pulse_times=1.03, spo2_more_percent=2.0),
    Sensor(pulse_times=0.97, spo2_more_percent=-2.0),
    *NEAR,
    Sensor(pulse_wavers=0.01),
)
# Decisions that hang on what was read in the light.
READ = (
    "bradycardia", "tachycardia", "desaturation", "wrong_population", "signal_lost", "no_contact", "sensor_fault",
    "readings_frozen",
)  # fmt: skip

Decision = tuple[float, str, str | None]


def compare(scenario: Scenario, device: Evidence, first: Evidence | None = None) -> tuple[str, str]:
    """Return how the device's decisions stand beside the step level's: a word, and a sentence ("" where they agree).

    first: the step level's evidence with the usual sensor, where it was played already.
    """
    told, worst, before, played = "", None, (), {}
    for number, sensor in enumerate(SENSORS):
        steps = (
            first
            if number == 0 and first is not None
            else of_steps(step_bedside.play(scenario, None, sensor))
        )
        apart = _difference(device.ends, steps.ends)
        if apart is None:
            return AGREED, ""
        played[sensor] = steps.ends
        if number == 0:
            told, worst = _told(apart), apart
            before = _just_before(apart, device.ends, steps.ends)
    if worst is None:
        return AGREED, ""
    theirs, ours = worst
    presses_s = [event["at_s"] for event in device.script if event["do"] in ("press", "hold")]
    if _parted_by_a_press(device.ends, played[SENSORS[0]], presses_s):
        return READ_OTHERWISE, told
    if _between(device.ends, played[SENSORS[0]], [played[sensor] for sensor in NEAR]):
        return READ_OTHERWISE, told
    at_s = min(decision[0] for decision in worst if decision is not None)
    read = any(decision is not None and decision[2] in READ for decision in (theirs, ours, *before))
    if read and bool(device.disturbed()[device.time_s <= at_s + WITHIN_S].any()):
        return READ_OTHERWISE, told
    return DIFFERED, told


Apart = tuple[Decision | None, Decision | None]


def _difference(device: list[Decision], steps: list[Decision]) -> Apart | None:
    """The first decision of the device and of the step level that are not the same, or None."""
    for place in range(max(len(device), len(steps))):
        theirs = device[place] if place < len(device) else None
        ours = steps[place] if place < len(steps) else None
        if theirs is None or ours is None or theirs[1:] != ours[1:] or abs(theirs[0] - ours[0]) > WITHIN_S:
            return theirs, ours
    return None


def _between(device: list[Decision], usual: list[Decision], near: list[list[Decision]]) -> bool:
    """Return whether the device's first decision that is not the usual sensor's is one read in the light that one sensor
    makes sooner and another later or never: with the truth beside a limit it comes whenever the readings happen to cross.
    """
    for place, (at_s, end, reason) in enumerate(device):
        times_s = [
            ends[place][0] if place < len(ends) and ends[place][1:] == (end, reason) else math.inf
            for ends in (usual, *near)
        ]
        if abs(times_s[0] - at_s) > WITHIN_S:
            return reason in READ and min(times_s) < at_s < max(times_s)
    return False


def _parted_by_a_press(device: list[Decision], steps: list[Decision], presses_s: list[float]) -> bool:
    """Return whether a press lies between a decision read in the light and the same one of the other, before they differ:
    it came after the stop to the one, and before it to the other, near as the two are.
    """
    for theirs, ours in zip(device, steps, strict=False):
        first_s, last_s = sorted((theirs[0], ours[0]))
        if theirs[1:] != ours[1:] or last_s - first_s > WITHIN_S:
            return False
        if theirs[2] in READ and any(first_s < at_s <= last_s for at_s in presses_s):
            return True
    return False


def _just_before(apart: Apart, *ends: list[Decision]) -> tuple[Decision, ...]:
    """Return, for a press that only one of them refused, what either decided just before: in the fade of an end a press is
    let go, after it refused, so that it hangs on the second in which the light was read."""
    made = [decision for decision in apart if decision is not None]
    if any(end != "refused" for _, end, _ in made):
        return ()
    at_s = min(at for at, _, _ in made)
    return tuple(one for decided in ends for one in decided if 0 < at_s - one[0] <= WITHIN_S + FADE_S)


def _told(apart: Apart) -> str:
    said = [
        "nothing" if decision is None else f"{decision[1]} ({decision[2]}) at {decision[0]:.0f} s"
        for decision in apart
    ]
    return f"the device: {said[0]}; the step level: {said[1]}"
