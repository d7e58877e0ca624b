"""What the studio lets one hear is what the command line writes, of a listening programme too."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from firmware.prescription.profile import READY
from host_tools.programmes import programmes
from host_tools.sound import render
from host_tools.sound.decode import read
from host_tools.studio import tasks, texts
from simulator.files import profile_file
from simulator.files.errors import CalandoError

FROM_S, SECONDS = 8, 4
SONG = "X:1\nT:Grandmother\nM:3/4\nL:1/4\nK:G\nGBd|d2B|Ace|e2c|Bd G|A2F|G3|]\n"


def heard(found, folder):
    samples, rate_hz = read(folder / found["file"])
    assert rate_hz == render.RATE_HZ and found["length_s"] == SECONDS
    return np.round(32768 * np.asarray(samples).reshape(-1)).astype(int)


def test_a_programme_is_heard_as_its_preview_has_it(tmp_path):
    there = programmes.load("settle")
    found = tasks.hear_programme(None, str(tmp_path), there.data, "settle", str(tmp_path), FROM_S, SECONDS)
    samples, _ = render.play(programmes.plan_for(there, seconds=float(FROM_S + SECONDS)))
    assert np.array_equal(
        heard(found, tmp_path), samples[FROM_S * render.RATE_HZ :][: SECONDS * render.RATE_HZ]
    )


def test_a_prescription_with_a_programme_plays_that_and_not_its_song(tmp_path):
    there = programmes.load("settle")
    values = {**READY["adult"], "listening_programme": "settle", "mode": "open_loop", "session_min": 30}
    folder = tmp_path / "sounds"
    folder.mkdir()
    found = tasks.hear(None, str(folder), values, [(0, 76000)], FROM_S, SECONDS, None, None, there.data)
    profile = profile_file.check(values, "the profile")
    plan = programmes.plan_for(there, profile, pulse=[(0, 76000)], seconds=float(FROM_S + SECONDS))
    samples, _ = render.play(plan)
    assert np.array_equal(
        heard(found, folder), samples[FROM_S * render.RATE_HZ :][: SECONDS * render.RATE_HZ]
    )
    song = tasks.hear(None, str(folder), values, [(0, 76000)], FROM_S, SECONDS, None, None)
    assert song["file"] != found["file"]


def test_a_sheet_is_made_of_the_song_on_the_page_and_of_one_from_the_device_in_the_readers_language(tmp_path):
    here = tasks.read_abc(None, SONG, "grandmother")["song"]
    kept = tmp_path / "lisa.lul"
    kept.write_bytes(bytes.fromhex(here["data"]))
    for song, source, language, name, words in (
        (here, "", "en", "sung-grandmother.html", "You begin on"),
        (None, str(kept), "de", "sung-lisa.html", "Ihr Anfangston"),
        (None, "brahms", "en", "sung-brahms.html", "You begin on"),
    ):
        try:
            assert tasks.sung_sheet(None, str(tmp_path), song, source, "sleep <b>now</b>", language) == name
        finally:
            texts.use("en")
        page = (tmp_path / name).read_text("utf-8")
        assert words in page and "sleep &lt;b&gt;now&lt;/b&gt;" in page and f'lang="{language}"' in page


def test_a_file_is_read_where_it_lies_and_nothing_of_it_stays(tmp_path, monkeypatch):
    """The studio's folder may be on another disk than the one for what lasts a moment: nothing moves between disks."""
    move = os.replace

    def another_disk(source, target):
        if (tmp_path in Path(source).parents) != (tmp_path in Path(target).parents):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        move(source, target)

    monkeypatch.setattr(os, "replace", another_disk)
    sent = tmp_path / "0123.abc"
    sent.write_text(SONG)
    found = tasks.bring_song(None, str(sent), "grandmother.abc", {}, False)
    assert found["song"]["name"] == "grandmother" and list(tmp_path.iterdir()) == []
    sent.write_text("no song")
    with pytest.raises(CalandoError, match=r"^grandmother\.abc"):
        tasks.bring_song(None, str(sent), "grandmother.abc", {}, False)
    assert list(tmp_path.iterdir()) == []
