"""What the tests on the simulated bedside share."""

import tomllib
from pathlib import Path

from simulator import scenario

SIM = Path(__file__).resolve().parent / "sim"  # scripts that boot a device in their own way lie there
RATE_HZ = 16000


def from_text(text: str) -> scenario.Scenario:
    """A scenario from the text of its file."""
    return scenario.from_values(tomllib.loads(text))
