"""A few of the ten thousand damaged files of `make fuzz`, the same each time."""

import pytest
import songs_fuzz


@pytest.mark.parametrize("suffix", [kind for kind in songs_fuzz.SHARE if kind not in songs_fuzz.SOUND])
def test_a_damaged_score_is_a_song_or_a_sentence(suffix, tmp_path):
    verdicts = [songs_fuzz.tried(suffix, seed, tmp_path) for seed in range(12)]
    assert set(verdicts) <= {"taken", "refused"}, [
        verdict for verdict in verdicts if verdict not in ("taken", "refused")
    ]


@pytest.mark.parametrize("suffix", songs_fuzz.SOUND)
def test_a_damaged_recording_is_a_song_or_a_sentence(suffix, tmp_path):
    assert {songs_fuzz.tried(suffix, seed, tmp_path) for seed in range(3)} <= {"taken", "refused"}


def test_the_undamaged_files_are_taken(tmp_path):
    for suffix in songs_fuzz.SHARE:
        path = tmp_path / f"whole{suffix}"
        path.write_bytes(songs_fuzz.whole(suffix))
        assert len(songs_fuzz.import_song(path, anyway=True).notes()) >= 3, suffix
