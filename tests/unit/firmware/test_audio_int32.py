"""The engine on checked integers: nothing leaves the chip's range, and no pointer's sign matters."""

from array import array
from types import ModuleType

import numpy as np
import pytest
from int32 import Firmware, checked

from firmware import decibels
from firmware.audio import BLOCK, Audio
from firmware.sound import master, noise, songs, tables, voices


def copy_of(module, signed, names):
    """A module whose viper functions are checked, and the rest as it is."""
    copied = ModuleType(module.__name__)
    copied.__dict__.update(module.__dict__)
    for name in names:
        setattr(copied, name, checked(getattr(module, name), signed))
    return copied


def checked_engine(signed):
    firmware = Firmware(signed)
    firmware._modules["firmware.decibels"] = decibels
    firmware._modules["firmware.sound.tables"] = tables
    firmware._modules["firmware.sound.voices"] = copy_of(voices, signed, ["add_voices"])
    firmware._modules["firmware.sound.noise"] = copy_of(noise, signed, ["add_noise"])
    firmware._modules["firmware.sound.master"] = copy_of(master, signed, ["upsample", "finish", "zeros"])
    return firmware.module("firmware.audio").Audio


def perform(make):
    """Ten loud seconds with everything in them; returns the samples."""
    audio = make(6500, 6500, 7000)
    audio.set_tempo(110000)
    audio.set_mood(500, 1000, 1000)
    audio.soundscape("womb")
    audio.play(songs.SONGS["dromore"])
    audio.set_level(9000, 0)
    audio.loudness._level = 8000 * 64
    block = array("h", bytes(2 * BLOCK))
    found = []
    for at in range(260):
        if at == 180:
            audio.soundscape("rain")
            audio.set_tempo(30000)
        if at == 200:
            audio.fade_out(500)
        audio.render(block)
        found.append(np.array(block))
    return np.concatenate(found)


@pytest.mark.parametrize("signed", [True, False])
def test_the_engine_fits_the_chip_and_gives_the_same_samples(signed):
    plain = perform(Audio)
    assert np.abs(plain).max() > 15000  # loud enough to matter
    assert np.array_equal(perform(lambda *levels: checked_engine(signed)(*levels)), plain)


@pytest.mark.parametrize("signed", [True, False])
def test_the_last_stage_holds_whatever_comes(signed):
    # Full-scale squares of the worst kind for the meter's high-passes, at the highest gain.
    finish = checked(master.finish, signed)
    state = array("I", [0] * master.STATE_SIZE)
    master.start(state)
    state[master.KNEE], state[master.CLAMP] = 31000 * 192, 31000
    state[master.GAIN] = decibels.gain(decibels.TOP_CDB)
    block = array("h", bytes(2 * BLOCK))
    highest = (1 << 20) + (1 << 17)
    lowest = (1 << 20) - (1 << 17)
    for half in (BLOCK, 1, 8, 100):
        wide = array("I", [highest if at // half % 2 else lowest for at in range(BLOCK)])
        for _ in range(4):
            finish(0, 0, 0, wide, block, state, BLOCK)
            assert max(block) <= 31000 and min(block) >= -31000
