"""The simulated device of `--port sim`: where its flash is kept, and made ready for a scenario that is played on it.

Between two commands it is switched off. What a therapist committed on it stays; what a scenario brought gives way to the
next scenario's.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import platformdirs

from firmware.memory import names
from firmware.prescription import profile
from simulator.files import profile_file, stopping
from simulator.files.errors import CalandoError
from simulator.flash import Flash
from simulator.interpreter import find_micropython
from simulator.live import LiveDevice
from simulator.scenario import Expect, Scenario

Say = Callable[[str], None]


def flash_path() -> Path:
    """Return the file of its flash: in the user's state folder, or in CALANDO_SIM_DIR."""
    folder = os.environ.get("CALANDO_SIM_DIR") or platformdirs.user_state_path("calando") / "sim"
    return Path(folder) / "flash"


def live() -> LiveDevice:
    """Return the simulated device, to be switched on with `with`; it runs in step with the clock on the wall."""
    return LiveDevice(flash_path(), "micropython" if find_micropython() else "cpython", lasting=True)


@contextmanager
def at_bedside(scenario: Scenario, rest_hours: float, say: Say) -> Iterator[tuple[Scenario, Flash]]:
    """Lend its flash, and the scenario as it is with this device; `rest_hours` pass before, the device switched on.

    Where a therapist has committed a profile, that one plays, and nothing is expected of the end. Raises CalandoError
    when the device is in use by another program, and for a profile that cannot be read.
    """
    with Flash.in_file(flash_path()) as flash:
        stopping.note("device", "the simulated device stopped as when its power is cut")
        own = _own_profile(flash)
        if own is None:
            flash.commit_profile(scenario.profile_values(), scenario.own_files())
            _brought_file().write_text(_digest_of_profile(flash) or "")
        else:
            if own != scenario.profile_values():
                say(
                    f'The profile committed on the simulated device plays ("{own["title"]}", {own["population"]}), not the '
                    "scenario's."
                )
            scenario = scenario.model_copy(update={"profile": own, "expect": Expect()})
        flash.pass_minutes(round(rest_hours * 60))
        yield scenario, flash


def _brought_file() -> Path:
    return flash_path().with_name("profile-of-a-scenario")  # holds the digest of the profile that one brought


def _digest_of_profile(flash: Flash) -> str | None:
    record = flash.load(names.PROFILE)
    return None if record is None else sha256(record).hexdigest()


def _own_profile(flash: Flash) -> dict | None:
    """The settings of the profile that a therapist committed; None where there is none, or a scenario's."""
    found = flash.store().load(names.PROFILE)
    brought = _brought_file()
    if found is None or (brought.exists() and brought.read_text() == _digest_of_profile(flash)):
        return None
    version, record = found
    try:
        values = profile.migrate(json.loads(bytes(record)), version)
    except (profile.ProfileError, ValueError) as error:
        raise CalandoError(
            f"the profile on the simulated device cannot be read ({error}); put another with calando profile put FILE "
            "--commit --port sim"
        ) from None
    return profile_file.check(values, "the profile on the simulated device").values
