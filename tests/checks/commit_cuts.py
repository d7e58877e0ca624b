"""Every state in which a power cut can leave the flash while a computer's changes are staged, committed and cleaned up
after: before, within and after each operation, from the first line of the first `put` to the end of the next start.

The device is the firmware's own link, desk, staging, store and startup over littlefs; only its sound and its chips are
not here. Used by tests/unit/firmware/usb/test_commit_cuts.py; run as a program it counts the cuts at every byte.
"""

import contextlib
import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":
    import simulator  # noqa: F401  (what conftest.py does for the tests)

    sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import programme_parts
from desk_device import UNIT, DeskDevice, calibration, recording
from power_cuts import Recorder, a_few, cuts, every_byte

from firmware import startup
from firmware.care import dose
from firmware.drivers.flash_pages import FlashPages
from firmware.memory.names import SESSIONS_KEPT
from firmware.memory.store import ASIDE, Store
from firmware.sound import songs
from simulator import flash as chips

FOLDER = "data"
SESSION_BYTES = 5000
PAGE_FILE_BYTES = chips.SECTOR_BYTES
AGAIN = 20


class Files(chips.HostFiles):
    """The whole of firmware/drivers/flash_files.py, on littlefs on a chip that is mounted as at a start."""

    def __init__(self, flash: chips.Flash):
        super().__init__(chips.mount(flash.read, flash.program, flash.erase), FOLDER)
        # As the driver does, and it matters: see there.
        with contextlib.suppress(FileExistsError):
            self._files.mkdir(FOLDER)

    def names(self) -> list[str]:
        return self._files.listdir(FOLDER)

    def free_bytes(self) -> int:
        return (chips.SECTORS - self._files.used_block_count) * chips.SECTOR_BYTES

    def whole(self, name: str) -> bytes:
        with self._files.open(self._path(name), "rb") as file:
            return file.read()

    def open(self, name: str) -> SimpleNamespace:
        if self.size(name) is None:
            raise OSError(2)
        return SimpleNamespace(read_into=lambda offset, buffer: self.read_into(name, offset, buffer))

    def append(self, name: str, parts) -> None:
        with self._files.open(self._path(name), "wb" if self.size(name) is None else "ab") as file:
            for part in parts:
                file.write(bytes(part))

    def rename(self, name: str, new_name: str) -> None:
        self._files.rename(self._path(name), self._path(new_name))

    def remove(self, name: str) -> None:
        if self.size(name) is not None:
            self._files.remove(self._path(name))

    def remove_all(self, prefix: str) -> None:
        for name in self.names():
            if name.startswith(prefix):
                self.remove(name)


def text(**values: Any) -> bytes:
    return json.dumps(values).encode()


@functools.cache
def used_device(with_programmes: bool = False) -> bytes:
    """The flash of a device that has been in use: two profiles, songs, a voice, sessions, a dose, the journal's pages; or
    an adult's, with as many listening programmes as it holds.
    """
    flash = chips.Flash()
    device = DeskDevice(Files(flash))
    files: Any = device.files
    for number in range(FlashPages.count // 15):
        files.write(f"page.{number}", (b"Calando page %02d\n" % number + b"\xff" * (PAGE_FILE_BYTES - 16),))
    for number in range(12):
        files.write(f"song.old_{number}", (songs.DATA["brahms"],))
    files.write("song.a", (songs.DATA["brahms"],))
    files.write("voice.b", (recording(17),))
    device.has_profile(title="One", song="old_1")
    device.has_profile(title="Two", song="a", voice="b", level_dba=41)
    if with_programmes:
        for number in range(8):
            files.write(f"programme.old_{number}", (evening(f"Old {number}", "a"),))
        device.has_profile(title="Two", population="adult", listening_programme="old_3")
    device.store.save("calibration", 1, json.dumps(calibration(70.5)).encode())
    device.store.save("dose", dose.VERSION, given_dose())
    for number in range(3):
        device.store.save("session", 1, bytes([number]) * SESSION_BYTES, SESSIONS_KEPT)
    return bytes(flash.image)


def given_dose() -> bytes:
    record = bytearray(dose.RECORD_BYTES)
    dose.Dose().pack_into(record)
    return bytes(record)


def stage(device: DeskDevice, name: str, data: bytes) -> None:
    device.put(name, data)
    device.ok("stage")


def everything(device: DeskDevice) -> None:
    """Profile, song, voice and calibration together; the song and the voice in the place of those that are played."""
    stage(device, "song.a", songs.DATA["twinkle"])
    stage(device, "song.new", songs.DATA["twinkle"])
    stage(device, "voice.b", recording(18))
    stage(device, "calibration", json.dumps(calibration(73.25)).encode())
    stage(device, "profile", text(title="Three", song="new", voice="b", level_dba=42))


def removal(device: DeskDevice) -> None:
    """A song, a voice that the profile no longer wants, and the sessions."""
    device.ok("remove", name="song.old_5")
    device.ok("remove", name="voice.b")
    device.ok("remove", name="session")
    stage(device, "profile", text(title="Three", song="a"))


def reset(device: DeskDevice) -> None:
    """Back to the factory's settings."""
    device.ok("reset")


def restore(device: DeskDevice) -> None:
    """A backup in the place of everything: what it lacks goes."""
    device.ok("reset")
    stage(device, "song.a", songs.DATA["twinkle"])
    stage(device, "voice.c", recording(17))
    stage(device, "calibration", json.dumps(calibration(73.25)).encode())
    stage(device, "profile", text(title="Kept", song="a", voice="c"))


def programmes(device: DeskDevice) -> None:
    """Eight programmes in the place of eight others, one of which the profile named, with a song that they alone name: a
    device holds no more, so some go before others come; as a backup is restored.
    """
    for number in range(8):
        device.ok("remove", name=f"programme.old_{number}")
        stage(device, f"programme.new_{number}", evening(f"New {number}", "new"))
    stage(device, "song.new", songs.DATA["twinkle"])
    stage(device, "profile", text(title="Three", population="adult", listening_programme="new_7"))
    device.ok("remove", name="song.a")


def evening(title: str, song: str) -> bytes:
    segments = [
        programme_parts.segment("arrive", "song", song, minutes=5),
        programme_parts.SILENCE,
        programme_parts.segment("rest", "song", "twinkle", minutes=5),
    ]
    return programme_parts.compact(segments, title=title)


def rollback(device: DeskDevice) -> None:
    """The profile before this one."""
    device.ok("rollback")


CHANGES: tuple[Callable[[DeskDevice], None], ...] = (
    everything,
    removal,
    reset,
    restore,
    programmes,
    rollback,
)


def boot(files: Files) -> tuple[SimpleNamespace, int]:
    """The device's start, as far as it looks at its records; what it made of them and how many it could not use."""
    device = SimpleNamespace(files=files, store=Store(files), inputs=SimpleNamespace())
    return device, startup.load(device, bytes.fromhex(UNIT))


def objects(files: Files) -> dict[str, Any]:
    """Everything that a therapist has on a device, and the dose and the pages, as the device itself finds them."""
    store = Store(files)
    found: dict[str, Any] = {}
    for name in ("profile", "calibration", "dose"):
        record = store.load(name)
        if record is not None:
            found[name] = (record[0], bytes(record[1]))
    for _, slot in store.history("session", SESSIONS_KEPT):
        payload = bytes(store._read("session", slot)[1])
        found[f"session of {payload[0]}"] = payload
    for name in files.names():
        if name.startswith(("song.", "voice.", "programme.", "page.")):
            found[name] = files.whole(name)
    return found


def committed(image: bytes, change: Callable[[DeskDevice], None]) -> Recorder:
    """The flash of a whole life: staged, committed with the button held, started anew."""
    flash = Recorder(image)
    device = DeskDevice(Files(flash))
    change(device)
    device.commit(checked=True)
    boot(Files(flash))
    return flash


def check(
    image: bytes, old: dict[str, Any], new: dict[str, Any], said: str
) -> tuple[Recorder, dict[str, Any]]:
    """Start a device on what a cut left. AssertionError where an object is neither old nor new, or the start refuses."""
    flash = Recorder(image)
    files = Files(flash)
    device, unusable = boot(files)
    assert unusable == 0, said
    found = objects(files)
    for name in old.keys() | new.keys() | found.keys():
        assert found.get(name) in (old.get(name), new.get(name)), f"{said}: {name} is neither old nor new"
    assert device.inputs.profile_confirmed == ("profile" in found), said
    assert device.calibrated == ("calibration" in found), said
    assert not any(name.startswith(ASIDE) for name in files.names()), (
        f"{said}: something staged is still there"
    )
    if found.get("profile") == new.get("profile") != old.get("profile") and "profile" in new:
        # Last of what is put: whatever it wants is there.
        for name in new.keys() - {"profile"}:
            assert found.get(name) == new[name], f"{said}: the profile came before {name}"
    elif found.get("profile") == old.get("profile") != new.get("profile"):
        for name in [
            name for name in old.keys() - new.keys() if name.startswith(("song.", "voice.", "programme."))
        ]:
            assert found.get(name) == old[name], f"{said}: {name} went before the profile that may name it"
    return flash, found


def lives(change: Callable[[DeskDevice], None], tears: Callable[[int], Any]) -> int:
    """Cut one of CHANGES everywhere; returns how many cuts were looked at. AssertionError where one lost something.

    Where the start after a cut writes to flash, the power goes in that start too: for one cut in AGAIN, at its every
    operation, half done.
    """
    image = used_device(change is programmes)
    old = objects(Files(chips.Flash(bytearray(image))))
    flash = committed(image, change)
    new = objects(Files(chips.Flash(bytearray(flash.image))))
    assert new != old and new["dose"] == old["dose"]
    count = 0
    again = 0
    for number, (where, left) in enumerate(cuts(image, flash.operations, tears)):
        said = f"{change.__name__}, {where}"
        started, found = check(left, old, new, said)
        count += 1
        if not started.operations or number % AGAIN:
            continue
        for where_again, left_again in cuts(left, started.operations, lambda length: (length // 2,)):
            said_again = f"{said}, and again {where_again}"
            _, kept = check(left_again, old, new, said_again)
            assert kept == found, f"{said_again}: a start changed something"
            again += 1
    return count + again


def main() -> None:
    started = time.perf_counter()
    total = 0
    for change in CHANGES:
        count = lives(change, every_byte if "--every-byte" in sys.argv else a_few)
        total += count
        print(f"{change.__name__}: {count} cut points", flush=True)
    print(f"{total} cut points, each object old or new; {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
