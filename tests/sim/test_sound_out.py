"""The way out of the chip, on the whole device: order of clocks and amplifier, gaps, resets, a loop that stops, flash.

What the simulated I2S does with its ring is in tests/unit/simulator/test_machine_i2s.py; docs/sound.md says why it is
machine.I2S.
"""

import numpy as np
import pytest
from sim_parts import BROKEN_AT_S, BROKEN_TEXT, RATE_HZ, from_text, play_broken
from sound_measures import click_db

from firmware import board
from simulator import bedside
from simulator.runtimes import micropython
from simulator.target import messages

BLOCK_BYTES = 512
LATEST_S = BROKEN_AT_S + 0.25  # the task that breaks runs four times a second


class Listening(bedside.Bedside):
    """Notes every message about the clocks and the amplifier, (us, what), and how many bytes of sound there were."""

    def __init__(self, scenario):
        super().__init__(scenario)
        self.order = []
        self.sound_bytes = 0

    def handle(self, op, a, b, payload, now_us):
        if op == messages.I2S_START:
            self._note(now_us, "clocks on")
        elif op == messages.I2S_STOP:
            self._note(now_us, "clocks off")
        elif op == messages.PIN and a == board.PIN_AMPLIFIER_ON:
            self._note(now_us, "awake" if b else "muted")
        elif op == messages.I2S_DATA:
            self.sound_bytes += len(payload)
        return super().handle(op, a, b, payload, now_us)

    def _note(self, now_us, what):
        if not self.order or self.order[-1][1] != what:
            self.order.append((now_us, what))


@pytest.mark.parametrize("gesture", ["press", "hold"])
def test_the_amplifier_wakes_after_the_clocks_and_is_muted_before_they_stop(gesture):
    long = "for_s = 1.5\n" if gesture == "hold" else ""
    bench = Listening(from_text(BROKEN_TEXT + f'[[event]]\nat_s = 14\ndo = "{gesture}"\n{long}'))
    result = bench.result("micropython", 0.0, micropython.boot(bench))
    assert [what for _, what in bench.order] == ["muted", "clocks on", "awake", "muted", "clocks off"]
    times_us = dict((what, now_us) for now_us, what in bench.order)
    assert times_us["awake"] - times_us["clocks on"] >= 5000, "the amplifier's data sheet"
    assert result.summary["amplifier_pops"] == 0
    assert bench.sound_bytes and bench.sound_bytes % BLOCK_BYTES == 0, (
        "a part of a block would shift the samples"
    )
    if gesture == "press":
        muted = times_us["muted"] * RATE_HZ // 1_000_000
        assert np.abs(result.pcm[muted - RATE_HZ // 20 : muted]).max() <= 1, (
            "nothing but the dither's last count"
        )


def faults(result):
    return [event["detail"]["reason"] for event in result.events if event["kind"] == "device_end"]


def test_a_loop_that_stops_for_40_milliseconds_is_not_heard():
    result, _ = play_broken("adc", "sleep40")
    assert result.summary["underruns"] == 0 and result.rows[-1]["phase"] == "baseline"
    assert result.pcm[-RATE_HZ:].any()


def test_a_queue_that_runs_dry_plays_zeros_and_is_a_fault():
    result, bench = play_broken("adc", "sleep100")
    summary = result.summary
    assert (summary["underruns"], summary["underrun_frames"] % 32) == (1, 0)
    # 100 ms less what was queued: between 48 and 64 ms, and the 63 frames that the ring keeps.
    assert 500 < summary["underrun_frames"] < 950
    assert faults(result) == ["audio_fault"]
    ended_s = bench.sound.amplifier.timeline[-1][0] / 1e6
    assert BROKEN_AT_S < ended_s < LATEST_S + 0.35 and not bench.sound.amplifier.on
    assert not result.pcm[int(ended_s * RATE_HZ) + 1 :].any()
    assert summary["amplifier_pops"] == 0
    around = result.pcm[int((BROKEN_AT_S - 4) * RATE_HZ) : int(ended_s * RATE_HZ)]
    assert click_db(around) > 14, "a gap is heard: that is why it ends the session"


@pytest.mark.parametrize(("how", "off_s"), [("reset", 0.0), ("poll", 2.1)])
def test_a_reset_or_a_loop_that_never_ends_leaves_zeros_then_an_amplifier_that_is_off(how, off_s):
    result, bench = play_broken("adc", how)
    off_us = bench.sound.amplifier.timeline[-1][0]
    assert not bench.sound.amplifier.on and BROKEN_AT_S <= off_us / 1e6 <= LATEST_S + off_s
    assert not result.pcm[int((LATEST_S + 0.09) * RATE_HZ) :].any(), "the queue's 64 ms, then nothing"
    assert result.summary["amplifier_pops"] == 0 and result.rows[-1]["phase"] == "idle"


def test_a_start_and_an_end_do_not_click():
    bench = Listening(from_text(BROKEN_TEXT + '[[event]]\nat_s = 14\ndo = "press"\n'))
    result = bench.result("micropython", 0.0, micropython.boot(bench))
    assert np.abs(result.pcm).max() > 0 and click_db(result.pcm, local=True) <= 14
