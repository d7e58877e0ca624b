"""All that a computer can learn of a device: a list of every key of every answer. A new one is a decision, made here.

Nobody's name, no record number and no clock: the device has none, and no answer has room for one but a profile's title and
the names of songs and voices, of which the table of settings says what they are not for, and in a calibration the day and
the meter.
"""

import base64
import json
import re
from types import SimpleNamespace

import pytest
from desk_device import UNIT, DeskDevice, calibration, recording

from firmware.prescription import profile
from firmware.sound import songs
from firmware.usb import commands
from firmware.usb.bench_commands import BenchCommands
from firmware.usb.desk import COMMANDS

SHA256 = "0123456789abcdef"
IN_EVERY_MODE = {
    "hello": {"product", "protocol", "unit", "firmware", "board", "schema", "mode", "line"},
    "status": {
        "mode", "phase", "reason", "minutes_left", "uptime_s", "profile", "profile.title", "profile.population",
        "profile.sha256", "confirmed", "fell_back", "calibrated", "full_scale_dba", "staged", "commit", "supply_v",
        "sensor_fault",
        "adc_fault", "dose_today_min", "flash_free_bytes", "heap_free_bytes", "worst_lateness_ms",
    },
    "now": {"row"},
}  # fmt: skip
ON_THE_DESK = {
    "list": {
        "items", "next", "items.name", "items.bytes", "items.built_in", "items.age", "items.records", "items.this_boot",
        "items.cut",
    },
    "get": {"data", "size", "next", "sha256"},
    "put": {"have"},
    "data": {"have"},
    "stage": {"staged"},
    "remove": {"staged"},
    "rollback": {"staged"},
    "reset": {"staged"},
    "discard": {"staged"},
    "commit": {"within_s"},
    "identify": set(),
    "bench": {"within_s"},
}  # fmt: skip
ON_THE_BENCH = {"tone": set(), "quiet": set(), "selftest": {"passed", "text", "next"}}
ERROR = {"error", "error.code", "error.text"}
# What `get` reads where it is JSON; a profile's own keys are the table's (test_session_out.py has that list).
IN_OBJECTS = {
    "schema": {
        "version", "settings", "settings.name", "settings.kind", "settings.unit", "settings.step", "settings.meaning",
        "settings.newborn", "settings.newborn.allowed", "settings.newborn.default", "settings.adult",
        "settings.adult.allowed", "settings.adult.default",
    },
    "diff": {"changes", "changes.name", "changes.setting", "changes.old", "changes.new"},
    "calibration": {"full_scale_dba", "date", "meter", "measurements", "measurements.level_dbfs",
                    "measurements.level_dba", "unit"},
}  # fmt: skip
A_DAY_OR_AN_HOUR = re.compile(r"\d{4}-\d\d-\d\d|\b\d\d?:\d\d\b|\b\d\d?\.\d\d?\.\d{4}\b")


def keys(value, before=""):
    """Every key in it, those in objects within as `outer.inner`; of lists, those of all their items."""
    found = set()
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for key, inner in item.items():
                found |= {before + key} | keys(inner, before + key + ".")
    return found


class Overheard(DeskDevice):
    """A used device that notes what it answers: {(mode, command): keys}."""

    def __init__(self):
        super().__init__()
        self.heard: dict[tuple[str, str], set[str]] = {}
        self.refusals: set[str] = set()
        self.lines = ""
        self.has_profile(title="One")
        self.has_profile(title="Two", song="a")
        self.profile_digest = bytes.fromhex(SHA256)
        self.store.save("calibration", 1, json.dumps(calibration(70.5)).encode())
        self.store.save("session", 1, bytes(48), 8)
        self.files.files |= {"song.a": songs.DATA["brahms"], "voice.b": recording(2)}
        silent = SimpleNamespace(start=lambda: None, stop=lambda: None)
        audio = SimpleNamespace(
            loudness=SimpleNamespace(first_level_cdba=0),
            soundscape=lambda name: None,
            set_level=lambda level, ms: None,
        )
        self.bench_commands = BenchCommands(
            SimpleNamespace(full_scale_cdba=7400, audio=audio, pcm=silent, conductor=silent)
        )

    def load_bench(self):
        return self.bench_commands

    def ask(self, cmd, **arguments):
        answer = super().ask(cmd, **arguments)
        self.lines += json.dumps(answer) + "\n"
        if "error" in answer:
            self.refusals |= keys(answer)
        else:
            assert set(answer) == {"ok"}
            self.heard.setdefault((self.mode, cmd), set()).update(keys(answer["ok"]))
        return answer


def use_everything(device: Overheard) -> dict[str, set[str]]:
    """Ask each command, each in every way that has keys of its own; returns the keys in what was read of JSON objects."""
    for kind in ("song", "voice", "session"):
        device.ok("list", kind=kind)
    device.refused("list", kind="disk")
    for name in ("song.brahms", "voice.b", "session.1", "profile", "profile.previous"):
        device.get(name)
    device.put("profile", json.dumps({"title": "Three"}).encode())
    device.ok("stage")
    device.put("calibration", json.dumps(calibration(73)).encode())
    device.ok("stage")
    device.put("song.c", songs.DATA["twinkle"])
    device.ok("stage")
    device.ok("remove", name="voice.b")
    read = {name: keys(json.loads(device.get(name))) for name in IN_OBJECTS}
    for command in ("rollback", "reset", "discard", "identify", "bench"):
        device.ok(command)
    device.ok("rollback")
    device.ok("commit", checked=True)
    device.hold()
    device.turn()
    device.ok("status")
    return read


def test_in_every_mode_every_key_is_on_the_list_and_nothing_else(monkeypatch):
    # By its name, for a self-test that some other test ran was forgotten afterwards, and is another module now.
    monkeypatch.setattr("firmware.usb.selftest.run", lambda *_: (True, "It works.", None))
    allowed = {}
    heard = {}
    for mode in (commands.SESSION, commands.IDLE, commands.BENCH):
        device = Overheard()
        device.mode = mode
        on_the_list = dict(IN_EVERY_MODE)
        for command in IN_EVERY_MODE:
            device.ok(command)
        if mode == commands.BENCH:
            on_the_list |= ON_THE_BENCH
            device.ok("tone", level_dbfs=-30, seconds=1)
            device.ok("quiet")
            device.ok("selftest", part="light")
        if mode == commands.SESSION:
            for command in ON_THE_DESK.keys() | ON_THE_BENCH:
                device.refused(command)
        else:
            on_the_list |= ON_THE_DESK
            assert use_everything(device) == IN_OBJECTS
        allowed |= {(mode, command): found for command, found in on_the_list.items()}
        heard |= device.heard
        assert device.refusals == ERROR
    assert heard == allowed


def test_the_list_has_every_command():
    assert set(ON_THE_DESK) == set(COMMANDS)
    assert set(IN_EVERY_MODE) == set(commands._ALWAYS) and set(ON_THE_BENCH) == set(commands._BENCH)


@pytest.mark.parametrize("mode", [commands.SESSION, commands.IDLE])
def test_no_answer_has_a_day_or_an_hour_but_a_calibrations(mode):
    device = Overheard()
    device.mode = mode
    device.clock.uptime_s = 86_400 * 20_000  # whatever it counts, it is uptime
    for command in IN_EVERY_MODE:
        device.ok(command)
    if mode == commands.IDLE:
        use_everything(device)
    assert not A_DAY_OR_AN_HOUR.search(device.lines)
    said = [
        base64.b64decode(data).decode("latin-1") for data in re.findall(r'"data": "([^"]*)"', device.lines)
    ]
    days = {day for day in re.findall(r"\d{4}-\d\d-\d\d", "".join(said))}
    assert days <= {calibration(70)["date"]}


def test_what_names_a_device_is_its_chip_and_nothing_else():
    said = Overheard().ok("hello")
    assert said["unit"] == UNIT and re.fullmatch("[0-9a-f]{16}", said["unit"])


def test_every_free_text_says_whose_name_it_is_not():
    """A title, and the names of songs, voices and programmes: what a person may write into a profile."""
    free = [setting for setting in profile.TABLE if setting.kind in ("text", "name")]
    assert {setting.name for setting in free} == {"title", "song", "voice", "listening_programme"}
    for setting in free:
        assert "never a patient's name" in setting.meaning


def test_a_line_that_cannot_be_read_is_answered_without_its_words():
    (answer,) = DeskDevice().send(b'{"id":1,"cmd":"hello","name":"somebody"}*00000000\n')
    assert keys(answer) == ERROR | {"id"} and "somebody" not in json.dumps(answer)
