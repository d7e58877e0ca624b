"""A sound level meter for files: A and C weighting, fast and slow, statistics, true peak, rise rate.

IEC 61672-1 as far as numbers can follow it; what a dBFS is at the ear comes from outside as the level of a
full-scale 1 kHz sine. `calando meter` prints what `measure` finds. Units: dB(A) and dB(C) re 20 µPa, dBFS for
the peak, powers are mean squares with 1.0 for a square wave at full scale.
"""

import io
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from host_tools.output import write_files
from simulator.files.errors import CalandoError

DEFAULT_FULL_SCALE_DBA = 74.0
FAST_S, SLOW_S = 0.125, 1.0
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48_000
POLES_HZ = (20.598997, 107.65265, 737.86223, 12194.217)  # IEC 61672-1, annex E
CHUNK = 1 << 17  # samples at a time: they stay in the processor's cache
ROW = 64  # samples that a recursive filter takes side by side
OVERSAMPLED = 4
TAPS = 6  # of half the correcting FIR: within 0.02 dB of the formula up to 0.4 of the rate
FRAME_S = 0.001  # squares are averaged over this before the time weighting
SILENT_POWER = 1e-14
LONGEST_S = 2 * 3600  # of a file: no session lasts an hour
LARGEST_FILE = 600_000_000  # bytes: two hours of two channels at 16 kHz and 16 bits, and room
# A rise is looked for in levels of this long, and only where there is something to hear.
RISE_WINDOW_S = 4.0
RISE_FLOOR_DBA = 20.0


@dataclass(frozen=True)
class Levels:
    """What a meter says about a recording. None where there was only silence."""

    seconds: float
    full_scale_dba: float
    laeq_dba: float | None
    las_max_dba: float | None
    lcs_max_dbc: float | None
    laf10_dba: float | None
    laf90_dba: float | None
    l50_dba: float | None  # of the slow level, as Consensus Standard 28 for newborn intensive care asks
    true_peak_dbfs: float | None
    rise_rate_db_per_s: float | None


def weight_db(frequency_hz: np.ndarray, weighting: str) -> np.ndarray:
    """Return the standard's own formula for "A" or "C", 0 dB at 1 kHz."""

    def raw(f):
        p1, p2, p3, p4 = (pole**2 for pole in POLES_HZ)
        square = np.square(f)
        c = square * p4 / ((square + p1) * (square + p4))
        return c * square / np.sqrt((square + p2) * (square + p3)) if weighting == "A" else c

    frequency_hz = np.asarray(frequency_hz, dtype=float)
    return 20 * np.log10(raw(frequency_hz) / raw(np.array(1000.0)))


def laeq_dba(samples: np.ndarray, rate_hz: int, full_scale_dba: float) -> float | None:
    """Return the A-weighted mean level of int16 samples alone, by their spectrum; None for silence."""
    power = np.square(np.abs(np.fft.rfft(samples.astype(float) / 32768)))
    frequency = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    with np.errstate(divide="ignore"):
        weight = 10 ** (weight_db(frequency, "A") / 10)
    mean = 2 * float(np.sum(power * weight)) / len(samples) ** 2
    return None if mean < SILENT_POWER else float(decibels(mean, full_scale_dba))


def _recursion(keep: float, x: np.ndarray, before: float) -> np.ndarray:
    """Return y[n] = keep * y[n - 1] + x[n], where y[-1] is `before`; 0 < keep < 1.

    The one loop of a recursive filter, done in strides that double (Hillis and Steele, 1986): first within rows, then over
    the rows' ends. scipy.signal does the same, and half of what a short command costs would be its import.
    """
    rows = -(-len(x) // ROW)
    if not rows:
        return np.zeros(0)
    y = np.zeros((rows, ROW))
    y.reshape(-1)[: len(x)] = x
    stride, power = 1, keep
    while stride < ROW:
        y[:, stride:] += power * y[:, :-stride]
        stride, power = 2 * stride, power * power
    ends = y[:, -1].copy()
    stride, last = 1, power
    while stride < rows and power > 1e-18:
        ends[stride:] += power * ends[:-stride]
        stride, power = 2 * stride, power * power
    ends = np.concatenate([[before], ends[:-1] + before * last ** np.arange(1, rows)])
    y += ends[:, None] * keep ** np.arange(1, ROW + 1)
    return y.reshape(-1)[: len(x)]


def _through(sections: np.ndarray, x: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return x after the two high-passes of `design`; state (2, 2) is what each keeps of before: its last input, output."""
    for number, keep in enumerate(sections):
        steps = np.diff(x, prepend=state[number, 0])
        state[number, 0] = x[-1]
        x = _recursion(keep, steps, state[number, 1])
        state[number, 1] = x[-1]
    return x


def _high_pass(pole_hz: float, rate_hz: float) -> float:
    """Return the pole exp(-p T) of a first-order high-pass, whose zero is at DC."""
    return float(np.exp(-2 * np.pi * pole_hz / rate_hz))


@cache
def design(rate_hz: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return filters for a rate: (C poles, C taps, A poles, A taps).

    The poles below 1 kHz are matched exactly; what is left at the top, where a digital filter departs from an
    analogue one, is a short symmetrical FIR fitted to the standard's formula by least squares up to 0.46 of
    the rate. The A chain goes on from the C chain's output.
    """

    def section(*poles):
        return np.array([_high_pass(pole, rate_hz) for pole in poles])

    frequency = np.geomspace(10, 0.46 * rate_hz, 700)
    frequency = np.concatenate([frequency, np.linspace(500, 0.46 * rate_hz, 700)])
    omega = 2 * np.pi * frequency / rate_hz
    z = np.exp(1j * omega)

    def fit(poles, target_db):
        magnitude = np.abs((z - 1) ** 2 / np.prod(z - poles[:, None], axis=0))
        ratio = 10 ** (target_db / 20) / magnitude
        basis = np.cos(np.outer(omega, np.arange(TAPS)))
        weights = 1 / ratio  # so that the error is relative: even in decibels
        half = np.linalg.lstsq(basis * weights[:, None], ratio * weights, rcond=None)[0]
        return np.concatenate([half[:0:-1] / 2, half[:1], half[1:] / 2])

    sections_c = section(POLES_HZ[0], POLES_HZ[0])
    sections_a = section(POLES_HZ[1], POLES_HZ[2])
    difference = weight_db(frequency, "A") - weight_db(frequency, "C")
    return (
        sections_c,
        fit(sections_c, weight_db(frequency, "C")),
        sections_a,
        fit(sections_a, difference),
    )


def frame_powers(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    """Return A- and C-weighted mean squares of each millisecond of `samples` (int16, or floats with 1.0 as full
    scale).
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise CalandoError(
            f"a rate of {rate_hz} samples a second cannot be measured; "
            f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} can: convert the file"
        )
    sections_c, taps_c, sections_a, taps_a = design(rate_hz)
    frame = max(1, round(rate_hz * FRAME_S))
    scale = 1 / 32768 if np.issubdtype(samples.dtype, np.integer) else 1.0
    state_c, state_a = np.zeros((2, 2)), np.zeros((2, 2))
    memory_c, memory_a = np.zeros(len(taps_c) - 1), np.zeros(len(taps_a) - 1)
    powers_a, powers_c = [], []
    rest_a = rest_c = np.zeros(0)
    for start in range(0, len(samples), CHUNK):
        x = samples[start : start + CHUNK] * scale
        if x.any() or state_a.any():
            x = _through(sections_c, x, state_c)
            x, memory_c = _fir(taps_c, x, memory_c)
            c = x * x
            x = _through(sections_a, x, state_a)
            x, memory_a = _fir(taps_a, x, memory_a)
            a = x * x
            if abs(state_a).max() < 1e-12 and abs(state_c).max() < 1e-12:
                state_a[:], state_c[:] = 0, 0
        else:
            a = c = np.zeros(len(x))
        a, rest_a = _frames(np.concatenate([rest_a, a]), frame)
        c, rest_c = _frames(np.concatenate([rest_c, c]), frame)
        powers_a.append(a)
        powers_c.append(c)
    if len(rest_a):
        powers_a.append(np.array([rest_a.mean()]))
        powers_c.append(np.array([rest_c.mean()]))
    none = np.zeros(0)
    return np.concatenate([none, *powers_a]), np.concatenate([none, *powers_c])


def _fir(taps: np.ndarray, x: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    whole = np.concatenate([memory, x])
    return np.convolve(whole, taps, mode="valid"), whole[len(whole) - len(memory) :]


def _frames(squares: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray]:
    whole = len(squares) // frame * frame
    return squares[:whole].reshape(-1, frame).mean(axis=1), squares[whole:]


def time_weighted(powers: np.ndarray, time_constant_s: float) -> np.ndarray:
    """Return exponential averaging of frame powers: the fast or slow meter's reading at each frame's end."""
    keep = float(np.exp(-FRAME_S / time_constant_s))
    return _recursion(keep, (1 - keep) * powers, 0.0)


def decibels(powers: np.ndarray | float, full_scale_dba: float) -> np.ndarray:
    """Turn mean squares into levels; a full-scale sine (0.5) is full_scale_dba. Silence is -inf."""
    powers = np.asarray(powers, dtype=float)
    with np.errstate(divide="ignore"):
        return (
            np.where(powers > SILENT_POWER, 10 * np.log10(np.maximum(powers, 1e-30) * 2), -np.inf)
            + full_scale_dba
        )


def level_history(samples: np.ndarray, rate_hz: int, full_scale_dba: float) -> np.ndarray:
    """Return the highest slow A-weighted level in each second of a recording, in dB(A); NaN where there was
    silence.
    """
    slow = time_weighted(frame_powers(samples, rate_hz)[0], SLOW_S)
    return by_second(decibels(slow, full_scale_dba))


def by_second(levels: np.ndarray) -> np.ndarray:
    frames = round(1 / FRAME_S)
    padded = np.concatenate([levels, np.full(-len(levels) % frames, -np.inf)])
    highest = padded.reshape(-1, frames).max(axis=1)
    return np.where(np.isfinite(highest), highest, np.nan)


def rise_rate(powers: np.ndarray, full_scale_dba: float) -> float | None:
    """Return the fastest rise, in dB a second: the level of four seconds against the loudest of the eight before them.

    A melody's own notes and rests are within such windows; what is left is how the sound as a whole comes up.
    None where nothing was heard for that long.
    """
    frames = round(RISE_WINDOW_S / FRAME_S)
    if len(powers) < 2 * frames:
        return None
    total = np.concatenate([[0.0], np.cumsum(powers)])
    levels = decibels((total[frames:] - total[:-frames]) / frames, full_scale_dba)[::100]
    step = frames // 100
    before = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([np.full(step, -np.inf), levels]), step + 1
    )
    before = before.max(axis=1)[: len(levels) - step]
    after = levels[step:]
    heard = (before >= RISE_FLOOR_DBA) & np.isfinite(after)
    if not heard.any():
        return None
    return float(np.max(after[heard] - before[heard]) / RISE_WINDOW_S)


def _oversampled(piece: np.ndarray) -> list[np.ndarray]:
    """Return the samples and what lies between them, at a quarter, half and three quarters of the way.

    A low-pass of 81 taps at a quarter of the rate, under a Kaiser window with beta = 5.
    """
    place = np.arange(-10 * OVERSAMPLED, 10 * OVERSAMPLED + 1)
    taps = np.sinc(place / OVERSAMPLED) * np.kaiser(len(place), 5.0)
    taps *= OVERSAMPLED / taps.sum()
    return [
        np.convolve(piece, taps[phase::OVERSAMPLED])[10 : 10 + len(piece)] for phase in range(OVERSAMPLED)
    ]


def true_peak(samples: np.ndarray) -> float | None:
    """Return the peak between the samples, four times oversampled where the samples come near their own peak;
    dBFS.
    """
    scale = 1 / 32768 if np.issubdtype(samples.dtype, np.integer) else 1.0
    if not len(samples):
        return None
    highest = float(np.abs(samples.astype(np.float64) if len(samples) < CHUNK else samples[:]).max()) * scale
    if np.issubdtype(samples.dtype, np.integer):
        highest = max(int(samples.max()), -int(samples.min())) * scale
    if highest == 0:
        return None
    near = np.flatnonzero((samples > 0.7 * highest / scale) | (samples < -0.7 * highest / scale))
    peak = highest
    blocks = np.unique(near // 4096)[:200]
    for block in blocks:
        piece = samples[max(0, block * 4096 - 32) : block * 4096 + 4096 + 32] * scale
        peak = max(peak, *(float(np.abs(between).max()) for between in _oversampled(piece)))
    return 20 * float(np.log10(peak))


def measure(samples: np.ndarray, rate_hz: int, full_scale_dba: float = DEFAULT_FULL_SCALE_DBA) -> Levels:
    """Measure everything that `calando meter` says about mono samples (int16, or floats with 1.0 as full scale)."""
    powers_a, powers_c = frame_powers(samples, rate_hz)
    slow = decibels(time_weighted(powers_a, SLOW_S), full_scale_dba)
    fast = decibels(time_weighted(powers_a, FAST_S)[::10], full_scale_dba)
    slow_c = decibels(time_weighted(powers_c, SLOW_S), full_scale_dba)

    def known(level) -> float | None:
        return round(float(level), 2) if np.isfinite(level) else None

    def exceeded(levels, percent):
        return known(np.quantile(levels, 1 - percent / 100, method="lower")) if len(levels) else None

    if not len(samples):
        raise CalandoError("there is no sound in the file: it has no samples")
    peak, rise = true_peak(samples), rise_rate(powers_a, full_scale_dba)
    return Levels(
        seconds=round(len(samples) / rate_hz, 3),
        full_scale_dba=full_scale_dba,
        laeq_dba=known(decibels(powers_a.mean(), full_scale_dba)),
        las_max_dba=known(slow.max()),
        lcs_max_dbc=known(slow_c.max()),
        laf10_dba=exceeded(fast, 10),
        laf90_dba=exceeded(fast, 90),
        l50_dba=exceeded(slow[::10], 50),
        true_peak_dbfs=None if peak is None else round(peak, 2),
        rise_rate_db_per_s=None if rise is None else round(rise, 2),
    )


def write_wav(path: Path, samples: np.ndarray, rate_hz: int) -> None:
    """Write mono 16-bit PCM, replacing the file in one step. Raises CalandoError."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(np.asarray(samples, dtype="<i2").tobytes())
    write_files({path: made.getvalue()})


def meter(sound: Path, full_scale_dba: float | None = None) -> Levels:
    """Return the levels of a sound file. full_scale_dba: level at the ear of a full-scale 1 kHz tone; None is the
    board's. Raises CalandoError.
    """
    from host_tools.sound import decode

    samples, rate = decode.read(sound, LONGEST_S, LARGEST_FILE)
    return measure(samples, rate, DEFAULT_FULL_SCALE_DBA if full_scale_dba is None else full_scale_dba)
