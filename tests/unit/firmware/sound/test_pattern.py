"""Patterns: ten thousand phrases under ten thousand seeds have no alarm, no wide leap, no long dissonance."""

import contextlib
import io
import runpy
from collections import Counter
from itertools import pairwise
from pathlib import Path

import alarm_motifs
import numpy as np
import pytest
from pattern_phrases import DISSONANT, broken, chords, melody, phrases
from sound_measures import click_db

from firmware.prescription.profile import Profile
from firmware.sound import alarms, score
from firmware.sound.pattern import KINDS, Pattern
from host_tools.sound import meter, render
from simulator import interpreter

ADULT = Profile.from_values({"population": "adult"})
SCRIPT = Path(__file__).parents[3] / "on_device" / "pattern_notes.py"


def test_ten_thousand_phrases_under_as_many_seeds_keep_every_rule():
    seen, silent, total = set(), 0, 0
    for kind, seed, pattern in phrases(10_000):
        assert broken(pattern) == [], (kind, seed)
        seen.add((kind, bytes(pattern.data)))
        silent += sum(ticks for tones, ticks in chords(pattern) if not tones)
        total += sum(ticks for _, ticks in chords(pattern))
    assert len(seen) > 9_600, "it repeats itself"
    assert silent < 0.15 * total


def test_a_rule_that_is_broken_is_found():
    """A leap of more than an octave, a chord that rubs and a fifth bar, put in one by one."""
    for place, value, said in (
        (score.HEADER, 81, "beyond an octave"),
        (score.HEADER + 1, 1, "not four bars long"),
    ):
        pattern = Pattern("drift")
        pattern.begin(5)
        assert broken(pattern) == []
        pattern.data[place] = value
        assert any(said in words for words in broken(pattern))
    pattern = Pattern("drift")
    pattern.begin(5)
    note = melody(pattern)[0][0]
    pattern.data[pattern.chords_at] = (note + 1) % 12
    assert "holds a dissonance" in broken(pattern)


@pytest.mark.parametrize("kind", KINDS)
def test_a_phrase_ends_on_the_fifth_and_the_next_on_the_tonic(kind):
    pattern = Pattern(kind)
    ends = Counter()
    for seed in range(100):
        pattern.begin(seed)
        for turn in range(2):
            ends[turn, (melody(pattern)[0][-1] - pattern.tonic) % 12] += 1
            pattern.turn(0)
    assert set(ends) == {(0, 7), (1, 0)}


def steps(motifs):
    """The steps of each motif, in semitones."""
    return [tuple(step - alarms.STEP_ZERO for step in motifs[at : at + 4]) for at in range(0, len(motifs), 4)]


@pytest.mark.parametrize("motif", steps(alarms.MOTIFS))
def test_a_phrase_with_an_alarm_in_it_is_made_anew(motif, monkeypatch):
    """Steps of the pattern's own are taken for an alarm's: none of them is ever heard again."""
    assert any(motif == other for other in alarm_motifs.ALARMS.values())
    ours = (2, 2, 3, 2)  # what a walk up five notes does
    monkeypatch.setattr(alarms, "MOTIFS", bytes(step + alarms.STEP_ZERO for step in ours))
    pattern = Pattern("drift")
    for seed in range(300):
        pattern.begin(seed)
        notes, _ = melody(pattern)
        assert ours not in {
            tuple(two - one for one, two in pairwise(notes[at : at + 5])) for at in range(len(notes) - 4)
        }


def test_where_every_walk_were_an_alarm_four_long_notes_are_left(monkeypatch):
    monkeypatch.setattr(alarms, "motif_at", lambda notes, start: True)
    for kind in KINDS:
        pattern = Pattern(kind)
        for _ in range(3):
            notes, ticks = melody(pattern)
            assert len(notes) == 4 and set(ticks) == {pattern.beats_per_bar * 24}
            pattern.turn(0)


def test_the_mood_turns_phrases():
    for kind in KINDS:
        pattern = Pattern(kind)
        minor = []
        for share in (0, 1000 if not Pattern(kind).minor else -1000):
            pattern.begin(1)
            pattern.turn(share)
            heard = set()
            for _ in range(20):
                pattern.turn(share)
                heard |= {(note - pattern.tonic) % 12 for note in melody(pattern)[0]}
            minor.append(3 in heard and 4 not in heard)
        assert minor == ([False, True] if not Pattern(kind).minor else [True, False])


def test_the_same_seed_gives_the_same_notes_on_both_runtimes_and_nothing_is_left_behind():
    with contextlib.redirect_stdout(io.StringIO()) as here:
        runpy.run_path(str(SCRIPT))
    there = interpreter.run_script(SCRIPT).stdout.decode().split()
    assert there == [here.getvalue().split()[0], "0"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_sounds_as_loud_as_asked_without_a_click_and_no_dissonance_is_held(kind):
    plan = render.plan_for(
        ADULT, f"pattern_{kind}", seconds=100, seed=3, soundscape=None, first_level_cdba=5000, onset_ms=0, level_cdba=5000,
        tempo_mbpm=66000, density_permille=900, minor_permille=0, notes=True,
    )  # fmt: skip
    samples, notes = render.play(plan)
    assert click_db(samples) <= 14
    assert meter.measure(samples[5 * meter_rate :], meter_rate).laeq_dba == pytest.approx(50, abs=1)
    sung = [(at, at + length, note) for at, voice, note, length, _ in notes if voice < 3]
    held = [(at, at + length, note) for at, voice, note, length, _ in notes if 3 <= voice < 6]
    beat = meter_rate * 60 / 66
    for begin, end, note in held:
        for first, last, other in sung:
            if min(end, last) - max(begin, first) > beat:
                assert (other - note) % 12 not in DISSONANT
    assert len(held) > 20


def test_two_seeds_are_two_pieces_and_one_is_one():
    plans = [render.plan_for(ADULT, "pattern_tide", seconds=20, seed=seed) for seed in (1, 1, 2)]
    one, again, other = (render.play(plan)[0] for plan in plans)
    assert np.array_equal(one, again) and not np.array_equal(one, other)


meter_rate = render.RATE_HZ
