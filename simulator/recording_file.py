"""Light that somebody logged: reads the files of people's loggers, or says why it cannot.

A file becomes rows of numbers, by the names that its columns have; even_light.py makes 100 samples a second of them.
Whatever had to be changed on the way is told in `notes`, a sentence each.
"""

import csv
import re
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from simulator.even_light import (
    HIGHEST_HZ,
    LONGEST_GAP_S,
    LOWEST_HZ,
    MOST_COUNTS,
    RATE_SLACK,
    SHORTEST_S,
    EvenLight,
    LightRecordingError,
    Rows,
    Samples,
    UntoldError,
    check_rate,
    count_of,
    evenly,
    mend_time,
    middle,
    was,
)
from simulator.files import contents
from simulator.files.errors import CalandoError
from simulator.repeated_rows import settle_repeats

LARGEST_FILE_BYTES = 200_000_000  # a day and more at 100 samples a second
COUNTER_BITS = 32  # millis() and micros() begin again after so many
SAMPLE_LINES = 60  # looked at to find out how a file is written

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
_ONE_LIGHT = (
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
_UNIT_S = {
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
_FAR_FROM_THE_SENSOR = {"host", "arrival", "phone", "pc", "system", "expected"}

_EXAMPLE = "time_s,ir,red"

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,:](\d+))?")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?[ T_]")
_NOT_BARE = re.compile(r"[^0-9.+\-,;\t|]")
_HERTZ = re.compile(r"\bHz\s*[\[=:]\s*(\d+(?:\.\d+)?)")
_ARRIVAL = "the time of arrival"
_ARROW = re.compile(
    r"\s*(\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)\s*->\s*"
)  # Arduino's serial monitor with its time stamps
_LABELLED = re.compile(
    r'(?<![A-Za-z0-9_])"?([A-Za-z][A-Za-z0-9_ .]*?)"?\s*(?:[=:]\s*\[?|\[)\s*"?([+-]?\d+(?:\.\d+)?)'
)


def read(path: Path, rate_hz: float | None = None, columns: str | None = None) -> EvenLight:
    """Read a log of light and bring it to 100 samples a second.

    rate_hz: 25 to 1600, what the rows were sampled at, for a file without a time. columns: their names, separated by
    commas, in place of the file's own. Raises LightRecordingError with one plain sentence.
    """
    if rate_hz is not None and not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise LightRecordingError(
            f"--rate {rate_hz:g} is outside {LOWEST_HZ:g} to {HIGHEST_HZ:g} samples a second; give the rate of the file"
        )
    rows = _read_rows(path, columns)
    for name, counts in (("ir", rows.ir), ("red", rows.red)):
        if counts is not None:
            _check_counts(path, name, counts, rows.line)
    if rows.time is None:
        if rate_hz is None:
            raise UntoldError(
                f"{path} has no column time_s or other time, so nobody can tell how fast it was sampled",
                f"give --rate with the samples a second{_rate_in_its_lines(path)}",
                "write a column time_s",
            )
        rows.time = np.arange(len(rows.ir)) / rate_hz
    else:
        mend_time(path, rows)
        check_rate(path, rows, rate_hz)
    settle_repeats(path, rows)
    return evenly(path, rows)


# --- the file ---


def read_text(path: Path) -> str:
    """Return the text of a recording's file. Raises LightRecordingError when it is none."""
    try:
        raw = contents.read_bytes(path, "recording", LARGEST_FILE_BYTES, "cut it into parts")
    except CalandoError as error:
        raise LightRecordingError(str(error)) from None
    if not raw.strip():
        raise LightRecordingError(
            f"{path} is empty; a recording has a first line {_EXAMPLE} and then the samples"
        )
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in raw[:64]  # how Windows saves "Unicode"
    if b"\0" in raw[:4096] and not wide:
        raise LightRecordingError(
            f"{path} is not a text file; give a CSV file with the columns time_s, ir, red"
        )
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise LightRecordingError(f"{path} is not UTF-8 text; save it as a UTF-8 CSV file") from None


@dataclass
class _Form:
    """How a file is written."""

    delimiter: str  # "" for labelled lines
    decimal_comma: bool
    names: list[str]
    units: list[str]
    first: int  # place of the first line of samples
    arrow: bool  # each line begins with the time at which it arrived
    notes: list[str]


def _rate_in_its_lines(path: Path) -> str:
    """Return what to add for a file whose lines tell a rate themselves, as SparkFun's examples print it: Hz[99.87]."""
    told = [float(found) for found in _HERTZ.findall(read_text(path))]
    if not told or not LOWEST_HZ <= told[-1] <= HIGHEST_HZ:
        return ""
    # The sketch prints the mean since its start, so that the last is the best; it is asked for all the same, because
    # it is what the sketch read, which may be less than what the sensor took.
    return f" (its last line tells {told[-1]:g} Hz)"


def _read_rows(path: Path, columns: str | None) -> Rows:
    lines = read_text(path).splitlines()
    form = _form_of(path, lines, columns)
    roles = _roles(path, form)
    bare = _bare_numbers(lines, form)
    if bare is not None:
        first = form.first + 1
        values = {role: bare[:, roles[role]].copy() for role in ("time", "ir", "red") if role in roles}
        return _as_rows(path, form, roles, values, np.arange(first, first + len(bare)))
    cells = _labelled_cells(path, lines, form) if not form.delimiter else _cells(path, lines, form)
    return _numbers(path, cells, form, roles)


def _form_of(path: Path, lines: list[str], columns: str | None) -> _Form:
    """Find out how the lines are written. Raises LightRecordingError where that cannot be told."""
    meaningful = [  # nearly every line begins with a digit: the rest would be half of the reading
        place
        for place, line in enumerate(lines)
        if line[:1].isdigit() or (line.strip() and not _is_comment(line))
    ]
    if not meaningful:
        raise LightRecordingError(f"{path} has no samples, only comments; record at least {SHORTEST_S:g} s")
    sample = (
        meaningful[-SAMPLE_LINES:-1] or meaningful[-1:]
    )  # from the end, where no header is; the last may be cut
    arrow = sum(_ARROW.match(lines[place]) is not None for place in sample) * 2 > len(sample)
    texts = [_without_arrow(lines[place])[1] if arrow else lines[place] for place in sample]
    if sum(any(_light_of(name) for name, _ in _LABELLED.findall(text)) for text in texts) * 2 > len(texts):
        return _labelled_form(path, lines, meaningful, arrow, columns)
    delimiter = _delimiter_of(texts)
    split = [_split(text, delimiter) for text in texts]
    decimal_comma = any(_DECIMAL_COMMA.fullmatch(cell) for cells in split for cell in cells)
    first = next((place for place in meaningful if _has_samples(lines[place], delimiter, arrow)), None)
    notes: list[str] = []
    if decimal_comma:
        notes.append("its numbers have decimal commas")
    if delimiter != ",":
        notes.append(f"its columns are separated by {_DELIMITERS[delimiter]}")
    names, units = _header(path, lines, meaningful, first, delimiter, arrow, columns, notes)
    if first is None:
        if not any(_role(name) for name in names):
            raise _no_column(path, "ir", names)
        raise _no_samples(path, lines, delimiter)
    return _Form(delimiter, decimal_comma, names, units, first, arrow, notes)


_DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", " ": "blanks", ",": "commas"}


def _delimiter_of(texts: list[str]) -> str:
    for delimiter in ("\t", ";", "|"):
        if sum(delimiter in text for text in texts) * 2 > len(texts):
            return delimiter
    # 0,01 100330 85172 has commas inside its numbers and blanks between them; a date has a blank inside.
    inside = sum(re.match(r"\s*[+-]?\d+,\d+\s+[+-]?\d", text) is not None for text in texts)
    commas = sum("," in text for text in texts)
    if commas * 2 > len(texts) and inside * 2 < len(texts):
        return ","
    blanks = sum(len(text.split()) > 1 and not _DATE.match(text.strip()) for text in texts)
    return " " if blanks * 2 > len(texts) else ","


def _split(text: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return text.split()
    cells = text.split(delimiter)
    if '"' in text:
        # A quote without an end, and a novel behind it, is no sample, whichever way it is cut.
        with suppress(csv.Error):
            cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def _is_comment(line: str) -> bool:
    if line[:1].isdigit():
        return False
    text = line.lstrip().lstrip('"')
    return text.startswith(("#", "%", "//", ";")) and not re.match(r";\s*[\d;]", text)


def _without_arrow(line: str) -> tuple[str | None, str]:
    found = _ARROW.match(line)
    return (found.group(1), line[found.end() :]) if found else (None, line)


def _has_samples(line: str, delimiter: str, arrow: bool) -> bool:
    """Return whether a line holds numbers, and not the names of columns or a greeting of the logger."""
    cells = _split(_without_arrow(line)[1] if arrow else line, delimiter)
    return bool(cells) and _value(cells[0]) and sum(map(_value, cells)) * 2 >= len(cells)


def _value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _CLOCK.fullmatch(cell) or _DATE.match(cell))


def _header(
    path: Path,
    lines: list[str],
    meaningful: list[int],
    first: int | None,
    delimiter: str,
    arrow: bool,
    columns: str | None,
    notes: list[str],
) -> tuple[list[str], list[str]]:
    """Names and units of the columns: from `columns`, a line of names, a comment above the samples, or their number."""
    before = range(len(lines) if first is None else first)
    skipped = [place for place in before if place in set(meaningful[:SAMPLE_LINES])]
    names: list[str] = []
    units: list[str] = []
    for place in reversed(before):
        text = (_without_arrow(lines[place])[1] if arrow else lines[place]).strip()
        if _is_comment(text):
            text = re.sub(
                r"^[#%/;\s\"]+(?:csv|columns|header|fields)?\s*:?\s*", "", text, flags=re.IGNORECASE
            )
        found = [cell.strip().strip('"') for cell in _split(text, delimiter)]
        known = sum(_role(name) is not None or _bare(name) in _ONE_LIGHT for name in found)
        if known > 1 or known == len(found) or any(_role(name) == "ir" for name in found):
            names = found
            # Some loggers write the units on a line of their own below the names.
            if place + 1 in skipped and place + 1 != first:
                below = _split(lines[place + 1], delimiter)
                if len(below) == len(names) and any(_bare(cell) in _UNIT_S for cell in below):
                    units = [_bare(cell) for cell in below]
                    skipped.remove(place + 1)
            if place in skipped:
                skipped.remove(place)
            break
    given = (
        [] if first is None else _split(_without_arrow(lines[first])[1] if arrow else lines[first], delimiter)
    )
    if columns is not None:
        names, units = [name.strip() for name in columns.split(",")], []
        if given and len(names) != len(given):
            raise LightRecordingError(
                f"{path}: --columns names {len(names)} columns, but line {(first or 0) + 1} has {len(given)}; "
                "name each column, in the order of the file"
            )
    elif not names:
        if first is None or skipped:
            shown = _split(lines[meaningful[0]], delimiter)
            if first is None or len(shown) > 1:
                raise _no_column(path, "ir", shown)
        names = _names_by_number(path, given, first)
        notes.append(f"it does not name its columns; they are taken as {', '.join(names)}")
    if skipped:
        notes.append(
            f"{count_of(len(skipped), 'line')} of text above the samples {was(len(skipped))} left out"
        )
    return names, units


def _names_by_number(path: Path, given: list[str], first: int) -> list[str]:
    """Return what columns without names must be, where only one answer is possible."""
    if len(given) == 1:
        return ["ir"]
    if len(given) == 2 and (not _NUMBER.fullmatch(given[0]) or float(given[0].replace(",", ".")) < 5000):
        return ["time", "ir"]
    by_name = f"put a first line such as {_EXAMPLE} above"
    raise UntoldError(
        f"{path}: line {first + 1} has {len(given)} numbers and no line above names them, and nothing tells infrared "
        "from red",
        f"{by_name}, or give --columns",
        by_name,
    )


def _labelled_form(
    path: Path, lines: list[str], meaningful: list[int], arrow: bool, columns: str | None
) -> _Form:
    if columns is not None:
        raise LightRecordingError(f"{path} names its numbers in each line; leave --columns out")
    first = next(
        place
        for place in meaningful
        if any(_light_of(name) == "ir" for name, _ in _LABELLED.findall(lines[place]))
        or place == meaningful[-1]
    )
    names = [name.strip() for name, _ in _LABELLED.findall(_without_arrow(lines[first])[1])]
    notes = ["its numbers are read by the names that stand before them"]
    skipped = sum(place < first for place in meaningful)
    if skipped:
        notes.append(f"{count_of(skipped, 'line')} of text above the samples {was(skipped)} left out")
    return _Form("", False, names, [], first, arrow, notes)


# --- names ---


def _bare(name: str) -> str:
    return name.strip().strip('"()[]').strip().lower()


def _light_of(name: str) -> str | None:
    """ "ir", "red" or None, by the whole name without case and punctuation."""
    joined = re.sub(r"[^a-z0-9]", "", re.sub(r"[(\[].*?[)\]]", "", name.lower()))
    if _INFRARED.fullmatch(joined):
        return "ir"
    return "red" if _RED.fullmatch(joined) else None


def _time_words(name: str) -> list[str]:
    return re.findall(r"[a-zµμ]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


def _unit_in(name: str) -> float | None:
    """Seconds in the unit that a name of a time ends with: time_ms, Time [s], millis; None when it has none."""
    words = _time_words(name)
    known = [word for word in words if word in _UNIT_S]
    return _UNIT_S[known[-1]] if known else None


def _is_time(name: str) -> bool:
    words = _time_words(name)
    if len(words) == 1 and words[0] in _OF_SOMETHING_ELSE:
        return False
    rest = all(word in _TIME_WORDS or word in _UNIT_S or word == "expected" for word in words)
    return rest and any(word in _TIME_ITSELF or word in _UNIT_S for word in words)


def _role(name: str) -> str | None:
    return _light_of(name) or ("time" if _is_time(name) else None)


def _roles(path: Path, form: _Form) -> dict[str, int]:
    """Return which column is the time, the infrared and the red light. Raises LightRecordingError."""
    roles: dict[str, int] = {}
    for role in ("ir", "red"):
        places = [place for place, name in enumerate(form.names) if _light_of(name) == role]
        plain = [place for place in places if _bare(form.names[place]) == role]
        if len(places) > 1 and len(plain) != 1:
            named = " and ".join(form.names[place] for place in places[:2])
            raise UntoldError(
                f"{path}: its columns {named} could both be {role}",
                f"name the right one {role} with --columns",
                f"name the right one {role}",
            )
        if places:
            roles[role] = (plain or places)[0]
    if "ir" not in roles:
        alone = [place for place, name in enumerate(form.names) if _bare(name).replace(" ", "") in _ONE_LIGHT]
        if "red" in roles or len(alone) != 1:
            raise _no_column(path, "ir", form.names)
        roles["ir"] = alone[0]
        form.notes.append(f"its only light, {form.names[alone[0]]}, is taken as infrared")
    elif _bare(form.names[roles["ir"]]) != "ir" or (
        "red" in roles and _bare(form.names[roles["red"]]) != "red"
    ):
        lights = " and ".join(
            f"{form.names[roles[role]]} as {role}" for role in ("ir", "red") if role in roles
        )
        form.notes.append(f"it is read with {lights}")
    times = [place for place, name in enumerate(form.names) if _light_of(name) is None and _is_time(name)]
    if times:
        # The sensor's own time before that of a computer which the row reached later; one with a unit before others.
        def order(place: int) -> tuple[bool, bool, bool]:
            words = set(_time_words(form.names[place]))
            return (
                _bare(form.names[place]) != "time_s",
                bool(words & _FAR_FROM_THE_SENSOR),
                _unit_in(form.names[place]) is None,
            )

        roles["time"] = min(times, key=order)
        if len(times) > 1:
            form.notes.append(f"of its times {form.names[roles['time']]} is used")
    return roles


def _no_column(path: Path, role: str, names: list[str]) -> LightRecordingError:
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    by_name = f"name the columns in a first line such as {_EXAMPLE}"
    return UntoldError(
        f"{path}: there is no column {role} in its first line ({_shown(shown)})",
        f"{by_name}, or with --columns",
        by_name,
    )


def _no_samples(path: Path, lines: list[str], delimiter: str) -> LightRecordingError:
    hexadecimal = next(
        (n for n, line in enumerate(lines, 1) if any(map(_HEXADECIMAL.fullmatch, _split(line, delimiter)))),
        None,
    )
    if hexadecimal:
        return LightRecordingError(f"{path}: line {hexadecimal} has hexadecimal numbers; write decimal ones")
    return LightRecordingError(
        f"{path} has no samples after its first line; record at least {SHORTEST_S:g} s"
    )


# --- rows ---


def _cells(path: Path, lines: list[str], form: _Form) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line of samples."""
    width = len(form.names)
    left_out = 0
    last = len(lines) - 1
    while last >= 0 and not lines[last].strip():
        last -= 1
    for place in range(form.first, last + 1):
        line = lines[place]
        if not line.strip():
            continue
        if _is_comment(line):
            left_out += 1
            continue
        clock, text = _without_arrow(line) if form.arrow else (None, line)
        cells = _split(text, form.delimiter)
        if len(cells) == width + 1 and not cells[-1]:
            cells.pop()  # a separator at the end of the line
        if len(cells) != width:
            if place == last and len(cells) < width:
                form.notes.append(f"its last line, {place + 1}, breaks off and was left out")
                break
            raise LightRecordingError(_wrong_width(path, place + 1, cells, form))
        yield place + 1, cells if clock is None else [*cells, clock]
    if left_out:
        form.notes.append(f"{count_of(left_out, 'comment')} between the samples {was(left_out)} left out")


def _wrong_width(path: Path, number: int, cells: list[str], form: _Form) -> str:
    if any(_role(cell) == "ir" for cell in cells):
        return f"{path}: line {number} names the columns again: the logger began anew there, so cut the file at it"
    why = "correct or remove that line"
    if form.delimiter == "," and len(cells) > len(form.names):
        why = "correct or remove that line; numbers with decimal commas need semicolons or tabs between them"
    return f"{path}: line {number} has {len(cells)} values where the first line names {len(form.names)} columns; {why}"


def _labelled_cells(path: Path, lines: list[str], form: _Form) -> Iterator[tuple[int, list[str]]]:
    left_out = 0
    for place in range(form.first, len(lines)):
        line = lines[place]
        if not line.strip():
            continue
        clock, text = _without_arrow(line) if form.arrow else (None, line)
        found = {name.strip(): number for name, number in _LABELLED.findall(text)}
        if not any(_light_of(name) for name in found):
            left_out += 1  # a message of the logger between two samples
            continue
        cells = [found.get(name, "") for name in form.names]
        if not all(cells) and place == len(lines) - 1:
            form.notes.append(f"its last line, {place + 1}, breaks off and was left out")
            break
        yield place + 1, cells if clock is None else [*cells, clock]
    if left_out:
        form.notes.append(f"{count_of(left_out, 'line')} without light {was(left_out)} left out")


def _bare_numbers(lines: list[str], form: _Form) -> np.ndarray | None:
    """Return the samples (rows, columns) where each line is its numbers and separators and nothing else, as nearly every
    logger writes; None for any other file, which has to be read cell by cell, six times more slowly.
    """
    separator = form.delimiter
    if form.arrow or form.decimal_comma or separator not in (",", ";", "\t", "|"):
        return None
    last = len(lines)
    while last and not lines[last - 1]:
        last -= 1
    samples = lines[form.first : last]
    separators = len(form.names) - 1
    if {line.count(separator) for line in samples} != {separators}:
        return None
    cells = separator.join(samples)
    if _NOT_BARE.search(cells):
        return None
    try:
        numbers = array("d", map(float, cells.split(separator)))
    except ValueError:  # an empty cell, two points in a number
        return None
    return np.frombuffer(numbers).reshape(-1, separators + 1)


def _numbers(path: Path, cells: Iterator[tuple[int, list[str]]], form: _Form, roles: dict[str, int]) -> Rows:
    names = list(form.names)
    if form.arrow and "time" not in roles:
        roles["time"] = len(names)
        names.append(_ARRIVAL)
    present = [role for role in ("time", "ir", "red") if role in roles]
    places = [roles[role] for role in present]
    columns = [array("d") for _ in places]
    numbers = array("q")
    convert: list[Callable[[str], float]] = []
    for number, row in cells:
        if not convert:
            convert = [_number_with_comma if form.decimal_comma else float] * len(places)
            if "time" in roles and not _NUMBER.fullmatch(row[places[0]]) and _value(row[places[0]]):
                convert[0] = _clock_s
        try:
            for column, place, to_number in zip(columns, places, convert, strict=True):
                column.append(to_number(row[place]))
        except ValueError:
            cell = row[place]
            if any(_role(name) == "ir" for name in row):
                raise LightRecordingError(_wrong_width(path, number, row, form)) from None
            what = f"is {_shown(cell)}, not a number" if cell else "is empty"
            raise LightRecordingError(
                f"{path}: {names[place]} in line {number} {what}; correct or remove that line"
            ) from None
        numbers.append(number)
    if not numbers:
        raise LightRecordingError(
            f"{path} has no samples after its first line; record at least {SHORTEST_S:g} s"
        )
    values = {role: np.frombuffer(column) for role, column in zip(present, columns, strict=True)}
    return _as_rows(path, form, roles, values, np.frombuffer(numbers, "q"), convert[0] is _clock_s)


def _as_rows(
    path: Path,
    form: _Form,
    roles: dict[str, int],
    values: dict[str, np.ndarray],
    line: np.ndarray,
    clock: bool = False,
) -> Rows:
    """Columns of numbers as rows with a time in seconds. clock: the time is that of a clock."""
    arrival = "time" in roles and roles["time"] == len(form.names)
    time_name = _ARRIVAL if arrival else form.names[roles["time"]] if "time" in roles else ""
    rows = Rows(values.get("time"), values["ir"], values.get("red"), line, time_name, notes=form.notes)
    if rows.time is not None:
        _check_finite(path, rows)
        if clock:
            # A clock without a date begins again at midnight.
            rows.start_s = float(rows.time[0])
            midnights = np.cumsum(np.diff(rows.time, prepend=rows.time[0]) < -43_200)
            rows.time = rows.time - rows.start_s + 86_400 * midnights
        else:
            unit = form.units[roles["time"]] if form.units and roles["time"] < len(form.units) else ""
            unit_s = _UNIT_S.get(unit) or _unit_in(time_name)
            rows.unit_named = unit_s is not None
            _to_seconds(path, rows, unit_s)
    return rows


def _number_with_comma(cell: str) -> float:
    return float(cell.replace(",", "."))


def _clock_s(cell: str) -> float:
    """Seconds of a clock time, or since 1970 of a date and time."""
    found = _CLOCK.fullmatch(cell)
    if found:
        hours, minutes, seconds, fraction = found.groups()
        return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
    moment = datetime.fromisoformat(cell.replace(",", ".").replace("_", "T"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_finite(path: Path, rows: Rows) -> None:
    assert rows.time is not None
    if not np.isfinite(rows.time).all():
        row = int(np.argmin(np.isfinite(rows.time)))
        raise LightRecordingError(
            f"{path}: {rows.time_name} in line {rows.line[row]} is {rows.time[row]:g}; write the time in seconds"
        )


def _check_counts(path: Path, column: str, counts: Samples, line: Samples) -> None:
    wrong = ~((counts >= 0) & (counts <= MOST_COUNTS))  # a NaN is neither
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    why = "so correct or remove that line"
    if (counts < 0).mean() > 0.2:
        why = "and so many are negative that a filter took the steady light away: record the counts as they come"
    elif (counts > MOST_COUNTS).mean() > 0.2:
        why = "and so many are larger that another sensor must have taken them: scale them to 18 bits"
    raise LightRecordingError(
        f"{path}: {column} in line {line[row]} is {counts[row]:g}; counts of the sensor are 0 to {MOST_COUNTS}, {why}"
    )


# --- time ---


def _to_seconds(path: Path, rows: Rows, unit_s: float | None) -> None:
    """Make the time seconds since the first row. Its unit is in its name, or is the one that makes a possible rate."""
    time = rows.time
    assert time is not None
    steps = np.diff(time)
    usual = middle(steps[steps > 0]) if (steps > 0).any() else 0.0
    if unit_s is None:
        if usual == 1 and (steps == np.rint(steps)).all():
            by_name = "name it time_ms if it is milliseconds"
            raise UntoldError(
                f"{path}: {rows.time_name} counts 1, 2, 3, which may be rows or milliseconds",
                f"{by_name}, else take it away and give --rate",
                f"{by_name}, else write the time in seconds in its place",
            )
        low, high = 1 / HIGHEST_HZ / (1 + RATE_SLACK), 1 / LOWEST_HZ * (1 + RATE_SLACK)
        units = [unit for unit in (1.0, 1e-3, 1e-6, 1e-9) if low <= usual * unit <= high]
        unit_s = units[0] if units else 1.0  # in seconds it is refused for its rate
        if unit_s != 1:
            rows.notes.append(
                f"{rows.time_name} is read as {_UNIT_NAMES[unit_s]}, for its steps are {usual:g}"
            )
    elif unit_s != 1:
        rows.notes.append(f"{rows.time_name} is read as {_UNIT_NAMES[unit_s]}")
    # A counter of 32 bits begins again: after 71 minutes of microseconds, 49 days of milliseconds.
    again = (
        (steps < 0) & (steps + 2.0**COUNTER_BITS > 0) & ((steps + 2.0**COUNTER_BITS) * unit_s < LONGEST_GAP_S)
    )
    if again.any() and unit_s < 1:
        time = time + 2.0**COUNTER_BITS * np.concatenate([[0], np.cumsum(again)])
        rows.notes.append(
            f"{rows.time_name} began again at zero {count_of(int(again.sum()), 'time')}, and was continued"
        )
    rows.start_s = float(time[0]) * unit_s
    rows.time = (time - time[0]) * unit_s  # so that microseconds since 1970 lose nothing


_UNIT_NAMES = {
    3600.0: "hours",
    60.0: "minutes",
    1.0: "seconds",
    1e-3: "milliseconds",
    1e-6: "microseconds",
    1e-9: "nanoseconds",
}


# --- words ---


def _shown(text: str) -> str:
    text = " ".join(text.split()).replace('"', "")
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'
