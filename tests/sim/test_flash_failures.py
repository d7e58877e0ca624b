"""A flash that is full, that takes nothing more, or that is damaged: the whole device on it, from power-on.

What is about to be played is on flash before it sounds, so that a power cut forgets none of it; or it does not sound.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_parts import RATE_HZ, fill, from_text, records

from firmware.memory.names import SESSIONS_KEPT
from simulator import bedside, flash
from simulator.flash import SECTOR_BYTES, SECTORS
from simulator.runtimes import cpython, micropython

PRESS_S, CUT_S, AGAIN_S = 6, 20, 28
TEXT = f"""
title = "t"
duration_s = 36
event = [
    {{ at_s = {PRESS_S}, do = "press" }},
    {{ at_s = {CUT_S}, do = "power_cut", for_s = 1 }},
    {{ at_s = {AGAIN_S}, do = "press" }},
]
"""


class WornFlash(flash.Flash):
    """A flash that is worn from its operation `worn_from` on."""

    worn_from: int | None = None

    def _wear(self):
        self.worn = self.worn_from is not None and self.erases + self.programs >= self.worn_from

    def program(self, offset, data):
        self._wear()
        return super().program(offset, data)

    def erase(self, offset):
        self._wear()
        return super().erase(offset)


def bench_on(chip):
    """A device with its profile committed."""
    bench = bedside.Bedside(from_text(TEXT), flash=chip)
    chip.commit_profile(bench.scenario.profile_values())
    return bench


def play(bench, runtime=micropython):
    """To the scenario's end; a device that resets itself for ever is none."""
    heap = {}
    boots = 0
    while bench.next_boot is not None:
        heap = runtime.boot(bench)
        boots += 1
        assert boots < 5, "the device resets for ever"
    return bench.result("micropython", 0.0, heap)


def happened(result, kind, after_s=0.0):
    return [event["detail"] for event in result.events if event["kind"] == kind and event["time_s"] > after_s]


def heard(result, from_s, until_s):
    return result.pcm[int(from_s * RATE_HZ) : int(until_s * RATE_HZ)].any()


@pytest.mark.parametrize("worn_from", [0, 40])
def test_a_flash_that_takes_nothing_more_ends_in_silence_before_the_first_sound(worn_from):
    """Once such a device played at each press: the dose was not written, and after a power cut there was none."""
    bench = bench_on(WornFlash())
    bench.flash.worn_from = worn_from
    result = play(bench)
    assert not result.pcm.any()
    phases = [(event["phase"], event["reason"]) for event in happened(result, "device_phase")]
    assert phases[:2] == [("baseline", None), ("fault", "flash_fault")]
    assert phases[2:] in ([], phases[:2]), (
        "where it had looked for a place at every block, it was late for the press"
    )
    failed = happened(result, "device_save_failed")
    assert 2 <= len(failed) <= 2 * 3, "told twice at each start and once at each press, not at each try"


def test_a_flash_that_works_again_is_trusted_again_at_the_next_presses():
    bench = bench_on(WornFlash())
    bench.flash.worn_from = 0
    bench._at(int((PRESS_S + 3) * 1e6), lambda now_us: setattr(bench.flash, "worn_from", None))
    bench._input(bedside.board.PIN_BUTTON, 0, int((CUT_S - 5) * 1e6), int((CUT_S - 4.8) * 1e6))  # seen
    bench._input(bedside.board.PIN_BUTTON, 0, int((CUT_S - 3) * 1e6), int((CUT_S - 2.8) * 1e6))
    result = play(bench)
    assert not heard(result, 0, CUT_S - 3) and heard(result, CUT_S - 2, CUT_S)


@pytest.mark.parametrize(
    ("used_before", "runtime"), [(True, micropython), (False, micropython), (False, cpython)],
    ids=["used", "new", "new, in this Python"],
)  # fmt: skip
def test_a_full_file_system_loses_no_dose_and_no_session(used_before, runtime):
    bench = bench_on(flash.Flash())
    if used_before:
        play(bench)
        again = bedside.Bedside(from_text(TEXT), flash=bench.flash)
        sessions = len(again.saved("session", SESSIONS_KEPT) or b"")
        assert sessions
        bench = again
    assert fill(bench.flash) <= 2
    result = play(bench, runtime)
    # A dose is small enough for the directory. Where it was not, nothing would play.
    played = heard(result, PRESS_S, CUT_S)
    refused = [event["reason"] for event in happened(result, "device_end")]
    if used_before:
        assert not played and refused[0] == "too_soon", "the dose of the time before is there"
    elif played:
        assert refused == ["too_soon"], "and so is this one's, after the cut"
        assert happened(result, "device_save_failed"), "the session has no room, and that is said"
    else:
        assert {event["reason"] for event in happened(result, "device_phase")} >= {"flash_fault"}
    assert not heard(result, CUT_S, AGAIN_S)
    assert result.summary["flash_erased_while_audible"] == 0


def test_a_file_system_that_is_gone_is_made_anew_and_nothing_plays():
    bench = bench_on(flash.Flash())
    bench.flash.image[: 2 * SECTOR_BYTES] = bytes(2 * SECTOR_BYTES)
    result = play(bench)
    assert not result.pcm.any()
    assert {event["reason"] for event in happened(result, "device_end")} == {"not_confirmed"}


DAMAGE = st.tuples(
    st.integers(0, SECTORS - 1),  # of the sectors in use
    st.integers(0, SECTOR_BYTES - 1),
    st.sampled_from([1, 16, 256, SECTOR_BYTES]),
    st.sampled_from(["cleared", "erased", "noise"]),
)


@settings(max_examples=15)
@given(st.lists(DAMAGE, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_whatever_is_damaged_the_device_starts_and_stays_silent_until_a_press(damages, chance: random.Random):
    bench = bench_on(flash.Flash())
    micropython.boot(bench)  # until the cut: with pages, a dose and half a session
    image = bench.flash.image
    used = [
        start
        for start in range(0, len(image), SECTOR_BYTES)
        if image[start : start + SECTOR_BYTES] != b"\xff" * SECTOR_BYTES
    ]
    for sector, offset, count, how in damages:
        start = used[sector % len(used)] + offset
        end = min(start + count, start - offset + SECTOR_BYTES)
        image[start:end] = {
            "cleared": bytes(end - start),
            "erased": b"\xff" * (end - start),
            "noise": chance.randbytes(end - start),
        }[how]
    result = play(bench)
    assert not heard(result, CUT_S, AGAIN_S)
    assert happened(result, "device_boot", CUT_S), "it starts"
    assert happened(result, "device_press", AGAIN_S - 1), "and looks at its button"
    saved = bench.saved("session", SESSIONS_KEPT)
    if saved is not None:
        assert all("kind" in record or "phase" in record for record in records(saved))
