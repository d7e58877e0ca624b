"""What of a programme is not heard, not reached or has no part is told beside a profile, and is what is played."""

from pathlib import Path

import numpy as np
import pytest
from programme_parts import SILENCE, compact
from programme_parts import segment as part

from firmware.prescription import programme
from firmware.prescription.profile import Profile
from firmware.sound import songs
from firmware.sound.score import GOES_ON, HEADER, Score
from host_tools.programmes import programmes, remarks, rules
from host_tools.sound import meter, render

RATE_HZ = render.RATE_HZ
SLOWS = [
    part("arrive", "song", "twinkle", minutes=4, tempo_start_bpm=66, tempo_end_bpm=62),
    part("rest", "song", "brahms", minutes=4, tempo_start_bpm=62, tempo_end_bpm=60),
    SILENCE,
]


def adult(**values):
    return Profile.from_values(
        {"population": "adult", "mode": "open_loop", "listening_programme": "ours", **values}
    )


def test_each_ready_made_one_is_as_it_is_written():
    for name in programmes.ready():
        listening = programmes.load(name)
        assert remarks.remarks(listening, programmes.profile_for(listening)) == []


# Tempo


def played_tempos(listening, profile):
    """The tempo of the last note of each segment with a melody, bpm."""
    notes = render.play(programmes.plan_for(listening, profile, notes=True))[1]
    ends = [
        segment.to_min * 60 * RATE_HZ for segment in rules.segments(listening.plan) if segment.tempo_end_bpm
    ]
    return [[tempo for at, *_, tempo in notes if at < end][-1] / 1000 for end in ends]


@pytest.mark.parametrize("rate", [0.3, 0.5, 2.0])
def test_the_tempo_that_is_told_is_the_one_that_is_played(rate):
    profile = adult(lead_rate_percent_per_min=rate)
    listening = programmes.Listening("slow", compact(SLOWS), Path())
    reached = [tempo for tempo in remarks.tempos_reached(listening.plan, profile) if tempo is not None]
    assert reached == pytest.approx(played_tempos(listening, profile), abs=0.1)


def test_a_segment_that_the_profile_s_own_rate_holds_back_is_told_with_the_tempo_that_it_reaches():
    plan = programme.read(compact(SLOWS))
    told = remarks.held_back(plan, adult(lead_rate_percent_per_min=0.5))
    assert [line[:9] for line in told] == ["segment 1", "segment 2"]
    assert "from 66 to 62 bpm in 4 min" in told[0] and "of 0.5 it reaches 64.7; choose" in told[0]
    assert "or a higher rate there" in told[0]
    assert remarks.held_back(plan, adult()) == []
    # As fast as any profile may lead, and still held back, by the rounding of the rate: there is none higher.
    most = [part("arrive", "song", "twinkle", minutes=7, tempo_start_bpm=50, tempo_end_bpm=43), SILENCE]
    told = remarks.held_back(programme.read(compact(most)), adult())
    assert len(told) == 1 and "higher rate" not in told[0]


def test_a_matched_tempo_is_told_as_the_one_without_a_pulse():
    data = compact([SLOWS[0] | {"tempo": "matched"}, SILENCE])
    slow = {"lead_rate_percent_per_min": 0.3}
    plan = programme.read(data)
    assert (
        "where no pulse leads it, at the profile's"
        in remarks.held_back(plan, adult(mode="follow_pulse", **slow))[0]
    )
    assert "where no pulse" not in remarks.held_back(plan, adult(**slow))[0]


# Level


def test_what_would_hardly_be_heard_is_told_for_each_segment():
    segments = [
        part("arrive", "soundscape", "rain", level_db=-18),
        SILENCE,
        part("rest", "soundscape", "rain", level_db=-15),
    ]
    plan = programme.read(compact(segments))
    told = remarks.too_soft(plan, 50)
    assert len(told) == 1 and "segment 1: 32 dB(A)" in told[0] and "raise level_db to -15 or more" in told[0]
    assert all("raise level_dba in the profile" in line for line in remarks.too_soft(plan, 30))


@pytest.mark.parametrize(
    ("source", "name", "minutes", "told"),
    [
        ("song", "twinkle", 0.5, "is not heard in a room; give it 2 min or more"),
        ("song", "twinkle", 1.5, "is hardly heard at first; give it 2 min or more"),
        ("song", "twinkle", 2, None),
        ("pattern", "tide", 1, "a pattern comes up slowly out of silence"),
        ("soundscape", "rain", 1, "a soundscape comes up slowly out of silence"),
        ("soundscape", "rain", 1.5, None),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_piece_that_is_over_before_it_came_up_out_of_silence_is_told(source, name, minutes, told, first):
    short = part("meet", source, name, minutes=minutes)
    before = [] if first else [part("arrive", "soundscape", "rain", minutes=3), SILENCE]
    data = compact([*before, short, SILENCE, part("rest", "soundscape", "rain", minutes=3)])
    found = remarks.comes_up(programme.read(data), adult())
    assert [line.partition(":")[0] for line in found] == ([f"segment {len(before) + 1}"] if told else [])
    assert all(told in line for line in found)


def test_the_last_fade_is_taken_off_a_short_last_piece_and_a_level_that_has_begun_to_rise_goes_on():
    short = part("rest", "soundscape", "rain", minutes=1.5)
    last = programme.read(compact([part("arrive", "soundscape", "rain", minutes=3), SILENCE, short]))
    assert [line[:9] for line in remarks.comes_up(last, adult())] == ["segment 3"]
    follows = programme.read(compact([part("arrive", "soundscape", "rain", minutes=1.5), short, SILENCE]))
    assert remarks.comes_up(follows, adult()) == []
    slowly = remarks.comes_up(follows, adult(onset_s=120))
    assert [line[:9] for line in slowly] == ["segment 1"]


@pytest.mark.parametrize(
    ("source", "name", "within_db"),
    [
        ("soundscape", "ocean", 1.5),
        ("song", "twinkle", 4),
        ("song", "amazing_grace", 4),
        ("pattern", "tide", 6),
    ],
)
def test_the_level_that_is_told_is_about_the_one_that_is_played(source, name, within_db):
    """A song's phrases and rests decide how fast its level comes up: from 0.21 to 0.35 dB a second."""
    listening = programmes.Listening("up", compact([part("rest", source, name, minutes=4), SILENCE]), Path())
    samples, _ = render.play(programmes.plan_for(listening, seconds=80))
    rate = remarks.RISE_DB_PER_S if source == "soundscape" else remarks.MELODY_RISE_DB_PER_S
    for at_s in (30, 50, 70):
        heard = meter.measure(samples[(at_s - 5) * RATE_HZ : (at_s + 5) * RATE_HZ], RATE_HZ).laeq_dba
        assert heard == pytest.approx(min(50, remarks.BEGINS_DBA + rate * at_s), abs=within_db), at_s
    assert np.any(samples)


# Repeats


@pytest.mark.parametrize("name", ["twinkle", "jeanie"])
@pytest.mark.parametrize(("repeats", "told"), [(2, False), (9, True)])
def test_repeats_that_take_longer_than_the_minutes_are_told_and_are_not_all_played(name, repeats, told):
    segments = [
        part("arrive", "song", name, minutes=6, repeats=repeats, tempo_start_bpm=66),
        SILENCE | {"minutes": 4},
    ]
    listening = programmes.Listening("often", compact(segments), Path())
    found = remarks.cut_short(listening)
    assert [line[:9] for line in found] == (["segment 1"] if told else [])
    assert all(f"so {repeats} times is more than its 6 min" in line for line in found)
    notes = render.play(programmes.plan_for(listening, notes=True, seconds=420))[1]
    played = sum(voice < 3 for _, voice, *_ in notes)
    data = programmes.songs_of(listening).get(name)
    song = Score(data, name) if data else songs.SONGS[name]
    whole = repeats * sum(song.data[HEADER + 2 * at] & 127 > GOES_ON for at in range(song.notes))
    assert (played < whole) is told  # and where it is not, the next round is heard in the fade


@pytest.mark.parametrize(
    ("until", "minutes", "told"), [("phrase_end", 0.5, True), ("phrase_end", 2, False), ("time", 0.5, False)]
)
def test_a_piece_of_which_the_phrase_before_it_may_leave_nothing_is_told(until, minutes, told):
    segments = [
        part("arrive", "song", "suo_gan", minutes=6, until=until, tempo_start_bpm=50, tempo_end_bpm=50),
        part(
            "rest", "song", "twinkle", minutes=minutes, crossfade_s=12, tempo_start_bpm=50, tempo_end_bpm=50
        ),
        SILENCE | {"minutes": 4},
    ]
    found = remarks.left_over(programmes.Listening("late", compact(segments), Path()))
    assert [line[:9] for line in found] == (["segment 2"] if told else [])
    assert all("up to 19 s after its time, so of these 0.5 min" in line for line in found)


def test_a_programme_whose_songs_are_not_here_is_told_of_no_repeats():
    listening = programmes.Listening(
        "x", compact([part("arrive", "song", "own", repeats=9), SILENCE | {"minutes": 4}]), Path()
    )
    assert remarks.cut_short(listening) == []


# Settings without a part


def test_a_setting_that_its_source_makes_nothing_of_is_told():
    segments = [
        part("arrive", "soundscape", "ocean", minutes=3, tempo_start_bpm=60, density_percent=80),
        SILENCE | {"name": "ocean", "intensity": 3, "level_db": -2},
        part("rest", "song", "twinkle", minutes=4),
    ]
    told = remarks.without_part(compact(segments))
    assert told == [
        "segment 1: tempo_start_bpm, density_percent have no part in a soundscape; leave them out",
        "segment 2: name, level_db, intensity have no part in a silence; leave them out",
    ]
    one = remarks.without_part(compact([SILENCE | {"tempo_end_bpm": 60}, *segments[2:]]))
    assert one == ["segment 1: tempo_end_bpm has no part in a silence; leave it out"]


@pytest.mark.parametrize("source", remarks.NO_PART)
def test_every_setting_without_part_is_found_and_a_segment_as_left_out_has_none(source):
    values = {"repeats": 0, "level_db": -1, "tempo": "matched", "tempo_start_bpm": 60, "tempo_end_bpm": 59,
              "minor_percent": 10, "brightness_percent": 60, "density_percent": 60, "intensity": 3}  # fmt: skip
    names = {"soundscape": "rain", "pattern": "tide", "silence": "rain"}
    role = "silence" if source == "silence" else "rest"
    own = part(role, source, names.get(source, "twinkle"), minutes=3, **{
        name: value for name, value in values.items() if name in remarks.NO_PART[source]
    })  # fmt: skip
    given = [name for name in own if name in remarks.NO_PART[source] and own[name] not in (0, "none")]
    others = [SILENCE, part("rest", "soundscape", "rain", minutes=3)]
    told = remarks.without_part(compact([own, *others]))
    assert all(name in told[0] for name in given) and len(told) == (1 if given else 0)
