"""Songs and recordings ready for the device: files of `calando song import` and `calando song record`, and the airs."""

from pathlib import Path

from firmware.prescription.profile import Profile
from firmware.sound import songs
from host_tools.songs import airs
from host_tools.sound import render
from simulator.files import song_file


def sound(file: Path) -> tuple[str, bytes]:
    """Return what a file is to the device, "song" or "voice", and its bytes; `file` may be an air's name.

    Raises CalandoError for a file that is neither, or cannot be read.
    """
    if file.suffix == song_file.RECORDING_SUFFIX:
        return "voice", render.load_recording(file)
    air = None if file.suffix or file.exists() else airs.find(str(file))
    return "song", song_file.read(file) if air is None else air.encode()


def of_profile(profile: Profile, folder: Path) -> dict[str, bytes]:
    """Return the song and the recording that a profile names, as far as they are not built in and lie in this folder,
    or are airs: bytes by their names on the device ("song.NAME", "voice.NAME"). Raises CalandoError as `sound` does.
    """
    found = {}
    file = folder / (profile.song + song_file.SUFFIX)
    if profile.song not in songs.NAMES and (file.is_file() or airs.find(profile.song)):
        _, data = sound(file if file.is_file() else Path(profile.song))
        song_file.refuse_second_meaning(
            profile.song, data, str(file), "rename the file, and name it so in the profile"
        )
        found[f"song.{profile.song}"] = data
    file = folder / (profile.voice + song_file.RECORDING_SUFFIX)
    if profile.voice != "none" and file.is_file():
        _, found[f"voice.{profile.voice}"] = sound(file)
    return found
