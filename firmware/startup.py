"""What lies on flash when the device is switched on: profile, song, calibration, dose. Used once, then forgotten.

A record that is damaged, or no longer means anything, is said and not used: what stands in for it is the stricter.
"""

import binascii
import hashlib
import json

from firmware import board, reasons
from firmware.care import dose
from firmware.memory import names
from firmware.memory.store import ASIDE
from firmware.modules import forget
from firmware.prescription import calibration, profile
from firmware.sound import songs
from firmware.sound.score import PATTERN, Score, is_pattern
from firmware.step import Prescription


def load(device, unique_id):
    """Fill in what main.Device has from flash; returns how many records were there and could not be used."""
    device.unit = binascii.hexlify(unique_id).decode()
    # Until there is a whole profile nobody has confirmed contraindications: a press will be refused.
    device.inputs.profile_confirmed = False
    device.profile_digest = None
    device.recording = None
    device.programme = None
    device.patterns = []
    unusable = 0
    for part in (_load_profile, _load_calibration, _load_dose, _throw_away_staged):
        try:
            part(device)
        except (ValueError, OSError):
            unusable += 1  # the part has put in its place what is safe without it
        except MemoryError:
            # A reset would meet the same again, for ever. So a computer can bring another profile.
            device.inputs.memory_fault = reasons.HEAP_LOW
    return unusable


def _load_profile(device):
    """The committed profile, or the ready-made one for newborns, which only shows that none is there."""
    try:
        _load_committed(device)
    except MemoryError:
        forget("care.programme", "care.segments", "care.accompany", "prescription.programme", "sound.segue")
        raise
    finally:
        # A record that is whole and yet no profile, one of a newer firmware, or its song or recording is not here; or there
        # is no memory for what it plays, which must be free again before anything else is made.
        if not device.inputs.profile_confirmed:
            device.recording = device.programme = None
            device.sources = device.patterns = []
            device.profile = Prescription(profile.Profile.ready("newborn"))
            device.song = songs.SONGS[device.profile.song]


def _load_committed(device):
    found = device.store.load(names.PROFILE)
    if found is None:
        return
    schema, payload = found
    values = profile.migrate(json.loads(bytes(payload)), schema)
    if values.get("listening_programme", "none") != "none":
        # What plays it stays: below what is needed for a moment, that it may leave one piece of memory behind.
        from firmware.care import (
            programme,  # noqa: F401
            segments,  # noqa: F401
        )
        from firmware.sound import segue  # noqa: F401
    if values.get("melody") == "accompany":
        from firmware.care import accompany  # noqa: F401
        from firmware.sound import accompaniment  # noqa: F401
    committed = profile.Profile.from_values(values)
    device.song = _load_song(device.files, committed.song)
    voice = committed.voice
    if committed.listening_programme != "none":
        device.programme = _load_programme(device.files, committed.listening_programme)
        voices = device.programme.names_of("voice")
        voice = voices[0] if voices else voice
    device.recording = _open_recording(device.files, voice)
    if device.programme is None:
        device.patterns = _patterns([device.song])
    else:
        device.sources = [None] * device.programme.segments
        fetch_sources(device)
    device.profile = Prescription(committed)
    device.profile_digest = hashlib.sha256(payload).digest()[:8]
    device.inputs.profile_confirmed = True


def _load_song(files, name):
    """A song of the firmware or of the store; raises ValueError when it is not there, or damaged."""
    if name in songs.NAMES:
        return songs.SONGS[name]
    if is_pattern(name):
        from firmware.sound.pattern import Pattern

        return Pattern(name[len(PATTERN) :])
    return Score(_whole(files, names.SONG + name), name)


def _load_programme(files, name):
    """The Plan of a profile's listening programme; raises ValueError when it is not there, or damaged."""
    from firmware.prescription import programme

    return programme.read(_whole(files, names.PROGRAMME + name))


def _whole(files, file):
    """Return the bytes of a file; raises ValueError when it is not there."""
    size = files.size(file)
    if size is None:
        raise ValueError("%s is not on this device" % file)
    data = bytearray(size)
    files.read_into(file, 0, data)
    return data


def fetch_sources(device):
    """Fill in what each segment of the programme plays; raises ValueError or OSError where it is not there."""
    from firmware.care.segments import sources_of

    device.sources[:] = sources_of(
        device.programme, lambda name: _load_song(device.files, name), device.recording
    )
    device.patterns = _patterns(device.sources)


def _patterns(sounding):
    return [source for source in sounding if getattr(source, "grows", False)]


def _open_recording(files, name):
    """The recording that a profile asks for, or None; raises ValueError or OSError when it is not there."""
    if name == "none":
        return None
    from firmware.sound.adpcm import SoundRecording

    file = names.VOICE + name
    return SoundRecording(files.open(file).read_into, files.size(file))


def _load_calibration(device):
    """A record of this device replaces the board's strictest assumption."""
    device.full_scale_cdba = board.FULL_SCALE_CDBA
    device.calibrated = False
    found = device.store.load(names.CALIBRATION)
    if found is not None:
        _version, record = found
        device.full_scale_cdba = calibration.read(bytes(record), device.unit)
        device.calibrated = True
    elif device.store.damaged(names.CALIBRATION):
        raise ValueError("no slot of it is whole")


def _load_dose(device):
    device.dose = dose.Dose()
    try:
        found = device.store.load(names.DOSE)
        if found is not None:
            _version, record = found
            device.dose.unpack(record)
        elif device.store.damaged(names.DOSE):
            raise ValueError("no slot of it is whole")
    except (ValueError, OSError, MemoryError):
        # How much there was is not known: nothing more today.
        device.dose.assume_full(device.profile)
        raise


def _throw_away_staged(device):
    device.files.remove_all(ASIDE)
