"""Lives 40 days of the device under MicroPython with no idle hour left out: its loop turns every 4 s, for some minutes.

    python tests/checks/long_life.py [--wraps 3]

Prints a line for each session, and ends with status 1 when something adds up on the heap or has grown too large for the
chip's small integers. `tests/sim/test_long_life.py` does the same with the idle days left out.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / "support"),
    str(Path(__file__).resolve().parents[2]),
]
import simulator.cpython  # noqa: E402, F401, I001  # before what imports the firmware
import weeks  # noqa: E402

TURNS_APART_S = 4  # below the 5 s that the guard takes for a clock that jumped


def main() -> int:
    parser = argparse.ArgumentParser(description="live 40 days of the device")
    parser.add_argument("--wraps", type=int, default=3, help="of the ticks, 12.4 days each")
    sessions_s = weeks.sessions(parser.parse_args().wraps)
    with tempfile.TemporaryDirectory() as folder:
        told, events = weeks.live(sessions_s, TURNS_APART_S, Path(folder) / "told.jsonl")
    for line in told:
        print(
            f"day {line['uptime_s'] / 86_400:5.2f}: {line['end']}, {line['heap_bytes']} bytes, {line['too_large']}"
        )
    heaps = {line["heap_bytes"] for line in told[1:]}
    faults = [event for event in events if event["kind"] in ("device_fault", "device_save_failed", "reset")]
    print(f"{len(told)} sessions, {len(faults)} faults, heap after each but the first: {sorted(heaps)}")
    return int(len(heaps) > 1 or bool(faults) or any(line["too_large"] for line in told))


if __name__ == "__main__":
    sys.exit(main())
