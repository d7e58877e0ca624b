"""Light samples in, what is known about the patient's pulse out: rate, SpO2, perfusion, quality, contact.

Two estimators look at the same samples, a beat detector and an autocorrelation, and a rate is shown only
while they allow it. Unknown is None, with the reason beside it. Not a monitor: nothing here raises an alarm,
and SpO2 is uncalibrated. The samples come from the driver, the clock from the caller.
"""

from array import array

from micropython import const

from firmware import reasons, ticks
from firmware.light import pulse, spo2
from firmware.light.beats import Beats
from firmware.light.movement import Movement
from firmware.light.period import Period
from firmware.light.rates import Rates
from firmware.light.waves import Waves

# For each population: the shortest and the longest period (pairs of 20 ms), the pairs it is measured over at
# most and at least, half the width over which slopes are levelled (pairs): 0.5 s takes a newborn's breath
# away, 1 s an adult's; and how long after a beat a second wave may still rise (1/3200 s): 0.3 s, 0.5 s.
_NEWBORN = (12, 64, 400, 100, 12, 960)  # 250 to 47 beats per minute
_ADULT = (13, 96, 400, 150, 25, 1600)  # 230 to 31

_STALE_AFTER_MS = const(5000)  # issue: a value older than 5 s is unknown
_STALE_AFTER_PAIRS = const(250)  # the same in samples
# A bare sensor sees some hundred counts, skin 20 000 and more with the driver's steering.
_CONTACT_LOST_COUNTS = const(12000)
_CONTACT_FOUND_COUNTS = const(15000)
_HIGHEST_COUNT = const(262143)
_SATURATED_COUNTS = const(262000)
# Slots of what a second's light reached: as the extremes of pulse.py lie, from IR_MIN on.
_IR_LOW = const(0)
_IR_HIGH = const(1)
_RED_LOW = const(2)
_RED_HIGH = const(3)
_LOST_AGAIN_PAIRS = const(250)  # samples lost twice within 5 s: what came before is not used
_LEVEL_JUMP_PERCENT = const(25)  # within a second: another grip of the sensor, not the room's light
# So long without a beat there is no pulse to show: 3 s, for the sensor may be off; 5 s where the light is the
# same as at the last beat within 1/32, which it is not when the sensor comes off.
_SILENCE_TICKS = const(9600)
_SILENCE_SAME_LIGHT_TICKS = const(16000)
_SAME_LIGHT_SHIFT = const(5)
_BLOOD_PERMILLE = const(700)  # of red on infrared: 89 % of SpO2; a hand's is 0.8 to 1
# Red's share of what does not repeat with the rhythm that shows, in percent of that of what does: so much less, and a hand
# leads; so much more, and a breath is beside the pulse. No hand moves red as much more than infrared as the third says.
_BESIDE_HAND_PERCENT = const(95)
_BESIDE_BREATH_PERCENT = const(110)
_HANDS_MOST_PERMILLE = const(1050)
_STEADY_PERCENT = const(4)  # in the last three seconds as in six
_OTHER_REPEATS = const(400)  # a rhythm of its own, this well repeated
_OTHER_PERCENT = const(15)  # and so far from the other one
_NOTICED_PAIRS = const(150)  # a hand is noticed within 3 s
_BREATH_LASTS_PAIRS = const(150)  # so long after it was seen a breath may hide beats
_SETTLING_PAIRS = const(8)  # until the slope's taps hold only what came after

_MBPM_TICKS = const(192000000)  # thousandths of a beat per minute × ticks: 60 × 3200 × 1000
_WINDOW_TICKS = const(26200)  # beats of the last 8 s and the time a beat takes to be known
_STRONG_PERMILLE = const(550)  # enough for a window that is still short
# Noise alone reaches 0.37 at most (tried: white, pink, random walks), a pulse at rest 0.45 and more.
_SURE_PERMILLE = const(380)
_SURE_WITH_BEATS_PERMILLE = const(250)  # where beats say the same within this:
_SURE_APART_PERCENT = const(10)
_WEAK_PERMILLE = const(200)  # in motion the period is still followed down to here,
_WEAK_PAIRS = const(500)  # for 10 s
_LONG_ENOUGH_PAIRS = const(250)
# How far, in percent, the beats' mean interval may be from the period's: with no odd beat among them (the
# beats are quicker to follow a change), with one, with more.
_AGREE_CLEAN_PERCENT = const(40)
_AGREE_ONE_PERCENT = const(5)
_AGREE_ODD_PERCENT = const(1)
_ODD_SHARE = const(4)  # at most every fourth beat may be odd
_RESTLESS = const(200)  # of 256: beats so odd that the period sets their interval

_DOUBLED_PERCENT = const(135)  # farther from the waves' rate than one that lags
_MISSED_PERCENT = const(88)
_WAVES_LAST_PAIRS = const(250)  # so long what the waves said steers where beats are looked for
_CLEAR_PERMILLE = const(700)
_AT_REST_PERMILLE = const(850)  # a light that repeats itself so well is moved by no hand
_SHAPELESS_SECONDS = const(4)
_FASTEST_HEART_MBPM = const(320000)  # a lamp's swing is often faster, no heart's
# So long slow as the guard sees it, which stops after 4 s, a newborn shows no rate as fast as this: a recording's early
# beats look slow for 6 s.
_SLOW_FOR_MS = const(7000)
_NOT_SLOW_MBPM = const(115000)
_BRADYCARDIA_MBPM = const(100000)  # a newborn's: shown from two intervals, before eight seconds have passed

_LED_LOW_COUNTS = const(60000)
_LED_HIGH_COUNTS = const(200000)
_LED_ENOUGH_COUNTS = const(90000)  # a correction goes on until here
_LED_FEW_COUNTS = const(160000)


def _flat_ring():
    """A ring of slopes that are all zero, made without a list of as many numbers beside it."""
    ring = array("I", bytes(4 * pulse.RING))
    pulse.quiet(ring, 0, pulse.RING)
    return ring


class Vitals:
    """Readings of one patient: feed `add`, call `update` about ten times a second, read the attributes.

    pulse_rate_mbpm (thousandths of a beat per minute), spo2_permille (uncalibrated) and perfusion_index_ppm
    are None while unknown; pulse_reason and spo2_reason then say why. quality_percent is 0..100. led_step is
    what the sensor's lights need: -1 less, 0 nothing, +1 more current.
    """

    def __init__(self, population="newborn"):
        self.population = population
        newborn = population == "newborn"
        shortest, longest, window, least, self._half, self._second = _NEWBORN if newborn else _ADULT
        self._newborn = newborn
        self._state = pulse.new_state()
        self._ir = _flat_ring()
        self._red = _flat_ring()
        self._ir_levelled = _flat_ring()
        self._red_levelled = _flat_ring()
        self._period = Period(shortest, longest, window, least, self._second)
        self._beats = Beats()
        self._waves = Waves(newborn)
        self.rates = Rates(self._waves, newborn)
        self._movement = Movement()
        self._saturation = spo2.Saturation()
        self._lately = spo2.Saturation() if newborn else None
        self.variability = None
        self._beneath = None
        if newborn:
            from firmware.light.beneath import Beneath

            self._beneath = Beneath()
        else:
            # Nobody asks for a newborn's, and a newborn's device needs the memory at the desk.
            from firmware.light.variability import Variability

            self.variability = Variability(self._beats, self._period.scratch)
        self._order = array("I", [0] * 8)
        self._swings = array("I", [0] * 4)
        self.restart()

    def restart(self):
        """Forget everything: the sensor was taken off, or a new session begins."""
        state = self._state
        for i in range(len(state)):
            state[i] = 0
        pulse.clear_extremes(state)
        self._beats.count = 0
        self.beat_count = 0
        self.contact = False
        self.led_step = 0
        self._samples_odd = 0
        self._measured = 0
        self._level = 0
        self._led_guard = 0
        self._saturated_until = 0
        self._lost_until = 0
        self._movement.forget()
        if self._beneath is not None:
            self._beneath.forget()
        self._begin(0)
        self._seen_head = 0
        self._seen_ms = None
        self._swings_begin()
        self._unknown(reasons.UNSETTLED)

    def _begin(self, head):
        """Use nothing that came before pair `head`: it is of another grip of the sensor."""
        self._since = head + _SETTLING_PAIRS
        self._levelled_to = self._since + self._half
        self._limit = 0
        self._red_limit = 0
        self._good_head = head - _STALE_AFTER_PAIRS
        self._sure_head = head - _WEAK_PAIRS
        self._twofold_until = head  # pairs; each beat has a second wave about half-way to the next
        self._waves_until = head  # pairs; and its waves are surely in pairs this far apart
        self._waves_ticks = 0
        self._shaped = False  # a pulse was seen that rises faster than it falls
        self._breathes_until = head  # pairs; a breath is in the light as a hand may be
        # The ratio of ratios of what does not repeat with a newborn's period, in percent of that of what does; 0: not known
        self._beside = 0
        self._hand_leads = False  # that rhythm is a hand's
        self._swung_head = head  # the last pair at which the light swung without a shape
        self._period.forget()
        self._beats.forget()
        self._waves.forget()
        self.rates.forget()
        if self.variability is not None:
            self.variability.forget()

    def add(self, ir, red, count):
        """Take `count` samples (100/s, oldest first, 0..262143 counts) of infrared and red."""
        pulse.smooth(self._state, self._ir, self._red, ir, red, count)

    def lost(self, count):
        """Pass over `count` samples that never arrived: time goes on, and no beat is found or counted across the gap."""
        state = self._state
        count += self._samples_odd
        self._samples_odd = count & 1
        pairs = count >> 1
        head = state[pulse.HEAD]
        filled = pairs if pairs < pulse.RING else pulse.RING
        pulse.quiet(self._ir, head + pairs - filled, head + pairs)
        pulse.quiet(self._red, head + pairs - filled, head + pairs)
        state[pulse.HEAD] = head + pairs
        state[pulse.FILLED] = 0
        self._beats.broken()
        if pairs > pulse.PAIRS_PER_S or head < self._lost_until:
            # Between holes that come again and again, waves look rarer than they are.
            self._begin(head + pairs)
            self._unknown(reasons.UNSETTLED)
        self._lost_until = head + pairs + _LOST_AGAIN_PAIRS

    def led_changed(self):
        """Know that the light changes by our own doing: the step that follows is no other grip of the sensor, no wave
        and no movement.
        """
        self._led_guard = self._state[pulse.HEAD] + 2 * pulse.PAIRS_PER_S
        self._state[pulse.FILLED] = 0

    def beat_ticks(self, number):
        """Return when the wave of beat `number` (of beat_count, one of the last 64) was at its top, in 1/3200 s.

        Counted from the first sample, and late by 65 ms of smoothing.
        """
        return self._beats.top(number)

    def slow_for_ms(self, limit_mbpm):
        """Return for how long (ms) the pulse has been slower than `limit_mbpm`, whatever the beat is; 0: not known to be.

        Counted from the first slow interval, so what it takes to notice is no delay. A hand's rhythm is not the pulse's:
        what beats beneath it counts. An adult that was slow before the hand came, and is, was no hand.
        """
        head = self._state[pulse.HEAD]
        if not self.contact:
            return 0
        moved = self._movement.lasts(head)
        if moved and self._beneath is not None:
            return self._beneath.slow_for_ms(limit_mbpm)
        if self._is_shapeless() or self._breath_hides(limit_mbpm):
            return 0
        slow = self.rates.slow_for_ticks(limit_mbpm, head * pulse.TICKS_PER_PAIR, self._period)
        if not self._shaped:
            # The light of a lamp is no slow heart because it lost its form for a moment.
            slow = min(slow, (head - self._swung_head) * pulse.TICKS_PER_PAIR)
        if moved and slow < (moved + _NOTICED_PAIRS) * pulse.TICKS_PER_PAIR:
            return 0
        return slow * 5 // 16

    def perhaps_slow_for_ms(self, limit_mbpm):
        """Return for how long (ms) the slower of two rates that the light allows has been slower than `limit_mbpm`."""
        head = self._state[pulse.HEAD]
        # A second wave half-way makes of a pulse that was one a swing to and fro.
        if not self.contact or (self._is_shapeless() and not self._shaped and not self.rates.is_in_turn()):
            return 0
        # So slow an adult's heart is its own second rhythm, where a part of its beat was taken for the period.
        movement = self._movement
        moved = movement.present(head) if self._newborn else movement.much(head)
        if moved or self._breath_hides(limit_mbpm):
            return 0
        return (
            self.rates.perhaps_slow_for_ticks(limit_mbpm, head * pulse.TICKS_PER_PAIR, self._period) * 5 // 16
        )

    def _breath_hides(self, limit_mbpm):
        """Return whether waves look rare because a deep breath hides them, of a pulse that is clear and not so slow."""
        period = self._period
        return (
            self._state[pulse.HEAD] < self._breathes_until
            and period.strength >= _CLEAR_PERMILLE
            and period.ticks * (limit_mbpm // 1000) <= _MBPM_TICKS // 1000
        )

    def candidate_mbpm(self):
        """Return the rate that the waves alone give, also outside of what is shown; None where they give none or two.

        A second rhythm does not hide it: a newborn's breath is one, and under an adult's profile all that is known.
        """
        if not self.contact or self._movement.much(self._state[pulse.HEAD]):
            return None
        mbpm = self.rates.only_mbpm()
        return None if mbpm is None or mbpm > _FASTEST_HEART_MBPM else mbpm

    def perhaps_newborns(self):
        """Return whether no rate is known under an adult's profile because the waves may be a newborn's beats."""
        if self._newborn or not self.contact or self.pulse_reason != reasons.TWO_RATES:
            return False
        return self.rates.can_be_newborns(self._period)

    def breath_in_ms(self):
        """Return for how long (ms) an adult still breathes in, or, negative, out; None: unknown."""
        varies = self.variability
        return (
            None
            if varies is None
            else varies.breath.in_for_ms(self._state[pulse.HEAD] * pulse.TICKS_PER_PAIR)
        )

    def update(self, now_ms):
        """Renew the readings. now_ms: ticks of a steady clock (ticks.py); they only tell when readings have grown old."""
        head = self._state[pulse.HEAD]
        self._look_at_light(head)
        second = head >= self._measured + pulse.PAIRS_PER_S
        if second:
            self._measured = head
            self._look_at_level(head)
            swings = self._swings
            ir_swing = swings[_IR_HIGH] - swings[_IR_LOW]
            if self.contact and ir_swing > 0 and head > self._led_guard:
                self._movement.look(self._ir, head, ir_swing, swings[_RED_HIGH] - swings[_RED_LOW])
            self._swings_begin()
            self._find_limits(head)
        self._level_slopes(head)
        if second and self._limit:
            self._period.measure(self._ir_levelled, self._since + self._half, self._levelled_to, self._limit)
            if self._period.shapeless:
                self._swung_head = head
        if second:
            self._compare_lights()
        self._find_beats(head)
        if self._limit and self._waves.find(self._ir, self._since, head):
            self.rates.look()
        if second or self._beats.count != self.beat_count:
            self._judge(head)
        if second:
            self._judge_spo2()
            if self.variability is not None:
                sure = self.pulse_rate_mbpm is not None
                self.variability.measure(head * pulse.TICKS_PER_PAIR, sure, self._ir_levelled)
        if head != self._seen_head:
            self._seen_head = head
            self._seen_ms = now_ms
        elif self._seen_ms is not None:
            age_ms = ticks.since(now_ms, self._seen_ms)
            if self.pulse_rate_mbpm is not None:
                age_ms += (head - self._good_head) * 20
            if age_ms > _STALE_AFTER_MS:
                self._unknown(reasons.STALE)

    def _swings_begin(self):
        """A new second: the lowest and the highest count of infrared, then of red."""
        swings = self._swings
        swings[_IR_LOW] = swings[_RED_LOW] = _HIGHEST_COUNT
        swings[_IR_HIGH] = swings[_RED_HIGH] = 0

    def _unknown(self, reason):
        self.pulse_rate_mbpm = None
        self.pulse_reason = reason
        self.spo2_permille = None
        self.spo2_reason = reason
        self.perfusion_index_ppm = None
        self.quality_percent = 0
        if self.variability is not None:
            self.variability.hide()

    def _unknown_because(self, reason, head):
        """The pulse is not known at pair `head`: because of what moves the sensor, if that is so, else for `reason`."""
        self._unknown(reasons.MOTION if self._movement.much(head) else reason)

    def _look_at_light(self, head):
        state = self._state
        low = state[pulse.IR_MIN]
        high = state[pulse.IR_MAX]
        if low > high:
            return  # nothing new
        swings = self._swings
        for place in (_IR_LOW, _RED_LOW):
            if state[pulse.IR_MIN + place] < swings[place]:
                swings[place] = state[pulse.IR_MIN + place]
            if state[pulse.IR_MAX + place] > swings[place + 1]:
                swings[place + 1] = state[pulse.IR_MAX + place]
        if state[pulse.RED_MAX] > high:
            high = state[pulse.RED_MAX]
        pulse.clear_extremes(state)
        self.contact = low >= (_CONTACT_LOST_COUNTS if self.contact else _CONTACT_FOUND_COUNTS)
        if high >= _SATURATED_COUNTS:
            self._saturated_until = head + pulse.PAIRS_PER_S
        if not self.contact:
            self._begin(head)
            self._unknown(reasons.NO_CONTACT)
        elif head < self._saturated_until:
            self._begin(head)
            self._unknown(reasons.SATURATED)

    def _look_at_level(self, head):
        state = self._state
        level = state[pulse.IR_SUM] >> 3
        change = level - self._level
        if change < 0:
            change = -change
        if self.contact and change * 100 > self._level * _LEVEL_JUMP_PERCENT:
            if head > self._led_guard and self._level:
                self._begin(head)
                self._unknown(reasons.UNSETTLED)
        self._level = level
        red_level = state[pulse.RED_SUM] >> 3
        brightest = red_level if red_level > level else level
        if head < self._saturated_until:
            self.led_step = -1
        elif not self.contact:
            self.led_step = 0
        elif brightest > _LED_HIGH_COUNTS or (self.led_step < 0 and brightest > _LED_FEW_COUNTS):
            self.led_step = -1
        elif level < _LED_LOW_COUNTS or (self.led_step > 0 and level < _LED_ENOUGH_COUNTS):
            self.led_step = 1 if brightest < _LED_FEW_COUNTS else 0
        else:
            self.led_step = 0

    def _find_limits(self, head):
        if head - self._since >= 2 * pulse.PAIRS_PER_S:
            self._limit = self._usual_largest(self._ir, head)
            self._red_limit = self._usual_largest(self._red, head)

    def _usual_largest(self, slopes, head):
        """1.25 × the median of the last 8 seconds' largest slopes, so that one step rules nothing."""
        order = self._order
        seconds = 0
        end = head
        while end - pulse.PAIRS_PER_S >= self._since and seconds < 8:
            pulse.insert(order, seconds, pulse.largest_slope(slopes, end - pulse.PAIRS_PER_S, end))
            seconds += 1
            end -= pulse.PAIRS_PER_S
        limit = order[(seconds - 1) // 2] * 5 // 4 + 4
        return limit if limit < pulse.LIMIT_MAX else pulse.LIMIT_MAX

    def _level_slopes(self, head):
        end = head - self._half
        first = self._levelled_to
        if self._limit and end > first:
            pulse.level(self._ir, self._ir_levelled, first, end, self._half, self._limit)
            pulse.level(self._red, self._red_levelled, first, end, self._half, self._red_limit)
            self._levelled_to = end

    def _find_beats(self, head):
        self._follow_waves(head)
        period = self._beat_ticks(head, self._period.ticks or self._period.last_ticks)
        if not period or not self._limit:
            return
        oldest = self._since + self._half + 2
        self._beats.find(
            self._ir_levelled,
            self._ir,
            oldest,
            self._levelled_to,
            period,
            head < self._twofold_until,
            self._limit,
            head,
            pulse.light(self._state),
        )

    def _follow_waves(self, head):
        """Remember for some seconds what the waves say of each beat's second one: they do not say it at every wave."""
        if self._period.twofold or self.rates.halfway:
            self._twofold_until = head + _WAVES_LAST_PAIRS
        elif self._period.strength < _CLEAR_PERMILLE:
            self._twofold_until = head  # in poor light what is steepest around a beat is noise
        if self.rates.sure_mbpm:
            self._waves_ticks = _MBPM_TICKS // self.rates.sure_mbpm
            self._waves_until = head + _WAVES_LAST_PAIRS

    def _beat_ticks(self, head, ticks):
        """Return the period that beats come in: the waves', where `ticks` is but the way to a second wave of theirs."""
        if head < self._waves_until and ticks * _DOUBLED_PERCENT < self._waves_ticks * 100:
            return self._waves_ticks
        return ticks

    def _judge(self, head):
        """Decide which rate, if any, is to be shown."""
        beats = self._beats
        if beats.count != self.beat_count:
            self.beat_count = beats.count
        if not self.contact or head < self._saturated_until:
            return
        now = head * pulse.TICKS_PER_PAIR
        period = self._period
        by_period = 0
        beat_ticks = self._beat_ticks(head, period.ticks)
        if period.ticks and period.strength >= (
            _WEAK_PERMILLE if period.pairs >= _LONG_ENOUGH_PAIRS else _STRONG_PERMILLE
        ):
            by_period = _MBPM_TICKS // beat_ticks
            if beats.lately_odd > _RESTLESS:
                self._set_interval(period, beat_ticks)
        reason = None
        rate = 0
        if beats.anchor and now - beats.anchor > self._longest_silence():
            self._unknown_because(reasons.TOO_WEAK, head)
            self._good_head = head - _STALE_AFTER_PAIRS
            self._sure_head = head - _WEAK_PAIRS
            return
        odd = beats.add_up(now - _WINDOW_TICKS)
        ticks = beats.lately_ticks
        number = beats.lately_beats
        if number >= 3 and odd * _ODD_SHARE <= number and ticks > _WINDOW_TICKS // 2:
            rate = self._mean_rate(ticks, number, odd, now)
        apart = rate - by_period
        if apart < 0:
            apart = -apart
        if by_period and (
            period.strength >= _SURE_PERMILLE
            or (
                odd == 0
                and number >= 5
                and period.strength >= _SURE_WITH_BEATS_PERMILLE
                and apart // 100 < by_period // 10000 * _SURE_APART_PERCENT
            )
        ):
            self._sure_head = head
        if head - self._sure_head >= _WEAK_PAIRS:
            if period.pairs < _LONG_ENOUGH_PAIRS:
                self._unknown(reasons.UNSETTLED)
            else:
                self._unknown_because(
                    reasons.MOTION if beats.lately_odd > _RESTLESS // 2 else reasons.TOO_WEAK, head
                )
            return
        if beat_ticks == period.ticks and (
            period.doubtful or (not self._newborn and self._is_second_wave(period))
        ):
            reason = reasons.ESTIMATORS_DISAGREE  # twice the true rate is worse than none
        elif by_period and rate:
            if odd == 0 and rate > by_period // 10 * 18 and beats.steady_ticks(self._second):
                pass  # coupled beats: the period is that of the couple
            elif odd == 0 and apart // 100 > by_period // 100 * _AGREE_CLEAN_PERCENT // 100:
                reason = reasons.ESTIMATORS_DISAGREE
            elif odd and apart // 100 > by_period // 10000 * (
                _AGREE_ONE_PERCENT if odd == 1 else _AGREE_ODD_PERCENT
            ):
                rate = by_period
        elif by_period:
            rate = by_period
        elif rate == 0:
            if period.pairs < _LONG_ENOUGH_PAIRS:
                reason = reasons.UNSETTLED
            else:
                reason = reasons.MOTION if beats.lately_odd > _RESTLESS // 2 else reasons.TOO_WEAK
        if reason is not None:
            if head - self._good_head >= _STALE_AFTER_PAIRS:
                self._unknown_because(reason, head)
            elif self.quality_percent > 5:
                self.quality_percent -= self.quality_percent // 4
            return
        if self._newborn and rate >= _BRADYCARDIA_MBPM:
            rate = self._bradycardia(rate, now)
        if self._movement.disturbs(rate, head) or (
            self._beneath is not None and self._beneath.contradicts(rate)
        ):
            self._doubt(reasons.MOTION, head)
            return
        if self._is_shapeless():
            self._doubt(reasons.NOT_A_PULSE, head)
            return
        reason = self.rates.doubt(rate, period)
        if reason is None and self._newborn and rate > _NOT_SLOW_MBPM:
            if self.slow_for_ms(_BRADYCARDIA_MBPM) >= _SLOW_FOR_MS:
                reason = reasons.TWO_RATES
        if reason is not None:
            self._doubt(reason, head)
            return
        sure = self.rates.sure_mbpm
        if sure and (rate > sure // 100 * _DOUBLED_PERCENT or rate < sure // 100 * _MISSED_PERCENT):
            rate = sure  # a second wave was taken for a beat, or for the next one
            if self._movement.disturbs(rate, head):
                self._doubt(reasons.MOTION, head)
                return
        quality = period.strength // 10
        if odd:
            quality = quality * number // (number + 2 * odd) if number else quality // 2
        if self._movement.hides(rate, quality, head):
            self._doubt(reasons.MOTION, head)
            return
        self._movement.calm(rate, head)
        if period.shapeless == 0:
            self._shaped = True
        self._good_head = head
        self.pulse_rate_mbpm = rate
        self.pulse_reason = None
        self.quality_percent = quality if quality > 5 else 5
        self._measure_perfusion(now)

    def _is_shapeless(self):
        """Return whether the light swings without the shape of a pulse: for some seconds, or at all before one was seen."""
        return self._period.shapeless >= (_SHAPELESS_SECONDS if self._shaped else 1)

    def _doubt(self, reason, head):
        """Show nothing, at once: what would be shown may be another's."""
        self._unknown_because(reason, head)
        self._good_head = head - _STALE_AFTER_PAIRS

    def _is_second_wave(self, period):
        """The period could be the way to a second wave, and the beats lie further apart.

        A newborn's are not asked: a bradycardia from 200 looks like that at first.
        """
        return (
            period.ticks and period.ticks <= self._second and self._beats.local_ticks * 2 > period.ticks * 3
        )

    def _longest_silence(self):
        """Return how long the last beat lets a rate be shown."""
        beats = self._beats
        then = beats.level(beats.count - 1)
        change = pulse.light(self._state) - then
        if change < 0:
            change = -change
        return _SILENCE_TICKS if change > then >> _SAME_LIGHT_SHIFT else _SILENCE_SAME_LIGHT_TICKS

    def _set_interval(self, period, ticks):
        """The local interval misled the booking of beats: take that of steady beats, or the period, `ticks`."""
        beats = self._beats
        steady = beats.steady_ticks(self._second)
        if steady:
            beats.local_ticks = steady
        elif period.strength > 2 * _WEAK_PERMILLE:
            if beats.local_ticks * 3 > ticks * 4 or beats.local_ticks * 4 < ticks * 3:
                beats.local_ticks = ticks

    def _mean_rate(self, ticks, number, odd, now):
        """The mean rate of `number` beats over `ticks`, and of the time since, at the present interval."""
        beats = self._beats
        since = now - beats.anchor
        if odd == 0 and since < 3 * beats.local_ticks and since < 2 * 3200:
            # number + since / local beats, in 1/1000
            number = number * 1000 + since * 1000 // beats.local_ticks
            return (
                192000 * number // (ticks + since)
                if number < 5500
                else 19200 * number // (ticks + since) * 10
            )
        return _MBPM_TICKS // ticks * number

    def _bradycardia(self, rate, now):
        """The rate of the last two intervals where they are sound and slow, else `rate`."""
        beats = self._beats
        last = beats.stretches - 1
        if last < 1 or now - beats.anchor > 2 * 3200:
            return rate
        if beats.stretch_odd(last) or beats.stretch_odd(last - 1):
            return rate
        lately = _MBPM_TICKS // (beats.stretch_ticks(last) + beats.stretch_ticks(last - 1)) * 2
        return lately if lately < _BRADYCARDIA_MBPM else rate

    def _measure_perfusion(self, now):
        """The median fall of the light at the last 5 beats, as a share of the light."""
        beats = self._beats
        order = self._order
        found = 0
        known = beats.stretches if beats.stretches < beats.count else beats.count
        if known > 5:
            known = 5
        for number in range(beats.count - 1, beats.count - 1 - known, -1):
            if now - beats.ticks(number) >= 5 * 3200:
                break
            if beats.rise(number):
                pulse.insert(order, found, beats.rise(number))
                found += 1
        if found < 3:
            return
        fall = order[found // 2]
        # Slopes over 4 pairs added up count every fall 4 times; the level here is a sum over 8 samples.
        level = self._state[pulse.IR_SUM] >> 8
        index = fall * 1000 // level * 1000 // 1024
        # The sum over 80 ms flattens short pulses: by 7 % at 70 a minute, by a third at 205 (on recordings).
        pairs = beats.local_ticks // pulse.TICKS_PER_PAIR
        if pairs < 12:
            pairs = 12
        self.perfusion_index_ppm = index + index * 110 // (pairs * pairs)

    def _compare_lights(self):
        """Measure how red goes with infrared, and look for a second rhythm in what does not."""
        first = self._since + self._half
        end = self._levelled_to
        self._beside = 0
        if not self.contact or not self._limit or end - first < spo2.LEAST:
            self._saturation.ratio_permille = None
            return
        state = self._state
        red_level = state[pulse.RED_SUM] >> 3
        self._saturation.measure(self._ir_levelled, self._red_levelled, first, end, self._level, red_level)
        if self._lately is not None:
            begin = max(first, end - spo2.LATELY)
            self._lately.measure(self._ir_levelled, self._red_levelled, begin, end, self._level, red_level)
        head = state[pulse.HEAD]
        if self._newborn and self._period.ticks:
            self._beside = self._saturation.beside_percent(
                self._ir_levelled, self._red_levelled, first, end, self._period.ticks
            )
        largest = self._limit if self._limit > self._red_limit else self._red_limit
        shared = self._period.shared(
            self._ir_levelled,
            self._red_levelled,
            first,
            end,
            2 * largest,
            self._saturation.lead_slope if self._may_be_hands() else self._saturation.slope,
            self._order,
            self._movement.is_calm_sure(),
        )
        self._hand_leads = self._may_be_hands() and self._is_steady()
        if self._hand_leads:
            self._movement.leads(head)
        elif not shared:
            if self._newborn and self._is_blood():
                self._movement.perhaps_two(head)
            elif self._newborn and (self._period.breathes or self._is_breaths()):
                # Little oxygen makes of a breath what a hand makes of the light, but for its form.
                self._breathes_until = head + _BREATH_LASTS_PAIRS
                self._movement.perhaps_two(head)
            else:
                self._movement.two(head)
        self._look_beneath(head)
        ratio = self._saturation.ratio_permille
        if self._newborn and ratio is not None and self.pulse_rate_mbpm is not None:
            self._movement.blood(ratio, self.quality_percent, head)

    def _may_be_hands(self):
        """Return whether the rhythm that shows moves red more than all else in a newborn's light does, as a hand's may and
        no pulse's does: a breath moves it more than the pulse, for there is less oxygen in the veins.
        """
        ratio = self._saturation.ratio_permille
        return 0 < self._beside < _BESIDE_HAND_PERCENT and (ratio is None or ratio < _HANDS_MOST_PERMILLE)

    def _is_steady(self):
        """Return whether the lights have gone together in the last 6 s as in the last three: while oxygen changes they do
        not, and early or late beats stand out against the rest as another source would.
        """
        ratio = self._saturation.ratio_permille
        lately = self._lately
        if ratio is None or lately is None or lately.ratio_permille is None:
            return False
        return abs(ratio - lately.ratio_permille) * 100 < ratio * _STEADY_PERCENT

    def _is_blood(self):
        """Return whether red follows infrared as a pulse makes it: then the second rhythm is the smaller, a breath's or
        what a hand adds, and hides no fall.
        """
        ratio = self._saturation.ratio_permille
        return ratio is not None and ratio < _BLOOD_PERMILLE

    def _is_breaths(self):
        """Return whether all else in the light moves red more than what shows, and to a rhythm of its own: a breath."""
        return self._beside > _BESIDE_BREATH_PERCENT and self._is_other(self._period)

    def _is_other(self, period):
        """Return whether what is left has a clear rhythm, and another than `period`, which can be that of two beats."""
        rate = _MBPM_TICKS // period.ticks
        return (
            period.left_repeats > _OTHER_REPEATS
            and abs(rate - period.left_mbpm) // 100 > rate // 10000 * _OTHER_PERCENT
        )

    def _look_beneath(self, head):
        beneath = self._beneath
        if beneath is None:
            return
        leads = self._hand_leads and self._is_other(self._period)
        if leads or beneath.seconds or self._movement.much(head):
            beneath.look(leads, self._saturation.slope, self._period, self._movement.calm_mbpm)
        if not self._movement.present(head) and self.pulse_rate_mbpm is not None:
            beneath.calm(self._saturation.slope)

    def _judge_spo2(self):
        if not self.contact or not self._limit:
            return
        if self._levelled_to - self._since - self._half < spo2.LEAST:
            self._spo2_unknown(reasons.UNSETTLED)
        elif self._is_shapeless():
            self._spo2_unknown(reasons.NOT_A_PULSE)
        elif self._beats.lately_odd > _RESTLESS // 2 and not self._is_untouched():
            self._spo2_unknown(reasons.MOTION)
        elif self.pulse_rate_mbpm is None and self.pulse_reason != reasons.UNSETTLED:
            self._spo2_unknown(self.pulse_reason)
        elif self._saturation.ratio_permille is None:
            self._spo2_unknown(reasons.TOO_WEAK)
        else:
            ratio = self._saturation.ratio_permille
            if self._lately is not None and self._lately.ratio_permille is not None:
                ratio = self._lately.ratio_permille
            if self._is_breaths():
                ratio = ratio * self._saturation.lead_slope // self._saturation.slope
            self.spo2_permille = spo2.from_ratio(ratio)
            self.spo2_reason = None

    def _is_untouched(self):
        """Return whether a newborn's odd beats are no movement: the light repeats itself as it does where nothing moves.
        Half-way between beats a high second wave is now and then the one that is counted.
        """
        return (
            self._newborn
            and self.pulse_rate_mbpm is not None
            and self._period.strength >= _AT_REST_PERMILLE
            and not self._movement.present(self._state[pulse.HEAD])
        )

    def _spo2_unknown(self, reason):
        self.spo2_permille = None
        self.spo2_reason = reason
