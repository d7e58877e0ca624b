"""From a session that broke a law to a scenario as small as still breaks it: few events, no longer than needed."""

from collections.abc import Callable
from typing import Any

from firmware.prescription.profile import Profile, ProfileError
from host_tools.campaign import session
from host_tools.campaign.session import Table
from simulator import scenario
from simulator.files.errors import CalandoError

MOST_EVENTS = 10
TRIES = {"S": 150, "D": 24}
SIMULATED_S = {"S": 1_000_000.0, "D": 18_000.0}  # of all tries together: some minutes of work in either tier
LONG_SHARE = 6  # a session that could not be played so often is looked at by its beginning
TAIL_S = 35.0  # what is played beyond the moment at which a law was broken

Values = dict[str, Any]


def shrink(values: Values, tier: str, law: str, table: Table, tries: int | None = None) -> Values:
    """Return the scenario with everything left out that the breaking of `law` does not need.

    Removes events by halves, then one by one; settings and the patient's features; and the time after it. Every step is
    played again, one at a time: what is kept is what fails still. Ends after TRIES, or after SIMULATED_S of the sessions'
    own time. Raises CalandoError where the session does not break the law, or is too long to be played again.
    """
    left = [TRIES[tier] if tries is None else tries]
    left_s = [SIMULATED_S[tier]]

    def fails(candidate: Values) -> bool:
        if left[0] <= 0 or candidate["duration_s"] > left_s[0]:
            return False
        left[0] -= 1
        left_s[0] -= candidate["duration_s"]
        try:
            Profile.from_values(candidate["profile"])
            made = scenario.from_values(candidate)
        except (ProfileError, CalandoError):
            return False
        return law in session.look(made, tier, table)["broken"]

    if values["duration_s"] * LONG_SHARE > left_s[0]:
        values = _beginning(values, left_s[0] / LONG_SHARE, fails)
    elif not fails(values):
        raise CalandoError(f"{values['title']} does not break the law {law} when it is played again")
    values = _fewer_events(values, fails)
    values = _without(values, "profile", ("population", "session_min", "maturity"), fails)
    values = _without(values, "patient", ("population", "recording"), fails)
    return _shorter(values, fails)


def _beginning(values: Values, longest_s: float, fails: Callable[[Values], bool]) -> Values:
    """A day cut down to its first hour: to the shorter of two beginnings that fails still."""
    for duration_s in (round(longest_s / 2, 1), round(longest_s, 1)):
        events = [event for event in values["event"] if event["at_s"] < duration_s - 1]
        shorter = {**values, "duration_s": duration_s, "event": events}
        if fails(shorter):
            return shorter
    raise CalandoError(
        f"{values['title']} breaks the law after its first {longest_s:.0f} s and is too long to be made small; "
        "it is in the folder worst as it was drawn"
    )


def _fewer_events(values: Values, fails: Callable[[Values], bool]) -> Values:
    """Delta debugging (Zeller and Hildebrandt, 2002) over the events."""
    events = values["event"]
    parts = 2
    while len(events) >= 2:
        size = -(-len(events) // parts)
        for start in range(0, len(events), size):
            fewer = events[:start] + events[start + size :]
            if fewer and fails({**values, "event": fewer}):
                events = fewer
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(events), parts * 2)
    return {**values, "event": events}


def _without(values: Values, part: str, kept: tuple[str, ...], fails: Callable[[Values], bool]) -> Values:
    """Settings back to the ready-made ones: all at once if that fails still, otherwise one by one."""
    table = values[part]
    bare = {name: value for name, value in table.items() if name in kept}
    if bare != table and fails({**values, part: bare}):
        return {**values, part: bare}
    for name in list(table):
        if name not in kept:
            fewer = {other: value for other, value in table.items() if other != name}
            if fails({**values, part: fewer}):
                table = fewer
    return {**values, part: table}


def _shorter(values: Values, fails: Callable[[Values], bool]) -> Values:
    """The shortest of a few lengths that fails still: the last event and some time after it, or halves of the whole."""
    last_s = max((event["at_s"] for event in values["event"]), default=0.0)
    for duration_s in (last_s + TAIL_S, last_s + 120.0, values["duration_s"] / 4, values["duration_s"] / 2):
        duration_s = round(duration_s, 1)
        if last_s + 1 < duration_s < values["duration_s"] and fails({**values, "duration_s": duration_s}):
            return {**values, "duration_s": duration_s}
    return values


def text(values: Values, notes: list[str]) -> str:
    """Return a scenario as its file, with `notes` as comments on top."""
    lines = [f"# {note}" for note in notes]
    keys = [key for key in ("title", "seed", "duration_s", "profile", "programme") if key in values]
    lines += [f"{key} = {_toml(values[key])}" for key in keys]
    lines += ["", "[patient]"] + [f"{key} = {_toml(value)}" for key, value in values["patient"].items()]
    for event in values["event"]:
        lines += ["", "[[event]]"] + [f"{key} = {_toml(value)}" for key, value in event.items()]
    lines += ["", "[expect]"] + [f"{key} = {_toml(value)}" for key, value in values["expect"].items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            f"\\u{ord(letter):04x}" if ord(letter) < 32 or letter in '"\\' else letter for letter in value
        )
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return repr(value)
