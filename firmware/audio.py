"""The engine: a score, a tempo and a level in, blocks of sound out, never above the ceiling.

It decides which note sounds when, how loud everything is, and keeps the device's own estimate of the level.
The samples themselves are made in voices.py, noise.py and master.py. It never reads a clock: blocks are its
time.

Every event falls on its own sample (of the half-rate mix, an eighth of a millisecond): the beat is counted in
units of which a minute has 960 000 000 a beat, so a tempo in thousandths of a beat a minute is a whole number
of units a sample and no rounding ever adds up.
"""

# pyright: reportArgumentType=false
# Viper takes any buffer for a pointer, which its stubs do not say.

from array import array

from micropython import const

from firmware import decibels
from firmware.sound import master, noise, score, voices

SAMPLE_RATE_HZ = 16000
BLOCK = 256
HALF = const(128)  # samples of a block at the half rate
_UNITS_PER_TICK = const(40000000)  # 960 000 000 / 24
_HALF_SAMPLE_UNITS = const(20000000)  # units of a tick over the two samples of one half-rate sample

_SLOWEST_MBPM = const(30000)
_FASTEST_MBPM = const(120000)

# A level is held in 64ths of a hundredth of a dB.
_LEVEL_UNIT = const(64)
_FIRST_LEVEL_CDBA = const(1800)  # where a session's sound begins: far below any ward
_RISE_PER_BLOCK = const(48)  # 0.47 dB a second: with the melody's own rise, less than 1
_ENTRY_PERMILLE = const(250)  # a melody's first note over a soundscape; then 0.5 dB more with a later one
_ENTRY_BLOCKS = const(47)  # 0.75 s at least between two such steps, however fast the notes
_FALL_PER_BLOCK = const(640)  # 6 dB a second for a lowered level; fades have their own time
_FADE_DEPTH_CDB = const(6000)  # a fade is silent when it is this far down
# What the reference song gives at a gain of 1, against a full-scale sine; host_tools/loudness.py measures it.
REFERENCE_CDB = -2705
# Loudness by phrase: at most this much correction in all and in one step.
_TRIM_LIMIT_CDB = const(400)
_TRIM_STEP_CDB = const(100)

# The ceiling's margins: the meter's own error (0.15 dB), and what the filters remember of the block before.
_CEILING_MARGIN_CDB = const(30)
_GOVERN_CDB = const(150)  # the governor turns down from here below the ceiling
_DUCK_PER_BLOCK = const(1200)  # 12 dB a second down,
_PRESSED_DUCK = const(1280)  # 0.2 dB for each block whose crests would have reached the knee
_RECOVER_PER_BLOCK = const(16)  # 0.16 dB a second up again
# Largest clamp for which a whole block of the loudest waveform still keeps the slow level under the ceiling,
# as a multiple (of 16) of the ceiling's amplitude, by how full the slow integrator is in sixteenths: 16 *
# sqrt((1 - full * exp(-0.016)) / ((1 - exp(-0.016)) * 1.5)); 1.5 is a square wave at the A weighting's crest.
_HEADROOM = bytes((101, 98, 94, 91, 88, 84, 80, 76, 72, 67, 63, 57, 52, 45, 38, 28, 13))
_PEAK_OVER_CEILING_CDB = const(300)  # and never a peak above a sine this much over the C ceiling

_MELODY_VOICES = const(3)
_FIRST_CHORD_VOICE = const(3)
_FIRST_HEART_VOICE = const(6)
_LONGEST_RUB_TICKS = const(12)  # half a beat
_LOWEST_CHORD_NOTE = const(53)  # F3: small loudspeakers give little below
_PURE_TABLE = const(4 * 514)
TABLE_STRIDE = const(514)
_PURE_FROM_NOTE = const(77)  # above F5 the fundamental alone
_WIDEST_NOTE = const(73)  # above C#5 only three harmonics: the fourth would need more than 2.2 kHz

# Envelopes: peak (of 2 ** 28), sustain in thousandths, shifts of attack, decay and release in half-rate
# samples (8: 32 ms, 9: 64 ms, 10: 128 ms, 14: 2 s), attack samples.
_MELODY_PEAK = const(36000000)
_CHORD_PEAK = const(17000000)
_HEART_PEAK = const(30000000)
# A melody stays equally loud as it moves: the A weighting is given back to every note from C4 up, and half of
# what is more to the low notes of the chords. Thousandths for MIDI notes 36 to 83, against A4.
# fmt: off
_EVEN = array("H", (
    4380, 4150, 3930, 3740, 3550, 3380, 3220, 3070, 2930, 2800, 2680, 2570,
    2470, 2370, 2280, 2190, 2110, 2040, 1960, 1900, 1830, 1770, 1720, 1660,
    1610, 1520, 1440, 1360, 1280, 1220, 1160, 1100, 1050, 1000, 960, 920,
    880, 840, 810, 780, 760, 730, 710, 690, 670, 660, 640, 630,
))
# fmt: on

_HEART_LUB = const(48)  # C3, 131 Hz
_HEART_DUB = const(51)
_HEART_DUB_TICKS = const(8)  # a third of a beat later

# A recording is never raised over these, whatever it is: with them nothing overflows the mix.
VOICE_LIMIT_CDB = -50
HEART_LIMIT_CDB = -450
# A recorded voice has a rest as long as itself between its passes, within limits; blocks.
_SHORTEST_REST = const(500)  # 8 s
_LONGEST_REST = const(1250)  # 20 s
_PASS_PERMILLE = const(355)  # each pass comes in 9 dB softer, over three seconds
_RING_OUT = const(64)  # and it lets a melody's last notes ring out before it begins
# Its low-pass by brightness, of 512: one pole from 730 Hz to none at all; a heartbeat's is at 1 kHz.
_DARKEST = const(224)
HEART_COEFFICIENT = const(280)


class Audio:
    """Music, soundscape and heartbeat as one stream of blocks.

    full_scale_cdba: level at the ear of a full-scale 1 kHz sine; ceiling_cdba, ceiling_cdbc: the slow levels
    that the output never exceeds, whatever is asked. All in hundredths of a dB.

    playing, silent (last block was all zeros), phrase_ended (since take_phrase_end was called), in_rest
    (between phrases and nothing sounds), compound, tempo_mbpm, level_cdba and level_cdbc (slow levels of the
    output, 0 when silent) are there to be read. on_note, when set, is called as on_note(sample, voice, note,
    length_samples, tempo_mbpm) for every note.
    """

    def __init__(self, full_scale_cdba, ceiling_cdba, ceiling_cdbc):
        self.full_scale_cdba = full_scale_cdba
        self.first_level_cdba = _FIRST_LEVEL_CDBA
        self.on_note = None
        self.governed = True  # False: no correction by phrase, for measuring what a song gives by itself
        self._waves = voices.make_tables()
        self._voices = array("I", [0] * (voices.VOICES * voices.STRIDE))
        self._noise = array("I", [0] * noise.STATE_SIZE)
        self._master = array("I", [0] * master.STATE_SIZE)
        self._mix = array("I", [1 << 20] * (HALF + master.HISTORY))
        self._wide = array("I", [1 << 20] * BLOCK)
        self._coming = array("I", [1 << 20] * BLOCK)
        self._crest = 0
        noise.start(self._noise)
        master.start(self._master)

        ceiling_a = ceiling_cdba - _CEILING_MARGIN_CDB - full_scale_cdba
        ceiling_c = ceiling_cdbc - _CEILING_MARGIN_CDB - full_scale_cdba
        self._power_a = decibels.power(ceiling_a)
        self._power_c = decibels.power(ceiling_c)
        self._govern_a = decibels.power(ceiling_a - _GOVERN_CDB)
        self._govern_c = decibels.power(ceiling_c - _GOVERN_CDB)
        self._watch_a = self._power_a >> 2
        self._watch_c = self._power_c >> 2
        # Root mean square amplitudes of the ceilings.
        self._amplitude_a = (decibels.gain(min(0, ceiling_a)) >> 9) * 23170 >> 15
        self._amplitude_c = (decibels.gain(min(0, ceiling_c)) >> 9) * 23170 >> 15
        self._peak = min(
            32767, (decibels.gain(min(0, ceiling_c + _PEAK_OVER_CEILING_CDB)) >> 10) * 32767 >> 14
        )
        self._set_clamp(self._peak)
        self._clean = self._peak * 23 // 32  # under the knee, with room for what lies between the samples

        self.playing = False
        self.silent = True
        self.phrase_ended = False
        self.in_rest = False
        self.compound = False
        self.level_cdba = 0
        self.level_cdbc = 0
        self.tempo_mbpm = 75000
        self._tempo_target_mbpm = 75000
        self.samples = 0

        self._song = None
        self._recording = None
        self._recording_gain = 0
        self._voice = False  # the recording is a voice, and wanted in the melody's place
        self._rest_blocks = 0
        self._pass_permille = 1000
        self._soundscape = None
        self._noise_name = None  # the one that sounds, or fades
        self._heartbeat = False
        self._level = _FIRST_LEVEL_CDBA * _LEVEL_UNIT
        self._level_target = self._level
        self._level_step = _RISE_PER_BLOCK
        self._fade = -1  # how far a fade-out has come; -1 when there is none
        self._fade_step = 0
        self._duck = 0
        self._near = False  # the slow level is within 6 dB of the ceiling
        self._trim_cdb = 0
        self._trim_target_cdb = 0
        self._mood_cdb = 0
        self._mood_target_cdb = 0
        self._song_cdb = 0
        self._gain = 0
        self._gain_cdb = None  # the level that _gain_wanted was worked out for
        self._gain_wanted = 0
        self._flush = 0
        self._blocks = 0

        self._minor_permille = 0
        self._minor_owed = 500
        self._changed = False  # this phrase is in the song's other mode
        self._brightness_permille = 500
        self._density_permille = 500
        # What is owed of each kind of accompanying note, of 300; then of a brighter timbre in each hand, of 1000.
        self._owed = array("H", (150, 150, 150, 500, 500))

        self._until = 0  # units from this block's start to the next event
        self._waited = 0  # ticks since the last event
        self._melody_ticks = 0
        self._chord_ticks = 0
        self._heart_ticks = 0
        self._note_index = 0
        self._chord_index = 0
        self._chord_left = 0
        self._arpeggio = 0
        self._resting = False
        self._heart_dub = False
        self._beats = 0
        self._entry_permille = 1000
        self._entered_at = 0  # the block of its last step
        self._melody_voice = 0
        self._melody_note = 0
        self._chord_voice = 0
        self._heart_voice = 0
        self._offset = 0

        self._phrase_power = 0
        self._phrase_blocks = 0
        self._phrase_level = 0

    # What the session asks for

    def play(self, song):
        """Start a Score at its beginning with the next block; None ends the melody and lets its notes ring
        out. The recorded voice handed to `set_recording` may take a Score's place.
        """
        self._release_all()
        self._voice = song is not None and song is self._recording
        if self._voice:
            song = None
            self._rest_blocks = 1 if self.silent else _RING_OUT
        if self._recording is not None:
            self._recording.stop()
        self._song = song
        self._resting = self._voice
        self._until = 0
        self._waited = 0
        self._melody_ticks = self._chord_ticks = self._heart_ticks = 0
        self._note_index = self._chord_index = self._chord_left = 0
        for kind in range(3):
            self._owed[kind] = 150
        self._heart_dub = False
        self.compound = song is not None and song.compound
        self._song_cdb = song.loudness_cdb if song is not None else 0
        # Over a soundscape the melody comes in softly, and grows note by note.
        self._entry_permille = _ENTRY_PERMILLE if self._soundscape is not None and not self.silent else 1000
        self._start(song is not None or self._voice)
        self._choose_mode()
        self._set_noise()

    def set_recording(self, recording):
        """Hand over an adpcm.Recording, or None, before anything plays: a voice, for `play`; or a heartbeat,
        which is heard on every beat in the place of the soundscape's own.
        """
        self._recording = recording
        self._set_recording_gain()

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

    def set_tempo(self, tempo_mbpm):
        """The beat's tempo, reached evenly over the next block; held within 30 to 120 beats a minute."""
        self._tempo_target_mbpm = max(_SLOWEST_MBPM, min(_FASTEST_MBPM, tempo_mbpm))

    def set_level(self, level_cdba, over_ms):
        """Glide to this level at the ear, rising at most 0.47 and falling at most 6 dB a second."""
        target = max(0, level_cdba) * _LEVEL_UNIT
        if target == self._level_target:
            return
        self._level_target = target
        step = abs(target - self._level) * 16 // max(16, over_ms)
        limit = _RISE_PER_BLOCK if target > self._level else _FALL_PER_BLOCK
        self._level_step = max(1, min(step, limit))

    def fade_out(self, over_ms):
        """Sink evenly in dB to silence, then playing is False. A second call may only make it faster."""
        step = max(1, _FADE_DEPTH_CDB * _LEVEL_UNIT * 16 // max(16, over_ms))
        if self._fade < 0:
            self._fade = 0
            self._fade_step = step
        elif step > self._fade_step:
            self._fade_step = step

    def silence(self):
        """At once: the next block is zeros and playing is False."""
        for voice in range(voices.VOICES):
            self._voices[voice * voices.STRIDE] = 0
            self._voices[voice * voices.STRIDE + voices.AMPLITUDE] = 0
        for place in range(HALF + master.HISTORY):
            self._mix[place] = 1 << 20
        for place in range(BLOCK):
            self._coming[place] = 1 << 20
        self._crest = 0
        self._noise[noise.GAIN] = self._noise[noise.GAIN_TARGET] = 0
        self._master[master.GAIN] = 0
        self._gain = 0
        self._song = None
        self._voice = False
        if self._recording is not None:
            self._recording.silence()
        self._soundscape = self._noise_name = None
        self._heartbeat = False
        self._flush = 0
        self._fade = -1
        self._duck = 0
        self._level = self._level_target = _FIRST_LEVEL_CDBA * _LEVEL_UNIT
        self.playing = False
        self.in_rest = False

    def set_mood(self, minor_permille, brightness_permille, density_permille):
        """The share of phrases that turn (from the next phrase), brightness (next note), density (next chord).

        Above 0 so many phrases of a song in major sound in minor, below 0 of one in minor in major; at 0 every song is
        as it is written.
        """
        self._minor_permille = max(-1000, min(1000, minor_permille))
        self._brightness_permille = max(0, min(1000, brightness_permille))
        self._density_permille = max(0, min(1000, density_permille))
        self._set_recording_gain()
        # A fuller or brighter sound is a louder one: taken back here, so that only the level sets the level.
        self._mood_target_cdb = (600 - self._density_permille) // 8 + (500 - self._brightness_permille) // 12

    # One block

    def render(self, block):
        """Fill array("h") of BLOCK frames with the next 16 ms."""
        tempo = self.tempo_mbpm + self._tempo_target_mbpm
        if self.playing:
            advance = tempo * HALF
            if self._until < advance:
                self._events(advance, tempo)
            self._until -= advance
        self.tempo_mbpm = self._tempo_target_mbpm

        sounding = voices.add_voices(
            0, 0, 0, self._voices, self._mix, self._waves, master.HISTORY, HALF + master.HISTORY
        )
        if noise.add_noise(
            0, 0, 0, self._noise, self._mix, self._waves, _PURE_TABLE, master.HISTORY, HALF + master.HISTORY
        ):
            sounding += 1
        elif self._noise_name != self._soundscape:
            self._set_noise()
        if self._recording is not None and self._add_recording(self._recording):
            sounding += 1
        if sounding:
            self._flush = 3
        elif self._flush:
            self._flush -= 1
            sounding = 1
        self.samples += BLOCK
        self._blocks += 1
        state = self._master
        if not sounding:
            if not self.silent:
                master.rest(state)
                self.silent = True
            master.zeros(block, state, BLOCK)
            self.in_rest = self.playing and self._resting
            if self._resting and self._phrase_blocks < 4000:
                self._phrase_blocks += 1
            if self._fade >= 0:
                self.silence()
        else:
            self.silent = False
            self.in_rest = False
            wide = self._wide
            self._wide = self._coming
            self._coming = wide
            crest = self._crest
            self._crest = master.upsample(0, 0, 0, self._mix, wide, HALF)
            gain = self._next_gain()
            if self._crest > crest:
                crest = self._crest
            if (crest >> 1) * (gain >> 12) > self._clean << 12:
                # Lowered before the crest comes, evenly over a block: the knee would be heard.
                gain = ((self._clean << 13) // crest) << 12
                self._duck += _PRESSED_DUCK
            # Rounded towards zero: a gain that sinks must not pass below it.
            step = (gain - self._gain) >> 8 if gain >= self._gain else -((self._gain - gain) >> 8)
            state[master.GAIN] = self._gain
            state[master.GAIN_STEP] = step + master.GAIN_BIAS
            self._gain = gain
            master.finish(0, 0, 0, self._wide, block, state, BLOCK)
            if self._phrase_blocks < 4000:
                self._phrase_power += state[master.BLOCK_POWER_A] >> 6
                self._phrase_blocks += 1
            power_a = state[master.POWER_A]
            power_c = state[master.POWER_C]
            if power_a > self._watch_a or power_c > self._watch_c:
                self._guard(power_a, power_c)
            elif self._near:
                self._near = False
                self._set_clamp(self._peak)
            elif self._duck:
                self._duck = max(0, self._duck - _RECOVER_PER_BLOCK)
            if self._fade > _FADE_DEPTH_CDB * _LEVEL_UNIT:
                self.silence()
        if self._blocks & 3 == 0:
            self._estimate(state)

    def _set_recording_gain(self):
        """So that it is as loud as the reference song, whatever its low-pass takes away."""
        recording = self._recording
        if recording is None:
            return
        cdb = REFERENCE_CDB + recording.loudness_cdb
        if not recording.heartbeat:
            darker = 500 - self._brightness_permille
            cdb += darker * 35 // 100 if darker > 0 else darker * 12 // 100
        # What its header says of itself is not to be relied on.
        self._recording_gain = decibels.gain(
            min(HEART_LIMIT_CDB if recording.heartbeat else VOICE_LIMIT_CDB, cdb)
        )

    def _add_recording(self, recording):
        """The recording's part of this block; returns whether it had any."""
        gain = self._recording_gain
        if recording.heartbeat:
            # Under a song 8 dB back, as a soundscape is.
            if self._song is not None:
                gain = gain // 1000 * 398
            return recording.add(
                self._mix, master.HISTORY, HALF + master.HISTORY, gain << 4, HEART_COEFFICIENT
            )
        if self._voice and not recording.sounding:
            self._pause(recording)
        if self._entry_permille < 1000:
            gain = gain // 1000 * self._entry_permille
            if self._blocks & 63 == 0 and not self._resting:
                self._entry_permille = min(1000, self._entry_permille * 106 // 100 + 1)
        if self._pass_permille < 1000:
            gain = gain // 1000 * self._pass_permille
            if self._blocks & 7 == 0:
                self._pass_permille = min(1000, self._pass_permille * 1045 // 1000 + 1)
                # Its level is what it is from here to its end: neither how it came in nor its rest.
                self._phrase_power = self._phrase_blocks = 0
                self._phrase_level = self._level
        coefficient = voice_coefficient(self._brightness_permille)
        return recording.add(self._mix, master.HISTORY, HALF + master.HISTORY, gain << 4, coefficient)

    def _pause(self, recording):
        """A voice has ended, or is to begin: a rest, then its beginning."""
        if not self._resting:
            self._resting = True
            self._rest_blocks = max(_SHORTEST_REST, min(_LONGEST_REST, recording.samples // HALF))
            self._phrase_end()
            self._set_noise()
        self._rest_blocks -= 1
        if self._rest_blocks <= 0 and not recording.failed:
            self._resting = False
            self._pass_permille = _PASS_PERMILLE
            recording.start(0, recording.samples)
            self._set_noise()

    def _next_gain(self):
        """The gain at this block's end, with the level one step further along its glide."""
        if self._level != self._level_target:
            if self._level < self._level_target:
                # Not in a rest: the next phrase would come in with all of what was gained meanwhile. And not while a melody
                # grows by itself: together they would rise by more than 1 dB a second.
                if not self._resting and (self._entry_permille == 1000 or self._voice):
                    self._level = min(self._level + self._level_step, self._level_target)
            else:
                self._level = max(self._level - self._level_step, self._level_target)
        if self._trim_cdb != self._trim_target_cdb:
            self._trim_cdb += 1 if self._trim_cdb < self._trim_target_cdb else -1
        wanted = self._mood_target_cdb if self._song is not None else 0
        if self._mood_cdb != wanted:
            self._mood_cdb += 1 if self._mood_cdb < wanted else -1
        target = self._level - self._duck
        if self._fade >= 0:
            self._fade += self._fade_step
            if self._fade > _FADE_DEPTH_CDB * _LEVEL_UNIT:
                return 0
            target -= self._fade
        wanted = target // _LEVEL_UNIT - self._song_cdb + self._trim_cdb + self._mood_cdb
        if wanted != self._gain_cdb:
            self._gain_cdb = wanted
            self._gain_wanted = decibels.gain(wanted - self.full_scale_cdba - REFERENCE_CDB)
        return self._gain_wanted

    def _guard(self, power_a, power_c):
        """Near the ceiling: turn down smoothly, and lower the clamp so that this block cannot pass the
        ceiling.
        """
        self._near = True
        if power_a > self._govern_a or power_c > self._govern_c:
            self._duck += _DUCK_PER_BLOCK
        elif self._duck:
            self._duck = max(0, self._duck - _RECOVER_PER_BLOCK)
        full_a = min(16, (power_a >> 4) * 16 // (self._power_a >> 4) + 1)
        full_c = min(16, (power_c >> 4) * 16 // (self._power_c >> 4) + 1)
        clamp = min(self._amplitude_a * _HEADROOM[full_a] >> 4, self._amplitude_c * _HEADROOM[full_c] >> 4)
        self._set_clamp(min(self._peak, clamp))

    def _set_clamp(self, clamp):
        self._master[master.CLAMP] = clamp
        self._master[master.KNEE] = clamp * 192  # three quarters of it, with 8 fraction bits

    def _estimate(self, state):
        cdb = decibels.power_cdb(state[master.POWER_A])
        self.level_cdba = max(0, cdb + self.full_scale_cdba) if cdb is not None else 0
        cdb = decibels.power_cdb(state[master.POWER_C])
        self.level_cdbc = max(0, cdb + self.full_scale_cdba) if cdb is not None else 0

    # Sequencing: runs only in blocks in which something is due

    def _events(self, advance, tempo):
        while self._until < advance and self.playing:
            self._offset = self._until // tempo  # in half-rate samples: tempo is the sum of two
            self._until += self._event() * _UNITS_PER_TICK

    def _event(self):
        """Play what is due now; returns the ticks to the next event, at most a beat."""
        waited = self._waited
        song = self._song
        wait = 24
        if song is not None:
            self._melody_ticks -= waited
            while self._melody_ticks <= 0:
                self._melody_event(song)
            wait = min(wait, self._melody_ticks)
            if song.chords:
                self._chord_ticks -= waited
                while self._chord_ticks <= 0:
                    self._chord_event(song)
                wait = min(wait, self._chord_ticks)
        self._heart_ticks -= waited
        if self._heart_ticks <= 0:
            self._heart_event()
        wait = min(wait, self._heart_ticks)
        self._waited = wait
        return wait

    def _melody_event(self, song):
        data = song.data
        index = self._note_index
        if index > 0 and not self._resting and data[score.HEADER + 2 * index - 2] >= 128:
            # A phrase has ended: a bar's rest, for both hands.
            self._resting = True
            self._phrase_end()
            ticks = song.beats_per_bar * 24
            self._melody_ticks += ticks
            self._chord_ticks += ticks
            return
        self._resting = False
        if index == song.notes:
            index = self._chord_index = 0
        note = data[score.HEADER + 2 * index] & 127
        ticks = data[score.HEADER + 2 * index + 1]
        if note > score.GOES_ON:
            if self._entry_permille < 1000 and self._blocks - self._entered_at >= _ENTRY_BLOCKS:
                self._entered_at = self._blocks
                self._entry_permille = min(1000, self._entry_permille * 106 // 100 + 1)
            following = data[score.HEADER + 2 * index + 2] & 127 if index + 1 < song.notes else 0
            sung = ticks
            after = index
            while following == score.GOES_ON:
                after += 1
                sung += data[score.HEADER + 2 * after + 1]
                following = data[score.HEADER + 2 * after + 2] & 127 if after + 1 < song.notes else 0
            self._sing(self._mode(song, note, following), sung)
        self._note_index = index + 1
        self._melody_ticks += ticks

    def _chord_event(self, song):
        data = song.data
        if self._chord_left == 0:
            if self._chord_index == song.chords:
                self._chord_ticks += 24  # the rest after the last phrase; the melody turns back first
                return
            at = song.chords_at + 2 * self._chord_index
            self._chord_index += 1
            self._chord_left = data[at + 1]
            self._arpeggio = 0
        at = song.chords_at + 2 * self._chord_index - 2
        left = self._chord_left
        ticks = min(8 if song.compound else 24, left)
        quality = data[at] >> 4
        if quality != score.SILENT:
            length = self._due(song, data[at + 1] - left, left)
            if length:
                self._accompany(song, data[at] & 15, quality, length)
        self._chord_left = left - ticks
        self._chord_ticks += ticks

    def _due(self, song, done, left):
        """How long the chord's note sounds that is due `done` ticks after its beginning; 0 for none.

        From a density of 0 to 1000 first the chords' beginnings fill up, then the half notes between them, then the
        beats (eighths in compound metre). Each kind is thinned to a share of its places, spread evenly.
        """
        density = self._density_permille
        half = 24 * (song.beats_per_bar >> 1) if song.beats_per_bar & 1 == 0 else 24
        finest = 8 if song.compound else 24
        halves = density - 300 if half > finest else (density - 300) * 3 // 7
        owed = self._owed
        # A note is over before the next can come: its voice is silent long before it is used again, else it clicks.
        if density > 600:
            length = finest
        elif density > 300:
            length = half
        else:
            length = left
        if done == 0:
            kind, share = 0, density
        elif done % half == 0:
            kind, share = 1, halves
        else:
            kind, share = 2, (density - 600) * 3 // 4
        owed[kind] += max(0, min(300, share))
        if owed[kind] < 300:
            return 0
        owed[kind] -= 300
        return min(length, left)

    def _accompany(self, song, root, quality, ticks):
        """One note of a chord: root, fifth, third, fifth, and round again, all between F3 and E4."""
        note = self._chord_tone(song, root, quality)
        tries = 1
        # Two voices on one pitch would add up or cancel, as their phases happen to lie.
        while note == self._melody_note or self._rubs(song, note, ticks):
            if tries == 4:
                return  # every tone of this chord rubs: better none
            tries += 1
            note = self._chord_tone(song, root, quality)
        voice = _FIRST_CHORD_VOICE + self._chord_voice
        self._chord_voice = (self._chord_voice + 1) % 3
        self._start_note(voice, note, ticks, _CHORD_PEAK, 350, 9, 12, 10, self._table(note, 2))

    def _rubs(self, song, note, ticks):
        """Whether a chord's tone of this length would lie a minor second or a major seventh from the melody for
        more than half a beat, in the mode that the phrase is in.
        """
        if self._resting:
            return False
        data = song.data
        at = score.HEADER + 2 * (self._note_index - 1)
        end = song.chords_at
        left = self._melody_ticks
        sung = self._melody_note if data[at] & 127 else 0
        while ticks > _LONGEST_RUB_TICKS:
            if sung and left > _LONGEST_RUB_TICKS:
                distance = (sung - note) % 12
                if distance == 1 or distance == 11:
                    return True
            ticks -= left
            if data[at] >= 128:
                return False  # a bar's rest follows
            at += 2
            if at >= end:
                return False
            left = data[at + 1]
            written = data[at] & 127
            if written != score.GOES_ON:
                sung = self._mode(song, written, data[at + 2] & 127 if at + 2 < end else 0) if written else 0
        return False

    def _chord_tone(self, song, root, quality):
        place = self._arpeggio & 3
        self._arpeggio += 1
        distances = score.QUALITIES[quality]
        note = 48 + root
        if place & 1:
            note += distances[1]
        elif place == 2:
            note += distances[0]
        # The leading note of a dominant stays, in minor too.
        if self._changed and not ((root - song.tonic) % 12 == 7 and place == 2):
            note = _turn(song, note)
        if note > _LOWEST_CHORD_NOTE + 11:
            return note - 12
        if note < _LOWEST_CHORD_NOTE:
            return note + 12
        return note

    def _sing(self, note, ticks):
        voice = self._melody_voice
        table = self._table(note, 0)
        if note != self._melody_note or self._voices[voice * voices.STRIDE] == 0:
            voice = (voice + 1) % _MELODY_VOICES
            self._melody_voice = voice
        else:
            # And keeps its timbre: another one would begin in the middle of its wave, as a click.
            table = self._voices[voice * voices.STRIDE + voices.NEXT_TABLE]
        # The same note again stays in its voice: two of them out of phase would cancel.
        self._melody_note = note
        self._start_note(voice, note, ticks, _MELODY_PEAK, 600, 8, 13, 10, table)

    def _table(self, note, darker):
        """The timbre by brightness: between two of them notes take turns, as many of each as it lies near."""
        owed = self._owed
        hand = 4 if darker else 3
        wanted = self._brightness_permille * (voices.BRIGHT_TIMBRES - 1)
        timbre = wanted // 1000
        owed[hand] += wanted - timbre * 1000
        if owed[hand] >= 1000:
            owed[hand] -= 1000
            timbre += 1
        if note > _PURE_FROM_NOTE:
            return _PURE_TABLE
        if note > _WIDEST_NOTE:
            timbre = min(timbre, 1)
        return max(0, timbre - darker) * TABLE_STRIDE

    def _start_note(self, voice, note, ticks, peak, sustain, attack_shift, hold_shift, release_shift, table):
        state = self._voices
        base = voice * voices.STRIDE
        length = ticks * (_HALF_SAMPLE_UNITS // self._tempo_target_mbpm)
        if voice < _FIRST_HEART_VOICE:
            peak = peak // 1000 * self._entry_permille
        gate = length * 15 // 16
        attack = min(gate, 4 << attack_shift)
        peak = peak // 1000 * _EVEN[note - 36]
        state[base] = voices.AGAIN if state[base] else voices.WAIT
        state[base + voices.COUNT] = self._offset
        state[base + voices.PEAK] = peak
        state[base + voices.SUSTAIN] = peak // 1000 * sustain
        state[base + voices.ATTACK] = attack
        state[base + voices.HOLD_FOR] = gate - attack
        state[base + voices.ATTACK_SHIFT] = attack_shift
        state[base + voices.HOLD_SHIFT] = hold_shift
        state[base + voices.RELEASE_SHIFT] = release_shift
        state[base + voices.NEXT_STEP] = voices.note_step(note)
        state[base + voices.NEXT_TABLE] = table
        if self.on_note is not None:
            at = self.samples + 2 * self._offset + master.DELAY_SAMPLES
            self.on_note(at, voice, note, 2 * gate, self._tempo_target_mbpm)

    def _heart_event(self):
        """Count the beat; with a heartbeat, recorded or the womb's, that on it."""
        if self._heart_dub:
            self._heart_dub = False
            self._heart_ticks += 24 - _HEART_DUB_TICKS
            self._thump(_HEART_DUB, 700)
            return
        self._beats += 1
        if self._song is None and not self._voice and self._beats & 15 == 0:
            self.phrase_ended = True
        if self._recording is not None and self._recording.heartbeat:
            beat = 24 * (_HALF_SAMPLE_UNITS // self._tempo_target_mbpm)
            # Over before the next beat, even if that comes a little sooner.
            self._recording.start(self._offset, beat * 15 // 16)
            self._heart_ticks += 24
        elif self._heartbeat:
            self._heart_dub = True
            self._heart_ticks += _HEART_DUB_TICKS
            self._thump(_HEART_LUB, 1000)
        else:
            self._heart_ticks += 24

    def _thump(self, note, permille):
        voice = _FIRST_HEART_VOICE + self._heart_voice
        self._heart_voice ^= 1
        peak = _HEART_PEAK // 1000 * permille
        self._start_note(voice, note, 5, peak, 300, 8, 9, 9, _PURE_TABLE)

    # Modes and phrases

    def take_phrase_end(self):
        """Return whether a phrase has ended since this was last asked, or without a melody sixteen beats."""
        ended = self.phrase_ended
        self.phrase_ended = False
        return ended

    def _phrase_end(self):
        self.phrase_ended = True
        self._choose_mode()
        self._trim_phrase()

    def _choose_mode(self):
        """Spread the phrases that turn evenly: of every thousand, as many as asked for."""
        song = self._song
        if song is None:
            return
        share = self._minor_permille
        if song.scale == score.MINOR or song.scale == score.IN:
            share = -share
        self._changed = False
        if share > 0:
            self._minor_owed += share
            if self._minor_owed >= 1000:
                self._minor_owed -= 1000
                self._changed = True

    def _mode(self, song, note, following):
        """The melody's note in this phrase's mode; on the way up to the tonic, sixth and seventh stay
        high.
        """
        if not self._changed:
            return note
        if song.scale == score.MAJOR and following > note:
            degree = (note - song.tonic) % 12
            above = (following - song.tonic) % 12
            if (degree == 11 and above == 0) or (degree == 9 and above == 11):
                return note
        return _turn(song, note)

    def _trim_phrase(self):
        """Correct the level by what the phrase that just ended measured, half of the way."""
        blocks = self._phrase_blocks
        if self.governed and (
            blocks > 200
            and self._level == self._level_target == self._phrase_level
            and not self._duck
            and self._fade < 0
        ):
            measured = decibels.power_cdb((self._phrase_power // blocks) << 10)
            if measured is not None:
                error = self._level // _LEVEL_UNIT - self.full_scale_cdba - measured
                step = max(-_TRIM_STEP_CDB, min(_TRIM_STEP_CDB, error // 2))
                self._trim_target_cdb = max(-_TRIM_LIMIT_CDB, min(_TRIM_LIMIT_CDB, self._trim_cdb + step))
        self._phrase_power = self._phrase_blocks = 0
        self._phrase_level = self._level

    def _start(self, wanted):
        if wanted and self._fade >= 0:
            # Asked to play again while fading: go on from the level the fade had reached.
            self._level = max(0, self._level - self._fade)
            self._fade = -1
        if self._song is None and self._soundscape is None and not self._voice:
            self.playing = False
        elif not self.playing:
            self.playing = True
            self._until = self._waited = 0
            self._phrase_power = self._phrase_blocks = 0
            if self.silent:
                self._level = self.first_level_cdba * _LEVEL_UNIT
                self._gain = 0
                self._trim_cdb = self._trim_target_cdb = 0

    def _release_all(self):
        state = self._voices
        for voice in range(voices.VOICES):
            base = voice * voices.STRIDE
            if state[base] == voices.WAIT:
                state[base] = voices.OFF
            elif state[base]:
                state[base] = voices.RELEASE

    def _set_noise(self):
        state = self._noise
        name = self._soundscape
        self._heartbeat = False
        if state[noise.GAIN] and name != self._noise_name:
            # First the one that sounds fades; render comes back here when it has.
            state[noise.GAIN_TARGET] = 0
            return
        self._noise_name = name
        if name is None:
            state[noise.GAIN_TARGET] = 0
            return
        settings = noise.SOUNDSCAPES[name]
        state[noise.COEFFICIENT_1] = settings[0]
        state[noise.COEFFICIENT_2] = settings[1]
        state[noise.COEFFICIENT_3] = settings[2]
        state[noise.SWELL_STEP] = (1 << 28) // settings[3]
        state[noise.SWELL_DEPTH] = settings[4]
        # Under a song or voice the soundscape stays 8 dB back; in a voice's long rests it comes forward.
        gain = settings[5] << 10
        alone = self._song is None and (not self._voice or self._resting)
        state[noise.GAIN_TARGET] = gain if alone else gain // 1000 * 398
        if self.silent:
            state[noise.GAIN] = state[noise.GAIN_TARGET]
        self._heartbeat = settings[6]


def voice_coefficient(brightness_permille):
    """A recorded voice's low-pass, one pole, in 512ths."""
    return _DARKEST + (512 - _DARKEST) * (brightness_permille + 1) // 1000


def _turn(song, note):
    """A note of the song in its other mode."""
    degree = (note - song.tonic) % 12
    return note - degree + score.SCALES[song.scale][degree]
