"""What the form says of a value is what the firmware would say of it; and where a curve stops."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware.prescription.profile import READY, Profile, ProfileError
from host_tools.studio import rules
from host_tools.studio.rules import own_schema

SCHEMA = own_schema()
CURVE = next(row for row in SCHEMA if row["kind"] == "curve")
NUMBERS = [row for row in SCHEMA if row["kind"] == "number"]


def firmware_says(name, values):
    """Whether the firmware refuses a profile for this one setting."""
    try:
        Profile.from_values(values)
    except ProfileError as error:
        return str(error).startswith(f"{name} = ")
    return False


BREATH = next(row for row in SCHEMA if row["name"] == "breath_tempo_bpm")


@example(BREATH, "newborn", 61)
@example(BREATH, "newborn", 60)
@example(BREATH, "adult", 61)
@given(
    st.sampled_from(NUMBERS), st.sampled_from(["newborn", "adult"]),
    st.one_of(st.integers(-5, 1500), st.integers(-10, 3000).map(lambda n: n / 20), st.booleans(), st.text(max_size=3)),
)  # fmt: skip
def test_a_number_is_refused_where_the_firmware_refuses_it(row, population, value):
    values = {**READY[population], row["name"]: value}
    assert (rules.problem(row, value, population) is not None) == firmware_says(row["name"], values)


ANOTHER = {"breath_feedback": "none", "listening_programme": "evening"}


@pytest.mark.parametrize(
    "row", [row for row in SCHEMA if rules.adults_only(row)], ids=lambda row: row["name"]
)
def test_what_is_for_adults_only_is_not_offered_for_a_newborn(row):
    name = row["name"]
    most = row["adult"]["allowed"][1]
    other = ANOTHER.get(name) or (most if most != row["adult"]["default"] else row["adult"]["allowed"][0])
    for population in ("newborn", "adult"):
        values = {**READY[population], name: other}
        refused = population == "newborn"
        sentence = rules.problem(row, other, population)
        assert (sentence or "").startswith("For adults only; set it back to ") == refused
        assert (rules.whole(values) is not None) == refused
        assert rules.offered(row, values), "what has to be set back must be seen"
        assert rules.offered(row, READY[population]) != refused


def test_every_setting_that_the_firmware_keeps_from_newborns_is_known_as_that():
    for row in SCHEMA:
        if rules.adults_only(row) or row["kind"] not in ("number", "choice"):
            continue
        for other in row["newborn"]["allowed"]:
            sentence = rules.whole({**READY["newborn"], row["name"]: other}) or ""
            assert "for adults only" not in sentence, row["name"]


@given(st.sampled_from(["newborn", "adult"]), st.text(max_size=18))
def test_a_title_is_refused_where_the_firmware_refuses_it(population, title):
    row = next(row for row in SCHEMA if row["name"] == "title")
    values = {**READY[population], "title": title}
    assert (rules.problem(row, title, population) is not None) == firmware_says("title", values)


def test_every_setting_of_the_table_is_on_the_page_once():
    shown = [row["name"] for _, rows in rules.grouped(SCHEMA) for row in rows]
    assert sorted(shown) == sorted(row["name"] for row in SCHEMA if row["kind"] != "curve")


def test_a_setting_that_the_page_does_not_know_is_shown_at_the_end():
    new = {**NUMBERS[0], "name": "humidity_percent"}
    title, rows = rules.grouped((*SCHEMA, new))[-1]
    assert title == "More" and rows == [new]
    assert rules.label(new) == "Humidity"


@given(
    st.sampled_from(["newborn", "adult"]), st.integers(0, 2), st.integers(1, 5),
    st.floats(-50, 90, allow_nan=False), st.floats(-200, 200, allow_nan=False),
)  # fmt: skip
def test_wherever_a_point_is_dragged_the_firmware_takes_the_curve(population, index, layer, minute, value):
    values = dict(READY[population])
    values["curve"] = rules.moved(CURVE, values, index, layer, minute, value)
    Profile.from_values(values)
    assert values["curve"][index][rules.TEMPO] >= 100 - values["slowing_percent"]


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("down", "At most 8 % slower in a session (the setting Slowing)."),
        ("up", "The tempo never rises: the point before it is at 92 %."),
        ("left", "The point before it is there."),
        ("right", "A curve ends by minute 45."),
    ],
)
def test_a_stop_says_why(way, why):
    assert rules.stops(CURVE, READY["newborn"], 2, rules.TEMPO)[way].why == why


def test_a_new_point_lies_on_the_line():
    curve = rules.with_point(READY["newborn"], 4.5)
    assert curve[1] == [4.5, 96, -1, 0, 50, 60]
    assert rules.with_point({"curve": curve}, 4.5) == curve
