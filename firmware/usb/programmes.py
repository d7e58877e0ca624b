"""Whether a listening programme that a computer brings can be used, with all that it names. Loaded for a programme only."""

import binascii
import json

from firmware.memory.names import PROGRAMME, SONG, VOICE
from firmware.memory.store import ASIDE
from firmware.usb import strict_json

SONG_BYTES_MAX = 3072  # programme.SONG_BYTES_MAX, without loading that module for it
# Places of a segment in the compact form: prescription/programme.py, TABLE.
_SOURCE = 1
_NAME = 2
_MINUTES = 3
# Of a recording: sound/adpcm.py.
_KIND_AT = 4
_HEARTBEAT = 2
_CHECKSUM = -9  # where it begins, from the end, with the newline before it
_ADULTS_SESSION_MIN = 30  # the ready-made profile's, for one that leaves it out


def check(data):
    """Check the compact form. Raises ValueError with a sentence."""
    from firmware.prescription import programme

    programme.check_whole(data)
    try:
        strict_json.check(data[:_CHECKSUM])
    except ValueError:
        raise ValueError(programme.NO_JSON)  # noqa: B904
    programme.read(data)


def check_going(files, coming, going):
    """Check that no programme that will be there after a commit names a song or a voice that goes. Raises ValueError with
    a sentence.

    coming: as in check_followed; going: the names of the files that go.
    """
    for name in sorted(files.names()):
        # Those that are put wait aside under another name, and are found by the one that they will have.
        name = name[len(ASIDE) :] if name.startswith(ASIDE) else name
        if not name.startswith(PROGRAMME) or coming(name) is None:
            continue
        for segment in _segments(files, coming(name)) or ():
            file = "%s.%s" % (segment[_SOURCE], segment[_NAME])
            if file in going:
                raise ValueError(
                    "%s cannot go: programme %s names it; remove that first." % (file, name[len(PROGRAMME) :])
                )


def _segments(files, file):
    """Return the segments of a programme, None where it was damaged since it came: its table, which would check it, has no
    room beside a profile's.
    """
    data = bytearray(files.size(file))
    files.read_into(file, 0, data)
    if bytes(data[_CHECKSUM:]) != b"\n%08X" % (binascii.crc32(data[:_CHECKSUM]) & 0xFFFFFFFF):
        return None
    return json.loads(bytes(data[:_CHECKSUM]))["segments"]


def check_followed(files, coming, built_in_bytes, name, session_min):
    """Check that what a programme names will be there after a commit, and that it fits into the profile's session. Raises
    ValueError with a sentence.

    coming: of a file's name, the name of the file that will hold it, or None; built_in_bytes: how many bytes a song of the
    firmware has, None for any other.
    """
    segments = _segments(files, coming(PROGRAMME + name))
    if segments is None:
        raise ValueError("programme %s is damaged; put it there again." % name)
    size = 0
    seen = []
    for segment in segments:
        source, song = segment[_SOURCE], segment[_NAME]
        if (source, song) in seen:
            continue
        seen.append((source, song))
        if source == "song":
            own = built_in_bytes(song)
            size += _size_of(files, coming, name, SONG + song) if own is None else own
        elif source == "voice":
            _size_of(files, coming, name, VOICE + song)
            kind = bytearray(1)
            files.read_into(coming(VOICE + song), _KIND_AT, kind)
            if kind[0] == _HEARTBEAT:
                raise ValueError(
                    "%s is a heartbeat; programme %s needs a voice there." % (VOICE + song, name)
                )
    if size > SONG_BYTES_MAX:
        raise ValueError(
            "the songs of programme %s have %d bytes together and may have %d." % (name, size, SONG_BYTES_MAX)
        )
    minutes = -int(-sum([segment[_MINUTES] for segment in segments]) // 1)
    session_min = _ADULTS_SESSION_MIN if session_min is None else session_min
    if minutes > session_min:
        raise ValueError(
            "programme %s lasts %d minutes and session_min is %d; raise session_min."
            % (name, minutes, session_min)
        )


def _size_of(files, coming, name, file):
    there = coming(file)
    if there is not None:
        return files.size(there)
    if files.size(file) is not None:
        raise ValueError("%s cannot go: programme %s, which the profile names, needs it." % (file, name))
    raise ValueError("programme %s needs %s, which is not on this device; put it there first." % (name, file))
