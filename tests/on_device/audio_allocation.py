"""Runs under MicroPython: prints the bytes that minutes of music with everything moving leave on the heap."""

import gc
import sys
from array import array

from firmware.audio import Audio
from firmware.drivers.flash_files import OpenFile
from firmware.sound.adpcm import SoundRecording
from firmware.sound.songs import SONGS

audio = Audio(7400, 6000, 6500)
block = array("h", bytes(512))
song = SONGS["dromore"]
recording = SoundRecording(OpenFile(sys.argv[1]).read_into, int(sys.argv[2]))
before = 0  # here, so that the measuring itself makes no new name


def minutes(blocks):
    for at in range(blocks):
        audio.set_tempo(60000 + at)
        if at % 7 == 0:
            audio.set_mood(at % 1000, at % 999, at % 998)
            audio.set_level(4500 + at % 900, 2000)
        audio.render(block)
        audio.take_phrase_end()


audio.soundscape("womb")
audio.set_recording(recording)
audio.play(recording if not recording.heartbeat else song)
minutes(500)
gc.collect()
gc.disable()
before = gc.mem_alloc()
minutes(6000)
audio.play(song)
minutes(3000)
audio.fade_out(2000)
minutes(300)
print(gc.mem_alloc() - before)
