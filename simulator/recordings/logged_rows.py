"""The lines of a log as rows of numbers with a time in seconds, by the names that its columns have."""

from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from simulator.recordings.column_names import (
    FAR_FROM_THE_SENSOR,
    ONE_LIGHT,
    UNIT_NAMES,
    UNIT_S,
    bare_name,
    is_time,
    light_of,
    role_of,
    time_words,
    unit_in,
)
from simulator.recordings.even_light import (
    HIGHEST_HZ,
    LONGEST_GAP_S,
    LOWEST_HZ,
    RATE_SLACK,
    SHORTEST_S,
    LightRecordingError,
    Rows,
    UntoldError,
    count_of,
    middle,
    was,
)
from simulator.recordings.layout import (
    CLOCK,
    LABELLED,
    NUMBER,
    Layout,
    is_comment,
    is_value,
    layout_of,
    no_column,
    shown,
    split_cells,
    without_arrow,
)

COUNTER_BITS = 32  # millis() and micros() begin again after so many
_OF_NUMBERS = b"0123456789.+-"
_ARRIVAL = "the time of arrival"


def rows_of(path: Path, lines: list[str], columns: str | None) -> Rows:
    """Return the samples in the lines of a log. path: what errors call it; columns: its names in place of its own.

    Raises LightRecordingError with one plain sentence.
    """
    layout = layout_of(path, lines, columns)
    roles = _roles(path, layout)
    bare = _bare_numbers(lines, layout)
    if bare is not None:
        first = layout.first + 1
        values = {role: bare[:, roles[role]].copy() for role in ("time", "ir", "red") if role in roles}
        return _as_rows(path, layout, roles, values, np.arange(first, first + len(bare)))
    cells = _labelled_cells(path, lines, layout) if not layout.delimiter else _cells(path, lines, layout)
    return _numbers(path, cells, layout, roles)


def _roles(path: Path, layout: Layout) -> dict[str, int]:
    """Return which column is the time, the infrared and the red light. Raises LightRecordingError."""
    roles: dict[str, int] = {}
    for role in ("ir", "red"):
        places = [place for place, name in enumerate(layout.names) if light_of(name) == role]
        plain = [place for place in places if bare_name(layout.names[place]) == role]
        if len(places) > 1 and len(plain) != 1:
            named = " and ".join(layout.names[place] for place in places[:2])
            raise UntoldError(
                f"{path}: its columns {named} could both be {role}",
                f"name the right one {role} with --columns",
                f"name the right one {role}",
            )
        if places:
            roles[role] = (plain or places)[0]
    if "ir" not in roles:
        alone = [
            place for place, name in enumerate(layout.names) if bare_name(name).replace(" ", "") in ONE_LIGHT
        ]
        if "red" in roles or len(alone) != 1:
            raise no_column(path, "ir", layout.names)
        roles["ir"] = alone[0]
        layout.notes.append(f"its only light, {layout.names[alone[0]]}, is taken as infrared")
    elif bare_name(layout.names[roles["ir"]]) != "ir" or (
        "red" in roles and bare_name(layout.names[roles["red"]]) != "red"
    ):
        lights = " and ".join(
            f"{layout.names[roles[role]]} as {role}" for role in ("ir", "red") if role in roles
        )
        layout.notes.append(f"it is read with {lights}")
    times = [place for place, name in enumerate(layout.names) if light_of(name) is None and is_time(name)]
    if times:
        # The sensor's own time before that of a computer which the row reached later; one with a unit before others.
        def order(place: int) -> tuple[bool, bool, bool]:
            words = set(time_words(layout.names[place]))
            return (
                bare_name(layout.names[place]) != "time_s",
                bool(words & FAR_FROM_THE_SENSOR),
                unit_in(layout.names[place]) is None,
            )

        roles["time"] = min(times, key=order)
        if len(times) > 1:
            layout.notes.append(f"of its times {layout.names[roles['time']]} is used")
    return roles


def _cells(path: Path, lines: list[str], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line of samples."""
    width = len(layout.names)
    left_out = 0
    last = len(lines) - 1
    while last >= 0 and not lines[last].strip():
        last -= 1
    for place in range(layout.first, last + 1):
        line = lines[place]
        if not line.strip():
            continue
        if is_comment(line):
            left_out += 1
            continue
        clock, text = without_arrow(line) if layout.arrow else (None, line)
        cells = split_cells(text, layout.delimiter)
        if len(cells) == width + 1 and not cells[-1]:
            cells.pop()  # a separator at the end of the line
        if len(cells) != width:
            if place == last and len(cells) < width:
                layout.notes.append(f"its last line, {place + 1}, breaks off and was left out")
                break
            raise LightRecordingError(_wrong_width(path, place + 1, cells, layout))
        yield place + 1, cells if clock is None else [*cells, clock]
    if left_out:
        layout.notes.append(f"{count_of(left_out, 'comment')} between the samples {was(left_out)} left out")


def _wrong_width(path: Path, number: int, cells: list[str], layout: Layout) -> str:
    if any(role_of(cell) == "ir" for cell in cells):
        return f"{path}: line {number} names the columns again: the logger began anew there, so cut the file at it"
    why = "correct or remove that line"
    if layout.delimiter == "," and len(cells) > len(layout.names):
        why = "correct or remove that line; numbers with decimal commas need semicolons or tabs between them"
    return f"{path}: line {number} has {len(cells)} values where the first line names {len(layout.names)} columns; {why}"


def _labelled_cells(path: Path, lines: list[str], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    left_out = 0
    for place in range(layout.first, len(lines)):
        line = lines[place]
        if not line.strip():
            continue
        clock, text = without_arrow(line) if layout.arrow else (None, line)
        found = {name.strip(): number for name, number in LABELLED.findall(text)}
        if not any(light_of(name) for name in found):
            left_out += 1  # a message of the logger between two samples
            continue
        cells = [found.get(name, "") for name in layout.names]
        if not all(cells) and place == len(lines) - 1:
            layout.notes.append(f"its last line, {place + 1}, breaks off and was left out")
            break
        yield place + 1, cells if clock is None else [*cells, clock]
    if left_out:
        layout.notes.append(f"{count_of(left_out, 'line')} without light {was(left_out)} left out")


def _bare_numbers(lines: list[str], layout: Layout) -> np.ndarray | None:
    """Return the samples (rows, columns) where each line is its numbers and separators and nothing else, as nearly every
    logger writes; None for any other file, which has to be read cell by cell, six times more slowly.
    """
    separator = layout.delimiter
    if layout.arrow or layout.decimal_comma or separator not in (",", ";", "\t", "|"):
        return None
    last = len(lines)
    while last and not lines[last - 1]:
        last -= 1
    cells = len(layout.names)
    samples = lines[layout.first : last]
    text = "\n".join([*samples, ""]).encode()
    if text.translate(None, _OF_NUMBERS) != (separator * (cells - 1) + "\n").encode() * len(samples):
        return None
    try:
        numbers = np.loadtxt(samples, delimiter=separator, comments=None, ndmin=2)
    except ValueError:  # an empty cell, two points in a number
        return None
    return numbers if len(numbers) == len(samples) else None  # an empty line of a single column


def _numbers(
    path: Path, cells: Iterator[tuple[int, list[str]]], layout: Layout, roles: dict[str, int]
) -> Rows:
    names = list(layout.names)
    if layout.arrow and "time" not in roles:
        roles["time"] = len(names)
        names.append(_ARRIVAL)
    present = [role for role in ("time", "ir", "red") if role in roles]
    places = [roles[role] for role in present]
    columns = [array("d") for _ in places]
    numbers = array("q")
    convert: list[Callable[[str], float]] = []
    for number, row in cells:
        if not convert:
            convert = [_number_with_comma if layout.decimal_comma else float] * len(places)
            if "time" in roles and not NUMBER.fullmatch(row[places[0]]) and is_value(row[places[0]]):
                convert[0] = _clock_s
        try:
            for column, place, to_number in zip(columns, places, convert, strict=True):
                column.append(to_number(row[place]))
        except ValueError:
            cell = row[place]
            if any(role_of(name) == "ir" for name in row):
                raise LightRecordingError(_wrong_width(path, number, row, layout)) from None
            what = f"is {shown(cell)}, not a number" if cell else "is empty"
            raise LightRecordingError(
                f"{path}: {names[place]} in line {number} {what}; correct or remove that line"
            ) from None
        numbers.append(number)
    if not numbers:
        raise LightRecordingError(
            f"{path} has no samples after its first line; record at least {SHORTEST_S:g} s"
        )
    values = {role: np.frombuffer(column) for role, column in zip(present, columns, strict=True)}
    return _as_rows(path, layout, roles, values, np.frombuffer(numbers, "q"), convert[0] is _clock_s)


def _as_rows(
    path: Path,
    layout: Layout,
    roles: dict[str, int],
    values: dict[str, np.ndarray],
    line: np.ndarray,
    clock: bool = False,
) -> Rows:
    """Columns of numbers as rows with a time in seconds. clock: the time is that of a clock."""
    arrival = "time" in roles and roles["time"] == len(layout.names)
    time_name = _ARRIVAL if arrival else layout.names[roles["time"]] if "time" in roles else ""
    rows = Rows(values.get("time"), values["ir"], values.get("red"), line, time_name, notes=layout.notes)
    if rows.time is not None:
        _check_finite(path, rows)
        if clock:
            # A clock without a date begins again at midnight.
            rows.start_s = float(rows.time[0])
            midnights = np.cumsum(np.diff(rows.time, prepend=rows.time[0]) < -43_200)
            rows.time = rows.time - rows.start_s + 86_400 * midnights
        else:
            unit = layout.units[roles["time"]] if layout.units and roles["time"] < len(layout.units) else ""
            unit_s = UNIT_S.get(unit) or unit_in(time_name)
            rows.unit_named = unit_s is not None
            _to_seconds(path, rows, unit_s)
    return rows


def _number_with_comma(cell: str) -> float:
    return float(cell.replace(",", "."))


def _clock_s(cell: str) -> float:
    """Seconds of a clock time, or since 1970 of a date and time."""
    found = CLOCK.fullmatch(cell)
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
                f"{rows.time_name} is read as {UNIT_NAMES[unit_s]}, for its steps are {usual:g}"
            )
    elif unit_s != 1:
        rows.notes.append(f"{rows.time_name} is read as {UNIT_NAMES[unit_s]}")
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
