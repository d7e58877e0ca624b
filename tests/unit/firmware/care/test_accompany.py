"""A session that accompanies: level and light for who sings, and the profiles that ask for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_bench import Bench

from firmware.care import accompany
from firmware.care.guard import ADULT_ROOM_CDBA, NEWBORN_ROOM_CDBA
from firmware.prescription.profile import Profile, ProfileError

SINGS = {"melody": "accompany"}


def level_after(population, room_cdba, seconds=240):
    """Return the level that is asked for when the room has been as loud for as long as the melody."""
    bench = Bench(population, **SINGS).start(seconds)
    bench.inputs.room_level_cdba = room_cdba
    bench.run(19)
    return bench.outputs.level_cdba


@pytest.mark.parametrize(
    "population,limit_cdba", [("newborn", NEWBORN_ROOM_CDBA), ("adult", ADULT_ROOM_CDBA)]
)
def test_it_gives_way_to_a_louder_room_by_six_decibels_at_most(population, limit_cdba):
    quiet = level_after(population, 4000)
    # The curve falls meanwhile, by less than half a decibel.
    assert level_after(population, limit_cdba - 1000) == quiet
    assert quiet - level_after(population, limit_cdba - 700) == pytest.approx(300, abs=60)
    assert quiet - level_after(population, limit_cdba - 400) == pytest.approx(600, abs=50)
    assert quiet - level_after(population, limit_cdba - 1) == pytest.approx(600, abs=50)


rooms = st.lists(st.one_of(st.none(), st.integers(2000, 6500)), min_size=5, max_size=30)


@settings(max_examples=25)
@given(voice=rooms, louder=st.lists(st.integers(0, 2000), min_size=30, max_size=30))
def test_the_accompaniment_never_answers_a_louder_voice_by_getting_louder(voice, louder):
    """Two sessions that differ in nothing but how loud the room is, second by second."""
    soft, loud = (Bench(**SINGS).start(200) for _ in range(2))
    for room_cdba, more_cdb in zip(voice, louder, strict=False):
        soft.inputs.room_level_cdba = room_cdba
        loud.inputs.room_level_cdba = None if room_cdba is None else min(6500, room_cdba + more_cdb)
        soft.run(3)
        before = loud.outputs.level_cdba
        loud.run(3)
        # Half a decibel is what no glide is made for.
        assert loud.outputs.level_cdba <= soft.outputs.level_cdba + 50
        if room_cdba is not None and more_cdb == 2000 and room_cdba + more_cdb >= NEWBORN_ROOM_CDBA - 400:
            assert loud.outputs.level_cdba <= before


def test_it_comes_back_slowly_after_a_voice_and_unknown_changes_nothing():
    bench = Bench(**SINGS).start(240)
    before = bench.outputs.level_cdba
    bench.inputs.room_level_cdba = 6200
    bench.run(15)
    bench.inputs.room_level_cdba = None
    bench.run(60)
    assert bench.outputs.level_cdba == pytest.approx(before - 600, abs=50)
    bench.inputs.room_level_cdba = 4000
    bench.run(5)
    assert bench.outputs.level_cdba <= before - 500  # who sings takes a breath
    bench.run(60)
    assert bench.outputs.level_cdba >= before - 150  # the curve has fallen a little too


def test_a_room_that_grows_louder_while_the_level_falls_makes_it_fall_no_faster():
    bench = Bench(**SINGS).start(240)
    bench.inputs.room_level_cdba = NEWBORN_ROOM_CDBA - 700
    out = bench.step()
    first, first_ms = out.level_cdba, out.level_over_ms
    begun_ms = bench.now_ms
    bench.run(2)
    bench.inputs.room_level_cdba = NEWBORN_ROOM_CDBA - 500
    out = bench.step()
    assert first_ms - (bench.now_ms - begun_ms) > 2000, "it falls still"
    assert out.level_over_ms == first_ms - (bench.now_ms - begun_ms) + 20 * (first - out.level_cdba)


def test_a_session_that_plays_the_melody_does_not_listen_to_the_room():
    bench = Bench().start(240)
    before = bench.outputs.level_cdba
    bench.inputs.room_level_cdba = 6400
    bench.run(15)
    assert bench.outputs.level_cdba == before


def test_the_light_swells_with_the_bar_dimly_and_only_where_it_is_asked_for():
    for asked in (True, False):
        bench = Bench(light_swell=asked, **SINGS).start(200)
        seen = set()
        for at in range(0, 3000, 50):
            bench.inputs.bar_permille = at % 1000
            bench.step()
            assert bench.outputs.light_colour == "green"
            seen.add(bench.outputs.light_permille)
        assert (min(seen), max(seen)) == ((10, 30) if asked else (30, 30))
        bench.inputs.gesture = None
        bench.press()
        bench.step()
        assert bench.outputs.light_permille == 12  # of a fade, as ever


def test_the_light_never_steps():
    steps = [accompany.light_of(at) for at in range(1000)]
    assert max(abs(a - b) for a, b in zip(steps, steps[1:] + steps[:1], strict=True)) <= 1
    assert steps[0] == max(steps) == 30


@pytest.mark.parametrize(
    "values,sentence",
    [
        (
            {"light_swell": True},
            "light_swell is for who sings; set melody = 'accompany' with it, or leave it out",
        ),
        (
            {"melody": "accompany", "song": "pattern_drift"},
            "melody = 'accompany' needs a song that can be sung; choose one, or melody = 'play'",
        ),
        (
            {"population": "adult", "melody": "accompany", "listening_programme": "settle", "fade_s": 30},
            "melody = 'accompany' has no listening_programme; set one of them back",
        ),
        (
            {"population": "adult", "melody": "accompany", "mode": "follow_breath"},
            "melody = 'accompany' cannot lead a breath; choose follow_pulse or open_loop",
        ),
    ],
)
def test_what_does_not_go_together_is_told_in_a_sentence(values, sentence):
    with pytest.raises(ProfileError) as refused:
        Profile.from_values(values)
    assert str(refused.value) == sentence
