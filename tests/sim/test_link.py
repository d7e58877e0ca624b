"""The whole device on a desk: what a computer stages takes a hand on the button, and is there after the new start."""

import base64
import hashlib
import json

import pytest
from sim_parts import from_text

from firmware.prescription.profiles import READY
from firmware.sound import songs
from firmware.usb import link
from simulator import bedside
from simulator.runtimes import cpython, micropython

BOOT = {"cpython": cpython.boot, "micropython": micropython.boot}
TEXT = """
title = "t"
duration_s = {duration_s}
[[event]]
at_s = 1
do = "usb_host"
"""
HOLD = '[[event]]\nat_s = {at_s}\ndo = "hold"\n'
PRESS = '[[event]]\nat_s = {at_s}\ndo = "press"\n'
PROFILE = json.dumps(READY["newborn"] | {"title": "From the desk", "level_dba": 44.5}).encode()
SONG = songs.DATA["au_clair"]


def request(number, cmd, **arguments):
    return link.encode({"id": number, "cmd": cmd, **arguments})


def sending(name, data, first):
    digest = hashlib.sha256(data).hexdigest()
    lines = [request(first, "put", name=name, size=len(data), sha256=digest, format=1)]
    for at in range(0, len(data), link.CHUNK_BYTES):
        piece = base64.b64encode(data[at : at + link.CHUNK_BYTES]).decode()
        lines.append(request(first + len(lines), "data", at=at, data=piece))
    return [*lines, request(first + len(lines), "stage")]


def play(runtime, script, events="", duration_s=30):
    """Play with these (at_s, lines) on the cable; the answers by id, and the bench."""
    bench = bedside.Bedside(from_text(TEXT.format(duration_s=duration_s) + events))
    for at_s, lines in script:
        bench.usb_send(at_s, b"".join(lines))
    while bench.next_boot is not None:
        BOOT[runtime](bench)
    answers = {}
    for line in bench.computer.said().splitlines():
        answer = link.decode(line)
        assert answer["id"] not in answers
        answers[answer["id"]] = answer.get("ok", answer.get("error"))
    return answers, bench


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_a_profile_from_the_desk_is_there_after_the_button_was_held(runtime):
    script = [
        (
            2,
            [
                request(1, "hello"),
                request(2, "status"),
                *sending("profile", PROFILE, 10),
                request(3, "get", name="diff"),
            ],
        ),
        (5, [request(4, "commit", checked=True), request(5, "status")]),
        (8, [request(6, "status")]),
        (
            20,
            [
                request(7, "status"),
                request(8, "get", name="profile"),
                request(9, "get", name="profile.previous"),
            ],
        ),
    ]
    answers, bench = play(runtime, script, HOLD.format(at_s=6))
    assert answers[1]["product"] == "calando" and answers[1]["mode"] == "idle"
    assert (
        answers[2]["confirmed"] is True
        and answers[2]["calibrated"] is False
        and answers[2]["full_scale_dba"] == 74
    )
    changes = json.loads(base64.b64decode(answers[3]["data"]))["changes"]
    assert {"name": "profile", "setting": "level_dba", "old": 48, "new": 44.5} in changes
    assert answers[5]["commit"] == "waiting" and answers[5]["staged"] == 1
    assert answers[6]["commit"] == "done"
    assert answers[7]["profile"]["title"] == "From the desk" and answers[7]["commit"] == "none"
    assert answers[7]["uptime_s"] < 14 and answers[7]["staged"] == 0
    assert answers[8]["size"] == len(PROFILE) and bench.saved("profile") == PROFILE
    assert answers[9]["size"] > 100
    assert not bench.sound.heard(30).any(), "a hand on the button for the computer begins no session"
    assert any(pin == 17 and 5 < at_s < 7 and duty for at_s, pin, duty in bench.lights), (
        "the light asked for it"
    )


@pytest.mark.parametrize(
    "events", ["", PRESS.format(at_s=6), HOLD.format(at_s=4.5)], ids=["nobody", "press", "early"]
)
def test_without_a_hold_that_began_after_the_question_the_flash_stays_as_it_is(events):
    script = [
        (2, sending("song.ours", SONG, 10)),
        (5, [request(1, "commit")]),
        (38, [request(2, "status"), request(3, "list", kind="song", **{"from": len(songs.NAMES)})]),
    ]
    answers, bench = play("micropython", script, events, duration_s=40)
    assert answers[1] == {"within_s": 30} and answers[2]["commit"] == "expired"
    assert answers[3]["items"] == []
    assert not any(event["kind"] == "reset" for event in bench.result("micropython", 0.0, {}).events)


def test_a_stored_song_is_played_by_the_profile_that_names_it():
    song = SONG
    profile = json.dumps({"song": "ours", "baseline_max_s": 60}).encode()
    script = [
        (2, [*sending("song.ours", song, 10), *sending("profile", profile, 30)]),
        (5, [request(1, "commit", checked=True)]),
        (20, [request(2, "status"), request(3, "list", kind="song", **{"from": len(songs.NAMES)})]),
    ]
    answers, _ = play("micropython", script, HOLD.format(at_s=6))
    assert answers[2]["confirmed"] is True
    assert {"name": "ours", "bytes": len(song), "built_in": False} in answers[3]["items"]


def test_a_cable_that_is_pulled_takes_what_was_staged_with_it():
    events = '[[event]]\nat_s = 10\ndo = "usb_host"\nto = 0\nfor_s = 5\n'
    script = [
        (2, [*sending("song.ours", SONG, 10), request(1, "status")]),
        (20, [request(2, "status"), request(3, "commit")]),
    ]
    answers, _ = play("micropython", script, events)
    assert answers[1]["staged"] == 1 and answers[2]["staged"] == 0
    assert answers[3]["code"] == "nothing_staged"


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_bench_mode_takes_a_hold_and_lets_a_session_and_a_test_sound_be_heard(runtime):
    script = [
        (2, [request(1, "tone", level_dbfs=-30, seconds=2), request(2, "bench")]),
        (6, [request(3, "status"), request(4, "tone", level_dbfs=-30, seconds=2)]),
        (7, [*sending("song.a", songs.DATA["brahms"], 20), request(6, "quiet")]),
        (15, [request(7, "status"), request(8, "list", kind="song"), request(9, "now")]),
    ]
    answers, bench = play(runtime, script, HOLD.format(at_s=3) + PRESS.format(at_s=10))
    assert answers[1]["code"] == "busy" and answers[2] == {"within_s": 30}
    assert answers[3]["mode"] == "bench" and answers[4] == {}
    assert answers[20]["code"] == "busy", "no flash is written while something is heard"
    assert answers[7]["mode"] == "session" and answers[8]["code"] == "busy" and answers[9]["row"]
    heard = bench.sound.heard(30)
    assert not heard[: 6 * 16000].any() and heard[int(6.5 * 16000) : 7 * 16000].any()
    assert not heard[9 * 16000 : 10 * 16000].any() and heard[25 * 16000 :].any()
    assert bench.sound.underruns == 0


def test_pulled_in_a_bench_session_the_music_plays_on():
    events = HOLD.format(at_s=3) + PRESS.format(at_s=6) + '[[event]]\nat_s = 12\ndo = "usb_host"\nto = 0\n'
    _, bench = play("micropython", [(2, [request(1, "bench")])], events)
    assert bench.sound.heard(30)[29 * 16000 :].any()
