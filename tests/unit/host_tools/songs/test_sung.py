"""Voices that sing known notes, as a phone records them: how many come back, and what is refused."""

import numpy as np
import pytest
import sung_voices
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.sound import score, songs
from host_tools.songs import sung
from host_tools.sound import judge
from simulator.files.errors import CalandoError

RATE = 48000
SHARE = 50 / 59  # of the notes: onset within 50 ms, pitch right


def tune(name, most=40):
    song = songs.SONGS[name]
    pairs = song.data[score.HEADER :]
    return [(pairs[2 * at] & 127, pairs[2 * at + 1] / 24) for at in range(min(most, song.notes))]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("brahms", {"noise_db": 20}),
        ("suo_gan", {"noise_db": 15, "drift": -2.0}),
        ("dromore", {"drift": 2.0, "shift": -12}),
        ("stille_nacht", {"vibrato_cents": 60}),
        ("mo_li_hua", {"cents": 40, "noise_db": 12}),
        # Long notes whose vibrato makes the level dip: 61 notes were heard in place of 40.
        ("suo_gan", {"noise_db": 20, "seed": 103}),
    ],
)
def test_a_voice_on_a_phone_comes_back_note_for_note(name, how):
    samples, truth = sung_voices.sing(tune(name), **how)
    found = sung.hear(samples, RATE, name)
    shift = how.get("shift", 0)
    heard = [(onset, end, note - shift) for onset, end, note in found.heard]
    assert sung_voices.right(heard, truth) >= SHARE * len(truth)
    assert len(heard) <= 1.12 * len(truth)
    if abs(how.get("drift", 0)) > 1:
        assert any("sank" in line or "rose" in line for line in found.told)


def test_a_quiet_clean_voice_is_raised_and_told():
    samples, truth = sung_voices.sing(tune("twinkle", 14))
    found = sung.hear(np.round(samples * 0.004 * 32768) / 32768, RATE, "a voice")
    assert sung_voices.right(found.heard, truth) >= SHARE * len(truth)
    assert any("raised" in line for line in found.told)


def beeps(samples, hertz, share=0.1):
    t = np.arange(len(samples)) / RATE
    return samples + share * np.sin(2 * np.pi * hertz * t) * (t % 2.5 < 0.4)


@pytest.mark.parametrize("hertz", [523.0, 960.0])
def test_a_monitor_is_told_and_wants_anyway(hertz):
    samples, _ = sung_voices.sing(tune("twinkle", 14), noise_db=25)
    with pytest.raises(CalandoError, match=r"steady tone of (52|96)\d Hz.*--anyway"):
        sung.hear(beeps(samples, hertz), RATE, "a voice")
    assert any("steady tone" in line for line in sung.hear(beeps(samples, hertz), RATE, "a voice", True).told)


def test_noise_as_loud_as_the_voice_is_told():
    samples, _ = sung_voices.sing(tune("twinkle", 14), noise_db=0)
    with pytest.raises(CalandoError, match="noise about as loud"):
        sung.hear(samples, RATE, "a voice")


def test_a_voice_is_not_a_monitor():
    for name in songs.NAMES:
        for shift in (-12, 0):
            samples, _ = sung_voices.sing(
                tune(name, 24), vibrato_cents=15, shift=shift, noise_db=20, rate_hz=16000
            )
            assert judge.steady_tone_hz(samples, 16000) is None, name


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from((0, 2, 4, 5, 7, 9, 11, 12)), min_size=8, max_size=40),
    st.floats(-2, 2),
    st.floats(-0.4, 0.4),
)
def test_a_drift_of_two_semitones_is_followed(degrees, drift, tuning):
    count = len(degrees)
    steps = [drift * at / count * min(1.0, count / 28) for at in range(count)]
    heard = [
        (at * 0.6, at * 0.6 + 0.5, 60 + degree + tuning + steps[at]) for at, degree in enumerate(degrees)
    ]
    found = [round(h - off) for (_, _, h), off in zip(heard, sung.follow_drift(heard), strict=True)]
    assert found == [60 + degree for degree in degrees]
