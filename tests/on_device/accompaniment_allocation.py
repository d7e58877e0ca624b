"""Runs under MicroPython: prints the bytes that minutes of accompaniment leave on the heap, session and light included."""

import gc
from array import array

from firmware.audio import Audio
from firmware.care.accompany import AccompanyConductor, AccompanySession
from firmware.care.dose import Dose
from firmware.prescription.profile import Profile
from firmware.sound.songs import SONGS
from firmware.step import Inputs, Outputs

values = {"melody": "accompany", "light_swell": True, "opening": "music", "early_unlock": True}
profile = Profile.from_values(values)
dose = Dose()
dose.pass_minutes(1440)
audio = Audio(7400, 6000, 6500, True)
conductor = AccompanyConductor(audio, SONGS["twinkle"], "ocean", None)
session = AccompanySession(profile, dose)
inputs, outputs = Inputs(), Outputs()
block = array("h", bytes(512))
inputs.contact, inputs.quality_percent, inputs.supply_mv, inputs.heap_free_bytes = True, 90, 5000, 60000
inputs.knob_permille = 1000
before = 0


def minutes(first, last, gesture):
    for at in range(first, last):
        inputs.gesture = gesture
        gesture = None
        lit = outputs.sensor_on
        inputs.pulse_rate_mbpm = 150000 if lit else None
        inputs.spo2_permille = 970 if lit else None
        inputs.perfusion_index_ppm = 10000 + at % 11 if lit else None
        inputs.room_level_cdba = 4500 + at * 7 % 1900
        conductor.gather(inputs)
        inputs.measured_level_cdba = inputs.level_cdba
        session.step(at * 96 & 0x3FFFFFFF, inputs, outputs)
        conductor.follow(outputs)
        for _ in range(6):
            audio.render(block)


minutes(0, 1800, "press")
gc.collect()
gc.disable()
before = gc.mem_alloc()
minutes(1800, 4300, None)
assert outputs.playing and audio.bar_permille() is not None, outputs.reason
print(gc.mem_alloc() - before)
