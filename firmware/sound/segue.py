"""From one source of a listening programme to the next: what goes out sinks, what comes in rises, and the sum stays level.

Loaded with a programme only. Two melodies never sound at once: the first grows softer note by note, and when it has ended
the next comes in a little softer and grows. Soundscapes do sound together, each with a gain that goes on a straight line,
bent in the middle so that the sum of the two powers dips by 0.4 dB at most. Blocks of the engine are its time.
"""

from array import array

from micropython import const

from firmware.sound import noise

# Thousandths of an amplitude. Under a melody a soundscape stays 8 dB back (audio.py).
_BEHIND = const(398)
# What it adds to a melody there, taken off both until a phrase has been measured.
_WITH_SOUNDSCAPE_CDB = const(-64)
_WHOLE = const(1000)
_BETWEEN = const(750)  # of two soundscapes, halfway
_FORWARD = const(
    850
)  # of a soundscape while the melody before it still sounds: with it 0.6 dB more, without it 1.4 less
_OUT_TO_NOISE = const(650)  # a melody's last notes, before a soundscape
_OUT_TO_MELODY = const(840)  # and before another melody: 1.5 dB softer
_IN_FROM_NOISE = const(500)
_IN_FROM_MELODY = const(840)
_AFTER_REST_BLOCKS = const(250)  # a phrase after its rest is a rise by itself: for four seconds no other one,
_AFTER_REST_SHIFT = const(1)  # or for half of a shorter phrase
# With more of nothing before it a phrase would rise by more than 1 dB a second; and while the level comes up, sooner.
REST_LONG_MS = const(3900)
REST_MOST_MS = const(3500)
REST_RISING_MS = const(2000)
_FOLLOWS_SHIFT = const(3)  # of the gain: an eighth of a second behind, so that steps of a tenth are smooth


class _Line:
    """A gain on its way: straight to `bend`, then straight to `end`, each over half of the time."""

    def __init__(self):
        self.now = 0
        self._from = self._bend = self._end = 0
        self._began = 0
        self._half = 1
        self.moving = False

    def go(self, bend, end, blocks, at):
        self._from = self.now
        self._bend = (self._from + end) // 2 if bend is None else bend
        self._end = end
        self._half = max(1, blocks // 2)
        self._began = at
        self.moving = True

    def step(self, at):
        passed = at - self._began
        half = self._half
        if passed >= 2 * half:
            self.now = self._end
            self.moving = False
        elif passed >= half:
            self.now = self._bend + (self._end - self._bend) * (passed - half) // half
        else:
            self.now = self._from + (self._bend - self._from) * passed // half


class Segue:
    """Leads one Audio from source to source. `step` every tenth of a second or so."""

    def __init__(self, audio):
        self._audio = audio
        audio.sequencer.rest_long_ms = REST_LONG_MS
        audio.sequencer.rest_most_ms = REST_MOST_MS
        audio.parting = array("I", [0] * noise.STATE_SIZE)
        noise.start(audio.parting)
        self._name: str | None = None  # of the soundscape
        self._coming = _Line()
        self._parting = _Line()
        self._parting_gain = 0
        self._melody = False
        self._song = None
        self._begun_at = 0  # the sequencer's, of the phrase that was seen last
        self._sings_from = 0  # the block in which the phrase began
        self._sung_blocks = 0

    def stop(self):
        """End what sounds; it has faded to nothing before."""
        self._name = self._song = None
        self._melody = False
        self._coming.now = self._parting.now = 0
        self._coming.moving = self._parting.moving = False
        audio = self._audio
        audio.noise[noise.GAIN_SHIFT] = audio.parting[noise.GAIN_SHIFT] = 0
        audio.play(None)
        audio.soundscape(None)

    def approach(self, name, melody, blocks):
        """Prepare for the end of the melody. name: the soundscape after it; melody: another follows; blocks: until then."""
        loudness = self._audio.loudness
        loudness.leave(_OUT_TO_MELODY if melody else _OUT_TO_NOISE)
        if not melody and name is not None:
            self._exchange(name, None, blocks)
            self._coming.go(None, _FORWARD, blocks, loudness.blocks)

    def change(self, song, name, blocks):
        """Let another source take the place of the one that sounds: a Score, a Recording or None, and a soundscape's name
        or None; blocks: how long the change takes.
        """
        audio = self._audio
        loudness = audio.loudness
        silent = audio.silent and not audio.playing  # not the rest of a voice
        song_cdb = loudness.song_cdb
        was = self._melody
        self._melody = song is not None
        end = _BEHIND if song is not None else _WHOLE
        if silent:
            # Out of silence the level itself rises, as at a session's beginning.
            audio.soundscape(name)
            self._name = name
            self._coming.now = end
            audio.play(song)
            self._song = song
            return
        self._exchange(name, None if was or song is not None else _BETWEEN, blocks)
        if song is not self._song:
            audio.play(song)
            self._song = song
            loudness.enter(song_cdb, 1000 if song is None else _IN_FROM_MELODY if was else _IN_FROM_NOISE)
            # From melody to melody what the phrases measured still holds.
            if song is not None and not was and name is not None:
                loudness.correct_by(_WITH_SOUNDSCAPE_CDB)
        if name is not None and self._coming.now != end:
            self._coming.go(None if was or song is not None else _BETWEEN, end, blocks, loudness.blocks)
        self.step()

    def step(self):
        """Move the gains of the soundscapes along, and let nothing else rise as a phrase begins. Allocates nothing."""
        audio = self._audio
        at = audio.loudness.blocks
        sequencer = audio.sequencer
        rising = audio.loudness.rising()
        sequencer.rest_long_ms = 0 if rising else REST_LONG_MS
        sequencer.rest_most_ms = REST_RISING_MS if rising else REST_MOST_MS
        if not sequencer.resting and sequencer.begun_at == self._begun_at:
            self._sung_blocks = at - self._sings_from
        else:  # where the rest is the phrase's own alone, its end is all that is seen of it
            self._begun_at = sequencer.begun_at
            self._sings_from = at
            if not audio.loudness.leaving_permille:
                waits = min(_AFTER_REST_BLOCKS, self._sung_blocks >> _AFTER_REST_SHIFT)
                sequencer.entered_at = audio.loudness.rises_from = at + waits
        coming = self._coming
        if coming.moving and self._name is not None:
            coming.step(at)
            if not coming.moving and not self._melody:
                audio.loudness.correct_by(0)  # the songs' is not the soundscape's
            state = audio.noise
            gain = noise.SOUNDSCAPES[self._name][noise.SOUNDSCAPE_GAIN]
            state[noise.GAIN_TARGET] = (gain << 10) // 1000 * coming.now
            state[noise.GAIN_SHIFT] = _FOLLOWS_SHIFT if coming.moving else 0
        parting = self._parting
        if parting.moving:
            parting.step(at)
            state = audio.parting
            # A last part of the way the gain goes by itself.
            state[noise.GAIN_TARGET] = self._parting_gain // 1000 * parting.now
            state[noise.GAIN_SHIFT] = _FOLLOWS_SHIFT if parting.moving else 0

    def _exchange(self, name, bend, blocks):
        """Let the soundscape that sounds part over `blocks`, and one of another name stand ready at nothing."""
        if name == self._name:
            return
        audio = self._audio
        self._parting.now = self._coming.now if self._name is not None else 0
        self._parting_gain = (
            noise.SOUNDSCAPES[self._name][noise.SOUNDSCAPE_GAIN] << 10 if self._name is not None else 0
        )
        self._parting.go(bend, 0, blocks, audio.loudness.blocks)
        audio.exchange(name)
        audio.noise[noise.GAIN_TARGET] = 0
        audio.noise[noise.GAIN_SHIFT] = _FOLLOWS_SHIFT
        self._coming.now = 0
        self._coming.moving = False
        self._name = name
