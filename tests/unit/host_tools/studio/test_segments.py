"""A listening programme in the studio: orders for its segments, what goes with another source, and broken rules."""

import pytest

from firmware.prescription import programme
from host_tools.programmes import rules
from host_tools.programmes.rules import Broken, broken
from host_tools.studio import segments
from simulator.files.errors import CalandoError


def names(source):
    return {"song": ["twinkle"], "voice": []}.get(source) or list(segments.NAMES.get(source, ()))


def settle(**changes):
    return {**segments.ready_made("settle"), **changes}


def with_segment(index, **changes):
    values = settle()
    values["segment"][index] |= changes
    return values


@pytest.mark.parametrize("name", rules.ready())
def test_the_ready_made_ones_come_as_they_are_and_break_nothing(name):
    values = segments.ready_made(name)
    assert segments.wrong(values) == []
    assert segments.values_of(segments.compact(values), name) == values
    assert segments.as_file(values).count("[[segment]]") == len(values["segment"])


@pytest.mark.parametrize(
    ("values", "segment", "setting"),
    [
        (with_segment(2, intensity=5), 4, "intensity"),
        (with_segment(1, level_db=-4), 1, "level_db"),
        (with_segment(0, minutes="x"), 0, "minutes"),
        (with_segment(5, name="storm"), 5, ""),
        (with_segment(4, tempo_end_bpm=50), 4, "tempo_end_bpm"),
        (settle(title=""), None, "title"),
        (settle(shape="U"), None, "shape"),
        (settle(name="Mine!"), None, "name"),
        (settle(segment=[]), None, ""),
    ],
)
def test_what_is_broken_is_told_where_it_is(values, segment, setting):
    found = segments.wrong(values)
    assert [(one.segment, one.setting) for one in found] == [(segment, setting)]
    assert found[0].sentence.endswith(".") and "segment 1:" not in found[0].sentence
    with pytest.raises(CalandoError):
        segments.compact(values)


def test_each_segment_that_is_wrong_by_itself_is_told():
    values = settle()
    values["segment"][0]["minutes"] = 60
    values["segment"][3]["source"] = "song"
    assert [one.segment for one in broken({key: values[key] for key in ("title", "shape", "segment")})] == [
        0,
        3,
    ]
    assert all(isinstance(one, Broken) for one in segments.wrong(values))


@pytest.mark.parametrize("source", ["song", "voice", "soundscape", "pattern", "silence"])
@pytest.mark.parametrize("index", [1, 3])
def test_another_source_brings_what_goes_with_it(source, index):
    """Of itself a changed segment is right; only a voice must be there to be named."""
    values = settle()
    changed = segments.changed(values["segment"], index, "source", source, names)
    assert (changed["role"] == "silence") == (source == "silence")
    try:
        programme.read_segment(index, programme.row_of(index, changed), [])
    except programme.ProgrammeError as error:
        assert source == "voice" and "name is missing" in str(error)
    shown = {row["name"] for row in segments.rows(source)}
    assert "tempo_start_bpm" in shown or source in ("soundscape", "silence")


def test_orders_change_one_segment_and_stop_at_the_limits():
    begun = settle()["segment"]
    assert segments.ordered(begun, 0, "higher")[0][0]["intensity"] == 7
    assert segments.ordered(begun, 0, "shorter")[0][0]["minutes"] == 4.5
    assert segments.ordered(begun, 0, "later") == ([begun[1], begun[0], *begun[2:]], 1)
    assert segments.ordered(begun, 2, "remove") == (begun[:2] + begun[3:], 2)
    added, at = segments.ordered(begun, 5, "add")
    assert at == 6 and added[6] == begun[5] and added[6] is not added[5]
    assert not segments.can(begun, 0, "earlier") and not segments.can(begun, 5, "later")
    assert not segments.can(begun, 3, "higher") and not segments.can(begun[:1], 0, "remove")
    assert not segments.can(begun * 2, 0, "add")
    assert not segments.can([{**begun[0], "minutes": 0.5, "intensity": 0}], 0, "shorter")


def test_what_is_not_a_number_is_drawn_as_the_least():
    assert (
        segments.minutes({"minutes": "abc"}) == 0.5
        and segments.height({"intensity": 11, "source": "song"}) == 0
    )
