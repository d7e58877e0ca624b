"""Hazards of leading an adult's breath. hNN: row of docs/hazards.toml."""

from itertools import pairwise

import pytest
from breath_bench import SWING, Bedside, deaf, follower, silent

from firmware.prescription.profile import Profile, ProfileError
from host_tools.device.changes import CONTRAINDICATIONS


def test_h33_the_breath_is_never_led_to_be_faster_and_slows_by_steps_with_minutes_between():
    for own in (14_000, 18_000, 8_000):
        bed = Bedside(lambda second, pace, own=own: (pace or own, SWING)).run(640)
        paces = bed.paces()
        assert paces[0] <= own * 1.1 and paces == sorted(paces, reverse=True)
        assert all(later >= 0.79 * earlier for earlier, later in pairwise(paces))
        assert paces[-1] >= 6_000 - 1


def test_h33_the_swell_asks_for_no_deeper_breath_when_the_pulse_swings_more():
    small = Bedside(lambda second, pace: (pace or 14_000, SWING)).run(300)
    large = Bedside(lambda second, pace: (pace or 14_000, SWING if second < 80 else 4 * SWING)).run(300)
    assert [told[:2] for told in small.told] == [told[:2] for told in large.told]
    assert [told[5] for told in small.told] == [told[5] for told in large.told]
    assert small.bench.outputs.level_cdba == large.bench.outputs.level_cdba


def test_h34_who_cannot_follow_is_let_go_and_a_press_ends_it_as_ever():
    bed = Bedside(deaf).run(320)
    assert bed.bench.outputs.pacer == "let_go"
    again = Bedside(follower).run(200)
    again.bench.step("press")
    assert again.bench.outputs.phase == "fade"
    held = Bedside(follower).run(200)
    held.bench.step("hold")
    assert not held.bench.sounding


def test_h34_the_contraindications_of_being_led_are_asked_for():
    asked = " ".join(CONTRAINDICATIONS)
    for word in ("fibrillation", "pacemaker", "carbon dioxide", "breathlessness", "delirium", "last days"):
        assert word in asked


@pytest.mark.parametrize("unknown_from", [0, 100, 300])
def test_h35_a_breath_that_is_unknown_is_never_taken_for_one_that_follows(unknown_from):
    bed = Bedside(
        lambda second, pace: silent(second, pace) if second >= unknown_from else follower(second, pace)
    )
    bed.run(unknown_from + 60)
    before = bed.bench.outputs.pace_mbpm
    bed.run(190)
    assert bed.bench.outputs.pacer in ("off", "let_go")
    assert bed.bench.outputs.pace_mbpm in (None, before)


def test_h35_a_sensor_that_comes_off_slows_nothing_further():
    bed = Bedside(follower).run(100)
    bed.bench.inputs.contact = False
    bed.bench.pulse_bpm = None
    bed.breathes = silent
    before = bed.bench.outputs.pace_mbpm
    bed.run(150)
    assert bed.bench.outputs.pace_mbpm in (None, before)


def test_h36_an_irregular_heart_is_rewarded_for_nothing():
    bed = Bedside(lambda second, pace: (pace or 14_000, None))
    bed.bench.inputs.rhythm_irregular = True
    bed.run(400)
    assert {told[2] for told in bed.told} == {None}


def test_h37_nothing_leads_a_newborns_breath():
    with pytest.raises(ProfileError, match="for adults only"):
        Profile.from_values({"population": "newborn", "mode": "follow_breath"})


@pytest.mark.parametrize("phrase_every_s", [1, 5, 11])
def test_h37_however_often_phrases_end_a_pace_slows_by_one_beat_after_six_breaths(phrase_every_s):
    bed = Bedside(follower, phrase_every_s=phrase_every_s).run(400)
    since, pace = 0, None
    for second, (now, *_) in enumerate(bed.told):
        if now != pace:
            assert pace is None or (
                60_000 // now - 60_000 // pace == 1 and second - since >= 6 * 60_000 // pace - 1
            )
            since, pace = second, now
