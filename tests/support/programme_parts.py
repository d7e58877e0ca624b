"""Programmes for tests: a segment with little to write, and one programme that goes from everything to everything."""

from firmware.care.plan import Plan
from firmware.prescription import programme


def segment(role, source, name="none", **values):
    """A segment as a file has it: one minute, of intensity 3, with a crossfade of 6 s."""
    return {
        "role": role,
        "source": source,
        "name": name,
        "minutes": 1,
        "intensity": 3,
        "crossfade_s": 6,
        **values,
    }


SILENCE = segment("silence", "silence", minutes=2, intensity=0)
EVERY_CHANGE = [
    segment("arrive", "soundscape", "ocean", minutes=1.5),
    segment("arrive", "song", "twinkle", tempo_start_bpm=70),
    segment("arrive", "song", "au_clair", tempo_start_bpm=70, until="phrase_end"),
    segment("meet", "soundscape", "rain"),
    segment("meet", "soundscape", "womb"),
    segment("meet", "song", "brahms", tempo_start_bpm=66, level_db=-1),
    segment("meet", "song", "suo_gan", tempo_start_bpm=66, level_db=-1, until="phrase_end"),
    segment("deepen", "soundscape", "ocean", level_db=-3),
    SILENCE,
    segment("rest", "soundscape", "rain", minutes=2, level_db=-3),
    segment("rest", "song", "edo", minutes=1.5, tempo_start_bpm=62, level_db=-3),
]


def compact(segments, shape="flat", title="Test"):
    """The compact form of these segments."""
    return programme.encode(*programme.from_values({"title": title, "shape": shape, "segment": segments}))


def plan(segments, shape="flat") -> Plan:
    """The Plan of these segments."""
    return programme.read(compact(segments, shape))
