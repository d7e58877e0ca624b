"""What a plan may be, what is refused in a sentence, and how sessions are shared out."""

import pytest

from host_tools.campaign import plan
from simulator.files.errors import CalandoError

COHORT = {"name": "worst", "kind": "worst_case", "what": "all", "sessions": {"S": 10, "D": 1}}


def made(**changes):
    return plan.from_values({"title": "t", "cohort": [{**COHORT, **changes}]})


def test_the_plan_that_comes_with_the_project_has_the_three_cohorts():
    bedside = plan.load("bedside")
    assert [cohort.kind for cohort in bedside.cohort] == ["representative", "worst_case", "replay"]
    assert plan.names() == ["bedside"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Worst Case"}, "name"),
        ({"sessions": {"S": -1}}, "sessions"),
        ({"sessions": {}}, "no cohort has any sessions"),
        ({"colour": 1}, "has no key colour"),
        ({"factors": {"pulse_rate": {"low": 1, "high": 2}}}, "did you mean"),
        ({"factors": {"pulse_rate_bpm": {"low": 10, "high": 20}}}, "is outside 48 to 205"),
        ({"factors": {"pulse_rate_bpm": {"low": 120, "high": 100}}}, "low first"),
        ({"factors": {"pulse_rate_bpm": {"choice": {"a": 1}}}}, "is a number"),
        ({"factors": {"fault": {"choice": {"sensor_nak": 1}}}}, "sensor_nack"),
        ({"factors": {"fault": {"low": 1, "high": 2}}}, "is a choice of"),
        ({"factors": {"fault": {"choice": {"none": 0}}}}, "no choice a weight"),
        ({"factors": {"motion_at": {"low": 0, "high": 0.5, "mean": 0.1}}}, "mean and sd"),
        (
            {"factors": {"level_dba": {"low": 40, "high": 60, "mean": 500, "sd": 4}}},
            "its mean between low and high",
        ),
        ({"kind": "representative", "factors": {"motion_at": {"low": 0, "high": 0.5}}}, "has no source"),
        ({"kind": "replay"}, "needs the factor recording"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changes, words):
    with pytest.raises(CalandoError) as refused:
        made(**changes)
    assert words in str(refused.value) and "\n" not in str(refused.value)


NOT_A_NUMBER = float("nan")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"name": "Worst Case"},
            'name = "Worst Case" cannot be used: write 1 to 40 small letters, digits and _, a letter first',
        ),
        ({"name": 3}, "name = 3 is not text; put it in quotes"),
        ({"kind": "bad"}, 'kind = "bad" is unknown; choose "representative", "worst_case" or "replay"'),
        ({"what": ""}, "what is empty; write something"),
        ({"what": "x" * 401}, "what is too long; write at most 400 characters"),
        ({"sessions": {"S": -1}}, "sessions S = -1 is outside its range; write at least 0"),
        ({"sessions": {"S": 1.5}}, "sessions S = 1.5 is not a whole number; write one"),
        ({"sessions": {"S": 10**9}}, "sessions S = 1000000000 is outside its range; write at most 10000000"),
        ({"sessions": 5}, "sessions = 5 is not a table; write its keys in braces: { key = value }"),
        (
            {"factors": {"fault": 3}},
            "factors fault = 3 is not a table; write its keys in braces: { key = value }",
        ),
        (
            {"factors": {"motion_at": {"low": "a", "high": 1}}},
            'factors motion_at low = "a" is not a number; write one',
        ),
        (
            {"factors": {"motion_at": {"low": NOT_A_NUMBER, "high": 1}}},
            "motion_at low = nan is not a number; write one",
        ),
        (
            {"factors": {"motion_at": {"low": 0, "high": 1, "mean": 0.5, "sd": 0}}},
            "factors motion_at sd = 0 is outside its range; write more than 0",
        ),
    ],
)
def test_a_mistake_is_told_in_the_words_of_a_plan(changes, told):
    with pytest.raises(CalandoError) as refused:
        made(**changes)
    assert str(refused.value).startswith("the plan: cohort 1 ") and str(refused.value).endswith(told)


@pytest.mark.parametrize("cohort", [[], 3, COHORT, [COHORT] * 21])
def test_no_tuple_is_asked_for(cohort):
    with pytest.raises(CalandoError, match=r"\[\[cohort\]\]"):
        plan.from_values({"title": "t", "cohort": cohort})


def test_two_cohorts_have_two_names():
    with pytest.raises(CalandoError, match="two cohorts are named worst"):
        plan.from_values({"title": "t", "cohort": [COHORT, COHORT]})


def test_a_plan_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(CalandoError, match="bedside"):
        plan.load("bedsid")


def test_the_digest_is_of_what_is_drawn_and_not_of_how_many():
    assert made().digest == made(sessions={"S": 1000, "D": 7}).digest
    assert made().digest != made(factors={"fault": {"choice": {"none": 1}}}).digest
    assert made().digest != made(name="other").digest


@pytest.mark.parametrize("sessions", [1, 3, 5, 6, 50, 999, 102_000])
def test_sessions_are_shared_out_in_the_plans_proportions_to_the_last_one(sessions):
    bedside = plan.load("bedside")
    shares = bedside.shares(sessions)
    assert sum(shares.values()) == sessions
    assert shares["replay", "S"] == 0
    if sessions >= 5:
        assert all(count for key, count in shares.items() if key != ("replay", "S"))
    if sessions > 10_000:
        whole = sum(bedside.shares().values())
        for key, count in bedside.shares().items():
            assert shares[key] == pytest.approx(count * sessions / whole, abs=1)
