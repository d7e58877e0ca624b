"""The device on the cable, held by one thread: found, looked at, asked, lost and found again. Pages only read `view`.

All that is said to the device goes through `do`, one job after the other, so that nobody speaks in between.
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from firmware.prescription.schema import crc, pieces
from host_tools.device import changes, client, simulated
from host_tools.device.client import Connection, DeviceLost, SerialTransport
from host_tools.sessions import session_read
from host_tools.studio.job import Job
from simulator.files.errors import CalandoError
from simulator.live import LiveDevice

POLL_S = 1.0
STATUS_S = 2.0
RETRY_S = 3.0  # a port that somebody else holds is tried again after so long

NOBODY, TROUBLE, READY = "nobody", "trouble", "ready"


@dataclass(frozen=True)
class View:
    """What is known of the device. `sentence` says what is the matter where it is not READY.

    found: (port, unit) of all that are plugged in. schema: rows of the table of settings as the device serves it.
    profile, previous: values in human units, None where there is none. sessions: newest first.
    """

    state: str = NOBODY
    sentence: str = ""
    found: tuple[tuple[str, str], ...] = ()
    port: str = ""
    simulated: bool = False
    hello: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    schema: tuple[dict[str, Any], ...] = ()
    profile: dict[str, Any] | None = None
    previous: dict[str, Any] | None = None
    calibration: dict[str, Any] | None = None
    songs: tuple[dict[str, Any], ...] = ()
    voices: tuple[dict[str, Any], ...] = ()
    programmes: tuple[dict[str, Any], ...] = ()
    sessions: tuple[dict[str, Any], ...] = ()
    last_fault: str | None = None

    @property
    def unit(self) -> str:
        return self.hello.get("unit", "")

    @property
    def ready(self) -> bool:
        return self.state == READY


class DeviceWorker:
    """port: a serial port, "sim", or None for whatever is plugged in. `version` grows with every change of `view`."""

    def __init__(self, port: str | None):
        self.view = View()
        self.version = 0
        self.live: LiveDevice | None = None
        self.job: Job | None = None
        self._wanted = port
        self._device: Connection | None = None
        self._jobs: queue.SimpleQueue[tuple[Job, Callable[[Job, Connection], Any]] | None] = (
            queue.SimpleQueue()
        )
        self._closing = False
        self._known_ports: list[str] | None = None
        self._next_try_s = 0.0
        self._next_status_s = 0.0
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Let go of the port and end a simulated device; what was committed to it stays in its file."""
        self._closing = True
        if self.job is not None:
            self.job.cancel()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(10)

    def do(self, name: str, work: Callable[[Job, Connection], Any]) -> Job:
        """Have something done with the device; raises nothing, the job's future does."""
        job = Job(name)
        self._jobs.put((job, work))
        return job

    def choose(self, port: str) -> None:
        """Take another device: a port of `view.found`, or "sim" for a simulated one."""

        def change(_job: Job, _device: Connection | None) -> None:
            self._let_go()
            self._wanted = port
            self._next_try_s = 0.0

        job = Job("choose")
        self._jobs.put((job, change))  # pyright: ignore[reportArgumentType]

    # --- in the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing:
                self._look()
                with contextlib.suppress(queue.Empty):
                    wanted = self._jobs.get(timeout=POLL_S)
                    if wanted is not None:
                        self._work(*wanted)
        finally:
            self._let_go()
            if self.live is not None:
                self.live.close()

    def _work(self, job: Job, work: Callable[[Job, Connection], Any]) -> None:
        if self._closing:
            return
        if self._device is None and job.name != "choose":
            self._look()
        device = self._device
        if device is None and job.name != "choose":
            job.future.set_exception(CalandoError(self.view.sentence or "there is no device; plug it in"))
            return
        self.job = job
        self.version += 1

        def whole(job: Job) -> Any:
            """Return the work, and what is so afterwards: whoever waits for it then sees it too."""
            try:
                return work(job, device)  # pyright: ignore[reportArgumentType]
            except DeviceLost as error:
                self._lose(str(error))
                raise
            finally:
                if self._device is not None:
                    self._guarded(self._read_all, self.view)

        try:
            job.run(whole)
        finally:
            self.job = None
        self.version += 1

    def _look(self) -> None:
        """Find the device where there is none, and see how it is where there is one."""
        now_s = time.monotonic()
        if self._device is None:
            self._find(now_s)
        elif now_s >= self._next_status_s:
            self._next_status_s = now_s + STATUS_S
            self._guarded(self._read_status, self.view)

    def _find(self, now_s: float) -> None:
        ports = client.serial_ports() if self._wanted is None else []
        if now_s < self._next_try_s and ports == self._known_ports:
            return
        self._known_ports = ports
        self._next_try_s = now_s + RETRY_S
        try:
            device, found = self._open()
        except client.NoDevice as error:
            # Strangers on other ports are asked once: to open a port restarts some of them.
            self._next_try_s = float("inf") if self._wanted is None else self._next_try_s
            self._show(View(NOBODY, str(error)))
            return
        except CalandoError as error:
            self._show(View(TROUBLE, str(error)))
            return
        self._device = device
        self._next_status_s = now_s + STATUS_S
        if device is None:
            self._show(View(TROUBLE, f"{len(found)} devices are plugged in: choose one", found))
        else:
            self._guarded(
                self._read_all, View(READY, "", found, device.port, self.live is not None, device.hello)
            )

    def _open(self) -> tuple[Connection | None, tuple[tuple[str, str], ...]]:
        if self._wanted == client.SIMULATED:
            if self.live is not None and self.live.ended:
                self.live.close()
                self.live = None
            if self.live is None:
                self.live = simulated.live().__enter__()
            device = Connection(SerialTransport(self.live.port), patience=client.SIMULATED_PATIENCE)
            return device, ((device.port, device.unit),)
        if self._wanted is not None:
            device = Connection(SerialTransport(self._wanted))
            return device, ((device.port, device.unit),)
        devices, refusals = client.find_all()
        found = tuple((device.port, device.unit) for device in devices)
        if len(devices) == 1:
            return devices[0], found
        for device in devices:
            device.close()
        if devices:
            return None, found
        for refusal in refusals:
            if not isinstance(refusal, client.NoDevice):
                raise refusal
        raise client.nothing_found()

    def _read_status(self, view: View) -> None:
        assert self._device is not None
        status = self._device.call("status")
        before = view.status
        self._show(replace(view, status=status))
        if before.get("profile") != status["profile"] or before.get("mode") != status["mode"]:
            self._read_all(self.view)

    def _read_all(self, view: View) -> None:
        """Show all that is on the device, at once, in place of what was known of it in `view`."""
        device = self._device
        assert device is not None
        status = device.call("status")
        view = replace(view, hello=device.hello, status=status)
        if status["mode"] == "session":  # then it answers nothing else
            self._show(view)
            return
        schema = view.schema
        if not schema or view.hello.get("schema") != self._schema_read:
            schema = _schema(device)
            self._schema_read = device.hello.get("schema")
        calibration = device.get_or_none("calibration")
        fault = device.get_or_none("fault")
        self._show(
            replace(
                view,
                schema=schema,
                profile=_values(changes.profile_on(device)),
                previous=_values(changes.profile_on(device, "profile.previous")),
                calibration=None if calibration is None else json.loads(calibration),
                songs=tuple(device.list("song")),
                voices=tuple(device.list("voice")),
                programmes=tuple(device.list("programme")),
                sessions=tuple(session_read.listed(device)),
                last_fault=fault.decode(errors="replace") if fault else None,
            )
        )

    _schema_read: str | None = None

    def _guarded(self, look: Callable[[View], None], view: View) -> None:
        """Look at the device with what is known of it, and lose it where it no longer answers."""
        try:
            look(view)
        except DeviceLost as error:
            self._lose(str(error))
        except CalandoError as error:  # it answers, but not this: say so, and look again later
            self._show(replace(view, sentence=str(error)))

    def _lose(self, why: str) -> None:
        self._let_go()
        self._show(View(NOBODY, why))
        self._known_ports = None
        self._next_try_s = time.monotonic() + POLL_S

    def _let_go(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(OSError):
                device.close()

    def _show(self, view: View) -> None:
        if view != self.view:
            self.view = view
            self.version += 1


def _schema(device: Connection) -> tuple[dict[str, Any], ...]:
    """The device's table of settings: this program's own where its checksum is the device's, or read from there."""
    own = device.hello.get("schema") == crc()
    text = b"".join(pieces()) if own else device.get("schema")
    return tuple(json.loads(text)["settings"])


def _values(profile: Any) -> dict[str, Any] | None:
    return None if profile is None else dict(profile.values)
