"""A session that follows a listening programme: which segment it is in, and what it asks for there.

Loaded only for a profile that names one. Dose, gestures, the guard and the last fade are those of every session. A fixed
tempo goes straight from its start to its end; a matched one goes by the rules of tempo.py. Planned times hold from the
beginning on: what one segment takes longer, to the end of its phrase, the next one has less. Only a silence keeps its
minutes, and all that follows it is later: less of it would be none.
"""

from micropython import const

from firmware import reasons
from firmware.care import plan as columns
from firmware.care.guard import FREEZE
from firmware.care.session import Session
from firmware.care.tempo import Tempo

_BASELINE_MS = const(60_000)  # of good signal before a tempo is matched to it
_LATE_MS = const(500)  # more than a step, which is no delay


def _fixed_mbpm(plan, segment, since_ms):
    """Return the tempo that a segment is to have so long after its beginning: straight from its start to its end."""
    length_s = plan.at(segment, columns.LENGTH_MS) // 1000
    start, end = plan.at(segment, columns.START_MBPM), plan.at(segment, columns.END_MBPM)
    # In hundreds of a thousandth the product stays below 2^30 (50 bpm over 45 minutes).
    return start + (end - start) // 100 * min(since_ms // 1000, length_s) * 100 // length_s


class SegmentTempo(Tempo):
    """The tempo of every session, and the one that is fixed from a segment's start to its end."""

    def start_at(self, tempo_mbpm):
        """Go on from this tempo: nothing sounds, or what sounds has none."""
        self._now_mbpm = self._target_mbpm = tempo_mbpm
        self._sounding = True

    def rest(self):
        """Forget the tempo: nothing sounds, or a soundscape."""
        self._sounding = self.closed = self._begun = False
        self.ratio_beats = self.ratio_pulses = 0

    def go_to(self, target_mbpm, elapsed_ms, arriving):
        """Play at a fixed tempo, reached at the rate of matching from the one before, and then at the profile's own."""
        self.closed = self.waiting = False
        self.ratio_beats = self.ratio_pulses = 0
        self._target_mbpm = target_mbpm
        self._gliding = arriving
        self._glide(elapsed_ms)

    def there(self):
        """Return whether the tempo is where it was to go."""
        return self._now_mbpm == self._target_mbpm


def perform(audio, profile, dose, plan, sources, recording):
    """Return the conductor and the session of a programme. sources: as segments.sources_of gives them."""
    from firmware.care import segments
    from firmware.sound.segue import Segue

    crossfades_ms = [plan.at(segment, columns.CROSSFADE_MS) for segment in range(plan.segments)]
    conductor = segments.SegmentConductor(
        audio, sources, crossfades_ms, profile.soundscape, recording, Segue(audio)
    )
    phrases = [segments.phrases_of(source) for source in sources]
    return conductor, ProgrammeSession(profile, dose, plan, phrases)


class ProgrammeSession(Session):
    """A profile's sessions by a Plan. phrases: for each segment the phrases of its song, 0 for anything else."""

    def __init__(self, profile, dose, plan, phrases):
        self._plan = plan
        self._phrases = phrases
        profile.session_ms = min(profile.session_ms, plan.total_ms)
        # No longer than the last segment, which would not begin else; and what ends in silence has faded into it.
        last = plan.segments - 1
        longest_ms = columns.LAST_FADE_MS
        if plan.source(last) != "silence":
            longest_ms = max(
                longest_ms, plan.at(last, columns.LENGTH_MS) - plan.at(last, columns.CROSSFADE_MS)
            )
        profile.fade_ms = min(profile.fade_ms, longest_ms)
        super().__init__(profile, dose)
        self.tempo = SegmentTempo(profile)

    def _clear(self):
        super()._clear()
        self._segment = -1
        self._clock_ms = 0  # since the first segment began
        self._began_ms = 0  # this segment, as planned
        self._since_ms = 0  # and really
        self._phrases_left = 0
        self._fall_ms = 0  # what is left of the fade into a silence
        self._arriving = False

    def _take_baseline(self, inputs, outputs):
        """The first segment begins with the session: what is measured meanwhile is for a matched one."""
        self._begin_segment(0)
        self._enter(self._fixed_phase() if self._melody else reasons.SUSTAIN, reasons.OPEN_LOOP)

    def _lead(self, inputs, outputs, verdict):
        self._clock_ms += self._elapsed_ms
        self._since_ms += self._elapsed_ms
        self._fall_ms = max(0, self._fall_ms - self._elapsed_ms)
        if self._has_ended(inputs) and self._segment + 1 < self._plan.segments:
            # A song that was played as often as asked may end early; whatever takes longer takes it from the next.
            late = self._clock_ms >= self._end_ms() + _LATE_MS
            self._began_ms = min(self._clock_ms, self._end_ms())
            self._begin_segment(self._segment + 1, late)
        last = self._segment + 1 == self._plan.segments
        if last and (self._phrases_left < 0 or self._clock_ms >= self._end_ms() - self.profile.fade_ms):
            self._fade(reasons.TIME_UP, self.profile.fade_ms, outputs)
        elif self._melody:
            self._set_tempo(inputs, verdict)
        else:
            self._name(reasons.SUSTAIN)

    def _name(self, phase):
        if self.phase != phase or self.reason != reasons.OPEN_LOOP:
            self._enter(phase, reasons.OPEN_LOOP)

    def _end_ms(self):
        return self._began_ms + self._plan.at(self._segment, columns.LENGTH_MS)

    def _has_ended(self, inputs):
        plan = self._plan
        if inputs.phrase_ended and self._phrases_left > 0:
            self._phrases_left -= 1
            if self._phrases_left == 0:
                self._phrases_left = -1
                return True
        over_ms = self._clock_ms - self._end_ms()
        if over_ms < 0:
            return False
        waits = plan.at(self._segment, columns.UNTIL_PHRASE) or self._phrases_left > 0
        return not waits or inputs.phrase_ended or over_ms >= columns.PHRASE_MS

    def _begin_segment(self, segment, late=False):
        plan = self._plan
        tempo = self.tempo
        played = self._melody
        self._segment = segment
        self._since_ms = 0
        self._phrases_left = plan.at(segment, columns.REPEATS) * self._phrases[segment]
        source = plan.source(segment)
        self._melody = source in ("song", "voice", "pattern")
        self._mood_ms = None
        if source == "silence":
            self._fall_ms = max(
                plan.at(segment, columns.CROSSFADE_MS), self._level_cdba * columns.FALL_MS_PER_CDB
            )
            if late:
                self._began_ms = self._clock_ms + self._fall_ms
            left_ms = self._planned_ms - self.profile.fade_ms - self._sound_ms
            if segment + 1 == plan.segments or self._end_ms() - self._clock_ms >= left_ms:
                self._fall_ms = columns.LAST_FADE_MS  # nothing is heard after it: this fade is the last one
        if not self._melody:
            tempo.rest()
            return
        self._arriving = True
        if not played and not (self._goes_by_pulse(segment) and tempo.baseline_ms() >= _BASELINE_MS):
            tempo.start_at(plan.at(segment, columns.START_MBPM))

    def _goes_by_pulse(self, segment):
        return self._plan.at(segment, columns.MATCHED) and self.profile.mode != "open_loop"

    def _set_tempo(self, inputs, verdict):
        plan = self._plan
        tempo = self.tempo
        unknown = inputs.pulse_rate_mbpm is None
        segment = self._segment
        if self._goes_by_pulse(segment):
            if not tempo.closed and not unknown and tempo.baseline_ms() >= _BASELINE_MS:
                tempo.begin(True, inputs.compound is True)
            if tempo.closed:
                frozen = verdict.action >= FREEZE or unknown
                tempo.advance(self._elapsed_ms, frozen, inputs.phrase_ended, inputs.compound is True)
                self._name_phase(frozen, unknown, inputs, verdict)
                return
        if tempo.tempo_mbpm() is None:
            tempo.start_at(plan.at(segment, columns.START_MBPM))  # the pulse was lost before it could begin
        target = _fixed_mbpm(plan, segment, self._since_ms)
        if verdict.action >= FREEZE:
            target = max(target, tempo.tempo_mbpm())  # pyright: ignore[reportArgumentType]
        tempo.go_to(target, self._elapsed_ms, self._arriving)
        if self._arriving and tempo.there():
            self._arriving = False
        self._name(reasons.MATCH if self._arriving else self._fixed_phase())

    def _fixed_phase(self):
        """Return the phase of a segment whose tempo is fixed."""
        plan, segment = self._plan, self._segment
        stays = plan.at(segment, columns.START_MBPM) == plan.at(segment, columns.END_MBPM)
        return reasons.SUSTAIN if stays else reasons.LEAD

    def _something_sounds(self):
        return self._segment >= 0

    def _set_level(self, inputs, outputs):
        """Glide to the segment's level; into a silence to nothing, and out of it as at a session's beginning."""
        if self._plan.source(self._segment) == "silence":
            if self._level_cdba:
                self._level_cdba = 0
                self._glide_left_ms = self._fall_ms
                outputs.level_over_ms = self._fall_ms
            return
        wanted = self._turned_down_cdba(inputs.knob_permille)
        self._glide_to(wanted + self._plan.at(self._segment, columns.LEVEL_CDB), outputs)

    def _fill(self, outputs):
        super()._fill(outputs)
        plan = self._plan
        segment = self._segment
        sounding = outputs.amplifier_on and segment >= 0
        if not sounding:
            outputs.segment = -1
            outputs.playing = outputs.melody_on = outputs.soundscape_on = False
            outputs.tempo_mbpm = outputs.target_tempo_mbpm = None
            return
        silent = plan.source(segment) == "silence"
        outputs.segment = segment
        outputs.segment_ends = self._ends_soon(segment)
        outputs.soundscape_on = not silent and (self.profile.soundscape != "none" or not self._melody)
        outputs.playing = not silent or self._fall_ms > 0
        outputs.minor_permille = plan.at(segment, columns.MINOR)
        outputs.brightness_permille = plan.at(segment, columns.BRIGHTNESS)
        outputs.density_permille = plan.at(segment, columns.DENSITY)

    def _ends_soon(self, segment):
        """Return whether the next segment's crossfade has begun: half of it lies before the change."""
        if segment + 1 == self._plan.segments:
            return False
        half_ms = self._plan.at(segment + 1, columns.CROSSFADE_MS) // 2
        return self._clock_ms >= self._end_ms() - half_ms
