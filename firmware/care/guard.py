"""The guard: looks at what is known and what is wanted, and can only ever make it quieter, slower to change,
or silent.

It has its own clock, timers and baseline, shares no state with the session, and has the last word on every
step's outputs. Its limits are constants: a profile may tighten them, nothing may loosen them. No session
logic here. Every number has its line in docs/hazards.toml; CLINICAL numbers are adopted, "choice" marks our
own.
"""

from micropython import const

from firmware import reasons, step, ticks

# What a verdict asks for; a larger one contains the smaller.
GO = const(0)
FREEZE = const(1)  # no further slowing
FADE = const(2)  # silent within FADE_MS; a session does not start
SILENCE = const(3)  # at once

FADE_MS = const(2000)  # safety stop
OBEY_MS = const(2500)  # a fade that took longer than this is cut off
MUTE_FROM_CDBA = const(3400)  # choice: below this the output detector sees mostly its own noise

# Loudness at the ear, slow weighted; level is the mean that may be asked for.
NEWBORN_LEVEL_CDBA = const(5000)
NEWBORN_CEILING_CDBA = const(6000)
NEWBORN_CEILING_CDBC = const(6500)
NEWBORN_ONSET_MS = const(30_000)
ADULT_LEVEL_CDBA = const(6000)
ADULT_CEILING_CDBA = const(6500)
ADULT_CEILING_CDBC = const(7000)
ADULT_ONSET_MS = const(15_000)
RISE_MS_PER_CDB = const(10)  # 1 dB a second

# The mean of any hour, from the music alone, in seconds at 45 dB(A) (hour.py).
NEWBORN_HOUR = const(3600)  # 45 dB(A): the nursery standards' Leq,1h
ADULT_HOUR = const(57_057)  # 57 dB(A): half an hour at 60, the most that studies of adults gave
HOUR_LASTS_S = const(600)  # choice: the level never spends what is left in less; so it ebbs 0.43 dB a minute
HOUR_STEP_CDB = const(50)  # choice: led down in steps of half a dB,
HOUR_MS_PER_CDB = const(100)  # choice: at a tenth of a dB a second
HOUR_LEAST_CDBA = const(3000)  # choice: with only less than this left, no session begins
OUTPUT_ABOVE_CDB = const(600)  # choice: measured over sent, detector's error included
OUTPUT_ABOVE_MS = const(2000)
OUTPUT_BELOW_CDB = const(1500)  # choice: nothing reaches the loudspeaker
OUTPUT_BELOW_FROM_CDBA = const(4200)
OUTPUT_BELOW_MS = const(5000)
OUTPUT_CEILING_CDB = const(300)  # choice: detector's error
OUTPUT_CEILING_MS = const(500)
NEWBORN_ROOM_CDBA = const(6500)  # choice: the highest Lmax of the nursery standards
ADULT_ROOM_CDBA = const(7000)
ROOM_MS = const(20_000)

# Length of one session, sound to silence, and the few seconds' grace of a fade that has begun.
NEWBORN_SESSION_MS = const(1_800_000)
ADULT_SESSION_MS = const(2_700_000)
SESSION_GRACE_MS = const(5000)

# Tempo.
TEMPO_LOWEST_MBPM = const(20_000)
TEMPO_HIGHEST_MBPM = const(100_000)
TEMPO_WINDOW_MS = const(1000)
TEMPO_CHANGE_PERMILLE = const(5)  # in a window: at most 1.5 % from beat to beat at 30 bpm
# Of the baseline. The session slows to 0.92 (0.85) of a median, and the guard knows a mean of the same minute: 1 % is left
# for what may lie between the two.
NEWBORN_SLOWEST_PERMILLE = const(910)
ADULT_SLOWEST_PERMILLE = const(840)
BASELINE_READINGS = const(60)

# The pace that an adult's breath is shown by a swell; a newborn is never shown one.
PACE_SLOWEST_MBPM = const(4_500)
PACE_FASTEST_MBPM = const(15_000)
PACE_WINDOW_MS = const(
    20_000
)  # in which it slows by no more than a beat of the fewest that a breath may have:
PACE_CHANGE_PERMILLE = const(210)
PACE_MOST_MS = const(1_200_000)  # choice: nobody is led for longer
SWELL_CDB = const(200)
SWELL_CDB_PER_S = const(100)
INHALATION_LOW_PERMILLE = const(300)
INHALATION_HIGH_PERMILLE = const(500)
FEEDBACK_PERMILLE = const(500)
IRREGULAR_MS = const(20_000)  # choice: by then what an irregular rhythm moved is back

# The patient. Freeze: no further slowing. Stop: fade.
PRETERM_FREEZE_MBPM = const(110_000)
TERM_FREEZE_MBPM = const(90_000)
ADULT_FREEZE_MBPM = const(50_000)
NEWBORN_FREEZE_PERMILLE = const(920)
ADULT_FREEZE_PERMILLE = const(850)
PRETERM_LOW_MBPM = const(100_000)
TERM_LOW_MBPM = const(80_000)
ADULT_LOW_MBPM = const(45_000)
NEWBORN_LOW_MS = const(4000)
ADULT_LOW_MS = const(10_000)  # choice
# choice: a pulse that may be slow (waves strong and weak in turn) after one that was right
NEWBORN_TWO_RATES_MS = const(6000)
ADULT_TWO_RATES_MS = const(12_000)
NEWBORN_NEVER_SURE_MS = const(10_000)  # the same where it was right for less than this
NEWBORN_RIGHT_MS = const(10_000)
# choice: the longest that a newborn's pulse or oxygen may stay unknown, while a melody plays and in all. Two
# minutes, the ready profile's own hold, after which a session fades by itself in ten seconds; this is for the one that
# does not, and for oxygen. A baseline may take three minutes to find a signal, and two of a melody are left then.
NEWBORN_UNKNOWN_MS = const(135_000)
NEWBORN_UNSEEN_MS = const(300_000)
RISE_PERMILLE = const(1200)
NEWBORN_RISE_MS = const(30_000)
ADULT_RISE_MS = const(60_000)
RISE_NOT_BEFORE_MS = const(120_000)  # a small rise at first is expected (Loewy)
NEWBORN_HIGH_MBPM = const(200_000)  # NICU warning limit
ADULT_HIGH_MBPM = const(140_000)  # choice: an adult who needs someone now
# choice: a pulse this fast, for so long in all before one that is an adult's was shown for a minute, is a newborn's
ADULT_NEWBORN_MBPM = const(120_000)
ADULT_NEWBORN_MS = const(6000)
ADULT_KNOWN_MS = const(60_000)
# choice: light that may be a newborn's and shows nothing, for so long in all before an adult's was shown for this long
ADULT_PERHAPS_NEWBORN_MS = const(30_000)
ADULT_SEEN_MS = const(15_000)
NEWBORN_HIGH_MS = const(30_000)
ADULT_HIGH_MS = const(10_000)
NEWBORN_SPO2_PERMILLE = const(850)
SPO2_MS = const(10_000)
UNKNOWN_FORGETS_MS = const(
    10_000
)  # choice: a gap in the readings holds a rule's timer this long, then clears it
FROZEN_MS = const(60_000)  # choice: readings that do not change by a thousandth are not a patient's

# The device.
LED_CURRENT_UA = const(13_000)  # the driver's cap is 12 800, and steps are 200
SENSOR_CENTI_C = const(4000)  # ISO 80601-2-61 allows 41 degrees at the skin
SENSOR_HOT_MS = const(5000)
SUPPLY_MV = const(3500)  # choice: a lithium cell's last tenth, and well above the chip's brown-out
SUPPLY_MS = const(1000)
LATE_AT_ONCE_MS = const(500)
LATE_MS = const(150)
LATE_FOR_MS = const(1000)
HEAP_BYTES = const(8192)
CLOCK_JUMP_MS = const(5000)  # a step that took this long, or went backwards


class Demand:
    """What the guard asks for at this step: `action` is GO, FREEZE, FADE or SILENCE, `reason` why."""

    def __init__(self):
        self.action = GO
        self.reason: str | None = None


class Guard:
    """Call `check` before the session's step and `limit` after it, every step."""

    def __init__(self, profile, hour):
        """hour: how loud the last hour was; outlives the guard, and nothing else adds to it."""
        newborn = profile.population != "adult"
        term = newborn and profile.maturity == "term"
        self._newborn = newborn
        # A profile without a pulse to follow, for an adult, needs no sensor. Everybody else does.
        self._needs_sensor = newborn or profile.mode != "open_loop"
        self._may_pace = not newborn and profile.mode == "follow_breath"
        self._silent = profile.silent
        self._hour = hour
        self._hour_limit = NEWBORN_HOUR if newborn else ADULT_HOUR
        self._level_cdba = NEWBORN_LEVEL_CDBA if newborn else ADULT_LEVEL_CDBA
        self._ceiling_cdba = NEWBORN_CEILING_CDBA if newborn else ADULT_CEILING_CDBA
        self._ceiling_cdbc = NEWBORN_CEILING_CDBC if newborn else ADULT_CEILING_CDBC
        self._onset_ms = NEWBORN_ONSET_MS if newborn else ADULT_ONSET_MS
        self._room_cdba = NEWBORN_ROOM_CDBA if newborn else ADULT_ROOM_CDBA
        self._session_ms = NEWBORN_SESSION_MS if newborn else ADULT_SESSION_MS
        self._slowest_permille = NEWBORN_SLOWEST_PERMILLE if newborn else ADULT_SLOWEST_PERMILLE
        self._freeze_permille = NEWBORN_FREEZE_PERMILLE if newborn else ADULT_FREEZE_PERMILLE
        self._low_ms = NEWBORN_LOW_MS if newborn else ADULT_LOW_MS
        self._right_ms = NEWBORN_RIGHT_MS if newborn else 1
        self._two_rates_ms = NEWBORN_TWO_RATES_MS if newborn else ADULT_TWO_RATES_MS
        self._rise_ms = NEWBORN_RISE_MS if newborn else ADULT_RISE_MS
        self._high_mbpm = NEWBORN_HIGH_MBPM if newborn else ADULT_HIGH_MBPM
        self._high_ms = NEWBORN_HIGH_MS if newborn else ADULT_HIGH_MS
        if newborn:
            self._freeze_mbpm = TERM_FREEZE_MBPM if term else PRETERM_FREEZE_MBPM
            self.low_mbpm = TERM_LOW_MBPM if term else PRETERM_LOW_MBPM
            self._spo2_permille = max(NEWBORN_SPO2_PERMILLE, profile.spo2_stop_permille)
        else:
            self._freeze_mbpm = ADULT_FREEZE_MBPM
            self.low_mbpm = ADULT_LOW_MBPM
            self._spo2_permille = profile.spo2_stop_permille
        self.low_mbpm = max(self.low_mbpm, profile.pulse_low_stop_mbpm)
        self._rise_permille = min(RISE_PERMILLE, 1000 + profile.pulse_rise_stop_permille)
        self.verdict = Demand()
        self._elapsed_ms = 0
        self._last_ms: int | None = None
        self._clock_is_wrong = False
        self._amplifier_on = False
        self._melody_on = False
        self._latched = GO
        self._latched_ms = 0
        self._silence_now = False
        self._new_session()

    def _new_session(self):
        """Forget the patient of the last session."""
        self._sound_ms = 0
        self._melody_ms = 0
        self._low_for_ms = 0
        self._high_for_ms = 0
        self._rise_for_ms = 0
        self._spo2_for_ms = 0
        self._pulse_unknown_ms = 0
        self._spo2_unknown_ms = 0
        self._fastest_unknown_ms = 0
        self._blind_ms = 0
        self._blind_melody_ms = 0
        self._seeing_ms = 0
        self._perhaps_for_ms = 0
        self._newborns_for_ms = 0  # in all, that an adult's pulse was as fast as a newborn's
        self._perhaps_newborns_ms = 0  # the same of light that may be one, and shows nothing
        self._adults_for_ms = 0  # and that one was shown which was not
        self._right_for_ms = 0  # in all, that a pulse was shown which is neither slow nor fast
        self._baseline_sum = 0
        self._baseline_count = 0
        self._baseline_wait_ms = 0
        self._baseline_mbpm: int | None = None
        self._frozen_for_ms = 0
        self._frozen_pulse_mbpm: int | None = None
        self._frozen_perfusion_ppm: int | None = None
        self._above_for_ms = 0
        self._over_for_ms = 0
        self._below_for_ms = 0
        self._room_for_ms = 0
        self._hot_for_ms = 0
        self._late_for_ms = 0
        self._supply_for_ms = 0
        self._start_tempo_mbpm: int | None = None
        self._window_tempo_mbpm: int | None = None
        self._window_ms = 0
        self._first_pace_mbpm: int | None = None
        self._window_pace_mbpm = 0
        self._pace_ms = 0
        self._pace_window_ms = 0
        self._irregular_for_ms = 0
        self._glide_from_cdba = 0
        self._glide_to_cdba = 0
        self._glide_ms = 0
        self._glide_at_ms = 0
        self._most_cdba = self._level_cdba

    def refusal(self):
        """Return why no session may begin, or None: "dose" when too little is left of the hour."""
        lasting_cdba = self._hour.lasting_cdba(self._hour_limit, HOUR_LASTS_S)
        return reasons.DOSE if lasting_cdba is None or lasting_cdba < HOUR_LEAST_CDBA else None

    def check(self, now_ms, inputs):
        """Return what the guard asks for now; the same Demand object each time."""
        self._advance_clock(now_ms)
        self._hour.pass_time(self._elapsed_ms)
        if self._amplifier_on:
            self._hour.add(inputs.level_cdba, self._elapsed_ms)
        self._learn(inputs)
        verdict = self.verdict
        verdict.action = GO
        verdict.reason = None
        fault = self._device_fault(inputs)
        if fault is not None:
            verdict.action = SILENCE
            verdict.reason = fault
        else:
            stop = self._stop_rule(inputs)
            if stop is not None:
                verdict.action = FADE
                verdict.reason = stop
            elif self._freeze(inputs):
                verdict.action = FREEZE
                verdict.reason = reasons.SIGNAL_LOST if inputs.pulse_rate_mbpm is None else reasons.PULSE_LOW
        self._latch(inputs.gesture)
        self._silence_now = inputs.gesture == step.HELD
        return verdict

    def limit(self, outputs):
        """Bring the session's outputs within the limits, whatever they were; the last word of every step."""
        latched = self._latched
        if latched == SILENCE or self._silence_now or (latched == FADE and self._latched_ms > OBEY_MS):
            self._mute(outputs)
        elif latched == FADE and outputs.amplifier_on:
            if not self._amplifier_on:
                self._mute(outputs)
            elif self._latched_ms == 0:
                asked_ms = outputs.fade_over_ms
                if asked_ms is None or asked_ms > FADE_MS:
                    outputs.fade_over_ms = FADE_MS
                outputs.level_over_ms = None
        if outputs.amplifier_on and not self._amplifier_on:
            self._new_session()
        self._limit_level(outputs)
        self._limit_rise(outputs)
        self._limit_tempo(outputs)
        self._limit_pace(outputs)
        if self.verdict.reason == reasons.LED_CURRENT or self.verdict.reason == reasons.SENSOR_HOT:
            outputs.sensor_on = False
        self._amplifier_on = outputs.amplifier_on
        self._melody_on = outputs.melody_on

    def _mute(self, outputs):
        outputs.mute_now = True
        outputs.amplifier_on = False
        outputs.playing = False
        outputs.soundscape_on = False
        outputs.melody_on = False
        outputs.fade_over_ms = None
        outputs.level_over_ms = None

    # What the guard knows by itself.

    def _advance_clock(self, now_ms):
        elapsed_ms = 0 if self._last_ms is None else ticks.since(now_ms, self._last_ms)
        self._last_ms = now_ms
        self._clock_is_wrong = elapsed_ms < 0 or elapsed_ms > CLOCK_JUMP_MS
        if self._clock_is_wrong:
            elapsed_ms = 0
        self._elapsed_ms = elapsed_ms
        if self._amplifier_on:
            self._sound_ms += elapsed_ms
            if self._melody_on:
                self._melody_ms += elapsed_ms
            if self._glide_at_ms < self._glide_ms:
                self._glide_at_ms = min(self._glide_at_ms + elapsed_ms, self._glide_ms)
            self._window_ms += elapsed_ms
            if self._first_pace_mbpm is not None:
                self._pace_ms += elapsed_ms
                self._pace_window_ms += elapsed_ms
        self._latched_ms = self._count(self._latched_ms)

    def _count(self, for_ms):
        """The timer of a rule, gone on by this step: asked for while the rule holds. It is 0 when it does not."""
        for_ms += self._elapsed_ms
        return for_ms if for_ms < 1_000_000 else 1_000_000

    def _learn(self, inputs):
        pulse = inputs.pulse_rate_mbpm
        # Once the pulse may be slow, not knowing it is no good news; knowing it is.
        candidate = inputs.candidate_mbpm
        if pulse is not None or (candidate is not None and candidate >= self.low_mbpm):
            self._perhaps_for_ms = 0
        elif inputs.perhaps_slow_for_ms > 0:
            # The waves' own count begins anew where their pattern breaks for a moment; this one goes on.
            self._perhaps_for_ms = max(self._count(self._perhaps_for_ms), inputs.perhaps_slow_for_ms)
        if pulse is None:
            self._pulse_unknown_ms = self._count(self._pulse_unknown_ms)
            if self._pulse_unknown_ms >= UNKNOWN_FORGETS_MS:
                self._low_for_ms = 0
                self._rise_for_ms = 0
        else:
            self._pulse_unknown_ms = 0
            if self.low_mbpm <= pulse < self._high_mbpm:
                self._right_for_ms = self._count(self._right_for_ms)
            self._low_for_ms = self._count(self._low_for_ms) if pulse < self.low_mbpm else 0
            if self._low_for_ms:
                self._low_for_ms = max(
                    self._low_for_ms, inputs.slow_for_ms
                )  # goes on where the waves' row breaks
            rising = (
                self._baseline_mbpm is not None
                and self._melody_ms >= RISE_NOT_BEFORE_MS
                and pulse > self._baseline_mbpm * self._rise_permille // 1000
            )
            self._rise_for_ms = self._count(self._rise_for_ms) if rising else 0
            if self._baseline_mbpm is None:
                self._baseline_wait_ms += self._elapsed_ms
                if self._baseline_wait_ms >= 1000:
                    self._baseline_wait_ms = 0
                    self._baseline_sum += pulse
                    self._baseline_count += 1
                    if self._baseline_count == BASELINE_READINGS:
                        self._baseline_mbpm = self._baseline_sum // BASELINE_READINGS
        if not self._newborn:
            self._learn_for_whom(pulse, candidate, inputs.perhaps_newborns)
        # Faster than what is shown can still be too fast.
        fastest = inputs.candidate_mbpm if pulse is None else pulse
        self._fastest_unknown_ms = self._count(self._fastest_unknown_ms) if fastest is None else 0
        if fastest is not None:
            self._high_for_ms = self._count(self._high_for_ms) if fastest > self._high_mbpm else 0
        elif self._fastest_unknown_ms >= UNKNOWN_FORGETS_MS:
            self._high_for_ms = 0
        spo2 = inputs.spo2_permille
        blind = inputs.contact is not None and (pulse is None or spo2 is None)
        # A glimpse between is no sight: the oxygen's rule needs as long as that before it can act.
        self._seeing_ms = 0 if blind else self._count(self._seeing_ms)
        if blind:
            self._blind_ms = self._count(self._blind_ms)
            self._blind_melody_ms = self._count(self._blind_melody_ms) if self._melody_on else 0
        elif self._seeing_ms >= SPO2_MS:
            self._blind_ms = self._blind_melody_ms = 0
        if spo2 is None:
            self._spo2_unknown_ms = self._count(self._spo2_unknown_ms)
            if self._spo2_unknown_ms >= UNKNOWN_FORGETS_MS:
                self._spo2_for_ms = 0
        else:
            self._spo2_unknown_ms = 0
            self._spo2_for_ms = self._count(self._spo2_for_ms) if spo2 < self._spo2_permille else 0
        self._irregular_for_ms = self._count(self._irregular_for_ms) if inputs.rhythm_irregular else 0
        perfusion = inputs.perfusion_index_ppm
        same = (
            pulse is not None and pulse == self._frozen_pulse_mbpm and perfusion == self._frozen_perfusion_ppm
        )
        self._frozen_for_ms = self._count(self._frozen_for_ms) if same else 0
        self._frozen_pulse_mbpm = pulse
        self._frozen_perfusion_ppm = perfusion

    def _learn_for_whom(self, pulse, candidate, perhaps):
        """Add up for how long an adult's profile has seen a newborn's pulse. A breath may hide every other beat of a
        newborn for most of the time; it is what is seen in between that counts, whatever is shown. Where it hides them
        always, nothing is ever shown.
        """
        if max(pulse or 0, candidate or 0) >= ADULT_NEWBORN_MBPM:
            self._newborns_for_ms = self._count(self._newborns_for_ms)
        elif pulse is not None:
            self._adults_for_ms = self._count(self._adults_for_ms)
        elif perhaps:
            self._perhaps_newborns_ms = self._count(self._perhaps_newborns_ms)

    # The rules.

    def _device_fault(self, inputs):
        """A reason why the device cannot be trusted, or None."""
        if self._clock_is_wrong:
            return reasons.CLOCK_FAULT
        if inputs.audio_fault is not None:
            return reasons.AUDIO_FAULT
        if inputs.adc_fault is not None:
            return reasons.ADC_FAULT
        if inputs.flash_fault is not None:
            return reasons.FLASH_FAULT
        if inputs.sensor_fault is not None and self._needs_sensor:
            return reasons.SENSOR_FAULT
        if inputs.led_current_ua is not None and inputs.led_current_ua > LED_CURRENT_UA:
            return reasons.LED_CURRENT
        hot = (
            inputs.sensor_temperature_centi_c is not None
            and inputs.sensor_temperature_centi_c > SENSOR_CENTI_C
        )
        self._hot_for_ms = self._count(self._hot_for_ms) if hot else 0
        if self._hot_for_ms >= SENSOR_HOT_MS:
            return reasons.SENSOR_HOT
        if inputs.heap_free_bytes is not None and inputs.heap_free_bytes < HEAP_BYTES:
            return reasons.HEAP_LOW
        if not self._amplifier_on:
            return None
        if inputs.level_cdba > self._ceiling_cdba or inputs.level_cdbc > self._ceiling_cdbc:
            return reasons.TOO_LOUD
        if self._measured_fault(inputs):
            return reasons.OUTPUT_MISMATCH
        if self._frozen_for_ms >= FROZEN_MS:
            return reasons.READINGS_FROZEN
        self._late_for_ms = self._count(self._late_for_ms) if inputs.lateness_ms > LATE_MS else 0
        if inputs.lateness_ms > LATE_AT_ONCE_MS or self._late_for_ms >= LATE_FOR_MS:
            return reasons.LATE
        return None

    def _measured_fault(self, inputs):
        """Return whether the loudspeaker gets something else than was sent."""
        measured = inputs.measured_level_cdba
        if measured is None:
            return False
        sent = MUTE_FROM_CDBA
        if not self._silent:  # else nothing is sent, and anything that is there is too much
            if inputs.level_cdba > sent:
                sent = inputs.level_cdba
            if inputs.level_cdbc > sent:
                sent = inputs.level_cdbc
        self._above_for_ms = self._count(self._above_for_ms) if measured > sent + OUTPUT_ABOVE_CDB else 0
        over = measured > self._ceiling_cdba + OUTPUT_CEILING_CDB
        self._over_for_ms = self._count(self._over_for_ms) if over else 0
        below = (
            not self._silent
            and inputs.level_cdba > OUTPUT_BELOW_FROM_CDBA
            and measured < inputs.level_cdba - OUTPUT_BELOW_CDB
        )
        self._below_for_ms = self._count(self._below_for_ms) if below else 0
        return (
            self._above_for_ms >= OUTPUT_ABOVE_MS
            or self._over_for_ms >= OUTPUT_CEILING_MS
            or self._below_for_ms >= OUTPUT_BELOW_MS
        )

    def _stop_rule(self, inputs):
        """A reason why the music must leave within two seconds, or None."""
        if inputs.usb_host_present and not inputs.bench_mode:
            return reasons.USB_HOST
        low = inputs.supply_mv is not None and inputs.supply_mv < SUPPLY_MV
        self._supply_for_ms = self._count(self._supply_for_ms) if low else 0
        if low and (self._supply_for_ms >= SUPPLY_MS or not self._amplifier_on):
            return reasons.SUPPLY_LOW
        if inputs.button_stuck:
            return reasons.BUTTON_STUCK
        if inputs.memory_fault is not None:
            return inputs.memory_fault
        if inputs.profile_confirmed is not True:
            return reasons.NOT_CONFIRMED
        if not self._amplifier_on:
            return None
        if self._is_slow(inputs):
            # A newborn that is slow is slow; an adult whose pulse never was an adult's is somebody else.
            return reasons.BRADYCARDIA if self._newborn or self._right_for_ms else reasons.WRONG_POPULATION
        if self._newborns_for_ms >= ADULT_NEWBORN_MS and self._adults_for_ms < ADULT_KNOWN_MS:
            return reasons.WRONG_POPULATION
        if self._perhaps_newborns_ms >= ADULT_PERHAPS_NEWBORN_MS and self._adults_for_ms < ADULT_SEEN_MS:
            return reasons.WRONG_POPULATION
        if self._high_for_ms >= self._high_ms:
            return reasons.TACHYCARDIA if self._newborn or self._right_for_ms else reasons.WRONG_POPULATION
        if self._rise_for_ms >= self._rise_ms:
            return reasons.TACHYCARDIA
        if self._spo2_for_ms >= SPO2_MS:
            return reasons.DESATURATION
        if self._newborn and (
            self._blind_melody_ms >= NEWBORN_UNKNOWN_MS or self._blind_ms >= NEWBORN_UNSEEN_MS
        ):
            return reasons.SIGNAL_LOST
        room = inputs.room_level_cdba is not None and inputs.room_level_cdba > self._room_cdba
        self._room_for_ms = self._count(self._room_for_ms) if room else 0
        if self._room_for_ms >= ROOM_MS:
            return reasons.ROOM_TOO_LOUD
        if self._sound_ms > self._session_ms + SESSION_GRACE_MS:
            return reasons.TOO_LONG
        if self._hour.spent >= self._hour_limit:
            return reasons.DOSE
        return None

    def _is_slow(self, inputs):
        """Return whether the pulse has been too slow for too long: by what is shown, by its waves, or by the slower of two
        rates that they allow where there was one before.
        """
        if self._low_for_ms >= self._low_ms or inputs.slow_for_ms >= self._low_ms:
            return True
        perhaps_ms = inputs.perhaps_slow_for_ms
        if self._perhaps_for_ms > perhaps_ms:
            perhaps_ms = self._perhaps_for_ms
        if self._right_for_ms >= self._right_ms:
            return perhaps_ms >= self._two_rates_ms
        return self._newborn and perhaps_ms >= NEWBORN_NEVER_SURE_MS

    def _freeze(self, inputs):
        """Return whether slowing must stop here. An adult's music may slow without a signal, a newborn's may not."""
        pulse = inputs.pulse_rate_mbpm
        if pulse is None:
            return self._newborn
        if pulse < self._freeze_mbpm or inputs.slow_for_ms or inputs.perhaps_slow_for_ms:
            return True
        return (
            self._baseline_mbpm is not None and pulse * 1000 // self._freeze_permille <= self._baseline_mbpm
        )

    def _latch(self, gesture):
        """A stop stays until a person presses the button with the cause gone."""
        action = self.verdict.action
        if action >= FADE and action > self._latched and self._amplifier_on:
            self._latched = action
            self._latched_ms = 0
        elif self._latched and action < FADE and gesture == step.PRESS:
            self._latched = GO

    # The limits.

    def _limit_level(self, outputs):
        """The most that may be asked for: at first the population's, and led down so that what is left of the hour
        lasts; within a session never up again.
        """
        lasting_cdba = self._hour.lasting_cdba(self._hour_limit, HOUR_LASTS_S)
        if lasting_cdba is not None and lasting_cdba < self._most_cdba:
            self._most_cdba = lasting_cdba
        if outputs.level_cdba <= self._most_cdba:
            return
        outputs.level_cdba = self._most_cdba
        fall_cdb = self._glide_to_cdba - self._most_cdba
        if outputs.level_over_ms is None and fall_cdb >= HOUR_STEP_CDB:
            outputs.level_over_ms = fall_cdb * HOUR_MS_PER_CDB

    def _limit_rise(self, outputs):
        if outputs.level_over_ms is None or not outputs.playing:
            return
        from_silence = not self._amplifier_on or self._glide_to_cdba == 0
        now_cdba = 0 if from_silence else self._level_now_cdba()
        least_ms = (outputs.level_cdba - now_cdba) * RISE_MS_PER_CDB
        if from_silence and least_ms < self._onset_ms:
            least_ms = self._onset_ms
        if outputs.level_over_ms < least_ms:
            outputs.level_over_ms = least_ms
        self._glide_from_cdba = now_cdba
        self._glide_to_cdba = outputs.level_cdba
        self._glide_ms = outputs.level_over_ms
        self._glide_at_ms = 0

    def _level_now_cdba(self):
        """Return where the level has glided to. Times in tens of ms keep the product in a small integer."""
        if self._glide_at_ms >= self._glide_ms:
            return self._glide_to_cdba
        change = self._glide_to_cdba - self._glide_from_cdba
        return self._glide_from_cdba + change * (self._glide_at_ms // 10) // (self._glide_ms // 10 + 1)

    def _limit_tempo(self, outputs):
        tempo = outputs.tempo_mbpm
        if tempo is None or not outputs.melody_on:
            self._window_tempo_mbpm = None
            return
        if tempo > TEMPO_HIGHEST_MBPM:
            tempo = TEMPO_HIGHEST_MBPM
        if tempo < TEMPO_LOWEST_MBPM:
            tempo = TEMPO_LOWEST_MBPM
        if self._window_tempo_mbpm is None:
            self._window_tempo_mbpm = tempo
            self._window_ms = 0
            if self._start_tempo_mbpm is None:
                self._start_tempo_mbpm = tempo
        else:
            # Never slower than this, nor faster because of it: music that began below it may rise, and stays where it is.
            floor = self._slowest_mbpm(outputs, self._start_tempo_mbpm)
            if floor > self._window_tempo_mbpm:
                floor = self._window_tempo_mbpm
            if tempo < floor:
                tempo = floor
            change = self._window_tempo_mbpm * TEMPO_CHANGE_PERMILLE // 1000
            if tempo > self._window_tempo_mbpm + change:
                tempo = self._window_tempo_mbpm + change
            elif tempo < self._window_tempo_mbpm - change:
                tempo = self._window_tempo_mbpm - change
            if self._window_ms >= TEMPO_WINDOW_MS:
                self._window_ms = 0
                self._window_tempo_mbpm = tempo
        outputs.tempo_mbpm = tempo

    def _slowest_mbpm(self, outputs, start_mbpm):
        if outputs.ratio_pulses and self._baseline_mbpm is not None:
            whole = self._baseline_mbpm * outputs.ratio_beats // outputs.ratio_pulses
        else:
            whole = start_mbpm
        return whole * self._slowest_permille // 1000

    def _limit_pace(self, outputs):
        """Bring the pace and its swell within their limits, and take away feedback from an irregular heart."""
        if not self._may_pace:
            outputs.pace_mbpm = outputs.swell_cdb = outputs.feedback_permille = None
            outputs.stranger_permille = None
            return
        feedback = outputs.feedback_permille
        if feedback is not None:
            if self._irregular_for_ms >= IRREGULAR_MS:
                outputs.feedback_permille = None
            else:
                outputs.feedback_permille = max(-FEEDBACK_PERMILLE, min(FEEDBACK_PERMILLE, feedback))
        strangers = outputs.stranger_permille
        if strangers is not None:
            # Nobody else's either, where the patient's own may not be heard.
            outputs.stranger_permille = (
                None
                if outputs.feedback_permille is None
                else max(-FEEDBACK_PERMILLE, min(FEEDBACK_PERMILLE, strangers))
            )
        pace = outputs.pace_mbpm
        if pace is None or outputs.swell_cdb is None:
            outputs.pace_mbpm = None
            if outputs.swell_cdb is not None:
                outputs.swell_cdb = 0
            return
        if self._pace_ms > PACE_MOST_MS:
            outputs.pace_mbpm = None
            outputs.swell_cdb = 0
            return
        if self._first_pace_mbpm is None:
            self._first_pace_mbpm = self._window_pace_mbpm = max(
                PACE_SLOWEST_MBPM, min(PACE_FASTEST_MBPM, pace)
            )
        least = self._window_pace_mbpm * (1000 - PACE_CHANGE_PERMILLE) // 1000
        pace = max(PACE_SLOWEST_MBPM, least, min(pace, self._first_pace_mbpm))
        if self._pace_window_ms >= PACE_WINDOW_MS:
            self._pace_window_ms = 0
            self._window_pace_mbpm = pace
        outputs.pace_mbpm = pace
        inhalation = max(INHALATION_LOW_PERMILLE, min(INHALATION_HIGH_PERMILLE, outputs.inhalation_permille))
        outputs.inhalation_permille = inhalation
        # A breath in rises by twice the swell, in its share of 60 s over the pace; out takes as long or longer.
        steepest = SWELL_CDB_PER_S * 30 * inhalation // pace
        outputs.swell_cdb = max(0, min(outputs.swell_cdb, SWELL_CDB, steepest))
