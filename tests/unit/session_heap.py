"""Runs under MicroPython: bytes that a step of the session leaves on the heap, in every phase."""

import gc

from firmware.dose import Dose
from firmware.profile import Profile
from firmware.records import Inputs, Outputs
from firmware.session import Session

for population, pulse_mbpm in (("newborn", 150_000), ("adult", 72_000)):
    session = Session(Profile.ready(population), Dose())
    inputs = Inputs()
    outputs = Outputs()
    inputs.contact = True
    worst = {}
    now_ms = 0
    before = 0
    gc.collect()
    for turn in range(4_800):
        now_ms += 400
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
        before = gc.mem_alloc()
        session.step(now_ms, inputs, outputs)
        used = gc.mem_alloc() - before
        gc.enable()
        if turn % 2000 == 0:
            gc.collect()
        if phase == outputs.phase and used > worst.get(phase, 0):
            worst[phase] = used
        worst.setdefault(phase, 0)
    print(population, outputs.end, outputs.reason, sorted(worst.items()))
