"""The amplifier model: what its pin and its clocks let through, and what would have been a pop."""

import numpy as np

from simulator.chips import max98357a
from simulator.chips.max98357a import MAX98357A
from simulator.sound import Sound

MS = 1000


def awake():
    amplifier = MAX98357A()
    amplifier.clock(True, 0)
    amplifier.sd_mode(1, 10 * MS)
    return amplifier


def played(frames, woken_us, muted_us, clock_stops_us=30 * MS):
    """Sixteen frames a millisecond from power-on, heard while the amplifier is awake."""
    sound = Sound()
    sound.start(16000, 0)
    sound.data(np.asarray(frames, np.int16).tobytes())
    sound.amplifier.sd_mode(1, woken_us)
    sound.amplifier.sd_mode(0, muted_us)
    sound.stop(clock_stops_us)
    return sound, sound.heard(0.03)


def test_it_is_silent_until_it_is_woken_and_after_it_is_muted():
    ramp = np.arange(480) - 160  # silence where it wakes, 10 ms on
    sound, heard = played(ramp, 10 * MS, 20 * MS)
    assert not heard[:160].any() and not heard[320:].any()
    assert (heard[160:320] == ramp[160:320]).all()
    assert sound.amplifier.pops == []
    assert sound.amplifier.timeline == [(0, False), (10 * MS, True), (20 * MS, False)]


def test_woken_without_a_clock_it_pops():
    amplifier = MAX98357A()
    amplifier.sd_mode(1, 3 * MS)
    assert amplifier.pops == [(3 * MS, max98357a.WOKEN_WITHOUT_CLOCK)]


def test_woken_too_soon_after_the_clock_it_pops():
    amplifier = MAX98357A()
    amplifier.clock(True, 0)
    amplifier.sd_mode(1, 4999)
    assert amplifier.pops == [(4999, max98357a.WOKEN_TOO_SOON)]


def test_a_clock_that_stops_under_it_is_a_pop_and_under_a_muted_one_is_not():
    amplifier = awake()
    amplifier.clock(False, 20 * MS)
    assert amplifier.pops == [(20 * MS, max98357a.CLOCK_LOST)]
    amplifier = awake()
    amplifier.sd_mode(0, 20 * MS)
    amplifier.clock(False, 21 * MS)
    assert amplifier.pops == []


def test_woken_into_a_sound_is_an_onset_without_a_fade():
    sound, _ = played(np.full(480, 8192), 10 * MS, 20 * MS)
    assert sound.amplifier.pops == [(10 * MS, max98357a.WOKEN_INTO_SOUND)]
    # Dither may leave one count.
    sound, _ = played(np.concatenate([np.full(161, -1), np.full(319, 8192)]), 10 * MS, 20 * MS)
    assert sound.amplifier.pops == []


def test_repeating_a_level_or_a_clock_changes_nothing():
    amplifier = awake()
    amplifier.sd_mode(1, 20 * MS)
    amplifier.clock(True, 20 * MS)
    assert amplifier.clock_since_us == 0
    assert amplifier.timeline == [(0, False), (10 * MS, True)]
