"""What sounds when: melody, chords and heartbeat of a score at a tempo, and the mode that each phrase is in.

It only ever starts notes: they are made in voices.py, whose state array is kept here.

Every event falls on its own sample (of the half-rate mix, an eighth of a millisecond): the beat is counted in
units of which a minute has 960 000 000 a beat, so a tempo in thousandths of a beat a minute is a whole number
of units a sample and no rounding ever adds up.
"""

from array import array

from micropython import const

from firmware.sound import master, score, voices

_UNITS_PER_TICK = const(40000000)  # 960 000 000 / 24
_HALF_SAMPLE_UNITS = const(20000000)  # units of a tick over the two samples of one half-rate sample

_SLOWEST_MBPM = const(30000)
_FASTEST_MBPM = const(120000)

_ENTRY_BLOCKS = const(
    47
)  # 0.75 s at least between two steps of a melody that comes in, however fast the notes

_MELODY_VOICES = const(3)
_FIRST_CHORD_VOICE = const(3)
_FIRST_HEART_VOICE = const(6)
_LONGEST_RUB_TICKS = const(12)  # half a beat
_LOWEST_CHORD_NOTE = const(53)  # F3: small loudspeakers give little below
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


def short_rest(ticks, own, tempo_mbpm, long_ms, most_ms):
    """Return the ticks of the rest after a phrase, whose own rest before it has `own`, where one of `ticks`, a bar, may be
    too long: where both last longer than `long_ms`, they are a bar together; and no longer, in whole beats, than `most_ms`
    where a bar alone is as long. A beat they are at least, and the phrase's own whole.
    """
    long = tempo_mbpm * long_ms // 1000
    if (ticks + own) * 2500 <= long:
        return ticks
    if ticks * 2500 > long:
        ticks = min(ticks, tempo_mbpm * most_ms // 60_000_000 * 24)
    return max(0, max(24, ticks) - own)


class Sequencer:
    """Starts the notes of a Score, and a heartbeat's, at their samples of a tempo in thousandths of a beat a minute.

    loudness, recorded: the engine's. on_note, when set, is called as on_note(sample, voice, note, length_samples,
    tempo_mbpm) for every note.
    """

    def __init__(self, loudness, recorded):
        self._loudness = loudness
        self._recorded = recorded
        self.state = array("I", [0] * (voices.VOICES * voices.STRIDE))
        self.on_note = None
        self.song = None
        self.resting = False  # between two phrases
        self.begun_at = 0  # the block in which the phrase after the last rest began
        # Between phrases, with a rest of the song's own before: one that is longer than rest_long_ms (-1: none is)
        # becomes no longer than rest_most_ms.
        self.rest_long_ms = -1
        self.rest_most_ms = 0
        self.thumps = False  # a heartbeat of two notes on every beat
        self.phrase_ended = False
        self.tempo_mbpm = 75000
        self._tempo_target_mbpm = 75000

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
        self._heart_dub = False
        self._beats = 0
        self.entered_at = 0  # the block in which a melody that comes in last grew
        self._melody_voice = 0
        self._melody_note = 0
        self._chord_voice = 0
        self._heart_voice = 0
        self._offset = 0

    def play(self, song):
        """Start a Score at its beginning with the next block; None ends the melody and lets its notes ring out."""
        self._release_all()
        self.song = song
        self.resting = False
        self._melody_ticks = self._chord_ticks = self._heart_ticks = 0
        self._note_index = self._chord_index = self._chord_left = 0
        for kind in range(3):
            self._owed[kind] = 150
        self._heart_dub = False
        self.restart()
        self._choose_mode()

    def restart(self):
        """Let the next event be due at the next block's start."""
        self._until = self._waited = 0

    def set_tempo(self, tempo_mbpm):
        """Set the beat's tempo, reached evenly over the next block; held within 30 to 120 beats a minute."""
        if tempo_mbpm > _FASTEST_MBPM:
            tempo_mbpm = _FASTEST_MBPM
        elif tempo_mbpm < _SLOWEST_MBPM:
            tempo_mbpm = _SLOWEST_MBPM
        self._tempo_target_mbpm = tempo_mbpm

    def set_mood(self, minor_permille, brightness_permille, density_permille):
        """Take over the share of phrases that turn (from the next phrase), brightness (next note), density (next chord)."""
        self._minor_permille = minor_permille
        self._brightness_permille = brightness_permille
        self._density_permille = density_permille

    def silence(self):
        """Fall silent at once: no voice sounds, no song goes on."""
        state = self.state
        for voice in range(voices.VOICES):
            base = voice * voices.STRIDE
            state[base + voices.STAGE] = voices.OFF
            state[base + voices.AMPLITUDE] = 0
        self.song = None
        self.resting = self.thumps = False

    # One block. What follows runs only in blocks in which something is due.

    def advance(self, playing):
        """Start what is due in the next block, and go on by it."""
        target = self._tempo_target_mbpm
        if playing:
            tempo = self.tempo_mbpm + target  # twice the mean of the block
            advance = tempo * master.HALF
            while self._until < advance:
                self._offset = self._until // tempo  # in half-rate samples
                self._until += self._event() * _UNITS_PER_TICK
            self._until -= advance
        self.tempo_mbpm = target

    def _event(self):
        """Play what is due now; return the ticks to the next event, at most a beat."""
        waited = self._waited
        song = self.song
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
        if index > 0 and not self.resting and data[score.HEADER + 2 * index - 2] >= 128:
            # A phrase has ended: a bar's rest, for both hands.
            self.resting = True
            self._phrase_end()
            ticks = song.beats_per_bar * 24
            if self.rest_long_ms >= 0:
                at = score.HEADER + 2 * index - 2
                own = 0 if data[at] & 127 else data[at + 1]
                ticks = short_rest(ticks, own, self._tempo_target_mbpm, self.rest_long_ms, self.rest_most_ms)
            self._melody_ticks += ticks
            self._chord_ticks += ticks
            return
        if self.resting:
            self.resting = False
            self.begun_at = self._loudness.blocks
        if index == song.notes:
            index = self._chord_index = 0
            if song.grows:
                song.turn(self._minor_permille)
                data = song.data
        if song.grows:
            song.work()
        note = data[score.HEADER + 2 * index] & 127
        ticks = data[score.HEADER + 2 * index + 1]
        if note > score.GOES_ON:
            loudness = self._loudness
            if loudness.entry_permille < 1000 and loudness.blocks - self.entered_at >= _ENTRY_BLOCKS:
                self.entered_at = loudness.blocks
                loudness.grow()
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
        """Return the ticks that a chord's note sounds which is due `done` ticks after its beginning; 0 for none.

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
        """Start one note of a chord: root, fifth, third, fifth, and round again, all between F3 and E4."""
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
        """Return whether a chord's tone of this length would lie a minor second or a major seventh from the melody for
        more than half a beat, in the mode that the phrase is in.
        """
        if self.resting:
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
        if note != self._melody_note or self.state[voice * voices.STRIDE] == 0:
            voice = (voice + 1) % _MELODY_VOICES
            self._melody_voice = voice
        else:
            # And keeps its timbre: another one would begin in the middle of its wave, as a click.
            table = self.state[voice * voices.STRIDE + voices.NEXT_TABLE]
        # The same note again stays in its voice: two of them out of phase would cancel.
        self._melody_note = note
        self._start_note(voice, note, ticks, _MELODY_PEAK, 600, 8, 13, 10, table)

    def _table(self, note, darker):
        """Return a timbre's place by brightness: between two of them notes take turns, as many of each as it lies near."""
        owed = self._owed
        hand = 4 if darker else 3
        wanted = self._brightness_permille * (voices.BRIGHT_TIMBRES - 1)
        timbre = wanted // 1000
        owed[hand] += wanted - timbre * 1000
        if owed[hand] >= 1000:
            owed[hand] -= 1000
            timbre += 1
        if note > _PURE_FROM_NOTE:
            return voices.PURE_TABLE
        if note > _WIDEST_NOTE:
            timbre = min(timbre, 1)
        return max(0, timbre - darker) * voices.TABLE_STRIDE

    def _start_note(self, voice, note, ticks, peak, sustain, attack_shift, decay_shift, release_shift, table):
        state = self.state
        base = voice * voices.STRIDE
        length = ticks * (_HALF_SAMPLE_UNITS // self._tempo_target_mbpm)
        if voice < _FIRST_HEART_VOICE:
            peak = peak // 1000 * self._loudness.entry_permille
        gate = length * 15 // 16
        attack = min(gate, 4 << attack_shift)
        peak = peak // 1000 * _EVEN[note - 36]
        state[base + voices.STAGE] = voices.AGAIN if state[base + voices.STAGE] else voices.WAIT
        state[base + voices.COUNT] = self._offset
        state[base + voices.PEAK] = peak
        state[base + voices.SUSTAIN] = peak // 1000 * sustain
        state[base + voices.ATTACK] = attack
        state[base + voices.DECAY_FOR] = gate - attack
        state[base + voices.ATTACK_SHIFT] = attack_shift
        state[base + voices.DECAY_SHIFT] = decay_shift
        state[base + voices.RELEASE_SHIFT] = release_shift
        state[base + voices.NEXT_STEP] = voices.note_step(note)
        state[base + voices.NEXT_TABLE] = table
        if self.on_note is not None:
            at = self._loudness.blocks * master.BLOCK + 2 * self._offset + master.DELAY_SAMPLES
            self.on_note(at, voice, note, 2 * gate, self._tempo_target_mbpm)

    def _heart_event(self):
        """Count the beat; with a heartbeat, recorded or the womb's, that on it."""
        if self._heart_dub:
            self._heart_dub = False
            self._heart_ticks += 24 - _HEART_DUB_TICKS
            self._thump(_HEART_DUB, 700)
            return
        self._beats += 1
        if self.song is None and not self._recorded.singing and self._beats & 15 == 0:
            self.phrase_ended = True
        if self._recorded.heartbeat:
            beat = 24 * (_HALF_SAMPLE_UNITS // self._tempo_target_mbpm)
            # Over before the next beat, even if that comes a little sooner.
            self._recorded.beat(self._offset, beat * 15 // 16)
            self._heart_ticks += 24
        elif self.thumps:
            self._heart_dub = True
            self._heart_ticks += _HEART_DUB_TICKS
            self._thump(_HEART_LUB, 1000)
        else:
            self._heart_ticks += 24

    def _thump(self, note, permille):
        voice = _FIRST_HEART_VOICE + self._heart_voice
        self._heart_voice ^= 1
        peak = _HEART_PEAK // 1000 * permille
        self._start_note(voice, note, 5, peak, 300, 8, 9, 9, voices.PURE_TABLE)

    # Modes and phrases

    def _phrase_end(self):
        self.phrase_ended = True
        self._choose_mode()
        self._loudness.end_phrase()

    def _choose_mode(self):
        """Spread the phrases that turn evenly: of every thousand, as many as asked for."""
        song = self.song
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
        """Return the melody's note in this phrase's mode; on the way up to the tonic, sixth and seventh stay
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

    def _release_all(self):
        state = self.state
        for voice in range(voices.VOICES):
            base = voice * voices.STRIDE
            if state[base + voices.STAGE] == voices.WAIT:
                state[base + voices.STAGE] = voices.OFF
            elif state[base + voices.STAGE]:
                state[base + voices.STAGE] = voices.RELEASE


def _turn(song, note):
    """Return a note of the song in its other mode."""
    degree = (note - song.tonic) % 12
    return note - degree + score.SCALES[song.scale][degree]
