"""A session minute by minute: medians of what was known, for the forms that leave the single seconds out."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from host_tools.sessions.told import Told, check_length

# What has a median, by the keys of a row: the resolution that is kept, for a median may lie between two readings.
MEDIANS = {
    "pulse_rate_bpm": 3,
    "tempo_bpm": 3,
    "level_dba": 3,
    "perfusion_index_percent": 4,
    "spo2_percent": 2,
    "quality_percent": 1,
    "breathing_rate_bpm": 3,
    "breath_amplitude_bpm": 3,
    "pulse_variability_ms": 3,
    "pace_bpm": 3,
}


@dataclass
class Minute:
    """Seconds 60 * number to 60 * number + 59 of a session. `known`: how many rows had each reading."""

    number: int
    phase: str | None  # of most rows; None where there is no row
    rows: int
    medians: dict[str, float | None]  # None: not known in any second, or, of the level, nothing was played
    known: dict[str, int]


def minutes(told: Told) -> list[Minute]:
    """Return every minute from the beginning to the last record, those without a row too; none of a session without rows.

    Raises CalandoError for records over more than a day.
    """
    check_length(told, "a record of minutes")
    if not told.rows:
        return []
    by_number: dict[int, list[dict[str, Any]]] = {}
    for row in told.rows:
        by_number.setdefault(row["time_s"] // 60, []).append(row)
    return [_minute(number, by_number.get(number, [])) for number in range(max(by_number) + 1)]


def _minute(number: int, rows: list[dict[str, Any]]) -> Minute:
    medians: dict[str, float | None] = {}
    known: dict[str, int] = {}
    for name, digits in MEDIANS.items():
        values = [value for row in rows if (value := row[name]) is not None]
        if name == "level_dba":  # a level of 0 is the device's word for "nothing played", and no level
            values = [value for value in values if value > 0]
        known[name] = len(values)
        medians[name] = round(median(values), digits) if values else None
    phases = [row["phase"] for row in rows]
    phase = max(dict.fromkeys(phases), key=phases.count) if phases else None
    return Minute(number, phase, len(rows), medians, known)
