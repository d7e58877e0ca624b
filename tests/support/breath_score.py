"""Real recordings with a respiration reference, and how far what is shown is from it: for bench and check alike."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SETTLED_S = 60
LEAST_BREATHS = 4  # of the reference within a minute


def recordings() -> Iterator[tuple[Path, np.ndarray]]:
    """Yield each recording of CALANDO_RECORDINGS that has one: the file of its light, and when breaths began, in s."""
    folder = Path(os.environ.get("CALANDO_RECORDINGS", "recordings"))
    for place in sorted(folder.glob("*/*.breaths.csv")):
        with place.open() as file:
            yield (
                place.with_name(place.name.replace(".breaths.csv", ".csv")),
                np.array([float(row["time_s"]) for row in csv.DictReader(file)]),
            )


def errors(rows: list[dict], breaths_s: np.ndarray) -> tuple[list[float], int]:
    """Return how far each shown second is from the mean of the minute before, in breaths a minute; and of how many."""
    found, judged = [], 0
    for second, row in enumerate(rows, 1):
        inside = breaths_s[(breaths_s > second - 60) & (breaths_s <= second)]
        if second < SETTLED_S or len(inside) < LEAST_BREATHS:
            continue
        judged += 1
        if row["breathing_rate_bpm"] is not None:
            found.append(abs(row["breathing_rate_bpm"] - 60 / np.mean(np.diff(inside))))
    return found, judged
