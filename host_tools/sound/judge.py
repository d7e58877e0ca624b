"""What in a recording would harm its use at a bedside: a monitor's tones, noise as loud as the voice."""

from itertools import pairwise

import numpy as np
from scipy.signal import stft

from simulator.files.errors import CalandoError

TONE_HZ = (400.0, 1100.0)
FRAME_S, HOP_S = 0.128, 0.032
PROMINENCE_DB = 15.0  # over what lies within a third of an octave
STEADY = 0.0015  # of its frequency: a voice wavers more, and comes back further off
BURST_FRAMES = 3
BURSTS = 3
SILENT = 3e-4  # of full scale: ten steps of 16 bits
QUIET = 0.05  # below it a recording is raised, and that is told
NOISE_DB = 8.0  # by how much voice and noise together are louder than the noise alone


def highest(samples: np.ndarray, name: str) -> float:
    """Return the largest sample, up to 1.0 at full scale. Raises CalandoError for a recording of silence."""
    found = float(np.abs(samples).max())
    if found < SILENT:
        raise CalandoError(f"{name} is silent; check the microphone and record it again")
    return found


def problems(samples: np.ndarray, rate_hz: int, sounding: np.ndarray, level_db: np.ndarray) -> list[str]:
    """List in plain words what is wrong with a recording; nothing for a good one.

    samples: (count,) floats. sounding: (frames,) bool, where a voice's pitch was heard; level_db: (frames,) levels of
    the same frames in dB.
    """
    found = []
    tone = steady_tone_hz(samples, rate_hz)
    if tone is not None:
        found.append(
            f"a steady tone of {tone:.0f} Hz comes again and again, as a monitor's: "
            "at a bedside it would be taken for an alarm"
        )
    quiet = ~np.convolve(sounding, np.ones(7), "same").astype(bool)
    # Silence that was cut into a file, or laid over it, is not its room.
    quiet &= level_db > level_db.max() - 80
    if sounding.any() and quiet.sum() >= 15:
        above = float(np.median(level_db[sounding]) - np.median(level_db[quiet]))
        if above < NOISE_DB:
            found.append("there is noise about as loud as the voice")
    return found


def steady_tone_hz(samples: np.ndarray, rate_hz: int) -> float | None:
    """Find the frequency in Hz of a tone of 400 to 1100 Hz that stays still and comes in three bursts or more.

    A partial of a voice is none: another stands out at a half, a third or a quarter of its frequency, or it wavers.
    """
    frame = round(FRAME_S * rate_hz)
    if len(samples) < 2 * frame:
        return None
    size = 1 << (frame * 4 - 1).bit_length()
    frequency, _, spectrum = stft(
        samples,
        rate_hz,
        "hann",
        frame,
        frame - round(HOP_S * rate_hz),
        size,
        boundary=None,  # pyright: ignore[reportArgumentType]
    )
    power = np.square(np.abs(spectrum)).T + 1e-16
    step = frequency[1]
    low, high = (round(bound / step) for bound in TONE_HZ)
    tracks: list[list[tuple[int, float]]] = []
    going: list[list[tuple[int, float]]] = []
    for at, row in enumerate(power):
        peaks = _peaks(row, step, low, high)
        still = []
        for hertz in peaks:
            near = [t for t in going if abs(t[-1][1] / hertz - 1) < STEADY and t[-1][0] == at - 1]
            if near:
                near[0].append((at, hertz))
                still.append(near[0])
            else:
                still.append([(at, hertz)])
                tracks.append(still[-1])
        going = still
    bursts = []
    for track in tracks:
        hertz = np.array([value for _, value in track])
        if len(track) >= BURST_FRAMES and hertz.std() / hertz.mean() < STEADY / 2:
            bursts.append((float(np.median(hertz)), track[0][0], track[-1][0]))
    for hertz, _, _ in sorted(bursts):
        same = sorted((start, end) for other, start, end in bursts if abs(other / hertz - 1) < STEADY)
        apart = 1 + sum(after[0] - before[1] >= 5 for before, after in pairwise(same))
        if apart >= BURSTS:
            return hertz
    return None


def _peaks(row: np.ndarray, step: float, low: int, high: int) -> list[float]:
    """Frequencies of what stands out of one spectrum and is nobody's overtone."""
    found = []
    here = row[low:high]
    floor = row.max() * 1e-6
    for at in low + np.flatnonzero(
        (here > row[low - 1 : high - 1]) & (here >= row[low + 1 : high + 1]) & (here > floor)
    ):
        around = row[int(at * 0.8) : int(at * 1.25) + 1]
        if row[at] < np.median(around) * 10 ** (PROMINENCE_DB / 10) or row[at] < around.max():
            continue
        if any(_stands_out(row, at / part) for part in (2, 3, 4)):
            continue
        left, middle, right = np.log(row[at - 1 : at + 2])
        bend = left - 2 * middle + right
        found.append(float((at + (0.5 * (left - right) / bend if bend else 0)) * step))
    return found


def _stands_out(row: np.ndarray, place: float) -> bool:
    near = row[round(place * 0.98) : round(place * 1.02) + 2].max()
    around = row[round(place * 0.8) : round(place * 1.25) + 1]
    return near > 10 * np.median(around) and near >= around.max() * 0.999
