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
from sound_measures import click_db

from firmware.prescription.profile import Profile
from firmware.sound import alarms, score
from firmware.sound.pattern import KINDS, Pattern
from host_tools.sound import meter, render
from simulator import interpreter

ADULT = Profile.from_values({"population": "adult"})
SCRIPT = Path(__file__).parents[3] / "on_device" / "pattern_notes.py"
DISSONANT = {1, 2, 6, 10, 11}


def melody(pattern):
    """Notes and ticks of the phrase that stands in it."""
    data = pattern.data
    rows = [
        (data[score.HEADER + 2 * at] & 127, data[score.HEADER + 2 * at + 1]) for at in range(pattern.notes)
    ]
    return [note for note, _ in rows], [ticks for _, ticks in rows]


def chords(pattern):
    """(pitch classes, ticks) of each chord; no pitch classes for a silent one."""
    found = []
    for at in range(pattern.chords):
        root, ticks = pattern.data[pattern.chords_at + 2 * at], pattern.data[pattern.chords_at + 2 * at + 1]
        tones = (
            []
            if root >> 4 == score.SILENT
            else [(root & 15) + step for step in (0, *score.QUALITIES[root >> 4])]
        )
        found.append(({tone % 12 for tone in tones}, ticks))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_phrases_keep_every_rule(kind):
    """3 334 seeds of each kind, their second phrase, in major and in minor."""
    pattern = Pattern(kind)
    seen, silent = set(), 0
    for seed in range(3_334):
        pattern.begin(seed * 321_123)
        pattern.turn(1000 * (seed % 2) - 1000 * (seed % 3 == 0))
        pattern.turn(0)
        notes, ticks = melody(pattern)
        seen.add(bytes(pattern.data))
        assert alarm_motifs.alarm_in(notes, ticks, 60 / 110) is None
        assert max(notes) - min(notes) <= 12 and all(abs(two - one) <= 12 for one, two in pairwise(notes))
        assert min(notes) >= score.LOWEST_NOTE and max(notes) <= score.HIGHEST_NOTE
        bar = pattern.beats_per_bar * score.TICKS_PER_BEAT
        assert sum(ticks) == 4 * bar == sum(length for _, length in chords(pattern))
        at = 0
        for note, length in zip(notes, ticks, strict=True):
            tones = chords(pattern)[at // bar][0]
            at += length
            clash = {(note - tone) % 12 for tone in tones}
            assert not clash & {1, 11} and (length <= score.TICKS_PER_BEAT or not clash & DISSONANT)
            silent += not tones
    assert len(seen) > 3_200, "it repeats itself"
    assert silent < 0.15 * 3_334 * 10


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


@pytest.mark.parametrize("motif", alarms.MOTIFS)
def test_a_phrase_with_an_alarm_in_it_is_made_anew(motif, monkeypatch):
    """Steps of the pattern's own are taken for an alarm's: none of them is ever heard again."""
    assert any(motif == other for other in alarm_motifs.ALARMS.values())
    ours = (2, 2, 3, 2)  # what a walk up five notes does
    monkeypatch.setattr(alarms, "MOTIFS", (ours,))
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
        for share in (0, 1000 if not KINDS[kind].minor else -1000):
            pattern.begin(1)
            pattern.turn(share)
            heard = set()
            for _ in range(20):
                pattern.turn(share)
                heard |= {(note - pattern.tonic) % 12 for note in melody(pattern)[0]}
            minor.append(3 in heard and 4 not in heard)
        assert minor == ([False, True] if not KINDS[kind].minor else [True, False])


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
