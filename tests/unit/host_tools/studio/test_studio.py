"""The studio over a simulated device: what is cancelled or cut off changes nothing, a draft knows whose device it met."""

import time
from dataclasses import replace

import pytest

from firmware.prescription.profile import READY
from firmware.usb import link
from host_tools.device.client import DeviceLost
from host_tools.songs import airs, songbook
from host_tools.studio.draft import Base
from host_tools.studio.job import Cancelled, Job
from host_tools.studio.studio import Studio

WAIT_S = 60


def until(so, what):
    end = time.monotonic() + WAIT_S
    while not so():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    found = Studio("sim", tmp_path / "studio")
    found.start()
    until(lambda: found.desk.view.ready, "the simulated device is there")
    yield found
    found.close()


def test_a_song_is_cancelled_half_way_and_leaves_nothing_behind(studio, monkeypatch):
    data = max((song.imported().data for song in (*songbook.SONGS, *airs.AIRS)), key=len)
    assert len(data) > link.CHUNK_BYTES  # so that there is something left to send
    advance = Job.advance

    def once_and_then_cancelled(job, done, total):
        advance(job, done, total)
        job.cancel()

    with monkeypatch.context() as patch:
        patch.setattr(Job, "advance", once_and_then_cancelled)
        job = studio.stage_sound("song.mine", data)
        with pytest.raises(Cancelled, match="nothing was changed"):
            job.future.result(WAIT_S)
    assert 0 < job.done < job.total
    studio.discard().future.result(WAIT_S)
    assert not studio.desk.view.status["staged"]
    assert all(song["built_in"] for song in studio.desk.view.songs)
    assert studio.stage_sound("song.mine", data).future.result(WAIT_S)["lines"]


def test_waiting_for_the_button_can_be_cancelled_and_the_device_is_as_it_was(studio):
    studio.stage_profile().future.result(WAIT_S)
    job = studio.commit()
    until(lambda: job.said, "the device has asked for the button")
    job.cancel()
    with pytest.raises(Exception, match="cancelled: nothing was changed"):
        job.future.result(WAIT_S)
    assert not studio.desk.view.status["staged"] and studio.desk.view.profile is None


def test_a_cable_pulled_in_a_commit_loses_no_draft_and_is_told_as_lost(studio):
    studio.draft.change("level_dba", 41)
    studio.stage_profile().future.result(WAIT_S)
    job = studio.commit()
    until(lambda: job.said, "the device has asked for the button")
    studio.desk.live.unplug()
    with pytest.raises(DeviceLost):
        job.future.result(WAIT_S)
    until(lambda: not studio.desk.view.ready, "it is seen that it went")
    studio.desk.live.plug()
    until(lambda: studio.desk.view.ready, "it is seen again")
    assert studio.desk.view.profile is None, "nobody held the button"
    assert studio.draft.values["level_dba"] == 41


def test_a_simulated_device_whose_process_ended_is_started_again(studio):
    first = studio.desk.live
    assert first is not None and first._process is not None
    first._process.kill()
    until(lambda: studio.desk.live is not first and studio.desk.view.ready, "another one is there")


def test_a_draft_says_what_of_its_device_is_another_now(tmp_path):
    studio = Studio("sim", tmp_path / "studio")  # not started: the device is what this test says
    try:
        newborn = dict(READY["newborn"])
        there = replace(
            studio.desk.view, state="ready", hello={"unit": "unit-0001", "schema": "AAAA"}, schema=({"name": "x"},),
            profile=newborn,
        )  # fmt: skip
        studio.desk.view = there
        studio.draft.stands_on(Base("unit-0001", "AAAA", newborn))
        assert studio.moved_on() is None
        for now, words in (
            ({"hello": {"unit": "unit-0002", "schema": "AAAA"}}, "begun for another device (0001)"),
            ({"hello": {"unit": "unit-0001", "schema": "BBBB"}}, "its firmware was renewed"),
            ({"profile": {**newborn, "level_dba": 40}}, "is another than when this draft was begun"),
            ({"profile": None}, "is another than when this draft was begun"),
        ):
            studio.desk.view = replace(there, **now)
            assert words in studio.moved_on()
    finally:
        studio.close()


def test_what_a_killed_studio_left_of_a_file_is_gone_with_the_next_start(tmp_path):
    uploads = tmp_path / "uploads"
    (uploads / "0123.wav.read").mkdir(parents=True)
    for left in (uploads / "4567.wav", uploads / "0123.wav.read" / "mother.wav"):
        left.write_bytes(b"RIFF")
    Studio(None, tmp_path).close()
    assert list(uploads.iterdir()) == []
