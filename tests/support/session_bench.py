"""A bedside without chips: a session, its guard, a sound that does as it is told, and the laws every step
must keep.

The patient is whatever a test writes into `inputs`. `step` moves 100 ms of virtual time. The sound here is a
level that glides as audio.py's does; nothing of the synthesiser runs, so an hour costs a second or two.
"""

import math
from collections import namedtuple

from firmware.care.dose import Dose
from firmware.care.session import Session
from firmware.prescription.profile import Profile
from firmware.step import Inputs, Outputs

STEP_MS = 100
CEILING_CDBA = {"newborn": 5000, "adult": 6000}  # of the mean that may be asked for
SLOWEST = {"newborn": 0.91, "adult": 0.84}  # of the baseline or the first tempo, as the guard has it
RATE_PERMILLE = {"newborn": 10, "adult": 20}  # a minute
ONSET_MS = {"newborn": 30_000, "adult": 15_000}
LONGEST_MS = {"newborn": 1_800_000, "adult": 2_700_000}
DAILY_MIN = {"newborn": 60, "adult": 90}
GAP_MIN = {"newborn": 60, "adult": 30}

Row = namedtuple("Row", "time_s phase reason end tempo_bpm level_dba sounding light melody")


class Sound:
    """What is heard: None is silence, else a level in hundredths of dB(A)."""

    def __init__(self):
        self.level_cdba = None
        self._to_cdba = 0
        self._left_ms = 0
        self._fading = False

    def obey(self, outputs):
        if outputs.mute_now or not outputs.amplifier_on:
            self.level_cdba = None
            self._fading = False
            return
        if outputs.fade_over_ms is not None and self.level_cdba is not None:
            self._to_cdba, self._left_ms, self._fading = 0, outputs.fade_over_ms, True
        elif outputs.level_over_ms is not None and outputs.playing and not self._fading:
            if self.level_cdba is None:
                self.level_cdba = 0
            self._to_cdba, self._left_ms = outputs.level_cdba, outputs.level_over_ms

    def pass_time(self, elapsed_ms):
        if self.level_cdba is None:
            return
        if self._left_ms > elapsed_ms:
            self.level_cdba += (self._to_cdba - self.level_cdba) * elapsed_ms / self._left_ms
            self._left_ms -= elapsed_ms
        else:
            self._left_ms = 0
            self.level_cdba = None if self._fading else self._to_cdba
            self._fading = False


class Bench:
    """One device with one profile. Give the pulse in beats a minute; None is no signal."""

    def __init__(self, population="newborn", dose=None, laws=True, **settings):
        self.profile = Profile.from_values({"population": population, **settings})
        self.population = population
        self.dose = dose or Dose()
        self.session = Session(self.profile, self.dose)
        self.inputs = Inputs()
        self.inputs.contact = True
        self.inputs.quality_percent = 90
        self.inputs.supply_mv = 5000
        self.inputs.heap_free_bytes = 60_000
        self.outputs = Outputs()
        self.sound = Sound()
        self.now_ms = 0
        self.pulse_bpm: float | None = 150.0 if population == "newborn" else 72.0
        self.spo2_percent: float | None = 96.0
        self.obedient = True  # the sound does as it is told
        self.rows = []
        self.sounding_ms = 0  # of this session
        self.total_ms = 0  # since the power came
        self._laws = Laws(self) if laws else None
        self._turn = 0

    def step(self, gesture=None, step_ms=STEP_MS):
        inputs = self.inputs
        self._turn += 1
        self.now_ms += step_ms
        self.sound.pass_time(step_ms)
        inputs.gesture = gesture
        lit = self.outputs.sensor_on
        inputs.pulse_rate_mbpm = int(self.pulse_bpm * 1000) if lit and self.pulse_bpm is not None else None
        inputs.pulse_reason = None if inputs.pulse_rate_mbpm else "unsettled"
        inputs.spo2_permille = int(self.spo2_percent * 10) if lit and self.spo2_percent is not None else None
        # A living finger's reading is never twice the same.
        inputs.perfusion_index_ppm = 10_000 + self._turn % 11 if lit else None
        inputs.audio_silent = self.sound.level_cdba is None
        inputs.level_cdba = 0 if self.sound.level_cdba is None else max(0, int(self.sound.level_cdba))
        inputs.level_cdbc = inputs.level_cdba
        self.session.step(self.now_ms, inputs, self.outputs)
        was_sounding = self.sound.level_cdba is not None
        if self.obedient:
            self.sound.obey(self.outputs)
        if self.sound.level_cdba is None:
            self.sounding_ms = 0
        else:
            self.sounding_ms += step_ms
            self.total_ms += step_ms
        if self._laws is not None:
            self._laws.check(gesture, was_sounding)
        if self.now_ms % 1000 == 0:
            self.rows.append(self.row())
        return self.outputs

    def row(self):
        out = self.outputs
        return Row(
            self.now_ms / 1000, out.phase, out.reason, out.end,
            None if out.tempo_mbpm is None else out.tempo_mbpm / 1000,
            None if self.sound.level_cdba is None else self.sound.level_cdba / 100,
            self.sound.level_cdba is not None, (out.light_colour, out.light_permille), out.melody_on,
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
    def sounding(self):
        return self.sound.level_cdba is not None

    @property
    def tempo_bpm(self) -> float:
        """Of the melody that plays; NaN, which compares with nothing, while there is none."""
        return math.nan if self.outputs.tempo_mbpm is None else self.outputs.tempo_mbpm / 1000


class Laws:
    """What no patient, fault, finger or profile may break. Written from the hazard table, not from the
    code.
    """

    def __init__(self, bench):
        self.bench = bench
        self._pressed = False  # since the last silence
        self._stopped_ms = None  # when a stop rule fired
        self._beats = []  # tempo at each of the last beats
        self._beat_ms = 0.0
        self._first_bpm = None
        self._minute = []  # tempo each second of the last minute
        self._level_cdba = None
        self._on = False

    def check(self, gesture, was_sounding):
        bench = self.bench
        out = bench.outputs
        population = bench.population
        sounding = bench.sounding
        assert out.level_cdba <= CEILING_CDBA[population]
        assert not (out.mute_now and out.amplifier_on)
        assert not (out.save_dose and out.amplifier_on), "flash is written only while the amplifier is off"
        assert out.light_colour in ("off", "green", "amber") and 0 <= out.light_permille <= 100, (
            "dim, at night"
        )
        if gesture == "press":
            self._pressed = True
        if sounding and not was_sounding:
            assert self._pressed, "sound begins after a press, never by itself"
        if gesture == "hold":
            assert not sounding, "a hold silences at once"
        if not out.amplifier_on and self._on:
            self._pressed = False
        self._on = out.amplifier_on
        if out.phase == "fault":
            assert not sounding, "a device that cannot be trusted is silent"
        if out.phase == "withdraw":
            if self._stopped_ms is None:
                self._stopped_ms = bench.now_ms
            if bench.now_ms - self._stopped_ms > 3000:
                assert not sounding, "a stop rule is silent after 2 s and the amplifier's second"
        else:
            self._stopped_ms = None
        if out.phase == "idle":
            assert not sounding and not out.sensor_on
        assert bench.sounding_ms <= LONGEST_MS[population] + 5000
        self._level(sounding, was_sounding)
        self._tempo(sounding)

    def _level(self, sounding, was_sounding):
        """At most 1 dB a second upwards."""
        level = self.bench.sound.level_cdba
        if sounding and was_sounding and self._level_cdba is not None:
            assert level - self._level_cdba <= 10 + 1, (
                f"{level - self._level_cdba} hundredths of dB in 100 ms"
            )
        self._level_cdba = level

    def _tempo(self, sounding):
        bench = self.bench
        tempo = bench.outputs.tempo_mbpm
        if tempo is None or not sounding:
            self._beats = []
            self._minute = []
            self._first_bpm = None
            return
        bpm = tempo / 1000
        assert 19 < bpm < 101
        if self._first_bpm is None:
            self._first_bpm = bpm
        if bench.profile.opening != "music":
            assert bpm <= self._first_bpm * 1.0001, "never faster than it started"
        self._beat_ms += STEP_MS
        if not self._beats or self._beat_ms >= 60_000 / bpm:
            self._beat_ms = 0.0
            if self._beats:
                assert abs(bpm / self._beats[-1] - 1) <= 0.02, "no step from beat to beat"
            self._beats = [bpm]
        if bench.now_ms % 1000 == 0:
            self._minute.append(bpm)
            if len(self._minute) > 60:
                earlier = self._minute.pop(0)
                if bench.profile.opening != "music":
                    rate = bench.profile.lead_rate_permille / 1000
                    assert abs(bpm / earlier - 1) <= rate + 0.0005, "no faster than the profile's rate"
