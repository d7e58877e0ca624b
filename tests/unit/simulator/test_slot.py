"""A firmware packed in one file: what simulator/slot.py writes, firmware/root/packed.py gives back and can be imported."""

import subprocess

import pytest

from firmware.root.packed import FILE, PLACE, Packed
from simulator.interpreter import ROOT, compile_file, device_image, find_micropython
from simulator.slot import packed, slot_of

MODULES = {
    "one/__init__": "",
    "one/two": "NAME = 'two of one'\n",
    "three": "from one import two\nNAME = two.NAME + ', three'\n",
}
IMPORTING = f"""
import sys
sys.path.insert(0, {str(ROOT / "firmware" / "root")!r})
import packed
for slot in sys.argv[1:]:
    packed.mount(slot)
sys.path[:] = [packed.PLACE, ".frozen"]
import three
print(three.NAME, three.__file__)
for name in ("one.four", "four", "one.two.three"):
    try:
        __import__(name)
    except ImportError as error:
        print(error)
"""


@pytest.fixture
def slot(tmp_path):
    files = {}
    for name, text in MODULES.items():
        source, target = tmp_path / "source.py", tmp_path / "file.mpy"
        source.write_text(text)
        compile_file(source, target, "x64", name)
        files[f"{name}.mpy"] = target.read_bytes()
    folder = tmp_path / "slot"
    folder.mkdir()
    for name, data in slot_of({**files, "manifest.json": b"{}"}).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.skipif(find_micropython() is None, reason="there is no MicroPython for this machine")
def test_micropython_imports_from_it_and_from_another_one_in_its_place(slot, tmp_path):
    script = tmp_path / "importing.py"
    script.write_text(IMPORTING)
    command = [*(find_micropython() or []), str(script), str(slot), str(slot)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()
    assert said[0] == f"two of one, three {PLACE}/three.mpy"
    assert [line.split("'")[1] for line in said[1:]] == ["one.four", "four", "one.two.three"]


def test_every_module_of_the_chips_firmware_is_in_it_byte_for_byte(tmp_path):
    image = device_image("armv6m")
    files = {path.relative_to(image).as_posix(): path.read_bytes() for path in image.rglob("*.mpy")}
    (tmp_path / FILE).write_bytes(packed(files))
    there = Packed(str(tmp_path / FILE))
    for name, data in files.items():
        assert there.stat(f"/{name}")[0] == 0x8000
        with there.open(f"/{name}", "rb") as file:
            assert file.read(len(data)) == data, name
    for folder in ("/firmware", "/firmware/care", "/adafruit_ads1x15"):
        assert there.stat(folder)[0] == 0x4000
    for absent in ("/firmware/care/guard", "/firmware/care/guard.py", "/", ""):
        with pytest.raises(OSError, match="2"):
            there.stat(absent)


@pytest.mark.parametrize("data", [b"", b"CPK1", b"something else entirely"])
def test_what_is_no_packed_firmware_is_not_mounted(data, tmp_path):
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(OSError, match="22"):
        Packed(str(tmp_path / FILE))


def test_paths_that_could_be_taken_for_each_other_are_refused():
    # A well-known pair of the same CRC-32.
    with pytest.raises(ValueError, match="same CRC-32"):
        packed({"plumless.mpy": b"1", "buckeroo.mpy": b"2"})
