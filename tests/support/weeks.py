"""A device that lives for weeks under MicroPython, and the sessions that somebody presses for meanwhile."""

import json
from pathlib import Path

from sim_parts import SIM, from_text

from firmware import board
from simulator.bedside import Bedside
from simulator.patient import LightSource
from simulator.runtimes import micropython
from simulator.sound import Sound

WRAP_S = (1 << 30) / 1000  # of the chip's ticks: 12.4 days
_LONG_S, _SHORT_S = 110, 20  # shorter than what opens a pause, so that the next press is not refused
_APART_S = 60
_KEPT_S = 150.0


class Patients(LightSource):
    """A new patient for each session: one would have to be counted beat by beat through all the weeks between."""

    def __init__(self, scenario, begins_s):
        self._scenario = scenario
        self._begin_s = [begin_s - 30 for begin_s in begins_s]
        self._now_s = -1
        self._patient = scenario.make_patient(0)

    def _at(self, t_s):
        begun = max((begin_s for begin_s in self._begin_s if begin_s <= t_s), default=0)
        if begun != self._now_s:
            self._now_s = begun
            self._patient = self._scenario.make_patient(len(self._begin_s))
        return self._patient

    def photocurrent(self, start_us, period_us, count):
        patient = self._at(start_us / 1e6)
        return patient.photocurrent(start_us - self._now_s * 1_000_000, period_us, count)

    def hear(self, t_s, tempo_bpm):
        self._at(t_s).hear(t_s - self._now_s, tempo_bpm)

    def true_pulse_rate_bpm(self, t_s):
        return self._at(t_s).true_pulse_rate_bpm(t_s - self._now_s)

    def true_spo2_percent(self, t_s):
        return self._at(t_s).true_spo2_percent(t_s - self._now_s)

    def skin_temperature_c(self, t_s):
        return self._at(t_s).skin_temperature_c(t_s - self._now_s)

    def _tissue(self, time_us):
        raise AssertionError("each of the patients has its own")


def sessions(wraps):
    """Begin and end in seconds of three around each wrap: over before it, playing across it, begun after it."""
    found = [(60, 60 + _SHORT_S)]
    for number in range(1, wraps + 1):
        across_s = int(number * WRAP_S) - _LONG_S + 10
        for begin_s, for_s in (
            (across_s - _APART_S, _SHORT_S),
            (across_s, _LONG_S),
            (across_s + _LONG_S + _APART_S, _SHORT_S),
        ):
            found.append((begin_s, begin_s + for_s))
    return found


def live(sessions_s, hop_s, report: Path):
    """What long_life.py tells of each session, and the events of the bedside. hop_s: seconds left out at a time."""
    scenario = from_text('title = "weeks"\nduration_s = 100\n')
    bench = Bedside(scenario)
    bench.end_us = (sessions_s[-1][1] + 20) * 1_000_000
    bench.sound = Sound(keep_s=_KEPT_S)
    bench._patient = bench._sensor.light = Patients(scenario, [begin_s for begin_s, _ in sessions_s])
    for begin_s, end_s in sessions_s:
        for at_s, for_s in ((begin_s, 0.1), (end_s, 1.5)):
            bench._input(board.PIN_BUTTON, 0, int(at_s * 1e6), int((at_s + for_s) * 1e6))
    micropython.boot(
        bench,
        SIM / "long_life.py",
        str(report),
        str(hop_s),
        *(f"{begin_s}-{end_s}" for begin_s, end_s in sessions_s),
    )
    return [json.loads(line) for line in report.read_text().splitlines()], bench._events
