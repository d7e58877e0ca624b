"""The table of settings: ready-made profiles are within it, and what is not is refused in one sentence."""

import math

import pytest

from firmware.care import guard
from firmware.prescription.profile import (
    ADULT,
    MIGRATIONS,
    NEWBORN,
    READY,
    SCHEMA_VERSION,
    TABLE,
    Profile,
    ProfileError,
    find,
    migrate,
)

ROWS = {setting.name: setting for setting in TABLE}


@pytest.mark.parametrize("name", READY)
def test_the_ready_made_profiles_are_whole_and_valid(name):
    profile = Profile.ready(name)
    assert set(READY[name]) == {setting.name for setting in TABLE}
    assert all(getattr(profile, setting.attribute) is not None for setting in TABLE)
    assert profile.values == READY[name]


def test_human_units_become_the_firmwares_integers():
    profile = Profile.from_values({"level_dba": 45.5, "lead_rate_percent_per_min": 0.9, "session_min": 15})
    assert (profile.level_cdba, profile.lead_rate_permille, profile.session_ms) == (4550, 9, 900_000)
    assert list(profile.curve[:6]) == [0, 1000, 0, 0, 600, 700]
    assert all(type(value) is int for value in profile.curve)


def test_what_is_left_out_is_the_ready_made_value_of_the_population():
    assert Profile.from_values({}).population == NEWBORN
    assert Profile.from_values({"population": ADULT}).session_ms == 1_800_000


def refused(values):
    with pytest.raises(ProfileError) as error:
        Profile.from_values(values)
    text = str(error.value)
    assert text and "\n" not in text and len(text) < 200
    return text


@pytest.mark.parametrize("population", [NEWBORN, ADULT])
@pytest.mark.parametrize("setting", [row for row in TABLE if row.kind == "number"], ids=lambda row: row.name)
def test_numbers_are_refused_outside_their_range_and_steps(population, setting):
    low, high = setting.allowed(population)
    assert low <= setting.default(population) <= high
    for wrong in (
        low - setting.step,
        high + setting.step,
        math.nan,
        math.inf,
        -math.inf,
        "5",
        None,
        True,
        [],
        1e300,
    ):
        text = refused({"population": population, setting.name: wrong})
        assert setting.name in text and str(low) in text and str(high) in text
    text = refused({"population": population, setting.name: low + setting.step / 3})
    assert "steps" in text


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"levl_dba": 45}, "'levl_dba' is not a setting"),
        ({"population": "cat"}, "choose newborn or adult"),
        ({"maturity": "very_preterm"}, "early_unlock"),
        ({"maturity": "none"}, "choose one of preterm"),
        ({"pulse_low_stop_bpm": 90}, "for term newborns"),
        ({"programme": "stay_low"}, "choose one of"),
        ({"population": "adult", "programme": "stay_low"}, "open_loop"),
        ({"soundscape": "none"}, "needs a soundscape"),
        ({"baseline_s": 120, "baseline_max_s": 60}, "shorter than baseline_s"),
        ({"session_min": 30, "daily_min": 20}, "daily_min is less"),
        ({"session_min": 5, "match_min": 5}, "leaves no time"),
        ({"title": ""}, "1 to 16 characters"),
        ({"title": "x" * 17}, "1 to 16 characters"),
        ({"title": "Zoë"}, "display lacks"),
        ({"title": 5}, "1 to 16 characters"),
        ({"song": "../etc"}, "small letters"),
        ({"song": "Twinkle"}, "small letters"),
        ({"early_unlock": 1}, "true or false"),
        ({"follow": "yes"}, "choose one of wait, lead_anyway"),
        ({"curve": []}, "1 to 16 rows"),
        ({"curve": [[0, 100, 0, 0, 50, 50]] * 17}, "1 to 16 rows"),
        ({"curve": "steep"}, "1 to 16 rows"),
        ({"curve": [[0, 100, 0]]}, "not six numbers"),
        ({"curve": [[1, 100, 0, 0, 50, 50]]}, "begin with minute 0"),
        ({"curve": [[0, 100, 0, 0, 50, 50], [0, 100, 0, 0, 50, 50]]}, "sort the rows"),
        ({"curve": [[0, 99, 0, 0, 50, 50]]}, "not 100 %"),
        ({"curve": [[0, 100, 1, 0, 50, 50]]}, "level is outside"),
        (
            {"curve": [[0, 100, 0, 0, 50, 50], [9, 95, 0, 0, 50, 50], [18, 100, 0, 0, 50, 50]]},
            "rises in row 3",
        ),
        ({"curve": [[0, 100, 0, 0, math.nan, 50]]}, "brightness is outside"),
        ({"population": "adult", "programme": "descend_and_rise", "session_min": 20}, "too short"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(values, says):
    assert says in refused(values)


def test_a_profile_that_is_no_table_is_refused():
    for nonsense in (None, [], "newborn", 5):
        refused(nonsense)
    with pytest.raises(ProfileError, match="ready-made"):
        Profile.ready("cat")


def test_a_term_newborn_may_have_the_limits_of_one():
    assert Profile.from_values({"maturity": "term", "pulse_low_stop_bpm": 80}).pulse_low_stop_mbpm == 80_000


def test_a_therapist_may_unlock_the_very_preterm():
    assert Profile.from_values({"maturity": "very_preterm", "early_unlock": True}).maturity == "very_preterm"


@pytest.mark.parametrize("programme", ["curve", "steady", "descend", "descend_and_rise"])
def test_every_programme_keeps_the_rate_of_the_profile(programme):
    for rate, slowing in ((2.0, 15), (1.0, 10), (0.7, 5)):
        values = {"lead_rate_percent_per_min": rate, "slowing_percent": slowing, "programme": programme}
        if programme == "curve":
            values["curve"] = [[0, 100, 0, 0, 50, 50], [25, 100 - slowing, 0, 0, 50, 50]]
        profile = Profile.from_values({"population": ADULT, "session_min": 45, **values})
        curve = profile.curve
        for place in range(6, len(curve), 6):
            minutes = (curve[place] - curve[place - 6]) / 60_000
            change = abs(curve[place + 1] - curve[place - 5]) / min(curve[place + 1], curve[place - 5])
            assert change / minutes <= rate / 100 * 1.02 + 0.001 / minutes


def test_no_range_reaches_beyond_the_guard():
    """The table may ask for less than the guard allows, never for more."""

    def ends(name, population):
        return ROWS[name].allowed(population)

    assert ends("level_dba", NEWBORN)[1] * 100 == guard.NEWBORN_LEVEL_CDBA
    assert ends("level_dba", ADULT)[1] * 100 == guard.ADULT_LEVEL_CDBA
    assert ends("session_min", NEWBORN)[1] * 60_000 == guard.NEWBORN_SESSION_MS
    assert ends("session_min", ADULT)[1] * 60_000 == guard.ADULT_SESSION_MS
    assert ends("onset_s", NEWBORN)[0] * 1000 == guard.NEWBORN_ONSET_MS
    assert ends("onset_s", ADULT)[0] * 1000 == guard.ADULT_ONSET_MS
    assert ends("pulse_low_stop_bpm", NEWBORN)[0] * 1000 == guard.TERM_LOW_MBPM
    assert ends("pulse_low_stop_bpm", ADULT)[0] * 1000 == guard.ADULT_LOW_MBPM
    assert ends("pulse_rise_stop_percent", NEWBORN)[1] * 10 + 1000 == guard.RISE_PERMILLE
    assert ends("spo2_stop_percent", NEWBORN)[0] * 10 == guard.NEWBORN_SPO2_PERMILLE
    assert 1000 - ends("slowing_percent", NEWBORN)[1] * 10 > guard.NEWBORN_SLOWEST_PERMILLE
    assert 1000 - ends("slowing_percent", ADULT)[1] * 10 > guard.ADULT_SLOWEST_PERMILLE
    assert guard.PRETERM_LOW_MBPM == 100_000


def test_the_clinical_numbers_are_the_adopted_ones():
    """The table of adopted limits, row by row: a change here is a clinical decision."""
    newborn, adult = READY[NEWBORN], READY[ADULT]
    assert (newborn["level_dba"], adult["level_dba"]) == (48, 50)
    assert (newborn["session_min"], newborn["gap_min"], newborn["daily_min"], newborn["sessions_a_day"]) == (
        20,
        60,
        60,
        3,
    )
    assert (adult["session_min"], adult["gap_min"], adult["daily_min"]) == (30, 30, 90)
    assert ROWS["session_min"].newborn[1] == 30 and ROWS["session_min"].adult[1] == 45
    assert ROWS["daily_min"].newborn[1] == 60 and ROWS["daily_min"].adult[1] == 90
    assert ROWS["gap_min"].newborn[0] == 60 and ROWS["gap_min"].adult[0] == 30
    assert ROWS["sessions_a_day"].newborn[1] == 3
    assert (
        ROWS["lead_rate_percent_per_min"].newborn[1] == 1 and ROWS["lead_rate_percent_per_min"].adult[1] == 2
    )
    assert ROWS["slowing_percent"].newborn[1] == 8 and ROWS["slowing_percent"].adult[1] == 15
    assert ROWS["baseline_s"].newborn[0] == 60 and ROWS["match_min"].newborn[0] == 2
    assert ROWS["sensor_off_hold_s"].newborn[1] == ROWS["sensor_off_hold_s"].adult[1] == 15


def test_a_row_is_found_by_its_name():
    assert find("level_dba") is ROWS["level_dba"] and find("levl_dba") is None


def test_every_setting_says_what_it_means():
    for setting in TABLE:
        assert 5 < len(setting.meaning) < 100 and not setting.meaning.endswith("."), setting.name


def test_the_attributes_that_the_firmware_reads_are_those_of_the_table():
    assert set(Profile.__annotations__) == {setting.attribute for setting in TABLE} | {
        "values",
        "silent",
        "stranger",
        "study",
    }
    assert set(vars(Profile.ready(NEWBORN))) == set(Profile.__annotations__)


def test_values_of_an_older_version_are_brought_up_step_by_step_and_a_newer_one_is_refused():
    def renamed(values):
        values["level_dba"] = values.pop("loudness")
        return values

    def doubled(values):
        return values | {"session_min": values["session_min"] * 2}

    old = {"loudness": 44, "session_min": 10}
    steps = (renamed, doubled)
    assert migrate(old, 1, steps) == {"level_dba": 44, "session_min": 20}
    assert old == {"loudness": 44, "session_min": 10}, "what came is not changed"
    assert migrate({"session_min": 10}, 2, steps) == {"session_min": 20}
    assert migrate({"session_min": 10}, 3, steps) == {"session_min": 10}
    for version in (0, 4, -1, None, "1", True, 1.0):
        with pytest.raises(ProfileError, match="update the firmware"):
            migrate(old, version, steps)
    assert migrate([], 1, steps) == [], "whether it is a table at all is asked later"


def test_the_version_counts_the_steps():
    assert 1 + len(MIGRATIONS) == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"level_dba": 9999999999}, "is outside 30 to 50 dBA"),
        ({"level_dba": math.inf}, "is outside 30 to 50 dBA"),
        ({"level_dba": math.nan}, "is not a number"),
        ({"title": ""}, "is not a text of 1 to 16 characters; write such a one"),
        ({"title": 3}, "is not a text of 1 to 16 characters; write such a one"),
        ({"population": "adult", "maturity": "term"}, "for this population; leave it out, or write 'none'"),
    ],
)
def test_the_sentence_says_what_is_wrong(values, says):
    with pytest.raises(ProfileError) as refused:
        Profile.from_values(values)
    assert says in str(refused.value)
