"""The limits of docs/hazards.toml as numbers, for whoever measures against them without the firmware."""

import tomllib
from pathlib import Path
from typing import Any

from simulator.files.errors import CalandoError, os_reason

TABLE = Path(__file__).resolve().parents[2] / "docs" / "hazards.toml"

Limits = dict[str, float]  # by name, in the unit of the table; a limit that a population lacks is not there


def read(path: Path = TABLE) -> dict[str, dict[str, Any]]:
    """Return every `[[hazard.limit]]` by its name, with its row's number as `hazard`. Raises CalandoError without the
    file.
    """
    rows = _rows(path)
    return {
        limit["name"]: {**limit, "hazard": row["number"]} for row in rows for limit in row.get("limit", ())
    }


def of(table: dict[str, dict[str, Any]], population: str, maturity: str = "preterm") -> Limits:
    """Return the limits of one profile's population ("newborn" or "adult") and maturity ("term" has some of its own)."""
    found = {}
    for name, limit in table.items():
        value = limit.get(population)
        if population == "newborn" and maturity == "term":
            value = limit.get("term", value)
        if value is not None:
            found[name] = float(value)
    return found


def hazard_titles(path: Path = TABLE) -> dict[int, str]:
    """Return the title of each row by its number, in the table's order. Raises CalandoError without the file."""
    return {row["number"]: row["title"] for row in _rows(path)}


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return tomllib.loads(path.read_text("utf-8"))["hazard"]
    except OSError as error:
        raise CalandoError(
            f"cannot read the limits in {path}: {os_reason(error)}; run from a checkout"
        ) from error
