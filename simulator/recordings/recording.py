"""Real recordings in place of the model, played as light. How a file is read is recording_file.py's business.

Played longer than they are, they loop; the seam lies where the waves fit and is cross-faded. Nothing is made
up: a recording without red light shines no red, and a true pulse rate is known only where beats were marked.
"""

import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from simulator.patient import IR_COUNTS, LightSource, Samples
from simulator.recordings.even_light import RATE_HZ, LightRecordingError, UntoldError
from simulator.recordings.exchanged_lights import STRETCH, exchanged_ratio, exchanged_words
from simulator.recordings.recording_file import read, read_text

SHORTEST_S = 10.0
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


@dataclass(frozen=True)
class LightRecording:
    """Counts of an 18-bit converter at 100 samples a second, falling when blood volume rises."""

    name: str
    ir: Samples
    red: Samples | None  # None when the file has no such column
    beat_s: Samples | None  # marked beats, seconds from the first sample; None when nobody marked them
    notes: tuple[str, ...] = ()  # what was changed to make the file fit, a sentence each

    @property
    def length_s(self) -> float:
        return len(self.ir) / RATE_HZ


def load(path: str | os.PathLike[str]) -> LightRecording:
    """Read and check a recording; other forms and rates than ours are made to fit, told in its notes.

    Raises LightRecordingError with one plain sentence.
    """
    path = Path(path)
    try:
        light = read(path)
    except UntoldError as error:  # a scenario names a recording and nothing else
        raise LightRecordingError(error.without_options) from None
    length_s = len(light.ir) / RATE_HZ
    if length_s < SHORTEST_S * 0.99:
        raise LightRecordingError(
            f"{path} holds {length_s:.3g} s; a recording to be played needs at least {SHORTEST_S:g} s"
        )
    if light.lost.any():
        at_s = light.start_s + int(np.argmax(light.lost)) / RATE_HZ
        raise LightRecordingError(
            f"{path} has a hole at {at_s:.10g} s; a recording is played without gaps, so cut it there"
        )
    beats = path.with_name(path.stem + ".beats.csv")
    beat_s = _beats(beats) - light.start_s if beats.is_file() else None
    notes = light.notes
    if light.red is not None:
        ends = range(STRETCH, len(light.ir) + 1, int(RATE_HZ))
        ratio = exchanged_ratio(light.ir, light.red, light.lost, ends)
        if ratio is not None:
            notes += (exchanged_words(ratio) + ", and the device reads an oxygen that was not there",)
    return LightRecording(path.stem, light.ir, light.red, beat_s, notes)


def find(name: str, folder: Path) -> LightRecording:
    """Return the recording a scenario names: one of PACKAGED, or a file (relative to the scenario's folder)."""
    return packaged(name) if name in PACKAGED else load(folder / name)


@cache
def packaged(name: str) -> LightRecording:
    """Return an adult's real recording that comes with the package heartpy, scaled as our sensor would see it.

    Only the scale is ours: steady light 100 000 counts, pulse height 1 %. It has one colour, and nobody
    marked its beats.
    """
    file, column, rate_hz, from_s, to_s = PACKAGED[name]
    spec = find_spec("heartpy")
    path = Path(spec.origin).parent / "data" / file if spec and spec.origin else None
    if path is None or not path.is_file():
        raise LightRecordingError(
            f"the recording {name} comes with the package heartpy, which is not installed: run `make setup`"
        )
    volume = np.loadtxt(path, delimiter=",", skiprows=1, usecols=column)
    volume = volume[round(from_s * rate_hz) : round(to_s * rate_hz)]
    length = int((len(volume) - 1) / rate_hz * RATE_HZ)
    volume = np.interp(np.arange(length) / RATE_HZ * rate_hz, np.arange(len(volume)), volume)
    windows = volume[: length // 200 * 200].reshape(-1, 200)
    height = float(np.median(np.ptp(windows, axis=1)))
    ir = IR_COUNTS * (1 - PACKAGED_HEIGHT * (volume - np.median(volume)) / height)
    return LightRecording(name, np.rint(ir), None, None)


class RecordedPatient(LightSource):
    """A recording as a patient: contact, motion and room light can be scripted, its pulse is its own."""

    def __init__(self, recording: LightRecording, seed: int = 1):
        super().__init__(seed)
        self.recording = recording
        self.notes = recording.notes
        self._back_to, self._end = _find_seam(recording.ir)
        self._ir = _with_seam(recording.ir, self._back_to, self._end)
        self._red = None if recording.red is None else _with_seam(recording.red, self._back_to, self._end)

    @property
    def loop_s(self) -> float:
        """Return length of one turn of the loop."""
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
    """Return where the loop leaves off and to where it goes back: (back_to, end), in samples.

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


# --- beats ---


def _beats(path: Path) -> Samples:
    """Marked beat times: the first value of each line, below a first line with names if there is one."""
    lines = read_text(path).split("\n")
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
                raise LightRecordingError(
                    f'{path}: line {number} is "{line.strip()[:60]}", not a beat\'s time in seconds'
                ) from None
    if not np.isfinite(times).all():
        raise LightRecordingError(f"{path}: a beat's time is not a finite number; remove that line")
    return np.sort(np.array(times))
