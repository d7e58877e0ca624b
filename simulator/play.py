"""The play of a scenario: a bedside, and one of the runtimes that boot the firmware at it until the scenario ends."""

import time
from collections.abc import Callable
from typing import Any

from simulator.bedside import Bedside, Result
from simulator.flash import Flash
from simulator.runtimes import cpython, micropython, rp2040
from simulator.scenario import Scenario


def run(
    scenario: Scenario,
    runtime: str = "micropython",
    seed: int | None = None,
    progress: Callable[[dict], None] | None = None,
    flash: Flash | None = None,
) -> Result:
    """Play a scenario from power-on to its end. `progress` is called with each second's row as it happens.

    Without a `flash` it is a new device, with the scenario's profile; with one, whatever is on it.

    Raises FileNotFoundError where there is no interpreter or image, RuntimeDied when it is killed or stops answering.
    """
    boot = {"cpython": cpython.boot, "micropython": micropython.boot, "rp2040": rp2040.boot}[runtime]
    bedside = Bedside(scenario, seed, progress, flash=flash)
    started = time.perf_counter()
    interpreter: dict[str, Any] = {}
    while bedside.next_boot is not None:
        interpreter = boot(bedside)
    return bedside.result(runtime, time.perf_counter() - started, interpreter)
