"""The numbers of the hazard table are those of the code, and the judge gets them from there alone."""

import importlib
import subprocess
import sys

import pytest

from firmware.prescription import profile
from host_tools.judge import limits
from simulator.files.errors import CalandoError

TABLE = limits.read()


def constant(place):
    file, _, name = place.partition(":")
    return getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)


@pytest.mark.parametrize("name", TABLE)
def test_a_limit_of_the_table_is_what_the_code_has(name):
    limit = TABLE[name]
    if "setting" in limit:
        setting = profile.find(limit["setting"])
        end = {"lowest": 0, "highest": 1}[limit["end"]]
        assert [limit["newborn"], limit["adult"]] == [setting.newborn[end], setting.adult[end]]
        return
    there = [constant(place) for place in limit["constants"]]
    written = [limit[key] * limit["scale"] for key in ("newborn", "adult", "term") if key in limit]
    if len(there) == 1:
        there = there * len(written)
    assert written == pytest.approx(there)


def test_a_term_newborn_has_limits_of_its_own():
    assert limits.of(TABLE, "newborn")["low_bpm"] == 100
    assert limits.of(TABLE, "newborn", "term")["low_bpm"] == 80
    assert "spo2_percent" not in limits.of(TABLE, "adult")


def test_without_the_table_nothing_is_judged(tmp_path):
    with pytest.raises(CalandoError, match="cannot read the limits"):
        limits.read(tmp_path / "hazards.toml")


def test_the_judge_loads_nothing_of_the_firmware():
    code = (
        "import sys; from host_tools.judge import evidence, limits, verdict; "
        "limits.read(); print([name for name in sys.modules if name.split('.')[0] == 'firmware'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
