"""What comes in or goes out in a programme is not what a phrase's level is judged by, and does not grow with a phrase."""

from array import array

from firmware.audio import BLOCK, Audio
from firmware.sound import songs
from firmware.sound.segue import Segue

_CROSSFADE_BLOCKS = 375


def engine():
    """A device's engine in the middle of a programme: the ocean, at its level."""
    audio = Audio(7400, 6000, 6500)
    audio.loudness.first_level_cdba = 5000
    audio.set_tempo(75_000)
    audio.set_level(5000, 0)
    segue = Segue(audio)
    segue.change(None, "ocean", _CROSSFADE_BLOCKS)
    return audio, segue


def blocks(audio, segue, count):
    """Render so many blocks; the segue takes its steps as the device gives them."""
    block = array("h", bytes(2 * BLOCK))
    for number in range(count):
        audio.render(block)
        if number % 6 == 0:
            segue.step()
        yield number


def first_correction_cdb(audio, segue):
    """Return what the first phrase that ends from here on corrects the level by."""
    audio.take_phrase_end()
    for _ in blocks(audio, segue, 1200):
        if audio.take_phrase_end():
            return audio.loudness._trim_target_cdb
    raise AssertionError("no phrase ended")


def test_a_phrase_that_comes_in_or_goes_out_does_not_correct_the_level():
    audio, segue = engine()
    list(blocks(audio, segue, 100))
    segue.change(songs.SONGS["twinkle"], None, _CROSSFADE_BLOCKS)
    assert first_correction_cdb(audio, segue) == 0  # it came in 6 dB softer
    assert first_correction_cdb(audio, segue) != 0  # and so a phrase by itself does
    before = audio.loudness._trim_target_cdb
    segue.approach(None, True, 100)
    assert first_correction_cdb(audio, segue) == before
    segue.change(songs.SONGS["au_clair"], None, _CROSSFADE_BLOCKS)
    assert first_correction_cdb(audio, segue) == before


def test_a_melody_that_comes_in_does_not_grow_as_a_phrase_begins():
    """Its rest has just been over: that is a rise by itself."""
    audio, segue = engine()
    segue.change(songs.SONGS["edo"], None, _CROSSFADE_BLOCKS)
    loudness, sequencer = audio.loudness, audio.sequencer
    rested, grown, waited = 0, loudness.entry_permille, []
    for _ in blocks(audio, segue, 2500):
        if sequencer.resting:
            rested = loudness.blocks
        if loudness.entry_permille != grown:
            grown = loudness.entry_permille
            if rested:
                waited.append(loudness.blocks - rested)
    assert grown == 1000 and waited
    assert min(waited) >= 240  # four seconds, but for the step of a tenth of a second
