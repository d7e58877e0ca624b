"""The one way to the terminal: what a device or a file says is shown as plain characters, and an output that takes no
more is a sentence.

A text from outside may hold escape sequences: they move the cursor, rename the window, or answer as if typed. Here each
such character becomes what JSON writes for it (`\\u001b`), so that it can be seen, and JSON stays JSON.
"""

import errno
import os
import re
import sys
import unicodedata

from simulator.files.errors import CalandoError, os_reason

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TOO_LONG = re.compile(r"[^ ]{301,}")  # some paths are that long
_SHOWN_OF_IT = 60
_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")
# Controls, invisible and direction-changing characters, halves of characters, private and unknown ones, line breaks.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """Return a text as characters that only show; new lines stay."""
    return _UNUSUAL.sub(lambda found: _shown(found[0]), text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"


def say(text: str) -> None:
    """Print a text on standard output, at once. Raises CalandoError when it takes no more, as a full disk does."""
    try:
        print(plain(text), flush=True)
    except OSError as error:
        raise output_failed(error) from None


def warn(text: str) -> None:
    """Print on standard error what a person must know apart from the answer."""
    print(plain(text), file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print what went wrong on standard error, as one line, with only the ends of a word that would fill the window."""
    line = plain(text.strip()).replace("\n", " ").removesuffix(".")
    line = _TOO_LONG.sub(lambda found: f"{found[0][:_SHOWN_OF_IT]}...{found[0][-_SHOWN_OF_IT:]}", line)
    print(f"calando: {line}.", file=sys.stderr)


def flush() -> None:
    """Bring everything printed to where it goes. Raises CalandoError as `say` does."""
    if sys.stdout is None:  # it was closed before we began, as `>&-` does: nobody wanted to read
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        raise output_failed(error) from None


def output_failed(error: OSError) -> BaseException:
    """Return what to raise when standard output takes no more; nothing is tried there again.

    Whoever read our output (`calando ... | head`) and has had enough is no error.
    """
    # The interpreter would try again at its end, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return SystemExit(1)
    return CalandoError(
        f"what was to be printed cannot be written ({os_reason(error)}); make room, or send it elsewhere"
    )
