"""A simulated device that lives: in step with the clock on the wall, USB on a pseudo-terminal, its flash in a file.

    python -m simulator.live --flash my.flash

prints the port's name and what happens, a JSON object a line, and takes orders on standard input: press, hold 1.5, down,
up, plug, unplug, cut 5, quit. `LiveDevice` starts one in a process of its own, and is the hand at its button.
With `--runtime rp2040` it is an emulated chip, and empty: one to deploy onto.
"""

from simulator.files import stopping  # isort: split

if __name__ == "__main__":
    stopping.end_at_once()

import argparse
import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from firmware import board
from simulator import scenario as scenarios
from simulator.bedside import POWER_GAP_S, Answer, Bedside, Boot, RuntimeDied, Stopped
from simulator.files.errors import CalandoError
from simulator.flash import Flash
from simulator.sound import Sound
from simulator.target.messages import SYNC
from simulator.terminal import Terminal

PRESS_S = scenarios.DEFAULT_FOR_S["press"]
HOLD_S = scenarios.DEFAULT_FOR_S["hold"]
START_S = 20.0  # until a machine with much else to do has started the process
ANSWER_S = 10.0
SLOWEST_CHIP = 60  # how many times slower than the clock an emulated one is while it works
_TICK_US = 10_000  # the device looks up this often while nothing happens
_BUSY_TICK_US = 1000
_EARLY_S = 0.02  # how far it may be ahead of the clock, for bytes that come while it would sleep
# A desk's MicroPython never gives back what it notes of each function of machine code (32 bytes, its ports/unix/alloc.c);
# a chip's has all of it on the heap and gives it back (tests/sim/test_rp2040.py sees it to the byte). The light's modules,
# loaded anew at each pull of the cable, leave 992 bytes so at the desk, scattered over the heap.
SPARE_HEAP_BYTES = 128 * 1024  # for a device that lives for days and is plugged in a hundred times
_LATE_S = 0.1  # further behind than this it gives up catching up
_LET_GO_US = 50_000  # so that the next press is another one
_SOUND_KEPT_S = 2.0
_FOR_EVER_US = 1 << 60
_ORDERS = "press, hold SECONDS, down, up, plug, unplug, cut SECONDS, quit"


class LiveBedside(Bedside):
    """A bedside without an end. `say(**object)` is called with what happens.

    speed: seconds of the device in a second of the wall's clock; None runs as fast as the machine can.
    """

    def __init__(
        self,
        scenario: scenarios.Scenario,
        flash: Flash,
        speed: float | None,
        say: Callable[..., None],
        spare_heap_bytes: int = 0,
    ):
        self._say = say
        self.spare_heap_bytes = spare_heap_bytes
        self._terminal = Terminal(lambda port: say(port=port))
        super().__init__(scenario, flash=flash, computer=self._terminal)
        self.end_us = _FOR_EVER_US
        self.sound = Sound(keep_s=_SOUND_KEPT_S)
        self._speed = speed
        self._wall_s, self._wall_us = time.monotonic(), 0
        self._orders = b""
        self._carried_out: list[str] = []
        self._levels[board.PIN_USB_POWER] = 1
        self._terminal.plug(True)

    def boot(self) -> Boot:
        try:
            if self.next_boot is not None:
                self._keep_time(self.next_boot.start_us)
            return super().boot()
        finally:
            self._report()

    def handle(self, op: int, a: int, b: int, payload: bytes, now_us: int) -> Answer | None:
        try:
            if op == SYNC:
                self._keep_time(now_us)
            return super().handle(op, a, b, payload, now_us)
        finally:
            self._report()

    def _next_event_us(self) -> int:
        tick_us = _BUSY_TICK_US if self.now_us < self._terminal.busy_until_us else _TICK_US
        return min(super()._next_event_us(), self.now_us + tick_us)

    def _report(self) -> None:
        """Tell what has happened, and forget it: this may go on for weeks."""
        for event in self._events:
            self._say(event=event)
        self._events.clear()
        self._rows.clear()
        self.lights.clear()
        for order in self._carried_out:
            self._say(done=order)
        self._carried_out.clear()

    # --- the clock on the wall -----------------------------------------------------------------------------------

    def _keep_time(self, now_us: int) -> None:
        """Sleep until the clock has come to the device's time, or something is there for the device before that."""
        self.now_us = now_us
        self._carry_out_orders(now_us)
        while True:
            ahead_s = self._ahead_s(now_us)
            port = self._terminal.number_to_wait_for()
            if port is not None and ahead_s > _EARLY_S:
                port = None
                ahead_s -= _EARLY_S
            wait = select.poll()
            wait.register(sys.stdin, select.POLLIN)
            if port is not None:
                wait.register(port, select.POLLIN)
            came = dict(wait.poll(max(0.0, ahead_s * 1000)))
            if sys.stdin.fileno() in came:
                self._orders += os.read(sys.stdin.fileno(), 4096) or b"quit\n"  # whoever started it is gone
                self._carry_out_orders(now_us)
            if port in came or self._ahead_s(now_us) <= 0:
                return

    def _ahead_s(self, now_us: int) -> float:
        if self._speed is None:
            return 0.0
        ahead_s = (now_us - self._wall_us) / 1e6 / self._speed - (time.monotonic() - self._wall_s)
        if ahead_s < -_LATE_S:
            self._wall_s, self._wall_us = time.monotonic(), now_us
            return 0.0
        return ahead_s

    # --- the hand at the device ----------------------------------------------------------------------------------

    def _carry_out_orders(self, now_us: int) -> None:
        while b"\n" in self._orders:
            line, self._orders = self._orders.split(b"\n", 1)
            words = line.decode(errors="replace").split()
            if words:
                self._carry_out(words[0], words[1:], now_us)

    def _carry_out(self, order: str, numbers: list[str], now_us: int) -> None:
        try:
            for_s = float(numbers[0]) if numbers else None
        except ValueError:
            for_s = -1.0
        said = " ".join((order, *numbers))
        if len(numbers) > 1 or (for_s is not None and (for_s <= 0 or order not in ("hold", "cut"))):
            self._say(error=f"{said}: this is no order; there are {_ORDERS}")
        elif order in ("press", "hold"):
            lasts_s = PRESS_S if order == "press" else for_s or HOLD_S
            up_us = now_us + int(lasts_s * 1e6)
            self._input(board.PIN_BUTTON, 0, now_us, up_us)
            self._at(up_us + _LET_GO_US, lambda _: self._carried_out.append(said))
            return
        elif order in ("down", "up"):
            self._input(board.PIN_BUTTON, 0 if order == "down" else 1, now_us, None)
        elif order in ("plug", "unplug"):
            self._input(board.PIN_USB_POWER, 1 if order == "plug" else 0, now_us, None)
        elif order == "cut":
            self._carried_out.append(said)
            self._power_cut(now_us, for_s or POWER_GAP_S)
        elif order == "quit":
            self.sound.power_off(now_us)
            self.next_boot = None
            raise Stopped
        else:
            self._say(error=f"{said}: this is no order; there are {_ORDERS}")
        self._carried_out.append(said)


class LiveDevice:
    """A simulated device in a process of its own, and the hand at its button; use it in a `with`.

    flash: the file that its flash is kept in; without one it forgets everything at the end. A new file is as it comes from
    the factory, or has the ready-made `profile` committed; for the emulated chip (runtime "rp2040") it is empty without a
    profile, and with one has the firmware too. scenario: whose patient lies there, and what happens to them.
    lasting: it is to live for days, with a heap that is larger by what the desk's interpreter loses (SPARE_HEAP_BYTES).
    speed: its seconds in one of ours; None for as fast as the machine can. Once entered it has booted; an emulated chip,
    which need not have any firmware, has only been switched on, and tells of `device_boot` when it gets there.
    Raises CalandoError when it cannot start, and when it has died.
    """

    def __init__(
        self,
        flash: Path | None = None,
        runtime: str = "micropython",
        speed: float | None = 1.0,
        profile: str | None = None,
        scenario: str | Path | None = None,
        lasting: bool = False,
    ):
        self._speed = speed
        self._chip = runtime == "rp2040"
        self._slower = SLOWEST_CHIP if self._chip else 1
        self._command = [sys.executable, "-m", "simulator.live", "--runtime", runtime]
        self._command += ["--speed", "free" if speed is None else str(speed)]
        for option, value in (("--flash", flash), ("--profile", profile), ("--scenario", scenario)):
            if value is not None:
                self._command += [option, str(value)]
        if lasting:
            self._command.append("--lasting")
        self._process: subprocess.Popen[str] | None = None
        self._news = threading.Condition()
        self._done: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._port: str | None = None
        self._error: str | None = None
        self._ended = False
        self.phase = "idle"
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        # A session of its own: Ctrl-C is for the program that started it, which then closes it.
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            if self._chip:
                self._wait(lambda: self._port is not None, START_S, "has no port")
            else:
                # A finger on the button while it starts would ask for maintenance.
                self.wait_until_event("device_boot", timeout_s=START_S)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Switch it off; what was on its flash file stays there."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def ended(self) -> bool:
        """Return whether its process is gone, as when a computer with too much else to do made it miss its time."""
        return self._ended

    @property
    def plugged(self) -> bool:
        """Return whether the USB cable is in."""
        return self._port is not None

    @property
    def port(self) -> str:
        """Return the pseudo-terminal; another one each time the cable is plugged in. Raises CalandoError while it is
        not.
        """
        if self._port is None:
            raise CalandoError("the simulated device is unplugged; plug it in first")
        return self._port

    def press(self) -> None:
        """Press the button and let go of it."""
        self._order("press", PRESS_S)

    def hold_button(self, for_s: float = HOLD_S) -> None:
        """Hold the button for `for_s` of the device's seconds, and let go of it."""
        self._order(f"hold {for_s:g}", for_s)

    def button_down(self) -> None:
        self._order("down")

    def button_up(self) -> None:
        self._order("up")

    def unplug(self) -> None:
        """Pull the USB cable: the port is gone."""
        self._order("unplug")

    def plug(self) -> None:
        """Put the USB cable in; `port` has a new name then."""
        self._order("plug")

    def power_cut(self, for_s: float = POWER_GAP_S) -> None:
        """Take the power away; it is back after `for_s` of the device's seconds."""
        self._order(f"cut {for_s:g}")

    def wait_until_phase(self, phase: str, timeout_s: float = 30.0) -> None:
        """Wait for a phase of the session (firmware/reasons.py). Raises CalandoError when it does not come."""
        self._wait(lambda: self.phase == phase, timeout_s, f"is {self.phase}, not {phase}")

    def wait_until_event(self, kind: str, count: int = 1, timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait until an event of that kind has been there `count` times; returns that one. Raises CalandoError."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.events if event["kind"] == kind]

        self._wait(lambda: len(found()) >= count, timeout_s, f"has not told of {count} x {kind}")
        return found()[count - 1]

    def _order(self, order: str, takes_s: float = 0.0) -> None:
        if self._process is None or self._process.stdin is None:
            raise CalandoError("the simulated device is not running")
        try:
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
            done = self._done.get(timeout=ANSWER_S + self._slower * takes_s / (self._speed or 1))
        except (BrokenPipeError, queue.Empty):
            done = None
        if done != order:
            raise CalandoError(self._error or f"the simulated device does not answer ({order})")

    def _wait(self, true: Callable[[], bool], timeout_s: float, what: str) -> None:
        with self._news:
            self._news.wait_for(lambda: true() or self._ended, timeout_s)
            if true():
                return
        if self._ended:
            raise CalandoError(self._error or "the simulated device has ended")
        raise CalandoError(f"the simulated device {what} after {timeout_s:g} s")

    def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                with self._news:
                    self._take_in(json.loads(line))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._done.put(None)
            self._news.notify_all()

    def _take_in(self, news: dict[str, Any]) -> None:
        if "port" in news:
            self._port = news["port"]
        elif "error" in news:
            self._error = news["error"]
        elif "done" in news:
            self._done.put(news["done"])
        else:
            event = news["event"]
            self.events.append(event)
            if event["kind"] == "device_phase":
                self.phase = event["detail"]["phase"]
            elif event["kind"] == "device_boot":
                self.phase = "idle"


def _say(**news: Any) -> None:
    print(json.dumps(news), flush=True)


def _live(arguments: argparse.Namespace) -> None:
    from simulator.runtimes import cpython, micropython, rp2040

    runtimes = {"cpython": cpython, "micropython": micropython, "rp2040": rp2040}
    boot = runtimes[arguments.runtime].boot
    chip = arguments.runtime == "rp2040"
    if chip:
        rp2040.image()  # what is missing is said before there is a port
    folder = rp2040.FOLDER if chip else ""
    if arguments.scenario is None:
        scenario = scenarios.from_values({"title": "somebody calm", "duration_s": 60})
    else:
        scenario = scenarios.load(arguments.scenario)
    with contextlib.ExitStack() as open_files:
        if arguments.flash:
            flash = open_files.enter_context(Flash.in_file(arguments.flash, folder))
        else:
            flash = Flash(folder=folder)
        if arguments.profile and flash.blank:
            if chip:
                rp2040.install_firmware(flash)
            committed = scenarios.from_values({"title": "-", "duration_s": 60, "profile": arguments.profile})
            flash.commit_profile(committed.profile_values(), committed.own_files())
        spare_heap_bytes = SPARE_HEAP_BYTES if arguments.lasting else 0
        bedside = LiveBedside(scenario, flash, arguments.speed, _say, spare_heap_bytes)
        while bedside.next_boot is not None:
            with contextlib.suppress(Stopped):  # the power went once more before it was back
                boot(bedside)


def _speed(text: str) -> float | None:
    if text == "free":
        return None
    speed = float(text)
    if not 0.01 <= speed <= 1000:
        raise ValueError
    return speed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator.live", description=__doc__)
    parser.add_argument("--flash", type=Path, help="the file its flash is kept in; a new one is made")
    parser.add_argument("--runtime", choices=("micropython", "cpython", "rp2040"), default="micropython")
    parser.add_argument("--speed", type=_speed, default=1.0, help="0.01 to 1000, or free")
    parser.add_argument("--profile", help="committed on a new flash: newborn, adult or a profile's TOML file")
    parser.add_argument("--scenario", help="whose patient lies there, and what happens to them")
    parser.add_argument(
        "--lasting", action="store_true", help="for days: with a heap for what the interpreter loses"
    )
    try:
        arguments = parser.parse_args()
        stopping.raise_again()
        _live(arguments)
    except (CalandoError, RuntimeDied, FileNotFoundError) as error:
        _say(error=str(error))
        return 1
    except BrokenPipeError:  # who started it is gone, and the interpreter would try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:  # which is how somebody at a terminal ends it
        return stopping.STATUS
    finally:
        stopping.end_at_once()
    return 0


if __name__ == "__main__":
    sys.exit(main())
