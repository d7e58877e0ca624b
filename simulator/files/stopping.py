"""Ctrl-C before a program has begun: while its modules are read, it ends at once with one line and status 130.

Python's own way is a traceback through half a module. Nothing is there yet that would have to be put in order; what has
begun catches KeyboardInterrupt, and puts it in order.
"""

import os
import signal
from types import FrameType

STATUS = 130  # what a shell says of a program that Ctrl-C ended


def end_at_once() -> None:
    """Let Ctrl-C end the program from now on, unless it is to be ignored, as a script asks of `calando ... &`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C be a KeyboardInterrupt from now on, which what has begun can catch."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"calando: stopped.\n")
    os._exit(STATUS)  # an exception could be lost in a module that is half read
