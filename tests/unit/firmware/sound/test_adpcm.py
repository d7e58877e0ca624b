"""A recording on the device: its form is checked, it decodes to the bit, and damage ends it in a fade."""

# pyright: reportArgumentType=false

import binascii
from array import array

import numpy as np
import pytest
import recordings
from hypothesis import given, settings
from hypothesis import strategies as st
from int32 import checked

from firmware.sound import adpcm
from host_tools.sound import adpcm_encode

BIAS = 1 << 20
PLAIN = 512  # the coefficient that leaves everything


@pytest.fixture(scope="module")
def song():
    samples = np.round(recordings.voice(3.0) * 24000).astype(np.int16)
    return adpcm_encode.encode(samples, adpcm.VOICE, 2200), samples


def opened(data, read_into=None):
    return adpcm.SoundRecording(read_into or adpcm_encode.reader(data), len(data))


def play(recording, blocks, amplitude=adpcm.FULL, size=128):
    """What it adds to an empty mix, as samples at a gain of 1."""
    found = []
    for _ in range(blocks):
        mix = array("I", [BIAS] * (10 + size))
        recording.add(mix, 10, 10 + size, amplitude, PLAIN)
        found.append((np.array(mix[10:]).astype(int) - BIAS) / 2)
    return np.concatenate(found)


def heard(data):
    """What should be heard of a whole file at a gain of 1: the mean of neighbours, inside the ramps."""
    samples = adpcm_encode.decode(data).astype(float)
    return (samples + np.concatenate([[0.0], samples[:-1]])) / 2


def test_a_recording_sounds_as_it_was_encoded(song):
    data, samples = song
    recording = opened(data)
    recording.start(0, recording.samples)
    sound = play(recording, 200)
    wanted = heard(data)
    middle = slice(2 * adpcm.RAMP, len(samples) - adpcm.FADE)
    assert np.abs(sound[middle] - wanted[middle]).max() <= 1.5
    assert not sound[len(samples) :].any() and not recording.sounding and not recording.failed
    error = wanted[1:] - (samples[1:].astype(float) + samples[:-1]) / 2
    assert 10 * np.log10(np.square(wanted).mean() / np.square(error).mean()) > 24


def test_it_begins_and_ends_in_ramps(song):
    data, samples = song
    recording = opened(data)
    recording.start(0, recording.samples)
    sound, wanted = play(recording, 200), heard(data)
    rising = np.arange(adpcm.RAMP) / adpcm.RAMP
    falling = np.arange(adpcm.FADE, 0, -1) / adpcm.FADE
    assert np.abs(sound[: adpcm.RAMP] - wanted[: adpcm.RAMP] * rising).max() <= 4
    end = slice(len(samples) - adpcm.FADE, len(samples))
    assert np.abs(sound[end] - wanted[end] * falling).max() <= 4


@pytest.mark.parametrize("offset", [0, 1, 127, 128, 300])
def test_it_starts_on_the_sample_it_was_asked_to(song, offset):
    recording = opened(song[0])
    recording.start(offset, recording.samples)
    sound = play(recording, 20)
    expected = heard(song[0])[300:1500]
    assert np.abs(sound[offset + 300 : offset + 1500] - expected).max() <= 1.5
    assert not sound[:offset].any()


def test_started_again_it_fades_and_begins_anew(song):
    recording = opened(song[0])
    recording.start(0, recording.samples)
    play(recording, 40)
    recording.start(5, 4000)
    sound = play(recording, 60)
    assert recording.sounding is False
    wanted = heard(song[0])
    assert np.abs(sound[adpcm.FADE + 200 : adpcm.FADE + 3000] - wanted[200:3000]).max() <= 1.5
    assert not sound[adpcm.FADE + 4000 :].any()


def test_the_length_of_the_blocks_does_not_matter(song):
    sounds = []
    for size in (128, 100, 30):
        recording = opened(song[0])
        recording.start(0, 6000)
        sounds.append(play(recording, -(-7000 // size), size=size)[600:5500])
    for other in sounds[1:]:
        assert np.abs(sounds[0] - other).max() < 0.01 * np.abs(sounds[0]).max()


# Damage


def damaged_at(data, place):
    wrong = bytearray(data)
    wrong[place] ^= 0x40
    return bytes(wrong)


@settings(max_examples=25)
@given(st.data())
def test_whatever_byte_is_damaged_what_sounds_is_the_recording_or_nothing(song, drawn):
    data = song[0]
    place = drawn.draw(st.integers(adpcm.HEADER, len(data) - 1))
    recording = opened(damaged_at(data, place))
    recording.start(0, recording.samples)
    sound = play(recording, 200)
    block = (place - adpcm.HEADER) // adpcm.BLOCK
    assert recording.failed and not recording.sounding
    end = block * adpcm.BLOCK_SAMPLES
    assert not sound[end:].any()
    whole = heard(data)
    safe = max(0, end - adpcm.FADE)
    assert np.abs(sound[256:safe] - whole[256:safe]).max(initial=0) <= 1.5
    assert (np.abs(sound[safe:end]) <= np.abs(whole[safe:end]) + 2).all()
    recording.start(0, 9000)
    assert not play(recording, 10).any()  # and it is not tried again


@pytest.mark.parametrize("kind", ["error", "nothing", "half"])
def test_a_file_that_cannot_be_read_on_fades(song, kind):
    data = song[0]
    whole = adpcm_encode.reader(data)

    def failing(offset, buffer):
        if offset > 20 * adpcm.BLOCK:
            if kind == "error":
                raise OSError(5)
            return 0 if kind == "nothing" else whole(offset, buffer) // 2
        return whole(offset, buffer)

    recording = opened(data, failing)
    recording.start(0, recording.samples)
    sound = play(recording, 200)
    assert recording.failed
    end = 20 * adpcm.BLOCK_SAMPLES
    assert sound[end - 1000 : end - adpcm.FADE].any() and not sound[end:].any()
    assert np.abs(np.diff(sound, 2)).max() < 2 * np.abs(np.diff(heard(data), 2)).max()


def test_blocks_in_each_others_place_are_found(song):
    data = bytearray(song[0])
    first, third = (slice(16 + 256 * number, 16 + 256 * (number + 1)) for number in (0, 2))
    data[first], data[third] = data[third], data[first]
    recording = opened(bytes(data))
    recording.start(0, recording.samples)
    assert not play(recording, 10).any() and recording.failed


def test_the_checksum_is_the_one_of_the_standard():
    block = bytearray(np.random.default_rng(1).bytes(adpcm.BLOCK))
    for seed in (0, 1, 0xFFFF, 4711):
        assert adpcm.checksum(seed, 0, 0, block) == binascii.crc_hqx(bytes(block[2:]), seed)


def refused(data):
    with pytest.raises(adpcm.SoundRecordingError) as error:
        adpcm.check_whole(adpcm_encode.reader(data), len(data))
    assert len(str(error.value)) < 120 and "\n" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_played_is_refused_in_a_sentence(song):
    data = song[0]
    assert "not ADP1" in refused(b"") and "not ADP1" in refused(b"LUL1" + data[4:])
    assert "header" in refused(damaged_at(data, 9))
    assert "cut off" in refused(data[:-1]) and "cut off" in refused(data + bytes(256))
    assert "block 3" in refused(damaged_at(data, 16 + 256 * 2 + 100))
    assert "1.0 to 40.0 s" in refused(recordings.scrambled(adpcm.VOICE, 7000))
    assert "0.3 to 1.5 s" in refused(recordings.scrambled(adpcm.HEARTBEAT, 12001))
    assert "kind" in refused(adpcm.header(3, 9000, 0))
    assert adpcm.check_whole(adpcm_encode.reader(data), len(data)) == (adpcm.VOICE, 24000, 2200)


@settings(max_examples=100)
@given(st.binary(max_size=64))
def test_any_header_is_refused_or_fits_its_size(noise):
    for head in (noise, b"ADP1" + noise, adpcm.header(1, 9000, 0) + noise):
        try:
            _, samples, _ = adpcm.check(head, len(head))
        except adpcm.SoundRecordingError:
            continue
        assert len(head) == adpcm.HEADER + adpcm.BLOCK * -(-samples // adpcm.BLOCK_SAMPLES)


def test_the_largest_file_is_the_longest_voice():
    assert len(recordings.of_codes(adpcm.VOICE, adpcm.LONGEST_VOICE, lambda at: 0)) == adpcm.LARGEST


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("code", [0x77, 0xFF, 0xF7, 0x00, None])
def test_the_decoder_fits_the_chip_whatever_comes(signed, code):
    decode, checksum = checked(adpcm.decode, signed), checked(adpcm.checksum, signed)
    data = (
        recordings.scrambled(adpcm.VOICE, 8000)
        if code is None
        else recordings.of_codes(adpcm.VOICE, 8000, lambda at: code if at // 40 % 2 else code ^ 0x88)
    )
    for coefficient in (1, 280, 512):
        state = array("I", (32768, 88, 10, adpcm.FULL, 1 << 28, 1 << 20, coefficient, 32768))
        ours = array("I", state)
        block = bytearray(data[16 + 256 : 16 + 512])
        mixes = [array("I", [BIAS] * 502) for _ in range(2)]
        decode(0, 0, 0, state, block, mixes[0], adpcm.STEPS, 0, 502)
        adpcm.decode(0, 0, 0, ours, block, mixes[1], adpcm.STEPS, 0, 502)
        assert mixes[0] == mixes[1] and state == ours
        assert all(abs(value - BIAS) <= 65536 for value in mixes[0])
        assert checksum(7, 0, 0, block) == adpcm.checksum(7, 0, 0, block)
