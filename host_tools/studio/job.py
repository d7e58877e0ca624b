"""Work that takes a while: how far it is, what it said, and how it is cancelled. The page looks at it; others do it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from simulator.files.errors import CalandoError

ASK_S = 0.2  # so soon a job that waits for an answer sees that it was cancelled


class Cancelled(CalandoError):
    """Somebody did not want it any more; nothing was changed."""


class Job:
    """One piece of work. `future` has its result, or the CalandoError that it ended with.

    done, total: how far it is; 0 of 0 where nobody knows. said: sentences for whoever waits. rows: what came on the way.
    about: what it is done for, where somebody must find it again. question: what it wants to know, while it waits for that.
    """

    def __init__(self, name: str):
        self.name = name
        self.about = ""
        self.done = 0
        self.total = 0
        self.said: list[str] = []
        self.rows: list[Any] = []
        self.future: Future[Any] = Future()
        self.question: str | None = None
        self._answer: Any = None
        self._answered = threading.Event()
        self._cancel = threading.Event()
        self._on_cancel: Callable[[], None] | None = None

    @property
    def running(self) -> bool:
        return not self.future.done()

    @property
    def error(self) -> str | None:
        """Return the sentence it failed with; None while it runs and when it did not fail."""
        if self.running:
            return None
        error = self.future.exception()
        return None if error is None else str(error)

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def advance(self, done: int, total: int) -> None:
        """Say how far it is, from between two steps: raises Cancelled once somebody asked for it."""
        self.check()
        self.progress(done, total)

    def ask(self, question: str) -> Any:
        """Wait until somebody answers a question, on whatever page; raises Cancelled once it is not wanted any more."""
        self._answered.clear()
        self.question = question
        try:
            while not self._answered.wait(ASK_S):
                self.check()
        finally:
            self.question = None
        return self._answer

    def answer(self, value: Any) -> None:
        self._answer = value
        self._answered.set()

    def say(self, text: str) -> None:
        self.said.append(text)

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        """Ask it to stop; it says itself when it has."""
        self._cancel.set()
        if self._on_cancel is not None:
            self._on_cancel()

    def when_cancelled(self, stop: Callable[[], None]) -> None:
        """Call `stop` on cancelling: at once where that has been asked for already."""
        self._on_cancel = stop
        if self.cancelled():
            stop()

    def check(self) -> None:
        """Raise Cancelled once somebody asked for it."""
        if self.cancelled():
            raise Cancelled("cancelled: nothing was changed")

    def run(self, work: Callable[["Job"], Any]) -> None:
        """Do the work in this thread, and keep its result or its error for whoever waits.

        A page that goes while it waits cancels the future; the work has begun, so that must not reach it.
        """
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = work(self)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it, whatever it is
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
