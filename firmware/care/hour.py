"""How much sound there was in the last hour of power, minute by minute, and how much more an hour's mean allows.

The unit is a second at 45 dB(A): an hour at 45 is 3600 of them, ten minutes at 52.8 as many. guard.py adds and
asks, dose.py keeps it on flash. It looks back over sixty to sixty-one minutes, never over less than an hour.
"""

from array import array

from micropython import const

from firmware import decibels

MINUTES = const(61)  # the minute that runs, and the sixty before it
MINUTE_MS = const(60_000)
MOST = const(65_535)  # more than any limit in one minute: a past that is not known
_BASE_CDBA = const(4500)
# Powers are summed in parts: 65 dB(A) is 2 ** 29 of decibels.power, and 2 ** 29 >> 13 = 2 ** 16 = 65 536 parts. 45 dB(A),
# 20 dB below, is a hundredth of it, 655.36 parts, and for 1000 ms 655 360 parts times ms: one unit.
_TOP_CDBA = const(6500)
_PART_SHIFT = const(13)
_PARTS = const(655_360)


class Hour:
    """spent: units in the last hour. Allocates nothing after it was made."""

    def __init__(self):
        self._minutes = array("H", [0] * MINUTES)  # the one that runs first
        self._part = 0
        self._part_ms = 0
        self.spent = 0
        # The last answer of lasting_cdba: it is asked ten times a second, and is a new one once a second at most.
        self._asked_left = 0
        self._asked_s = 0
        self._lasting_cdba: int | None = None

    def add(self, level_cdba, elapsed_ms):
        """Add that this level (hundredths of dB(A), slow) was heard for this long, at most 5 s."""
        parts = self._part + (decibels.power(level_cdba - _TOP_CDBA) >> _PART_SHIFT) * elapsed_ms
        units = parts // _PARTS
        self._part = parts - units * _PARTS
        minutes = self._minutes
        if units > MOST - minutes[0]:
            units = MOST - minutes[0]
        self.spent += units
        minutes[0] += units

    def pass_time(self, elapsed_ms):
        """Let time with the power on pass."""
        self._part_ms += elapsed_ms
        if self._part_ms >= MINUTE_MS:
            passed = self._part_ms // MINUTE_MS
            self._part_ms -= passed * MINUTE_MS
            self.pass_minutes(passed)

    def pass_minutes(self, passed):
        """Let known time pass at once, also time without power when a host knows how long it was."""
        minutes = self._minutes
        spent = 0
        for place in range(MINUTES - 1, -1, -1):
            units = minutes[place - passed] if place >= passed else 0
            minutes[place] = units
            spent += units
        self.spent = spent

    def assume_full(self, age_min=0):
        """Count a past that is not known as no limit allows."""
        if age_min < MINUTES:
            self.spent += MOST - self._minutes[age_min]
            self._minutes[age_min] = MOST

    def lasting_cdba(self, limit, seconds):
        """Return the level at which what is left of `limit` units would last this long; None when nothing is left."""
        left = limit - self.spent
        if left <= 0:
            return None
        if left != self._asked_left or seconds != self._asked_s:
            level_cdb = decibels.power_cdb(left) - decibels.power_cdb(seconds)  # pyright: ignore[reportOperatorIssue]
            self._asked_left = left
            self._asked_s = seconds
            self._lasting_cdba = _BASE_CDBA + level_cdb
        return self._lasting_cdba

    def pack_into(self, record, place):
        """Write it into a buffer, two bytes a minute."""
        for units in self._minutes:
            record[place] = units & 0xFF
            record[place + 1] = units >> 8
            place += 2

    def unpack(self, record, place):
        """Take over what `pack_into` wrote."""
        spent = 0
        for minute in range(MINUTES):
            units = record[place] | record[place + 1] << 8
            self._minutes[minute] = units
            spent += units
            place += 2
        self.spent = spent
        self._part = self._part_ms = 0
