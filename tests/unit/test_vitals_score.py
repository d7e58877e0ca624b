"""The protocol that scores estimators: what it calls a beat that the reference lacks."""

import numpy as np
from vitals_score import filled, matched

TRUE = np.arange(0.5, 60, 0.8)


def test_a_beat_that_every_witness_sees_in_a_gap_is_filled_in():
    lacking = np.delete(TRUE, 30)
    late = TRUE + 0.22  # the pulse at the finger, by another estimator
    assert np.allclose(filled(lacking, TRUE, late), TRUE, atol=0.03)


def test_one_witness_alone_fills_nothing():
    lacking = np.delete(TRUE, 30)
    assert len(filled(lacking, TRUE, lacking)) == len(lacking)


def test_a_pause_that_no_witness_fills_stays_a_pause():
    pause = np.delete(TRUE, [30, 31])
    assert len(filled(pause, pause, pause)) == len(pause)


def test_beats_outside_a_gap_are_never_added():
    extra = np.sort(np.append(TRUE, [10.1, 20.1]))
    assert len(filled(TRUE, extra, extra)) == len(TRUE)


def test_beats_match_after_one_constant_lag():
    assert matched(TRUE + 0.3, TRUE) == len(TRUE)
    assert matched(TRUE[::2], TRUE) == len(TRUE[::2])
