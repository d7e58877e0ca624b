"""A session at step level: the session, its guard and its conductor as the device joins them, without chips.

The patient is whatever is written into `inputs`. `step` moves virtual time. In the place of the sound engine stands a
level that glides as it does, so an hour costs a second or two.
"""

from firmware.care.accompany import AccompanySession
from firmware.care.conductor import Conductor
from firmware.care.dose import Dose
from firmware.care.plan import Plan
from firmware.care.programme import ProgrammeSession
from firmware.care.segments import SegmentConductor
from firmware.care.session import Session
from firmware.prescription.profile import Profile
from firmware.step import Inputs, Outputs

STEP_MS = 100
_TICKS_MASK = (1 << 30) - 1  # as the chip counts milliseconds (firmware/ticks.py)


class GlidingLevel:
    """What the conductor may ask of `firmware.audio.Audio`, with the level only: of no sample is anything made."""

    def __init__(self) -> None:
        self.heard_cdba: float | None = None  # None is silence, else a level in hundredths of dB(A)
        self.phrase_ends = False  # a phrase has ended at every step
        self.target_cdba = 0
        self._left_ms = 0
        self._fading = False
        self.loudness = self  # which part of the engine has the level is all the same here

    @property
    def silent(self) -> bool:
        return self.heard_cdba is None

    @property
    def level_cdba(self) -> int:
        return 0 if self.heard_cdba is None else max(0, int(self.heard_cdba))

    level_cdbc = level_cdba

    def take_phrase_end(self) -> bool:
        return self.phrase_ends

    def set_level(self, level_cdba: int, over_ms: int) -> None:
        if not self._fading:
            if self.heard_cdba is None:
                self.heard_cdba = 0
            self.target_cdba, self._left_ms = level_cdba, over_ms

    def fade_out(self, over_ms: int) -> None:
        """Fade out; a second call may only make it faster, as the engine has it."""
        if self.heard_cdba is not None and not (self._fading and self._left_ms <= over_ms):
            self.target_cdba, self._left_ms, self._fading = 0, over_ms, True

    def silence(self) -> None:
        self.heard_cdba = None
        self._fading = False

    def nothing(self, *what) -> None:
        """Take no notice: which notes sound has no part in the level."""

    play = soundscape = set_recording = set_tempo = set_mood = set_pace = nothing
    # and what firmware/sound/segue.py does with an engine
    approach = change = step = stop = nothing

    def pass_time(self, elapsed_ms: int) -> None:
        """Let the level go on along its glide."""
        if self.heard_cdba is None:
            return
        if self._left_ms > elapsed_ms:
            self.heard_cdba += (self.target_cdba - self.heard_cdba) * elapsed_ms / self._left_ms
            self._left_ms -= elapsed_ms
        else:
            self._left_ms = 0
            self.heard_cdba = None if self._fading else self.target_cdba
            self._fading = False


class SongOutline:
    """All that a session sees of one."""

    compound: bool | None = False  # metre: True three pulses a beat, False two, None unknown


class StepBench:
    """One device with one profile. Give the pulse in beats a minute; None is no signal.

    plan: the listening programme that it follows, and for each of its segments the phrases of its song.
    """

    def __init__(
        self, profile: Profile, dose: Dose | None = None, plan: tuple[Plan, list[int]] | None = None
    ):
        self.profile = profile
        self.dose = dose or Dose()
        if plan is not None:
            self.session = ProgrammeSession(profile, self.dose, *plan)
        elif profile.melody == "accompany":
            self.session = AccompanySession(profile, self.dose)
        else:
            self.session = Session(profile, self.dose)
        self.inputs = inputs = Inputs()
        inputs.contact = True
        inputs.quality_percent = 90
        inputs.supply_mv = 5000
        inputs.heap_free_bytes = 60_000
        self.outputs = Outputs()
        self.sound = GlidingLevel()
        self.song = SongOutline()
        self.obedient = True  # the sound does as it is told
        if plan is None:
            self._conductor = Conductor(self.sound, self.song, profile.soundscape)
        else:
            sources = [
                None if plan[0].source(at) == "silence" else self.song for at in range(plan[0].segments)
            ]
            self._conductor = SegmentConductor(
                self.sound, sources, [0] * len(sources), profile.soundscape, None, self.sound
            )
        self.now_ms = 0  # never wraps: the laws are written on it
        self.pulse_bpm: float | None = 150.0 if profile.population == "newborn" else 72.0
        self.spo2_percent: float | None = 96.0
        self._turn = 0

    @property
    def sounding(self) -> bool:
        """Return whether anything is heard."""
        return self.sound.heard_cdba is not None

    def step(self, gesture: str | None = None, step_ms: int = STEP_MS) -> Outputs:
        """Let `step_ms` pass, then take one step of the session, as main.py does. Returns what it wants."""
        inputs = self.inputs
        outputs = self.outputs
        self._turn += 1
        self.now_ms += step_ms
        self.sound.pass_time(step_ms)
        inputs.gesture = gesture
        lit = outputs.sensor_on
        inputs.pulse_rate_mbpm = int(self.pulse_bpm * 1000) if lit and self.pulse_bpm is not None else None
        inputs.pulse_reason = None if inputs.pulse_rate_mbpm else "unsettled"
        inputs.spo2_permille = int(self.spo2_percent * 10) if lit and self.spo2_percent is not None else None
        # A living finger's reading is never twice the same.
        inputs.perfusion_index_ppm = 10_000 + self._turn % 11 if lit else None
        self._conductor.gather(inputs)
        self.session.step(self.now_ms & _TICKS_MASK, inputs, outputs)
        if self.obedient:
            self._conductor.follow(outputs)
            if not outputs.amplifier_on:
                self._conductor.stop()
        return outputs
