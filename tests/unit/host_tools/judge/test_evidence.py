"""The judge's ear against the project's sound level meter, and what it calls silence."""

import numpy as np
import pytest

from host_tools.judge.evidence import FRAME_S, LEVEL_S, listen
from host_tools.sound import meter

RATE_HZ = 16_000
FULL_SCALE_DBA = 74.0


def tone(hz, seconds, amplitude=0.05):
    t_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.rint(32767 * amplitude * np.sin(2 * np.pi * hz * t_s)).astype(np.int16)


@pytest.mark.parametrize("hz", [100, 250, 440, 1000, 3000, 6000])
def test_a_tone_is_as_loud_as_the_meter_says(hz):
    sound = tone(hz, 4)
    ours, theirs = listen(sound, RATE_HZ, FULL_SCALE_DBA), meter.measure(sound, RATE_HZ, FULL_SCALE_DBA)
    assert ours.dba.max() == pytest.approx(theirs.las_max_dba, abs=0.2)
    assert ours.dbc.max() == pytest.approx(theirs.lcs_max_dbc, abs=0.2)
    mean = 45 + 10 * np.log10(ours.energy.mean())
    assert mean == pytest.approx(theirs.laeq_dba, abs=0.2)


def test_noise_that_swells_is_as_loud_as_the_meter_says():
    random = np.random.default_rng(1)
    swell = np.linspace(0.001, 0.05, 8 * RATE_HZ)
    sound = np.rint(32767 * swell * random.standard_normal(8 * RATE_HZ) / 4).astype(np.int16)
    ours, theirs = listen(sound, RATE_HZ, FULL_SCALE_DBA), meter.measure(sound, RATE_HZ, FULL_SCALE_DBA)
    assert ours.dba.max() == pytest.approx(theirs.las_max_dba, abs=0.3)
    assert ours.dbc.max() == pytest.approx(theirs.lcs_max_dbc, abs=0.3)


def test_what_is_audible_begins_and_ends_with_its_samples():
    sound = np.concatenate(
        [np.zeros(RATE_HZ, np.int16), tone(440, 2), np.zeros(5 * RATE_HZ, np.int16), tone(440, 1)]
    )
    heard = listen(sound, RATE_HZ, FULL_SCALE_DBA)
    ((first, last), (again, end)) = heard.starts_and_ends()
    assert [first, last, again, end] == pytest.approx([1.0, 3.0, 8.0, 9.0], abs=2 * FRAME_S)
    assert heard.silent_from(2.0, 6.0) == pytest.approx(3.0, abs=2 * FRAME_S)
    assert heard.sounds_within(2.0, 2.1) and not heard.sounds_within(3.5, 7.9)
    assert not np.isfinite(heard.dba[int(0.5 / LEVEL_S)])


def test_silence_has_no_level():
    heard = listen(np.zeros(3 * RATE_HZ, np.int16), RATE_HZ, FULL_SCALE_DBA)
    assert not np.isfinite(heard.dba).any() and heard.starts_and_ends() == [] and not heard.energy.any()
