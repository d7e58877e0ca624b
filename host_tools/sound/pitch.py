"""The pitch of a voice in time, by pyin as librosa has it (Mauch and Dixon 2014): no model, nothing downloaded.

librosa is loaded only when a recording is followed. It compiles parts of itself the first time it runs, and keeps them:
here in a folder of our own, and one process at a time, for numba 0.68.1 lets two write over one another, and what they
leave ends every later process without a word (a segmentation fault).
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import gcd
from pathlib import Path

import numpy as np
import platformdirs
from scipy.signal import butter, resample_poly, sosfiltfilt

RATE_HZ = 16000
FRAME = 1024  # samples: 64 ms, four periods of the lowest voice
HOP = 160  # samples: 10 ms
HOP_S = HOP / RATE_HZ
LOWEST_HZ, HIGHEST_HZ = 75.0, 1050.0
RESOLUTION = 0.2  # semitones between the pitches that are tried


def track(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    """Follow one voice.

    samples: (count,) floats at `rate_hz` of at least 8000. Returns, every 10 ms, the pitch as fractional MIDI notes
    (NaN where nothing is sung) and the level in dB against the file's highest, both of shape (frames,).
    """
    with _compiling_alone():
        return _track(samples, rate_hz)


@contextmanager
def _compiling_alone() -> Iterator[None]:
    """Let no other process compile what this one does, or read it half-written."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("calando") / "compiled")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "calando.lock").open("w")
    except OSError:  # nothing can be kept there: it is compiled anew
        with tempfile.TemporaryDirectory() as own:
            _keep_in(own)
            yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _keep_in(str(folder))
        yield


def _keep_in(folder: str) -> None:
    from numba.core import config

    config.CACHE_DIR = folder  # pyright: ignore[reportAttributeAccessIssue]  (numba makes its settings at run time)


def _track(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    import librosa

    if rate_hz != RATE_HZ:
        shared = gcd(rate_hz, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // shared, rate_hz // shared)
    samples = sosfiltfilt(butter(4, 70, "highpass", fs=RATE_HZ, output="sos"), samples)
    samples = samples / max(1e-9, float(np.abs(samples).max()))
    hertz, _, _ = librosa.pyin(
        samples, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE_HZ, frame_length=FRAME, hop_length=HOP,
        resolution=RESOLUTION, max_transition_rate=40, n_thresholds=50,
    )  # fmt: skip
    power = librosa.feature.rms(y=samples, frame_length=FRAME // 2, hop_length=HOP)[0]
    frames = min(len(hertz), len(power))
    level = 20 * np.log10(power[:frames] + 1e-6)
    return 69 + 12 * np.log2(hertz[:frames] / 440), level
