"""How the pulse varies, for biofeedback in adults: beat-to-beat variability, cleaned of odd beats, and the breath.

It is the *pulse's* variability, not the heart's: the time that the wave takes to the finger varies too. Not a diagnosis.
"""

from micropython import const

from firmware.light.breath import Breath
from firmware.light.rhythm import Rhythm
from firmware.light.spo2 import square_root
from firmware.reasons import IRREGULAR, UNSETTLED

_CLEAN_TICKS = const(144000)  # 45 s of normal intervals in the last 60
_CORRECTED_PERCENT = const(5)
_LARGE_PERCENT = const(40)  # of the steps: fibrillation has 60 and more, the strongest breath about 50 ...
_TURNING_PERCENT = const(50)  # ... but it turns twice a breath, chance two times out of three
_LEAST_STEPS = const(20)
_UNSURE_S = const(5)


class Variability:
    """Reads the booked beats once a second. None is unknown, and `reason` then says why.

    rmssd_us: root mean square of successive differences of the normal intervals of the last 60 s, µs (an early, late,
    missed or extra beat and its neighbour are left out). beats_corrected_permille: of the beats of the last 60 s, how
    many were not normal; it stays known where they are too many. breath: see Breath. scratch: see there.
    """

    def __init__(self, beats, scratch):
        self._rhythm = Rhythm(beats)
        self.breath = Breath(beats, self._rhythm, scratch)
        self._wait = 0
        self._unsure_s = 0
        self.forget()

    def forget(self):
        """Begin with nothing known: what comes is another grip of the sensor."""
        self.hide()
        self._rhythm.forget()
        self.breath.forget()

    def hide(self):
        """Show nothing while the pulse is not known; what was gathered is kept."""
        self.rmssd_us = None
        self.beats_corrected_permille = None
        self.reason = UNSETTLED
        self.breath.hide()

    def measure(self, now_ticks, sure, slopes):
        """Renew the readings: variability each second, breath every second one.

        sure: whether the pulse is known. slopes: the ring in which the beats were found.

        Beats of unsure seconds are passed over; after more than five of them all begins anew.
        """
        self._unsure_s = 0 if sure else self._unsure_s + 1
        if self._unsure_s > _UNSURE_S:
            self.forget()
            return
        self._rhythm.follow(sure, slopes)
        if not sure:
            self.hide()
            return
        irregular = self._measure_rmssd(self._rhythm.tally())
        self.breath.follow()
        self._wait += 1
        if self._wait >= 2:
            self._wait = 0
            self.breath.measure(now_ticks, irregular)

    def _measure_rmssd(self, sums):
        """Take over what was added up; returns whether the rhythm is irregular."""
        span, clean, beats, corrected, pairs, squares, steps, large, turns = sums
        self.rmssd_us = None
        self.beats_corrected_permille = None
        self.reason = UNSETTLED
        if steps < _LEAST_STEPS:
            return False
        self.beats_corrected_permille = corrected * 1000 // beats
        irregular = large * 100 > steps * _LARGE_PERCENT and turns * 100 > steps * _TURNING_PERCENT
        if irregular or corrected * 100 > beats * _CORRECTED_PERCENT:
            # The first beats of a minute that is not yet full say little of its share: one odd beat of twenty is no rhythm.
            if irregular or span >= _CLEAN_TICKS or corrected > 3:
                self.reason = IRREGULAR
                return True
        if clean < _CLEAN_TICKS or not pairs:
            return False
        self.reason = None
        # The root of 16 times the mean square is 4 times as fine as a tick.
        mean = squares // pairs
        root = square_root(mean * 16) if mean < 1 << 25 else square_root(mean) * 4
        self.rmssd_us = root * 625 // 8  # a tick is 312.5 µs
        return False
