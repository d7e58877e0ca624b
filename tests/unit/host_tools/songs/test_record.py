"""A WAV file becomes a recording: what is kept, what is said, and what is refused in one sentence."""

import io
import wave

import numpy as np
import pytest
import recordings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import wavfile
from typer.testing import CliRunner

from firmware.sound import adpcm
from host_tools.cli import app
from host_tools.songs import record
from host_tools.sound import adpcm_encode, decode
from simulator.files.errors import CalandoError

_short = io.BytesIO()
wavfile.write(_short, 8000, (recordings.voice(0.3) * 30000).astype(np.int16))
SHORT = _short.getvalue()


def write(path, samples, rate=8000, kind=np.int16):
    scale = {np.uint8: 127, np.int16: 32767, np.int32: 2147483000, np.float32: 1, np.float64: 1}[kind]
    wavfile.write(path, rate, (np.asarray(samples) * scale + (128 if kind is np.uint8 else 0)).astype(kind))
    return path


def write_24_bit(path, samples, rate):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(3)
        sound.setframerate(rate)
        whole = (np.asarray(samples) * 8388000).astype("<i4")
        sound.writeframes(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
    return path


def test_a_voice_comes_out_close_to_what_went_in():
    done = record.make(recordings.voice(10.0), 8000, "voice", "a voice")
    assert done.snr_dba >= 20
    assert done.seconds == pytest.approx(10, abs=0.5)
    kind, samples, loudness_cdb = adpcm.check_whole(adpcm_encode.reader(done.data), len(done.data))
    assert (kind, samples) == (adpcm.VOICE, round(done.seconds * 8000))
    assert loudness_cdb == pytest.approx(2200, abs=300)


def test_one_cycle_of_a_heartbeat_is_found():
    for rate_bpm in (60, 72, 100, 140):
        done = record.make(recordings.heartbeat(rate_bpm=rate_bpm), 8000, "heartbeat", "a heart")
        assert done.seconds == pytest.approx(60 / rate_bpm, abs=0.02)
        assert done.snr_dba >= 20
        sound = adpcm_encode.decode(done.data).astype(float)
        power = np.cumsum(np.square(sound))
        # Both sounds are in it, whole: little of it lies at the ends.
        assert power[len(sound) // 20] < 0.02 * power[-1]
        assert power[-len(sound) // 20] > 0.98 * power[-1]


def test_a_single_cycle_is_taken_as_it_is():
    done = record.make(recordings.heartbeat(8.0)[1000:8000], 8000, "heartbeat", "a cycle")
    assert done.seconds == pytest.approx(7000 / 8000)


@pytest.mark.parametrize(
    ("rate", "kind"),
    [(8000, np.uint8), (11025, np.int16), (22050, np.int32), (44100, np.float32), (48000, np.float64), (96000, np.int16)],
)  # fmt: skip
def test_every_usual_kind_of_file_is_read(tmp_path, rate, kind):
    voice = 0.9 * recordings.voice(2.5, rate)
    done = record.record(write(tmp_path / "a.wav", voice, rate, kind), "voice")
    assert done.seconds == pytest.approx(2.5, abs=0.4)
    stereo = record.record(write(tmp_path / "b.wav", np.stack([voice, voice], 1), rate, kind), "voice")
    assert stereo.data == done.data


def test_24_bits_are_read(tmp_path):
    samples, rate = decode.read(write_24_bit(tmp_path / "a.wav", recordings.voice(1.5), 8000))
    assert rate == 8000 and np.abs(samples - recordings.voice(1.5)).max() < 1e-3


def test_the_level_of_the_file_does_not_matter():
    loud, soft = (record.make(recordings.voice(4.0) * gain, 8000, "voice", "v") for gain in (1.0, 0.02))
    assert np.abs(adpcm_encode.decode(loud.data).astype(int) - adpcm_encode.decode(soft.data)).mean() < 50


def refused(path, kind="voice"):
    with pytest.raises(CalandoError) as error:
        record.record(path, kind)
    text = str(error.value)
    assert str(path) in text and "\n" not in text and len(text.replace(str(path), "")) < 160
    return text


def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path):
    random = np.random.default_rng(1)
    file = tmp_path / "x.wav"
    t = np.arange(24000) / 8000
    assert "cannot read" in refused(tmp_path / "none.wav")
    assert "cannot read" in refused(tmp_path)
    assert "silent" in refused(write(file, np.zeros(20000)))
    assert "clipped for" in refused(write(file, np.clip(4 * recordings.voice(3.0), -1, 1)))
    assert "no single voice" in refused(write(file, 0.3 * random.normal(size=24000).clip(-3, 3)))
    chords = sum(np.sin(2 * np.pi * f * t * (1 + 0.002 * np.sin(9 * t))) for f in (220, 311, 349, 415.3, 587))
    assert "no single voice" in refused(write(file, 0.15 * np.asarray(chords)))
    assert "1 to 40 s" in refused(write(file, recordings.voice(0.6)))
    assert "41" in refused(write(file, recordings.voice(41.0, seed=2))) and "cut it" in refused(file)
    assert "4000 samples a second" in refused(write(file, recordings.voice(3.0), 4000))
    assert "no numbers" in refused(write(file, np.full(9000, np.nan), 8000, np.float32))
    assert "no heartbeat" in refused(write(file, 0.3 * random.normal(size=80000).clip(-3, 3)), "heartbeat")
    assert "shorter than a cycle" in refused(write(file, recordings.heartbeat(2.0)[:2300]), "heartbeat")
    assert "quarter of a second" in refused(write(file, recordings.voice(0.1)))
    write(file, recordings.voice(3.0))
    file.write_bytes(file.read_bytes()[:20000])
    assert "ends before" in refused(file)
    for wrong in (b"", b"RIFF", b"ID3\x04 an mp3", bytes(5000), b"RIFF\x00\x00\x00\x00WAVEfmt "):
        file.write_bytes(wrong)
        assert any(word in refused(file) for word in ("not a sound file", "no samples", "damaged"))
    with file.open("wb") as huge:
        huge.truncate(decode.LARGEST_FILE + 1)
    assert "64 MB" in refused(file)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else(tmp_path, drawn):
    data = bytearray(SHORT)
    for _ in range(drawn.draw(st.integers(1, 4))):
        data[drawn.draw(st.integers(0, 60))] = drawn.draw(st.integers(0, 255))
    file = tmp_path / "damaged.wav"
    file.write_bytes(data[: drawn.draw(st.integers(0, len(data)))])
    try:
        samples, rate = decode.read(file)
    except CalandoError:
        return
    assert np.isfinite(samples).all() and samples.ndim == 1 and 8000 <= rate <= 96000


def test_the_command_says_what_became_of_it(tmp_path):
    source = write(tmp_path / "Oma singt.wav", recordings.voice(3.0))
    before = source.read_bytes()
    done = CliRunner().invoke(app, ["song", "record", str(source), "--kind", "voice"])
    assert done.exit_code == 0, done.output
    target = tmp_path / "oma_singt.adp"
    for said in ("a voice", "s,", f"{len(target.read_bytes())} bytes", "% of", "A-weighted", "its own tempo"):
        assert said in done.output
    assert source.read_bytes() == before and ".wav" in done.output and str(source) not in done.output
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_nothing_is_replaced_unasked_and_names_are_made_as_those_of_songs(tmp_path):
    source = write(tmp_path / "Müller Lied.wav", recordings.voice(3.0))
    (tmp_path / "muller_lied_0380.adp").write_bytes(b"the one before")
    with pytest.raises(
        CalandoError, match=r"muller_lied_0380.adp is there already with other contents; .* --overwrite"
    ):
        record.write(source, "voice")
    assert (tmp_path / "muller_lied_0380.adp").read_bytes() == b"the one before"
    assert record.write(source, "voice", overwrite=True)[0].name == "muller_lied_0380.adp"
    with pytest.raises(CalandoError, match='can be called "none"'):
        record.write(source, "voice", tmp_path / "none.adp")


def test_a_failure_leaves_what_was_there(tmp_path):
    source, target = tmp_path / "a.wav", tmp_path / "a.adp"
    write(source, np.zeros(9000))
    target.write_bytes(b"the one before")
    done = CliRunner().invoke(app, ["song", "record", str(source), "--kind", "voice", "--overwrite"])
    assert done.exit_code and target.read_bytes() == b"the one before"
    write(source, recordings.heartbeat())
    done = CliRunner().invoke(
        app, ["song", "record", str(source), "--kind", "heartbeat", "--out", str(tmp_path / "no" / "x.adp")]
    )
    assert isinstance(done.exception, CalandoError) and "folder does not exist" in str(done.exception)
    assert CliRunner().invoke(app, ["song", "record", str(source), "--kind", "dog"]).exit_code == 2


def test_a_recording_that_is_none_is_not_rendered(tmp_path):
    wrong = tmp_path / "x.adp"
    for content in (None, b"", b"LUL1" + bytes(300)):
        if content is not None:
            wrong.write_bytes(content)
        out = tmp_path / "x.wav"
        done = CliRunner().invoke(app, ["render", "--voice", str(wrong), "--out", str(out), "--seconds", "1"])
        assert isinstance(done.exception, CalandoError) and str(wrong) in str(done.exception)
        assert not out.exists()
