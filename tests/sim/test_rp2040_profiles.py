"""Each kind of profile, and each kind of thing that one can name, starts on the chip and plays: once a pattern did not.

On the emulated chip, where CALANDO_UF2 names an image: a boot and two seconds of music each, some minutes of work. The
same under the desk's interpreter, in seconds (CALANDO_MICROPYTHON may name one of exactly the chip's version).
"""

import numpy as np
import pytest
import recordings
from programme_parts import SILENCE, compact, segment

from firmware.memory import names
from firmware.prescription.profile import sham_arm
from firmware.sound import songs
from firmware.sound.pattern import KINDS as PATTERN_KINDS
from firmware.sound.score import PATTERN
from host_tools.play import results
from host_tools.programmes import programmes
from host_tools.songs import record
from simulator import bedside, flash
from simulator.files import programme_file
from simulator.runtimes import micropython, rp2040
from simulator.scenario import Scenario

needs_image = pytest.mark.skipif(rp2040.why_not() is not None, reason=str(rp2040.why_not()))

PRESS_S, END_S = 3.2, 5.7
NEWBORN = {"opening": "music", "soundscape": "none"}
ADULT = {"population": "adult", "mode": "open_loop", **NEWBORN}
BREATH = {"population": "adult", "mode": "follow_breath"}
OWN = {"song.own": songs.DATA["edo"]}
EVERYTHING = [
    segment("arrive", "song", "twinkle", tempo_start_bpm=66),
    segment("meet", "song", "own", tempo_start_bpm=66, level_db=-1),
    segment("meet", "pattern", "tide", tempo_start_bpm=66, level_db=-1),
    segment("deepen", "voice", "parent", tempo_start_bpm=66, level_db=-2),
    SILENCE,
    segment("rest", "soundscape", "rain", minutes=1.5, level_db=-2),
]
PATTERNS = [segment("arrive", "pattern", name, minutes=2, tempo_start_bpm=66) for name in PATTERN_KINDS]


def recording(kind):
    made = recordings.voice(4.0) if kind == "voice" else recordings.heartbeat(4.0)
    return {"voice.parent": record.make(made, 8000, kind, "it").data}


def listening(segments, along):
    return {**ADULT, "listening_programme": "evening"}, {"programme.evening": compact(segments), **along}


def ready_programme(name):
    """A listening programme that comes with the project, and its songs."""
    along = {f"song.{song}": data for song, data in programmes.songs_of(programmes.load(name)).items()}
    data = programme_file.load(programmes.FOLDER / f"{name}.toml")
    return {**ADULT, "listening_programme": "evening"}, {"programme.evening": data, **along}


def kinds():
    """What is committed and what lies beside it, by a name for people."""
    seal = next(seal for seal in (digit * 32 for digit in "0123456789") if sham_arm(seal) == "a")
    found = {
        "a newborn's": ({}, {}),
        "an adult's": ({"population": "adult"}, {}),
        "a song of the firmware": ({**NEWBORN, "song": "twinkle"}, {}),
        "a song of the store": ({**NEWBORN, "song": "own"}, OWN),
        "a voice": ({**NEWBORN, "voice": "parent"}, recording("voice")),
        "a heartbeat": ({**NEWBORN, "voice": "parent"}, recording("heartbeat")),
        "left to who sings": ({**NEWBORN, "melody": "accompany", "light_swell": True}, {}),
        "chords under a voice": (
            {**NEWBORN, "melody": "accompany", "voice": "parent"},
            recording("voice"),
        ),
        "led breath": (BREATH, {}),
        "led breath without feedback": ({**BREATH, "breath_feedback": "none"}, {}),
        "a stranger's breath": ({**BREATH, "arm": "a", "seal": seal}, {}),
        "an arm that is not heard": ({**NEWBORN, "arm": "a", "seal": seal}, {}),
        "programme of everything": listening(EVERYTHING, {**OWN, **recording("voice")}),
        "programme of patterns": listening([*PATTERNS, SILENCE], {}),
    }
    for name in PATTERN_KINDS:
        found[f"pattern {name}"] = ({**ADULT, "song": PATTERN + name}, {})
    for name in programmes.ready():
        found[f"programme {name}"] = ready_programme(name)
    return found


KINDS = kinds()


def played(values, along, runtime):
    """The first seconds of a newly deployed device with that profile, and its flash afterwards."""
    scenario = Scenario.model_validate(
        {
            "title": "its first seconds",
            "duration_s": END_S,
            "profile": values,
            "patient": {"population": values.get("population", "newborn")},
            "event": [{"at_s": PRESS_S, "do": "press"}],
        }
    )
    on = flash.Flash() if runtime is micropython else rp2040.deployed_flash()[0]
    on.commit_profile({**scenario.profile_values(), **values}, along)
    bench = bedside.Bedside(scenario, flash=on)
    found = runtime.boot(bench)
    assert bench.next_boot is None, f"it resets: {bench.saved(names.FAULT)}"
    return bench.result("test", 0.0, found), bench


def check(kind, runtime):
    values, along = KINDS[kind]
    result, bench = played(values, along, runtime)
    kinds = [event["kind"] for event in result.events]
    assert kinds.count("device_boot") == 1, (kinds, bench.saved(names.FAULT))
    assert not {"device_fault", "device_save_failed", "device_recording_failed", "reset"} & set(kinds)
    assert result.rows[-1]["phase"] not in ("idle", "fade")
    assert result.summary["underruns"] == 0
    heard = np.flatnonzero(result.pcm) / results.RATE_HZ
    if kind == "an arm that is not heard":
        assert not len(heard)
    else:
        assert len(heard) and heard[0] < PRESS_S + 1 and heard[-1] > END_S - 0.5


def test_a_profile_that_finds_no_room_refuses_a_press_and_never_resets(monkeypatch):
    """A reset would meet the same again, for ever."""
    monkeypatch.setattr(micropython, "HEAP_BYTES", micropython.HEAP_BYTES - 40 * 1024)
    result, bench = played(*KINDS["programme of everything"], micropython)
    told = [(event["kind"], event["detail"].get("reason")) for event in result.events]
    assert [kind for kind, _ in told].count("device_boot") == 1, bench.saved(names.FAULT)
    assert ("device_fault", "heap_low") in told and ("device_end", "heap_low") in told
    assert not np.any(result.pcm)


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_and_plays_on_the_desk(kind):
    check(kind, micropython)


@needs_image
@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_and_plays_on_the_chip(kind):
    check(kind, rp2040)
