"""Runs under MicroPython: the display's driver on the display's model; prints what stands on the panel.

The folder of the model is the argument: its package is CPython's, the model itself is plain Python.
"""

import gc
import json
import sys

import framebuf

from firmware.drivers.display import Screen

sys.path.append(sys.argv[1])
from ssd1306 import SSD1306


class Bus:
    def __init__(self, chip):
        self.chip = chip
        self.bytes = 0

    def writeto(self, address, buffer):
        self.bytes += len(buffer)
        if address != 0x3C or not self.chip.write(bytes(buffer), 0):
            raise OSError(5)


def expected(lines):
    canvas = framebuf.FrameBuffer(bytearray(512), 128, 32, framebuf.MONO_VLSB)
    for line in range(3):
        canvas.text(lines[line], 0, (0, 16, 24)[line])
    return "\n".join("".join("#" if canvas.pixel(x, y) else "." for x in range(128)) for y in range(32))


def shown_after(calls, lines, on):
    return [screen.show(lines, on) for _ in range(calls)]


chip = SSD1306()
bus = Bus(chip)
screen = Screen(bus)
result = {"silent_before": screen.show(["a", "b", "c"], True) and bus.bytes == 0}
for i in range(1024):
    chip.memory[i] = 0xFF  # what the memory holds at power-on is anybody's guess
result["configured"] = screen.configure()
result["dark"] = not chip.on and not any(chip.memory[:512])

first = ["Newborn", "slowing", "12 min left"]
result["steps"] = shown_after(5, first, True)
result["first"] = chip.picture() == expected(first)

second = ["Newborn", "slowing", "11 min left"]
before = bus.bytes
shown_after(3, second, True)
result["second"] = chip.picture() == expected(second)
result["bytes_for_a_line"] = bus.bytes - before

before = bus.bytes
shown_after(10, second, False)
result["off"] = not chip.on and bus.bytes - before == 2


class Mute:
    def writeto(self, address, buffer):
        pass


screen._bus = Mute()
texts = (first, second)
gc.collect()
gc.disable()
before = gc.mem_alloc()
for turn in range(100):
    screen.show(texts[turn & 1], True)
result["allocated"] = gc.mem_alloc() - before
gc.enable()

screen._bus = bus
chip.power_off()
result["failed"] = shown_after(3, first, False) and not screen.present
result["absent"] = not screen.configure()
print(json.dumps(result))
