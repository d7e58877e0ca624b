"""Blinded studies at the desk: begun, brought along, sealed into profiles, told blind, unsealed once."""

import datetime
import json

import pytest
from typer.testing import CliRunner

from firmware.prescription.profile import SEAL, Profile, ProfileError, sham_arm, study_mark
from host_tools.cli import app
from host_tools.device import studies
from simulator.files.errors import CalandoError

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CALANDO_STUDIES_DIR", str(tmp_path / "studies"))
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calando(*words):
    result = CliRunner().invoke(app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def with_arm(arm="a", population="newborn", **settings):
    return Profile.from_values({"population": population, "arm": arm, **settings})


def test_the_lot_falls_both_ways_and_always_one_arm_is_the_sham():
    arms = [sham_arm(f"{number:032x}") for number in range(400)]
    assert set(arms) == {"a", "b"} and 150 < arms.count("a") < 250
    for number in range(50):
        seal = f"{number:032x}"
        silent = [with_arm(arm, seal=seal).silent for arm in ("a", "b")]
        assert sorted(silent) == [False, True]
        breath = {"population": "adult", "mode": "follow_breath", "seal": seal}
        found = [with_arm(arm, **breath) for arm in ("a", "b")]
        assert [one.stranger for one in found] == silent and not any(one.silent for one in found)
        # Where the music does not answer to the breath, nobody would hear whose it is.
        found = [with_arm(arm, breath_feedback="none", **breath) for arm in ("a", "b")]
        assert [one.silent for one in found] == silent and not any(one.stranger for one in found)
        assert 0 <= study_mark(seal) < 1 << 24


@pytest.mark.parametrize(
    "values",
    [{"arm": "c"}, {"arm": "a", "seal": "short"}, {"arm": "a", "seal": 7}, {"seal": "0" * 32}],
)
def test_a_seal_or_arm_that_cannot_be_is_refused(values):
    with pytest.raises(ProfileError):
        Profile.from_values({"population": "adult", **values})


def test_a_profile_is_sealed_by_the_only_study_that_goes_on_or_by_the_one_named():
    one = studies.begin("one", NOW)
    assert studies.sealed(with_arm()).values[SEAL] == one.seal
    assert SEAL not in studies.sealed(with_arm("none")).values
    two = studies.begin("two", NOW + datetime.timedelta(minutes=1))
    with pytest.raises(CalandoError, match='one of the studies "one", "two"; say which with --study'):
        studies.sealed(with_arm())
    assert (
        studies.sealed(with_arm(), "two").values[SEAL]
        == studies.sealed(with_arm(), two.mark).values[SEAL]
        == two.seal
    )
    with pytest.raises(CalandoError, match="which arm"):
        studies.sealed(with_arm("none"), "two")
    studies.unseal(two, NOW)
    with pytest.raises(CalandoError, match="was unsealed on 2026-03-01"):
        studies.sealed(with_arm(), "two")
    assert studies.sealed(with_arm()).values[SEAL] == one.seal


def test_what_is_told_of_a_session_stays_blind_until_the_study_is_unsealed_here():
    study = studies.begin("lullabies", NOW)
    written = {arm: with_arm(arm, seal=study.seal).study for arm in ("a", "b")}
    for arm, value in written.items():
        assert studies.told(value) == (
            study.mark,
            arm,
            None,
            f'arm {arm} of the blinded study "lullabies", sealed',
        )
    with pytest.raises(CalandoError, match="is sealed"):
        study.opened()
    opened = studies.unseal(study, NOW)
    assert studies.unseal(opened, NOW + datetime.timedelta(days=1)).unsealed == NOW
    assert {studies.told(value).was for value in written.values()} == {"music", "sham"}
    sham = sham_arm(study.seal)
    assert studies.told(written[sham]).was == "sham"
    assert "not on this computer" in studies.told(12).words


def test_a_study_goes_to_another_computer_and_no_two_are_mixed_up(monkeypatch, folder):
    calando("study", "new", "first", "--out", "first.study")
    with pytest.raises(CalandoError, match="already"):
        studies.begin("first", NOW)
    here = studies.find("first")
    monkeypatch.setenv("CALANDO_STUDIES_DIR", str(folder / "other"))
    calando("study", "join", "first.study")
    calando("study", "join", "first.study")
    assert [study.seal for study in studies.known()] == [here.seal]
    monkeypatch.setenv("CALANDO_STUDIES_DIR", str(folder / "third"))
    studies.begin("first", NOW)
    with pytest.raises(CalandoError, match="another study"):
        studies.join(here)


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b'{"format": "calando study"}', b"[" * 5000])
def test_a_file_that_is_no_study_is_one_sentence_that_shows_nothing_of_it(text, folder):
    (folder / "x").write_bytes(text)
    with pytest.raises(CalandoError, match=r"is no whole study|a study has at most"):
        studies.read(folder / "x")


@pytest.mark.parametrize("title", ["", "x" * 41, "a\nb"])
def test_a_title_that_cannot_be_is_refused(title):
    with pytest.raises(CalandoError, match="1 to 40 printable"):
        studies.begin(title, NOW)


def test_no_command_shows_the_seal_or_the_arms_before_unsealing(folder):
    said = calando("study", "new", "quiet")
    (folder / "a.toml").write_text('population = "newborn"\narm = "a"\n')
    said += calando("profile", "validate", "a.toml")
    said += calando("profile", "put", "a.toml", "--commit", "--checked", "--port", "sim")
    said += calando("profile", "show", "--port", "sim") + calando(
        "profile", "show", "--json", "--port", "sim"
    )
    said += calando("profile", "list", "--port", "sim") + calando("device", "info", "--port", "sim")
    said += calando("study", "list") + calando("study", "list", "--json")
    study = studies.find("quiet")
    assert 'arm = "a"' in said and "Read back and compared" in said
    assert study.seal not in said and "sham" not in said.replace("is a sham, and nobody", "")
    with pytest.raises(CalandoError, match="add --yes"):
        calando("study", "unseal", "quiet")
    arms = json.loads(calando("study", "unseal", study.mark, "--yes", "--json"))["arms"]
    assert arms == {"a": "music", "b": "sham"} or arms == {"b": "music", "a": "sham"}


def test_an_arm_without_a_study_is_refused_before_anything_is_sent(folder):
    (folder / "a.toml").write_text('population = "newborn"\narm = "a"\n')
    with pytest.raises(CalandoError, match="none is going on on this computer"):
        calando("profile", "put", "a.toml", "--port", "sim")
