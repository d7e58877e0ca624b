"""Heavy work in a process of its own: it can be stopped at any time, and its memory goes when it has been idle.

`Workshop().do("hear", ...)` runs a function of host_tools/studio/tasks.py there. Messages are pickles: (name, arguments)
in, and (kind, value) out, kind being row, progress, say, result or error.
"""

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

from host_tools.studio.job import Cancelled, Job
from simulator.files.errors import CalandoError

IDLE_S = 60.0
TASKS = "host_tools.studio.tasks"


class Workshop:
    """One process, one task at a time; it is started when there is something to do."""

    def __init__(self, idle_s: float = IDLE_S):
        self._idle_s = idle_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._last_s = time.monotonic()

    def do(self, name: str, /, **arguments: Any) -> Job:
        """Start a task; the job has its result. A task that waits for another may be cancelled too."""
        job = Job(name)
        threading.Thread(target=job.run, args=(lambda job: self._do(job, arguments),), daemon=True).start()
        return job

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def rest(self) -> None:
        """End a process that had nothing to do for a while: called now and then."""
        if time.monotonic() - self._last_s > self._idle_s and self._turn.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._turn.release()

    def _do(self, job: Job, arguments: dict[str, Any]) -> Any:
        with self._turn:
            job.check()
            process = self._running()
            job.when_cancelled(lambda: _kill(process))
            try:
                return self._answer(job, process, arguments)
            finally:
                job.when_cancelled(lambda: None)
                self._last_s = time.monotonic()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        return self._process

    def _answer(self, job: Job, process: subprocess.Popen[bytes], arguments: dict[str, Any]) -> Any:
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((job.name, arguments), process.stdin)
            process.stdin.flush()
            while True:
                kind, value = pickle.load(process.stdout)
                if kind == "row":
                    job.rows.append(value)
                elif kind == "progress":
                    job.progress(*value)
                elif kind == "say":
                    job.say(value)
                elif kind == "error":
                    raise CalandoError(value)
                else:
                    return value
        except (EOFError, OSError, pickle.UnpicklingError):
            self.close()
            if job.cancelled():
                raise Cancelled("cancelled: nothing was changed") from None
            raise CalandoError("the work stopped half-way; nothing was changed, try it again") from None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it with the interpreter that it may have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Gone(Exception):
    """The studio ended while a task ran: nobody is there to be told, so nothing is printed either."""


class Teller:
    """What a task is handed to say how far it is."""

    def __init__(self, out: BinaryIO):
        self._out = out

    def send(self, kind: str, value: Any) -> None:
        try:
            waiting = memoryview(pickle.dumps((kind, value)))
            while waiting:
                waiting = waiting[self._out.write(waiting) :]
        except BrokenPipeError:
            raise Gone from None

    def row(self, value: Any) -> None:
        self.send("row", value)

    def say(self, text: str) -> None:
        self.send("say", text)

    def progress(self, done: int, total: int) -> None:
        self.send("progress", (done, total))


def main() -> None:
    # What a library prints must not come among the messages. Unbuffered: nothing is left to be written at the end.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    told = Teller(out)
    tasks = importlib.import_module(TASKS)
    while True:
        try:
            name, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:  # the studio is gone
            return
        try:
            answer = ("result", getattr(tasks, name)(told, **arguments))
        except Gone:
            return
        except CalandoError as error:
            answer = ("error", str(error))
        except Exception as error:  # noqa: BLE001 - a defect of ours must not end as a page that waits for ever
            traceback.print_exc()
            answer = ("error", f"the program failed ({type(error).__name__}: {error}); its window says more")
        try:
            told.send(*answer)
        except Gone:
            return


if __name__ == "__main__":
    main()
