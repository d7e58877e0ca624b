"""Every song and soundscape, sample for sample, as it was when somebody last listened to it.

A change of the engine or of a song changes a line of audio.json. When the change is meant: listen (`make listen`),
then `python tests/golden/test_audio_golden.py` writes the lines anew.
"""

import hashlib
import json
from pathlib import Path

import pytest

from firmware import songs
from host_tools import render

FILE = Path(__file__).with_name("audio.json")
SECONDS = 25


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


def digest(name):
    return hashlib.sha256(render.play(plan_for(name))[0].tobytes()).hexdigest()[:24]


@pytest.mark.parametrize("name", [*songs.NAMES, *songs.SOUNDSCAPES])
def test_it_sounds_as_it_did(name):
    assert digest(name) == json.loads(FILE.read_text("utf-8"))[name], (
        f"{name} sounds different: listen to it, then run python tests/golden/test_audio_golden.py"
    )


if __name__ == "__main__":
    found = {name: digest(name) for name in [*songs.NAMES, *songs.SOUNDSCAPES]}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
