"""Puts the firmware on a device, through mpremote: beside the one that runs, compared byte by byte, then in its place.

The flash holds two folders, /a and /b, and a file /slot that names the one which boots. A deployment writes the other
folder, has the device hash every file in it, and then replaces /slot, which the file system does at one stroke. Cut
anywhere before that, the old firmware boots; after it, the new one. /data (profiles, songs, calibration, journals) is
left as it is, but for the journal's empty pages: which of these are missing is made here, as the device would at its next
start, where somebody waits for it.
"""

import errno
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from host_tools.release import archive, crash, fit
from host_tools.release.image import CHIPS, MANIFEST, image, starters
from simulator.files import stopping
from simulator.files.errors import CalandoError, os_reason
from simulator.flash import PAGE_BYTES, page_files
from simulator.runtimes.rp2040 import FOLDER
from simulator.slot import slot_of

SLOTS = ("a", "b")
RASPBERRY_PI_USB_ID = 0x2E8A
MPY_VERSION = 6
# What sys.implementation._mpy names by number, and mpy-cross by name.
ARCHITECTURES = (
    None, "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
)  # fmt: skip
PROMPT_S = 5
# What firmware/root/choice.py notes of a firmware that it gave up.
WHY_LEFT = {"damaged": "was damaged", "never_ran": "did not come as far as its loop in three starts"}
DATA = "/" + FOLDER
_CHUNK = 1024
# What a person wants to know when the cable was pulled.
_NONE = "there is no whole firmware on the device yet; deploy again"
_OLD = "the firmware that was on the device is still on it; deploy again"
_OLD_OR_NEW = "the device starts with the old firmware or the new one, and has all of either; deploy again to be sure of it"
_NEW = "all of the new firmware is on the device, which runs it from the next start on"

# Runs on the device; each prints one line of JSON.
_LOOK = """
import sys, os, json, hashlib, binascii
def _read(name):
    try:
        with open(name) as f: return f.read()
    except OSError: return None
def _hash(name):
    h = hashlib.sha256()
    b = bytearray(1024)
    with open(name, 'rb') as f:
        while True:
            n = f.readinto(b)
            if not n: break
            h.update(memoryview(b)[:n])
    return binascii.hexlify(h.digest()).decode()
def _walk(folder, found, of):
    try: entries = list(os.ilistdir(folder))
    except OSError: return found
    for e in entries:
        path = folder + '/' + e[0]
        if e[1] == 0x4000: _walk(path, found, of)
        else: found[path] = of(path, e)
    return found
def _copy(a, b):
    k = bytearray(1024)
    with open(a, 'rb') as f:
        with open(b, 'wb') as g:
            while True:
                n = f.readinto(k)
                if not n: break
                g.write(memoryview(k)[:n])
def _page(name, head, size):
    blank = b'\\xff' * len(head)
    with open(name, 'wb') as f:
        f.write(head)
        for _ in range(size // len(head) - 1): f.write(blank)
"""
_ABOUT = (
    "print(json.dumps([sys.implementation._machine, '.'.join(map(str, sys.implementation.version[:3])), "
    "sys.implementation._mpy, _read('/slot')]))"
)
_SPACE = "s = os.statvfs('/'); print(json.dumps([s[0], s[2], s[3]]))"


@dataclass(frozen=True)
class Deployed:
    """What a deployment did: versions and counts, for people and programs."""

    board: str
    micropython: str
    before: str | None
    after: str
    slot: str
    written: int
    copied: int
    kept: int
    removed: int
    bytes_sent: int


def find_port() -> str:
    """Return the port of the one Raspberry Pi board that is plugged in. Raises CalandoError for none and for several."""
    found = [port.device for port in list_ports.comports() if port.vid == RASPBERRY_PI_USB_ID]
    if not found:
        raise CalandoError("no board was found on USB; plug it in, or name its port with --port")
    if len(found) > 1:
        raise CalandoError(f"there is more than one board, at {', '.join(found)}; choose one with --port")
    return found[0]


class Board:
    """MicroPython's prompt on a device, as mpremote speaks to it."""

    def __init__(self, transport: SerialTransport):
        self._transport = transport
        self.starts = _OLD  # if the cable were pulled now
        self.restarts = False
        self._run(_LOOK)
        machine, version, mpy, self.slot = self._ask(_ABOUT)
        if self.slot not in SLOTS:
            self.starts = _NONE
        self.machine = str(machine)
        self.micropython = str(version)
        self.mpy = int(mpy)
        number = self.mpy >> 10 & 0x1F
        arch = ARCHITECTURES[number] if number < len(ARCHITECTURES) else None
        if arch is None or self.mpy & 0xFF != MPY_VERSION:
            raise CalandoError(
                f"the MicroPython {self.micropython} on this board reads other files than mpy-cross writes; "
                "put the version on it that docs/hardware.md names"
            )
        self.arch = arch

    def hashes(self, folder: str) -> dict[str, str]:
        """Return SHA-256 of every file under a folder, by full path; hashed on the device. Empty when there is none."""
        return self._ask(
            f"print(json.dumps(_walk({folder!r}, {{}}, lambda path, e: _hash(path))))", timeout_s=60
        )

    def read(self, path: str) -> str | None:
        return self._ask(f"print(json.dumps(_read({path!r})))")

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of every file under a folder, by full path; empty when there is none."""
        return self._ask(f"print(json.dumps(_walk({folder!r}, {{}}, lambda path, e: e[3])))", timeout_s=60)

    def space(self) -> fit.Space:
        return fit.Space(*self._ask(_SPACE))

    def make_folders(self, path: str) -> None:
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:depth])
            if not self._transport.fs_exists(folder):
                self._transport.fs_mkdir(folder)

    def write(self, path: str, data: bytes) -> None:
        self._transport.fs_writefile(path, data, chunk_size=_CHUNK)

    def copy(self, source: str, target: str) -> None:
        self._run(f"_copy({source!r}, {target!r})")

    def remove(self, path: str) -> None:
        self._transport.fs_rmfile(path)

    def make_page(self, path: str, data: bytes) -> None:
        """Write an erased page of the journal, of which only the beginning has to be sent."""
        self._run(f"_page({path!r}, {data[:PAGE_BYTES]!r}, {len(data)})")

    def switch(self, slot: str) -> None:
        """Run what is in this slot from the next start on."""
        self.starts = _OLD_OR_NEW
        self.replace("/slot", slot.encode())
        self.starts = _NEW

    def replace(self, path: str, data: bytes) -> None:
        """Replace a file, old or new at any moment: written beside and renamed."""
        self.write(path + ".new", data)
        self._run(f"os.rename({path + '.new'!r}, {path!r})")

    def reset(self) -> None:
        """Start the device anew in a moment: the port goes away with it, and wants to be closed before."""
        self._transport.exec_raw_no_follow("import time, machine; time.sleep_ms(100); machine.reset()")
        self.restarts = True

    def _run(self, code: str, timeout_s: int = 10) -> str:
        said, error = self._transport.exec_raw(code, timeout=timeout_s)
        if error:
            last = error.decode(errors="replace").strip().splitlines()[-1]
            raise CalandoError(
                f"the board refused a step of the deployment ({last}); nothing was switched over"
            )
        return said.decode()

    def _ask(self, code: str, timeout_s: int = 10) -> Any:
        return json.loads(self._run(code, timeout_s))


@contextmanager
def connected(port: str) -> Iterator[Board]:
    """Return the board's prompt at a port. Raises CalandoError when nobody gives one there, and when the connection
    breaks off: the sentence then says what the device will start with."""
    try:
        transport = SerialTransport(port, timeout=1)
    except (TransportError, serial.SerialException, OSError, ValueError) as error:
        port = port.strip() or '""'
        raise CalandoError(
            f"{port} cannot be opened ({error}); check the cable, and that no other program holds it"
        ) from None
    board = None
    try:
        try:
            with redirect_stdout(io.StringIO()):  # mpremote prints there what it heard instead of a prompt
                transport.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_S)
        except TransportError:
            raise CalandoError(
                f"the device at {port} gives no prompt, because it is at work; switch it off, hold its button while you "
                "plug it in, let go after two seconds, and deploy again"
            ) from None
        board = Board(transport)
        yield board
        if not board.restarts:
            transport.exit_raw_repl()
    except (TransportError, OSError) as error:
        if isinstance(error, OSError) and not _gone(error):
            raise CalandoError(
                f"the flash of the board at {port} did not take it ({os_reason(error)}); "
                f"{_OLD if board is None else board.starts}"
            ) from None
        raise CalandoError(
            f"the connection to {port} broke off ({error}); {_OLD if board is None else board.starts}"
        ) from None
    finally:
        try:
            transport.close()
        except OSError:  # mpremote tells the port that it will be closed, and this one is gone
            transport.serial.close()


def _gone(error: OSError) -> bool:
    """Return whether the port went away, as pyserial or the system says it."""
    return isinstance(error, serial.SerialException) or error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV)


def deploy(board: Board, files: dict[str, bytes], say: Callable[[str], None]) -> Deployed:
    """Bring one slot of the board to `files` and switch over to it. Raises CalandoError; the old firmware then stays."""
    left = _tell_what_was_left(board, say)
    there = {slot: board.hashes("/" + slot) for slot in SLOTS}
    active = board.slot if board.slot in SLOTS else None
    before = _version(board, active)
    wanted = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if active is not None and there[active] == {f"/{active}/{name}": value for name, value in wanted.items()}:
        slot = active  # the same already; what starts it may still be another
    else:
        slot = SLOTS[1] if active == SLOTS[0] else SLOTS[0]
    at_hand = {value: path for path, value in there[active].items()} if active and active != slot else {}
    present = there[slot]
    missing = [name for name in files if present.get(f"/{slot}/{name}") != wanted[name]]
    stale = [path for path in present if path.removeprefix(f"/{slot}/") not in files]
    sizes = board.sizes("/" + slot)
    going = [*stale, *(path for path in (f"/{slot}/{name}" for name in missing) if path in present)]
    # Of these the least: a small one may lie in its folder, and an old one's blocks are free once it is overwritten.
    given_back = sum(-(-sizes[path] // fit.BLOCK_BYTES) for path in going if sizes[path] > 1024)
    data = board.sizes(DATA)
    pages = {f"{DATA}/{name}": page for name, page in page_files().items()}
    pages = {path: page for path, page in pages.items() if data.get(path) != len(page)}
    needed = fit.blocks_needed({name: len(files[name]) for name in missing}) + len(pages)
    fit.check_space(board.space(), needed, given_back)
    kept, copied, sent = len(files) - len(missing), 0, 0
    for path in stale:
        board.remove(path)
    for folder in sorted({str(Path(name).parent) for name in files}):
        board.make_folders(f"/{slot}" if folder == "." else f"/{slot}/{folder}")
    for name in missing:
        path = f"/{slot}/{name}"
        source = at_hand.get(wanted[name])
        if source is not None:
            board.copy(source, path)
            copied += 1
        else:
            say(f"  {name} ({len(files[name])} bytes)")
            board.write(path, files[name])
            sent += len(files[name])
    arrived = board.hashes("/" + slot)
    wrong = [name for name in files if arrived.get(f"/{slot}/{name}") != wanted[name]]
    if wrong or len(arrived) != len(files):
        raise CalandoError(
            f"{', '.join(wrong) or 'a file'} did not arrive as sent; the old firmware stays, deploy again"
        )
    board.make_folders(DATA)
    for path, page in pages.items():
        board.make_page(path, page)
    for name, data in starters().items():
        if board.read("/" + name) != data.decode():
            board.replace("/" + name, data)
    if slot != active:
        board.switch(slot)
    for path in left:
        board.remove(path)
    return Deployed(
        board=CHIPS.get(board.arch, board.machine),
        micropython=board.micropython,
        before=before,
        after=_version_in(files[MANIFEST].decode()) or "unknown",
        slot=slot,
        written=len(missing) - copied,
        copied=copied,
        kept=kept,
        removed=len(stale),
        bytes_sent=sent,
    )


def _tell_what_was_left(board: Board, say: Callable[[str], None]) -> list[str]:
    """Say that a firmware was given up (firmware/root/choice.py), and of what it died; the paths of these notes."""
    left, died = board.read("/left"), board.read("/died")
    slot, _, why = (left or "").partition(" ")
    if slot in SLOTS:
        how = WHY_LEFT.get(why, why)
        say(f"  The firmware in /{slot} {how}, and the device went back to the one before it.")
    if died:
        said = (
            crash.in_a_line(died[2:], _version(board, died[:1]) or "unknown") if died[:1] in SLOTS else died
        )
        say(f"  What it died of while it was loaded: {said}")
    return [path for path, text in (("/left", left), ("/died", died)) if text is not None]


def _version(board: Board, slot: str | None) -> str | None:
    """The version in a slot, None when there is none that says so."""
    text = None if slot is None else board.read(f"/{slot}/{MANIFEST}")
    return None if text is None else _version_in(text)


def _version_in(manifest: str) -> str | None:
    try:
        return str(json.loads(manifest)["version"])
    except (ValueError, KeyError, TypeError):
        return None


def command(port: str | None, release: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Put the firmware of this checkout, or of a release, on a board: the work of `calando deploy`."""
    port = port or find_port()
    with connected(port) as board:
        say(f"{CHIPS.get(board.arch, board.machine)} with MicroPython {board.micropython} at {port}")
        files = image(board.arch) if release is None else archive.image(release, board.arch)
        fit.check_board(board.machine, board.micropython, board.arch, board.mpy, board.space(), files)
        stopping.note(
            "board", "the board may have a part of the firmware, and starts the one it had: deploy again"
        )
        done = deploy(board, slot_of(files), say)
        stopping.note("board", "the board has the firmware")
        board.reset()
    say(
        f"{done.before or 'nothing'} before, {done.after} now: {done.written} files sent ({done.bytes_sent} bytes), "
        f"{done.copied} copied on the board, {done.kept} as they were, every hash compared. The device starts anew."
    )
    return asdict(done)
