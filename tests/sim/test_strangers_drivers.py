"""The chip models answer drivers that were written for the real chips, by people who never saw ours.

Pimoroni's max30105 and SparkFun's qwiic_max3010x run through an smbus-shaped adapter, Adafruit's ads1x15
through the firmware's own adapter. Their `time` is virtual; nothing else of them is touched.
"""

import sys
import types
from array import array
from itertools import pairwise

import pytest
from chip_bench import I2C, Clock, Ramp, open_bus

from firmware.drivers.i2c_bus import CircuitPythonI2C
from firmware.drivers.max3010x import MAX3010x
from simulator.chips.ads1115 import ADS1115
from simulator.chips.bus import I2CBusModel
from simulator.chips.max30102 import MAX30102

ADDRESS = 0x57
MS = 1000


class SMBus:
    """smbus2's SMBus as far as the two sensor drivers use it, over the bus model."""

    def __init__(self, model: I2CBusModel, clock: Clock):
        self._i2c = I2C(model, clock, 100_000)

    def write_quick(self, address):
        self._i2c.writeto(address, b"")

    def write_byte_data(self, address, register, value):
        self._i2c.writeto(address, bytes((register, value)))

    def write_i2c_block_data(self, address, register, values):
        self._i2c.writeto(address, bytes((register, *values)))

    def read_byte_data(self, address, register):
        return self.read_i2c_block_data(address, register, 1)[0]

    def read_i2c_block_data(self, address, register, count):
        assert count <= 32, "smbus transfers no more than 32 bytes at once"
        buffer = bytearray(count)
        self._i2c.readfrom_mem_into(address, register, buffer)
        return list(buffer)


class Sensor:
    """A MAX30102 on a bus of its own, with virtual time."""

    def __init__(self, **options):
        self.chip = MAX30102(Ramp(period_us=2500), **options)
        self.clock = Clock()
        self.model = I2CBusModel([self.chip])
        self.smbus = SMBus(self.model, self.clock)


def ours(spo2, fifo, duration_us, at_us):
    """What our own driver's way of reading gives on an equal chip: (red, infrared) a sample."""
    chip = MAX30102(Ramp(period_us=2500))
    bus, _, clock = open_bus(chip)
    sensor = MAX3010x(bus, clock)
    assert sensor.configure()
    assert sensor.power(True)
    # The stranger's settings in place of ours, begun at the time it began.
    chip.write(bytes((0x09, 0x83)), clock.us)
    chip.write(bytes((0x0C, 32, 32)), clock.us)
    chip.write(bytes((0x08, fifo, 0x83, spo2)), clock.us)
    chip.write(bytes((0x04, 0, 0, 0)), clock.us)
    clock.us = max(clock.us, at_us)
    chip.write(bytes((0x09, 0x03)), at_us)
    clock.us = at_us + duration_us
    ir, red = array("i", [0] * 32), array("i", [0] * 32)
    count = sensor.read(ir, red)
    return list(zip(red[:count], ir[:count], strict=True))


class TestPimoroni:
    @pytest.fixture
    def sensor(self):
        return Sensor(temperature_c=30.5)

    @pytest.fixture
    def driver(self, sensor, monkeypatch):
        import max30105

        monkeypatch.setattr(max30105, "time", sensor.clock)
        return max30105.MAX30105(i2c_dev=sensor.smbus)

    def test_it_finds_the_part(self, driver):
        assert driver.get_chip_id() == (0x03, 0x15)

    def test_its_settings_arrive_in_the_chip(self, sensor, driver):
        driver.setup(led_power=6.4, sample_average=4, leds_enable=2, sample_rate=400, pulse_width=215)
        held = sensor.smbus.read_i2c_block_data(ADDRESS, 0x08, 11)
        assert held[:3] == [0x50, 0x03, 0x6E]
        assert held[4] == held[5] == int(6.4 / 0.2)
        assert held[9] == 0x21

    def test_it_reads_the_same_samples_as_we_do(self, sensor, driver):
        driver.setup(
            led_power=6.4, sample_average=1, leds_enable=2, sample_rate=400, pulse_width=411, adc_range=4096
        )
        # Start anew at a known time, as the driver itself would.
        start_us = sensor.clock.us + 10 * MS
        sensor.clock.us = start_us
        sensor.chip.write(bytes((0x09, 0x83)), start_us)
        sensor.chip.write(bytes((0x04, 0, 0, 0)), start_us)
        sensor.chip.write(bytes((0x09, 0x03)), start_us)
        sensor.clock.us = start_us + 51 * MS
        found = driver.get_samples()
        samples = list(zip(found[0::2], found[1::2], strict=True))
        expected = ours(spo2=0x2F, fifo=0x10, duration_us=51 * MS, at_us=start_us)
        assert len(samples) >= 20
        assert samples == expected[: len(samples)]
        assert samples[0] == (samples[0][1] + 20_000, samples[0][1])

    def test_a_second_of_polling_gives_a_rising_ramp(self, sensor, driver):
        driver.setup(
            led_power=6.4, sample_average=4, leds_enable=2, sample_rate=400, pulse_width=215, adc_range=4096
        )
        infrared = []
        for _ in range(50):
            sensor.clock.us += 20 * MS
            infrared += (driver.get_samples() or [])[1::2]
        # It clears the FIFO after each read and may lose a sample that arrived meanwhile; never the order.
        assert len(infrared) >= 80
        steps = [later - earlier for earlier, later in pairwise(infrared)]
        assert set(steps) <= {4, 8}

    def test_it_reads_the_temperature(self, driver):
        assert driver.get_temperature() == 30.5

    def test_its_status_calls_see_interrupts_come_and_go(self, sensor, driver):
        driver.setup(sample_average=1, leds_enable=2, sample_rate=100, pulse_width=411)
        driver.set_data_ready_enable(True)
        driver.set_fifo_almost_full_count(15)
        driver.set_fifo_almost_full_enable(True)
        sensor.clock.us += 15 * MS
        assert driver.get_data_ready_status()
        assert not driver.get_fifo_almost_full_status()
        sensor.clock.us += 180 * MS
        assert driver.get_fifo_almost_full_status()
        assert not driver.get_fifo_almost_full_status()


class TestSparkFun:
    @pytest.fixture
    def sensor(self):
        return Sensor(temperature_c=29.25)

    @pytest.fixture
    def driver(self, sensor, monkeypatch):
        """The published driver on SparkFun's own Linux I2C layer; only smbus2 is ours."""
        module = types.ModuleType("smbus2")
        module.SMBus = lambda number: sensor.smbus
        monkeypatch.setitem(sys.modules, "smbus2", module)
        from qwiic_i2c.linux_i2c import LinuxI2C
        from qwiic_max3010x import qwiic_max3010x

        monkeypatch.setattr(qwiic_max3010x, "time", sensor.clock)
        return qwiic_max3010x.QwiicMax3010x(i2c_driver=LinuxI2C())

    def setup(self, driver, **changes):
        driver.setup(
            **{
                "powerLevel": 32,
                "sampleAverage": 1,
                "ledMode": 2,
                "sampleRate": 400,
                "pulseWidth": 411,
                **changes,
            }
        )

    def test_it_finds_the_part(self, driver):
        assert driver.begin()
        assert driver.readPartID() == 0x15
        driver.readRevisionID()
        assert driver.getRevisionID() == 0x03

    def test_an_empty_bus_is_not_the_part(self, sensor, driver):
        sensor.chip.power_off()
        assert not driver.begin()

    def test_its_settings_arrive_in_the_chip(self, sensor, driver):
        self.setup(driver, sampleAverage=4, adcRange=16384, sampleRate=100)
        held = sensor.smbus.read_i2c_block_data(ADDRESS, 0x08, 11)
        assert held[:3] == [0x50, 0x03, 0x67]
        assert held[4] == held[5] == 32
        assert held[9] == 0x21

    def test_it_reads_the_same_samples_as_we_do(self, sensor, driver):
        self.setup(driver)
        driver.STORAGE_SIZE = 32
        driver.red, driver.IR = [0] * 32, [0] * 32
        start_us = sensor.clock.us + 10 * MS
        sensor.clock.us = start_us
        driver.shutDown()
        driver.clearFIFO()
        driver.wakeUp()
        woken_us = sensor.chip._start_us
        sensor.clock.us = woken_us + 51 * MS
        count = driver.check()
        samples = list(zip(driver.red[1 : count + 1], driver.IR[1 : count + 1], strict=True))
        expected = ours(spo2=0x2F, fifo=0x10, duration_us=51 * MS, at_us=woken_us)
        assert count >= 20
        assert samples == expected[:count]

    def test_its_latest_reading_is_the_newest_sample(self, sensor, driver):
        self.setup(driver, sampleRate=100)
        for _ in range(5):
            sensor.clock.us += 100 * MS
            infrared = driver.getIR()
            assert infrared == pytest.approx(1000 + sensor.clock.us / 2500, abs=14)  # 35 ms
            driver.nextSample()

    def test_it_reads_the_temperature(self, driver):
        self.setup(driver)
        driver.enableDIETEMPRDY()
        assert driver.readTemperature() == 29.25
        assert driver.readTemperatureF() == pytest.approx(84.65)

    def test_a_full_fifo_looks_empty_to_it_which_is_why_ours_is_our_own(self, sensor, driver):
        self.setup(driver, sampleRate=100)
        driver.clearFIFO()
        sensor.clock.us = sensor.chip.next_edge_us + 315 * MS
        assert driver.check() == 0


class TestAdafruit:
    INPUTS_V = (0.5, 1.25, 2.0, 3.0)

    @pytest.fixture
    def bench(self, monkeypatch):
        from adafruit_ads1x15 import ads1x15

        bench = types.SimpleNamespace()
        bench.chip = ADS1115(lambda channel, now_us: self.INPUTS_V[channel])
        bus, bench.model, bench.clock = open_bus(bench.chip)
        bench.adapter = CircuitPythonI2C(bus)
        monkeypatch.setattr(ads1x15, "time", bench.clock)
        return bench

    def test_single_shot_on_every_channel(self, bench):
        from adafruit_ads1x15 import ads1115, analog_in

        chip = ads1115.ADS1115(bench.adapter)
        for rate_hz in (8, 128, 860):
            chip.data_rate = rate_hz
            before_us = bench.clock.us
            for channel, volts in enumerate(self.INPUTS_V):
                assert analog_in.AnalogIn(chip, channel).voltage == pytest.approx(volts, abs=1e-4)
            assert bench.clock.us - before_us >= 4 * 1_000_000 // rate_hz

    def test_single_shot_differences(self, bench):
        from adafruit_ads1x15 import ads1115, analog_in

        chip = ads1115.ADS1115(bench.adapter, gain=2 / 3)
        assert analog_in.AnalogIn(chip, 0, 1).voltage == pytest.approx(-0.75, abs=2e-4)
        assert analog_in.AnalogIn(chip, 2, 3).voltage == pytest.approx(-1.0, abs=2e-4)

    @pytest.mark.parametrize("gain", [2 / 3, 1, 2])
    def test_every_gain_that_the_input_fits(self, bench, gain):
        from adafruit_ads1x15 import ads1115, analog_in

        chip = ads1115.ADS1115(bench.adapter, gain=gain)
        assert analog_in.AnalogIn(chip, 1).voltage == pytest.approx(1.25, abs=2e-4)

    def test_continuous_mode_on_the_channel_that_was_selected(self, bench):
        from adafruit_ads1x15 import ads1x15, ads1115

        ads1115.ADS1115(bench.adapter, data_rate=860).read(4 + 1)
        chip = ads1115.ADS1115(bench.adapter, data_rate=860, mode=ads1x15.Mode.CONTINUOUS)
        before_us = bench.clock.us
        assert chip.read(4 + 1) == 10_000
        assert (
            bench.clock.us - before_us >= 2_000_000 // 860
        )  # it waits for two conversions, and then no more
        for _ in range(20):
            before_us = bench.clock.us
            assert chip.read(4 + 1) == 10_000
            assert bench.clock.us - before_us < 100

    def test_continuous_mode_does_not_change_the_channel_which_is_why_ours_is_single_shot(self, bench):
        """Release 3.0.5 (upstream issue 112). When this fails, upstream has mended it: say so in adc.py."""
        from adafruit_ads1x15 import ads1x15, ads1115

        ads1115.ADS1115(bench.adapter, data_rate=860).read(4 + 1)
        chip = ads1115.ADS1115(bench.adapter, data_rate=860, mode=ads1x15.Mode.CONTINUOUS)
        assert chip.read(4 + 2) == 10_000

    def test_an_absent_chip_is_its_value_error(self, bench):
        from adafruit_ads1x15 import ads1115

        bench.chip.power_off()
        with pytest.raises(ValueError, match="0x48"):
            ads1115.ADS1115(bench.adapter)

    def test_thresholds_and_comparator_settings_are_read_back(self, bench):
        from adafruit_ads1x15 import ads1x15, ads1115

        chip = ads1115.ADS1115(
            bench.adapter,
            comparator_queue_length=2,
            comparator_low_threshold=-100,
            comparator_high_threshold=2000,
            comparator_mode=ads1x15.Comp_Mode.WINDOW,
            comparator_polarity=ads1x15.Comp_Polarity.ACTIVE_HIGH,
        )
        other = ads1115.ADS1115.__new__(ads1115.ADS1115)
        other.__dict__.update(chip.__dict__)
        other._read_config()
        assert other.comparator_queue_length == 2
        assert other.comparator_mode == ads1x15.Comp_Mode.WINDOW
        buffer = bytearray(2)
        bench.adapter.writeto_then_readfrom(0x48, b"\x02", buffer)
        assert buffer == b"\xff\x9c"
