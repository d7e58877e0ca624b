"""The whole device with a recording on its flash: it sounds, and damage costs the recording and nothing else."""

import numpy as np
import pytest
import recordings

from firmware.sound import adpcm, songs
from host_tools.play import results
from host_tools.songs import record
from simulator import play
from simulator.scenario import Scenario


def played(data, seconds=100, **settings):
    """Play a session with this file on flash; data None: it is missing. settings: of the profile, beside its voice."""

    class WithRecording(Scenario):
        def own_files(self):
            return {} if data is None else {"voice.mother": data}

    return play.run(
        WithRecording.model_validate(
            {
                "title": "with a recording",
                "duration_s": seconds,
                "profile": {"soundscape": "none", "opening": "music", "voice": "mother", **settings},
                "patient": {},
                "event": [{"at_s": 2, "do": "press"}],
            }
        )
    )


@pytest.fixture(scope="module")
def voice():
    return record.make(recordings.voice(20.0), 8000, "voice", "a voice").data


def test_a_voice_is_played_from_flash(voice):
    result = played(voice)
    assert result.summary["underruns"] == 0
    heard = result.pcm[10 * 16000 : 20 * 16000]
    assert np.abs(heard).max() > 20
    assert "device_recording_failed" not in [event["kind"] for event in result.events]
    assert {(part.what, part.tempo_bpm) for part in results.facts_of(result).heard_parts} == {
        ("recorded voice", None)
    }


def test_a_damaged_one_is_told_and_the_song_goes_on(voice):
    wrong = bytearray(voice)
    wrong[16 + 256 * 60] ^= 1
    result = played(bytes(wrong))
    assert "device_recording_failed" in [event["kind"] for event in result.events]
    assert result.summary["end"] is None and np.abs(result.pcm[-20 * 16000 :]).max() > 20
    voice, song = results.facts_of(result).heard_parts
    assert (voice.what, voice.tempo_bpm, song.what) == ("recorded voice", None, "melody")
    assert song.tempo_bpm is not None


def test_an_accompaniment_under_a_voice_is_told_with_the_tempo_of_the_voice(voice):
    result = played(voice, melody="accompany", song="twinkle", seconds=40)
    (part,) = results.facts_of(result).heard_parts
    song = songs.SONGS["twinkle"]
    assert part.what == "recorded voice, over an accompaniment"
    length_s = adpcm.check(voice[: adpcm.HEADER], len(voice))[1] / 8000
    assert part.tempo_bpm == pytest.approx([song.ticks / 24 / length_s * 60] * 2)


def test_of_a_heartbeat_no_voice_is_told():
    heart = record.make(recordings.heartbeat(6.0), 8000, "heartbeat", "a heart").data
    (part,) = results.facts_of(played(heart, seconds=40)).heard_parts
    assert part.what == "melody" and part.tempo_bpm is not None


def test_a_profile_without_its_recording_is_not_used():
    result = played(None)
    assert not result.pcm.any() and result.summary["end"] == "refused"
