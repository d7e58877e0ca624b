"""A session as a therapist means it: baseline, match, lead, sustain, fade; and the ways out of it.

Pure: `step(now_ms, inputs, outputs)` reads one record and fills the other. The tempo's rules are in tempo.py,
the limits in guard.py, which looks at every step before and after this does. Nothing here resumes by itself:
only a press begins.
"""

from micropython import const

from firmware import reasons, ticks
from firmware.care import panel
from firmware.care.curve import curve_at
from firmware.care.guard import FADE, FREEZE, SILENCE, Guard
from firmware.care.tempo import Tempo
from firmware.step import HELD, PRESS

PRESS_FADE_MS = const(10_000)
STOP_FADE_MS = const(2000)  # a stop rule
_LEAST_FADE_MS = const(100)  # of a stop, where the fade before it is all but over
FADE_GRACE_MS = const(1000)  # then the amplifier goes off, silent or not
_HOLD_AFTER_MS = const(2000)  # the tempo is kept at once, the phase says so after this
_RESUME_AFTER_MS = const(3000)
_WAIT_HOLD_AFTER_MS = const(10_000)
_LEVEL_LEAST_CDBA = const(1500)  # nobody hears less
LEVEL_STEP_CDB = const(50)
ONSET_MS_PER_CDB = const(10)  # 1 dB a second
_LEVEL_MS_PER_CDB = const(20)  # half a dB a second
KNOB_STEP_PERMILLE = const(20)
MOOD_EVERY_MS = const(1000)
SAVE_EVERY_MIN = const(15)  # ages of the dose, while nothing plays
_PHASE_MOST_MS = const(86_400_000)  # idle may last for ever; no phase that sounds lasts a day
REMIND_MS = const(120_000)  # the display asks for the sensor to be taken off

BASELINE_MOST_MS = const(120_000)  # no breath by then: plain music
NEUTRAL = const(500)  # brightness and density of paced music, which the breath moves to both sides


class Session:
    """One profile's sessions, one after another. `dose` counts them (dose.py); main.py keeps it on flash."""

    def __init__(self, profile, dose):
        self.profile = profile
        self.dose = dose
        self.guard = Guard(profile, dose.hour)
        self.tempo = Tempo(profile)
        self.pacer = None  # of a profile that follows the breath
        if profile.mode == "follow_breath":
            from firmware.care.pacer import Pacer

            self.pacer = Pacer(profile)
        self.phase = reasons.IDLE
        self.reason: str | None = None
        self.end: str | None = None
        self.refused_ms = 0  # how much longer the light says no
        self.remind_ms = 0  # how much longer the display says that the sensor can come off
        self._last_ms: int | None = None
        self._elapsed_ms = 0
        self._save_min = 0
        self._clear()

    def _clear(self):
        """Forget the last session's run, not how it ended."""
        self._planned_ms = 0
        self._sound_ms = 0
        self._phase_ms = 0
        self._fade_ms = 0
        self._starting = False
        self.over = True  # nothing sounds, and nothing will without a press
        self._melody = False
        self._touched = False  # the sensor has seen skin in this session
        self._lost_ms = 0
        self._off_ms = 0
        self._hold_ms = 0
        self._clear_ms = 0
        self._level_cdba = 0
        self._glide_left_ms = 0
        self._falling = False  # it glides down, and no hand has turned since
        self._knob_permille = 1000
        self._mood_ms: int | None = None  # on the curve, when the mood was last taken from it

    def step(self, now_ms, inputs, outputs):
        """Fill `outputs` for this moment. About ten times a second, and at once on a gesture."""
        elapsed_ms = 0 if self._last_ms is None else ticks.since(now_ms, self._last_ms)
        self._last_ms = now_ms
        self._elapsed_ms = elapsed_ms if 0 <= elapsed_ms < 60_000 else 0
        verdict = self.guard.check(now_ms, inputs)
        outputs.mute_now = inputs.gesture == HELD
        outputs.fade_over_ms = None
        outputs.level_over_ms = None
        outputs.save_dose = False
        self._phase_ms += self._elapsed_ms
        if self._phase_ms > _PHASE_MOST_MS:
            self._phase_ms = _PHASE_MOST_MS
        self._count_down()
        if self.dose.tick(self._elapsed_ms):
            self._save_min += 1
        if self.phase in panel.PLAYING:
            self._play(inputs, outputs, verdict)
        elif not self.over:
            self._let_go(inputs, outputs, verdict)
        elif inputs.gesture == PRESS:
            self._pressed_in_silence(outputs, verdict)
        if self.over and self._save_min >= SAVE_EVERY_MIN:
            outputs.save_dose = True
        if outputs.save_dose:
            self._save_min = 0
        self._fill(outputs)
        self.guard.limit(outputs)
        if outputs.tempo_mbpm is not None:
            self.tempo.limit(outputs.tempo_mbpm)
        panel.show_light(outputs, self.refused_ms > 0, inputs.fell_back)

    # Nothing plays.

    def _pressed_in_silence(self, outputs, verdict):
        if self.phase != reasons.IDLE:
            # After a stop a press says "seen", once the cause is gone; the next one begins.
            if verdict.action < FADE:
                self._enter(reasons.IDLE, None)
            return
        refusal = verdict.reason if verdict.action >= FADE else self.dose.refusal(self.profile)
        if refusal is None:
            refusal = self.guard.refusal()
        if refusal is not None:
            self._refuse(refusal)
            return
        self._clear()
        self._planned_ms = self.dose.allowed_ms(self.profile)
        self.dose.begin(self._planned_ms)
        # Written down before the first sound; the amplifier follows with the next step.
        outputs.save_dose = True
        self._starting = True
        self.over = False
        self.end = None
        self.refused_ms = 0
        self.remind_ms = 0
        self.tempo.restart()
        if self.pacer is not None:
            self.pacer.restart()
        self._enter(reasons.BASELINE, None)

    def _refuse(self, reason):
        self.end = reasons.REFUSED
        self.reason = reason
        self.refused_ms = panel.REFUSED_MS

    # Something plays.

    def _play(self, inputs, outputs, verdict):
        self._sound_ms += self._elapsed_ms
        if verdict.action == SILENCE:
            self._fault(verdict.reason, outputs)
            return
        if inputs.gesture == HELD:
            self._silence(outputs)
            return
        if verdict.action == FADE:
            self._withdraw(verdict.reason, outputs)
            return
        if inputs.gesture == PRESS:
            self._fade(reasons.PRESSED, PRESS_FADE_MS, outputs)
            return
        if self._sound_ms >= self._planned_ms - self.profile.fade_ms:
            self._fade(reasons.TIME_UP, self.profile.fade_ms, outputs)
            return
        self._starting = False
        pulse = inputs.pulse_rate_mbpm
        self.tempo.listen(self._elapsed_ms, pulse)
        off = pulse is None and inputs.contact is False
        self._off_ms = self._off_ms + self._elapsed_ms if off else 0
        if self.pacer is not None and self.phase == reasons.BASELINE:
            self.pacer.listen(self._elapsed_ms, inputs)
        if self.phase == reasons.BASELINE:
            self._take_baseline(inputs, outputs)
        else:
            self._lead(inputs, outputs, verdict)
        if self.phase in panel.PLAYING and self._something_sounds():
            self._set_level(inputs, outputs)

    def _take_baseline(self, inputs, outputs):
        profile = self.profile
        if inputs.contact:
            self._touched = True
        # Nobody looks after a newborn whom the sensor does not see.
        seen = self._touched and self._off_ms < profile.sensor_off_hold_ms
        alone = profile.population != "adult" and not seen
        if profile.opening == "music" and not self._melody and not alone:
            self.tempo.open_with(
                profile.opening_tempo_mbpm if self.pacer is None else profile.breath_tempo_mbpm
            )
            self._melody = True
        if self._melody and self._plays_to_nobody():
            self._fade(reasons.NO_CONTACT, PRESS_FADE_MS, outputs)
            return
        if self.pacer is not None and self._take_breath(self.pacer):
            return
        if profile.mode == "open_loop":
            if self._phase_ms >= profile.onset_ms:
                self._begin_unled(alone, inputs, outputs)
        elif self.tempo.baseline_ms() >= profile.baseline_ms and inputs.pulse_rate_mbpm is not None:
            self._begin(True, inputs)
        elif self._phase_ms >= profile.baseline_max_ms:
            self._begin_unled(alone, inputs, outputs)

    def _plays_to_nobody(self):
        """Return whether a newborn's sensor has come off and its profile says fade: no rule looks after it."""
        profile = self.profile
        return (
            profile.population != "adult"
            and profile.sensor_off == "fade"
            and self._off_ms >= profile.sensor_off_hold_ms
        )

    def _take_breath(self, pacer):
        """Wait for the breath, and let it lead once it is known; return False when nothing is waited for any more."""
        if self._phase_ms < self.profile.baseline_ms:
            return True
        if pacer.own_mbpm is None:
            return self._phase_ms < BASELINE_MOST_MS
        if not pacer.begin():
            return False
        self.tempo.keep(self.profile.breath_tempo_mbpm)
        self._melody = True
        self._enter(reasons.LEAD, None)
        return True

    def _begin_unled(self, alone, inputs, outputs):
        """No pulse leads: the fixed curve, or the end where the sensor sits on nobody."""
        if alone:
            self._fade(reasons.NO_CONTACT, PRESS_FADE_MS, outputs)
        else:
            self._begin(False, inputs)

    def _begin(self, closed, inputs):
        self.tempo.begin(closed, inputs.compound is True)
        self._melody = True
        if closed:
            self._enter(reasons.MATCH, None if self.pacer is None else reasons.NO_BREATH)
        else:
            self._enter(reasons.LEAD, reasons.OPEN_LOOP)

    def _lead(self, inputs, outputs, verdict):
        profile = self.profile
        tempo = self.tempo
        unknown = inputs.pulse_rate_mbpm is None
        self._lost_ms = self._lost_ms + self._elapsed_ms if unknown else 0
        lost = self._off_ms >= profile.sensor_off_hold_ms or self._lost_ms >= profile.poor_signal_hold_ms
        if (tempo.closed or self._paces()) and lost and profile.sensor_off == "fade":
            self._fade(reasons.SIGNAL_LOST, PRESS_FADE_MS, outputs)
            return
        if self._plays_to_nobody():
            self._fade(reasons.NO_CONTACT, PRESS_FADE_MS, outputs)
            return
        if self.pacer is not None and self._paces():
            self._pace(self.pacer, inputs, outputs, verdict)
            return
        frozen = verdict.action >= FREEZE or (tempo.closed and unknown)
        tempo.advance(self._elapsed_ms, frozen, inputs.phrase_ended, inputs.compound is True)
        self._name_phase(frozen, unknown, inputs, verdict)

    def _paces(self):
        """Return whether the breath leads in this session, or has led."""
        return self.pacer is not None and self.pacer.state != "off"

    def _pace(self, pacer, inputs, outputs, verdict):
        """Go on with the music of a breath: its tempo stays, its pace slows, and after its time it fades."""
        if pacer.state == "paced" and pacer.paced_ms >= self.profile.breath_ms:
            self._fade(reasons.TIME_UP, self.profile.fade_ms, outputs)
            return
        self.tempo.curve_ms += self._elapsed_ms  # loudness goes on along its curve
        pacer.advance(self._elapsed_ms, inputs, inputs.phrase_ended, verdict.action >= FREEZE)
        why = reasons.LET_GO if pacer.state == reasons.LET_GO else None
        phase = reasons.SUSTAIN if why is not None or pacer.at_floor else reasons.LEAD
        if phase != self.phase or why != self.reason:
            self._enter(phase, why)

    def _name_phase(self, frozen, unknown, inputs, verdict):
        """Name the phase: match, lead, sustain or hold; short interruptions do not change the name."""
        tempo = self.tempo
        why = None
        after_ms = _HOLD_AFTER_MS
        if unknown and tempo.closed:
            why = inputs.pulse_reason if inputs.pulse_reason in reasons.UNKNOWN_PULSE else reasons.SIGNAL_LOST
        elif frozen and not unknown and not tempo.finished():
            why = verdict.reason
        elif tempo.waiting:
            why = reasons.NOT_FOLLOWING
            after_ms = _WAIT_HOLD_AFTER_MS
        if why is None:
            self._hold_ms = 0
            self._clear_ms += self._elapsed_ms
        else:
            self._clear_ms = 0
            self._hold_ms += self._elapsed_ms
        if self._hold_ms >= after_ms:
            if self.phase != reasons.HOLD or self.reason != why:
                self._enter(reasons.HOLD, why)
            return
        if self.phase == reasons.HOLD and self._clear_ms < _RESUME_AFTER_MS:
            return
        phase = reasons.LEAD
        if tempo.closed and tempo.match_left_ms:
            phase = reasons.MATCH
        elif tempo.finished():
            phase = reasons.SUSTAIN
        if phase != self.phase:
            self._enter(phase, None if tempo.closed else reasons.OPEN_LOOP)

    def _something_sounds(self):
        return self._melody or self.profile.opening == "soundscape"

    def _set_level(self, inputs, outputs):
        """Begin a glide of the level when what is wanted is another one; the knob only turns down."""
        profile = self.profile
        wanted = self._turned_down_cdba(inputs.knob_permille)
        if self.phase == reasons.BASELINE:
            wanted -= profile.baseline_below_cdb
        else:
            wanted += curve_at(profile.curve, self.tempo.curve_ms, 2)
        self._glide_to(wanted, outputs)

    def _turned_down_cdba(self, knob):
        """Return the profile's level as the knob has it. A hand that turns is followed without delay."""
        profile = self.profile
        if knob is not None and abs(knob - self._knob_permille) >= KNOB_STEP_PERMILLE:
            self._knob_permille = min(max(knob, 0), 1000)
            self._falling = False
        return profile.level_cdba - profile.knob_range_cdb * (1000 - self._knob_permille) // 1000

    def _glide_to(self, wanted, outputs):
        if wanted < _LEVEL_LEAST_CDBA:
            wanted = _LEVEL_LEAST_CDBA
        change = wanted - self._level_cdba
        if self._level_cdba == 0:
            over_ms = max(self.profile.onset_ms, wanted * ONSET_MS_PER_CDB)
        elif abs(change) < LEVEL_STEP_CDB or (self._glide_left_ms and change > 0):
            return
        else:
            over_ms = abs(change) * _LEVEL_MS_PER_CDB
            # What falls already has so much of its way before it, too.
            over_ms = over_ms + self._glide_left_ms if self._falling else max(over_ms, self._glide_left_ms)
        self._falling = change < 0
        self._level_cdba = wanted
        self._glide_left_ms = over_ms
        outputs.level_over_ms = over_ms

    # The ways out.

    def _fade(self, reason, over_ms, outputs):
        self.end = reasons.FADED
        self._begin_fade(over_ms, outputs)
        self._enter(reasons.FADE, reason)

    def _withdraw(self, reason, outputs):
        if reason == reasons.WRONG_POPULATION and not self._melody:
            self.end = reasons.REFUSED
        else:
            self.end = reasons.WITHDRAWN
        if self._starting:
            # Nothing has sounded yet.
            self._stop(outputs)
        else:
            over_ms = STOP_FADE_MS
            if self.phase == reasons.FADE:  # it draws out no fade that is over sooner
                over_ms = max(_LEAST_FADE_MS, min(over_ms, self._fade_ms - self._phase_ms))
            self._begin_fade(over_ms, outputs)
        self._enter(reasons.WITHDRAW, reason)

    def _begin_fade(self, over_ms, outputs):
        self._fade_ms = over_ms
        outputs.fade_over_ms = over_ms

    def _let_go(self, inputs, outputs, verdict):
        """The fade of a session's end or of a stop rule."""
        self._sound_ms += self._elapsed_ms
        if verdict.action == SILENCE:
            self._fault(verdict.reason, outputs)
        elif inputs.gesture == HELD:
            if self.phase == reasons.WITHDRAW:
                self._stop(outputs)
            else:
                self._silence(outputs)
        elif verdict.action == FADE and self.phase == reasons.FADE:
            self._withdraw(verdict.reason, outputs)
        elif inputs.gesture == PRESS and self._fade_ms - self._phase_ms > PRESS_FADE_MS:
            # A finger does not wait for the long fade of a session whose time is up.
            self._fade(reasons.PRESSED, PRESS_FADE_MS, outputs)
        elif self._phase_ms >= self._fade_ms and (
            inputs.audio_silent or self._phase_ms >= self._fade_ms + FADE_GRACE_MS
        ):
            self._stop(outputs)
            if self.phase == reasons.FADE:
                self._enter(reasons.IDLE, self.reason)

    def _silence(self, outputs):
        self.end = reasons.SILENCED
        self._stop(outputs)
        self._enter(reasons.IDLE, reasons.HELD)

    def _fault(self, reason, outputs):
        self.end = reasons.FAULTED
        self._stop(outputs)
        self._enter(reasons.FAULT, reason)

    def _stop(self, outputs):
        """Silence now; the amplifier goes off in this step, so the dose may be written."""
        outputs.mute_now = True
        outputs.save_dose = True
        self.dose.end(self.end == reasons.WITHDRAWN)
        self.over = True
        self._melody = False
        self._level_cdba = 0
        self.remind_ms = REMIND_MS

    def _enter(self, phase, reason):
        self.phase = phase
        self.reason = reason
        self._phase_ms = 0

    def _count_down(self):
        if self.refused_ms:
            self.refused_ms = max(0, self.refused_ms - self._elapsed_ms)
        if self.remind_ms:
            self.remind_ms = max(0, self.remind_ms - self._elapsed_ms)
        if self._glide_left_ms:
            self._glide_left_ms = max(0, self._glide_left_ms - self._elapsed_ms)

    def _fill(self, outputs):
        profile = self.profile
        tempo = self.tempo
        sounding = not self.over and not self._starting
        outputs.phase = self.phase
        outputs.reason = self.reason
        outputs.end = self.end
        outputs.amplifier_on = sounding
        outputs.melody_on = sounding and self._melody
        outputs.soundscape_on = sounding and profile.soundscape != "none" and self._something_sounds()
        outputs.playing = outputs.melody_on or outputs.soundscape_on
        outputs.tempo_mbpm = tempo.tempo_mbpm() if outputs.melody_on else None
        outputs.target_tempo_mbpm = tempo.target_mbpm() if outputs.melody_on else None
        outputs.ratio_beats = tempo.ratio_beats
        outputs.ratio_pulses = tempo.ratio_pulses
        outputs.baseline_mbpm = tempo.baseline_mbpm
        outputs.level_cdba = self._level_cdba
        if self._mood_ms is None or tempo.curve_ms - self._mood_ms >= MOOD_EVERY_MS:
            self._mood_ms = tempo.curve_ms
            outputs.minor_permille = curve_at(profile.curve, tempo.curve_ms, 3)
            paced = self._paces()
            outputs.brightness_permille = NEUTRAL if paced else curve_at(profile.curve, tempo.curve_ms, 4)
            outputs.density_permille = NEUTRAL if paced else curve_at(profile.curve, tempo.curve_ms, 5)
        self._fill_pace(outputs)
        outputs.sensor_on = not self.over
        left_ms = self._planned_ms - self._sound_ms
        outputs.minutes_left = (left_ms + 59_999) // 60_000 if not self.over and left_ms > 0 else 0

    def _fill_pace(self, outputs):
        pacer = self.pacer
        if pacer is None:
            return
        # Steady while the breath is listened to: a swell of its own would be a pace nobody chose. Without a breath to go by
        # the soundscape is as it always is.
        listening = not self.over and self.phase == reasons.BASELINE
        paces = not self.over and self._paces()
        outputs.swell_cdb = pacer.swell_cdb if listening or paces else None
        outputs.pace_mbpm = pacer.pace_mbpm if paces else None
        outputs.inhalation_permille = self.profile.breath_inhalation_permille
        outputs.feedback_permille = pacer.feedback_permille if paces else None
        outputs.stranger_permille = pacer.stranger_permille if paces else None
        outputs.pacer = pacer.state if paces else "off"
        outputs.breath_followed = paces and pacer.followed
