"""What the tests on the simulated bedside share."""

import tomllib
from pathlib import Path

from firmware.journal import RECORD_BYTES, read_record
from simulator import scenario

SIM = Path(__file__).resolve().parent / "sim"  # scripts that boot a device in their own way lie there
RATE_HZ = 16000


def from_text(text: str) -> scenario.Scenario:
    """A scenario from the text of its file."""
    return scenario.from_values(tomllib.loads(text))


def records(session: bytes | None) -> list[dict]:
    """The records of a session as the device's store holds it."""
    assert session is not None, "no session was saved"
    return [read_record(session[at : at + RECORD_BYTES]) for at in range(0, len(session), RECORD_BYTES)]
