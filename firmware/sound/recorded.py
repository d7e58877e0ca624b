"""A recording among the music: a voice in the melody's place, with a rest between its passes, or a heartbeat on the beat.

The file is read and decoded in adpcm.py. A damaged one ends, and says so by `failed`.
"""

from micropython import const

from firmware import decibels
from firmware.sound import master
from firmware.sound.loudness import REFERENCE_CDB

# A recording is never raised over these, whatever it is: with them nothing overflows the mix.
VOICE_LIMIT_CDB = -50
HEART_LIMIT_CDB = -450
# A recorded voice has a rest as long as itself between its passes, within limits, and a soundscape comes forward; blocks.
_SHORTEST_REST = const(500)  # 8 s
_LONGEST_REST = const(1250)  # 20 s
_PASS_PERMILLE = const(355)  # each pass comes in 9 dB softer, over three seconds
# Without one the rest is silence: no longer than between two phrases of a song, and less far to come back from. Out of 20 s
# of silence a voice of 33 s came up by 6.5 dB a second, and after these by 1.7, most of it its own.
_BARE_REST = const(219)  # 3.5 s
_BARE_PASS_PERMILLE = const(600)
_RING_OUT = const(64)  # and it lets a melody's last notes ring out before it begins
# Its low-pass by brightness, of 512: one pole from 730 Hz to none at all; a heartbeat's is at 1 kHz.
_DARKEST = const(224)
HEART_COEFFICIENT = const(280)
_UNDER_A_SONG = const(398)  # thousandths: 8 dB back, as a soundscape is


class Recorded:
    """One adpcm.SoundRecording or none, as the music plays it. loudness: the engine's Loudness."""

    def __init__(self, loudness):
        self._loudness = loudness
        self.recording = None
        self._gain = 0
        self._brightness_permille = 500
        self.heartbeat = False  # the recording is one
        self.singing = False  # it is a voice, and wanted in the melody's place
        self.resting = False
        self.bare = True  # no soundscape is under it
        self.phrase_ended = False  # a pass is a phrase
        self._rest_blocks = 0
        self._pass_permille = 1000
        self._comes_in_permille = _PASS_PERMILLE  # of the pass that is next

    def set_recording(self, recording):
        """Hand over an adpcm.SoundRecording, or None, before anything plays: a voice, for Audio.play; or a heartbeat, which
        is heard on every beat in the place of the soundscape's own.
        """
        self.recording = recording
        self.heartbeat = recording is not None and recording.heartbeat
        self._set_gain()

    def set_brightness(self, brightness_permille):
        """Darken or brighten a voice; its loudness stays the same."""
        self._brightness_permille = brightness_permille
        self._set_gain()

    def play(self, song, silent):
        """Begin a first pass when `song` is this recording, else let it end; return whether it is."""
        recording = self.recording
        self.singing = self.resting = song is not None and song is recording
        if self.singing:
            self._rest_blocks = 1 if silent else _RING_OUT
            self._comes_in_permille = _PASS_PERMILLE
        if recording is not None:
            recording.stop()
        return self.singing

    def silence(self):
        """Fall silent at once."""
        self.singing = self.resting = False
        if self.recording is not None:
            self.recording.silence()

    def beat(self, offset, length):
        """Play a heartbeat `offset` half-rate samples into the next block, for `length` of them at most."""
        self.recording.start(offset, length)  # pyright: ignore[reportOptionalMemberAccess]

    def _set_gain(self):
        """So that it is as loud as the reference song, whatever its low-pass takes away."""
        recording = self.recording
        if recording is None:
            return
        cdb = REFERENCE_CDB + recording.loudness_cdb
        if not recording.heartbeat:
            darker = 500 - self._brightness_permille
            cdb += darker * 35 // 100 if darker > 0 else darker * 12 // 100
        # What its header says of itself is not to be relied on.
        self._gain = decibels.gain(min(HEART_LIMIT_CDB if recording.heartbeat else VOICE_LIMIT_CDB, cdb))

    def add(self, mix, under_a_song):
        """Add this block's part to the mix; return whether there was any."""
        recording = self.recording
        if recording is None:
            return False
        gain = self._gain
        start, end = master.HISTORY, master.HALF + master.HISTORY
        if recording.heartbeat:
            if under_a_song:
                gain = gain // 1000 * _UNDER_A_SONG
            return recording.add(mix, start, end, gain << 4, HEART_COEFFICIENT)
        if self.singing and not recording.sounding:
            self._pause(recording)
        loudness = self._loudness
        if loudness.entry_permille < 1000:
            gain = gain // 1000 * loudness.entry_permille
            if loudness.blocks & 63 == 0 and not self.resting:
                loudness.grow()
        if self._pass_permille < 1000:
            gain = gain // 1000 * self._pass_permille
            if loudness.blocks & 7 == 0:
                self._pass_permille = min(1000, self._pass_permille * 1045 // 1000 + 1)
                loudness.begin_phrase()
        return recording.add(mix, start, end, gain << 4, voice_coefficient(self._brightness_permille))

    def _pause(self, recording):
        """A pass has ended, or the first is to begin: a rest, then its beginning."""
        if not self.resting:
            self.resting = True
            if self.bare:
                self._rest_blocks, self._comes_in_permille = _BARE_REST, _BARE_PASS_PERMILLE
            else:
                self._rest_blocks = max(_SHORTEST_REST, min(_LONGEST_REST, recording.samples // master.HALF))
                self._comes_in_permille = _PASS_PERMILLE
            self.phrase_ended = True
            self._loudness.end_phrase()
        self._rest_blocks -= 1
        if self._rest_blocks <= 0 and not recording.failed:
            self.resting = False
            self._pass_permille = self._comes_in_permille
            recording.start(0, recording.samples)


def voice_coefficient(brightness_permille):
    """Return a recorded voice's low-pass, one pole, in 512ths."""
    return _DARKEST + (512 - _DARKEST) * (brightness_permille + 1) // 1000
