"""What comes in or goes out in a programme is not what a phrase's level is judged by, and does not grow with a phrase."""

from array import array

import numpy as np
import pytest

from firmware.audio import BLOCK, Audio
from firmware.sound import songs
from firmware.sound.score import Score
from firmware.sound.segue import Segue
from host_tools.songs import airs
from host_tools.sound import meter

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


def rests(audio, segue, count):
    """Return of each phrase's end the ms until the next phrase's first note, and the level then, in hundredths of a dB."""
    notes = []
    audio.sequencer.on_note = lambda at, voice, note, length, tempo: notes.append((at, voice))
    found, ended = [], None
    for _ in blocks(audio, segue, count):
        if audio.take_phrase_end():
            ended = audio.loudness.blocks
        sung = [at for at, voice in notes if voice < 3]
        if ended is not None and sung and sung[-1] >= ended * BLOCK:
            found.append(((sung[-1] - ended * BLOCK) // 16, audio.loudness._level // 64))
            ended = None
    return found


def test_while_the_level_comes_up_a_rest_is_short_and_then_as_it_is():
    """With a bar's rest a phrase rose by up to 1.24 dB a second: by what it stands out, and by what the level gained."""
    audio = Audio(7400, 6000, 6500)
    audio.set_tempo(66_000)  # a bar of four has 3.6 s
    audio.set_level(5000, 0)
    segue = Segue(audio)
    segue.change(songs.SONGS["au_clair"], None, _CROSSFADE_BLOCKS)
    found = rests(audio, segue, 9000)
    rising = [rest_ms for rest_ms, level in found if level < 4900]
    there = [rest_ms for rest_ms, level in found if level == 5000][1:]
    assert len(rising) >= 4 and max(rising) <= 2000
    assert there and all(3500 <= rest_ms <= 3750 for rest_ms in there)


def test_a_rest_of_the_songs_own_needs_no_other_and_the_phrase_after_it_is_seen_to_begin():
    """Of amazing_grace's second phrase, at 40 beats a minute: its own rest is three seconds."""
    audio = Audio(7400, 6000, 6500)
    audio.set_tempo(40_000)
    audio.set_level(5000, 0)
    segue = Segue(audio)
    air = airs.find("amazing_grace")
    assert air is not None
    segue.change(Score(air.encode(), "air"), None, _CROSSFADE_BLOCKS)
    ends, waits = 0, []
    for _ in blocks(audio, segue, 2700):
        if audio.take_phrase_end():
            ends += 1
            waits.append(0)
        if waits:
            waits[-1] = max(waits[-1], audio.loudness.rises_from - audio.loudness.blocks)
    assert ends == 2
    assert waits[1] >= 240, "the level waits for four seconds after a rest of no ticks too"


def test_no_rest_of_a_plain_session_is_made_shorter():
    audio = Audio(7400, 6000, 6500)
    assert audio.sequencer.rest_long_ms == -1


@pytest.mark.parametrize("soundscape", ["ocean", "rain"])
@pytest.mark.parametrize("name", ["twinkle", "suo_gan", "edo"])
def test_a_melody_over_a_soundscape_has_the_level_that_is_asked_for_before_a_phrase_was_measured(
    name, soundscape
):
    """Both together were 0.64 dB too loud until then: in a short piece at the end of a programme to its last fade."""
    audio, segue = engine()
    audio.loudness.governed = False
    list(blocks(audio, segue, 100))
    segue.change(songs.SONGS[name], soundscape, _CROSSFADE_BLOCKS)
    list(blocks(audio, segue, 1500))
    heard = [array("h", bytes(2 * BLOCK)) for _ in range(4000)]
    for number, block in enumerate(heard):
        audio.render(block)
        if number % 6 == 0:
            segue.step()
    level = meter.measure(np.concatenate(heard).astype(np.int16), 16_000, 74.0).laeq_dba
    assert level == pytest.approx(50, abs=0.45)


def test_a_melody_without_a_soundscape_is_allowed_nothing_for_one():
    audio, segue = engine()
    list(blocks(audio, segue, 100))
    segue.change(songs.SONGS["twinkle"], None, _CROSSFADE_BLOCKS)
    list(blocks(audio, segue, 100))
    assert audio.loudness._trim_target_cdb == 0
