"""Presence at the device: what a computer asked for is done only if somebody presses the button for it, and holds it.

The press must come after the question: a finger that is on the button already has agreed to nothing.
"""

from micropython import const

from firmware import ticks
from firmware.step import HELD, PRESS

WAIT_MS = const(30_000)

NONE = "none"
WAITING = "waiting"
GIVEN = "given"
EXPIRED = "expired"


class Consent:
    """One question at a time. `state` is NONE, WAITING, GIVEN or EXPIRED; `what` is what was asked for last."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.what: str | None = None
        self.state = NONE
        self._since_ms = 0
        self._pressed = False

    def ask(self, what, now_ms):
        """Wait for the button; an earlier question is forgotten."""
        self.what = what
        self.state = WAITING
        self._since_ms = now_ms
        self._pressed = False

    def pass_time(self, now_ms):
        if self.state == WAITING and ticks.since(now_ms, self._since_ms) >= WAIT_MS:
            self.state = EXPIRED

    def gesture(self, gesture, now_ms):
        """Return whether a gesture of the button belongs to the question; then it is nobody else's."""
        self.pass_time(now_ms)
        if self.state != WAITING:
            return False
        if gesture == PRESS:
            self._pressed = True
        elif gesture == HELD and self._pressed:
            self.state = GIVEN
        return True
