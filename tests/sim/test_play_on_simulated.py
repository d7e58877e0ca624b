"""`calando simulate --port sim`: the session is on the simulated device afterwards, as on a real one."""

import json

import pytest
from typer.testing import CliRunner

from host_tools.cli import app
from host_tools.device import client, simulated
from simulator.files import profile_file
from simulator.files.errors import CalandoError
from simulator.flash import Flash

MINUTE = """\
title = "a minute at the bedside"
duration_s = {duration_s}
profile = "{profile}"
[patient]
population = "{profile}"
pulse_rate_bpm = {pulse}
[[event]]
at_s = 5
do = "press"
[[event]]
at_s = 60
do = "hold"
[expect]
end = "silenced"
"""


@pytest.fixture
def calando(monkeypatch, tmp_path):
    """Run a command in an empty folder with a simulated device of its own; what it said."""
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    monkeypatch.chdir(tmp_path)
    for name, pulse in (("newborn", 150), ("adult", 75)):
        scenario = MINUTE.format(profile=name, pulse=pulse, duration_s=90)
        (tmp_path / f"{name}.toml").write_text(scenario)

    def run(*words):
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_what_was_played_is_listed_got_reported_and_exported(calando, tmp_path):
    assert "The session is on the simulated device" in calando("simulate", "newborn.toml", "--port", "sim")
    calando("simulate", "adult.toml", "--port", "sim")  # the next scenario's profile, and a day later
    there = json.loads(calando("session", "list", "--port", "sim", "--json"))
    assert [(item["age"], item["cut"]) for item in there] == [(2, False), (1, False)]
    calando("session", "get", "1", "--port", "sim", "--out", "one.calando")
    calando("session", "report", "one.calando", "--out", "one.html")
    calando("session", "export", "one.calando")
    assert "silenced" in (tmp_path / "one.html").read_text()


def test_a_session_that_the_scenario_ends_in_is_cut_off(calando, tmp_path):
    pressed_only = MINUTE.format(profile="newborn", pulse=150, duration_s=50).partition(
        "[[event]]\nat_s = 60"
    )[0]
    (tmp_path / "cut.toml").write_text(pressed_only)
    calando("simulate", "cut.toml", "--port", "sim", "--out", "a")
    assert "cut off before its end" in calando("session", "list", "--port", "sim")


def test_pauses_are_kept_unless_time_passes(calando, tmp_path):
    calando("simulate", "newborn", "--port", "sim", "--out", "a")
    with pytest.raises(CalandoError, match="ended refused"):
        calando("simulate", "newborn.toml", "--port", "sim", "--rest-hours", "0")
    summary = json.loads((tmp_path / "out/newborn/summary.json").read_text())
    assert (summary["end"], summary["reason"]) == ("refused", "too_soon")
    with client.connect("sim") as device:
        assert len(device.list("session")) == 1
    calando("simulate", "newborn.toml", "--port", "sim", "--rest-hours", "24")


def test_a_profile_that_a_therapist_committed_stays_and_plays(calando, tmp_path):
    values = profile_file.check({"population": "newborn", "title": "Night"}, "-").values
    with Flash.in_file(simulated.flash_path()) as flash:
        flash.commit_profile(values)
    said = calando("simulate", "newborn.toml", "--port", "sim")
    assert 'plays ("Night", newborn), not the scenario\'s' in said
    calando("session", "get", "--port", "sim", "--out", "one.calando")
    assert json.loads((tmp_path / "one.calando").read_text())["profile"]["title"] == "Night"
    with Flash.in_file(simulated.flash_path()) as flash:
        assert json.loads(flash.load("profile")) == values


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--port", "/dev/ttyACM0"), "not on /dev/ttyACM0; choose --port sim"),
        (("--port", ""), '"" is no serial port; leave --port out'),
        (("--port", "sim", "--runtime", "rp2040"), "no emulated chip"),
        (("--rest-hours", "3"), "add --port sim"),
    ],
)
def test_what_cannot_be_is_one_sentence(calando, words, sentence):
    with pytest.raises(CalandoError, match=sentence):
        calando("simulate", "newborn.toml", *words)


def test_a_device_in_use_is_one_sentence_and_nothing_is_written(calando, tmp_path):
    with Flash.in_file(simulated.flash_path()), pytest.raises(CalandoError, match="running already"):
        calando("simulate", "newborn.toml", "--port", "sim")
    assert not (tmp_path / "out").exists()
