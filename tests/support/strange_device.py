"""A device on a pseudo-terminal that answers as the firmware does, but for one command, which it answers in a wrong way.

The firmware's own desk is behind it (desk_cable.py), so every command of `calando` finds what it needs until the wrong
answer comes.
"""

import contextlib
import json
import os
import select
import threading
import tty

from desk_cable import Cable
from memory_files import Files

from firmware.usb import link

ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e"
# In the place of any value of an answer.
WRONG_VALUES = {
    "missing": None,
    "null": None,
    "negative": -1,
    "huge": 10**30,
    "half": 0.5,
    "nan": float("nan"),
    "infinite": float("inf"),
    "text": "x y",
    "empty text": "",
    "escape": ESCAPE,
    "long text": "x" * 300,
    "list": [],
    "list in a list": [[[[1]]]],
    "dict": {},
    "true": True,
}
# In the place of a whole answer.
WRONG_ANSWERS = (
    "list for dict", "empty", "text for dict", "neither", "both", "error list", "error empty", "error escape", "error",
    "wrong id", "true id", "echo", "silence", "cut line", "noise", "flood", "wrong crc", "deep",
)  # fmt: skip


def fields(answer, path=()):
    """Every place in an answer, of dicts and of the first item of lists, as a path of keys."""
    if isinstance(answer, list):
        answer = dict(enumerate(answer[:1]))
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield (*path, key)
            yield from fields(value, (*path, key))


def changed(answer, path, kind):
    """An answer with another value at `path`; unchanged where there is no such place."""
    answer = json.loads(json.dumps(answer))
    part = answer
    try:
        for key in path[:-1]:
            part = part[key]
        if kind == "missing":
            del part[path[-1]]
        else:
            part[path[-1]] = WRONG_VALUES[kind]
    except (KeyError, IndexError, TypeError):
        pass
    return answer


def line_of(message):
    """A line with whatever JSON, as long as it fits; `link.encode` would refuse some of it."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return b"%s*%s\n" % (text, link._checksum(text))


class StrangeDevice:
    """Use it in a `with`; `port` is its name.

    wrong: wrong(cmd, request, answer) gets what the firmware would answer, whole, and returns bytes to send in its place;
    None sends the answer itself. `asked` has the commands that were asked.
    """

    def __init__(self, wrong=None, files=None):
        self.wrong = wrong
        self.asked = []
        self._files = files

    def __enter__(self):
        self._cable = Cable(self._files)
        self._dress()
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(slave)
        self._slave = slave  # kept open: closing the last one would hang the line up
        self._ends, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.close(self._end)
        self._thread.join(10)
        for number in (self._master, self._slave, self._ends):
            os.close(number)

    def _dress(self):
        """What the bench's commands need of the device behind the cable, and a profile in use for `status` to tell of."""
        device = self._cable.device
        self._dressed = device
        device.profile_digest = bytes(range(8))
        tried = {"passed": True, "text": "It is as it should be.", "next": None}
        device.load_bench = lambda: self
        self.answer = lambda command, arguments, now_ms: tried if command == "selftest" else {}

    def _serve(self):
        coming = b""
        while True:
            ready, _, _ = select.select([self._master, self._ends], [], [])
            if self._ends in ready:
                return
            with contextlib.suppress(BlockingIOError, OSError):
                coming += os.read(self._master, 4096)
            while b"\n" in coming:
                line, coming = coming.split(b"\n", 1)
                self._send(self._reply(line + b"\n"))

    def _reply(self, line):
        self._cable.send(line)
        said = self._cable.receive(0)
        if self._cable.device is not self._dressed:
            self._dress()
        device = self._cable.device
        desk = device.desk
        if desk is not None and desk._consent.state == "waiting" and desk._consent.what == "bench":
            device.hold()
            device.turn()
        if desk is not None and desk.bench:
            device.mode = "bench"
        if line == b"\n":
            return said
        request = link.decode(line)
        self.asked.append(request["cmd"])
        wrong = None if self.wrong is None else self.wrong(request["cmd"], request, link.decode(said))
        return said if wrong is None else wrong

    def _send(self, data):
        while data:
            ready = select.select([self._ends], [self._master], [], 0.5)
            if self._ends in ready[0] or not ready[1]:
                return
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                continue
            except OSError:
                return


def wrong_answer(cmd, kind, path=None):
    """What StrangeDevice takes: `cmd` is answered in the wrong way `kind`, at `path` of its answer or as a whole."""

    def wrong(asked, request, answer):
        if asked != cmd:
            return None
        number = answer["id"]
        if path is not None:
            return (
                None if "ok" not in answer else line_of({**answer, "ok": changed(answer["ok"], path, kind)})
            )
        whole = {
            "list for dict": {"id": number, "ok": [1, 2]},
            "empty": {"id": number, "ok": {}},
            "text for dict": {"id": number, "ok": ESCAPE},
            "neither": {"id": number},
            "both": {**answer, "ok": answer.get("ok", {}), "error": {"code": "busy", "text": "Busy."}},
            "error list": {"id": number, "error": [1]},
            "error empty": {"id": number, "error": {}},
            "error escape": {"id": number, "error": {"code": ESCAPE, "text": ESCAPE}},
            "error": {"id": number, "error": {"code": "flash", "text": f"No {ESCAPE}."}},
            "wrong id": {**answer, "id": number + 1},
            "true id": {**answer, "id": True},
        }
        if kind in whole:
            return line_of(whole[kind])
        return {
            "echo": line_of(request),
            "silence": b"",
            "cut line": line_of(answer)[:-12],
            "noise": b"\x00\xff\x1b[2J>> " * 40 + b"\n",
            "flood": b"\xff" * 20_000,
            "wrong crc": line_of(answer)[:-3] + b"0\n",
            "deep": line_of({"id": number, "ok": json.loads("[" * 200 + "]" * 200)}),
        }[kind]

    return wrong


def endless(kind):
    """A device whose lists, objects or transfers do not end, or do not get on: kind is "list", "same list", "object",
    "same object", "growing object", "transfer" or "past the end"."""

    def wrong(asked, request, answer):
        number = answer["id"]
        ok = answer.get("ok", {})
        if asked == "list" and kind in ("list", "same list"):
            item = {"name": f"n{request['from']}", "bytes": 60, "built_in": False}
            if request["kind"] == "session":
                item = {"age": request["from"], "records": 1, "this_boot": True, "cut": False}
            after = request["from"] + 1 if kind == "list" else request["from"]
            return line_of({"id": number, "ok": {"items": [item], "next": after}})
        if asked == "get" and "object" in kind:
            at = request["at"]
            size = at + 1000 if kind == "growing object" else 1 << 21
            after = at if kind == "same object" else at + 3
            return line_of({"id": number, "ok": {"data": "AAAA", "size": size, "next": after}})
        if asked == "data" and kind in ("transfer", "past the end"):
            return line_of(
                {"id": number, "ok": {"have": 0 if kind == "transfer" else ok.get("have", 0) + 5000}}
            )
        return None

    return wrong


def used_files(song, records, profiles):
    """The flash of a device that has been in use: profiles one after the other, a song, a session."""
    cable = Cable(Files())
    for values in profiles:
        cable.device.has_profile(**values)
    cable.device.files.files["song.old"] = song
    cable.device.store.save("session", 1, records, 8)
    return dict(cable.device.files.files)
