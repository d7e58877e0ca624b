"""One decoder for every sound file: the same sound from each usual kind, and a sentence for what is cut."""

import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
import recordings
from scipy.io import wavfile

from host_tools.sound import decode
from simulator.files.errors import CalandoError

RATE = 48000
VOICE = 0.5 * recordings.voice(2.0, RATE)


def encoded(path: Path, codec: str, sample_format: str) -> Path:
    """The voice as FFmpeg's coder writes it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        stream.format = sample_format
        resampler = av.AudioResampler(format=sample_format, layout="mono", rate=RATE)
        frame = av.AudioFrame.from_ndarray(VOICE.astype(np.float32)[None, :], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for plain in resampler.resample(frame):
            for packet in stream.encode(plain):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def extensible(path: Path, bits: int, is_float: bool) -> Path:
    """A WAV file with WAVE_FORMAT_EXTENSIBLE, as recorders of 24 bits write it."""
    if is_float:
        data = VOICE.astype("<f4").tobytes()
    else:
        whole = np.round(VOICE * (2 ** (bits - 1) - 1)).astype("<i4")
        data = whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    guid = struct.pack("<H", 3 if is_float else 1) + bytes.fromhex("000000001000800000aa00389b71")
    width = bits // 8
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, RATE, RATE * width, width, bits, 22, bits, 4) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def worst(samples):
    return np.abs(samples[: len(VOICE)] - VOICE).max()


@pytest.mark.parametrize(
    ("bits", "is_float", "off"), [(16, False, 1e-4), (24, False, 1e-6), (32, True, 1e-6)]
)
def test_extensible_wav_is_read(tmp_path, bits, is_float, off):
    samples, rate = decode.read(extensible(tmp_path / "x.wav", bits, is_float))
    assert rate == RATE and len(samples) == len(VOICE) and worst(samples) < off


def test_eight_bits_are_read(tmp_path):
    wavfile.write(tmp_path / "x.wav", RATE, np.round(VOICE * 127 + 128).astype(np.uint8))
    assert worst(decode.read(tmp_path / "x.wav")[0]) < 0.013


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF - 36])
def test_a_streamed_wav_is_read_to_its_end(tmp_path, length):
    path = tmp_path / "x.wav"
    wavfile.write(path, RATE, np.round(VOICE * 32767).astype(np.int16))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", length)
    data[4:8] = struct.pack("<I", length)
    path.write_bytes(data)
    samples, _ = decode.read(path)
    assert len(samples) == len(VOICE) and worst(samples) < 1e-4


@pytest.mark.parametrize(
    ("suffix", "codec", "sample_format", "off"),
    [
        ("flac", "flac", "s16", 1e-4),
        ("m4a", "aac", "fltp", 0.2),
        ("mp3", "libmp3lame", "fltp", 0.2),
        ("ogg", "libopus", "s16", 0.2),
        ("opus", "libopus", "s16", 0.2),
    ],
)
def test_what_phones_write_is_read_whatever_its_name(tmp_path, suffix, codec, sample_format, off):
    path = encoded(tmp_path / f"x.{suffix}", codec, sample_format)
    samples, rate = decode.read(path.rename(tmp_path / "named_wrongly.wav"))
    assert rate == RATE and len(samples) == pytest.approx(len(VOICE), abs=RATE // 10)
    # A coder may shift its sound by its own delay: the best of the places.
    size = 1 << (len(samples) + len(VOICE)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(VOICE, size)), size)
    assert likeness.max() / np.sum(np.square(VOICE)) > 1 - off


@pytest.mark.parametrize("suffix", ["wav", "flac", "m4a"])
def test_half_a_file_is_told(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    if suffix == "wav":
        wavfile.write(path, RATE, np.round(VOICE * 32767).astype(np.int16))
    else:
        encoded(path, {"flac": "flac", "m4a": "aac"}[suffix], {"flac": "s16", "m4a": "fltp"}[suffix])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CalandoError, match=r"ends before|damaged"):
        decode.read(path)


def test_a_small_file_that_unpacks_to_hours_is_stopped(tmp_path):
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * 12)
    assert len(decode.read(path)[0]) == 96000
    with pytest.raises(CalandoError, match="more than 10 s"):
        decode.read(path, 10)


def test_a_list_of_other_files_is_no_sound(tmp_path):
    for text in (b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", b"ffconcat version 1.0\nfile x.wav\n"):
        path = tmp_path / "x.m4a"
        path.write_bytes(text)
        with pytest.raises(CalandoError, match="not a sound file"):
            decode.read(path)
