"""Every song and soundscape, sample for sample, as it was when somebody last listened to it.

A change of the engine or of a song changes a line of audio.json. When the change is meant: listen (`make listen`),
then `PYTHONPATH=tests/support python tests/golden/test_audio_golden.py` writes the lines anew.
"""

import hashlib
import json
import tempfile
from pathlib import Path

if __name__ == "__main__":
    import simulator  # noqa: F401  (what conftest.py does for the tests)

import pytest
import recordings
from golden_sounds import FILE, NAMES, RECORDINGS, plan_for, sums

from host_tools.sound import render


def digest(name, folder):
    plan = plan_for(name)
    if name in RECORDINGS:
        data = recordings.scrambled(RECORDINGS[name], 12000)
        file = folder / name
        file.write_bytes(data)
        plan.update(recording=str(file), recording_bytes=len(data))
    return hashlib.sha256(render.play(plan)[0].tobytes()).hexdigest()[:24]


@pytest.mark.parametrize("name", NAMES)
def test_it_sounds_as_it_did(name, tmp_path):
    assert digest(name, tmp_path) == sums()[name], (
        f"{name} sounds different: listen to it, then run PYTHONPATH=tests/support python tests/golden/test_audio_golden.py"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = {name: digest(name, Path(folder)) for name in NAMES}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
