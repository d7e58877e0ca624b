"""The hour's account: how loud the last sixty minutes were, across reboots, in whole numbers."""

import math

import pytest

from firmware.care.hour import MINUTES, MOST, Hour

LIMIT = 3600


def play(hour, level_cdba, seconds, step_ms=100):
    for _ in range(int(seconds * 1000) // step_ms):
        hour.pass_time(step_ms)
        hour.add(level_cdba, step_ms)


@pytest.mark.parametrize(
    ("minutes", "level_cdba"), [(60, 4500), (30, 4801), (20, 4977), (15, 5102), (10, 5278)]
)
def test_the_hours_of_the_clinical_table_are_all_the_same(minutes, level_cdba):
    hour = Hour()
    play(hour, level_cdba, minutes * 60)
    assert hour.spent == pytest.approx(LIMIT, rel=0.005)


@pytest.mark.parametrize("level_cdba", [3400, 3777, 4800, 5055, 6000, 6500])
@pytest.mark.parametrize("step_ms", [16, 100, 1000, 5000])
def test_any_level_is_counted_within_a_sixth_of_a_db(level_cdba, step_ms):
    hour = Hour()
    play(hour, level_cdba, 1800, step_ms)
    assert 4500 + 1000 * math.log10(hour.spent / 1800) == pytest.approx(level_cdba, abs=16)


def test_silence_is_nothing():
    hour = Hour()
    play(hour, 0, 600)
    assert hour.spent == 0


def test_it_is_forgotten_after_an_hour_and_not_before():
    hour = Hour()
    play(hour, 5000, 60)
    spent = hour.spent
    for _ in range(59 * 60 + 59):
        hour.pass_time(1000)
        assert hour.spent == spent
    for _ in range(61):
        hour.pass_time(1000)
    assert hour.spent == 0


def test_minutes_that_pass_at_once_are_minutes():
    hour = Hour()
    play(hour, 5000, 30)
    spent = hour.spent
    hour.pass_time(180_000)
    hour.pass_minutes(57)
    assert hour.spent == spent
    hour.pass_minutes(1)
    assert hour.spent == 0
    play(hour, 5000, 30)
    hour.pass_minutes(100_000)
    assert hour.spent == 0


def test_what_is_left_lasts_at_a_level():
    hour = Hour()
    assert hour.lasting_cdba(LIMIT, 3600) == pytest.approx(4500, abs=2)
    assert hour.lasting_cdba(LIMIT, 600) == pytest.approx(5278, abs=2)
    play(hour, 5000, 600)
    assert hour.lasting_cdba(LIMIT, 600) == pytest.approx(
        4500 + 1000 * math.log10((3600 - 1897) / 600), abs=3
    )
    assert hour.lasting_cdba(hour.spent + 1, 600) == pytest.approx(4500 - 1000 * math.log10(600), abs=3)
    assert hour.lasting_cdba(hour.spent, 600) is None
    play(hour, 6000, 60)
    play(hour, 6000, 60)
    assert hour.lasting_cdba(LIMIT, 600) is None


def test_an_unknown_past_is_more_than_any_limit_and_passes():
    hour = Hour()
    play(hour, 5000, 30)
    hour.assume_full(20)
    assert hour.lasting_cdba(57_057, 600) is None
    hour.pass_minutes(40)
    assert hour.spent >= MOST
    hour.pass_minutes(1)
    assert 90 < hour.spent < 100, "what was heard since is still there"
    hour.pass_minutes(20)
    assert hour.spent == 0
    hour.assume_full(MINUTES)
    assert hour.spent == 0, "that long ago does not matter"
    hour.assume_full(MINUTES - 1)
    assert hour.spent == MOST


def test_a_minute_holds_what_it_can():
    hour = Hour()
    hour.assume_full()
    play(hour, 6800, 50)
    assert hour.spent == MOST


def test_a_round_trip_keeps_every_minute():
    hour = Hour()
    for level_cdba in (4000, 5000, 6500, 0, 3000):
        play(hour, level_cdba, 90)
    record = bytearray(10 + 2 * MINUTES)
    hour.pack_into(record, 10)
    again = Hour()
    play(again, 6000, 100)
    again.unpack(record, 10)
    for passed in range(62):
        assert again.spent == hour.spent, passed
        again.pass_minutes(1)
        hour.pass_minutes(1)
    assert hour.spent == 0
