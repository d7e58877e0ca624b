"""What librosa compiles is compiled by one process at a time, in a folder of our own."""

import fcntl

import pytest
from numba.core import config

from host_tools.sound import pitch


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setitem(vars(config), "CACHE_DIR", vars(config)["CACHE_DIR"])


def test_another_process_waits(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    with pitch._compiling_alone():
        assert vars(config)["CACHE_DIR"] == str(tmp_path / "compiled")
        with (tmp_path / "compiled" / "calando.lock").open("w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (tmp_path / "compiled" / "calando.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "compiled"))
    with pitch._compiling_alone():
        assert str(tmp_path / "file" / "compiled") != vars(config)["CACHE_DIR"]
