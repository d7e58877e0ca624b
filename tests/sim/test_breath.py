"""A whole session on the device that follows an adult's breath, judged by listening to what reached the loudspeaker."""

import numpy as np
import pytest

from simulator import play, scenario


@pytest.fixture(scope="module")
def followed():
    return play.run(scenario.load("breath_follows"))


def column(result, name):
    return np.array([np.nan if row[name] is None else row[name] for row in result.rows], dtype=float)


def noise_floor_db(pcm):
    """The level of the soundscape between the partials of the music, 20 a second: the lower quartile of a spectrum."""
    size, hop = 2048, 800
    window = np.hanning(size)
    hertz = np.fft.rfftfreq(size, 1 / 16_000)
    between = (hertz > 250) & (hertz < 1100)
    powers = [
        np.quantile(np.abs(np.fft.rfft(pcm[at : at + size] * window))[between] ** 2, 0.25)
        for at in range(0, len(pcm) - size, hop)
    ]
    return (np.arange(len(powers)) * hop + size / 2) / 16_000, 10 * np.log10(np.array(powers) + 1e-9)


@pytest.fixture(scope="module")
def plateaus(followed):
    """Of each pace that lasted a minute and more: seconds of a breath, and times and level of what is heard, s and dB."""
    at_s, level = noise_floor_db(followed.pcm.astype(float))
    time_s, pace = column(followed, "time_s"), column(followed, "pace_bpm")
    found = []
    for value in dict.fromkeys(pace[np.isfinite(pace)]):
        stretch = time_s[pace == value]
        if stretch[-1] - stretch[0] < 60:
            continue
        here = (at_s > stretch[0] + 8) & (at_s < stretch[-1])
        swings = level[here] - np.convolve(np.pad(level[here], 200, "edge"), np.full(401, 1 / 401), "valid")
        found.append((60 / value, at_s[here], swings))
    assert len(found) >= 4
    return found


def test_the_swell_that_is_heard_has_the_pace_that_is_written_down(plateaus):
    for breath_s, at_s, swings in plateaus:
        periods = breath_s * np.arange(0.95, 1.05, 0.001)
        heights = [abs((swings * np.exp(-2j * np.pi * at_s / period)).mean()) for period in periods]
        lasts_s = at_s[-1] - at_s[0]
        # In breaths, not in percent: how finely a period can be told hangs on how many of them a stretch has.
        assert lasts_s / periods[int(np.argmax(heights))] == pytest.approx(lasts_s / breath_s, abs=0.1)


def test_the_swell_that_is_heard_stays_within_two_decibels_and_rises_by_one_a_second(plateaus):
    """A swell of 40 in to 60 out laid over what is heard: the music hides some of it, and makes it no higher."""
    for breath_s, at_s, swings in plateaus:
        highest = 0.0
        for begins in np.arange(0, 1, 0.01):
            phase = (at_s / breath_s - begins) % 1
            swell = np.where(phase < 0.4, phase / 0.2 - 1, 1 - (phase - 0.4) / 0.3)
            highest = max(highest, (swell * swings).sum() / np.square(swell).sum())
        # As high as a decibel a second lets it become within a breath in, and 2 dB at most.
        allowed = min(2.0, 0.4 * breath_s / 2)
        assert 0.75 * allowed <= highest <= 1.03 * allowed


def test_the_tempo_stays_and_the_pace_slows_by_whole_beats(followed):
    pace, tempo = column(followed, "pace_bpm"), column(followed, "tempo_bpm")
    assert set(tempo[np.isfinite(tempo)]) == {60.0}
    beats = [round(60 / value) for value in dict.fromkeys(pace[np.isfinite(pace)])]
    assert beats == list(range(beats[0], 11))
    assert beats[0] == round(60 / (0.75 * 14))


def test_the_music_answers_to_the_swing_of_this_pulse(followed):
    swing, feedback = column(followed, "breath_amplitude_bpm"), column(followed, "feedback_percent")
    known = np.isfinite(swing) & np.isfinite(feedback)
    first = np.nanmedian(swing[column(followed, "time_s") < 70])
    answered = np.clip(swing[known] / first, 0.8, 1.6)
    assert np.corrcoef(answered, feedback[known])[0, 1] > 0.8


def test_an_irregular_heart_is_never_rewarded():
    """Nor led, where its beats tell no breath: then the music plays as without it, and says so."""
    result = play.run(scenario.load("breath_irregular"))
    assert np.isfinite(column(result, "pace_bpm")).any() or "no_breath" in {
        row["reason"] for row in result.rows
    }
    assert not np.isfinite(column(result, "feedback_percent")).any()
    assert not np.isfinite(column(result, "breath_amplitude_bpm")[60:]).any()
