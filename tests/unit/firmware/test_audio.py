"""The engine does what it is asked, when it is asked: notes, tempo, level, fades, silence."""

import sys
from array import array

import numpy as np
import pytest
import recordings

from firmware import decibels
from firmware.audio import BLOCK, SAMPLE_RATE_HZ, Audio
from firmware.sound import adpcm, master, score, songs, tables, voices
from firmware.sound.pattern import Pattern
from host_tools.songs import songbook
from host_tools.sound import render
from simulator import interpreter

NEWBORN = render.load_profile(None)


def engine(song: str | None = "twinkle", tempo_mbpm=75000, level_cdba=4800):
    audio = Audio(7400, 6000, 6500)
    audio.set_tempo(tempo_mbpm)
    audio.set_level(level_cdba, 0)
    if song is not None:
        audio.play(songs.SONGS[song])
    return audio


def run(audio, seconds):
    block = array("h", bytes(2 * BLOCK))
    found = []
    for _ in range(round(seconds * SAMPLE_RATE_HZ / BLOCK)):
        audio.render(block)
        found.append(np.array(block))
    return np.concatenate(found)


def plan(song="twinkle", seconds=60.0, **changes):
    return render.plan_for(NEWBORN, song, seconds=seconds, **{"soundscape": None, "onset_ms": 0, **changes})


def test_a_new_engine_is_exactly_silent():
    audio = engine(song=None)
    assert not run(audio, 0.1).any()
    assert audio.silent and not audio.playing and audio.loudness.level_cdba == 0


def test_the_first_sound_comes_at_once_and_softly():
    audio = engine()
    sound = run(audio, 1)
    assert audio.playing and not audio.silent
    assert np.flatnonzero(sound)[0] < SAMPLE_RATE_HZ // 10
    assert np.abs(sound).max() < 300  # far below the 48 dB(A) that was asked for


def test_silence_is_at_once_and_exact():
    audio = engine()
    run(audio, 3)
    audio.silence()
    assert not run(audio, 1).any()
    assert audio.silent and not audio.playing


def test_a_fade_sinks_evenly_then_ends_in_exact_silence():
    samples, _ = render.play(plan(seconds=75, soundscape="ocean", changes=[[60000, "fade_out", 5000]]))
    blocks = samples.reshape(-1, BLOCK).astype(float)
    levels = 10 * np.log10(np.square(blocks).mean(axis=1) + 1e-9)
    start = int(60 / 0.016)
    assert not samples[int(65.3 * SAMPLE_RATE_HZ) :].any()
    assert levels[start + 156] < levels[start - 60 : start].max() - 25  # half of the way: 30 dB
    assert blocks[start + 240].any()  # and still something at 3.8 s


@pytest.mark.parametrize("song", ["twinkle", "pattern_tide"])
@pytest.mark.parametrize(("fade_s", "comes_back"), [(10, False), (11, True), (60, True)])
def test_a_long_fade_goes_on_through_a_rest_that_ends_a_short_one(song, fade_s, comes_back):
    audio = engine(None)
    audio.play(Pattern("tide") if song == "pattern_tide" else songs.SONGS[song])
    run(audio, 3)
    while not audio.silent:
        run(audio, 0.016)
        assert audio.playing
    audio.fade_out(1000 * fade_s)
    faded = run(audio, fade_s + 0.6).reshape(-1, BLOCK)
    assert faded[: int(8 / 0.016)].any() == comes_back
    loudest = np.abs(faded).max(axis=1)
    assert not loudest[int((fade_s + 0.4) / 0.016) :].any() and audio.silent and not audio.playing
    if fade_s == 60:
        thirds = [loudest[place : place + 1250].max() for place in (0, 1250, 2500)]
        assert thirds[0] > 2 * thirds[1] > 4 * thirds[2] > 0


def test_a_press_during_a_fade_goes_on_from_where_it_was():
    audio = engine()
    run(audio, 2)
    audio.fade_out(10000)
    run(audio, 1)
    audio.play(songs.SONGS["brahms"])
    run(audio, 9)
    assert audio.playing and not audio.silent


def test_a_faster_fade_overtakes_a_slower_one_and_not_the_other_way_round():
    audio = engine()
    run(audio, 2)
    audio.fade_out(2000)
    audio.fade_out(30000)
    run(audio, 2.2)
    assert audio.silent and not audio.playing


def test_ending_the_melody_lets_its_notes_ring_out():
    audio = engine()
    run(audio, 3.1)
    audio.play(None)
    assert run(audio, 0.1).any()
    run(audio, 1)
    assert audio.silent and not audio.playing


def test_a_phrase_end_is_told_and_the_rest_after_it_is_silent():
    audio = engine("twinkle", tempo_mbpm=110000)
    phrase_s = 16 * 60 / 110
    run(audio, phrase_s - 0.1)
    assert not audio.take_phrase_end()
    run(audio, 0.2)
    assert audio.take_phrase_end() and not audio.take_phrase_end()
    run(audio, 0.85)
    assert audio.playing and audio.silent
    run(audio, 1)
    assert not audio.silent and not audio.take_phrase_end()


def test_an_unknown_soundscape_is_refused():
    with pytest.raises(KeyError):
        engine().soundscape("jungle")


def test_soundscapes_sound_change_and_end():
    audio = engine(song=None)
    for name in songs.SOUNDSCAPES:
        audio.soundscape(name)
        assert run(audio, 6).any()
        assert audio.playing
    audio.soundscape(None)
    run(audio, 20)
    assert audio.silent and not audio.playing


def test_a_repeated_order_for_the_same_level_does_not_restart_the_glide():
    once, often = engine(), engine()
    block = array("h", bytes(2 * BLOCK))
    for _ in range(200):
        once.render(block)
        often.set_level(4800, 5000)
        often.render(block)
    assert once.loudness._level == often.loudness._level


@pytest.mark.parametrize("name", ["twinkle", "dromore"])
def test_onsets_keep_the_beat_within_a_fifth_of_a_millisecond(name):
    # Ten minutes, the tempo changing ten times a second as a session does it.
    tempos = [
        [ms, "set_tempo", 75000 - ms // 60 + 2000 * ((ms // 40000) % 2)] for ms in range(0, 600000, 100)
    ]
    found = render.play(plan(name, 600.0, changes=tempos, tempo_mbpm=75000, notes=True, density_permille=0))
    onsets = np.array([at for at, voice, *_ in found[1] if voice < 3]) / SAMPLE_RATE_HZ
    beats = melody_beats(name, len(onsets))
    times = beat_times(tempos, 75000, 600.0)(beats) + master.DELAY_SAMPLES / SAMPLE_RATE_HZ
    error = onsets - times
    assert np.abs(np.diff(error)).max() < 0.2e-3
    assert np.abs(error - error[0]).max() < 0.2e-3  # an eighth of a millisecond is the grid
    assert abs(error[:100].mean() - error[-100:].mean()) < 0.1e-3  # no drift


def melody_beats(name, count):
    """Beats at which the melody's notes begin, with the bar's rest after each phrase, round and round."""
    song = songs.SONGS[name]
    beats, at = [], 0
    while len(beats) < count:
        for index in range(song.notes):
            note, ticks = song.data[score.HEADER + 2 * index], song.data[score.HEADER + 2 * index + 1]
            if note & 127:
                beats.append(at / 24)
            at += ticks + (song.beats_per_bar * 24 if note >= 128 else 0)
    return np.array(beats[:count])


def beat_times(tempos, first, seconds):
    """Inverse of the integral of the tempo, which moves evenly over the block after each order."""
    block_s = BLOCK / SAMPLE_RATE_HZ
    ends = np.arange(round(seconds / block_s) + 1) * block_s
    orders_s = np.array([ms / 1000 for ms, *_ in tempos])
    values = np.array([value for *_, value in tempos])
    wanted = np.concatenate([[first], values[np.searchsorted(orders_s, ends[:-1], side="right") - 1]])
    beats = np.concatenate([[0], np.cumsum((wanted[:-1] + wanted[1:]) / 2 / 60000 * block_s)])
    return lambda at: np.interp(at, beats, ends)


def test_the_same_samples_on_both_interpreters():
    if interpreter.find_micropython() is None:
        pytest.skip(interpreter.why_no_micropython())
    changes = [
        [2000, "set_tempo", 110000], [2100, "set_mood", 1000, 900, 1000], [4000, "soundscape", "womb"],
        [6000, "set_level", 5500, 100], [9000, "play", None], [10000, "fade_out", 2000],
    ]  # fmt: skip
    asked = plan("fais_dodo", 12.5, changes=changes, level_cdba=5000, soundscape="rain", notes=True)
    here, notes_here = render.play(asked, "cpython")
    there, notes_there = render.play(asked, "micropython")
    assert here.any()
    assert np.array_equal(here, there)
    assert notes_here == notes_there


@pytest.mark.parametrize("kind", [adpcm.VOICE, adpcm.HEARTBEAT])
def test_rendering_allocates_nothing(kind, tmp_path):
    if interpreter.find_micropython() is None:
        pytest.skip(interpreter.why_no_micropython())
    data = recordings.scrambled(kind, 9000)
    file = tmp_path / "recording"
    file.write_bytes(data)
    arguments = (str(file), str(len(data)))
    done = interpreter.run_script(
        interpreter.ROOT / "tests" / "on_device" / "audio_allocation.py", *arguments, heap_kib=400
    )
    assert done.stdout.split() == [b"0"], done.stdout


def test_no_voice_can_overflow_the_mix():
    # Every voice at its loudest note and brightest table at once, and the noise at its peak.
    from firmware.sound import noise, recorded, sequencer

    def loudest(peak, notes):
        return max(peak * sequencer._EVEN[note - 36] // 1000 for note in notes) >> 14

    crest = max(tables.make_tables()) - 32768
    melody = loudest(36000000, range(score.LOWEST_NOTE, score.HIGHEST_NOTE + 1))
    chord = loudest(17000000, range(53, 65))
    heart = loudest(30000000, (48, 51))
    notes = (3 * melody + 3 * chord) * crest >> 13
    first_notes = (melody + chord) * crest >> 13
    made_heart = 2 * heart * 20000 >> 13
    recorded_heart = decibels.gain(recorded.HEART_LIMIT_CDB) >> 8
    recorded_voice = decibels.gain(recorded.VOICE_LIMIT_CDB) >> 8
    noises = {name: 32768 * settings[5] >> 12 for name, settings in noise.SOUNDSCAPES.items()}
    total = 0
    for name, hiss in noises.items():
        beats = noise.SOUNDSCAPES[name][6]
        total = max(
            total,
            notes + hiss + (made_heart if beats else 0),
            notes + hiss + recorded_heart,
            # A voice waits until a melody's notes are over; its own end may meet the next melody's first.
            first_notes + hiss + (made_heart if beats else 0) + recorded_voice,
        )
    assert total < 1 << 17  # so that half of it times the highest gain is within 31 bits
    assert total * 2 * 6928 < 1 << 31


def test_the_sine_is_a_sine():
    table = tables.make_tables()[4 * 514 : 5 * 514]
    ideal = 32768 + 20000 * np.sin(2 * np.pi * np.arange(514) / 512)
    assert np.abs(np.array(table) - ideal).max() <= 1


def test_notes_have_their_pitch():
    for note in range(36, 84):
        wanted = 440 * 2 ** ((note - 69) / 12)
        assert voices.note_step(note) * 8000 / 2**28 == pytest.approx(wanted, rel=1e-4)


def test_cpython_uses_the_code_that_ships():
    assert sys.modules["firmware.sound.voices"].add_voices.viper_source is not None
    assert songbook.SONGS[0].name in songs.SONGS
