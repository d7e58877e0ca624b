"""The bench of the engine calls its loops itself, by names that nothing else holds."""

import json

import pytest

from simulator.interpreter import ROOT, find_micropython, run_script


@pytest.mark.skipif(find_micropython() is None, reason="there is no MicroPython for this machine")
def test_the_bench_finds_every_stage_that_it_times():
    found = json.loads(run_script(ROOT / "tests/bench/audio.py").stdout)
    assert set(found) == {"whole", "six voices", "noise", "half-band filter", "gain, dither, clamp, meter"}
