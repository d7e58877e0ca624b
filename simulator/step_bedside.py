"""The bedside without chips: a session with its guard, stepped ten times a second, and a sound that is only a level.

It plays the same scenarios as bedside.py, some thirty times as fast. In place of light there is a sensor that reads the
true pulse some seconds late, and nothing while it is disturbed (`Sensor`); in place of the synthesiser a level that
glides as its does (step_bench.py). What the estimator, the synthesiser and the drivers do is not in it: for that there is
the whole device.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Any

from firmware import reasons
from firmware.care.accompany import AccompanySession
from firmware.care.conductor import Conductor
from firmware.care.dose import RECORD_BYTES, Dose
from firmware.care.panel import HELD_MS
from firmware.care.plan import Plan
from firmware.care.programme import ProgrammeSession
from firmware.care.segments import SegmentConductor, phrases_of, sources_of
from firmware.care.session import Session
from firmware.prescription import programme
from firmware.prescription.profile import Profile
from firmware.sound.pattern import Pattern
from firmware.sound.score import HEADER, PATTERN, TICKS_PER_BEAT, Score, is_pattern
from firmware.sound.segue import REST_LONG_MS, REST_MOST_MS, REST_RISING_MS
from firmware.sound.sequencer import short_rest
from firmware.sound.songs import SONGS
from firmware.step import HELD, PRESS, Inputs, Outputs
from simulator.breath_row import NO_BREATH
from simulator.files import programme_file
from simulator.laws import Laws
from simulator.patient import AMBIENT_UA, LightSource, Script
from simulator.scenario import Scenario
from simulator.step_bench import STEP_MS, GlidingLevel, SongOutline

IDLE_MS = 4000  # while nothing sounds or is about to; the guard's clock allows 5 s
START_MS = 900  # from power to the first look at the button, on the desk's device
STUCK_MS = 20_000
POWER_GAP_S = 5.0
SUPPLY_V, QUIET_ROOM_DBA, KNOB_PERCENT, BROWN_OUT_V = 5.0, 45.0, 100.0, 1.8
SAVE_AGAIN_MS = 5000  # a flash that did not take the dose is tried again
CHIP_FAILS_MS = 500  # until a driver calls its chip faulty
CLOCK_FAILS_MS = 6000
CLOCK = "clock"  # the only fault with which a chip can be set up
MEND_MS = 5000  # so often a driver tries to set up a chip that failed, while nothing sounds
CLOCK_WRONG_PERCENT = 5.0
BEATS_WITHOUT_A_SONG = 16  # which the engine counts as a phrase


@dataclass(frozen=True)
class Sensor:
    """How the sensor of the step level reads: late by so much, settled so long after it begins, unknown above so much
    disturbance and for a while after it."""

    pulse_late_s: int = 3
    spo2_late_s: int = 4
    breath_late_s: int = 25
    breath_settles_s: int = 50
    settles_s: int = 3
    recovers_s: int = 4
    motion_percent: float = 0.8
    ambient_ua: float = 100.0
    perfusion_percent: float = 0.03
    pulse_times: float = 1.0  # what it shows of a true pulse of 1
    pulse_wavers: float = 0.0  # and by what share of it more and less, from one second to the next
    spo2_more_percent: float = 0.0  # what it shows more than the truth


class PhrasedLevel(GlidingLevel):
    """The level, and the ends of the phrases of what plays, at the tempo that plays: between two is a bar's rest, a shorter
    one where `shortens_rests`, as in a listening programme."""

    def __init__(self, shortens_rests: bool = False) -> None:
        super().__init__()
        self._shortens_rests = shortens_rests
        self._tempo_mbpm = 75_000
        self._ended = False
        self._begin(None)

    def _begin(self, song: Any) -> None:
        self._phrases, self._bar = _phrase_ticks(song)
        self._next = 0
        self._left = float(self._phrases[0][0])  # ticks to the end of this phrase
        if not self._bar:
            self._left -= TICKS_PER_BEAT  # where beats are counted, the first is at once

    def play(self, song: Any) -> None:
        self._begin(song)

    def change(self, song: Any, soundscape: Any, blocks: int) -> None:
        self._begin(song)

    def set_tempo(self, tempo_mbpm: int) -> None:
        self._tempo_mbpm = tempo_mbpm

    def take_phrase_end(self) -> bool:
        ended, self._ended = self._ended, False
        return ended

    def pass_time(self, elapsed_ms: int) -> None:
        if not self.silent:
            self._left -= elapsed_ms * self._tempo_mbpm * TICKS_PER_BEAT / 60_000_000
            while self._left <= 0:
                self._ended = True
                rest = self._rest_ticks(self._phrases[self._next][1])
                self._next = (self._next + 1) % len(self._phrases)
                self._left += rest + self._phrases[self._next][0]
        super().pass_time(elapsed_ms)

    def _rest_ticks(self, own: int) -> int:
        if not self._shortens_rests or not self._bar:
            return self._bar
        rising = not self._fading and self.target_cdba > (self.heard_cdba or 0)
        long_ms, most_ms = (0, REST_RISING_MS) if rising else (REST_LONG_MS, REST_MOST_MS)
        return short_rest(self._bar, own, self._tempo_mbpm, long_ms, most_ms)


class StepChip:
    """A chip with its faults, and whether its driver calls it faulty: that stays until it could be set up again."""

    def __init__(self) -> None:
        self._shows_ms: dict[
            Any, int
        ] = {}  # the faults that are on, each with its own end, by when they show
        self._failed = False
        self._mend_ms = 0

    @property
    def is_wrong(self) -> bool:
        return len(self._shows_ms) > 0

    def happen(self, now_ms: int, fault: Any, shows_after_ms: int | None) -> None:
        """Let a fault begin, which shows after some time in use, or end (None)."""
        if shows_after_ms is None:
            self._shows_ms.pop(fault, None)
        else:
            self._shows_ms[fault] = now_ms + shows_after_ms

    def power_on(self) -> None:
        self._failed = any(fault != CLOCK for fault in self._shows_ms)

    def fails(self, now_ms: int, in_use: bool, silent: bool) -> bool:
        """Return whether its driver calls it faulty now."""
        if in_use and self._shows_ms and now_ms >= min(self._shows_ms.values()):
            self._failed = True
        elif self._failed and silent and now_ms >= self._mend_ms:
            self._mend_ms = now_ms + MEND_MS
            self.power_on()
        return self._failed


@dataclass
class StepResult:
    """rows: as bedside.Result has them, one a second while something may happen; level_dba: what is heard in each tenth of
    a second, NaN for silence; events: the script's, and the device's phases and endings as its journal would tell them;
    broken: (s, sentence) for each step that broke a law of laws.py."""

    scenario: Scenario
    seed: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    level_dba: array = field(default_factory=lambda: array("d"))
    broken: list[tuple[float, str]] = field(default_factory=list)


def play(scenario: Scenario, seed: int | None = None, sensor: Sensor | None = None) -> StepResult:
    """Play a scenario of the model from power-on to its end. Raises ValueError for one with a recording: the step level
    sees no light."""
    if scenario.patient.recording is not None:
        raise ValueError("the step level sees no light: a recording needs the whole device")
    return _StepBedside(scenario, scenario.seed if seed is None else seed, sensor or Sensor()).play()


class _StepBedside:
    def __init__(self, scenario: Scenario, seed: int, sensor: Sensor):
        self._scenario, self._sensor = scenario, sensor
        self._patient: LightSource = scenario.make_patient(seed)
        self._profile = Profile.from_values(scenario.profile_values())
        self._plan, self._sources = _programme_of(scenario, self._profile)
        self._song = _song_of(self._profile.song, scenario.own_files())
        self._result = StepResult(scenario, seed)
        self._end_ms = int(scenario.duration_s * 1000)
        self._saved: bytes | None = None
        self._worn = False
        self._sensor_chip, self._adc_chip = StepChip(), StepChip()
        self._down_ms: int | None = None
        self._unsettled_s = -1000
        self._truth: dict[int, float] = {}
        self._breaths: dict[int, float] = {}
        self._oxygen: dict[int, float] = {}
        self._script = {
            "supply": Script(SUPPLY_V), "room_sound": Script(QUIET_ROOM_DBA), "knob": Script(KNOB_PERCENT),
            "motion": Script(0.0), "ambient_light": Script(AMBIENT_UA), "perfusion": Script(nan), "usb_host": Script(0.0),
        }  # fmt: skip
        preset = scenario.patient.perfusion_index_percent
        self._script["perfusion"] = Script(1.0 if preset is None else preset)
        self._changes = sorted(self._happenings(), key=lambda change: change[0])
        self._boot(0)

    def _happenings(self) -> Iterator[tuple[int, str, Any]]:
        """Return what the script does, as (ms, what, value): chips, button, power; values over time go to their Script."""
        for event in self._scenario.events:
            at_ms = round(event.at_s * 1000)
            until_ms = None if event.lasts_s is None else at_ms + round(event.lasts_s * 1000)
            yield at_ms, "told", event
            if event.do in ("press", "hold"):
                yield at_ms, "down", True
                if until_ms is not None:
                    yield until_ms, "down", False
            elif event.do in ("i2c_fault", "adc_fault"):
                what = "adc" if event.faulty_chip == "ads1115" else "sensor"
                both = event.fault_kind == "stuck"  # it holds the whole bus
                for name in ("sensor", "adc") if both else (what,):
                    yield at_ms, name, (id(event), CHIP_FAILS_MS)
                    if until_ms is not None:
                        yield until_ms, name, (id(event), None)
            elif event.do == "sensor_clock":
                wrong = abs(event.to or 0.0) > CLOCK_WRONG_PERCENT
                yield at_ms, "sensor", (CLOCK, CLOCK_FAILS_MS if wrong else None)
                if until_ms is not None:
                    yield until_ms, "sensor", (CLOCK, None)
            elif event.do == "flash_worn":
                yield at_ms, "worn", event.to != 0
                if until_ms is not None:
                    yield until_ms, "worn", event.to == 0
            elif event.do == "power_cut":
                yield at_ms, "power", at_ms + round((event.lasts_s or POWER_GAP_S) * 1000)
            elif event.do == "usb_host":
                self._script["usb_host"].set(0.0 if event.to == 0 else 1.0, event.at_s, 0.0, event.lasts_s)
                yield at_ms, "usb", event.to != 0
                if until_ms is not None:
                    yield until_ms, "usb", event.to == 0
            elif event.do in self._script and event.to is not None:
                self._script[event.do].set(event.to, event.at_s, event.over_s, event.lasts_s)
        for from_s, until_s in self._script["supply"].below(BROWN_OUT_V):
            yield round(from_s * 1000), "power", self._end_ms if until_s is None else round(until_s * 1000)

    # --- power ---

    def _boot(self, now_ms: int) -> None:
        dose = Dose()
        if self._saved is not None:
            dose.unpack(self._saved)
        profile, plan = self._profile, self._plan
        self._sound = PhrasedLevel(shortens_rests=plan is not None)
        if plan is not None:
            self._session = ProgrammeSession(profile, dose, plan, [phrases_of(one) for one in self._sources])
            self._conductor = SegmentConductor(
                self._sound, self._sources, [0] * plan.segments, profile.soundscape, None, self._sound
            )
        else:
            self._session = (AccompanySession if profile.melody == "accompany" else Session)(profile, dose)
            self._conductor = Conductor(self._sound, self._song, profile.soundscape)
        self._inputs, self._outputs = Inputs(), Outputs()
        self._inputs.heap_free_bytes = 60_000
        self._segment = -1
        # A programme's music has tempos of its own, like an opening before anybody was listened to.
        opening = profile.opening if plan is None else "music"
        self._laws = Laws(profile.population, opening, profile.lead_rate_permille)
        self._awake_ms = now_ms + START_MS
        self._sensor_chip.power_on()
        self._adc_chip.power_on()
        self._gestures: list[tuple[int, str]] = []
        self._lit_s: int | None = None
        self._save_again_ms = 0
        self._phase = reasons.IDLE
        self._ended: str | None = None

    def _power_cut(self, back_ms: int) -> None:
        self._boot(back_ms)
        self._down_ms = None

    # --- time ---

    def play(self) -> StepResult:
        now_ms, level = 0, self._result.level_dba
        place, changes = 0, self._changes
        while now_ms < self._end_ms:
            while place < len(changes) and changes[place][0] <= now_ms:
                _, what, value = changes[place]
                self._happen(now_ms, what, value)
                place += 1
            due_ms = changes[place][0] if place < len(changes) else self._end_ms
            took_ms = STEP_MS
            if now_ms < self._awake_ms:
                # Off, or starting: nothing sounds.
                took_ms = max(STEP_MS, min(self._awake_ms, due_ms) - now_ms)
            else:
                if now_ms % 1000 == 0:
                    self._look(now_ms)
                self._step(now_ms)
                if (
                    not self._outputs.sensor_on
                    and not self._gestures
                    and self._down_ms is None
                    and now_ms % 1000 == 0
                ):
                    took_ms = max(STEP_MS, min(IDLE_MS, (due_ms - now_ms) // 1000 * 1000))
            took_ms = min(-(-took_ms // STEP_MS) * STEP_MS, -(-(self._end_ms - now_ms) // STEP_MS) * STEP_MS)
            heard = self._sound.heard_cdba
            level.extend([nan if heard is None else heard / 100] * (took_ms // STEP_MS))
            self._sound.pass_time(took_ms)
            now_ms += took_ms
        return self._result

    def _happen(self, now_ms: int, what: str, value: Any) -> None:
        if what == "told":
            detail = value.model_dump(exclude_none=True, exclude_defaults=True)
            self._result.events.append(
                {"time_s": value.at_s, "kind": value.do,
                 "detail": {key: one for key, one in detail.items() if key not in ("at_s", "do")}}
            )  # fmt: skip
        elif what == "down":
            if now_ms < self._awake_ms:
                return  # a finger that the device did not see come says nothing
            if value:
                self._down_ms = now_ms
                self._gestures = [(now_ms, PRESS), (now_ms + HELD_MS, HELD)]
            else:
                self._down_ms = None
                self._gestures = [one for one in self._gestures if one[0] < now_ms]
        elif what == "sensor":
            self._sensor_chip.happen(now_ms, *value)
            self._unsettled_s = now_ms // 1000
        elif what == "adc":
            self._adc_chip.happen(now_ms, *value)
        elif what == "worn":
            self._worn = value
        elif what == "usb":
            # The device looks at its line in each step: what else comes within this second finds the music fading.
            self._inputs.usb_host_present = value
        elif what == "power":
            self._power_cut(value)

    def _look(self, now_ms: int) -> None:
        """The readings of this second."""
        inputs, sensor, second = self._inputs, self._sensor, now_ms // 1000
        script, outputs = self._script, self._outputs
        t_s = now_ms / 1000
        inputs.supply_mv = round(script["supply"].at(t_s) * 1000)
        inputs.room_level_cdba = round(script["room_sound"].at(t_s) * 100)
        inputs.knob_permille = round(script["knob"].at(t_s) * 10)
        inputs.usb_host_present = script["usb_host"].at(t_s) > 0.5
        playing = outputs.amplifier_on
        self._patient.hear(t_s, outputs.tempo_mbpm / 1000 if playing and outputs.tempo_mbpm else None)
        self._patient.breathe_with(t_s, outputs.pace_mbpm / 1000 if playing and outputs.pace_mbpm else None)
        self._truth[second] = self._patient.true_pulse_rate_bpm(t_s) or 0.0
        self._oxygen[second] = self._patient.true_spo2_percent(t_s) or 0.0
        if not outputs.sensor_on:
            self._lit_s = None
            inputs.contact = None
            inputs.pulse_rate_mbpm = inputs.spo2_permille = inputs.perfusion_index_ppm = None
            inputs.pulse_reason = None
            self._read_breath(second, False)
            self._row(t_s)
            return
        if self._lit_s is None:
            self._lit_s = second
        perfusion = script["perfusion"].at(t_s)
        inputs.contact = self._patient.contact(t_s)
        disturbed = (
            not inputs.contact
            or self._sensor_chip.is_wrong
            or script["motion"].at(t_s) > sensor.motion_percent
            or script["ambient_light"].at(t_s) > sensor.ambient_ua
            or perfusion < sensor.perfusion_percent
        )
        if disturbed:
            self._unsettled_s = second
        since_s = min(
            second - self._lit_s, second - self._unsettled_s - (sensor.recovers_s - sensor.settles_s)
        )
        known = not disturbed and since_s >= sensor.settles_s
        inputs.quality_percent = 90 if known else 10
        wavers = sensor.pulse_wavers if second % 2 else -sensor.pulse_wavers
        inputs.pulse_rate_mbpm = (
            self._late(self._truth, second, sensor.pulse_late_s, 1000 * (sensor.pulse_times + wavers))
            if known
            else None
        )
        inputs.pulse_reason = (
            None if known else reasons.NO_CONTACT if not inputs.contact else reasons.UNSETTLED
        )
        inputs.spo2_permille = (
            self._late(self._oxygen, second, sensor.spo2_late_s, 10, sensor.spo2_more_percent)
            if known and since_s >= sensor.settles_s + 1
            else None
        )
        # A living finger's reading is never twice the same.
        inputs.perfusion_index_ppm = round(perfusion * 10_000) + second % 11
        self._read_breath(second, known and since_s >= sensor.breath_settles_s)
        self._row(t_s)

    def _read_breath(self, second: int, known: bool) -> None:
        """Read an adult's breath as it was some seconds ago, and how far it swings the pulse; a newborn's is not read."""
        inputs = self._inputs
        self._breaths[second] = self._patient.true_breathing_rate_bpm(second) or 0.0
        known = known and self._profile.population == "adult" and self._breaths[second] > 0
        swing = self._patient.true_swing_bpm(second) if known else None
        inputs.breathing_rate_mbpm = (
            self._late(self._breaths, second, self._sensor.breath_late_s, 1000) if known else None
        )
        inputs.breath_amplitude_mbpm = None if swing is None else round(2000 * swing)
        inputs.rhythm_irregular = known and swing is None

    def _late(
        self, history: dict[int, float], second: int, late_s: int, scale: float, more: float = 0.0
    ) -> int | None:
        """Return what was true some seconds ago, or when the sensor was lit if that is less long ago."""
        value = history.get(second - late_s)
        if value is None:
            value = history.get(self._lit_s if self._lit_s is not None else second)
        return None if value is None else round((value + more) * scale)

    def _step(self, now_ms: int) -> None:
        inputs, outputs, sound = self._inputs, self._outputs, self._sound
        gesture = None
        if self._gestures and self._gestures[0][0] <= now_ms:
            _, gesture = self._gestures.pop(0)
        inputs.gesture = gesture
        inputs.button_stuck = self._down_ms is not None and now_ms - self._down_ms >= STUCK_MS
        silent = not outputs.amplifier_on
        sensor_fails = self._sensor_chip.fails(now_ms, outputs.sensor_on, silent)
        inputs.sensor_fault = reasons.SENSOR_FAULT if sensor_fails else None
        inputs.adc_fault = reasons.ADC_FAULT if self._adc_chip.fails(now_ms, True, silent) else None
        self._conductor.gather(inputs)
        if inputs.flash_fault is not None and now_ms >= self._save_again_ms and not outputs.amplifier_on:
            self._save(now_ms)
        self._session.step(now_ms, inputs, outputs)
        self._conductor.follow(outputs)
        if not outputs.amplifier_on:
            self._conductor.stop()
        for sentence in self._laws.broken(now_ms, outputs, sound.heard_cdba, gesture):
            self._result.broken.append((now_ms / 1000, sentence))
        if outputs.save_dose:
            self._save(now_ms)
        if outputs.segment != self._segment:
            self._segment = outputs.segment
            if self._plan is not None and outputs.segment >= 0:
                self._told(
                    now_ms, "device_segment", programme_file.segment_of(self._plan.code(outputs.segment))
                )
        if outputs.phase != self._phase:
            self._phase = outputs.phase
            self._told(now_ms, "device_phase", {"phase": outputs.phase, "reason": outputs.reason})
        if outputs.end != self._ended:
            self._ended = outputs.end
            if outputs.end is not None:
                self._told(now_ms, "device_end", {"end": outputs.end, "reason": outputs.reason})

    def _save(self, now_ms: int) -> None:
        if self._worn:
            self._inputs.flash_fault = reasons.FLASH_FAULT
            self._save_again_ms = now_ms + SAVE_AGAIN_MS
            return
        record = bytearray(RECORD_BYTES)
        self._session.dose.pack_into(record)
        self._saved = bytes(record)
        self._inputs.flash_fault = None

    def _told(self, now_ms: int, kind: str, detail: dict[str, Any]) -> None:
        self._result.events.append({"time_s": now_ms / 1000, "kind": kind, "detail": detail})

    def _row(self, t_s: float) -> None:
        inputs, outputs, heard = self._inputs, self._outputs, self._sound.heard_cdba
        second = int(t_s)
        self._result.rows.append({
            "time_s": t_s,
            "phase": outputs.phase,
            "pulse_rate_bpm": _scaled(inputs.pulse_rate_mbpm, 1000),
            "spo2_percent": _scaled(inputs.spo2_permille, 10),
            "perfusion_index_percent": _scaled(inputs.perfusion_index_ppm, 10_000),
            "quality": inputs.quality_percent,
            "contact": int(bool(inputs.contact)),
            "tempo_bpm": _scaled(outputs.tempo_mbpm, 1000),
            "target_tempo_bpm": _scaled(outputs.target_tempo_mbpm, 1000),
            "level_dba": 0.0 if heard is None or isnan(heard) else heard / 100,
            "true_pulse_rate_bpm": self._truth[second],
            "true_spo2_percent": self._oxygen[second],
            "reason": outputs.reason,
            **self._breath_row(),
            "true_breathing_rate_bpm": self._patient.true_breathing_rate_bpm(t_s),
        })  # fmt: skip

    def _breath_row(self) -> dict[str, Any]:
        inputs, outputs = self._inputs, self._outputs
        return NO_BREATH | {
            "breathing_rate_bpm": _scaled(inputs.breathing_rate_mbpm, 1000),
            "breath_amplitude_bpm": _scaled(inputs.breath_amplitude_mbpm, 1000),
            "pace_bpm": _scaled(outputs.pace_mbpm, 1000),
            "feedback_percent": _scaled(outputs.feedback_permille, 10),
            "pacer": outputs.pacer,
            "breath_followed": int(outputs.breath_followed) if outputs.pacer != "off" else None,
        }


def _programme_of(scenario: Scenario, profile: Profile) -> tuple[Plan | None, list[Any]]:
    """Return the profile's listening programme and what sounds in each of its segments; None and nothing without one."""
    if profile.listening_programme == "none":
        return None, []
    files = scenario.own_files()
    plan = programme.read(files[f"programme.{profile.listening_programme}"])
    if plan.names_of("voice"):
        raise ValueError("the step level plays no recorded voice: such a programme needs the whole device")
    own = {name: data for name, data in files.items() if name.startswith("song.")}
    return plan, sources_of(
        plan, lambda name: Score(own[f"song.{name}"]) if f"song.{name}" in own else SONGS[name], None
    )


def _song_of(name: str, own: dict[str, bytes]) -> Any:
    """Return a built-in or own song, or a pattern; of a song that only a device has, what a session sees of one."""
    if f"song.{name}" in own:
        return Score(own[f"song.{name}"])
    if is_pattern(name):
        return Pattern(name[len(PATTERN) :])
    return SONGS[name] if name in SONGS else SongOutline()


def _phrase_ticks(song: Any) -> tuple[list[tuple[int, int]], int]:
    """Return how long each phrase of a song is with how much of that is a rest at its end, and a bar's rest between two."""
    if getattr(song, "grows", False):
        bar = song.beats_per_bar * TICKS_PER_BEAT
        return [(4 * bar, 0)], bar  # firmware/sound/pattern.py
    phrases, ticks = [], 0
    for at in range(HEADER, HEADER + 2 * getattr(song, "notes", 0), 2):
        note, length = song.data[at : at + 2]
        ticks += length
        if note >= 128:  # the last note of a phrase
            phrases.append((ticks, 0 if note & 127 else length))
            ticks = 0
    if not phrases:
        return [(BEATS_WITHOUT_A_SONG * TICKS_PER_BEAT, 0)], 0
    return phrases, song.beats_per_bar * TICKS_PER_BEAT


def _scaled(value: int | None, divisor: int) -> float | None:
    return None if value is None else value / divisor
