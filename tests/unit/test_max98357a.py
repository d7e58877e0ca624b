"""The amplifier model: what its pin and its clocks let through, and what would have been a pop."""

import numpy as np

from simulator.chips import max98357a
from simulator.chips.max98357a import MAX98357A

MS = 1000
TONE = np.array([0, 8192, -16384, 32767], np.int16)


def awake():
    amplifier = MAX98357A()
    amplifier.clock(True, 0)
    amplifier.sd_mode(1, 10 * MS)
    return amplifier


def test_it_is_silent_until_it_is_woken():
    amplifier = MAX98357A()
    amplifier.clock(True, 0)
    assert not amplifier.play(TONE, 0).any()
    amplifier.sd_mode(1, 10 * MS)
    assert list(amplifier.play(TONE, 10 * MS)) == [0, 0.25, -0.5, 32767 / 32768]
    amplifier.sd_mode(0, 20 * MS)
    assert not amplifier.play(TONE, 20 * MS).any()
    assert amplifier.pops == []
    assert amplifier.timeline == [(0, False), (10 * MS, True), (20 * MS, False)]


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
    assert not amplifier.play(TONE, 20 * MS).any()
    amplifier = awake()
    amplifier.sd_mode(0, 20 * MS)
    amplifier.clock(False, 21 * MS)
    assert amplifier.pops == []


def test_woken_into_a_sound_is_an_onset_without_a_fade():
    amplifier = awake()
    amplifier.play(TONE[1:], 10 * MS)
    amplifier.play(TONE[1:], 11 * MS)
    assert amplifier.pops == [(10 * MS, max98357a.WOKEN_INTO_SOUND)]
    amplifier = awake()
    amplifier.play(np.array([1, -1, 20_000], np.int16), 10 * MS)
    assert amplifier.pops == []


def test_repeating_a_level_or_a_clock_changes_nothing():
    amplifier = awake()
    amplifier.sd_mode(1, 20 * MS)
    amplifier.clock(True, 20 * MS)
    assert amplifier.clock_since_us == 0
    assert amplifier.timeline == [(0, False), (10 * MS, True)]
