"""What is played for the golden sums of tests/golden/audio.json, by the desk and by other chips."""

import json
from pathlib import Path
from typing import Any

from firmware.sound import adpcm, songs
from host_tools.sound import render

FILE = Path(__file__).resolve().parents[1] / "golden" / "audio.json"
SECONDS = 25
RECORDINGS = {"a recorded voice": adpcm.VOICE, "a recorded heartbeat": adpcm.HEARTBEAT}
NAMES = [*songs.NAMES, *songs.SOUNDSCAPES, *RECORDINGS]


def sums() -> dict[str, str]:
    """Return the first 24 digits of each sound's SHA-256, by its name."""
    return json.loads(FILE.read_text("utf-8"))


def plan_for(name: str) -> dict[str, Any]:
    song = name if name in songs.SONGS else "twinkle"
    changes = [[9000, "set_tempo", 71500], [14000, "set_mood", 700, 800, 900], [20000, "fade_out", 4000]]
    plan = render.plan_for(
        render.load_profile(None), song, seconds=SECONDS, first_level_cdba=4600, onset_ms=0, level_cdba=4800,
        changes=changes, tempo_mbpm=75000, soundscape=None, brightness_permille=500, density_permille=600,
    )  # fmt: skip
    if name in songs.SOUNDSCAPES:
        plan.update(song=None, soundscape=name)
    return plan
