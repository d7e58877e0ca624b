"""How a program is stopped: by Ctrl-C, by a terminal that is closed, by a request to end.

Before it has begun, while its modules are read, Ctrl-C ends it at once with one line and status 130: Python's own way is a
traceback through half a module, and nothing is there yet that would have to be put in order. What has begun catches
KeyboardInterrupt, puts it in order, and says what was done until then and stays.
"""

import os
import signal
import sys
from types import FrameType

STATUS = 130  # what a shell says of a program that Ctrl-C ended
TERMINATED = 128 + signal.SIGTERM  # and of one that was asked to end
AGAIN_S = 0.5  # after which a request to end that was lost is made again
_MOST_NAMED = 3
_written: dict[str, None] = {}  # in the order of their first writing
_changed: dict[str, str] = {}


def end_at_once() -> None:
    """Let Ctrl-C end the program from now on, unless it is to be ignored, as a script asks of `calando ... &`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C be a KeyboardInterrupt from now on, which what has begun can catch."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def note_written(place: object) -> None:
    """Note that a file is written and stays, whatever stops the program afterwards."""
    _written[str(place)] = None


def note(what: str, state: str) -> None:
    """Note how far something is that is no file, as a part of a sentence, in the place of what was noted of it before."""
    _changed[what] = state


def told() -> str:
    """Return what was and what was not done, as the sentence of a program that was stopped."""
    files = "nothing was written"
    if _written:
        named = ", ".join(list(_written)[:_MOST_NAMED])
        more = len(_written) - _MOST_NAMED
        files = f"written: {named}" + (f" and {more} more" if more > 0 else "")
    return "; ".join([f"stopped: {files}", *_changed.values()])


def forget() -> None:
    """Begin anew: another command in the same process."""
    _written.clear()
    _changed.clear()


def end_when_told() -> None:
    """Let a closed terminal (SIGHUP) and a request to end (SIGTERM) end the program with 128 + their number, from now on
    and whatever it does; what is to be ignored, as nohup asks, still is.

    They end it as an exception, so that half-written files are cleared away on the way out. Python throws an exception
    away that comes while it collects garbage, or in a library that passes over all of them: so it is looked again after
    AGAIN_S, until it is on its way.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _exit)


def ended() -> None:
    """Look no more whether a request to end was lost: it was not."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _exit(number: int, _frame: FrameType | None) -> None:
    def again(_number: int, _frame: FrameType | None) -> None:
        if not _is_ending():
            raise SystemExit(128 + number)

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, AGAIN_S, AGAIN_S)
    raise SystemExit(128 + number)


def _is_ending() -> bool:
    """Return whether the program clears up after a SystemExit now: somewhere above, that is what is dealt with."""
    error = sys.exception()
    while error is not None:
        if isinstance(error, SystemExit):
            return True
        error = error.__context__
    return False


def _end(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"calando: stopped.\n")
    os._exit(STATUS)  # an exception could be lost in a module that is half read
