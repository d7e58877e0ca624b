"""Deployment onto an emulated Pico through its USB line, by the real mpremote; where CALANDO_UF2 names an image.

Half an hour of work, half of it for the whole firmware, which is sent and booted once. The cuts are tried with one of three
small modules: the chip, its file system, the files that start the firmware and the deployment are the real ones.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from mpremote.transport_serial import SerialTransport

import simulator.live
from firmware.version import VERSION
from host_tools.device import client
from host_tools.release import deploy
from host_tools.release import image as compiled
from simulator.files.errors import CalandoError
from simulator.interpreter import compile_file
from simulator.live import LiveDevice
from simulator.runtimes import rp2040
from simulator.slot import SUMS, slot_of, slot_sums

needs_image = pytest.mark.skipif(rp2040.why_not() is not None, reason=str(rp2040.why_not()))
QUIET = lambda text: None  # noqa: E731
BOOT_S = 300.0  # on the clock on the wall; the chip's own is seven seconds further by then
SHORTLY_S = 60.0


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A board is silent for seconds of its own; the emulated one's are long, and longer where others are at work."""
    monkeypatch.setattr(deploy, "PROMPT_S", BOOT_S)
    monkeypatch.setattr(simulator.live, "ANSWER_S", BOOT_S)  # a finger is held for seconds of the chip's
    read_until = SerialTransport.read_until

    def patient(self, least, ending, timeout=None, data_consumer=None, timeout_overall=None):
        return read_until(self, least, ending, BOOT_S, data_consumer, timeout_overall)

    monkeypatch.setattr(SerialTransport, "read_until", patient)
    monkeypatch.setattr(
        deploy, "SerialTransport", lambda port, timeout: SerialTransport(port, timeout=BOOT_S)
    )


def live(flash: Path) -> LiveDevice:
    return LiveDevice(flash, runtime="rp2040")


def small(folder: Path, name: str) -> dict[str, bytes]:
    """A firmware that keeps its name and gives the prompt, in folders as an older one of ours."""
    sources = {
        "boot": "def maintenance():\n    return True\n\ndef main():\n    pass\n",
        "main": f"def main(left):\n    global runs\n    runs = {name!r}\n",
        "part": f"# {name}\nTABLE = {tuple(range(2000, 2500))}\nNAME = {name!r}\n",
    }
    files = {}
    for module, text in sources.items():
        source, target = folder / f"{module}.py", folder / f"{module}.mpy"
        source.write_text(text)
        compile_file(source, target, "armv6m", f"firmware/{module}.py")
        files[f"firmware/{module}.mpy"] = target.read_bytes()
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    manifest = json.dumps({"version": name, "files": hashes}).encode()
    return {**files, SUMS: slot_sums(files), compiled.MANIFEST: manifest}


def without_sums(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != SUMS}


def mpremote(port: str, *command: str) -> str:
    """What the command line tool prints; without its soft reset, which would end a maintenance."""
    program = [sys.executable, "-m", "mpremote", "connect", port, "resume", *command]
    return subprocess.run(program, capture_output=True, text=True, timeout=SHORTLY_S, check=True).stdout


def what_boots(flash: Path) -> str:
    """Switch the device on, wait until it has started, and ask which of the small firmwares did."""
    with live(flash) as device:
        with serial.Serial(device.port, timeout=SHORTLY_S) as port:
            port.write(b"\r")
            assert port.read_until(b">>> ").endswith(b">>> ")
        return mpremote(device.port, "exec", "from firmware import main; print(main.runs)").strip()


class PulledBoard(deploy.Board):
    """A board whose cable, which is its supply too, is pulled at the Nth change: in a file that is open, before a copy, or
    after the switch."""

    pull: Callable[[], None] = staticmethod(lambda: None)
    cut_at = 0
    changes = 0

    def _change(self) -> None:
        type(self).changes += 1
        if self.changes == self.cut_at:
            self.pull()

    def write(self, path: str, data: bytes) -> None:
        left = [self._change]
        self._transport.fs_writefile(path, data, 1024, lambda written, size: left.pop()() if left else None)

    def copy(self, source: str, target: str) -> None:
        self._change()
        super().copy(source, target)

    def switch(self, slot: str) -> None:
        super().switch(slot)
        self._change()


@needs_image
def test_a_deploy_cut_at_every_file_leaves_a_chip_that_boots(tmp_path, monkeypatch):
    """The sentence that the person reads says which firmware it is."""
    old, new = small(tmp_path, "old"), slot_of(without_sums(small(tmp_path, "new")))
    flash, before = tmp_path / "flash", tmp_path / "before"
    with live(flash) as device:
        assert mpremote(device.port, "fs", "ls").split() == ["ls", ":"]
        with deploy.connected(device.port) as board:
            assert (board.machine, board.arch) == ("Raspberry Pi Pico with RP2040", "armv6m")
            assert deploy.deploy(board, old, QUIET).slot == "a"
    shutil.copy(flash, before)
    assert what_boots(flash) == "old"
    monkeypatch.setattr(deploy, "Board", PulledBoard)
    seen = []
    for cut_at in range(1, 10):
        shutil.copy(before, flash)
        monkeypatch.setattr(PulledBoard, "cut_at", cut_at)
        monkeypatch.setattr(PulledBoard, "changes", 0)
        with live(flash) as device:
            monkeypatch.setattr(PulledBoard, "pull", staticmethod(device.unplug))
            try:
                with deploy.connected(device.port) as board:
                    deploy.deploy(board, new, QUIET)
                said = None
            except CalandoError as error:
                said = str(error).partition("; ")[2]
        seen.append((said, what_boots(flash)))
        if said is None:
            break
    old_stays = ("the firmware that was on the device is still on it; deploy again", "old")
    assert seen[:3] == [old_stays] * 3  # in the middle of each file of the slot
    assert (
        seen[3][0].startswith("the device starts with the old firmware or the new one")
        and seen[3][1] == "old"
    )
    assert seen[4] == (
        "all of the new firmware is on the device, which runs it from the next start on",
        "new",
    )
    assert seen[5:] == [(None, "new")]


@needs_image
def test_the_prompt_outlives_a_pulled_cable_and_a_reset_and_the_flash_its_process(tmp_path):
    with live(tmp_path / "flash") as device:
        mpremote(device.port, "exec", "kept = 41; import os; os.mkdir('/there')")
        device.unplug()
        device.plug()
        assert mpremote(device.port, "exec", "print(kept + 1)") == "42\n"
        mpremote(device.port, "exec", "--no-follow", "import machine; machine.reset()")
        device.wait_until_event("reset")
        assert mpremote(
            device.port, "exec", "import machine; print('kept' in dir(), machine.reset_cause())"
        ) == ("False 3\n")
        assert device._process is not None
        device._process.kill()
    with live(tmp_path / "flash") as device:
        assert mpremote(device.port, "fs", "ls").split() == ["ls", ":", "0", "there/"]


@needs_image
def test_the_whole_firmware_is_deployed_on_an_empty_chip_and_boots(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "HELLO_S", SHORTLY_S)  # a second of the chip's
    with live(tmp_path / "flash") as device:
        done = deploy.command(device.port, None, QUIET)
        assert (done["board"], done["before"], done["after"]) == ("RP2040", None, VERSION)
        assert done["written"] == len(slot_of(compiled.image("armv6m")))
        device.wait_until_event("device_boot", timeout_s=BOOT_S)
        assert "device_fault" not in [event["kind"] for event in device.events], "the reset was wanted"
        with client.Connection(client.SerialTransport(device.port)) as there:
            assert (there.hello["product"], there.hello["firmware"]) == ("calando", VERSION)
        # Somebody switches it off, and on again with a finger on its button for two seconds.
        device.power_cut(2)
        device.hold_button(2)
        with deploy.connected(device.port) as board:
            assert board.slot == "a"
