"""Rows that repeat the one before under a time of their own: left out, or refused where nobody can tell the time.

A logger that asks more often than the sensor measures writes each light once or twice, evenly, and its time is right. One
that writes the last light again where a sample was lost leaves the time right too. But where rows were doubled
and numbered afterwards, the time between them is stretched, and every rate that is read from it is too slow.
"""

from pathlib import Path

import numpy as np

from simulator.recordings.even_light import LONGEST_BRIDGE_S, LightRecordingError, Rows, Samples, middle

FEWEST = 0.03  # of the rows: fewer make no rate wrong by more than that
_SPAN = 8  # so many of the converter's steps over three rows: where light moves so, no two rows are alike by chance
_FEWEST_PAIRS = 50
_WINDOW_S = 5.0
_LATE_ROWS = 2.0  # what a logger that asks faster than the sensor measures is late, at most, in rows
_SAME_STEP = 1.3  # no sensor measures so much more or less often from some second on,
_GAPS = 0.15  # but a gap makes it seem so, in few of the windows
_SMOOTH = 1.3  # how much further light goes in two rows than in one, where the two can be told apart
_FILLED = 0.75


def settle_repeats(path: Path, rows: Rows) -> None:
    """Leave out repeated rows where their time is right. Raises LightRecordingError where it cannot be known."""
    assert rows.time is not None
    lights = [rows.ir] if rows.red is None else [rows.ir, rows.red]
    repeats = _repeats(rows.time, lights)
    if _share(lights, repeats) < FEWEST or _measured_evenly(rows.time, repeats):
        return
    count = int(repeats.sum())
    if not _filled_in(lights, repeats):
        raise LightRecordingError(
            f"{path}: {count} of its {len(repeats)} rows repeat the one before, and nobody can tell whether time went on "
            "meanwhile; log each sample once, with its own time"
        )
    keep = ~repeats
    rows.time, rows.ir, rows.line = rows.time[keep], rows.ir[keep], rows.line[keep]
    rows.red = None if rows.red is None else rows.red[keep]
    rows.notes.append(f"{count} rows that repeat the one before, where a sample was lost, were left out")


def _repeats(time: Samples, lights: list[Samples]) -> Samples:
    """Return which rows are the one before again. Where light stands still for longer, none is: that is its value."""
    same = np.concatenate([[False], np.logical_and.reduce([np.diff(light) == 0 for light in lights])])
    begin = np.flatnonzero(~same)
    ends = np.append(begin[1:], len(time))
    long = time[ends - 1] - time[begin] > LONGEST_BRIDGE_S
    return same & ~np.repeat(long, ends - begin)


def _share(lights: list[Samples], repeats: Samples) -> float:
    """Return how many of the rows between which light moves are repeats, less those that chance makes alike."""
    if len(repeats) < 4:
        return 0.0
    steps = [np.abs(np.diff(light)) for light in lights]
    units = [float(step[step > 0].min()) if (step > 0).any() else 1.0 for step in steps]
    moving = np.logical_or.reduce(
        [np.abs(light[3:] - light[:-3]) >= _SPAN * unit for light, unit in zip(lights, units, strict=True)]
    )
    if moving.sum() < _FEWEST_PAIRS:
        return 0.0
    near = np.logical_and.reduce([step <= 1.01 * unit for step, unit in zip(steps, units, strict=True)])[1:-1]
    again = repeats[2:-1]
    # The converter's noise makes two rows alike no more often than it makes them differ by one step in a given way.
    chance = (near & ~again)[moving].mean() / (3 ** len(lights) - 1)
    return float(again[moving].mean() - 3 * chance)


def _measured_evenly(time: Samples, repeats: Samples) -> bool:
    """Return whether light changes evenly in time, as a sensor's does that is asked more often than it measures: as often
    at the end as at the beginning.
    """
    changes = time[~repeats]
    late_s, steps_s = [], []
    for window in np.split(changes, np.searchsorted(changes, np.arange(_WINDOW_S, changes[-1], _WINDOW_S))):
        if len(window) > 10:
            index = np.arange(len(window))
            step_s, begin_s = np.polyfit(index, window, 1)
            late_s.append(float(np.abs(begin_s + step_s * index - window).max()))
            steps_s.append(float(step_s))
    usual_s = middle(np.array(steps_s)) if steps_s else 0.0
    other = sum(not usual_s / _SAME_STEP < step_s < usual_s * _SAME_STEP for step_s in steps_s)
    if not late_s or other > max(1, _GAPS * len(steps_s)):
        return False
    return middle(np.array(late_s)) <= _LATE_ROWS * middle(np.diff(time))


def _filled_in(lights: list[Samples], repeats: Samples) -> bool:
    """Return whether light goes on after a repeat by what two rows make, not one: then a sample was lost there."""
    own = ~repeats
    single = own[:-1] & own[1:]
    double = own[:-2] & own[1:-1] & own[2:]
    after = own[:-2] & repeats[1:-1] & own[2:]
    if not double.any() or not after.any():
        return False
    one = two = gone = 0.0
    for light in lights:
        scale = float(np.abs(np.diff(light)[single]).mean())
        if scale:
            far = np.abs(light[2:] - light[:-2])
            one += 1
            two += float(far[double].mean()) / scale
            gone += float(far[after].mean()) / scale
    return two > _SMOOTH * one and gone - one > _FILLED * (two - one)
