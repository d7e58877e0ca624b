"""A listening programme in the studio: orders for its segments, what goes with another source, and broken rules."""

import pytest

from firmware.prescription import programme
from firmware.prescription.profile import READY
from host_tools.programmes import rules
from host_tools.programmes.rules import Broken, broken
from host_tools.studio import segments, texts
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


TELLING = [
    {"role": "arrive", "source": "song", "name": "twinkle", "minutes": 5, "repeats": 15, "tempo_start_bpm": 66,
     "tempo_end_bpm": 62, "intensity": 3},
    {"role": "silence", "source": "silence", "name": "none", "minutes": 2, "level_db": -2, "intensity": 0},
    {"role": "rest", "source": "pattern", "name": "tide", "minutes": 0.5, "intensity": 3},
    {"role": "rest", "source": "soundscape", "name": "rain", "minutes": 1, "intensity": 3},
]  # fmt: skip


def telling():
    """A programme that keeps every rule, and of which each segment is not heard as it is written."""
    rows = [{**programme.DEFAULTS, "tempo_end_bpm": 66, **segment} for segment in TELLING]
    return {"name": "telling", "title": "Telling", "shape": "flat", "segment": rows}


def slow(**changes):
    return {
        **READY["adult"],
        "lead_rate_percent_per_min": 0.3,
        "session_min": 5,
        "mode": "open_loop",
        **changes,
    }


@pytest.fixture
def german():
    texts.use("de")
    yield
    texts.use("en")


def test_what_is_not_heard_as_it_is_written_is_told_with_the_settings_names_of_the_page(tmp_path):
    found = segments.remarks_on(telling(), tmp_path, slow())
    assert found[0] == (
        "The programme telling lasts 8.5 minutes and “Session” of the profile on the device is 5; "
        "raise “Session”, or shorten the programme."
    )
    assert "Segment 2: “Level” has no part in a silence; leave it out." in found
    assert sorted(line[:10] for line in found[1:]) == [f"Segment {number}:" for number in (1, 1, 2, 3, 4)]
    assert not [line for line in found if "_" in line]


def test_beside_a_newborns_profile_a_usual_adults_stands_in_and_a_ready_made_one_has_no_remark(tmp_path):
    beside = segments.remarks_on(telling(), tmp_path, READY["newborn"])
    assert beside == segments.remarks_on(telling(), tmp_path, None)
    assert not [line for line in beside if "Session" in line]
    for name in rules.ready():
        assert segments.remarks_on(segments.ready_made(name), tmp_path, None) == []


@pytest.mark.usefixtures("german")
def test_all_of_it_is_told_in_german(tmp_path):
    found = segments.remarks_on(telling(), tmp_path, slow())
    assert found[0].startswith(
        "Das Programm telling dauert 8.5 Minuten, und die Sitzung nach dem Profil auf dem Gerät 5;"
    )
    assert "Abschnitt 2: „Pegel“ hat hier (Stille) keine Wirkung; lassen Sie das weg." in found
    found += segments.remarks_on(telling(), tmp_path, slow(level_dba=34))
    assert [line for line in found if not line.startswith(("Abschnitt", "Das Programm")) or "_" in line] == []
