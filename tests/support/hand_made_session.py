"""A session made by hand, for the tests of what is written about one: no device, no simulator, known numbers.

Pulse 150 and steady; music at 75 from 70 s, down by 8 % between 190 s and 490 s; sensor off at 300 s for
20 s; end at 600 s. The sound is a 400 Hz tone of constant height while there is music.
"""

import numpy as np

from simulator import scenario
from simulator.bedside import Result
from simulator.breath_row import NO_BREATH

RATE_HZ = 16_000
LENGTH_S = 600
PHASES = [(5, "idle"), (70, "baseline"), (190, "match"), (500, "lead"), (570, "sustain"), (600, "fade")]


def phase_at(t_s):
    return next((name for until_s, name in PHASES if t_s < until_s), "idle")


def rows():
    made = []
    for second in range(1, LENGTH_S + 1):
        phase, off = phase_at(second), 300 <= second < 320
        known = phase != "idle" and not off
        melody = phase not in ("idle", "baseline")
        tempo = 75.0 * (1 - 0.08 * min(max(second - 190, 0) / 300, 1)) if melody else None
        made.append({
            "time_s": float(second),
            "phase": phase,
            "pulse_rate_bpm": 150.0 if known else None,
            "spo2_percent": 96.0 if known else None,
            "perfusion_index_percent": 1.0 if known else None,
            "quality": 95 if known else 0,
            "contact": 0 if off else 1,
            "tempo_bpm": tempo,
            "target_tempo_bpm": 69.0 if melody else None,
            "level_dba": 48.0 if melody else 0.0,
            "true_pulse_rate_bpm": 151.0,
            "true_spo2_percent": 96.0,
            **NO_BREATH,
            "true_breathing_rate_bpm": 45.0,
            "reason": None,
        })  # fmt: skip
    return made


def events(end="faded", reason="time_up"):
    return [
        {"time_s": 0.1, "kind": "device_boot", "detail": {"reason": None, "value": 1}},
        {"time_s": 5.0, "kind": "press", "detail": {}},
        {"time_s": 70.2, "kind": "device_phase", "detail": {"reason": None, "phase": "match"}},
        {"time_s": 300.0, "kind": "sensor_off", "detail": {"for_s": 20.0}},
        {"time_s": 570.0, "kind": "device_end", "detail": {"reason": reason, "end": end}},
    ]


def sound():
    """48 dB(A) and a little less for the A-weighting at 400 Hz, from 70 s to 600 s."""
    t = np.arange(LENGTH_S * RATE_HZ)
    pcm = np.zeros(len(t), np.int16)
    start = 70 * RATE_HZ
    tone = np.rint(32767 * 10 ** (-26 / 20) * np.sin(2 * np.pi * 400 / RATE_HZ * t[: RATE_HZ * 10]))
    pcm[start:] = np.tile(tone.astype(np.int16), LENGTH_S // 10)[: len(pcm) - start]
    return pcm


def result(end="faded", reason="time_up", seed=1, silent=False, expect=None):
    """A Result as simulator.play.run gives it, of a scenario with this `[expect]`."""
    values = {
        "title": "a session made by hand",
        "duration_s": LENGTH_S,
        "event": [{"at_s": 5, "do": "press"}],
    }
    played = scenario.from_values(values | {"expect": expect or {}})
    summary = {
        "title": played.title,
        "seed": seed,
        "runtime": "cpython",
        "duration_s": played.duration_s,
        "end": end,
        "reason": reason,
        "underruns": 0,
        "heap": {},
        "versions": {"calando": "0.1.0", "micropython": None},
        "wall_s": 1.0,
    }
    pcm = np.zeros(LENGTH_S * RATE_HZ, np.int16) if silent else sound()
    return Result(played, "cpython", seed, pcm, rows(), events(end, reason), summary)
