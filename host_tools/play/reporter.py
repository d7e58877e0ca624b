"""A process that loads the libraries for sound and picture while a session plays, then writes its files.

They take longer to load than to use, and the machine has a second core. The work is results.write's.
Run as `python -m host_tools.play.reporter`, it ends when its standard input does, so it never outlives its parent.
"""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from simulator.bedside import Result


class Reporter:
    """`with Reporter() as reporter: ...; summary = reporter.write(result, folder)`."""

    def __enter__(self) -> Self:
        # In a session of its own: Ctrl-C is for the parent, which clears up and closes our input.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "host_tools.play.reporter"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        return self

    def write(self, result: "Result", folder: Path) -> dict[str, Any]:
        """Write all files of the session into an existing folder; return the summary."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the reporter has no pipes")
        try:
            pickle.dump((result, folder.resolve()), self._process.stdin, protocol=5)
            self._process.stdin.flush()
            summary, error = pickle.load(self._process.stdout)
        except (BrokenPipeError, EOFError):
            raise RuntimeError(f"the process that writes the report died ({self._process.wait()})") from None
        if error is not None:
            raise error
        return summary

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdout.close()
            with suppress(BrokenPipeError):  # it has died already, and write has said so
                self._process.stdin.close()
        self._process.wait()


def _serve() -> None:
    from host_tools.play.results import write
    from host_tools.sessions import picture, report  # noqa: F401 - this is the wait we take off the session's end
    from host_tools.sound import meter  # noqa: F401 - this is the wait we take off the session's end

    try:
        result, folder = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):  # the parent was stopped before it had handed over all of it
        return
    try:
        answer: tuple[dict[str, Any] | None, Exception | None] = (write(result, folder), None)
    except OSError as error:
        answer = (None, error)
    try:
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.flush()
    except (
        BrokenPipeError
    ):  # it was stopped meanwhile, and clears up; what is still to be written has no reader
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    _serve()
