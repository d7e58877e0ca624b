"""The computer's end of the USB protocol (docs/protocol.md): finds the device, asks, and never leaves it half changed.

Every failure is one plain sentence. What a command means for a person is in host_tools/commands; the lines themselves
are coded in firmware/usb/link.py.
"""

import base64
import errno
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import serial
from serial.tools import list_ports

from firmware.memory.journal import read_record
from firmware.usb import link
from host_tools.device import answers
from host_tools.device.answers import Strange
from simulator.files import stopping
from simulator.files.errors import CalandoError, Interrupted, os_reason

SIMULATED = "sim"

ANSWER_S = 3.0  # a line is answered within one turn of the device's loop; a flash erase takes 0.4 s at worst
SLOW_ANSWER_S = 20.0  # what is staged is hashed and checked as a whole
HELLO_S = 1.0
WRITE_S = 3.0  # what is sent is taken at once, unless nobody reads there
TRIES = 3
POLL_S = 0.2
RESTART_S = 30.0
# A simulated device lives off what a computer has left: a start of a second took half a minute beside a campaign.
SIMULATED_PATIENCE = 10.0
TRANSFER_S = (
    600.0  # the largest recording takes some 20 s; a device that lets us wait each time must end somewhere
)
NOISE_BYTES = 8192  # more than this without a line of ours, and something else is talking
# What may be asked again when the answer did not come: it reads, or it is there already the second time.
REPEATABLE = frozenset(
    {"hello", "status", "now", "list", "get", "put", "data", "identify", "discard", "quiet"}
)
SLOW = frozenset({"stage", "selftest", "remove", "rollback", "reset"})

Progress = Callable[[int, int], None]  # bytes done, bytes in all
Say = Callable[[str], None]
Items = list[dict[str, Any]]
Read = TypeVar("Read")


# For whoever stops the program then.
_WAITS = "nothing was committed; what was sent waits on the device, and calando profile discard forgets it"


class DeviceRefused(CalandoError):
    """The device's own sentence; `code` is one of docs/protocol.md."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


class DeviceLost(CalandoError):
    """Cable, power or device went away in the middle, or it no longer answers."""


class StrangeAnswer(CalandoError):
    """The device answered in the right form, and what it said cannot be."""


class NoDevice(CalandoError):
    """Whatever is on this port, or on all of them, is no Calando device."""


class Transport(Protocol):
    """A way to the device for bytes. All three may raise OSError when it is gone."""

    name: str

    def send(self, data: bytes) -> None: ...

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, at least one byte; b"" when nothing came in that time."""
        ...

    def close(self) -> None: ...


class Beside(Protocol):
    """Somebody beside the device: the hand at a simulated one (simulator.live.LiveDevice)."""

    @property
    def port(self) -> str: ...

    def hold_button(self) -> None: ...

    def close(self) -> None: ...


class SerialTransport:
    """A serial port, held for us alone. Raises CalandoError when it cannot be had."""

    def __init__(self, name: str):
        self.name = name
        try:
            self._port = serial.Serial(port_name(name), timeout=POLL_S, write_timeout=WRITE_S, exclusive=True)
        except serial.SerialException as error:
            raise _cannot_open(name, error) from None

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def receive(self, timeout_s: float) -> bytes:
        end = time.monotonic() + timeout_s
        data = b""
        while not data and time.monotonic() < end:
            data = self._port.read(max(1, self._port.in_waiting))
        return data

    def close(self) -> None:
        self._port.close()


class Connection:
    """A device that has said hello. `hello` is what it said; use it in a `with`.

    All methods raise DeviceRefused with the device's sentence, DeviceLost when it no longer answers, and StrangeAnswer
    when what it says cannot be right (host_tools/device/answers.py). patience: how many times as long as a device's its
    answers are waited for.
    """

    def __init__(self, wire: Transport, beside: Beside | None = None, patience: float = 1.0):
        self._wire = wire
        self._beside = beside
        self._patience = patience
        self._received = bytearray()
        self._noise = b""  # what came and was no answer
        # Not from 1: an answer to somebody who asked before us must not pass for ours.
        self._number = random.randrange(1 << 30)
        try:
            wire.send(
                b"\n"
            )  # ends half a line that an unplugged cable may have left; the answer to it is skipped
            self.hello = self._greet()
        except OSError as error:
            wire.close()
            raise self._lost(error) from None
        except BaseException:
            wire.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the port to others. What is staged stays staged until the device is unplugged."""
        self._wire.close()
        if self._beside is not None:
            self._beside.close()

    @property
    def simulated(self) -> bool:
        """Return whether it ends, and forgets what is staged, when this program closes it."""
        return self._beside is not None

    @property
    def port(self) -> str:
        return self._wire.name

    @property
    def unit(self) -> str:
        """Return what tells this device from others of its kind, in hex."""
        return self.hello["unit"]

    # One question, one answer

    def call(self, cmd: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the device's answer to a command of docs/protocol.md, checked; what is base64 there is bytes here."""
        answer = self._ask(cmd, arguments, SLOW_ANSWER_S if cmd in SLOW else ANSWER_S)
        if answer is None:
            raise DeviceLost(
                f"the device on {self.port} no longer answers ({cmd}); unplug it, plug it in again and repeat the command"
            )
        if cmd == "put" or (cmd != "status" and "staged" in answer):
            waits = answer.get("staged") and not self.simulated
            stopping.note("device", _WAITS if waits else "nothing was committed")
        return answer

    def _ask(self, cmd: str, arguments: dict[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """The answer, or None when none came. One to an earlier try is as good: a slow device gives it late."""
        asked = set()
        # A question may be lost where a device starts anew: it is asked more often then, not waited for longer.
        repeated = cmd in REPEATABLE
        tries = round(TRIES * self._patience) if repeated else TRIES
        for attempt in range(tries):
            self._number = (self._number + 1) % (1 << 30)
            asked.add(self._number)
            try:
                line = link.encode({"id": self._number, "cmd": cmd, **arguments})
            except ValueError:
                name = str(arguments.get("name", ""))[:40]
                raise CalandoError(
                    f"{cmd} {name}... is longer than a device takes; choose a shorter name"
                ) from None
            try:
                self._wire.send(line)
                waits_s = timeout_s if repeated else timeout_s * self._patience
                answer = self._answer(asked, waits_s, cmd != "hello")
            except OSError as error:
                raise self._lost(error) from None
            if answer is None:
                if repeated:
                    continue
                return None
            try:
                said = answers.line(answer)
                if said.ok is not None:
                    return said.ok if cmd == "hello" else answers.check(cmd, arguments, said.ok)
            except Strange as why:
                raise self.strange(
                    " ".join([cmd, *(arguments[key] for key in ("kind", "name") if key in arguments)]), why
                ) from None
            assert said.error is not None  # the model holds that
            # A line that was damaged on its way has done nothing there, so it may be sent again whatever it asks.
            if said.error.code != "bad_line" or attempt == tries - 1:
                raise DeviceRefused(said.error.code, said.error.text)
        return None

    def _answer(self, numbers: set[int], timeout_s: float, unread_too: bool) -> dict[str, Any] | None:
        """The answer to one of these questions; with `unread_too` also the word that a line could not be read."""
        end = time.monotonic() + timeout_s
        while (left_s := end - time.monotonic()) > 0:
            place = self._received.find(b"\n")
            if place < 0:
                if len(self._received) > NOISE_BYTES:
                    self._noise = bytes(self._received[-NOISE_BYTES:])
                    self._received.clear()
                    return None
                self._received += self._wire.receive(left_s)
                continue
            line = bytes(self._received[: place + 1])
            del self._received[: place + 1]
            try:
                answer = link.decode(line)
            except (
                ValueError
            ):  # noise, or an answer that was damaged on its way: it will be missed, not believed
                self._noise = (self._noise + line)[-NOISE_BYTES:]
                continue
            asked = answer.get("id")
            if (type(asked) is int and asked in numbers) or (unread_too and _unread(answer)):
                return answer
        return None

    def strange(self, asked: str, why: object) -> StrangeAnswer:
        """Return the error for an answer that cannot be right: `asked` names it, `why` is a part of a sentence."""
        return StrangeAnswer(
            f"the device on {self.port} answered {asked} with something that cannot be right ({why}); unplug it and plug "
            "it in again, and if it stays so, renew its firmware and this program"
        )

    def _lost(self, error: OSError) -> DeviceLost:
        return DeviceLost(
            f"the device on {self.port} is gone ({os_reason(error)}): nothing was committed; "
            "plug it in again and repeat the command"
        )

    def _greet(self) -> dict[str, Any]:
        answer = None
        try:
            answer = self._ask("hello", {}, HELLO_S)
            heard = bool(self._noise or self._received)
        except (StrangeAnswer, DeviceRefused):  # an echo, for one, is a line of the right form
            heard = True
        greeting = None if answer is None else answers.greeting(answer)
        if greeting is None:
            noise = self._noise + self._received
            if b">>>" in noise or b"MicroPython" in noise:
                raise CalandoError(
                    f"the device on {self.port} is in maintenance mode (its button was held as it was switched on); "
                    "switch it off and on again"
                )
            what = "something answers that is no Calando device" if heard or answer else "nothing answers"
            raise NoDevice(f"{self.port}: {what}; choose another port with --port, or unplug and try again")
        if greeting.protocol > link.PROTOCOL:
            raise CalandoError(
                f"the device on {self.port} speaks protocol {greeting.protocol}, this program only {link.PROTOCOL}; "
                "renew calando on this computer"
            )
        try:
            return answers.check("hello", {}, answer or {})
        except Strange as why:
            raise self.strange("hello", why) from None

    # Objects

    def list(self, kind: str) -> Items:
        """Return all songs, voices, programmes or sessions: `kind` is "song", "voice", "programme" or "session"."""
        items: Items = []
        place: int | None = 0
        late = _later(TRANSFER_S)
        while place is not None:
            try:
                answer = self.call("list", kind=kind, **{"from": place})
            except DeviceRefused as error:
                if kind == "programme" and error.code == "bad_argument":
                    return []  # an older firmware, which has none
                raise
            items += answer["items"]
            place = answer["next"]
            if place is not None and (place != len(items) or not answer["items"]):
                raise self.strange(f"list {kind}", f"next is {place} after {len(items)} items")
            if len(items) > answers.MOST_ITEMS or late():
                raise self.strange(f"list {kind}", "the list does not end")
        key = "age" if kind == "session" else "name"
        if len({item[key] for item in items}) < len(items):
            raise self.strange(f"list {kind}", f"the same {key} is there twice")
        return items

    def get(self, name: str, progress: Progress | None = None) -> bytes:
        """Return the bytes of an object such as "profile" or "session.3", whole, compared with its SHA-256."""
        late = _later(TRANSFER_S)
        for _ in range(TRIES):
            data = bytearray()
            answer: dict[str, Any] = {"next": 0}
            size = None
            while answer["next"] is not None:
                answer = self.call("get", name=name, at=len(data))
                data += answer["data"]
                size = answer["size"] if size is None else size
                if answer["size"] != size:
                    raise self.strange(f"get {name}", f"its size was {size} and is {answer['size']}")
                if answer["next"] not in (None, len(data)) or (size and not answer["data"]):
                    raise self.strange(f"get {name}", f"next is {answer['next']} after {len(data)} bytes")
                if len(data) > size or (answer["next"] is None and len(data) < size):
                    raise self.strange(f"get {name}", f"there are {len(data)} bytes where size is {size}")
                if late():
                    raise self.strange(f"get {name}", "it does not come to an end")
                if progress is not None:
                    progress(len(data), size)
            if hashlib.sha256(data).hexdigest() == answer["sha256"]:
                return bytes(data)
        raise CalandoError(f"{name} cannot be read from {self.port}: it differs each time from its SHA-256")

    def get_or_none(self, name: str) -> bytes | None:
        """Return what `get` does, and None when there is no such object on the device."""
        try:
            return self.get(name)
        except DeviceRefused as refusal:
            if refusal.code == "not_found":
                return None
            raise

    def put(self, name: str, data: bytes, format: int = 1, progress: Progress | None = None) -> None:
        """Send an object to be staged: "profile", "calibration", "song.NAME", "voice.NAME" or "programme.NAME".

        What has arrived before a cable was pulled is not sent again. `stage` comes next.
        """
        digest = hashlib.sha256(data).hexdigest()
        have = self.call("put", name=name, size=len(data), sha256=digest, format=format)["have"]
        late = _later(TRANSFER_S)
        while have < len(data):
            chunk = data[have : have + link.CHUNK_BYTES]
            before = have
            have = self.call("data", at=have, data=base64.b64encode(chunk).decode())["have"]
            if have <= before or late():
                raise self.strange("data", f"it had {before} bytes of {name}, was sent more, and has {have}")
            if progress is not None:
                progress(min(have, len(data)), len(data))
        if have > len(data):
            raise self.strange("data", f"it has {have} bytes of {name}, which has {len(data)}")

    def now(self) -> dict[str, Any]:
        """Return the newest record of the journal, as firmware.memory.journal.read_record gives it."""
        try:
            return read_record(self.call("now")["row"])
        except ValueError:
            raise self.strange("now", "its row is no record of this version") from None

    def stage(self) -> None:
        """Have what was sent checked as a whole, and put with what is staged."""
        self.call("stage")

    def diff(self) -> Items:
        """Return what a commit would change: name, setting, old and new in a person's units."""
        return self.read("diff", answers.diff, self.get("diff"))

    def read(self, name: str, reader: Callable[[bytes], Read], data: bytes) -> Read:
        """Return what `reader` makes of the bytes of an object. Raises StrangeAnswer where it raises Strange."""
        try:
            return reader(data)
        except Strange as why:
            raise self.strange(f"get {name}", why) from None

    # With somebody beside the device

    def commit(self, say: Say, checked: bool = False, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Commit what is staged while somebody holds the button, and wait until the device has started anew; read it back.

        `checked` says that the therapist went through the contraindications. `cancelled` is asked while the button is
        waited for: once it says yes, what is staged is forgotten. Raises CalandoError then, and when nobody held it;
        Interrupted with how far it had come, and nothing staged any more where that could still be.
        """
        try:
            self._commit(say, checked, cancelled)
            stopping.note("device", "what was sent was committed")
        except KeyboardInterrupt:
            raise self._stopped_in_commit() from None

    def _stopped_in_commit(self) -> Interrupted:
        state = "unknown"
        with suppress(CalandoError):
            state = self.call("status")["commit"]
            if state == "waiting":
                state = "taken back" if self._taken_back() else self.call("status")["commit"]
        told = {
            "none": "nothing was committed, or the device has started anew with all of it",
            "taken back": "nothing was committed, and nothing is staged any more",
            "done": "all of it was committed, and the device starts anew",
            "failed": "the flash did not take all of it: each thing is old or new",
            "expired": "nothing was committed; what you sent is still staged",
        }
        here = told.get(state, "the device is about to commit, or does not say; each thing is old or new")
        return Interrupted(f"stopped: {here}; look with calando device info")

    def _commit(self, say: Say, checked: bool, cancelled: Callable[[], bool]) -> None:
        started = self.call("commit", checked=True) if checked else self.call("commit")
        self._ask_for_the_button(say, started["within_s"])
        end = time.monotonic() + (started["within_s"] + ANSWER_S) * self._patience
        state = "waiting"
        while state == "waiting" and time.monotonic() < end:
            time.sleep(POLL_S)
            state = self.call("status")["commit"]
            if state == "waiting" and cancelled() and self._taken_back():
                raise CalandoError("cancelled: nothing was changed, and nothing is staged any more")
        if state == "failed":
            raise CalandoError(
                f"the flash of the device on {self.port} did not take all of it: each thing is old or new; look at it "
                "with calando profile diff, and commit again"
            )
        if state == "none":
            return  # it has started anew while we did not look; whoever reads back sees whether it took
        if state != "done":
            raise CalandoError(
                f"nobody held the button of the device on {self.port} within {started['within_s']} s, so nothing was "
                "changed; what you sent is still staged: commit again"
            )
        say("Done. The device starts anew.")
        self._wait_for_restart()

    def _taken_back(self) -> bool:
        """Return whether the device forgot what is staged; not once the button was held, for then it is being written."""
        try:
            self.call("discard")
        except DeviceRefused as refusal:
            if refusal.code != "busy":
                raise
            return False
        return True

    def bench(self, say: Say, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Begin bench mode, where sounds may be played while a computer is connected; somebody holds the button.

        cancelled: asked while the button is waited for. Raises CalandoError once it says yes, and when nobody held it.
        """
        if self.call("status")["mode"] == "bench":
            return
        within_s = self.call("bench")["within_s"]
        self._ask_for_the_button(say, within_s)
        end = time.monotonic() + (within_s + ANSWER_S) * self._patience
        while time.monotonic() < end:
            time.sleep(POLL_S)
            if self.call("status")["mode"] == "bench":
                return
            if cancelled():
                raise CalandoError("cancelled: nothing was changed")
        raise CalandoError(
            f"nobody held the button of the device on {self.port} within {within_s} s; try again"
        )

    def _ask_for_the_button(self, say: Say, within_s: int) -> None:
        if self._beside is not None:
            say("The simulated button is held down for a second.")
            self._beside.hold_button()
        else:
            say(f"Hold the button of the device down for a second, within {within_s} s. Its light is amber.")

    def _wait_for_restart(self) -> None:
        """The port may vanish and come back under another name; a pseudo-terminal stays."""
        within_s = RESTART_S * self._patience
        end = time.monotonic() + within_s
        try:
            while time.monotonic() < end:
                time.sleep(POLL_S)
                answer = self._ask("status", {}, HELLO_S)
                if answer is not None and answer["commit"] != "done":
                    return
        except DeviceLost:
            self._wire.close()
        while time.monotonic() < end:
            time.sleep(POLL_S)
            devices, _ = _answering({self._beside.port} if self._beside else {self.port, *serial_ports()})
            for device in devices:
                if device.unit == self.unit:
                    self._wire, self.hello = device._wire, device.hello
                    self._received.clear()
                else:
                    device.close()
            if any(device.unit == self.unit for device in devices):
                return
        raise DeviceLost(
            f"the device took the change, and has not come back on {self.port} within {within_s:g} s; "
            "unplug it, plug it in again and look with calando device info"
        )


def _unread(answer: dict[str, Any]) -> bool:
    error = answer.get("error")
    return answer.get("id") is None and isinstance(error, dict) and error.get("code") == "bad_line"


def _later(after_s: float) -> Callable[[], bool]:
    """Return what tells whether so many seconds have passed since now."""
    end = time.monotonic() + after_s
    return lambda: time.monotonic() > end


# Finding it


def connect(port: str | None = None) -> Connection:
    """Return the device on a port, a simulated one for "sim", or, for None, the only one that is plugged in.

    Raises CalandoError: nothing found, more than one, port busy (and who holds it), no permission, another device.
    """
    if port == SIMULATED:
        return _simulated()
    if port is not None:
        return Connection(SerialTransport(port))
    devices, refusals = find_all()
    if len(devices) == 1:
        return devices[0]
    for device in devices:
        device.close()
    if devices:
        listed = ", ".join(f"{device.port} (unit {device.unit})" for device in devices)
        raise CalandoError(f"{len(devices)} devices are plugged in: {listed}; choose one with --port")
    for refusal in refusals:
        if not isinstance(refusal, NoDevice):
            raise refusal
    raise nothing_found()


def find_all() -> tuple[list[Connection], list[CalandoError]]:
    """Return every device that is plugged in, which the caller closes, and why other ports are none."""
    return _answering(serial_ports())


def nothing_found() -> NoDevice:
    """Return what to say when there is no device."""
    ports = serial_ports()
    asked = f"asked {', '.join(ports)}" if ports else "this computer has no USB serial port"
    return NoDevice(
        f"no Calando device found ({asked}); plug it in with a cable that carries data, or use --port sim"
    )


def _simulated() -> Connection:
    """A simulated device, whose flash outlives this program."""
    from host_tools.device import simulated

    live = simulated.live()
    with ExitStack() as opened:
        device = Connection(SerialTransport(opened.enter_context(live).port), live, SIMULATED_PATIENCE)
        opened.pop_all()
    return device


def serial_ports() -> list[str]:
    """Return every USB serial port there is, whatever its name: the device speaks USB itself."""
    return sorted(port.device for port in list_ports.comports() if port.vid is not None)


def _answering(ports: Iterable[str]) -> tuple[list[Connection], list[CalandoError]]:
    """The devices among these ports, and why the others are none; all are asked at once."""

    def ask(port: str) -> Connection | CalandoError:
        try:
            return Connection(SerialTransport(port))
        except CalandoError as error:
            return error

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(ask, ports))
    return [one for one in found if isinstance(one, Connection)], [
        one for one in found if isinstance(one, CalandoError)
    ]


def port_name(port: str) -> str:
    """Return the port's name. Raises CalandoError for what can be the name of none: empty, or with a NUL in it."""
    if not port.strip() or "\0" in port or not port.isprintable():
        port = f'"{port}"'
        raise CalandoError(f"{port} is no serial port; leave --port out to have the device looked for")
    return port


def _cannot_open(port: str, error: serial.SerialException) -> CalandoError:
    number = error.errno
    if number is None and error.__context__ is not None:  # pyserial keeps the number of some errors to itself
        number = next(iter(error.__context__.args), None)
    if number == errno.ENOENT:
        return CalandoError(f"there is no port {port}; leave --port out to have the device looked for")
    if number in (errno.EACCES, errno.EPERM) and sys.platform.startswith("linux"):
        return CalandoError(
            f"you may not open {port}; run sudo usermod -aG {_group_of(port)} $USER, log out and in again"
        )
    if number in (errno.EBUSY, errno.EAGAIN, errno.EACCES):
        return CalandoError(f"{port} is in use{_by_whom(port)}; close that program and try again")
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return CalandoError(f"{port} is no serial port; leave --port out to have the device looked for")
    return CalandoError(f"{port} cannot be opened ({os_reason(error)}); choose another with --port")


def _group_of(port: str) -> str:
    import grp

    try:
        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def _by_whom(port: str) -> str:
    """ " by screen (process 1234)", or nothing where that cannot be known."""
    if sys.platform.startswith("linux"):
        device = os.path.realpath(port)
        for link_to in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if os.readlink(link_to) != device:
                    continue
                process = link_to.parts[2]
                if int(process) != os.getpid():
                    return f" by {Path('/proc', process, 'comm').read_text().strip()} (process {process})"
            except OSError:  # another user's process, or one that has just ended
                continue
        return ""
    try:
        listed = subprocess.run(["lsof", "-Fpc", port], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    fields = {line[:1]: line[1:] for line in listed.splitlines()}
    return f" by {fields['c']} (process {fields['p']})" if {"p", "c"} <= set(fields) else ""
