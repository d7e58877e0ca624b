"""Whether what a session names as the cause of its end had happened: a finger, a cable, a chip.

A cause that was not there makes a decision on nothing, whichever way it errs.

Causes that are read in the light (a slow pulse, a lost signal) are not looked at here: patient_laws.py counts those.
"""

from collections.abc import Callable

from host_tools.judge.evidence import Evidence, span

LATE_S = 3.0  # from the cause to the word for it, and a little before it for clocks that start apart
EARLY_S = 0.3
LONG_HOLD_S = 1.0
STUCK_S = 20.0

Event = dict
Happened = Callable[[Event, float], bool]


def _finger(event: Event, at_s: float) -> bool:
    return event["do"] in ("press", "hold") and at_s - LATE_S <= event["at_s"] <= at_s + EARLY_S


def _long_finger(event: Event, at_s: float) -> bool:
    return _finger(event, at_s) and (event["do"] == "hold" or event.get("for_s", 0.0) > LONG_HOLD_S)


def _stuck(event: Event, at_s: float) -> bool:
    return (
        event["do"] == "press"
        and event.get("for_s", 0.0) > STUCK_S
        and event["at_s"] + STUCK_S <= at_s + EARLY_S
    )


def _cable(event: Event, at_s: float) -> bool:
    from_s, until_s = span(event)
    return event["do"] == "usb_host" and from_s <= at_s + EARLY_S and until_s >= at_s - LATE_S


def _begun(*kinds: str) -> Happened:
    def happened(event: Event, at_s: float) -> bool:
        return event["do"] in kinds and event["at_s"] <= at_s + EARLY_S

    return happened


# A converter at fault may show any supply and any room, a supply that fails takes the converter with it, and a bus that is
# stuck both chips.
CAUSES: dict[str, Happened] = {
    "pressed": _finger,
    "held": _long_finger,
    "button_stuck": _stuck,
    "usb_host": _cable,
    "supply_low": _begun("supply", "adc_fault", "i2c_fault"),
    "room_too_loud": _begun("room_sound", "adc_fault", "i2c_fault"),
    "adc_fault": _begun("adc_fault", "i2c_fault", "supply"),
    "flash_fault": _begun("flash_worn"),
}


def missing(evidence: Evidence) -> str | None:
    """Return a sentence about the first end whose cause had not happened, None where each had."""
    for at_s, end, reason in evidence.ends:
        happened = CAUSES.get(reason or "")
        if happened and not any(happened(event, at_s) for event in evidence.script):
            return f"{end} ({reason}) at {at_s:.1f} s, and nothing of the kind had happened"
    return None
