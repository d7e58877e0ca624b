"""The ADS1115 model against its data sheet: registers, conversion times, inputs, ranges, comparator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.chips import ads1115
from simulator.chips.ads1115 import ADS1115

INPUTS_V = (0.5, 1.25, 2.0, 3.0)
CONVERSION, CONFIG, LOW, HIGH = 0, 1, 2, 3
SINGLE_860 = 0x83E3  # start, A0 - A1, 4.096 V, single shot, 860/s, comparator off
A0, A1, A2, A3 = 0x4000, 0x5000, 0x6000, 0x7000


def chip_with(volts=INPUTS_V, **options):
    return ADS1115(lambda channel, now_us: volts[channel], **options)


def put(chip, register, value, at_us=0):
    assert chip.write(bytes((register, value >> 8, value & 0xFF)), at_us)


def get(chip, register, at_us=0):
    chip.write(bytes((register,)), at_us)
    return int.from_bytes(chip.read(2, at_us), "big")


def converted(config, volts=INPUTS_V, **options):
    chip = chip_with(volts, **options)
    put(chip, CONFIG, 0x8000 | config)
    return int.from_bytes(get(chip, CONVERSION, 1_000_000).to_bytes(2, "big"), "big", signed=True)


def test_power_on_values():
    chip = chip_with()
    assert [get(chip, register) for register in range(4)] == [0, 0x8583, 0x8000, 0x7FFF]


def test_the_pointer_stays_for_the_next_read():
    chip = chip_with()
    get(chip, HIGH)
    assert chip.read(2, 0) == chip.read(2, 0) == b"\x7f\xff"


def test_half_a_register_changes_nothing():
    chip = chip_with()
    chip.write(b"\x01\x44", 0)
    assert get(chip, CONFIG) == 0x8583


@pytest.mark.parametrize(("code", "rate_hz"), list(enumerate((8, 16, 32, 64, 128, 250, 475, 860))))
def test_a_single_conversion_takes_its_time_and_clears_ready_meanwhile(code, rate_hz):
    chip = chip_with()
    put(chip, CONFIG, 0x8000 | A1 | 0x0200 | 0x0100 | code << 5 | 3)
    end_us = 25 + 1_000_000 // rate_hz
    assert get(chip, CONFIG, end_us - 1) & 0x8000 == 0
    assert get(chip, CONVERSION, end_us - 1) == 0
    assert get(chip, CONFIG, end_us) & 0x8000
    assert get(chip, CONVERSION, end_us) == 10_000


@pytest.mark.parametrize("error_permille", [-100, 100])
def test_the_oscillator_may_be_a_tenth_off(error_permille):
    chip = chip_with(rate_error_permille=error_permille)
    put(chip, CONFIG, SINGLE_860)
    end_us = 25 + 1_000_000_000 // (860 * (1000 + error_permille))
    assert get(chip, CONFIG, end_us - 1) & 0x8000 == 0
    assert get(chip, CONFIG, end_us) & 0x8000


def test_without_a_start_nothing_is_converted():
    chip = chip_with()
    put(chip, CONFIG, SINGLE_860 & 0x7FFF)
    assert get(chip, CONFIG, 10_000) & 0x8000
    assert get(chip, CONVERSION, 10_000) == 0


def test_a_start_during_a_conversion_does_nothing():
    chip = chip_with()
    put(chip, CONFIG, A0 | 0x83E3)
    put(chip, CONFIG, A1 | 0x83E3, at_us=500)
    assert get(chip, CONVERSION, 10_000) == 4000
    assert get(chip, CONFIG, 10_000) & 0x8000


@pytest.mark.parametrize(
    ("mux", "volts"),
    [(0, -0.75), (1, -2.5), (2, -1.75), (3, -1.0), (4, 0.5), (5, 1.25), (6, 2.0), (7, 3.0)],
)
def test_every_pair_of_inputs(mux, volts):
    assert converted(mux << 12 | 0x0200 | 0x01E3) == volts * 8000


@pytest.mark.parametrize(
    ("code", "full_scale_v"), list(enumerate((6.144, 4.096, 2.048, 1.024, 0.512, 0.256)))
)
def test_every_range_clips_at_its_ends(code, full_scale_v):
    quarter = (full_scale_v / 4, 0, 0, 0)
    assert converted(A0 | code << 9 | 0x01E3, quarter) == 8192
    assert converted(code << 9 | 0x01E3, (full_scale_v + 0.1, 0, 0, 0), supply_v=7) == 32767
    assert converted(code << 9 | 0x01E3, (0, full_scale_v + 0.1, 0, 0), supply_v=7) == -32768


def test_an_input_goes_no_further_than_its_clamp_diodes():
    assert converted(A0 | 0x0200 | 0x01E3, (9, 0, 0, 0), supply_v=3.3) == 28_800
    assert converted(A0 | 0x0200 | 0x01E3, (-9, 0, 0, 0)) == -2400


def test_continuous_mode_converts_for_ever_and_is_never_ready():
    chip = ADS1115(lambda channel, now_us: now_us / 1_000_000)
    put(chip, CONFIG, A0 | 0x0283)  # 128/s
    assert get(chip, CONFIG, 5000) & 0x8000 == 0
    assert get(chip, CONVERSION, 7811) == 0
    assert get(chip, CONVERSION, 7812) == round(0.003906 * 8000)
    last_end_us = 1_000_000 // 7812 * 7812
    assert get(chip, CONVERSION, 1_000_000) == round((last_end_us - 3906) / 1_000_000 * 8000)


def test_a_new_channel_in_continuous_mode_waits_for_the_conversion_under_way():
    chip = chip_with()
    put(chip, CONFIG, A0 | 0x0283)
    put(chip, CONFIG, A1 | 0x0283, at_us=10_000)
    assert get(chip, CONVERSION, 15_624) == 4000
    assert get(chip, CONVERSION, 23_435) == 4000
    assert get(chip, CONVERSION, 23_436) == 10_000


def test_leaving_continuous_mode_ends_with_the_conversion_under_way():
    chip = chip_with()
    put(chip, CONFIG, A0 | 0x0283)
    put(chip, CONFIG, A0 | 0x0383, at_us=1000)
    assert get(chip, CONFIG, 7811) & 0x8000 == 0
    assert get(chip, CONFIG, 7812) & 0x8000
    assert chip.next_edge_us is None


def test_without_supply_nobody_answers_and_power_brings_the_defaults_back():
    chip = chip_with()
    put(chip, CONFIG, A0 | 0x0283)
    chip.power_off()
    assert chip.write(b"\x01", 100) is False
    assert chip.read(2, 100) is None
    chip.power_cycle(200)
    assert get(chip, CONFIG, 1_000_000) == 0x8583


def test_the_comparator_needs_as_many_conversions_as_its_queue_is_long():
    chip = chip_with()
    put(chip, HIGH, 3000)
    put(chip, LOW, 2000)
    put(chip, CONFIG, A0 | 0x02E1)  # 860/s, after two, active low
    assert chip.alert_level(2000) == 1
    assert chip.alert_level(2400) == 0


def test_the_comparator_lets_go_below_the_low_threshold_unless_it_latches():
    volts = [0.5, 0, 0, 0]
    for latch, level in ((0, 1), (4, 0)):
        volts[0] = 0.5
        chip = chip_with(volts)
        put(chip, HIGH, 3000)
        put(chip, LOW, 2000)
        put(chip, CONFIG, A0 | 0x02E0 | latch)
        assert chip.alert_level(5000) == 0
        volts[0] = 0.3
        assert chip.alert_level(10_000) == 0  # between the two: as it was
        volts[0] = 0.1
        assert chip.alert_level(15_000) == level
        get(chip, CONVERSION, 15_000)
        assert chip.alert_level(15_000) == 1


def test_window_mode_alerts_below_as_well():
    chip = chip_with((0.1, 0, 0, 0))
    put(chip, HIGH, 3000)
    put(chip, LOW, 2000)
    put(chip, CONFIG, A0 | 0x02F8)  # active high
    assert chip.alert_level(1000) == 0
    assert chip.alert_level(3000) == 1


@settings(max_examples=100)
@given(
    st.integers(-100, 100),
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.binary(min_size=0, max_size=5)),
            st.tuples(st.just("config"), st.integers(0, 0xFFFF)),
            st.tuples(st.just("read"), st.integers(0, 7)),
            st.tuples(st.just("wait"), st.integers(0, 3_000_000)),
        ),
        max_size=60,
    ),
)
def test_no_traffic_breaks_the_chip(error_permille, traffic):
    chip = chip_with(rate_error_permille=error_permille)
    now_us = 0
    for kind, value in traffic:
        if kind == "wait":
            now_us += value
        elif kind == "read":
            assert len(chip.read(value, now_us)) == value
        elif kind == "config":
            put(chip, CONFIG, value, now_us)
            assert get(chip, CONFIG, now_us) & 0x7FFF == value & 0x7FFF
        else:
            chip.write(value, now_us)
        assert chip.alert_level(now_us) in (0, 1)
        assert chip.next_edge_us is None or chip.next_edge_us > now_us


def test_the_address_and_the_rates_are_those_of_the_data_sheet():
    assert ads1115.ADDRESS == 0x48
    assert ads1115.RATES_HZ[7] == 860
