"""What a person changes on a device: put there, shown, committed with the button, and read back to see whether it took."""

import json
import math
from collections.abc import Callable
from typing import Any

from firmware.profile import SCHEMA_VERSION, Profile, ProfileError
from host_tools import profile_file
from host_tools.client import Device, Items, Progress, Say
from host_tools.errors import CalandoError

# As in docs/intended-use.md; a test holds that.
CONTRAINDICATIONS = (
    "a newborn below 28 weeks, or unstable, or ventilated below 32 weeks",
    "bleeding in the brain of grade 3 or 4, or damaged white matter",
    "an order for minimal handling; seizures; known or suspected deafness; a hypersensitive response to sound",
    "an adult who does not want it, or cannot say so and whose family does not want it",
    "skin that a clip sensor must not touch",
)


def profile_on(device: Device, name: str = "profile") -> Profile | None:
    """The profile of the device ("profile"), or the one before it ("profile.previous"); None where there is none."""
    raw = device.get_or_none(name)
    if raw is None:
        return None
    try:
        return Profile.from_values(json.loads(raw))
    except (ProfileError, ValueError) as error:
        raise CalandoError(
            f"the {name} on {device.port} cannot be read by this program ({str(error).rstrip('.')}); renew calando"
        ) from None


def put_profile(device: Device, profile: Profile) -> None:
    """Stage a profile. The device checks it again and refuses in its own words."""
    device.put("profile", profile_file.as_bytes(profile), SCHEMA_VERSION)
    device.stage()


def put_song(device: Device, name: str, data: bytes, progress: Progress | None = None) -> None:
    """Stage a song under a name of small letters, digits and _."""
    device.put(f"song.{name}", data, progress=progress)
    device.stage()


def told(changes: Items) -> list[str]:
    """One line for each thing that a commit would change."""
    lines = []
    for change in changes:
        name, setting, old, new = (change[key] for key in ("name", "setting", "old", "new"))
        if name == "profile" and setting == "curve":
            lines.append(f"{name}  curve  {_rows(old)} -> {_rows(new)}")
        elif name in ("profile", "calibration"):
            lines.append(
                f"{name}  {setting}  {profile_file.with_unit(setting, old)} -> {profile_file.with_unit(setting, new)}"
            )
        elif new is None or name == "session":
            lines.append(f"{name}  goes ({old} {setting})")
        else:
            lines.append(f"{name}  {setting} {'new' if old is None else old} -> {new}")
    return lines


def _rows(curve: Any) -> str:
    return "-" if curve is None else profile_file.shown(curve)


def commit(device: Device, say: Say, confirm: Callable[[], bool]) -> None:
    """Commit what is staged with the button held, and read it back.

    `confirm` is asked before a profile is committed: whether the contraindications were gone through. Raises
    CalandoError when it says no, when nobody holds the button, and when what is there afterwards differs.
    """
    changes = device.diff()
    profile_comes = any(change["name"] == "profile" and change["new"] is not None for change in changes)
    if profile_comes and not confirm():
        raise CalandoError("nothing was committed: go through the contraindications first")
    device.commit(say, checked=profile_comes)
    differences = verify(device, changes)
    if differences:
        raise CalandoError(f"read back, the device differs: {'; '.join(differences)}; put it there again")
    say("Read back and compared: it is there.")


def verify(device: Device, changes: Items) -> list[str]:
    """What of these changes is not on the device, as parts of a sentence."""
    differences = []
    records: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    for kind in ("song", "voice"):
        if any(change["name"].startswith(f"{kind}.") for change in changes):
            sizes.update({f"{kind}.{item['name']}": item["bytes"] for item in device.list(kind)})
    for change in changes:
        name, setting = change["name"], change["setting"]
        if name in ("profile", "calibration"):
            if name not in records:
                raw = device.get_or_none(name)
                records[name] = {} if raw is None else json.loads(raw)
            there = records[name].get(setting)
        elif name == "session":
            there = len(device.list("session"))
        else:
            there = sizes.get(name)
        if not _same(there, change["new"]):
            differences.append(f"{name} {setting} is {there}, not {change['new']}")
    return differences


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same; the chip's own numbers have 24 bits."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-6)
    return one == other
