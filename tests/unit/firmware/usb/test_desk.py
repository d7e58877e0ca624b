"""Looking at the device and changing it over USB: staged, shown, committed with the button held, and never otherwise."""

import base64
import binascii
import hashlib
import json

import programme_parts
import pytest
from desk_device import UNIT, DeskDevice, calibration, recording
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_files import PowerCut

from firmware.memory.journal import EVENTS
from firmware.memory.store import Store
from firmware.prescription import profile, programme, schema
from firmware.sound import adpcm, songs
from firmware.usb import link, staging
from firmware.usb.commands import SCHEMA

SONG = songs.DATA["brahms"]
CALIBRATION = calibration(73.27)
VOICE = recording(40)
EVENING = [
    programme_parts.segment("arrive", "song", "own", minutes=5),
    programme_parts.SILENCE,
    programme_parts.segment("rest", "song", "twinkle", minutes=5),
]


def text(values) -> bytes:
    return json.dumps(values).encode()


def test_hello_says_what_it_is_in_every_mode():
    device = DeskDevice()
    for mode in ("session", "idle", "bench"):
        device.mode = mode
        said = device.ok("hello")
        assert said["product"] == "calando" and said["protocol"] == link.PROTOCOL and said["mode"] == mode
        assert said["unit"] == UNIT and said["line"] == link.LINE_BYTES and said["schema"] == schema.crc()


def test_the_schemas_checksum_is_the_one_in_the_code():
    assert schema.crc() == SCHEMA, (
        "the table of settings changed: put this number into firmware/usb/commands.py"
    )


def test_the_schema_is_the_table_of_settings():
    said = json.loads(DeskDevice().get("schema"))
    assert said["version"] == profile.SCHEMA_VERSION
    assert [row["name"] for row in said["settings"]] == [setting.name for setting in profile.TABLE]
    for row, setting in zip(said["settings"], profile.TABLE, strict=True):
        for population in (profile.NEWBORN, profile.ADULT):
            allowed = setting.allowed(population)
            default = setting.default(population)
            assert row[population]["allowed"] == json.loads(json.dumps(allowed))
            assert row[population]["default"] == json.loads(json.dumps(default))


def test_the_longest_status_fits_a_line():
    device = DeskDevice()
    device.mode = "session"
    device.profile.title = "W" * 16
    device.profile_digest = bytes(8)
    device.inputs.profile_confirmed = False
    device.inputs.supply_mv = 12_345
    device.outputs.phase = "baseline"
    device.outputs.reason = "estimators_disagree"
    device.outputs.minutes_left = 45
    device.full_scale_cdba = 7327
    device.sensor.fault = "sensor_wrong_part"
    device.dose.minutes_today = 1000
    device.loop.heap_free_bytes = 200_000
    device.loop.worst_lateness_ms = 100_000
    device.clock.uptime_s = 1 << 30
    said = device.ok("status")
    assert said["profile"]["title"] == "W" * 16
    device.mode = "bench"
    device.load_desk()
    assert device.ok("status")["flash_free_bytes"] > 0


@pytest.mark.parametrize("command", ["list", "get", "put", "data", "stage", "remove", "rollback", "reset", "discard",
                                     "commit", "identify", "bench", "tone", "quiet", "selftest"])  # fmt: skip
def test_while_something_plays_only_questions_are_answered(command):
    device = DeskDevice()
    device.mode = "session"
    assert device.refused(command)[0] == "busy"
    assert device.desk is None and device.files.writes == 0


@pytest.mark.parametrize("command", ["tone", "quiet", "selftest"])
def test_the_benchs_commands_need_bench_mode(command):
    device = DeskDevice()
    assert device.refused(command)[0] == "busy"


def test_unknown_commands_and_arguments_are_refused():
    device = DeskDevice()
    assert device.refused("format_disk")[0] == "unknown_command"
    assert device.refused("status", verbose=True) == (
        "bad_argument",
        "'verbose' is not an argument of this command; leave it out.",
    )
    assert device.refused("stage", name="profile")[0] == "bad_argument"
    (answer,) = device.send(link.encode({"id": 3}))
    assert answer["error"]["code"] == "unknown_command" and answer["id"] == 3


def test_every_line_is_answered_in_order():
    device = DeskDevice()
    lines = [link.encode({"id": number, "cmd": "hello"}) for number in range(5)]
    answers = device.send(b"".join(lines))
    assert [answer["id"] for answer in answers] == list(range(5))


@pytest.mark.parametrize("number", [-1, 1 << 30, 1.5, True, "1", None])
def test_an_id_is_a_small_whole_number(number):
    (answer,) = DeskDevice().send(link.encode({"id": number, "cmd": "hello"}))
    assert answer["id"] is None and answer["error"]["code"] == "bad_line"


# Putting


def test_a_profile_is_staged_shown_committed_and_read_back():
    device = DeskDevice()
    device.has_profile(title="Before", level_dba=42)
    new = text({"title": "After", "level_dba": 44.5})
    device.put("profile", new)
    assert device.ok("stage") == {"staged": 1}
    assert device.diff() == [
        {"name": "profile", "setting": "level_dba", "old": 42, "new": 44.5},
        {"name": "profile", "setting": "title", "old": "Before", "new": "After"},
    ]
    assert device.refused("commit")[0] == "not_confirmed"
    device.commit(checked=True)
    assert device.get("profile") == new
    assert json.loads(device.get("profile.previous")) == {"title": "Before", "level_dba": 42}


def test_the_first_profile_is_all_new():
    device = DeskDevice()
    device.put("profile", text({"title": "A", "level_dba": 44}))
    device.ok("stage")
    assert device.diff() == [
        {"name": "profile", "setting": "level_dba", "old": None, "new": 44},
        {"name": "profile", "setting": "title", "old": None, "new": "A"},
    ]


def test_a_profile_that_breaks_a_rule_is_refused_in_the_firmwares_words():
    device = DeskDevice()
    device.put("profile", text({"level_dba": 51}))
    code, sentence = device.ask("stage")["error"].values()
    assert code == "invalid" and sentence.startswith("level_dba = 51 is outside 30 to 50 dBA")
    assert device.ok("status")["staged"] == 0


def test_a_profile_of_a_newer_firmware_is_refused():
    device = DeskDevice()
    device.put("profile", text({}), version=profile.SCHEMA_VERSION + 1)
    answer = device.ask("stage")["error"]
    assert answer["code"] == "invalid" and "update the firmware" in answer["text"]


def test_a_profile_needs_its_song():
    device = DeskDevice()
    device.put("profile", text({"song": "our_song"}))
    assert device.ask("stage")["error"]["code"] == "invalid"
    device.put("song.our_song", SONG)
    device.ok("stage")
    device.put("profile", text({"song": "our_song"}))
    assert device.ok("stage") == {"staged": 2}
    device.ok("remove", name="song.our_song")
    assert device.refused("commit", checked=True)[0] == "invalid"


def test_a_song_that_the_profile_plays_cannot_go_without_it():
    device = DeskDevice()
    device.files.files["song.our_song"] = SONG
    device.has_profile(song="our_song")
    device.ok("remove", name="song.our_song")
    assert device.refused("commit")[0] == "invalid"
    device.put("profile", text({"song": "brahms"}))
    device.ok("stage")
    device.commit(checked=True)
    assert device.refused("get", name="song.our_song")[0] == "not_found"


@pytest.mark.parametrize(
    ("name", "data"),
    [("song.a", SONG[:-1]), ("song.a", b"MThd" + bytes(60)), ("voice.a", b"RIFF" + bytes(60)), ("voice.a", b"ADP1"),
     ("profile", b"{"), ("profile", b"[1]"), ("calibration", b"\xff\xfe")],
)  # fmt: skip
def test_what_is_no_such_object_is_refused(name, data):
    device = DeskDevice()
    device.put(name, data)
    assert device.ask("stage")["error"]["code"] == "invalid"
    assert (
        device.ok("status")["staged"] == 0 and device.refused("commit", checked=True)[0] == "nothing_staged"
    )


@pytest.mark.parametrize("chunk", [1, 7, 256, 300])
def test_a_large_object_arrives_whatever_the_chunks(chunk):
    device = DeskDevice()
    voice = VOICE if chunk > 1 else recording(17)
    size = len(voice)
    device.put("voice.mother", voice, chunk=chunk)
    device.ok("stage")
    device.commit()
    assert device.get("voice.mother") == voice
    assert device.ok("list", kind="voice")["items"] == [{"name": "mother", "bytes": size, "built_in": False}]


@pytest.mark.parametrize("blocks", [16, 17, 31, 32, 48])
def test_objects_around_a_block_of_flash_arrive_whole(blocks):
    device = DeskDevice()
    device.put("voice.a", recording(blocks))
    device.ok("stage")
    device.commit()
    assert device.get("voice.a") == recording(blocks)


def test_a_recording_is_checked_to_its_last_block():
    device = DeskDevice()
    device.put("voice.a", VOICE[:-1] + b"x")
    assert device.ask("stage")["error"]["code"] == "invalid"
    assert staging.VOICE_BYTES_MAX == adpcm.LARGEST


def test_a_profile_needs_its_recording():
    device = DeskDevice()
    device.put("profile", text({"voice": "mother"}))
    assert device.ask("stage")["error"]["code"] == "invalid"
    device.put("voice.mother", VOICE)
    device.ok("stage")
    device.put("profile", text({"voice": "mother"}))
    device.ok("stage")
    device.commit(checked=True)
    device.ok("remove", name="voice.mother")
    assert device.refused("commit")[0] == "invalid"


def test_after_a_broken_cable_sending_goes_on():
    device = DeskDevice()
    digest = hashlib.sha256(VOICE).hexdigest()
    put = {"name": "voice.a", "size": len(VOICE), "sha256": digest, "format": 1}
    device.ok("put", **put)
    piece = base64.b64encode(VOICE[:256]).decode()
    assert device.ok("data", at=0, data=piece) == {"have": 256}
    device.link.forget()
    assert device.ok("put", **put) == {"have": 256}
    assert device.ok("data", at=0, data=piece) == {"have": 256}, (
        "a chunk that is here already is acknowledged"
    )
    assert device.refused("data", at=300, data=piece)[0] == "bad_data"
    assert device.refused("data", at=128, data=piece)[0] == "bad_data"
    device.put("voice.a", VOICE)
    assert device.ok("stage") == {"staged": 1}
    assert device.ok("put", **{**put, "format": 2}) == {"have": 0}, "another object begins anew"


def test_a_wrong_hash_is_found():
    device = DeskDevice()
    device.ok("put", name="song.a", size=len(SONG), sha256="0" * 64, format=1)
    assert device.refused("stage")[0] == "bad_data"
    device.ok("data", at=0, data=base64.b64encode(SONG).decode())
    assert device.refused("stage")[0] == "bad_data"
    assert device.refused("stage")[0] == "nothing_staged"


@pytest.mark.parametrize("data", ["", "AAA", "AAA*", "AA\nA", "AB==", "é", "A===", 7, None])
def test_chunks_are_proper_base64(data):
    device = DeskDevice()
    device.ok("put", name="song.a", size=100, sha256="0" * 64, format=1)
    assert device.refused("data", at=0, data=data)[0] in ("bad_data", "bad_argument")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"name": "dose"}, "bad_argument"), ({"name": "song."}, "bad_argument"), ({"name": "song.A"}, "bad_argument"),
     ({"name": "song." + "a" * 25}, "bad_argument"), ({"name": "song./../x"}, "bad_argument"),
     ({"name": 7}, "bad_argument"),
     ({"name": "song.brahms"}, "bad_argument"), ({"size": 0}, "bad_argument"), ({"size": -1}, "bad_argument"),
     ({"size": 2049}, "too_big"), ({"size": 1.5}, "bad_argument"), ({"name": "voice.a", "size": 163_841}, "too_big"),
     ({"name": "profile", "size": 4097}, "too_big"), ({"sha256": None}, "bad_argument"), ({"format": "1"}, "bad_argument")],
)  # fmt: skip
def test_what_may_not_be_put_is_refused(arguments, code):
    device = DeskDevice()
    given = {"name": "song.a", "size": 100, "sha256": "0" * 64, "format": 1} | arguments
    assert device.refused("put", **given)[0] == code
    assert device.files.writes == 0


def test_a_full_flash_is_told_before_anything_is_sent():
    device = DeskDevice()
    device.files.files["session.0"] = bytes(400_000)
    code, sentence = device.refused("put", name="voice.a", size=100_000, sha256="0" * 64, format=1)
    assert code == "too_big" and "bytes are free" in sentence


def test_a_failing_flash_is_told_and_leaves_what_was_there():
    device = DeskDevice()
    device.files.files["song.a"] = SONG
    device.files.fail_at = 1
    device.put("song.a", songs.DATA["twinkle"])
    assert device.refused("stage")[0] == "flash"
    assert device.get("song.a") == SONG


def test_a_failing_flash_in_the_middle_of_a_long_object_begins_it_anew():
    device = DeskDevice()
    device.files.fail_at = 2
    digest = hashlib.sha256(VOICE).hexdigest()
    put = {"name": "voice.a", "size": len(VOICE), "sha256": digest, "format": 1}
    device.ok("put", **put)
    codes = [
        device.ask("data", at=at, data=base64.b64encode(VOICE[at : at + 256]).decode())
        for at in range(0, 8192, 256)
    ]
    assert codes[-1]["error"]["code"] == "flash"
    device.put("voice.a", VOICE)
    device.ok("stage")
    device.commit()
    assert device.get("voice.a") == VOICE


# Removing, rolling back, resetting


def test_rollback_stages_the_profile_before_this_one():
    device = DeskDevice()
    assert device.refused("rollback")[0] == "not_found"
    device.has_profile(title="One")
    device.has_profile(title="Two")
    assert device.ok("rollback") == {"staged": 1}
    device.commit(checked=True)
    assert json.loads(device.get("profile")) == {"title": "One"}
    assert json.loads(device.get("profile.previous")) == {"title": "Two"}


def full_device() -> DeskDevice:
    device = DeskDevice()
    device.has_profile(title="One")
    device.has_profile(title="Two")
    device.store.save("calibration", 1, text(CALIBRATION))
    device.store.save("dose", 2, b"dose")
    device.store.save("session", 1, bytes(32), 8)
    device.files.files |= {"song.a": SONG, "voice.b": VOICE}
    return device


def test_a_reset_takes_everything_but_the_dose():
    device = full_device()
    assert device.ok("reset") == {"staged": 1}
    gone = {change["name"] for change in device.diff()}
    assert gone == {"profile", "calibration", "song.a", "voice.b", "session"}
    assert all(change["new"] in (None, 0) for change in device.diff())
    device.commit()
    assert list(device.files.files) == ["dose.0"]


def test_a_restore_is_a_reset_with_everything_after_it():
    device = full_device()
    device.ok("reset")
    for name, data in (
        ("song.a", SONG),
        ("song.c", SONG),
        ("calibration", text(CALIBRATION)),
        ("profile", text({"song": "c"})),
    ):
        device.put(name, data)
        device.ok("stage")
    device.commit(checked=True)
    device.files.remove_all("new.")  # as the start after it does
    assert sorted(device.files.files) == ["calibration.1", "dose.0", "profile.0", "song.a", "song.c"]
    assert device.get("profile") == text({"song": "c"})


def test_a_song_and_all_sessions_can_go():
    device = full_device()
    device.ok("remove", name="song.a")
    device.ok("remove", name="session")
    assert device.refused("remove", name="song.zzz")[0] == "not_found"
    assert device.refused("remove", name="song.brahms")[0] == "bad_argument"
    assert device.refused("remove", name="profile")[0] == "bad_argument"
    device.commit()
    assert "song.a" not in device.files.files and "session.0" not in device.files.files
    assert device.get("profile") == text({"title": "Two"})


def test_discard_forgets_what_is_staged():
    device = full_device()
    before = dict(device.files.files)
    device.put("song.new", SONG)
    device.ok("stage")
    device.ok("remove", name="song.a")
    assert device.ok("discard") == {"staged": 0}
    assert device.files.files == before
    assert device.refused("get", name="diff")[0] == "nothing_staged"


# The button


def staged_device() -> DeskDevice:
    device = DeskDevice()
    device.has_profile(title="Before")
    device.put("profile", text({"title": "After"}))
    device.ok("stage")
    return device


def test_without_the_button_nothing_is_committed():
    device = staged_device()
    before = dict(device.files.files)
    device.ok("commit", checked=True)
    assert device.ok("status")["commit"] == "waiting"
    device.turn(29_900)
    assert device.ok("status")["commit"] == "waiting"
    device.turn(200)
    assert device.ok("status")["commit"] == "expired"
    device.hold()
    for _ in range(200):
        device.turn()
    assert device.files.files == before and not device.desk.restart
    device.commit(checked=True)
    assert device.get("profile") == text({"title": "After"})


def test_a_finger_that_is_on_the_button_already_agrees_to_nothing():
    device = staged_device()
    device.ok("commit", checked=True)
    assert device.desk.gesture("hold", device.now_ms), "and it is no session's either"
    device.turn()
    assert device.desk.commit == "waiting"


def test_a_press_commits_nothing_and_starts_no_session():
    device = staged_device()
    device.ok("commit", checked=True)
    assert device.desk.gesture("press", device.now_ms)
    device.turn()
    assert device.desk.commit == "waiting"


def test_what_is_staged_after_the_question_is_not_committed_by_it():
    device = staged_device()
    device.ok("commit", checked=True)
    device.put("profile", text({"title": "Another"}))
    device.hold()
    device.turn()
    assert device.desk.commit == "none" and json.loads(device.get("profile")) == {"title": "Before"}


def test_gestures_are_the_sessions_when_nothing_was_asked():
    device = staged_device()
    assert not device.desk.gesture("press", device.now_ms) and not device.desk.gesture("hold", device.now_ms)


def test_the_light_asks_for_a_hand_and_says_which_device_it_is():
    device = staged_device()
    device.desk.light(device.now_ms, device.outputs)
    assert device.outputs.light_colour == "green"
    device.ok("commit", checked=True)
    device.desk.light(device.now_ms, device.outputs)
    assert device.outputs.light_colour == "amber"
    device.ok("discard")
    device.ok("identify")
    colours = []
    for _ in range(60):
        device.outputs.light_colour = "green"
        device.desk.light(device.now_ms, device.outputs)
        colours.append(device.outputs.light_colour)
        device.turn(100)
    assert "".join(colour[0] for colour in colours).strip("g").count("ag") == 4


def test_bench_mode_needs_the_button_too():
    device = DeskDevice()
    assert device.ok("bench") == {"within_s": 30}
    device.turn()
    assert not device.desk.bench
    device.hold()
    device.turn()
    assert device.desk.bench and device.desk.commit == "none"


def test_while_it_commits_nothing_else_is_done():
    device = staged_device()
    for name in ("a", "b", "c"):
        device.put("song." + name, SONG)
        device.ok("stage")
    device.ok("commit", checked=True)
    device.hold()
    assert device.refused("discard")[0] == "busy"
    assert device.desk.gesture("press", device.now_ms)
    while not device.desk.restart:
        device.turn()
    assert device.desk.commit == "done" and device.files.files["song.c"] == SONG


def test_a_flash_that_fails_in_a_commit_is_told_and_the_device_starts_anew_with_what_there_is():
    device = staged_device()
    device.ok("commit", checked=True)
    device.files.fail_at = device.files.writes + 1
    device.hold()
    device.turn()
    assert device.ok("status")["commit"] == "failed"
    device.turn(1000)
    assert device.desk.restart
    assert json.loads(DeskDevice(device.files).get("profile")) == {"title": "Before"}


@given(st.integers(1, 30))
@settings(max_examples=30)
def test_a_power_cut_in_a_commit_leaves_each_object_old_or_new(cut_after):
    device = full_device()
    old = {"profile": text({"title": "Two"}), "song.a": SONG}
    new = {"profile": text({"title": "Three", "song": "n"}), "song.a": songs.DATA["twinkle"], "song.n": SONG}
    for name in ("song.n", "song.a", "profile"):
        device.put(name, new[name])
        device.ok("stage")
    device.ok("commit", checked=True)
    device.files.cut_at = device.files.writes + cut_after
    try:
        device.hold()
        for _ in range(10):
            device.turn()
    except PowerCut:
        pass
    device.files.cut_at = None
    again = DeskDevice(device.files)
    found = again.get("profile")
    assert found in (old["profile"], new["profile"])
    assert again.get("song.a") in (old["song.a"], new["song.a"])
    if found == new["profile"]:
        assert again.get("song.n") == SONG and again.get("song.a") == new["song.a"], "the profile comes last"
    assert Store(device.files).load("dose") == (2, b"dose")


# Reading


def test_songs_and_sessions_are_listed_page_by_page():
    device = full_device()
    for number in range(7):
        device.files.files[f"song.s{number}"] = SONG
    seen = []
    at = 0
    while at is not None:
        page = device.ok("list", kind="song", **{"from": at})
        seen += page["items"]
        at = page["next"]
    assert [item["name"] for item in seen if item["built_in"]] == sorted(songs.NAMES)
    assert [item["name"] for item in seen if not item["built_in"]] == ["a"] + [
        f"s{number}" for number in range(7)
    ]
    assert device.ok("list", kind="song", **{"from": 99}) == {"items": [], "next": None}
    assert device.refused("list", kind="disk")[0] == "bad_argument"


def test_a_session_says_whether_its_clock_still_runs_and_whether_it_was_cut_short():
    device = DeskDevice()
    ended = bytes(48)
    cut = bytes(32) + bytes((0, 0, 0x80 | EVENTS.index("cut"))) + bytes(13)
    device.store.save("session", 1, cut, 8)
    device.store.save("session", 1, ended, 8)
    assert device.ok("list", kind="session")["items"] == [
        {"age": 1, "records": 3, "this_boot": False, "cut": True},
        {"age": 2, "records": 3, "this_boot": True, "cut": False},
    ]
    assert device.get("session.2") == ended
    assert device.refused("get", name="session.3")[0] == "not_found"


def test_built_in_songs_can_be_read():
    assert DeskDevice().get("song.brahms") == SONG


def test_reading_again_or_out_of_order_gives_the_same_hash():
    device = DeskDevice()
    device.files.files["voice.a"] = VOICE
    whole = hashlib.sha256(VOICE).hexdigest()
    last = len(VOICE) - 4
    assert device.ok("get", name="voice.a", at=last)["sha256"] == whole
    device.ok("get", name="voice.a")
    assert device.ok("get", name="voice.a", at=last)["sha256"] == whole
    assert device.get("voice.a") == VOICE
    assert device.refused("get", name="voice.a", at=len(VOICE) + 1)[0] == "bad_argument"


@pytest.mark.parametrize(
    "name", ["", "song.", "voice./etc", "session", "session.x", "new.profile", "profile.0", "main"]
)
def test_nothing_else_can_be_read(name):
    assert DeskDevice().refused("get", name=name)[0] in ("not_found", "bad_argument")


def test_a_computer_that_does_not_read_waits_alone():
    device = DeskDevice()
    device.serial.reads = False
    device.serial.coming += link.encode({"id": 1, "cmd": "hello"}) * 3
    for _ in range(50):
        device.turn()
    assert len(device.serial.coming) > 0 and device.link._out is not None
    device.serial.reads = True
    assert [answer["id"] for answer in device.send(b"")] == [1, 1, 1]


# Whatever comes

COMMANDS = ["hello", "status", "now", "list", "get", "put", "data", "stage", "remove", "rollback", "reset", "discard",
            "commit", "identify", "bench", "tone", "quiet", "selftest", "nonsense"]  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5000), st.floats(), st.text(max_size=12), st.lists(st.none(), max_size=2),
    st.sampled_from(["profile", "song.a", "voice.b", "calibration", "diff", "schema", "song", "AAAA", "session", "0" * 64]),
)  # fmt: skip
KEYS = [
    "name",
    "size",
    "sha256",
    "format",
    "at",
    "data",
    "kind",
    "from",
    "checked",
    "level_dbfs",
    "seconds",
    "part",
]
REQUESTS = st.builds(
    lambda cmd, arguments: {"id": 1, "cmd": cmd, **arguments},
    st.sampled_from(COMMANDS),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4),
)


@given(st.lists(REQUESTS, max_size=25), st.sampled_from(["session", "idle", "bench"]))
@settings(max_examples=150)
def test_whatever_is_asked_is_answered_once_and_changes_nothing_by_itself(requests, mode):
    device = full_device()
    device.mode = mode
    before = {name: data for name, data in device.files.files.items()}
    for request in requests:
        try:
            line = link.encode(request)
        except ValueError:
            continue
        (answer,) = device.send(line)
        assert answer["id"] == 1 or answer["error"]["code"] == "bad_line"
    for _ in range(10):
        device.turn()
    after = {name: data for name, data in device.files.files.items() if not name.startswith("new.")}
    assert after == before
    if mode == "session":
        assert device.files.writes == full_device().files.writes and device.desk is None


@given(
    st.lists(st.one_of(st.binary(max_size=700), REQUESTS.map(lambda request: request)), max_size=12),
    st.data(),
)
@settings(max_examples=100)
def test_any_bytes_get_one_answer_a_newline(pieces, data):
    device = DeskDevice()
    stream = bytearray()
    for piece in pieces:
        if isinstance(piece, dict):
            try:
                line = bytearray(link.encode(piece))
            except ValueError:
                continue
            if data.draw(st.booleans()):
                line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            stream += line
        else:
            stream += piece
    answers = device.send(bytes(stream))
    assert len(answers) == stream.count(b"\n")
    assert all("ok" in answer or answer["error"]["text"] for answer in answers)


def adults(name, **values):
    return text({"population": "adult", "listening_programme": name, **values})


def test_a_profile_needs_its_programme_and_the_programme_its_songs():
    device = DeskDevice()
    device.put("profile", adults("evening"))
    assert device.ask("stage")["error"]["code"] == "invalid"
    device.put("programme.evening", programme_parts.compact(EVENING))
    device.ok("stage")
    device.put("profile", adults("evening"))
    assert "needs song.own" in device.refused("stage")[1]
    device.put("song.own", SONG)
    device.ok("stage")
    device.put("profile", adults("evening"))
    device.ok("stage")
    device.commit(checked=True)
    assert device.ok("list", kind="programme")["items"][0]["name"] == "evening"
    assert device.get("programme.evening") == programme_parts.compact(EVENING)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "programme.evening",
            "The profile plays listening_programme = 'evening'; put another profile first.",
        ),
        ("song.own", "song.own cannot go: programme evening, which the profile names, needs it."),
    ],
)
def test_what_the_profile_needs_cannot_go(name, said):
    device = DeskDevice()
    for put, data in (
        ("song.own", SONG),
        ("programme.evening", programme_parts.compact(EVENING)),
        ("profile", adults("evening")),
    ):
        device.put(put, data)
        device.ok("stage")
    device.commit(checked=True)
    device.ok("remove", name=name)
    assert device.refused("commit") == ("invalid", said)
    device.put("profile", text({"population": "adult"}))
    device.ok("stage")
    if name == "song.own":
        assert device.refused("commit", checked=True)[1] == (
            "song.own cannot go: programme evening names it; remove that first."
        )
        device.ok("remove", name="programme.evening")
    device.commit(checked=True)


@pytest.mark.parametrize("kind", [adpcm.VOICE, adpcm.HEARTBEAT])
def test_a_heartbeat_is_no_voice_of_a_programme(kind):
    device = DeskDevice()
    sung = [programme_parts.segment("arrive", "voice", "mother", minutes=5), programme_parts.SILENCE]
    for put, data in (
        ("voice.mother", recording(17, kind)),
        ("programme.evening", programme_parts.compact(sung)),
    ):
        device.put(put, data)
        device.ok("stage")
    device.put("profile", adults("evening"))
    if kind == adpcm.VOICE:
        device.ok("stage")
    else:
        said = "voice.mother is a heartbeat; programme evening needs a voice there."
        assert device.refused("stage") == ("invalid", said)


def test_a_programme_that_is_longer_than_the_session_is_refused():
    device = DeskDevice()
    device.put("song.own", SONG)
    device.ok("stage")
    device.put("programme.evening", programme_parts.compact([*EVENING, *[EVENING[-1] | {"minutes": 10}] * 3]))
    device.ok("stage")
    device.put("profile", adults("evening"))
    assert "raise session_min" in device.refused("stage")[1]


def test_eight_programmes_fit_and_a_ninth_is_refused():
    device = DeskDevice()
    data = programme_parts.compact(EVENING)
    for number in range(8):
        device.put(f"programme.p{number}", data)
        device.ok("stage")
    device.commit()
    digest = hashlib.sha256(data).hexdigest()
    put = {"size": len(data), "sha256": digest, "format": 1}
    code, sentence = device.refused("put", name="programme.p8", **put)
    assert code == "too_big" and "8 programmes" in sentence
    device.ok("put", name="programme.p0", **put)  # in the place of one that is there
    device.ok("remove", name="programme.p1")
    device.ok("put", name="programme.p8", **put)
    assert staging.PROGRAMMES_MAX == programme.PROGRAMMES_MAX
    assert staging.PROGRAMME_BYTES_MAX == programme.LARGEST


def test_a_newborn_has_no_programme():
    device = DeskDevice()
    device.put("profile", text({"listening_programme": "evening"}))
    assert "adults only" in device.ask("stage")["error"]["text"]


def test_what_a_stored_programme_names_cannot_go_without_it():
    """Whether a profile names it or not: a song went unseen, and the programme could not be chosen any more."""
    device = DeskDevice()
    sung = [programme_parts.segment("arrive", "voice", "mother", minutes=5), *EVENING[1:]]
    for put, data in (
        ("song.own", SONG),
        ("song.free", SONG),
        ("voice.mother", VOICE),
        ("programme.evening", programme_parts.compact(EVENING)),
        ("programme.sung", programme_parts.compact(sung)),
    ):
        device.put(put, data)
        device.ok("stage")
    device.commit()
    for name, programme_name in (("song.own", "evening"), ("voice.mother", "sung")):
        device.ok("remove", name=name)
        assert device.refused("commit") == (
            "invalid",
            f"{name} cannot go: programme {programme_name} names it; remove that first.",
        )
        device.ok("discard")
    device.ok("remove", name="song.free")
    device.commit()
    device.ok("remove", name="song.own")
    device.put("programme.evening", programme_parts.compact([*EVENING[1:], EVENING[2]]))
    device.ok("stage")  # it names another song now
    device.commit()
    device.ok("remove", name="programme.sung")
    device.ok("remove", name="voice.mother")
    device.commit()
    assert sorted(name for name in device.files.files if "." in name and name[0] in "psv") == [
        "programme.evening"
    ]
    device.ok("reset")
    device.commit()


def test_a_programme_that_was_damaged_on_flash_keeps_no_song():
    device = DeskDevice()
    device.files.files["song.own"] = SONG
    device.files.files["programme.evening"] = programme_parts.compact(EVENING).replace(b"own", b"OWN")
    device.put("profile", adults("evening"))
    assert device.refused("stage") == ("invalid", "programme evening is damaged; put it there again.")
    device.ok("remove", name="song.own")
    device.commit()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda data: data[:-30],
            "the programme is damaged: its checksum does not match; put it there again",
        ),
        (lambda data: data.replace(b"own", b"two"), "the programme is damaged: its checksum does not match"),
        (lambda data: b"{}", "a programme has 10 to 2048 bytes, this one has 2"),
        (lambda data: _sealed(data[:-10]), "the programme is not JSON; put it there again"),
        (
            lambda data: _sealed(data[:-9].replace(b'"own"', b"NaN")),
            "the programme is not JSON; put it there again",
        ),
        (lambda data: _sealed(b'{"form": 1}'), "a programme has 1 to 12 segments"),
    ],
)
def test_a_programme_is_told_as_damaged_where_it_is(damage, says):
    """Whatever was damaged was "not JSON": the checksum was looked at last."""
    device = DeskDevice()
    device.put("programme.evening", damage(programme_parts.compact(EVENING)))
    error = device.ask("stage")["error"]
    assert error["code"] == "invalid" and error["text"].startswith(says)


def _sealed(line):
    return line + b"\n%08X" % binascii.crc32(line)
