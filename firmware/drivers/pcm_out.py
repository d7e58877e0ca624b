"""Sound out: blocks of 16-bit mono through machine.I2S into the MAX98357A, and its mute pin.

Why machine.I2S and not an own DMA ring: it is stock, its ring is ours to keep full from the loop, and where it runs
dry it plays zeros. What it cannot survive is a flash erase (interrupts off: the DMA walks past its buffer and plays
memory, docs/storage.md), so the amplifier must be off whenever flash is erased; `amplifier_on` says whether it is.

Order matters: the amplifier pops when it is switched on without a clock, or when the clock stops under it.
"""

from array import array

from machine import I2S, Pin
from micropython import const

SAMPLE_RATE_HZ = const(16000)
BLOCK = const(256)
# 64 ms: longer than the longest collection (34 ms on the chip), short enough to stop in 0.1 s.
_QUEUE_FRAMES = const(4 * BLOCK)
_RING_BYTES = const(2 * (_QUEUE_FRAMES + 2 * BLOCK))
# With fewer ahead, the DMA's last turn found too little in the ring, and played zeros.
_LEAST_FRAMES = const(32)
_CLOCKS_FIRST_US = const(10_000)  # data sheet: clocks at least 5 ms before the amplifier wakes


class PcmOut:
    """Owns the I2S peripheral and the amplifier's shut-down pin.

    running: the clocks are on. underruns: how often the queue ran dry while the amplifier was on, since start().
    While it runs `fill(render)` keeps the queue full: `render(block)` makes a block of 16-bit samples, None is silence.
    silent: silence is played in place of what was made.
    """

    def __init__(self, clock, data_pin, clock_pin, word_select_pin, amplifier_pin):
        self._clock = clock
        self._pins = (Pin(clock_pin), Pin(word_select_pin), Pin(data_pin))
        self._amplifier = Pin(amplifier_pin, Pin.OUT, value=0)
        self._silence = array("h", bytes(2 * BLOCK))  # a block of it
        self._block = array("h", bytes(2 * BLOCK))
        self._i2s = None
        self.fill = None
        self.silent = False
        self.running = False
        self.amplifier_on = False
        self.underruns = 0

    def start(self):
        """Start the clocks, let them settle over zeros, then wake the amplifier."""
        if self._i2s is None:
            sck, ws, sd = self._pins
            self._i2s = I2S(
                0,
                sck=sck,
                ws=ws,
                sd=sd,
                mode=I2S.TX,
                bits=16,
                format=I2S.MONO,
                rate=SAMPLE_RATE_HZ,
                ibuf=_RING_BYTES,
            )
            self.running = True
            self.underruns = 0
            self.fill = self._fill(self._i2s.write).send
            self.fill(None)  # up to where it waits for what makes blocks
            self.fill(None)  # silence
            self._clock.sleep_us(_CLOCKS_FIRST_US)
        if not self.amplifier_on:
            self._amplifier.value(1)
            self.amplifier_on = True

    def mute(self):
        """Fall silent at once: the amplifier shuts down whatever the data lines carry. The clocks go on."""
        self._amplifier.value(0)
        self.amplifier_on = False

    def stop(self):
        """Mute, then stop the clocks."""
        self.mute()
        if self._i2s is not None:
            self._i2s.deinit()
            self._i2s = self.fill = None
            self.running = False

    def _fill(self, write):
        """Queue blocks as long as one fits: `fill` is given what makes one. The clocks have just been started.

        What it counts is its own from block to block, and costs no look at the names of an object. It waits for room only
        if the I2S clock has stopped: the watchdog then bites.
        """
        ticks_us = self._clock.ticks_us
        passed_us = self._clock.passed_us
        then_us = ticks_us()
        rest = 0
        ahead = 0  # frames that are written and not yet played
        render = yield
        while True:
            now_us = ticks_us()
            passed = passed_us(now_us, then_us) * (SAMPLE_RATE_HZ // 1000) + rest
            then_us = now_us
            rest = passed % 1000
            ahead -= passed // 1000
            if ahead < _LEAST_FRAMES:
                if self.amplifier_on:
                    self.underruns += 1
                if ahead < 0:
                    ahead = 0
            if ahead > _QUEUE_FRAMES - BLOCK:
                render = yield
                continue
            if render is not None:
                render(self._block)
            write(self._silence if self.silent or render is None else self._block)
            ahead += BLOCK
