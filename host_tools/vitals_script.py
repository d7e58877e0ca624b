"""Runs the firmware's Vitals over a recording; for MicroPython and CPython alike, so the standard library's core only.

Samples come as a file of little-endian 32-bit pairs ir, red. What goes out is one line a second of the
readings in the firmware's own integer units ("-" = unknown), and one line "b ticks" a beat. Under
MicroPython: `micropython vitals_script.py POPULATION SAMPLES`.
"""

import sys
from array import array

BLOCK = 10
SAMPLES_PER_S = 100


def play(vitals, samples, write):
    """Feed a binary file of samples in blocks of 10 with an update after each, as the device does."""
    block = array("I", [0] * (2 * BLOCK))
    ir = array("I", [0] * BLOCK)
    red = array("I", [0] * BLOCK)
    beats = 0
    at = 0
    while True:
        n = samples.readinto(block) // 8
        if n == 0:
            return
        for i in range(n):
            ir[i] = block[2 * i]
            red[i] = block[2 * i + 1]
        vitals.add(ir, red, n)
        at += n
        vitals.update(at * 10)
        while beats < vitals.beat_count:
            write("b %d\n" % vitals.beat_ticks(beats))
            beats += 1
        if at % SAMPLES_PER_S == 0:
            write("r %d" % (at // SAMPLES_PER_S))
            for value in (
                vitals.pulse_rate_mbpm,
                vitals.spo2_permille,
                vitals.perfusion_index_ppm,
                vitals.quality_percent,
                int(vitals.contact),
                vitals.pulse_reason,
                vitals.spo2_reason,
            ):
                write(" -" if value is None else " " + str(value))
            write("\n")


def main():
    from firmware.vitals import Vitals

    with open(sys.argv[2], "rb") as samples:
        play(Vitals(sys.argv[1]), samples, sys.stdout.write)


if __name__ == "__main__":
    main()
