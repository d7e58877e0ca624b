"""Accompaniment: who sings has the melody, and the device what is under it, softer, in time and in tune."""

import functools
from array import array
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import recordings
import sung_voices
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_measures import click_db

from firmware.sound import adpcm, score, songs
from firmware.sound.score import Score
from host_tools.songs import harmony, record
from host_tools.songs.airs import AIRS
from host_tools.sound import meter, render
from simulator import interpreter

RATE_HZ = render.RATE_HZ
NEWBORN = render.load_profile(None)
LOWEST_CHORD = 53
BASS = range(41, LOWEST_CHORD)
SCRIPT = Path(__file__).parents[3] / "on_device" / "accompaniment_allocation.py"
SUNG = {
    **{name: songs.SONGS[name] for name in songs.NAMES},
    **{air.name: Score(air.encode(), air.name) for air in AIRS},
}


def accompany(song, seconds=70.0, **changes):
    """Samples and notes of a song that is accompanied, or of one under a recorded voice."""
    plan = render.plan_for(NEWBORN, "twinkle", seconds=seconds, notes=True, onset_ms=0, soundscape=None)
    plan.update(
        song=song.name, score=song.data.hex(), melody="accompany", first_level_cdba=4800, tempo_mbpm=60000,
        brightness_permille=500, density_permille=700,
    )  # fmt: skip
    plan.update(changes)
    return render.play(plan)


def last_phrase(song):
    """Return (its first tick, the ticks of its notes)."""
    data, ticks, begins = song.data, 0, 0
    for at in range(song.notes - 1):
        ticks += data[score.HEADER + 2 * at + 1]
        if data[score.HEADER + 2 * at] >= 128:
            begins = ticks
    return begins, song.ticks - begins


def beats(notes):
    """(beat from the first note at 60 beats a minute, voice, MIDI note, beats) of each note."""
    first = min(at for at, *_ in notes)
    return [
        ((at - first) / RATE_HZ, voice, note, length / RATE_HZ * 16 / 15)
        for at, voice, note, length, _ in notes
    ]


@functools.cache
def heard_of(name):
    return accompany(SUNG[name])


@pytest.mark.parametrize("name", SUNG)
def test_after_the_introduction_no_note_of_the_melody_is_left(name):
    song = SUNG[name]
    samples, notes = heard_of(name)
    _, ticks = last_phrase(song)
    sung = beats(notes)
    entrance = ticks / 24 + song.beats_per_bar  # a bar to breathe in
    melody = [at for at, voice, note, _ in sung if voice < 3 and note >= LOWEST_CHORD]
    assert melody and max(melody) < ticks / 24
    bass = [(at, note) for at, voice, note, _ in sung if voice < 3 and note < LOWEST_CHORD]
    assert bass[0][0] == pytest.approx(ticks / 24, abs=0.01)  # the bar in which to breathe
    assert bass[1][0] >= entrance - 0.01 and all(note in BASS for _, note in bass)
    assert click_db(samples) <= 14
    assert abs(samples.mean()) / 32768 <= 1e-4


@pytest.mark.parametrize("name", SUNG)
def test_bass_and_chords_begin_with_the_songs_own_and_on_its_bars(name):
    """What sounds in the first stanza lies where the song's chords begin or where a bar does, at the tempo asked for."""
    song = SUNG[name]
    _, notes = heard_of(name)
    _, ticks = last_phrase(song)
    entrance = ticks / 24 + song.beats_per_bar
    begins, at = {}, 0
    for place in range(song.chords):
        root = song.data[song.chords_at + 2 * place]
        begins[at] = root & 15
        at += song.data[song.chords_at + 2 * place + 1]
    heard = [
        (at - entrance, note) for at, voice, note, _ in beats(notes) if voice < 3 and note < LOWEST_CHORD
    ]
    stanza = [(at * 24, note) for at, note in heard if -0.01 <= at < min(song.ticks / 24, 40)]
    assert len(stanza) >= 4
    for at, note in stanza:
        ruling = max(tick for tick in begins if tick <= at + 0.5)
        assert note % 12 == begins[ruling]
    # No more than half of a beat of what sounds beside the melody rubs against it: the check of every import.
    melody, at = [], 0
    for place in range(song.notes):
        note, length = (
            song.data[score.HEADER + 2 * place] & 127,
            song.data[score.HEADER + 2 * place + 1],
        )
        melody.append((at, note if note > score.GOES_ON else 0, length))
        at += length
    for at, note in stanza:
        for start, sung, length in harmony.sounding(melody, round(at), round(at) + 12):
            if sung and min(round(at) + 12, start + length) - max(round(at), start) >= 12:
                assert (sung - note) % 12 not in (1, 11) or length <= 12


def test_its_level_leaves_six_decibels_to_who_sings_from_the_first_stanza_on():
    for name in ("twinkle", "brahms", "pripetshik"):
        samples, _ = accompany(songs.SONGS[name], 150)
        first = meter.measure(samples[20 * RATE_HZ : 60 * RATE_HZ], RATE_HZ).laeq_dba
        assert 48 - 6 - 1.5 <= first <= 48 - 6 + 1
        heard = meter.measure(samples[60 * RATE_HZ :], RATE_HZ).laeq_dba
        assert 48 - 6 - 1 <= heard <= 48 - 6 + 0.5
        assert meter.measure(samples, RATE_HZ).rise_rate_db_per_s <= 1.1


def test_a_stanza_has_no_rest_between_its_phrases_and_goes_on_after_a_bar():
    song = songs.SONGS["twinkle"]
    _, notes = accompany(song, 140)
    _, ticks = last_phrase(song)
    entrance = ticks / 24 + 2
    bass = [at for at, voice, note, _ in beats(notes) if voice < 3 and note < LOWEST_CHORD]
    stanza = song.ticks / 24
    second = [at for at in bass if entrance + stanza + 2 - 0.01 <= at]
    assert second[0] == pytest.approx(entrance + stanza + 2, abs=0.01)
    assert max(b - a for a, b in pairwise(bass)) <= 2.01  # a bar


def test_a_long_fade_goes_on_where_no_note_sounds_between_two_stanzas():
    samples, _ = accompany(
        songs.SONGS["brahms"], 150, tempo_mbpm=41_000, changes=[[95_000, "fade_out", 60_000]]
    )
    silent = ~samples.reshape(-1, 256).any(axis=1)
    heard = np.flatnonzero(~silent) * 0.016
    assert silent[int(97 / 0.016) : int(98 / 0.016)].any()
    assert heard.max() > 120  # -60 dB in a minute: 25 s on, it is 25 dB softer


def test_the_song_stays_in_its_mode_however_the_curve_turns():
    song = songs.SONGS["twinkle"]
    _, turned = accompany(song, minor_permille=1000)
    _, plain = accompany(song, minor_permille=0)
    assert turned == plain


def test_a_song_without_chords_is_played_with_its_melody():
    song = Score(score.encode([(60, 24, False), (62, 48, True)], [], 4, False, 0, score.MAJOR), "bare")
    _, notes = accompany(song, 20)
    assert [note for _, _, note, *_ in notes][:4] == [60, 62, 60, 62]


def test_a_tempo_that_slows_is_followed_to_the_sample():
    song = songs.SONGS["dromore"]
    _, notes = accompany(song, 60, changes=[[20000, "set_tempo", 45000]])
    bass = [at for at, voice, note, *_ in notes if voice < 3 and note < LOWEST_CHORD]
    late = np.diff([at for at in bass if at > 25 * RATE_HZ]) / RATE_HZ * 45 / 60 * 24
    assert np.abs(late - np.round(late)).max() <= 0.01


def test_both_runtimes_play_the_same():
    plan = render.plan_for(NEWBORN, "stille_nacht", seconds=25, notes=True, onset_ms=0, melody="accompany")
    ours, theirs = render.play(plan, "cpython"), render.play(plan, "micropython")
    assert np.array_equal(ours[0], theirs[0]) and ours[1] == theirs[1]


def test_nothing_is_left_on_the_heap():
    if interpreter.find_micropython() is None:
        pytest.skip(interpreter.why_no_micropython())
    out = interpreter.run_script(SCRIPT, heap_kib=400).stdout
    assert int(out) == 0


# A recorded voice


@pytest.fixture(scope="module")
def sung(tmp_path_factory):
    """A voice that sings Twinkle, and the file of it."""
    song = songs.SONGS["twinkle"]
    notes = [
        (song.data[score.HEADER + 2 * at] & 127, song.data[score.HEADER + 2 * at + 1] / 24)
        for at in range(song.notes)
    ]
    samples, _ = sung_voices.sing(notes, beat_s=0.8, rate_hz=16000, consonants=False)
    made = record.make(samples, 16000, "voice", "mother")
    file = tmp_path_factory.mktemp("voice") / "mother.adp"
    file.write_bytes(made.data)
    return file, made.seconds


def under(file, **changes):
    return accompany(
        songs.SONGS["twinkle"], recording=str(file), recording_bytes=file.stat().st_size, **changes
    )


def test_one_pass_of_the_song_lies_under_one_pass_of_the_voice(sung):
    file, seconds = sung
    _, notes = under(file, seconds=seconds + 30, tempo_mbpm=90000)
    assert {voice for _, voice, *_ in notes} <= {3, 4, 5}
    song = songs.SONGS["twinkle"]
    expected, at = [], 0
    for place in range(song.chords):
        expected.append(at * seconds / song.ticks)
        at += song.data[song.chords_at + 2 * place + 1]
    starts = sorted({round(at / RATE_HZ, 2) for at, *_ in notes if at / RATE_HZ < seconds + 1})
    assert len(starts) == len(expected)
    assert np.abs(np.array(starts) - expected).max() <= 0.1
    # Three tones of each chord at once, over before the next ones.
    assert Counter(at for at, *_ in notes).most_common(1)[0][1] == 3
    again = [at / RATE_HZ for at, *_ in notes if at / RATE_HZ > seconds + 1]
    assert again and min(again) > seconds + 3.4  # the voice's rest is one


def test_the_voice_carries_and_the_song_is_ten_decibels_under_it(sung):
    file, seconds = sung
    alone, _ = under(file, seconds=seconds, melody="play")
    together, _ = under(file, seconds=seconds)
    bed = together.astype(int) - alone
    measured = [meter.measure(part.astype(np.int16), RATE_HZ).laeq_dba for part in (alone, together, bed)]
    assert 8 <= measured[0] - measured[2] <= 14
    assert abs(measured[1] - measured[0]) <= 0.6
    assert click_db(bed.astype(np.int16)) <= 14


def test_a_voice_of_another_song_has_no_accompaniment(sung, tmp_path):
    file, _ = sung
    long = Score(score.encode([(60, 240, True)] * 30, [(0, 0, 240)] * 30, 4, False, 0, score.MAJOR), "long")
    _, notes = accompany(long, 30, recording=str(file), recording_bytes=file.stat().st_size)
    assert not notes  # 300 beats in half a minute


def test_where_the_recording_fails_the_song_is_played_with_its_melody():
    from firmware.audio import Audio
    from firmware.care import accompany as session
    from firmware.care.dose import Dose
    from firmware.prescription.profile import Profile
    from firmware.step import Outputs

    class Broken:
        heartbeat, failed, sounding, samples, loudness_cdb = False, False, False, 80000, 0

        def start(self, *_):
            self.failed = True

        def stop(self):
            pass

        silence = stop

        def add(self, *_):
            return False

    profile = Profile.from_values(
        {"melody": "accompany", "voice": "mother", "soundscape": "none", "opening": "music"}
    )
    audio, voice = Audio(7400, 6000, 6500, True), Broken()
    conductor, _ = session.perform(audio, profile, Dose(), songs.SONGS["twinkle"], voice)
    outputs, heard = Outputs(), []
    outputs.playing = outputs.melody_on = True
    outputs.tempo_mbpm, outputs.level_cdba, outputs.level_over_ms = 60000, 4800, 100
    audio.sequencer.on_note = lambda at, number, note, *_: heard.append((number, note))
    block = array("h", bytes(512))
    for _ in range(900):
        conductor.follow(outputs)
        audio.render(block)
    assert [note for number, note in heard if number < 3][:4] == [60, 60, 67, 67]


codes = st.sampled_from([(0x00,), (0xF7,), (0x77, 0x77, 0xFF, 0xFF), (0xC3, 0x07)])


@settings(max_examples=12)
@given(
    pattern=codes,
    level_cdba=st.integers(4000, 12000),
    full_scale_cdba=st.sampled_from([6500, 7400, 8000, 9500]),
    name=st.sampled_from(sorted(SUNG)),
    recorded=st.booleans(),
    density_permille=st.integers(0, 1000),
    soundscape=st.sampled_from([None, *songs.SOUNDSCAPES]),
)
def test_no_sum_of_voice_and_accompaniment_passes_the_ceiling(
    tmp_path_factory, pattern, level_cdba, full_scale_cdba, name, recorded, density_permille, soundscape
):
    changes = {}
    if recorded:
        file = tmp_path_factory.mktemp("any") / "any.adp"
        data = recordings.of_codes(adpcm.VOICE, 160000, lambda at: pattern[at % len(pattern)], 65535)
        file.write_bytes(data)
        changes = {"recording": str(file), "recording_bytes": len(data)}
    samples, _ = accompany(
        SUNG[name], 25, level_cdba=level_cdba, first_level_cdba=level_cdba, full_scale_cdba=full_scale_cdba,
        density_permille=density_permille, soundscape=soundscape, **changes,
    )  # fmt: skip
    levels = meter.measure(samples, RATE_HZ, full_scale_cdba / 100)
    assert levels.las_max_dba is None or levels.las_max_dba <= 60
    assert levels.lcs_max_dbc is None or levels.lcs_max_dbc <= 65
