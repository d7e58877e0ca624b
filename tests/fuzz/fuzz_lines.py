"""Lines for the device's USB link, from a seed: right ones, damaged ones and noise, and what each must be answered with.

None of them may change the device: it takes a hand on the button for that, and there is none.
"""

import base64
import hashlib
import json
import random
from binascii import crc32
from collections.abc import Iterator

import simulator  # noqa: F401  # before what imports the firmware
from firmware.prescription import profile
from firmware.usb import link

NAMES = [
    "profile", "profile.previous", "profile.0", "schema", "diff", "calibration", "dose", "fault", "session", "session.1",
    "session.99999999999", "song", "song.", "song.my_song", "song.brahms", "song.../../x", "song." + "x" * 80, "voice.box",
    "voice./", "", "/", "..", "main.py", "boot.py", "staged", "\u00e9\u266b", "\x00", "a" * 300,
]  # fmt: skip
NUMBERS = [
    0,
    1,
    -1,
    2,
    5,
    15,
    255,
    256,
    257,
    4096,
    65536,
    (1 << 30) - 2,
    1 << 30,
    -(1 << 31),
    1 << 63,
    10**40,
    0.5,
    -0.0,
    1e300,
]
ODDITIES = [None, True, False, "", "x", [], {}, [[]], {"a": {"b": []}}, *NUMBERS]
ARGUMENTS = [
    "kind",
    "from",
    "name",
    "at",
    "size",
    "sha256",
    "format",
    "data",
    "checked",
    "level_dbfs",
    "seconds",
    "part",
    "id",
    "cmd",
]
COMMANDS = [
    "hello", "status", "now", "list", "get", "put", "data", "stage", "remove", "rollback", "reset", "discard", "commit",
    "identify", "bench", "tone", "quiet", "selftest", "", "reboot", "eval", "__init__", "help", "HELLO", "get\x00",
]  # fmt: skip
NOISE = [
    b"\x03",
    b"\x04",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"\x1b[A",
    b">>> ",
    b"import machine; machine.reset()\r",
    b"*",
    b"{",
    b"[" * 200,
]
CHUNK = 96  # bytes in one data command


def checked(text: bytes) -> bytes:
    """A line of that text with the checksum that belongs to it."""
    return b"%s*%08X\n" % (text, crc32(text))


class Lines:
    """An endless source. `next()` gives bytes that end with a newline, and of each line in them what `answers` expects."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self._upload: list[dict] = []
        self._object = b""
        self._at = 0
        self._number = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Bytes that end with a newline; there may be others in them."""
        choose = self._random.random()
        if self._upload:
            line = self._line(self._numbered(self._upload.pop(0)))
            return self._mutated(line) if choose < 0.02 else line
        if choose < 0.01:
            self._upload = self._whole_object()
        if choose < 0.35:
            return self._line(self._command())
        if choose < 0.55:
            return self._line(self._damaged_command())
        if choose < 0.80:
            return self._mutated(self._line(self._command()))
        if choose < 0.92:
            return checked(
                self._mutated(json.dumps(self._command()).encode(), newlines=False).replace(b"\n", b"")
            )
        return self._noise()

    def _numbered(self, command: dict) -> dict:
        self._number = (self._number + 1) % link.ID_MOST
        return {"id": self._number, **command}

    def _whole_object(self) -> list[dict]:
        """Everything that changes a device but for the hand on its button."""
        pick = self._random
        name = pick.choice(["profile", "calibration", "song.fuzz", "voice.fuzz"])
        values = dict(profile.READY[pick.choice(sorted(profile.READY))])
        whole = (
            json.dumps(values).encode() if name == "profile" else pick.randbytes(pick.choice([30, 700, 3000]))
        )
        digest = hashlib.sha256(whole).hexdigest()
        version = profile.SCHEMA_VERSION if name == "profile" else 1
        commands: list[dict] = [
            {"cmd": "put", "name": name, "size": len(whole), "sha256": digest, "format": version}
        ]
        for at in range(0, len(whole), CHUNK):
            commands.append(
                {"cmd": "data", "at": at, "data": base64.b64encode(whole[at : at + CHUNK]).decode()}
            )
        commands += [
            {"cmd": "stage"},
            {"cmd": "get", "name": "diff"},
            {"cmd": "commit", "checked": True},
            {"cmd": "status"},
        ]
        return commands

    def _command(self) -> dict:
        """One that a well-meaning computer could send."""
        pick = self._random
        command = self._numbered({"cmd": pick.choice(COMMANDS[:18])})
        kind = command["cmd"]
        if kind == "list":
            command |= {
                "kind": pick.choice(["song", "voice", "session"]),
                "from": pick.choice([0, 0, 5, 1000]),
            }
        elif kind == "get":
            command |= {"name": pick.choice(NAMES), "at": pick.choice([0, 0, 192, 256, 10**6])}
        elif kind == "put":
            self._object = pick.randbytes(pick.choice([1, 40, 300, 2000]))
            self._at = 0
            digest = pick.choice(["0" * 64, "f" * 64, "x"])
            command |= {"name": pick.choice(NAMES), "size": len(self._object), "sha256": digest, "format": 1}
        elif kind == "data":
            piece = self._object[self._at : self._at + CHUNK]
            command |= {"at": self._at, "data": base64.b64encode(piece).decode()}
            self._at += len(piece)
        elif kind == "remove":
            command["name"] = pick.choice(NAMES)
        elif kind == "commit":
            command["checked"] = True
        elif kind == "tone":
            command |= {"level_dbfs": pick.choice([-40, -20, 0]), "seconds": 15}
        elif kind == "selftest":
            command["part"] = pick.choice(["flash", "amplifier", "mute", "sensor"])
        return command

    def _damaged_command(self) -> dict:
        """One with a key too many, one too few, or a value that means nothing there."""
        pick = self._random
        command = self._command()
        for _ in range(pick.randint(1, 3)):
            key = pick.choice([*command, *ARGUMENTS])
            if pick.random() < 0.25:
                command.pop(key, None)
            else:
                command[key] = pick.choice([*ODDITIES, *NAMES, *COMMANDS])
        return command

    def _line(self, command: dict) -> bytes:
        return checked(
            json.dumps(command, separators=self._random.choice([(",", ":"), (", ", ": ")])).encode()
        )

    def _mutated(self, line: bytes, newlines: bool = True) -> bytes:
        pick = self._random
        data = bytearray(line)
        for _ in range(pick.choice([1, 1, 2, 8])):
            place = pick.randrange(len(data) + 1)
            how = pick.randrange(6)
            if how == 0 and place < len(data):
                data[place] ^= 1 << pick.randrange(8)
            elif how == 1:
                del data[place : place + pick.choice([1, 5, 50])]
            elif how == 2:
                data[place:place] = pick.choice(NOISE)
            elif how == 3:
                data[place:place] = data[: pick.choice([3, 30, 300])]
            elif how == 4:
                data[place:place] = pick.choice(
                    [b"999999999999999999999", b"-1e999", b"NaN", b"null", b'"\\u0000"', b"\\", b'"']
                )
            else:
                data[place : place + 1] = bytes((pick.randrange(256),))
        if newlines and not data.endswith(b"\n"):
            data += b"\n"
        return bytes(data)

    def _noise(self) -> bytes:
        pick = self._random
        kind = pick.randrange(4)
        if kind == 0:
            return pick.choice(NOISE) + b"\n"
        if kind == 1:
            return pick.randbytes(pick.choice([1, 10, 100, 600, 1500])) + b"\n"
        if kind == 2:
            return checked(
                b"[" * pick.randrange(1, 500) if pick.random() < 0.5 else b'{"a":' * pick.randrange(1, 90)
            )
        return b"\n"


def is_answer_to(line: bytes, number: int | None) -> bool:
    """Whether an answer with that id can be one to a line (without its newline)."""
    text, _, checksum = line.rpartition(b"*")
    plain = all(32 <= byte < 127 for byte in text)
    if not plain or len(line) >= link.LINE_BYTES or checksum != b"%08X" % crc32(text):
        return number is None
    try:
        asked = json.loads(text, parse_constant=float).get("id")
    except (ValueError, AttributeError, RecursionError):
        return number is None
    if b"NaN" in text or b"Infinity" in text or b"\\ud" in text.lower():
        return number in (None, asked)  # CPython reads such words, and halves of a character
    return number == (asked if type(asked) is int and 0 <= asked <= link.ID_MOST else None)


def command_of(line: bytes) -> str | None:
    """What a line asks for, None where CPython's JSON cannot tell."""
    try:
        command = json.loads(line.rpartition(b"*")[0]).get("cmd")
    except ValueError:
        return None
    return command if isinstance(command, str) else None
