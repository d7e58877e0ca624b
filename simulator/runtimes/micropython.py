"""The firmware under the real MicroPython interpreter, in lock-step with the bedside through two pipes.

The heap is limited so that 212 KB of a 32-bit chip are honestly represented: see HEAP_BYTES.
"""

import ast
import contextlib
import fcntl
import gc
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from simulator.bedside import (
    Bedside,
    RuntimeDied,
    Stopped,
)
from simulator.interpreter import (
    EACH_BLOCK,
    STAND_INS,
    device_image,
    find_micropython,
    why_no_micropython,
)

# On the 64-bit interpreter a pointer, a small integer and a heap cell are twice as large as on the chip; a byte of a
# buffer or of bytecode is not. So N bytes of the chip's heap, of which R are such raw bytes, are 2 (N - R) + R here.
# N = 212 KB, of the 230 KB that MicroPython leaves free on an RP2040 (viper code, some 16 KB, lies on its heap and not on
# this one). R = 122 KB: 40 of buffers (wave tables, vitals) and 82 of bytecode and names, the size of the .mpy files less
# their viper code. Added is what the simulated `machine` takes, which on the chip is in flash, and what the chip's files
# spare with shared names and no numbers of lines (simulator/compact.py), which those of a desk have. How much that is was
# measured: a device that plays has 1.6 times what an emulated chip has left then, less than a cell's 2: docs/simulator.md.
# Taken away is what the files of EACH_BLOCK would take as bytecode, and do not as machine code, which lies elsewhere.
CHIP_HEAP_BYTES = 212 * 1024
RAW_BYTES = 122 * 1024
SIMULATED_PARTS_BYTES = 37 * 1024
COMPACTED_BYTES = 72 * 1024
NATIVE_BYTES = 6 * 1024
HEAP_BYTES = (
    2 * (CHIP_HEAP_BYTES - RAW_BYTES) + RAW_BYTES + SIMULATED_PARTS_BYTES + COMPACTED_BYTES - NATIVE_BYTES
)

_TELLS = "MicroPython "
SILENT_FOR_S = 30.0  # of real time without a message; the watch looks this often
_PIPE_BYTES = 1 << 20
_READ_BYTES = 1 << 14  # more than ever waits; a large buffer for each read is what costs
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ; Linux only, a matter of speed


def boot(bedside: Bedside, script: Path | None = None, *arguments: str) -> dict[str, Any]:
    """Run the firmware from one reset to the next; returns its version and heap limit.

    `script` boots it instead of simulator/target/pipe/start.py, with `arguments` after the usual ones.

    Raises FileNotFoundError where there is no interpreter, RuntimeDied when it is killed, fails or hangs.
    """
    program = find_micropython()
    if program is None:
        raise FileNotFoundError(why_no_micropython())
    start = bedside.boot()
    from_device, their_out = os.pipe()
    their_in, to_device = os.pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(from_device, _SET_PIPE_SIZE, _PIPE_BYTES)
    image = device_image(native=EACH_BLOCK)
    heap_bytes = HEAP_BYTES + bedside.spare_heap_bytes
    command = [*program, "-X", f"heapsize={heap_bytes}", *([str(script)] if script else ["-m", "start"])]
    flash = bedside.flash.file_number
    command += [
        str(number) for number in (their_out, their_in, start.start_us, start.reset_cause, flash or 0)
    ]
    command += arguments
    path = f"{image / STAND_INS}:{image}:.frozen"
    process = subprocess.Popen(
        command, env={**os.environ, "MICROPYPATH": path}, cwd=image,
        pass_fds=(their_out, their_in, *([flash] if flash else [])),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    os.close(their_out)
    os.close(their_in)
    hang = _HangWatch(bedside, process)
    try:
        with _one_core(process.pid), _few_collections():
            _serve(bedside, from_device, to_device)
    except Stopped:
        process.kill()
        _, told = _said(process)
        return {
            "micropython": told,
            "limit_bytes": HEAP_BYTES,
            "chip_bytes": CHIP_HEAP_BYTES,
        }
    except (EOFError, BrokenPipeError):
        os.close(from_device)
        from_device = -1
        raise RuntimeDied(hang.verdict or _obituary(process, bedside.now_us / 1e6)) from None
    finally:
        hang.stop()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        for number in (from_device, to_device):
            if number >= 0:
                os.close(number)
    raise RuntimeError("the bedside stopped serving without a reason")


class _HangWatch:
    """Ends a firmware that hangs in a loop which never asks for the time, where no watchdog of its own can see it."""

    def __init__(self, bedside: Bedside, process: subprocess.Popen):
        self.verdict: str | None = None
        self._bedside = bedside
        self._process = process
        self._seen_us = -1
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(SILENT_FOR_S):
            if self._bedside.now_us == self._seen_us:
                self.verdict = (
                    f"the firmware has not said anything for {SILENT_FOR_S:.0f} s of real time, at "
                    f"{self._seen_us / 1e6:.1f} s of the session: it hangs in a loop that never asks for the time"
                )
                self._process.kill()
                return
            self._seen_us = self._bedside.now_us


def _said(process: subprocess.Popen) -> tuple[str, str | None]:
    """Return what a process that ends printed, and the interpreter's version that start.py printed first."""
    try:
        lines = process.communicate(timeout=5)[0].decode(errors="replace").strip().splitlines()
    except subprocess.TimeoutExpired:
        return "", None
    if not lines or not lines[0].startswith(_TELLS):
        return "\n".join(lines), None
    *numbers, kind = ast.literal_eval(lines[0].removeprefix(_TELLS))
    return "\n".join(lines[1:]), ".".join(map(str, numbers)) + (f"-{kind}" if kind else "")


def _obituary(process: subprocess.Popen, at_s: float) -> str:
    said, _ = _said(process)
    code = process.returncode
    how = (
        f"was killed by signal {-code}"
        if code is not None and code < 0
        else f"ended by itself (status {code})"
    )
    last = f": {said}" if said else ""
    return (
        f"the MicroPython process {how} at {at_s:.1f} s of the session; the run is void, start it again{last}"
    )


def _serve(bedside: Bedside, from_device: int, to_device: int) -> None:
    """Answer the device until it stops. Requests may come in pieces and many at a time."""
    pending = b""
    place = 0
    end = 16  # of the request that is looked at, as far as it is known
    handle, read, write = bedside.handle, os.read, os.write
    unpack = struct.Struct("<BBHIQ").unpack_from
    pack = struct.Struct("<hHIQ").pack
    while True:
        while len(pending) < end:
            piece = read(from_device, _READ_BYTES)
            if not piece:
                raise EOFError
            pending = pending[place:] + piece
            end -= place
            place = 0
        op, a, b, length, now_us = unpack(pending, place)
        if length and len(pending) < place + 16 + length:
            end = place + 16 + length
            continue
        place += 16
        answer = handle(op, a, b, pending[place : place + length], now_us)
        place += length
        end = place + 16
        if answer is not None:
            status, data, took_us, next_event_us = answer
            write(to_device, pack(status, len(data), took_us, next_event_us) + data)


@contextlib.contextmanager
def _few_collections():
    """Let Python look for circles a hundred times less often: a session makes rows and tuples, and no circles."""
    before = gc.get_threshold()
    gc.set_threshold(100 * before[0], *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _one_core(pid: int):
    """Keep the two ends of the pipe on one core: they never run at the same time, and a turn there and back then costs a
    tenth of what waking another core does (10 us instead of 100)."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    core = {sorted(before)[pid % len(before)]}
    try:
        os.sched_setaffinity(0, core)
        os.sched_setaffinity(pid, core)
        yield
    finally:
        os.sched_setaffinity(0, before)
