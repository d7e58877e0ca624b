"""Runs under MicroPython and CPython: a checksum of many phrases, and what minutes of a pattern leave on the heap."""

import binascii
import gc
from array import array

from firmware.audio import Audio
from firmware.sound.pattern import KINDS, Pattern

used_bytes = getattr(gc, "mem_alloc", None) or (lambda: 0)


def total():
    value = 0
    for kind in sorted(KINDS):
        pattern = Pattern(kind)
        for seed in range(60):
            pattern.begin(seed * 17_895_697)
            for turn in range(4):
                value = binascii.crc32(pattern.data, value)
                pattern.turn(turn * 300)
    return value & 0xFFFFFFFF


def left_behind():
    audio = Audio(7400, 6000, 6500)
    block = array("h", bytes(512))
    pattern = Pattern("tide")
    pattern.begin(7)
    audio.set_tempo(80000)
    audio.set_mood(400, 500, 900)
    audio.play(pattern)
    for _ in range(300):
        audio.render(block)
    gc.collect()
    gc.disable()
    before = used_bytes()
    for _ in range(6000):
        audio.render(block)
    return used_bytes() - before


print(total(), left_behind())
