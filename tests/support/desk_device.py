"""A device for the tests of the link: the firmware's own commands, desk and store over files in memory, and a cable."""

import base64
import binascii
import hashlib
import json
import struct
from types import SimpleNamespace

from memory_files import Files

from firmware import ticks
from firmware.memory.names import PROFILE
from firmware.memory.store import Store
from firmware.prescription.profile import SCHEMA_VERSION
from firmware.sound import adpcm
from firmware.usb import commands, link
from firmware.usb.desk import Desk

UNIT = "43414c414e444f01"


def calibration(full_scale_dba: float) -> dict:
    """A calibration of this device."""
    return {
        "full_scale_dba": full_scale_dba,
        "date": "2025-12-31",
        "meter": "NTi XL2",
        "measurements": [{"level_dbfs": -30, "level_dba": 43.3}],
        "unit": UNIT,
    }


def recording(blocks: int, kind: int = adpcm.VOICE) -> bytes:
    """A voice, or a heartbeat, of so many blocks."""
    head = adpcm.header(kind, adpcm.BLOCK_SAMPLES * blocks, 2000)
    seed = int.from_bytes(head[12:14], "little")
    data = bytearray(head)
    for number in range(blocks):
        block = bytearray(2) + struct.pack("<HB", 32768, number % 80) + bytes(251)
        data += struct.pack("<H", binascii.crc_hqx(bytes(block[2:]), seed ^ (number + 1))) + block[2:]
    return bytes(data)


class Serial:
    """As drivers/usb_serial.py; `reads` False: the computer has the port open and does not read."""

    def __init__(self):
        self.coming = bytearray()
        self.heard = bytearray()
        self.reads = True

    def read(self, buffer):
        count = min(len(buffer), len(self.coming), 64)
        buffer[:count] = self.coming[:count]
        del self.coming[:count]
        return count

    def write(self, buffer, start, count):
        if not self.reads:
            return 0
        count = min(count, 64)
        self.heard += buffer[start : start + count]
        return count


class DeskDevice:
    """What commands.py needs of service.UsbService and main.Device. mode: session, idle or bench."""

    def __init__(self, files=None):
        self.files = Files() if files is None else files
        self.store = Store(self.files)
        self.device = self  # the computer's part of it is here too
        self.mode = "idle"
        self.unit = UNIT
        self.desk = None
        self.profile_digest = None
        self.profile = SimpleNamespace(title="Newborn", population="newborn")
        self.inputs = SimpleNamespace(profile_confirmed=False, supply_mv=5021)
        self.outputs = SimpleNamespace(
            phase="idle", reason=None, minutes_left=0, light_colour="green", light_permille=6
        )
        self.calibrated = False
        self.left = None
        self.full_scale_cdba = 7400
        self.sensor = self.adc = SimpleNamespace(fault=None)
        self.dose = SimpleNamespace(minutes_today=0)
        self.loop = SimpleNamespace(heap_free_bytes=60_000, worst_lateness_ms=12)
        self.journal = SimpleNamespace(record=bytearray(16))
        self.serial = Serial()
        self.link = link.Link(self.serial, self._answer)
        self.now_ms = 0  # ticks, as the loop gives them
        self.clock = SimpleNamespace(uptime_s=0)
        self._number = 0

    def load_desk(self):
        if self.desk is None:
            self.desk = Desk(self.files, self.store, self.unit, 8, 1, lambda: None)
        return self.desk

    def load_bench(self):
        return SimpleNamespace(answer=lambda command, arguments, now_ms: {})

    def _answer(self, command, arguments):
        return commands.answer(self, command, arguments, self.now_ms)

    def turn(self, ms=16):
        self.now_ms = ticks.add(self.now_ms, ms)
        self.link.step(20)
        if self.desk is not None:
            self.desk.step(self.now_ms)

    def send(self, data: bytes) -> list[dict]:
        """Give bytes to the cable; the answers that come back."""
        self.serial.coming += data
        expected = data.count(b"\n")
        for _ in range(2 + len(data) // 64 + 4 * expected):
            self.turn()
            if (
                not self.serial.coming
                and self.link._out is None
                and self.serial.heard.count(b"\n") >= expected
            ):
                break
        lines = bytes(self.serial.heard).split(b"\n")
        del self.serial.heard[:]
        assert lines.pop() == b""
        return [link.decode(line) for line in lines]

    def ask(self, cmd: str, **arguments) -> dict:
        """One command; its whole answer without the id."""
        self._number += 1
        (answer,) = self.send(link.encode({"id": self._number, "cmd": cmd, **arguments}))
        assert answer.pop("id") == self._number
        return answer

    def ok(self, cmd: str, **arguments) -> dict:
        answer = self.ask(cmd, **arguments)
        assert "ok" in answer, answer
        return answer["ok"]

    def refused(self, cmd: str, **arguments) -> tuple[str, str]:
        error = self.ask(cmd, **arguments)["error"]
        assert error["text"].endswith(".") and "\n" not in error["text"]
        return error["code"], error["text"]

    def put(self, name: str, data: bytes, version: int = 1, chunk: int = link.CHUNK_BYTES):
        digest = hashlib.sha256(data).hexdigest()
        have = self.ok("put", name=name, size=len(data), sha256=digest, format=version)["have"]
        while have < len(data):
            piece = data[have : have + chunk]
            have = self.ok("data", at=have, data=base64.b64encode(piece).decode())["have"]

    def get(self, name: str) -> bytes:
        data = b""
        at = 0
        while at is not None:
            answer = self.ok("get", name=name, at=at)
            data += base64.b64decode(answer["data"])
            at = answer["next"]
        assert hashlib.sha256(data).hexdigest() == answer["sha256"] and len(data) == answer["size"]
        return data

    def diff(self) -> list[dict]:
        return json.loads(self.get("diff"))["changes"]

    def hold(self) -> None:
        """Somebody presses the button and keeps it down for a second."""
        assert self.desk is not None
        self.desk.gesture("press", self.now_ms)
        self.turn(1000)
        self.desk.gesture("hold", self.now_ms)

    def commit(self, **arguments) -> None:
        """Commit with the button held, until the device wants to start anew; then it does."""
        self.ok("commit", **arguments)
        self.hold()
        while not self.desk.restart:
            self.turn()
        assert self.desk.commit == "done"
        self.desk = None

    def has_profile(self, **values) -> None:
        """A profile that somebody committed earlier."""
        self.store.save(PROFILE, SCHEMA_VERSION, json.dumps(values).encode())
