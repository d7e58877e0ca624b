"""Light that somebody logged: reads the files of people's loggers, or says why it cannot.

layout.py finds out how the file is written, logged_rows.py makes rows of numbers of it, and even_light.py makes 100
samples a second of them. Whatever had to be changed on the way is told in `notes`, a sentence each.
"""

import re
from pathlib import Path

import numpy as np

from simulator.files import contents
from simulator.files.errors import CalandoError
from simulator.recordings.even_light import (
    HIGHEST_HZ,
    LOWEST_HZ,
    MOST_COUNTS,
    EvenLight,
    LightRecordingError,
    Samples,
    UntoldError,
    check_rate,
    evenly,
    mend_time,
)
from simulator.recordings.layout import EXAMPLE
from simulator.recordings.logged_rows import rows_of
from simulator.recordings.repeated_rows import settle_repeats

LARGEST_FILE_BYTES = 200_000_000  # a day and more at 100 samples a second
_HERTZ = re.compile(r"\bHz\s*[\[=:]\s*(\d+(?:\.\d+)?)")


def read(path: Path, rate_hz: float | None = None, columns: str | None = None) -> EvenLight:
    """Read a log of light and bring it to 100 samples a second.

    rate_hz: 25 to 1600, what the rows were sampled at, for a file without a time. columns: their names, separated by
    commas, in place of the file's own. Raises LightRecordingError with one plain sentence.
    """
    if rate_hz is not None and not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise LightRecordingError(
            f"--rate {rate_hz:g} is outside {LOWEST_HZ:g} to {HIGHEST_HZ:g} samples a second; give the rate of the file"
        )
    text = read_text(path)
    rows = rows_of(path, text.splitlines(), columns)
    for name, counts in (("ir", rows.ir), ("red", rows.red)):
        if counts is not None:
            _check_counts(path, name, counts, rows.line)
    if rows.time is None:
        if rate_hz is None:
            raise UntoldError(
                f"{path} has no column time_s or other time, so nobody can tell how fast it was sampled",
                f"give --rate with the samples a second{_rate_in_its_lines(text)}",
                "write a column time_s",
            )
        rows.time = np.arange(len(rows.ir)) / rate_hz
    else:
        mend_time(path, rows)
        check_rate(path, rows, rate_hz)
    settle_repeats(path, rows)
    return evenly(path, rows)


def read_text(path: Path) -> str:
    """Return the text of a recording's file. Raises LightRecordingError when it is none."""
    try:
        raw = contents.read_bytes(path, "recording", LARGEST_FILE_BYTES, "cut it into parts")
    except CalandoError as error:
        raise LightRecordingError(str(error)) from None
    if not raw.strip():
        raise LightRecordingError(
            f"{path} is empty; a recording has a first line {EXAMPLE} and then the samples"
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


def _rate_in_its_lines(text: str) -> str:
    """Return what to add for a file whose lines tell a rate themselves, as SparkFun's examples print it: Hz[99.87]."""
    told = [float(found) for found in _HERTZ.findall(text)]
    if not told or not LOWEST_HZ <= told[-1] <= HIGHEST_HZ:
        return ""
    # The sketch prints the mean since its start, so that the last is the best; it is asked for all the same, because
    # it is what the sketch read, which may be less than what the sensor took.
    return f" (its last line tells {told[-1]:g} Hz)"


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
