"""A sound file of a voice or a heartbeat, to the recording that the device plays: behind `calando song record`.

What is cut, filtered or made even is told in plain sentences, with the length, the memory taken and how close the
result comes to what was put in. How it is written is adpcm_encode.py's; what is heard is for people to judge.
"""

from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import butter, correlate, fftconvolve, firwin2, lfilter, resample_poly, sosfiltfilt

from firmware.sound import adpcm, recorded
from firmware.sound.loudness import REFERENCE_CDB
from host_tools.output import refuse_to_replace, write_files
from host_tools.songs.names import song_name
from host_tools.sound import adpcm_encode, decode, judge, meter
from simulator.files import song_file
from simulator.files.errors import CalandoError, choice

RATE_HZ = song_file.RECORDING_RATE_HZ
KINDS = {"voice": adpcm.VOICE, "heartbeat": adpcm.HEARTBEAT}
DEVICE_BYTES = 1_441_792  # of a Pico's flash, for files; docs/sound.md
LOUD = 0.5  # nothing is cut off below
CLIPPED_SHARE = 1e-3  # of the time at full scale
VOICED_SHARE = 0.15  # of the time in which something sounds
LOUDNESS_DB = -22.0  # against a full-scale sine; peaks at most at PEAK
PEAK = 0.89
EVEN_WINDOW_S = 0.4
MOST_EVENED_DB = 6.0
FRAME = 80  # samples: 10 ms
KEPT_BEFORE_S, KEPT_AFTER_S = 0.15, 0.3
FADE_S = {"voice": 0.05, "heartbeat": 0.02}
# Over 2.8 kHz the device's half-band filter would leave mirror images less than 30 dB down.
BAND_HZ = {"voice": (80, 2800), "heartbeat": (35, 500)}
# A heart's sounds are low: its level must not be sought by letting the bass grow. C may be so far above A.
C_OVER_A_DB = 10.0
PEAK_OVER_A_DB = (
    13.0  # as a sine's; more would press the newborn's ceiling, and everything would be turned down
)
HEART_PERIOD_S = (0.3, 1.5)
LEAST_LIKENESS = 0.35  # of the envelope with itself a beat later


@dataclass
class ReadyRecording:
    """A file ready for the device, and what somebody should know before it is used."""

    kind: str
    data: bytes
    seconds: float
    snr_dba: float  # of what is decoded against what was encoded, both A-weighted
    told: list[str]


def record(path: Path, kind: str, anyway: bool = False) -> ReadyRecording:
    """Read a sound file and make it ready; `anyway` takes a voice with a monitor's tones or loud noise around it.

    CalandoError for one that cannot be used.
    """
    samples, rate = decode.read(path)
    return make(samples, rate, kind, str(path), anyway)


def make(samples: np.ndarray, rate_hz: int, kind: str, name: str, anyway: bool = False) -> ReadyRecording:
    """Return the same from samples (floats, mono); `name` is what to call them in sentences."""
    told: list[str] = []
    highest = judge.highest(samples, name)
    _refuse_clipped(samples, highest, name)
    if highest < judge.QUIET:
        told.append(f"it is quiet, and was raised by {-20 * np.log10(highest):.0f} dB")
        samples = samples / highest
    if rate_hz != RATE_HZ:
        shared = gcd(rate_hz, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // shared, rate_hz // shared)
        told.append(f"it was brought from {rate_hz} to {RATE_HZ} samples a second")
    low, high = BAND_HZ[kind]
    if len(samples) < RATE_HZ // 4:
        raise CalandoError(f"{name} lasts less than a quarter of a second; record it again")
    samples = sosfiltfilt(butter(6, low, "highpass", fs=RATE_HZ, output="sos"), samples)
    if kind == "voice":
        samples = np.asarray(fftconvolve(samples, _emphasis(high), "same"))
    else:
        samples = sosfiltfilt(butter(6, high, "lowpass", fs=RATE_HZ, output="sos"), samples)
    told.append(f"what lies under {low} Hz and over {high} Hz was taken away")
    samples = _one_cycle(samples, name, told) if kind == "heartbeat" else _voice(samples, name, told, anyway)
    samples, loudness_cdb = _set_loudness(samples, kind, told)
    data = adpcm_encode.encode(samples, KINDS[kind], loudness_cdb)
    return ReadyRecording(kind, data, len(samples) / RATE_HZ, _snr_dba(samples, data), told)


def _emphasis(high_hz: float) -> np.ndarray:
    """Taps that make up for the device's mean of two neighbours, and let nothing through that lies higher."""
    frequency = np.linspace(0, RATE_HZ / 2, 513)
    gain = np.where(frequency <= high_hz, 1 / np.cos(np.pi * np.minimum(frequency, high_hz) / RATE_HZ), 0.0)
    return np.asarray(firwin2(127, frequency, gain, fs=RATE_HZ))


def _refuse_clipped(samples: np.ndarray, highest: float, name: str) -> None:
    """Flat tops: several samples in a row at the very highest, again and again."""
    if highest < LOUD:
        return  # the few steps of a soft recording, or of eight bits, are flat too
    top = np.abs(samples) >= 0.999 * highest
    flat = top[2:] & top[1:-1] & top[:-2]
    if flat.mean() > CLIPPED_SHARE:
        raise CalandoError(
            f"{name} is clipped for {100 * flat.mean():.1f} % of its time: it was recorded too loud; "
            "turn the microphone down or move away from it, and record it again"
        )


def _frames_db(samples: np.ndarray) -> np.ndarray:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)


def _voice(samples: np.ndarray, name: str, told: list[str], anyway: bool) -> np.ndarray:
    """Trimmed, checked to be a voice, and evened out."""
    level = _frames_db(samples)
    heard = np.flatnonzero(level > level.max() - 35)
    start = max(0, heard[0] * FRAME - round(KEPT_BEFORE_S * RATE_HZ))
    end = min(len(samples), (heard[-1] + 1) * FRAME + round(KEPT_AFTER_S * RATE_HZ))
    cut_s = (len(samples) - (end - start)) / RATE_HZ
    samples = samples[start:end]
    if cut_s > 0.1:
        told.append(f"{cut_s:.1f} s of silence were cut off its ends")
    seconds, shortest, longest = (
        count / RATE_HZ for count in (len(samples), adpcm.SHORTEST_VOICE, adpcm.LONGEST_VOICE)
    )
    if not shortest <= seconds <= longest:
        raise CalandoError(
            f"{name} holds {seconds:.1f} s of sound; a voice has {shortest:.0f} to {longest:.0f} s: "
            f"{'cut it' if seconds > longest else 'record more'}"
        )
    from host_tools.sound import pitch  # librosa takes a second to load

    height, loud = pitch.track(samples, RATE_HZ)
    sounding = loud > loud.max() - 30
    if np.isfinite(height[sounding]).mean() < VOICED_SHARE:
        raise CalandoError(
            f"in {name} no single voice could be heard: record one person, close to the microphone, "
            "without music or noise"
        )
    for problem in judge.problems(samples, RATE_HZ, np.isfinite(height), loud):
        if not anyway:
            raise CalandoError(f"{name}: {problem}; record it again without, or give --anyway")
        told.append(problem)
    return _evened(samples, told)


def _smoothed(values: np.ndarray, window: int) -> np.ndarray:
    taps = np.hanning(window)
    smooth = np.asarray(fftconvolve(values, taps / taps.sum(), "same"))
    return np.clip(smooth, values.min(), values.max())  # its own rounding goes below nothing


def _evened(samples: np.ndarray, told: list[str]) -> np.ndarray:
    """Half of the slow rises and falls of the level taken away; pauses stay as they are."""
    window = round(EVEN_WINDOW_S * RATE_HZ)
    level = 10 * np.log10(_smoothed(np.square(samples), window) + 1e-12)
    mean = 10 * np.log10(np.square(samples).mean())
    there = level > mean - 12
    change = np.interp(
        np.arange(len(samples)), np.flatnonzero(there), np.clip(mean - level[there], -12, 12) / 2
    )
    change = np.clip(change, -MOST_EVENED_DB, MOST_EVENED_DB)
    change = _smoothed(np.pad(change, 2 * window, "edge"), 2 * window)[2 * window : -2 * window]
    most = float(np.abs(change).max())
    if most >= 1:
        told.append(f"its loud and soft places were brought nearer to each other, by {most:.0f} dB at most")
    return samples * 10 ** (change / 20)


def _one_cycle(samples: np.ndarray, name: str, told: list[str]) -> np.ndarray:
    """One cycle of a heartbeat, from the quiet before its first sound."""
    shortest, longest = adpcm.SHORTEST_HEARTBEAT, adpcm.LONGEST_HEARTBEAT
    envelope = np.sqrt(_smoothed(np.square(samples), RATE_HZ // 12))
    if len(samples) <= longest:
        if len(samples) < shortest:
            raise CalandoError(
                f"{name} is shorter than a cycle of a heartbeat, {shortest / RATE_HZ} s: record more"
            )
        told.append("it is no longer than one cycle, and was taken for one")
        return samples
    flat = envelope - envelope.mean()
    likeness = correlate(flat, flat, "full", method="fft")[len(flat) - 1 :]
    likeness = likeness / likeness[0] * len(flat) / np.arange(len(flat), 0, -1)
    low, high = (round(bound * RATE_HZ) for bound in HEART_PERIOD_S)
    high = min(high, len(flat) * 2 // 3)
    # The first of the peaks that are as high as the highest: two beats later it is like itself again.
    here = likeness[low:high]
    peaks = np.flatnonzero((here[1:-1] >= here[:-2]) & (here[1:-1] > here[2:])) + 1
    peaks = peaks[here[peaks] > max(LEAST_LIKENESS, 0.85 * here.max())]
    if not len(peaks):
        raise CalandoError(
            f"in {name} no heartbeat could be found that repeats every {HEART_PERIOD_S[0]} to {HEART_PERIOD_S[1]} s: "
            "record it in a quiet room, or cut out one cycle yourself"
        )
    period = low + int(peaks[0])
    # Where a cycle is quietest, on the average of all, is where one begins; the cycle most like the others is taken.
    cycles = len(envelope) // period
    folded = envelope[: cycles * period].reshape(cycles, period)
    quiet = np.convolve(np.tile(folded.mean(axis=0), 3), np.ones(period // 8), "same")[period : 2 * period]
    begin = (int(quiet.argmin()) + period // 16) % period
    shifted = envelope[begin:]
    cycles = len(shifted) // period
    folded = shifted[: cycles * period].reshape(cycles, period)
    mean = np.median(folded, axis=0)
    best = int(np.square(folded - mean).sum(axis=1).argmin())
    told.append(
        f"of {len(samples) / RATE_HZ:.0f} s one cycle of {period / RATE_HZ:.2f} s was taken, at "
        f"{(begin + best * period) / RATE_HZ:.1f} s: {60 * RATE_HZ / period:.0f} beats a minute as it was recorded"
    )
    return samples[begin + best * period :][:period]


def _set_loudness(samples: np.ndarray, kind: str, told: list[str]) -> tuple[np.ndarray, int]:
    """Faded, scaled, int16; and how loud the device will find it, in hundredths of a dB below a full-scale sine."""
    fade = round(FADE_S[kind] * RATE_HZ)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    samples = samples.copy()
    samples[:fade] *= ramp
    samples[-fade:] *= ramp[::-1]
    peak = float(np.abs(samples).max())
    loudness = _loudness_db(samples, kind)
    scale = min(10 ** ((LOUDNESS_DB - loudness) / 20), PEAK / peak)
    loudness += 20 * float(np.log10(scale))
    softer = REFERENCE_CDB / 100 - loudness
    if softer > 0.5:
        told.append(f"its peaks stand out so far that it will be {softer:.0f} dB softer than a song")
    loudness_cdb = min(65535, max(0, round(-100 * loudness)))
    return np.round(samples * scale * 32767).astype(np.int16), loudness_cdb


def _loudness_db(samples: np.ndarray, kind: str) -> float:
    """A-weighted, against a full-scale sine: a voice through the device's low-pass at half brightness, its mean; a
    heartbeat's mean at sixty a minute, or its C-weighted one less C_OVER_A_DB, or its peak less PEAK_OVER_A_DB, where
    that is higher.
    """
    heart = kind == "heartbeat"
    share = (recorded.HEART_COEFFICIENT if heart else recorded.voice_coefficient(500)) / 512
    heard = np.asarray(lfilter([share / 2, share / 2], [1, share - 1], samples))
    power_a, power_c = (float(powers.mean()) for powers in meter.frame_powers(heard, RATE_HZ))
    if heart:
        power_a = max(power_a, power_c * 10 ** (-C_OVER_A_DB / 10)) * len(samples) / RATE_HZ
        power_a = max(power_a, float(np.square(heard).max()) / 2 * 10 ** (-PEAK_OVER_A_DB / 10))
    return float(meter.decibels(power_a, 0.0))


def _snr_dba(samples: np.ndarray, data: bytes) -> float:
    error = adpcm_encode.decode(data).astype(float) - samples
    signal, noise = (
        meter.frame_powers(np.convolve(values / 32768, (0.5, 0.5)), RATE_HZ)[0].mean()
        for values in (samples, error)
    )
    return float(10 * np.log10(signal / max(noise, 1e-20)))


def write(
    path: Path, kind: str, out: Path | None = None, anyway: bool = False, overwrite: bool = False
) -> tuple[Path, ReadyRecording]:
    """Write the recording of a sound file to `out` or beside it; return where it is, and what became of it.

    kind: "voice" or "heartbeat"; anyway: take one with a monitor's tones or loud noise in it; overwrite: replace a
    file that is there. Raises CalandoError.
    """
    if kind not in KINDS:
        raise CalandoError(f"there is no kind {kind!r} of recording{choice(kind, list(KINDS))}")
    target = out or path.with_name(song_name(path.stem) + song_file.RECORDING_SUFFIX)
    song_file.refuse_nothing(target.stem, "--out")
    if not target.absolute().parent.is_dir():
        raise CalandoError(f"cannot write {target}: its folder does not exist")
    done = record(path, kind, anyway)
    refuse_to_replace({target: done.data}, overwrite)
    write_files({target: done.data})
    return target, done
