"""What a desk runs as machine code does, and has left of its heap, what bytecode does and has."""

import pytest

from simulator import play, scenario
from simulator.interpreter import find_micropython
from simulator.runtimes import micropython

pytestmark = pytest.mark.skipif(find_micropython() is None, reason="no MicroPython here")


def heaps(result):
    return [event["detail"]["value"] for event in result.events if event["kind"] == "device_heap"]


def test_machine_code_plays_the_same_with_as_much_heap(monkeypatch):
    native = play.run(scenario.load("short"), "micropython")
    monkeypatch.setattr(micropython, "EACH_BLOCK", ())
    monkeypatch.setattr(micropython, "HEAP_BYTES", micropython.HEAP_BYTES + micropython.NATIVE_BYTES)
    bytecode = play.run(scenario.load("short"), "micropython")
    assert (native.pcm == bytecode.pcm).all() and native.pcm.any()
    assert native.rows == bytecode.rows
    for ours, theirs in zip(heaps(native), heaps(bytecode), strict=True):
        assert abs(ours - theirs) < 1024
