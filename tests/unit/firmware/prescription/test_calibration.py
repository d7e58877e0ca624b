"""A calibration is of this device, dated, and within what a loudspeaker can be; anything else is refused in a sentence."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.prescription import calibration

UNIT = "43414c414e444f01"
GOOD = {
    "full_scale_dba": 73.27,
    "date": "2025-12-31",
    "meter": "class 2",
    "measurements": [{"level_dbfs": -40, "level_dba": 33.3}, {"level_dbfs": -30, "level_dba": 43.2}],
    "unit": UNIT,
}


def read(**changes):
    return calibration.read(json.dumps(GOOD | changes), UNIT)


@given(st.integers(calibration.LOWEST_CDBA, calibration.HIGHEST_CDBA))
def test_every_hundredth_in_the_range_is_taken(cdba):
    assert read(full_scale_dba=cdba / 100) == cdba


@pytest.mark.parametrize(
    "changes",
    [{"full_scale_dba": 54.99}, {"full_scale_dba": 95.01}, {"full_scale_dba": 73.275}, {"full_scale_dba": "73"},
     {"full_scale_dba": True}, {"full_scale_dba": math.nan}, {"full_scale_dba": None}, {"date": "31.12.2025"},
     {"date": "2025-13-01"}, {"date": "2025-00-01"}, {"date": "2025-01-32"}, {"date": "1999-01-01"}, {"date": 20251231},
     {"date": "2025-1a-01"}, {"meter": ""}, {"meter": "x" * 41}, {"meter": 7}, {"measurements": []},
     {"measurements": [GOOD["measurements"][0]] * 10}, {"measurements": [7]}, {"measurements": [{"level_dbfs": -30}]},
     {"measurements": [{"level_dbfs": 1, "level_dba": 40}]}, {"measurements": [{"level_dbfs": -30, "level_dba": 19}]},
     {"measurements": "none"}, {"unit": "another"}, {"patient": "x"}],
)  # fmt: skip
def test_anything_else_is_refused_in_a_sentence(changes):
    with pytest.raises(calibration.CalibrationError, match=r"\.$"):
        read(**changes)


@pytest.mark.parametrize("missing", GOOD)
def test_every_part_is_needed(missing):
    with pytest.raises(calibration.CalibrationError, match=missing):
        calibration.read(json.dumps({name: value for name, value in GOOD.items() if name != missing}), UNIT)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", b"\xff"])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(calibration.CalibrationError, match="calibrate again"):
        calibration.read(text, UNIT)
