"""firmware/drivers/adc.py on the chip model: a turn at a time, trusted while it proves right."""

import pytest
from chip_bench import open_bus

from firmware.drivers.adc import Adc
from firmware.drivers.i2c_bus import CircuitPythonI2C
from simulator.chips.ads1115 import ADS1115
from simulator.chips.faults import FaultyTarget

INPUTS_V = [0.5, 1.25, 2.5, 0.100125]


class Bench:
    def __init__(self, volts=None, order=(0, 1, 2, 3), **options):
        self.volts = list(volts or INPUTS_V)
        self.chip = ADS1115(lambda channel, now_us: self.volts[channel], **options)
        self.target = FaultyTarget(self.chip)
        self.bus, self.model, self.clock = open_bus(self.target)
        self.adc = Adc(CircuitPythonI2C(self.bus), self.clock, order)
        self.channels = []

    def run(self, duration_ms, every_ms=10):
        end_us = self.clock.us + duration_ms * 1000
        while self.clock.us < end_us:
            self.clock.us += every_ms * 1000
            channel = self.adc.step()
            if channel is not None:
                self.channels.append(channel)

    def all(self):
        return [self.adc.microvolts(channel) for channel in range(4)]


@pytest.fixture
def bench():
    bench = Bench()
    assert bench.adc.configure()
    return bench


def test_nothing_is_known_before_it_was_measured(bench):
    assert bench.all() == [None] * 4
    assert bench.adc.millivolts(1) is None


@pytest.mark.parametrize("error_permille", [-100, 0, 100])
@pytest.mark.parametrize("every_ms", [1, 2, 3, 5, 20])
def test_every_channel_gets_its_own_voltage_at_any_pace_and_oscillator(every_ms, error_permille):
    bench = Bench(rate_error_permille=error_permille)
    bench.adc.configure()
    bench.run(400, every_ms)
    assert bench.all() == [500_000, 1_250_000, 2_500_000, 100_125]
    assert [bench.adc.millivolts(channel) for channel in range(4)] == [500, 1250, 2500, 100]
    assert bench.channels[:8] == [0, 1, 2, 3] * 2


def test_a_channel_may_come_round_more_often():
    bench = Bench(order=(3, 0, 3, 1, 3, 2))
    bench.adc.configure()
    bench.run(200)
    assert bench.channels[:6] == [3, 0, 3, 1, 3, 2]


def test_a_reading_below_ground_is_negative():
    bench = Bench(volts=[-0.01, 0, 0, 0])
    bench.adc.configure()
    bench.run(100)
    assert bench.adc.microvolts(0) == -10_000


def test_a_step_never_waits(bench):
    worst_us = 0
    for _ in range(500):
        bench.clock.us += 1000
        before_us = bench.clock.us
        bench.adc.step()
        worst_us = max(worst_us, bench.clock.us - before_us)
    assert worst_us < 500


def test_a_reading_that_is_too_old_is_unknown(bench):
    bench.run(200)
    bench.clock.us += 2_001_000
    assert bench.all() == [None] * 4


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("nack", "adc_absent"),
        ("stuck", "adc_bus_stuck"),
        ("garbage", "adc_readback"),
        ("frozen", "adc_stopped"),
    ],
)
def test_every_lasting_failure_is_a_fault_within_a_second(bench, kind, fault):
    bench.run(500)
    bench.target.fail(kind, bench.clock.us, bench.clock.us + 10**9)
    bench.run(900)
    assert bench.adc.fault == fault
    assert bench.all() == [None] * 4
    assert bench.adc.step() is None


def test_a_short_absence_is_no_fault(bench):
    bench.run(500)
    bench.target.fail("nack", bench.clock.us, bench.clock.us + 300_000)
    bench.run(1000)
    assert bench.adc.fault is None
    assert bench.adc.microvolts(1) == 1_250_000


def test_a_converter_that_lost_its_supply_is_noticed_or_harmless(bench):
    bench.run(500)
    bench.volts[:] = [3.0] * 4
    for _ in range(20):
        bench.chip.power_cycle(bench.clock.us + 500)
        bench.run(30, every_ms=3)
        for channel in range(4):
            assert bench.adc.fault or bench.adc.microvolts(channel) in (
                int(INPUTS_V[channel] * 1e6),
                3_000_000,
            )


def test_configuring_again_ends_a_fault(bench):
    bench.target.fail("frozen", bench.clock.us, bench.clock.us + 2_000_000)
    bench.run(1500)
    assert bench.adc.fault == "adc_stopped"
    bench.clock.us += 1_000_000
    assert bench.adc.configure()
    bench.run(300)
    assert bench.adc.microvolts(2) == 2_500_000


@pytest.mark.parametrize(
    ("kind", "fault"), [("nack", "adc_absent"), ("stuck", "adc_bus_stuck"), ("garbage", "adc_readback")]
)
def test_a_converter_that_cannot_be_reached_is_refused(kind, fault):
    bench = Bench()
    bench.target.fail(kind, 0, 10**9)
    for _ in range(20):  # as often as it is tried, before it is well
        assert not bench.adc.configure()
        assert bench.adc.fault == fault


def test_a_stuck_bus_is_set_free(bench):
    bench.run(500)
    bench.target.fail("stuck", bench.clock.us)
    bench.run(500)
    assert bench.adc.fault is None
    assert bench.bus.recoveries == 1
