"""The simulated device that lives: started, used by hand, unplugged, without power, and there again with what it knew."""

import os
import subprocess
import sys
import time

import pytest

from firmware.prescription.profile import READY, Profile
from host_tools.device import changes, client
from simulator import flash
from simulator.files.errors import CalandoError
from simulator.live import LiveDevice
from simulator.runtimes import rp2040

RUNTIMES = ["micropython", "cpython"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_plays_when_somebody_presses_and_not_while_a_computer_is_there(runtime):
    with LiveDevice(runtime=runtime, profile="newborn", speed=20) as device:
        device.press()
        assert device.wait_until_event("device_end")["detail"] == {"end": "refused", "reason": "usb_host"}
        device.unplug()
        device.press()
        device.wait_until_phase("baseline")
        device.hold_button()
        device.wait_until_event("device_end", 2)
        assert device.phase == "idle"


def test_one_from_the_factory_refuses_to_play():
    with LiveDevice(speed=20) as device:
        device.unplug()
        device.press()
        assert device.wait_until_event("device_end")["detail"]["reason"] == "not_confirmed"


def test_a_power_cut_ends_the_session_and_it_boots_again():
    with LiveDevice(profile="newborn", speed=20) as device:
        device.unplug()
        device.press()
        device.wait_until_phase("baseline")
        device.power_cut(1)
        boots = device.wait_until_event("device_boot", 2)
        assert boots["detail"]["value"] == 1
        assert device.phase == "idle"


def test_the_port_goes_with_the_cable_and_comes_back():
    with LiveDevice() as device:
        port = os.open(device.port, os.O_RDWR | os.O_NOCTTY)
        device.unplug()
        with pytest.raises(OSError):
            os.write(port, b"\n")
        os.close(port)
        with pytest.raises(CalandoError, match="unplugged"):
            _ = device.port
        device.plug()
        os.close(os.open(device.port, os.O_RDWR | os.O_NOCTTY))


def test_its_flash_outlives_it(tmp_path):
    path = tmp_path / "some folder" / "flash"
    with LiveDevice(path, profile="newborn"):
        pass
    with LiveDevice(path, profile="adult"):  # not a new one: its profile stays
        pass
    with flash.Flash.in_file(path) as kept:
        assert b'"newborn"' in (kept.load("profile") or b"")


def test_two_programs_cannot_have_the_same_flash(tmp_path):
    path = tmp_path / "flash"
    with (
        LiveDevice(path),
        pytest.raises(CalandoError, match="running already"),
        LiveDevice(path),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"flash": "/proc/no such place/flash"}, "cannot be kept there"),
        ({"profile": "grown-up"}, "grown-up"),
        ({"scenario": "no such scenario"}, "no scenario named"),
    ],
)
def test_what_it_cannot_start_from_is_a_sentence(options, words):
    with pytest.raises(CalandoError, match=words), LiveDevice(**options):
        pass


def test_whom_nobody_reads_any_more_ends_without_a_word():
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.live"], stdin=subprocess.DEVNULL, stdout=writing,
        stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_chip_without_an_image_is_a_sentence(monkeypatch):
    monkeypatch.delenv(rp2040.IMAGE_VARIABLE, raising=False)
    with pytest.raises(CalandoError, match=r"CALANDO_UF2.*download"), LiveDevice(runtime="rp2040"):
        pass


def test_a_file_that_is_no_flash_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir")
    with pytest.raises(CalandoError, match="no flash of a simulated device: 8 bytes"), LiveDevice(path):
        pass
    assert path.read_text() == "Dear Sir"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_client_that_ships_gets_its_answer(runtime):
    with LiveDevice(runtime=runtime, profile="newborn") as simulated:
        for _ in range(2):  # closed and opened again, as one command after the other does
            with client.Connection(client.SerialTransport(simulated.port)) as device:
                assert device.hello["product"] == "calando"
                assert device.call("status")["mode"] == "idle"
        simulated.unplug()
        simulated.plug()
        with client.Connection(client.SerialTransport(simulated.port)) as device:
            assert device.call("status")["commit"] == "none"


def test_it_keeps_time():
    with LiveDevice(profile="newborn", speed=10) as device:
        device.unplug()
        device.press()
        device.wait_until_phase("baseline")
        began_s, started = device.events[-1]["time_s"], time.monotonic()
        time.sleep(1)
        device.hold_button(1.2)
        later_s = device.wait_until_event("device_end")["time_s"]
        passed_s = time.monotonic() - started
        # Never ahead of the clock; behind it as far as a busy machine makes it.
        assert 2 <= later_s - began_s <= 10 * passed_s + 3


def test_the_device_of_a_desk_takes_a_profile_after_it_was_plugged_in_many_times():
    # Each time leaves a little in the desk's interpreter and nothing on a chip: after 14 an adult's found no room.
    with LiveDevice(profile="adult", speed=20, lasting=True) as live:
        for _ in range(24):
            with client.Connection(client.SerialTransport(live.port)) as device:
                changes.profile_on(device)
            live.unplug()
            time.sleep(0.2)  # four of the device's seconds: it fetches what looks at the light
            live.plug()
        with client.Connection(client.SerialTransport(live.port)) as device:
            changes.put_profile(device, Profile.from_values({**READY["adult"], "level_dba": 44}))
            assert device.call("status")["staged"] == 1
