"""Tries the parts of a device one after the other, on the bench and with the button held."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from simulator.files.errors import CalandoError

if TYPE_CHECKING:  # the command line names the parts before it loads the rest
    from host_tools.device.client import Connection, Say

PARTS = ("button", "light", "sensor", "adc", "flash", "amplifier", "mute", "lights")
FINGER = "Now the finger of a healthy person on the sensor, still, for ten seconds."


def run(
    device: "Connection",
    parts: Iterable[str],
    say: "Say",
    each: Callable[[dict[str, Any]], None],
    cancelled: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:
    """Begin bench mode and try each part; returns, and hands to `each` as it comes, `part`, `passed`, `text`, `next`.

    cancelled: asked while the button is waited for.
    passed is True, False, or None where only a person can tell. Raises CalandoError for a part that there is not.
    """
    parts = list(parts)
    unknown = next((name for name in parts if name not in PARTS), None)
    if unknown is not None:
        raise CalandoError(f"there is no part {unknown}; choose one of {', '.join(PARTS)}")
    device.bench(say, cancelled)
    results: list[dict[str, Any]] = []
    for name in parts:
        if name == "lights":
            say(FINGER)
        results.append({"part": name, **device.call("selftest", part=name)})
        each(results[-1])
    return results
