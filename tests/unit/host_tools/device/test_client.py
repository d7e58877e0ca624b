"""The computer's end of the USB protocol: what it believes, what it asks again, and what it says when it cannot."""

import base64
import errno
import hashlib
import time
from types import SimpleNamespace

import pytest
import serial
from answering import HELLO, STATUS, Answering

from firmware.usb import link
from host_tools.device import client
from host_tools.device.client import Connection, DeviceLost, DeviceRefused, NoDevice
from simulator.files.errors import CalandoError, Interrupted


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Nobody waits in these tests."""
    for name in ("ANSWER_S", "SLOW_ANSWER_S", "HELLO_S"):
        monkeypatch.setattr(client, name, 0.05)
    monkeypatch.setattr(client, "POLL_S", 0.001)
    monkeypatch.setattr(client, "RESTART_S", 0.05)


def status(commit):
    """What a device says of itself when its commit has come so far."""
    return STATUS | {"commit": commit}


UNREADABLE = link.encode({"id": None, "error": {"code": "bad_line", "text": "Not a line."}})


class TestOneQuestion:
    def test_an_answer_is_the_one_with_our_number(self):
        def late(message):
            return (
                link.encode({"id": message["id"] - 1, "ok": {"staged": 7}})
                + b"noise\n"
                + link.encode({"id": message["id"], "ok": {"staged": 1}})
            )

        assert Connection(Answering(stage=late)).call("stage") == {"staged": 1}

    def test_an_answer_that_comes_after_we_have_asked_again_is_taken(self):
        """A chip that first loads what answers takes two seconds for it: device info had to be asked twice."""
        late = []

        def slow(message):
            late.append(message["id"])
            return link.encode({"id": late[0], "ok": STATUS}) if len(late) == 3 else b""

        assert Connection(Answering(status=slow)).call("status") == STATUS
        assert len(late) == 3

    def test_a_simulated_device_on_a_busy_computer_is_waited_for_longer(self):
        """Beside a campaign one took half a minute to start, and a commit was told as lost."""
        asked = []

        def slow(message):
            asked.append(message["id"])
            return link.encode({"id": asked[0], "ok": STATUS}) if len(asked) == 20 else b""

        assert Connection(Answering(status=slow), patience=10).call("status") == STATUS
        with pytest.raises(DeviceLost, match="no longer answers"):
            Connection(Answering(status=lambda message: b""), patience=2).call("status")
        asked.clear()
        with pytest.raises(DeviceLost, match="no longer answers"):
            Connection(Answering(status=slow)).call("status")
        assert len(asked) == client.TRIES

    def test_a_refusal_carries_code_and_sentence(self):
        device = Connection(Answering(get=DeviceRefused("not_found", "There is no song of that name.")))
        with pytest.raises(DeviceRefused, match="no song of that name") as refused:
            device.call("get", name="song.none")
        assert refused.value.code == "not_found" and isinstance(refused.value, CalandoError)

    def test_an_older_device_names_the_time_for_the_button_otherwise(self):
        assert Connection(Answering(commit={"hold_s": 30})).call("commit") == {"within_s": 30}

    def test_what_was_damaged_on_its_way_there_is_sent_again_whatever_it_is(self):
        wire = Answering(commit=[UNREADABLE, {"within_s": 30}])
        assert Connection(wire).call("commit") == {"within_s": 30}
        assert [message["cmd"] for message in wire.asked] == ["hello", "commit", "commit"]

    @pytest.mark.parametrize(("command", "times"), [("status", client.TRIES), ("commit", 1), ("stage", 1)])
    def test_without_an_answer_only_what_can_do_no_harm_is_asked_again(self, command, times):
        wire = Answering(**{command: b""})
        with pytest.raises(DeviceLost, match="no longer answers"):
            Connection(wire).call(command)
        assert len(wire.asked) == 1 + times

    def test_a_name_longer_than_a_line_is_a_sentence_and_is_not_sent(self):
        wire = Answering()
        with pytest.raises(
            CalandoError, match=r"^remove song.x+... is longer than a device takes; choose a shorter"
        ):
            Connection(wire).call("remove", name="song." + "x" * 5000)
        assert [message["cmd"] for message in wire.asked] == ["hello"]

    def test_a_pulled_cable_is_a_sentence(self):
        wire = Answering(status=OSError(errno.EIO, "Input/output error"))
        with pytest.raises(DeviceLost, match=r"is gone .input/output error.: nothing was committed"):
            Connection(wire).call("status")


class TestObjects:
    DATA = bytes(range(256)) * 3

    def chunk(self, message, data=None, digest=None):
        data = data or self.DATA
        at = message["at"]
        answer = {"data": base64.b64encode(data[at : at + 256]).decode(), "size": len(data)}
        if at + 256 < len(data):
            return answer | {"next": at + 256}
        return answer | {"next": None, "sha256": digest or hashlib.sha256(data).hexdigest()}

    def test_an_object_comes_in_chunks_with_progress(self):
        seen = []
        device = Connection(Answering(get=self.chunk))
        assert device.get("session.1", lambda done, total: seen.append((done, total))) == self.DATA
        assert seen == [(256, 768), (512, 768), (768, 768)]

    def test_what_differs_from_its_hash_is_read_again_and_then_refused(self):
        wrong = Answering(get=lambda message: self.chunk(message, digest="0" * 64))
        with pytest.raises(CalandoError, match="differs each time from its SHA-256"):
            Connection(wrong).get("profile")
        assert len(wrong.asked) == 1 + 3 * client.TRIES

    def test_what_has_arrived_already_is_not_sent_again(self):
        sent = []

        def data(message):
            sent.append(message["at"])
            return {"have": message["at"] + len(base64.b64decode(message["data"]))}

        wire = Answering(put={"have": 512}, data=data)
        Connection(wire).put("song.own", self.DATA)
        assert sent == [512]
        assert wire.asked[1]["sha256"] == hashlib.sha256(self.DATA).hexdigest()

    def test_a_list_comes_in_pages(self):
        one, two = ({"name": name, "bytes": 60, "built_in": False} for name in "ab")
        wire = Answering(list=[{"items": [one], "next": 1}, {"items": [two], "next": None}])
        assert Connection(wire).list("song") == [one, two]
        assert [message["from"] for message in wire.asked[1:]] == [0, 1]


class TestCommit:
    def test_it_asks_for_the_button_and_waits_for_the_restart(self):
        said = []
        states = [status(state) for state in ("waiting", "waiting", "done", "done", "none")]
        wire = Answering(commit={"within_s": 30}, status=states)
        Connection(wire).commit(said.append, checked=True)
        assert states == []
        assert wire.asked[1]["checked"] is True
        assert "Hold the button" in said[0] and "within 30 s" in said[0]

    def test_a_restart_that_was_over_before_we_looked_is_one(self):
        wire = Answering(commit={"within_s": 30}, status=[status("waiting"), status("none")])
        Connection(wire).commit(lambda text: None)

    def test_nobody_there_is_a_sentence(self):
        wire = Answering(commit={"within_s": 1}, status=status("expired"))
        with pytest.raises(CalandoError, match=r"nobody held the button .* nothing was changed"):
            Connection(wire).commit(lambda text: None)

    def test_it_can_be_cancelled_while_the_button_is_waited_for(self):
        wire = Answering(commit={"within_s": 30}, status=status("waiting"), discard={"staged": 0})
        with pytest.raises(CalandoError, match="cancelled: nothing was changed"):
            Connection(wire).commit(lambda text: None, cancelled=lambda: True)
        assert wire.asked[-1]["cmd"] == "discard"

    def test_once_the_button_was_held_it_is_too_late_to_cancel(self):
        wire = Answering(
            commit={"within_s": 30},
            status=[status("waiting"), status("done"), status("none")],
            discard=DeviceRefused("busy", "What is staged is being committed; wait for status."),
        )
        said = []
        Connection(wire).commit(said.append, cancelled=lambda: True)
        assert said[-1].startswith("Done")

    @pytest.mark.parametrize(
        ("states", "discard", "says"),
        [
            (["waiting", "waiting"], {"staged": 0}, "nothing was committed, and nothing is staged any more"),
            (
                ["waiting", "waiting", "done"],
                DeviceRefused("busy", "What is staged is being committed; wait for status."),
                "all of it was committed",
            ),
            (["waiting", "expired"], {"staged": 0}, "still staged"),
        ],
    )
    def test_ctrl_c_says_what_was_done(self, monkeypatch, states, discard, says):
        asked = []

        def sleep(seconds):
            asked.append(seconds)
            if len(asked) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(client, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
        wire = Answering(commit={"within_s": 30}, status=[status(state) for state in states], discard=discard)
        with pytest.raises(Interrupted, match=says):
            Connection(wire).commit(lambda text: None)

    def test_the_port_may_come_back_under_another_name(self, monkeypatch):
        gone = Answering(commit={"within_s": 1}, status=[status("done"), OSError(errno.EIO, "gone")])
        device = Connection(gone)
        monkeypatch.setattr(client, "serial_ports", lambda: ["/dev/other"])
        back = Answering(status=status("none"))

        def open_port(name):
            if name != "/dev/other":
                raise CalandoError("no such port")
            return back

        monkeypatch.setattr(client, "SerialTransport", open_port)
        device.commit(lambda text: None)
        assert gone.closed
        assert device.call("status") == STATUS

    def test_a_device_that_stays_away_is_a_sentence(self, monkeypatch):
        gone = Answering(commit={"within_s": 1}, status=[status("done"), OSError(errno.EIO, "gone")])
        monkeypatch.setattr(client, "serial_ports", list)
        with pytest.raises(DeviceLost, match="took the change, and has not come back"):
            Connection(gone).commit(lambda text: None)

    def test_a_simulated_button_is_held_by_the_program(self):
        held, said = [], []
        beside = SimpleNamespace(
            port="", hold_button=lambda: held.append(True), close=lambda: held.append(False)
        )
        device = Connection(
            Answering(bench={"within_s": 1}, status=[STATUS, STATUS | {"mode": "bench"}]), beside
        )
        device.bench(said.append)
        device.close()
        assert held == [True, False] and "simulated" in said[0]

    def test_a_flash_that_fails_is_a_sentence(self):
        wire = Answering(commit={"within_s": 1}, status=status("failed"))
        with pytest.raises(CalandoError, match="did not take all of it"):
            Connection(wire).commit(lambda text: None)


class TestFinding:
    def plug_in(self, monkeypatch, **ports):
        """Ports by name: a wire, or the error that opening it gives."""

        def open_port(name):
            wire = ports[name.removeprefix("/dev/")]
            if isinstance(wire, Exception):
                raise wire
            wire.name = name
            return wire

        monkeypatch.setattr(client, "serial_ports", lambda: [f"/dev/{name}" for name in ports])
        monkeypatch.setattr(client, "SerialTransport", open_port)

    def test_the_one_that_answers_is_found_among_others(self, monkeypatch):
        self.plug_in(monkeypatch, a=Answering(hello=b"ERROR\r\n"), b=Answering(), c=Answering(hello=b""))
        assert client.connect().port == "/dev/b"

    def test_none_is_a_sentence(self, monkeypatch):
        self.plug_in(monkeypatch, a=Answering(hello=b""))
        with pytest.raises(CalandoError, match=r"no Calando device found \(asked /dev/a\).*--port sim"):
            client.connect()
        self.plug_in(monkeypatch)
        with pytest.raises(CalandoError, match="no USB serial port"):
            client.connect()

    def test_two_are_listed(self, monkeypatch):
        wires = {"a": Answering(), "b": Answering(hello=HELLO | {"unit": "c3d4"})}
        self.plug_in(monkeypatch, **wires)
        with pytest.raises(
            CalandoError, match=r"/dev/a \(unit a1b2\), /dev/b \(unit c3d4\); choose one with --port"
        ):
            client.connect()
        assert all(wire.closed for wire in wires.values())

    def test_a_port_that_may_not_be_asked_is_told_rather_than_none_found(self, monkeypatch):
        self.plug_in(monkeypatch, a=Answering(hello=b""), b=CalandoError("/dev/b is in use by screen"))
        with pytest.raises(CalandoError, match="in use by screen"):
            client.connect()

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (b"ERROR\r\nERROR\r\n", "something answers that is no Calando device"),
            (HELLO | {"product": "toaster"}, "something answers that is no Calando device"),
            (b"x" * 10_000, "something answers that is no Calando device"),
            (b"", "nothing answers"),
            (b"MicroPython v1.26\r\n>>> ", "maintenance mode"),
            (HELLO | {"protocol": link.PROTOCOL + 1}, "renew calando on this computer"),
        ],
    )
    def test_what_is_not_ours_is_told(self, answer, says):
        wire = Answering(hello=answer)
        with pytest.raises(CalandoError, match=says):
            Connection(wire)
        assert wire.closed

    @pytest.mark.parametrize("port", ["", " ", "a\0b", "\x1b[31m", "\udcff"])
    def test_what_can_be_the_name_of_no_port_is_a_sentence(self, port):
        with pytest.raises(CalandoError, match=r'^"(?s:.*)" is no serial port; leave --port out'):
            client.connect(port)

    @pytest.mark.parametrize(
        ("number", "says"),
        [
            (errno.ENOENT, "there is no port /dev/null"),
            (errno.EBUSY, "/dev/null is in use"),
            (errno.EAGAIN, "/dev/null is in use"),
            (errno.EACCES, "sudo usermod -aG [a-z]+ "),
            (errno.EIO, "cannot be opened"),
        ],
    )
    def test_a_port_that_cannot_be_opened_is_a_sentence(self, monkeypatch, number, says):
        def refuse(*_, **__):
            raise serial.SerialException(number, "no")

        monkeypatch.setattr(serial, "Serial", refuse)
        monkeypatch.setattr(client.sys, "platform", "linux")
        with pytest.raises(CalandoError, match=says) as refused:
            client.connect("/dev/null")
        assert not isinstance(refused.value, NoDevice)
