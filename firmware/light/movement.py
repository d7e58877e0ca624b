"""Whether a hand moves the sensor: the light swings far more than this pulse does when all is quiet.

Rhythmic movement (patting, rocking, sucking) looks like a pulse, only larger. What was seen in calm light tells
them apart: with a swing that large, only the rate that was there before it is still believed.
"""

from micropython import const

from firmware.light import pulse

_MUCH_PERCENT = const(250)  # of the calm light's swing or slope
_MORE_PERCENT = const(130)  # enough where red follows infrared otherwise than before:
_RATIO_APART_PERCENT = const(10)  # movement changes both lights more alike than blood does
_NOISE_COUNTS = const(60)  # by so much red must swing otherwise than infrared tells
_RATIO_SAME_PERCENT = const(5)  # so near, it is blood that swings more
_RATE_APART_PERCENT = const(10)  # from the calm rate
# The calm blood's ratio of ratios, 92 % of SpO2: from here on a hand, whose own is 0.8 to 1, moves red too nearly as the
# blood does. Then a rate must show more quality (percent) where the light swings more or the calm rate is another; and one
# that rises while the light swings more is a hand's, for a faster heart swings it less.
_LIKE_A_HAND_PERMILLE = const(620)
_SURE_QUALITY = const(75)  # what such blood is learnt from
_POOR_QUALITY = const(45)
_POOREST_QUALITY = const(20)
_POOR_APART_PERCENT = const(6)
_RISEN_PERCENT = const(117)
_RISEN_PAIRS = const(3000)  # for a minute: no hand pats much longer, and a rate that stays is the heart's
_LASTS_PAIRS = const(380)  # after the last large swing
_BURST_PAIRS = const(900)  # in a movement as long as this no rate is believed
_TWO_LAST_PAIRS = const(150)  # after two rhythms were in the light
_LEADS_PAIRS = const(100)  # after the rhythm that shows was a hand's
_AGAIN_PAIRS = const(75)  # from a second to the next
_CALM_SURE = const(8)  # seconds of a shown rate, until it outlasts them
_CALM_FIRST = const(3)  # seconds of a shown rate, until it is believed to be calm
_SETTLES_SHIFT = const(3)  # a calm second moves what is usual by 1/8


class Movement:
    """What is usual in calm light, and whether the present second is."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew: another patient, or another place of the sensor."""
        self._slope = 0  # of this second, its largest, in counts over 80 ms
        self._swing = 0  # of this second, lightest to darkest, in counts
        self._calm_slope = 0
        self._calm_swing = 0
        self._calm_ratio = 0  # red's swing on infrared's, in permille; 0 = not known
        self._ratio = 0
        self._blood_permille = 0  # the ratio of ratios of calm light; 0 = not known
        self._more_until = 0  # pairs
        self._more_since = 0
        self._before_mbpm = 0  # the calm rate when the light began to swing more
        self.calm_mbpm = 0
        self._calm_seconds = 0
        self._until = 0  # pairs
        self._much_until = 0
        self._began = 0  # where the light was last without a much larger swing
        self._seen = 0
        self._two_until = 0
        self._two_seen = 0
        self._leads_until = 0
        self._keep_until = 0  # so long the rate that shows may be a hand's
        self._since = 0  # pairs: when what moves now began

    def two(self, head):
        """Take down that two rhythms were in the light at pair `head`: the one that shows may be a hand's."""
        self._begins(head)
        self._two_until = head + _TWO_LAST_PAIRS
        self.perhaps_two(head)
        if self._calm_seconds < _CALM_SURE:
            self._calm_seconds = self._calm_slope = self._calm_swing = 0

    def leads(self, head):
        """Take down that the rhythm that showed at pair `head` was a hand's: no rate is believed for a while."""
        self.two(head)
        self._leads_until = head + _LEADS_PAIRS

    def perhaps_two(self, head):
        """Know of two rhythms in the light, a breath's or those of a coming hand: told twice, the calm rate stays."""
        if head - self._two_seen <= _AGAIN_PAIRS:
            self._keep_until = head + _TWO_LAST_PAIRS
        self._two_seen = head

    def look(self, slopes, head, swing, red_swing):
        """Take the second before pair `head`, in which infrared and red swung by so many counts."""
        self._slope = pulse.largest_slope(slopes, head - pulse.PAIRS_PER_S, head)
        self._swing = swing
        self._ratio = red_swing * 1000 // swing if swing else 0
        if self._calm_seconds < _CALM_FIRST:
            return
        known = self._ratio and self._calm_ratio
        apart = (
            self._ratio - self._calm_ratio
            if self._ratio > self._calm_ratio
            else self._calm_ratio - self._ratio
        )
        # Noise alone changes the ratio of two small swings.
        other = known and apart * 100 > self._calm_ratio * _RATIO_APART_PERCENT
        other = other and apart * swing > _NOISE_COUNTS * 1000
        blood = known and apart * 100 < self._calm_ratio * _RATIO_SAME_PERCENT
        much = self._larger(_MUCH_PERCENT) and not blood
        if not much and head >= self._much_until:
            self._began = head
        if much:
            self._much_until = head + _LASTS_PAIRS
        more = self._larger(_MORE_PERCENT)
        if more:
            if head >= self._more_until:
                self._more_since = head
                self._before_mbpm = self.calm_mbpm
            self._more_until = head + _LASTS_PAIRS
        if much or (other and more):
            self._begins(head)
            self._until = head + _LASTS_PAIRS

    def _begins(self, head):
        if not self.present(head):
            self._since = head

    def lasts(self, head):
        """Return for how many pairs the sensor has been moved, or may have been; 0 while it is not."""
        return head - self._since if self.present(head) else 0

    def is_calm_sure(self):
        """Return whether a rate was calm for so long that it outlasts a movement."""
        return self._calm_seconds >= _CALM_SURE

    def _larger(self, percent):
        return (
            self._slope * 100 > self._calm_slope * percent or self._swing * 100 > self._calm_swing * percent
        )

    def much(self, head):
        """Return whether the light swings as only a sensor that is moved makes it."""
        return head < self._until

    def present(self, head):
        """Return whether the sensor is moved, or may be: a second rhythm is in the light, which can be a breath too."""
        return head < self._until or head < self._two_until

    def disturbs(self, rate, head):
        """Return whether `rate` (mbpm) may be the hand's: it is not the calm light's, and the light is not calm."""
        if head < self._leads_until:
            return True
        if head >= self._until:
            if head >= self._two_until:
                return False
            if self._calm_seconds < _CALM_SURE:
                return True
        if head - self._began > _BURST_PAIRS:
            return True  # what was right before it may have changed
        return self._is_apart(rate, _RATE_APART_PERCENT)

    def _is_apart(self, rate, percent):
        apart = rate - self.calm_mbpm if rate > self.calm_mbpm else self.calm_mbpm - rate
        return apart // 100 > self.calm_mbpm // 10000 * percent

    def blood(self, ratio, quality, head):
        """Learn the ratio of ratios (permille) of a second's light whose rate is shown at `quality` percent."""
        if quality < _SURE_QUALITY or self.present(head):
            return
        if self._blood_permille:
            self._blood_permille += (ratio - self._blood_permille) >> _SETTLES_SHIFT
        else:
            self._blood_permille = ratio

    def hides(self, rate, quality, head):
        """Return whether `rate` (mbpm) of `quality` percent may be a hand's, which moves both lights as this blood does."""
        if self._blood_permille <= _LIKE_A_HAND_PERMILLE:
            return False
        risen = rate // 100 > self._before_mbpm // 10000 * _RISEN_PERCENT
        if risen and head < self._more_until and head - self._more_since < _RISEN_PAIRS:
            return True
        return quality < _POOREST_QUALITY or (
            quality < _POOR_QUALITY
            and (self._larger(_MORE_PERCENT) or self._is_apart(rate, _POOR_APART_PERCENT))
        )

    def calm(self, rate, head):
        """Learn from `rate` (mbpm), shown at pair `head`, once a second, what is usual while nothing moves."""
        if head - self._seen < pulse.PAIRS_PER_S:
            return
        self._seen = head
        if head < self._until:
            if head >= self._much_until and head >= self._keep_until:
                self.calm_mbpm += (rate - self.calm_mbpm) >> _SETTLES_SHIFT  # a pulse goes on changing
            return
        if head < self._keep_until and self._calm_seconds >= _CALM_SURE:
            return
        self.calm_mbpm = rate
        if self._calm_seconds < _CALM_SURE:
            self._calm_seconds += 1
        if self._calm_seconds <= _CALM_FIRST:
            if self._slope > self._calm_slope:
                self._calm_slope = self._slope
            if self._swing > self._calm_swing:
                self._calm_swing = self._swing
            return
        if self._ratio:
            if self._calm_ratio:
                self._calm_ratio += (self._ratio - self._calm_ratio) >> _SETTLES_SHIFT
            else:
                self._calm_ratio = self._ratio
        self._calm_slope += (self._slope - self._calm_slope) >> _SETTLES_SHIFT
        self._calm_swing += (self._swing - self._calm_swing) >> _SETTLES_SHIFT
