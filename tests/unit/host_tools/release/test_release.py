"""The release archive: whole, the same every time, and refused when it is not."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from firmware.version import VERSION
from host_tools.release import archive as release
from host_tools.release import image as compiled
from simulator.files.errors import CalandoError


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    return release.build(tmp_path_factory.mktemp("dist"))


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path):
    assert release.build(tmp_path).read_bytes() == archive.read_bytes()


def test_it_holds_both_boards_as_deployment_compiles_them(archive: Path):
    for arch in release.IMAGES:
        assert release.image(archive, arch) == compiled.image(arch)
    with zipfile.ZipFile(archive) as files:
        assert {f"root/{name}" for name in compiled.STARTERS} <= set(files.namelist())
        notes = files.read("NOTES.md").decode()
    for image in (*release.IMAGES.values(), release.MICROPYTHON, VERSION):
        assert image in notes


def test_the_bill_of_materials_names_every_part_with_its_hash(archive: Path):
    with zipfile.ZipFile(archive) as files:
        bill = json.loads(files.read(release.BILL))
        parts = {part["name"]: part for part in bill["components"]}
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        assert bill["metadata"]["component"]["version"] == VERSION
        for package in ("micropython", "adafruit-circuitpython-ads1x15", "adafruit-circuitpython-busdevice"):
            assert parts[package]["licenses"] == [{"expression": "MIT"}]
            assert parts[package]["purl"].startswith("pkg:")
        for name in files.namelist():
            if name.endswith((".mpy", ".py")):
                assert parts[name]["hashes"][0]["content"] == hashlib.sha256(files.read(name)).hexdigest()
        adafruits = parts["armv6m/adafruit_ads1x15/ads1115.mpy"]["version"]
        assert adafruits == parts["adafruit-circuitpython-ads1x15"]["version"] != VERSION


def test_a_damaged_archive_is_refused_in_a_sentence(archive: Path, tmp_path: Path):
    with zipfile.ZipFile(archive) as files:
        contents = {name: files.read(name) for name in files.namelist()}
    contents["armv6m/firmware/care/guard.mpy"] += b"?"
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as files:
        for name, data in contents.items():
            files.writestr(name, data)
    with pytest.raises(CalandoError, match="is damaged: its files are not those of its SHA256SUMS"):
        release.image(changed, "armv6m")


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip"])
def test_what_is_no_release_is_refused_in_a_sentence(content: bytes, tmp_path: Path):
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    with pytest.raises(CalandoError, match="is no release of Calando"):
        release.image(path, "armv6m")
    with pytest.raises(CalandoError, match="is no release of Calando"):
        release.image(tmp_path / "absent.zip", "armv6m")


def test_no_release_takes_more_memory_than_a_release(archive: Path, tmp_path: Path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("armv6m/boot.mpy", bytes(2 * release.LARGEST_BYTES))
    with pytest.raises(CalandoError, match="is larger than any release"):
        release.image(path, "armv6m")
    path.write_bytes(archive.read_bytes().ljust(release.LARGEST_BYTES + 1, b"x"))
    with pytest.raises(CalandoError, match="is larger than any release"):
        release.image(path, "armv6m")
    with zipfile.ZipFile(path, "w") as files:
        files.writestr(release.SUMS, "")
    locked = bytearray(path.read_bytes())
    locked[6] = locked[locked.index(b"PK\x01\x02") + 8] = 1  # said to be encrypted
    path.write_bytes(locked)
    with pytest.raises(CalandoError, match="is no release of Calando"):
        release.image(path, "armv6m")


def test_a_board_it_was_not_built_for_is_refused(archive: Path):
    with pytest.raises(CalandoError, match="has nothing for this board"):
        release.image(archive, "xtensa")
