"""What beats beneath a hand that moves a newborn's sensor: a fall must not hide behind patting or rocking.

A hand moves both lights nearly alike, blood moves infrared more. Where the hand is the larger, red follows infrared as the
hand does, and what red does not share with infrared (`period`) is the pulse. It is believed for a fall alone, never shown.
"""

from micropython import const

_LEFT_PERMILLE = const(30)  # of red: less may be noise,
_REPEATS_PERMILLE = const(600)  # and noise has no rhythm
# Red on infrared, beside calm light: nearer, the pulse is the larger, and what is left is the hand's.
_HANDS_PERCENT = const(125)
# A healthy pulse and a hand left together repeat at its double or triple, this near (percent).
_MULTIPLE_PERCENT = const(6)
_SAME_PERCENT = const(15)  # from a second to the next
_SURE_SECONDS = const(2)  # what so many seconds say is no chance,
_CONTRADICTS_PERCENT = const(15)
_SETTLES_SHIFT = const(3)  # a calm second moves what is usual by 1/8


class Beneath:
    """Look once a second; `seconds` is for how long a pulse of `mbpm` has been seen beneath a hand."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew: another patient, or another place of the sensor."""
        self._calm_slope = 0
        self.seconds = 0
        self.mbpm = 0

    def calm(self, slope):
        """Take how red follows infrared (`spo2`, × 4096; 0: not known) in a second without a hand."""
        self.seconds = 0
        if slope and self._calm_slope:
            self._calm_slope += (slope - self._calm_slope) >> _SETTLES_SHIFT
        elif slope:
            self._calm_slope = slope

    def look(self, leads, slope, period, calm_mbpm):
        """Take a second in which a hand moved; `calm_mbpm`: the pulse before it came.

        leads: the rhythm that shows is known to be a hand's, by how it moves red beside all else.
        """
        mbpm = period.left_mbpm
        hands = leads or (self._calm_slope and slope * 100 >= self._calm_slope * _HANDS_PERCENT)
        sure = hands and period.left_permille >= _LEFT_PERMILLE and period.left_repeats >= _REPEATS_PERMILLE
        for times in (2, 3):
            if abs(mbpm * times - calm_mbpm) < calm_mbpm // 100 * _MULTIPLE_PERCENT:
                sure = False
        if not sure:
            self.seconds = max(0, self.seconds - 2)
            return
        same = abs(mbpm - self.mbpm) < mbpm // 100 * _SAME_PERCENT
        self.seconds = self.seconds + 1 if same else 1
        self.mbpm = mbpm

    def slow_for_ms(self, limit_mbpm):
        """Return for how long (ms, 0 or more) a pulse slower than `limit_mbpm` has surely been seen."""
        if self.seconds <= _SURE_SECONDS or self.mbpm >= limit_mbpm:
            return 0
        return (self.seconds - _SURE_SECONDS) * 1000

    def contradicts(self, mbpm):
        """Return whether the pulse beneath the hand is another than `mbpm`."""
        if self.seconds <= _SURE_SECONDS:
            return False
        return abs(mbpm - self.mbpm) > self.mbpm // 100 * _CONTRADICTS_PERCENT
