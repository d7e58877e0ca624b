"""The arms of a blinded study on the whole device: but for the sound nothing tells the sham from the music."""

import numpy as np
import pytest
from sim_parts import from_text

from firmware.memory import names
from firmware.prescription.profile import sham_arm, study_mark
from simulator import bedside
from simulator.runtimes import cpython, micropython

TEXT = """\
title = "an arm"
duration_s = 170
[patient]
pulse_rate_bpm = 140
[profile]
arm = "{arm}"
seal = "{seal}"
[[event]]
at_s = 4
do = "press"
[[event]]
at_s = 60
do = "motion"
to = 1.0
for_s = 8
[[event]]
at_s = 150
do = "press"
"""
CHANCE_BYTES = 1024
SEALS = {sham_arm(seal): seal for seal in ("0" * 32, "1" * 32, "2" * 32, "3" * 32)}


def play(arm, seal, runtime):
    bench = bedside.Bedside(from_text(TEXT.format(arm=arm, seal=seal)))
    heap = {"cpython": cpython, "micropython": micropython}[runtime].boot(bench)
    return bench.result(runtime, 0.0, heap), bench


def arm_of(result):
    """What the session wrote down of its arm, once."""
    (written,) = [event["detail"]["value"] for event in result.events if event["kind"] == "device_arm"]
    return written


def seen_of(result):
    """Every event with its time, but for the letter of the arm, and the heap, which is looked at by itself."""
    return [event for event in result.events if event["kind"] not in ("device_arm", "device_heap")]


def assert_heap_tells_nothing(music, sham):
    """A collector that takes any word for an address keeps a block or two by chance: in either arm, and with another seal
    in the other one. Only who listens at the trace sees it.
    """
    heaps = [[event for event in result.events if event["kind"] == "device_heap"] for result in (music, sham)]
    assert [event["time_s"] for event in heaps[0]] == [event["time_s"] for event in heaps[1]]
    for one, other in zip(*heaps, strict=True):
        assert abs(one["detail"]["value"] - other["detail"]["value"]) <= CHANCE_BYTES


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
def test_everything_but_the_sound_is_the_same(runtime):
    seal = SEALS["b"]
    (music, at_music), (sham, at_sham) = play("a", seal, runtime), play("b", seal, runtime)
    assert music.pcm.any() and not sham.pcm.any()
    assert music.rows == sham.rows
    # Light, fade, lengths, order: every event with its time, but for the letter of the arm.
    seen = [seen_of(result) for result in (music, sham)]
    assert seen[0] == seen[1]
    assert_heap_tells_nothing(music, sham)
    (told,) = [event["detail"] for event in seen[0] if event["kind"] == "device_profile"]
    assert told == {"reason": None, "population": "newborn", "sha256": None}, "its digest would tell the arm"
    assert [arm_of(music) & 1, arm_of(sham) & 1] == [0, 1]
    for name in ("end", "reason", "underruns", "i2c_transactions", "flash_erases", "amplifier_pops"):
        assert music.summary[name] == sham.summary[name], name
    assert at_music.lights == at_sham.lights
    kept = [at.flash.load(names.SESSION, names.SESSIONS_KEPT) for at in (at_music, at_sham)]
    assert (
        len(kept[0]) == len(kept[1])
        and [one != other for one, other in zip(*kept, strict=True)].count(True) == 1
    )


@pytest.mark.parametrize("sham", ["a", "b"])
def test_which_arm_is_silent_is_the_seals_to_say(sham):
    result, _ = play("a", SEALS[sham], "micropython")
    assert np.any(result.pcm) == (sham == "b")
    assert arm_of(result) == study_mark(SEALS[sham]) << 1


BREATH = """\
title = "an arm that follows the breath"
duration_s = 150
[patient]
population = "adult"
pulse_rate_bpm = 76
breathing_rate_bpm = 14
follows_pace = 1.0
[profile]
population = "adult"
mode = "follow_breath"
arm = "{arm}"
seal = "{seal}"
[[event]]
at_s = 4
do = "press"
"""


def test_where_the_music_answers_to_the_breath_the_sham_is_heard_and_answers_to_another():
    seal = SEALS["b"]
    benches = [bedside.Bedside(from_text(BREATH.format(arm=arm, seal=seal))) for arm in ("a", "b")]
    music, sham = (bench.result("micropython", 0.0, micropython.boot(bench)) for bench in benches)
    assert music.pcm.any() and sham.pcm.any()
    fed = [row["feedback_percent"] for row in music.rows if row.get("feedback_percent")]
    assert len(fed) > 20, "the feedback was on"
    assert not np.array_equal(music.pcm, sham.pcm)
    assert music.summary["end"] == sham.summary["end"]
    told = [
        [{name: value for name, value in row.items() if "level" not in name} for row in result.rows]
        for result in (music, sham)
    ]
    assert told[0] == told[1]
    seen = [seen_of(result) for result in (music, sham)]
    assert seen[0] == seen[1]
    assert_heap_tells_nothing(music, sham)
