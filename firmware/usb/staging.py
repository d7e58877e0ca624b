"""What a computer wants to change: received in chunks, checked whole, kept aside, and put in place piece by piece.

Nothing here asks who is standing by: commit() is called when somebody is (consent.py). What is staged lies on flash under
another name until then, and is thrown away at the next start. Every object is replaced in one step of the file system or
of the store, so that a power cut leaves each one old or new.
"""

import binascii
import hashlib
import json

from firmware.memory.names import CALIBRATION, PROFILE, PROGRAMME, SESSION, SONG, VOICE
from firmware.memory.store import ASIDE
from firmware.modules import forget
from firmware.sound.score import LARGEST as SONG_BYTES_MAX
from firmware.sound.score import Score, is_pattern
from firmware.usb import strict_json
from firmware.usb.link import Refused, show

_UPLOAD = ASIDE + "upload"
STORED = (SONG, VOICE, PROGRAMME)  # what a computer may put there under a name of its own
TEXT_BYTES_MAX = 4096
PROGRAMME_BYTES_MAX = 2048  # programme.LARGEST and PROGRAMMES_MAX, without loading that module for them
PROGRAMMES_MAX = 8
VOICE_BYTES_MAX = 16 + 256 * 638  # adpcm.LARGEST, without loading that module for it
NAME_CHARACTERS_MAX = 24
STAGED_MAX = 40
_BLOCK_BYTES = 4096  # of flash; what is larger does not wait in memory
_SPARE_BYTES = 4 * _BLOCK_BYTES  # left for records, which are written anew beside the old


class Staging:
    """The changes that wait. files: drivers/flash_files.py; store: store.py; unit: the hex id of this device;
    sessions_kept: slots of the journals; feed: called now and then in what takes long.

    Raises Refused with the code and the sentence for the computer, and OSError when the flash fails.
    """

    def __init__(self, files, store, unit, sessions_kept, feed):
        self._files = files
        self._store = store
        self._unit = unit
        self._sessions_kept = sessions_kept
        self._feed = feed
        self._steps = []
        self.discard()

    def discard(self):
        """Forget what is staged and what was being sent."""
        self._drop_upload()
        self.names = {}  # what is staged: the version of its form, or None for "goes"
        self.reset = False
        self._files.remove_all(ASIDE)

    def _drop_upload(self):
        self._name = None  # and size, hash and version of what is being sent
        self._buffer = bytearray(0)
        self._have = 0

    def __len__(self):
        return len(self.names) + (1 if self.reset else 0)

    # Receiving

    def put(self, name, size, sha256, version):
        """Begin an object, or go on with the one that was being sent; returns how many bytes are here."""
        most = most_bytes(name)
        if name[:5] == SONG and is_built_in(name[5:]):
            raise Refused("bad_argument", "%s is built in; choose another name." % name[5:])
        if (name, size, sha256, version) == self._name:
            return self._have
        if (
            name.startswith(PROGRAMME)
            and name not in self._programmes()
            and len(self._programmes()) >= PROGRAMMES_MAX
        ):
            raise Refused(
                "too_big",
                "A device holds %d programmes, and this one has them; remove one first." % PROGRAMMES_MAX,
            )
        if size > most:
            raise Refused("too_big", "%s has %d bytes and may have %d." % (show(name), size, most))
        free = self._files.free_bytes() - _SPARE_BYTES
        if size > free:
            raise Refused(
                "too_big", "%d bytes are free on the device; remove something first." % max(0, free)
            )
        if name not in self.names and len(self.names) >= STAGED_MAX:
            raise Refused(
                "too_big", "%d changes are staged, and no more fit; commit them first." % STAGED_MAX
            )
        self._drop_upload()
        self._files.remove(_UPLOAD)
        self._buffer = bytearray(min(size, _BLOCK_BYTES))
        self._name = (name, size, sha256, version)
        self._hash = hashlib.sha256()
        return 0

    def _programmes(self):
        """Return the names of the programmes that would be there after a commit."""
        there = [] if self.reset else [name for name in self._files.names() if name.startswith(PROGRAMME)]
        there = [name for name in there if self.names.get(name, 1) is not None]
        staged = [name for name in self.names if name.startswith(PROGRAMME) and self.names[name] is not None]
        return there + [name for name in staged if name not in there]

    def data(self, at, chunk):
        """Take a chunk; returns how many bytes are here. One that is here already is acknowledged again."""
        if self._name is None:
            raise Refused("nothing_staged", "Nothing is being sent; begin with put.")
        _name, size, _sha256, _version = self._name
        if at + len(chunk) <= self._have:
            return self._have
        if at != self._have:
            raise Refused("bad_data", "The next byte is %d, not %d." % (self._have, at))
        if at + len(chunk) > size:
            raise Refused("bad_data", "%d bytes were announced, and this is more." % size)
        self._hash.update(chunk)
        try:
            for byte in chunk:
                self._buffer[self._have % _BLOCK_BYTES] = byte
                self._have += 1
                if size > _BLOCK_BYTES and self._have % _BLOCK_BYTES == 0:
                    self._files.append(_UPLOAD, (self._buffer,))
        except OSError:
            self._drop_upload()  # nobody knows how much of it is there
            raise
        return self._have

    def stage(self):
        """Check the object that was sent by what will use it, and keep it aside."""
        if self._name is None:
            raise Refused("nothing_staged", "Nothing was sent; begin with put.")
        name, size, sha256, version = self._name
        if self._have < size:
            raise Refused("bad_data", "%d of %d bytes are here; send the rest." % (self._have, size))
        whole = binascii.hexlify(self._hash.digest()).decode() == sha256
        buffer = self._buffer
        self._drop_upload()
        if not whole:
            raise Refused("bad_data", "The SHA-256 of what came differs; send it again.")
        if size > _BLOCK_BYTES:
            rest = size % _BLOCK_BYTES
            if rest:
                self._files.append(_UPLOAD, (memoryview(buffer)[:rest],))
            self._files.read_into(_UPLOAD, 0, buffer)  # its beginning again
        self._check(name, buffer, size, version)
        if size <= _BLOCK_BYTES:
            self._files.write(_UPLOAD, (buffer,))
        self._files.rename(_UPLOAD, ASIDE + name)
        self.names[name] = version

    def _check(self, name, data, size, version):
        try:
            if name == PROFILE:
                self._check_profile(data, version)
            elif version != 1:
                raise ValueError("%s has version %d, and this device knows version 1." % (name, version))
            elif name == CALIBRATION:
                self._check_calibration(data)
            elif name[:5] == SONG:
                Score(data, name[5:])
            elif name.startswith(PROGRAMME):
                self._check_programme(data)
            else:
                self._check_recording(data, size)
        except ValueError as error:
            raise Refused("invalid", error.args[0])  # noqa: B904

    def _check_calibration(self, data):
        from firmware.prescription import calibration

        try:
            strict_json.check(data)
        except ValueError:
            raise ValueError("The calibration is not JSON; calibrate again.")  # noqa: B904
        try:
            calibration.read(bytes(data), self._unit)
        finally:
            forget("prescription")

    def _check_recording(self, data, size):
        def read_into(offset, buffer):
            self._feed()
            if size > len(data):
                return self._files.read_into(_UPLOAD, offset, buffer)
            piece = data[offset : offset + len(buffer)]
            buffer[: len(piece)] = piece
            return len(piece)

        # Not forgotten afterwards: each new import of machine code leaves a few bytes of the heap behind for ever.
        from firmware.sound import adpcm

        adpcm.check_whole(read_into, size)

    def _check_profile(self, data, version):
        try:
            from firmware.prescription import profile

            values = _values(profile, data, version)
            if values["arm"] != "none" and profile.SEAL not in values:
                raise ValueError(
                    "arm = %s is of a study, whose seal is missing; renew calando." % show(values["arm"])
                )
        finally:
            forget("prescription")
        self._check_named(values)

    def _check_programme(self, data):
        try:
            from firmware.usb import programmes

            programmes.check(data)
        finally:
            forget("prescription", "care.plan", "usb.programmes")

    def _check_named(self, values):
        """Check that the song, the recording and the programme that a profile names will be there, and what that programme
        names. Raises ValueError with a sentence.
        """
        for setting, prefix in (
            ("song", SONG),
            ("voice", VOICE),
            ("listening_programme", PROGRAMME),
        ):
            name = values.get(setting)
            # None: the ready-made profile's, which needs nothing stored.
            if name is None or (is_built_in(str(name)) if prefix == SONG else name == "none"):
                continue
            file = prefix + str(name)
            if self._coming(file) is None:
                if file in self.names:
                    raise ValueError(
                        "The profile plays %s = %s; put another profile first." % (setting, show(name))
                    )
                raise ValueError("%s = %s is not on this device; put it there first." % (setting, show(name)))
            if prefix == PROGRAMME:
                self._check_followed(name, values)

    def _check_going(self, going):
        """Refuse that a song or a voice goes which a programme that stays names, its own or one of the profile's."""
        gone = [name for name in going if self._coming(name) is None and not name.startswith(PROGRAMME)]
        if not any([is_stored(name) for name in gone]) or not self._programmes():
            return
        try:
            from firmware.usb import programmes

            programmes.check_going(self._files, self._coming, gone)
        except ValueError as error:
            raise Refused("invalid", error.args[0])  # noqa: B904
        finally:
            forget("prescription", "care.plan", "usb.programmes")

    def _coming(self, file):
        """Return the file that will hold this object after a commit, None where there will be none."""
        if file in self.names:
            return None if self.names[file] is None else ASIDE + file
        return None if self.reset or self._files.size(file) is None else file

    def _check_followed(self, name, values):
        try:
            from firmware.usb import programmes

            programmes.check_followed(
                self._files, self._coming, built_in_bytes, name, values.get("session_min")
            )
        finally:
            forget("prescription", "care.plan", "usb.programmes")

    # Other changes

    def remove(self, name):
        """Stage that a song, a voice or all sessions go."""
        if name != SESSION:
            most_bytes(name)
            if not is_stored(name):
                raise Refused("bad_argument", "%s cannot be removed; use reset." % show(name))
            if name[:5] == SONG and is_built_in(name[5:]):
                raise Refused("bad_argument", "%s is built in and stays." % name[5:])
            if self._files.size(name) is None and self._files.size(ASIDE + name) is None:
                raise Refused("not_found", "There is no %s on this device." % name)
            self._files.remove(ASIDE + name)
            if self._files.size(name) is None:
                self.names.pop(name, None)
                return
        self.names[name] = None

    def rollback(self):
        """Stage the profile before this one."""
        found = self._store.load_older(PROFILE)
        if found is None:
            raise Refused("not_found", "There is no profile before this one; it is the first.")
        version, text = found
        self._check(PROFILE, text, len(text), version)
        self._files.write(ASIDE + PROFILE, (text,))
        self.names[PROFILE] = version

    def factory_reset(self):
        """Stage that everything goes but the dose; what is staged after that comes back in its place."""
        self.discard()
        self.reset = True

    # Looking at them

    def changes(self):
        """Return one list of name, setting, old and new for each thing that a commit changes, in a person's units.

        A setting that a profile leaves to the ready-made one is None.
        """
        found = []
        names = sorted(self.names)
        if self.reset:
            for name in self._going():
                if name not in self.names:
                    names.append(name)
        for name in names:
            if name == PROFILE or name == CALIBRATION:
                old, new = _object(self._store.load(name)), _object(self._aside(name))
                for setting in sorted(set(old) | set(new)):
                    if old.get(setting) != new.get(setting):
                        found.append((name, setting, old.get(setting), new.get(setting)))
            elif name == SESSION:
                found.append((name, "records", len(self._store.history(name, self._sessions_kept)), 0))
            else:
                new = None if self.names.get(name) is None else self._files.size(ASIDE + name)
                found.append((name, "bytes", self._files.size(name), new))
        return found

    def _aside(self, name):
        """(version, bytes) of a staged object, None when it goes."""
        version = self.names.get(name)
        if version is None:
            return None
        data = bytearray(self._files.size(ASIDE + name))
        self._files.read_into(ASIDE + name, 0, data)
        return version, data

    def _going(self):
        """Return what a reset takes away."""
        there = [name for name in (PROFILE, CALIBRATION) if self._store.load(name) is not None]
        there += sorted([name for name in self._files.names() if is_stored(name)])
        if self._store.history(SESSION, self._sessions_kept):
            there.append(SESSION)
        return there

    # Committing

    def prepare(self, checked):
        """Note what a commit has to do, in order; `commit` does it. Refuses what cannot be used together."""
        if not len(self):
            raise Refused("nothing_staged", "Nothing is staged.")
        if PROFILE in self.names and checked is not True:
            raise Refused(
                "not_confirmed",
                "A profile needs checked = true: the contraindications were gone through (docs/intended-use.md).",
            )
        found = self._aside(PROFILE) or (None if self.reset else self._store.load(PROFILE))
        try:
            self._check_named(_object(found))
        except ValueError as error:
            raise Refused("invalid", error.args[0])  # noqa: B904
        names = sorted(self.names)
        going = self._going() if self.reset else [name for name in names if self.names[name] is None]
        self._check_going(going)
        steps = [(_place, name) for name in names if self.names[name] is not None and "." in name]
        for name in (CALIBRATION, PROFILE):
            if name in self.names:
                steps.append((_save, name))
                if self.reset:
                    steps.append((_remove_older, name))
        # What the old profile needs goes after it.
        for name in (CALIBRATION, PROFILE):
            if self.reset and name not in self.names:
                steps.append((_remove_record, name))
        steps += [(_remove_file, name) for name in going if "." in name and self.names.get(name) is None]
        if SESSION in going:
            steps.append((_remove_record, SESSION))
        self._steps = steps

    def commit(self):
        """Put one thing in its place; True while there is more to do. Raises OSError when the flash fails."""
        if self._steps:
            step, name = self._steps[0]
            step(self, name)
            self._steps.pop(0)
        return bool(self._steps)


def _object(found):
    """A record (version, JSON object) as a dict; an empty one where there is none, or anything else."""
    _version, record = found or (None, b"{}")
    try:
        values = json.loads(bytes(record))
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _values(profile, data, version):
    """All settings of a profile in a person's units. Raises ValueError with a sentence."""
    try:
        strict_json.check(data)
        values = json.loads(bytes(data))  # as the next start reads it
    except ValueError:
        raise ValueError("The profile is not JSON.")  # noqa: B904
    return profile.Profile.from_values(profile.migrate(values, version)).values


def _place(staging, name):
    staging._files.rename(ASIDE + name, name)


def _save(staging, name):
    version, data = staging._aside(name)
    staging._store.save(name, version, data)


def _remove_older(staging, name):
    staging._store.remove(name, 2, keep_newest=True)


def _remove_record(staging, name):
    staging._store.remove(name, staging._sessions_kept if name == SESSION else 2)


def _remove_file(staging, name):
    staging._files.remove(name)


def is_built_in(name):
    """Return whether a song of this name is part of the firmware, or made by it."""
    return is_pattern(name) or built_in_bytes(name) is not None


def built_in_bytes(name):
    """Return how many bytes a song of the firmware has, None for any other. All of them are loaded for a moment."""
    from firmware.sound import songs

    try:
        data = songs.DATA.get(name)
        return None if data is None else len(data)
    finally:
        forget("sound.songs")


def is_stored(name):
    """Return whether this is the name of a song, a voice or a programme that somebody put there."""
    return any([name.startswith(prefix) for prefix in STORED])


def most_bytes(name):
    """Return the most bytes of an object that may be put. Raises Refused for any other name."""
    if name == PROFILE or name == CALIBRATION:
        return TEXT_BYTES_MAX
    for prefix, most in (
        (SONG, SONG_BYTES_MAX), (VOICE, VOICE_BYTES_MAX), (PROGRAMME, PROGRAMME_BYTES_MAX),
    ):  # fmt: skip
        if name.startswith(prefix):
            rest = name[len(prefix) :]
            if 1 <= len(rest) <= NAME_CHARACTERS_MAX and all([c in _NAME_CHARACTERS for c in rest]):
                return most
    raise Refused(
        "bad_argument",
        "%s is not profile, calibration, or song., voice. or programme. with 1 to %d small letters, digits and _."
        % (show(name), NAME_CHARACTERS_MAX),
    )


_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
