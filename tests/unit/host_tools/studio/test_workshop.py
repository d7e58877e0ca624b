"""The process that does the studio's long work, seen from outside: what it does when the studio is gone."""

import pickle
import subprocess
import sys
import time

import pytest

from firmware.prescription.profile import READY
from host_tools.studio import workshop
from host_tools.studio.job import Cancelled


def test_work_that_nobody_waits_for_any_more_ends_without_a_word():
    worker = subprocess.Popen(
        [sys.executable, "-m", workshop.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert worker.stdin is not None and worker.stdout is not None and worker.stderr is not None
    worker.stdout.close()
    pickle.dump(("draw", {"text": "X:1\nK:C\nC"}), worker.stdin)
    worker.stdin.flush()
    with worker.stdin, worker.stderr:
        assert worker.stderr.read() == b""
        assert worker.wait(30) == 0


def test_a_simulated_session_is_cancelled_and_the_next_task_is_done(tmp_path):
    shop = workshop.Workshop()
    try:
        job = shop.do(
            "bench",
            folder=str(tmp_path),
            values=dict(READY["newborn"]),
            patient="newborn",
            songs=str(tmp_path),
            language=("en", "en_GB"),
        )
        end = time.monotonic() + 60
        while not job.rows and job.running and time.monotonic() < end:
            time.sleep(0.02)
        job.cancel()
        with pytest.raises(Cancelled, match="nothing was changed"):
            job.future.result(60)
        assert list(tmp_path.iterdir()) == []
        assert "<svg" in shop.do("draw", text="X:1\nK:C\nC").future.result(120)
    finally:
        shop.close()
