"""A therapist's afternoon over a real pseudo-terminal: from the factory to a session, a backup, and back to it."""

import json
import sys
from contextlib import contextmanager

import pytest

from host_tools import cli
from host_tools.device import backup, client
from simulator.live import LiveDevice

ABC = "X:1\nT:Own\nM:4/4\nL:1/4\nK:C\nC D E F | G G A G | F E D C | C4 |\n"


class Hand:
    """At the button of a live device that stays when a command has done with it."""

    def __init__(self, live):
        self._live = live

    @property
    def port(self):
        return self._live.port

    def hold_button(self):
        self._live.hold_button()

    def close(self):
        pass


@contextmanager
def live_device(monkeypatch, *given, **more):
    """A simulated device, and every command finds it."""
    with LiveDevice(*given, **more) as live:
        monkeypatch.setattr(
            client,
            "connect",
            lambda port=None: client.Connection(client.SerialTransport(live.port), Hand(live)),
        )
        yield live


@pytest.fixture
def calando(monkeypatch, capsys, tmp_path):
    """Run a command in this process, in an empty folder; it must succeed; what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["calando", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capsys.readouterr()
        assert not stopped.value.code, err
        return out

    return run


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_from_the_factory_to_a_session_and_back_from_a_backup(runtime, calando, monkeypatch, tmp_path):
    (tmp_path / "own.abc").write_text(ABC)
    with live_device(monkeypatch, tmp_path / "flash", runtime, speed=20) as live:
        assert json.loads(calando("device", "info", "--json"))["profile"] is None

        calando("song", "import", "own.abc")
        assert "Read back and compared" in calando("song", "put", "own.lul", "--commit")

        ready = calando("profile", "show", "--ready", "newborn")
        edited = ready.replace('song = "twinkle"', 'song = "own"').replace(
            "level_dba = 48", "level_dba = 42.5"
        )
        (tmp_path / "night.toml").write_text(edited.replace('title = "Newborn"', 'title = "Night"'))
        assert "title, song, level_dba" in calando("profile", "validate", "night.toml")
        assert "LAeq" in calando("render", "--profile", "night.toml", "--seconds", "2", "--out", "dry.wav")
        said = calando("profile", "put", "night.toml", "--commit", "--checked")
        assert "profile  level_dba  - -> 42.5 dBA" in said and "Read back and compared" in said
        assert json.loads(calando("profile", "diff", "night.toml", "--json")) == []
        assert json.loads(calando("device", "info", "--json"))["profile"]["title"] == "Night"

        with client.connect() as device:
            device.bench(lambda text: None)
            live.press()
            live.wait_until_phase("baseline")
            assert device.call("status")["mode"] == "session"
            live.hold_button()
            live.wait_until_event("device_end")
        calando("session", "get", "newest", "--out", "played.calando")
        calando("session", "export", "played.calando")

        calando("backup", "all.zip")
        calando("factory-reset", client.connect().unit[-4:])
        assert json.loads(calando("device", "info", "--json"))["profile"] is None
        assert "The device is as all.zip has it." in calando("restore", "all.zip", "--checked")
        calando("backup", "again.zip")
        # It started anew after each commit, as it was asked to.
        assert len([event for event in live.events if event["kind"] == "reset"]) >= 4
        assert not [event for event in live.events if event["kind"] == "device_fault"]
    before, after = backup.read(tmp_path / "all.zip"), backup.read(tmp_path / "again.zip")
    assert len(before.names("session")) == 1 and not after.names("session")
    assert {
        name: data for name, data in before.objects.items() if not name.startswith("session.")
    } == after.objects
    assert set(after.objects) == {"profile", "song.own"}


def test_there_is_a_way_out_of_a_listening_programme(calando, monkeypatch, tmp_path):
    """It once left so little of the heap that no other profile could be put, none gone back to, and nothing reset."""
    with live_device(monkeypatch, tmp_path / "flash", speed=20) as live:
        plain = calando("profile", "show", "--ready", "adult")
        (tmp_path / "plain.toml").write_text(plain)
        (tmp_path / "settle.toml").write_text(
            plain.replace('listening_programme = "none"', 'listening_programme = "settle"').replace(
                'title = "Adult"', 'title = "Settle"'
            )
        )
        calando("programme", "put", "settle", "--commit")
        for _ in range(2):
            assert "Read back" in calando("profile", "put", "settle.toml", "--commit", "--checked")
            assert "Read back" in calando("profile", "put", "plain.toml", "--commit", "--checked")
        assert "Read back" in calando("profile", "rollback", "--commit", "--checked")
        assert "Read back" in calando("profile", "put", "plain.toml", "--commit", "--checked")
        calando("programme", "rm", "settle", "--commit")
        calando("factory-reset", client.connect().unit[-4:])
        assert json.loads(calando("device", "info", "--json"))["profile"] is None
        assert not [event for event in live.events if event["kind"] == "device_fault"]


def test_a_port_that_somebody_holds_is_named_with_who_it_is(tmp_path):
    with LiveDevice(runtime="cpython") as live:
        first = client.SerialTransport(live.port)
        try:
            with pytest.raises(client.CalandoError, match=f"{live.port} is in use"):
                client.connect(live.port)
        finally:
            first.close()


def test_sim_starts_a_device_whose_flash_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("CALANDO_SIM_DIR", str(tmp_path / "sim"))
    with client.connect("sim") as device:
        assert device.simulated and device.hello["product"] == "calando"
    assert (tmp_path / "sim" / "flash").stat().st_size > 0
