"""`calando render` and what stands behind it: files, plans, sentences."""

# pyright: reportArgumentType=false

import csv

import numpy as np
import pytest

from firmware.sound import songs
from host_tools.docs import listen
from host_tools.songs import songbook
from host_tools.sound import decode, render
from simulator.files.errors import CalandoError

RATE_HZ = 16000


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_song_is_rendered_with_its_notes(tmp_path):
    out, events = tmp_path / "song.wav", tmp_path / "notes.csv"
    made = render.render(out, song="brahms", seconds=12, events=events)
    samples, rate = decode.read(out)
    assert rate == RATE_HZ and len(samples) == 12 * RATE_HZ and samples.any()
    rows = rows_of(events)
    assert list(rows[0]) == list(render.EVENT_COLUMNS)
    melody = [row for row in rows if row["voice"] == "melody"]
    assert [int(row["note"]) for row in melody[:5]] == [64, 64, 67, 64, 64]
    assert float(melody[0]["tempo_bpm"]) == 66 and float(melody[0]["length_s"]) > 0
    times = [float(row["time_s"]) for row in melody]
    assert times == sorted(times)
    assert made.seconds == 12 and made.levels.laeq_dba > 20


def test_a_session_follows_the_pulse_it_is_given(tmp_path):
    trace = tmp_path / "pulse.csv"
    trace.write_text("time_s,pulse_rate_bpm\n0,140\n1,140.5\n", "utf-8")
    out, events = tmp_path / "session.wav", tmp_path / "notes.csv"
    render.render(out, pulse=trace, seconds=150, events=events)
    melody = [row for row in rows_of(events) if row["voice"] == "melody"]
    assert float(melody[0]["time_s"]) > 59  # not before a minute of good signal
    assert float(melody[-1]["tempo_bpm"]) == pytest.approx(70.25, rel=0.02)


def test_the_bass_that_stands_in_for_a_melody_is_named_as_that(tmp_path):
    profile = tmp_path / "sing.toml"
    profile.write_text('population = "newborn"\nmelody = "accompany"\nsong = "brahms"\n', "utf-8")
    events = tmp_path / "notes.csv"
    render.render(tmp_path / "song.wav", profile=profile, seconds=60, events=events)
    rows = rows_of(events)
    introduction = [row for row in rows if row["voice"] == "melody"]
    bass = [row for row in rows if row["voice"] == "bass"]
    assert len(introduction) > 5 and max(float(row["time_s"]) for row in introduction) < 20
    assert len(bass) > 5 and all(41 <= int(row["note"]) <= 52 for row in bass)


def test_a_trace_that_a_spreadsheet_saved_begins_with_its_mark(tmp_path):
    trace = tmp_path / "pulse.csv"
    trace.write_text("time_s,pulse_rate_bpm\n0,100\n", "utf-8-sig")
    assert render.load_pulse(trace) == [(0, 100_000)]


def test_a_rest_of_a_bare_melody_is_not_the_end_of_the_sessions_last_fade(tmp_path):
    adult, trace = tmp_path / "adult.toml", tmp_path / "pulse.csv"
    adult.write_text(
        "population = 'adult'\nsong = 'suo_gan'\nsoundscape = 'none'\nopening = 'music'\nsession_min = 5\n"
    )
    trace.write_text("time_s,pulse_rate_bpm\n0,72\n", "utf-8")
    made = render.render(tmp_path / "session.wav", profile=adult, pulse=trace)
    assert made.seconds == pytest.approx(300, abs=0.5)


def test_without_a_pulse_in_the_trace_the_session_is_open_loop(tmp_path):
    trace = tmp_path / "pulse.csv"
    trace.write_text("time_s,pulse_rate_bpm\n0,\n", "utf-8")
    plan = render.plan_for(render.load_profile(None), pulse=render.load_pulse(trace), seconds=30)
    assert plan["pulse"] == [(0, None)]
    assert render.play(plan)[0].any()


def test_a_song_file_is_played(tmp_path):
    path = tmp_path / "kin.lul"
    path.write_bytes(songbook.SONGS[3].encode())
    plan = render.plan_for(render.load_profile(None), str(path), seconds=3, notes=True)
    assert plan["song"] == "kin"
    assert render.play(plan)[1]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"song": "twinkel"}, 'no song .*did you mean "twinkle"'),
        ({"song": "missing.lul"}, "there is no such song"),
        ({"seconds": 0}, "outside 0.1"),
        ({"pulse": "missing.csv"}, "no such pulse file"),
        ({"profile": "missing.toml"}, "there is no such profile"),
    ],
)
def test_what_cannot_be_rendered_is_told_in_a_sentence(tmp_path, asked, says, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    asked = {key: Path(value) if key in ("pulse", "profile") else value for key, value in asked.items()}
    with pytest.raises(CalandoError, match=says) as caught:
        render.render(tmp_path / "out.wav", **asked)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "says"), [("a.mp3", "end in .wav"), ("letter.wav", "is no earlier result")])
def test_nothing_but_sound_gives_way_to_sound(tmp_path, name, says):
    (tmp_path / "letter.wav").write_text("my letter")
    with pytest.raises(CalandoError, match=says):
        render.render(tmp_path / name, seconds=1)
    for events, notes_says in (
        (tmp_path / "letter.wav", "is no earlier result"),
        (tmp_path / "a.wav", "two results"),
    ):
        with pytest.raises(CalandoError, match=notes_says):
            render.render(tmp_path / "a.wav", seconds=1, events=events)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["my letter"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs a first line"),
        ("time_s,pulse_rate_bpm\n", "no rows"),
        ("time_s,pulse_rate_bpm\n0,fast\n", "line 2: .*must be numbers"),
        ("time_s,pulse_rate_bpm\n0,nan\n", "outside 20 to 300"),
        ("time_s,pulse_rate_bpm\n0,900\n", "outside 20 to 300"),
        ("time_s,pulse_rate_bpm\n5,100\n5,100\n", "must grow"),
        ("time_s,pulse_rate_bpm\nnan,100\n", "must grow"),
    ],
)
def test_a_bad_pulse_trace_is_told_in_a_sentence(tmp_path, text, says):
    trace = tmp_path / "pulse.csv"
    trace.write_text(text, "utf-8")
    with pytest.raises(CalandoError, match=says):
        render.load_pulse(trace)


def test_a_profile_that_is_no_profile_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "profile.toml"
    for text, says in (
        ("level_dba = 90\n", "line 1: level_dba"),
        ("= 5", "not valid TOML"),
        ("colour = 1\n", "colour"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(CalandoError, match=says):
            render.load_profile(path)


def test_the_profiles_own_song_is_taken_from_beside_it(tmp_path):
    profile = tmp_path / "night.toml"
    profile.write_text('population = "newborn"\nsong = "ours"\n')
    with pytest.raises(CalandoError, match="not built in, and there is no"):
        render.render(tmp_path / "out.wav", profile=profile, seconds=0.2)
    (tmp_path / "ours.lul").write_bytes(songs.DATA["edo"])
    render.render(tmp_path / "out.wav", profile=profile, seconds=0.2)
    assert (tmp_path / "out.wav").stat().st_size > 3200


def test_an_unwritable_folder_leaves_nothing_behind(tmp_path):
    with pytest.raises(CalandoError, match="does not exist"):
        render.render(tmp_path / "no" / "out.wav", seconds=1)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_drawn_and_silence_too(tmp_path):
    for samples in (
        np.zeros(RATE_HZ * 5, dtype=np.int16),
        (np.arange(RATE_HZ * 5) % 200 - 100).astype(np.int16),
    ):
        listen.picture(samples, tmp_path / "sound.png", "a sound")
        assert (tmp_path / "sound.png").stat().st_size > 5000


def test_an_air_is_rendered_by_its_name_and_a_programme_is_not_taken_for_its_song(tmp_path):
    render.render(tmp_path / "air.wav", song="amazing_grace", seconds=2)
    with pytest.raises(CalandoError, match="did you mean"):
        render.render(tmp_path / "air.wav", song="amazing_grase", seconds=2)
    profile = tmp_path / "evening.toml"
    profile.write_text('population = "adult"\nlistening_programme = "settle"\n', encoding="utf-8")
    (tmp_path / "pulse.csv").write_text("time_s,pulse_rate_bpm\n0,70\n", encoding="utf-8")
    with pytest.raises(CalandoError, match="calando programme preview settle --profile"):
        render.render(tmp_path / "evening.wav", profile=profile, pulse=tmp_path / "pulse.csv")
