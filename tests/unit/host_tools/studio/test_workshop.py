"""The process that does the studio's long work, seen from outside: what it does when the studio is gone."""

import pickle
import subprocess
import sys

from host_tools.studio import workshop


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
