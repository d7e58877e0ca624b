"""The engine: a score, a tempo and a level in, blocks of sound out, never above the ceiling.

It puts together what has a file of its own in sound/: sequencer.py (which note sounds when), recorded.py (a voice or a
heartbeat from a file), loudness.py (level, fades, ceiling), and voices.py, noise.py and master.py, which make the
samples in the loops of loops.py. What stands here is the way of a block through them, and the soundscape. It never reads
a clock: blocks are its time.
"""

# pyright: reportArgumentType=false
# Viper takes any buffer for a pointer, which its stubs do not say.

from array import array

from micropython import const

from firmware.sound import loops, master, noise
from firmware.sound.loudness import Loudness
from firmware.sound.recorded import Recorded
from firmware.sound.sequencer import Sequencer

SAMPLE_RATE_HZ = 16000
BLOCK = 256
_SILENCE = const(1 << 20)  # of a sample in the mix: it is biased, see voices.py
_FLUSH_BLOCKS = const(3)  # after the last sound, until the filters have let go of it
_UNDER_A_SONG = const(398)  # thousandths: a soundscape stays 8 dB back
_UNDER_WHO_SINGS = const(158)  # 16 dB: it must not cover chords and bass
_UNDER_VOICE_AND_CHORDS = const(316)  # 10 dB: nor must a recorded voice's rest be a hole
_PACING_UNDER_A_SONG = const(562)  # one whose swell is to be heard, 5 dB


class Audio:
    """Music, soundscape and heartbeat as one stream of blocks.

    full_scale_cdba: level at the ear of a full-scale 1 kHz sine; ceiling_cdba, ceiling_cdbc: the slow levels
    that the output never exceeds, whatever is asked. All in hundredths of a dB. accompanies: the melody is left to a voice.

    `render(block)` fills array("h") of BLOCK frames with the next 16 ms.
    `playing` and `silent` (the last block was all zeros) are there to be read; `sequencer`, `recorded` and `loudness` are
    its parts. `set_tempo`, `set_level` and `fade_out` are theirs.
    """

    def __init__(self, full_scale_cdba, ceiling_cdba, ceiling_cdbc, accompanies=False):
        self.loudness = loudness = Loudness(full_scale_cdba, ceiling_cdba, ceiling_cdbc)
        self.recorded = recorded = Recorded(loudness)
        maker = Sequencer
        self._under = _UNDER_WHO_SINGS if accompanies else _UNDER_A_SONG
        if accompanies:
            from firmware.sound.accompaniment import Accompanist

            maker = Accompanist
        self.sequencer = sequencer = maker(loudness, recorded)
        self.set_tempo = sequencer.set_tempo
        self.set_level = loudness.set_level
        self.fade_out = loudness.fade_out
        self.set_recording = recorded.set_recording
        from firmware.sound import tables  # here, for it is not needed again: main.py forgets it

        self._waves = tables.make_tables()
        self.noise: array = array("I", [0] * noise.STATE_SIZE)
        noise.start(self.noise)
        self.parting: array | None = (
            None  # the noise that another one takes the place of; sound/segue.py keeps it
        )
        self._mix = array("I", [_SILENCE] * (master.HALF + master.HISTORY))
        self._wide = array("I", [_SILENCE] * BLOCK)  # this block, at the full rate
        self._coming = array("I", [_SILENCE] * BLOCK)  # and the next one: the gain can see what comes
        self._crest = 0
        self._flush = 0
        self.playing = False
        self.silent = True
        self._soundscape = None
        self._noise_name = None  # the one that sounds, or fades
        self._minor_permille = self._brightness_permille = self._density_permille = (
            None  # nothing is asked for yet
        )
        self._swell = None  # of a pace to breathe at, see swell.py
        self.render = self._render().send
        self.render(None)  # up to where it waits for the first block

    def bar_permille(self):
        """Return how much of the bar has passed of a song that is accompanied, or None. Of an engine that accompanies."""
        return self.sequencer.bar_permille()  # pyright: ignore[reportAttributeAccessIssue]

    # What the session asks for

    def play(self, song):
        """Start a Score at its beginning with the next block; None ends the melody and lets its notes ring
        out. The recorded voice handed to `set_recording` may take a Score's place.
        """
        if self.recorded.play(song, self.silent):
            song = None
        self.sequencer.play(song)
        # Over a soundscape the melody comes in softly, and grows note by note.
        self.loudness.set_song(song, self._soundscape is not None and not self.silent)
        self._start(song is not None or self.recorded.singing)
        self._set_noise()

    def soundscape(self, name):
        """Cross-fade to "ocean", "womb" or "rain", or to none of them with None. KeyError for another
        name.
        """
        if name is not None and name not in noise.SOUNDSCAPES:
            raise KeyError("there is no soundscape " + name)
        if name == self._soundscape:
            return
        self._soundscape = name
        self._start(name is not None)
        self._set_noise()

    def set_pace(self, pace_mbpm, swell_cdb, inhalation_permille):
        """Let the soundscape swell at a pace (thousandths of a breath a minute, or None), swell_cdb above and below its
        level; with None for swell_cdb it swells in its own way again.
        """
        if swell_cdb is None:
            if self._swell is not None:
                self._swell = None
                self.noise[noise.PACED] = self.noise[noise.PACED_END] = noise.AS_IT_IS
                self._set_noise()
            return
        if self._swell is None:
            from firmware.sound.swell import Swell

            self._swell = Swell()
            self._set_noise()
        self._swell.set(pace_mbpm, swell_cdb, inhalation_permille)

    def silence(self):
        """Fall silent at once: the next block is zeros and playing is False."""
        self.sequencer.silence()
        self.recorded.silence()
        self.loudness.silence()
        mix = self._mix
        for place in range(len(mix)):
            mix[place] = _SILENCE
        coming = self._coming
        for place in range(BLOCK):
            coming[place] = _SILENCE
        self._crest = 0
        self.noise[noise.GAIN] = self.noise[noise.GAIN_TARGET] = 0
        if self.parting is not None:
            self.parting[noise.GAIN] = self.parting[noise.GAIN_TARGET] = 0
        self._soundscape = self._noise_name = None
        self._flush = 0
        self.playing = False

    def set_mood(self, minor_permille, brightness_permille, density_permille):
        """Set the share of phrases that turn (from the next phrase), brightness (next note), density (next chord).

        Above 0 so many phrases of a song in major sound in minor, below 0 of one in minor in major; at 0 every song is
        as it is written.
        """
        if (
            minor_permille == self._minor_permille
            and brightness_permille == self._brightness_permille
            and density_permille == self._density_permille
            and self.recorded.recording is None  # whose gain is worked out anew
        ):
            return
        self._minor_permille = minor_permille
        self._brightness_permille = brightness_permille
        self._density_permille = density_permille
        minor_permille = max(-1000, min(1000, minor_permille))
        brightness_permille = max(0, min(1000, brightness_permille))
        density_permille = max(0, min(1000, density_permille))
        self.sequencer.set_mood(minor_permille, brightness_permille, density_permille)
        self.recorded.set_brightness(brightness_permille)
        self.loudness.set_mood(brightness_permille, density_permille)

    def take_phrase_end(self):
        """Return whether a phrase has ended since this was last asked, or without a melody sixteen beats."""
        sequencer = self.sequencer
        recorded = self.recorded
        ended = sequencer.phrase_ended or recorded.phrase_ended
        sequencer.phrase_ended = recorded.phrase_ended = False
        return ended

    def exchange(self, name):
        """Let a soundscape (None: none) begin from nothing, and the one before part. sound/segue.py moves both gains."""
        parting = self.noise
        self.noise = self.parting  # pyright: ignore[reportAttributeAccessIssue]
        self.parting = parting
        self.noise[noise.GAIN] = 0
        self._soundscape = name
        self._start(name is not None)
        self._set_noise()
        self.noise[noise.GAIN] = 0  # even where nothing sounded, it begins from nothing

    # One block

    def _render(self):
        """Fill one block after the other: each is handed in by `send`.

        So its names have their place on the heap once: a function with as many looks for room at each call. And what every
        block needs is looked up once.
        """
        sequencer = self.sequencer
        recorded = self.recorded
        loudness = self.loudness
        state = loudness.state
        mix = self._mix
        waves = self._waves
        notes = sequencer.state
        advance = sequencer.advance
        prepare = loudness.prepare
        add_voices = loops.add_voices
        add_noise = loops.add_noise
        upsample = loops.upsample
        finish = loops.finish
        while True:
            block = yield
            advance(self.playing)

            sounding = add_voices(notes, mix, waves, master.HALF)
            hiss = self.noise
            if self._swell is not None:
                hiss[noise.PACED] = self._swell.gain
                hiss[noise.PACED_END] = self._swell.next_gain()
            if add_noise(hiss, mix, waves, master.HALF):
                sounding += 1
            elif self._noise_name != self._soundscape:
                self._set_noise()
            if self.parting is not None and add_noise(self.parting, mix, waves, master.HALF):
                sounding += 1
            if recorded.recording is not None:
                rested = recorded.resting
                if recorded.add(mix, sequencer.song is not None):
                    sounding += 1
                if recorded.resting != rested:
                    self._set_noise()
            if sounding:
                self._flush = _FLUSH_BLOCKS
            elif self._flush:
                self._flush -= 1
                sounding = 1
            resting = sequencer.resting or recorded.resting
            if sounding:
                self.silent = False
                wide = self._wide
                self._wide = coming = self._coming
                self._coming = wide
                crest = self._crest
                self._crest = following = upsample(mix, wide, master.HALF)
                if crest < following:
                    crest = following
                faded = False
                if crest >= loudness.still_below or not loudness.steady or loudness.hushed:
                    may_rise = not resting and (loudness.entry_permille == 1000 or recorded.singing)
                    faded = prepare(crest, may_rise)
                near = finish(coming, block, state, BLOCK)
                if near or not loudness.calm:
                    loudness.watch(near)
                if faded:
                    self.silence()
            else:
                if not self.silent:
                    master.rest(state)
                    self.silent = True
                master.zeros(block, state, BLOCK)
                # Before who sings begins again a slow accompaniment may have died away: a fade goes on there as in a rest.
                pausing = resting or sequencer.song is not None or recorded.singing
                if resting or (pausing and loudness.fading()):
                    loudness.pass_rest()
                if loudness.fading() and (not pausing or loudness.ends_in_rest()):
                    self.silence()
            loudness.blocks = blocks = loudness.blocks + 1
            if not blocks & 3:
                loudness.weigh()

    def _start(self, wanted):
        loudness = self.loudness
        sequencer = self.sequencer
        if wanted:
            # Asked to play again while fading: go on from the level the fade had reached.
            loudness.resume()
        if sequencer.song is None and self._soundscape is None and not self.recorded.singing:
            self.playing = False
        elif not self.playing:
            self.playing = True
            sequencer.restart()
            if self.silent:
                loudness.begin()
            loudness.begin_phrase()

    def _set_noise(self):
        state = self.noise
        name = self._soundscape
        self.recorded.bare = name is None
        sequencer = self.sequencer
        sequencer.thumps = False
        if state[noise.GAIN] and name != self._noise_name:
            # First the one that sounds fades; render comes back here when it has.
            state[noise.GAIN_TARGET] = 0
            return
        self._noise_name = name
        if name is None:
            state[noise.GAIN_TARGET] = 0
            return
        first, second, third, swell_blocks, depth, level, thumps = noise.SOUNDSCAPES[name]
        state[noise.COEFFICIENT_1] = first
        state[noise.COEFFICIENT_2] = second
        state[noise.COEFFICIENT_3] = third
        state[noise.SWELL_STEP] = (1 << 28) // swell_blocks
        state[noise.DEPTH_TARGET] = depth if self._swell is None else 0
        if not state[noise.GAIN]:
            state[noise.SWELL_DEPTH] = state[noise.DEPTH_TARGET]
        # Under a song or voice it stays back; in a voice's long rests it comes forward.
        gain = level << 10
        alone = sequencer.song is None and (not self.recorded.singing or self.recorded.resting)
        under = self._under if self._swell is None else _PACING_UNDER_A_SONG
        if self.recorded.singing:
            under = max(under, _UNDER_VOICE_AND_CHORDS)
        state[noise.GAIN_TARGET] = gain if alone else gain // 1000 * under
        if self.silent:
            state[noise.GAIN] = state[noise.GAIN_TARGET]
        sequencer.thumps = thumps
