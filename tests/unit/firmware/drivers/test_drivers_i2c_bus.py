"""firmware/drivers/i2c_bus.py: failures counted, a stuck bus set free, and Adafruit's view of it."""

import pytest
from chip_bench import Ramp, open_bus

from firmware.drivers.i2c_bus import EIO, ETIMEDOUT, CircuitPythonI2C
from simulator.chips.ads1115 import ADS1115
from simulator.chips.faults import FaultyTarget
from simulator.chips.max30102 import MAX30102


@pytest.fixture
def sensor():
    return FaultyTarget(MAX30102(Ramp()))


@pytest.fixture
def parts(sensor):
    return open_bus(sensor, ADS1115(lambda channel, now_us: 1.0))


def part_id(bus):
    buffer = bytearray(1)
    bus.read_registers(0x57, 0xFF, buffer)
    return buffer[0]


def test_registers_are_written_and_read(parts):
    bus, _, _ = parts
    bus.write_register(0x57, 0x0C, 0x1F)
    buffer = bytearray(2)
    bus.read_registers(0x57, 0x0C, buffer)
    assert buffer == b"\x1f\x00"
    assert bus.errors == 0


def test_a_single_glitch_is_repeated_and_counted(parts, sensor):
    bus, model, _ = parts
    sensor.fail("nack", 0, 20)  # over before the second try
    assert part_id(bus) == 0x15
    assert (bus.errors, bus.last_errno, model.transactions) == (1, EIO, 2)


def test_an_absent_chip_raises_eio(parts, sensor):
    bus, _, _ = parts
    sensor.fail("nack")
    with pytest.raises(OSError) as caught:
        part_id(bus)
    assert caught.value.args[0] == EIO


def test_a_stuck_bus_is_clocked_free_and_the_transaction_done(parts, sensor):
    bus, model, clock = parts
    sensor.fail("stuck")
    assert part_id(bus) == 0x15
    assert (bus.errors, bus.recoveries, model.timed_out) == (1, 1, 1)
    assert clock.us < 11_000


def test_a_bus_that_stays_stuck_costs_one_timeout_in_100_ms(parts, sensor):
    bus, model, clock = parts
    sensor.fail("stuck", 0, 1_000_000)
    for _ in range(50):
        with pytest.raises(OSError) as caught:
            part_id(bus)
        assert caught.value.args[0] == ETIMEDOUT
        clock.us += 10_000
    assert model.timed_out <= 6
    assert bus.recoveries == 0
    clock.us = 1_100_000
    assert part_id(bus) == 0x15


def test_recovery_ends_with_a_stop_condition_and_both_lines_high(parts, sensor):
    bus, _, _ = parts
    levels = []
    pins = {}

    class Watched:
        def __init__(self, line):
            self.line, self.level = line, 1
            pins[line] = self

        def value(self, level=None):
            if level is None:
                return self.level
            self.level = level
            levels.append((pins["scl"].level, pins["sda"].level))
            return None

    bus._open_pins = lambda: (Watched("scl"), Watched("sda"))
    assert bus.recover()
    assert levels[-3:] == [(0, 0), (1, 0), (1, 1)]


def test_adafruits_view_reads_a_part_of_a_buffer_in_place(parts):
    bus, _, _ = parts
    adapter = CircuitPythonI2C(bus)
    assert adapter.try_lock()
    buffer = bytearray(b"abc")
    for _ in range(2):
        adapter.writeto_then_readfrom(0x48, b"\x01", buffer, in_end=2)
        assert buffer == b"\x85\x83c"
    adapter.readfrom_into(0x48, buffer, start=1, end=3)
    assert buffer == b"\x85\x85\x83"
    adapter.writeto(0x48, b"xx\x03\x12\x34xx", start=2, end=5)
    adapter.readfrom_into(0x48, buffer, end=2)
    assert buffer == b"\x12\x34\x83"
    adapter.unlock()


def test_adafruits_view_keeps_no_stale_part_of_another_buffer(parts):
    bus, _, _ = parts
    adapter = CircuitPythonI2C(bus)
    first, second = bytearray(3), bytearray(3)
    adapter.writeto_then_readfrom(0x48, b"\x01", first, in_end=2)
    adapter.readfrom_into(0x48, second, end=2)
    adapter.readfrom_into(0x48, first, start=1, end=3)
    assert (first, second) == (b"\x85\x85\x83", b"\x85\x83\0")
