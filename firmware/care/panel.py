"""The nurse's whole interface: what a finger on the button means, and what the light shows; display.py has the display's.

No pulse, no oxygen, no alarm colours, nothing that blinks, no sound. Pins are elsewhere. The table of docs/panel.md is
this file in words.
"""

from micropython import const

from firmware import reasons, ticks
from firmware.step import HELD, PRESS

_DEBOUNCE_MS = const(30)  # a contact bounces for some 5 ms, a glove for 20
HELD_MS = const(1000)
# The sound's queue (64 ms), a block of 16 ms, its ramp, and a late turn of the loop. Half-way between two looks at the
# button, as a second is: one that comes up to 7 ms early or late changes neither in which block the sound sinks nor when
# it ends.
_NEARLY_HELD_MS = const(856)
STUCK_MS = const(20_000)  # nobody holds a button this long
REFUSED_MS = const(8000)  # how long the light says no

OFF = "off"
GREEN = "green"
AMBER = "amber"
# Dim enough beside a sleeping child; of full brightness.
_READY_PERMILLE = const(6)
PLAYING_PERMILLE = const(30)
_FADING_PERMILLE = const(12)
_REFUSED_PERMILLE = const(40)
STOPPED_PERMILLE = const(60)

PLAYING = (reasons.BASELINE, reasons.MATCH, reasons.LEAD, reasons.SUSTAIN, reasons.HOLD)


class Gestures:
    """Levels in, gestures out: a press counts as the button goes down, a hold a second later, once each.

    nearly_held: a hold comes within 144 ms, unless the finger leaves. was_down: while it is False, nothing comes of a level
    that is up.
    """

    def __init__(self):
        self.stuck = False
        self.nearly_held = False
        self.was_down: bool | None = None  # None: nothing is known yet
        self._since_ms = 0  # of the level that is believed
        self._up_since_ms: int | None = None  # when a release began that is not yet believed
        self._held = False

    def sample(self, now_ms, down):
        """Return the gesture that this level completes, or None. Call every few tens of milliseconds.

        A level that is down at the first call is a stuck button until it has been released.
        """
        if self.was_down is None:
            self.was_down = down
            self._since_ms = now_ms
            self.stuck = down
            return None
        if down:
            self._up_since_ms = None
            if not self.was_down:
                self.was_down = True
                self._since_ms = now_ms
                self._held = False
                return PRESS
            for_ms = ticks.since(now_ms, self._since_ms)
            if for_ms >= STUCK_MS:
                self.stuck = True
            if not self._held and not self.stuck:
                if for_ms >= HELD_MS:
                    self._held = True
                    self.nearly_held = False
                    return HELD
                self.nearly_held = for_ms >= _NEARLY_HELD_MS
            return None
        if self.was_down:
            # Down begins at once, up only when it has lasted: a bounce is neither a release nor a second
            # press.
            if self._up_since_ms is None:
                self._up_since_ms = now_ms
            elif ticks.since(now_ms, self._up_since_ms) >= _DEBOUNCE_MS:
                self.was_down = False
                self.stuck = False
                self.nearly_held = False
        return None


def show_light(outputs, refused, fell_back=False):
    """Set the record's light from its phase. refused: a press was, a moment ago; fell_back: an older firmware runs."""
    phase = outputs.phase
    if phase in PLAYING:
        outputs.light_colour = GREEN
        outputs.light_permille = PLAYING_PERMILLE
    elif phase == reasons.FADE:
        outputs.light_colour = GREEN
        outputs.light_permille = _FADING_PERMILLE
    elif phase == reasons.WITHDRAW or phase == reasons.FAULT:
        outputs.light_colour = AMBER
        outputs.light_permille = STOPPED_PERMILLE
    elif refused:
        outputs.light_colour = AMBER
        outputs.light_permille = _REFUSED_PERMILLE
    else:
        outputs.light_colour = AMBER if fell_back else GREEN
        outputs.light_permille = _READY_PERMILLE
