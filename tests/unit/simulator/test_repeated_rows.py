"""Rows that stand twice under stamps of their own stretch the time between them: refused, unless their time is right."""

import re

import numpy as np
import pytest
from pulse_signals import pulse

from host_tools.play import vitals_run
from simulator.recordings import recording_file
from simulator.recordings.even_light import LightRecordingError

SECONDS = 30


@pytest.fixture
def file(tmp_path):
    def write(samples, step_s=0.01, header="time_s,ir,red", stamps=None):
        path = tmp_path / "log.csv"
        times = np.arange(len(samples)) * step_s if stamps is None else stamps
        lines = [f"{t:.4f},{ir},{red}" for t, (ir, red) in zip(times, samples.tolist(), strict=True)]
        if header == "ir,red":
            lines = [line.split(",", 1)[1] for line in lines]
        path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
        return path

    return write


def made(rate_bpm=150, **options):
    return pulse(rate_bpm, SECONDS, **options).samples


def shown(path, population="newborn", **options):
    readings = vitals_run.read(path, population, **options)
    rates = [row["pulse_rate_bpm"] for row in readings.rows[10:]]
    return [rate for rate in rates if rate is not None], readings.notes


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.05, 0.15, 0.3, 0.6])
@pytest.mark.parametrize("header", ["time_s,ir,red", "ir,red"])
def test_rows_doubled_here_and_there_and_numbered_anew_are_refused(file, seed, share, header):
    samples = made(seed=seed)
    twice = np.repeat(samples, 1 + (np.random.default_rng(seed).random(len(samples)) < share), axis=0)
    with pytest.raises(
        LightRecordingError, match=r"rows repeat the one before, and nobody can tell"
    ) as caught:
        recording_file.read(file(twice, header=header), 100 if header == "ir,red" else None)
    told = int(re.search(r"(\d+) of its", str(caught.value)).group(1))
    assert told == pytest.approx(len(twice) - len(samples), abs=10)  # noise makes a few rows alike


@pytest.mark.parametrize("from_s, until_s", [(15, 30), (0, 12), (10, 20)])
def test_rows_each_doubled_for_a_while_and_numbered_anew_are_refused(file, from_s, until_s):
    """Evenly, as a logger does that asks twice: but from some second on, or until one."""
    samples = made()
    at_s = np.arange(len(samples)) / 100
    twice = np.repeat(samples, 1 + ((at_s >= from_s) & (at_s < until_s)), axis=0)
    with pytest.raises(LightRecordingError, match="nobody can tell"):
        recording_file.read(file(twice), None)


@pytest.mark.parametrize("asked_hz", [130, 250, 400])
def test_a_logger_that_asks_more_often_than_the_sensor_measures_is_right_in_time(file, asked_hz):
    samples = made()
    at = np.arange(int(SECONDS * asked_hz * 0.99)) * 100 // asked_hz
    rates, notes = shown(file(samples[at], 1 / asked_hz))
    assert rates == pytest.approx([150] * len(rates), abs=3)
    assert len(rates) > SECONDS - 14
    assert not any("repeat" in note for note in notes)


def test_a_gap_makes_no_other_sensor_of_it(file):
    samples = made()
    stamps = np.arange(0, SECONDS - 0.1, 1 / 250)
    stamps = stamps[(stamps < 11) | (stamps >= 13)]
    rates, _ = shown(file(samples[(stamps * 100).astype(int)], stamps=stamps))
    assert rates == pytest.approx([150] * len(rates), abs=3)


def test_a_logger_that_asks_unevenly_is_right_in_time_where_it_stamps_each_row(file):
    samples = made()
    stamps = np.cumsum(np.random.default_rng(2).uniform(0.004, 0.008, 4900))
    stamps = stamps[stamps < SECONDS - 0.1]
    rates, _ = shown(file(samples[(stamps * 100).astype(int)], stamps=stamps))
    assert rates == pytest.approx([150] * len(rates), abs=3)


@pytest.mark.parametrize("seed", range(3))
def test_the_last_light_in_a_lost_ones_place_is_left_out_and_told(file, seed):
    samples = made(seed=seed)
    lost = np.random.default_rng(seed).random(len(samples)) < 0.2
    lost[1:] &= ~lost[:-1]
    lost[0] = False
    held = np.where(lost[:, None], np.roll(samples, 1, axis=0), samples)
    rates, notes = shown(file(held))
    assert rates == pytest.approx([150] * len(rates), abs=3)
    told = re.match(
        r"(\d+) rows that repeat the one before, where a sample was lost, were left out", notes[0]
    )
    assert int(told.group(1)) == pytest.approx(lost.sum(), abs=10)


def test_light_that_is_alike_by_chance_or_stands_still_is_no_repeat(file):
    flat = made()
    flat[1000:1400] = flat[1000]
    coarse = made(noise_counts=0) // 16 * 16  # the same value for several rows between the pulses
    for samples in (made(noise_counts=1), flat, coarse):
        assert not recording_file.read(file(samples)).notes
