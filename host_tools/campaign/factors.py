"""What may differ between two sessions of a campaign: patient, room, faults, fingers, and every setting of a profile.

A factor is a number within a range, or one of some words, for each population. Where a plan says nothing of it, it is
drawn evenly from all that is allowed here. The settings of the profile are taken from the firmware's own table, so that a
new one is drawn without a word here.
"""

from dataclasses import dataclass
from functools import cached_property

from firmware.prescription.profile import TABLE as SETTINGS
from firmware.sound.score import PATTERN, PATTERNS
from firmware.sound.songs import SONGS
from simulator.recordings.recording import PACKAGED

Range = tuple[float, float]

COURSES = ("steady", "drift_down", "drift_up", "fall", "rise", "dip", "swing")
FOLLOWING = ("not", "forward", "late", "backward")
FAULTS = (
    "none", "sensor_nack", "sensor_stuck", "sensor_garbage", "sensor_frozen", "sensor_clock", "adc_nack", "adc_garbage",
    "adc_frozen", "flash_worn", "power_cut", "brown_out", "supply_low", "usb_host", "usb_bytes",
)  # fmt: skip
PRESSES = ("start", "start_and_press", "start_and_hold", "twice", "many", "stuck", "hold_first", "late")
LIVES = ("one_session", "again_too_soon", "several", "day")
CURVES = ("ready", "drawn")


@dataclass(frozen=True)
class Factor:
    """One factor: `words` to choose from, or the range of each population."""

    name: str
    newborn: Range | tuple[str, ...]
    adult: Range | tuple[str, ...]
    setting: bool = False  # of the profile
    step: float | None = None

    def allowed(self, population: str) -> Range | tuple[str, ...]:
        return self.newborn if population == "newborn" else self.adult

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return all words of a choice, of either population; () for a number."""
        both = [word for word in (*self.newborn, *self.adult) if isinstance(word, str)]
        return tuple(dict.fromkeys(both))

    def widest(self) -> Range:
        """Return the lowest and the highest number of either population."""
        numbers = [float(number) for number in (*self.newborn, *self.adult)]
        return min(numbers), max(numbers)

    def range_text(self) -> str:
        low, high = self.widest()
        return f"{low:g} to {high:g}"


def _number(name: str, newborn: Range, adult: Range | None = None) -> Factor:
    return Factor(name, newborn, adult or newborn)


def _words(name: str, *words: str) -> Factor:
    return Factor(name, words, words)


# Times of what happens are shares of the session's length; spans are seconds. Vital signs: wider than CLINICAL numbers of
# any ward, narrower than a scenario's own limits, so that most sessions get beyond their first seconds.
_WORLD = (
    _words("population", "newborn", "adult"),
    _words("recording", "none", *PACKAGED),
    _words("bed", "own", "other"),
    _number("pulse_rate_bpm", (95, 205), (48, 140)),
    _words("course", *COURSES),
    _number("course_by_percent", (5, 55)),
    _number("course_at", (0.02, 0.98)),
    _number("course_over_s", (0, 120)),
    _number("course_for_s", (3, 300)),
    _number("breathing_rate_bpm", (20, 80), (6, 30)),
    _number("spo2_percent", (84, 100), (80, 100)),
    _words("desaturation", "no", "yes"),
    _number("desaturation_to_percent", (60, 92)),
    _number("desaturation_at", (0.02, 0.98)),
    _number("desaturation_for_s", (3, 200)),
    _number("perfusion_index_percent", (0.05, 5)),
    _words("perfusion_drop", "no", "yes"),
    _number("perfusion_drop_at", (0.02, 0.98)),
    _words("rhythm", "regular", "irregular"),
    _number("irregular_pulse", (0.01, 0.5)),
    _words("following", *FOLLOWING),
    _number("follows_music", (0.05, 1)),
    _words("motion", "no", "once", "often"),
    _number("motion_percent", (0.2, 20)),
    _number("motion_at", (0.0, 0.95)),
    _number("motion_for_s", (2, 180)),
    _words("contact_loss", "no", "slips", "off", "never_on"),
    _number("contact_loss_at", (0.02, 0.95)),
    _number("contact_loss_for_s", (1, 60)),
    _words("ambient", "dim", "bright"),
    _number("ambient_light_ua", (1, 400)),
    _number("ambient_at", (0.0, 0.95)),
    _words("fault", *FAULTS),
    _number("fault_at", (0.0, 0.98)),
    _number("fault_for_s", (0.5, 240)),
    _words("second_fault", "no", "yes"),
    _number("second_fault_after_s", (0, 300)),
    _words("knob", "full", "set", "thrown_up", "turned"),
    _number("knob_percent", (0, 100)),
    _number("knob_at", (0.0, 0.98)),
    _words("room", "quiet", "ward", "loud_once"),
    _number("room_dba", (40, 90)),
    _number("room_at", (0.0, 0.98)),
    _number("room_for_s", (1, 120)),
    _words("presses", *PRESSES),
    _number("press_at", (0.02, 0.98)),
    _words("life", *LIVES),
    _words("curve_shape", *CURVES),
    Factor("listening_programme", ("none",), ("none", "drawn")),
)  # fmt: skip

# Not drawn: the title, whose letters nobody hears, the curve's rows (curve_shape says whether they are drawn), and a voice,
# which needs a recording beside the profile.
# A study's arm without its seal, which no campaign has, changes nothing.
_NOT_DRAWN = ("title", "population", "curve", "voice", "arm")


def _of_settings() -> list[Factor]:
    found = []
    for setting in SETTINGS:
        if setting.name in _NOT_DRAWN:
            continue
        if setting.kind == "number":
            found.append(Factor(setting.name, setting.newborn, setting.adult, True, setting.step))
        elif setting.kind == "choice":
            found.append(Factor(setting.name, setting.newborn, setting.adult, True))
        elif setting.kind == "switch":
            found.append(Factor(setting.name, ("no", "yes"), ("no", "yes"), True))
        elif setting.name == "song":
            songs = (*SONGS, *(PATTERN + name for name in PATTERNS))
            found.append(Factor(setting.name, songs, songs, True))
    return found


TABLE: dict[str, Factor] = {factor.name: factor for factor in (*_WORLD, *_of_settings())}
