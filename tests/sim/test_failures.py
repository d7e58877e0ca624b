"""What goes wrong ends in silence, with a reason that survives the reset; and the bench says so instead of hanging.

Each fault is put into the device as it runs under MicroPython: a task that raises, exhausts memory or never returns, and an
interpreter that is killed from outside.
"""

import os
import signal
import subprocess

import numpy as np
import pytest
from sim_parts import BROKEN_AT_S, BROKEN_TEXT, RATE_HZ, SIM, from_text, play_broken, records

from firmware.memory.names import SESSIONS_KEPT
from simulator import bedside, play
from simulator.runtimes import micropython

LATEST_S = {"mend": 5.3, "journal": 1.3}  # after BROKEN_AT_S; the others run more often


@pytest.mark.parametrize(
    "task", ["sound", "button", "sensor", "adc", "session", "journal", "mend", "link", "display"]
)
@pytest.mark.parametrize("how", ["raise", "memory"])
def test_an_error_in_any_task_ends_in_silence_and_a_reason_that_survives(task, how):
    result, bench = play_broken(task, how)
    breaks_s = next(event["time_s"] for event in result.events if event["kind"] == "reset")
    assert BROKEN_AT_S < breaks_s < BROKEN_AT_S + LATEST_S.get(task, 0.3)
    assert result.pcm[: BROKEN_AT_S * RATE_HZ].any(), "nothing played: the test proves nothing"
    assert not result.pcm[int(breaks_s * RATE_HZ) :].any()
    faults = [event["detail"]["reason"] for event in result.events if event["kind"] == "device_fault"]
    assert faults == ["exception"]
    assert b"Error: " in bench.saved("fault"), "it can be read afterwards"
    assert result.rows[-1]["phase"] == "idle"
    session = records(bench.saved("session", SESSIONS_KEPT))
    last = [record for record in session if "phase" in record][-1]
    assert breaks_s - 2 <= last["seconds"] <= breaks_s, "not even what was still in RAM is lost"
    assert (session[-1]["kind"], session[-1]["detail"]) == ("cut", bedside.WATCHDOG_RESET)
    assert result.summary["amplifier_pops"] == result.summary["flash_erased_while_audible"] == 0


@pytest.mark.parametrize("dip_s", [0.01, 3])
def test_a_brown_out_in_the_middle_is_silence_at_once_and_a_session_that_says_so(dip_s):
    dips_s = BROKEN_AT_S + 10  # a page of the journal is on flash by then
    text = BROKEN_TEXT + f'[[event]]\nat_s = {dips_s}\ndo = "supply"\nto = 1.7\nfor_s = {dip_s}\n'
    bench = bedside.Bedside(from_text(text))
    while bench.next_boot is not None:
        heap = micropython.boot(bench)
    result = bench.result("micropython", 0.0, heap)
    assert result.pcm[(dips_s - 1) * RATE_HZ : dips_s * RATE_HZ].any(), (
        "nothing played: the test proves nothing"
    )
    assert not result.pcm[int((dips_s + 0.01) * RATE_HZ) :].any()
    assert [e["detail"]["why"] for e in result.events if e["kind"] == "reset"] == ["brown_out"]
    assert result.rows[-1]["phase"] == "idle"
    last = records(bench.saved("session", SESSIONS_KEPT))[-1]
    assert (last["kind"], last["detail"]) == ("cut", bedside.POWER_ON_RESET)


def test_a_supply_that_sinks_is_noticed_before_it_browns_out():
    sinking = '[[event]]\nat_s = 10\ndo = "supply"\nto = 0\nover_s = 15\nfor_s = 0.5\n'
    result = play.run(from_text(BROKEN_TEXT.replace("duration_s = 30", "duration_s = 50") + sinking))
    assert (result.summary["end"], result.summary["reason"]) == ("withdrawn", "supply_low")
    browned_out_s = next(e["time_s"] for e in result.events if e["kind"] == "reset")
    assert browned_out_s == pytest.approx(10 + 15 * (5 - 1.8) / 5, abs=0.01)
    assert np.flatnonzero(result.pcm)[-1] / RATE_HZ < browned_out_s - 1
    assert result.rows[-1]["phase"] == "idle"


def test_a_device_that_cannot_be_put_together_stays_silent_and_says_why():
    result, bench = play_broken("none", "build")
    kinds = [event["kind"] for event in result.events]
    assert kinds.index("reset") < kinds.index("device_boot"), "it died before it could say anything"
    assert [e["detail"]["reason"] for e in result.events if e["kind"] == "device_fault"] == ["exception"]
    assert bench.saved("fault").endswith(b"ValueError: a part of the device cannot be made\n")


def test_a_loop_that_never_ends_is_bitten_by_the_watchdog():
    result, _ = play_broken("journal", "poll")
    # The queue of sound runs out at once; the reset comes two seconds later, and nothing plays again by itself.
    assert not result.pcm[int((BROKEN_AT_S + 1.3) * RATE_HZ) :].any()
    assert [e["detail"]["why"] for e in result.events if e["kind"] == "reset"] == ["watchdog"]
    assert [e["detail"]["reason"] for e in result.events if e["kind"] == "device_fault"] == ["watchdog"]
    assert result.rows[-1]["phase"] == "idle"


def test_a_firmware_that_hangs_without_asking_the_time_is_named(monkeypatch):
    monkeypatch.setattr(micropython, "SILENT_FOR_S", 0.7)
    bench = bedside.Bedside(from_text(BROKEN_TEXT))
    with pytest.raises(bedside.RuntimeDied, match="has not said anything for"):
        micropython.boot(bench, SIM / "broken_task.py", "journal", str(BROKEN_AT_S), "hang")


def test_an_interpreter_that_is_killed_is_named_and_nothing_hangs(monkeypatch):
    started = []
    popen = subprocess.Popen

    def remember(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(micropython.subprocess, "Popen", remember)

    def kill(row):
        if row["time_s"] > 10:
            os.kill(started[-1].pid, signal.SIGKILL)

    with pytest.raises(bedside.RuntimeDied, match="was killed by signal 9"):
        play.run(from_text(BROKEN_TEXT), progress=kill)


@pytest.mark.parametrize("fault", ["adc_fault", "i2c_fault"])
def test_a_chip_that_works_again_is_trusted_again_but_only_after_somebody_pressed(fault):
    # Before, the converter was set up at boot only: after one loose contact every later press was refused.
    text = (
        BROKEN_TEXT.replace("duration_s = 30", "duration_s = 60")
        + f'[[event]]\nat_s = 20\ndo = "{fault}"\nfor_s = 5\n'
    )
    presses = "".join(f'[[event]]\nat_s = {at_s}\ndo = "press"\n' for at_s in (45, 50))
    result = play.run(from_text(text + presses))
    assert result.summary["end"] is None or result.rows[-1]["phase"] == "baseline"
    assert not result.pcm[22 * RATE_HZ : 50 * RATE_HZ].any(), "a press says seen, the next one begins"
    assert result.pcm[52 * RATE_HZ :].any()
