"""How loud the next block is: level and glide, fades, the correction by phrase, and the ceiling that nothing passes.

All in hundredths of a dB, at the ear. The samples are made and measured in master.py, whose state array is kept here. It
never reads a clock: blocks of 16 ms are its time.
"""

from array import array

from micropython import const

from firmware import decibels
from firmware.sound import master

_LEVEL_UNIT = const(64)  # a level moves in 64ths of a hundredth of a dB
_FIRST_LEVEL_CDBA = const(1800)  # where a session's sound begins: far below any ward
_RISE_PER_BLOCK = const(48)  # 0.47 dB a second: with the melody's own rise, less than 1
_FALL_PER_BLOCK = const(640)  # 6 dB a second for a lowered level; fades have their own time
_ENTRY_PERMILLE = const(250)  # a melody's first note over a soundscape
_FADE_DEPTH_CDB = const(6000)  # a fade is silent when it is this far down
# A fade by this much a block, in ten seconds or less, is one that somebody waits for: a rest ends it.
_SOON_STEP = const(_FADE_DEPTH_CDB * _LEVEL_UNIT * 16 // 10_000)
# What a song of loudness_cdb = 0 gives at a gain of 1, against a full-scale sine. That of each song is found beside it by
# importing.with_loudness of the host tools, which renders it with `governed` off.
REFERENCE_CDB = -2705
# Loudness by phrase: at most this much correction in all and in one step.
_TRIM_LIMIT_CDB = const(400)
_TRIM_STEP_CDB = const(100)
_TRIM_FROM_BLOCKS = const(200)  # a shorter phrase says too little

# The ceiling's margins: the meter's own error (0.15 dB), and what the filters remember of the block before.
_CEILING_MARGIN_CDB = const(30)
_GOVERN_CDB = const(150)  # the level is turned down from here below the ceiling
_DUCK_PER_BLOCK = const(1200)  # 12 dB a second down,
_PRESSED_DUCK = const(1280)  # 0.2 dB for each block whose crests would have reached the knee
_RECOVER_PER_BLOCK = const(16)  # 0.16 dB a second up again
# Largest clamp for which a whole block of the loudest waveform still keeps the slow level under the ceiling,
# as a multiple (of 16) of the ceiling's amplitude, by how full the slow integrator is in sixteenths: 16 *
# sqrt((1 - full * exp(-0.016)) / ((1 - exp(-0.016)) * 1.5)); 1.5 is a square wave at the A weighting's crest.
_HEADROOM = bytes((101, 98, 94, 91, 88, 84, 80, 76, 72, 67, 63, 57, 52, 45, 38, 28, 13))
_PEAK_OVER_CEILING_CDB = const(300)  # and never a peak above a sine this much over the C ceiling


class Loudness:
    """The gain of every block, by what was asked for and by what the blocks before measured.

    full_scale_cdba: level at the ear of a full-scale 1 kHz sine; ceiling_cdba, ceiling_cdbc: the slow levels that the
    output never exceeds, whatever is asked.
    """

    def __init__(self, full_scale_cdba, ceiling_cdba, ceiling_cdbc):
        self.full_scale_cdba = full_scale_cdba
        self.first_level_cdba = _FIRST_LEVEL_CDBA
        self.hushed = False  # sink to nothing within a block, for as long as this is set
        self.governed = True  # False: no correction by phrase, for measuring what a song gives by itself
        self.headroom_cdb = (
            0  # how far below its level the music is held phrase by phrase, for a voice beside it
        )
        self.state = state = array("I", [0] * master.STATE_SIZE)
        master.start(state)

        ceiling_a = ceiling_cdba - _CEILING_MARGIN_CDB - full_scale_cdba
        ceiling_c = ceiling_cdbc - _CEILING_MARGIN_CDB - full_scale_cdba
        self._power_a = decibels.power(ceiling_a)
        self._power_c = decibels.power(ceiling_c)
        state[master.NEAR_A] = self._power_a >> 2
        state[master.NEAR_C] = self._power_c >> 2
        self._govern_a = decibels.power(ceiling_a - _GOVERN_CDB)
        self._govern_c = decibels.power(ceiling_c - _GOVERN_CDB)
        # Root mean square amplitudes of the ceilings.
        self._amplitude_a = (decibels.gain(min(0, ceiling_a)) >> 9) * 23170 >> 15
        self._amplitude_c = (decibels.gain(min(0, ceiling_c)) >> 9) * 23170 >> 15
        self._peak = min(
            32767, (decibels.gain(min(0, ceiling_c + _PEAK_OVER_CEILING_CDB)) >> 10) * 32767 >> 14
        )
        self._set_clamp(self._peak)
        self._clean = self._peak * 23 // 32  # under the knee, with room for what lies between the samples

        self.blocks = 0  # since the engine was made
        self.level_cdba = 0  # slow levels of the output, 0 when silent
        self.level_cdbc = 0
        self.entry_permille = 1000  # how much of its amplitude a melody has that comes in
        self._level = _FIRST_LEVEL_CDBA * _LEVEL_UNIT
        self._level_target = self._level
        self._level_step = _RISE_PER_BLOCK
        self.rises_from = 0  # the block before which a level that is to rise waits
        self._fade = -1  # how far a fade-out has come; -1 when there is none
        self._fade_step = 0
        self._duck = 0
        self._near = False  # the slow level is within 6 dB of the ceiling
        self.calm = True  # neither that, nor turned down
        self.steady = False  # the level stays as it is, and so does what it is corrected by
        self.still_below = 0  # while it does, a crest below this needs no other gain than the block before
        self._trim_cdb = 0
        self._trim_target_cdb = 0
        self._mood_cdb = 0
        self._mood_target_cdb = 0
        self.song_cdb = 0  # what is made up for now, and where that is going
        self._song_target_cdb = 0
        self._has_song = False
        self.leaving_permille = 0  # where a melody that goes out note by note stops; 0: none goes
        self._gain = 0
        self._gain_cdb = None  # the level that _gain_wanted was worked out for
        self._gain_wanted = 0
        self._phrase_level = 0
        self._phrase_whole = True  # its melody neither comes in nor goes out

    # What is asked for

    def set_level(self, level_cdba, over_ms):
        """Glide to this level at the ear, rising at most 0.47 and falling at most 6 dB a second."""
        target = max(0, level_cdba) * _LEVEL_UNIT
        if target == self._level_target:
            return
        self._level_target = target
        self.steady = False
        step = abs(target - self._level) * 16 // max(16, over_ms)
        limit = _RISE_PER_BLOCK if target > self._level else _FALL_PER_BLOCK
        self._level_step = max(1, min(step, limit))

    def fade_out(self, over_ms):
        """Sink evenly in dB to silence, then the engine stops. A second call may only make it faster."""
        self.steady = False
        step = max(1, _FADE_DEPTH_CDB * _LEVEL_UNIT * 16 // max(16, over_ms))
        if self._fade < 0:
            self._fade = 0
            self._fade_step = step
        elif step > self._fade_step:
            self._fade_step = step

    def resume(self):
        """End a fade-out: go on from the level that it had reached."""
        if self._fade >= 0:
            self._level = max(0, self._level - self._fade)
            self._fade = -1
            self.steady = False

    def set_song(self, song, softly):
        """Make up for how loud this song is by itself; None for no song. softly: its melody comes in over a soundscape,
        and grows note by note.
        """
        self._has_song = song is not None
        self.song_cdb = self._song_target_cdb = song.loudness_cdb if song is not None else 0
        self.entry_permille = _ENTRY_PERMILLE if softly else 1000
        self.leaving_permille = 0
        self.steady = False
        self.begin_phrase()

    def enter(self, song_cdb, entry_permille):
        """Let a song, after set_song, come in from another, whose correction was song_cdb, at a share of its amplitude."""
        self.song_cdb = song_cdb
        self.steady = False
        self.entry_permille = entry_permille
        self._phrase_whole = entry_permille == 1000

    def leave(self, permille):
        """Let the melody go out note by note, down to a share of its amplitude."""
        self.leaving_permille = permille
        self.entry_permille = min(999, self.entry_permille)  # or nobody asks for the next step

    def set_mood(self, brightness_permille, density_permille):
        """Take back that a fuller or brighter sound is a louder one, so that only the level sets the level."""
        target_cdb = (600 - density_permille) // 8 + (500 - brightness_permille) // 12
        if target_cdb != self._mood_target_cdb:
            self._mood_target_cdb = target_cdb
            self.steady = False

    def grow(self):
        """Let a melody that comes in be 0.5 dB louder from here on, and one that goes out softer."""
        if self.leaving_permille:
            self.entry_permille = max(self.leaving_permille, self.entry_permille * 94 // 100)
            return
        self.entry_permille = min(1000, self.entry_permille * 106 // 100 + 1)

    def correct_by(self, trim_cdb):
        """Go on from another correction than the one that phrases measured: what sounds from now on is another thing."""
        self._trim_target_cdb = trim_cdb
        self.steady = False

    def begin(self):
        """Begin far below any ward, with no correction: out of silence."""
        self._level = self.first_level_cdba * _LEVEL_UNIT
        self._gain = 0
        self._trim_cdb = self._trim_target_cdb = 0
        self.steady = False

    def silence(self):
        """Fall silent at once: forget the level, a fade and what was turned down."""
        self.state[master.GAIN] = 0
        self._gain = 0
        self.steady = False
        self._has_song = False
        self.song_cdb = self._song_target_cdb = 0
        self.leaving_permille = 0
        self._fade = -1
        self._duck = 0
        self._level = self._level_target = _FIRST_LEVEL_CDBA * _LEVEL_UNIT

    # One block

    def prepare(self, crest, may_rise):
        """Set the gain that the block glides to, with the level one step further; return whether a fade-out ends with it.

        crest: the highest of this block's and the next one's samples, before the gain. may_rise: not in a rest, else the
        next phrase would come in with all of what was gained meanwhile; and not while a melody grows by itself: together
        they would rise by more than 1 dB a second.
        """
        if self.steady and not self.hushed:
            gain = self._gain_wanted
        else:
            gain = self._next_gain(may_rise)
            self.still_below = 0
        if (crest >> 1) * (gain >> 12) > self._clean << 12:
            # Lowered before the crest comes, evenly over a block: the knee would be heard.
            gain = ((self._clean << 13) // crest) << 12
            self._duck += _PRESSED_DUCK
            self.steady = self.calm = False
        # Rounded towards zero: a gain that sinks must not pass below it.
        before = self._gain
        step = (gain - before) >> 8 if gain >= before else -((before - gain) >> 8)
        if gain == before and self.steady and not self.hushed:
            self.still_below = ((self._clean << 12) // ((gain >> 12) + 1) + 1) << 1
        state = self.state
        state[master.GAIN] = before
        state[master.GAIN_STEP] = step + master.GAIN_BIAS
        self._gain = gain
        return self._fade > _FADE_DEPTH_CDB * _LEVEL_UNIT

    def _next_gain(self, may_rise):
        level = self._level
        steady = self._fade < 0
        if level != self._level_target:
            steady = False
            if level > self._level_target:
                self._level = level = max(level - self._level_step, self._level_target)
            elif may_rise and self.blocks >= self.rises_from:
                self._level = level = min(level + self._level_step, self._level_target)
        trim_cdb = self._trim_cdb
        if trim_cdb != self._trim_target_cdb:
            steady = False
            self._trim_cdb = trim_cdb = trim_cdb + (1 if trim_cdb < self._trim_target_cdb else -1)
        wanted = self._mood_target_cdb if self._has_song else 0
        mood_cdb = self._mood_cdb
        if mood_cdb != wanted:
            steady = False
            self._mood_cdb = mood_cdb = mood_cdb + (1 if mood_cdb < wanted else -1)
        song_cdb = self.song_cdb
        if song_cdb != self._song_target_cdb:
            steady = False
            self.song_cdb = song_cdb = song_cdb + (1 if song_cdb < self._song_target_cdb else -1)
        target = level - self._duck
        if self._fade >= 0:
            self._fade += self._fade_step
            if self.faded():
                return 0
            target -= self._fade
        wanted = target // _LEVEL_UNIT - song_cdb + trim_cdb + mood_cdb
        if wanted != self._gain_cdb:
            self._gain_cdb = wanted
            self._gain_wanted = decibels.gain(wanted - self.full_scale_cdba - REFERENCE_CDB)
        self.steady = steady
        return 0 if self.hushed else self._gain_wanted

    def rising(self):
        """Return whether the level is on its way up."""
        return self._level < self._level_target

    def faded(self):
        """Return whether a fade-out has come to its end."""
        return self._fade > _FADE_DEPTH_CDB * _LEVEL_UNIT

    def fading(self):
        """Return whether a fade-out has begun."""
        return self._fade >= 0

    def ends_in_rest(self):
        """Return whether no melody comes back from a rest: it would be silent, or somebody waits for the end."""
        return self.faded() or (self._fade >= 0 and self._fade_step >= _SOON_STEP)

    def watch(self, near):
        """Go on from how near the ceiling the block came that was made. To be called when it came near or was not calm."""
        if near:
            self._approach(self.state[master.POWER_A], self.state[master.POWER_C])
        elif self._near:
            self._near = False
            self._set_clamp(self._peak)
        else:
            self._recover()
        self.calm = not self._near and not self._duck

    def _recover(self):
        if self._duck:
            self._duck = max(0, self._duck - _RECOVER_PER_BLOCK)
            self.steady = False

    def _approach(self, power_a, power_c):
        """Near the ceiling: turn down smoothly, and lower the clamp so that this block cannot pass the ceiling."""
        self._near = True
        if power_a > self._govern_a or power_c > self._govern_c:
            self._duck += _DUCK_PER_BLOCK
            self.steady = False
        else:
            self._recover()
        full_a = min(16, (power_a >> 4) * 16 // (self._power_a >> 4) + 1)
        full_c = min(16, (power_c >> 4) * 16 // (self._power_c >> 4) + 1)
        clamp = min(self._amplitude_a * _HEADROOM[full_a] >> 4, self._amplitude_c * _HEADROOM[full_c] >> 4)
        self._set_clamp(min(self._peak, clamp))

    def _set_clamp(self, clamp):
        self.state[master.CLAMP] = clamp
        self.state[master.KNEE] = clamp * 192  # three quarters of it, with 8 fraction bits

    def weigh(self):
        """Work out the slow levels of what leaves."""
        self.level_cdba = self._slow_level(master.POWER_A)
        self.level_cdbc = self._slow_level(master.POWER_C)

    def _slow_level(self, place):
        cdb = decibels.power_cdb(self.state[place])
        if cdb is None:
            return 0
        cdb += self.full_scale_cdba
        return cdb if cdb > 0 else 0

    # Phrases

    def begin_phrase(self):
        """Measure from here on. Of a recorded voice that comes in: its level is neither how it came in nor its rest."""
        self.state[master.PHRASE_POWER] = self.state[master.PHRASE_BLOCKS] = 0
        self._phrase_level = self._level
        self._phrase_whole = self.entry_permille == 1000

    def pass_rest(self):
        """Count a silent block of a rest: it belongs to the phrase, and a fade-out goes on in it."""
        state = self.state
        if state[master.PHRASE_BLOCKS] < master.PHRASE_MOST_BLOCKS:
            state[master.PHRASE_BLOCKS] += 1
        if self._fade >= 0:
            self._fade += self._fade_step

    def end_phrase(self):
        """Correct the level by what the phrase that just ended measured, half of the way."""
        blocks = self.state[master.PHRASE_BLOCKS]
        if self.governed and (
            blocks > _TRIM_FROM_BLOCKS
            and self._level == self._level_target == self._phrase_level
            and self._phrase_whole
            and self.entry_permille == 1000
            and not self._duck
            and self._fade < 0
        ):
            measured = decibels.power_cdb((self.state[master.PHRASE_POWER] // blocks) << 10)
            if measured is not None:
                error = self._level // _LEVEL_UNIT - self.headroom_cdb - self.full_scale_cdba - measured
                step = max(-_TRIM_STEP_CDB, min(_TRIM_STEP_CDB, error // 2))
                self.steady = False
                self._trim_target_cdb = max(-_TRIM_LIMIT_CDB, min(_TRIM_LIMIT_CDB, self._trim_cdb + step))
        self.begin_phrase()
