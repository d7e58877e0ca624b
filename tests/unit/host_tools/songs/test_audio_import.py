"""A family's own song: notation and voices become scores, and what cannot is told in a sentence."""

import mido
import numpy as np
import pytest

from firmware.sound import score, songs
from host_tools.songs import fit, importing
from host_tools.songs.importing import import_song
from host_tools.songs.line import Choice
from host_tools.sound import meter
from simulator.files.errors import CalandoError


def tune(name):
    """(MIDI note or 0, beats) of a built-in song's melody."""
    song = songs.SONGS[name]
    return [
        (song.data[score.HEADER + 2 * at] & 127, song.data[score.HEADER + 2 * at + 1] / 24)
        for at in range(song.notes)
    ]


def write_midi(path, notes, shift=0, second_voice=False, metre=(4, 4)):
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1]))
    wait = 0
    for at, (note, beats) in enumerate(notes):
        ticks = round(beats * 480 * (1.5 if metre[1] == 8 else 1))
        if note == 0:
            wait += ticks
            continue
        track.append(mido.Message("note_on", note=note + shift, velocity=70, time=wait))
        if second_voice and at == 3:
            track.append(mido.Message("note_on", note=note + shift + 4, velocity=70, time=0))
            track.append(mido.Message("note_off", note=note + shift + 4, time=ticks // 2))
            ticks -= ticks // 2
        track.append(mido.Message("note_off", note=note + shift, time=round(ticks * 0.95)))
        wait = ticks - round(ticks * 0.95)
    file.save(path)


def read_notes(imported):
    read = score.Score(imported.data)
    return [
        (imported.data[score.HEADER + 2 * at] & 127, imported.data[score.HEADER + 2 * at + 1] / 24)
        for at in range(read.notes)
    ]


def test_midi_comes_back_note_for_note(tmp_path):
    path = tmp_path / "Our Song!.mid"
    write_midi(path, tune("suo_gan"))
    imported = import_song(path)
    assert imported.name == "our_song"
    assert read_notes(imported) == tune("suo_gan")
    read = score.Score(imported.data)
    assert read.tonic == 2 and read.scale == score.MAJOR and read.beats_per_bar == 4
    assert read.chords > 0


def test_a_low_voice_is_moved_up_by_octaves_and_that_is_told(tmp_path):
    path = tmp_path / "low.mid"
    write_midi(path, tune("twinkle"), shift=-24)
    imported = import_song(path)
    assert read_notes(imported) == tune("twinkle")
    assert any("up by 24 semitones" in line for line in imported.told)


def test_compound_metre_is_kept(tmp_path):
    path = tmp_path / "rocking.mid"
    write_midi(path, tune("rock_a_bye"), metre=(6, 8))
    imported = import_song(path)
    read = score.Score(imported.data)
    assert read.compound and read.beats_per_bar == 2
    assert [note for note, _ in read_notes(imported)] == [note for note, _ in tune("rock_a_bye")] or any(
        "semitones" in line for line in imported.told
    )


def sung(notes, beat_s=0.75, rate_hz=16000, cents=0.0, shift=0, seed=1):
    """A voice of a kind: harmonics, vibrato, a scoop into each note, dips between syllables, breath noise."""
    random = np.random.default_rng(seed)
    pieces = [np.zeros(rate_hz // 2)]
    phase = 0.0
    for note, beats in notes:
        count = round(beats * beat_s * rate_hz)
        if note == 0:
            pieces.append(np.zeros(count))
            continue
        t = np.arange(count) / rate_hz
        bend = -0.8 * np.exp(-t / 0.03) + 0.25 * np.sin(2 * np.pi * 5.5 * t) * np.minimum(1, t / 0.3)
        frequency = 440 * 2 ** ((note + shift + cents / 100 + bend - 69) / 12)
        turn = phase + 2 * np.pi * np.cumsum(frequency) / rate_hz
        phase = turn[-1]
        voice = sum(np.sin(turn * order) / order**1.5 for order in range(1, 9))
        envelope = np.minimum(1, t / 0.05) * np.minimum(1, (count / rate_hz - t) / 0.06)
        pieces.append(voice * (0.12 + 0.88 * envelope))
    samples = np.concatenate([*pieces, np.zeros(rate_hz // 2)])
    samples = samples / np.abs(samples).max() * 0.5 + random.normal(size=len(samples)) * 0.002
    return np.round(samples * 32767).astype(np.int16)


@pytest.mark.parametrize(("shift", "cents"), [(0, 0), (-12, 0), (0, 30)])
def test_a_sung_melody_is_heard(tmp_path, shift, cents):
    melody = tune("twinkle")[:14]
    path = tmp_path / "mother.wav"
    meter.write_wav(path, sung(melody, shift=shift, cents=cents), 16000)
    imported = import_song(path)
    heard = [(note, beats) for note, beats in read_notes(imported) if note]
    assert [note for note, _ in heard] == [note for note, _ in melody]
    assert any("14 notes were heard" in line for line in imported.told)
    assert [name for name, _ in imported.table() if name != "-"][:3] == ["C4", "C4", "G4"]
    assert [beats for _, beats in heard] == [beats for _, beats in melody]


def test_recordings_without_a_melody_are_refused(tmp_path):
    for samples, says in (
        (np.zeros(32000), "silent"),
        (np.random.default_rng(1).normal(size=32000) * 3000, "no melody"),
        (np.ones(16000 * 181) * 100, "more than 180 s"),
    ):
        path = tmp_path / "noise.wav"
        meter.write_wav(path, np.round(samples), 16000)
        with pytest.raises(CalandoError, match=says):
            import_song(path)


def test_a_key_is_found():
    for name, found in (("twinkle", (0, False)), ("pripetshik", (2, True))):
        line = [(0, note, round(24 * beats)) for note, beats in tune(name)]
        assert fit.key_of(line) == found


def test_an_imported_song_comes_out_at_the_level_asked_for(tmp_path):
    from host_tools.sound import render

    path = tmp_path / "ours.mid"
    write_midi(path, tune("pripetshik"))
    assert "notes" in importing.bring(path, None, Choice()).told()[0]
    plan = render.plan_for(
        render.load_profile(None), str(tmp_path / "ours.lul"), seconds=60, soundscape=None, governed=False,
        first_level_cdba=4800, level_cdba=4800, brightness_permille=500, density_permille=600, tempo_mbpm=66000,
    )  # fmt: skip
    levels = meter.measure(render.play(plan)[0], 16000, 74.0)
    assert levels.laeq_dba == pytest.approx(48, abs=0.6)
