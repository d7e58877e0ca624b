"""The conductor of a listening programme: brings each segment's source to the engine, and from one to the next.

Loaded with a programme only. When a segment ends is care/programme.py's, how one source takes the other's place
sound/segue.py's.
"""

from micropython import const

from firmware.care.conductor import Conductor
from firmware.sound import score

_MS_PER_BLOCK = const(16)


def sources_of(plan, load_song, recording):
    """Return what sounds in each segment: load_song(name)'s Score, the recording, a soundscape's name, or None."""
    songs = {name: load_song(name) for name in plan.names_of("song")}
    found = []
    for segment in range(plan.segments):
        source, name = plan.source(segment), plan.name(segment)
        if source == "song":
            found.append(songs[name])
        elif source == "voice":
            found.append(recording)
        elif source == "pattern":
            from firmware.sound.pattern import Pattern

            found.append(
                Pattern(name)
            )  # one of its own for each segment, that none takes up where another ended
        else:
            found.append(name if source == "soundscape" else None)
    return found


def phrases_of(source):
    """Return how many phrases a Score has, 0 for anything else."""
    data = getattr(source, "data", None)
    if data is None or source.grows:
        return 0
    return sum([1 for index in range(source.notes) if data[score.HEADER + 2 * index] >= 128])


class SegmentConductor(Conductor):
    """sources: for each segment its Score, its Recording, a soundscape's name, or None for silence; crossfades_ms: how long
    each takes to come in; soundscape: a name or "none", what is heard under melodies.
    """

    def __init__(self, audio, sources, crossfades_ms, soundscape, recording, segue):
        super().__init__(audio, None, soundscape, recording)
        self._segue = segue
        self._sources = sources
        self._crossfades_ms = crossfades_ms
        self._segment = -1
        self._sounding = False
        self._approached = False  # the end of the segment is near
        self._halfway = False  # and the change has begun

    def gather(self, inputs, running=True):
        super().gather(inputs, running)
        source = self._sources[max(0, self._segment)]
        inputs.compound = getattr(source, "compound", False) is True

    def follow(self, outputs):
        """Pass on one step's wishes. Allocates nothing but where a segment begins."""
        audio = self._audio
        if outputs.mute_now:
            self.stop()
        if outputs.playing:
            if outputs.segment != self._segment:
                self._change(outputs.segment)
            elif outputs.segment_ends and not self._approached:
                self._approach(outputs.segment)
            if self._recording_failed():
                self._segue.change(
                    None, self._soundscape, self._crossfades_ms[self._segment] // _MS_PER_BLOCK
                )
                self._voice = None
            if outputs.tempo_mbpm is not None:
                audio.set_tempo(outputs.tempo_mbpm)
            if outputs.level_over_ms is not None:
                if outputs.level_cdba:
                    audio.set_level(outputs.level_cdba, outputs.level_over_ms)
                else:
                    audio.fade_out(outputs.level_over_ms)  # into a silence: to exact zeros
            audio.set_mood(outputs.minor_permille, outputs.brightness_permille, outputs.density_permille)
            self._segue.step()
        else:
            self._segment = outputs.segment
            if self._sounding:
                self._sounding = False
                self._segue.stop()
        if outputs.fade_over_ms is not None:
            audio.fade_out(outputs.fade_over_ms)

    def stop(self):
        """Fall silent at once, with nothing left to ring on."""
        self._segue.stop()
        super().stop()
        self._segment = -1
        self._sounding = False

    def _recording_failed(self):
        voice = self._voice
        return voice is not None and voice.failed and self._sources[self._segment] is voice

    def _parts(self, segment):
        """Return the melody of a segment and the soundscape under it, or its soundscape alone."""
        source = self._sources[segment]
        if isinstance(source, str):
            return None, source
        return source, self._soundscape

    def _change(self, segment):
        self._segment = segment
        if self._sources[segment] is not None:  # before a silence the level sinks, and all goes on till then
            blocks = self._crossfades_ms[segment] // _MS_PER_BLOCK
            song, soundscape = self._parts(segment)
            if song is not None and song is self._voice and song.failed:
                song = None
            self._segue.change(song, soundscape, blocks // 2 if self._halfway else blocks)
            self._sounding = True
        self._approached = self._halfway = False

    def _approach(self, segment):
        self._approached = True
        if self._sources[segment + 1] is None:
            return
        song, _ = self._parts(segment)
        following, soundscape = self._parts(segment + 1)
        if song is not None and following is not song:
            self._halfway = True
            blocks = self._crossfades_ms[segment + 1] // (2 * _MS_PER_BLOCK)
            self._segue.approach(soundscape, following is not None, blocks)
