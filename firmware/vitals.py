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

_BEATS = const(64)
_BEATS_MASK = const(63)

# population: shortest and longest lag (pairs of 20 ms), window (pairs), period in pairs before any is known
_RANGES = {
    "newborn": (12, 64, 250, 20),
    "adult": (14, 96, 350, 40),
}


class Vitals:
    """Readings of one patient; feed `add`, call `update` about ten times a second, read the attributes."""

    def __init__(self, population="newborn"):
        self.population = population
        self._shortest, self._longest, self._window, self._first_period = _RANGES[population]
        self._state = pulse.new_state()
        self._ir = array("I", [0] * pulse.RING)
        self._red = array("I", [0] * pulse.RING)
        self._x = array("H", [0] * pulse.WINDOW_MAX)
        self._r = array("I", [pulse.R_BIAS] * (self._longest + 2))
        self._beat_ticks = array("I", [0] * _BEATS)
        self._beat_slope = array("I", [0] * _BEATS)
        self._sorted = array("I", [0] * 16)
        self.restart()

    def restart(self):
        """Forget everything: the sensor was taken off, or a new session begins."""
        state = self._state
        for i in range(len(state)):
            state[i] = 0
        pulse.clear_extremes(state)
        self._since = 0  # pair from which the rings are to be believed
        self._scanned = 8  # pairs in which beats were looked for
        self._measured = 0  # pairs at the last autocorrelation
        self._period_ticks = 0  # from the autocorrelation; 0 = unknown
        self._strength = 0
        self._stamp_ms = None
        self._fresh = False
        self.beat_count = 0
        self.last_beat_ticks = 0
        self.pulse_rate_mbpm = None
        self.pulse_reason = UNSETTLED
        self.spo2_permille = None
        self.spo2_reason = UNSETTLED
        self.perfusion_index_ppm = None
        self.quality_percent = 0
        self.contact = False
        self.led_step = 0

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
        head = self._state[0]
        if head >= self._measured + pulse.PAIRS_PER_S:
            self._measured = head
            self._measure(head)
        self._find_beats(head)
        if self._fresh:
            self._fresh = False
            self._stamp_ms = now_ms
        elif self._stamp_ms is not None and now_ms - self._stamp_ms > STALE_AFTER_MS:
            self._blank(STALE)

    def _blank(self, reason):
        self.pulse_rate_mbpm = None
        self.pulse_reason = reason
        self.quality_percent = 0

    def _measure(self, head):
        state = self._state
        self.contact = state[pulse.IR_MIN] >= CONTACT_COUNTS
        saturated = state[pulse.IR_MAX] >= SATURATED_COUNTS
        pulse.clear_extremes(state)
        if not self.contact or saturated:
            self._since = head + 8
            self._scanned = head + 8
            self._period_ticks = 0
            self._fresh = True
            self._blank(SATURATED if saturated else NO_CONTACT)
            return
        count = head - self._since
        if count > self._window:
            count = self._window
        if count < 2 * self._longest:
            self._blank(UNSETTLED)
            return
        first = head - count
        # Clip at 1.25 × the median of the last maxima of a second, so that one step does not rule the window.
        order = self._sorted
        seconds = 0
        at = first
        while at + 50 <= head and seconds < 8:
            value = pulse.largest_slope(self._ir, at, 50)
            place = seconds
            while place > 0 and order[place - 1] > value:
                order[place] = order[place - 1]
                place -= 1
            order[place] = value
            seconds += 1
            at += 50
        limit = order[seconds // 2] * 5 // 4 + 1
        if limit > 500000:
            limit = 500000
        self._limit = limit
        pulse.extract(self._ir, self._x, first, count, limit)
        pulse.autocorrelate(self._x, self._r, self._shortest - 1, self._longest + 1, count)
        self._pick_period()
        if self._strength < 350:
            self._blank(TOO_WEAK)
            return
        self.pulse_rate_mbpm = 60 * 50 * 1000 * 64 // self._period_ticks
        self.pulse_reason = None
        self.quality_percent = self._strength // 10
        self._fresh = True

    def _pick_period(self):
        """The first peak that is nearly as high as the highest."""
        r = self._r
        best = 0
        for lag in range(self._shortest, self._longest + 1):
            value = r[lag]
            if value > best and value >= r[lag - 1] and value > r[lag + 1]:
                best = value
        best -= pulse.R_BIAS
        self._strength = 0
        self._period_ticks = 0
        if best <= 0:
            return
        enough = best * 8 // 10 + pulse.R_BIAS
        for lag in range(self._shortest, self._longest + 1):
            value = r[lag]
            if value >= enough and value >= r[lag - 1] and value > r[lag + 1]:
                self._strength = value - pulse.R_BIAS
                self._period_ticks = lag * 64 + pulse.vertex(r[lag - 1], value, r[lag + 1], 64)
                return

    def _find_beats(self, head):
        period = self._period_ticks
        if period == 0:
            return
        reach = period * 2 // 5 // 64
        end = head - reach
        if self._scanned < self._since + 8:
            self._scanned = self._since + 8
        if self._scanned < head - 500 + reach:
            self._scanned = head - 500 + reach
        threshold = self._limit * 3 // 10
        while self._scanned < end:
            n = pulse.next_peak(self._ir, self._scanned, end, reach, threshold)
            if n < 0:
                self._scanned = end
                return
            self._scanned = n + 1
            offset = pulse.vertex(
                pulse.slope_at(self._ir, n - 1),
                pulse.slope_at(self._ir, n),
                pulse.slope_at(self._ir, n + 1),
                64,
            )
            ticks = n * 64 + offset
            self._beat_ticks[self.beat_count & _BEATS_MASK] = ticks
            self.beat_count += 1
            self.last_beat_ticks = ticks
