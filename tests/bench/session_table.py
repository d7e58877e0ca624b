"""A year of sessions, 1000 of twenty minutes, as tables: time and memory of the whole command.

Run: python tests/bench/session_table.py [--sessions 1000]. The bar: 10 s and 300 MB.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    import simulator  # noqa: F401  (what conftest.py does for the tests)

    sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))

import journal_records as made
from read_sessions import file_of

from host_tools.sessions import session_file

BAR_S, BAR_MB = 10.0, 300.0
ROWS = 1200


def _memory_mb(session: int) -> float:
    """What the processes of a session have in memory together, each shared page counted once for all who share it."""
    total_kb = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int((place / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                text = (place / "smaps_rollup").read_text()
                total_kb += int(
                    next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]
                )
        except (OSError, StopIteration):
            continue  # it has just ended
    return total_kb / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    asked = parser.parse_args()
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        for age in range(asked.sessions):
            rate = chance.uniform(120, 170)
            raw = made.event(5, "phase", "baseline")
            raw += b"".join(
                made.row(6 + s, pulse_bpm=None if s % 97 < 4 else round(rate + chance.gauss(0, 2), 2))
                for s in range(ROWS)
            )
            raw += made.event(6 + ROWS, "end", 0, "time_up")
            session_file.save(file_of(raw, age=age), Path(folder) / f"session-{age}.calando")
        started = time.monotonic()
        command = [sys.executable, "-m", "host_tools.cli", "session", "table", folder, "--out", folder]
        done = subprocess.Popen(
            command, env=os.environ | {"CALANDO_NOTES_DIR": f"{folder}/notes"}, start_new_session=True
        )
        most_mb = 0.0
        while done.poll() is None:
            most_mb = max(most_mb, _memory_mb(done.pid))
            time.sleep(0.05)
        took_s = time.monotonic() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.1f} s of processor time in all processes")
    print(
        f"{asked.sessions} sessions of {ROWS} rows: {took_s:.1f} s (bar {BAR_S:g}), {most_mb:.0f} MB (bar {BAR_MB:g})"
    )
    return done.returncode or int(took_s > BAR_S or most_mb > BAR_MB)


if __name__ == "__main__":
    sys.exit(main())
