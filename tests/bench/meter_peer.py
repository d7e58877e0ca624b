"""Our sound level meter beside another implementation, on the same samples: the table of docs/sound.md.

    uv run --python 3.13 --with phonometry==3.3.0 python tests/bench/meter_peer.py [audio.wav ...]

phonometry needs Python 3.13, the project does not: so it is no dependency, and this is run once, by hand.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from host_tools.sound import decode, meter

RATE_HZ = 16000
TONES_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 6300)
BURSTS_MS = (1000, 200, 50, 10)
AMPLITUDE = 0.1


def levels_of(weight: Callable, slow: Callable, samples: np.ndarray) -> tuple[float, float, float]:
    """LAeq, LAS max, LCS max against a full-scale sine, by the other implementation."""

    def db(power: float) -> float:
        return 10 * float(np.log10(2 * power))

    a, c = weight(samples, RATE_HZ, curve="A"), weight(samples, RATE_HZ, curve="C")
    return (
        db(np.square(a).mean()),
        db(slow(a, RATE_HZ, mode="slow").max()),
        db(slow(c, RATE_HZ, mode="slow").max()),
    )


def pink(seconds: float) -> np.ndarray:
    """Noise with the same power in every octave, 20 Hz to 7.2 kHz."""
    count = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=count))
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[1:] /= np.sqrt(frequency[1:])
    spectrum[(frequency < 20) | (frequency > 7200)] = 0
    samples = np.fft.irfft(spectrum, count)
    return AMPLITUDE * samples / samples.std()


def signals() -> list[tuple[str, np.ndarray]]:
    def tone(frequency_hz: float, seconds: float) -> np.ndarray:
        return AMPLITUDE * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)

    found = [(f"{frequency} Hz", tone(frequency, 10)) for frequency in TONES_HZ]
    found.append(("pink noise", pink(30)))
    for milliseconds in BURSTS_MS:
        samples = np.zeros(6 * RATE_HZ)
        burst = tone(4000, milliseconds / 1000)
        samples[RATE_HZ : RATE_HZ + len(burst)] = burst
        found.append((f"4 kHz burst of {milliseconds} ms", samples))
    for path in sys.argv[1:]:
        samples, rate_hz = decode.read(Path(path), meter.LONGEST_S, meter.LARGEST_FILE)
        if rate_hz != RATE_HZ:
            raise SystemExit(f"{path} has {rate_hz} samples a second; {RATE_HZ} are compared here")
        found.append((Path(path).parent.name or path, samples))
    return found


def main() -> None:
    phonometry = import_module("phonometry")
    versions = [
        f"{module} {import_module(module).__version__}" for module in ("phonometry", "numpy", "scipy")
    ]
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}, {RATE_HZ} Hz")
    worst = 0.0
    print("\n| signal | LAeq | LAS max | LCS max |\n|---|---|---|---|")
    for name, samples in signals():
        ours = meter.measure(samples, RATE_HZ, full_scale_dba=0.0)
        theirs = levels_of(phonometry.weighting_filter, phonometry.time_weighting, samples)
        cells = []
        for mine, other in zip((ours.laeq_dba, ours.las_max_dba, ours.lcs_max_dbc), theirs, strict=True):
            assert mine is not None
            worst = max(worst, abs(mine - other))
            cells.append(f"{mine:.2f} ({mine - other:+.2f})")
        print(f"| {name} | {' | '.join(cells)} |")
    print(
        f"\nOurs in dB against a full-scale sine, and in brackets how much it differs; at most {worst:.2f} dB."
    )


if __name__ == "__main__":
    main()
