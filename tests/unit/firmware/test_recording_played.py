"""A recording inside the engine: its place in the music, its level, no clicks, and the ceiling over all of it."""

# pyright: reportArgumentType=false, reportOptionalOperand=false, reportOperatorIssue=false

from array import array

import numpy as np
import pytest
import recordings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sound_measures import RATE_HZ, click_db

from firmware.audio import BLOCK, Audio
from firmware.care.conductor import Conductor
from firmware.prescription.profile import Profile
from firmware.sound import adpcm, master, songs
from firmware.step import Outputs
from host_tools.songs import record
from host_tools.sound import adpcm_encode, meter, render
from simulator import interpreter

NEWBORN = render.load_profile(None)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A sung voice of 7 s and a heartbeat, made ready, as files."""
    folder = tmp_path_factory.mktemp("recordings")
    for kind, samples in (("voice", recordings.voice(7.0)), ("heartbeat", recordings.heartbeat())):
        (folder / kind).write_bytes(record.make(samples, 8000, kind, kind).data)
    return folder


def opened(file, read_into=None):
    data = file.read_bytes()
    return adpcm.SoundRecording(read_into or adpcm_encode.reader(data), len(data))


def engine(recording, level_cdba=4800):
    audio = Audio(7400, 6000, 6500)
    audio.loudness.first_level_cdba = level_cdba
    audio.set_recording(recording)
    audio.set_level(level_cdba, 0)
    return audio


def run(audio, seconds):
    block = array("h", bytes(2 * BLOCK))
    found = []
    for _ in range(round(seconds * RATE_HZ / BLOCK)):
        audio.render(block)
        found.append(np.array(block))
    return np.concatenate(found)


def play(file, seconds, **changes):
    plan = render.plan_for(NEWBORN, "twinkle", seconds=seconds, recording=file, onset_ms=0)
    plan.update({"soundscape": None, "first_level_cdba": 4800, **changes})
    return render.play(plan)[0]


def test_a_voice_takes_the_melodys_place_and_rests_between_its_passes(files):
    voice = opened(files / "voice")
    audio = engine(voice)
    audio.play(voice)
    seconds = voice.samples / 8000
    assert run(audio, seconds - 0.1)[-1600:].any() and not audio.take_phrase_end()
    run(audio, 0.3)
    assert audio.take_phrase_end() and audio.playing
    # Without a soundscape that rest is silence, and no longer than between two phrases of a song.
    assert not run(audio, 3.1).any() and audio.playing and audio.silent
    assert run(audio, 0.6).any() and not audio.silent


def test_over_a_soundscape_a_voice_rests_as_long_as_it_lasts_but_for_eight_seconds_at_least(files):
    voice = opened(files / "voice")
    audio = engine(voice)
    audio.soundscape("rain")
    audio.play(voice)
    run(audio, voice.samples / 8000 + 0.2)
    assert audio.recorded.resting
    run(audio, 7.5)
    assert audio.recorded.resting
    run(audio, 0.6)
    assert not audio.recorded.resting


def test_a_voice_ends_and_is_silenced_like_a_melody(files):
    voice = opened(files / "voice")
    audio = engine(voice)
    audio.play(voice)
    run(audio, 1)
    audio.play(None)
    run(audio, 0.2)
    assert audio.silent and not audio.playing
    audio.play(voice)
    assert run(audio, 0.5).any()
    audio.silence()
    assert not run(audio, 1).any() and not audio.playing
    audio.play(voice)
    run(audio, 1)
    audio.fade_out(1000)
    run(audio, 1.2)
    assert audio.silent and not audio.playing


def test_a_heartbeat_falls_on_the_beat_whatever_the_tempo(files):
    heart = opened(files / "heartbeat")
    audio = engine(heart)
    audio.set_tempo(75000)
    audio.play(songs.SONGS["twinkle"])
    starts = []
    start = heart.start

    def noted(offset, length):
        starts.append(audio.loudness.blocks * BLOCK + 2 * offset)
        start(offset, length)

    heart.start = noted
    notes = []
    audio.sequencer.on_note = lambda at, voice, note, *_: (
        notes.append(at - master.DELAY_SAMPLES) if voice < 3 else None
    )
    run(audio, 6)
    audio.set_tempo(50000)
    run(audio, 6)
    assert len(starts) > 11
    assert set(notes) <= set(starts)  # Twinkle's notes are on beats
    gaps = np.diff(starts)
    assert np.abs(gaps[:5] - RATE_HZ * 60 / 75).max() <= 2
    assert np.abs(gaps[-3:] - RATE_HZ * 60 / 50).max() <= 2


def test_a_recorded_heartbeat_takes_the_place_of_the_wombs_own(files):
    audio = engine(opened(files / "heartbeat"))
    notes = []
    audio.sequencer.on_note = lambda *note: notes.append(note)
    audio.soundscape("womb")
    assert run(audio, 4).any() and not notes


@pytest.mark.parametrize("brightness", [0, 500, 1000])
def test_a_voice_comes_out_at_the_level_asked_for(files, brightness):
    samples = play(files / "voice", 60, brightness_permille=brightness, governed=False)
    blocks = samples.reshape(-1, BLOCK)
    sounding = blocks[np.abs(blocks).max(axis=1) > 0].ravel()
    levels = meter.measure(sounding, RATE_HZ, 74.0)
    assert 45.5 <= levels.laeq_dba <= 48.5  # its first three seconds are softer
    assert levels.las_max_dba <= 51


@pytest.mark.parametrize("tempo", [40000, 85000])
def test_a_heartbeat_does_not_raise_the_level(files, tempo):
    samples = play(files / "heartbeat", 100, tempo_mbpm=tempo)[10 * RATE_HZ :]
    levels = meter.measure(samples, RATE_HZ, 74.0)
    assert levels.laeq_dba == pytest.approx(48.0, abs=1.0)
    assert levels.lcs_max_dbc <= 60


def test_a_voice_does_not_click_at_start_end_loop_or_stop(files):
    changes = [[30000, "set_mood", 0, 900, 500], [33000, "play", None], [50200, "fade_out", 2000]]
    samples = play(files / "voice", 54, changes=changes)
    assert click_db(samples) <= 14
    assert not samples[-RATE_HZ:].any() and abs(samples.mean()) / 32768 <= 1e-4


def test_a_heartbeat_does_not_click_when_the_tempo_jumps(files):
    changes = [[ms, "set_tempo", 40000 + ms * 37 % 80000] for ms in range(0, 40000, 700)]
    assert click_db(play(files / "heartbeat", 45, changes=[*changes, [41000, "fade_out", 2000]])) <= 14


def test_a_damaged_voice_fades_and_the_song_takes_over(files):
    data = bytearray((files / "voice").read_bytes())
    data[adpcm.HEADER + 30 * adpcm.BLOCK + 99] ^= 1
    voice = adpcm.SoundRecording(adpcm_encode.reader(bytes(data)), len(data))
    audio = engine(voice)
    notes = []
    audio.sequencer.on_note = lambda *note: notes.append(note)
    conductor = Conductor(audio, songs.SONGS["twinkle"], "none", voice)
    outputs = Outputs()
    outputs.playing = outputs.melody_on = True
    sounds = []
    for _ in range(40):
        conductor.follow(outputs)
        sounds.append(run(audio, 0.096))
    assert voice.failed and notes
    assert click_db(np.concatenate(sounds)) <= 14


def test_the_same_samples_on_both_interpreters(files):
    if interpreter.find_micropython() is None:
        pytest.skip(interpreter.why_no_micropython())
    changes = [[1000, "set_mood", 500, 900, 1000], [2500, "set_tempo", 90000], [6500, "play", None]]
    for kind, soundscape in (("voice", None), ("heartbeat", "womb")):
        plan = render.plan_for(NEWBORN, "twinkle", seconds=7, recording=files / kind, changes=changes)
        plan.update(soundscape=soundscape, first_level_cdba=4800)
        here, there = (render.play(plan, runtime)[0] for runtime in ("cpython", "micropython"))
        assert here.any() and np.array_equal(here, there)


@pytest.mark.parametrize(
    ("song", "soundscape"),
    [
        (None, "ocean"), ("brahms", "ocean"), ("twinkle", "rain"), (None, "none"), ("twinkle", "none"),
    ],
)  # fmt: skip
def test_a_whole_session_with_a_voice(files, song, soundscape):
    """By itself, or with a song's chords under it: with the soundscape 16 dB back its rests were holes, out of which it
    came back by 1.3 dB a second. Without one they were 20 s of silence, out of which it came by 6.
    """
    values = {"soundscape": soundscape, "opening": "music" if soundscape == "none" else "soundscape"} | (
        {} if song is None else {"song": song, "melody": "accompany"}
    )
    profile = Profile.from_values(NEWBORN.values | values)
    long = files / "long"  # enough for a song's chords
    if not long.exists():
        long.write_bytes(record.make(recordings.voice(26.0), 8000, "voice", "long").data)
    plan = render.plan_for(profile, pulse=[(0, 150000)], seconds=300, recording=long, notes=True)
    samples, notes = render.play(plan)
    assert bool(notes) == (song is not None)
    levels = meter.measure(samples, RATE_HZ, 74.0)
    assert 45 < levels.las_max_dba <= 52 and levels.rise_rate_db_per_s <= 1.1


# The ceiling

CODES = st.one_of(
    st.tuples(st.just("same"), st.integers(0, 255)),
    st.tuples(st.just("square"), st.integers(1, 400)),
    st.tuples(st.just("noise"), st.integers(1, 1000)),
)


def codes(kind, number):
    if kind == "same":
        return lambda at: number
    if kind == "square":
        return lambda at: 0x77 if at // number % 2 else 0xFF
    return lambda at: (at * 40503 + number * 977) * 69069 >> 13 & 255


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    phases=[Phase.reuse, Phase.generate],
)
@given(
    pattern=CODES,
    kind=st.sampled_from([adpcm.VOICE, adpcm.HEARTBEAT]),
    loudness_cdb=st.integers(0, 65535),
    asked=st.fixed_dictionaries(
        {
            "song": st.sampled_from([None, "twinkle", "dromore"]),
            "soundscape": st.sampled_from([None, *songs.SOUNDSCAPES]),
            "tempo_mbpm": st.integers(30000, 120000),
            "level_cdba": st.integers(4000, 12000),
            "brightness_permille": st.integers(0, 1000),
            "full_scale_cdba": st.sampled_from([6500, 7400, 8000, 9500]),
            "first_level_cdba": st.integers(1800, 9000),
        }
    ),
)
def test_no_recording_passes_the_ceiling(tmp_path, pattern, kind, loudness_cdb, asked):
    samples = 16000 if kind == adpcm.VOICE else 12000
    file = tmp_path / "any.adp"
    file.write_bytes(recordings.of_codes(kind, samples, codes(*pattern), loudness_cdb))
    plan = render.plan_for(NEWBORN, "twinkle", seconds=30, recording=file, onset_ms=0, density_permille=1000)
    plan.update(asked)
    plan["changes"] = [[15000, "set_tempo", 120000], [25000, "play", None]]
    played, _ = render.play(plan)
    if not played.any():
        return
    levels = meter.measure(played, RATE_HZ, plan["full_scale_cdba"] / 100)
    assert levels.las_max_dba <= plan["ceiling_cdba"] / 100
    assert levels.lcs_max_dbc <= plan["ceiling_cdbc"] / 100
    assert np.abs(played).max() <= Audio(plan["full_scale_cdba"], 6000, 6500).loudness._peak


def test_a_loud_square_is_held_by_the_governor_and_not_by_its_header(tmp_path):
    """It says of itself that it is as soft as can be; the test would be empty if it were not loud."""
    file = tmp_path / "square.adp"
    file.write_bytes(recordings.of_codes(adpcm.VOICE, 80000, codes("square", 8), 65535))
    samples = play(file, 20, level_cdba=5000, first_level_cdba=5000)
    levels = meter.measure(samples, RATE_HZ, 74.0)
    assert 56 < levels.las_max_dba <= 60 or 61 < levels.lcs_max_dbc <= 65
