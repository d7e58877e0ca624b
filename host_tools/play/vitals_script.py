"""Runs the firmware's Vitals over a recording, under MicroPython and CPython alike: imports what both have.

    micropython vitals_script.py newborn|adult SAMPLES

SAMPLES is a file of pairs of 32-bit numbers ir, red at 100 a second; the pair GAP, n is n lost samples.
What goes out is a line "r second values..." each second, in the firmware's own integer units with "-" for
unknown, and a line "b ticks" for each beat.
"""

import io
import sys
from array import array

GAP = 0xFFFFFFFF
BLOCK = 10  # samples between updates, as on the device
SAMPLES_PER_S = 100
_PIECES = 1000
_PAPER_BYTES = 8000


class RecordingPlayer:
    """Feeds samples to a Vitals and writes what it shows."""

    def __init__(self, vitals, write):
        self._vitals = vitals
        self._write = write
        self._ir = array("I", [0] * BLOCK)
        self._red = array("I", [0] * BLOCK)
        self._waiting = 0
        self._ir_last = 0
        self._red_last = 0
        self._samples = 0
        self._rows = 0
        self._beats = 0

    def play(self, file):
        """Play the whole file; returns after its last sample."""
        block = array("I", [0] * (2 * BLOCK))
        while True:
            pairs = file.readinto(block) // 8
            if not pairs:
                self._flush()
                self._wait()
                return
            for i in range(pairs):
                if block[2 * i] == GAP:
                    self._flush()
                    self._vitals.lost(block[2 * i + 1])
                    self._samples += block[2 * i + 1]
                    self._update()
                else:
                    self._ir[self._waiting] = block[2 * i]
                    self._red[self._waiting] = block[2 * i + 1]
                    self._waiting += 1
                    if (self._samples + self._waiting) % BLOCK == 0:
                        self._flush()

    def _wait(self):
        """Hold the last sample for a second, so that beats which the estimator is still thinking about come out."""
        end = self._samples * 32
        vitals = self._vitals
        for i in range(BLOCK):
            self._ir[i] = self._ir_last
            self._red[i] = self._red_last
        for _ in range(SAMPLES_PER_S // BLOCK):
            vitals.add(self._ir, self._red, BLOCK)
            self._samples += BLOCK
            vitals.update(self._samples * 10)
        while self._beats < vitals.beat_count and vitals.beat_ticks(self._beats) < end:
            self._write("b " + str(vitals.beat_ticks(self._beats)) + "\n")
            self._beats += 1

    def _flush(self):
        if self._waiting:
            self._ir_last = self._ir[self._waiting - 1]
            self._red_last = self._red[self._waiting - 1]
            self._vitals.add(self._ir, self._red, self._waiting)
            self._samples += self._waiting
            self._waiting = 0
            self._update()

    def _update(self):
        vitals = self._vitals
        write = self._write
        vitals.update(self._samples * 10)
        while self._beats < vitals.beat_count:
            write("b " + str(vitals.beat_ticks(self._beats)) + "\n")
            self._beats += 1
        while self._rows < self._samples // SAMPLES_PER_S:
            self._rows += 1
            write("r " + str(self._rows))
            self._show(vitals.pulse_rate_mbpm)
            self._show(vitals.spo2_permille)
            self._show(vitals.perfusion_index_ppm)
            self._show(vitals.quality_percent)
            self._show(int(vitals.contact))
            self._show(vitals.pulse_reason)
            self._show(vitals.spo2_reason)
            variability = vitals.variability  # adults' only
            self._show(variability and variability.breath.rate_mbpm)
            self._show(variability and variability.breath.amplitude_mbpm)
            self._show(variability and variability.rmssd_us)
            self._show(variability and variability.beats_corrected_permille)
            write("\n")

    def _show(self, value):
        self._write(" -" if value is None else " " + str(value))


class Paper:
    """Gathers what is written, to hand on a thousand pieces at a time: whoever reads is woken each time."""

    def __init__(self, write):
        self._hand_on = write
        self._begin()

    def _begin(self):
        self._text = io.StringIO(_PAPER_BYTES)  # so that it does not grow, and leave garbage behind
        self._pieces = 0

    def write(self, piece):
        self._text.write(piece)
        self._pieces += 1
        if self._pieces == _PIECES:
            self.hand_over()

    def hand_over(self):
        """Hand on what is left."""
        self._hand_on(self._text.getvalue())
        self._begin()


def main():
    """Play the file named on the command line to standard output."""
    from firmware.vitals import Vitals

    paper = Paper(sys.stdout.write)
    with open(sys.argv[2], "rb") as file:
        RecordingPlayer(Vitals(sys.argv[1]), paper.write).play(file)
    paper.hand_over()


if __name__ == "__main__":
    main()
