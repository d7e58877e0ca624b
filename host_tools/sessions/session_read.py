"""Sessions from a device over USB: which there are, and one of them with what is known of the device beside it."""

import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from firmware.prescription.profiles import READY
from firmware.sound import adpcm
from host_tools.device import answers, client
from host_tools.device.client import Connection, DeviceRefused, Progress
from host_tools.sessions import session_file
from host_tools.sessions.session_file import PlayedProfile, SessionFile
from host_tools.sessions.told import tell
from simulator.files import song_file
from simulator.files.errors import CalandoError

NEWEST = "newest"
SUFFIX = ".calando"


def listed(device: Connection) -> list[dict[str, Any]]:
    """Return the sessions on the device, newest first: `age`, `records`, `this_boot`, `cut`."""
    return sorted(device.list("session"), key=lambda item: -item["age"])


def read(
    device: Connection, age: str, now: datetime.datetime, progress: Progress | None = None
) -> SessionFile:
    """Read a session by its age, or the newest. `now` is this computer's clock. Raises CalandoError when there is none."""
    there = listed(device)
    if not there:
        raise CalandoError(f"there is no session on the device on {device.port}; play one first")
    found = there[0] if age == NEWEST else next((item for item in there if str(item["age"]) == age), None)
    if found is None:
        ages = ", ".join(str(item["age"]) for item in there)
        raise CalandoError(
            f"there is no session {age} on the device on {device.port}; choose {ages} or {NEWEST}"
        )
    raw = device.get(f"session.{found['age']}", progress)
    status = device.call("status")
    return session_file.make(
        raw,
        unit=device.unit,
        firmware=device.hello["firmware"],
        protocol=device.hello["protocol"],
        age=found["age"],
        this_boot=found["this_boot"],
        cut=found["cut"],
        profile=_profile(device, status),
        calibrated=status["calibrated"],
        calibrated_on=_calibrated_on(device) if status["calibrated"] else None,
        full_scale_dba=status["full_scale_dba"],
        dose_today_min=status["dose_today_min"],
        read_at=now.replace(second=0, microsecond=0),
        started=session_file.started_at(tell(raw), found["this_boot"], status["uptime_s"], now),
    )  # fmt: skip


def _profile(device: Connection, status: dict[str, Any]) -> PlayedProfile | None:
    if status["profile"] is None:
        return None
    told = status["profile"]
    text = device.get_or_none("profile")
    there = {} if text is None else device.read("profile", answers.settings, text)
    values = READY.get(told["population"], {}) | there | told
    values["recorded_voice"] = None if text is None else _recorded_voice(device, values)
    try:
        return PlayedProfile.model_validate({name: values.get(name) for name in PlayedProfile.model_fields})
    except ValidationError as error:
        raise device.strange("get profile", answers.first(error)) from None


def _recorded_voice(device: Connection, values: dict[str, Any]) -> bool | None:
    """Return whether a profile has a recorded voice in the melody's place: the head of its recording says which kind it is.
    None where the recording is gone.
    """
    if values.get("voice", "none") == "none" or values.get("listening_programme", "none") != "none":
        return False
    try:
        head = device.call("get", name=f"voice.{values['voice']}", at=0)["data"]
    except DeviceRefused as refusal:
        if refusal.code == "not_found":
            return None
        raise
    return song_file.kind_of(head) == adpcm.VOICE


def _calibrated_on(device: Connection) -> datetime.date | None:
    text = device.get_or_none("calibration")
    return None if text is None else device.read("calibration", answers.calibrated_on, text)


def get(
    source: str, port: str | None, now: datetime.datetime, progress: Progress | None = None
) -> SessionFile:
    """Return a session from a file that `calando session get` wrote, or by its age from a device."""
    if source == NEWEST or source.isdecimal():
        with client.connect(port) as device:
            return read(device, source, now, progress)
    return session_file.load(Path(source))


def stem(session: SessionFile) -> str:
    """Return what its files are called, without an ending: unit and age, for the device has no clock."""
    return f"session-{session.unit}-{session.age}"
