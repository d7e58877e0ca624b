"""Real recordings in place of the model: reads `time_s,ir,red` files, checks them, and plays them as light.

Played longer than they are, they loop; the seam lies where the waves fit and is cross-faded. Nothing is made
up: a recording without red light shines no red, and a true pulse rate is known only where beats were marked.
"""

import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np

from simulator.files.errors import CalandoError, os_reason
from simulator.patient import IR_COUNTS, Light, Samples

RATE_HZ = 100.0
RATE_TOLERANCE = 0.01
SHORTEST_S = 10.0
MOST_COUNTS = 2**18 - 1
LARGEST_FILE_BYTES = 200_000_000  # a day and more at 100 samples a second
FADE = 100  # samples of a seam: one second
SEAM_SEARCH_S = 40.0  # how far from the beginning and from the end a seam is looked for
SEAM_LOOK_S = (1.0, 2.0)  # what is compared there: before and after
TRUTH_OVER_S = 8.0  # the true pulse rate is the mean over this long, as clinical oximeters show it
PACKAGED_HEIGHT = 0.01  # the pulse height given to a recording of the package, of the steady light

# Recordings of adults in the package heartpy (MIT): file, column, samples a second (heartpy's documentation),
# and the seconds that are played. Of the first it is the time on the skin, with one movement in it. The other
# is 11 minutes with the movements and lost contacts of real life; its second wave is as high as the first.
PACKAGED = {
    "heartpy": ("data2.csv", 1, 116.99, 47, 120),
    "heartpy_movement": ("data3.csv", 1, 100.42, 0, 682),
}


class RecordingError(CalandoError, ValueError):
    """The recording cannot be used; the text says which file, where in it, and what to do."""


@dataclass(frozen=True)
class Recording:
    """Counts of an 18-bit converter at 100 samples a second, falling when blood volume rises."""

    name: str
    ir: Samples
    red: Samples | None  # None when the file has no such column
    beat_s: Samples | None  # marked beats, seconds from the first sample; None when nobody marked them

    @property
    def length_s(self) -> float:
        return len(self.ir) / RATE_HZ


def load(path: str | os.PathLike[str]) -> Recording:
    """Read and check a recording. Raises RecordingError with one plain sentence."""
    path = Path(path)
    header, body, first_line = read_text(path)
    columns = [word.strip().strip('"').lower() for word in header.split(",")]
    for needed in ("time_s", "ir"):
        if needed not in columns:
            raise RecordingError(
                f"{path}: there is no column {needed} in its first line ({_shown(header)}); "
                "a recording has the columns time_s, ir and, if it was taken, red"
            )
    wanted = [columns.index(name) for name in ("time_s", "ir", "red") if name in columns]
    table = parse_numbers(path, body, columns, wanted, first_line)
    time_s, ir = table[:, 0], table[:, 1]
    red = table[:, 2] if "red" in columns else None
    check_counts(path, "ir", ir, first_line)
    if red is not None:
        check_counts(path, "red", red, first_line)
    _check_rate(path, time_s, first_line)
    beats = path.with_name(path.stem + ".beats.csv")
    beat_s = _beats(beats) - time_s[0] if beats.is_file() else None
    return Recording(path.stem, ir, red, beat_s)


def find(name: str, folder: Path) -> Recording:
    """The recording a scenario names: one of PACKAGED, or a file (relative to the scenario's folder)."""
    return packaged(name) if name in PACKAGED else load(folder / name)


@cache
def packaged(name: str) -> Recording:
    """An adult's real recording that comes with the package heartpy, scaled as our sensor would see it.

    Only the scale is ours: steady light 100 000 counts, pulse height 1 %. It has one colour, and nobody
    marked its beats.
    """
    file, column, rate_hz, from_s, to_s = PACKAGED[name]
    spec = find_spec("heartpy")
    path = Path(spec.origin).parent / "data" / file if spec and spec.origin else None
    if path is None or not path.is_file():
        raise RecordingError(
            f"the recording {name} comes with the package heartpy, which is not installed: run `make setup`"
        )
    volume = np.loadtxt(path, delimiter=",", skiprows=1, usecols=column)
    volume = volume[round(from_s * rate_hz) : round(to_s * rate_hz)]
    length = int((len(volume) - 1) / rate_hz * RATE_HZ)
    volume = np.interp(np.arange(length) / RATE_HZ * rate_hz, np.arange(len(volume)), volume)
    windows = volume[: length // 200 * 200].reshape(-1, 200)
    height = float(np.median(np.ptp(windows, axis=1)))
    ir = IR_COUNTS * (1 - PACKAGED_HEIGHT * (volume - np.median(volume)) / height)
    return Recording(name, np.rint(ir), None, None)


class RecordedPatient(Light):
    """A recording as a patient: contact, motion and room light can be scripted, its pulse is its own."""

    def __init__(self, recording: Recording, seed: int = 1):
        super().__init__(seed)
        self.recording = recording
        self._back_to, self._end = _find_seam(recording.ir)
        self._ir = _with_seam(recording.ir, self._back_to, self._end)
        self._red = None if recording.red is None else _with_seam(recording.red, self._back_to, self._end)

    @property
    def loop_s(self) -> float:
        """Length of one turn of the loop."""
        return (self._end - self._back_to) / RATE_HZ

    def _place(self, place):
        """Sample of the recording that is played, for a number of samples or an array of them.

        The first turn is the whole recording up to the end of the seam; later ones begin after the seam.
        """
        after_seam = self._back_to + FADE
        turned = after_seam + (place - after_seam) % (self._end - self._back_to)
        return np.where(place < self._end + FADE, place, turned)

    def true_pulse_rate_bpm(self, t_s: float) -> float | None:
        beats = self.recording.beat_s
        if beats is None or len(beats) < 3:
            return None
        at_s = float(self._place(t_s * RATE_HZ)) / RATE_HZ
        window = beats[(beats > at_s - TRUTH_OVER_S) & (beats <= at_s)]
        if len(window) < 3:
            return None
        intervals = np.diff(window)
        return None if intervals.max() > 3.0 else float(60 / intervals.mean())

    def true_spo2_percent(self, t_s: float) -> float | None:
        return None

    def _tissue(self, time_us: Samples) -> tuple[Samples, Samples]:
        place = self._place(time_us * (RATE_HZ * 1e-6))
        index = np.arange(len(self._ir))
        ir = np.interp(place, index, self._ir)
        red = np.zeros(len(place)) if self._red is None else np.interp(place, index, self._red)
        return ir, red


# --- the seam ---


def _find_seam(signal: Samples) -> tuple[int, int]:
    """Where the loop leaves off and to where it goes back: (back_to, end), in samples.

    Of all pairs of a place near the beginning and one near the end, it is the one whose surroundings are most
    alike: pulse in phase and of the same height.
    """
    before, after = (int(seconds * RATE_HZ) for seconds in SEAM_LOOK_S)
    search = min(int(SEAM_SEARCH_S * RATE_HZ), len(signal) // 10)
    views = np.lib.stride_tricks.sliding_window_view
    first = views(signal[: search + before + after], before + after)[::5]
    start = len(signal) - search - before - after
    last = views(signal[start:], before + after)
    first = first - first.mean(axis=1, keepdims=True)
    last = last - last.mean(axis=1, keepdims=True)
    # How much the two differ, of how much there is in both: 0 alike, 1 nothing in common.
    power = (first**2).sum(axis=1)[:, None] + (last**2).sum(axis=1)[None, :]
    unlike = 1 - 2 * (first @ last.T) / np.maximum(power, 1e-9)
    best_first, best_last = np.unravel_index(int(unlike.argmin()), unlike.shape)
    return 5 * int(best_first) + before, start + int(best_last) + before


def _with_seam(signal: Samples, back_to: int, end: int) -> Samples:
    """The signal up to the end of the seam, where playing goes on at sample `back_to + FADE`."""
    share = (1 - np.cos(np.pi * (np.arange(FADE) + 0.5) / FADE)) / 2
    seam = signal[end : end + FADE] * (1 - share) + signal[back_to : back_to + FADE] * share
    return np.concatenate([signal[:end], seam, signal[back_to + FADE : back_to + FADE + 1]])


# --- reading ---


def read_text(path: Path) -> tuple[str, bytes, int]:
    """The header, everything after it, and the number of the first line after it."""
    try:
        if path.is_dir():
            raise RecordingError(f"{path} is a folder; give the recording's CSV file")
        if path.is_file() and path.stat().st_size > LARGEST_FILE_BYTES:
            raise RecordingError(
                f"{path} is {path.stat().st_size / 1e6:.0f} MB; a recording has at most "
                f"{LARGEST_FILE_BYTES // 1_000_000} MB, so cut it into parts"
            )
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise RecordingError(f"{path}: there is no such recording; check the name and the folder") from None
    except OSError as error:
        raise RecordingError(f"{path}: the recording cannot be read ({os_reason(error)}); check it") from None
    if not raw.strip():
        raise RecordingError(
            f"{path} is empty; a recording has a first line time_s,ir,red and then the samples"
        )
    if b"\0" in raw[:4096]:
        raise RecordingError(f"{path} is not a text file; give a CSV file with the columns time_s, ir, red")
    first, _, body = raw.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    try:
        return first.decode("utf-8").strip(), body, 2
    except UnicodeDecodeError:
        raise RecordingError(f"{path} is not UTF-8 text; save it as a UTF-8 CSV file") from None


def parse_numbers(path: Path, body: bytes, columns: list[str], wanted: list[int], first_line: int) -> Samples:
    """The wanted columns as numbers; on trouble, the sentence names the first line that has it."""
    if not body.strip():
        raise RecordingError(f"{path} has no samples after its first line; record at least {SHORTEST_S:g} s")
    try:
        # Ragged lines first: loadtxt looks only as far as the columns it wants.
        commas = np.array([line.count(b",") for line in body.split(b"\n") if line.strip()])
        if (commas == len(columns) - 1).all():
            return np.loadtxt(BytesIO(body), delimiter=",", usecols=wanted, ndmin=2, comments=None)
    except ValueError:
        pass  # the loop below finds the line and says it better
    for number, line in enumerate(body.split(b"\n"), first_line):
        if not line.strip():
            continue
        cells = line.split(b",")
        if len(cells) != len(columns):
            raise RecordingError(
                f"{path}: line {number} has {len(cells)} values where the first line names {len(columns)} "
                "columns; correct or remove that line"
            )
        for column in wanted:
            try:
                float(cells[column])
            except ValueError:
                cell = cells[column].decode("utf-8", "replace").strip()
                what = f"is {_shown(cell)}, not a number" if cell else "is empty"
                raise RecordingError(
                    f"{path}: {columns[column]} in line {number} {what}; correct or remove that line"
                ) from None
    raise RecordingError(f"{path} cannot be read as numbers; save it as a plain CSV file")


def check_counts(path: Path, column: str, counts: Samples, first_line: int) -> None:
    wrong = ~((counts >= 0) & (counts <= MOST_COUNTS))  # a NaN is neither
    if wrong.any():
        row = int(np.argmax(wrong))
        raise RecordingError(
            f"{path}: {column} in line {row + first_line} is {counts[row]:g}; "
            f"counts of the sensor are 0 to {MOST_COUNTS}, so correct or remove that line"
        )


def _check_rate(path: Path, time_s: Samples, first_line: int) -> None:
    if not np.isfinite(time_s).all():
        row = int(np.argmin(np.isfinite(time_s)))
        raise RecordingError(
            f"{path}: time_s in line {row + first_line} is {time_s[row]:g}; write the time in seconds"
        )
    if len(time_s) < SHORTEST_S * RATE_HZ * (1 - RATE_TOLERANCE):
        raise RecordingError(
            f"{path} holds {len(time_s)} samples; a recording needs at least {SHORTEST_S:g} s "
            f"at {RATE_HZ:g} samples a second"
        )
    steps = np.diff(time_s)
    median = float(np.median(steps))
    if median <= 0 or abs(1 / median / RATE_HZ - 1) > RATE_TOLERANCE:
        given = (
            f"{1 / median:.4g} samples a second" if median > 0 else "a time that stands still or runs back"
        )
        raise RecordingError(
            f"{path} has {given}; recordings are read at {RATE_HZ:g} (within 1 %), so resample it first"
        )
    odd = (steps <= 0) | (steps > 2.5 / RATE_HZ)
    if odd.any():
        row = int(np.argmax(odd))
        raise RecordingError(
            f"{path}: time_s goes from {time_s[row]:.10g} to {time_s[row + 1]:.10g} in line "
            f"{row + 1 + first_line}; samples come every {1 / RATE_HZ:g} s without gaps; resample or cut it"
        )
    mean = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    if abs(mean / RATE_HZ - 1) > RATE_TOLERANCE:
        raise RecordingError(
            f"{path} has {mean:.4g} samples a second on average; recordings are read at {RATE_HZ:g} "
            "(within 1 %), so resample it first"
        )


def _beats(path: Path) -> Samples:
    """Marked beat times: the first value of each line, below a first line with names if there is one."""
    read_text(path)  # says what is wrong with the file as such
    lines = path.read_text("utf-8").split("\n")
    try:
        float(lines[0].split(",")[0])
        start = 0
    except ValueError:
        start = 1
    times = []
    for number, line in enumerate(lines[start:], start + 1):
        if line.strip():
            try:
                times.append(float(line.split(",")[0]))
            except ValueError:
                raise RecordingError(
                    f"{path}: line {number} is {_shown(line)}, not a beat's time in seconds"
                ) from None
    if not np.isfinite(times).all():
        raise RecordingError(f"{path}: a beat's time is not a finite number; remove that line")
    return np.sort(np.array(times))


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return f'"{text if len(text) <= 40 else text[:37] + "..."}"'
