"""The one exception whose text is meant for the person at the keyboard.

The command line prints it and exits 1. Any other that escapes is a defect of ours and shows its traceback.
"""

from difflib import get_close_matches


class CalandoError(Exception):
    """One plain sentence: what is wrong, where, what would be allowed, what to do next."""


class Interrupted(CalandoError):
    """Somebody pressed Ctrl-C where it matters how far it had come: the sentence says so."""


def did_you_mean(given: str, known: list[str]) -> str:
    """Return ` (did you mean "seed"?)` when a known word is near to the given one, else nothing."""
    near = get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


def choice(given: str, known: list[str]) -> str:
    """Return the next step after an unknown word: the nearest known one, or else all of them."""
    return did_you_mean(given, known) or f"; choose one of {', '.join(known)}"


def os_reason(error: OSError) -> str:
    """Return why the operating system refused, in its own words and lower case: "no space left on device"."""
    return (error.strerror or str(error) or type(error).__name__).lower()
