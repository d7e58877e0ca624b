"""A made-up voice and a made-up heartbeat, for the tests of recordings: no person ever sounded like that."""

import binascii

import numpy as np
from scipy.signal import fftconvolve, lfilter

import host_tools  # noqa: F401  (makes viper code run here)
from firmware.sound import adpcm

RATE_HZ = 8000
FORMANTS = (
    ((700, 90), (1150, 110), (2600, 170)),
    ((350, 70), (2000, 130), (2700, 180)),
    ((420, 80), (850, 90), (2400, 170)),
)


def voice(seconds=10.0, rate_hz=RATE_HZ, seed=1):
    """Somebody singing vowels on a few notes, with vibrato, breaths and a little room noise; floats within 1."""
    random = np.random.default_rng(seed)
    count = round(seconds * rate_hz)
    t = np.arange(count) / rate_hz
    notes = np.array([220.0, 246.9, 261.6, 246.9, 220.0, 196.0])
    pitch = notes[(t / 0.6).astype(int) % 6] * (1 + 0.012 * np.sin(2 * np.pi * 5.3 * t))
    phase = np.cumsum(pitch) / rate_hz
    pulse = np.diff(np.floor(phase), prepend=0.0)
    source = lfilter([1], [1, -0.94], pulse - pulse.mean()) + 0.003 * random.normal(size=count)
    out = np.zeros(count)
    for number, formants in enumerate(FORMANTS):
        here = source
        for frequency, width in formants:
            radius = np.exp(-np.pi * width / rate_hz)
            here = lfilter(
                [1 - radius], [1, -2 * radius * np.cos(2 * np.pi * frequency / rate_hz), radius**2], here
            )
        turn = (t / 0.6).astype(int) % 3 == number
        out += np.asarray(here) * np.asarray(
            fftconvolve(turn, np.hanning(rate_hz // 20) / (rate_hz / 40), "same")
        )
    breath = np.clip(np.minimum((t % 3.6) / 0.08, (3.3 - t % 3.6) / 0.15), 0, 1)
    out = out / np.abs(out).max() * (0.55 + 0.25 * np.sin(2 * np.pi * t / 7)) * breath
    return out + 2e-4 * random.normal(size=count)


def heartbeat(seconds=8.0, rate_hz=RATE_HZ, rate_bpm=72.0, seed=1):
    """First and second heart sound as a chest microphone hears them; floats within 1."""
    random = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    out = np.zeros(len(t))
    period = 60 / rate_bpm
    for beat in np.arange(0.2, seconds - 0.4, period):
        for at, frequency, length, strength in ((beat, 58, 0.05, 0.7), (beat + 0.3, 82, 0.035, 0.45)):
            x = (t - at) / length
            out += (
                strength
                * (1 + 0.05 * random.normal())
                * np.exp(-0.5 * x * x)
                * np.sin(2 * np.pi * frequency * (t - at))
            )
    return out + 1e-3 * random.normal(size=len(t))


def of_codes(kind, samples, code, loudness_cdb=2200):
    """A valid file with any four-bit codes in it: code(number of the byte) is a byte. Integers only: the same
    everywhere, and not a sound that anybody would record.
    """
    head = adpcm.header(kind, samples, loudness_cdb)
    parts = [head]
    for number in range(-(-samples // adpcm.BLOCK_SAMPLES)):
        body = bytes((0, 128, 60)) + bytes(code(251 * number + at) for at in range(251))
        crc = binascii.crc_hqx(body, int.from_bytes(head[12:14], "little") ^ (number + 1))
        parts.append(crc.to_bytes(2, "little") + body)
    return b"".join(parts)


def scrambled(kind, samples, seed=1):
    """`of_codes` with a noise for codes."""
    return of_codes(kind, samples, lambda at: (at * 40503 + seed * 977) * 69069 >> 13 & 255)
