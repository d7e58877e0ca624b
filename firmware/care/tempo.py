"""The iso-principle: from a pulse to a tempo. Match it, lead it, wait for it, hold, and never step.

Knows rates and time only: the phases of a session, loudness and safety are elsewhere. All integer, nothing
allocated.
"""

from array import array

from micropython import const

from firmware.care.curve import CURVE_COLUMNS, curve_at

# The beat people sing to: choice, within the 40 to 90 bpm that lullabies and calm music have.
_TEMPO_LOW_MBPM = const(40_000)
_TEMPO_HIGH_MBPM = const(90_000)
# A ratio is given up only when the tempo it gives is this far outside, at this many phrase ends in a row.
_RATIO_HYSTERESIS_MBPM = const(4_000)
_RATIO_PHRASES = const(2)

SMOOTHING_S = const(10)  # time constant, after a median that costs 2 s more; hides breathing, not a trend
LATEST = const(5)  # readings of which the middle one counts
PULSE_SLEW_MBPM = const(2_000)  # in a second: more is a wrong reading, not a heart
_STALE_MS = const(30_000)  # choice: after so long without a pulse it may have become another one
_READINGS_MAX = const(240)  # one a second while the baseline is taken
# In a minute, from a tempo that was not the patient's (an opening, another ratio) to the one that is: choice. It is part of
# matching, which lasts until the music has arrived; what leads afterwards keeps to the profile's own rate.
MATCH_PERMILLE = const(50)
# 2 % slower than allowed: rounded to hundredths and read a tenth of a second late it is still within the rate.
_PERMILLE_AND_MARGIN = const(1_020)
ADULT_FLOOR_PULSE_MBPM = const(50_000)  # music never leads a pulse below this

# Beats of music to pulses of the patient, in the order they are tried.
_NEWBORN_DUPLE = ((1, 2), (1, 3), (1, 4))
_NEWBORN_COMPOUND = ((1, 3), (1, 2), (1, 4))
_ADULT_DUPLE = ((1, 1), (1, 2))
_ADULT_COMPOUND = ((1, 1), (1, 2), (1, 3))


class PulseFilter:
    """The pulse rate over some 12 s, from one reading a second; frozen while there is none.

    The middle one of the last five goes into an exponential mean, so that a reading at half or double the
    rate leaves no trace.
    """

    def __init__(self):
        self._last = array("i", [0] * LATEST)
        self._sorted = array("i", [0] * LATEST)
        self.restart()

    def restart(self):
        self.mean_mbpm = 0
        self.known = False
        self._wait_ms = 0
        self._next = 0

    def add(self, elapsed_ms, pulse_mbpm):
        """Take note of the pulse rate (None: unknown) `elapsed_ms` after the last; True when a second is
        full.
        """
        if pulse_mbpm is None:
            return False
        if not self.known:
            self.known = True
            self.mean_mbpm = pulse_mbpm
            for place in range(LATEST):
                self._last[place] = pulse_mbpm
            return True
        self._wait_ms += elapsed_ms
        if self._wait_ms < 1000:
            return False
        self._wait_ms = 0
        self._last[self._next] = pulse_mbpm
        self._next = (self._next + 1) % LATEST
        change = (self._middle() - self.mean_mbpm) // SMOOTHING_S
        if change > PULSE_SLEW_MBPM:
            change = PULSE_SLEW_MBPM
        elif change < -PULSE_SLEW_MBPM:
            change = -PULSE_SLEW_MBPM
        self.mean_mbpm += change
        return True

    def _middle(self):
        ordered = self._sorted
        for count in range(LATEST):
            reading = self._last[count]
            place = count
            while place and ordered[place - 1] > reading:
                ordered[place] = ordered[place - 1]
                place -= 1
            ordered[place] = reading
        return ordered[LATEST // 2]


class Baseline:
    """The middle one of the readings of a minute and more."""

    def __init__(self):
        self._sorted = array("i", [0] * _READINGS_MAX)
        self.count = 0

    def restart(self):
        self.count = 0

    def add(self, pulse_mbpm):
        readings = self._sorted
        place = self.count
        if place == _READINGS_MAX:
            return
        while place and readings[place - 1] > pulse_mbpm:
            readings[place] = readings[place - 1]
            place -= 1
        readings[place] = pulse_mbpm
        self.count += 1

    def median_mbpm(self):
        """Return the median; ask only once there is a reading."""
        return self._sorted[self.count // 2]


def _last_change_ms(curve):
    """Return when a curve's tempo comes to its last value."""
    place = len(curve) - CURVE_COLUMNS
    while place and curve[place - CURVE_COLUMNS + 1] == curve[len(curve) - CURVE_COLUMNS + 1]:
        place -= CURVE_COLUMNS
    return curve[place]


class Tempo:
    """The music's tempo. `listen` every step of a session; `begin` once the melody may start; then `advance`.

    tempo_mbpm is what to play, None before `begin`; target_mbpm where it is going; baseline_mbpm the
    patient's pulse rate at the start; ratio_beats to ratio_pulses how the two relate (0 to 0 without a
    pulse).
    """

    def __init__(self, profile):
        self._profile = profile
        self._newborn = profile.population != "adult"
        self._filter = PulseFilter()
        self._baseline = Baseline()
        self._end_ms = _last_change_ms(profile.curve)
        self.restart()

    def restart(self):
        self._filter.restart()
        self._baseline.restart()
        self._now_mbpm = 0
        self._target_mbpm = 0
        self._sounding = False  # there is a tempo to play
        self._begun = False  # and it is the patient's, or the profile's instead
        self._matched_mbpm = 0  # the tempo that the curve's 100 % stand for
        self.baseline_mbpm: int | None = None
        self.ratio_beats = 0
        self.ratio_pulses = 0
        self.closed = False  # a pulse leads the tempo
        self.waiting = False  # the patient stays behind: the music waits
        self.curve_ms = 0  # how far along the curve the music is
        self.match_left_ms = 0  # how long the patient is only met, not led
        self._ceiling_mbpm = 0
        self._floor_mbpm = 0
        self._credit = 0  # parts of a thousandth of a beat per minute that are still owed
        self._outside = 0  # phrase ends at which another ratio would have been better
        self._gliding = False
        self._gap_ms = 0  # for how long no pulse has been known
        self._fresh = 0  # readings since one that long

    def pulse_mbpm(self):
        """Return the smoothed pulse rate, None before the first reading."""
        return self._filter.mean_mbpm if self._filter.known else None

    def tempo_mbpm(self):
        """Return what to play, None before the first melody."""
        return self._now_mbpm if self._sounding else None

    def target_mbpm(self):
        """Return where the tempo is going, None before the first melody."""
        return self._target_mbpm if self._sounding else None

    def baseline_ms(self):
        """Return how much good signal there has been; 0 where the pulse has just come back, and may be another one."""
        return self._baseline.count * 1000 if self._fresh >= LATEST else 0

    def listen(self, elapsed_ms, pulse_mbpm):
        """Take note of the pulse rate, None while it is unknown."""
        if pulse_mbpm is None:
            self._gap_ms = min(self._gap_ms + elapsed_ms, _STALE_MS)
        elif self._gap_ms:
            if self._gap_ms >= _STALE_MS and not self._begun:
                # What was smoothed then is no pulse to begin with now.
                self._filter.restart()
                self._fresh = 0
            self._gap_ms = 0
        if self._filter.add(elapsed_ms, pulse_mbpm) and not self._begun:
            self._baseline.add(pulse_mbpm)
            self._fresh = min(self._fresh + 1, LATEST)

    def open_with(self, tempo_mbpm):
        """Play at a tempo of no patient while the baseline is taken."""
        self._now_mbpm = tempo_mbpm
        self._target_mbpm = tempo_mbpm
        self._sounding = True

    def keep(self, tempo_mbpm):
        """Play at this tempo to the end: no pulse leads it, and no curve."""
        self.open_with(tempo_mbpm)
        self._begun = True

    def begin(self, closed, compound):
        """Choose the tempo to start at: pulse times ratio if `closed`, else the profile's. compound: the
        song's metre.
        """
        profile = self._profile
        pulse = self._filter.mean_mbpm
        self.closed = closed and self._filter.known
        if self.closed:
            self._choose_ratio(pulse, compound, 0, self._now_mbpm)
            self.baseline_mbpm = self._baseline.median_mbpm()
            self._set_floor(self.baseline_mbpm)
            matched = pulse * self.ratio_beats // self.ratio_pulses
            # A pulse that has fallen since is met where it is, and slowed no further.
            self._floor_mbpm = min(self._floor_mbpm, matched)
        else:
            matched = profile.opening_tempo_mbpm
            self._floor_mbpm = matched * (1000 - profile.slowing_permille) // 1000
        self._matched_mbpm = matched
        self._ceiling_mbpm = matched
        self.match_left_ms = profile.match_ms
        start = matched * curve_at(profile.curve, 0, 1) // 1000
        self._target_mbpm = start
        self._gliding = self._sounding
        if not self._gliding:
            self._now_mbpm = start
        self._sounding = True
        self._begun = True

    def limit(self, tempo_mbpm):
        """Go on from what the guard lets be played, where that is the faster: it holds the music as long as this ratio is
        kept, and another one would find the tempo far below, and step down to it.
        """
        if self.closed and tempo_mbpm > self._now_mbpm:
            self._now_mbpm = tempo_mbpm
            if tempo_mbpm > self._floor_mbpm:
                self._floor_mbpm = tempo_mbpm

    def advance(self, elapsed_ms, frozen, phrase_ended, compound):
        """Take one step of the music. frozen: keep the tempo (no signal, or the guard says so)."""
        if frozen:
            # At the end of the slowing there is nothing left to freeze: loudness and mood go on.
            if self.finished():
                self.curve_ms += elapsed_ms
            self._target_mbpm = self._now_mbpm
            self.waiting = False
            return
        profile = self._profile
        if self.closed and self.match_left_ms:
            self._follow(phrase_ended, compound)
        target = self._matched_mbpm * curve_at(profile.curve, self.curve_ms, 1) // 1000
        if target < self._floor_mbpm and profile.programme != "stay_low":
            target = self._floor_mbpm
        self.waiting = False
        if self.closed and profile.follow == "wait" and not self.match_left_ms:
            target = self._wait_for_patient(target)
        self._target_mbpm = target
        if self.match_left_ms:
            self.match_left_ms = max(1 if self._gliding else 0, self.match_left_ms - elapsed_ms)
        elif not self.waiting:
            self.curve_ms += elapsed_ms
        self._glide(elapsed_ms)

    def finished(self):
        """Return whether the tempo has come to the end of its curve."""
        at_end = not self.match_left_ms and self.curve_ms >= self._end_ms
        return at_end and self._now_mbpm == self._target_mbpm

    # Helpers.

    def _set_floor(self, baseline_mbpm):
        """Never below the baseline less the slowing allowed, nor, for an adult, below a pulse of 50."""
        floor = baseline_mbpm * (1000 - self._profile.slowing_permille) // 1000
        if not self._newborn and floor < ADULT_FLOOR_PULSE_MBPM:
            # A pulse below 50 already: no slowing at all.
            floor = min(ADULT_FLOOR_PULSE_MBPM, baseline_mbpm)
        self._floor_mbpm = floor * self.ratio_beats // self.ratio_pulses

    def _choose_ratio(self, pulse_mbpm, compound, hysteresis_mbpm, near_mbpm=0):
        """The first ratio whose tempo a person would sing, or of these the one nearest to what plays (0: nothing does);
        True when it is another one.
        """
        if self.ratio_pulses and hysteresis_mbpm:
            tempo = pulse_mbpm * self.ratio_beats // self.ratio_pulses
            if _TEMPO_LOW_MBPM - hysteresis_mbpm <= tempo <= _TEMPO_HIGH_MBPM + hysteresis_mbpm:
                return False
        if self._profile.metre != "song":
            compound = self._profile.metre == "compound"
        if self._newborn:
            choices = _NEWBORN_COMPOUND if compound else _NEWBORN_DUPLE
        else:
            choices = _ADULT_COMPOUND if compound else _ADULT_DUPLE
        best_beats, best_pulses = choices[0]
        best_distance = -1
        for beats, pulses in choices:
            tempo = pulse_mbpm * beats // pulses
            distance = max(_TEMPO_LOW_MBPM - tempo, tempo - _TEMPO_HIGH_MBPM, 0)
            if distance:
                distance += _TEMPO_HIGH_MBPM  # what nobody would sing is farther than all that is sung
            elif near_mbpm:
                distance = abs(tempo - near_mbpm)
            if best_distance < 0 or distance < best_distance:
                best_beats, best_pulses = beats, pulses
                best_distance = distance
        changed = best_pulses != self.ratio_pulses  # beats are one in all of them
        self.ratio_beats = best_beats
        self.ratio_pulses = best_pulses
        return changed

    def _follow(self, phrase_ended, compound):
        """While matching: the curve's 100 % follow the patient, never above the start and never below the
        floor.
        """
        pulse = self._filter.mean_mbpm
        if phrase_ended:
            tempo = pulse * self.ratio_beats // self.ratio_pulses
            low = _TEMPO_LOW_MBPM - _RATIO_HYSTERESIS_MBPM
            high = _TEMPO_HIGH_MBPM + _RATIO_HYSTERESIS_MBPM
            self._outside = 0 if low <= tempo <= high else self._outside + 1
            if self._outside >= _RATIO_PHRASES:
                self._outside = 0
                if self._choose_ratio(pulse, compound, _RATIO_HYSTERESIS_MBPM):
                    self._set_floor(self.baseline_mbpm)
                    # A ratio of more beats would ask for faster music than it began with.
                    self._floor_mbpm = min(self._floor_mbpm, self._ceiling_mbpm)
                    self._gliding = True
        matched = pulse * self.ratio_beats // self.ratio_pulses
        if matched > self._ceiling_mbpm:
            matched = self._ceiling_mbpm
        if matched < self._floor_mbpm:
            matched = self._floor_mbpm
        self._matched_mbpm = matched

    def _wait_for_patient(self, target):
        """The target, but no further ahead of the patient than the margin, and never up again."""
        if target >= self._now_mbpm:
            return target
        pulse = self._filter.mean_mbpm * self.ratio_beats // self.ratio_pulses
        nearest = pulse * (1000 - self._profile.margin_permille) // 1000
        if nearest <= target:
            return target
        self.waiting = True
        return self._now_mbpm if nearest > self._now_mbpm else nearest

    def _glide(self, elapsed_ms):
        """Move the tempo towards its target at the profile's rate; what is left of a thousandth is kept."""
        gap = self._target_mbpm - self._now_mbpm
        if gap == 0:
            self._credit = 0
            self._gliding = False
            return
        # Each step is of the tempo that it begins at: upwards 4.9 % of that grow to 4.93 in a minute, 5 to 5.04.
        rate = MATCH_PERMILLE - 1 if self._gliding else self._profile.lead_rate_permille
        self._credit += self._now_mbpm * rate // _PERMILLE_AND_MARGIN * elapsed_ms
        most = self._credit // 60_000
        self._credit -= most * 60_000
        if gap > most:
            gap = most
        elif gap < -most:
            gap = -most
        self._now_mbpm += gap
