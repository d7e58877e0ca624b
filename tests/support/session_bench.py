"""The simulator's session at step level, with its laws looked at in every step, and the gestures of a test."""

import math
from collections import namedtuple

from firmware.prescription.profile import Profile
from simulator.laws import Laws
from simulator.step_bench import STEP_MS, StepBench

Row = namedtuple("Row", "time_s phase reason end tempo_bpm level_dba sounding light melody")


class Bench(StepBench):
    """One device with one profile of these settings, and a row of it each second."""

    def __init__(self, population="newborn", dose=None, laws=True, **settings):
        profile = Profile.from_values({"population": population, **settings})
        super().__init__(profile, dose)
        self.rows = []
        self.total_ms = 0  # of sound since the power came
        self._laws = Laws(population, profile.opening, profile.lead_rate_permille) if laws else None

    def step(self, gesture=None, step_ms=STEP_MS):
        outputs = super().step(gesture, step_ms)
        if self.sounding:
            self.total_ms += step_ms
        if self._laws is not None:
            broken = self._laws.broken(self.now_ms, outputs, self.sound.heard_cdba, gesture)
            assert not broken, f"after {self.now_ms / 1000:g} s: {'; '.join(broken)}"
        if self.now_ms % 1000 == 0:
            self.rows.append(self.row())
        return outputs

    def row(self):
        out = self.outputs
        heard_cdba = self.sound.heard_cdba
        return Row(
            self.now_ms / 1000, out.phase, out.reason, out.end,
            None if out.tempo_mbpm is None else out.tempo_mbpm / 1000,
            None if heard_cdba is None else heard_cdba / 100,
            self.sounding, (out.light_colour, out.light_permille), out.melody_on,
        )  # fmt: skip

    def run(self, seconds, until=None):
        """Let time pass; ends early in the phase `until`. Returns the seconds that passed."""
        left_ms = int(seconds * 1000)
        while left_ms >= STEP_MS:
            # While nothing sounds or is about to, a second is as good as ten tenths.
            quiet = not self.outputs.sensor_on and left_ms >= 1000 and self.now_ms % 1000 == 0
            step_ms = 1000 if quiet else STEP_MS
            self.step(step_ms=step_ms)
            left_ms -= step_ms
            if until is not None and self.outputs.phase == until:
                break
        return seconds - left_ms / 1000

    def press(self):
        return self.step("press")

    def hold(self):
        return self.step("hold")

    def start(self, seconds=0):
        self.press()
        self.run(seconds)
        return self

    @property
    def phase(self):
        return self.outputs.phase

    @property
    def tempo_bpm(self) -> float:
        """Of the melody that plays; NaN, which compares with nothing, while there is none."""
        return math.nan if self.outputs.tempo_mbpm is None else self.outputs.tempo_mbpm / 1000
