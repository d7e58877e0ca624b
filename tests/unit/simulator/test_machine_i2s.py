"""The simulated machine.I2S does what ports/rp2/machine_i2s.c of MicroPython v1.28 does with its ring and its DMA."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from simulator.interpreter import TARGET

RATE_HZ = 16000
RING_BYTES = 3072


@pytest.fixture
def bench(monkeypatch):
    """A `machine` on a wire that only keeps time, and puts what is played in order."""
    wire = ModuleType("wire")
    wire.now = [1_000_000]
    wire.played = []

    def advance(duration_us):
        wire.now[0] += duration_us

    def write(buffer, count):
        wire.played += buffer[:count]

    def gap(frames, before):
        place = len(wire.played) - before
        wire.played[place:place] = [0] * frames

    wire.advance, wire.i2s_write, wire.i2s_gap = advance, write, gap
    wire.i2s_start = lambda rate: None
    wire.i2s_stop = lambda: None
    wire.levels, wire.watchdog = bytearray(48), [0]
    wire.pin_read = wire.look_ahead = None  # of parts that are not looked at here
    monkeypatch.setitem(sys.modules, "wire", wire)
    spec = importlib.util.spec_from_file_location("simulated_machine", TARGET / "machine.py")
    machine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(machine)
    i2s = machine.I2S(
        0, sck=SimpleNamespace(number=10), ws=SimpleNamespace(number=11), sd=SimpleNamespace(number=12),
        mode=machine.I2S.TX, bits=16, format=machine.I2S.MONO, rate=RATE_HZ, ibuf=RING_BYTES,
    )  # fmt: skip
    return wire, i2s, machine


def at(wire, milliseconds):
    """Let time pass until so long after the start."""
    wire.now[0] = max(wire.now[0], 1_000_000 + milliseconds * 1000)


def test_it_begins_with_four_milliseconds_of_zeros(bench):
    wire, i2s, _ = bench
    i2s.write([7] * 256)
    assert wire.played == [0] * 64 + [7] * 256


def test_a_ring_that_runs_dry_plays_zeros_by_half_buffers_and_keeps_its_last_frames(bench):
    wire, i2s, _ = bench
    i2s.write(list(range(1, 257)))
    # 256 frames: seven turns find 64 in the ring and take 32; the eighth finds 32, and leaves them.
    at(wire, 20)
    i2s.write(list(range(257, 513)))
    assert wire.played[:64] == [0] * 64
    assert wire.played[64 : 64 + 224] == list(range(1, 225))
    assert wire.played[288 : 288 + 96] == [0] * 96, "turns 8, 9 and 10"
    assert wire.played[384:] == list(range(225, 513)), "nothing is lost"


def test_a_ring_that_is_kept_full_has_no_gap(bench):
    wire, i2s, _ = bench
    for block in range(100):
        at(wire, 16 * block - 16)  # two blocks ahead
        i2s.write([block + 1] * 256)
    assert wire.played == [0] * 64 + [number + 1 for number in range(100) for _ in range(256)]


def test_a_write_into_a_full_ring_waits_and_takes_everything(bench):
    wire, i2s, _ = bench
    started_us = wire.now[0]
    for block in range(40):
        assert i2s.write([block + 1] * 256) == 512, "never a part of a block"
    # 40 blocks are 640 ms; 1535 frames fit into the ring.
    assert wire.now[0] - started_us == pytest.approx((40 * 256 - 1535) * 1_000_000 // RATE_HZ, abs=3000)
    assert wire.played == [0] * 64 + [number + 1 for number in range(40) for _ in range(256)]


def test_what_the_firmware_must_not_ask_for_is_refused(bench):
    _, i2s, machine = bench
    with pytest.raises(ValueError, match="larger than the ring"):
        i2s.write([0] * 1536)
    with pytest.raises(ValueError, match="sck"):
        machine.I2S(
            0, sck=SimpleNamespace(number=10), ws=SimpleNamespace(number=12), sd=SimpleNamespace(number=13),
            mode=machine.I2S.TX, bits=16, format=machine.I2S.MONO, rate=RATE_HZ, ibuf=RING_BYTES,
        )  # fmt: skip
