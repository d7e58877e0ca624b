"""The swell that shows a pace: its cycle, its breath in, its height and its steepness, in the gain and in the sound."""

from array import array

import numpy as np
import pytest

from firmware.audio import BLOCK, Audio
from firmware.sound.swell import Swell

BLOCKS_PER_S = 62.5


def gains_db(swell, seconds):
    return 20 * np.log10(np.array([swell.next_gain() for _ in range(int(seconds * BLOCKS_PER_S))]) / 16_384)


@pytest.mark.parametrize(
    ("per_minute", "inhalation"), [(4.5, 400), (6, 400), (60 / 7, 300), (10, 500), (15, 400)]
)
def test_cycle_and_breath_in_are_what_is_set(per_minute, inhalation):
    swell = Swell()
    swell.set(int(per_minute * 1000), 100, inhalation)
    level = gains_db(swell, 310)[1000:]
    period = 60 / per_minute * BLOCKS_PER_S
    bottoms = troughs(-level, period)
    tops = troughs(level, period)
    cycle = np.diff(bottoms)
    assert np.mean(cycle) == pytest.approx(period, rel=0.01)
    after = [min(top - bottom for top in tops if top > bottom) for bottom in bottoms[:-1]]
    assert np.mean(after) == pytest.approx(period * inhalation / 1000, rel=0.02)
    assert level.max() == pytest.approx(1, abs=0.03) and level.min() == pytest.approx(-1, abs=0.03)


def troughs(values, period):
    """Return where the highest values of each cycle are, in blocks."""
    found = []
    place = 0
    first = int(np.argmax(values[: int(period)]))
    while (place := first + round(len(found) * period)) + period / 3 < len(values):
        begin = max(0, int(place - period / 3))
        found.append(begin + int(np.argmax(values[begin : int(place + period / 3)])))
    return found


def test_it_rises_by_no_more_than_a_decibel_a_second_as_the_guard_lets_it():
    swell = Swell()
    swell.set(6_000, 200, 400)
    level = gains_db(swell, 60)
    steps = np.diff(level)
    assert abs(steps).max() <= 0.022  # a decibel a second is 0.016 a block; the gain has steps of a hundredth
    second = level[round(BLOCKS_PER_S) :] - level[: -round(BLOCKS_PER_S)]
    assert abs(second).max() <= 1.01


def test_a_new_pace_counts_from_the_next_breath_in_and_a_new_depth_is_no_step():
    swell = Swell()
    swell.set(10_000, 100, 400)
    before = gains_db(swell, 6 * 4 + 3)
    swell.set(6_000, 30, 400)
    after = gains_db(swell, 40)
    whole = np.concatenate([before, after])
    assert abs(np.diff(whole)).max() < 0.03
    assert abs(after[round(10 * BLOCKS_PER_S) :]).max() == pytest.approx(0.3, abs=0.03)
    swell.set(None, 0, 400)
    rest = gains_db(swell, 30)
    assert abs(rest[-10:]).max() == 0
    assert abs(np.diff(rest)).max() < 0.03


def sound_of(audio, seconds):
    block = array("h", bytes(2 * BLOCK))
    made = []
    for _ in range(int(seconds * BLOCKS_PER_S)):
        audio.render(block)
        made.append(np.array(block, dtype=float))
    return np.concatenate(made)


@pytest.mark.parametrize("soundscape", ["ocean", "womb", "rain"])
def test_every_soundscape_swells_by_as_much_at_the_pace(soundscape):
    audio = Audio(7400, 6500, 7000)
    audio.loudness.first_level_cdba = 5000
    audio.set_level(5000, 15_000)
    audio.set_tempo(60_000)
    audio.set_pace(6_000, 200, 400)
    audio.soundscape(soundscape)
    sound_of(audio, 12)
    heard = sound_of(audio, 80)
    # The rms of each tenth of a second over the cycles laid on one another, against the mean.
    power = (heard.reshape(-1, 1600) ** 2).mean(axis=1)
    cycle = 10 * np.log10(power.reshape(8, 100).mean(axis=0))
    cycle = np.convolve(np.concatenate([cycle[-5:], cycle, cycle[:5]]), np.ones(11) / 11, "valid")
    height = cycle.max() - cycle.min()
    # The womb's heartbeat is not part of the swell, and fills its valleys.
    assert height == pytest.approx(3 if soundscape == "womb" else 4, abs=0.9)
    rise = (int(np.argmax(cycle)) - int(np.argmin(cycle))) % 100
    assert rise == pytest.approx(40, abs=8)


def test_without_a_pace_the_sound_is_the_same_to_the_bit_and_with_none_again_after_it():
    plain, led = Audio(7400, 6500, 7000), Audio(7400, 6500, 7000)
    for audio in (plain, led):
        audio.loudness.first_level_cdba = 4500
        audio.set_level(4500, 15_000)
        audio.soundscape("ocean")
    led.set_pace(None, None, 400)
    assert (sound_of(plain, 4) == sound_of(led, 4)).all()
    led.set_pace(None, 0, 400)
    steady = sound_of(led, 60)[30 * 16_000 :]
    power = (steady.reshape(-1, 16_000) ** 2).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) < 2  # the ocean's own swell has 8 dB
    led.set_pace(None, None, 400)
    own = sound_of(led, 60)[30 * 16_000 :]
    power = (own.reshape(-1, 16_000) ** 2).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) > 3
