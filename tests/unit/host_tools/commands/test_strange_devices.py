"""Whatever a device answers, and in whatever way: a command ends with what it was for or with one sentence."""

import json
import os
import random
import sys
from itertools import count
from types import SimpleNamespace

import journal_records as made
import programme_parts
import pytest
from memory_files import Files
from strange_device import (
    WRONG_ANSWERS,
    WRONG_VALUES,
    StrangeDevice,
    endless,
    fields,
    used_files,
    wrong_answer,
)

from firmware.prescription.profile import READY, Profile
from firmware.sound import songs
from host_tools import cli
from host_tools.device import backup, calibrate, client
from simulator.files import profile_file

SONG = songs.DATA["edo"]
EVENING = [
    programme_parts.segment("arrive", "song", "twinkle"),
    programme_parts.SILENCE,
    programme_parts.segment("rest", "song", "twinkle"),
]
# Every command that talks to a device, and what it is given.
COMMANDS = {
    "device info": (),
    "device list": (),
    "device identify": (),
    "device monitor": ("--seconds", "1"),
    "device selftest": (),
    "profile list": (),
    "profile show": (),
    "profile diff": ("night.toml",),
    "profile put": ("night.toml", "--commit", "--checked"),
    "profile commit": ("--checked",),
    "profile rollback": ("--commit", "--checked"),
    "profile discard": (),
    "song list": (),
    "song put": ("own.lul", "--commit"),
    "song rm": ("old", "--commit"),
    "programme list": (),
    "programme show": ("evening",),
    "programme put": ("settle", "--commit"),
    "programme rm": ("evening", "--commit"),
    "session list": (),
    "session get": (),
    "session note": ("--goal", "rest"),
    "session report": (),
    "session export": (),
    "calibrate": ("--meter", "class 2", "--background", "22", "--readings", "34,44.1,54.3"),
    "selftest": ("--part", "sensor"),
    "backup": ("all.zip",),
    "restore": ("kept.zip", "--checked"),
    "factory-reset": ("4f01",),
}
# The command that asks each question, for the sweep over the parts of an answer.
ASKED_BY = {
    "hello": "device identify", "status": "device info", "now": "device monitor", "list": "song rm",
    "get": "profile show", "put": "song put", "data": "song put", "stage": "song put", "remove": "song rm",
    "rollback": "profile rollback", "reset": "factory-reset", "discard": "profile discard",
    "commit": "song put", "identify": "device identify", "bench": "selftest", "tone": "calibrate",
    "quiet": "calibrate", "selftest": "selftest",
}  # fmt: skip


MOST_QUESTIONS = 2000  # of one command; the longest rightly answered one asks some hundred
SWEEP = bool(os.environ.get("CALANDO_SWEEP"))  # every combination: some ten minutes


def wait_at_most(monkeypatch, seconds):
    for name in ("ANSWER_S", "SLOW_ANSWER_S", "HELLO_S", "RESTART_S"):
        monkeypatch.setattr(client, name, seconds)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Nobody waits in these tests."""
    wait_at_most(monkeypatch, 0.04)
    monkeypatch.setattr(client, "POLL_S", 0.001)
    monkeypatch.setattr(client, "serial_ports", list)
    monkeypatch.setattr(calibrate, "SECONDS", 1)


@pytest.fixture(scope="module")
def flash():
    two = [READY["newborn"] | {"title": title} for title in ("One", "Two")]
    return used_files(SONG, made.session(), two) | {"programme.evening": programme_parts.compact(EVENING)}


@pytest.fixture
def tried(flash, monkeypatch, capsys, tmp_path, tmp_path_factory):
    """Run a command against a strange device: (exit status, standard output, standard error, what was asked)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALANDO_NOTES_DIR", str(tmp_path_factory.mktemp("notes")))
    (tmp_path / "night.toml").write_text("population = 'newborn'\ntitle = 'Night'\n")
    (tmp_path / "own.lul").write_bytes(SONG)
    kept = {"song.own": SONG, "profile": profile_file.as_bytes(Profile.from_values({"song": "own"}))}
    backup.write(tmp_path / "kept.zip", backup.Backup(ABOUT, kept))
    seconds = count(0, 0.4)
    clock = SimpleNamespace(monotonic=lambda: next(seconds), sleep=lambda seconds: None)
    monkeypatch.setattr("host_tools.commands.device.time", clock)
    before = sorted(path.name for path in tmp_path.iterdir())

    def run(name, wrong):
        files = Files()
        files.files = dict(flash)
        monkeypatch.setattr(sys, "argv", ["calando", *name.split(), *COMMANDS[name]])
        with StrangeDevice(wrong, files) as device:
            sys.argv += ["--port", device.port]
            with pytest.raises(SystemExit) as stopped:
                cli.main()
        out, err = capsys.readouterr()
        status = stopped.value.code or 0
        # Not by a clock: on a busy machine a command that is done after its imports has taken minutes.
        assert len(device.asked) < MOST_QUESTIONS, (name, len(device.asked))
        assert not any(character in out + err for character in "\x1b\x07\u202e"), "reached the terminal"
        if status:
            assert (
                status == 1 and err.startswith("calando: ") and err.endswith(".\n") and err.count("\n") == 1
            )
            assert len(err) < 600
            left = sorted(path.name for path in tmp_path.iterdir())
            assert left == before or name == "backup", "a part of a result"
        return status, out, err, device.asked

    run.clear = lambda: [path.unlink() for path in tmp_path.iterdir() if path.name not in before]
    return run


ABOUT = {"unit": "a1", "firmware": "0.1.0", "board": "pico", "protocol": 1, "schema": "88C39449"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_that_answers_rightly_is_understood(name, tried, monkeypatch):
    wait_at_most(monkeypatch, 20)
    status, _, err, _ = tried(name, None)
    assert status == (1 if name == "profile commit" else 0), err


def test_every_command_of_calando_that_takes_a_port_is_among_them():
    def groups(app, before=""):
        for command in app.registered_commands:
            name = command.name or command.callback.__name__.replace("_", "-")
            yield f"{before}{name}", command.callback
        for group in app.registered_groups:
            yield from groups(group.typer_instance, f"{group.name} ")

    takes = {name for name, callback in groups(cli.app) if "port" in callback.__code__.co_varnames}
    # The prompt of a board is another thing; the studio does not end, and has tests of its own.
    assert takes - {"deploy", "simulate", "studio", "session verify", "session note"} == set(COMMANDS) - {
        "session note"
    }


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    "kind", ["list", "same list", "object", "same object", "growing object", "transfer", "past the end"]
)
def test_what_has_no_end_ends_in_a_sentence(name, kind, tried, monkeypatch):
    monkeypatch.setattr(client, "TRANSFER_S", 0.3)
    tried(name, endless(kind))


def test_an_endless_list_is_named(tried, monkeypatch):
    wait_at_most(monkeypatch, 20)
    status, _, err, _ = tried("song list", endless("list"))
    assert status == 1 and "answered list song with something that cannot be right" in err, err


@pytest.mark.parametrize("cmd", ASKED_BY)
def test_every_part_of_every_answer_may_be_wrong(cmd, tried, monkeypatch):
    """Every part of the answer, in some wrong ways, and in a sweep in all of them."""
    heard = {}

    def listen(asked, request, answer):
        if asked == cmd and "ok" in answer:
            heard.setdefault("ok", answer["ok"])

    name = ASKED_BY[cmd]
    wait_at_most(monkeypatch, 2)  # every answer comes, but for those longer than a line
    _, _, _, asked = tried(name, listen)
    tried.clear()
    assert cmd in asked and "ok" in heard
    refused = 0
    chance = random.Random(cmd)
    for path in fields(heard["ok"]):
        some = ("huge", "nan", "missing", *chance.sample(sorted(WRONG_VALUES), 3))
        for kind in WRONG_VALUES if SWEEP else some:
            status, _, err, _ = tried(name, wrong_answer(cmd, kind, path))
            refused += status
            tried.clear()
            if kind in ("huge", "nan"):
                assert status == 1, (path, kind)
                # NaN is no JSON, so its line counts as a damaged one, and nobody answered.
                none = kind == "nan" and "no longer answers" in err
                assert none or f"answered {cmd}" in err or "Calando" in err, (path, kind, err)
    assert refused or not heard["ok"]


PAIRS = [(name, cmd) for name in COMMANDS for cmd in ASKED_BY]


@pytest.mark.parametrize("kind", WRONG_ANSWERS)
def test_every_command_may_get_every_wrong_answer(kind, tried):
    """Each kind with a part of all pairs of command and question, another part for each kind; in a sweep with all."""
    for name, cmd in PAIRS if SWEEP else random.Random(kind).sample(PAIRS, 10):
        tried(name, wrong_answer(cmd, kind))
        tried.clear()


def test_a_sentence_names_the_device_and_the_answer(tried, monkeypatch):
    wait_at_most(monkeypatch, 20)
    _, _, err, _ = tried("device info", wrong_answer("status", "huge", ("dose_today_min",)))
    assert "the device on /dev/pts/" in err and "answered status" in err and "dose_today_min" in err


def test_who_only_echoes_is_passed_over(flash, monkeypatch, tmp_path, capsys):
    files = Files()
    files.files = dict(flash)
    with StrangeDevice(wrong_answer("hello", "echo")) as echo, StrangeDevice(None, files) as ours:
        monkeypatch.setattr(client, "serial_ports", lambda: sorted([echo.port, ours.port]))
        with client.connect() as device:
            assert device.port == ours.port
        monkeypatch.setattr(client, "serial_ports", lambda: [echo.port])
        with pytest.raises(client.NoDevice, match="no Calando device found"):
            client.connect()


def test_json_stays_json(tried):
    def escape(cmd, request, answer):
        return (
            None
            if cmd != "status"
            else wrong_answer("status", "escape", ("profile", "title"))(cmd, request, answer)
        )

    COMMANDS["device info"] = ("--json",)
    try:
        status, out, _, _ = tried("device info", escape)
    finally:
        COMMANDS["device info"] = ()
    assert status or json.loads(out)
