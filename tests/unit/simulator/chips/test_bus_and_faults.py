"""The I2C bus model and the faults that can be laid over any chip."""

import pytest
from chip_bench import Ramp

from simulator.chips.ads1115 import ADS1115
from simulator.chips.bus import EIO, ETIMEDOUT, I2CBusModel
from simulator.chips.faults import FaultyTarget
from simulator.chips.max30102 import FIFO_WR_PTR, MAX30102, PART, TEMP_INTEGER

KHZ_400, KHZ_100 = 400_000, 100_000


@pytest.fixture
def sensor():
    return FaultyTarget(MAX30102(Ramp()))


@pytest.fixture
def bus(sensor):
    return I2CBusModel([sensor, FaultyTarget(ADS1115(lambda channel, now_us: 1.0))], timeout_us=10_000)


def read_part(bus, now_us=0):
    return bus.transfer(0x57, bytes((PART,)), 1, True, now_us, KHZ_400)


def test_each_chip_answers_at_its_own_address(bus):
    assert read_part(bus)[:2] == (0, b"\x15")
    assert bus.transfer(0x48, b"\x01", 2, True, 0, KHZ_400)[:2] == (0, b"\x85\x83")


def test_nobody_at_an_address_is_eio_after_nine_clocks(bus):
    assert bus.transfer(0x20, b"\x00", 3, True, 0, KHZ_100) == (-EIO, b"", 110)
    assert bus.not_acknowledged == 1


def test_a_scan_finds_the_chips(bus):
    found = [address for address in range(8, 0x78) if bus.transfer(address, b"", 0, True, 0, KHZ_100)[0] == 0]
    assert found == [0x48, 0x57]


@pytest.mark.parametrize(
    ("write", "read_count", "bits"),
    [
        (b"", 0, 1 + 9 + 1),
        (b"\x06\x00", 0, 1 + 9 + 18 + 1),
        (None, 6, 1 + 9 + 54 + 1),
        (b"\x07", 6, 1 + 18 + 1 + 9 + 54 + 1),
        (b"\x07", 192, 1 + 18 + 1 + 9 + 1728 + 1),
    ],
)
def test_a_transaction_takes_as_long_as_its_bits(bus, write, read_count, bits):
    assert bus.transfer(0x57, write, read_count, True, 0, KHZ_400)[2] == -(-bits * 10 // 4)
    assert bus.transfer(0x57, write, read_count, True, 0, KHZ_100)[2] == bits * 10
    assert bus.busy_us == -(-bits * 10 // 4) + bits * 10


def test_a_write_without_a_stop_is_one_bit_shorter(bus):
    assert bus.transfer(0x57, b"\x07", 0, False, 0, KHZ_100)[2] == 10 * (1 + 18)


def test_two_chips_cannot_share_an_address():
    with pytest.raises(ValueError, match="0x57"):
        I2CBusModel([MAX30102(Ramp()), MAX30102(Ramp())])


def test_a_fault_lasts_exactly_as_long_as_it_should(bus, sensor):
    sensor.fail("nack", 1000, 2000)
    assert [read_part(bus, now_us)[0] for now_us in (999, 1000, 1999, 2000)] == [0, -EIO, -EIO, 0]


def test_a_healed_chip_answers_again(bus, sensor):
    sensor.fail("nack", 1000)
    assert read_part(bus, 10**9)[0] == -EIO
    sensor.heal(10**9)
    assert read_part(bus, 10**9)[0] == 0


def test_a_stuck_chip_blocks_the_whole_bus_and_costs_the_timeout(bus, sensor):
    sensor.fail("stuck", 1000)
    assert bus.sda_level(999) == 1
    assert bus.sda_level(1000) == 0
    assert bus.transfer(0x48, b"\x01", 2, True, 1000, KHZ_400) == (-ETIMEDOUT, b"", 10_000)
    assert bus.timed_out == 1


def test_nine_clocks_set_a_stuck_bus_free_and_eight_do_not(bus, sensor):
    sensor.fail("stuck", 1000)
    bus.clock_pulses(8, 1000)
    assert bus.sda_level(1000) == 0
    bus.clock_pulses(1, 1000)
    assert bus.sda_level(1000) == 1
    assert read_part(bus, 1000)[0] == 0


def test_a_chip_stuck_for_a_time_holds_on_through_clocks_until_its_end(bus, sensor):
    sensor.fail("stuck", 1000, 50_000)
    bus.clock_pulses(100, 1000)
    assert bus.sda_level(49_999) == 0
    assert bus.sda_level(50_000) == 1


def test_power_sets_any_stuck_chip_free_and_resets_it(bus, sensor):
    bus.transfer(0x57, b"\x0c\x20", 0, True, 0, KHZ_400)
    sensor.fail("stuck", 1000, 10**9)
    sensor.power_cycle(2000)
    assert bus.transfer(0x57, b"\x0c", 1, True, 2000, KHZ_400)[1] == b"\0"


def test_garbage_is_the_same_for_the_same_seed_and_comes_from_reads_alone(bus, sensor):
    sensor.fail("garbage", 1000, 2000)
    first = bus.transfer(0x57, b"\x00", 32, True, 1000, KHZ_400)
    other = FaultyTarget(MAX30102(Ramp()))
    other.fail("garbage", 1000, 2000)
    other.write(b"\x00", 1000)
    assert first[0] == 0
    assert first[1] == other.read(32, 1000)
    bus.transfer(0x57, b"\x0c\x20", 0, True, 1500, KHZ_400)
    assert bus.transfer(0x57, b"\x0c", 1, True, 2000, KHZ_400)[1] == b"\x20"


def test_time_stands_still_for_a_frozen_chip_and_goes_on_after_it(bus, sensor):
    bus.transfer(0x57, b"\x0a\x27", 0, True, 0, KHZ_400)
    bus.transfer(0x57, b"\x09\x03", 0, True, 0, KHZ_400)
    sensor.fail("frozen", 55_000, 200_000)
    bus.transfer(0x57, b"\x0c\x20", 0, True, 150_000, KHZ_400)  # nor does a write wake it
    written = [
        bus.transfer(0x57, bytes((FIFO_WR_PTR,)), 1, True, t, KHZ_400)[1][0]
        for t in (60_000, 199_000, 200_000)
    ]
    assert written == [5, 5, 20]


def test_what_a_chip_can_do_shows_through_its_wrapper(sensor):
    assert sensor.samples_made == 0
    assert sensor.next_edge_us is None


def test_an_unknown_kind_is_refused_by_name(sensor):
    with pytest.raises(ValueError, match="wet"):
        sensor.fail("wet")
    with pytest.raises(ValueError, match="prayer"):
        sensor.fail("stuck", released_by="prayer")


def test_an_absent_chip_behind_a_fault_is_not_asked(bus, sensor):
    sensor.power_off()
    assert bus.transfer(0x57, bytes((TEMP_INTEGER,)), 2, True, 0, KHZ_400)[0] == -EIO
