"""The adults' songbook: airs that are no lullabies, and the way to a device."""

import alarm_motifs
import pytest

from firmware.sound import songs
from firmware.sound.score import Score
from host_tools.songs import abc_out, airs, harmony, importing
from host_tools.songs.intensity import intensity
from simulator.files.errors import CalandoError


def test_there_are_airs_for_many():
    assert len(airs.AIRS) >= 12 and len({air.culture for air in airs.AIRS}) >= 6
    assert not set(airs.NAMES) & set(songs.NAMES)
    for air in airs.AIRS:
        assert air.title and air.origin and len(air.free) > 10 and len(air.checked) > 20
        assert importing.song_name(air.name) == air.name


@pytest.mark.parametrize("name", airs.NAMES)
def test_an_air_can_be_played(name):
    song = airs.get(name).imported()
    sung = [note for note, _, _ in song.notes() if note]
    assert max(sung) - min(sung) <= 19 and min(sung) >= 57 and max(sung) <= 78
    assert song.chords() and harmony.check(song.notes(), song.chords()) == []
    spans = [0]
    for _, ticks, end in song.notes():
        spans[-1] += ticks
        if end:
            spans.append(0)
    assert max(spans) <= 18 * 24 and len(spans) > 2
    assert 0 <= intensity(song.data) <= 10


@pytest.mark.parametrize("name", airs.NAMES)
@pytest.mark.parametrize("turned", [False, True])
def test_no_air_has_the_motif_of_a_medical_alarm(name, turned):
    assert alarm_motifs.found_in(Score(airs.get(name).encode()), turned) is None


def test_an_airs_own_abc_gives_it_back(tmp_path):
    for air in airs.AIRS[:3]:
        song = air.imported()
        path = tmp_path / f"{air.name}.played.abc"
        path.write_text(abc_out.text(song), "utf-8")
        again = importing.import_song(path)
        assert (again.notes(), again.chords(), again.name) == (song.notes(), song.chords(), air.name)


def test_intensity_knows_a_chant_from_a_dance():
    chant = importing.from_lines("M:4/4\nL:1/4\nK:C\nC2D2|E4|D2C2|C4", "chant", 0).data
    dance = importing.from_lines("M:4/4\nL:1/8\nK:C\nCGcG EGcG|CAfA CAfA|CGcG EGcG|C4z4", "dance", 0).data
    assert intensity(chant) <= 1 and intensity(dance) >= 7
    assert intensity(airs.get("gentle_maiden").encode()) > intensity(airs.get("aennchen").encode())


def test_an_air_that_is_not_there_is_told():
    with pytest.raises(CalandoError, match=r'no air .amazing_grease. .did you mean "amazing_grace"'):
        airs.get("amazing_grease")
    assert airs.find("twinkle") is None
