"""A song in the compact form as a file, checked by the device's own reader."""

from pathlib import Path

from firmware.sound import adpcm, songs
from firmware.sound.score import LARGEST, Score, ScoreError, is_pattern
from simulator.files import contents
from simulator.files.errors import CalandoError

SUFFIX = ".lul"
READY = Path(__file__).resolve().parent / "ready"  # airs and programmes that come with Calando, by name
RECORDING_SUFFIX = ".adp"  # of what calando song record writes
RECORDING_RATE_HZ = 8000  # samples a second of one (firmware/sound/adpcm.py)
_KIND_AT = 4  # in its head
NOTHING = "none"  # to a profile: no voice, no programme


def read(path: Path) -> bytes:
    """Return the bytes of a song. Raises CalandoError: not to be read, or no song in the compact form."""
    try:
        return Score(
            contents.read_bytes(path, "song", LARGEST, "make one with calando song import"), path.stem
        ).data
    except ScoreError as error:
        raise CalandoError(
            f"the song {path} cannot be played: {error}; make one with calando song import"
        ) from None


def refuse_nothing(name: str, how: str) -> None:
    """Raise CalandoError for the one name that a profile takes for nothing. how: the option that gives another one."""
    if name.casefold() == NOTHING:
        raise CalandoError(
            f'nothing on the device can be called "{name}": to a profile that means that there is none; '
            f"give another name with {how}"
        )


def kind_of(recording: bytes) -> int | None:
    """Return of which kind a recording is, by its head: adpcm.VOICE or adpcm.HEARTBEAT; None where that is missing."""
    return recording[_KIND_AT] if len(recording) > _KIND_AT else None


def read_recording(path: Path) -> bytes:
    """Return the bytes of a recording, every block of which has been checked. Raises CalandoError."""

    def read_into(offset: int, buffer: bytearray) -> int:
        piece = data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    try:
        data = contents.read_bytes(path, "recording", adpcm.LARGEST, "make one with calando song record")
        adpcm.check_whole(read_into, len(data))
    except adpcm.SoundRecordingError as error:
        raise CalandoError(f"the recording {path} cannot be played: {error}") from error
    return data


def refuse_second_meaning(name: str, data: bytes, file: str, how: str) -> None:
    """Raise CalandoError where a song, of `file`, has the name of one that comes with Calando and is another: a name means
    one song. how: what to do then.
    """
    own = songs.SONGS[name].data if name in songs.NAMES else air(name)
    if own is not None and bytes(own) != data:
        raise CalandoError(
            f'"{name}" is the name of a song that comes with Calando, and {file} differs from it; {how}'
        )


def beside(name: str, folder: Path) -> bytes | None:
    """Return a profile's song from NAME.lul in the folder of the profile, or else the air of that name; None for one that
    is built in.

    Raises CalandoError when it is neither, or another song has the name of one that comes with Calando.
    """
    if name in songs.NAMES or is_pattern(name):
        return None
    path = folder / (name + SUFFIX)
    if path.is_file():
        data = read(path)
        refuse_second_meaning(name, data, str(path), "rename the file, and name it so in the profile")
        return data
    found = air(name)
    if found is None:
        raise CalandoError(
            f'the song "{name}" is not built in, and there is no {path}; import it there with calando song import, '
            f"or choose one of {', '.join(songs.NAMES)}, or one of calando song airs"
        )
    return found


def air(name: str) -> bytes | None:
    """Return the air of the adults' songbook of that name, or None."""
    return read(READY / (name + SUFFIX)) if name in airs() else None


def airs() -> list[str]:
    """Return the names of the adults' songbook."""
    return sorted(path.stem for path in READY.glob("*" + SUFFIX))
