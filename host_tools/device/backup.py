"""Everything on a device as one file, and back: a zip with the objects as they are on the device, and a manifest.

No name, no record number, no time of day: none is on the device either. Sessions are read and never put back.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from firmware.memory.names import PROGRAMME
from firmware.prescription import programme
from firmware.prescription.profile import SCHEMA_VERSION
from firmware.prescription.programme import PROGRAMMES_MAX
from firmware.sound import songs
from host_tools import zip_files
from host_tools.device.answers import MOST_OBJECT_BYTES, Answer, Unit, first
from host_tools.device.client import Connection, DeviceRefused, Progress, Say
from host_tools.output import write_files
from simulator.files.errors import CalandoError, os_reason

FORMAT = "calando backup"
VERSION = 1
MANIFEST = "manifest.json"
LARGEST_BYTES = 4_000_000  # packed, and unpacked; the whole flash of the device has 2 MB
MOST_OBJECTS = 1000
NAME = r"^(profile|calibration|(song|voice|programme)\.[a-z0-9_]{1,24}|session\.[0-9]{1,10})$"
# What the readers of zip and JSON raise for bytes that are neither.
NOT_A_BACKUP = (*zip_files.DAMAGED, TypeError, AttributeError)
STORED = ("song", "voice", "programme")
COUNTED = ("profile", "calibration", "song", "voice", "programme", "session")  # all that a backup has
TOLD = ("unit", "firmware", "board", "protocol", "schema")  # of what the device says of itself


class _About(Answer):
    """What the manifest tells of the device, as `hello` does."""

    unit: Unit
    firmware: Annotated[str, Field(max_length=32)]
    board: Annotated[str, Field(max_length=64)]
    protocol: Annotated[int, Field(ge=1, le=1000)]
    schema_crc: Annotated[str, Field(alias="schema", max_length=8)]


class _Object(Answer):
    size: Annotated[int, Field(alias="bytes", ge=0, le=MOST_OBJECT_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(Answer):
    format: Literal["calando backup"]
    version: Annotated[int, Field(ge=1, le=VERSION)]
    device: _About
    objects: Annotated[dict[Annotated[str, Field(pattern=NAME)], _Object], Field(max_length=MOST_OBJECTS)]


@dataclass(frozen=True)
class Backup:
    """What was on a device: `about` is what it said of itself, `objects` the bytes by their names."""

    about: dict[str, Any]
    objects: dict[str, bytes]

    def names(self, *kinds: str) -> list[str]:
        """Return the names of these kinds ("song"), in order."""
        return [name for name in sorted(self.objects) if name.split(".")[0] in kinds]


def read_device(device: Connection, progress: Progress | None = None) -> Backup:
    """Read everything that is on a device."""
    names = ["profile", "calibration"]
    names += [
        f"{kind}.{item['name']}" for kind in STORED for item in device.list(kind) if not item["built_in"]
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
    """Read a backup and compare everything in it with its manifest. Raises CalandoError.

    Only what the manifest names is unpacked, into memory, and no more of it than a device can hold.
    """
    try:
        with zip_files.opened(path, "backup", LARGEST_BYTES, MOST_OBJECTS) as files:
            values = json.loads(files.read(MANIFEST), object_pairs_hook=_each_once)
            if values["format"] == FORMAT and type(values["version"]) is int and values["version"] > VERSION:
                raise CalandoError(
                    f"{path} is a backup of version {values['version']}, this program reads {VERSION}; renew calando"
                )
            manifest = _Manifest.model_validate(values)
            objects = {name: files.read(name) for name in manifest.objects}
    except OSError as error:
        raise CalandoError(f"cannot read the backup {path}: {os_reason(error)}") from None
    except ValidationError as error:
        raise CalandoError(
            f"{path} is no backup, or a damaged one ({MANIFEST}, {first(error)}); "
            "give a file that calando backup has written"
        ) from None
    except NOT_A_BACKUP:
        raise CalandoError(
            f"{path} is no backup, or a damaged one; give a file that calando backup has written"
        ) from None
    for name, data in objects.items():
        said = manifest.objects[name]
        if len(data) != said.size or hashlib.sha256(data).hexdigest() != said.sha256:
            raise CalandoError(f"{path} is damaged: {name} differs from the manifest; use another backup")
    return Backup(manifest.device.model_dump(by_alias=True), objects)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, if no name stands twice in it."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("the same name twice")
    return values


def stage(device: Connection, backup: Backup, say: Say, progress: Progress | None = None) -> Backup:
    """Stage what makes the device as the backup was; says what is left out. Returns what should be there afterwards.

    New things come beside the old ones, which go in the same commit; of programmes, of which a device takes no more than
    it may hold, some are staged to go first.
    """
    wanted = {name: backup.objects[name] for name in backup.names(*STORED, "calibration", "profile")}
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
    _keep_what_is_named(wanted, there, say)
    sending = [name for name, data in wanted.items() if there.objects.get(name) != data]
    sending.sort(key=lambda name: name == "profile")  # what it names must be there before it
    going = [name for name in there.names("programme", "song", "voice") if name not in wanted]
    room = PROGRAMMES_MAX - len(there.names("programme"))
    for number, name in enumerate(sending, 1):
        if name in wanted.keys() - there.objects.keys() and name.startswith(PROGRAMME):
            while room < 1 and going and going[0].startswith(PROGRAMME):
                device.call("remove", name=going.pop(0))
                room += 1
            room -= 1
        try:
            device.put(name, wanted[name], SCHEMA_VERSION if name == "profile" else 1)
            device.stage()
        except DeviceRefused as refused:
            if refused.code != "invalid":
                raise
            raise CalandoError(f"{name} of the backup is refused by the device: {refused}") from None
        if progress is not None:
            progress(number, len(sending))
    for name in going:
        device.call("remove", name=name)
    return Backup(backup.about, wanted)


def _keep_what_is_named(wanted: dict[str, bytes], there: Backup, say: Say) -> None:
    """Let stay what a programme names and the backup lacks, and leave out a programme that names what is nowhere.

    An older firmware let a song go that only a stored programme named: such a device has such a backup.
    """
    for name in [name for name in wanted if name.startswith(PROGRAMME)]:
        for file in _named_by(wanted[name]):
            if file in wanted:
                continue
            if file in there.objects:
                wanted[file] = there.objects[file]
                say(f"{file} on the device stays: {name} names it, and the backup has none.")
            elif there.objects.get(name) != wanted[name]:
                say(
                    f"Not put back: {name}. It names {file}, which is neither in the backup nor on the device."
                )
                del wanted[name]
                break


def _named_by(data: bytes) -> list[str]:
    """Return what must be on the device beside a programme: "song.own", "voice.mother"."""
    try:
        plan = programme.read(data)
    except programme.ProgrammeError:
        return []  # the device says what is wrong with it
    own = [name for name in plan.names_of("song") if name not in songs.NAMES]
    return [f"song.{name}" for name in own] + [f"voice.{name}" for name in plan.names_of("voice")]


def differences(device: Connection, wanted: Backup) -> list[str]:
    """Return what of all that can be put back is not on the device byte for byte, as parts of a sentence."""
    there = read_device(device)
    kinds = (*STORED, *(name for name in ("calibration", "profile") if name in wanted.objects))
    found = []
    for name in sorted({*wanted.names(*kinds), *there.names(*kinds)}):
        if name not in there.objects:
            found.append(f"{name} is missing")
        elif name not in wanted.objects:
            found.append(f"{name} is there and should not be")
        elif there.objects[name] != wanted.objects[name]:
            found.append(f"{name} has other bytes")
    return found
