"""What the display says, three lines of 16 letters; loaded only where there is a display.

No pulse, no oxygen, no alarm: as the light (panel.py). How it is drawn is drivers/display.py's business.
"""

from micropython import const

from firmware import reasons
from firmware.care import panel

COLUMNS = const(16)  # of a 128 x 32 display in MicroPython's 8 x 8 letters

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
        if phase in panel.PLAYING:
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
