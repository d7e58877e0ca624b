"""Plain words for what the device records as short constants: for the report and the lines of print.

One entry for every constant of firmware/reasons.py; a test holds that. Nothing is decided here.
"""

from typing import Any

from host_tools.sessions.language import number, say
from simulator.scenario import QUANTITIES

PHASES = {
    "idle": "waiting",
    "baseline": "listening to the pulse",
    "match": "meeting the pulse",
    "lead": "leading down",
    "sustain": "staying",
    "hold": "holding the tempo",
    "fade": "fading out",
    "withdraw": "withdrawing",
    "fault": "out of order",
}

_TO_ITS_OWN = "going to the next piece's tempo"  # how a programme meets a tempo that is no pulse's

DARK = ("idle", "withdraw", "fault")  # phases in which the sensor's light is off: nobody looks for a pulse

ENDS = {
    "faded": "the music faded out",
    "withdrawn": "the device withdrew: it faded within seconds by itself",
    "silenced": "the music was silenced at once",
    "refused": "the device refused to play",
    "fault": "the device stopped because it could not trust itself",
}

REASONS = {
    "no_contact": "the sensor is not on the skin",
    "saturated": "too much light for the sensor",
    "too_weak": "the pulse is too weak to measure",
    "motion": "the patient moves",
    "unsettled": "the reading has not settled yet",
    "estimators_disagree": "two ways of counting the pulse disagree",
    "two_rates": "the light fits a pulse and one twice as fast",
    "out_of_range": "the pulse is slower or faster than the device can read",
    "not_a_pulse": "the light swings, but not as a pulse does",
    "stale": "no new reading for some seconds",
    "bradycardia": "the pulse is too slow",
    "desaturation": "the oxygen saturation is low",
    "tachycardia": "the pulse has risen too far",
    "wrong_population": "the pulse does not fit the profile's age group",
    "pulse_low": "the pulse is slow enough: no further slowing",
    "signal_lost": "the pulse signal is lost",
    "not_following": "the pulse does not follow: the music waits",
    "irregular": "the pulse beats irregularly",
    "no_breath": "no breath to go by, or one too fast to lead: the music plays as without it",
    "let_go": "the breath went its own way: the swell has sunk away, the music goes on",
    "open_loop": "no pulse leads it: the tempo is the profile's own, or its programme's",
    "usb_host": "a computer is connected",
    "supply_low": "the supply voltage is low",
    "room_too_loud": "the room is too loud",
    "sensor_fault": "the pulse sensor has failed",
    "sensor_hot": "the pulse sensor is too warm",
    "led_current": "the light of the sensor is too strong",
    "readings_frozen": "the readings no longer change",
    "adc_fault": "the converter for level and voltage has failed",
    "audio_fault": "the sound output does not work",
    "too_loud": "the sound came too near the ceiling",
    "output_mismatch": "the loudspeaker gets something else than was sent",
    "not_obeyed": "it sounded on when silence was asked for",
    "late": "the program was late",
    "clock_fault": "the device's own clock was wrong",
    "heap_low": "memory runs short",
    "flash_fault": "the flash memory did not take down how much was played",
    "button_stuck": "the button is stuck",
    "dose": "there was enough music for this hour or this day",
    "too_soon": "the last session was too short a time ago",
    "not_confirmed": "no therapist has confirmed this profile",
    "time_up": "the session had come to its planned end",
    "pressed": "the button was pressed",
    "held": "the button was held",
    "too_long": "the session was longer than is ever allowed",
    "exception": "an error in the device's own program",
    "watchdog": "the device's own program stopped answering",
}

_HAPPENED = {
    "press": "somebody presses the button",
    "hold": "somebody holds the button",
    "sigh": "the patient sighs",
    "speech": "the patient speaks",
    "sleep": "the patient falls asleep",
    "sensor_off": "the sensor comes off",
    "usb_host": "a computer is connected",
    "usb_bytes": "the computer sends something",
    "flash_worn": "the flash takes nothing more",
    "power_cut": "the power fails",
    "reset": "the device restarts",
}
_QUANTITY = {
    "pulse_rate": "the patient's pulse goes to {value} a minute",
    "spo2": "the patient's oxygen saturation goes to {value} %",
    "perfusion": "the patient's perfusion index goes to {value} %",
    "breathing_rate": "the patient's own breath goes to {value} a minute",
    "motion": "the patient moves ({value} % of the light)",
    "ambient_light": "the room light goes to {value} µA in the detector",
    "room_sound": "the room goes to {value} dB(A)",
    "knob": "the volume knob is turned to {value} %",
    "supply": "the supply goes to {value} V",
    "sensor_clock": "the sensor's clock runs {value} % fast",
}
_KINDS = {
    "nack": "no longer answers",
    "stuck": "holds its bus down",
    "garbage": "answers nonsense",
    "frozen": "answers the same for ever",
}
_FAILS = "fails"
_CHIPS = {"max30102": "the pulse sensor", "ads1115": "the converter"}
# What a driver says of its chip (firmware/memory/journal.py, CHIP_FAULTS); None: it works again.
CHIP_FAULTS = {
    None: "works again",
    "sensor_absent": "does not answer",
    "sensor_bus_stuck": "or another chip holds the bus down",
    "sensor_wrong_part": "is another chip than it should be",
    "sensor_reset": "lost its settings: its supply dipped",
    "sensor_readback": "answers nonsense",
    "sensor_rate": "has a wrong clock",
    "sensor_stopped": "answers, but takes no samples",
    "adc_absent": "does not answer",
    "adc_bus_stuck": "or another chip holds the bus down",
    "adc_readback": "answers nonsense",
    "adc_stopped": "never ends a conversion",
}
_DEVICE = {
    "boot": "the device is switched on",
    "heap": "the device counts its free memory",
    "press": "the device has noticed a press",
    "hold": "the device has noticed a hold",
    "fault": "the device reports a fault",
    "dose": "the device writes the dose down",
    "save_failed": "the device could not save",
    "cut": "the device saves what it wrote of a session that lost its power or was reset",
    "full": "the device's journal is full: from here on it keeps events only",
    "recording_failed": "the recording is damaged and has faded; the music goes on without it",
    "fell_back": "the device runs an older firmware: the newer one was damaged or did not start",
    "end": "the session is over",
    "breath": "the device notes the breath",
    "arm": "the session is of a blinded study",
}


_WHOSE = {"newborn": "a newborn's", "adult": "an adult's"}
_UNKNOWN_PROFILE, _FAILED = "not known", "has failed"
# Texts that no call of `say` has in itself: a catalogue needs them too.
SAID = (
    *PHASES.values(), _TO_ITS_OWN, *ENDS.values(), *REASONS.values(), *_HAPPENED.values(), *_QUANTITY.values(),
    *_KINDS.values(), *_CHIPS.values(), *CHIP_FAULTS.values(), *_DEVICE.values(), *_WHOSE.values(), _FAILS, _FAILED,
    _UNKNOWN_PROFILE,
)  # fmt: skip


def reason(constant: str | None) -> str:
    """Return a reason in plain words; a constant that is not known here is shown as it is."""
    return "" if constant is None else say(REASONS.get(constant, constant.replace("_", " ")))


def phase(constant: str) -> str:
    """Return a phase in plain words; a constant that is not known here is shown as it is."""
    return say(PHASES.get(constant, constant))


def begins(words: str) -> str:
    """Return what is said of a phase, in its words, that begins; without words, what such a sentence begins with."""
    return say("now {phase}", phase=words)


def ending(end: str | None, why: str | None) -> str:
    """Return how a session ended, as half a sentence: "the music faded out: the session had come to its planned end"."""
    if end is None:
        return say("no session came to its end")
    text = say(ENDS.get(end, end))
    return f"{text}: {reason(why)}" if why else text


def event(kind: str, detail: dict[str, Any]) -> str:
    """Return one event in plain words. `detail` holds what the scenario or the device's journal says about it."""
    if kind.startswith("device_"):
        return _of_the_device(kind.removeprefix("device_"), detail)
    if kind in _QUANTITY and kind in QUANTITIES:
        text = say(_QUANTITY[kind], value=number(detail.get("to", 0)))
    elif kind in ("i2c_fault", "adc_fault"):
        chip = detail.get("chip") or ("ads1115" if kind == "adc_fault" else "max30102")
        text = f"{say(_CHIPS.get(chip, chip))} {say(_KINDS.get(detail.get('kind', 'nack'), _FAILS))}"
    else:
        text = say(_HAPPENED.get(kind, kind.replace("_", " ")))
        if kind in ("sensor_off", "usb_host") and detail.get("to") == 0:
            text = say("the sensor is put on" if kind == "sensor_off" else "the computer is disconnected")
    if detail.get("over_s"):
        text = say("{what} over {time}", what=text, time=span(detail["over_s"]))
    if detail.get("for_s") and kind not in ("press", "hold"):
        text = say("{what}, for {time}", what=text, time=span(detail["for_s"]))
    return text


def _of_the_device(kind: str, detail: dict[str, Any]) -> str:
    why = reason(detail.get("reason"))
    if kind == "phase":
        name = str(detail.get("phase") or detail.get("value"))
        to_its_own = name == "match" and detail.get("reason") == "open_loop"
        text = begins(say(_TO_ITS_OWN) if to_its_own else phase(name))
    elif kind == "seed":
        text = say("patterns are made from the seed {seed}", seed=detail.get("value", 0))
    elif kind == "profile":
        digest = detail.get("sha256")
        whose = say(_WHOSE.get(str(detail.get("population")), _UNKNOWN_PROFILE))
        text = say("the profile that plays is {whose}", whose=whose)
        if digest:
            text = say("{profile}, its record has the SHA-256 {digest}...", profile=text, digest=digest)
    elif kind == "segment":
        place = detail.get("segment")
        # What was heard is silent from the end of that fade on (Facts.heard_parts).
        if detail.get("source") == "silence":
            text = say("segment {place} begins: the fade into silence", place=place)
        else:
            text = say("segment {place} begins: {what}", place=place, what=segment(detail))
    elif kind == "end":
        text = say("the session is over: {how}", how=ending(detail.get("end"), detail.get("reason")))
        why = ""
    elif kind == "fault" and "chip_fault" in detail and detail.get("reason") in ("sensor_fault", "adc_fault"):
        chip = _CHIPS["max30102" if detail["reason"] == "sensor_fault" else "ads1115"]
        fault = say(CHIP_FAULTS.get(detail["chip_fault"], _FAILED))
        text = say("the device finds that {chip} {fault}", chip=say(chip), fault=fault)
        why = ""
    else:
        text = say(_DEVICE.get(kind, kind.replace("_", " ")))
    return f"{text} ({why})" if why else text


def segment(detail: dict[str, Any]) -> str:
    """Return a segment of a listening programme: "meet, a song"; silence is silence."""
    source = str(detail.get("source"))
    if source == "silence":
        return say("silence")
    return say("{role}, a {source}", role=say(str(detail.get("role"))), source=say(source))


def span(seconds: float) -> str:
    """Return a length of time: "20 s", "2 min", "2 min 30 s"."""
    whole = round(seconds)
    if whole < 120:
        return f"{number(seconds)} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def clock(seconds: float) -> str:
    """Return a time in the session: "4:30"."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes}:{rest:02d}"


def live_line(row: dict[str, Any], at_s: float) -> str:
    """Return a line like " 4:30  lead  pulse 148  tempo 73.1 (target 73.0)  level 47.9 dBA  quality 92"."""

    def number(name: str, width: int, digits: int) -> str:
        value = row[name]
        return f"{'--' if value is None else f'{value:.{digits}f}':>{width}}"

    line = (
        f"{clock(at_s):>6}  {row['phase']:<9} pulse {number('pulse_rate_bpm', 3, 0)}  "
        f"tempo {number('tempo_bpm', 5, 1)} (target {number('target_tempo_bpm', 5, 1)})  "
        f"level {number('level_dba', 4, 1)} dBA  quality {number('quality', 3, 0)}"
    )
    return f"{line}  {reason(row['reason'])}" if row["reason"] else line
