"""How the lines of a log are written: what separates the columns, what they are called, and where the samples begin."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from simulator.recordings.column_names import ONE_LIGHT, UNIT_S, bare_name, light_of, role_of
from simulator.recordings.even_light import SHORTEST_S, LightRecordingError, UntoldError, count_of, was

SAMPLE_LINES = 60  # looked at to find out how a file is written
EXAMPLE = "time_s,ir,red"
NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,:](\d+))?")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?[ T_]")
_ARROW = re.compile(
    r"\s*(\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)\s*->\s*"
)  # Arduino's serial monitor with its time stamps
LABELLED = re.compile(
    r'(?<![A-Za-z0-9_])"?([A-Za-z][A-Za-z0-9_ .]*?)"?\s*(?:[=:]\s*\[?|\[)\s*"?([+-]?\d+(?:\.\d+)?)'
)
_DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", " ": "blanks", ",": "commas"}


@dataclass
class Layout:
    """How a file is written."""

    delimiter: str  # "" for labelled lines
    decimal_comma: bool
    names: list[str]
    units: list[str]
    first: int  # place of the first line of samples
    arrow: bool  # each line begins with the time at which it arrived
    notes: list[str]


def layout_of(path: Path, lines: list[str], columns: str | None) -> Layout:
    """Find out how the lines are written. Raises LightRecordingError where that cannot be told."""
    # Looked at are both ends: all lines would be a tenth of the reading.
    tail = list(islice(_meaningful(lines, reversed(range(len(lines)))), SAMPLE_LINES))[::-1]
    if not tail:
        raise LightRecordingError(f"{path} has no samples, only comments; record at least {SHORTEST_S:g} s")
    sample = tail[:-1] or tail  # from the end, where no header is; the last may be cut
    arrow = sum(_ARROW.match(lines[place]) is not None for place in sample) * 2 > len(sample)
    texts = [without_arrow(lines[place])[1] if arrow else lines[place] for place in sample]
    if sum(any(light_of(name) for name, _ in LABELLED.findall(text)) for text in texts) * 2 > len(texts):
        return _labelled_form(path, lines, arrow, columns)
    delimiter = _delimiter_of(texts)
    split = [split_cells(text, delimiter) for text in texts]
    decimal_comma = any(_DECIMAL_COMMA.fullmatch(cell) for cells in split for cell in cells)
    places = _meaningful(lines, range(len(lines)))
    first = next((place for place in places if _has_samples(lines[place], delimiter, arrow)), None)
    notes: list[str] = []
    if decimal_comma:
        notes.append("its numbers have decimal commas")
    if delimiter != ",":
        notes.append(f"its columns are separated by {_DELIMITERS[delimiter]}")
    names, units = _header(path, lines, first, delimiter, arrow, columns, notes)
    if first is None:
        if not any(role_of(name) for name in names):
            raise no_column(path, "ir", names)
        raise _no_samples(path, lines, delimiter)
    return Layout(delimiter, decimal_comma, names, units, first, arrow, notes)


def _meaningful(lines: list[str], places: Iterable[int]) -> Iterator[int]:
    """Return those of these places at which a line is neither empty nor a comment."""
    return (
        place
        for place in places
        if lines[place][:1].isdigit() or (lines[place].strip() and not is_comment(lines[place]))
    )


def split_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a line without blanks around them; a quoted one may hold the delimiter."""
    if delimiter == " ":
        return text.split()
    cells = text.split(delimiter)
    if '"' in text:
        # A quote without an end, and a novel behind it, is no sample, whichever way it is cut.
        with suppress(csv.Error):
            cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def is_comment(line: str) -> bool:
    """Return whether a line begins as loggers begin their comments: #, %, // or a semicolon before no number."""
    if line[:1].isdigit():
        return False
    text = line.lstrip().lstrip('"')
    return text.startswith(("#", "%", "//", ";")) and not re.match(r";\s*[\d;]", text)


def without_arrow(line: str) -> tuple[str | None, str]:
    """Return the time of arrival that stands before a line, None when there is none, and the rest of the line."""
    found = _ARROW.match(line)
    return (found.group(1), line[found.end() :]) if found else (None, line)


def is_value(cell: str) -> bool:
    """Return whether a cell is a number, a clock time or a date."""
    return bool(NUMBER.fullmatch(cell) or CLOCK.fullmatch(cell) or _DATE.match(cell))


def no_column(path: Path, role: str, names: list[str]) -> LightRecordingError:
    """Return the error about names of which none means `role`."""
    told = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    by_name = f"name the columns in a first line such as {EXAMPLE}"
    return UntoldError(
        f"{path}: there is no column {role} in its first line ({shown(told)})",
        f"{by_name}, or with --columns",
        by_name,
    )


def _no_samples(path: Path, lines: list[str], delimiter: str) -> LightRecordingError:
    hexadecimal = next(
        (
            n
            for n, line in enumerate(lines, 1)
            if any(map(_HEXADECIMAL.fullmatch, split_cells(line, delimiter)))
        ),
        None,
    )
    if hexadecimal:
        return LightRecordingError(f"{path}: line {hexadecimal} has hexadecimal numbers; write decimal ones")
    return LightRecordingError(
        f"{path} has no samples after its first line; record at least {SHORTEST_S:g} s"
    )


def shown(text: str) -> str:
    """Return a text of the file as a sentence can quote it: on one line, 60 characters at most."""
    text = " ".join(text.split()).replace('"', "")
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


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


def _has_samples(line: str, delimiter: str, arrow: bool) -> bool:
    """Return whether a line holds numbers, and not the names of columns or a greeting of the logger."""
    cells = split_cells(without_arrow(line)[1] if arrow else line, delimiter)
    return bool(cells) and is_value(cells[0]) and sum(map(is_value, cells)) * 2 >= len(cells)


def _header(
    path: Path,
    lines: list[str],
    first: int | None,
    delimiter: str,
    arrow: bool,
    columns: str | None,
    notes: list[str],
) -> tuple[list[str], list[str]]:
    """Names and units of the columns: from `columns`, a line of names, a comment above the samples, or their number."""
    before = range(len(lines) if first is None else first)
    meaningful = list(islice(_meaningful(lines, range(len(lines))), SAMPLE_LINES))
    skipped = [place for place in meaningful if place in before]
    names: list[str] = []
    units: list[str] = []
    for place in reversed(before):
        text = (without_arrow(lines[place])[1] if arrow else lines[place]).strip()
        if is_comment(text):
            text = re.sub(
                r"^[#%/;\s\"]+(?:csv|columns|header|fields)?\s*:?\s*", "", text, flags=re.IGNORECASE
            )
        found = [cell.strip().strip('"') for cell in split_cells(text, delimiter)]
        known = sum(role_of(name) is not None or bare_name(name) in ONE_LIGHT for name in found)
        if known > 1 or known == len(found) or any(role_of(name) == "ir" for name in found):
            names = found
            # Some loggers write the units on a line of their own below the names.
            if place + 1 in skipped and place + 1 != first:
                below = split_cells(lines[place + 1], delimiter)
                if len(below) == len(names) and any(bare_name(cell) in UNIT_S for cell in below):
                    units = [bare_name(cell) for cell in below]
                    skipped.remove(place + 1)
            if place in skipped:
                skipped.remove(place)
            break
    given = (
        []
        if first is None
        else split_cells(without_arrow(lines[first])[1] if arrow else lines[first], delimiter)
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
            found = split_cells(lines[meaningful[0]], delimiter)
            if first is None or len(found) > 1:
                raise no_column(path, "ir", found)
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
    if len(given) == 2 and (not NUMBER.fullmatch(given[0]) or float(given[0].replace(",", ".")) < 5000):
        return ["time", "ir"]
    by_name = f"put a first line such as {EXAMPLE} above"
    raise UntoldError(
        f"{path}: line {first + 1} has {len(given)} numbers and no line above names them, and nothing tells infrared "
        "from red",
        f"{by_name}, or give --columns",
        by_name,
    )


def _labelled_form(path: Path, lines: list[str], arrow: bool, columns: str | None) -> Layout:
    if columns is not None:
        raise LightRecordingError(f"{path} names its numbers in each line; leave --columns out")
    meaningful = list(_meaningful(lines, range(len(lines))))
    first = next(
        place
        for place in meaningful
        if any(light_of(name) == "ir" for name, _ in LABELLED.findall(lines[place]))
        or place == meaningful[-1]
    )
    names = [name.strip() for name, _ in LABELLED.findall(without_arrow(lines[first])[1])]
    notes = ["its numbers are read by the names that stand before them"]
    skipped = sum(place < first for place in meaningful)
    if skipped:
        notes.append(f"{count_of(skipped, 'line')} of text above the samples {was(skipped)} left out")
    return Layout("", False, names, [], first, arrow, notes)
