"""Runs the firmware's Vitals over a recording, under MicroPython and CPython alike: imports what both have.

    micropython vitals_script.py newborn|adult SAMPLES

SAMPLES is a file of blocks of 32-bit numbers, 100 samples a second: how many samples, the infrared of BLOCK, the red of
BLOCK; a block ends at every tenth sample and at a gap. A block that begins with GAP, n is n lost samples.
What goes out is a line "r second values..." each second, in the firmware's own integer units with "-" for
unknown, and a line "b ticks" for each beat.
"""

import io
import sys
from array import array

GAP = 0xFFFFFFFF
BLOCK = 10  # samples between updates, as on the device
WORDS = 1 + 2 * BLOCK
SAMPLES_PER_S = 100
_BLOCKS_READ = 64  # at once
_PIECES = 1000
_PAPER_BYTES = 8000


class RecordingPlayer:
    """Feeds samples to a Vitals and writes what it shows."""

    def __init__(self, vitals, write):
        self._vitals = vitals
        self._write = write
        self._ir_last = 0
        self._red_last = 0
        self._samples = 0
        self._rows = 0
        self._beats = 0

    def play(self, file):
        """Play the whole file; returns after its last sample."""
        words = array("I", [0] * (WORDS * _BLOCKS_READ))
        # Views of the lights lie ready: nothing is copied, and nothing allocated, for a block.
        places = range(0, len(words), WORDS)
        view = memoryview(words)
        lights = [(view[at + 1 : at + 1 + BLOCK], view[at + 1 + BLOCK : at + WORDS]) for at in places]
        vitals = self._vitals
        while True:
            blocks = file.readinto(words) // (4 * WORDS)
            if not blocks:
                self._wait()
                return
            for number in range(blocks):
                count = words[places[number]]
                ir, red = lights[number]
                if count == GAP:
                    vitals.lost(ir[0])
                    self._samples += ir[0]
                else:
                    vitals.add(ir, red, count)
                    self._ir_last = ir[count - 1]
                    self._red_last = red[count - 1]
                    self._samples += count
                self._update()

    def _wait(self):
        """Hold the last sample for a second, so that beats which the estimator is still thinking about come out."""
        end = self._samples * 32
        vitals = self._vitals
        ir = array("I", [self._ir_last] * BLOCK)
        red = array("I", [self._red_last] * BLOCK)
        for _ in range(SAMPLES_PER_S // BLOCK):
            vitals.add(ir, red, BLOCK)
            self._samples += BLOCK
            vitals.update(self._samples * 10)
        while self._beats < vitals.beat_count and vitals.beat_ticks(self._beats) < end:
            self._write("b " + str(vitals.beat_ticks(self._beats)) + "\n")
            self._beats += 1

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
