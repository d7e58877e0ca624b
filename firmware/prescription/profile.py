"""A profile: what the therapist prescribes. One table of settings, and the check of a whole set of them.

From the table come this validation, the schema that the device serves, the command line's help and the docs.
Defaults and their literature are in profiles.py; limits that no profile can pass are in guard.py, which
trusts no profile.
"""

import hashlib
from array import array

from firmware.care.curve import CURVE_COLUMNS, curve_at
from firmware.prescription.profiles import READY
from firmware.prescription.setting import ProfileError, Setting, check_setting, is_number, refuse, show, whole
from firmware.sound.score import is_pattern

NEWBORN = "newborn"
ADULT = "adult"
# What turns the values of version 1 into those of version 2, and so on: pure functions of a dict.
MIGRATIONS = ()
SCHEMA_VERSION = 1 + len(MIGRATIONS)

CURVE_POINTS_MAX = 16
CURVE_SPACING_MS = 6000


def _number(name, unit, newborn, adult, step, scale, attribute, meaning):
    return Setting(name, "number", unit, newborn, adult, meaning, step, scale, attribute)


def _choice(name, newborn, adult, meaning):
    return Setting(name, "choice", "", newborn, adult, meaning)


_BOTH = (NEWBORN, ADULT)
_OPENINGS = ("soundscape", "silence", "music")
_METRES = ("song", "duple", "compound")
_MODES = ("follow_pulse", "open_loop")
_ADULT_MODES = ("follow_pulse", "open_loop", "follow_breath")
_FEEDBACK = ("own", "none")
_SOUNDS = ("none", "ocean", "womb", "rain")
_MELODIES = ("play", "accompany")
_FOLLOW = ("wait", "lead_anyway")
_LOST = ("fade", "fixed_tempo")
_ARMS = ("none", "a", "b")
_CURVE_LOW = (0, 50, -20, -100, 0, 0)
_CURVE_HIGH = (45, 100, 0, 100, 100, 100)

TABLE = (
    Setting("title", "text", "", (1, 16), (1, 16), "shown on the display; never a patient's name"),
    _choice("population", _BOTH, _BOTH, "who listens; sets the guard's limits"),
    _choice(
        "maturity",
        ("preterm", "term", "very_preterm"),
        ("none",),
        "of a newborn; very_preterm is 28 to 31 weeks",
    ),
    Setting("early_unlock", "switch", "", None, None, "a therapist allows very_preterm"),
    Setting("song", "name", "", (1, 24), (1, 24), "the melody; never a patient's name"),
    Setting(
        "voice",
        "name",
        "",
        (1, 24),
        (1, 24),
        "a voice in the song's place, or a heartbeat on each beat; or none; never a patient's name",
    ),
    Setting(
        "listening_programme",
        "name",
        "",
        (1, 24),
        (1, 24),
        "an adult's segments in the place of song and curve, or none; never a patient's name",
    ),
    _choice(
        "melody",
        _MELODIES,
        _MELODIES,
        "played, or left to a voice: chords and bass for who sings in the room, or under the recorded voice",
    ),
    Setting("light_swell", "switch", "", None, None, "the light swells with each bar for who sings, dimly"),
    _choice("soundscape", _SOUNDS, _SOUNDS, "under the melody, and alone before it"),
    _choice("opening", _OPENINGS, _OPENINGS, "what is heard while the pulse is measured"),
    _choice("metre", _METRES, _METRES, "two pulses a beat, three, or as the song has it"),
    _choice(
        "mode",
        _MODES,
        _ADULT_MODES,
        "tempo from the pulse, or from opening_tempo_bpm, or a swell that leads an adult's breath",
    ),
    _choice(
        "programme",
        ("curve", "steady", "descend"),
        ("curve", "steady", "descend", "descend_and_rise", "stay_low"),
        "the shape of the tempo; curve is the one below",
    ),
    _number(
        "opening_tempo_bpm", "bpm", (40, 90), (40, 90), 1, 1000, "opening_tempo_mbpm", "tempo without a pulse"
    ),
    _number("level_dba", "dBA", (30, 50), (30, 60), 0.5, 100, "level_cdba", "mean level at the ear"),
    _number(
        "baseline_below_db",
        "dB",
        (0, 20),
        (0, 20),
        0.5,
        100,
        "baseline_below_cdb",
        "softer before the melody",
    ),
    _number(
        "knob_range_db", "dB", (0, 20), (0, 30), 0.5, 100, "knob_range_cdb", "how far the knob turns down"
    ),
    _number("session_min", "min", (5, 30), (5, 45), 1, 60000, "session_ms", "from first sound to silence"),
    _number("gap_min", "min", (60, 1440), (30, 1440), 1, 1, "gap_min", "rest between sessions"),
    _number("daily_min", "min", (5, 60), (5, 90), 1, 1, "daily_min", "music in any 24 hours"),
    _number("sessions_a_day", "", (1, 3), (1, 6), 1, 1, "sessions_a_day", "sessions in any 24 hours"),
    _number(
        "onset_s",
        "s",
        (30, 120),
        (15, 120),
        1,
        1000,
        "onset_ms",
        "from silence to the first level, and at most 1 dB a second",
    ),
    _number("fade_s", "s", (10, 120), (10, 120), 1, 1000, "fade_ms", "from music to silence at the end"),
    _number("baseline_s", "s", (60, 180), (60, 180), 1, 1000, "baseline_ms", "good signal before the melody"),
    _number(
        "baseline_max_s", "s", (60, 600), (60, 600), 1, 1000, "baseline_max_ms", "then without the pulse"
    ),
    _number("match_min", "min", (2, 10), (2, 10), 1, 60000, "match_ms", "at the patient's own tempo"),
    _number(
        "lead_rate_percent_per_min",
        "%/min",
        (0.1, 1),
        (0.1, 2),
        0.1,
        10,
        "lead_rate_permille",
        "fastest slowing",
    ),
    _number(
        "margin_percent", "%", (1, 8), (1, 15), 0.5, 10, "margin_permille", "furthest ahead of the patient"
    ),
    _number(
        "slowing_percent", "%", (0, 8), (0, 15), 0.5, 10, "slowing_permille", "most slowing in a session"
    ),
    _choice("follow", _FOLLOW, _FOLLOW, "what the music does when the pulse stays behind"),
    _choice("sensor_off", _LOST, _LOST, "when the signal is lost for good"),
    _number(
        "sensor_off_hold_s", "s", (1, 15), (1, 15), 1, 1000, "sensor_off_hold_ms", "no contact before that"
    ),
    _number(
        "poor_signal_hold_s",
        "s",
        (15, 120),
        (15, 300),
        1,
        1000,
        "poor_signal_hold_ms",
        "no pulse before that",
    ),
    _number("pulse_low_stop_bpm", "bpm", (80, 130), (45, 60), 1, 1000, "pulse_low_stop_mbpm", "fades below"),
    _number(
        "pulse_rise_stop_percent",
        "%",
        (5, 20),
        (5, 20),
        1,
        10,
        "pulse_rise_stop_permille",
        "fades above baseline",
    ),
    _number(
        "spo2_stop_percent", "%", (85, 95), (0, 95), 1, 10, "spo2_stop_permille", "fades below; 0 is off"
    ),
    _number(
        "breath_tempo_bpm",
        "bpm",
        (54, 66),
        (54, 66),
        1,
        1000,
        "breath_tempo_mbpm",
        "music's, with follow_breath",
    ),
    _number(
        "breath_first_percent",
        "%",
        (60, 100),
        (60, 100),
        5,
        10,
        "breath_first_permille",
        "first pace, of the breath at the start",
    ),
    _number(
        "breath_floor_per_min",
        "/min",
        (4.5, 7),
        (4.5, 7),
        0.5,
        1000,
        "breath_floor_mbpm",
        "slowest pace of the breath",
    ),
    _number(
        "breath_inhalation_percent",
        "%",
        (30, 50),
        (30, 50),
        1,
        10,
        "breath_inhalation_permille",
        "share of a breath that goes in",
    ),
    _number(
        "breath_swell_db",
        "dB",
        (0.5, 2),
        (0.5, 2),
        0.5,
        100,
        "breath_swell_cdb",
        "soundscape's swell up and down with the pace",
    ),
    _number(
        "breath_length_min", "min", (5, 20), (5, 20), 1, 60000, "breath_ms", "breath is led, then it fades"
    ),
    _choice(
        "breath_feedback", _FEEDBACK, _FEEDBACK, "whether the pulse's swing moves brightness and density"
    ),
    _choice("arm", _ARMS, _ARMS, "of a blinded study, to which this person was drawn; none: no study"),
    Setting(
        "curve",
        "curve",
        "",
        (_CURVE_LOW, _CURVE_HIGH),
        (_CURVE_LOW, _CURVE_HIGH),
        "rows of minute since matching, tempo %, level dB, minor %, brightness %, density %",
    ),
)

# What a study adds to a profile on its way to the device, and no person sees or edits: which of its arms is the sham.
SEAL = "seal"
SEAL_CHARACTERS = 32  # hex

_CURVE_SCALE = (60000, 10, 100, 10, 10, 10)
_CURVE_NAMES = ("minute", "tempo", "level", "minor", "brightness", "density")


def find(name):
    """Return the row of the table with this name, or None."""
    for setting in TABLE:
        if setting.name == name:
            return setting
    return None


def sham_arm(seal):
    """Return "a" or "b": which arm of the study with this seal is the sham. By the seal's SHA-256, so that no part of
    the seal says it by itself.
    """
    return _ARMS[1 + (hashlib.sha256(seal.encode()).digest()[0] & 1)]


def study_mark(seal):
    """Return the 24 bits by which the sessions of a study are known; they say nothing of the arms."""
    digest = hashlib.sha256(seal.encode()).digest()
    return digest[1] << 16 | digest[2] << 8 | digest[3]


def migrate(values, version, migrations=MIGRATIONS):
    """Return the values of a profile as this firmware's version means them; what came is not changed.

    Raises ProfileError for a version that is newer than this firmware, or none at all.
    """
    newest = 1 + len(migrations)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= newest:
        raise ProfileError(
            "the profile has version %s and this firmware knows 1 to %d; update the firmware first"
            % (show(version), newest)
        )
    if isinstance(values, dict):
        for step in migrations[version - 1 :]:
            values = step(dict(values))
    return values


def _check_curve(setting, value):
    """The rows as one flat array of integers; what they may do to the tempo is checked with the whole
    profile.
    """
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= CURVE_POINTS_MAX:
        refuse(
            setting, value, "is not a list of 1 to %d rows" % CURVE_POINTS_MAX, "write rows of %d numbers" % 6
        )
    flat = array("i", [0] * (CURVE_COLUMNS * len(value)))
    for row_number, row in enumerate(value):
        if not isinstance(row, (list, tuple)) or len(row) != CURVE_COLUMNS:
            refuse(
                setting,
                row,
                "in row %d is not six numbers" % (row_number + 1),
                "write " + ", ".join(_CURVE_NAMES),
            )
        for column in range(CURVE_COLUMNS):
            number = row[column]
            low, high = _CURVE_LOW[column], _CURVE_HIGH[column]
            if not is_number(number) or not low <= number <= high:
                rule = "in row %d: %s is outside %d to %d" % (row_number + 1, _CURVE_NAMES[column], low, high)
                refuse(setting, number, rule, "choose a value in that range")
            flat[row_number * CURVE_COLUMNS + column] = whole(number, _CURVE_SCALE[column])
        if row_number == 0 and flat[0] != 0:
            refuse(setting, row[0], "is the first minute", "begin with minute 0")
        if row_number:
            after_ms = flat[row_number * CURVE_COLUMNS] - flat[(row_number - 1) * CURVE_COLUMNS]
            if after_ms < CURVE_SPACING_MS:
                rule = "in row %d is not 0.1 or more after the minute before" % (row_number + 1)
                refuse(setting, row[0], rule, "sort the rows or spread them")
    return flat


class Profile:
    """All settings, checked, in the firmware's integers. `values` are the same in human units, as they came."""

    title: str
    population: str
    maturity: str
    early_unlock: bool
    song: str
    voice: str
    listening_programme: str
    melody: str
    light_swell: bool
    soundscape: str
    opening: str
    metre: str
    mode: str
    programme: str
    opening_tempo_mbpm: int
    level_cdba: int
    baseline_below_cdb: int
    knob_range_cdb: int
    session_ms: int
    gap_min: int
    daily_min: int
    sessions_a_day: int
    onset_ms: int
    fade_ms: int
    baseline_ms: int
    baseline_max_ms: int
    match_ms: int
    lead_rate_permille: int
    margin_permille: int
    slowing_permille: int
    follow: str
    sensor_off: str
    sensor_off_hold_ms: int
    poor_signal_hold_ms: int
    pulse_low_stop_mbpm: int
    pulse_rise_stop_permille: int
    spo2_stop_permille: int
    breath_tempo_mbpm: int
    breath_first_permille: int
    breath_floor_mbpm: int
    breath_inhalation_permille: int
    breath_swell_cdb: int
    breath_ms: int
    breath_feedback: str
    arm: str
    curve: array
    silent: bool  # this person's arm is the sham, and what is made is not heard
    stranger: bool  # this person's arm is the sham of a profile whose music answers to a breath: it answers to a stranger's
    study: int | None  # what a session of a study writes down: its mark, times two, and 1 for arm b
    values: dict

    @classmethod
    def from_values(cls, values):
        """Return a profile from a dict of settings in human units; those left out have the ready-made profile's
        value.

        Raises ProfileError on the first thing wrong: an unknown setting, a value of the wrong kind or out of
        range, or settings that do not go together.
        """
        if not isinstance(values, dict):
            raise ProfileError("a profile is a table of settings; this is %s" % show(values))
        for name in sorted(values):  # of two, every runtime names the same
            if name != SEAL and find(name) is None:
                raise ProfileError(
                    "%s is not a setting of a profile; remove it or correct its name" % show(name)
                )
        population = values.get("population", NEWBORN)
        if population not in _BOTH:
            refuse(find("population"), population, "is not a population", "choose newborn or adult")
        if population == NEWBORN and values.get("mode") == "follow_breath":
            _refuse_breath("mode", values)
        profile = cls()
        profile.values = {}
        for setting in TABLE:
            value = values.get(setting.name, READY[population][setting.name])
            profile.values[setting.name] = value
            setattr(profile, setting.attribute, _check(setting, value, population))
        for name in sorted(values):
            if population == NEWBORN and name.startswith("breath_") and values[name] != READY[NEWBORN][name]:
                _refuse_breath(name, values)
        profile._open_seal(values.get(SEAL))
        profile._check_together()
        return profile

    @classmethod
    def ready(cls, name):
        """Return a ready-made profile: "newborn" or "adult"."""
        if name not in READY:
            raise ProfileError("%s is not a ready-made profile; choose newborn or adult" % show(name))
        return cls.from_values(READY[name])

    def _open_seal(self, seal):
        """Tell from a study's seal whether this arm is the sham: it is always one of the two."""
        self.silent = self.stranger = False
        self.study = None
        if seal is None:
            return
        if not isinstance(seal, str) or len(seal) != SEAL_CHARACTERS:
            raise ProfileError(
                "the seal of a study is %d characters; put the profile there again" % SEAL_CHARACTERS
            )
        if self.arm == "none":
            raise ProfileError("a seal without an arm belongs to no study; set arm = 'a' or 'b'")
        self.values[SEAL] = seal
        if sham_arm(seal) == self.arm:
            self.stranger = self.mode == "follow_breath" and self.breath_feedback == "own"
            self.silent = not self.stranger
        self.study = study_mark(seal) << 1 | (self.arm == "b")

    def _check_together(self):
        if self.maturity == "very_preterm" and not self.early_unlock:
            raise ProfileError(
                "maturity = 'very_preterm' is locked; a therapist sets early_unlock = true for it"
            )
        if self.maturity not in ("term", "none") and self.pulse_low_stop_mbpm < 100000:
            raise ProfileError(
                "pulse_low_stop_bpm below 100 is for term newborns; raise it or set maturity = 'term'"
            )
        if self.programme == "stay_low" and self.mode != "open_loop":
            raise ProfileError(
                "programme = 'stay_low' does not begin at the pulse; set mode = 'open_loop' with it"
            )
        if self.opening == "soundscape" and self.soundscape == "none":
            raise ProfileError(
                "opening = 'soundscape' needs a soundscape; choose one or set opening = 'silence'"
            )
        if self.listening_programme != "none":
            if self.population != ADULT:
                raise ProfileError("listening_programme is for adults only; set it to 'none'")
            if self.fade_ms < 30000:
                raise ProfileError("fade_s is less than 30, which a listening_programme needs; raise it")
            if self.mode == "follow_breath":
                raise ProfileError(
                    "mode = 'follow_breath' has no listening_programme; choose follow_pulse or open_loop"
                )
        self._check_melody()
        if self.baseline_max_ms < self.baseline_ms:
            raise ProfileError("baseline_max_s is shorter than baseline_s; raise it")
        if self.daily_min * 60000 < self.session_ms:
            raise ProfileError("daily_min is less than session_min; raise it or shorten the session")
        if self.mode == "follow_breath":
            if self.soundscape == "none":
                raise ProfileError(
                    "mode = 'follow_breath' needs a soundscape that can swell; choose ocean, womb or rain"
                )
            if self.baseline_ms + self.breath_ms + self.fade_ms > self.session_ms:
                raise ProfileError(
                    "session_min leaves no time for baseline_s, breath_length_min and fade_s; raise it, or lead for less"
                )
        if self.baseline_ms + self.match_ms + self.fade_ms >= self.session_ms:
            raise ProfileError("session_min leaves no time after baseline_s, match_min and fade_s; raise it")
        if self.programme != "curve":
            self.curve = _shape(self)
        self._check_curve_tempo()

    def _check_melody(self):
        if self.melody == "play":
            if self.light_swell:
                raise ProfileError(
                    "light_swell is for who sings; set melody = 'accompany' with it, or leave it out"
                )
        elif is_pattern(self.song):
            raise ProfileError(
                "melody = 'accompany' needs a song that can be sung; choose one, or melody = 'play'"
            )
        elif self.listening_programme != "none":
            raise ProfileError("melody = 'accompany' has no listening_programme; set one of them back")
        elif self.mode == "follow_breath":
            raise ProfileError("melody = 'accompany' cannot lead a breath; choose follow_pulse or open_loop")

    def _check_curve_tempo(self):
        """Check the tempo of each row. How fast and how far it may fall is not checked: tempo.py keeps rate and
        floor whatever is drawn.
        """
        curve = self.curve
        if curve[1] != 1000 and self.programme != "stay_low":
            raise ProfileError(
                "curve: the tempo of row 1 is not 100 %; the music begins at the matched tempo"
            )
        for place in range(CURVE_COLUMNS, len(curve), CURVE_COLUMNS):
            if curve[place + 1] > curve[place - CURVE_COLUMNS + 1] and self.programme != "descend_and_rise":
                row = place // CURVE_COLUMNS + 1
                raise ProfileError("curve: the tempo rises in row %d; only descend_and_rise does that" % row)


def _refuse_breath(name, values):
    """Raise ProfileError: nobody leads a newborn's breath, and a newborn's profile may ask for nothing of it."""
    refuse(find(name), values[name], "is for adults only: nobody leads a newborn's breath", "leave it out")


def _check(setting, value, population):
    if setting.kind == "curve":
        return _check_curve(setting, value)
    return check_setting(setting, value, population)


def _shape(profile):
    """The curve of an open-loop programme: its own tempo, everything else from the profile's curve."""
    floor = 1000 - profile.slowing_permille
    # Time to the floor at the fastest rate, reckoned against the slower end and rounded up to whole minutes.
    down_ms = -(-profile.slowing_permille * 1000 // (profile.lead_rate_permille * floor)) * 60000
    # From the end of matching to the fade.
    end_ms = profile.session_ms - profile.fade_ms - profile.baseline_ms - profile.match_ms
    if profile.programme == "steady":
        points = ((0, 1000),)
    elif profile.programme == "stay_low":
        points = ((0, floor),)
    elif profile.programme == "descend":
        points = ((0, 1000), (down_ms, floor))
    else:
        if 2 * down_ms + 60000 > end_ms:
            raise ProfileError(
                "session_min is too short for descend_and_rise; raise it or lower slowing_percent"
            )
        points = ((0, 1000), (down_ms, floor), (end_ms - down_ms, floor), (end_ms, 1000))
    times = [time_ms for time_ms, _ in points]
    for place in range(0, len(profile.curve), CURVE_COLUMNS):
        if profile.curve[place] not in times:
            times.append(profile.curve[place])
    times.sort()
    flat = array("i", [0] * (CURVE_COLUMNS * len(times)))
    for row, time_ms in enumerate(times):
        place = row * CURVE_COLUMNS
        flat[place] = time_ms
        flat[place + 1] = _tempo_at(points, time_ms)
        for column in range(2, CURVE_COLUMNS):
            flat[place + column] = curve_at(profile.curve, time_ms, column)
    return flat


def _tempo_at(points, time_ms):
    before_ms, before = points[0]
    for at_ms, tempo in points:
        if at_ms >= time_ms:
            if at_ms == before_ms:
                return tempo
            return before + (tempo - before) * ((time_ms - before_ms) // 1000) // (
                (at_ms - before_ms) // 1000
            )
        before_ms, before = at_ms, tempo
    return before
