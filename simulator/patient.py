"""A patient as light: pulse, breathing, oxygen, perfusion, motion and contact turned into photocurrent.

Everything is a function of the seed, the script and the time, so the samples are the same in whatever
pieces they are asked for. LED current and converter belong to simulator/chips; this file ends at the
photocurrent in the detector.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from math import exp, pi, sin

import numpy as np

Samples = np.ndarray

# A light of this much gives 100 000 counts infrared and 85 000 red at 6.4 mA on the MAX30102's 4096 nA range
# (15.625 pA a count): what a finger or a small foot gives, and the scale of the recordings we develop with.
REFERENCE_LED_MA = 6.4
REFERENCE_COUNT_NA = 4096 / 2**18
IR_COUNTS, RED_COUNTS = 100_000, 85_000
NA_PER_MA_PER_COUNT = REFERENCE_COUNT_NA / REFERENCE_LED_MA

# SpO2 = a R^2 + b R + c: Maxim's calibration curve, application note 6845.
CURVE = (1.5958422, -34.6596622, 112.6898759)

NOISE_OF_LIGHT = 6e-5  # rms, of the steady light: the 6 counts in 100 000 that the real sensor shows
SLOW_DRIFT = 0.003  # of the steady light, over minutes: warming, a strap that settles
VENOUS_SPO2_GAP = 12.0  # venous blood moves with the breath and carries less oxygen
LIGHT_IN_AIR = 0.015  # of the steady light, scattered back with the sensor off
REATTACH_S = 0.4  # a sensor is off or on within this time, and shakes while it moves
AMBIENT_UA = 0.3  # a dim ward at night, through a wrap
AMBIENT_IN_AIR = 8.0  # a bare detector sees more of the room
MAINS_FLICKER = (0.02, 100.013)  # share and Hz of a lamp on 50 Hz mains that is not quite 50 Hz

BLOCK_SAMPLES = 512  # worked out ahead in one go; 5 s at 100/s, no longer than HEARING_DELAY_S
HEARING_DELAY_S = 5.2  # nothing heard changes the pulse sooner; keeps the samples independent of the pieces
RESONANCE_HZ, MORE_AT_RESONANCE = (
    0.1,
    2.0,
)  # the swing with the breath is three times as deep at six a minute (choice)
SIGH_DEPTH = 2.5  # a sigh is a breath of two to three times the volume
SLEEPS_AT = 0.9  # of the waking breathing rate
# A slow beat is long by its rest: systole lasts 0.42 s at 60 a minute and 0.48 at 30 (Weissler 1968). Up to this share of
# a wave, with the dicrotic wave in it, takes no longer than this, as at 60 (choice).
WAVE_UP_TO = 0.6
WAVE_MOST_S = 0.6
FIBRILLATION = 0.2  # rms of the intervals in atrial fibrillation, share of their mean
RHYTHMS = ("sinus", "couplets", "fibrillation", "paced")
MOST_FOLLOWED = 0.15  # a pulse goes no further after the music than this share of itself


@dataclass(frozen=True)
class Preset:
    """The resting state of a population; rates per minute, the rest in per cent or as shares."""

    pulse_rate_bpm: float
    spo2_percent: float
    perfusion_index_percent: float
    breathing_rate_bpm: float
    skin_c: float
    wander: float  # slow change of the pulse rate, rms share
    breath_in_pulse: float  # respiratory sinus arrhythmia, peak share of a beat's length
    jitter: float  # beat to beat, rms share of a beat's length
    breath_in_light: float  # baseline swing with the breath, in pulse heights
    breath_in_height: float  # the pulse's height changes with the breath, peak share
    notch: float  # height of the second (dicrotic) wave


# A term newborn in quiet sleep has a pulse of 112 (97th percentile 133; 10.1111/apa.14470), a preterm one
# 120 to 170 with 40 to 60 breaths; a palliative adult often 90 to 120. Changes of 5 happen by themselves.
PRESETS = {
    "newborn": Preset(150, 96, 1.0, 45, 36.6, 0.010, 0.008, 0.004, 0.35, 0.06, 0.18),
    "adult": Preset(84, 96, 1.5, 15, 33.0, 0.012, 0.025, 0.006, 0.30, 0.10, 0.34),
}
TERM_PULSE_BPM, TERM_WEEKS = 125.0, 40.0
PRETERM_PULSE_BPM_PER_WEEK = 2.6  # 28 weeks: 156, 34 weeks: 141; within the preterm range of section 5


class LightSource(ABC):
    """What the sensor looks at: contact, motion and room light; the subclasses supply the tissue."""

    quantities: tuple[str, ...] = ("motion", "sensor_off", "ambient_light")
    notes: tuple[str, ...] = ()  # what had to be changed to play it, a sentence each

    def __init__(self, seed: int):
        self._seed = seed
        self._script = {"motion": Script(0.0), "sensor_off": Script(0.0), "ambient_light": Script(AMBIENT_UA)}
        self._block: tuple[Samples, Samples, Samples] | None = None
        self._block_start_us, self._block_period_us, self._block_count = 0, 0.0, 0

    # --- the sensor's side ---

    def photocurrent(self, start_us: int, period_us: float, count: int) -> tuple[Samples, Samples, Samples]:
        """Return light at `count` times from `start_us` on, `period_us` apart: infrared, red, ambient.

        Infrared and red are nanoamperes in the detector per milliampere of that LED's current, ambient is
        nanoamperes. The arrays are views that stay valid; do not write to them.
        """
        if self._block is not None and period_us == self._block_period_us:
            first = round((start_us - self._block_start_us) / period_us)
            on_grid = abs(self._block_start_us + first * period_us - start_us) < 1.0
            if on_grid and first >= 0 and first + count <= self._block_count:
                ir, red, ambient = self._block
                return ir[first : first + count], red[first : first + count], ambient[first : first + count]
        self._block_count = max(count, BLOCK_SAMPLES)
        self._block_start_us, self._block_period_us = start_us, period_us
        time_us = np.rint(start_us + np.arange(self._block_count) * period_us).astype(np.int64)
        self._block = self._look(time_us)
        ir, red, ambient = self._block
        return ir[:count], red[:count], ambient[:count]

    # --- the script's side ---

    def set(
        self, quantity: str, value: float, at_s: float, over_s: float = 0.0, for_s: float | None = None
    ) -> None:
        """Change a quantity: from `at_s` on, over `over_s`, for `for_s` more, then back over `over_s`."""
        if quantity not in self.quantities:
            raise ValueError(f"{quantity} is not one of {', '.join(self.quantities)}")
        self._script[quantity].set(value, at_s, over_s, for_s)
        self._forget(at_s)

    def hear(self, t_s: float, tempo_bpm: float | None) -> None:
        """Hear what is played at `t_s`, None for silence. A recording has no ears."""
        return

    def breathe_with(self, t_s: float, pace_per_min: float | None) -> None:
        """Hear a swell at this pace at `t_s`, None for none; once a second. A recording breathes as it did."""
        return

    # --- the truth ---

    @abstractmethod
    def true_pulse_rate_bpm(self, t_s: float) -> float | None:
        """Return the pulse rate as it is, without the beat-to-beat part; None where nobody knows it."""

    @abstractmethod
    def true_spo2_percent(self, t_s: float) -> float | None:
        """Return oxygen saturation as it is; None where nobody knows it."""

    def true_breathing_rate_bpm(self, t_s: float) -> float | None:
        """Return the breaths a minute as they are, None where nobody knows them."""
        return None

    def true_swing_bpm(self, t_s: float) -> float | None:
        """Return how far the pulse swings to each side with the breath, None where nobody knows it, or it is irregular."""
        return None

    def contact(self, t_s: float) -> bool:
        """Return whether the sensor sits on the skin."""
        return self._script["sensor_off"].at(t_s) < 0.5

    def skin_temperature_c(self, t_s: float) -> float:
        """Return temperature under the sensor."""
        return 33.0 if self.contact(t_s) else 24.0

    # --- inside ---

    @abstractmethod
    def _tissue(self, time_us: Samples) -> tuple[Samples, Samples]:
        """Infrared and red counts on skin that keeps still, in the scale of IR_COUNTS and RED_COUNTS."""

    def _forget(self, from_s: float) -> None:
        self._block = None

    def _look(self, time_us: Samples) -> tuple[Samples, Samples, Samples]:
        time_s = time_us * 1e-6
        ir, red = self._tissue(time_us)
        motion = self._script["motion"].over(time_s) / 100
        off = self._script["sensor_off"].smooth(time_s, REATTACH_S)
        shaking = motion + 0.1 * 4 * off * (1 - off)
        if shaking.any():
            # Movement of 0.5 to 6 Hz, mostly the same in both colours since it is the path that changes.
            common = _wobble(time_us, self._seed, 11)
            ir = ir * np.maximum(1 + shaking * common, 0.02)
            red = red * np.maximum(
                1 + shaking * (0.85 * common + 0.35 * _wobble(time_us, self._seed, 12)), 0.02
            )
        ambient = self._script["ambient_light"].over(time_s) * 1000
        if off.any():
            ir = ir * (1 - off) + IR_COUNTS * LIGHT_IN_AIR * off
            red = red * (1 - off) + RED_COUNTS * LIGHT_IN_AIR * off
            ambient = ambient * (1 + (AMBIENT_IN_AIR - 1) * off)
        share, hz = MAINS_FLICKER
        ambient = ambient * (1 + share * np.sin(2 * pi * hz * time_s))
        return ir * NA_PER_MA_PER_COUNT, red * NA_PER_MA_PER_COUNT, ambient


class Patient(LightSource):
    """The model: beats laid end to end, each a pulse wave that dims the light by the blood it brings."""

    quantities = (
        *LightSource.quantities, "pulse_rate", "spo2", "perfusion", "breathing_rate", "sigh", "speech", "sleep",
    )  # fmt: skip

    def __init__(
        self,
        population: str = "newborn",
        seed: int = 1,
        pulse_rate_bpm: float | None = None,
        spo2_percent: float | None = None,
        perfusion_index_percent: float | None = None,
        breathing_rate_bpm: float | None = None,
        follows_music: float = 0.0,
        follows_after_s: float = 30.0,
        irregular_pulse: float = 0.0,
        postmenstrual_weeks: float | None = None,
        follows_pace: float = 0.0,
        follows_pace_after_s: float = 10.0,
        rhythm: str = "sinus",
    ):
        """None takes the preset's value.

        `follows_pace` is how far the breath goes after the swell's pace: 0 not at all, 1 wholly, below 0 the other way,
        with the time constant `follows_pace_after_s`. `rhythm` is one of RHYTHMS.

        `follows_music` is how far the pulse goes after the tempo: 0 not at all, 1 wholly, below 0 the other
        way; it gets there with the time constant `follows_after_s`. `irregular_pulse` is the share of beats
        that come early.
        """
        super().__init__(seed)
        preset = PRESETS[population]
        self.preset = preset
        if pulse_rate_bpm is None:
            pulse_rate_bpm = preset.pulse_rate_bpm
            if postmenstrual_weeks is not None:
                pulse_rate_bpm = TERM_PULSE_BPM + PRETERM_PULSE_BPM_PER_WEEK * (
                    TERM_WEEKS - postmenstrual_weeks
                )
        self._script["pulse_rate"] = Script(pulse_rate_bpm)
        self._script["spo2"] = Script(_or(spo2_percent, preset.spo2_percent))
        self._script["perfusion"] = Script(_or(perfusion_index_percent, preset.perfusion_index_percent))
        breathing_rate_bpm = _or(breathing_rate_bpm, preset.breathing_rate_bpm)
        self._script["breathing_rate"] = Script(breathing_rate_bpm)
        self._script["sigh"], self._script["speech"], self._script["sleep"] = (
            Script(0.0),
            Script(0.0),
            Script(0.0),
        )
        self._follows_pace, self._follows_pace_after_s = follows_pace, follows_pace_after_s
        self._rhythm = rhythm
        # The breath in stretches of one rate each: from when, the phase there, and the rate.
        self._breath_s, self._breath_at, self._breath_hz = [0.0], [0.0], [breathing_rate_bpm / 60]
        self._paced_s: float | None = None
        self._gain, self._follows_after_s, self._irregular = follows_music, follows_after_s, irregular_pulse
        # The rate wanders, less at higher frequency as 1/f does: periods of 15 s to 7 minutes.
        random = np.random.default_rng(seed)
        periods_s = np.geomspace(15, 420, 8) * random.uniform(0.9, 1.1, 8)
        heights = np.sqrt(periods_s)
        heights *= preset.wander * np.sqrt(2 / np.sum(heights**2))
        self._wander = [
            (2 * pi / period, float(phase), float(height))
            for period, phase, height in zip(periods_s, random.uniform(0, 2 * pi, 8), heights, strict=True)
        ]
        self._breath_phase, self._drift_phase = random.uniform(0, 2 * pi, 2)
        self._wave = _pulse_wave(preset.notch)
        self._beat_s: list[float] = [-2.0]
        self._beat_height: list[float] = [1.0]
        self._pulled_s: list[float] = [-1e9]
        self._pulled: list[float] = [0.0]
        self._heard_s: float | None = None
        self._multiple: float | None = None

    def hear(self, t_s: float, tempo_bpm: float | None) -> None:
        """Let the pulse drift after the music; `t_s` must not go back."""
        if not self._gain:
            return
        elapsed_s = 0.0 if self._heard_s is None else max(0.0, t_s - self._heard_s)
        self._heard_s = t_s
        goal = 0.0
        if tempo_bpm:
            rate = self._script["pulse_rate"].at(t_s)
            if self._multiple is None or abs(tempo_bpm * self._multiple / rate - 1) > 0.3:
                self._multiple = float(min((0.5, 1, 2, 3, 4), key=lambda many: abs(tempo_bpm * many - rate)))
            goal = self._gain * (tempo_bpm * self._multiple / rate - 1)
        else:
            self._multiple = None
        goal = min(max(goal, -MOST_FOLLOWED), MOST_FOLLOWED)
        now = self._pulled[-1] + (goal - self._pulled[-1]) * (1 - exp(-elapsed_s / self._follows_after_s))
        self._pulled_s.append(t_s + HEARING_DELAY_S)
        self._pulled.append(now)

    def breathe_with(self, t_s: float, pace_per_min: float | None) -> None:
        """Let the breath drift after the swell, and change with what the script says; `t_s` must not go back."""
        elapsed_s = 0.0 if self._paced_s is None else max(0.0, t_s - self._paced_s)
        self._paced_s = t_s
        own = self._script["breathing_rate"].at(t_s)
        goal = own
        if self._script["speech"].at(t_s) > 0.5:
            # A talking person breathes in quickly and out over a sentence, of any length.
            goal = own * (0.5 + 1.3 * self._chance(7_000_003 + int(t_s) // 3))
        elif self._script["sleep"].at(t_s) > 0.5:
            goal = SLEEPS_AT * own
        elif pace_per_min and self._follows_pace:
            goal = own + self._follows_pace * (pace_per_min - own)
        now = 60 * self._breath_hz[-1]
        rate = now + (goal - now) * (1 - exp(-elapsed_s / self._follows_pace_after_s))
        rate = min(max(rate, 3.0), 120.0)
        if abs(rate - now) < 1e-9:
            return
        begins_s = t_s + HEARING_DELAY_S
        self._breath_at.append(
            self._breath_at[-1] + 2 * pi * self._breath_hz[-1] * (begins_s - self._breath_s[-1])
        )
        self._breath_s.append(begins_s)
        self._breath_hz.append(rate / 60)

    def true_breathing_rate_bpm(self, t_s: float) -> float:
        return 60 * self._breath_hz[max(0, bisect_right(self._breath_s, t_s) - 1)]

    def true_swing_bpm(self, t_s: float) -> float | None:
        if self._rhythm == "fibrillation":
            return None
        return 0.0 if self._rhythm == "paced" else self._swing(t_s) * self._rate_bpm(t_s)

    def true_pulse_rate_bpm(self, t_s: float) -> float:
        return self._rate_bpm(t_s)

    def true_spo2_percent(self, t_s: float) -> float:
        return self._script["spo2"].at(t_s)

    def beat_times_s(self, until_s: float) -> list[float]:
        """Return the true beats (foot of each pulse wave) from 0 to `until_s`."""
        self._lay_beats(until_s)
        first = bisect_right(self._beat_s, 0.0)
        return self._beat_s[first : bisect_right(self._beat_s, until_s)]

    def skin_temperature_c(self, t_s: float) -> float:
        return self.preset.skin_c if self.contact(t_s) else 24.0

    # --- inside ---

    def _rate_bpm(self, t_s: float) -> float:
        rate = self._script["pulse_rate"].at(t_s)
        for turn, phase, height in self._wander:
            rate *= 1 + height * sin(turn * t_s + phase)
        if self._gain:
            rate *= 1 + self._pulled[bisect_right(self._pulled_s, t_s) - 1]
        return rate

    def _breath(self, t_s):
        """Return the phase of the breath; its rate itself wanders a little, less in who follows a pace.

        Works on numbers and arrays.
        """
        many = isinstance(t_s, np.ndarray)
        sine = np.sin if many else sin
        if len(self._breath_s) == 1:
            turned = 2 * pi * self._breath_hz[0] * t_s
        elif many:
            place = np.maximum(np.searchsorted(self._breath_s, t_s, side="right") - 1, 0)
            since_s = t_s - np.array(self._breath_s)[place]
            turned = np.array(self._breath_at)[place] + 2 * pi * np.array(self._breath_hz)[place] * since_s
        else:
            place = max(0, bisect_right(self._breath_s, t_s) - 1)
            turned = self._breath_at[place] + 2 * pi * self._breath_hz[place] * (t_s - self._breath_s[place])
        wanders = 1 - min(abs(self._follows_pace), 1.0)
        return turned + self._breath_phase + wanders * (0.9 * sine(0.19 * t_s) + 0.6 * sine(0.41 * t_s))

    def _swing(self, t_s: float) -> float:
        """Return how deep the pulse swings with the breath: deepest near the resonance at 0.1 Hz, and in a sigh."""
        hz = self._breath_hz[max(0, bisect_right(self._breath_s, t_s) - 1)]
        near = max(0.0, 1 - abs(hz - RESONANCE_HZ) / RESONANCE_HZ)
        return self.preset.breath_in_pulse * (1 + MORE_AT_RESONANCE * near) * self._depth(t_s)

    def _depth(self, t_s: float) -> float:
        return 1 + (SIGH_DEPTH - 1) * self._script["sigh"].at(t_s)

    def _lay_beats(self, until_s: float) -> None:
        preset, beats, heights = self.preset, self._beat_s, self._beat_height
        while beats[-1] <= until_s:
            at_s, number = beats[-1], len(beats)
            breath = self._breath(at_s)
            height = (
                1
                + preset.breath_in_height * self._depth(at_s) * sin(breath + 0.7)
                + 0.02 * self._gauss(number, 2)
            )
            length = self._beat_length(at_s, number, breath)
            if self._irregular and self._rhythm != "paced":
                # An early beat brings less blood; the pause after it makes up the time. Of a couplet two are early.
                couplets = self._rhythm == "couplets"
                if self._chance(number) < self._irregular or (
                    couplets and self._chance(number - 1) < self._irregular
                ):
                    length *= 0.68
                if self._chance(number - (2 if couplets else 1)) < self._irregular:
                    length *= 1.32
                    height *= 0.62
            beats.append(at_s + max(length, 0.12))
            heights.append(height)

    def _beat_length(self, at_s: float, number: int, breath: float) -> float:
        """Return how long beat `number` lasts, seconds, before any of it comes early; breath: its phase then."""
        if self._rhythm == "paced":  # a pacemaker's fixed rate knows no breath
            return 60 / self._script["pulse_rate"].at(at_s)
        length = 60 / self._rate_bpm(at_s)
        if self._rhythm == "fibrillation":
            return length * max(0.45, 1 + FIBRILLATION * self._gauss(number, 4))
        return length * (1 - self._swing(at_s) * sin(breath) + self.preset.jitter * self._gauss(number, 1))

    def _tissue(self, time_us: Samples) -> tuple[Samples, Samples]:
        time_s = time_us * 1e-6
        self._lay_beats(float(time_s[-1]))
        first = max(0, bisect_right(self._beat_s, float(time_s[0])) - 1)
        last = bisect_right(self._beat_s, float(time_s[-1])) + 1
        beats = np.array(self._beat_s[first:last])
        heights = np.array(self._beat_height[first:last])
        at = np.searchsorted(beats, time_s, side="right") - 1
        since, length = time_s - beats[at], beats[at + 1] - beats[at]
        place = since / length
        slow = length * WAVE_UP_TO > WAVE_MOST_S
        if slow.any():
            stretched = 1 - (1 - WAVE_UP_TO) * (length - since) / (length - WAVE_MOST_S)
            place[slow] = np.minimum(since * WAVE_UP_TO / WAVE_MOST_S, stretched)[slow]
        place *= len(self._wave) - 1
        whole = np.minimum(place.astype(np.intp), len(self._wave) - 2)
        low = self._wave[whole]
        pulse = (low + (self._wave[whole + 1] - low) * (place - whole)) * heights[at + 1]

        breath = self.preset.breath_in_light * np.sin(self._breath(time_s) + 0.3)
        if self._script["sigh"].changes:
            breath *= 1 + (SIGH_DEPTH - 1) * self._script["sigh"].over(time_s)
        height = self._script["perfusion"].over(time_s) / 100
        spo2 = self._script["spo2"].over(time_s)
        arterial, venous = ratio_from_spo2(spo2), ratio_from_spo2(spo2 - VENOUS_SPO2_GAP)
        steady = 1 + SLOW_DRIFT * np.sin(0.011 * time_s + self._drift_phase)
        ir = IR_COUNTS * steady * (1 - height * (pulse + breath))
        red = RED_COUNTS * steady * (1 - height * (arterial * pulse + venous * breath))
        ir += IR_COUNTS * NOISE_OF_LIGHT * _gauss(time_us, self._seed, 1)
        red += RED_COUNTS * NOISE_OF_LIGHT * _gauss(time_us, self._seed, 2)
        return ir, red

    def _forget(self, from_s: float) -> None:
        super()._forget(from_s)
        # Beats already laid beyond the change are laid again; the one under way keeps its length.
        keep = max(1, bisect_right(self._beat_s, from_s) + 1)
        del self._beat_s[keep:], self._beat_height[keep:]

    def _chance(self, number: int) -> float:
        return _hash_one(number, self._seed, 3) / 2**64

    def _gauss(self, number: int, stream: int) -> float:
        bits = _hash_one(number, self._seed, 20 + stream)
        parts = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (parts / 65536 - 2.0) * 1.7320508


class Script:
    """A number over time: straight lines between points, the last value for ever after."""

    def __init__(self, value: float):
        self._t = [0.0]
        self._v = [float(value)]

    def set(self, value: float, at_s: float, over_s: float = 0.0, for_s: float | None = None) -> None:
        """Reach `value` from `at_s` on, over `over_s`; keep it for `for_s` (None: for good), then undo it."""
        over_s = max(over_s, 1e-6)
        points = [(at_s, self.at(at_s)), (at_s + over_s, value)]
        kept = bisect_right(self._t, at_s)
        if self._t[kept - 1] == at_s:
            kept -= 1
        if for_s is not None:
            end_s = at_s + over_s + for_s
            back_s = end_s + over_s
            points += [(end_s, value), (back_s, self.at(back_s))]
            points += [(t, v) for t, v in zip(self._t, self._v, strict=True) if t > back_s]
        self._t[kept:] = [t for t, _ in points]
        self._v[kept:] = [float(v) for _, v in points]

    @property
    def changes(self) -> bool:
        """Return whether it ever is another one."""
        return len(self._t) > 1

    def at(self, t_s: float) -> float:
        """Return the value at one time."""
        after = bisect_right(self._t, t_s)
        if after == 0:
            return self._v[0]
        if after == len(self._t):
            return self._v[-1]
        t0, t1, v0, v1 = self._t[after - 1], self._t[after], self._v[after - 1], self._v[after]
        return v0 + (v1 - v0) * (t_s - t0) / (t1 - t0)

    def below(self, limit: float) -> list[tuple[float, float | None]]:
        """Return when the value is under a limit: from, and until (None: for ever after)."""
        found: list[tuple[float, float | None]] = []
        since = self._t[0] if self._v[0] < limit else None
        for t0, t1, v0, v1 in zip(self._t, self._t[1:], self._v, self._v[1:], strict=False):
            if (v0 < limit) != (v1 < limit):
                crossed_s = t0 + (t1 - t0) * (limit - v0) / (v1 - v0)
                if since is None:
                    since = crossed_s
                else:
                    found.append((since, crossed_s))
                    since = None
        return found if since is None else [*found, (since, None)]

    def over(self, time_s: Samples) -> Samples:
        """Return the values at many rising times."""
        if len(self._t) == 1 or time_s[0] >= self._t[-1]:
            return np.full(len(time_s), self._v[-1])
        return np.interp(time_s, self._t, self._v)

    def smooth(self, time_s: Samples, rise_s: float) -> Samples:
        """Return `over` with each step drawn out over `rise_s` after it (for a switch that a hand moves)."""
        if len(self._t) == 1:
            return np.full(len(time_s), self._v[-1])
        return (self.over(time_s) + np.interp(time_s - rise_s / 2, self._t, self._v)
                + np.interp(time_s - rise_s, self._t, self._v)) / 3  # fmt: skip


def ratio_from_spo2(spo2_percent: Samples) -> Samples:
    """Return R, the red pulse over the infrared one, that the calibration curve turns into this saturation."""
    a, b, c = CURVE
    return (-b - np.sqrt(b * b - 4 * a * (c - spo2_percent))) / (2 * a)


def spo2_from_ratio(ratio: float) -> float:
    """Return the calibration curve itself, in per cent."""
    a, b, c = CURVE
    return a * ratio * ratio + b * ratio + c


# --- helpers ---


def _or(value: float | None, preset: float) -> float:
    return preset if value is None else value


def _pulse_wave(notch: float) -> Samples:
    """Blood volume over one beat, foot to foot, 0 to 1: a fast rise, a slow fall, the dicrotic wave."""
    phase = np.linspace(0, 1, 513)
    rise = np.where(phase < 0.22, np.sin(phase / 0.22 * pi / 2) ** 2, 1.0)
    fall = np.where(phase < 0.22, 1.0, np.exp(-(phase - 0.22) / 0.26))
    second = notch * np.exp(-(((phase - 0.52) / 0.085) ** 2)) * np.clip((1 - phase) / 0.3, 0, 1)
    wave = rise * fall + second
    wave -= wave[0] + (wave[-1] - wave[0]) * phase
    return wave / wave.max()


MASK = 2**64 - 1


def _hash(numbers: Samples, seed: int, stream: int) -> Samples:
    """64 well-mixed bits for each integer (splitmix64): randomness that needs no order of asking."""
    bits = numbers.astype(np.uint64) + np.uint64(_salt(seed, stream))
    bits *= np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits


def _hash_one(number: int, seed: int, stream: int) -> int:
    """`_hash` of one number, without the cost of an array."""
    bits = (number + _salt(seed, stream)) * 0x9E3779B97F4A7C15 & MASK
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & MASK
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & MASK
    return bits ^ bits >> 31


def _salt(seed: int, stream: int) -> int:
    return seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03 & MASK


def _gauss(numbers: Samples, seed: int, stream: int) -> Samples:
    """Nearly normal noise, mean 0, variance 1: the sum of the four 16-bit parts of a hash."""
    parts = _hash(numbers, seed, stream).view(np.uint16).astype(np.int64)
    return ((parts[::4] + parts[1::4] + parts[2::4] + parts[3::4]) / 65536 - 2.0) * 1.7320508


def _wobble(time_us: Samples, seed: int, stream: int) -> Samples:
    """A smooth random curve of rms about 1 with most of its power between 0.5 and 6 Hz."""
    curve = np.zeros(len(time_us))
    for number, (step_us, height) in enumerate(((410_000, 0.9), (170_000, 1.3), (90_000, 0.8))):
        cell, rest = np.divmod(time_us, step_us)
        share = rest / step_us
        share = share * share * (3 - 2 * share)
        left = _gauss(cell, seed, stream * 8 + number)
        right = _gauss(cell + 1, seed, stream * 8 + number)
        curve += height * (left + (right - left) * share)
    return curve / 1.5
