"""The MAX98357A amplifier as far as its SD_MODE pin and its I2S clocks decide what a listener hears.

It says when the output stage is on, and notes what would have been a pop. Samples, levels and gaps are
simulator/sound.py's business. Time is integer microseconds.
"""

# With clocks this long before the amplifier wakes there is no pop (Linux binding sound/max98357a).
CLOCKS_FIRST_US = 5_000

WOKEN_WITHOUT_CLOCK = "woken_without_clock"
WOKEN_TOO_SOON = "woken_too_soon"  # the clocks had run for less than CLOCKS_FIRST_US
WOKEN_INTO_SOUND = "woken_into_sound"  # the first frame was not silence: an onset without a fade
CLOCK_LOST = "clock_lost"  # the clocks stopped while it was on
LOUDEST_SILENT_FRAME = 1  # noise shaping may leave one count


class MAX98357A:
    """Off at power-on, as the board's pull-down has it. `pops` is a list of (us, one of the words above)."""

    def __init__(self):
        self.on = False
        self.clock_since_us = None
        self.pops = []
        self.timeline = [(0, False)]  # (us, whether the output stage is on)

    def sd_mode(self, level: int, now_us: int) -> None:
        """Change the pin: 0 shuts down at once, 1 wakes."""
        if bool(level) == self.on:
            return
        self.on = bool(level)
        self.timeline.append((now_us, self.on))
        if self.on:
            if self.clock_since_us is None:
                self.pops.append((now_us, WOKEN_WITHOUT_CLOCK))
            elif now_us - self.clock_since_us < CLOCKS_FIRST_US:
                self.pops.append((now_us, WOKEN_TOO_SOON))

    def clock(self, runs: bool, now_us: int) -> None:
        """Start or stop BCLK and LRCLK, both together, as the RP2040's I2S does."""
        if not runs and self.clock_since_us is not None and self.on:
            self.pops.append((now_us, CLOCK_LOST))
        if not runs:
            self.clock_since_us = None
        elif self.clock_since_us is None:
            self.clock_since_us = now_us

    def first_frame(self, frame: int, woken_us: int) -> None:
        """Hear the 16-bit frame that came out first after waking: anything but silence is a pop."""
        if abs(frame) > LOUDEST_SILENT_FRAME:
            self.pops.append((woken_us, WOKEN_INTO_SOUND))
