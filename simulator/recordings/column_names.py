"""What people call the columns of a log: which name means infrared, red or a time, and in which unit."""

import re

# Words that people put around "ir" and "red", in any order, case and punctuation: irValue, RED_ADC, led_ir (counts).
_AROUND = (
    "raw|values?|val|adc|led|counts?|cnt|ppg|pleth|signal|samples?|data|channel|ch|sensor|light|intensity|reading|"
    "buffer|buf|aun|un|fifo|max|30100|30101|30102|30105|3010x|nm|880|660|v|avg|mean|level|wert|werte|valeur|valor"
)
# The lights and the time in German, French, Spanish and Italian too: people's loggers speak their language.
_INFRARED = re.compile(
    rf"(?:{_AROUND})*(?:ir|infrared|infrarot|infrarouge|infrarrojo|infrarosso)(?:{_AROUND})*"
)
_RED = re.compile(rf"(?:{_AROUND})*(?:red|r|rot|rouge|rojo|rosso)(?:{_AROUND})*")
ONE_LIGHT = (
    "ppg",
    "pleth",
    "raw",
    "signal",
    "value",
    "adc",
    "pulse",
    "ppgraw",
    "rawppg",
    "ppgvalue",
    "hr_raw",
)
UNIT_S = {
    **dict.fromkeys(
        (
            "s",
            "sec",
            "secs",
            "second",
            "seconds",
            "sek",
            "sekunde",
            "sekunden",
            "seg",
            "segundos",
            "secondes",
            "secondi",
        ),
        1.0,
    ),
    **dict.fromkeys(
        (
            "ms",
            "msec",
            "msecs",
            "milli",
            "millis",
            "millisecond",
            "milliseconds",
            "millisekunden",
            "milisegundos",
            "ml",
        ),
        1e-3,
    ),
    **dict.fromkeys(
        ("us", "usec", "usecs", "µs", "μs", "micro", "micros", "microsecond", "microseconds"), 1e-6
    ),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanosecond", "nanoseconds"), 1e-9),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuten", "minutos", "minuti"), 60.0),
    **dict.fromkeys(("h", "hour", "hours", "stunden", "heures", "horas", "ore"), 3600.0),
}
UNIT_NAMES = {
    3600.0: "hours",
    60.0: "minutes",
    1.0: "seconds",
    1e-3: "milliseconds",
    1e-6: "microseconds",
    1e-9: "nanoseconds",
}
_TIME_WORDS = {
    "time", "timestamp", "stamp", "t", "ts", "elapsed", "clock", "datetime", "date", "unix", "epoch", "utc", "local",
    "device", "sensor", "host", "system", "arrival", "esp", "arduino", "phone", "pc", "since", "start", "boot", "relative",
    "sample", "recording", "log", "gmt", "at", "in", "of", "zeit", "zeitstempel", "temps", "tiempo", "tempo",
}  # fmt: skip
_TIME_ITSELF = {
    "time", "timestamp", "stamp", "t", "ts", "elapsed", "clock", "datetime", "epoch", "unix", "zeit", "zeitstempel",
    "temps", "tiempo", "tempo",
}  # fmt: skip
_OF_SOMETHING_ELSE = {"min", "h"}  # alone: the least of something, a height
FAR_FROM_THE_SENSOR = {"host", "arrival", "phone", "pc", "system", "expected"}


def bare_name(name: str) -> str:
    """Return a name without case, quotes, brackets and blanks around it."""
    return name.strip().strip('"()[]').strip().lower()


def light_of(name: str) -> str | None:
    """Return "ir", "red" or None, by the whole name without case and punctuation."""
    joined = re.sub(r"[^a-z0-9]", "", re.sub(r"[(\[].*?[)\]]", "", name.lower()))
    if _INFRARED.fullmatch(joined):
        return "ir"
    return "red" if _RED.fullmatch(joined) else None


def unit_in(name: str) -> float | None:
    """Return the seconds in the unit that a name of a time ends with: time_ms, Time [s], millis; None when it has none."""
    words = time_words(name)
    known = [word for word in words if word in UNIT_S]
    return UNIT_S[known[-1]] if known else None


def is_time(name: str) -> bool:
    """Return whether every word of a name is one of a time or a unit of it."""
    words = time_words(name)
    if len(words) == 1 and words[0] in _OF_SOMETHING_ELSE:
        return False
    rest = all(word in _TIME_WORDS or word in UNIT_S or word == "expected" for word in words)
    return rest and any(word in _TIME_ITSELF or word in UNIT_S for word in words)


def role_of(name: str) -> str | None:
    """Return "ir", "red", "time", or None for the name of any other column."""
    return light_of(name) or ("time" if is_time(name) else None)


def time_words(name: str) -> list[str]:
    """Return the words of a name in small letters, as in timeStampMs or sensor_time (ms)."""
    return re.findall(r"[a-zµμ]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
