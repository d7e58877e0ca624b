"""What a person changes on a device: put there, shown, committed with the button, and read back to see whether it took."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from firmware.prescription.profile import READY, SCHEMA_VERSION, SEAL, Profile, ProfileError
from host_tools.device import answers, studies
from host_tools.device.client import Connection, DeviceRefused, Items, Progress, Say
from simulator.files import profile_file, song_file
from simulator.files.errors import CalandoError

# As in docs/intended-use.md; a test holds that.
CONTRAINDICATIONS = (
    "a newborn below 28 weeks, or unstable, or ventilated below 32 weeks",
    "bleeding in the brain of grade 3 or 4, or damaged white matter",
    "an order for minimal handling; seizures; known or suspected deafness; a hypersensitive response to sound",
    "an adult who does not want it, or cannot say so and whose family does not want it",
    "skin that a clip sensor must not touch",
    "for a breath that is led: active atrial fibrillation, a pacemaker, retention of carbon dioxide, breathlessness now, "
    "delirium, the last days of life, or somebody who cannot say stop",
)


def profile_on(device: Connection, name: str = "profile") -> Profile | None:
    """Return the profile of the device ("profile"), or the one before it ("profile.previous"); None where there is none."""
    raw = device.get_or_none(name)
    if raw is None:
        return None
    try:
        profile = Profile.from_values(device.read(name, answers.settings, raw))
        profile.values.pop(SEAL, None)  # nobody is shown it, and what is put back is sealed anew
        return profile
    except ProfileError as error:
        raise CalandoError(
            f"the {name} on {device.port} cannot be read by this program ({str(error).rstrip('.')}); renew calando"
        ) from None


def put_profile(device: Connection, profile: Profile, study: str | None = None) -> None:
    """Stage a profile, sealed where it has an arm of a study. The device checks it again and refuses in its own words."""
    device.put("profile", profile_file.as_bytes(studies.sealed(profile, study)), SCHEMA_VERSION)
    device.stage()


def put_sound(device: Connection, name: str, data: bytes, progress: Progress | None = None) -> None:
    """Stage "song.NAME", "voice.NAME" (a recording) or "programme.NAME"; NAME has small letters, digits and _.

    Raises CalandoError for the name "none".
    """
    song_file.refuse_nothing(name.partition(".")[2], "--name")
    device.put(name, data, progress=progress)
    device.stage()


def put_what_differs(
    device: Connection, sounds: dict[str, bytes], progress: Callable[[str], AbstractContextManager[Progress]]
) -> None:
    """Stage each of these songs and recordings ("song.NAME", "voice.NAME") that the device does not have as it is here.

    progress: called with the name, for each that is sent.
    """
    for name, data in sounds.items():
        if device.get_or_none(name) != data:
            with progress(name) as sending:
                put_sound(device, name, data, sending)


def put_with_sounds(
    device: Connection,
    profile: Profile,
    sounds: dict[str, bytes],
    progress: Callable[[str], AbstractContextManager[Progress]],
    study: str | None = None,
) -> None:
    """Stage the songs and recordings that differ, and the profile that names them; see put_what_differs, put_profile."""

    def all_of_it() -> None:
        put_what_differs(device, sounds, progress)
        put_profile(device, profile, study)

    once_more(all_of_it)


def once_more(put: Callable[[], None]) -> None:
    """Put something on a device, and all of it again where its heap was full the first time. Raises CalandoError."""
    for last in (False, True):
        try:
            put()
        except DeviceRefused as refused:
            # What other commands left on its heap is gone with this answer, and what was staged too: all of it once more.
            if last or refused.code != "too_big":
                raise
        else:
            return


def told(changes: Items) -> list[str]:
    """Return one line for each thing that a commit would change.

    Of a profile where there was none: what is other than ready-made, and that the rest is not.
    """
    changes = [change for change in changes if change["setting"] != SEAL]  # nobody is shown it
    settings = {change["setting"]: change for change in changes if change["name"] == "profile"}
    population = settings.get("population", {"old": "", "new": ""})
    lines = [_line(change) for change in changes if change["name"] != "profile"]
    if population["new"] is None:
        title = settings["title"]["old"] if "title" in settings else "-"
        return [f"profile  goes ({title})", *lines]
    ready = READY[population["new"]] if population["old"] is None else {}
    shown = [
        change
        for name, change in settings.items()
        if name not in ready or not _same(change["new"], ready[name])
    ]
    if ready:
        lines.insert(0, f"profile  everything else as ready-made for the {population['new']}")
    return [_line(change) for change in shown] + lines


def _line(change: dict[str, Any]) -> str:
    name, setting, old, new = (change[key] for key in ("name", "setting", "old", "new"))
    if name == "profile" and setting == "curve":
        return f"{name}  curve  {_rows(old)} -> {_rows(new)}"
    if name in ("profile", "calibration"):
        return f"{name}  {setting}  {profile_file.with_unit(setting, old)} -> {profile_file.with_unit(setting, new)}"
    if name == "session":
        return f"sessions  go ({old})"
    if new is None:
        return f"{name}  goes ({old} {setting})"
    same = " (takes the place of what is there, as large)" if old == new else ""
    return f"{name}  {setting} {'new' if old is None else old} -> {new}{same}"


def _rows(curve: Any) -> str:
    return "-" if curve is None else profile_file.shown(curve)


def commit(
    device: Connection, say: Say, confirm: Callable[[], bool], cancelled: Callable[[], bool] = lambda: False
) -> None:
    """Commit what is staged with the button held, and read it back.

    `confirm` is asked before a profile is committed: whether the contraindications were gone through; `cancelled`
    while the button is waited for. Raises CalandoError when it says no, when it was cancelled, when nobody holds the
    button, and when what is there afterwards differs.
    """
    changes = device.diff()
    profile_comes = any(change["name"] == "profile" and change["new"] is not None for change in changes)
    if profile_comes and not confirm():
        raise CalandoError("nothing was committed: go through the contraindications first")
    device.commit(say, profile_comes, cancelled)
    differences = verify(device, changes)
    if differences:
        raise CalandoError(f"read back, the device differs: {'; '.join(differences)}; put it there again")
    say("Read back and compared: it is there.")


def verify(device: Connection, changes: Items) -> list[str]:
    """Return what of these changes is not on the device, as parts of a sentence."""
    differences = []
    records: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    for kind in ("song", "voice", "programme"):
        if any(change["name"].startswith(f"{kind}.") for change in changes):
            sizes.update({f"{kind}.{item['name']}": item["bytes"] for item in device.list(kind)})
    for change in changes:
        name, setting = change["name"], change["setting"]
        if name in ("profile", "calibration"):
            if name not in records:
                raw = device.get_or_none(name)
                records[name] = {} if raw is None else device.read(name, answers.settings, raw)
            there = records[name].get(setting)
        elif name == "session":
            there = len(device.list("session"))
        else:
            there = sizes.get(name)
        if setting == SEAL and there != change["new"]:
            differences.append("profile: it is sealed for another study")
        elif not _same(there, change["new"]):
            differences.append(f"{name} {setting} is {there}, not {change['new']}")
    return differences


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are the same; the chip's own numbers have 24 bits."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-6)
    return one == other
