"""A bedside session as a TOML file: who lies there, what happens when, and what must hold at the end.

Reads and checks only: the patient is built in patient.py and recording.py, the session played in bedside.py.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from firmware.prescription import profile as firmware_profile
from firmware.prescription import programme
from firmware.reasons import REASONS
from simulator.files import profile_file, programme_file, song_file, toml_file
from simulator.files.errors import CalandoError, choice, did_you_mean

if TYPE_CHECKING:
    from simulator.patient import LightSource

FOLDER = Path(__file__).resolve().parent / "scenarios"
LONGEST_S = 86_400.0  # a day: the soak tests play that much, nobody needs more

# What an event's `to` means: unit, lowest, highest. Wider than any living patient, narrower than nonsense.
QUANTITIES: dict[str, tuple[str, float, float]] = {
    "pulse_rate": ("beats a minute", 20, 300),
    "spo2": ("percent", 40, 100),
    "perfusion": ("percent", 0.01, 20),
    "breathing_rate": ("breaths a minute", 4, 120),
    "motion": ("percent of the light", 0, 50),
    "ambient_light": ("microamperes in the detector", 0, 1000),
    "room_sound": ("dBA", 20, 110),
    "knob": ("percent", 0, 100),
    "supply": ("volts", 0, 6),
    "sensor_clock": ("percent too fast", -60, 100),
}
SWITCHES = ("sigh", "speech", "sleep", "sensor_off", "usb_host", "flash_worn")  # on unless `to` says 0
FAULT_CHIPS = {"i2c_fault": "max30102", "adc_fault": "ads1115"}  # when the event names none
OF_THE_MODEL = (
    "pulse_rate",
    "spo2",
    "perfusion",
    "breathing_rate",
    "sigh",
    "speech",
    "sleep",
)  # a recording has these in itself
RENAMED = {
    "clock_fault": "sensor_clock"
}  # events that had a name with another meaning: it is the device's own clock
DEFAULT_FOR_S = {
    "press": 0.15,
    "hold": 1.5,
    "sigh": 5.0,
}  # how long a finger stays on the button; a deep breath


def _refusal(sentence: str) -> PydanticCustomError:
    """Return what a check of ours raises; pydantic adds where it was."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


class _Part(BaseModel):
    # Strict: a number in quotes is a mistake worth hearing about. Frozen: a session cannot change its script.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PatientPart(_Part):
    """`[patient]`: None leaves a value to the preset of the population (patient.PRESETS)."""

    population: Literal["newborn", "adult"] = "newborn"
    pulse_rate_bpm: Annotated[float | None, Field(ge=20, le=300)] = None
    spo2_percent: Annotated[float | None, Field(ge=40, le=100)] = None
    perfusion_index_percent: Annotated[float | None, Field(ge=0.01, le=20)] = None
    breathing_rate_bpm: Annotated[float | None, Field(ge=4, le=120)] = None
    follows_music: Annotated[float, Field(ge=0, le=1)] = 0.0
    follows_backwards: bool = False
    follows_after_s: Annotated[float, Field(ge=5, le=300)] = 30.0
    irregular_pulse: Annotated[float, Field(ge=0, le=1)] = 0.0
    follows_pace: Annotated[float, Field(ge=0, le=1)] = 0.0
    follows_pace_backwards: bool = False
    follows_pace_after_s: Annotated[float, Field(ge=1, le=300)] = 10.0
    rhythm: Literal["sinus", "couplets", "fibrillation", "paced"] = "sinus"
    postmenstrual_weeks: Annotated[float | None, Field(ge=22, le=48)] = None
    recording: Annotated[str | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _weeks_are_a_newborns(self) -> Self:
        if self.postmenstrual_weeks is not None and self.population != "newborn":
            raise PydanticCustomError(
                "sentence", "postmenstrual_weeks belongs to a newborn; remove it for an adult"
            )
        return self

    def model_settings(self) -> dict[str, Any]:
        """Return what is written here as the keyword arguments of patient.Patient; follows_music is negative for a patient
        who goes the other way."""
        settings = self.model_dump(exclude={"recording", "follows_backwards", "follows_pace_backwards"})
        if self.follows_pace_backwards:
            settings["follows_pace"] = -self.follows_pace
        if self.follows_backwards:
            settings["follows_music"] = -self.follows_music
        return settings


class Event(_Part):
    """`[[event]]`: one thing that happens. Which keys go with which `do` is checked here."""

    at_s: Annotated[float, Field(ge=0, le=LONGEST_S)]
    do: Literal[
        "press", "hold", "pulse_rate", "spo2", "perfusion", "breathing_rate", "sigh", "speech", "sleep",
        "motion", "sensor_off", "ambient_light",
        "room_sound", "knob", "supply", "usb_host", "usb_bytes", "i2c_fault", "adc_fault", "sensor_clock",
        "flash_worn", "power_cut",
    ]  # fmt: skip
    to: float | None = None
    over_s: Annotated[float, Field(ge=0, le=LONGEST_S)] = 0.0
    for_s: Annotated[float | None, Field(gt=0, le=LONGEST_S)] = None
    chip: Literal["max30102", "ads1115"] | None = None
    kind: Literal["nack", "stuck", "garbage", "frozen"] | None = None
    text: Annotated[str | None, Field(min_length=1, max_length=4096)] = None

    @model_validator(mode="after")
    def _keys_fit_the_kind_of_event(self) -> Self:
        if self.do in QUANTITIES:
            unit, low, high = QUANTITIES[self.do]
            if self.to is None:
                raise _refusal(
                    f'"{self.do}" needs the key to, the new value: {low:g} to {high:g} {unit}; add it'
                )
            if not low <= self.to <= high:
                raise _refusal(
                    f"to = {self.to:g} is outside {low:g} to {high:g} {unit}; choose a value in that range"
                )
        elif self.do in SWITCHES:
            if self.to not in (None, 0, 1):
                raise _refusal(
                    f"to = {self.to:g} is neither 1 (on) nor 0 (off); choose one, or remove it for on"
                )
        elif self.to is not None:
            raise _refusal(f'"{self.do}" takes no value; remove the key to')
        if self.do == "usb_bytes":
            if self.text is None:
                raise _refusal('"usb_bytes" needs the key text, what the computer sends; add it')
            if self.for_s is not None:
                raise _refusal('"usb_bytes" happens at once; remove the key for_s')
        elif self.text is not None:
            raise _refusal(f'the key text goes with "usb_bytes", not with "{self.do}"; remove it')
        if self.over_s and self.do not in QUANTITIES:
            raise _refusal(f'"{self.do}" happens at once; remove the key over_s')
        if self.do in FAULT_CHIPS:
            if self.do == "adc_fault" and self.chip not in (None, "ads1115"):
                raise _refusal('"adc_fault" is about the ads1115; use "i2c_fault" for another chip')
        elif self.chip is not None or self.kind is not None:
            raise _refusal(
                'the keys chip and kind go with "i2c_fault" and "adc_fault", '
                f'not with "{self.do}"; remove them'
            )
        return self

    @property
    def faulty_chip(self) -> str | None:
        """Return the chip of an i2c_fault or adc_fault, None for any other event."""
        return self.chip or FAULT_CHIPS.get(self.do)

    @property
    def fault_kind(self) -> str | None:
        """Return what a faulty chip does: it answers nothing ("nack") unless `kind` says otherwise."""
        return self.kind or ("nack" if self.do in FAULT_CHIPS else None)

    @property
    def lasts_s(self) -> float | None:
        """Return how long it lasts: `for_s`, a finger's usual time on the button, or None for "from now on"."""
        return self.for_s if self.for_s is not None else DEFAULT_FOR_S.get(self.do)


class BoardPart(_Part):
    """`[board]`: how this device was built, where that differs from docs/hardware.md."""

    lights_exchanged: bool = False  # a sensor module whose red and infrared have changed places


class Expect(_Part):
    """`[expect]`: what must hold at the end; None expects nothing."""

    end: Literal["faded", "withdrawn", "silenced", "refused", "fault"] | None = None
    reason: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_]*$")] = None
    max_level_dba: Annotated[float | None, Field(ge=0, le=120)] = None
    limits_kept: bool = False  # every limit of docs/hazards.toml that can be judged from what came out

    @field_validator("reason")
    @classmethod
    def _reason_is_one_the_device_gives(cls, value: str | None) -> str | None:
        if value is not None and value not in REASONS:
            known = [reason for reason in REASONS if reason]
            text = f'reason = "{value}" is none that the device gives{choice(value, known)}'
            raise _refusal(text)
        return value


class Scenario(_Part):
    """One whole scenario; `path` is where it was read from (None when made in code)."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    duration_s: Annotated[float, Field(ge=1, le=LONGEST_S)]
    profile: str | dict[str, Any] = "newborn"
    programme: dict[str, Any] | None = None  # the listening programme, in place of a file beside the profile
    patient: PatientPart = PatientPart()
    board: BoardPart = BoardPart()
    event: tuple[Event, ...] = Field(default=(), max_length=1000)
    expect: Expect = Expect()
    path: Annotated[Path | None, Field(exclude=True)] = None

    @field_validator("event", mode="before")
    @classmethod
    def _a_toml_array_is_a_list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if "\n" in self.title:
            raise _refusal("title must be one line; remove the line breaks")
        for number, event in enumerate(self.event, 1):
            where = f"[[event]] {number} ({event.do})"
            if event.at_s >= self.duration_s:
                text = (
                    f"{where}: at_s = {event.at_s:g} is not before the end, duration_s = {self.duration_s:g}"
                )
                raise _refusal(text + "; move the event or lengthen the session")
            if self.patient.recording is not None and event.do in OF_THE_MODEL:
                text = f"{where}: this patient plays a recording, which has its own {event.do}"
                raise _refusal(text + "; remove the event or the recording")
        return self

    @property
    def events(self) -> list[Event]:
        """Return the events in the order in which they happen."""
        return sorted(self.event, key=lambda event: event.at_s)

    @property
    def folder(self) -> Path:
        """Return where a relative path in the scenario is looked for."""
        return self.path.parent if self.path else Path.cwd()

    @property
    def name(self) -> str:
        """Return short name for folders and lines of print."""
        return self.path.stem if self.path else "scenario"

    def profile_values(self) -> dict[str, Any]:
        """Return the settings of the profile, checked; what is not written has the ready-made profile's value."""
        if isinstance(self.profile, dict):
            return profile_file.check(self.profile, f"{self.path or 'the scenario'}: profile").values
        if self.profile in firmware_profile.READY:
            return dict(firmware_profile.READY[self.profile])
        if self.profile.endswith(".toml") or "/" in self.profile:
            path = self.folder / self.profile
            return profile_file.load(path).values
        ready = list(firmware_profile.READY)
        raise CalandoError(
            f'{self.path or "the scenario"}: profile = "{self.profile}" is unknown'
            f"{did_you_mean(self.profile, ready)}; choose {' or '.join(ready)}, "
            "the path of a profile's TOML file, or an inline table of settings"
        )

    def own_files(self) -> dict[str, bytes]:
        """Return what the profile needs on the device beside itself ("song.ours": its bytes), from its own folder:
        NAME.lul of a song, NAME.adp of a recorded voice, NAME.toml of a listening programme unless it is in the scenario,
        and what that names. Airs and programmes that come with Calando need not lie there. Raises CalandoError.
        """
        values = self.profile_values()
        folder = self.folder
        if isinstance(self.profile, str):
            folder = (folder / self.profile).parent
        found: dict[str, bytes] = {}
        names, voices = [values.get("song", "")], [values.get("voice", "none")]
        if self.programme is not None and values.get("listening_programme", "none") == "none":
            raise CalandoError(
                f"{self.path or 'the scenario'}: there is a programme that its profile does not name; "
                "set listening_programme in the profile, or remove it"
            )
        if values.get("listening_programme", "none") != "none":
            name = values["listening_programme"]
            if self.programme is None:
                data = programme_file.load(programme_file.beside(name, folder))
            else:
                data = programme_file.check(self.programme, f"{self.path or 'the scenario'}: programme")
            found[f"programme.{name}"] = data
            session_min = values["session_min"]
            where = self.profile if isinstance(self.profile, str) else self.path or "the scenario"
            if too_long := programme_file.longer_than_session(name, data, session_min, str(where)):
                raise CalandoError(too_long)
            plan = programme.read(data)
            names += plan.names_of("song")
            voices += plan.names_of("voice")
        for voice in voices:
            if voice != "none":
                found[f"voice.{voice}"] = song_file.read_recording(
                    folder / (voice + song_file.RECORDING_SUFFIX)
                )
        for voice in voices[1:]:
            programme_file.refuse_heartbeat(values["listening_programme"], voice, found[f"voice.{voice}"])
        for name in names:
            data = song_file.beside(name, folder)
            if data is not None:
                found[f"song.{name}"] = data
        return found

    def listening_programme(self) -> list[dict[str, Any]]:
        """Return the segments of the profile's listening programme, every setting by its name; none without one."""
        for name, data in self.own_files().items():
            if name.startswith("programme."):
                settings = [setting.name for setting in programme.TABLE]
                return [dict(zip(settings, row, strict=True)) for row in programme.decode(data)[2]]
        return []

    def make_patient(self, seed: int | None = None) -> "LightSource":
        """Return the patient (a model or a recording), with the scripted changes of light in it."""
        from simulator import patient

        chosen = self.seed if seed is None else seed
        if self.patient.recording is None:
            made = patient.Patient(seed=chosen, **self.patient.model_settings())
        else:
            from simulator.recordings import recording

            made = recording.RecordedPatient(recording.find(self.patient.recording, self.folder), chosen)
        for event in self.events:
            if event.do in made.quantities:
                made.set(
                    event.do, 1.0 if event.to is None else event.to, event.at_s, event.over_s, event.lasts_s
                )
        return made


def names() -> list[str]:
    """Return the scenarios that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def find(name: str | os.PathLike[str]) -> Path:
    """Return the file of a scenario given by path, or by the bare name of one that comes with the project."""
    text = os.fspath(name)
    path = Path(text)
    bare = path.name == text and not text.endswith(".toml")
    if bare and (FOLDER / f"{text}.toml").is_file():
        return FOLDER / f"{text}.toml"
    if bare and not path.exists():
        raise CalandoError(
            f'there is no scenario named "{text}"{choice(text, names())}; or give the path of a TOML file'
        )
    return path


def load(name: str | os.PathLike[str]) -> Scenario:
    """Read and check a scenario, given by path or by name. Raises CalandoError with one plain sentence."""
    path = find(name)
    values, _ = toml_file.read(path, "scenario")
    return from_values(values, path)


def from_values(values: dict[str, Any], path: Path | None = None) -> Scenario:
    """Return a scenario from the values of its file. Raises CalandoError with one plain sentence."""
    where = str(path) if path else "the scenario"
    if "path" in values:
        raise CalandoError(f"{where}: {_unknown_key((), 'path')}")
    try:
        scenario = Scenario.model_validate({**values, "path": path})
        scenario.own_files()  # refuse a bad profile, song or programme now, not in the middle of a run
        return scenario
    except ValidationError as error:
        raise CalandoError(f"{where}: {_sentence(error, values)}") from None


# --- sentences ---

_MODELS: dict[str, type[_Part]] = {
    "patient": PatientPart,
    "board": BoardPart,
    "event": Event,
    "expect": Expect,
}


def _sentence(error: ValidationError, values: dict[str, Any]) -> str:
    """The first thing wrong, an unknown key before all others because it is often the cause of the rest."""
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    kind, place, given = first["type"], tuple(first["loc"]), first.get("input")
    context = first.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(place[:-1], str(place[-1]))
    if kind == "sentence":
        where = _where(place)
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    key = _key(place)
    if kind == "missing":
        return f"{key} is missing; add it"
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        words = [word.strip('"') for word in allowed.replace(" or ", ", ").split(", ")]
        if key.endswith("do") and given in RENAMED:
            return f'{key} = {_shown(given)} has another name now; write "{RENAMED[given]}" instead'
        near = did_you_mean(given, words) if isinstance(given, str) else ""
        return f"{key} = {_shown(given)} is unknown{near}; choose {allowed}"
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "finite_number"):
        return f"{key} = {_shown(given)} is outside {_range(place)}; choose a value in that range"
    if kind in ("float_type", "int_type"):
        article = "a number" if kind == "float_type" else "a whole number"
        return (
            f"{key} = {_shown(given)} is not {article}; write {article} from {_range(place)}, without quotes"
        )
    if kind == "string_type":
        return f"{key} = {_shown(given)} is not text; put it in quotes"
    if kind == "string_pattern_mismatch":
        return f'{key} = {_shown(given)} is not a reason; write one in lower case like "bradycardia"'
    if kind == "string_too_short":
        return f"{key} is empty; write at least {context['min_length']} character"
    if kind == "string_too_long":
        return f"{key} is too long; write at most {context['max_length']} characters"
    if kind == "model_type":
        table = f"[[{place[0]}]]" if place[0] == "event" else f"[{place[0]}]"
        return f"{place[0]} = {_shown(given)} is not a table; write its keys below a line {table}"
    if kind in ("tuple_type", "is_instance_of"):
        return f"{place[0]} is not a list of tables; write each below a line [[{place[0]}]]"
    if kind == "too_long":
        return f"there are {len(values['event'])} events; a scenario has at most 1000"
    return f"{key} = {_shown(given)} cannot be used ({_lower_first(first['msg'])}); correct it"


def _unknown_key(place: tuple[int | str, ...], key: str) -> str:
    model = _MODELS.get(str(place[0]), Scenario) if place else Scenario
    known = [name for name in model.model_fields if name != "path"]
    where = _where(place)
    return (
        f"{where + ': ' if where else ''}there is no key {_shown(key)}{did_you_mean(key, known)}; "
        f"the keys here are {', '.join(known)}"
    )


def _where(place: tuple[int | str, ...]) -> str:
    if place and place[0] == "event" and len(place) > 1:
        return f"[[event]] {int(place[1]) + 1}"
    return f"[{place[0]}]" if place and place[0] in _MODELS else ""


def _key(place: tuple[int | str, ...]) -> str:
    """`[patient] pulse_rate_bpm`; the members of a union that pydantic appends to the place are left out."""
    if place and place[0] == "event":
        return f"{_where(place)}: {place[2]}" if len(place) > 2 else _where(place) or "event"
    if len(place) > 1 and place[0] in _MODELS:
        return f"{_where(place)} {place[1]}"
    return str(place[0]) if place else "the file"


def _range(place: tuple[int | str, ...]) -> str:
    *table, name = [part for part in place if isinstance(part, str)]
    model = _MODELS[table[0]] if table else Scenario
    low, high = "", ""
    for limit in model.model_fields[name].metadata:
        if hasattr(limit, "ge"):
            low = f"{limit.ge:g}"
        elif hasattr(limit, "gt"):
            low = f"just above {limit.gt:g}"
        if hasattr(limit, "le"):
            high = f"{limit.le:.10g}"
    return "the finite numbers" if not low else f"{low} to {high}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = (
        f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    )
    text = text.replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "..."


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
