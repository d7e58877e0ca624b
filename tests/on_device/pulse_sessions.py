"""Plays light to the firmware's Vitals and a whole session at step level under MicroPython: prints what came of it.

    micropython pulse_sessions.py STEP_BENCH CASES

STEP_BENCH: simulator/step_bench.py, which knows the firmware alone; its package would not load here. CASES: lines of
`POPULATION SAMPLES_FILE` (pairs of 32-bit numbers ir, red at 100 a second). One line of JSON each:
[end, reason, stop_ms, [at each second: phase, pulse shown (mbpm), SpO2 (permille), tempo (mbpm), level asked for (cdba)]]
end and reason are the session's; stop_ms is when it left baseline, match, lead, sustain and hold, or null.
"""

import json
import sys
from array import array

BLOCK = 10
PLAYING = ("baseline", "match", "lead", "sustain", "hold")


def play(step_bench, population, place):
    from firmware.prescription.profile import Profile
    from firmware.vitals import Vitals

    bench = step_bench(Profile.ready(population))
    vitals = Vitals(population)
    session = bench.session
    low_mbpm = session.guard.low_mbpm
    inputs = bench.inputs
    bench.sound.phrase_ends = True
    ir = array("I", [0] * BLOCK)
    red = array("I", [0] * BLOCK)
    block = array("I", [0] * (2 * BLOCK))
    rows = []
    stop_ms = None
    now_ms = 0
    with open(place, "rb") as file:
        while file.readinto(block) == 8 * BLOCK:
            for i in range(BLOCK):
                ir[i] = block[2 * i]
                red[i] = block[2 * i + 1]
            now_ms += BLOCK * 10
            vitals.add(ir, red, BLOCK)
            vitals.update(now_ms)
            pulse = vitals.pulse_rate_mbpm
            spo2 = vitals.spo2_permille
            inputs.contact = vitals.contact
            inputs.candidate_mbpm = vitals.candidate_mbpm()
            inputs.slow_for_ms = vitals.slow_for_ms(low_mbpm)
            inputs.perhaps_slow_for_ms = vitals.perhaps_slow_for_ms(low_mbpm)
            inputs.perhaps_newborns = vitals.perhaps_newborns()
            bench.pulse_bpm = None if pulse is None else pulse / 1000
            bench.spo2_percent = None if spo2 is None else spo2 / 10
            outputs = bench.step("press" if now_ms == 200 else None)
            if stop_ms is None and now_ms > 200 and session.phase not in PLAYING:
                stop_ms = now_ms
            if now_ms % 1000 == 0:
                rows.append([session.phase, pulse, spo2, outputs.tempo_mbpm, outputs.level_cdba])
            if stop_ms is not None and session.over:
                break
    return [session.end, session.reason, stop_ms, rows]


def main():
    names = {}
    with open(sys.argv[1]) as file:
        exec(file.read(), names)
    with open(sys.argv[2]) as file:
        cases = [line.split() for line in file]
    for population, place in cases:
        print(json.dumps(play(names["StepBench"], population, place)))


main()
