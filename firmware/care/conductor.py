"""Tells the engine what the session wants (what sounds, how fast, how loud, in which mood, when it fades), and the session
what the engine does.

The same for the device and for a preview on a desk. It decides nothing.
"""


class Conductor:
    """Stands between a session's outputs and `audio`. song: a Score; soundscape: a name or "none"; recording: an
    adpcm.SoundRecording or None. A recorded voice takes the song's place, until a damaged file ends it.
    """

    def __init__(self, audio, song, soundscape, recording=None):
        self._audio = audio
        self._song = song
        self._voice = None if recording is None or recording.heartbeat else recording
        audio.set_recording(recording)
        self._soundscape = None if soundscape == "none" else soundscape
        self._melody_on = False

    def gather(self, inputs, running=True):
        """Fill in the music's part of a step's inputs. Allocates nothing.

        running: the clocks of the sound are on. The engine's estimate is of the blocks it makes; with the clocks off nobody
        hears any.
        """
        audio = self._audio
        inputs.phrase_ended = audio.take_phrase_end()
        inputs.compound = (
            self._song is not None and self._song.compound
        )  # the ratio is chosen before the first note
        inputs.audio_silent = audio.silent
        loudness = audio.loudness
        inputs.level_cdba = loudness.level_cdba if running else 0
        inputs.level_cdbc = loudness.level_cdbc if running else 0

    def follow(self, outputs):
        """Pass on one step's wishes. Allocates nothing."""
        audio = self._audio
        if outputs.mute_now:
            audio.silence()
            self._melody_on = False
        if outputs.playing:
            audio.soundscape(self._soundscape if outputs.soundscape_on else None)
            if self._voice is not None and self._voice.failed:
                self._voice = None
                self._melody_on = False  # the song takes over
            if outputs.melody_on != self._melody_on:
                self._melody_on = outputs.melody_on
                audio.play((self._voice or self._song) if outputs.melody_on else None)
            if outputs.tempo_mbpm is not None:
                audio.set_tempo(outputs.tempo_mbpm)
            if outputs.level_over_ms is not None:
                audio.set_level(outputs.level_cdba, outputs.level_over_ms)
            feedback = outputs.stranger_permille
            if feedback is None:
                feedback = outputs.feedback_permille or 0
            audio.set_pace(outputs.pace_mbpm, outputs.swell_cdb, outputs.inhalation_permille)
            audio.set_mood(
                outputs.minor_permille,
                outputs.brightness_permille + feedback,
                outputs.density_permille + feedback,
            )
        if outputs.fade_over_ms is not None:
            audio.fade_out(outputs.fade_over_ms)

    def stop(self):
        """Take it that the clocks of the sound are off: nothing is left to ring on."""
        self._audio.silence()
        self._melody_on = False
