"""Music that breathes with an adult: where the pace begins, when it slows, when it lets go, what the feedback follows."""

import random

import numpy as np
import pytest
from breath_bench import SWING, Bedside, deaf, follower, profile, silent
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.care import guard as g
from firmware.care.guard import Guard
from firmware.care.hour import Hour
from firmware.care.pacer import Pacer
from firmware.prescription.profile import SEAL_CHARACTERS, Profile, ProfileError, sham_arm
from firmware.step import Inputs, Outputs


def test_the_first_pace_is_three_quarters_of_the_patients_own_and_it_slows_by_whole_beats_to_the_floor():
    bed = Bedside(follower).run(640)
    assert bed.paces() == [60_000 // beats for beats in (6, 7, 8, 9, 10)]
    assert bed.told[-1][3] == "sustain"
    assert {tempo for *_, tempo in bed.told if tempo is not None} == {60_000}


@pytest.mark.parametrize(
    ("own", "first"), [(20, 4), (16, 5), (12, 7), (10, 8), (8, 10), (6, 10), (5, 12), (4.5, 13), (4, 13)]
)
def test_a_breath_is_so_many_beats_at_first_and_never_faster_than_the_patients(own, first):
    pacer = Pacer(profile())
    inputs = Inputs()
    inputs.breathing_rate_mbpm = int(own * 1000)
    for _ in range(10):
        assert pacer.own_mbpm is None
        pacer.listen(1000, inputs)
    assert pacer.begin()
    pacer.advance(10_000, inputs, False, False)
    assert pacer.pace_mbpm == 60_000 // first
    assert pacer.at_floor == (first >= 10)


@pytest.mark.parametrize("own", [23.5, 30])
def test_who_breathes_too_fast_is_not_led_and_hears_plain_music(own):
    bed = Bedside(lambda second, pace: (int(own * 1000), SWING)).run(180)
    assert bed.paces() == []
    assert bed.told[70][3:5] == ("match", "no_breath")
    assert bed.told[70][1] is None  # the soundscape swells in its own way again


def test_without_a_breath_there_is_plain_music_after_two_minutes_and_a_steady_soundscape_before():
    bed = Bedside(silent).run(240)
    assert bed.paces() == []
    assert {told[1] for told in bed.told[2:119]} == {0}
    assert all(told[3] == "baseline" for told in bed.told[2:119])
    assert bed.told[124][3:5] == ("match", "no_breath")
    assert bed.bench.session.tempo.closed


def test_a_step_comes_only_after_six_breaths_that_followed_and_with_a_phrase_end():
    bed = Bedside(follower, phrase_every_s=75).run(300)
    changes = [
        second
        for second, (one, two) in enumerate(zip(bed.told, bed.told[1:], strict=False), 2)
        if one[0] != two[0]
    ]
    begun, *steps = changes
    for step in steps:
        # The breath under way ends first.
        assert step % 75 <= 60_000 // 6_000 + 1
        assert step - begun >= 6 * 6
    never = Bedside(follower, phrase_every_s=100_000).run(500)
    assert len(never.paces()) == 1


def test_who_follows_now_and_then_is_not_slowed():
    bed = Bedside(lambda second, pace: ((pace or 14_000) if second % 40 < 20 else 14_000, SWING)).run(500)
    assert len(bed.paces()) == 1
    assert bed.bench.outputs.pacer == "paced"


def test_nobody_is_led_on_who_does_not_follow_the_swell_sinks_away_and_the_music_goes_on():
    bed = Bedside(deaf).run(700)
    begun = next(second for second, told in enumerate(bed.told) if told[0])
    gone = next(second for second in range(begun + 60, 700) if bed.told[second][1] == 0)
    let_go = next(second for second in range(700) if bed.told[second][4] == "let_go")
    assert 178 <= let_go - begun <= 195
    assert 40 <= gone - let_go <= 60
    assert all(told[0] is None and told[1] == 0 for told in bed.told[gone + 1 :])
    swells = [told[1] for told in bed.told[let_go:gone]]
    assert swells == sorted(swells, reverse=True)
    assert bed.told[-1][3:] == ("sustain", "let_go", 60_000)
    assert bed.bench.sounding


def test_who_stops_following_at_the_floor_is_told_as_let_go():
    bed = Bedside(lambda second, pace: (8_000 if second < 100 else 14_000, SWING)).run(120)
    assert bed.told[-1][3:5] == ("sustain", None)
    bed.run(180)
    assert bed.told[-1][3:5] == ("sustain", "let_go")


def test_paced_music_is_neither_bright_nor_dark_neither_dense_nor_thin():
    outputs = Bedside(follower).run(90).bench.outputs
    assert outputs.pacer == "paced"
    assert outputs.brightness_permille == outputs.density_permille == 500


def test_one_breath_in_three_is_enough_to_go_on():
    bed = Bedside(lambda second, pace: ((pace or 14_000) if second % 60 < 24 else 14_000, SWING)).run(600)
    assert bed.bench.outputs.pacer == "paced"


def test_a_breath_within_a_tenth_of_the_pace_follows_and_one_beyond_does_not():
    for off, followed in ((1.09, True), (0.91, True), (1.12, False), (0.88, False)):
        bed = Bedside(lambda second, pace, off=off: (int((pace or 14_000 / off) * off), SWING)).run(150)
        assert bed.bench.outputs.breath_followed is followed


def test_after_its_minutes_it_fades():
    bed = Bedside(follower, breath_length_min=5).run(400)
    first = next(second for second, told in enumerate(bed.told) if told[3] == "lead")
    faded = next(second for second, told in enumerate(bed.told) if told[3] == "fade")
    assert faded - first == pytest.approx(300, abs=2)
    assert bed.told[faded][4] == "time_up"


def test_a_pulse_that_is_slow_enough_lets_nothing_slow_further():
    bed = Bedside(follower)
    bed.run(75)
    bed.bench.pulse_bpm = 49.0
    bed.run(200)
    assert len(bed.paces()) == 1


def swings(seed, seconds=900):
    """Somebody's swing over time: it wanders over minutes, by what the mode answers to."""
    chance = random.Random(seed)
    value, goal, made = 1.0, 1.0, []
    for second in range(seconds):
        if second % 100 == 0:
            goal = chance.uniform(0.75, 1.65)
        value += (goal - value) / 40
        made.append(int(SWING * (value if second > 70 else 1.0)))
    return made


def feedback_of(heard):
    bed = Bedside(lambda second, pace: ((pace or 14_000), heard[second])).run(660)
    return np.array([told[2] for told in bed.told[90:640]], dtype=float)


def test_the_feedback_follows_ones_own_swing_and_no_strangers():
    people = range(14)
    mine = [np.array(swings(person)[91:641], dtype=float) for person in people]
    moved = [feedback_of(swings(person)) for person in people]
    own = [np.corrcoef(moved[person], mine[person])[0, 1] for person in people]
    others = [np.corrcoef(moved[one], mine[two])[0, 1] for one in people for two in people if one != two]
    assert min(own) > 0.8, own
    assert abs(np.mean(others)) < 0.1, others


def test_the_feedback_moves_by_at_most_ten_points_in_ten_seconds_and_within_its_range():
    bed = Bedside(lambda second, pace: ((pace or 14_000), SWING if second < 100 else 9 * SWING)).run(300)
    moved = [told[2] for told in bed.told if told[2] is not None]
    assert max(abs(b - a) for a, b in zip(moved, moved[10:], strict=False)) <= 101
    assert max(moved) == 500
    down = Bedside(lambda second, pace: ((pace or 14_000), SWING if second < 100 else 100)).run(300)
    assert min(told[2] for told in down.told if told[2] is not None) == -500


@pytest.mark.parametrize(("ratio", "wanted"), [(0.8, -500), (1.0, -250), (1.2, 0), (1.4, 250), (1.6, 500)])
def test_what_a_swing_asks_for(ratio, wanted):
    bed = Bedside(lambda second, pace: ((pace or 14_000), SWING if second < 70 else int(ratio * SWING))).run(
        200
    )
    assert bed.told[-1][2] == pytest.approx(wanted, abs=2)


def test_an_unknown_swing_keeps_the_feedback_for_twenty_seconds_and_is_neutral_after_twenty_more():
    bed = Bedside(
        lambda second, pace: ((pace or 14_000), SWING if second < 70 else 2 * SWING if second < 200 else None)
    )
    bed.run(260)
    assert [bed.told[second][2] for second in (199, 217)] == [500, 500]
    assert bed.told[224][2] - bed.told[229][2] == pytest.approx(125, abs=3)
    assert bed.told[241][2] == 0


def test_an_irregular_rhythm_gets_no_feedback_however_its_pulse_swings():
    bed = Bedside(lambda second, pace: ((pace or 14_000), SWING if second < 70 else 2 * SWING)).run(180)
    assert bed.told[-1][2] == 500
    bed.bench.inputs.rhythm_irregular = True
    bed.run(25)
    assert bed.told[-1][2] is None
    assert bed.told[-25][2] < 500
    never = Bedside(lambda second, pace: ((pace or 14_000), None)).run(300)
    assert {told[2] for told in never.told} == {None}


def test_feedback_can_be_left_out():
    bed = Bedside(
        lambda second, pace: ((pace or 14_000), SWING * (1 + second % 2)), breath_feedback="none"
    ).run(300)
    assert {told[2] for told in bed.told} == {None}


def test_the_first_swell_waits_for_a_breath_in_but_not_for_ever():
    pacer = Pacer(profile())
    inputs = Inputs()
    inputs.breathing_rate_mbpm = 12_000
    for _ in range(12):
        pacer.listen(1000, inputs)
    pacer.begin()
    inputs.breath_in_ms = 500
    pacer.advance(100, inputs, False, False)  # in already: too late to begin with it
    inputs.breath_in_ms = -1500
    pacer.advance(100, inputs, False, False)
    assert pacer.pace_mbpm is None
    inputs.breath_in_ms = 2000
    pacer.advance(100, inputs, False, False)
    assert pacer.pace_mbpm == 60_000 // 7


def begun(own_mbpm=12_000, **values):
    """Return a pacer that paces somebody of 12 breaths a minute by seven beats, 7 s, and the inputs it reads."""
    pacer, inputs = Pacer(profile(**values)), Inputs()
    inputs.breathing_rate_mbpm, inputs.breath_amplitude_mbpm = own_mbpm, 5_000
    for _ in range(60):
        pacer.listen(1000, inputs)
    assert pacer.begin()
    pacer.advance(9_900, inputs, False, False)
    assert pacer.pace_mbpm is None
    pacer.advance(100, inputs, False, False)  # nobody breathed in for ten seconds
    assert pacer.pace_mbpm == 60_000 // 7
    return pacer, inputs


def test_a_minute_of_breaths_is_read_whole():
    pacer, inputs = Pacer(profile()), Inputs()
    for reading in range(60):
        inputs.breathing_rate_mbpm = 12_000 + 10 * reading
        pacer.listen(1000, inputs)
    assert pacer.own_mbpm == 12_310  # every other of sixty


@pytest.mark.parametrize("rates", [(9, 10, 11, 12, 13), (13, 12, 11, 10, 9), (12, 9, 13, 10, 11)])
def test_breaths_in_any_order_have_the_same_middle(rates):
    pacer, inputs = Pacer(profile()), Inputs()
    for rate in rates:
        inputs.breathing_rate_mbpm = 1000 * rate
        pacer.listen(2000, inputs)
    assert pacer.own_mbpm == 11_000


def test_a_breath_is_known_after_ten_seconds_of_it():
    pacer, inputs = Pacer(profile()), Inputs()
    inputs.breathing_rate_mbpm = 12_000
    for _ in range(99):
        pacer.listen(100, inputs)
    assert pacer.own_mbpm is None
    pacer.listen(100, inputs)
    assert pacer.own_mbpm == 12_000


def test_the_swell_comes_by_a_tenth_of_a_decibel_a_second_and_goes_by_less_than_half_of_that():
    pacer, inputs = begun()
    before = pacer.swell_cdb
    pacer.advance(10_000, inputs, False, False)
    assert pacer.swell_cdb - before == 100
    pacer.state = "let_go"
    pacer.advance(10_000, inputs, False, False)
    assert pacer.swell_cdb - before == 60


def test_the_sixth_breath_that_followed_is_enough_for_a_step():
    pacer, inputs = begun()
    inputs.breathing_rate_mbpm = pacer.pace_mbpm
    for breath in range(1, 8):
        assert pacer.pace_mbpm == 60_000 // 7, breath
        for _ in range(10):
            pacer.advance(701, inputs, breath == 7, False)
    assert pacer.pace_mbpm == 60_000 // 8


@pytest.mark.parametrize(("followed", "state"), [(7, "let_go"), (8, "paced")])
def test_of_the_breaths_of_three_minutes_three_in_ten_must_follow(followed, state):
    pacer, inputs = begun()
    for breath in range(26):  # the last 25 are looked at
        inputs.breathing_rate_mbpm = pacer.pace_mbpm if breath % 3 == 1 and breath < 3 * followed else 14_000
        for _ in range(10):
            pacer.advance(701, inputs, False, False)
    assert pacer.state == state


def test_the_feedback_moves_by_a_hundredth_a_second():
    pacer, inputs = begun()
    before = pacer.feedback_permille
    inputs.breath_amplitude_mbpm = 20_000
    for _ in range(100):
        pacer.advance(100, inputs, False, False)
    assert pacer.feedback_permille - before == 100


class TestGuard:
    def limited(
        self, outputs, population="adult", mode="follow_breath", irregular_s=0.0, seconds=0.0, guard=None
    ):
        made = Profile.from_values({"population": population, "mode": mode})
        guard = guard or Guard(made, Hour())
        inputs = Inputs()
        inputs.rhythm_irregular = irregular_s > 0
        inputs.perfusion_index_ppm = 10_000
        outputs.amplifier_on = outputs.playing = True
        for turn in range(int(10 * max(irregular_s, seconds)) + 2):
            inputs.perfusion_index_ppm = 10_000 + turn % 7
            guard.check(100 * turn, inputs)
            if turn == 0:
                guard.limit(outputs)
        guard.limit(outputs)
        return outputs

    def asked(self, pace=6_000, swell=200, inhalation=400, feedback=100):
        outputs = Outputs()
        outputs.pace_mbpm, outputs.swell_cdb = pace, swell
        outputs.inhalation_permille, outputs.feedback_permille = inhalation, feedback
        return outputs

    @pytest.mark.parametrize(
        ("population", "mode"),
        [("newborn", "follow_pulse"), ("adult", "follow_pulse"), ("adult", "open_loop")],
    )
    def test_only_an_adult_whose_profile_says_so_is_shown_a_pace(self, population, mode):
        outputs = self.limited(self.asked(), population, mode)
        assert (outputs.pace_mbpm, outputs.swell_cdb, outputs.feedback_permille) == (None, None, None)

    @given(
        st.integers(-10, 100_000), st.integers(-500, 5_000), st.integers(0, 1_000), st.integers(-2_000, 2_000)
    )
    @settings(max_examples=60)
    def test_whatever_is_wanted_the_swell_is_gentle(self, pace, swell, inhalation, feedback):
        outputs = self.limited(self.asked(pace, swell, inhalation, feedback))
        assert 4_500 <= outputs.pace_mbpm <= 15_000
        assert 0 <= outputs.swell_cdb <= 200
        assert 300 <= outputs.inhalation_permille <= 500
        # Up by twice the swell while the breath goes in, at most 1 dB in a second: whole, for 2 * 69 / 1.38 is over 100.
        assert 2 * outputs.swell_cdb * outputs.pace_mbpm <= 6_000 * outputs.inhalation_permille
        assert -500 <= outputs.feedback_permille <= 500

    def test_what_is_gentle_enough_is_left_alone(self):
        outputs = self.limited(self.asked())
        assert (outputs.pace_mbpm, outputs.swell_cdb, outputs.inhalation_permille) == (6_000, 200, 400)
        for inhalation in (300, 500):
            assert self.limited(self.asked(inhalation=inhalation)).inhalation_permille == inhalation
        assert self.limited(self.asked(pace=None)).swell_cdb == 0
        assert self.limited(self.asked(swell=None)).pace_mbpm is None

    @pytest.mark.parametrize(("irregular_s", "left"), [(19.7, 100), (20.2, None)])
    def test_it_takes_the_feedback_from_an_irregular_heart(self, irregular_s, left):
        assert self.limited(self.asked(), irregular_s=irregular_s).feedback_permille == left

    def run(self, paces):
        """Return what is left of paces that are wanted second by second."""
        guard = Guard(profile(), Hour())
        inputs, outputs = Inputs(), Outputs()
        left = []
        now_ms = 0
        for wanted in paces:
            for _ in range(10):
                now_ms += 100
                inputs.perfusion_index_ppm = 10_000 + now_ms // 100 % 7
                guard.check(now_ms, inputs)
                outputs.amplifier_on = outputs.playing = True
                outputs.pace_mbpm, outputs.swell_cdb = wanted, 100
                guard.limit(outputs)
            left.append((outputs.pace_mbpm, outputs.swell_cdb))
        return left

    def test_a_pace_never_runs_away_to_either_side(self):
        left = [pace for pace, _ in self.run([10_000] * 5 + [15_000] * 20 + [4_500] * 100)]
        assert max(left) == 10_000
        assert left[-1] == 4_500
        for window in range(len(left) - 19):
            assert left[window + 19] >= left[window] * 0.79 * 0.79 - 1
        assert min(left[:39]) >= 7_900 - 1

    def test_nobody_is_led_for_more_than_twenty_minutes(self):
        left = self.run([6_000] * 1_210)
        assert left[1_195][0] == 6_000
        assert left[-1] == (None, 0)

    def test_the_numbers_are_those_of_the_hazard_table(self):
        assert (g.PACE_SLOWEST_MBPM, g.PACE_FASTEST_MBPM, g.SWELL_CDB, g.SWELL_CDB_PER_S) == (
            4_500,
            15_000,
            200,
            100,
        )
        assert (g.PACE_WINDOW_MS, g.PACE_CHANGE_PERMILLE, g.PACE_MOST_MS) == (20_000, 210, 1_200_000)


class TestBadProfiles:
    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"population": "newborn", "mode": "follow_breath"}, "mode = 'follow_breath' is for adults only"),
            ({"population": "newborn", "breath_length_min": 12}, "breath_length_min = 12 is for adults only"),
            ({"population": "adult", "mode": "follow_breath", "breath_floor_per_min": 4}, "outside 4.5 to 7"),
            ({"population": "adult", "mode": "follow_breath", "breath_swell_db": 3}, "outside 0.5 to 2"),
            (
                {"population": "adult", "mode": "follow_breath", "soundscape": "none", "opening": "silence"},
                "needs a soundscape that can swell",
            ),
            (
                {"population": "adult", "mode": "follow_breath", "breath_length_min": 20, "session_min": 20},
                "leaves no time",
            ),
        ],
        ids=str,
    )
    def test_they_are_refused_in_a_sentence(self, values, said):
        with pytest.raises(ProfileError, match=said.replace("(", r"\(")) as refused:
            Profile.from_values(values)
        assert "\n" not in str(refused.value)

    def test_a_newborns_profile_with_every_value_written_out_is_none(self):
        Profile.from_values(dict(Profile.ready("newborn").values))


def sham(mine, arm, **values):
    """A session of an arm whose person breathes with this swing: their own feedback, and a stranger's, each second."""
    seal = "0" * SEAL_CHARACTERS
    other = {"a": "b", "b": "a"}[sham_arm(seal)]
    drawn = sham_arm(seal) if arm == "sham" else other
    bed = Bedside(
        lambda second, pace: (None if mine[second] is None else (pace or 14_000), mine[second]),
        arm=drawn,
        seal=seal,
        **values,
    )
    heard = []
    for _ in range(660):
        bed.run(1)
        heard.append(bed.bench.outputs.stranger_permille)
    return bed, heard


def test_a_studys_sham_answers_to_a_stranger_and_tells_what_ones_own_breath_asked_for():
    correlated, starts = [], set()
    for person in range(8):
        mine = swings(person)
        (music, none), (drawn, heard) = sham(mine, "music"), sham(mine, "sham")
        assert (
            music.told == drawn.told
        )  # what is written down is the same, and so is all that is not feedback
        assert set(none) == {None}
        stranger = np.array(heard[90:640], dtype=float)
        assert np.abs(np.diff(stranger)).max() <= 10 and np.abs(stranger).max() <= 500
        assert np.ptp(stranger) > 300  # it is music that answers to somebody
        correlated.append(np.corrcoef(stranger, np.array(mine[91:641], dtype=float))[0, 1])
        starts.add(tuple(heard[90:200]))
    assert abs(np.mean(correlated)) < 0.2 and max(np.abs(correlated)) < 0.8, correlated


def test_a_strangers_breath_has_the_times_that_were_recorded():
    _, heard = sham([SWING] * 700, "sham")
    moves = np.sign(np.diff(heard[110:651]))
    again = 54 * 5  # values of five seconds each
    assert np.mean(moves[:again] == moves[again : 2 * again]) > 0.9
    assert {-1, 1} <= set(moves)


def test_a_stranger_is_heard_only_while_ones_own_breath_would_be():
    mine = [value if second < 300 or second > 350 else None for second, value in enumerate(swings(3))]
    drawn, heard = sham(mine, "sham")
    own = [told[2] for told in drawn.told]
    assert [value is None for value in heard] == [value is None for value in own]
    assert heard[310] == heard[300] and heard[345] == own[345] == 0
    assert any(heard[400:600])


def test_the_next_session_of_a_study_begins_without_the_last_ones_stranger():
    seal = "0" * SEAL_CHARACTERS
    pacer, inputs = begun(arm=sham_arm(seal), seal=seal)
    pacer.advance(1000, inputs, False, False)
    assert pacer.stranger_permille is not None
    pacer.restart()
    assert pacer.stranger_permille is None


def test_the_guard_takes_a_strangers_feedback_away_with_ones_own_and_keeps_it_within_bounds():
    guard, outputs = Guard(profile(), Hour()), Outputs()
    for own, stranger, left in ((100, 9_000, 500), (100, -9_000, -500), (None, 300, None)):
        outputs.feedback_permille, outputs.stranger_permille = own, stranger
        outputs.pace_mbpm, outputs.swell_cdb = 6_000, 100
        guard.limit(outputs)
        assert outputs.stranger_permille == left
    newborn = Guard(Profile.ready("newborn"), Hour())
    outputs.feedback_permille, outputs.stranger_permille = 100, 100
    newborn.limit(outputs)
    assert outputs.feedback_permille is outputs.stranger_permille is None
