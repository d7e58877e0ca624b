"""A Cortex-M board under QEMU (mps3-an547) with MicroPython's own qemu port, driven at its raw prompt.

The RP2350 has no emulator; its files (armv7emsp) run unchanged on this Cortex-M55 with the same instructions.
"""

import base64
import os
import shutil
import subprocess
import threading
from pathlib import Path

QEMU = "qemu-system-arm"
VARIABLE = "CALANDO_QEMU_FIRMWARE"
_CHUNK = 1500  # bytes of a file in one line at the prompt
_FILES = """
import binascii, io, os, sys
FILES = {}
class File(io.IOBase):
    def __init__(self, data):
        self.data = data
        self.at = 0
    def readinto(self, buffer):
        piece = self.data[self.at : self.at + len(buffer)]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)
    def ioctl(self, request, argument):
        return 0 if request == 4 else -1
class Folder:
    def mount(self, readonly, mkfs):
        pass
    def umount(self):
        pass
    def chdir(self, path):
        pass
    def stat(self, path):
        path = path.strip("/")
        if path in FILES:
            return (0x8000, 0, 0, 0, 0, 0, len(FILES[path]), 0, 0, 0)
        if any(name.startswith(path + "/") for name in FILES):
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        raise OSError(2)
    def open(self, path, mode):
        path = path.strip("/")
        if path not in FILES:
            raise OSError(2)
        return File(FILES[path])
os.mount(Folder(), "/ram")
sys.path.insert(0, "/ram")
"""


def why_not() -> str | None:
    """Return half a sentence on what this machine lacks for the board; None when it can be had."""
    if shutil.which(QEMU) is None:
        return f"{QEMU} is not installed"
    if not Path(os.environ.get(VARIABLE, "")).is_file():
        return f"{VARIABLE} names no firmware.elf of MicroPython's qemu port (BOARD=MPS3_AN547)"
    return None


class Board:
    """A running board. `run` raises RuntimeError with what MicroPython says; nothing takes longer than `seconds`."""

    def __init__(self, seconds: float):
        self._process = subprocess.Popen(
            [QEMU, "-machine", "mps3-an547", "-nographic", "-monitor", "none", "-semihosting", "-serial", "stdio",
             "-kernel", os.environ[VARIABLE]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._late = threading.Timer(seconds, self._process.kill)
        self._late.start()
        self._send(b"\r\x03\x01")
        self._until(b"raw REPL; CTRL-B to exit\r\n>")
        self.run(_FILES)

    def close(self) -> None:
        self._late.cancel()
        self._process.kill()
        self._process.communicate()

    def put(self, name: str, data: bytes) -> None:
        self.run(f"FILES[{name!r}] = bytearray()")
        for at in range(0, len(data), _CHUNK):
            piece = base64.b64encode(data[at : at + _CHUNK]).decode()
            self.run(f"FILES[{name!r}] += binascii.a2b_base64({piece!r})")

    def run(self, text: str) -> str:
        """Return what a script prints."""
        self._send(text.encode() + b"\x04")
        self._until(b"OK")
        said = self._until(b"\x04")
        error = self._until(b"\x04>")
        if error:
            raise RuntimeError(error.decode(errors="replace"))
        return said.decode()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _until(self, end: bytes) -> bytes:
        assert self._process.stdout is not None
        found = bytearray()
        while not found.endswith(end):
            byte = self._process.stdout.read(1)
            if not byte:
                raise RuntimeError(
                    f"the board is gone, or took too long; it last said {bytes(found[-200:])!r}"
                )
            found += byte
        return bytes(found[: -len(end)])
