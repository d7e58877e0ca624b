"""Runs under MicroPython and CPython: two lives of a session, what they leave on the heap, and their sum.

The sum is of every output of every step: the same on both, or an integer is not one.
"""

import gc

from firmware.care.dose import Dose
from firmware.care.session import Session
from firmware.prescription.profile import Profile
from firmware.step import Inputs, Outputs

STEP_MS = 400
TURNS = 4_800
# CPython has no count of its heap; there the sum alone is of interest.
used_bytes = getattr(gc, "mem_alloc", None) or (lambda: 0)


def life(population, pulse_mbpm):
    """One line: how it ended, bytes a step by phase, and the sum."""
    session = Session(Profile.ready(population), Dose())
    inputs = Inputs()
    outputs = Outputs()
    inputs.contact = True
    worst = {}
    total = 0
    gc.collect()
    for turn in range(TURNS):
        inputs.gesture = "press" if turn == 10 else None
        if turn > 2300:
            pulse_mbpm += (turn % 7 - 3) * 40
        inputs.pulse_rate_mbpm = None if 1750 < turn < 1775 else pulse_mbpm + turn % 5 * 10
        inputs.spo2_permille = 960
        inputs.perfusion_index_ppm = 10_000 + turn % 3
        inputs.knob_permille = 1000 - turn % 100 * 2
        inputs.phrase_ended = turn % 97 == 0
        inputs.audio_silent = not outputs.amplifier_on
        phase = outputs.phase
        gc.disable()
        before = used_bytes()
        session.step(turn * STEP_MS, inputs, outputs)
        used = used_bytes() - before
        gc.enable()
        if turn % 2000 == 0:
            gc.collect()
        worst[phase] = max(worst.get(phase, 0), used if phase == outputs.phase else 0)
        for value in (
            outputs.tempo_mbpm,
            outputs.level_cdba,
            outputs.level_over_ms,
            outputs.brightness_permille,
        ):
            total = (total * 31 + (value or 0)) % 1_000_003
    return f"{population} {outputs.end} {outputs.reason} {sorted(worst.items())} sum {total}"


def lives():
    return [life("newborn", 150_000), life("adult", 72_000)]


if __name__ == "__main__":
    for line in lives():
        print(line)
