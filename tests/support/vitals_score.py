"""How readings are scored against references: one protocol for the tests, the benchmark and every peer.

Every second from t = 10 s. The reference is the mean interval of the marked beats of the last 8 s, or the
number of a clinical device after one constant lag a recording. Within 5 beats per minute counts as right,
of all scored seconds, so an estimator that abstains loses; the mean error is over what was shown. Beats
match within 100 ms after one constant lag. Seconds with the probe off are not scored; a rate shown after 3
s of it is counted apart.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FIRST_S = 10
WINDOW_S = 8
RIGHT_BPM = 5
BEAT_S = 0.1
MISSED_BEAT = 1.5  # an interval this many times its neighbours may hide a beat that the reference lacks
BRADYCARDIA_BPM = 100


def find_recordings() -> Path | None:
    """The folder of recordings, which the project does not ship: CALANDO_RECORDINGS, or ../shared."""
    named = os.environ.get("CALANDO_RECORDINGS")
    folder = Path(named) if named else ROOT.parent / "shared" / "recordings"
    return folder if folder.is_dir() else None


@dataclass
class ScoredRecording:
    """A recording with what is known about it."""

    path: Path
    group: str  # "rest", "device" or "stress"
    condition: str  # of stress: clean, motion...
    population: str
    samples: np.ndarray  # pairs ir, red
    beats_s: np.ndarray | None
    device_bpm: np.ndarray | None  # one value a second from 0
    probe_off: np.ndarray  # by second from 1
    ratio: np.ndarray | None

    @property
    def name(self) -> str:
        return self.path.stem


def _table(path: Path, names: bool = True) -> np.ndarray:
    return np.genfromtxt(path, delimiter=",", names=names)


def read(path: Path) -> ScoredRecording:
    """One recording, with the files beside it that hold what is true."""
    samples = np.loadtxt(path, delimiter=",", skiprows=1)[:, 1:3].astype("<u4")
    beats = path.with_suffix(".beats.csv")
    device = path.with_suffix(".num.csv")
    state = path.with_suffix(".state.csv")
    seconds = len(samples) // 100
    off = np.zeros(seconds, bool)
    ratio = None
    if state.exists():
        table = _table(state)
        known = min(seconds, len(table))
        off[:known] = table["probe_off"][:known] > 0
        ratio = table["r_true"][:known]
    stress = path.parent.name.startswith("neo_stress")
    device_bpm = None
    if device.exists():
        table = _table(device)
        device_bpm = np.full(int(table["time_s"].max()) + 1, np.nan)
        device_bpm[table["time_s"].astype(int)] = table["hr_bpm"]
    return ScoredRecording(
        path,
        "stress" if stress else "rest" if beats.exists() else "device",
        path.stem.rsplit("_", 1)[-1] if stress else "",
        "newborn" if stress else "adult",
        samples,
        np.loadtxt(beats, skiprows=1) if beats.exists() else None,
        device_bpm,
        off,
        ratio,
    )


def recordings(folder: Path) -> list[Path]:
    """Every recording of the folder, in order."""
    beside = (".beats.csv", ".breaths.csv", ".num.csv", ".state.csv")
    return sorted(path for path in folder.glob("*/*.csv") if not path.name.endswith(beside))


def mean_rate(beats_s: np.ndarray, seconds: int) -> np.ndarray:
    """At each second from 1: the rate of the intervals that lie in the last 8 s; NaN with fewer than two."""
    starts, ends = beats_s[:-1], beats_s[1:]
    rate = np.full(seconds, np.nan)
    for second in range(1, seconds + 1):
        inside = (ends <= second) & (starts >= second - WINDOW_S)
        if inside.sum() >= 2:
            rate[second - 1] = 60 / np.mean((ends - starts)[inside])
    return rate


def device_lag(consensus: np.ndarray, device_bpm: np.ndarray) -> int:
    """How many seconds the device is late, fitted on others' consensus, never on the one that is scored."""
    best, lag = np.inf, 0
    for tried in range(-5, 16):
        error = np.abs(consensus - shifted(device_bpm, tried, len(consensus)))[20:-20]
        error = np.nanmean(np.minimum(error, 15))
        if error < best:
            best, lag = error, tried
    return lag


def shifted(device_bpm: np.ndarray, lag: int, seconds: int) -> np.ndarray:
    """The device's numbers at seconds 1.., `lag` seconds later."""
    at = np.arange(1, seconds + 1) + lag
    inside = (at >= 0) & (at < len(device_bpm))
    out = np.full(seconds, np.nan)
    out[inside] = device_bpm[at[inside]]
    return out


@dataclass
class Tally:
    """Counts that add up over recordings."""

    seconds: int = 0
    right: int = 0
    shown: int = 0
    error_sum: float = 0.0
    beats_found: int = 0
    beats_true: int = 0
    beats_matched: int = 0
    false_while_off: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def mean_error_bpm(self) -> float:
        return self.error_sum / self.shown if self.shown else float("nan")

    @property
    def right_percent(self) -> float:
        return 100 * self.right / self.seconds if self.seconds else float("nan")

    @property
    def shown_percent(self) -> float:
        return 100 * self.shown / self.seconds if self.seconds else float("nan")

    @property
    def f1_percent(self) -> float:
        both = self.beats_found + self.beats_true
        return 200 * self.beats_matched / both if both else float("nan")


def score(
    recording: ScoredRecording,
    rate: np.ndarray,
    beats_s: np.ndarray | None = None,
    reference: np.ndarray | None = None,
) -> Tally:
    """Score rates (one a second from 1; NaN = unknown) and beats."""
    seconds = len(rate)
    if reference is None:
        assert recording.beats_s is not None
        reference = mean_rate(recording.beats_s, seconds)
    counted = np.isfinite(reference) & (np.arange(1, seconds + 1) >= FIRST_S) & ~recording.probe_off[:seconds]
    error = np.abs(rate - reference)[counted]
    shown = np.isfinite(error)
    result = Tally(
        int(counted.sum()),
        int((error[shown] <= RIGHT_BPM).sum()),
        int(shown.sum()),
        float(error[shown].sum()),
    )
    off_for = 0
    for second in range(seconds):
        off_for = off_for + 1 if recording.probe_off[second] else 0
        if off_for > 3 and np.isfinite(rate[second]):
            result.false_while_off += 1
    if beats_s is not None and recording.beats_s is not None:
        result.beats_found, result.beats_true = len(beats_s), len(recording.beats_s)
        result.beats_matched = matched(beats_s, recording.beats_s)
    return result


def matched(found: np.ndarray, true: np.ndarray) -> int:
    """How many beats match one to one within 100 ms, after the constant lag that is best for them."""
    return _match(found, true)[0]


def filled(true: np.ndarray, *witnesses: np.ndarray) -> np.ndarray:
    """The reference with the beats it lacks: in an interval of more than 1.5 times those around it, the beats that
    every witness (beats of an estimator that is not the one scored) has there, within 100 ms of each other."""
    seen = [beats - _match(beats, true)[1] for beats in witnesses]
    intervals = np.diff(true)
    lacking = []
    for place, interval in enumerate(intervals):
        usual = np.median(intervals[max(0, place - 5) : place + 6])
        if interval > MISSED_BEAT * usual:
            inside = seen[0][(seen[0] > true[place] + usual / 2) & (seen[0] < true[place + 1] - usual / 2)]
            lacking += [
                beat
                for beat in inside
                if all(np.abs(other - beat).min(initial=np.inf) <= BEAT_S for other in seen[1:])
            ]
    return np.sort(np.append(true, lacking))


def _match(found: np.ndarray, true: np.ndarray) -> tuple[int, float]:
    """(beats that match, the lag in s at which most do: the middle where several do)."""
    lags = np.arange(-0.5, 1.0, 0.02)
    counts = np.array([_count(found - lag, true) for lag in lags])
    return int(counts.max()), float(lags[counts == counts.max()].mean())


def _count(found: np.ndarray, true: np.ndarray) -> int:
    i = j = count = 0
    while i < len(found) and j < len(true):
        apart = found[i] - true[j]
        if abs(apart) <= BEAT_S:
            count += 1
            i += 1
            j += 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return count


def falls(beats_s: np.ndarray) -> list[float]:
    """When the true rate falls below 100: the end of the first of three intervals of more than 0.6 s."""
    slow = np.diff(beats_s) > 60 / BRADYCARDIA_BPM
    found: list[float] = []
    place = 0
    while place + 2 < len(slow):
        if slow[place : place + 3].all():
            found.append(float(beats_s[place + 1]))
            while place < len(slow) and slow[max(0, place - 2) : place + 4].any():
                place += 1
        place += 1
    return found


def delays(beats_s: np.ndarray, rate: np.ndarray) -> list[float]:
    """For each fall: seconds until a rate below 100 is shown; infinite when it is missed for 15 s."""
    result = []
    for fall in falls(beats_s):
        seen = [
            second
            for second in range(1, len(rate) + 1)
            if fall <= second < fall + 15 and rate[second - 1] < 100
        ]
        result.append(seen[0] - fall if seen else float("inf"))
    return result


def false_bradycardia(beats_s: np.ndarray, rate: np.ndarray) -> int:
    """Seconds that show less than 100 though no interval of the last 10 s was slower than 105."""
    intervals, ends = np.diff(beats_s), beats_s[1:]
    count = 0
    for second in range(FIRST_S, len(rate) + 1):
        lately = intervals[(ends > second - 10) & (ends <= second + 1)]
        if len(lately) and rate[second - 1] < 100 and 60 / lately.max() >= 105:
            count += 1
    return count
