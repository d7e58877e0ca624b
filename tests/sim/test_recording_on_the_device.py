"""The whole device with a recording on its flash: it sounds, and damage costs the recording and nothing else."""

import numpy as np
import pytest
import recordings

from firmware.memory import names
from host_tools.songs import record
from simulator import flash, play
from simulator.scenario import Scenario


def scenario():
    return Scenario.model_validate(
        {
            "title": "with a recording",
            "duration_s": 100,
            "profile": {"soundscape": "none", "opening": "music", "voice": "mother"},
            "patient": {},
            "event": [{"at_s": 2, "do": "press"}],
        }
    )


def played(monkeypatch, data):
    """A session with this file on flash; data None: the file is missing."""

    commit = flash.Flash.commit_profile

    def with_recording(chip, *arguments):
        commit(chip, *arguments)
        if data is not None:
            files = flash.mount(chip.read, chip.program, chip.erase)
            with files.open(f"{names.VOICE}mother", "wb") as file:
                file.write(data)
            files.unmount()

    monkeypatch.setattr("simulator.flash.Flash.commit_profile", with_recording)
    return play.run(scenario())


@pytest.fixture(scope="module")
def voice():
    return record.make(recordings.voice(20.0), 8000, "voice", "a voice").data


def test_a_voice_is_played_from_flash(monkeypatch, voice):
    result = played(monkeypatch, voice)
    assert result.summary["underruns"] == 0
    heard = result.pcm[10 * 16000 : 20 * 16000]
    assert np.abs(heard).max() > 20
    assert "device_recording_failed" not in [event["kind"] for event in result.events]


def test_a_damaged_one_is_told_and_the_song_goes_on(monkeypatch, voice):
    wrong = bytearray(voice)
    wrong[16 + 256 * 60] ^= 1
    result = played(monkeypatch, bytes(wrong))
    assert "device_recording_failed" in [event["kind"] for event in result.events]
    assert result.summary["end"] is None and np.abs(result.pcm[-20 * 16000 :]).max() > 20


def test_a_profile_without_its_recording_is_not_used(monkeypatch):
    result = played(monkeypatch, None)
    assert not result.pcm.any() and result.summary["end"] == "refused"
