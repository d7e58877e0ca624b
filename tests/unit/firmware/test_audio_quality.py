"""The sound is clean: no clicks, no steps, no distortion, no images; and each measure finds what it is
for.
"""

# pyright: reportArgumentType=false

from array import array
from itertools import pairwise

import numpy as np
import pytest
from sound_measures import RATE_HZ, click_db, sinad_db, spur_db, thd_db, zipper

from firmware import decibels
from firmware.prescription.profile import Profile
from firmware.sound import master, songs, tables, voices
from host_tools.sound import meter, render

NEWBORN = render.load_profile(None)
UNITY = int(1.64 * decibels.UNITY)  # brings the pure table, whose crest is 20000, to half of full scale


def tone(step, timbre, seconds=2.0, gains=(UNITY,), peak=1 << 27):
    """A steady tone through voice, half-band filter and last stage, as blocks with the given gains at
    their ends.
    """
    waves = tables.make_tables()
    state = array("I", [0] * (voices.VOICES * voices.STRIDE))
    mix, wide = array("I", [1 << 20] * 138), array("I", [1 << 20] * 256)
    last, block = array("I", [0] * master.STATE_SIZE), array("h", bytes(512))
    master.start(last)
    last[master.KNEE], last[master.CLAMP] = 32767 << 8, 32767
    state[voices.STAGE], state[voices.COUNT], state[voices.STEP] = voices.DECAY, 1 << 29, step
    state[voices.AMPLITUDE] = state[voices.PEAK] = state[voices.SUSTAIN] = peak
    state[voices.DECAY_SHIFT], state[voices.TABLE] = 14, timbre * 514
    found, gain = [], gains[0]
    for number in range(int(seconds * 62.5)):
        following = gains[min(number, len(gains) - 1)]
        last[master.GAIN], last[master.GAIN_STEP] = gain, ((following - gain) >> 8) + master.GAIN_BIAS
        gain = following
        voices.add_voices(0, 0, 0, state, mix, waves, 10, 138)
        master.upsample(0, 0, 0, mix, wide, 128)
        master.finish(0, 0, 0, wide, block, last, 256)
        found.append(np.array(block))
    return np.concatenate(found)[512:]


def step_of(frequency_hz):
    step = round(frequency_hz * 2**28 / 8000)
    return step, step * 8000 / 2**28


def test_a_pure_tone_is_pure():
    step, frequency = step_of(441)
    samples = tone(step, voices.PURE)
    assert 20 * np.log10(np.abs(samples).max() / 32768) == pytest.approx(-6, abs=0.1)
    assert sinad_db(samples, frequency) >= 80
    assert thd_db(samples, frequency) <= -90
    assert abs(samples.mean()) / 32768 <= 1e-4
    assert zipper(samples, frequency) <= 1.05


def test_a_gliding_gain_does_not_step():
    step, frequency = step_of(441)
    glide = [
        decibels.gain(-600 - at * 5) for at in range(125)
    ]  # 3 dB a second, the fastest of any fade's slope
    assert zipper(tone(step, voices.PURE, gains=glide), frequency) <= 1.05


@pytest.mark.parametrize("note", [53, 60, 69, 73, 74, 77, 78, 81])
def test_nothing_lies_beside_the_harmonics(note):
    from firmware.audio import Audio

    audio = Audio(7400, 6000, 6500)
    audio.set_mood(0, 999, 500)
    step = voices.note_step(note)
    samples = tone(step, audio.sequencer._table(note, 0) // 514)
    assert spur_db(samples, step * 8000 / 2**28) <= -80


CHANGES = [
    [20000, "set_tempo", 60000],
    [25000, "set_mood", 1000, 900, 1000],
    [40000, "set_mood", 0, 100, 0],
    [45000, "set_level", 4200, 1000],
    [50000, "soundscape", None],
    [55000, "play", None],
    [58000, "fade_out", 2000],
]


@pytest.mark.parametrize("name", songs.NAMES)
def test_no_song_clicks_whatever_changes(name):
    plan = render.plan_for(NEWBORN, name, seconds=64, changes=CHANGES, onset_ms=0, soundscape=None)
    samples, _ = render.play(plan)
    assert click_db(samples) <= 14
    assert not samples[-2 * RATE_HZ :].any()
    assert abs(samples.mean()) / 32768 <= 1e-4


@pytest.mark.parametrize("name", songs.SOUNDSCAPES)
def test_no_soundscape_clicks(name):
    plan = render.plan_for(NEWBORN, "twinkle", seconds=64, onset_ms=0, soundscape=name)
    plan.update(song=None, changes=[[50000, "soundscape", "rain"], [60000, "fade_out", 2000]])
    samples, _ = render.play(plan)
    assert click_db(samples[: 50 * RATE_HZ], local=True) <= 14
    assert not samples[-RATE_HZ:].any()


def test_the_loudest_adult_music_does_not_click():
    from pathlib import Path

    plan = render.plan_for(
        render.load_profile(Path("adult")), "dromore", seconds=120, onset_ms=0, level_cdba=6000
    )
    samples, _ = render.play({**plan, "soundscape": None})
    assert click_db(samples[80 * RATE_HZ :]) <= 14


def test_minor_and_major_are_the_same_melody():
    def notes(minor):
        plan = render.plan_for(
            NEWBORN, "twinkle", seconds=60, notes=True, minor_permille=minor, density_permille=0
        )
        return [note for _, voice, note, *_ in render.play(plan)[1]]

    major, minor = notes(0), notes(1000)
    assert len(major) == len(minor) and major != minor
    assert all(0 <= high - low <= 1 for high, low in zip(major, minor, strict=True))
    assert {high % 12 for high, low in zip(major, minor, strict=True) if high != low} <= {4, 9, 11}


def test_half_minor_is_every_other_phrase():
    plan = render.plan_for(NEWBORN, "hush_little_baby", seconds=180, notes=True, minor_permille=500)
    found = render.play({**plan, "density_permille": 0, "tempo_mbpm": 90000})[1]
    thirds = [note for _, voice, note, *_ in found if note % 12 in (8, 9)]  # the third of F, minor or major
    runs = sum(1 for one, other in pairwise(thirds) if one % 12 != other % 12)
    assert thirds.count(68) and thirds.count(69) and runs >= 4


def test_density_adds_notes_and_not_voices():
    counts = []
    for density in (0, 200, 600, 1000):
        plan = render.plan_for(NEWBORN, "brahms", seconds=60, notes=True, density_permille=density)
        counts.append(len(render.play(plan)[1]))
    assert counts == sorted(counts) and counts[0] < counts[1] < counts[3]


@pytest.mark.parametrize("song", ["brahms", "suo_gan", "twinkle", "rock_a_bye"])
def test_density_has_at_least_eight_steps(song):
    counts = [accompanying(song, density) for density in range(0, 1001, 100)]
    assert counts[0] == 0 and counts == sorted(counts)
    assert len(set(counts)) >= 9
    assert all(after - before <= 0.25 * counts[-1] for before, after in pairwise(counts)), "in no leap"


def test_the_newborns_curve_thins_in_several_steps():
    counts = [accompanying("twinkle", density) for density in range(700, 399, -50)]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) >= 5


def accompanying(song, density):
    """Notes of the accompaniment in three minutes."""
    plan = render.plan_for(NEWBORN, song, seconds=180, notes=True, density_permille=density, tempo_mbpm=75000)
    return sum(1 for _, voice, *_ in render.play(plan)[1] if 3 <= voice < 6)


def test_brightness_has_at_least_eight_steps():
    found = []
    for brightness in range(0, 1001, 125):
        plan = render.plan_for(
            NEWBORN, "twinkle", seconds=140, soundscape=None, onset_ms=0, density_permille=0,
            brightness_permille=brightness,
        )  # fmt: skip
        piece = render.play(plan)[0][40 * RATE_HZ :].astype(float)
        spectrum = np.square(np.abs(np.fft.rfft(piece)))
        frequency = np.fft.rfftfreq(len(piece), 1 / RATE_HZ)
        low = spectrum[(frequency > 200) & (frequency < 480)].sum()
        found.append(10 * np.log10(spectrum[(frequency > 1000) & (frequency < 2500)].sum() / low))
    assert all(after - before > 0.4 for before, after in pairwise(found)), found


def test_level_mode_brightness_and_density_follow_the_profiles_curve():
    """Measured minute by minute in what is played: from loud, minor, bright and full to the contrary."""
    profile = Profile.from_values(
        {
            "population": "adult", "song": "brahms", "soundscape": "none", "opening": "music", "session_min": 12,
            "baseline_below_db": 0, "curve": [[0, 100, 0, 100, 100, 100], [6, 92, -6, 0, 0, 0]],
        }
    )  # fmt: skip
    plan = render.plan_for(profile, pulse=[(0, 72000)], seconds=690, notes=True)
    samples, notes = render.play(plan)
    minutes = range(2, 11)  # the melody's own tempo begins after the first; matching ends with the third
    levels, overtones, fullness, minor = [], [], [], []
    for minute in minutes:
        piece = samples[minute * 60 * RATE_HZ : (minute + 1) * 60 * RATE_HZ]
        found = [row for row in notes if minute * 60 <= row[0] / RATE_HZ < (minute + 1) * 60]
        melody = [note for _, voice, note, *_ in found if voice < 3]
        levels.append(meter.measure(piece, RATE_HZ, 74.0).laeq_dba)
        spectrum = np.square(np.abs(np.fft.rfft(piece.astype(float))))
        frequency = np.fft.rfftfreq(len(piece), 1 / RATE_HZ)
        high, low = (
            spectrum[(frequency > 1000) & (frequency < 2500)],
            spectrum[(frequency > 150) & (frequency < 600)],
        )
        overtones.append(10 * np.log10(high.sum() / low.sum()))
        fullness.append((len(found) - len(melody)) / len(melody))
        thirds = [note % 12 for note in melody if note % 12 in (3, 4)]  # of C
        minor.append(thirds.count(3) / len(thirds))
    assert levels[0] - levels[-1] == pytest.approx(6, abs=0.7)
    assert all(-1.8 <= after - before <= 0.5 for before, after in pairwise(levels[2:])), "a dB a minute"
    assert overtones[0] - overtones[-1] >= 6 and fullness[0] >= 0.7 and fullness[-1] == 0
    assert fullness == sorted(fullness, reverse=True) or max(np.diff(fullness)) < 0.1
    assert minor[0] == 1 and minor[-1] == 0 and 0 < minor[4] < 1
    # In between, not in one leap.
    assert len({round(value, 1) for value in fullness}) >= 3
    assert sum(1 for value in overtones if overtones[-1] + 1 < value < overtones[0] - 1) >= 2


# The measures are measured: each finds a fault of the kind it is for.


def music():
    plan = render.plan_for(NEWBORN, "brahms", seconds=90, onset_ms=0, soundscape=None)
    return render.play(plan)[0][70 * RATE_HZ :].copy()


def test_the_click_measure_finds_a_step_a_jump_and_a_gap():
    step, jump, gap = music(), music(), music()
    step[100000] += 65  # one sample at -54 dBFS
    jump[100000:] = jump[100000:] * 0.9  # a gain step
    loud = np.argmax(np.abs(gap[50000:90000])) + 50000
    gap[loud : loud + 512] = 0  # a lost block
    assert click_db(step) > 14 and click_db(jump) > 14 and click_db(gap) > 14


def test_the_zipper_measure_finds_gain_in_steps():
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    stepped = 16000 * np.sin(2 * np.pi * 441 * t) * (1 - 0.05 * (np.arange(len(t)) // 4096 % 2))
    assert zipper(stepped, 441) > 1.5


def test_the_purity_measures_find_distortion_noise_and_images():
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    pure = 16000 * np.sin(2 * np.pi * 441 * t)
    assert thd_db(pure + 1.6 * np.sin(2 * np.pi * 1323 * t), 441) == pytest.approx(-80, abs=1)
    assert spur_db(pure + 16 * np.sin(2 * np.pi * 5000.3 * t), 441) == pytest.approx(-60, abs=1)
    noisy = pure + np.random.default_rng(1).normal(size=len(t)) * 11.3
    assert sinad_db(noisy, 441) == pytest.approx(60, abs=1)
