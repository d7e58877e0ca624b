"""What is tried on the bench, with a computer attached: a test sound for the calibration, and each part by itself.

Loaded when the first such command comes. The sound passes the same ceiling as music, and any gesture ends it.
"""

from firmware import ticks
from firmware.modules import forget
from firmware.usb.link import Refused

LEVELS_DBFS = (-40, -30, -20)
SECONDS_MOST = 15
SOUND = "test"


class BenchCommands:
    """device: main.Device. sounding: a test sound plays."""

    def __init__(self, device):
        self._device = device
        self._until_ms = 0
        self.sounding = False

    def answer(self, command, arguments, now_ms):
        """Return the answer of one bench command, as a dict. Raises Refused."""
        if command == "tone":
            return self._tone(arguments.get("level_dbfs"), arguments.get("seconds"), now_ms)
        if command == "quiet":
            self.stop()
            return {}
        return self._selftest(arguments.get("part"), now_ms)

    def _selftest(self, part, now_ms):
        from firmware.usb import selftest

        try:
            passed, text, advice = selftest.run(self._device, self, part, now_ms)
        finally:
            forget("usb.selftest")
        return {"passed": passed, "text": text, "next": advice}

    def _tone(self, level_dbfs, seconds, now_ms):
        if level_dbfs not in LEVELS_DBFS:
            raise Refused("bad_argument", "level_dbfs is -40, -30 or -20.")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= SECONDS_MOST:
            raise Refused("bad_argument", "seconds is a whole number from 1 to %d." % SECONDS_MOST)
        self.stop()
        device = self._device
        audio = device.audio
        level_cdba = device.full_scale_cdba + 100 * level_dbfs
        first_cdba = audio.loudness.first_level_cdba
        audio.loudness.first_level_cdba = level_cdba  # at once: nobody is asleep on a bench
        audio.soundscape(SOUND)
        audio.loudness.first_level_cdba = first_cdba
        audio.set_level(level_cdba, 16)
        self._until_ms = ticks.add(now_ms, 1000 * seconds)
        self.sounding = True
        device.pcm.start()
        return {}

    def step(self, now_ms):
        if self.sounding and ticks.since(now_ms, self._until_ms) >= 0:
            self.stop()

    def stop(self):
        """End the test sound; whether there was one."""
        sounded = self.sounding
        if sounded:
            self.sounding = False
            self._device.pcm.stop()
            self._device.conductor.stop()
        return sounded
