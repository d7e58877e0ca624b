"""What leaves the loudspeaker: the I2S frames on the virtual time line, gaps included, as the amplifier lets them out."""

from itertools import pairwise
from math import sqrt

import numpy as np

from simulator.chips.max98357a import MAX98357A

# machine.I2S has two halves of 128 bytes, two channels of 16 bits a frame, and an interrupt after each to fill it anew. The
# half that plays may be at its very end when interrupts go off, so all that is certain is the other half; then the first
# plays on from where the other begins (old sound), then the other from beyond its end (memory).
DMA_HALF_FRAMES = 32
_HUSHED_FRAMES = 1 << 20
STILL_S = 1.0  # without a clock nothing is played: of a day's idleness no zeros are kept


class Sound:
    """Records I2S frames as they are played. Frame n of the result is what the DAC put out n / rate seconds after power-on.

    underruns: how often the ring ran dry while the amplifier was on. stale, garbage: how often interrupts were off so long
    while it was on that the DMA played old sound again, or memory. amplifier: the chip, which notes its pops.
    With `keep_s` all but the last seconds are forgotten, and nothing can be `heard`: for a device that lives for days.
    """

    def __init__(self, rate_hz: int = 16000, keep_s: float | None = None):
        self.rate_hz = rate_hz
        self._frames = bytearray()
        self._first = 0  # the frame that _frames begins with
        self._earlier: list[tuple[int, bytearray]] = []  # what was played before the clocks last stood still
        self._still = int(STILL_S * rate_hz)
        self._keep = None if keep_s is None else int(keep_s * rate_hz)
        self.amplifier = MAX98357A()
        self.underruns = 0
        self.underrun_frames = 0
        self.stale = 0
        self.garbage = 0

    def start(self, rate_hz: int, now_us: int) -> None:
        if rate_hz != self.rate_hz:
            raise ValueError(f"I2S at {rate_hz} Hz; this bedside listens at {self.rate_hz} Hz")
        self._cut(now_us)
        self.amplifier.clock(True, now_us)

    def data(self, frames: bytes) -> None:
        self._frames += frames
        self._forget()

    def gap(self, frames: int, before: int) -> None:
        """Hear that the ring ran dry: zeros, before the last `before` frames of what was written."""
        place = len(self._frames) - 2 * before
        self._frames[place:place] = bytes(2 * frames)
        if self.amplifier.on:
            self.underruns += 1
            self.underrun_frames += frames

    def stop(self, now_us: int) -> None:
        """Stop the clocks, by order or because the power is gone: what is queued is never heard."""
        if self.amplifier.clock_since_us is not None:
            self._cut(now_us)
        self.amplifier.clock(False, now_us)

    def power_off(self, now_us: int) -> None:
        """Let the pull-down take the amplifier off before its clocks are missed."""
        self.amplifier.sd_mode(0, now_us)
        self.stop(now_us)

    def interrupts_off(self, span_us: int) -> None:
        """Flash was erased or programmed, and for so long nobody filled the DMA's halves."""
        if self.amplifier.on:
            half_us = DMA_HALF_FRAMES * 1_000_000 // self.rate_hz
            if span_us > 2 * half_us:
                self.garbage += 1
            elif span_us > half_us:
                self.stale += 1

    def _frame(self, now_us: int) -> int:
        return now_us * self.rate_hz // 1_000_000

    def _cut(self, now_us: int) -> None:
        missing = self._frame(now_us) - self._first - len(self._frames) // 2
        if missing < 0:
            del self._frames[2 * missing :]
        elif missing > (self._still if self._keep is None else self._keep):
            if self._keep is None and self._frames:
                self._earlier.append((self._first, self._frames))
            self._first += len(self._frames) // 2 + missing
            self._frames = bytearray()
        else:
            self._frames += bytes(2 * missing)

    def _forget(self) -> None:
        if self._keep is not None and len(self._frames) > 4 * self._keep:
            old = len(self._frames) // 2 - self._keep
            del self._frames[: 2 * old]
            self._first += old

    def envelope(self, now_us: int, window_s: float = 0.125) -> float:
        """Return the rms of the loudspeaker's voltage over the window before now; 1.0 is a full-scale square wave."""
        if not self.amplifier.on:
            return 0.0
        end = self._frame(now_us) - self._first
        woken = self._frame(self.amplifier.timeline[-1][0]) - self._first
        start = max(end - int(window_s * self.rate_hz), woken, 0)
        count = min(end, len(self._frames) // 2) - start
        if count <= 0:
            return 0.0
        piece = np.frombuffer(self._frames, np.int16, count, 2 * start).astype(np.float64)
        # The sum of squares is a whole number, and exact in whatever order it is made.
        return sqrt(float(piece @ piece) / count) / 32768

    def heard(self, duration_s: float) -> np.ndarray:
        """Return the whole session, int16, `duration_s` long: frames where the amplifier was on, zeros elsewhere.

        To be asked once, at the end: the amplifier then hears the first frame after each of its wakings, and what was kept
        is given up piece by piece, so that the session is never there twice.
        """
        length = int(duration_s * self.rate_hz)
        pcm, played_until = self._together(length)
        changes = [*self.amplifier.timeline, (int(duration_s * 1e6) + 1, False)]
        silent_from = 0
        for (start_us, on), (end_us, _) in pairwise(changes):
            if on:
                start, end = self._frame(start_us), min(self._frame(end_us), played_until)
                if start < end:
                    _hush(pcm, silent_from, start)
                    silent_from = end
                    self.amplifier.first_frame(int(pcm[start]), start_us)
        _hush(pcm, silent_from, length)
        return pcm

    def _together(self, length: int) -> tuple[np.ndarray, int]:
        """Return what was played, `length` frames of it, and where its last frame is."""
        pieces = [*self._earlier, (self._first, self._frames)]
        self._earlier, self._frames = [], bytearray()
        (first, frames), *others = pieces
        if not others and max(first, length) <= len(frames):
            # More sound than silence, as in most sessions: it stays in its memory, for new pages of 40 MB take longer than
            # all the rest of this.
            frames[:0] = bytes(2 * first)
            played_until = min(length, len(frames) // 2)
            del frames[2 * length :]
            frames += bytes(2 * length - len(frames))
            return np.frombuffer(frames, np.int16), played_until
        pcm = np.zeros(length, np.int16)  # pages that nothing is written to take no memory
        played_until = 0
        pieces.reverse()
        while pieces:
            first, frames = pieces.pop()
            played = np.frombuffer(frames, np.int16)[: max(0, length - first)]
            pcm[first : first + len(played)] = played
            played_until = first + len(played)
        return pcm, played_until


def _hush(pcm: np.ndarray, first: int, end: int) -> None:
    """Make zeros of what sounds there; what is zero already is not written to."""
    for start in range(first, end, _HUSHED_FRAMES):
        piece = pcm[start : min(start + _HUSHED_FRAMES, end)]
        if piece.any():
            piece[:] = 0
