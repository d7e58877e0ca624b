"""Everything on a device as one file, and back: a zip with the objects as they are on the device, and a manifest.

No name, no record number, no time of day: none is on the device either. Sessions are read and never put back.
"""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.prescription.profile import SCHEMA_VERSION
from host_tools.device.client import Device, Progress, Say
from host_tools.output import write_files
from simulator.files.errors import CalandoError, os_reason

FORMAT = "calando backup"
VERSION = 1
MANIFEST = "manifest.json"
LARGEST_BYTES = 16_000_000  # the whole flash of the device has 2 MB
NAME = re.compile(r"profile|calibration|(song|voice)\.[a-z0-9_]{1,24}|session\.[0-9]{1,10}")
# What the readers of zip and JSON raise for bytes that are neither.
NOT_A_BACKUP = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, KeyError, TypeError, AttributeError,
)  # fmt: skip
TOLD = ("unit", "firmware", "board", "protocol", "schema")  # of what the device says of itself


@dataclass(frozen=True)
class Backup:
    """What was on a device: `about` is what it said of itself, `objects` the bytes by their names."""

    about: dict[str, Any]
    objects: dict[str, bytes]

    def names(self, *kinds: str) -> list[str]:
        """The names of these kinds ("song"), in order."""
        return [name for name in sorted(self.objects) if name.split(".")[0] in kinds]


def read_device(device: Device, progress: Progress | None = None) -> Backup:
    """Read everything that is on a device."""
    names = ["profile", "calibration"]
    names += [
        f"{kind}.{item['name']}"
        for kind in ("song", "voice")
        for item in device.list(kind)
        if not item["built_in"]
    ]
    names += [f"session.{item['age']}" for item in device.list("session")]
    objects = {}
    for number, name in enumerate(names, 1):
        data = device.get_or_none(name)
        if data is not None:
            objects[name] = data
        if progress is not None:
            progress(number, len(names))
    return Backup({key: device.hello[key] for key in TOLD}, objects)


def write(path: Path, backup: Backup) -> None:
    """Write a backup, whole or not at all. The same content gives the same bytes."""
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "device": backup.about,
        "objects": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(backup.objects.items())
        },
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            (MANIFEST, json.dumps(manifest, indent=2).encode()),
            *sorted(backup.objects.items()),
        ):
            archive.writestr(
                zipfile.ZipInfo(name), data
            )  # dated 1980: when somebody was treated is nobody's business
    write_files({path: packed.getvalue()})


def read(path: Path) -> Backup:
    """Read a backup and compare everything in it with its manifest. Raises CalandoError."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise CalandoError(f"{path} is larger than any backup; check that this is the right file")
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise CalandoError(f"{path} is larger than any backup; check that this is the right file")
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise ValueError
            if manifest["version"] > VERSION:
                raise CalandoError(
                    f"{path} is a backup of version {manifest['version']}, this program reads {VERSION}; renew calando"
                )
            listed = manifest["objects"]
            objects = {name: archive.read(name) for name in listed}
            about = {key: manifest["device"][key] for key in TOLD}
    except OSError as error:
        raise CalandoError(f"cannot read the backup {path}: {os_reason(error)}") from None
    except NOT_A_BACKUP:
        raise CalandoError(
            f"{path} is no backup, or a damaged one; give a file that calando backup has written"
        ) from None
    for name, data in objects.items():
        if not NAME.fullmatch(name) or hashlib.sha256(data).hexdigest() != listed[name]["sha256"]:
            raise CalandoError(f"{path} is damaged: {name} differs from the manifest; use another backup")
    return Backup(about, objects)


def stage(device: Device, backup: Backup, say: Say, progress: Progress | None = None) -> Backup:
    """Stage what makes the device as the backup was; says what is left out. Returns what should be there afterwards."""
    wanted = {name: backup.objects[name] for name in backup.names("song", "voice", "calibration", "profile")}
    if "calibration" in wanted and backup.about["unit"] != device.unit:
        say("The calibration is not put back: it is of another device. Calibrate this one.")
        del wanted["calibration"]
    sessions = backup.names("session")
    if sessions:
        say(f"Not put back: {len(sessions)} sessions. They stay in the backup.")
    there = read_device(device)
    for name in ("calibration", "profile"):
        if name in there.objects and name not in wanted:
            say(f"The {name} on the device stays: the backup has none.")
    sending = [name for name, data in wanted.items() if there.objects.get(name) != data]
    sending.sort(key=lambda name: name == "profile")  # it names a song, which must be there before it
    for number, name in enumerate(sending, 1):
        device.put(name, wanted[name], SCHEMA_VERSION if name == "profile" else 1)
        device.stage()
        if progress is not None:
            progress(number, len(sending))
    for name in there.names("song", "voice"):
        if name not in wanted:
            device.call("remove", name=name)
    return Backup(backup.about, wanted)


def differences(device: Device, wanted: Backup) -> list[str]:
    """What of songs, voices, calibration and profile is not on the device byte for byte, as parts of a sentence."""
    there = read_device(device)
    kinds = ("song", "voice", *(name for name in ("calibration", "profile") if name in wanted.objects))
    found = []
    for name in sorted({*wanted.names(*kinds), *there.names(*kinds)}):
        if name not in there.objects:
            found.append(f"{name} is missing")
        elif name not in wanted.objects:
            found.append(f"{name} is there and should not be")
        elif there.objects[name] != wanted.objects[name]:
            found.append(f"{name} has other bytes")
    return found
