"""Deployment onto real MicroPython with a real littlefs, at its prompt on a pseudo-terminal, spoken to by mpremote."""

import contextlib
import errno
import hashlib
import json
import os
import pty
import subprocess
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from firmware.version import VERSION
from host_tools.release import deploy
from host_tools.release import image as compiled
from simulator.files.errors import CalandoError
from simulator.flash import page_files
from simulator.interpreter import find_micropython
from simulator.slot import slot_of

pytestmark = pytest.mark.skipif(find_micropython() is None, reason="there is no MicroPython for this machine")
FLASH_BYTES = 1 << 20
QUIET = lambda text: None  # noqa: E731


class Desk:
    """A flash in a file, and boards that run on it."""

    def __init__(self, folder: Path):
        self.flash = folder / "flash"
        self.flash.write_bytes(b"\xff" * FLASH_BYTES)
        self._on = contextlib.ExitStack()

    @contextlib.contextmanager
    def port(self) -> Iterator[str]:
        """Power on: the port of a board that gives its prompt."""
        device, computer = pty.openpty()
        tty.setraw(computer)
        process = subprocess.Popen(
            [*(find_micropython() or []), "-X", "heapsize=400k", "-i", str(Path(__file__).with_name("prompt_board.py")),
             str(self.flash)],
            stdin=device, stdout=device, stderr=device,
        )  # fmt: skip
        with self._on:
            self._on.callback(os.close, computer)
            self._on.callback(os.close, device)
            self._on.callback(process.wait)
            self._on.callback(process.kill)
            yield os.ttyname(computer)

    def pull(self) -> None:
        """Pull the cable, which is the board's supply too: its port is gone."""
        self._on.close()

    def deploy(self, files: dict[str, bytes]) -> deploy.Deployed:
        with self.port() as port, deploy.connected(port) as board:
            return deploy.deploy(board, files, QUIET)

    def boots(self) -> dict[str, bytes]:
        """What would boot now: path to hash of the slot that /slot names, and the starters."""
        with self.port() as port, deploy.connected(port) as board:
            slot = board.slot
            assert slot in deploy.SLOTS
            manifest = json.loads(board.read(f"/{slot}/{compiled.MANIFEST}") or "")
            hashes = board.hashes("/" + slot)
            for name, value in manifest["files"].items():
                assert hashes[f"/{slot}/{name}"] == value
            assert {
                name: (board.read("/" + name) or "").encode() for name in compiled.STARTERS
            } == compiled.starters()
            return manifest["files"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def files_of(*contents: str) -> dict[str, bytes]:
    files = {f"firmware/part{place}.mpy": text.encode() * 90 for place, text in enumerate(contents)}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return {**files, compiled.MANIFEST: json.dumps({"version": VERSION, "files": hashes}).encode()}


OLD = files_of("a", "b", "same")
NEW = files_of("a changed", "b changed", "same", "more")


def hashes_of(files: dict[str, bytes]) -> dict[str, str]:
    return json.loads(files[compiled.MANIFEST])["files"]


class CutBoard(deploy.Board):
    """A board whose cable is pulled at the Nth change; `half` of what was being written has arrived."""

    changes = 0
    cut_at: int | None = None

    def _change(self) -> None:
        type(self).changes += 1
        if self.changes == self.cut_at:
            raise serial.SerialException("gone")

    def _half_or_whole(self, write: Callable[[str, bytes], None], path: str, data: bytes) -> None:
        try:
            self._change()
        except serial.SerialException:
            write(path, data[: len(data) // 2])
            raise
        write(path, data)

    def write(self, path: str, data: bytes) -> None:
        self._half_or_whole(super().write, path, data)

    def copy(self, source: str, target: str) -> None:
        self._change()
        super().copy(source, target)

    def make_page(self, path: str, data: bytes) -> None:
        self._half_or_whole(super().make_page, path, data)

    def remove(self, path: str) -> None:
        self._change()
        super().remove(path)

    def replace(self, path: str, data: bytes) -> None:
        self._change()
        super().replace(path, data)


def deploy_cut_at(desk: Desk, files: dict[str, bytes], cut_at: int | None, monkeypatch) -> int:
    """Deploy and pull the cable at one change; returns how many changes there were."""
    monkeypatch.setattr(CutBoard, "changes", 0)
    monkeypatch.setattr(CutBoard, "cut_at", cut_at)
    monkeypatch.setattr(deploy, "Board", CutBoard)
    refused = (
        pytest.raises(CalandoError, match=r"still on it|or the new one")
        if cut_at
        else contextlib.nullcontext()
    )
    with desk.port() as port, refused, deploy.connected(port) as board:
        deploy.deploy(board, files, QUIET)
    changes = CutBoard.changes
    monkeypatch.undo()
    return changes


def test_an_empty_board_gets_everything_and_a_second_time_nothing(desk: Desk):
    first = desk.deploy(OLD)
    assert (first.before, first.after, first.slot) == (None, VERSION, "a")
    assert (first.written, first.copied, first.kept) == (len(OLD), 0, 0)
    assert desk.boots() == hashes_of(OLD)
    again = desk.deploy(OLD)
    assert (again.before, again.slot, again.written, again.kept) == (VERSION, "a", 0, len(OLD))


def test_only_what_changed_is_sent_and_the_rest_is_copied_on_the_board(desk: Desk):
    desk.deploy(OLD)
    done = desk.deploy(NEW)
    assert (done.slot, done.copied) == ("b", 1)  # "same"
    assert done.bytes_sent == sum(len(data) for name, data in NEW.items() if OLD.get(name) != data)
    assert desk.boots() == hashes_of(NEW)
    back = desk.deploy(OLD)  # the other folder still holds it
    assert (back.slot, back.written, back.copied, back.kept) == ("a", 0, 0, len(OLD))
    assert desk.boots() == hashes_of(OLD)


def test_the_cable_pulled_at_any_change_leaves_a_board_that_boots(desk: Desk, monkeypatch):
    desk.deploy(OLD)
    before = desk.flash.read_bytes()
    changes = deploy_cut_at(desk, NEW, None, monkeypatch)
    assert changes >= len(NEW)
    for cut_at in range(1, changes + 1):
        desk.flash.write_bytes(before)
        deploy_cut_at(desk, NEW, cut_at, monkeypatch)
        assert desk.boots() in (hashes_of(OLD), hashes_of(NEW))
        desk.deploy(NEW)
        assert desk.boots() == hashes_of(NEW)


def test_no_choice_comes_to_a_board_before_what_it_imports(desk: Desk, monkeypatch):
    """A board of before there was a packed.py, and the cable pulled at each change."""
    desk.deploy(OLD)
    with desk.port() as port, deploy.connected(port) as board:
        board.remove("/packed.py")
        board.replace("/choice.py", b"'of an older deploy'")
    before = desk.flash.read_bytes()
    changes = deploy_cut_at(desk, NEW, None, monkeypatch)
    for cut_at in range(1, changes + 1):
        desk.flash.write_bytes(before)
        deploy_cut_at(desk, NEW, cut_at, monkeypatch)
        with desk.port() as port, deploy.connected(port) as board:
            if board.read("/packed.py") is None:
                assert board.read("/choice.py") == "'of an older deploy'"


@pytest.mark.parametrize(
    ("at", "words", "boots"),
    [
        ("/b/firmware/part1.mpy", "still on it; deploy again", [OLD]),
        ("/slot.new", "the old firmware or the new one", [OLD, NEW]),
        ("after /slot", "all of the new firmware is on the device", [NEW]),
    ],
)
def test_a_port_that_is_gone_is_a_sentence_that_says_what_boots(desk: Desk, monkeypatch, at, words, boots):
    class PulledBoard(deploy.Board):
        def write(self, path: str, data: bytes) -> None:
            if path == at:
                desk.pull()
            super().write(path, data)

        def switch(self, slot: str) -> None:
            super().switch(slot)
            desk.pull()

    desk.deploy(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(deploy, "Board", PulledBoard)
        with pytest.raises(CalandoError, match=words):
            desk.deploy(NEW)
    assert desk.boots() in [hashes_of(files) for files in boots]


def test_a_port_that_goes_because_the_device_starts_anew_is_no_failure(desk: Desk):
    with desk.port() as port, deploy.connected(port) as board:
        board.reset()
        desk.pull()


def test_the_cable_pulled_from_an_empty_board_says_that_there_is_nothing_on_it(desk: Desk, monkeypatch):
    monkeypatch.setattr(CutBoard, "changes", 0)
    monkeypatch.setattr(CutBoard, "cut_at", 2)
    monkeypatch.setattr(deploy, "Board", CutBoard)
    refused = pytest.raises(CalandoError, match="there is no whole firmware on the device yet; deploy again")
    with desk.port() as port, refused, deploy.connected(port) as board:
        deploy.deploy(board, OLD, QUIET)
    monkeypatch.undo()
    desk.deploy(OLD)
    assert desk.boots() == hashes_of(OLD)


def test_what_the_patient_has_on_the_board_stays(desk: Desk):
    with desk.port() as port, deploy.connected(port) as board:
        board.make_folders("/data")
        board.write("/data/profile.0", b"a profile")
    desk.deploy(OLD)
    desk.deploy(NEW)
    with desk.port() as port, deploy.connected(port) as board:
        assert board.read("/data/profile.0") == "a profile"


def test_a_file_that_arrives_changed_is_not_switched_to(desk: Desk, monkeypatch):
    desk.deploy(OLD)

    class BadFlash(deploy.Board):
        def write(self, path: str, data: bytes) -> None:
            super().write(path, data[:-1] + b"?" if path.endswith("part1.mpy") else data)

    monkeypatch.setattr(deploy, "Board", BadFlash)
    with pytest.raises(CalandoError, match=r"part1\.mpy did not arrive as sent; the old firmware stays"):
        desk.deploy(NEW)
    monkeypatch.undo()
    assert desk.boots() == hashes_of(OLD)


def test_a_flash_that_does_not_take_it_is_a_sentence(desk: Desk, monkeypatch):
    desk.deploy(OLD)

    def full(board, path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(deploy.Board, "write", full)
    with pytest.raises(
        CalandoError, match=r"flash of the board .* did not take it \(no space left on device\); .*still"
    ):
        desk.deploy(NEW)
    assert desk.boots() == hashes_of(OLD)


def test_too_little_room_is_said_before_anything_changes(desk: Desk):
    desk.deploy(OLD)
    with pytest.raises(CalandoError, match="needs up to 500 blocks of the flash and the board has"):
        desk.deploy({"firmware/big.mpy": b"x" * 2_000_000})
    assert desk.boots() == hashes_of(OLD)


def test_the_real_firmware_compiled_for_the_board_that_was_found(desk: Desk):
    with desk.port() as port, deploy.connected(port) as board:
        arch = board.arch
        files = compiled.image(arch)
        slot = slot_of(files)
        assert deploy.deploy(board, slot, QUIET).after == VERSION
        there = {f"/a/{name}": hashlib.sha256(data).hexdigest() for name, data in slot.items()}
        assert board.hashes("/a") == there
        pages = board.hashes("/data")
    assert pages == {f"/data/{name}": hashlib.sha256(page).hexdigest() for name, page in page_files().items()}
    assert arch == "x64"  # the desk's own
    assert "firmware/main.mpy" in files and "adafruit_ads1x15/ads1115.mpy" in files
    assert not any("root" in name for name in files)


def test_a_device_at_work_gives_no_prompt_and_a_sentence_says_how_to_get_one(monkeypatch, capsys):
    device, computer = pty.openpty()
    tty.setraw(computer)
    monkeypatch.setattr(deploy, "PROMPT_S", 0.2)
    try:
        with (
            pytest.raises(CalandoError, match="hold its button while you plug it in"),
            deploy.connected(os.ttyname(computer)),
        ):
            pass
    finally:
        os.close(device)
        os.close(computer)
    assert capsys.readouterr().out == ""  # a program that asked for --json reads it


def test_no_board_and_two_boards_are_a_sentence_each(monkeypatch):
    class Port:
        vid = deploy.RASPBERRY_PI_USB_ID

        def __init__(self, device: str):
            self.device = device

    monkeypatch.setattr(deploy.list_ports, "comports", list)
    with pytest.raises(CalandoError, match="no board was found on USB"):
        deploy.find_port()
    monkeypatch.setattr(deploy.list_ports, "comports", lambda: [Port("/dev/ttyACM0"), Port("/dev/ttyACM1")])
    with pytest.raises(CalandoError, match="/dev/ttyACM0, /dev/ttyACM1; choose one with --port"):
        deploy.find_port()


@pytest.mark.parametrize(("port", "says"), [("", '"" cannot be opened'), ("a\0b", "a\0b cannot be opened")])
def test_what_can_be_the_name_of_no_port_is_a_sentence(port, says):
    with pytest.raises(CalandoError, match=f"^{says}"), deploy.connected(port):
        pass


def test_a_port_that_is_not_there_is_a_sentence(tmp_path: Path):
    with pytest.raises(CalandoError, match="cannot be opened"), deploy.connected(str(tmp_path / "no")):
        pass
