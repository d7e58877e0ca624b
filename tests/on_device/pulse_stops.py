"""Runs light through the firmware's Vitals and Guard under MicroPython: prints when the guard stops the music.

    micropython pulse_stops.py newborn|adult SAMPLES

SAMPLES: pairs of 32-bit numbers ir, red at 100 a second. Prints the second of the first stop, or nothing.
"""

import sys
from array import array

BLOCK = 10


def main():
    from firmware.care.guard import FADE, Guard
    from firmware.care.hour import Hour
    from firmware.prescription.profile import Profile
    from firmware.step import Inputs, Outputs
    from firmware.vitals import Vitals

    vitals = Vitals(sys.argv[1])
    guard = Guard(Profile.ready(sys.argv[1]), Hour())
    inputs = Inputs()
    inputs.supply_mv = 5000
    inputs.audio_silent = False
    outputs = Outputs()
    outputs.amplifier_on = outputs.playing = True
    ir = array("I", [0] * BLOCK)
    red = array("I", [0] * BLOCK)
    block = array("I", [0] * (2 * BLOCK))
    now_ms = 0
    with open(sys.argv[2], "rb") as file:
        while file.readinto(block) == 8 * BLOCK:
            for i in range(BLOCK):
                ir[i] = block[2 * i]
                red[i] = block[2 * i + 1]
            now_ms += BLOCK * 10
            vitals.add(ir, red, BLOCK)
            vitals.update(now_ms)
            inputs.pulse_rate_mbpm = vitals.pulse_rate_mbpm
            inputs.pulse_reason = vitals.pulse_reason
            inputs.contact = vitals.contact
            inputs.candidate_mbpm = vitals.candidate_mbpm()
            inputs.slow_for_ms = vitals.slow_for_ms(guard.low_mbpm)
            inputs.perhaps_slow_for_ms = vitals.perhaps_slow_for_ms(guard.low_mbpm)
            inputs.perhaps_newborns = vitals.perhaps_newborns()
            inputs.perfusion_index_ppm = 10_000 + now_ms // 100 % 7
            verdict = guard.check(now_ms, inputs)
            guard.limit(outputs)
            outputs.amplifier_on = True
            if verdict.action >= FADE:
                print(now_ms / 1000)
                return


main()
