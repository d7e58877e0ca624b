"""Which hazards a session gave occasion to: each row of the table is either counted or has a line saying why not."""

import re
from pathlib import Path

import pytest
from programme_parts import SILENCE, segment

from host_tools.campaign import provoked
from host_tools.judge import limits, witness
from simulator import scenario, step_bedside

TABLE = limits.read()
TITLES = limits.hazard_titles()


def provoked_by(profile, patient, *events, duration_s=330.0, **values):
    made = scenario.from_values({
        "title": "t", "duration_s": duration_s, "profile": profile, "patient": patient, **values,
        "event": [{"at_s": 5.0, "do": "press"}, *events],
    })  # fmt: skip
    evidence = witness.of_steps(step_bedside.play(made))
    return provoked.hazards(evidence, limits.of(TABLE, evidence.population))


def test_every_row_of_the_table_is_counted_or_excused():
    source = Path(provoked.__file__).read_text("utf-8")
    counted = source.partition("def hazards")[2]
    named = {
        int(number) for number in re.findall(r"\b\d+\b", "".join(re.findall(r"(?:add\(|[{]).*", counted)))
    }
    assert set(TITLES) <= named | set(provoked.CANNOT)
    assert set(provoked.CANNOT) <= set(TITLES)


@pytest.mark.parametrize(("irregular", "also"), [(0.0, set()), (0.2, {36})])
def test_an_adult_whose_breath_is_led_gives_occasion_to_the_hazards_of_it(irregular, also):
    found = provoked_by(
        {"population": "adult", "mode": "follow_breath"},
        {"population": "adult", "pulse_rate_bpm": 72, "breathing_rate_bpm": 12, "irregular_pulse": irregular},
    )
    assert {31, 33, 34, 35, 37} | also <= set(found)
    assert (36 in found) == bool(also)


def test_a_listening_programme_gives_occasion_to_its_hazard_when_it_goes_on():
    programme = {"title": "T", "shape": "flat", "segment": [segment("rest", "song", "edo"), SILENCE]}
    adult, patient = {"population": "adult", "listening_programme": "evening"}, {"population": "adult"}
    assert 38 in provoked_by(adult, patient, programme=programme, duration_s=90.0)
    assert 38 not in provoked_by(adult, patient, programme=programme, duration_s=30.0)


def test_a_plain_session_of_a_newborn_gives_none_of_these():
    found = provoked_by("newborn", {"population": "newborn", "pulse_rate_bpm": 150}, duration_s=90.0)
    assert not {33, 34, 35, 36, 37, 39} & set(found)
