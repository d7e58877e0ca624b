"""`calando vitals`: what the device would show for a recording, by the firmware's own code.

It runs under MicroPython, as on the device; where there is none for this machine, under CPython with the same
results, more slowly and with a progress bar.
"""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from host_tools.output import write_files
from host_tools.play import vitals_script
from simulator import recording as form
from simulator.files.errors import CalandoError, os_reason
from simulator.interpreter import find_micropython, run_script

COLUMNS = ["time_s", "pulse_rate_bpm", "spo2_percent", "perfusion_index_percent", "quality", "contact"]
TICKS_PER_S = 3200
# A beat's time is that of its wave's top; the firmware's smoothing delays it by 3.25 pairs of 20 ms.
BEAT_DELAY_S = 0.065
LONGEST_GAP_S = 60.0
SHORTEST_S = 1.0
_UNITS = {"pulse_rate_bpm": (1e-3, 2), "spo2_percent": (0.1, 1), "perfusion_index_percent": (1e-4, 3)}


@dataclass
class Readings:
    """What was shown: one row a second (None = unknown), the reasons beside it, and the beats."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[tuple[str | None, str | None]] = field(default_factory=list)
    beats_s: list[float] = field(default_factory=list)


def vitals(recording: Path, population: str, out: Path | None = None, beats: Path | None = None) -> None:
    """Read a recording and write rows (to `out` or standard output) and, if asked for, the beats.

    Raises CalandoError with one plain sentence; then nothing has been written.
    """
    for place, option in ((out, "--out"), (beats, "--beats")):
        _check_place(place, option, recording)
    if out is not None and beats is not None and out.absolute() == beats.absolute():
        raise CalandoError(f"--out and --beats both name {out}; give the beats a file of their own")
    readings = read(recording, population)
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(readings.rows)
    files = {}
    if out is not None:
        files[out] = text.getvalue()
    if beats is not None:
        files[beats] = "".join(["time_s\n", *(f"{beat:.4f}\n" for beat in readings.beats_s)])
    write_files({place: text.encode() for place, text in files.items()})
    if out is None:
        sys.stdout.write(text.getvalue())


def read(recording: Path, population: str, runtime: str | None = None) -> Readings:
    """Play a recording to the firmware. `runtime`: "micropython", "cpython"; None takes the faster one."""
    if population not in ("newborn", "adult"):
        raise CalandoError(f'the population is "{population}"; it must be newborn or adult')
    start_s, samples = load(Path(recording))
    return play(samples, population, start_s, runtime)


def play(samples: np.ndarray, population: str, start_s: float = 0.0, runtime: str | None = None) -> Readings:
    """Play pairs of 32-bit numbers ir, red (100 a second; GAP, n for n lost ones) to the firmware."""
    if runtime is None:
        runtime = "micropython" if find_micropython() else "cpython"
    lines = (
        _under_micropython(samples, population) if runtime == "micropython" else _here(samples, population)
    )
    return _parse(lines, start_s)


def load(path: Path) -> tuple[float, np.ndarray]:
    """The first time, and samples as pairs of 32-bit numbers with gaps marked. Raises CalandoError."""
    header, body, first_line = form.read_text(path)
    columns = [word.strip().strip('"').lower() for word in header.split(",")]
    for needed in ("time_s", "ir"):
        if needed not in columns:
            raise CalandoError(
                f"{path}: there is no column {needed} in its first line; "
                "a recording has the columns time_s, ir and, if it was taken, red"
            )
    names = [name for name in ("time_s", "ir", "red") if name in columns]
    table = form.parse_numbers(path, body, columns, [columns.index(name) for name in names], first_line)
    for place, name in enumerate(names[1:], 1):
        form.check_counts(path, name, table[:, place], first_line)
    lost = _lost_samples(path, table[:, 0], first_line)
    pairs = np.zeros((len(table), 2), "<u4")
    pairs[:, : len(names) - 1] = np.rint(table[:, 1:])
    where = np.flatnonzero(lost)
    gaps = np.column_stack([np.full(len(where), vitals_script.GAP), lost[where]]).astype("<u4")
    return float(table[0, 0]), np.insert(pairs, where + 1, gaps, axis=0)


def _lost_samples(path: Path, time_s: np.ndarray, first_line: int) -> np.ndarray:
    """How many samples are missing after each. Refuses what was not taken at 100 samples a second."""
    rate = form.RATE_HZ
    if not np.isfinite(time_s).all():
        row = int(np.argmin(np.isfinite(time_s)))
        raise CalandoError(
            f"{path}: time_s in line {row + first_line} is {time_s[row]:g}; write the time in seconds"
        )
    if len(time_s) < SHORTEST_S * rate:
        raise CalandoError(
            f"{path} holds {len(time_s)} samples; a recording needs at least {SHORTEST_S:g} s "
            f"at {rate:g} samples a second"
        )
    steps = np.diff(time_s)
    usual = float(np.median(steps))
    if usual <= 0 or abs(1 / usual / rate - 1) > 0.02:
        given = f"{1 / usual:.4g} samples a second" if usual > 0 else "a time that stands still or runs back"
        raise CalandoError(
            f"{path} has {given}; the sensor takes {rate:g} (allowed: within 2 %), so resample it first"
        )
    wrong = (steps < 0) | (steps > LONGEST_GAP_S)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise CalandoError(
            f"{path}: time_s goes from {time_s[row]:.10g} to {time_s[row + 1]:.10g} in line "
            f"{row + 1 + first_line}; it must rise, by {LONGEST_GAP_S:g} s at most, so cut it there"
        )
    return np.where(steps > 2.5 / rate, np.rint(steps * rate) - 1, 0).astype(int)


def _under_micropython(samples: np.ndarray, population: str) -> Iterable[str]:
    script = Path(vitals_script.__file__)
    with tempfile.TemporaryDirectory(prefix="calando-") as folder:
        file = Path(folder) / "samples.bin"
        try:
            samples.tofile(file)
        except OSError as error:
            raise CalandoError(
                f"the samples could not be put into {folder} ({os_reason(error)}); free some space there"
            ) from None
        try:
            done = run_script(script, population, str(file))
        except subprocess.CalledProcessError as error:
            raise RuntimeError(error.stderr.decode("utf-8", "replace")) from error
    return done.stdout.decode("ascii").splitlines()


def _here(samples: np.ndarray, population: str) -> Iterable[str]:
    from rich.console import Console
    from rich.progress import Progress

    from simulator import cpython

    cpython.install()
    from firmware.vitals import Vitals

    data = samples.tobytes()
    lines: list[str] = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading the recording", total=len(data))
        vitals_script.Player(Vitals(population), lines.append).play(
            _Watched(BytesIO(data), lambda position: progress.update(task, completed=position))
        )
    return "".join(lines).splitlines()


class _Watched:
    """A file that tells now and then how far it was read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]):
        self._file = file
        self._tell = tell
        self._reads = 0

    def readinto(self, buffer: Any) -> int:
        self._reads += 1
        if self._reads % 500 == 0:
            self._tell(self._file.tell())
        return self._file.readinto(buffer)  # type: ignore[attr-defined]


def _parse(lines: Iterable[str], start_s: float) -> Readings:
    readings = Readings()
    for line in lines:
        kind, *values = line.split()
        if kind == "b":
            readings.beats_s.append(max(0.0, int(values[0]) / TICKS_PER_S - BEAT_DELAY_S) + start_s)
            continue
        shown = [None if value == "-" else value for value in values]
        second = start_s + int(values[0])
        row: dict[str, Any] = {"time_s": int(second) if second == int(second) else round(second, 3)}
        for name, value in zip(COLUMNS[1:], shown[1:], strict=False):
            if name in _UNITS and value is not None:
                scale, digits = _UNITS[name]
                row[name] = round(int(value) * scale, digits)
            else:
                row[name] = None if value is None else int(value)
        readings.rows.append(row)
        readings.reasons.append((shown[6], shown[7]))
    return readings


def _check_place(place: Path | None, option: str, recording: Path) -> None:
    if place is None:
        return
    if place.is_dir():
        raise CalandoError(f"{option} {place} is a folder; name a file in it")
    if not place.absolute().parent.is_dir():
        raise CalandoError(f"{option} {place}: there is no folder {place.absolute().parent}; make it first")
    if place.exists() and Path(recording).exists() and place.samefile(recording):
        raise CalandoError(f"{option} {place} is the recording itself; name another file")
