"""A campaign on real Dask clusters: a worker is killed, a run is interrupted and gone on with elsewhere; the digest stays.

And the two tiers beside each other: the same scenario ends alike at the step level and on the whole device.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
import pytest

from host_tools.campaign import compare, runner
from host_tools.judge import limits, verdict, witness
from simulator import play, scenario, step_bedside

BIN = Path(sys.executable).parent
TABLE = limits.read()
SOON_S = 240.0  # of a machine that is busy with the other tests
PLAN = """
title = "short sessions"
[[cohort]]
name = "worst"
kind = "worst_case"
what = "short ones"
sessions = { S = 79, D = 1 }
[cohort.factors]
population = { choice = { newborn = 1 } }
session_min = { low = 5, high = 5 }
life = { choice = { one_session = 1 } }
contact_loss = { choice = { no = 1 } }
"""


@contextmanager
def program(*command, **options):
    """A program that is ended by its own id when the test is over."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()


def wait_until(happened, what):
    until = time.monotonic() + SOON_S
    while not happened():
        assert time.monotonic() < until, f"{what} did not happen"
        time.sleep(0.1)


def chunks_in(out):
    return len(list((out / "chunks").glob("*.gz")))


def campaign(plan, out, *options):
    done = subprocess.run(
        [BIN / "calando", "campaign", plan, "--out", out, *options],
        capture_output=True,
        text=True,
        timeout=2 * SOON_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "result.json").read_text())


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "short.toml"
    path.write_text(PLAN)
    return path


@pytest.fixture(scope="module")
def on_a_cluster(plan, tmp_path_factory):
    """The result of a run on a scheduler with two workers, one of which was killed in the middle."""
    here = tmp_path_factory.mktemp("cluster")
    out, told = here / "out", here / "scheduler.json"
    quiet = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "false"}
    with ExitStack() as stack:
        run = lambda *command: stack.enter_context(program(*command, cwd=here, env=quiet))  # noqa: E731
        run(
            BIN / "dask",
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            told,
        )
        # Its file is there before its text is.
        wait_until(lambda: told.is_file() and told.read_text().endswith("}"), "the scheduler's start")
        address = json.loads(told.read_text())["address"]
        workers = [
            run(
                BIN / "dask",
                "worker",
                address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--local-directory",
                here,
            )
            for _ in range(2)
        ]
        play_it = run(BIN / "calando", "campaign", plan, "--scheduler", address, "--out", out)
        wait_until(lambda: chunks_in(out) >= 2 or play_it.poll() is not None, "the first chunk")
        assert play_it.poll() is None, play_it.communicate()[0]
        workers[0].kill()
        output = play_it.communicate(timeout=SOON_S)[0]
        assert play_it.returncode == 0, output
        assert workers[1].poll() is None
    return json.loads((out / "result.json").read_text())


def test_a_killed_worker_costs_nothing_but_time(on_a_cluster):
    tiers = on_a_cluster["cohorts"]["worst"]
    assert {tier: told["sessions"] for tier, told in tiers.items()} == {"S": 79, "D": 1}
    assert on_a_cluster["complete"] and len(on_a_cluster["digest"]) == 64


def test_ctrl_c_keeps_what_is_done_and_another_folder_goes_on_to_the_same_digest(
    plan, on_a_cluster, tmp_path
):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    command = [BIN / "calando", "campaign", plan, "--workers", "1", "--out", here]
    with program(*command, start_new_session=True) as process:
        wait_until(lambda: chunks_in(here) >= 2 or process.poll() is not None, "the first chunk")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group hears it
        output = process.communicate(timeout=SOON_S)[0]
    assert process.returncode == 130 and "Traceback" not in output, output
    stopped = json.loads((here / "result.json").read_text())
    done = sum(tier["sessions"] for tier in stopped["cohorts"]["worst"].values())
    assert f"stopped after {done} of 80 sessions" in output and "Digest so far" in output, output
    assert not stopped["complete"] and 0 < stopped["cohorts"]["worst"]["S"]["sessions"] < 79
    assert stopped["digest"] != on_a_cluster["digest"]
    shutil.copytree(here, elsewhere)
    (elsewhere / "worst" / "worst-999.toml").touch()  # of a longer run
    again = campaign(plan, elsewhere, "--workers", "2")
    assert again == on_a_cluster
    page = (elsewhere / "report.html").read_text()
    assert all(f"worst/{path.name}" in page for path in (elsewhere / "worst").iterdir())
    assert again["digest"] in page and "not over patients" in page and "rule of three" in page


def test_dask_does_not_look_into_the_workers_and_keep_what_it_saw():
    """Or a worker grows beyond 400 MB in the hours of a long campaign."""
    with runner._cluster(1, None) as client:
        assert list(client.run(dask.config.get, "distributed.worker.profile.enabled").values()) == [False]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers at tcp://127.0.0.1:9"),
        (("--scheduler", "tcp://127.0.0.1:9", "--workers", "2"), "give one of them"),
        (("--out", "/dev/null/x"), "cannot write into /dev/null/x"),
    ],
)
def test_what_cannot_be_costs_one_sentence(plan, tmp_path, options, words):
    quick = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "2s"}
    options = options if "--out" in options else (*options, "--out", tmp_path / "out")
    done = subprocess.run(
        [BIN / "calando", "campaign", plan, *options],
        capture_output=True,
        text=True,
        timeout=SOON_S,
        env=quick,
    )
    assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1


# --- the two tiers ---

PRESSED_S = 185.0

LIVES = {
    "pressed": [{"at_s": 60.0, "do": "press"}],
    "bradycardia": [{"at_s": 40.0, "do": "pulse_rate", "to": 80.0, "over_s": 3.0}],
    "cut": [{"at_s": 30.0, "do": "power_cut", "for_s": 3.0}, {"at_s": 45.0, "do": "press"}],
    "worn": [{"at_s": 1.0, "do": "flash_worn"}],
    "late": [{"at_s": 30.0, "do": "usb_host", "for_s": 5.0}],
}


@pytest.mark.parametrize("life", LIVES)
def test_the_tiers_decide_alike_and_the_judge_finds_nothing(life):
    made = scenario.from_values(
        {"title": life, "duration_s": 80.0, "event": [{"at_s": 5.0, "do": "press"}, *LIVES[life]]}
    )
    device = witness.of_device(play.run(made), TABLE["full_scale_dba"]["newborn"])
    steps = witness.of_steps(step_bedside.play(made))
    assert compare.compare(made, device, steps) == (compare.AGREED, "")
    for evidence in (device, steps):
        judged = verdict.judge(evidence, limits.of(TABLE, "newborn"))
        assert judged.broken == {}
        assert judged.margins or life == "worn"


def test_tiers_that_decide_otherwise_are_told_apart():
    made = scenario.from_values({"title": "t", "duration_s": 80.0, "event": [{"at_s": 5.0, "do": "press"}]})
    steps = witness.of_steps(step_bedside.play(made))
    steps.ends.append((50.0, "withdrawn", "bradycardia"))
    word, told = compare.compare(made, steps)
    assert word == compare.DIFFERED and "bradycardia" in told
    steps.script.append({"at_s": 45.0, "do": "motion", "to": 5.0})
    assert compare.compare(made, steps)[0] == compare.READ_OTHERWISE
    steps.ends[-1] = (50.0, "withdrawn", "usb_host")
    assert compare.compare(made, steps)[0] == compare.DIFFERED


def test_a_press_that_finds_one_of_them_fading_still_hangs_on_when_the_light_was_read():
    made = scenario.from_values({
        "title": "a hand that moves, and a press in the fade", "duration_s": 200.0,
        "profile": {"poor_signal_hold_s": 20},
        "event": [
            {"at_s": 5.0, "do": "press"},
            {"at_s": 150.0, "do": "motion", "to": 3.0, "for_s": 90.0},
            {"at_s": PRESSED_S, "do": "press"},
        ],
    })  # fmt: skip
    steps = witness.of_steps(step_bedside.play(made))
    (faded_s, end, reason), (_, pressed, _) = steps.ends
    assert (end, reason, pressed) == ("faded", "signal_lost", "refused") and 0 < PRESSED_S - faded_s < 20
    steps.ends = [(faded_s + 6.0, end, reason)]
    assert compare.compare(made, steps)[0] == compare.READ_OTHERWISE
    steps.ends.append((PRESSED_S, "withdrawn", "usb_host"))  # which no light decides
    assert compare.compare(made, steps)[0] == compare.DIFFERED


def test_a_press_between_the_stop_of_one_and_the_same_stop_of_the_other_parts_them():
    """Found by a campaign: a press 8 s after the step level's stop and 5 s before the device's began a session there."""
    made = scenario.from_values({
        "title": "a slow pulse, and a press as it is seen", "duration_s": 200.0,
        "event": [
            {"at_s": 5.0, "do": "press"},
            {"at_s": 40.0, "do": "pulse_rate", "to": 80.0, "over_s": 3.0},
            {"at_s": 150.0, "do": "press"},
        ],
    })  # fmt: skip
    steps = witness.of_steps(step_bedside.play(made))
    at_s, end, reason = steps.ends[0]
    assert (end, reason) == ("withdrawn", "bradycardia")
    steps.ends = [(at_s + 10.0, end, reason), (180.0, "refused", "dose")]
    assert compare.compare(made, steps)[0] == compare.DIFFERED
    steps.script.append({"at_s": at_s + 4.0, "do": "press"})
    assert compare.compare(made, steps)[0] == compare.READ_OTHERWISE
    steps.ends[0] = (at_s + 20.0, end, reason)
    assert compare.compare(made, steps)[0] == compare.DIFFERED, "that late is late"


def test_a_pulse_beside_a_limit_may_be_decided_whenever_its_reading_crosses():
    made = scenario.from_values({
        "title": "an adult just below a newborn's pulse", "duration_s": 150.0,
        "profile": {"population": "adult", "opening": "music"}, "patient": {"population": "adult", "pulse_rate_bpm": 116.8},
        "event": [
            {"at_s": 5.0, "do": "press"},
            {"at_s": 20.0, "do": "pulse_rate", "to": 119.0, "over_s": 60.0},
        ],
    })  # fmt: skip
    read_high = step_bedside.Sensor(pulse_times=1.014)
    steps = witness.of_steps(step_bedside.play(made, None, read_high))
    assert [reason for _, _, reason in steps.ends] == ["wrong_population"]
    assert compare.compare(made, steps)[0] == compare.AGREED
    steps.ends[0] = (100.0, "withdrawn", "bradycardia")
    assert compare.compare(made, steps)[0] == compare.DIFFERED


def test_oxygen_beside_a_limit_may_end_a_session_whenever_its_reading_crosses():
    """Found by a campaign: with 0.2 % below the limit the device read as much above it for half a minute."""
    made = scenario.from_values({
        "title": "a newborn just below the oxygen that ends a session", "duration_s": 150.0,
        "profile": {"population": "newborn", "maturity": "term", "spo2_stop_percent": 89},
        "patient": {"population": "newborn", "spo2_percent": 88.8}, "event": [{"at_s": 5.0, "do": "press"}],
    })  # fmt: skip
    steps = witness.of_steps(step_bedside.play(made))
    ((at_s, end, reason),) = steps.ends
    assert (end, reason) == ("withdrawn", "desaturation")
    steps.ends = [(at_s + 60.0, end, reason)]
    assert compare.compare(made, steps)[0] == compare.READ_OTHERWISE
    steps.ends = [(at_s + 60.0, end, "pressed")]
    assert compare.compare(made, steps)[0] == compare.DIFFERED
    lower = scenario.from_values(
        made.model_dump() | {"patient": {"population": "newborn", "spo2_percent": 86.0}}
    )
    steps.ends = [(at_s + 60.0, end, reason)]
    assert compare.compare(lower, steps)[0] == compare.DIFFERED, "far below it is late"


def test_a_pulse_beside_a_limit_may_waver_below_it_and_end_nothing():
    """Found by a campaign: a rise of 16 % has to hold for a minute, and one reading in it was a hundredth less."""
    made = scenario.from_values({
        "title": "an adult a little above the rise that ends a session", "duration_s": 500.0,
        "profile": {"population": "adult", "pulse_rise_stop_percent": 15},
        "patient": {"population": "adult", "pulse_rate_bpm": 80.0},
        "event": [
            {"at_s": 5.0, "do": "press"},
            {"at_s": 200.0, "do": "pulse_rate", "to": 91.8, "over_s": 30.0},
        ],
    })  # fmt: skip
    steady = witness.of_steps(step_bedside.play(made))
    assert [reason for _, _, reason in steady.ends] == ["tachycardia"]
    wavering = witness.of_steps(step_bedside.play(made, None, step_bedside.Sensor(pulse_wavers=0.008)))
    assert wavering.ends == []
    assert compare.compare(made, wavering)[0] == compare.AGREED
