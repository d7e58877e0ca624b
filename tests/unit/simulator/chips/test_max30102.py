"""The MAX30102 model against its data sheet: registers, side effects, FIFO, modes, light to counts."""

import pytest
from chip_bench import Ramp, Steady, words
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.chips import max30102
from simulator.chips.max30102 import MAX30102

SPO2_100_HZ = 0x27  # 4096 nA, 100/s, 411 us: 18 bits
ROLLOVER = 0x10
SPO2, HEART_RATE, MULTI_LED = 3, 2, 7
READ_ALL = bytes((max30102.FIFO_DATA,))


def put(chip, register, *values, at_us=0):
    assert chip.write(bytes((register, *values)), at_us) is not False


def get(chip, register, at_us=0, count=1):
    chip.write(bytes((register,)), at_us)
    data = chip.read(count, at_us)
    return data[0] if count == 1 else data


def running(light=None, fifo=ROLLOVER, spo2=SPO2_100_HZ, mode=SPO2, leds=(32, 32), **options):
    """A chip that has been sampling since t = 0, LEDs at 6.4 mA."""
    chip = MAX30102(light or Ramp(), **options)
    put(chip, max30102.INT_ENABLE_1, 0xE0, 0x02)
    put(chip, max30102.FIFO_CONFIG, fifo)
    put(chip, max30102.SPO2_CONFIG, spo2)
    put(chip, max30102.LED1_PA, *leds)
    get(chip, max30102.INT_STATUS_1)
    put(chip, max30102.MODE_CONFIG, mode)
    return chip


def pointers(chip, at_us):
    """(write pointer, overflow counter, read pointer)"""
    return tuple(get(chip, max30102.FIFO_WR_PTR, at_us, 3))


def samples(chip, count, at_us):
    """Infrared counts of the next samples in SpO2 mode."""
    return words(get(chip, max30102.FIFO_DATA, at_us, 6 * count))[1::2]


def test_at_power_on_every_register_is_zero_but_power_ready_and_identity():
    chip = MAX30102(Ramp())
    expected = bytearray(256)
    expected[max30102.INT_STATUS_1] = 0x01
    expected[max30102.REVISION] = 0x03
    expected[max30102.PART] = 0x15
    found = b"".join(bytes((get(chip, register),)) for register in range(256))
    assert found == expected


def test_a_burst_walks_through_the_registers_and_around_the_end():
    chip = MAX30102(Ramp())
    assert get(chip, max30102.REVISION, count=3) == bytes((0x03, 0x15, 0x01))


def test_registers_that_do_not_exist_and_bits_that_do_not_stay_zero():
    chip = MAX30102(Ramp())
    for register in range(256):
        if register not in (max30102.MODE_CONFIG, max30102.FIFO_DATA):
            put(chip, register, 0xFF)
    assert get(chip, max30102.INT_ENABLE_1) == 0xE0
    assert get(chip, max30102.FIFO_WR_PTR) == 0x1F
    assert get(chip, 0x0E) == get(chip, 0x10) == get(chip, 0x30) == get(chip, 0x80) == 0
    assert get(chip, max30102.PART) == 0x15


def test_samples_come_at_exactly_their_time():
    chip = running()
    assert pointers(chip, 9_999) == (0, 0, 0)
    assert pointers(chip, 10_000) == (1, 0, 0)
    assert pointers(chip, 309_999) == (30, 0, 0)
    assert pointers(chip, 310_000) == (31, 0, 0)


def test_fifo_gives_red_then_infrared_oldest_first():
    chip = running()
    assert words(get(chip, max30102.FIFO_DATA, 35_000, 18)) == [21_000, 1000, 21_001, 1001, 21_002, 1002]
    assert pointers(chip, 35_000) == (3, 0, 3)


def test_the_fifo_register_does_not_move_on_and_a_sample_can_be_read_in_pieces():
    chip = running()
    whole = words(get(chip, max30102.FIFO_DATA, 45_000, 24))
    chip = running()
    get(chip, 0x00, 45_000)
    chip.write(READ_ALL, 45_000)
    pieces = b"".join(chip.read(count, 45_000) for count in (1, 2, 7, 5, 9))
    assert words(pieces) == whole
    assert chip.read(1, 45_000) == bytes(1)  # still at FIFO_DATA: register 8 would say 0x10


def test_the_read_pointer_moves_with_the_first_byte_of_a_sample():
    chip = running()
    get(chip, max30102.FIFO_DATA, 25_000)
    assert pointers(chip, 25_000) == (2, 0, 1)


def test_setting_the_read_pointer_back_gives_the_samples_again():
    chip = running()
    first = samples(chip, 4, 45_000)
    put(chip, max30102.FIFO_RD_PTR, 1, at_us=45_000)
    assert samples(chip, 3, 45_000) == first[1:]
    put(chip, max30102.FIFO_RD_PTR, 0, at_us=45_000)
    get(chip, max30102.FIFO_DATA, 45_000, 4)  # in the middle of a sample
    put(chip, max30102.FIFO_RD_PTR, 2, at_us=45_000)
    assert samples(chip, 2, 45_000) == first[2:]


def test_reading_an_empty_fifo_gives_old_data_and_moves_nothing():
    chip = running()
    samples(chip, 2, 25_000)
    samples(chip, 5, 25_000)
    assert pointers(chip, 25_000) == (2, 0, 2)


def test_a_full_fifo_has_equal_pointers_and_says_so_in_its_status():
    chip = running()
    assert get(chip, max30102.INT_STATUS_1, 315_000) & max30102.A_FULL == 0
    assert get(chip, max30102.INT_STATUS_1, 325_000) & max30102.A_FULL
    assert pointers(chip, 325_000) == (0, 0, 0)
    assert samples(chip, 32, 325_000) == list(range(1000, 1032))


def test_almost_full_comes_with_as_many_free_slots_as_asked_for():
    chip = running(fifo=ROLLOVER | 15)
    assert not get(chip, max30102.INT_STATUS_1, 165_000) & max30102.A_FULL
    assert get(chip, max30102.INT_STATUS_1, 170_000) & max30102.A_FULL


def test_overflow_counts_what_is_lost_saturates_and_is_cleared_by_a_read():
    chip = running()
    assert pointers(chip, 350_000)[1] == 3
    assert pointers(chip, 630_000)[1] == 31
    assert pointers(chip, 900_000)[1] == 31
    samples(chip, 1, 900_000)
    assert pointers(chip, 900_000)[1] == 0
    assert chip.samples_lost == 90 - 32


def test_with_rollover_the_newest_32_samples_stay():
    chip = running()
    assert pointers(chip, 425_000) == (10, 10, 10)
    assert samples(chip, 32, 425_000) == list(range(1010, 1042))


def test_with_rollover_on_silicon_that_leaves_the_read_pointer_alone_it_stays():
    chip = running(rollover_moves_read_pointer=False)
    assert pointers(chip, 425_000) == (10, 10, 0)
    put(chip, max30102.FIFO_RD_PTR, 11, at_us=425_000)
    assert samples(chip, 31, 425_000) == list(range(1011, 1042))


def test_without_rollover_the_oldest_32_samples_stay():
    chip = running(fifo=0)
    assert pointers(chip, 425_000) == (0, 10, 0)
    assert samples(chip, 32, 425_000) == list(range(1000, 1032))
    assert samples(chip, 1, 435_000) == [1042]


@pytest.mark.parametrize("fifo", [0, ROLLOVER])
def test_an_hour_unread_ends_like_an_hour_looked_at_every_second(fifo):
    unread, watched = running(fifo=fifo), running(fifo=fifo)
    for second in range(1, 121):
        pointers(watched, second * 1_000_000)
    assert get(unread, max30102.INT_STATUS_1, 120_000_000) == max30102.A_FULL | max30102.PPG_RDY
    assert pointers(unread, 120_000_000) == pointers(watched, 120_000_000)
    assert samples(unread, 32, 120_000_000) == samples(watched, 32, 120_000_000)
    assert (unread.samples_made, unread.samples_lost) == (watched.samples_made, watched.samples_lost)
    assert len(unread.light.asked) < 4


def test_status_bits_need_their_enable_and_go_with_a_read():
    chip = running()
    assert get(chip, max30102.INT_STATUS_1, 15_000) == max30102.PPG_RDY
    assert get(chip, max30102.INT_STATUS_1, 15_000) == 0
    put(chip, max30102.INT_ENABLE_1, 0x80, at_us=15_000)
    assert get(chip, max30102.INT_STATUS_1, 25_000) == 0


def test_reading_the_fifo_clears_sample_ready():
    chip = running()
    samples(chip, 1, 15_000)
    assert get(chip, max30102.INT_STATUS_1, 15_000) == 0


def test_the_interrupt_pin_is_low_until_the_status_is_read():
    chip = MAX30102(Ramp())
    assert chip.interrupt_level(0) == 0  # power ready cannot be disabled
    chip = running()
    assert chip.interrupt_level(9_999) == 1
    assert chip.next_edge_us == 10_000
    assert chip.interrupt_level(10_000) == 0
    get(chip, max30102.INT_STATUS_1, 11_000)
    assert chip.interrupt_level(11_000) == 1


def test_heart_rate_mode_has_red_alone():
    chip = running(mode=HEART_RATE)
    assert words(get(chip, max30102.FIFO_DATA, 35_000, 9)) == [21_000, 21_001, 21_002]


def test_multi_led_mode_follows_its_slots():
    chip = running(mode=0)
    put(chip, max30102.MULTI_LED_1, 0x12)  # slot 1 infrared, slot 2 red
    put(chip, max30102.MODE_CONFIG, MULTI_LED)
    assert words(get(chip, max30102.FIFO_DATA, 25_000, 12)) == [1000, 21_000, 1001, 21_001]


def test_slots_after_an_empty_one_are_not_used():
    chip = running(mode=0)
    put(chip, max30102.MULTI_LED_1, 0x01, 0x02)
    put(chip, max30102.MODE_CONFIG, MULTI_LED)
    assert words(get(chip, max30102.FIFO_DATA, 25_000, 6)) == [21_000, 21_001]


def test_shut_down_stops_sampling_and_keeps_the_registers():
    chip = running()
    put(chip, max30102.MODE_CONFIG, 0x80 | SPO2, at_us=55_000)
    assert pointers(chip, 1_000_000) == (5, 0, 0)
    assert get(chip, max30102.LED1_PA, 1_000_000) == 32
    put(chip, max30102.MODE_CONFIG, SPO2, at_us=1_000_000)
    assert pointers(chip, 1_010_000) == (6, 0, 0)


def test_reset_takes_its_time_and_the_chip_is_deaf_meanwhile():
    chip = running()
    put(chip, max30102.MODE_CONFIG, 0x40, at_us=50_000)
    assert get(chip, max30102.MODE_CONFIG, 50_100) == 0x40
    put(chip, max30102.LED1_PA, 99, at_us=50_100)
    assert get(chip, max30102.MODE_CONFIG, 51_000) == 0
    assert get(chip, max30102.LED1_PA, 51_000) == 0
    assert get(chip, max30102.INT_STATUS_1, 51_000) == 0  # power ready is for the supply alone
    assert pointers(chip, 500_000) == (0, 0, 0)


def test_a_brown_out_clears_everything_and_raises_power_ready():
    chip = running()
    chip.power_cycle(55_000)
    assert pointers(chip, 60_000) == (0, 0, 0)
    assert get(chip, max30102.MODE_CONFIG, 60_000) == 0
    assert get(chip, max30102.INT_STATUS_1, 60_000) == max30102.PWR_RDY


def test_without_supply_nobody_answers():
    chip = running()
    chip.power_off()
    assert chip.write(READ_ALL, 1000) is False
    assert chip.read(3, 1000) is None


TABLE_11 = {0: 6, 1: 5, 2: 4, 3: 3}  # SpO2: pulse width code -> highest rate code
TABLE_12 = {0: 7, 1: 6, 2: 6, 3: 5}  # heart rate


@pytest.mark.parametrize("width", range(4))
@pytest.mark.parametrize("rate", range(8))
@pytest.mark.parametrize(("mode", "table"), [(SPO2, TABLE_11), (HEART_RATE, TABLE_12)])
def test_a_rate_too_high_for_the_pulse_width_becomes_the_highest_possible(mode, table, rate, width):
    chip = running(spo2=rate << 2 | width, mode=mode)
    programmed = min(rate, table[width])
    assert get(chip, max30102.SPO2_CONFIG) == programmed << 2 | width
    rate_hz = max30102.RATES_HZ[programmed]
    get(chip, max30102.FIFO_WR_PTR, 20_000_000)
    assert chip.samples_made == 20 * rate_hz


@pytest.mark.parametrize(("width", "bits"), list(enumerate((15, 16, 17, 18))))
def test_counts_are_left_justified_at_every_resolution(width, bits):
    chip = running(light=Steady(100.0, 50.0), spo2=0x24 | width)
    red, ir = words(get(chip, max30102.FIFO_DATA, 15_000, 6))
    step = 1 << (18 - bits)
    assert ir % step == red % step == 0
    assert ir == pytest.approx(640 / 4096 * 2**18, abs=step / 2)
    assert red == pytest.approx(320 / 4096 * 2**18, abs=step / 2)


@pytest.mark.parametrize(("code", "full_scale_na"), list(enumerate((2048, 4096, 8192, 16384))))
def test_the_range_sets_the_size_of_a_count_and_light_beyond_it_saturates(code, full_scale_na):
    chip = running(light=Steady(300.0, 100_000.0), spo2=code << 5 | 7)
    red, ir = words(get(chip, max30102.FIFO_DATA, 15_000, 6))
    assert ir == round(1920 / full_scale_na * 2**18)
    assert red == 2**18 - 1


@pytest.mark.parametrize(
    ("code", "current_ma"), [(0, 0.0), (1, 0.2), (0x1F, 6.2), (0x7F, 25.4), (0xFF, 51.0)]
)
def test_led_current_is_a_fifth_of_a_milliampere_a_step(code, current_ma):
    chip = running(light=Steady(10.0, 10.0), leds=(32, code))
    assert samples(chip, 1, 15_000) == [round(10 * current_ma / 4096 * 2**18)]


def test_a_new_current_counts_from_the_next_sample_on():
    chip = running(light=Steady(100.0, 100.0))
    put(chip, max30102.LED2_PA, 64, at_us=25_000)
    put(chip, max30102.LED2_PA, 16, at_us=45_000)
    assert samples(chip, 6, 65_000) == [40_960, 40_960, 81_920, 81_920, 20_480, 20_480]


def test_averaging_gives_means_and_fewer_samples():
    chip = running(fifo=2 << 5 | ROLLOVER)  # four to one
    assert pointers(chip, 79_999) == (1, 0, 0)
    assert samples(chip, 2, 80_000) == [1001, 1005]


def test_the_ambient_light_that_cannot_be_cancelled_is_reported_and_adds_up():
    chip = running(light=Steady(100.0, 100.0, ambient_na=200_100.0))
    assert get(chip, max30102.INT_STATUS_1, 15_000) & max30102.ALC_OVF
    assert samples(chip, 1, 15_000) == [round(740 / 4096 * 2**18)]
    chip = running(light=Steady(100.0, 100.0, ambient_na=199_000.0))
    assert not get(chip, max30102.INT_STATUS_1, 15_000) & max30102.ALC_OVF


@pytest.mark.parametrize(
    ("celsius", "registers"), [(31.4375, b"\x1f\x07"), (-3.25, b"\xfc\x0c"), (0.0, b"\0\0")]
)
def test_a_temperature_takes_29_ms(celsius, registers):
    chip = running(temperature_c=celsius)
    put(chip, max30102.TEMP_CONFIG, 1, at_us=1000)
    assert get(chip, max30102.INT_STATUS_2, 29_999) == 0
    assert get(chip, max30102.TEMP_INTEGER, 29_999, 2) == b"\0\0"
    assert get(chip, max30102.INT_STATUS_2, 30_000) == max30102.DIE_TEMP_RDY
    assert get(chip, max30102.TEMP_INTEGER, 30_000, 2) == registers


def test_asking_again_during_a_temperature_changes_nothing():
    chip = running()
    put(chip, max30102.TEMP_CONFIG, 1, at_us=1000)
    put(chip, max30102.TEMP_CONFIG, 1, at_us=20_000)
    assert get(chip, max30102.INT_STATUS_2, 30_000) == max30102.DIE_TEMP_RDY


def test_reading_the_fraction_clears_temperature_ready():
    chip = running(temperature_c=lambda now_us: now_us / 1000)
    put(chip, max30102.TEMP_CONFIG, 1)
    assert get(chip, max30102.TEMP_INTEGER, 35_000, 2) == bytes((29, 0))
    assert get(chip, max30102.INT_STATUS_2, 35_000) == 0


def test_the_chips_clock_may_be_wrong():
    chip = running(oscillator_ppm=20_000)
    pointers(chip, 60_000_000)
    assert chip.samples_made == 6120
    chip.set_oscillator(-50_000, 60_000_000)
    pointers(chip, 120_000_000)
    assert chip.samples_made == 6120 + 5700


def test_light_is_asked_for_no_further_ahead_than_allowed_and_again_after_forgetting():
    light = Ramp()
    chip = running(light=light, look_ahead_us=100_000)
    pointers(chip, 10_000)
    assert light.asked == [(0, 10)]
    light.base = 5000
    chip.forget_look_ahead()
    assert samples(chip, 3, 30_000) == [1000, 5001, 5002]
    assert light.asked[-1] == (10_000, 10)


class Reference:
    """The FIFO, one sample at a time, written down as simply as possible."""

    def __init__(self, rolls_over):
        self.queue, self.made, self.lost, self.overflow, self.rolls_over = [], 0, 0, 0, rolls_over

    def until(self, us):
        while (self.made + 1) * 10_000 <= us:
            if len(self.queue) == 32:
                self.lost += 1
                self.overflow = min(31, self.overflow + 1)
                if self.rolls_over:
                    self.queue.pop(0)
            if len(self.queue) < 32:
                self.queue.append(1000 + self.made)
            self.made += 1

    def pop(self, count):
        taken, self.queue = self.queue[:count], self.queue[count:]
        if taken:
            self.overflow = 0
        return taken


@settings(max_examples=60)
@given(
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 900_000), st.integers(0, 32)), min_size=1, max_size=60),
)
def test_order_overflow_and_loss_are_right_for_any_cadence_of_reads(rolls_over, reads):
    chip = running(fifo=ROLLOVER if rolls_over else 0)
    reference = Reference(rolls_over)
    now_us = 0
    for wait_us, wanted in reads:
        now_us += wait_us
        reference.until(now_us)
        write, overflow, read = pointers(chip, now_us)
        assert (write - read) & 31 == len(reference.queue) & 31
        assert overflow == reference.overflow
        wanted = min(wanted, len(reference.queue))
        if wanted:
            assert samples(chip, wanted, now_us) == reference.pop(wanted)
    assert (chip.samples_made, chip.samples_lost) == (reference.made, reference.lost)


@settings(max_examples=100)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.binary(min_size=0, max_size=12)),
            st.tuples(st.just("poke"), st.integers(0, 0x22), st.integers(0, 255)),
            st.tuples(st.just("read"), st.integers(0, 200)),
            st.tuples(st.just("wait"), st.integers(0, 2_000_000)),
        ),
        max_size=60,
    )
)
def test_no_traffic_breaks_the_chip(traffic):
    chip = MAX30102(Ramp())
    now_us = 0
    for kind, *values in traffic:
        if kind == "wait":
            now_us += values[0]
        elif kind == "read":
            assert len(chip.read(values[0], now_us)) == values[0]
        else:
            chip.write(values[0] if kind == "write" else bytes(values), now_us)
        write, overflow, read = pointers(chip, now_us)
        assert max(write, overflow, read) < 32
        assert get(chip, max30102.PART, now_us) == 0x15
        assert chip.interrupt_level(now_us) in (0, 1)
