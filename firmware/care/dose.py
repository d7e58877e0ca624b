"""How much music there was in the last 24 hours, and how loud in the last one, across reboots. Counts and refuses;
main.py keeps the record on flash.

The device has no calendar. Only time with the power on counts: after a power cut the ages of earlier sessions
go on from where they were saved, so that switching off and on never shortens a gap or a day. That errs
towards silence. A whole session is written down before its first sound, and corrected after its last: a cut
in between costs the whole dose, and the hour counts as full because nobody knows how loud it was.
"""

from array import array

from micropython import const

from firmware import reasons
from firmware.care.hour import MINUTES, Hour

SESSIONS_MAX = const(16)
DAY_MIN = const(1440)
_SHORTEST_MIN = const(5)  # what is left of a day below this is not begun
COUNTS_FROM_MS = const(
    120_000
)  # a false start shorter than this opens no gap and is no session; its minutes count
MINUTE_MS = const(60_000)
# Silence is seen a moment after a session's planned end: no minute of the day is gone for that.
_LATE_MS = const(2000)
# A record: version, number of sessions, then for each its age and its minutes (u16 each) and whether it
# counts; then whether a session was about to begin, and the last hour (hour.py). Version 1 had no hour.
VERSION = const(2)
_SESSIONS_END = const(82)
RECORD_BYTES = _SESSIONS_END + 1 + 2 * MINUTES

_AGE = const(0)
_MINUTES = const(1)
_COUNTS = const(2)
_FIELDS = const(3)


class Dose:
    """Sessions of the last 24 hours, newest first. Ages are minutes with the power on since each ended.

    hour: how loud the last hour was; the guard adds to it and lets its time pass.
    """

    def __init__(self):
        self.hour = Hour()
        self._sessions = array("H", [0] * (SESSIONS_MAX * _FIELDS))
        self.count = 0
        self._part_ms = 0
        self._open = False
        self._played_ms = 0

    @property
    def minutes_today(self):
        total = 0
        for index in range(self.count):
            total += self._sessions[index * _FIELDS + _MINUTES]
        return total

    @property
    def sessions_today(self):
        total = 0
        for index in range(self.count):
            total += self._sessions[index * _FIELDS + _COUNTS]
        return total

    @property
    def minutes_since_last_session(self):
        """Return None when there was none in the last 24 hours of power."""
        for index in range(self.count):
            if self._sessions[index * _FIELDS + _COUNTS]:
                return self._sessions[index * _FIELDS + _AGE]
        return None

    def refusal(self, profile):
        """Return why a session may not begin now: "dose", "too_soon" or None."""
        if (
            profile.daily_min - self.minutes_today < _SHORTEST_MIN
            or self.sessions_today >= profile.sessions_a_day
        ):
            return reasons.DOSE
        if self.count == SESSIONS_MAX:
            return reasons.DOSE
        since = self.minutes_since_last_session
        if since is not None and since < profile.gap_min:
            return reasons.TOO_SOON
        return None

    def allowed_ms(self, profile):
        """Return how long a session may be: the profile's length, or what is left of the day."""
        return min(profile.session_ms, (profile.daily_min - self.minutes_today) * MINUTE_MS)

    def tick(self, elapsed_ms):
        """Count time with the power on; True when an age changed."""
        if self._open:
            self._played_ms += elapsed_ms
            return False
        self._part_ms += elapsed_ms
        if self._part_ms < MINUTE_MS:
            return False
        minutes = self._part_ms // MINUTE_MS
        self._part_ms -= minutes * MINUTE_MS
        self._age(minutes)
        return self.count > 0

    def pass_minutes(self, minutes):
        """Let known time pass at once, also time without power when a host knows how long it was."""
        self._age(minutes)
        self.hour.pass_minutes(minutes)

    def _age(self, minutes):
        sessions = self._sessions
        kept = 0
        for index in range(self.count):
            place = index * _FIELDS
            age = sessions[place + _AGE] + minutes
            if age >= DAY_MIN:
                continue
            into = kept * _FIELDS
            sessions[into + _AGE] = age
            sessions[into + _MINUTES] = sessions[place + _MINUTES]
            sessions[into + _COUNTS] = sessions[place + _COUNTS]
            kept += 1
        self.count = kept

    def begin(self, planned_ms):
        """Begin a session of this length: it is written down whole, in case the power is cut."""
        sessions = self._sessions
        for place in range((self.count + 1) * _FIELDS - 1, _FIELDS - 1, -1):
            sessions[place] = sessions[place - _FIELDS]
        sessions[_AGE] = 0
        sessions[_MINUTES] = (planned_ms + MINUTE_MS - 1) // MINUTE_MS
        sessions[_COUNTS] = 1
        self.count += 1
        self._open = True
        self._played_ms = 0
        self._part_ms = 0

    def end(self, stop_rule):
        """End the session: what was played replaces what was planned. stop_rule: the patient's state
        ended it.
        """
        if not self._open:
            return
        self._open = False
        self._part_ms = 0
        # Earlier sessions grew older meanwhile.
        played_min = self._played_ms // MINUTE_MS
        sessions = self._sessions
        minutes = (self._played_ms + MINUTE_MS - 1) // MINUTE_MS
        if self._played_ms <= sessions[_MINUTES] * MINUTE_MS + _LATE_MS:
            minutes = min(minutes, sessions[_MINUTES])
        sessions[_MINUTES] = minutes
        sessions[_COUNTS] = 1 if stop_rule or self._played_ms >= COUNTS_FROM_MS else 0
        self._age(played_min)
        sessions[_AGE] = 0

    def assume_full(self, profile):
        """Take it that there was a record and it cannot be read: nothing more for 24 hours of power."""
        self.count = 0
        self.begin(profile.daily_min * MINUTE_MS)
        self._open = False
        self.hour.assume_full()

    def pack_into(self, record):
        """Write everything into a buffer of RECORD_BYTES, for flash."""
        for place in range(RECORD_BYTES):
            record[place] = 0
        record[0] = VERSION
        record[1] = self.count
        for index in range(self.count):
            place = 2 + index * 5
            age = self._sessions[index * _FIELDS + _AGE]
            minutes = self._sessions[index * _FIELDS + _MINUTES]
            record[place] = age & 0xFF
            record[place + 1] = age >> 8
            record[place + 2] = minutes & 0xFF
            record[place + 3] = minutes >> 8
            record[place + 4] = self._sessions[index * _FIELDS + _COUNTS]
        record[_SESSIONS_END] = 1 if self._open else 0
        self.hour.pack_into(record, _SESSIONS_END + 1)

    def unpack(self, record):
        """Take over a record of `pack_into`, or of version 1; raises ValueError, and changes nothing, if it is none."""
        length = RECORD_BYTES if record[0] == VERSION else _SESSIONS_END
        if record[0] not in (1, VERSION) or len(record) != length or record[1] > SESSIONS_MAX:
            raise ValueError("not a dose record of version 1 or 2")
        for index in range(record[1]):
            place = 2 + index * 5
            age = record[place] | record[place + 1] << 8
            if age >= DAY_MIN or record[place + 4] > 1:
                raise ValueError("a dose record with an age or a mark out of range")
        self.count = record[1]
        for index in range(self.count):
            place = 2 + index * 5
            self._sessions[index * _FIELDS + _AGE] = record[place] | record[place + 1] << 8
            self._sessions[index * _FIELDS + _MINUTES] = record[place + 2] | record[place + 3] << 8
            self._sessions[index * _FIELDS + _COUNTS] = record[place + 4]
        if record[0] != VERSION:
            for index in range(self.count):
                self.hour.assume_full(self._sessions[index * _FIELDS + _AGE])
            return
        self.hour.unpack(record, _SESSIONS_END + 1)
        if record[_SESSIONS_END]:
            self.hour.assume_full()
