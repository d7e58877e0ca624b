"""Rows of light with a time each, brought to 100 even samples a second.

The time that the file itself gives decides: repeated rows go, missing ones are drawn through where that is short, and a
longer stretch without rows stays a hole: no light is made up for it. Whatever was changed is told in `notes`.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from simulator.files.errors import CalandoError

Samples = np.ndarray

RATE_HZ = 100.0
LOWEST_HZ, HIGHEST_HZ = 25.0, 1600.0  # what a logger of a MAX3010x may have sampled at
RATE_SLACK = 0.02  # a clock is not its name: 24.6 is a 25
SAME_RATE = 0.001  # so near to 100 that nothing need be changed: a tenth of a beat a minute
DECLARED_RATE_SLACK = 0.02
MOST_COUNTS = 2**18 - 1
CONTACT_COUNTS = 12_000  # firmware/vitals.py sees no skin below
SHORTEST_S = 1.0
# Between two rows further apart than this the light is unknown; nearer, it is drawn through them. A tenth of a second
# is a third of a newborn's fastest beat.
LONGEST_BRIDGE_S = 0.1
_ROUNDING_S = 0.001  # of the stamps, when a step is held against that
LONGEST_GAP_S = 60.0
MOSTLY_FORWARD = 0.01  # of the rows: a time that goes back more often is none
HOLE_EVERY_S = 5.0  # with more holes than one in so long, beats are missed more often than the rate bears
# Time stamps this near to an even beat are taken as even: rounding, not a clock that ran.
EVEN_WITHIN_S = 0.006


class LightRecordingError(CalandoError, ValueError):
    """The recording cannot be used; the text says which file, where in it, and what to do."""


class UntoldError(LightRecordingError):
    """The file does not tell what an option can: `option` says which, `in_file` what to write where there is none."""

    def __init__(self, what: str, option: str, in_file: str):
        super().__init__(f"{what}; {option}")
        self.without_options = f"{what}; {in_file}"


@dataclass(frozen=True)
class EvenLight:
    """100 samples a second of an 18-bit converter (0..262143 counts), falling when blood volume rises."""

    start_s: float  # the first sample's time by the file
    ir: Samples
    red: Samples | None  # None when the file has no such column
    lost: Samples  # True where no row tells the light
    notes: tuple[str, ...] = ()  # what was changed to fit, a sentence each


@dataclass
class Rows:
    time: Samples | None  # seconds since the first row, or None when the file has none
    ir: Samples
    red: Samples | None
    line: Samples  # the line of the file that each row stood in
    time_name: str
    unit_named: bool = True  # the unit of the time is in its name
    start_s: float = 0.0  # what the file's own time says at the first row
    notes: list[str] = field(default_factory=list)


def mend_time(path: Path, rows: Rows) -> None:
    """Leave out rows that repeat the one before, spread rows that share a stamp. Refuses a time that runs back."""
    assert rows.time is not None
    steps = np.diff(rows.time)
    back = int((steps < 0).sum())
    if back and back == len(steps):
        raise LightRecordingError(
            f"{path}: {rows.time_name} runs backwards from the first row to the last; turn it round"
        )
    if back > max(3, MOSTLY_FORWARD * len(steps)):
        raise LightRecordingError(
            f"{path}: {rows.time_name} goes back in {back} of {len(steps)} rows, so they are not in order, or it is no "
            "time; sort the rows by it"
        )
    if (steps < 0).any() or (steps > LONGEST_GAP_S).any():
        row = int(np.argmax((steps < 0) | (steps > LONGEST_GAP_S)))
        raise LightRecordingError(
            f"{path}: {rows.time_name} goes from {rows.start_s + rows.time[row]:.10g} to "
            f"{rows.start_s + rows.time[row + 1]:.10g} s in line {rows.line[row + 1]}; it must rise, by "
            f"{LONGEST_GAP_S:g} s at most, so cut it there"
        )
    if not (steps == 0).any():
        return
    if (steps == 0).all():
        raise UntoldError(
            f"{path}: {rows.time_name} stands still",
            "take it away and give --rate",
            "write there when each row was measured",
        )
    same = (steps == 0) & (np.diff(rows.ir) == 0)
    if rows.red is not None:
        same &= np.diff(rows.red) == 0
    if not ((steps == 0) & ~same).any():
        keep = np.concatenate([[True], ~same])
        rows.time, rows.ir, rows.line = rows.time[keep], rows.ir[keep], rows.line[keep]
        rows.red = None if rows.red is None else rows.red[keep]
        count = int(same.sum())
        rows.notes.append(f"{count_of(count, 'row')} that {'repeats' if count == 1 else 'repeat'} the one before "
                          f"{was(count)} left out")  # fmt: skip
        return
    # Rows came in bunches, or the stamps are coarser than the samples: each bunch fills the time until the next.
    first = np.concatenate([[True], steps > 0])
    bunch = np.cumsum(first) - 1
    begin = np.flatnonzero(first)
    sizes = np.diff(np.append(begin, len(first)))
    stamps = rows.time[begin]
    usual = middle(np.diff(stamps) / sizes[:-1])
    spans = np.append(np.diff(stamps), sizes[-1] * usual)
    spans = np.minimum(spans, sizes * usual * 1.5)  # what is longer is a hole after the bunch, not in it
    inside = np.arange(len(first)) - begin[bunch]
    # The file may begin in the middle of a bunch: its first one ends where the second begins.
    late = spans[0] - sizes[0] * usual if sizes[0] * usual < spans[0] else 0.0
    rows.time = rows.time + inside * (spans / sizes)[bunch]
    if late:
        own = bunch == 0
        rows.time[own] = stamps[0] + late + inside[own] * usual
    rows.notes.append(f"rows that share a {rows.time_name} were spread evenly until the next one")


def middle(values: Samples) -> float:
    """Return the median. numpy's own loads numpy.ma for it, a tenth of what a short command costs."""
    ordered = np.sort(values)
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def check_rate(path: Path, rows: Rows, declared_hz: float | None) -> None:
    """Refuse a time that makes no possible rate, by the usual step and by the mean."""
    assert rows.time is not None
    steps = np.diff(rows.time)
    if len(steps) == 0:
        raise LightRecordingError(f"{path} holds 1 sample; a recording needs at least {SHORTEST_S:g} s")
    usual_hz = 1 / _usual_step_s(steps)
    low, high = LOWEST_HZ * (1 - RATE_SLACK), HIGHEST_HZ * (1 + RATE_SLACK)
    if not low <= usual_hz <= high:
        hint = (
            "check the unit of its time (time_s, time_ms and time_us are known)"
            if rows.unit_named
            else "name its unit: time_ms"
        )
        raise LightRecordingError(
            f"{path} has {usual_hz:.4g} samples a second by {rows.time_name}; {LOWEST_HZ:g} to {HIGHEST_HZ:g} can be "
            f"read, so {hint}, or record faster"
        )
    near = steps <= LONGEST_BRIDGE_S + _ROUNDING_S
    mean_hz = float(near.sum() / steps[near].sum())
    if mean_hz < low:
        raise LightRecordingError(
            f"{path}: so many rows are missing that {mean_hz:.3g} a second are left of {usual_hz:.4g}; at least "
            f"{LOWEST_HZ:g} are needed, so log it again"
        )
    if declared_hz is not None and abs(mean_hz / declared_hz - 1) > DECLARED_RATE_SLACK:
        raise LightRecordingError(
            f"{path} has {mean_hz:.4g} samples a second by {rows.time_name}, but --rate says {declared_hz:g}; leave "
            "--rate out, or take the wrong time out of the file"
        )


def _usual_step_s(steps: Samples) -> float:
    """The time between two rows where none is missing."""
    usual_s = middle(steps)
    if usual_s * HIGHEST_HZ * (1 + RATE_SLACK) >= 1:
        return usual_s
    return float(
        steps[steps <= LONGEST_BRIDGE_S + _ROUNDING_S].mean()
    )  # the stamps are coarser than the samples


def evenly(path: Path, rows: Rows) -> EvenLight:
    """Return 100 samples a second out of rows whose time rises."""
    time = rows.time
    assert time is not None
    length_s = float(time[-1] - time[0])
    if length_s < SHORTEST_S - 0.05:
        raise LightRecordingError(
            f"{path} holds {len(time)} samples, {length_s:.2g} s; a recording needs at least {SHORTEST_S:g} s"
        )
    lights = [rows.ir] if rows.red is None else [rows.ir, rows.red]
    steps = np.diff(time)
    usual_s = _usual_step_s(steps)
    index = np.arange(len(time))
    step_s, begin_s = np.polyfit(index, time, 1)
    apart_s = float(np.abs(begin_s + step_s * index - time).max())
    whole = float(steps.max()) < max(1.4 * step_s, EVEN_WITHIN_S)  # no row is missing
    if whole and apart_s <= max(EVEN_WITHIN_S, step_s / 4):
        rate_hz = 1 / float(step_s)
    else:
        # Onto an even time, at the sensor's own rate; the curve through the rows makes no peak that is in none.
        from scipy.interpolate import PchipInterpolator

        rate_hz = RATE_HZ if abs(1 / usual_s / RATE_HZ - 1) < 0.25 else 1 / usual_s
        grid = np.arange(int(length_s * rate_hz + 1e-6) + 1) / rate_hz
        lights = [PchipInterpolator(time, light)(np.minimum(grid, time[-1])) for light in lights]
        wanted = length_s / usual_s + 1
        rows.notes.append(
            f"its rows come unevenly ({len(time)} where {wanted:.0f} would be even), so they were put onto an even "
            f"{rate_hz:.4g} a second by {rows.time_name}"
        )
    if abs(rate_hz / RATE_HZ - 1) > SAME_RATE:
        lights = [_resampled(light, rate_hz) for light in lights]
        rows.notes.append(f"its {rate_hz:.4g} samples a second were resampled to {RATE_HZ:g}")
    lost = np.zeros(len(lights[0]), bool)
    holes = np.flatnonzero(steps > LONGEST_BRIDGE_S + _ROUNDING_S)
    if len(holes) > max(3, length_s / HOLE_EVERY_S):
        raise LightRecordingError(
            f"{path}: its rows have {len(holes)} holes longer than {LONGEST_BRIDGE_S:g} s, one every "
            f"{length_s / len(holes):.2g} s, and between them no pulse can be trusted; log it again, or cut it shorter"
        )
    for row in holes:
        before, after = (time[row] * RATE_HZ, time[row + 1] * RATE_HZ)
        lost[int(before) + 1 : int(np.ceil(after - 1e-6))] = True
    if len(holes):
        rows.notes.append(
            f"{count_of(len(holes), 'hole')} of {lost.sum() / RATE_HZ:.3g} s in all "
            f"{was(len(holes))} passed on as lost samples"
        )
    if float(rows.ir.max()) < CONTACT_COUNTS:
        rows.notes.append(
            f"its infrared is {rows.ir.max():g} at most, and below {CONTACT_COUNTS} the device sees no skin"
        )
    if rows.red is not None and not rows.red.any():
        rows.notes.append("its red light is 0 throughout, so no SpO2 can be read")
    ir, *red = (np.clip(np.rint(light), 0, MOST_COUNTS) for light in lights)
    return EvenLight(rows.start_s + float(time[0]), ir, red[0] if red else None, lost, tuple(rows.notes))


def _resampled(light: Samples, rate_hz: float) -> Samples:
    """From `rate_hz` to 100 a second, without the fast parts that 100 a second cannot hold."""
    from fractions import Fraction

    from scipy.signal import resample_poly

    ratio = Fraction(RATE_HZ / rate_hz).limit_denominator(1000)
    # The line between the ends is taken away first: the filter passes steady light with a ripple of its own.
    return resample_poly(light, ratio.numerator, ratio.denominator, window=("kaiser", 9.0), padtype="line")


# --- words ---


def count_of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def was(number: int) -> str:
    return "was" if number == 1 else "were"
