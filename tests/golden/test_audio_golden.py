"""Every song and soundscape, sample for sample, as it was when somebody last listened to it.

A change of the engine or of a song changes a line of audio.json. When the change is meant: listen (`make listen`),
then `PYTHONPATH=tests/support python tests/golden/test_audio_golden.py` writes the lines anew.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
import recordings

from firmware.sound import adpcm, songs
from host_tools.sound import render

FILE = Path(__file__).with_name("audio.json")
SECONDS = 25
RECORDINGS = {"a recorded voice": adpcm.VOICE, "a recorded heartbeat": adpcm.HEARTBEAT}
NAMES = [*songs.NAMES, *songs.SOUNDSCAPES, *RECORDINGS]


def plan_for(name):
    song = name if name in songs.SONGS else "twinkle"
    changes = [[9000, "set_tempo", 71500], [14000, "set_mood", 700, 800, 900], [20000, "fade_out", 4000]]
    plan = render.plan_for(
        render.load_profile(None), song, seconds=SECONDS, first_level_cdba=4600, onset_ms=0, level_cdba=4800,
        changes=changes, tempo_mbpm=75000, soundscape=None, brightness_permille=500, density_permille=600,
    )  # fmt: skip
    if name in songs.SOUNDSCAPES:
        plan.update(song=None, soundscape=name)
    return plan


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
    assert digest(name, tmp_path) == json.loads(FILE.read_text("utf-8"))[name], (
        f"{name} sounds different: listen to it, then run PYTHONPATH=tests/support python tests/golden/test_audio_golden.py"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = {name: digest(name, Path(folder)) for name in NAMES}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
