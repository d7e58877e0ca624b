"""The loudspeaker's sound on the time line: of hours without a clock nothing is kept, and nothing is lost or moved."""

import resource
import sys

import numpy as np
import pytest

from simulator.sound import Sound

DAY_S = 86_400.0
RATE_HZ = 16_000


def tone(frames):
    return (np.arange(frames) % 50 + 100).astype(np.int16)


def played(*spans_s, on_s=None):
    """A device that plays from, until, in seconds, with the amplifier on meanwhile (or in `on_s` of each)."""
    sound = Sound()
    for from_s, until_s in spans_s:
        sound.start(RATE_HZ, int(from_s * 1e6))
        sound.amplifier.sd_mode(1, int(from_s * 1e6))
        sound.data(tone(round((until_s - from_s) * RATE_HZ)).tobytes())
        sound.amplifier.sd_mode(0, int((until_s if on_s is None else from_s + on_s) * 1e6))
        sound.stop(int(until_s * 1e6))
    return sound


def test_a_day_is_kept_as_what_sounded_in_it():
    sound = played((10.0, 12.0), (12.4, 13.0), (80_000.0, 80_001.0))
    kept = sum(len(piece) for _, piece in sound._earlier) + len(sound._frames)
    assert kept == 2 * RATE_HZ * (2.0 + 0.4 + 0.6 + 1.0)
    pcm = sound.heard(DAY_S)
    assert len(pcm) == DAY_S * RATE_HZ
    for from_s, until_s in ((10.0, 12.0), (12.4, 13.0), (80_000.0, 80_001.0)):
        piece = pcm[int(from_s * RATE_HZ) : int(until_s * RATE_HZ)]
        assert (piece == tone(len(piece))).all()
        assert pcm[int(from_s * RATE_HZ) - 1] == 0 and pcm[int(until_s * RATE_HZ)] == 0


def test_what_is_sent_to_an_amplifier_that_is_off_is_not_heard():
    pcm = played((10.0, 12.0), (100.0, 102.0), on_s=0.5).heard(101.0)
    places = np.flatnonzero(pcm) / RATE_HZ
    assert places[0] == 10.0 and places[-1] == pytest.approx(100.5, abs=1e-3)
    assert not ((places > 10.5) & (places < 100.0)).any()
    assert len(pcm) == 101 * RATE_HZ


@pytest.mark.parametrize("from_s", [0.0, 0.5, 3.0, 30.0])
@pytest.mark.parametrize("duration_s", [2.0, 5.0, 32.5, 60.0])
def test_one_piece_lies_where_it_was_played_however_much_is_asked_for(from_s, duration_s):
    until_s = from_s + 4.0
    pcm = played((from_s, until_s)).heard(duration_s)
    expected = np.zeros(round(duration_s * RATE_HZ), np.int16)
    first, end = round(from_s * RATE_HZ), min(round(until_s * RATE_HZ), len(expected))
    if first < end:
        expected[first:end] = tone(end - first)
    assert pcm.dtype == np.int16 and pcm.flags.writeable
    np.testing.assert_array_equal(pcm, expected)


def test_of_a_day_after_one_session_no_silence_takes_memory():
    sound = played((1.0, 5.0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pcm = sound.heard(DAY_S)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 200_000_000
    assert len(pcm) == DAY_S * RATE_HZ and (pcm[16_000:80_000] == tone(64_000)).all()
