"""The device lives 40 days under MicroPython, and its ticks wrap three times, each time while it plays.

Above 2 ** 30 ms a time would be a long integer of the chip, and every subtraction would leave one on the heap: the lowest
free heap while playing fell from 52 KB to 10. The desk's interpreter has larger small integers, so the values themselves
are looked at. Idle days are left out in pieces of five; `python tests/checks/long_life.py` lives through all of them.
"""

import pytest
import weeks

FIVE_DAYS_S = 5 * 86_400


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return weeks.live(weeks.sessions(3), FIVE_DAYS_S, tmp_path_factory.mktemp("life") / "told.jsonl")


def test_forty_days_leave_nothing_on_the_heap_and_no_long_integer(life):
    told, _ = life
    assert told[-1]["uptime_s"] > 37 * 86_400 and told[-1]["ticks_ms"] < 1 << 30
    assert [line["too_large"] for line in told] == [[]] * len(told)
    first = told[0]["heap_bytes"]
    assert {line["heap_bytes"] for line in told[1:]} == {told[1]["heap_bytes"]}, (
        "what a session leaves adds up"
    )
    assert abs(told[1]["heap_bytes"] - first) < 1024


def test_a_session_across_a_wrap_allocates_what_any_other_does(life):
    told, _ = life
    for line in told:
        spent = line["spent"]
        # The hand's own moments write the dose; the converter's driver is Adafruit's.
        quiet = {task: spent[task] for task in ("sound", "sensor", "mend", "link")}
        assert not any(quiet.values()), (line["press_s"], quiet)
        # Each of these sessions fills a page of flash, and the simulated chip's bus makes a message of it.
        assert spent["journal"] == told[0]["spent"]["journal"] <= 64


def test_every_press_plays_and_every_hold_silences(life):
    told, events = life
    assert [line["end"] for line in told] == ["silenced"] * len(told)
    ends = [event["detail"]["end"] for event in events if event["kind"] == "device_end"]
    assert ends == ["faded", "silenced"] * len(told), "a hold begins with a press"
    assert not [event for event in events if event["kind"] in ("device_fault", "device_save_failed", "reset")]


def test_what_a_record_says_of_time_is_the_uptime_and_no_tick(life):
    told, events = life
    for line in told:
        assert abs(line["uptime_s"] - line["press_s"]) < 200
    heard = [event for event in events if event["kind"] == "device_end"]
    assert len(heard) == 2 * len(told)
