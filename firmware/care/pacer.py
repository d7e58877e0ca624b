"""A pace for an adult's breath: where it begins, when it slows by a beat, whether it is followed, and when it lets go.

Loaded only for a profile with mode = "follow_breath". It wants; the guard has its own limits for the pace and the swell,
and sound/swell.py makes the swell. A breath is a whole number of beats of music whose tempo stays as it is. All integer,
nothing allocated.
"""

from array import array

from micropython import const

from firmware import reasons

_READING_MS = const(2_000)
_SETTLED_READINGS = const(5)  # ten seconds with a breath before it counts as known
_READINGS = const(32)  # as many as the first minute has
_LEAST_BEATS = const(4)  # 15 breaths a minute at 60 beats: who breathes faster than that wants is not led
_SLOWEST_MBPM = const(4_500)
_BREATHS_TO_STEP = const(6)  # that followed, before a breath may be a beat longer
_NEAR_PERMILLE = const(100)  # of the pace: a breath this near follows
_JUDGED_MS = const(180_000)
_FOLLOWED_LEAST_PERCENT = const(30)
_HISTORY = const(64)  # paced breaths remembered, twice _READINGS; three minutes have 45
_SWELL_RISE_CDB_PER_S = const(10)
_SWELL_SINK_CDB_PER_S = const(4)  # 2 dB are gone within 50 s
_WAIT_FOR_BREATH_MS = const(
    10_000
)  # for the patient to begin a breath in, so that the first swell comes with it
# The swing of the pulse within a breath against that of the first minute, thousandths.
_RATIO_LOW = const(800)
_RATIO_HIGH = const(1_600)
_FEEDBACK_MOST = const(500)
_FEEDBACK_PERMILLE_PER_S = const(10)  # 10 points in 10 s
_NEUTRAL_PERMILLE_PER_S = const(25)  # from either end within 20 s
_KEPT_MS = const(20_000)  # the feedback stays as it is while the swing is unknown, so long

OFF = "off"
PACED = "paced"


class Pacer:
    """`listen` every step until `ready`, then `begin`, then `advance` every step.

    pace_mbpm: thousandths of a breath a minute, None while there is none; swell_cdb: above and below the soundscape's
    level; feedback_permille: -500 to 500, None while no swing of the first minute is known; stranger_permille: the same
    from a stranger's breath, in a study's sham, else None; state: "off", "paced" or "let_go"; followed: the last paced
    breath; at_floor: it slows no further; paced_ms: for how long it has paced; own_mbpm: the patient's own breaths a
    minute before that, the median of what was read, None while too little is known.

    It listens first and paces afterwards, so what it remembers has its place once: `_seen`, `_count` and `_since_ms` are of
    readings (of the rate, then of the swing) until `begin`, and of paced breaths, followed or not, from there on.
    """

    stranger_permille: int | None = None  # of an object only in a study, there in both arms
    _swing_of_a_stranger = None

    def __init__(self, profile):
        self._profile = profile
        self._seen = array("H", bytes(2 * _HISTORY))  # 16 bits each: half of what a list takes on the chip
        self._most_beats = max(_LEAST_BEATS, profile.breath_tempo_mbpm // profile.breath_floor_mbpm)
        if profile.study is not None:
            # For both arms, or what is left of the heap would tell them apart.
            from firmware.care.stranger import swing_permille

            self._swing_of_a_stranger = swing_permille if profile.stranger else None
        self.restart()

    def restart(self):
        """Begin with another listener, or the same one later: nothing is known."""
        self.state = OFF
        self.pace_mbpm: int | None = None
        self.swell_cdb = 0
        self.feedback_permille: int | None = None
        if self._profile.study is not None:
            self.stranger_permille = None
        self.followed = False
        self.at_floor = False
        self.paced_ms = 0
        self.own_mbpm: int | None = None
        self._since_ms = 0  # since the last reading, or since the paced breath began
        self._count = 0
        self._swing_count = 0
        self._own_swing = 0
        self._beats = 0
        self._waited_ms = 0
        self._was_out = False
        self._in_a_row = 0
        self._step = False  # the next breath is a beat longer
        self._move = 0  # thousandths of a thousandth that feedback may still move
        self._unknown_ms = 0
        self._swell_credit = 0

    def listen(self, elapsed_ms, inputs):
        """Take note of the patient's own breath, every other second."""
        self._since_ms += elapsed_ms
        if self._since_ms < _READING_MS:
            return
        self._since_ms = 0
        if inputs.breathing_rate_mbpm is not None:
            _place(self._seen, 0, self._count, inputs.breathing_rate_mbpm)
            self._count = count = min(self._count + 1, _READINGS - 1)
            if count >= _SETTLED_READINGS:
                self.own_mbpm = self._seen[count // 2]
        if inputs.breath_amplitude_mbpm is not None:
            _place(self._seen, _READINGS, self._swing_count, inputs.breath_amplitude_mbpm)
            self._swing_count = min(self._swing_count + 1, _READINGS - 1)

    def begin(self):
        """Choose the first pace; return False where there is none to choose: no breath known, or one too fast to lead."""
        own_mbpm = self.own_mbpm
        if own_mbpm is None:
            return False
        tempo_mbpm = self._profile.breath_tempo_mbpm
        wanted_mbpm = own_mbpm * self._profile.breath_first_permille // 1000
        beats = (tempo_mbpm + wanted_mbpm // 2) // wanted_mbpm
        if beats < _LEAST_BEATS:
            return False
        # Never faster than the patient breathes already.
        own_beats = min((tempo_mbpm + own_mbpm // 2) // own_mbpm, tempo_mbpm // _SLOWEST_MBPM)
        self._beats = beats = max(min(beats, self._most_beats), own_beats)
        self.at_floor = beats >= self._most_beats
        if self._swing_count >= _SETTLED_READINGS:
            self._own_swing = self._seen[_READINGS + self._swing_count // 2]
        self._count = self._since_ms = 0
        self.state = PACED
        return True

    def advance(self, elapsed_ms, inputs, phrase_ended, frozen):
        """Go on by one step. frozen: no slower now (the guard says so)."""
        if self.state == PACED:
            self.paced_ms += elapsed_ms
            pace_mbpm = self.pace_mbpm
            if pace_mbpm is not None:
                self._pace(pace_mbpm, elapsed_ms, inputs, phrase_ended, frozen)
            else:
                # The first breath in of the swell comes with one of the patient's, or without it.
                self._waited_ms = waited_ms = self._waited_ms + elapsed_ms
                in_ms = inputs.breath_in_ms or 0
                if (in_ms > 0 and self._was_out) or waited_ms >= _WAIT_FOR_BREATH_MS:
                    self.pace_mbpm = self._profile.breath_tempo_mbpm // self._beats
                self._was_out = in_ms < 0
        self._swell(elapsed_ms)
        self._feed_back(elapsed_ms, inputs)

    def _pace(self, pace_mbpm, elapsed_ms, inputs, phrase_ended, frozen):
        if phrase_ended and not frozen and self._in_a_row >= _BREATHS_TO_STEP and not self.at_floor:
            self._step = True
        self._since_ms += elapsed_ms
        period_ms = 60_000_000 // pace_mbpm
        if self._since_ms < period_ms:
            return
        self._since_ms -= period_ms
        rate_mbpm = inputs.breathing_rate_mbpm
        self.followed = followed = (
            rate_mbpm is not None and abs(rate_mbpm - pace_mbpm) <= pace_mbpm * _NEAR_PERMILLE // 1000
        )
        count = self._count
        self._seen[count % _HISTORY] = followed
        self._count = count = count + 1
        self._in_a_row = self._in_a_row + 1 if followed else 0
        if self._step:
            self._step = False
            self._in_a_row = 0
            self._beats = beats = self._beats + 1
            self.at_floor = beats >= self._most_beats
            self.pace_mbpm = self._profile.breath_tempo_mbpm // beats
        if self.paced_ms - self._waited_ms >= _JUDGED_MS:
            # Too few followed, of the breaths of the last three minutes?
            judged = min(count, _JUDGED_MS // 1000 * pace_mbpm // 60_000, _HISTORY)
            together = 0
            for back in range(judged):
                together += self._seen[(count - 1 - back) % _HISTORY]
            if together * 100 < judged * _FOLLOWED_LEAST_PERCENT:
                self.state = reasons.LET_GO

    def _swell(self, elapsed_ms):
        """Ease the swell: in while it paces, and away afterwards."""
        rising = self.state == PACED and self.pace_mbpm is not None
        credit = self._swell_credit + elapsed_ms * (
            _SWELL_RISE_CDB_PER_S if rising else _SWELL_SINK_CDB_PER_S
        )
        most = credit // 1000
        self._swell_credit = credit % 1000
        if rising:
            self.swell_cdb = min(self.swell_cdb + most, self._profile.breath_swell_cdb)
        else:
            self.swell_cdb = swell_cdb = max(self.swell_cdb - most, 0)
            if not swell_cdb and self.state == reasons.LET_GO:
                self.pace_mbpm = None

    def _feed_back(self, elapsed_ms, inputs):
        """Move brightness and density after the swing of the pulse; neutral where it is unknown for long."""
        if not self._own_swing or self._profile.breath_feedback != "own":
            return
        swing_mbpm = -1 if inputs.breath_amplitude_mbpm is None else inputs.breath_amplitude_mbpm
        known = swing_mbpm >= 0 and not inputs.rhythm_irregular and self.state == PACED
        self._unknown_ms = unknown_ms = 0 if known else self._unknown_ms + elapsed_ms
        kept = not known and unknown_ms <= _KEPT_MS and not inputs.rhythm_irregular
        move = self._move + elapsed_ms * (
            _FEEDBACK_PERMILLE_PER_S if known or kept else _NEUTRAL_PERMILLE_PER_S
        )
        most = 0 if kept else move // 1000
        self._move = move % 1000
        swing_permille = min(swing_mbpm, 200_000) * 1000 // self._own_swing if known else None
        self.feedback_permille = _toward(self.feedback_permille, swing_permille, most)
        stranger = self._swing_of_a_stranger
        if stranger is not None:
            # Known, kept and let go as the patient's own, so that nothing but what is answered to is another's.
            swing_permille = stranger(self.paced_ms, self._own_swing) if known else None
            self.stranger_permille = _toward(self.stranger_permille, swing_permille, most)


def _toward(now, swing_permille, most):
    """Return the feedback, by at most `most` nearer to what a swing asks for; to neutral where there is none."""
    now = now or 0
    wanted = 0
    if swing_permille is not None:
        ratio = max(_RATIO_LOW, min(_RATIO_HIGH, swing_permille))
        wanted = (2 * ratio - _RATIO_LOW - _RATIO_HIGH) * _FEEDBACK_MOST // (_RATIO_HIGH - _RATIO_LOW)
    return now + max(-most, min(most, wanted - now))


def _place(seen, first, count, value):
    """Put `value`, 65 535 at most, into `count` ordered ones from `first` on; of a full list the largest goes."""
    value = min(value, 65_535)
    place = first + count
    while place > first and seen[place - 1] > value:
        seen[place] = seen[place - 1]
        place -= 1
    seen[place] = value
