"""Each law is awake: a step that breaks it is told, and a good step is not."""

import pytest

from firmware.step import Outputs
from simulator.laws import Laws


def wanted(**changes):
    outputs = Outputs()
    outputs.amplifier_on = outputs.playing = outputs.sensor_on = True
    outputs.phase, outputs.level_cdba, outputs.tempo_mbpm = "lead", 4500, 70_000
    for name, value in changes.items():
        setattr(outputs, name, value)
    return outputs


def started(opening="soundscape"):
    """Return laws that saw a press, then sound at 30 dB(A)."""
    laws = Laws("newborn", opening, 10)
    assert laws.broken(100, wanted(), None, "press") == []
    assert laws.broken(200, wanted(), 3000.0) == []
    return laws


def test_a_good_step_breaks_none():
    assert started().broken(300, wanted(), 3010.0) == []


@pytest.mark.parametrize(
    ("changes", "heard_cdba", "gesture", "says"),
    [
        ({"level_cdba": 5001}, 3000.0, None, "above the ceiling"),
        ({"mute_now": True}, 3000.0, None, "on and silent"),
        ({"save_dose": True}, 3000.0, None, "flash"),
        ({"light_permille": 101}, 3000.0, None, "the light"),
        ({"light_colour": "red"}, 3000.0, None, "the light"),
        ({}, 3000.0, "hold", "a hold"),
        ({"phase": "fault"}, 3000.0, None, "cannot be trusted"),
        ({"phase": "idle"}, 3000.0, None, "idle"),
        ({"phase": "idle"}, None, None, "idle"),
        ({}, 3012.0, None, "rose by 12"),
        ({"tempo_mbpm": 18_000}, 3000.0, None, "the tempo was 18"),
        ({"tempo_mbpm": 71_000}, 3000.0, None, "faster than 70"),
    ],
)
def test_a_step_that_breaks_a_law_is_told(changes, heard_cdba, gesture, says):
    broken = started().broken(300, wanted(**changes), heard_cdba, gesture)
    assert any(says in sentence for sentence in broken), broken


def test_sound_by_itself_is_told():
    assert "by itself" in Laws("adult", "silence", 20).broken(100, wanted(), 2000.0)[0]


def test_a_stop_rule_that_goes_on_sounding_is_told():
    laws = started()
    told = [laws.broken(200 + ms, wanted(phase="withdraw"), 2900.0) for ms in range(100, 4001, 100)]
    assert not any(told[:31]) and all("a stop rule" in broken[0] for broken in told[31:])


def test_an_endless_session_is_told():
    laws = started()
    for second in range(1, 1806):
        broken = laws.broken(200 + 1000 * second, wanted(), 3000.0)
        assert bool(broken) == (second > 1804), broken


def test_a_tempo_that_slows_faster_than_the_profile_lets_it_is_told():
    laws = started()
    told = []
    for second in range(1, 121):
        told += laws.broken(1000 * second, wanted(tempo_mbpm=70_000 - 30 * second), 3000.0)
    assert "in a minute" in told[0]


def test_a_step_at_one_beat_is_told():
    laws = started("music")
    told = []
    for turn in range(3, 40):
        told += laws.broken(100 * turn, wanted(tempo_mbpm=70_000 if turn < 20 else 75_000), 3000.0)
    assert len(told) == 1 and "at one beat" in told[0]


def glided(held):
    """What is told of an opening's glide of 4.8 % in a minute, with a hold before it or with an end of the glide."""
    laws = started("music")
    told = []
    laws.broken(1000, wanted(phase="baseline", tempo_mbpm=90_000, target_tempo_mbpm=90_000), 3000.0)
    at_ms = 1000
    for second in range(140):
        at_ms += 1000
        tempo = 90_000 if second < 70 else round(90_000 * (1 - 0.0008 * (second - 70)))
        target = tempo if second < 70 else 80_000
        phase = "hold" if held and 2 <= second < 70 else "lead"  # it is held before it says so
        told += laws.broken(at_ms, wanted(phase=phase, tempo_mbpm=tempo, target_tempo_mbpm=target), 3000.0)
    return told


def test_an_openings_glide_that_was_held_goes_on_and_one_that_ended_does_not():
    # Found by a campaign: a pulse below the freeze limit held the glide from 90 to 81, and the law took the glide for over.
    assert glided(held=True) == []
    assert "in a minute" in glided(held=False)[0]
