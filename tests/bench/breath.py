"""Odd beats, variability and breath beside neurokit2's and systole's, judged by the truth: into docs/breath-benchmark.md.

Ours runs under MicroPython and never looks ahead; the peers see each whole recording at once, and are given the beats that
ours found. systole asks for libraries that the others do not bear: name a Python that has it in CALANDO_SYSTOLE_PYTHON,
else its column is empty. Recordings with a respiration reference come from CALANDO_RECORDINGS.
"""

import json
import os
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import breath_score  # noqa: E402
from varying_pulse import varying_pulse  # noqa: E402

from host_tools.play import vitals_run  # noqa: E402

DOCUMENT = ROOT / "docs" / "breath-benchmark.md"
SECONDS = 180
RHYTHMS = {
    "no odd beat": {},
    "2 % early beats": {"early": 0.02},
    "4 % early beats, 105 a minute": {"early": 0.04, "rate_bpm": 105},
    "12 % early beats": {"early": 0.12},
    "fibrillation": {"fibrillation": 0.2},
    "breath 6 a minute, swing 8 %": {"breaths_per_minute": 6, "in_pulse": 0.08},
    "breath 4.5 a minute, swing 8 %": {"breaths_per_minute": 4.5, "in_pulse": 0.08},
    "weak light, 0.15 %": {"perfusion_percent": 0.15},
}
BREATHS = (4.5, 6, 9, 12, 16, 20, 26)
SYSTOLE = """
import json, sys
import numpy as np
from systole.correction import correct_rr
from systole.detection import rr_artefacts
answers = []
for rr in json.load(sys.stdin):
    rr = np.array(rr)
    found = rr_artefacts(rr)
    odd = sum(int(found[name].sum()) for name in ("ectopic", "missed", "extra", "short", "long"))
    clean = correct_rr(rr)[0]
    answers.append([odd, float(np.sqrt(np.mean(np.diff(clean) ** 2)))])
import systole
print(json.dumps([systole.__version__, answers]))
"""


# ruff: noqa: E501
HEAD = """# Odd beats, variability and breath beside their peers

Written by `python tests/bench/breath.py` (of `make bench`). Do not edit it by hand.

neurokit2 {neurokit2} and systole {systole} see the whole recording at once and are given the beats that ours found; ours runs
beat by beat under MicroPython. Made light, 180 s. RMSSD in ms of the last 60 s (the peers': of all 180); in brackets the odd
beats that each found (ours: their share of the last 60 s).

| made light | early beats | RMSSD of the normal beats | ours | neurokit2, Kubios | systole |
|---|---|---|---|---|---|
RHYTHMS

Where they differ, judged by the truth:

- **Single early beats.** neurokit2 puts the odd beat where it might have been and counts the intervals on both sides of it; a
  guess is never as regular as the patient. systole draws both intervals of an early beat anew from their neighbours (so it
  counts two for one) and comes near. Ours leaves the odd intervals out and counts only steps between normal ones.
- **Many odd beats.** Their threshold is 5.2 times the quartile deviation of the differences: where many are odd it lets them
  pass, and a number of hundreds is given. Ours caps it at a sixth of the interval, and says unknown above 5 %.
- **Fibrillation.** No interval is odd among others as odd: the peers find few, and give a number. Ours asks how many
  steps are large and turn against the one before, and says unknown.

Breath, made light (80 a minute, swing 4 %): ours second by second from height, interval and level; neurokit2's `ecg_rsp` (van
Gent 2019) from the pulse rate of the whole recording. Its filter begins at 6 a minute: of a pure sine of
4.5 it reads 4.5, of this pulse, which jitters from beat to beat, it does not.

| truth, a minute | ours, median | shown, % of seconds | right, % of shown | neurokit2 |
|---|---|---|---|---|
BREATHS

Over many adults, each of another rate (72 to 110 a minute), perfusion (0.15 to 2 %) and light, `python tests/checks/breath.py`:

| what | asked for | found |
|---|---|---|
| RMSSD with up to 5 % early beats, within 10 % or 5 ms | 95 % of the seconds shown | 100.0 % of them; shown in 82 % |
| an irregular rhythm: variability and swing unknown | within 60 s | 37 s at the latest |
| breath of 4 to 30 a minute in interval, height and level, each 3 % and more: shown | 90 % of the seconds | 97.9 % |
| the same, within 0.3 a minute or 5 % | 95 % of the seconds shown | 100.0 % |
| breath in the interval alone; in the height alone; in the level alone: shown | 90 % | 96.1, 91.0 and 93.8 % |
| the same, right | 95 % | 100.0 % of each |
| the start of 350 sessions (`sessions --runs 350 --seed 7`): 50 to 110 a minute, any depth, in half of them slow waves of 4.5 to 8 a minute that swing the pulse up to as far as the breath does: known breaths wrong by more than 5 % | none | **6 of 226**, all beside waves of half its swing and more, within 3.1 a minute of it; the worst 6.0 of 9.1 |

Real recordings with a respiration reference. Where the breath is weak in the pulse (rest5) ours shows next to nothing, 2 % of the
seconds, and those are wrong: 6 a minute, the rate of slow waves of the pressure of the blood, which swing the pulse there and breathe
with nobody. The peer always gives a number.

| recording | reference, a minute | ours, median error | shown, % | neurokit2, error of its median |
|---|---|---|---|---|
RECORDINGS
"""


def neurokit_beats(beats_s: np.ndarray) -> tuple[int, float]:
    """Return how many intervals neurokit2's "kubios" cleaning found odd, and the RMSSD of what it leaves, ms."""
    import neurokit2

    peaks = np.rint(beats_s * 1000).astype(int)
    found, clean = neurokit2.signal_fixpeaks(peaks, sampling_rate=1000, iterative=True, method="Kubios")
    odd = sum(len(found[name]) for name in ("ectopic", "missed", "extra", "longshort"))
    return odd, float(np.sqrt(np.mean(np.diff(np.diff(clean)) ** 2)))


def neurokit_breath(beats_s: np.ndarray) -> float:
    """Return breaths a minute by neurokit2 from the pulse rate alone: ecg_rsp, then the median of rsp_rate."""
    import neurokit2

    rate = neurokit2.signal_rate(
        np.rint(beats_s * 100).astype(int), sampling_rate=100, desired_length=int(beats_s[-1] * 100) + 3
    )
    wave = neurokit2.ecg_rsp(rate, sampling_rate=100, method="vangent2019")
    troughs = neurokit2.rsp_peaks(neurokit2.rsp_clean(wave, sampling_rate=100), sampling_rate=100)[1]
    return float(np.median(60 / np.diff(np.array(troughs["RSP_Peaks"]) / 100)))


def systole_beats(beats: list[np.ndarray]) -> tuple[str, list[tuple[int, float] | None]]:
    """Return systole's version, and of each list of beats what neurokit_beats does; None where there is no systole."""
    python = os.environ.get("CALANDO_SYSTOLE_PYTHON")
    if not python:
        return "not asked", [None] * len(beats)
    intervals = [np.diff(one * 1000).tolist() for one in beats]
    done = subprocess.run(
        [python, "-c", SYSTOLE], input=json.dumps(intervals), capture_output=True, text=True, check=True
    )
    named, answers = json.loads(done.stdout.splitlines()[-1])
    return named, [tuple(one) for one in answers]


def rhythm_rows() -> tuple[str, list[str]]:
    found = []
    for name, how in RHYTHMS.items():
        made = varying_pulse(seconds=SECONDS, jitter=0.01, seed=11, **how)
        readings = vitals_run.play(made.samples, "adult")
        last = readings.rows[-1]
        odd = int((~made.normal[made.tops_s <= SECONDS]).sum()) // 2  # an early beat and its pause
        found.append((name, made, readings, last, odd))
    named, systole = systole_beats([np.array(readings.beats_s) for _, _, readings, _, _ in found])
    lines = []
    for (name, made, readings, last, odd), theirs in zip(found, systole, strict=True):
        truth = "no such thing" if "fibrillation" in name else f"{made.rmssd_ms(SECONDS - 2):.1f}"
        ours = "unknown" if last["pulse_variability_ms"] is None else f"{last['pulse_variability_ms']:.1f}"
        corrected = (
            "unknown" if last["beats_corrected_percent"] is None else f"{last['beats_corrected_percent']:.1f}"
        )
        kubios_odd, kubios = neurokit_beats(np.array(readings.beats_s))
        other = "–" if theirs is None else f"{theirs[1]:.1f} ({theirs[0]})"
        lines.append(
            f"| {name} | {odd} | {truth} | {ours} ({corrected} %) | {kubios:.1f} ({kubios_odd}) | {other} |"
        )
    return named, lines


def breath_rows() -> list[str]:
    lines = []
    for breaths in BREATHS:
        made = varying_pulse(
            rate_bpm=80, seconds=SECONDS, breaths_per_minute=breaths, in_pulse=0.04, jitter=0.005, seed=12
        )
        readings = vitals_run.play(made.samples, "adult")
        known = [r["breathing_rate_bpm"] for r in readings.rows[60:] if r["breathing_rate_bpm"] is not None]
        peer = neurokit_breath(np.array(readings.beats_s))
        shown = 100 * len(known) / (SECONDS - 60)
        right = np.mean(np.abs(np.array(known) - breaths) <= max(0.3, 0.05 * breaths)) * 100
        lines.append(f"| {breaths:g} | {np.median(known):.2f} | {shown:.0f} | {right:.0f} | {peer:.2f} |")
    return lines


def recording_rows() -> list[str]:
    lines = []
    for light, breaths in breath_score.recordings():
        readings = vitals_run.read(light, "adult")
        errors, known = breath_score.errors(readings.rows, breaths)
        true = 60 / np.median(np.diff(breaths))
        peer = neurokit_breath(np.array(readings.beats_s))
        error = f"{np.median(errors):.2f}" if errors else "–"
        lines.append(
            f"| {light.stem} | {true:.1f} | {error} | {100 * len(errors) / max(known, 1):.0f} | {abs(peer - true):.2f} |"
        )
    return lines


def main() -> None:
    warnings.simplefilter("ignore")  # the peers' own
    named, rhythms = rhythm_rows()
    text = HEAD.format(neurokit2=version("neurokit2"), systole=named)
    text = text.replace("RHYTHMS", "\n".join(rhythms)).replace("BREATHS", "\n".join(breath_rows()))
    text = text.replace("RECORDINGS", "\n".join(recording_rows()))
    DOCUMENT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
