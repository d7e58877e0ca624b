"""Music that leaves the melody to a voice: to whoever sings in the room, or to a recorded one.

For a voice in the room: the song's last phrase as an introduction, with its melody, so that tempo and pitch are heard; a
bar to breathe in, in which the bass alone sounds; then stanza after stanza chords and bass, without the rest that the
device makes after each phrase when it plays the melody itself. The song stays in its own mode: who sings cannot turn with
it. Phrase by phrase the level is held 6 dB below the one asked for: what the melody would have had is left to the voice.

Under a recorded voice: the song's chords, held and soft, one pass of the song laid over one pass of the voice, which keeps
its own time.

Loaded only for a profile whose melody is "accompany".
"""

from micropython import const

from firmware.sound import master, score
from firmware.sound.sequencer import Sequencer

_UNITS_PER_TICK = const(40000000)  # as in sequencer.py
_HALF_SAMPLE_UNITS = const(20000000)
_HEADROOM_CDB = const(600)
# Chords and bass by themselves are so much softer than the song whose loudness its score tells, at half of the density.
_CHORDS_ALONE_CDB = const(250)
_LOWEST_BASS = const(41)  # F2: an octave below the chords
_BASS_PEAK = const(9000000)
_BASS_VOICES = const(3)  # those that the melody leaves
_FIRST_BED_VOICE = const(3)  # those of the chords
_BED_PEAK = const(7000000)
_DARKEST = const(0)  # of the timbres
_CHORDS_LOOKED_AT = const(24)  # to find the bar line
# A voice that would need another tempo than these, beats a minute, is of another song: it has no accompaniment.
SLOWEST_PASS = const(30)
FASTEST_PASS = const(160)


class Accompanist(Sequencer):
    """A Sequencer that starts no note of the melody once the introduction is over.

    under: the Score that lies under a recorded voice, or None: then a voice in the room is accompanied. A song without
    chords is played with its melody: there is nothing to accompany with.
    """

    def __init__(self, loudness, recorded):
        super().__init__(loudness, recorded)
        self.under = None
        self._pass_blocks = 1
        self._leaves = False  # the melody to a voice in the room
        self._introduces = False
        self._bar_ticks = 96
        self._first_bar = 0  # ticks of the upbeat
        self._position = 0  # in the stanza, ticks, of the next chord event
        self._bass_voice = 0
        self._bed_chord = -1  # the next one under a recorded voice; -1: none lies there
        self._bed_block = 0  # of the pass
        self._bed_due = 0
        self._bed_owed = 0

    def lie_under(self, song, samples):
        """Accompany a recorded voice of so many samples (8000 a second) with a Score.

        A song to be played, as when the recording has failed, is then played with its melody.
        """
        self.under = song
        self._pass_blocks = max(1, samples // master.HALF)

    def play(self, song):
        """Start a Score with its introduction; None ends the song and lets its notes ring out."""
        super().play(song)
        self._leaves = song is not None and self.under is None and song.chords > 0
        if self._leaves:
            self._loudness.governed = False  # before the headroom there is nothing to correct
            self._find_bars(song)
            self._introduce(song)

    def silence(self):
        """Fall silent at once: no voice sounds, no song goes on."""
        super().silence()
        self._leaves = False
        self._bed_chord = -1

    def bar_permille(self):
        """Return how much of the bar has passed, or None while no song is accompanied."""
        if not self._leaves:
            return None
        passed = self._waited - self._until // _UNITS_PER_TICK
        at = self._position - self._chord_ticks + passed - self._first_bar
        return at % self._bar_ticks * 1000 // self._bar_ticks

    def advance(self, playing):
        """Start what is due in the next block, and go on by it."""
        if self.under is not None:
            self._follow_voice(self.under)
        super().advance(playing)

    # A voice in the room

    def _find_bars(self, song):
        """Take for the bar line where most of the first chords begin, by their lengths."""
        self._bar_ticks = bar = song.beats_per_bar * 24
        data = song.data
        last = song.chords_at + 2 * min(song.chords, _CHORDS_LOOKED_AT)
        begins = most = 0
        for place in range(song.chords_at, last, 2):
            other_begins = votes = 0
            for other in range(song.chords_at, last, 2):
                if (other_begins - begins) % bar == 0:
                    votes += data[other + 1]
                other_begins += data[other + 1]
            if votes > most:
                most = votes
                self._first_bar = begins % bar
            begins += data[place + 1]

    def _introduce(self, song):
        """Stand at the beginning of the last phrase, with both hands."""
        data = song.data
        begins = ticks = 0
        for index in range(song.notes - 1):
            ticks += data[score.HEADER + 2 * index + 1]
            if data[score.HEADER + 2 * index] >= 128:
                self._note_index = index + 1
                begins = ticks
        self._introduces = True
        self.resting = self._note_index > 0  # the rest before it is over
        self._position = begins
        at = song.chords_at
        while begins >= data[at + 1]:
            begins -= data[at + 1]
            at += 2
        self._chord_index = (at - song.chords_at) // 2
        if begins:
            self._chord_index += 1
            self._chord_left = data[at + 1] - begins
        self._arpeggio = 0

    def _melody_event(self, song):
        index = self._note_index
        if self._leaves and index > 0 and not self.resting and song.data[score.HEADER + 2 * index - 2] >= 128:
            if index == song.notes:
                super()._melody_event(song)
                if self._introduces:
                    self._bass_voice = (
                        self._melody_voice
                    )  # and the bass takes the one that has been silent longest
                    self._loudness.correct_by(_CHORDS_ALONE_CDB)
                self._introduces = False
                self._loudness.headroom_cdb = _HEADROOM_CDB
                self._loudness.governed = True
                self._bass(song, song.tonic, self._bar_ticks)  # the bar to breathe in
                return
            # Who sings goes on without a rest.
            self._phrase_end()
            self.resting = True
        super()._melody_event(song)

    def _sing(self, note, ticks):
        if self._leaves and not self._introduces:
            self._melody_note = note  # of the voice: no chord rubs against it
            return
        super()._sing(note, ticks)

    def _choose_mode(self):
        if self.under is None:
            self._changed = False
        else:
            super()._choose_mode()

    def _chord_event(self, song):
        begins = self._chord_left == 0
        if begins and self._chord_index == 0:
            self._position = 0
        if begins and self._chord_index == song.chords:
            super()._chord_event(song)  # waits for the melody to turn back
            return
        before = self._chord_ticks
        super()._chord_event(song)
        ticks = self._chord_ticks - before
        passed = (self._position - self._first_bar) % self._bar_ticks
        if self._leaves and not self._introduces and (begins or passed == 0):
            data = song.data
            at = song.chords_at + 2 * self._chord_index - 2
            if data[at] >> 4 != score.SILENT:
                self._bass(song, data[at] & 15, min(self._chord_left + ticks, self._bar_ticks - passed))
        self._position += ticks

    def _bass(self, song, root, ticks):
        note = _LOWEST_BASS + (root - _LOWEST_BASS) % 12
        if self._rubs(song, note, ticks):
            return
        self._bass_voice = (self._bass_voice + 1) % _BASS_VOICES
        self._start_note(self._bass_voice, note, ticks, _BASS_PEAK, 400, 9, 13, 10, self._table(note, 1))

    # A recorded voice

    def _follow_voice(self, song):
        recorded = self._recorded
        if not recorded.singing or recorded.resting:
            if self._bed_chord >= 0:
                self._bed_chord = -1
                self._release_all()
            return
        if self._bed_chord < 0:
            self._bed_chord = self._bed_block = self._bed_due = self._bed_owed = 0
        blocks = self._pass_blocks
        if (
            self._bed_block >= self._bed_due
            and self._bed_chord < song.chords
            and SLOWEST_PASS <= song.ticks * 156 // blocks <= FASTEST_PASS
        ):
            self._hold_chord(song, blocks)
        self._bed_block += 1

    def _hold_chord(self, song, blocks):
        """Start the tones of the next chord, to be held until the one after it."""
        at = song.chords_at + 2 * self._bed_chord
        root, quality = song.data[at] & 15, song.data[at] >> 4
        self._bed_chord += 1
        self._bed_owed += song.data[at + 1] * blocks
        self._bed_due += self._bed_owed // song.ticks
        self._bed_owed %= song.ticks
        if quality == score.SILENT:
            return
        ticks = (
            (self._bed_due - self._bed_block) * master.HALF // (_HALF_SAMPLE_UNITS // self._tempo_target_mbpm)
        )
        self._offset = self._arpeggio = 0
        before = 0
        for tone in range(3):
            note = self._chord_tone(song, root, quality)
            if note != before and ticks:
                self._start_note(_FIRST_BED_VOICE + tone, note, ticks, _BED_PEAK, 600, 10, 13, 11, _DARKEST)
            before = note
