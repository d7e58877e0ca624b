"""Every scenario that comes with the project plays to the end it promises, on the firmware under real MicroPython.

The physics: a bench of chips and a patient whose time is the firmware's own, so each of these takes a second or two.
"""

import numpy as np
import pytest
from sim_parts import from_text
from sound_measures import click_db

from host_tools.sound import meter
from simulator import play, scenario

# A day's length or a real recording: these have tests of their own, or are what `make run` plays.
PLAYED_ELSEWHERE = {"newborn", "adult_recording", "follows_music"}
SHORT = sorted(set(scenario.names()) - PLAYED_ELSEWHERE)


@pytest.mark.parametrize("name", SHORT)
def test_it_ends_as_it_promises_and_never_roughly(name):
    played = scenario.load(name)
    result = play.run(played)
    summary, expect = result.summary, played.expect
    if expect.end is not None:
        assert (summary["end"], summary["reason"]) == (expect.end, expect.reason or summary["reason"])
    assert summary["underruns"] == 0
    assert summary["amplifier_pops"] == 0
    assert summary["flash_erased_while_audible"] == summary["stale_sound_repeats"] == 0
    # Silence is what every session ends in.
    assert not result.pcm[-16000:].any() or summary["end"] is None
    if result.pcm.any():
        level = meter.measure(result.pcm, 16000)
        assert level.las_max_dba <= (expect.max_level_dba or 60)
        if summary["end"] in ("faded", "withdrawn"):  # else it was cut off on purpose
            # A stop rule's fade sinks too fast for a median of the second around: test_audio_quality.py looks at it.
            until = np.flatnonzero(result.pcm)[-1] + 1 - (0 if summary["end"] == "faded" else 40_000)
            assert click_db(result.pcm[:until], local=True) <= 14


# Things that happen early, so that the slower interpreter need not play for long.
HAPPENINGS = {
    "plays": "",
    "button_held": "[[event]]\nat_s = 15\ndo = 'hold'\n",
    "power_cut": "[[event]]\nat_s = 12\ndo = 'power_cut'\nfor_s = 3\n",
    "bus_stuck": "[[event]]\nat_s = 15\ndo = 'i2c_fault'\nkind = 'stuck'\nfor_s = 4\n",
}


@pytest.mark.parametrize("name", HAPPENINGS)
def test_both_runtimes_give_the_same_samples_rows_and_events(name):
    text = "title = 't'\nduration_s = 25\n[[event]]\nat_s = 2\ndo = 'press'\n" + HAPPENINGS[name]
    played = from_text(text)
    real, ours = play.run(played, "micropython"), play.run(played, "cpython")
    assert real.rows == ours.rows
    # Only MicroPython has a heap to tell of.
    assert [event for event in real.events if event["kind"] != "device_heap"] == ours.events
    assert (real.pcm == ours.pcm).all()
    assert real.pcm.any() and real.rows
