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
        ({"kind": "representative", "factors": {"motion_at": {"low": 0, "high": 0.5}}}, "has no source"),
        ({"kind": "replay"}, "needs the factor recording"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changes, words):
    with pytest.raises(CalandoError) as refused:
        made(**changes)
    assert words in str(refused.value) and "\n" not in str(refused.value)


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
