"""The nurse's whole interface: what a finger on the button means, and what light and display show.

No pulse, no oxygen, no alarm colours, nothing that blinks, no sound. Pins and the display's driver are
elsewhere. The table of docs/panel.md is this file in words.
"""

from micropython import const

from firmware import reasons, ticks
from firmware.step import HELD, PRESS

_DEBOUNCE_MS = const(30)  # a contact bounces for some 5 ms, a glove for 20
HELD_MS = const(1000)
_NEARLY_HELD_MS = const(
    850
)  # the sound's queue (64 ms), a block of 16 ms, its ramp, and a late turn of the loop
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

COLUMNS = const(16)  # of a 128 x 32 display in MicroPython's 8 x 8 letters
PLAYING = (reasons.BASELINE, reasons.MATCH, reasons.LEAD, reasons.SUSTAIN, reasons.HOLD)


class Gestures:
    """Levels in, gestures out: a press counts as the button goes down, a hold a second later, once each.

    nearly_held: a hold comes within 150 ms, unless the finger leaves.
    """

    def __init__(self):
        self.stuck = False
        self.nearly_held = False
        self._was_down: bool | None = None  # None: nothing is known yet
        self._since_ms = 0  # of the level that is believed
        self._up_since_ms: int | None = None  # when a release began that is not yet believed
        self._held = False

    def sample(self, now_ms, down):
        """Return the gesture that this level completes, or None. Call every few tens of milliseconds.

        A level that is down at the first call is a stuck button until it has been released.
        """
        if self._was_down is None:
            self._was_down = down
            self._since_ms = now_ms
            self.stuck = down
            return None
        if down:
            self._up_since_ms = None
            if not self._was_down:
                self._was_down = True
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
        if self._was_down:
            # Down begins at once, up only when it has lasted: a bounce is neither a release nor a second
            # press.
            if self._up_since_ms is None:
                self._up_since_ms = now_ms
            elif ticks.since(now_ms, self._up_since_ms) >= _DEBOUNCE_MS:
                self._was_down = False
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


# What the display says, 16 letters a line.
_PHASE_TEXT = {
    reasons.BASELINE: "listening",
    reasons.MATCH: "with the patient",
    reasons.LEAD: "slowing",
    reasons.SUSTAIN: "staying calm",
    reasons.HOLD: "keeping tempo",
    reasons.FADE: "fading out",
    reasons.WITHDRAW: "stopped",
    reasons.FAULT: "device fault",
}
_LOOK = "look at patient"
_REASON_TEXT = {
    reasons.BRADYCARDIA: _LOOK,
    reasons.DESATURATION: _LOOK,
    reasons.TACHYCARDIA: _LOOK,
    reasons.WRONG_POPULATION: "wrong profile?",
    reasons.USB_HOST: "unplug USB",
    reasons.SUPPLY_LOW: "battery low",
    reasons.ROOM_TOO_LOUD: "room too loud",
    reasons.BUTTON_STUCK: "button stuck",
    reasons.SENSOR_FAULT: "sensor",
    reasons.SENSOR_HOT: "sensor is warm",
    reasons.LED_CURRENT: "sensor light",
    reasons.READINGS_FROZEN: "sensor",
    reasons.ADC_FAULT: "level check",
    reasons.AUDIO_FAULT: "sound",
    reasons.TOO_LOUD: "sound",
    reasons.NOT_OBEYED: "sound",
    reasons.LATE: "processor",
    reasons.CLOCK_FAULT: "processor",
    reasons.HEAP_LOW: "memory",
    reasons.FLASH_FAULT: "memory",
    reasons.EXCEPTION: "processor",
    reasons.WATCHDOG: "processor",
    reasons.TOO_LONG: "time is up",
    reasons.OUTPUT_MISMATCH: "loudspeaker",
    reasons.DOSE: "enough today",
    reasons.TOO_SOON: "pause not over",
    reasons.NOT_CONFIRMED: "not confirmed",
    reasons.SIGNAL_LOST: "sensor is off",
}
_REMOVE_SENSOR = "remove sensor"
_OLD_FIRMWARE = "old firmware"
_READY = "ready"
_REFUSED = "not now"


class Display:
    """Three lines: profile, phase, and minutes left or the reason. `changed` says when they must be drawn
    again.

    Dark when nothing plays and nothing needs saying. Texts are constants but for the minutes, one text a
    minute.
    """

    def __init__(self, title):
        self.lines = [title[:COLUMNS], "", ""]
        self.on = False
        self.changed = True
        self._minutes: int | None = None

    def update(self, outputs, refused, remind, fell_back=False):
        """Write the lines of the display that have changed.

        refused: a press was refused a moment ago; remind: a session ended a moment ago, the sensor is
        still on; fell_back: an older firmware runs.
        """
        phase = outputs.phase
        second = _PHASE_TEXT.get(phase, _READY)
        third = ""
        on = phase != reasons.IDLE
        if phase in PLAYING:
            if self._minutes != outputs.minutes_left:
                self._minutes = outputs.minutes_left
                self._minutes_text = "%d min left" % outputs.minutes_left
            third = self._minutes_text
        elif phase == reasons.WITHDRAW or phase == reasons.FAULT:
            third = _REASON_TEXT.get(outputs.reason, "")
        elif phase == reasons.IDLE and refused:
            on = True
            second = _REFUSED
            third = _REASON_TEXT.get(outputs.reason, "")
        elif phase == reasons.IDLE and remind:
            on = True
            third = _REMOVE_SENSOR
        elif phase == reasons.IDLE and fell_back:
            on = True
            third = _OLD_FIRMWARE
        if on != self.on or second is not self.lines[1] or third is not self.lines[2]:
            self.on = on
            self.lines[1] = second
            self.lines[2] = third
            self.changed = True
