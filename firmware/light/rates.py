"""Which rates the waves allow: one, two, or none; and for how long the slower one has been slow.

Independent of `period` and `beats`. `vitals` shows no rate that this contradicts, and the guard is handed both
candidates: a slow heart that is read as a fast one is the worst that can happen.
"""

from micropython import const

from firmware import reasons
from firmware.light.waves import EVEN, NONE, PAIRS, QUADS

_MBPM_TICKS = const(192000000)

# What may be shown, in mbpm: within what `period` looks for.
_NEWBORN_LEAST = const(47000)
_NEWBORN_MOST = const(250000)
_ADULT_LEAST = const(31000)
_ADULT_MOST = const(230000)

# Twice the calm beat explains the last 8 s so much better (percent), as no breath makes it: two waves may be one beat, for
# half of that time already.
_PAIRS_PERCENT = const(125)
_PAIRS_STILL_PERCENT = const(110)  # once they were
_PAIRS_FOR_TICKS = const(12800)  # 4 s
_PAIRS_SEEN_TICKS = const(16000)  # a second longer: it is seen twice
_UNSEEN_TICKS = const(6400)  # 2 s without an answer, and it begins anew, after
_WINDOW_TICKS = const(25600)  # 8 s

# So many waves strong and weak in turn, and either may be the beat: the fewer, the more unlike they are. A breath
# makes neighbours a little unlike for a while.
_SEEN_UNLIKE = const(4)
_NEARLY_ALIKE_PERCENT = const(70)
_SEEN_NEARLY_ALIKE = const(8)
_ALIKE_PERCENT = const(80)
_SEEN_ALIKE = const(14)
_UNLIKE_ENOUGH_PERCENT = const(75)  # for the guard to count
_FIRST_WAVES = const(8)  # until so many were seen, or an even row of fewer, nothing is shown
# The time of so many waves, in percent of that of so many beats: a rate that lags is nearer.
_FEW_WAVES = const(6)
_FEW_PERCENT = const(160)
_DYING_PERCENT = const(40)  # the last two beside the highest of them
_DOUBT_LASTS_TICKS = const(16000)  # 5 s after waves came in turn, one even row of them is not enough,
_STAYS_WAVES = const(8)  # in turn for so many waves
_SURE_WAVES = const(12)  # but for one as long as this
_RUN = const(4)  # waves that make a pattern
_SEEN_WAVES = const(5)  # a pattern that held for so many contradicts what is to be shown
_APART_PERCENT = const(35)  # from what the waves say: half and third are farther, a rate that lags is nearer
# A second wave that comes this soon after the beat is no beat.
_SOON_TICKS = const(864)  # 0.27 s
_SOON_SHARE_PERCENT = const(40)  # of the time to the next beat,
_NEAR_SHARE_PERCENT = const(33)  # or this near however high it is
# Nothing is shown where it is as high and as late as this: it may be an early beat.
_COUPLED_PERCENT = const(30)
_COUPLED_SHARE_PERCENT = const(32)
# The same under 100 a minute, where a newborn at rest is not: nothing is lost that would not stop the music anyway.
_SLOW_COUPLED_PERCENT = const(18)
_SLOW_COUPLED_SHARE_PERCENT = const(22)
_THIRD_LASTS_TICKS = const(32000)  # 10 s, in which it need not be seen again
_PROVEN_LASTS_TICKS = const(192000)  # 60 s
_FIRST_TICKS = const(25600)  # 8 s of waves, until a rate is shown without a pattern of them
_MOST_KNOWN = const(32)  # of them are remembered, at most: less than 8 s of a fast heart's
_NOISY_SLOPE = const(250)  # counts over 80 ms
# Strong waves without a pattern, so many in less than the time of so many (percent) beats: the rate is not theirs.
_MANY_WAVES = const(10)
_MANY_PERCENT = const(135)
# The time of so many waves, in percent of that of as many strong ones.
_BETWEEN_WAVES = const(8)
_BETWEEN_PERCENT = const(75)
_MORE_PERCENT = const(88)  # or of as many beats
# Between a calm beat and two: groups so long (percent of it) are a heart's that slows, and no two beats of the same one.
_BETWEEN_LEAST_PERCENT = const(115)
_BETWEEN_MOST_PERCENT = const(175)
_CALM_PERCENT = const(10)  # but not where it is, this near, the rate that was even before
_ADULT_SLOW_MBPM = const(45000)
_NEWBORN_SLOW_MBPM = const(100000)
# Twice a pulse is not likely to be a pulse from here on: what is in between is a second wave.
_ADULT_FAST_MBPM = const(170000)
_NEWBORN_FAST_MBPM = const(225000)
# But a newborn's heart may be as fast as this, every other beat weak, where that comes half-way and is as strong as this.
_NEWBORN_FASTEST_MBPM = const(320000)
_FASTEST_WEAK_PERCENT = const(45)
_FASTEST_HALFWAY_PERMILLE = const(20)
# In groups longer by this a second wave, which keeps its distance to the beat, comes earlier by half of it: a fifth tells,
# and more than chance makes it seem.
_LONGER_PERMILLE = const(30)
_EARLIER_PART = const(5)
_EARLIER_PERMILLE = const(12)
_ASIDE_LASTS_TICKS = const(960000)  # 5 min
# The same second wave as before, in percent of the beat's height, ticks (30 ms), percent of the beat.
_KNOWN_WEAKER_PERCENT = const(12)
_KNOWN_DELAY_TICKS = const(96)
_KNOWN_SHARE_PERCENT = const(4)
_ADULT_WAVES = const(12)  # so many waves in turn before an adult's usual reading is doubted
# The rhythm goes on where the next interval is this near the last, in percent.
_GOES_ON_PERCENT = const(25)
_SAME_PERCENT = const(15)
# Groups of waves two or three calm beats long, this near (percent), may be those beats, unlike in turn (a breath does
# that); groups of any other length are beats of a heart that has slowed.
_MULTIPLE_PERCENT = const(8)
_SAME_RATE_PERCENT = const(5)
_NO_BREATH_MBPM = const(105000)  # faster is no newborn's breath: calm from there on with a sure second wave
# but not in pairs so unlike, for so many waves: those that a breath makes differ less
_LONG_UNLIKE_PERCENT = const(60)
_LONG_WAVES = const(24)
# A newborn's, less unlike, for so many: 15 s and more; and for so many whatever the period says.
_LONGER_WAVES = const(48)
_LONGEST_WAVES = const(96)
_BREATHS_LAST_TICKS = const(9600)  # pairs that were a breath's, until now, are no slow beats for 3 s
_HALFWAY_PERCENT = const(8)  # of two beats, so near they are evenly apart
_SOUND_PERMILLE = const(500)  # a period this strong is one
_IN_STEP_REPEATS = const(600)  # what red has alone, this well repeated
_IN_STEP_PERCENT = const(4)  # and this near
_SUREST_PERMILLE = const(900)
_OFF_MIDDLE_PERCENT = const(6)
# Half a period no surer than this may be the way to a second wave: a newborn's that were in pairs from the first second
# on are slow beats, so much later than where the period is theirs.
_TWO_WAVES_PERMILLE = const(880)
_TWO_WAVES_LATER_TICKS = const(8000)  # 2.5 s
_UNCHANGED_PERMILLE = const(850)  # a period as strong as this, and the same as the calm one: the beats go on
# beyond doubt, for a second wave so much unlike its beat repeats less well half a period later
_UNTOUCHED_PERMILLE = const(935)
# Of two waves in turn now the one, now the other is the larger: neighbours so much unlike are looked at (percent of the
# larger), in height and in the time before them; of the last 16 so many 64ths, and the rarer place in percent of both.
_UNLIKE_HEIGHT_PERCENT = const(20)
_UNLIKE_TIME_PERCENT = const(9)
_PLACE_LEAST = const(256)
_PLACE_PERCENT = const(35)
_MOVED_LASTS_TICKS = const(48000)  # 15 s: until they do so again

# Waves that are lower in turn. Their heights have as many bits more as a right shift takes from a mean; of two means, one
# after the other: what is unlike at a third of the pulse's rate passes at 1 %, near half of it wholly.
_TURN_BITS = const(6)
_TURN_FIRST_SHIFT = const(4)
_TURN_SECOND_SHIFT = const(3)
# Lower by so much of the mean height to both sides, steady within this (a breath, and what a hand leaves, comes and goes),
# for so many waves.
_TURN_LEAST_PERMILLE = const(25)
_TURN_STEADY_PERCENT = const(20)
_TURN_WAVES = const(24)
_TURN_SLOPE = const(600)  # counts over 80 ms: noise makes lower waves unlike


class Places:
    """Which of two neighbours in turn was the larger of late: always the one where second waves follow their beats, now the
    one, now the other where a breath makes beats unlike.
    """

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew."""
        self._even = 0  # 64 for each of the last waves, the older the less: 1024 at most of both
        self._odd = 0

    def take(self, last, before, odd, least_percent):
        """Take down one wave more by its size and that of the one before; odd: its number is."""
        self._even -= self._even >> 4
        self._odd -= self._odd >> 4
        if abs(last - before) * 100 < max(last, before) * least_percent:
            return
        if (last > before) == odd:
            self._odd += 64
        else:
            self._even += 64

    def both(self):
        """Return whether it was now the one, now the other."""
        total = self._even + self._odd
        return total >= _PLACE_LEAST and min(self._even, self._odd) * 100 >= total * _PLACE_PERCENT


class Turns:
    """Whether every other of a newborn's waves has been the lower for so long that two of them may be one beat: a second
    wave half-way to the next beat and nearly as high always is; a breath makes now the one the lower, now the other.
    """

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew."""
        self._turn = self._turn_mean = 0
        self._height = self._height_mean = 0
        self._about = 0  # permille by which the odd ones are higher than the mean, the even ones below 0, for _run waves
        self._run = 0

    def take(self, height, odd):
        """Take down one wave more by its height (1..2^22); odd: its number is."""
        height <<= _TURN_BITS
        if not self._height:
            self._height = self._height_mean = height
        self._turn += ((height if odd else -height) - self._turn) >> _TURN_FIRST_SHIFT
        self._turn_mean += (self._turn - self._turn_mean) >> _TURN_SECOND_SHIFT
        self._height += (height - self._height) >> _TURN_FIRST_SHIFT
        self._height_mean += (self._height - self._height_mean) >> _TURN_SECOND_SHIFT
        permille = self._turn_mean // (self._height_mean // 1000 + 1)
        if (
            abs(permille) < _TURN_LEAST_PERMILLE
            or abs(permille - self._about) * 100 > abs(self._about) * _TURN_STEADY_PERCENT
            or self._height_mean < _TURN_SLOPE << _TURN_BITS
        ):
            self._about = permille
            self._run = 0
        self._run += 1

    def may_be_pairs(self):
        """Return whether two waves may be one beat."""
        return self._run > _TURN_WAVES


class Rates:
    """Candidates in mbpm, each None while unknown; equal where the waves allow one rate only."""

    def __init__(self, waves, newborn):
        self._waves = waves
        self._newborn = newborn
        self._places = Places()  # by the heights of waves
        self._places_in_time = Places()  # by the times between them
        self._turns = Turns()
        self._adult = None
        if not newborn:
            # A newborn's device has no memory for it.
            from firmware.light.adult_rates import Adult

            self._adult = Adult()
        self._least = _NEWBORN_LEAST if newborn else _ADULT_LEAST
        self._most = _NEWBORN_MOST if newborn else _ADULT_MOST
        self.forget()

    def forget(self):
        """Start anew."""
        self.slow_mbpm = None
        self.fast_mbpm = None
        self.second_wave = False  # each beat has one that could be a beat by itself
        self.halfway = False  # about half-way to the next beat
        self.sure_mbpm = 0  # what the waves say beyond doubt, where they are in pairs; 0 = nothing
        self._row = self._waves.every
        self._trusted = 0  # ticks from beat to beat while only one rate was possible
        self._trusted_at = 0  # the beat it was last seen at
        self._doubted_until = 0  # ticks
        self._third_until = (
            0  # an adult's third wave, and perhaps a fourth: two beats with two waves each, so long
        )
        self._known_delay = 0  # of a second wave that was surely one: ticks, share of the beat, height
        self._known_share = 0
        self._known_weaker = 0
        self._proven_delay = 0  # of one that kept it while beats varied, and until when that counts
        self._proven_until = 0
        # Ticks of a beat when what is shown and what the waves say were last the same; 0 = never.
        self._calm = 0
        self._bridged = 0  # the calm beat, where a rate between it and half of it was seen
        self._was_fast = False  # a calm rate was as fast as a newborn's at rest
        # The shortest and the longest group of a newborn's two waves, and how far off its middle the weaker was; the time
        # up to which that is known to be a second wave.
        self._shortest = self._shortest_off = self._longest = self._longest_off = 0
        self._aside_until = 0
        # Ticks; since then two of a newborn's calm beats have repeated better than one; 0: they do not. Negative: they did
        # before a pause too, so that nothing is shown meanwhile, although they count anew.
        self._pairs_since = 0
        self._pairs_at = 0  # when this was last answered
        self._places.forget()
        self._places_in_time.forget()
        self._turns.forget()
        self._moved_until = 0  # ticks; a newborn's waves in turn changed places, which no second wave does
        if self._adult is not None:
            self._adult.forget()
        self._breaths_until = 0  # ticks; where nothing is calm yet, pairs are a breath's so long
        self._inserted = False  # the weak waves came in between beats that went on as before
        self._known = False  # that is so, or they were there before beyond doubt

    def look(self):
        """Renew the candidates: a wave was found."""
        every = self._waves.every
        strong = self._waves.strong
        row = every if every.run >= strong.run else strong
        if row is not self._row:
            self._row = row
            self._inserted = False  # its weak waves are beats, where the others' are second waves
        pattern = row.pattern
        self.sure_mbpm = 0
        self.second_wave = False
        self.halfway = False
        self._follow()
        if self._adult is None:
            self._look_at_places()
        else:
            self._adult.look(row, every, self._calm)
        if pattern == NONE:
            self.slow_mbpm = None
            self.fast_mbpm = None
            self._inserted = False
            return
        group = row.group_ticks()
        if group <= 0:
            return
        slow = _MBPM_TICKS // group
        fast = slow
        if pattern == EVEN:
            self._inserted = False
        else:
            fast = 2 * slow  # of three kinds, the two strongest may be beats
            threes = self._newborn and pattern > PAIRS
            if pattern < QUADS and not threes and self._is_second_wave(row, slow, fast, group):
                fast = slow
                self.second_wave = True
                self.halfway = 42 <= row.delay_ticks() * 100 // group <= 62
                self.sure_mbpm = slow if self._least <= slow <= self._most else 0
        self.slow_mbpm = slow
        self.fast_mbpm = fast

    def _look_at_places(self):
        """Remember that neither the higher of two waves in turn nor the longer of two times stays in its place."""
        row = self._waves.every
        if row.known() < 3:
            return
        odd = row.count & 1
        height = row.height(0)
        self._turns.take(height, odd)
        self._places.take(height, row.height(1), odd, _UNLIKE_HEIGHT_PERCENT)
        now = row.time(0)
        before = row.time(1)
        self._places_in_time.take(now - before, before - row.time(2), odd, _UNLIKE_TIME_PERCENT)
        if self._places.both() and self._places_in_time.both():
            self._moved_until = now + _MOVED_LASTS_TICKS

    def _is_second_wave(self, row, slow, fast, group):
        """Return whether the weaker wave of each group is the same beat's."""
        delay = row.delay_ticks()
        share = delay * 100 // group
        weaker = row.weaker_percent()
        adult = self._adult
        if adult is not None:
            if self._is_proven(row, delay):
                return True
            if adult.are_newborns(fast, delay, share, weaker):
                return False
        elif (
            row.pattern == PAIRS
            and _NEWBORN_FAST_MBPM < fast < _NEWBORN_FASTEST_MBPM
            and weaker >= _FASTEST_WEAK_PERCENT
            and self._is_halfway(row)
        ):
            return False
        if fast > (_NEWBORN_FAST_MBPM if self._newborn else _ADULT_FAST_MBPM):
            # Twice as fast would be too fast: so this wave comes after every beat, and is known from now on.
            self._known_delay = delay
            self._known_share = share
            self._known_weaker = weaker
            self._known = True
            return True
        self._known = self._inserted or self._is_known(delay, share, weaker)
        if self._known:
            return True
        if adult is not None:
            return adult.is_second_wave(row.pattern, slow, fast, delay, share, weaker)
        if delay > _SOON_TICKS:
            return False
        return share <= _NEAR_SHARE_PERCENT or (
            share <= _SOON_SHARE_PERCENT and weaker <= _NEARLY_ALIKE_PERCENT
        )

    def _is_halfway(self, row):
        """Return whether the weaker waves are half-way between the others, and were whenever groups were longer or shorter:
        beats are; a second wave keeps its distance to the beat instead, as well as it can be seen in a minute or two.
        """
        now = row.time(0)
        row.find_middle()
        group = row.mean_ticks
        off = row.off_permille
        if not self._shortest or group < self._shortest:
            self._shortest = group
            self._shortest_off = off
        if group > self._longest:
            self._longest = group
            self._longest_off = off
        if abs(off) > 2 * _FASTEST_HALFWAY_PERMILLE:
            self._aside_until = now + _ASIDE_LASTS_TICKS
        elif (group - self._shortest) * 1000 >= group * _LONGER_PERMILLE:
            self._hear((group - self._shortest) * 1000 // group, self._shortest_off - off, now)
        elif (self._longest - group) * 1000 >= group * _LONGER_PERMILLE:
            self._hear((self._longest - group) * 1000 // group, off - self._longest_off, now)
        return abs(off) <= _FASTEST_HALFWAY_PERMILLE and now >= self._aside_until

    def _hear(self, longer_permille, earlier_permille, now):
        """Take down whether the weaker wave came earlier in groups that were so much longer."""
        is_second_wave = (
            earlier_permille >= _EARLIER_PERMILLE and earlier_permille * _EARLIER_PART > longer_permille
        )
        self._aside_until = now + _ASIDE_LASTS_TICKS if is_second_wave else 0

    def _is_proven(self, row, delay):
        """Return whether a second wave as late as this kept its distance to beats that varied, lately."""
        now = row.time(0)
        if row.keeps_delay() and not (self._newborn and now < self._third_until):
            self._proven_delay = delay
            self._proven_until = now + _PROVEN_LASTS_TICKS
        return now < self._proven_until and abs(delay - self._proven_delay) <= _KNOWN_DELAY_TICKS

    def _too_many(self, rate):
        """Return whether strong waves without a pattern come far more often than `rate` (mbpm)."""
        row = self._waves.strong
        if self.slow_mbpm is not None or row.known() <= _MANY_WAVES or row.time(0) < self._proven_until:
            return False
        if max(row.height(0), row.height(1), row.height(2)) < _NOISY_SLOPE:
            return False  # waves of noise come at any rate
        if self._is_calm(rate):
            return False
        span = row.time(0) - row.time(_MANY_WAVES)
        return span * _MANY_PERCENT < _MBPM_TICKS // rate * _MANY_WAVES * 100

    def _are_pairs(self, period, now):
        """Return whether two of a newborn's calm beats repeat so much better than one that they may be one; remember since
        when. Asked by who shows and by the guard, while no hand moves; a moment that says nothing changes nothing.
        """
        calm = self._calm
        now = max(now, self._pairs_at)  # the last wave is before the last sample, of which the guard asks
        since = self._pairs_since
        seen = now - _PAIRS_FOR_TICKS
        if now - self._pairs_at > _UNSEEN_TICKS:
            # What is seen until then is of before, or of a hand: it counts as seen then.
            seen += _WINDOW_TICKS
            since = -seen if since < 0 or (since and self._pairs_at - since >= _PAIRS_SEEN_TICKS) else 0
        every = self._waves.every
        if not calm or (every.pattern == EVEN and every.run >= _STAYS_WAVES):
            self._pairs_at = now
            since = 0  # no second waves come as evenly: the window is of before
        elif period.ticks and self._is_waves(_MBPM_TICKS // calm):
            self._pairs_at = now
            if abs(period.ticks - calm) * 100 <= calm * _MULTIPLE_PERCENT:
                pairs = period.double_percent >= (_PAIRS_STILL_PERCENT if since else _PAIRS_PERCENT)
            else:
                pairs = (
                    period.strength >= _SOUND_PERMILLE
                    and abs(period.ticks - 2 * calm) * 100 <= 2 * calm * _MULTIPLE_PERCENT
                )
            if not pairs:
                since = 0
            elif not since:
                since = seen
        self._pairs_since = since
        return since < 0 or (since and now - since >= _PAIRS_SEEN_TICKS)

    def _is_waves(self, rate):
        """Return whether `rate` (mbpm) has a beat for each wave."""
        row = self._waves.every
        if row.known() <= _BETWEEN_WAVES:
            return False
        span = row.time(0) - row.time(_BETWEEN_WAVES)
        beats = _MBPM_TICKS // rate * _BETWEEN_WAVES
        return abs(span - beats) * 100 <= beats * _SAME_PERCENT

    def _leaves_out(self, row):
        """Return whether a newborn's `row` of strong waves leaves out as many weaker ones in between, or half as many."""
        every = self._waves.every
        if not self._newborn or row is every or every.known() <= _BETWEEN_WAVES or row.known() <= 4:
            return False
        span = every.time(0) - every.time(_BETWEEN_WAVES)
        return span * 4 * 100 < (row.time(0) - row.time(4)) * _BETWEEN_WAVES * _BETWEEN_PERCENT

    def _is_calm(self, rate):
        """Return whether the waves allowed `rate` (mbpm) alone, or one near it, when they were last sure."""
        return self._calm and abs(_MBPM_TICKS // rate - self._calm) * 100 < self._calm * _CALM_PERCENT

    def _is_half(self, rate):
        """Return whether `rate` (mbpm) is half of the one that the waves were last sure of: as likely every other beat."""
        twice = 2 * self._calm
        return self._calm and abs(_MBPM_TICKS // rate - twice) * 100 < twice * _MULTIPLE_PERCENT

    def _may_be_early(self, row, slow):
        """Return whether a newborn's weaker waves are so high and so late that they may be early beats."""
        weaker = row.weaker_percent()
        late = row.delay_ticks() * 100 // row.group_ticks()
        if slow >= _NEWBORN_SLOW_MBPM:
            return weaker > _COUPLED_PERCENT and late >= _COUPLED_SHARE_PERCENT
        return weaker > _SLOW_COUPLED_PERCENT and late >= _SLOW_COUPLED_SHARE_PERCENT

    def _may_be_half(self, row, rate, period):
        """Return whether `rate` (mbpm) may leave out every other beat: it is half of the calm one and none between was
        seen, which is how coupled beats begin; or a newborn, never seen faster, has more waves than it has beats, or a
        breath in step with them, which may hide every other one.
        """
        slow = self.slow_mbpm
        if self._calm:
            if slow is not None and slow == self.fast_mbpm:
                group = row.group_ticks() * 100
                if self._calm * _BETWEEN_LEAST_PERCENT < group < self._calm * _BETWEEN_MOST_PERCENT:
                    self._bridged = self._calm
            self._was_fast = self._was_fast or self._calm < _MBPM_TICKS // _NEWBORN_SLOW_MBPM
        sudden = self._bridged != self._calm and row.time(0) >= self._proven_until
        if self._is_half(rate) and (sudden or row.pattern == NONE):
            return True
        if not self._newborn or self._was_fast or rate >= _NEWBORN_SLOW_MBPM:
            return False
        if (
            period.left_repeats >= _IN_STEP_REPEATS
            and abs(period.left_mbpm - rate) * 100 <= rate * _IN_STEP_PERCENT
        ):
            return True
        if row.pattern == PAIRS:
            return False
        every = self._waves.every
        if every.known() <= _BETWEEN_WAVES:
            return False
        span = every.time(0) - every.time(_BETWEEN_WAVES)
        return span * 100 < _MBPM_TICKS // rate * _BETWEEN_WAVES * _MORE_PERCENT

    def _is_known(self, delay, share, weaker):
        """Return whether a second wave like this one was there when nothing else was possible."""
        if not self._known_delay or abs(weaker - self._known_weaker) > _KNOWN_WEAKER_PERCENT:
            return False
        return (
            abs(delay - self._known_delay) <= _KNOWN_DELAY_TICKS
            or abs(share - self._known_share) <= _KNOWN_SHARE_PERCENT
        )

    def _follow(self):
        """Follow the beat from where it was beyond doubt, wave by wave, while it changes no faster than hearts do."""
        row = self._row
        now = row.time(0)
        if row.pattern == EVEN and row.run >= _SEEN_WAVES and not self._leaves_out(row):
            self._trusted = row.group_ticks()
            self._trusted_at = now
            return
        if not self._trusted:
            return
        span = now - self._trusted_at
        if span * 100 < self._trusted * (100 - _GOES_ON_PERCENT):
            return  # a wave in between
        if span * 100 > self._trusted * (100 + _GOES_ON_PERCENT):
            self._trusted = 0
            return
        self._trusted = span
        self._trusted_at = now
        if row.pattern >= PAIRS and not self._inserted:
            group = row.group_ticks()
            apart = group - span if group > span else span - group
            self._inserted = apart * 100 < span * _SAME_PERCENT

    def _are_beats(self, rate, now, period):
        """Return whether a newborn's waves, though unlike in turn, are beats of `rate` (mbpm) each: they changed places
        lately, and `period` is as sure of it as of no second wave.
        """
        return (
            now < self._moved_until
            and rate > _NO_BREATH_MBPM
            and period.strength >= _UNTOUCHED_PERMILLE
            and self._is_period(_MBPM_TICKS // rate, period)
        )

    def doubt(self, rate, period):
        """Return why `rate` (mbpm) may not be shown, or None: a word of reasons."""
        row = self._row
        every = self._waves.every
        now = row.time(0)
        if row.pattern > PAIRS and self.slow_mbpm != self.fast_mbpm:
            self._third_until = now + _THIRD_LASTS_TICKS
        are_beats = self._are_beats(rate, now, period)
        if are_beats and not self._calm:
            self._calm = period.ticks
        if self._goes_on(period):
            self._calm = period.ticks  # beats made unlike in turn by a breath change too, and have not slowed
        if self._newborn and row.pattern == PAIRS and self._is_breaths(row, period):
            self._breaths_until = now + _BREATHS_LAST_TICKS
        if every.known() < _FIRST_WAVES and not (row.pattern == EVEN and row.run >= _SEEN_UNLIKE):
            return reasons.UNSETTLED
        if row.pattern == NONE and not self._calm:
            if every.known() < _MOST_KNOWN and now - every.time(every.known() - 1) < _FIRST_TICKS:
                return reasons.UNSETTLED
            if self._newborn and rate < _NEWBORN_SLOW_MBPM:
                return reasons.TWO_RATES  # as slow as this it may be the breath's
        tall = self._waves.tall
        adult = self._adult
        if adult is not None and row.pattern == NONE and not self._calm and adult.is_above(tall, rate):
            return reasons.TWO_RATES
        if self._may_be_half(row, rate, period):
            return reasons.TWO_RATES
        if self._too_few(rate) or self._too_many(rate):
            return reasons.TWO_RATES
        if self._is_every_other(period):
            return reasons.TWO_RATES
        if self._newborn and self._turns.may_be_pairs() and self._is_waves(rate):
            return reasons.TWO_RATES
        if self._newborn and self._are_pairs(period, now) and not self._is_half(rate):
            return reasons.TWO_RATES
        if tall is not None and self._perhaps_slow_ticks(tall, _MBPM_TICKS // _ADULT_SLOW_MBPM, now, period):
            self._doubted_until = now + _DOUBT_LASTS_TICKS
            return reasons.TWO_RATES
        if (
            self._contradicts(row, rate)
            and not self._is_two_beats(row, period)
            and not (are_beats and self._goes_on(period))
        ):
            stays = _STAYS_WAVES if self._newborn else _ADULT_WAVES
            if row.run >= stays and row.alike_percent() <= _ALIKE_PERCENT:
                self._doubted_until = now + _DOUBT_LASTS_TICKS
            return reasons.TWO_RATES
        slow = self.slow_mbpm
        if not self._calm and now < self._third_until and now >= self._proven_until:
            if rate < (_NEWBORN_SLOW_MBPM if self._newborn else _ADULT_FAST_MBPM // 2):
                return reasons.TWO_RATES
        if (
            self._newborn
            and self.second_wave
            and slow is not None
            and slow * 2 < _NEWBORN_FAST_MBPM
            and not self._known
            and not self._is_proven(row, row.delay_ticks())
            and self._may_be_early(row, slow)
        ):
            return reasons.TWO_RATES
        if adult is not None:
            if adult.was_newborns(rate, now):
                return reasons.TWO_RATES
            if (
                not self._calm
                and self.second_wave
                and row.run < _STAYS_WAVES
                and self.can_be_newborns(period)
            ):
                return reasons.TWO_RATES  # two of a newborn's beats, which a breath made so by chance
            if rate < _ADULT_SLOW_MBPM and (slow is None or slow != self.fast_mbpm):
                return reasons.TWO_RATES  # beats coupled two by two are commoner than so slow a heart
        if slow is None or self.fast_mbpm != slow or row.run < (_SEEN_WAVES if self._is_calm(rate) else _RUN):
            return reasons.TWO_RATES if now < self._doubted_until else None
        if self.sure_mbpm and rate >= slow:
            if rate > _NO_BREATH_MBPM and (rate - slow) // 100 <= slow // 10000 * _SAME_RATE_PERCENT:
                self._calm = _MBPM_TICKS // rate
            return None  # what is shown then is the sure one
        if slow < self._least or slow > self._most:
            return reasons.OUT_OF_RANGE
        if now < self._doubted_until and (
            row.run < _SURE_WAVES or (self._newborn and slow < _NEWBORN_SLOW_MBPM)
        ):
            return reasons.TWO_RATES
        apart = rate - slow if rate > slow else slow - rate
        if apart // 100 > slow // 10000 * _APART_PERCENT:
            return reasons.TWO_RATES
        if apart // 100 <= slow // 10000 * _SAME_RATE_PERCENT:
            self._calm = _MBPM_TICKS // rate
        return None

    def _has_slowed(self, row, period):
        """Return whether the groups of waves are no multiple of the calm beats, nor these go on, so that they cannot be the
        same beats. A group whose wave was missed, or three waves of beats with two each, is no multiple either.
        """
        if not self._calm or self._goes_on(period):
            return False
        group = row.group_ticks()
        for multiple in (2, 3):
            if abs(group - multiple * self._calm) * 100 <= group * _MULTIPLE_PERCENT:
                return False
        return True

    def _goes_on(self, period):
        """Return whether `period` still finds the calm beats, as good as unchanged."""
        if not self._calm or period.strength < _UNCHANGED_PERMILLE:
            return False
        return abs(period.ticks - self._calm) * 100 <= self._calm * _SAME_RATE_PERCENT

    def _too_few(self, rate):
        """Return whether fewer waves came of late than `rate` (mbpm) has beats."""
        row = self._waves.every
        if row.known() <= _FEW_WAVES:
            return False
        highest = 0
        for back in range(_FEW_WAVES):
            highest = max(highest, row.height(back))
        if max(row.height(0), row.height(1)) * 100 < highest * _DYING_PERCENT:
            return False  # not a slower heart, but waves that fade away
        span = row.time(0) - row.time(_FEW_WAVES)
        return span * 100 > _MBPM_TICKS // rate * _FEW_WAVES * _FEW_PERCENT

    def _contradicts(self, row, rate):
        """Return whether waves come strong and weak in turn, long enough, and either kind may be the beat."""
        slow = self.slow_mbpm
        if slow is None or slow == self.fast_mbpm:
            return False
        if rate < slow // 100 * 115:
            if not self._is_calm(rate) and (
                row.run >= (_STAYS_WAVES if self._calm else _SEEN_WAVES)
                or self._waves.every.known() < _MOST_KNOWN
            ):
                return True  # a rate that begins with every other wave left out may be half
            if not self._newborn and slow > _ADULT_SLOW_MBPM and row.run < _ADULT_WAVES:
                return False
        alike = row.alike_percent()
        if alike > _ALIKE_PERCENT:
            return row.run >= _SEEN_ALIKE
        nearly = alike > _NEARLY_ALIKE_PERCENT and (self._calm or not self._newborn)
        return row.run >= (_SEEN_NEARLY_ALIKE if nearly else _SEEN_UNLIKE)

    def _is_two_beats(self, row, period):
        """Return whether groups of three waves are two of the calm beats, alike, and one second wave: a newborn's breath
        lets it be seen at every other beat alone.
        """
        if row.pattern <= PAIRS or row.alike_percent() <= _ALIKE_PERCENT or not self._goes_on(period):
            return False
        return abs(row.delay_ticks() * 200 - row.group_ticks() * 100) <= row.group_ticks() * _HALFWAY_PERCENT

    def only_mbpm(self):
        """Return the one rate that the waves allow, long enough to be sure; or None."""
        if self.slow_mbpm is None or self.slow_mbpm != self.fast_mbpm or self._row.run < _SEEN_WAVES:
            return None
        return self.slow_mbpm

    def can_be_newborns(self, period):
        """Return whether waves come as fast as a newborn's beats, under an adult's profile."""
        return self._adult is not None and self._adult.can_be_newborns(self._row, self._waves.every, period)

    def slow_for_ticks(self, limit_mbpm, now, period):
        """Return for how many ticks, until `now`, the pulse has been slower than `limit_mbpm` by every reading.

        Begins with the first slow interval, not with the moment it was noticed. 0 while it is not, or a hand moves
        the sensor.
        """
        limit = _MBPM_TICKS // limit_mbpm
        longest = self._waves.every.slow_ticks(limit, now)
        only_mbpm = self.only_mbpm()
        if only_mbpm is None or only_mbpm < limit_mbpm:
            # Otherwise it is a hand that was stronger, and is gone.
            longest = max(longest, self._waves.strong.slow_ticks(limit, now))
        if self._waves.tall is not None:
            longest = max(longest, self._waves.tall.slow_ticks(limit, now))
        two = self.slow_mbpm is not None and self.slow_mbpm != self.fast_mbpm
        row = self._row
        # Four irregular beats look like a group of four for a while: they stop nothing.
        if (self.second_wave and not self._is_every_other(period)) or (
            two and row.pattern < QUADS and self._has_slowed(row, period)
        ):
            longest = max(longest, row.slow_groups_ticks(limit, now))
        if self._newborn:
            every = self._waves.every
            high = every.high_ticks(limit)
            if high and now - every.time(0) <= 2 * high and not self._can_be_fast(high, period):
                longest = max(longest, now - every.high_since)
            if (
                two
                and not self._calm
                and row.pattern == PAIRS
                and row.alike_percent() <= _UNLIKE_ENOUGH_PERCENT
            ):
                slow = row.slow_groups_ticks(limit, now)
                if self._is_period(row.group_ticks(), period):
                    longest = max(longest, slow)
                elif period.strength < _TWO_WAVES_PERMILLE and self._is_period(
                    row.group_ticks() // 2, period
                ):
                    longest = max(longest, slow - _TWO_WAVES_LATER_TICKS)
        return longest

    def _is_period(self, ticks, period):
        """Return whether `period` is `ticks`."""
        return (
            period.strength >= _SOUND_PERMILLE
            and abs(ticks - period.ticks) * 100 <= ticks * _MULTIPLE_PERCENT
        )

    def _can_be_fast(self, ticks, period):
        """Return whether beats `ticks` apart can be every second or third of faster ones: of the calm ones that go on,
        or of the period's where nothing calm is known.
        """
        if self._calm:
            for multiple in (2, 3):
                if abs(ticks - multiple * self._calm) * 100 <= ticks * _MULTIPLE_PERCENT:
                    return self._goes_on(period)
            return False
        return period.strength >= _UNCHANGED_PERMILLE and period.ticks * 3 < ticks * 2

    def is_in_turn(self):
        """Return whether waves have come strong and weak in turn for so long that they are no swing to and fro."""
        row = self._row
        return (
            row.pattern == PAIRS and row.run >= _STAYS_WAVES and row.weaker_percent() <= _NEARLY_ALIKE_PERCENT
        )

    def _is_breaths(self, row, period):
        """Return whether `period` is half of a group of two waves, as sure as it cannot be where the second stands off the
        middle of it: a breath half as fast makes every other beat weaker.
        """
        group = row.group_ticks()
        return (
            period.strength >= _SUREST_PERMILLE
            and abs(group - 2 * period.ticks) * 100 <= group * _MULTIPLE_PERCENT
            and abs(row.delay_ticks() * 100 - group * 50) >= group * _OFF_MIDDLE_PERCENT
        )

    def _is_every_other(self, period):
        """Return whether what looks like a newborn's slow beats, each with a second wave, is every other beat of a pulse
        that `period` is sure of: a breath half as fast hides the rest.
        """
        if not (self._newborn and self.second_wave):
            return False
        row = self._row
        return self._is_breaths(row, period) or self._are_beats(
            2 * _MBPM_TICKS // row.group_ticks(), row.time(0), period
        )

    def perhaps_slow_for_ticks(self, limit_mbpm, now, period):
        """Return for how many ticks, until `now`, waves have come strong and weak in turn, the strong so slowly.

        0 while `period` finds the calm beats as before.
        """
        limit = _MBPM_TICKS // limit_mbpm
        longest = 0
        if self.slow_mbpm is not None and self.slow_mbpm != self.fast_mbpm:
            longest = self._perhaps_slow_ticks(self._row, limit, now, period)
        if self._waves.tall is not None:
            longest = max(longest, self._perhaps_slow_ticks(self._waves.tall, limit, now, period))
        if self._newborn and self._are_pairs(period, now) and 2 * self._calm > limit:
            longest = max(longest, now - abs(self._pairs_since))
        return longest

    def _is_long_unlike(self, row, period):
        """Return whether waves have been so unlike in turn for so long that what `period` finds unchanged is two waves a
        beat. A breath half as fast does not stay in step with the beats for that long.
        """
        if self._is_breaths(row, period):
            return False
        untouched = period.strength >= _UNTOUCHED_PERMILLE
        if self._newborn and row.run >= (_LONGEST_WAVES if untouched else _LONGER_WAVES):
            return True
        return not untouched and row.run >= _LONG_WAVES and row.alike_percent() <= _LONG_UNLIKE_PERCENT

    def _perhaps_slow_ticks(self, row, limit, now, period):
        if row.pattern != PAIRS or row.alike_percent() > _UNLIKE_ENOUGH_PERCENT or row.group_ticks() <= limit:
            return 0
        if not self._calm and self._newborn and (now < self._breaths_until or self._is_breaths(row, period)):
            return 0
        if self._goes_on(period) and not self._is_long_unlike(row, period):
            return 0
        return row.slow_groups_ticks(limit, now)
