"""A recorded voice or heartbeat: its compact form, the checks of it, and the decoder that adds it to the mix.

IMA-ADPCM, four bits a sample at the mix's own 8 kHz, in blocks that each stand alone: what is damaged stays
damaged for 63 ms, is found before it sounds, and ends the recording in a fade. Recordings are made on the host
(host_tools/songs/record.py). When one sounds, and how loud, is decided in audio.py.

Layout, numbers with their low byte first:
    0  "ADP1"            4 letters and version in one
    4  kind              1 a voice, 2 one cycle of a heartbeat
    5  rate              thousands of samples a second: 8
    6  loudness, u16     hundredths of a dB below a full-scale sine: how loud it is, A-weighted
    8  samples, u32
   12  CRC-32, u32       of the 12 bytes before
   16  blocks of 256 bytes, the last one filled up with zeros:
       0  CRC-16, u16    of the other 254 bytes (CCITT, begun with the block's number, from 1, exclusive-or the
                         low half of the header's CRC-32: no block passes in another's place)
       2  predictor, u16 plus 32768: the sample before the block's first
       4  step's index   0 to 88
       5  samples, 4 bits each, the low half of a byte first: 502 of them
"""

# pyright: reportArgumentType=false
# Viper takes any buffer for a pointer, which its stubs do not say.

import binascii
import struct
from array import array

import micropython
from micropython import const

MAGIC = b"ADP1"
VOICE, HEARTBEAT = 1, 2
KINDS = (None, "voice", "heartbeat")
_RATE_KHZ = const(8)
HEADER = const(16)
BLOCK = const(256)
BLOCK_SAMPLES = const(502)
# Limits of a file, in samples. A heartbeat's cycle has to fit between two beats.
SHORTEST_VOICE, LONGEST_VOICE = 8000, 320000
SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT = 2400, 12000
LARGEST = 16 + 256 * 638  # bytes

RAMP = const(128)  # samples from nothing to full: a block of the half rate
FADE = const(256)  # and at least so many before the last one
FULL = 1 << 28  # an amplitude: a sample's full scale is the output's at a gain of 1

# Places in the state array.
_PREDICTOR = const(0)  # biased
_INDEX = const(1)
_PLACE = const(2)  # of the next four bits in the block, in halves of a byte
AMPLITUDE = const(3)  # 28 bits
_SLOPE = const(4)  # of the amplitude, a sample, biased
LOW = const(5)  # the low-pass's memory, biased
_COEFFICIENT = const(6)  # of 512
LAST = const(7)  # the sample before, biased
STATE_SIZE = const(8)

_LOWEST_SAMPLE = const(-32768)
_PREDICTOR_BIAS = const(1 << 15)
_SLOPE_BIAS = const(1 << 28)
_LOW_BIAS = const(1 << 20)
_FIRST_PLACE = const(10)

# The step sizes of the IMA's recommendation, 1992.
# fmt: off
STEPS = array("H", (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97,
    107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796,
    876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428,
    4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385,
    24623, 27086, 29794, 32767,
))
# fmt: on


class SoundRecordingError(ValueError):
    """The recording cannot be played; the text says why in one sentence."""


def header(kind, samples, loudness_cdb):
    """Return the first bytes of a recording. loudness_cdb: below a full-scale sine, as a positive number."""
    head = struct.pack("<4sBBHI", MAGIC, kind, _RATE_KHZ, loudness_cdb, samples)
    return head + struct.pack("<I", binascii.crc32(head) & 0xFFFFFFFF)


def check(head, size):
    """Return what the header of a recording of `size` bytes says: (kind, samples, loudness in hundredths of a dB).

    Raises SoundRecordingError for anything that could not be played.
    """
    if len(head) < HEADER or size < HEADER or bytes(head[:4]) != MAGIC:
        raise SoundRecordingError("this is not a recording: its first letters are not ADP1")
    _, kind, rate, loudness_cdb, samples, crc = struct.unpack_from("<4sBBHII", head, 0)
    if crc != binascii.crc32(bytes(head[:12])) & 0xFFFFFFFF:
        raise SoundRecordingError(
            "the recording is damaged: its header's checksum does not match; copy it again"
        )
    if kind not in (VOICE, HEARTBEAT) or rate != _RATE_KHZ:
        raise SoundRecordingError("the recording is of a kind or rate that this version does not know")
    low, high = (SHORTEST_VOICE, LONGEST_VOICE) if kind == VOICE else (SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT)
    if not low <= samples <= high:
        raise SoundRecordingError(
            "a %s lasts %d.%d to %d.%d s, this one has %d samples at 8000 a second"
            % (KINDS[kind], low // 8000, low % 8000 // 800, high // 8000, high % 8000 // 800, samples)
        )
    if size != HEADER + BLOCK * (-(-samples // BLOCK_SAMPLES)):
        raise SoundRecordingError("the recording is cut off, or something was added to it: copy it again")
    return kind, samples, loudness_cdb


def check_whole(read_into, size):
    """Check the head, as `check`, and every block: for a file just arrived. read_into(offset, buffer) as SoundRecording's.

    Reads 256 bytes at a time. Raises SoundRecordingError; OSError when the file cannot be read.
    """
    head = bytearray(HEADER)
    block = bytearray(BLOCK)
    found = check(head, size if read_into(0, head) == HEADER else 0)
    for number in range((size - HEADER) // BLOCK):
        if read_into(HEADER + BLOCK * number, block) != BLOCK or not _whole(block, _seed(head, number)):
            raise SoundRecordingError("the recording is damaged in block %d: copy it again" % (number + 1))
    return found


def _seed(head, number):
    """Return what the CRC of a block begins with."""
    return (head[12] | head[13] << 8) ^ (number + 1)


def _whole(block, seed):
    return checksum(seed, 0, 0, block) == block[0] | block[1] << 8 and block[4] < len(STEPS)


class SoundRecording:
    """A recording on flash, and how far it has been played.

    read_into(offset, buffer) fills a buffer from a place in the file and returns how many bytes there were; size:
    bytes in the file. Raises SoundRecordingError where the header is not one, OSError where it cannot be read.

    failed: a block was damaged, missing, or could not be read; it ended in a fade, and will not start again.
    """

    def __init__(self, read_into, size):
        head = bytearray(HEADER)
        kind, self.samples, self.loudness_cdb = check(head, size if read_into(0, head) == HEADER else 0)
        self.heartbeat = kind == HEARTBEAT
        self.failed = False
        self._read_into = read_into
        self._seed = _seed(head, -1)
        self._now = bytearray(BLOCK)  # the block that sounds
        self._next = bytearray(BLOCK)  # and the one after it, known to be whole before it is needed
        self._state = array("I", [0] * STATE_SIZE)
        self._number = 0
        self._left = 0  # samples still to sound
        self._in_block = 0
        self._start_at = -1  # samples from the beginning of the next `add` to where it starts anew
        self._length = 0

    @property
    def sounding(self):
        """Return whether something of it is still to come."""
        return self._left > 0 or self._start_at >= 0

    def start(self, offset, length):
        """Begin it, `offset` samples into the next `add`, for `length` samples at most.

        What still sounds of it fades first.
        """
        if not self.failed:
            self.stop()
            self._start_at = offset
            self._length = min(length, self.samples)

    def stop(self):
        """Let it fade, within 32 ms."""
        self._start_at = -1
        if self._left > FADE:
            self._left = FADE

    def silence(self):
        """End at once: for when nothing is heard of it any more."""
        self._start_at = -1
        self._left = 0

    def add(self, mix, start, end, amplitude, coefficient):
        """Add what there is of it to mix[start:end], at most RAMP samples; returns whether there was anything.

        amplitude (FULL is a gain of 1) is reached evenly. coefficient: of a one-pole low-pass, in 512ths.
        """
        state = self._state
        state[_COEFFICIENT] = coefficient
        added = False
        at = start
        while at < end:
            left = self._left
            if left == 0:
                if self._start_at < 0:
                    break
                at = max(at, start + self._start_at)
                if at >= end:
                    break
                self._begin()
                continue
            run = min(end - at, self._in_block)
            now = state[AMPLITUDE]
            if left <= FADE:
                run = min(run, left)
                slope = -(now // left)
            else:
                run = min(run, left - FADE)
                # Rounded towards nothing: it must not pass its target.
                slope = (amplitude - now) // RAMP if amplitude >= now else -((now - amplitude) // RAMP)
            state[_SLOPE] = slope + _SLOPE_BIAS
            decode(0, 0, 0, state, self._now, mix, STEPS, at, at + run)
            added = True
            at += run
            self._left = left - run
            self._in_block -= run
            if self._in_block == 0 and self._left:
                self._advance()
        if self._start_at >= 0:
            self._start_at = max(0, self._start_at - (end - start))
        return added

    def _begin(self):
        self._start_at = -1
        self._number = 0
        state = self._state
        state[AMPLITUDE] = 0
        state[LOW] = _LOW_BIAS
        state[LAST] = _PREDICTOR_BIAS
        if self._fetch(0, self._next):
            self._left = self._length
            self._advance()
        else:
            self.failed = True

    def _advance(self):
        """Go on with the block that was read ahead, and read the one after it."""
        block = self._next
        self._next = self._now
        self._now = block
        state = self._state
        state[_PREDICTOR] = block[2] | block[3] << 8
        state[_INDEX] = block[4]
        state[_PLACE] = _FIRST_PLACE
        self._in_block = BLOCK_SAMPLES
        self._number += 1
        if self._left > BLOCK_SAMPLES and not self._fetch(self._number, self._next):
            self.failed = True
            self._left = BLOCK_SAMPLES

    def _fetch(self, number, block):
        try:
            count = self._read_into(HEADER + BLOCK * number, block)
        except OSError:
            count = 0
        return count == BLOCK and _whole(block, self._seed ^ (number + 1))


@micropython.viper
def checksum(crc: int, value: int, place: int, block: ptr8) -> int:
    """Return CRC-16 (CCITT) of block[2:BLOCK], begun with `crc`; the two other arguments are registers, see `decode`."""
    place = 2
    while place < BLOCK:
        value = (crc >> 8) ^ int(block[place])
        value ^= value >> 4
        crc = ((crc << 8) ^ (value << 12) ^ (value << 5) ^ value) & 0xFFFF
        place += 1
    return crc


@micropython.viper
def decode(
    predictor: int,
    index: int,
    at: int,
    state: ptr32,
    block: ptr8,
    mix: ptr32,
    steps: ptr16,
    start: int,
    end: int,
):
    """Decode the block's next end - start samples through low-pass and amplitude into mix[start:end].

    Before the low-pass the mean of two neighbours is taken, for which a voice's recording makes up: what lies near
    4 kHz, most of it the coding's own noise, would come through the half-band filter as hiss.

    The first three arguments are locals: viper keeps the first three in registers, the others in memory. Pass zeros.
    """
    predictor = int(state[_PREDICTOR]) - _PREDICTOR_BIAS
    index = int(state[_INDEX])
    place = int(state[_PLACE])
    amplitude = int(state[AMPLITUDE])
    slope = int(state[_SLOPE]) - _SLOPE_BIAS
    low = int(state[LOW]) - _LOW_BIAS
    coefficient = int(state[_COEFFICIENT])
    last = int(state[LAST]) - _PREDICTOR_BIAS
    at = start
    while at < end:
        code = int(block[place >> 1])
        if place & 1:
            code >>= 4
        place += 1
        step = int(steps[index])
        change = step >> 3
        if code & 1:
            change += step >> 2
        if code & 2:
            change += step >> 1
        if code & 4:
            change += step
            index += ((code & 3) << 1) + 2
            if index > 88:
                index = 88
        elif index:
            index -= 1
        if code & 8:
            predictor -= change
            if predictor < _LOWEST_SAMPLE:
                predictor = _LOWEST_SAMPLE
        else:
            predictor += change
            if predictor > 32767:
                predictor = 32767
        low += (((predictor + last << 3) - low) * coefficient) >> 9
        last = predictor
        mix[at] = int(mix[at]) + (((low >> 4) * (amplitude >> 14)) >> 13)
        amplitude += slope
        at += 1
    state[_PREDICTOR] = predictor + _PREDICTOR_BIAS
    state[_INDEX] = index
    state[_PLACE] = place
    state[AMPLITUDE] = amplitude
    state[LOW] = low + _LOW_BIAS
    state[LAST] = last + _PREDICTOR_BIAS
