"""A campaign's result has one digest, however many workers played it.

    python tests/checks/campaign_digest.py [--sessions 60] [--workers 1 2 16]

Plays the plan `bedside` from nothing with each number of workers. Exit 1 when two digests are not equal.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import host_tools  # noqa: F401  (lets CPython import the firmware)
from host_tools.campaign import plan, results, runner


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 16])
    given = parser.parse_args()
    digests = []
    for workers in given.workers:
        with tempfile.TemporaryDirectory(prefix="calando-") as folder:
            began = time.monotonic()
            run = runner.run(plan.load("bedside"), Path(folder), given.sessions, workers)
            result = results.write(run)
        digests.append(result["digest"])
        print(
            f"{workers:4} workers, {run.played} sessions: {result['digest']} in {time.monotonic() - began:.0f} s",
            flush=True,
        )
    if len(set(digests)) != 1:
        print("the digest hangs on the number of workers")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
