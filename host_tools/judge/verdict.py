"""The judge: reads what came out of a session and measures how far it stayed from each limit.

It imports nothing of the firmware. Its limits are the data of docs/hazards.toml, its laws are written from the hazard
table. A margin is in the unit of its limit, positive on the safe side; below 0 the law is broken. A law that a session gave
no occasion for has no margin.
"""

from host_tools.judge import causes
from host_tools.judge.asking_laws import look_at_dose, look_at_fingers
from host_tools.judge.ending_laws import look_at_causes, look_at_fades, look_at_stops
from host_tools.judge.evidence import Evidence
from host_tools.judge.laws import Verdict
from host_tools.judge.limits import Limits
from host_tools.judge.patient_laws import look_at_patient, measure
from host_tools.judge.sound_laws import look_at_counts, look_at_levels, look_at_onsets
from host_tools.judge.tempo_laws import look_at_pace, look_at_segments, look_at_tempo, look_at_tempo_and_pulse


def judge(evidence: Evidence, limits: Limits) -> Verdict:
    """Measure one session against the limits of its profile's population (limits.of)."""
    verdict = Verdict()
    sounding = evidence.sounding()
    look_at_onsets(evidence, limits, sounding, verdict)
    sounding = evidence.sessions()
    for law in (
        look_at_levels,
        look_at_counts,
        look_at_dose,
        look_at_fingers,
        look_at_stops,
        look_at_fades,
        look_at_causes,
        look_at_segments,
    ):
        law(evidence, limits, sounding, verdict)
    if len(evidence.time_s):
        disturbed = evidence.disturbed()
        look_at_tempo(evidence, limits, verdict)
        look_at_pace(evidence, limits, verdict)
        look_at_tempo_and_pulse(evidence, limits, disturbed, verdict)
        look_at_patient(evidence, limits, disturbed, sounding, verdict)
        measure(evidence, limits, disturbed, verdict)
    if evidence.step_laws:
        at_s, told = evidence.step_laws[0]
        verdict.broken["step_laws"] = f"{told}, at {at_s:.1f} s"
    uncaused = causes.missing(evidence)
    if uncaused is not None:
        verdict.broken["cause"] = uncaused
    return verdict
