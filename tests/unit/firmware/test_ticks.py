"""Time is a small integer for ever: ticks wrap by the port's rules, and what counts with them never leaves 30 bits.

The parts run on checked integers (int32.py): on the desk a time beyond 2 ** 30 would be as good as any other.
"""

from array import array

import desk_device
import pytest
from chip_bench import Ramp, open_bus
from hypothesis import given
from hypothesis import strategies as st
from int32 import Firmware
from session_bench import Bench

from simulator import step_bench
from simulator.interpreter import TARGET

WRAP_MS = 1 << 30
HALF_MS = 1 << 29
ANY_TICKS = st.integers(0, WRAP_MS - 1)
CHECKED = Firmware(signed=True)


def ports_own():
    """The simulated `time`, which has MicroPython's formulas (extmod/modtime.c)."""
    source = (TARGET / "time.py").read_text("utf-8").replace("import wire", "")
    names = {"wire": type("Wire", (), {"now": [0], "horizon": [0], "advance": None})}
    exec(source, names)
    return names


@given(ANY_TICKS, ANY_TICKS)
def test_the_distance_is_the_ports_and_needs_no_long_integer(later, earlier):
    checked = CHECKED.module("firmware.ticks")
    assert checked.since(later, earlier) == ports_own()["ticks_diff"](later, earlier)


@given(ANY_TICKS, st.integers(-HALF_MS + 1, HALF_MS - 1))
def test_a_later_time_is_the_ports_and_as_far_away_as_was_asked(time_ms, duration_ms):
    checked = CHECKED.module("firmware.ticks")
    later = checked.add(time_ms, duration_ms)
    assert later == ports_own()["ticks_add"](time_ms, duration_ms) and 0 <= later < WRAP_MS
    assert checked.since(later, time_ms) == duration_ms


class Clock:
    """Ticks that begin shortly before they wrap, or before half of them is over."""

    def __init__(self, ticks_ms):
        self.us = ticks_ms * 1000
        self.uptime_s = 0

    def now_ms(self):
        return self.us // 1000 % WRAP_MS

    def count(self, now_ms):
        pass

    def sleep_us(self, duration_us):
        self.us += duration_us


NEAR = pytest.mark.parametrize("wrap_ms", [HALF_MS, WRAP_MS])


@NEAR
def test_the_loop_keeps_its_beat_across_a_wrap(wrap_ms):
    clock = Clock(wrap_ms - 5000)
    loop = CHECKED.module("firmware.loop").Loop(clock)
    began = {"sound": [], "session": []}
    collected = []
    for name, period_ms in (("sound", 16), ("session", 100)):
        loop.add(name, period_ms, lambda now_ms, name=name: began[name].append(clock.us // 1000))
    loop.collect = lambda: collected.append(clock.us)
    while clock.us < (wrap_ms + 11_000) * 1000:
        loop.turn()
    for name, period_ms in (("sound", 16), ("session", 100)):
        gaps = {later - earlier for earlier, later in zip(began[name], began[name][1:], strict=False)}
        assert gaps == {period_ms}
    assert len(collected) == 4 and loop.worst_lateness_ms == 0


@NEAR
def test_the_seconds_since_power_on_go_on(wrap_ms):
    module = CHECKED.module("firmware.loop")
    clock = module.Clock.__new__(module.Clock)
    clock.uptime_s = 0
    clock._counted_ms = wrap_ms - 2500
    for passed_ms in range(0, 40_000, 700):
        clock.count((wrap_ms - 2500 + passed_ms) % WRAP_MS)
    assert clock.uptime_s == 39


@NEAR
@pytest.mark.parametrize("population", ["newborn", "adult"])
def test_a_session_across_a_wrap_is_the_session_of_the_first_day(wrap_ms, population, monkeypatch):
    monkeypatch.setattr(step_bench, "Session", CHECKED.module("firmware.care.session").Session)
    first, late = Bench(population), Bench(population)
    late.now_ms = (wrap_ms - 90_000) // 1000 * 1000
    for bench in (first, late):
        bench.start(150)
        bench.hold()
        bench.run(5)
    assert [row._replace(time_s=0) for row in first.rows] == [row._replace(time_s=0) for row in late.rows]
    assert late.rows[-1].phase == "idle" and max(row.level_dba or 0 for row in late.rows) > 30


def test_weeks_of_idleness_count_nothing_that_grows(monkeypatch):
    monkeypatch.setattr(step_bench, "Session", CHECKED.module("firmware.care.session").Session)
    bench = Bench()
    session = bench.session
    session._phase_ms = WRAP_MS - 1 - 50  # as after 12.4 days
    bench.run(10)
    assert session._phase_ms < WRAP_MS


@NEAR
def test_a_finger_across_a_wrap_presses_and_holds(wrap_ms):
    button = CHECKED.module("firmware.care.panel").Gestures()
    told = []
    for passed_ms in range(0, 4000, 16):
        gesture = button.sample((wrap_ms - 1500 + passed_ms) % WRAP_MS, 1000 <= passed_ms < 2500)
        told += [gesture] if gesture else []
    assert told == ["press", "hold"] and not button.stuck


@NEAR
def test_a_sensor_across_a_wrap_loses_nothing_and_is_no_fault(wrap_ms):
    from firmware.drivers import max3010x
    from simulator.chips.max30102 import MAX30102

    chip = MAX30102(Ramp())
    bus, _, clock = open_bus(chip)
    clock.us = (wrap_ms - 15_000) * 1000
    ms = type("Ticks", (), {"now_ms": lambda self: clock.us // 1000 % WRAP_MS, "sleep_us": clock.sleep_us})()
    sensor = CHECKED.module("firmware.drivers.max3010x").MAX3010x(bus, ms)
    ir, red = array("i", bytes(4 * max3010x.FIFO_DEPTH)), array("i", bytes(4 * max3010x.FIFO_DEPTH))
    assert sensor.configure() and sensor.power(True)
    temperatures = 0
    for _ in range(200):
        clock.us += 160_000
        sensor.read(ir, red)
        temperatures += sensor.temperature_centi_c is not None
        sensor.temperature_centi_c = None
    assert (
        sensor.fault is None and sensor.lost_total == 0 and sensor.rate_permille == pytest.approx(1000, abs=5)
    )
    assert temperatures in (3, 4)


def test_a_device_that_identified_itself_does_not_do_it_again_after_a_week():
    device = desk_device.DeskDevice()
    device.ok("identify")
    device.turn(6000)
    for _ in range(3):  # five days each: then the end of it is ahead of the ticks again
        device.turn(HALF_MS - HALF_MS // 5)
        device.outputs.light_colour = "green"
        device.desk.light(device.now_ms, device.outputs)
        assert device.outputs.light_colour == "green" and device.outputs.light_permille == 6
