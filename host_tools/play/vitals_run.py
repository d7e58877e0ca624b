"""`calando vitals`: what the device would show for a recording, by the firmware's own code.

It runs under MicroPython, as on the device; where there is none for this machine, under CPython with the same
results, more slowly and with a progress bar.
"""

import csv
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from firmware.reasons import TWO_RATES
from host_tools.output import refuse_another_kind, write_files
from host_tools.play import vitals_script
from simulator.files.errors import CalandoError, os_reason
from simulator.interpreter import find_micropython, run_script
from simulator.recordings import recording_file
from simulator.recordings.even_light import EvenLight
from simulator.recordings.exchanged_lights import exchanged_ratio, exchanged_words

# As the firmware's script writes them, two reasons between the two rows; an unknown is an empty field.
_READINGS = ["pulse_rate_bpm", "spo2_percent", "perfusion_index_percent", "quality", "contact"]
_VARYING = ["breathing_rate_bpm", "breath_amplitude_bpm", "pulse_variability_ms", "beats_corrected_percent"]
# Why each is unknown, a word of firmware/reasons.py; empty where it is known.
_REASONS = ["pulse_reason", "spo2_reason"]
COLUMNS = ["time_s", *_READINGS, *_VARYING, *_REASONS]
BEATS_COLUMN = "time_s"
TICKS_PER_S = 3200
# A beat's time is that of its wave's top; the firmware's smoothing delays it by 3.25 pairs of 20 ms.
BEAT_DELAY_S = 0.065
_UNITS = {
    "pulse_rate_bpm": (1e-3, 2),
    "spo2_percent": (0.1, 1),
    "perfusion_index_percent": (1e-4, 3),
    "breathing_rate_bpm": (1e-3, 2),
    "breath_amplitude_bpm": (1e-3, 2),
    "pulse_variability_ms": (1e-3, 1),
    "beats_corrected_percent": (0.1, 1),
}


@dataclass
class Readings:
    """What was shown: one row a second (None = unknown), the reasons beside it, and the beats."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[tuple[str | None, str | None]] = field(default_factory=list)
    beats_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what to tell about the recording, a sentence each


def vitals(
    recording: Path,
    population: str,
    out: Path | None = None,
    beats: Path | None = None,
    rate_hz: float | None = None,
    columns: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    """Read a recording; write its rows to `out` and its beats to `beats`, where these are given. Return all of it.

    `notes` of what is returned say what was changed in the recording to fit, and that lights look exchanged. Raises
    CalandoError with one plain sentence; then nothing has been written.
    """
    for place, option in ((out, "--out"), (beats, "--beats")):
        _check_place(place, option, recording)
    refuse_another_kind([(out, ",".join(["time_s", *_READINGS])), (beats, BEATS_COLUMN + "\n")])
    readings = read(recording, population, rate_hz=rate_hz, columns=columns, progress=progress)
    files = {}
    if out is not None:
        files[out] = csv_text(readings)
    if beats is not None:
        files[beats] = "".join([BEATS_COLUMN + "\n", *(f"{beat:.4f}\n" for beat in readings.beats_s)])
    write_files({place: text.encode() for place, text in files.items()})
    return readings


def csv_text(readings: Readings) -> str:
    """Return the rows of readings as CSV, with a first line of COLUMNS."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row, why in zip(readings.rows, readings.reasons, strict=True):
        writer.writerow(row | dict(zip(_REASONS, why, strict=True)))
    return text.getvalue()


def read(
    recording: Path,
    population: str,
    runtime: str | None = None,
    rate_hz: float | None = None,
    columns: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    """Play a recording to the firmware. `runtime`: "micropython", "cpython"; None takes the faster one.

    rate_hz (25 to 1600) and columns are those of simulator.recordings.recording_file.read; progress that of `play`. Raises
    CalandoError.
    """
    if population not in ("newborn", "adult"):
        raise CalandoError(f'the population is "{population}"; it must be newborn or adult')
    light, samples = load(Path(recording), rate_hz, columns)
    readings = play(samples, population, light.start_s, runtime, progress)
    readings.notes += light.notes
    warning = exchanged_lights(light, readings)
    if warning is not None:
        readings.notes.append(warning)
    return readings


def exchanged_lights(light: EvenLight, readings: Readings) -> str | None:
    """Return a sentence when red and infrared are probably exchanged, None when nothing says so.

    Asked are the seconds in which a pulse was read, or would be but for its second wave.
    """
    if light.red is None:
        return None
    ends = range(100, len(light.ir) + 1, 100)
    beats = [
        end
        for row, (reason, _), end in zip(readings.rows, readings.reasons, ends, strict=False)
        if row["pulse_rate_bpm"] is not None or reason == TWO_RATES
    ]
    ratio = exchanged_ratio(light.ir, light.red, light.lost, beats)
    if ratio is None:
        return None
    return f"{exchanged_words(ratio)} or on this module (docs/hardware.md), and no SpO2 above is true"


def play(
    samples: np.ndarray,
    population: str,
    start_s: float = 0.0,
    runtime: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    """Play pairs of 32-bit numbers ir, red (100 a second; GAP, n for n lost ones) to the firmware.

    `progress` is called with the bytes that are read and of how many, on CPython, which is slower.
    """
    if runtime is None:
        runtime = "micropython" if find_micropython() else "cpython"
    if runtime == "micropython":
        return _parse(_under_micropython(samples, population), start_s)
    return _parse(_here(samples, population, progress), start_s)


def load(
    path: Path, rate_hz: float | None = None, columns: str | None = None
) -> tuple[EvenLight, np.ndarray]:
    """Read a file's light, and its samples as pairs of 32-bit numbers with gaps marked. Raises CalandoError."""
    light = recording_file.read(path, rate_hz, columns)
    pairs = np.zeros((len(light.ir), 2), "<u4")
    pairs[:, 0] = light.ir
    if light.red is not None:
        pairs[:, 1] = light.red
    # Each hole becomes one pair: the mark, and how many samples it is long.
    edges = np.flatnonzero(np.diff(light.lost, prepend=False, append=False))
    for begin, end in edges.reshape(-1, 2):
        pairs[begin] = (vitals_script.GAP, end - begin)
    keep = ~light.lost
    keep[edges[::2]] = True
    return light, pairs[keep]


def blocks_of(samples: np.ndarray) -> np.ndarray:
    """Return pairs ir, red with gaps marked as vitals_script plays them, a row a block."""
    lost = samples[:, 0] == vitals_script.GAP
    ends = np.cumsum(np.where(lost, samples[:, 1], 1), dtype=np.int64)
    tens = (ends - 1) // vitals_script.BLOCK
    begins = np.diff(tens, prepend=-1) != 0
    begins |= lost
    begins[1:] |= lost[:-1]
    first = np.flatnonzero(begins)
    block = np.cumsum(begins) - 1
    place = np.arange(len(samples)) - first[block]
    blocks = np.zeros((len(first), vitals_script.WORDS), "<u4")
    blocks[:, 0] = np.diff(first, append=len(samples))
    blocks[block, 1 + place] = samples[:, 0]
    blocks[block, 1 + vitals_script.BLOCK + place] = samples[:, 1]
    gaps = block[lost]
    blocks[gaps, 0] = vitals_script.GAP
    blocks[gaps, 1] = samples[lost, 1]
    return blocks


def _under_micropython(samples: np.ndarray, population: str) -> Iterable[str]:
    script = Path(vitals_script.__file__)
    with tempfile.TemporaryDirectory(prefix="calando-") as folder:
        file = Path(folder) / "samples.bin"
        try:
            blocks_of(samples).tofile(file)
        except OSError as error:
            raise CalandoError(
                f"the samples could not be put into {folder} ({os_reason(error)}); free some space there"
            ) from None
        try:
            done = run_script(script, population, str(file))
        except subprocess.CalledProcessError as error:
            raise RuntimeError(error.stderr.decode("utf-8", "replace")) from error
    return done.stdout.decode("ascii").splitlines()


def _here(samples: np.ndarray, population: str, progress: Callable[[int, int], None] | None) -> Iterable[str]:
    from simulator import cpython

    cpython.install()
    from firmware.vitals import Vitals

    data = blocks_of(samples).tobytes()
    lines: list[str] = []

    def tell(position: int) -> None:
        if progress is not None:
            progress(position, len(data))

    vitals_script.RecordingPlayer(Vitals(population), lines.append).play(_Watched(BytesIO(data), tell))
    return "".join(lines).splitlines()


class _Watched:
    """A file that tells now and then how far it was read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]):
        self._file = file
        self._tell = tell
        self._reads = 0

    def readinto(self, buffer: Any) -> int:
        self._reads += 1
        if self._reads % 8 == 0:
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
        for name, value in zip(_READINGS + _VARYING, shown[1:6] + shown[8:], strict=True):
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
