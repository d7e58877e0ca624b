"""A failure becomes a scenario of few events that fails still; what does not fail is told."""

import tomllib

import pytest

from host_tools.campaign import shrink
from host_tools.judge import limits, verdict
from simulator import scenario
from simulator.files.errors import CalandoError

TABLE = limits.read()
EVENTS = [
    {"at_s": 5.0, "do": "press"},
    *({"at_s": 10.0 + 5 * place, "do": "knob", "to": 90.0 - place} for place in range(12)),
    {"at_s": 100.0, "do": "motion", "to": 0.5, "for_s": 10.0},
    {"at_s": 200.0, "do": "press"},
    {"at_s": 300.0, "do": "room_sound", "to": 50.0},
]
VALUES = {
    "title": "t", "seed": 3, "duration_s": 700.0, "profile": {"population": "newborn", "song": "edo", "level_dba": 44},
    "patient": {"population": "newborn", "pulse_rate_bpm": 140.0}, "event": EVENTS, "expect": {"limits_kept": True},
}  # fmt: skip


@pytest.fixture
def strict(monkeypatch):
    """A judge who wants a press to be silence within four seconds."""
    real = verdict.judge

    def judge(evidence, own):
        return real(evidence, {**own, "press_fade_s": 3.0})

    monkeypatch.setattr(verdict, "judge", judge)


def test_only_what_it_needs_is_left(strict):
    small = shrink.shrink(VALUES, "S", "press", TABLE)
    assert [event["do"] for event in small["event"]] == ["press", "press"]
    assert small["profile"] == {"population": "newborn"} and small["patient"] == {"population": "newborn"}
    assert small["duration_s"] < 300
    text = shrink.text(small, ["a note"])
    again = scenario.from_values(tomllib.loads(text))
    assert text.startswith("# a note\n") and again.expect.limits_kept and len(again.event) == 2


def test_a_session_that_keeps_the_law_is_not_made_small():
    with pytest.raises(CalandoError, match="does not break the law press"):
        shrink.shrink(VALUES, "S", "press", TABLE)


def test_every_kind_of_value_is_written_so_that_it_is_read_again():
    values = {**VALUES, "profile": {"curve": [[0, 100, 0, 50, 50, 50]], "early_unlock": True, "title": "O'K"}}
    values["event"] = [{"at_s": 1.5, "do": "usb_bytes", "text": 'a"b\\c\n\x01é'}]
    values["programme"] = {"title": "T", "shape": "flat", "segment": [{"role": "rest", "minutes": 0.5}]}
    read = tomllib.loads(shrink.text(values, []))
    assert read == values


def test_it_ends_after_so_many_tries_and_so_much_of_the_sessions_time(strict, monkeypatch):
    played = []
    look = shrink.session.look
    monkeypatch.setattr(
        shrink.session, "look", lambda made, *rest: played.append(made.duration_s) or look(made, *rest)
    )
    monkeypatch.setitem(shrink.SIMULATED_S, "S", 5000.0)
    shrink.shrink(VALUES, "S", "press", TABLE)
    assert 3000 < sum(played) <= 5000
    played.clear()
    shrink.shrink(VALUES, "S", "press", TABLE, tries=4)
    assert len(played) == 4


def test_of_a_day_only_its_beginning_is_made_small(strict, monkeypatch):
    day = {**VALUES, "duration_s": 86_000.0, "event": [*EVENTS, {"at_s": 80_000.0, "do": "press"}]}
    monkeypatch.setitem(shrink.SIMULATED_S, "S", 10_000.0)
    small = shrink.shrink(day, "S", "press", TABLE)
    assert small["duration_s"] <= 10_000 / shrink.LONG_SHARE and len(small["event"]) <= shrink.MOST_EVENTS
    late = {**day, "event": [{**event, "at_s": event["at_s"] + 80_000.0} for event in EVENTS]}
    with pytest.raises(CalandoError, match="too long to be made small"):
        shrink.shrink(late, "S", "press", TABLE)
