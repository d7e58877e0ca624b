"""A listening programme is checked whole: every value, every rule, every byte of its compact form."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programme_parts import EVERY_CHANGE, SILENCE, compact, plan, segment

from firmware.prescription import programme
from firmware.prescription.programme import ProgrammeError

SONG = ("song", "twinkle")
FOUR = segment("arrive", *SONG, intensity=4)
MOST = segment(
    "arrive", "song", "a" * 24, minutes=2.5, tempo_start_bpm=66, tempo_end_bpm=64, level_db=-0.5, minor_percent=-100,
    brightness_percent=100, density_percent=100, crossfade_s=12.5, until="phrase_end", tempo="matched",
)  # fmt: skip


def u_shape(**changes):
    return [
        segment("arrive", *SONG, intensity=5),
        segment("deepen", *SONG, intensity=3),
        segment("rest", "soundscape", "ocean", intensity=2, **changes),
        SILENCE,
        segment("return", *SONG, intensity=4, minutes=3),
    ]


def test_what_is_written_is_what_is_read():
    title, shape, rows = programme.from_values({"title": "Test", "shape": "flat", "segment": EVERY_CHANGE})
    assert programme.decode(programme.encode(title, shape, rows)) == (title, shape, rows)
    read = plan(EVERY_CHANGE)
    assert read.segments == 11 and read.total_ms == 840_000
    assert read.names_of("song") == ["twinkle", "au_clair", "brahms", "suo_gan", "edo"]
    assert [read.source(at) for at in (0, 1, 8)] == ["soundscape", "song", "silence"]


def test_the_largest_programme_takes_no_more_than_two_kilobytes():
    rows = [MOST] * 11 + [SILENCE | {"minutes": 1.5}, MOST]
    data = compact([*rows[:10], SILENCE, MOST], title="W" * 16)
    assert len(data) <= programme.LARGEST


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_is_always_found(place, change):
    data = bytearray(compact(EVERY_CHANGE))
    data[place % len(data)] ^= change
    with pytest.raises(ProgrammeError):
        programme.read(data)


@given(st.binary(max_size=3000))
def test_no_bytes_of_a_stranger_are_a_programme(data):
    with pytest.raises(ProgrammeError):
        programme.read(data)


def flat(*segments):
    return [*segments, SILENCE, segment("rest", *SONG)]


@pytest.mark.parametrize(
    ("segments", "shape", "said"),
    [
        (flat(segment("arrive", *SONG, intensity=6), segment("meet", *SONG)), "flat", "segment 2: intensity is 3 from"),
        (flat(segment("arrive", *SONG, tempo_start_bpm=74)), "flat", "tempo_start_bpm is 10.8 % from .* may be 10 %"),
        (flat(segment("arrive", *SONG, level_db=-3.5)), "flat", "segment 3: level_db is 3.5 dB from"),
        (flat(segment("meet", *SONG), segment("arrive", *SONG)), "flat", "role arrive comes after meet"),
        (
            [segment("arrive", *SONG, tempo_start_bpm=70, tempo_end_bpm=59, minutes=10), SILENCE],
            "flat", "below 85 % of the first",
        ),
        (
            flat(segment("arrive", *SONG, tempo_start_bpm=80, tempo_end_bpm=72, minutes=2)),
            "flat", "segment 1: tempo_end_bpm is 10.0 % from its start, and in its minutes a tempo moves by 2 % a minute",
        ),
        (
            flat(segment("arrive", *SONG, tempo_start_bpm=64, tempo_end_bpm=67, minutes=2)),
            "flat", "segment 1: tempo_end_bpm is 4.6 %",
        ),
        ([segment("arrive", *SONG), SILENCE | {"minutes": 1}], "flat", "leaves 60 s without sound"),
        ([segment("arrive", *SONG, until="phrase_end"), SILENCE], "flat", "segment 1 may take 90 s of it; make it 3 min"),
        ([segment("arrive", *SONG, repeats=2), SILENCE], "flat", "set until = 'time' and no repeats there"),
        (
            [segment("arrive", *SONG, until="phrase_end"), SILENCE | {"minutes": 1.5}, segment("rest", *SONG, minutes=0.5)],
            "flat", "segment 1 may take 90 s of it",
        ),
        (
            [
                segment("arrive", *SONG, until="phrase_end"), segment("meet", "soundscape", "rain"),
                SILENCE | {"minutes": 1.5},
            ],
            "flat", "segment 1 may take 90 s of it",
        ),
        (
            [*u_shape()[:2], segment("rest", *SONG, intensity=2, until="phrase_end"), *u_shape()[3:]],
            "U", "at least 3 minutes with the role return, less what the phrase",
        ),
        ([segment("arrive", *SONG, minutes=44), SILENCE], "flat", "last 46 minutes together and may last 45"),
        ([segment("arrive", *SONG, minutes=43.5), SILENCE], "flat", "last 45.5 minutes together and may last 45"),
        ([SILENCE], "flat", "all segments are silence"),
        (flat(segment("silence", *SONG)), "flat", "silence together or not at all"),
        (flat(segment("arrive", "song")), "flat", "name is missing"),
        (flat(segment("arrive", "soundscape", "test")), "flat", "there is no soundscape test"),
        (flat(segment("arrive", "soundscape", "rain", until="phrase_end")), "flat", "has no phrases"),
        (flat(segment("arrive", "soundscape", "rain", repeats=2)), "flat", "repeats are of a song"),
        (flat(segment("arrive", *SONG, minutes=0.5, crossfade_s=15)), "flat", "hardly longer than its crossfade"),
        (flat(segment("arrive", "voice", "one"), segment("meet", "voice", "two")), "flat", "two recorded voices"),
        (flat(segment("arrive", *SONG, level_db=0.5)), "flat", "level_db = 0.5 is outside -20 to 0 dB"),
        (flat(segment("arrive", *SONG, tempo_start_bpm=float("nan"))), "flat", "tempo_start_bpm = nan"),
        (flat(segment("arrive", *SONG, tempo_start_bpm=True)), "flat", "is not a number"),
        ([segment("arrive", *SONG, intensity=5), *flat()], "flat", "changes by more than 1"),
        (flat(segment("arrive", *SONG)), "L", "begins by falling"),
        ([*u_shape(), segment("return", *SONG, intensity=5)], "L", "stays low"),
        ([*u_shape()[:-1], segment("return", *SONG, intensity=4)], "U", "at least 3 minutes"),
        ([FOUR, *u_shape()[1:], segment("return", *SONG, intensity=6)], "U", "ends within 1"),
        (u_shape(), "J", "ends higher"),
        (flat(), "W", "none of the shapes"),
        ([segment("arrive", *SONG)] * 13, "flat", "1 to 12 segments"),
    ],
)  # fmt: skip
def test_each_rule_is_kept_and_told_in_one_sentence(segments, shape, said):
    with pytest.raises(ProgrammeError, match=said) as told:
        compact(segments, shape)
    assert "\n" not in str(told.value) and len(str(told.value)) < 200


@pytest.mark.parametrize(
    "segments",
    [
        [segment("arrive", *SONG, until="phrase_end"), SILENCE | {"minutes": 3}],
        [segment("arrive", *SONG, until="phrase_end"), SILENCE, segment("rest", *SONG, minutes=2)],
        [
            segment("arrive", *SONG, until="phrase_end"),
            segment("meet", "soundscape", "rain", minutes=2),
            SILENCE,
        ],
    ],
)
def test_a_silence_that_is_long_enough_after_any_phrase_is_taken(segments):
    assert plan(segments).segments == len(segments)


@pytest.mark.parametrize("shape", ["U", "L", "J", "flat"])
def test_each_shape_can_be_drawn(shape):
    drawn = {
        "U": u_shape(),
        "J": [*u_shape(), segment("return", *SONG, intensity=6)],
        "L": [*u_shape()[:3], SILENCE, segment("rest", *SONG, intensity=2)],
        "flat": flat(),
    }[shape]
    assert plan(drawn, shape).shape == shape


def as_its_table_says(shape, drawn):
    """The table of docs/programmes.md in other words: where it turns, how far it falls and rises."""
    low = min(drawn)
    down, up = drawn[: drawn.index(low) + 1], drawn[drawn.index(low) :]
    falls = down == sorted(down, reverse=True) and down[0] - low >= 2
    rises = up == sorted(up)
    return {
        "U": falls and rises and up[-1] - low >= 2 and abs(up[-1] - down[0]) <= 1,
        "L": falls and max(up) - low <= 1,
        "J": falls and rises and up[-1] > down[0],
        "flat": max(drawn) - low <= 1,
    }[shape]


@pytest.mark.parametrize("shape", programme.SHAPES)
def test_a_shape_is_what_its_table_says_for_every_line_of_intensities(shape):
    found = set()
    for drawn in itertools.product(range(5), repeat=5):
        try:
            programme._check_shape(shape, list(drawn))
            taken = True
        except ProgrammeError:
            taken = False
        assert taken == as_its_table_says(shape, list(drawn)), (shape, drawn)
        found.add(taken)
    assert found == {True, False}


@pytest.mark.parametrize("tempo_bpm", range(74, 91))
def test_a_step_of_tempo_that_is_too_large_is_told_as_larger_than_it_may_be(tempo_bpm):
    with pytest.raises(ProgrammeError) as told:
        compact(flat(segment("arrive", *SONG, tempo_start_bpm=tempo_bpm)))
    step = re.search(r"is ([\d.]+) % from the segment before, and may be 10 %", str(told.value))
    assert step and float(step[1]) > 10


def test_a_value_is_never_refused_for_a_population_that_no_programme_has():
    for changes in ({"level_db": 1}, {"minutes": 60}, {"source": "drum"}, {"tempo": "mached"}):
        with pytest.raises(ProgrammeError) as told:
            compact(flat(segment("arrive", *SONG) | changes))
        assert "population" not in str(told.value)


def test_an_unknown_setting_and_a_missing_one_are_named():
    with pytest.raises(ProgrammeError, match="segment 1: 'tempo_bpm' is not a setting"):
        compact([segment("arrive", *SONG, tempo_bpm=60)])
    with pytest.raises(ProgrammeError, match="segment 1: role is missing"):
        compact([{"source": "song"}])
