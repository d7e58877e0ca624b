"""Plays scenarios and prints what came of each as SHA-256 sums: proof that a change moved no sample, row or event.

    python tests/checks/same_sound.py [--runtime cpython] [--shorter-than 400] [NAME ...] > before.txt

Run it before a change that must not be heard and after it, and compare: `diff before.txt after.txt`. Keep the sums out of
the repository: a change that is meant to be heard changes them. Free heap is left out of the events, it is no behaviour.
"""

import argparse
import csv
import hashlib
import io
import json
import sys
import wave
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulator import play, scenario

RATE_HZ = 16_000


def sums(name: str, runtime: str) -> list[str]:
    """Play one scenario that comes with the project; returns the SHA-256 of audio.wav, session.csv and events.jsonl."""
    result = play.run(scenario.load(name), runtime)
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(result.pcm.astype("<i2").tobytes())
    table = io.StringIO()
    writer = csv.DictWriter(table, list(result.rows[0]) if result.rows else [])
    writer.writeheader()
    writer.writerows(result.rows)
    events = "\n".join(json.dumps(event) for event in result.events if event["kind"] != "device_heap")
    made = (sound.getvalue(), table.getvalue().encode(), events.encode())
    return [hashlib.sha256(data).hexdigest() for data in made]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="scenarios; default: all that are short enough"
    )
    parser.add_argument("--runtime", choices=("micropython", "cpython"), default="micropython")
    parser.add_argument("--shorter-than", type=float, default=float("inf"), metavar="SECONDS")
    arguments = parser.parse_args()
    every = sorted(path.stem for path in scenario.FOLDER.glob("*.toml"))
    for name in arguments.names or every:
        if scenario.load(name).duration_s < arguments.shorter_than:
            print(name, *sums(name, arguments.runtime), flush=True)


if __name__ == "__main__":
    main()
