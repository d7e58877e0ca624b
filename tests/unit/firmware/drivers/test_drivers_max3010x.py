"""firmware/drivers/max3010x.py on the chip model: nothing lost or twice, no light over the cap, no trust."""

from array import array

import numpy as np
import pytest
from chip_bench import Ramp, open_bus
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.drivers import max3010x
from firmware.drivers.max3010x import MAX3010x
from simulator.chips import max30102
from simulator.chips.faults import FaultyTarget
from simulator.chips.max30102 import MAX30102


class Bench:
    """A lit sensor, its driver, and a loop that reads it."""

    def __init__(self, lit=True, **options):
        self.light = options.pop("light", None) or Ramp()
        self.chip = MAX30102(self.light, **options)
        self.target = FaultyTarget(self.chip)
        self.bus, self.model, self.clock = open_bus(self.target)
        self.sensor = MAX3010x(self.bus, self.clock)
        self.ir, self.red = array("i", [0] * 32), array("i", [0] * 32)
        self.seen = []  # infrared counts, and ("lost", n) where samples are missing
        self._led_ua = None  # at the read before
        if lit:
            assert self.sensor.configure(), self.sensor.fault
            assert self.sensor.power(True), self.sensor.fault

    def read(self):
        count = self.sensor.read(self.ir, self.red)
        if self.sensor.lost:
            self.seen.append(("lost", self.sensor.lost))
        self.seen += self.ir[:count]
        led_ua, self._led_ua = self._led_ua, self.sensor.led_ir_ua
        if led_ua == self.sensor.led_ir_ua == max3010x.LED_START_UA:  # else some were taken in another light
            assert all(red - ir == 20_000 for ir, red in zip(self.ir[:count], self.red[:count], strict=True))
        return count

    def run(self, duration_ms, every_ms=50):
        end_us = self.clock.us + duration_ms * 1000
        while self.clock.us < end_us:
            self.clock.us += every_ms * 1000
            self.read()

    def run_until_fault(self, limit_ms=2000, every_ms=50):
        start_us = self.clock.us
        while self.sensor.fault is None and self.clock.us - start_us < limit_ms * 1000:
            self.run(every_ms, every_ms)
        return self.sensor.fault, (self.clock.us - start_us) // 1000

    def held(self, register):
        self.chip.write(bytes((register,)), self.clock.us)
        return self.chip.read(1, self.clock.us)[0]


def gapless(seen):
    """Whether every sample was seen once, in order, counting what was said to be lost."""
    expected = None
    for entry in seen:
        if isinstance(entry, tuple):
            expected = None if expected is None else expected + entry[1]
        else:
            if expected is not None and entry != expected:
                return False
            expected = entry + 1
    return True


def break_off_bursts(bench, which):
    """Let FIFO bursts fail half way, with the read pointer moved already; returns a list of all bursts."""
    whole = bench.target.read
    bursts = []

    def read(count, now_us):
        if count == 7:
            return whole(count, now_us)
        bursts.append(count)
        if which(len(bursts) - 1):
            whole(count // 2, now_us)
            return None
        return whole(count, now_us)

    bench.target.read = read
    return bursts


def test_lights_that_are_exchanged_on_the_module_are_put_right():
    class Colours:
        def photocurrent(self, start_us, period_us, count):
            return [np.full(count, nanoamperes) for nanoamperes in (200.0, 50.0, 0.0)]

    for exchanged in (False, True):
        bench = Bench(lit=False, light=Colours(), lights_exchanged=exchanged)
        bench.sensor = MAX3010x(bench.bus, bench.clock, exchanged)
        assert bench.sensor.configure() and bench.sensor.power(True)
        bench.sensor.set_led_ua(6400, 3200)
        bench.clock.us += 1_200_000
        count = bench.sensor.read(bench.ir, bench.red)
        assert bench.ir[count - 1] == pytest.approx(200 * 6.4 * 64, rel=0.01)
        assert bench.red[count - 1] == pytest.approx(50 * 3.2 * 64, rel=0.01)
        leds = [bench.held(max30102.LED1_PA), bench.held(max30102.LED2_PA)]
        assert leds == ([32, 16] if exchanged else [16, 32])


def test_configuring_finds_the_part_and_leaves_it_dark_and_still():
    bench = Bench(lit=False)
    assert bench.sensor.configure()
    assert bench.held(max30102.SPO2_CONFIG) == 0x27
    assert bench.held(max30102.FIFO_CONFIG) == 0x10
    assert bench.held(max30102.MODE_CONFIG) == 0x83
    assert bench.held(max30102.LED1_PA) == bench.held(max30102.LED2_PA) == 0
    assert not bench.sensor.on
    assert bench.read() == 0
    assert bench.clock.us < 10_000


def test_two_minutes_at_any_pace_give_every_sample_once_and_in_order():
    for every_ms in (5, 50, 163, 300):
        bench = Bench()
        bench.run(120_000, every_ms)
        assert 11_900 <= len(bench.seen) <= 12_100
        assert gapless(bench.seen)
        assert bench.sensor.lost_total == 0
        assert bench.sensor.samples_total == len(bench.seen)


@pytest.mark.parametrize("moves", [True, False])
def test_a_full_fifo_is_told_from_an_empty_one(moves):
    bench = Bench(rollover_moves_read_pointer=moves)
    bench.run(100)
    bench.clock.us = bench.chip.next_edge_us + 313_000  # 32 samples wait: pointers equal, nothing lost yet
    assert bench.read() == 30  # the two oldest are given up: they could be overwritten while we read
    assert bench.sensor.lost == 2
    assert bench.read() == 0
    bench.run(1000)
    assert gapless(bench.seen)
    assert bench.sensor.fault is None


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("pause_ms", [330, 333, 400, 620, 640, 1000, 5000])
def test_what_a_pause_costs_is_counted_even_beyond_the_chips_counter(pause_ms, moves):
    bench = Bench(rollover_moves_read_pointer=moves)
    bench.run(1000)
    bench.clock.us += pause_ms * 1000
    assert bench.read() == 30
    bench.run(30_000)
    assert bench.sensor.fault is None
    assert bench.sensor.lost_total == pytest.approx(pause_ms / 10 - 30, abs=2)
    if pause_ms < 620:
        assert gapless(bench.seen)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 600), min_size=5, max_size=80), st.booleans())
def test_nothing_is_twice_or_out_of_order_whenever_it_is_read(pauses_ms, moves):
    bench = Bench(rollover_moves_read_pointer=moves)
    for pause_ms in pauses_ms:
        bench.clock.us += pause_ms * 1000
        bench.read()
    assert gapless(bench.seen)
    assert bench.sensor.samples_total + bench.sensor.lost_total == pytest.approx(
        sum(pauses_ms) / 10, abs=len(pauses_ms)
    )


def test_a_glitch_in_the_middle_of_a_burst_loses_nothing():
    bench = Bench()
    bench.run(500)
    for offset_us in range(0, 1500, 60):
        bench.target.fail("nack", bench.clock.us + 50_000 + offset_us, bench.clock.us + 50_060 + offset_us)
        bench.run(100)
    assert bench.bus.errors >= 2
    assert gapless(bench.seen)
    assert bench.sensor.fault is None
    assert bench.sensor.lost_total == 0


def test_a_burst_broken_off_half_way_is_read_again_from_its_beginning():
    bench = Bench()
    bench.run(500)
    bursts = break_off_bursts(bench, lambda number: number % 2 == 0)
    bench.run(2000)
    assert len(bursts) > 70
    assert gapless(bench.seen)
    assert bench.sensor.lost_total == 0


def test_what_was_lost_is_told_even_when_the_bursts_after_it_fail():
    bench = Bench()
    bench.run(500)
    bursts = break_off_bursts(bench, lambda number: number < 4)
    bench.clock.us += 400_000
    assert bench.read() == 0
    assert bench.sensor.lost == 0
    bench.run(1000)
    assert len(bursts) > 10
    assert bench.sensor.samples_total + bench.sensor.lost_total == pytest.approx(
        bench.chip.samples_made, abs=2
    )
    assert bench.sensor.lost_total >= 10


def test_a_bus_stuck_in_mid_burst_is_freed_and_nothing_is_lost():
    bench = Bench()
    bench.run(500)
    bench.target.fail("stuck", bench.clock.us + 50_300)
    bench.run(2000)
    assert bench.bus.recoveries == 1
    assert gapless(bench.seen)
    assert bench.sensor.fault is None


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("nack", "sensor_absent"),
        ("stuck", "sensor_bus_stuck"),
        ("garbage", "sensor_readback"),
        ("frozen", "sensor_stopped"),
    ],
)
def test_every_lasting_failure_is_a_fault_within_a_second(kind, fault):
    bench = Bench()
    bench.run(3000)
    bench.target.fail(kind, bench.clock.us, bench.clock.us + 10**9)
    found, after_ms = bench.run_until_fault()
    assert found == fault
    assert after_ms <= 700
    assert bench.read() == 0


def test_nonsense_now_and_then_is_no_fault_and_no_sample():
    bench = Bench()
    bench.run(1000)
    for _ in range(10):
        bench.target.fail(
            "garbage", bench.clock.us + 49_000, bench.clock.us + 50_200
        )  # a status read each time
        bench.run(200)
    assert bench.sensor.fault is None
    assert gapless(bench.seen)


def test_a_short_absence_is_no_fault():
    bench = Bench()
    bench.run(1000)
    bench.target.fail("nack", bench.clock.us, bench.clock.us + 250_000)
    bench.run(2000)
    assert bench.sensor.fault is None
    assert gapless(bench.seen)


def test_a_chip_that_lost_its_supply_is_noticed_and_gives_no_samples():
    bench = Bench()
    bench.run(1000)
    bench.chip.power_cycle(bench.clock.us)
    seen = len(bench.seen)
    assert bench.run_until_fault()[0] == "sensor_reset"
    assert len(bench.seen) == seen
    assert bench.sensor.configure()
    assert bench.sensor.power(True)
    bench.run(500)
    assert len(bench.seen) > seen


@pytest.mark.parametrize(
    ("ppm", "fault"), [(45_000, None), (-45_000, None), (60_000, "sensor_rate"), (-60_000, "sensor_rate")]
)
def test_a_clock_more_than_five_percent_off_is_a_fault(ppm, fault):
    bench = Bench(oscillator_ppm=ppm)
    found, after_ms = bench.run_until_fault(limit_ms=25_000)
    assert found == fault
    assert bench.sensor.rate_permille == pytest.approx(1000 + ppm / 1000, abs=2)
    if fault:
        assert 10_000 <= after_ms <= 10_200


def test_a_pause_does_not_make_a_wrong_clock_look_right():
    bench = Bench(oscillator_ppm=45_000)
    bench.run(5000)
    bench.clock.us += 6_000_000
    bench.read()
    assert bench.sensor.rate_permille is None  # what was lost was only estimated
    bench.run(12_000)
    assert bench.sensor.rate_permille == pytest.approx(1045, abs=2)


def test_a_clock_that_goes_wrong_later_is_a_fault_too():
    bench = Bench()
    bench.run(25_000)
    bench.chip.set_oscillator(-500_000, bench.clock.us)
    found, after_ms = bench.run_until_fault(limit_ms=25_000)
    assert found == "sensor_rate"
    assert after_ms < 20_000


def test_another_part_is_refused():
    bench = Bench(lit=False)
    bench.chip._registers[max30102.PART] = 0x11
    assert not bench.sensor.configure()
    assert bench.sensor.fault == "sensor_wrong_part"
    assert not bench.sensor.power(True)


def test_nobody_there_is_refused():
    bench = Bench(lit=False)
    bench.target.fail("nack")
    assert not bench.sensor.configure()
    assert bench.sensor.fault == "sensor_absent"
    assert bench.read() == 0


def test_light_left_on_by_an_earlier_boot_counts_as_on_until_it_is_proved_off():
    bench = Bench()
    bench.run(100)
    rebooted = MAX3010x(bench.bus, bench.clock)
    assert rebooted.on
    bench.target.fail("nack", bench.clock.us, bench.clock.us + 1_000_000)
    assert not rebooted.configure()
    assert not rebooted.power(False)
    assert rebooted.on
    bench.clock.us += 1_000_000
    assert rebooted.power(False)
    assert not rebooted.on
    assert bench.held(max30102.LED1_PA) == bench.held(max30102.LED2_PA) == 0


def test_light_that_came_on_amid_a_failure_counts_as_on():
    bench = Bench(lit=False)
    assert bench.sensor.configure()
    bench.target.fail(
        "nack", bench.clock.us + 700, bench.clock.us + 2_000_000
    )  # after the LEDs, before the rest
    assert not bench.sensor.power(True)
    assert bench.sensor.fault == "sensor_absent"
    assert bench.held(max30102.LED2_PA) == 32
    assert bench.sensor.on


def test_an_led_that_stays_lit_counts_as_on():
    bench = Bench()
    bench.run(100)
    write = bench.target.write
    bench.target.write = lambda data, now_us: (
        (data[0] == max30102.LED1_PA and len(data) == 2) or write(data, now_us)
    )
    assert not bench.sensor.power(False)
    assert bench.sensor.on


def test_a_reset_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(max30102, "RESET_US", 10**9)
    bench = Bench(lit=False)
    assert not bench.sensor.configure()
    assert bench.sensor.fault == "sensor_readback"


def test_no_current_beyond_the_cap_ever_reaches_the_chip():
    bench = Bench()
    for wanted_ua in (-5, 0, 199, 200, 12_799, 12_800, 12_801, 51_000, 10**9):
        bench.sensor.set_led_ua(wanted_ua, wanted_ua)
        cut_ua = min(max(wanted_ua, 0), max3010x.LED_CAP_UA) // 200 * 200
        assert bench.sensor.led_ir_ua == bench.sensor.led_red_ua == cut_ua
        assert bench.held(max30102.LED1_PA) == bench.held(max30102.LED2_PA) == cut_ua // 200


def test_steering_moves_between_its_limits_once_a_second_and_says_when_it_moved():
    bench = Bench()
    bench.run(2000)
    assert bench.sensor.steer(1)
    assert bench.sensor.led_ir_ua == 7200
    assert not bench.sensor.steer(1)  # too soon
    assert not bench.sensor.steer(0)
    for _ in range(30):
        bench.run(1000)
        bench.sensor.steer(1)
    assert bench.sensor.led_ir_ua == bench.sensor.led_red_ua == max3010x.LED_CAP_UA
    bench.run(1000)
    assert not bench.sensor.steer(1)
    for _ in range(60):
        bench.run(1000)
        bench.sensor.steer(-1)
    assert bench.sensor.led_ir_ua == max3010x.LED_LEAST_UA
    assert bench.sensor.fault is None


def test_an_led_register_that_does_not_take_its_value_is_a_fault():
    bench = Bench()
    bench.run(100)
    bench.target.fail("garbage", bench.clock.us, bench.clock.us + 10_000_000)
    bench.sensor.set_led_ua(3000, 3000)
    assert bench.sensor.fault == "sensor_readback"


def test_power_off_is_dark_and_counts_nothing_as_missing():
    bench = Bench()
    bench.run(1000)
    assert bench.sensor.power(False)
    assert bench.held(max30102.LED1_PA) == bench.held(max30102.LED2_PA) == 0
    assert bench.held(max30102.MODE_CONFIG) & 0x80
    bench.run(30_000)
    assert bench.sensor.fault is None
    assert bench.sensor.power(True)
    bench.run(15_000)
    assert bench.sensor.fault is None
    assert bench.sensor.lost_total == 0


def test_going_dark_is_tried_in_a_fault_and_says_when_it_failed():
    bench = Bench()
    bench.run(100)
    bench.target.fail("nack", bench.clock.us, bench.clock.us + 5_000_000)
    bench.run_until_fault()
    assert not bench.sensor.power(False)
    assert bench.sensor.on  # as far as anybody knows
    bench.clock.us += 5_000_000
    assert bench.sensor.power(False)
    assert not bench.sensor.on
    assert bench.held(max30102.LED2_PA) == 0


def test_the_temperature_comes_by_itself():
    bench = Bench(temperature_c=lambda now_us: 30 + now_us / 10_000_000)
    bench.run(200)
    assert bench.sensor.temperature_centi_c == pytest.approx(3000, abs=7)
    bench.run(30_000)
    assert bench.sensor.temperature_centi_c == pytest.approx(3200, abs=107)
    bench = Bench(temperature_c=-3.25)
    bench.run(200)
    assert bench.sensor.temperature_centi_c == -325


def test_too_much_room_light_is_reported_while_it_lasts():
    light = Ramp(ambient_na=250_000.0)
    bench = Bench(light=light)
    bench.clock.us += 50_000
    bench.sensor.read(bench.ir, bench.red)
    assert bench.sensor.ambient_overflow
    light.ambient_na = 0.0
    bench.chip.forget_look_ahead()
    for _ in range(2):
        bench.clock.us += 50_000
        bench.sensor.read(bench.ir, bench.red)
    assert not bench.sensor.ambient_overflow


def test_a_minute_costs_little_of_the_bus():
    bench = Bench()
    before_us = bench.model.busy_us
    bench.run(60_000)
    assert bench.model.busy_us - before_us < 60_000_000 * 3 // 100


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["nack", "stuck", "garbage", "frozen", "reset"]),
            st.integers(0, 4000),
            st.integers(1, 900),
        ),
        max_size=5,
    ),
    st.lists(st.integers(1, 400), min_size=10, max_size=60),
)
def test_whatever_befalls_the_chip_nothing_is_raised_repeated_or_too_bright(faults, pauses_ms):
    bench = Bench()
    resets_us = []
    for kind, at_ms, for_ms in faults:
        at_us = bench.clock.us + at_ms * 1000
        if kind == "reset":
            resets_us.append(at_us)
        else:
            bench.target.fail(kind, at_us, at_us + for_ms * 1000)
    for turn, pause_ms in enumerate(pauses_ms):
        bench.clock.us += pause_ms * 1000
        if resets_us and bench.clock.us > min(resets_us):
            resets_us.remove(min(resets_us))
            bench.chip.power_cycle(bench.clock.us)
        bench.read()
        bench.sensor.steer(1 if turn % 3 else -1)
        if bench.sensor.fault is not None and turn % 5 == 0:
            bench.sensor.power(False)
            if bench.sensor.configure():
                bench.sensor.power(True)
        assert bench.chip._registers[max30102.LED1_PA] <= max3010x.LED_CAP_UA // 200
        assert bench.chip._registers[max30102.LED2_PA] <= max3010x.LED_CAP_UA // 200
        assert bench.sensor.led_ir_ua <= 51_000
        assert bench.sensor.fault is None or bench.read() == 0
    if not any(kind == "garbage" for kind, _, _ in faults):
        assert 0 <= bench.sensor.samples_total <= bench.chip.samples_made
