"""A calibration refuses readings that cannot be of its noise, and leads through the steps in order."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.prescription import calibration
from host_tools.device import calibrate
from simulator.files.errors import CalandoError

DAY = date(2026, 11, 22)
GOOD = (34.0, 44.1, 54.3)


def record(readings=GOOD, background=22.0):
    return calibrate.record(readings, background, "a meter at 0.5 m", "a1b2", DAY)


def test_the_worst_level_and_a_margin_become_full_scale():
    values = record()
    assert values["full_scale_dba"] == 77.3  # 54.3 + 20 + 3
    assert values["date"] == "2026-11-22"
    assert calibration.read(json.dumps(values), "a1b2") == 7730


@pytest.mark.parametrize(
    ("readings", "background", "sentence"),
    [
        ((34, 44), 22, "has 3 readings, not 2"),
        ((34, 44, 154), 22, "outside 20 to 110"),
        ((float("nan"), 44, 54), 22, "outside 20 to 110"),
        ((54, 44, 34), 22, "where the noise rose by 10"),
        ((34, 44.1, 57), 22, "where the noise rose by 10"),
        ((34, 34, 34), 22, "where the noise rose by 10"),
        ((34, 44, 54), 25, "less than 10 dB above the room's"),
        ((62, 72, 82), 30, "outside 55 to 95"),
    ],
)
def test_nonsense_is_a_sentence(readings, background, sentence):
    with pytest.raises(CalandoError, match=sentence):
        record(readings, background)


@given(
    st.tuples(*(st.floats(15, 115) for _ in range(3))),
    st.floats(15, 60),
)
def test_what_is_accepted_is_never_less_than_what_was_read(readings, background):
    try:
        values = record(readings, background)
    except CalandoError:
        return
    for reading, level in zip(readings, calibrate.LEVELS_DBFS, strict=True):
        assert values["full_scale_dba"] >= reading - level + 2.99
    assert calibration.read(json.dumps(values), "a1b2") == round(values["full_scale_dba"] * 100)


class Bench:
    """A device of which only the calls are kept."""

    unit = "a1b2"

    def __init__(self):
        self.calls = []
        self.kept = b""

    def bench(self, say, cancelled):
        self.calls.append("bench")

    def call(self, cmd, **arguments):
        self.calls.append((cmd, arguments.get("level_dbfs")))
        return {}

    def put(self, name, data):
        self.calls.append("put " + name)
        self.kept = data

    def stage(self):
        self.calls.append("stage")

    def commit(self, say, cancelled):
        self.calls.append("commit")

    def get(self, name):
        return self.kept


def test_each_level_sounds_while_it_is_asked_for_and_is_ended():
    device = Bench()
    answers = [22.0, *GOOD]
    values = calibrate.calibrate(device, "a meter", lambda question: answers.pop(0), lambda text: None, DAY)
    assert device.calls == [
        "bench", ("tone", -40), ("quiet", None), ("tone", -30), ("quiet", None), ("tone", -20), ("quiet", None),
        "put calibration", "stage", "commit",
    ]  # fmt: skip
    assert json.loads(device.kept) == values


def test_nonsense_sends_nothing_and_ends_the_sound():
    device = Bench()
    answers = [22.0, 34.0, 34.0, 34.0]
    with pytest.raises(CalandoError):
        calibrate.calibrate(device, "a meter", lambda question: answers.pop(0), lambda text: None, DAY)
    assert device.calls[-1] == ("quiet", None)
    assert "commit" not in device.calls


@pytest.mark.parametrize("meter", ["", "m" * 41])
def test_a_name_that_no_device_keeps_is_refused_before_anything_sounds(meter):
    device = Bench()
    with pytest.raises(CalandoError, match="not 1 to 40; shorten it"):
        calibrate.calibrate(device, meter, lambda question: 0.0, lambda text: None, DAY)
    assert device.calls == []


def test_the_meters_name_reaches_the_device_as_it_is():
    device = Bench()
    answers = [22.0, *GOOD]
    calibrate.calibrate(device, "Schall \U0001d11e", lambda question: answers.pop(0), lambda text: None, DAY)
    assert "Schall \U0001d11e".encode() in device.kept
