"""A session that follows an adult's breath, at step level: the patient is a function of the second and of the pace."""

from firmware.prescription.profile import Profile
from simulator.step_bench import StepBench

SWING = 4_000


def profile(**values):
    return Profile.from_values({"population": "adult", "mode": "follow_breath", **values})


class Bedside:
    """A session of an adult. `breathes` is asked for (breaths a minute, swing) with the pace that is shown, each second."""

    def __init__(self, breathes, phrase_every_s=12, **values):
        self.bench = StepBench(profile(**values))
        self.breathes = breathes
        self.phrase_every_s = phrase_every_s
        self.seconds = 0
        self.told = []  # each second: pace, swell, feedback, phase, reason, tempo
        self.bench.step("press")

    def run(self, seconds):
        bench = self.bench
        for _ in range(seconds):
            self.seconds += 1
            rate, swing = self.breathes(self.seconds, bench.outputs.pace_mbpm)
            bench.inputs.breathing_rate_mbpm = rate
            bench.inputs.breath_amplitude_mbpm = swing
            for tenth in range(10):
                ends = tenth == 0 and self.seconds % self.phrase_every_s == 0
                bench.sound.phrase_ends = ends
                bench.step()
            out = bench.outputs
            self.told.append(
                (out.pace_mbpm, out.swell_cdb, out.feedback_permille, out.phase, out.reason, out.tempo_mbpm)
            )
        return self

    def paces(self):
        found = []
        for pace, *_ in self.told:
            if pace is not None and (not found or found[-1] != pace):
                found.append(pace)
        return found


def follower(second, pace):
    return (pace or 14_000), SWING


def deaf(second, pace):
    return 14_000, SWING


def silent(second, pace):
    return None, None
