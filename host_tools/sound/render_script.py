"""Plays a plan on the firmware's own engine; for MicroPython and CPython alike, so the standard library's
core only.

A plan is a dict, as JSON on standard input under MicroPython: see render.py, which makes it. Blocks of 16-bit
samples go to standard output, and notes to standard error, one a line: sample, voice, note, length, tempo.
"""

import json
import sys
from array import array

SESSION_MS = 100
RATE_HZ = 16000
_PREVIEW_SPO2_PERMILLE = 970  # the preview is of a patient who is well: no stop rule is to be heard


class Player:
    """One plan being played. `render()` gives the next block, the same array each time, or None at the
    end. on_step(ms, outputs) is called after each step of a session.
    """

    def __init__(self, plan, on_note=None, on_step=None):
        from firmware.audio import BLOCK, Audio
        from firmware.sound.score import Score
        from firmware.sound.songs import SONGS

        accompanies = plan.get("melody") == "accompany"
        self.audio = audio = Audio(
            plan["full_scale_cdba"], plan["ceiling_cdba"], plan["ceiling_cdbc"], accompanies
        )
        audio.sequencer.on_note = on_note
        loudness = audio.loudness
        loudness.governed = plan.get("governed", True)
        loudness.first_level_cdba = plan.get("first_level_cdba", loudness.first_level_cdba)
        self._on_step = on_step
        self._block = array("h", bytes(2 * BLOCK))
        self._blocks = int(plan["seconds"] * 1000) * RATE_HZ // (1000 * BLOCK)
        self._block_ms = BLOCK * 1000 // RATE_HZ
        self._at = 0
        self._session = None
        self._song = None
        if plan.get("score"):
            self._song = Score(bytes.fromhex(plan["score"]), plan["song"])
        elif plan.get("song") in SONGS:
            self._song = SONGS[plan["song"]]
        elif plan.get("song"):
            from firmware.sound.pattern import Pattern

            self._song = Pattern(plan["song"][8:])
            self._song.begin(plan.get("seed", 0))
        self._soundscape = plan.get("soundscape")
        recording = None
        if plan.get("recording"):
            from firmware.sound.adpcm import SoundRecording

            file = _File(plan["recording"])
            recording = SoundRecording(file.read_into, plan["recording_bytes"])
        self._changes = plan.get("changes") or []
        self._next_change = 0
        if plan.get("pulse") is not None:
            self._start_session(plan, recording)
        else:
            audio.set_tempo(plan["tempo_mbpm"])
            audio.set_mood(plan["minor_permille"], plan["brightness_permille"], plan["density_permille"])
            sung = recording is not None and not recording.heartbeat
            if accompanies and sung:
                audio.sequencer.lie_under(self._song, recording.samples)
            audio.set_recording(recording)
            audio.soundscape(self._soundscape)
            audio.play(recording if sung else self._song)
            audio.set_level(plan["level_cdba"], plan["onset_ms"])

    def render(self):
        now_ms = self._at * self._block_ms
        if self._at >= self._blocks:
            return None
        if self._session is not None and now_ms >= self._next_step_ms:
            self._next_step_ms += SESSION_MS
            if not self._step(self._session, now_ms):
                return None
        while self._next_change < len(self._changes) and self._changes[self._next_change][0] <= now_ms:
            change = self._changes[self._next_change]
            getattr(self.audio, change[1])(*change[2:])
            self._next_change += 1
        self.audio.render(self._block)
        self._at += 1
        return self._block

    # A whole session for a given pulse: session.py decides, as on the device, with nothing else the matter.

    def _start_session(self, plan, recording):
        from firmware.care.conductor import Conductor
        from firmware.care.dose import Dose
        from firmware.care.session import Session
        from firmware.prescription.profile import Profile
        from firmware.step import Inputs, Outputs

        dose = Dose()
        dose.pass_minutes(1440)
        profile = Profile.from_values(plan["profile"])
        self._inputs, self._outputs = Inputs(), Outputs()
        self._pulse = plan["pulse"]
        self._pulse_row = 0
        self._next_step_ms = 0
        self._pressed = False
        if plan.get("programme"):
            self._conductor, self._session = self._follow_programme(plan, profile, dose, recording)
            return
        if profile.melody == "accompany":
            from firmware.care.accompany import perform

            profile.soundscape = self._soundscape or "none"
            self._conductor, self._session = perform(self.audio, profile, dose, self._song, recording)
            return
        self._session = Session(profile, dose)
        self._conductor = Conductor(self.audio, self._song, self._soundscape or "none", recording)

    def _follow_programme(self, plan, profile, dose, recording):
        from firmware.care.programme import perform
        from firmware.care.segments import sources_of
        from firmware.prescription import programme
        from firmware.sound.score import Score
        from firmware.sound.songs import SONGS

        followed = programme.read(plan["programme"].encode())
        own = plan["songs"]

        def load_song(name):
            return Score(bytes.fromhex(own[name]), name) if name in own else SONGS[name]

        sources = sources_of(followed, load_song, recording)
        patterns = [source for source in sources if getattr(source, "grows", False)]
        for number, pattern in enumerate(patterns):
            pattern.begin(plan.get("seed", 0) + number)
        return perform(self.audio, profile, dose, followed, sources, recording)

    def _step(self, session, now_ms):
        inputs, outputs = self._inputs, self._outputs
        pulse = self._pulse
        while self._pulse_row + 1 < len(pulse) and pulse[self._pulse_row + 1][0] <= now_ms:
            self._pulse_row += 1
        rate = pulse[self._pulse_row][1] if pulse else None
        inputs.gesture = None if self._pressed else "press"
        self._pressed = True
        inputs.pulse_rate_mbpm = rate
        inputs.pulse_reason = None if rate is not None else "no_contact"
        inputs.contact = rate is not None
        inputs.spo2_permille = _PREVIEW_SPO2_PERMILLE if rate is not None else None
        inputs.quality_percent = 90 if rate is not None else 0
        # A live sensor never reads the same twice; the guard takes one that does for broken.
        inputs.perfusion_index_ppm = 10000 + now_ms % 700 if rate is not None else None
        inputs.knob_permille = 1000
        inputs.supply_mv = 5000
        inputs.heap_free_bytes = 100000
        inputs.led_current_ua = 0
        self._conductor.gather(inputs)
        inputs.measured_level_cdba = inputs.level_cdba
        session.step(now_ms, inputs, outputs)
        self._conductor.follow(outputs)
        if self._on_step is not None:
            self._on_step(now_ms, outputs)
        return not session.over  # a rest within its fade, and a silence at its end, are part of it


class _File:
    """A file read in pieces, as firmware/drivers/flash_files.py reads the device's."""

    def __init__(self, path):
        self._path = path

    def read_into(self, offset, buffer):
        with open(self._path, "rb") as file:
            file.seek(offset)
            return file.readinto(buffer)


def main():
    notes = sys.stderr

    def on_note(sample, voice, note, length, tempo_mbpm):
        notes.write(" ".join(map(str, (sample, voice, note, length, tempo_mbpm))) + "\n")

    plan = json.loads(sys.stdin.read())
    player = Player(plan, on_note if plan.get("notes") else None)
    write = sys.stdout.buffer.write
    block = player.render()
    while block is not None:
        write(block)
        block = player.render()


if __name__ == "__main__":
    main()
