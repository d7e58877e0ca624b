"""An adult's breath and the pacer as the device tells them, in human units: columns of a row, for host and simulator."""

from typing import Any

# Key of a row, key of a record, and its divisor.
BREATH = {
    "breathing_rate_bpm": ("breathing_rate_mbpm", 1000),
    "breath_amplitude_bpm": ("breath_amplitude_mbpm", 1000),
    "pulse_variability_ms": ("pulse_variability_us", 1000),
    "beats_corrected_percent": ("beats_corrected_permille", 10),
    "coherence_percent": ("coherence_permille", 10),
    "pace_bpm": ("pace_mbpm", 1000),
    "feedback_percent": ("feedback_percent", 1),
    "pacer": ("pacer", None),
    "breath_followed": ("breath_followed", None),
}
NO_BREATH: dict[str, Any] = dict.fromkeys(BREATH)


def breath_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a breath's record says, by the keys of BREATH; None where it says nothing."""
    values = {}
    for name, (key, divisor) in BREATH.items():
        value = record[key]
        values[name] = value / divisor if divisor and divisor != 1 and value is not None else value
    values["breath_followed"] = None if record["pacer"] == "off" else int(record["breath_followed"])
    return values
