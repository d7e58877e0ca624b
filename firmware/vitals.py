"""Light samples in, what is known about the patient's pulse out: rate, SpO2, perfusion, quality, contact.

Two estimators look at the same samples, a beat detector and an autocorrelation, and a rate is shown
only while they allow it. Unknown is None, with the reason beside it. Not a monitor: nothing here raises
an alarm, and SpO2 is uncalibrated. The samples come from the driver, the clock from the caller.
"""

from array import array

from micropython import const

from firmware import pulse

NO_CONTACT = "no_contact"
SATURATED = "saturated"
TOO_WEAK = "too_weak"
MOTION = "motion"
UNSETTLED = "unsettled"
DISAGREE = "estimators_disagree"
STALE = "stale"

STALE_AFTER_MS = const(5000)
CONTACT_COUNTS = const(12000)  # a bare sensor sees some hundred counts, skin 20 000 and more
SATURATED_COUNTS = const(262000)  # of 262 143

HALF_W = 5
REACH = 6
TOLL = 20
STEP=15
LEAK = 85
TH = 35
ODD = 4
BEHIND=40
AHEAD=30
SHORT=65
LONG=165
TAIL=600
AGREE=40
AGREE_ODD=1
AGREE_1=5
FILL=1
LX=80
NH=12
AH=25
MINC={"newborn":100,"adult":150}
MIN_S=200
RES=200
RAW={"newborn":False,"adult":True}
NW = 400
AW = 400
_BEATS = const(64)
_BEATS_MASK = const(63)

# population: shortest and longest lag (pairs of 20 ms), window (pairs), half the width of levelling (pairs)
_RANGES = {
    "newborn": (12, 64, NW, NH),
    "adult": (14, 96, AW, AH),
}


class Vitals:
    """Readings of one patient; feed `add`, call `update` about ten times a second, read the attributes."""

    def __init__(self, population="newborn"):
        self.population = population
        self._shortest, self._longest, self._window, self._half = _RANGES[population]
        self._state = pulse.new_state()
        self._ir = array("I", [0] * pulse.RING)
        self._red = array("I", [0] * pulse.RING)
        self._y = array("I", [0] * pulse.RING)
        self._x = array("H", [0] * pulse.WINDOW_MAX)
        self._r = array("I", [pulse.R_BIAS] * (self._longest + 2))
        lags = []
        ticks = self._shortest * 64
        while ticks <= self._longest * 64:
            lags.append(ticks)
            ticks += ticks * STEP // 1000
        self._lags = array("H", lags)
        self._bins = len(lags)
        self._score = array("I", [0] * self._bins)
        self._score_new = array("I", [0] * self._bins)
        self._now = array("I", [0] * self._bins)
        self.beat_count = 0
        self._beat_ticks = array("I", [0] * _BEATS)
        self._beat_slope = array("I", [0] * _BEATS)
        self._segment_end = array("I", [0] * _BEATS)
        self._segment_ticks = array("I", [0] * _BEATS)
        self._segment_beats = array("B", [0] * _BEATS)
        self._segment_odd = array("B", [0] * _BEATS)
        self._sorted = array("I", [0] * 16)
        self.restart()

    def restart(self):
        """Forget everything: the sensor was taken off, or a new session begins."""
        state = self._state
        for i in range(len(state)):
            state[i] = 0
        pulse.clear_extremes(state)
        self.beat_count = 0
        self._begin(0)
        self._saturated = False
        self._measured = 0  # pairs at the last autocorrelation
        self._stamp_ms = None
        self._fresh = False
        self.beat_count = 0
        self.pulse_rate_mbpm = None
        self.pulse_reason = UNSETTLED
        self.spo2_permille = None
        self.spo2_reason = UNSETTLED
        self.perfusion_index_ppm = None
        self.quality_percent = 0
        self.contact = False
        self.led_step = 0

    def _begin(self, head):
        """What came before pair `head` is not to be used."""
        self._since = head + 8
        self._leveled = self._since + self._half
        self._scanned = self._leveled + 2
        self._first_beat = self.beat_count if head else 0
        self._limit = 0
        self._period = 0  # in ticks, from the autocorrelation; 0 = unknown
        self._last_period = 0
        self._strength = 0
        self._typical = 0  # slope of a typical beat
        self._local = 0  # ticks from beat to beat just now
        self._lately_odd = 0
        self._anchor = 0  # when the last good beat came
        self._segments = 0
        self._odd = 0
        self._held = 0
        self._count_ = 0
        self._show_acf = 0
        for lag in range(self._bins):
            self._score[lag] = 0

    def add(self, ir, red, count):
        """Take `count` samples (100/s, oldest first, 0..262143 counts) of infrared and red."""
        pulse.smooth(self._state, self._ir, self._red, ir, red, count)

    def beat_ticks(self, number):
        """When beat `number` (of beat_count, one of the last 64) came, in 1/3200 s since the first sample."""
        return self._beat_ticks[number & _BEATS_MASK]

    def lost(self, count):
        """`count` samples never arrived: time goes on."""

    def led_changed(self):
        """The light changes by our own doing; a step in the samples follows."""

    def update(self, now_ms):
        """Renew the readings. now_ms: any steady clock; it only tells how old the readings are."""
        head = self._state[pulse.HEAD]
        self._check_light(head)
        second = head >= self._measured + pulse.PAIRS_PER_S
        if second:
            self._measured = head
            self._set_limit(head)
        self._level(head)
        if second:
            self._measure(self._leveled)
        self._find_beats(self._leveled)
        if second:
            self._judge(head)
        if self._fresh:
            self._fresh = False
            self._stamp_ms = now_ms
        elif self._stamp_ms is not None and now_ms - self._stamp_ms > STALE_AFTER_MS:
            self._blank(STALE)

    def _blank(self, reason):
        self.pulse_rate_mbpm = None
        self.pulse_reason = reason
        self.quality_percent = 0

    def _check_light(self, head):
        state = self._state
        self.contact = state[pulse.IR_MIN] >= CONTACT_COUNTS
        self._saturated = state[pulse.IR_MAX] >= SATURATED_COUNTS
        pulse.clear_extremes(state)
        if not self.contact or self._saturated:
            self._begin(head)

    def _set_limit(self, head):
        """Clip at 1.25 × the median of the last maxima of a second, so that no step rules the window."""
        if head - self._since < 100:
            return
        order = self._sorted
        seconds = 0
        end = head
        while end - 50 >= self._since and seconds < 8:
            value = pulse.largest_slope(self._ir, end - 50, end)
            place = seconds
            while place > 0 and order[place - 1] > value:
                order[place] = order[place - 1]
                place -= 1
            order[place] = value
            seconds += 1
            end -= 50
        limit = order[(seconds - 1) // 2] * 5 // 4 + 4
        if limit > 500000:
            limit = 500000
        self._limit = limit

    def _level(self, head):
        end = head - self._half
        if self._limit and end > self._leveled:
            pulse.level(self._ir, self._y, self._leveled, end, self._half, self._limit)
            self._leveled = end

    def _measure(self, end):
        if not self._limit:
            return
        first = self._since + self._half
        count = end - first
        if count > self._window:
            count = self._window
        longest = self._longest
        self._count_ = count
        if count < MINC[self.population]:
            return
        if longest > count // 2:
            longest = count // 2
        limit = pulse.largest_slope(self._y, end - count, end)
        if limit > self._limit * LX // 100:
            limit = self._limit * LX // 100
        pulse.extract(self._y, self._x, end - count, count, limit + 1)
        r = self._r
        for lag in range(self._shortest, self._longest + 2):
            r[lag] = pulse.R_BIAS
        pulse.autocorrelate(self._x, r, self._shortest - 1, longest, count)
        self._track(longest)

    def _track(self, longest):
        """Follow the period through time: what is a good lag now, near what was a good lag before."""
        r = self._r
        score = self._score
        new = self._score_new
        now = self._now
        pulse.salience(r, now, self._lags, self._bins, self._shortest * 64, longest * 64, HALF_W)
        best = pulse.follow(score, new, now, self._bins, REACH, TOLL, LEAK)
        self._score = new
        self._score_new = score
        self._strength = 0
        if self._period:
            self._last_period = self._period
        self._period = 0
        # up to the top of the correlation nearby
        for _ in range(3):
            if best + 1 < self._bins and now[best + 1] > now[best]:
                best += 1
            elif best > 0 and now[best - 1] > now[best]:
                best -= 1
        self._strength = now[best]
        if self._strength <= 0:
            return
        period = self._lags[best]
        if 0 < best < self._bins - 1:
            period += pulse.vertex(now[best - 1], now[best], now[best + 1], (self._lags[best+1]-self._lags[best-1])//2)
        self._period = period

    def _find_beats(self, head):
        period = self._period or self._last_period
        if period == 0:
            return
        if RAW[self.population]:
            ring = self._ir
            end = head
            oldest = self._since + 10
        else:
            ring = self._y
            end = self._leveled
            oldest = self._since + self._half + 2
        if self._local and self._local < period:
            period = self._local
        behind = period * BEHIND // 100 // 64
        ahead = period * AHEAD // 100 // 64
        end -= ahead
        oldest = max(oldest, head - 500 + behind)
        if self._scanned < oldest:
            self._scanned = oldest
        if not self._typical:
            self._typical = self._limit * 3 // 4
        while self._scanned < end:
            threshold = self._typical * TH // 100
            n = pulse.next_peak(ring, self._scanned, end, behind, ahead, threshold)
            if n < 0:
                self._scanned = end
                break
            self._scanned = n + 1
            peak = ring[n & 511]
            slope = peak - pulse.SLOPE_BIAS
            if slope > 3 * self._typical and slope > 2 * self._limit:
                continue
            ticks = n * 64 + pulse.vertex(ring[(n - 1) & 511], peak, ring[(n + 1) & 511], 64)
            self._beat_ticks[self.beat_count & _BEATS_MASK] = ticks
            self._beat_slope[self.beat_count & _BEATS_MASK] = slope
            self.beat_count += 1
            self._typical += (min(slope, 2 * self._typical) - self._typical) // 6
            self._count(ticks)
        # No beat for long: they may have become small.
        if self._anchor and end * 64 - self._anchor > 3 * period:
            if self._typical > self._limit // 3:
                self._typical -= self._typical // 16

    def _count(self, ticks):
        """Book the time from the last good beat to this one as so many beats."""
        local = self._local
        if not local:
            local = self._local = self._period or self._last_period
        if not self._anchor:
            self._anchor = ticks
            return
        span = ticks - self._anchor
        if span * 100 < local * SHORT:
            self._odd += 1
            self._lately_odd += (512 - self._lately_odd) // 4
            return
        self._anchor = ticks
        if span * 2 > local * 7:
            self._odd = 0
            self._segments = 0
            return
        beats = (span * 2 + local) // (2 * local)
        if beats < 1 or (beats == 2 and span * 100 < local * LONG):
            beats = 1
        if beats == 1:
            self._local += (span - local) // 2
        at = self._segments & _BEATS_MASK
        self._segment_end[at] = ticks
        self._segment_ticks[at] = span
        self._segment_beats[at] = beats
        self._segment_odd[at] = min(9, self._odd + beats - 1)
        self._odd = 0
        self._segments += 1
        self._lately_odd += (256 * min(2, self._segment_odd[at]) - self._lately_odd) // 4

    def _judge(self, head):
        if not self.contact:
            self._blank(NO_CONTACT)
            self._fresh = True
            return
        if self._saturated:
            self._blank(SATURATED)
            self._fresh = True
            return
        acf = 0
        if self._period and self._strength >= (MIN_S if self._count_ >= 250 else 500):
            acf = 60 * 50 * 1000 * 64 // self._period
        if acf and self._lately_odd > RES and self._strength > 400 and (self._local * 3 > self._period * 4 or self._local * 4 < self._period * 3):
            self._local = self._period
        # The mean interval of the beats of the last 8 s.
        i = self._segments - 1
        oldest = max(0, self._segments - 60)
        begin = head * 64 - 8 * 3200 - TAIL
        total = 0
        beats = 0
        odd = 0
        recent = 0
        while i >= oldest:
            at = i & _BEATS_MASK
            if self._segment_end[at] - self._segment_ticks[at] < begin:
                break
            total += self._segment_ticks[at]
            beats += self._segment_beats[at]
            odd += self._segment_odd[at]
            i -= 1
        rate = None
        mean = 60 * 50 * 64 * 1000 * beats // total if beats else 0
        if FILL and beats >= 3 and not odd:
            gap = head * 64 - self._anchor
            if gap < 3 * self._local and gap < 3200*2:
                # beats * 1000 + gap * 1000 // local, over total + gap
                mean = (60 * 50 * 64 * beats + 60 * 50 * 64 * gap // self._local) * 1000 // (total + gap)
        trusted = beats >= 3 and odd * ODD <= beats and total * 2 > 8 * 3200
        self.dbg = (acf, mean, beats, odd, total, self._strength, self._local)
        if trusted and acf and abs(mean - acf) * 100 < acf * (AGREE if not odd else (AGREE_1 if odd == 1 else AGREE_ODD)):
            rate = mean
        elif trusted and not acf:
            rate = mean
        elif acf:
            rate = acf
        if rate is None:
            self._held += 1
            if self._held > 5 or self.pulse_rate_mbpm is None:
                self._blank(TOO_WEAK)
            return
        self._held = 0
        if self.population == "newborn" and rate >= 100000 and self._segments >= 2:
            # a bradycardia is shown at once
            i = self._segments - 1
            a = i & _BEATS_MASK
            b = (i - 1) & _BEATS_MASK
            if head * 64 - self._segment_end[a] < 3200 * 2 and not self._segment_odd[a] and not self._segment_odd[b]:
                fast = 60 * 50 * 64 * 1000 * 2 // (self._segment_ticks[a] + self._segment_ticks[b])
                if fast < 100000:
                    rate = fast
        self.pulse_rate_mbpm = rate
        self.pulse_reason = None
        self.quality_percent = self._strength // 10
        self._fresh = True


