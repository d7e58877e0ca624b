"""The device on a therapist's desk: what is on it, and what is to be changed, by the commands of docs/protocol.md.

Loaded when the first such command comes while nothing plays, and dropped when the cable goes or a session begins.
Nothing that a computer sends changes the device: that needs a hand on the button (consent.py).
"""

import binascii
import hashlib
import json

from firmware import ticks
from firmware.care import panel
from firmware.memory.journal import EVENTS, RECORD_BYTES
from firmware.memory.names import CALIBRATION, DOSE, FAULT, PROFILE, PROGRAMME, SESSION, SONG, VOICE
from firmware.modules import forget
from firmware.usb import consent as presence
from firmware.usb.link import CHUNK_BYTES, Refused, show
from firmware.usb.staging import Staging, built_in_bytes, is_stored, most_bytes

COMMIT = "commit"
BENCH = "bench"
DONE = "done"
FAILED = "failed"
RESTART_AFTER_MS = 1000  # for the computer to hear that it is done
IDENTIFY_MS = 5000
IDENTIFY_TURN_MS = 500
ITEMS = 5  # of a list in one line
_CUT = 0x80 | EVENTS.index("cut")  # third byte of a journal's last record

# Every command and the keys it takes.
COMMANDS = {
    "list": ("kind", "from"),
    "get": ("name", "at"),
    "put": ("name", "size", "sha256", "format"),
    "data": ("at", "data"),
    "stage": (),
    "remove": ("name",),
    "rollback": (),
    "reset": (),
    "discard": (),
    "commit": ("checked",),
    "identify": (),
    "bench": (),
}


class Desk:
    """files: drivers/flash_files.py; store: store.py; unit: hex id of the device; sessions_kept: slots of the journals;
    sessions_now: how many of them were saved since the device was switched on; feed: called in what takes long.

    restart: what was committed is on flash, and the device should start anew.
    bench: somebody held the button for bench mode.
    """

    def __init__(self, files, store, unit, sessions_kept, sessions_now, feed):
        self._files = files
        self._store = store
        self._sessions_kept = sessions_kept
        self._sessions_now = sessions_now
        self._sessions = None  # found when they are first asked for: every journal is read for that
        self._feed = feed
        self._staging = Staging(files, store, unit, sessions_kept, feed)
        self._consent = presence.Consent()
        self._done: str | None = None
        self._done_ms = 0
        self._identify_until_ms: int | None = None
        self._reading: _Reading | None = None
        self.restart = False
        self.bench = False

    @property
    def staged(self):
        return len(self._staging)

    @property
    def commit(self):
        """Return None, waiting, done, expired or failed, as `status` says it."""
        if self._done is not None:
            return self._done
        if self._consent.what != COMMIT:
            return presence.NONE
        return presence.WAITING if self._consent.state == presence.GIVEN else self._consent.state

    # Between the commands

    def gesture(self, gesture, now_ms):
        """Return whether a gesture of the button is an answer to what was asked; then it means nothing else."""
        return self._consent.gesture(gesture, now_ms) or self.committing

    @property
    def committing(self):
        return self._consent.what == COMMIT and self._consent.state == presence.GIVEN

    def step(self, now_ms):
        """Take a turn of what needs no command: questions that expire, and a commit, one object at a time."""
        consent = self._consent
        consent.pass_time(now_ms)
        if consent.state != presence.GIVEN:
            return
        if consent.what == BENCH:
            consent.forget()
            self.bench = True
        elif self._done is None:
            try:
                if not self._staging.commit():
                    self._finish(DONE, now_ms)
            except OSError:
                self._finish(FAILED, now_ms)
        elif ticks.since(now_ms, self._done_ms) >= RESTART_AFTER_MS:
            self.restart = True

    def _finish(self, how, now_ms):
        self._done = how
        self._done_ms = now_ms

    def light(self, now_ms, outputs):
        """Let the light say that a hand is wanted, or which device this is."""
        if self._consent.state == presence.WAITING:
            outputs.light_colour = panel.AMBER
            outputs.light_permille = panel.STOPPED_PERMILLE
        elif self._identify_until_ms is not None:
            left_ms = ticks.since(self._identify_until_ms, now_ms)
            if left_ms <= 0:
                self._identify_until_ms = None
                return
            turn = left_ms // IDENTIFY_TURN_MS
            outputs.light_colour = panel.AMBER if turn & 1 else panel.GREEN
            outputs.light_permille = panel.STOPPED_PERMILLE

    # Commands

    def keys(self, command):
        """Return the arguments that a command takes, None where there is no such command."""
        return COMMANDS.get(command)

    def answer(self, command, arguments, now_ms):
        """Return the answer of one of COMMANDS, as a dict. Raises Refused, and OSError from the flash."""
        if self.committing:
            raise Refused("busy", "What is staged is being committed; wait for status.")
        staging = self._staging
        if command == "list":
            return self._list(arguments)
        if command == "get":
            return self._get(_text(arguments, "name"), _whole(arguments, "at", 0))
        if command == "identify":
            self._identify_until_ms = ticks.add(now_ms, IDENTIFY_MS)
            return {}
        if command == "bench":
            self._consent.ask(BENCH, now_ms)
            return {"within_s": presence.WAIT_MS // 1000}
        if command == "commit":
            staging.prepare(arguments.get("checked"))
            self._consent.ask(COMMIT, now_ms)
            return {"within_s": presence.WAIT_MS // 1000}
        # What is staged changes: a hand that holds the button now must not commit something else than was shown.
        self._consent.forget()
        self._reading = None
        if command == "put":
            version = _whole(arguments, "format")
            size = _whole(arguments, "size")
            if not size:
                raise Refused("bad_argument", "size is 0; an object has at least one byte.")
            return {"have": staging.put(_text(arguments, "name"), size, _text(arguments, "sha256"), version)}
        if command == "data":
            return {"have": staging.data(_whole(arguments, "at"), _bytes(arguments, "data"))}
        if command == "stage":
            staging.stage()
        elif command == "remove":
            staging.remove(_text(arguments, "name"))
        elif command == "rollback":
            staging.rollback()
        elif command == "reset":
            staging.factory_reset()
        else:
            staging.discard()
        return {"staged": len(staging)}

    def _list(self, arguments):
        kind = _text(arguments, "kind")
        if kind == "song":
            items = self._built_in()
            items += self._stored(SONG)
        elif kind == "voice":
            items = self._stored(VOICE)
        elif kind == "programme":
            items = self._stored(PROGRAMME)
        elif kind == SESSION:
            items = self._journals()
        else:
            raise Refused("bad_argument", "kind is song, voice, programme or session.")
        start = _whole(arguments, "from", 0)
        end = start + ITEMS
        if kind == SESSION:
            page = [self._session(index, *items[index]) for index in range(start, min(end, len(items)))]
        else:
            page = items[start:end]
        return {"items": page, "next": end if end < len(items) else None}

    def _built_in(self):
        from firmware.sound import songs

        try:
            return [_item(name, len(songs.DATA[name]), True) for name in sorted(songs.NAMES)]
        finally:
            forget("sound.songs")

    def _stored(self, prefix):
        names = sorted([name for name in self._files.names() if name.startswith(prefix)])
        return [_item(name[len(prefix) :], self._files.size(name), False) for name in names]

    def _journals(self):
        if self._sessions is None:
            self._sessions = self._store.history(SESSION, self._sessions_kept)
        return self._sessions

    def _session(self, index, age, slot):
        size = self._store.slot_size(SESSION, slot)
        return {
            "age": age,
            "records": size // RECORD_BYTES,
            "this_boot": index >= len(self._journals()) - self._sessions_now,
            "cut": size > 0 and self._cut(slot, size),
        }

    def _cut(self, slot, size):
        """Return whether the power went before it ended: its last record says so."""
        record = bytearray(RECORD_BYTES)
        self._store.read_into(SESSION, slot, size - RECORD_BYTES, record)
        return record[2] == _CUT

    def _get(self, name, at):
        reading = self._reading
        if reading is None or reading.name != name or (not at and reading.place):
            self._reading = reading = _Reading(name, self._open(name))
        source = reading.source
        size = source.size
        if at > size:
            raise Refused("bad_argument", "%s has %d bytes; at is beyond them." % (name, size))
        piece = bytearray(min(CHUNK_BYTES, size - at))
        source.read_into(at, piece)
        end = at + len(piece)
        if at == reading.place:
            reading.hash.update(piece)
            reading.place = end
        answer = {"data": _base64(piece), "size": size, "next": end if end < size else None}
        if end == size:
            self._reading = None  # a hash gives its digest once
            whole = reading.hash if reading.place == size else self._hash(source)
            answer["sha256"] = binascii.hexlify(whole.digest()).decode()
        return answer

    def _hash(self, source):
        whole = hashlib.sha256()
        for at in range(0, source.size, CHUNK_BYTES):
            self._feed()
            piece = bytearray(min(CHUNK_BYTES, source.size - at))
            source.read_into(at, piece)
            whole.update(piece)
        return whole

    def _open(self, name):
        """Something with `size` and read_into(place, buffer)."""
        if name == "schema":
            return _Schema()
        if name == "diff":
            return _Text(self._diff())
        if name == "profile.previous":
            found = self._store.load_older(PROFILE)
        elif name in (PROFILE, CALIBRATION, DOSE, FAULT):
            found = self._store.load(name)
        elif is_stored(name):
            if name[:5] == SONG and built_in_bytes(name[5:]) is not None:
                from firmware.sound import songs

                try:
                    return _Text(songs.DATA[name[5:]])
                finally:
                    forget("sound.songs")
            most_bytes(name)  # refuses what is no name of a file of ours
            size = self._files.size(name)
            if size is None:
                raise _not_found(name)
            return _File(self._files, name, size)
        elif name.startswith("session."):
            for age, slot in self._journals():
                if name == "session.%d" % age:
                    return _Slot(self._store, slot)
            raise _not_found(name)
        else:
            raise _not_found(name)
        if found is None:
            raise _not_found(name)
        _version, record = found
        return _Text(record)

    def _diff(self):
        if not self.staged:
            raise Refused("nothing_staged", "Nothing is staged.")
        changes = [
            '{"name":%s,"setting":%s,"old":%s,"new":%s}' % tuple([json.dumps(value) for value in change])
            for change in self._staging.changes()
        ]
        return ('{"changes":[' + ",".join(changes) + "]}").encode()


class _Reading:
    """An object that is being read, and the hash of what was read of it in order."""

    def __init__(self, name, source):
        self.name = name
        self.source = source
        self.place = 0
        self.hash = hashlib.sha256()


class _Text:
    def __init__(self, data):
        self._data = data
        self.size = len(data)

    def read_into(self, at, buffer):
        buffer[:] = self._data[at : at + len(buffer)]


class _File:
    def __init__(self, files, name, size):
        self._files = files
        self._name = name
        self.size = size

    def read_into(self, at, buffer):
        self._files.read_into(self._name, at, buffer)


class _Slot:
    def __init__(self, store, slot):
        self._store = store
        self._slot = slot
        self.size = store.slot_size(SESSION, slot)

    def read_into(self, at, buffer):
        self._store.read_into(SESSION, self._slot, at, buffer)


class _Schema:
    def __init__(self):
        from firmware.prescription import schema

        self._schema = schema
        self.size = schema.size()
        forget("prescription")

    def read_into(self, at, buffer):
        self._schema.read_into(at, buffer)


def _not_found(name):
    return Refused("not_found", "There is no %s on this device." % show(name))


def _item(name, size, built_in):
    return {"name": name, "bytes": size, "built_in": built_in}


def _base64(data):
    return binascii.b2a_base64(data).decode().rstrip("\n")


def _text(arguments, name):
    value = arguments.get(name)
    if not isinstance(value, str):
        raise Refused("bad_argument", "%s is missing, or not a text." % name)
    return value


def _whole(arguments, name, default=None):
    value = arguments.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 30:
        raise Refused("bad_argument", "%s is missing, or not a whole number from 0." % name)
    return value


def _bytes(arguments, name):
    """The bytes of a base64 text. Decoders are lenient: what does not encode back to the same is none."""
    text = _text(arguments, name)
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        data = b""
    if not data or _base64(data) != text:
        raise Refused("bad_data", "%s is not base64 of at least one byte." % name)
    return data
