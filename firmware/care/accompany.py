"""A session in which somebody sings and the device accompanies: what its level and its light do for a voice in the room.

Loaded only for a profile whose melody is "accompany". Everything else is as in every session.

The louder the room, the softer the accompaniment: from ten decibels below the room's limit (guard.py) it gives way by a
decibel for each, six at most. It comes back slowly, and never for a voice that grew. So what is heard together stays under
the limit for longer than the voice alone would with music that insists.
"""

from micropython import const

from firmware import reasons
from firmware.care import panel
from firmware.care.conductor import Conductor
from firmware.care.guard import ADULT_ROOM_CDBA, NEWBORN_ROOM_CDBA
from firmware.care.session import Session

_HEADROOM_CDB = const(1000)  # below the room's limit: there the accompaniment begins to give way
_YIELDS_MOST_CDB = const(600)
_FORGETS_MS_PER_CDB = const(40)  # a quarter of a dB a second: a breath is no reason to come back
# Of full brightness: never brighter than the light that shows a session, and never out.
_BRIGHTEST_PERMILLE = const(30)
_DIMMEST_PERMILLE = const(10)
_FALLS_PERMILLE = const(600)  # of a bar; then it swells to the next one


def perform(audio, profile, dose, song, recording):
    """Return the conductor and the session of a profile that accompanies; `audio` is made to."""
    if recording is not None and not recording.heartbeat:
        audio.sequencer.lie_under(song, recording.samples)
    return AccompanyConductor(audio, song, profile.soundscape, recording), AccompanySession(profile, dose)


class AccompanyConductor(Conductor):
    """Tells the session besides how much of the bar has passed."""

    def gather(self, inputs, running=True):
        super().gather(inputs, running)
        inputs.bar_permille = self._audio.bar_permille() if running else None


class AccompanySession(Session):
    """A profile's sessions in which the melody is left to a voice."""

    def __init__(self, profile, dose):
        newborn = profile.population == "newborn"
        self._gives_way_from_cdba = (NEWBORN_ROOM_CDBA if newborn else ADULT_ROOM_CDBA) - _HEADROOM_CDB
        super().__init__(profile, dose)

    def _clear(self):
        super()._clear()
        self._room_cdba = 0  # the loudest of the last half minute, the older the less

    def step(self, now_ms, inputs, outputs):
        """Fill `outputs` for this moment, the light of a bar included."""
        super().step(now_ms, inputs, outputs)
        bar = inputs.bar_permille
        if (
            bar is not None
            and self.profile.light_swell
            and outputs.melody_on
            and outputs.light_colour == panel.GREEN
            and self.phase != reasons.FADE
        ):
            outputs.light_permille = light_of(bar)

    def _set_level(self, inputs, outputs):
        room = inputs.room_level_cdba
        if room is not None:
            self._room_cdba = max(room, self._room_cdba - self._elapsed_ms // _FORGETS_MS_PER_CDB)
        super()._set_level(inputs, outputs)

    def _glide_to(self, wanted, outputs):
        gives_way = max(0, min(_YIELDS_MOST_CDB, self._room_cdba - self._gives_way_from_cdba))
        super()._glide_to(wanted - gives_way, outputs)


def light_of(bar_permille):
    """Return the light's brightness in a bar, thousandths: brightest as it begins."""
    if bar_permille < _FALLS_PERMILLE:
        share = 1000 - bar_permille * 1000 // _FALLS_PERMILLE
    else:
        share = (bar_permille - _FALLS_PERMILLE) * 1000 // (1000 - _FALLS_PERMILLE)
    return _DIMMEST_PERMILLE + (_BRIGHTEST_PERMILLE - _DIMMEST_PERMILLE) * share // 1000
