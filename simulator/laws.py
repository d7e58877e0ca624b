"""The laws of a session: what no patient, fault, finger or profile may break, at any step.

Written from the hazard table (docs/hazards.md), not from the firmware: nothing of it is imported here, so that a wrong
limit there breaks a law. For the tests and for campaigns alike.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware.step import Outputs

CEILING_CDBA = {"newborn": 5000, "adult": 6000}  # of the mean that may be asked for
MATCH_RATE = 0.05  # of the tempo, a minute, from an opening of no patient to the patient's own
LONGEST_MS = {"newborn": 1_800_000, "adult": 2_700_000}
DAILY_MIN = {"newborn": 60, "adult": 90}
GAP_MIN = {"newborn": 60, "adult": 30}

_SILENT_AFTER_STOP_MS = 3000  # two seconds of fade and the amplifier's one
_SESSION_GRACE_MS = 5000
_RISE_CDB_PER_MS = 0.1  # 1 dB a second
_TEMPO_BPM = (19, 101)  # outside of every setting
_BEAT_TO_BEAT = 0.02  # of the tempo
_HOLD_IS_NAMED_MS = 3000  # the tempo is held some time before the phase says so
_BRIGHTEST_PERMILLE = 100  # dim, at night


class Laws:
    """Watches one device step by step. It keeps what it must remember; make one a device, and a new one a boot.

    population: "newborn" or "adult"; opening: the profile's; lead_rate_permille: how fast the profile lets the tempo
    slow, thousandths a minute.
    """

    def __init__(self, population: str, opening: str, lead_rate_permille: int):
        self._population = population
        self._opening = opening
        self._lead_rate = lead_rate_permille / 1000
        self._now_ms: int | None = None
        self._pressed = False  # since the last silence
        self._stopped_ms: int | None = None  # when a stop rule fired
        self._sounding_ms = 0
        self._beat_bpm: float | None = None  # the tempo at the last beat
        self._beat_ms = 0.0  # since then
        self._first_bpm: float | None = None
        # the tempo each second of the last minute, and whether it led then
        self._minute: list[tuple[float, bool]] = []
        self._ratio_pulses = 0  # pulses to a beat; another one is glided to, faster than a patient is led
        self._gliding = False
        self._arrived_ms = 0  # for how long the tempo has been where it was going to
        self._level_cdba: float | None = None
        self._on = False

    def broken(
        self, now_ms: int, outputs: "Outputs", heard_cdba: float | None, gesture: str | None = None
    ) -> list[str]:
        """Look at the step that ended now; return a sentence for each law that it broke, none for a good one.

        outputs: what the session wanted in this step; heard_cdba: level at the ear after it, hundredths of dB(A), None
        for silence; gesture: "press" or "hold" when the step was given one. Call it once a step, in order.
        """
        elapsed_ms = 0 if self._now_ms is None else max(0, now_ms - self._now_ms)
        self._now_ms = now_ms
        sounding = heard_cdba is not None
        began = sounding and self._level_cdba is None
        found = []
        if outputs.level_cdba > CEILING_CDBA[self._population]:
            found.append(f"a level of {outputs.level_cdba / 100:g} dB(A) was asked for, above the ceiling")
        if outputs.mute_now and outputs.amplifier_on:
            found.append("the amplifier was wanted on and silent in one step")
        if outputs.save_dose and outputs.amplifier_on:
            found.append("flash was to be written while the amplifier was on")
        if (
            outputs.light_colour not in ("off", "green", "amber")
            or not 0 <= outputs.light_permille <= _BRIGHTEST_PERMILLE
        ):
            found.append(f"the light was {outputs.light_colour}, {outputs.light_permille} of 1000")
        self._pressed |= gesture == "press"
        if began and not self._pressed:
            found.append("sound began by itself, not after a press")
        if gesture == "hold" and sounding:
            found.append("a hold did not silence at once")
        if self._on and not outputs.amplifier_on:
            self._pressed = False
        self._on = outputs.amplifier_on
        self._sounding_ms = self._sounding_ms + elapsed_ms if sounding else 0
        if self._sounding_ms > LONGEST_MS[self._population] + _SESSION_GRACE_MS:
            found.append(f"sound went on for {self._sounding_ms / 60_000:.1f} minutes")
        self._look_at_phase(now_ms, outputs, sounding, found)
        self._look_at_rise(elapsed_ms, heard_cdba, found)
        self._look_at_ratio(elapsed_ms, outputs)
        leads = outputs.phase in ("lead", "sustain")
        self._look_at_tempo(now_ms, elapsed_ms, outputs.tempo_mbpm if sounding else None, leads, found)
        return found

    def _look_at_phase(self, now_ms, outputs, sounding, found):
        if outputs.phase == "fault" and sounding:
            found.append("a device that cannot be trusted was heard")
        if outputs.phase != "withdraw":
            self._stopped_ms = None
        elif self._stopped_ms is None:
            self._stopped_ms = now_ms
        elif now_ms - self._stopped_ms > _SILENT_AFTER_STOP_MS and sounding:
            found.append(f"a stop rule was not silent after {_SILENT_AFTER_STOP_MS / 1000:g} s")
        if outputs.phase == "idle" and (sounding or outputs.sensor_on):
            found.append("an idle device sounded or lit its sensor")

    def _look_at_rise(self, elapsed_ms, heard_cdba, found):
        if heard_cdba is not None and self._level_cdba is not None:
            rise_cdb = heard_cdba - self._level_cdba
            if rise_cdb > elapsed_ms * _RISE_CDB_PER_MS + 1:
                found.append(f"the level rose by {rise_cdb:.0f} hundredths of dB in {elapsed_ms} ms")
        self._level_cdba = heard_cdba

    def _look_at_ratio(self, elapsed_ms, outputs):
        if outputs.ratio_pulses != self._ratio_pulses:
            self._gliding = self._ratio_pulses != 0 and outputs.ratio_pulses != 0
            self._ratio_pulses = outputs.ratio_pulses
        elif outputs.phase == "baseline":
            self._gliding = (
                self._opening == "music"
            )  # from a tempo of no patient to the first that is led from
        elif outputs.tempo_mbpm != outputs.target_tempo_mbpm or outputs.phase == "hold":
            # What is held wants the tempo that it has, and goes on afterwards to where it was going.
            self._arrived_ms = 0
        elif self._arrived_ms > _HOLD_IS_NAMED_MS:
            self._gliding = False
        else:
            self._arrived_ms += elapsed_ms
        if self._gliding:
            self._minute.clear()

    def _look_at_tempo(self, now_ms, elapsed_ms, tempo_mbpm, leading, found):
        if tempo_mbpm is None:
            self._beat_bpm = self._first_bpm = None
            self._minute.clear()
            return
        bpm = tempo_mbpm / 1000
        if not _TEMPO_BPM[0] < bpm < _TEMPO_BPM[1]:
            found.append(f"the tempo was {bpm:g} beats a minute")
        first_bpm = self._first_bpm = self._first_bpm or bpm
        leads = self._opening != "music"  # else the music's own tempo may be slower than the pulse's
        if leads and bpm > first_bpm * 1.0001:
            found.append(f"the tempo, {bpm:g}, was faster than {first_bpm:g} with which it began")
        self._beat_ms += elapsed_ms
        if self._beat_bpm is None or self._beat_ms >= 60_000 / bpm:
            self._beat_ms = 0.0
            if self._beat_bpm is not None and abs(bpm / self._beat_bpm - 1) > _BEAT_TO_BEAT:
                found.append(f"the tempo stepped from {self._beat_bpm:g} to {bpm:g} at one beat")
            self._beat_bpm = bpm
        if now_ms % 1000 == 0:
            self._minute.append((bpm, leading))
            if len(self._minute) > 60:
                led = leads or all(minute[1] for minute in self._minute)
                earlier = self._minute.pop(0)[0]
                if abs(bpm / earlier - 1) > (self._lead_rate if led else MATCH_RATE) + 0.0015:
                    found.append(f"the tempo went from {earlier:g} to {bpm:g} in a minute")
