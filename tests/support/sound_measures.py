"""Measures of sound that the tests and docs/sound.md use: clicks, zipper, SINAD, harmonics, images.

Each is calibrated in tests/unit/firmware/test_audio_quality.py against faults seeded on purpose.
"""

import numpy as np
from scipy.signal import butter, sosfilt
from scipy.signal.windows import blackmanharris

RATE_HZ = 16000


def click_db(samples, local=False):
    """The highest 2 ms peak above 4 kHz over the median one, where there is sound. A click is a wide
    spectrum.

    local: over the median of the second around it, for noises whose own level moves.
    """
    sections = butter(8, 4000, "high", fs=RATE_HZ, output="sos")
    high = np.asarray(sosfilt(sections, np.asarray(samples) / 32768))
    high[:800] = 0  # a cut into the middle of a sound is no click of the sound's
    count = len(high) // 32
    peaks = np.abs(high[: count * 32]).reshape(-1, 32).max(axis=1)
    heard = np.abs(np.asarray(samples)[: count * 32]).reshape(-1, 32).max(axis=1) > 0
    heard[:25] = False
    peaks = peaks[heard]
    if not local:
        return 20 * np.log10(peaks.max() / np.median(peaks))
    window = 500
    views = np.lib.stride_tricks.sliding_window_view(peaks, window)[::50]
    return float(max(20 * np.log10(view.max() / np.median(view)) for view in views))


def zipper(samples, frequency_hz):
    """The largest second difference over what a steady tone of that frequency and peak has: 1 is perfect."""
    samples = np.asarray(samples, dtype=float)
    step = 2 * np.pi * frequency_hz / RATE_HZ
    return float(np.abs(np.diff(samples, 2)).max() / (np.abs(samples).max() * (2 - 2 * np.cos(step))))


def fit_tone(samples, frequency_hz, harmonics=1):
    """Least squares of a tone (frequency refined) and its harmonics: (their amplitudes, the rest)."""
    samples = np.asarray(samples, dtype=float)[:8000]  # half a second: more finds nothing more
    t = np.arange(len(samples)) / RATE_HZ

    def solve(f):
        columns = [np.ones_like(t)]
        for order in range(1, harmonics + 1):
            columns += [np.cos(2 * np.pi * order * f * t), np.sin(2 * np.pi * order * f * t)]
        matrix = np.array(columns).T
        found = np.linalg.lstsq(matrix, samples, rcond=None)[0]
        return found, samples - matrix @ found

    best = frequency_hz
    for width in (0.3, 0.03, 0.003):
        tries = best + np.linspace(-width, width, 21)
        best = min(tries, key=lambda f: np.square(solve(f)[1]).sum())
    found, rest = solve(best)
    return np.hypot(found[1::2], found[2::2]), rest


def sinad_db(samples, frequency_hz):
    """Signal to noise and distortion of a pure tone."""
    amplitudes, rest = fit_tone(samples, frequency_hz)
    return float(10 * np.log10(amplitudes[0] ** 2 / 2 / np.square(rest).mean()))


def thd_db(samples, frequency_hz):
    """Harmonics 2 to 8 of a pure tone against it."""
    amplitudes, _ = fit_tone(samples, frequency_hz, 8)
    return float(20 * np.log10(np.sqrt(np.square(amplitudes[1:]).sum()) / amplitudes[0]))


def spur_db(samples, frequency_hz, harmonics=4):
    """The highest line of the spectrum that is none of the tone's own harmonics, against the fundamental."""
    samples = np.asarray(samples, dtype=float)
    spectrum = np.abs(np.fft.rfft(samples * blackmanharris(len(samples))))
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    near = RATE_HZ / len(samples) * 6
    own = np.zeros(len(frequency), dtype=bool)
    for order in range(harmonics + 1):
        own |= np.abs(frequency - order * frequency_hz) < near
    fundamental = spectrum[np.abs(frequency - frequency_hz) < near].max()
    return float(20 * np.log10(spectrum[~own].max() / fundamental))
