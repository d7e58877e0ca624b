"""`calando programme` and `calando profile` beside each other: what a device would refuse, or play otherwise, is told."""

import json

import pytest
from desk_cable import Cable

from firmware.prescription.profile import Profile
from firmware.prescription.programme import LARGEST
from firmware.sound import songs
from host_tools.device import changes, client
from simulator.files import profile_file, song_file

SLOW = """\
title = "Slow"
shape = "flat"
[[segment]]
role = "arrive"
source = "song"
name = "brahms"
minutes = 5
tempo_start_bpm = 66
tempo_end_bpm = 60
intensity = 3
[[segment]]
role = "silence"
source = "silence"
minutes = 2
[[segment]]
role = "rest"
source = "soundscape"
name = "rain"
minutes = 15
intensity = 3
"""
HELD = "at the profile's lead_rate_percent_per_min of 0.5 it reaches 64.4"
TOO_LONG = "calando: the programme slow lasts 22 minutes and session_min of short.toml is 20; raise session_min, or shorten"


@pytest.fixture
def calando(run_calando, monkeypatch, tmp_path):
    """Run a command in a folder with a programme and profiles of it: (exit status, standard output, standard error)."""
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "slow.toml").write_text(SLOW)
    profile = 'title = "Slow"\npopulation = "adult"\nlistening_programme = "slow"\nlead_rate_percent_per_min = 0.5\n'
    for name, minutes in (("short", 20), ("held", 22)):
        (tmp_path / f"{name}.toml").write_text(profile + f"session_min = {minutes}\n")
    return run_calando


@pytest.fixture
def cable(monkeypatch):
    cable = Cable()
    monkeypatch.setattr(client, "POLL_S", 0.0)
    monkeypatch.setattr(client, "connect", lambda port=None: client.Connection(cable))
    return cable


@pytest.mark.parametrize(
    "words",
    [
        ("programme", "validate", "slow.toml", "--profile", "short.toml"),
        ("programme", "show", "slow.toml", "--profile", "short.toml"),
        ("programme", "preview", "slow.toml", "--profile", "short.toml", "--out", "slow.wav"),
        ("profile", "validate", "short.toml"),
    ],
)
def test_a_programme_longer_than_the_profile_s_session_is_refused_and_nothing_written(
    calando, tmp_path, words
):
    before = sorted(tmp_path.iterdir())
    code, out, err = calando(*words)
    assert code == 1 and err.startswith(TOO_LONG) and out == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_scenario_with_such_a_profile_is_refused_as_the_device_refuses_it(calando, tmp_path):
    (tmp_path / "night.toml").write_text(
        'title = "x"\nduration_s = 60\nprofile = "short.toml"\npatient.population = "adult"'
    )
    code, _, err = calando("simulate", "night.toml")
    assert code == 1 and err.startswith(TOO_LONG)


@pytest.mark.parametrize(
    "words",
    [
        ("programme", "validate", "slow.toml", "--profile", "held.toml"),
        ("programme", "show", "slow.toml", "--profile", "held.toml"),
        ("profile", "validate", "held.toml"),
    ],
)
def test_a_tempo_that_the_profile_holds_back_is_told_with_the_one_that_is_reached(calando, words):
    code, out, err = calando(*words)
    assert (code, err) == (0, "") and HELD in out


def test_what_is_told_is_in_json_too_and_without_a_profile_nothing_is_held_back(calando):
    code, out, _ = calando("programme", "validate", "slow.toml", "--profile", "held.toml", "--json")
    assert code == 0 and HELD in json.loads(out)["remarks"][0] and json.loads(out)["bytes"] < LARGEST
    code, out, _ = calando("programme", "validate", "slow.toml", "--json")
    assert code == 0 and json.loads(out)["remarks"] == []


def test_a_profile_whose_programme_does_not_lie_beside_it_says_so(calando, tmp_path):
    (tmp_path / "slow.toml").unlink()
    code, out, _ = calando("profile", "validate", "held.toml")
    assert code == 0 and "Its programme slow does not lie beside the file" in out


@pytest.mark.parametrize(("programme", "told"), [("settle", ""), ("own", "does not lie beside the file")])
def test_a_profile_may_have_the_name_of_its_programme(calando, tmp_path, programme, told):
    (tmp_path / f"{programme}.toml").write_text(
        f'population = "adult"\nfade_s = 30\nlistening_programme = "{programme}"\n'
    )
    code, out, err = calando("profile", "validate", f"{programme}.toml")
    assert (code, err) == (0, "") and told in out


def test_a_newborn_s_profile_is_told_as_that(calando):
    code, _, err = calando("programme", "validate", "slow.toml", "--profile", "newborn")
    assert code == 1 and "newborn is a newborn's profile, and a listening programme is for adults only" in err


@pytest.mark.parametrize("command", [("validate",), ("put",)])
def test_a_file_called_none_is_refused_before_anything_is_sent_and_no_option_is_named(
    calando, cable, tmp_path, command
):
    (tmp_path / "none.toml").write_text(SLOW)
    code, _, err = calando("programme", *command, "none.toml")
    assert code == 1 and err.endswith("rename the file.\n") and "--" not in err
    with client.connect() as device:
        assert device.list("programme") == []


def test_what_is_put_is_told_beside_the_profile_that_is_on_the_device(calando, cable):
    profile = Profile.from_values(
        profile_file.load("held.toml").values | {"session_min": 20, "listening_programme": "none"}
    )
    assert "reaches" not in calando("programme", "put", "slow.toml")[1]
    with client.connect() as device:
        changes.put_profile(device, profile)
        device.commit(lambda *_: None, checked=True)
    code, out, _ = calando("programme", "put", "slow.toml")
    assert code == 0 and HELD in out
    assert "slow lasts 22 minutes and session_min of the profile on the device is 20" in out


OTHER = "is the name of a song that comes with Calando, and"


@pytest.mark.parametrize("name", ["amazing_grace", "brahms"])
def test_a_song_with_the_name_of_one_that_comes_with_calando_is_refused_before_anything_is_sent(
    calando, cable, tmp_path, name
):
    """It went to the device, and then one name meant two songs: the family's there, and Calando's everywhere else."""
    (tmp_path / f"{name}.lul").write_bytes(songs.DATA["edo"])
    code, _, err = calando("song", "put", f"{name}.lul")
    assert code == 1 and f'"{name}" {OTHER} {name}.lul differs from it; give another name with --name' in err
    (tmp_path / "ours.lul").write_bytes(songs.DATA["edo"])
    code, _, err = calando("song", "put", "ours.lul", "--name", name)
    assert code == 1 and OTHER in err
    assert calando("song", "put", f"{name}.lul", "--name", "ours")[0] == 0
    with client.connect() as device:
        assert device.call("discard") is not None
        assert [item["name"] for item in device.list("song") if not item["built_in"]] == []


def test_an_air_s_own_file_may_be_put_by_its_name(calando, cable, tmp_path):
    (tmp_path / "amazing_grace.lul").write_bytes(song_file.air("amazing_grace"))
    assert calando("song", "put", "amazing_grace.lul")[0] == 0
    assert calando("song", "put", "amazing_grace")[0] == 0


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (("programme", "validate", "own.toml"), "programme"),
        (("programme", "put", "own.toml"), "programme"),
        (("programme", "preview", "own.toml", "--out", "own.wav"), "programme"),
        (("profile", "put", "night.toml"), "profile"),
        (("simulate", "scene.toml"), "profile"),
    ],
)
def test_such_a_song_beside_what_names_it_is_told_too(calando, cable, tmp_path, words, how):
    (tmp_path / "amazing_grace.lul").write_bytes(songs.DATA["edo"])
    (tmp_path / "own.toml").write_text(SLOW.replace('"brahms"', '"amazing_grace"').replace("= 60", "= 64"))
    (tmp_path / "night.toml").write_text('population = "adult"\nsong = "amazing_grace"\n')
    (tmp_path / "scene.toml").write_text(
        'title = "x"\nduration_s = 60\nprofile = "night.toml"\npatient.population = "adult"'
    )
    code, _, err = calando(*words)
    assert code == 1 and OTHER in err and err.endswith(f"rename the file, and name it so in the {how}.\n")
    with client.connect() as device:
        assert [item["name"] for item in device.list("song") if not item["built_in"]] == []
        assert not device.call("status")["staged"]
