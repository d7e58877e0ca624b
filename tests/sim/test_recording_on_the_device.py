"""The whole device with a recording on its flash: it sounds, and damage costs the recording and nothing else."""

import numpy as np
import pytest
import recordings

from host_tools.songs import record
from simulator import play
from simulator.scenario import Scenario


def played(data):
    """Play a session with this file on flash; data None: the file is missing."""

    class WithRecording(Scenario):
        def own_files(self):
            return {} if data is None else {"voice.mother": data}

    return play.run(
        WithRecording.model_validate(
            {
                "title": "with a recording",
                "duration_s": 100,
                "profile": {"soundscape": "none", "opening": "music", "voice": "mother"},
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


def test_a_damaged_one_is_told_and_the_song_goes_on(voice):
    wrong = bytearray(voice)
    wrong[16 + 256 * 60] ^= 1
    result = played(bytes(wrong))
    assert "device_recording_failed" in [event["kind"] for event in result.events]
    assert result.summary["end"] is None and np.abs(result.pcm[-20 * 16000 :]).max() > 20


def test_a_profile_without_its_recording_is_not_used():
    result = played(None)
    assert not result.pcm.any() and result.summary["end"] == "refused"
