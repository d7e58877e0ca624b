"""Which hazards of the table a session provoked; and for those that no session can, a line saying why."""

import numpy as np

from host_tools.judge.evidence import Evidence, span
from host_tools.judge.limits import Limits

CANNOT = {
    13: "nobody wears the simulated sensor: the reminder on the display is a test's business",
    14: "no alarm of a ward sounds in the simulator: to be tried in the room",
    15: "what a person takes the device for cannot be simulated; tests hold what panel and display show",
    17: "a profile that the table does not allow never reaches a bedside: refused by tests and by the fuzzing of the link",
    18: "a session has no person's name in it; tests hold every answer's fields",
    23: "every session of a campaign has a confirmed profile; a test holds the refusal without",
    26: "no event of a scenario makes the program late, full or hung; tests break its tasks one by one",
    39: "only tier D hears a made melody, and no plan asks for an alarm's: ten thousand phrases in a test do",
    40: "a sham needs the seal of a study, which no plan has: a test plays both arms beside each other",
    41: "nobody sings in a plan, and only a profile with melody = 'accompany' leaves them room: tests hold level and gate",
    42: "no plan brings a recorded voice; a test holds the ceiling of voice and accompaniment together",
}


def hazards(evidence: Evidence, limits: Limits) -> list[int]:
    """Return the numbers of the rows that this session gave occasion to, in order."""
    found: set[int] = set()
    heard, script = evidence.heard, evidence.script
    sounded = bool(heard.audible.any())

    def while_sounding(event: dict) -> bool:
        return heard.sounds_within(event["at_s"] - 1.0, event["at_s"] + 0.2)

    highest = limits["level_mean_dba"]
    if sounded and float(evidence.prescription["level_dba"]) >= highest - 2:
        found.add(1)
    if sounded:
        found.add(31)  # whenever it may be written is when something sounds, or has
    if evidence.irregular >= 0.1:
        found |= {5, 6}
    if sounded and evidence.prescription["mode"] == "follow_breath":
        found.add(35)
        if evidence.irregular >= 0.1:
            found.add(36)
        if np.isfinite(evidence.pace_bpm).any():
            found |= {33, 34, 37}
    if any(segment > 0 for _, segment in evidence.segments):
        found.add(38)
    made_on_the_device = evidence.tier == "D" and evidence.prescription["song"].startswith("pattern_")
    if made_on_the_device and np.isfinite(evidence.tempo_bpm).any():
        found.add(39)
    for event in script:
        kind, value = event["do"], event.get("to", 0.0)
        at_s, until_s = span(event)
        if kind == "knob" and value >= 90 and while_sounding(event):
            found.add(2)
        elif kind == "power_cut" or (kind == "supply" and value < 1.9):
            if while_sounding(event):
                found |= {3, 4}
        elif kind == "pulse_rate":
            found.add(5)
        elif kind == "sensor_clock":
            found.add(7)
        elif kind in ("sensor_off", "motion", "perfusion"):
            found.add(8)
            if kind == "motion" and value > 1.0:
                found.add(6)
        elif kind == "i2c_fault":
            found |= {"garbage": {12}, "frozen": {27}}.get(event.get("kind", "nack"), set())
        elif kind == "adc_fault":
            found.add(25)
        elif kind == "usb_host":
            found.add(20)
        elif kind == "flash_worn":
            found.add(32)
        elif kind == "room_sound" and value > limits["room_dba"] and until_s - at_s > limits["room_s"]:
            found.add(29)
        if kind == "supply" and value < limits["supply_v"] and sounded:
            found.add(19)
        if kind in ("press", "hold") and while_sounding(event):
            found.add(22)
            if event.get("for_s", 0.0) > 20:
                found.add(28)
    stretches = evidence.sounding()
    if any(until_s - from_s < limits["counts_from_s"] for from_s, until_s in stretches):
        found.add(21)
    ended = [at_s for at_s, end, _ in evidence.ends if end == "withdrawn"]
    if ended and evidence.duration_s - ended[0] > 60:
        found.add(30)
    if any(reason in ("too_soon", "dose") for _, _, reason in evidence.ends) or len(stretches) > 1:
        found.add(11)
    if any(reason == "wrong_population" for _, _, reason in evidence.ends):
        found.add(16)
    _truth(evidence, limits, found)
    return sorted(found)


def _truth(evidence: Evidence, limits: Limits, found: set[int]) -> None:
    """Look at what was true of the patient while the device was at work."""
    lit = np.array([phase not in ("idle", "fault") for phase in evidence.phase], bool)
    if not lit.any():
        return
    pulse, oxygen = evidence.true_bpm[lit], evidence.true_spo2[lit]
    least = max(limits.get("spo2_percent", 0.0), float(evidence.prescription["spo2_stop_percent"]))
    with np.errstate(invalid="ignore"):
        if (pulse < limits["freeze_bpm"]).any():
            found.add(9)
        if (oxygen < least).any() or (pulse > limits["high_bpm"]).any():
            found.add(10)
        known = pulse[np.isfinite(pulse)]
        if len(known) and known.max() > 1.2 * np.median(known[:90]):
            found.add(10)
        if least and (np.abs(oxygen - least) < 3).any() and evidence.disturbed()[lit].any():
            found.add(24)
