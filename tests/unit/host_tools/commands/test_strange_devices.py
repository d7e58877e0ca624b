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
from host_tools.device import answers, backup, calibrate, client
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
# What each asks, so that no wrong answer is prepared for a question that never comes. A test holds this against the truth.
_PROFILES = "hello get"
_READ = "hello list get status"
_PUT = "hello list get put data stage status commit"
_REMOVE = "hello list get remove status commit"
_TRY = "hello status bench selftest"
ASKS = {
    name: asked.split()
    for name, asked in {
        "device info": "hello status get", "device list": "hello", "device identify": "hello identify",
        "device monitor": "hello now", "device selftest": _TRY, "profile list": _PROFILES, "profile show": _PROFILES,
        "profile diff": _PROFILES, "profile put": "hello get put data stage status commit",
        "profile commit": "hello get status commit", "profile rollback": "hello get rollback status commit",
        "profile discard": "hello discard", "song list": "hello list", "song put": _PUT, "song rm": _REMOVE,
        "programme list": "hello list get", "programme show": _PROFILES, "programme put": _PUT, "programme rm": _REMOVE,
        "session list": "hello list", "session get": _READ, "session note": _READ, "session report": _READ,
        "session export": _READ, "calibrate": "hello status get bench tone quiet put data stage commit", "selftest": _TRY,
        "backup": "hello list get", "restore": "hello list get discard put data stage remove status commit",
        "factory-reset": "hello list get reset status commit",
    }.items()
}  # fmt: skip
# Without it there is nothing for the command to do.
BEFORE = {"profile commit": ("profile", "put", "night.toml")}
# The command that asks each question, for the sweep over the parts of an answer.
ASKED_BY = {
    "hello": "device identify", "status": "device info", "now": "device monitor", "list": "song rm",
    "get": "profile show", "put": "song put", "data": "song put", "stage": "song put", "remove": "song rm",
    "rollback": "profile rollback", "reset": "factory-reset", "discard": "profile discard",
    "commit": "song put", "identify": "device identify", "bench": "selftest", "tone": "calibrate",
    "quiet": "calibrate", "selftest": "selftest",
}  # fmt: skip
# A list of each kind has other parts, and so has the last chunk of an object in many.
SWEPT = [*ASKED_BY.items(), ("list", "session list"), ("list", "programme list"), ("get", "session get")]
SAY_NOTHING = ("identify", "tone", "quiet")  # answered {}: there is no part that could be wrong


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
    monkeypatch.setattr(client, "SIMULATED_PATIENCE", 1.0)
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
        with StrangeDevice(None, files) as device:
            if name in BEFORE:
                words = sys.argv
                monkeypatch.setattr(sys, "argv", ["calando", *BEFORE[name], "--port", device.port])
                cli_done()
                capsys.readouterr()
                device.asked.clear()
                monkeypatch.setattr(sys, "argv", words)
            device.wrong = wrong
            sys.argv += ["--port", device.port]
            stopped = cli_done()
        out, err = capsys.readouterr()
        status = stopped.code or 0
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


def cli_done():
    """What the command line ends with."""
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value


ABOUT = {"unit": "a1", "firmware": "0.1.0", "board": "pico", "protocol": 1, "schema": "88C39449"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_that_answers_rightly_is_understood(name, tried, monkeypatch):
    wait_at_most(monkeypatch, 20)
    status, _, err, asked = tried(name, None)
    assert status == 0, err
    assert set(asked) == set(ASKS[name])


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


@pytest.mark.parametrize(("cmd", "name"), SWEPT)
def test_every_part_of_every_answer_may_be_wrong(cmd, name, tried, monkeypatch):
    """Every part of the answer, in some wrong ways, and in a sweep in all of them."""
    heard = {}  # each part of any answer to it, in order

    def listen(asked, request, answer):
        if asked == cmd and "ok" in answer:
            heard.update(dict.fromkeys(fields(answer["ok"])))

    wait_at_most(monkeypatch, 2)  # every answer comes, but for those longer than a line
    _, _, _, asked = tried(name, listen)
    tried.clear()
    assert cmd in asked
    assert {path[-1] for path in heard} >= parts_of(cmd, name)
    assert bool(heard) != (cmd in SAY_NOTHING)
    refused = 0
    chance = random.Random(cmd)
    for path in heard:
        some = ("huge", "nan", "missing", *chance.sample(sorted(WRONG_VALUES), 3))
        for kind in WRONG_VALUES if SWEEP else some:
            # NaN is no JSON, so its line counts as a damaged one, and nobody has answered: that is not waited for.
            wait_at_most(monkeypatch, 0.1 if kind == "nan" else 2)  # every other answer comes
            monkeypatch.setattr(client, "RESTART_S", 2)
            status, _, err, _ = tried(name, wrong_answer(cmd, kind, path))
            refused += status
            tried.clear()
            if kind in ("huge", "nan"):
                assert status == 1, (path, kind)
                none = kind == "nan" and "no longer answers" in err
                assert none or f"answered {cmd}" in err or "Calando" in err, (path, kind, err)
    assert refused or not heard


def parts_of(cmd, name):
    """Every part that the model of this answer knows: one that is not heard would be swept by nobody."""
    if cmd == "list":
        models = (
            [answers.SessionPage, answers.SessionItem]
            if "session" in name
            else [answers.SoundPage, answers.SoundItem]
        )
    else:
        models = [answers.ANSWERS[cmd]] + [answers.ProfileInUse] * (cmd == "status")
    return {field.alias or part for model in models for part, field in model.model_fields.items()}


def pairs_for(kind):
    """The pairs of command and question that get this kind: each question with each kind, each pair with one at least."""
    place = WRONG_ANSWERS.index(kind)
    for cmd in ASKED_BY:
        asking = [name for name in COMMANDS if cmd in ASKS[name]]
        chosen = asking if SWEEP else asking[place :: len(WRONG_ANSWERS)] or [asking[place % len(asking)]]
        for name in chosen:
            yield name, cmd


def test_every_pair_of_command_and_question_gets_a_wrong_answer():
    reached = [(name, cmd) for kind in WRONG_ANSWERS for name, cmd in pairs_for(kind)]
    assert set(reached) == {(name, cmd) for name in COMMANDS for cmd in ASKS[name]}


@pytest.mark.parametrize("kind", WRONG_ANSWERS)
def test_every_command_may_get_every_wrong_answer(kind, tried, monkeypatch):
    """Each kind in the place of each answer; in a sweep for each command that asks for it."""
    for name, cmd in pairs_for(kind):
        _, _, _, asked = tried(name, wrong_answer(cmd, kind))
        tried.clear()
        if cmd not in asked:  # on a busy machine a right answer before it came too late
            with monkeypatch.context() as patient:
                wait_at_most(patient, 5)
                _, _, _, asked = tried(name, wrong_answer(cmd, kind))
                tried.clear()
        assert cmd in asked, (name, cmd)


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
