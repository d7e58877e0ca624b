"""Runs under MicroPython: the drivers on a bus that does not allocate; prints what they allocated."""

import gc
import json
from array import array

from firmware.drivers.adc import Adc
from firmware.drivers.i2c_bus import CircuitPythonI2C, I2CBus
from firmware.drivers.max3010x import MAX3010x

ADC_CODES = (0xFFFF, 10_000, 20_000, 32_767)


class Clock:
    def __init__(self):
        self.ms = 0

    def now_ms(self):
        return self.ms

    def sleep_us(self, us):
        pass


class ReplayI2C:
    """Register memory that answers as the two chips do in their good hours."""

    def __init__(self):
        self.sensor = bytearray(256)
        self.sensor[0xFF] = 0x15
        self.made = 0
        self.pointer = 0
        self.config = 0x8583
        self.conversion = 0

    def writeto(self, address, buffer, stop=True):
        if address == 0x57:
            self.sensor[buffer[0]] = 0 if buffer[0] == 9 and buffer[1] == 0x40 else buffer[1]
            if buffer[0] == 0x21:  # a temperature was asked for: 31.25 degrees, and ready
                self.sensor[1] = 2
                self.sensor[0x1F] = 31
                self.sensor[0x20] = 4
        elif len(buffer):
            self.pointer = buffer[0]
            if len(buffer) == 3 and self.pointer == 1:
                self.config = buffer[1] << 8 | buffer[2]
                self.conversion = ADC_CODES[(self.config >> 12) & 3]

    def readfrom_into(self, address, buffer, stop=True):
        value = self.conversion if self.pointer == 0 else self.config | 0x8000
        buffer[0] = value >> 8
        buffer[1] = value & 0xFF

    def readfrom_mem_into(self, address, register, buffer):
        if address != 0x57:
            self.pointer = register
            self.readfrom_into(address, buffer)
            return
        if register != 7:
            for i in range(len(buffer)):
                buffer[i] = self.sensor[register + i]
            if register == 0x1F:
                self.sensor[1] = 0
            return
        at = 0
        while at < len(buffer):
            self._put(buffer, at, 21_000 + self.made)
            self._put(buffer, at + 3, 1000 + self.made)
            self.made += 1
            at += 6
        self.sensor[6] = self.sensor[4]

    def _put(self, buffer, at, counts):
        buffer[at] = counts >> 16
        buffer[at + 1] = counts >> 8 & 0xFF
        buffer[at + 2] = counts & 0xFF


clock = Clock()
i2c = ReplayI2C()
bus = I2CBus(lambda: i2c, None, clock)
sensor = MAX3010x(bus, clock)
assert sensor.configure() and sensor.power(True), sensor.fault
ir = array("i", [0] * 32)
red = array("i", [0] * 32)
total = array("i", [0, 0, 0])


def read_for(turns):
    for _ in range(turns):
        clock.ms += 50
        i2c.sensor[4] = (i2c.sensor[4] + 5) & 31
        count = sensor.read(ir, red)
        total[0] += count
        for i in range(count):
            total[1] += ir[i]
            total[2] += red[i]


def allocated(run, times):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    run(times)
    spent = gc.mem_alloc() - before
    gc.enable()
    return spent


sensor_bytes = allocated(read_for, 410)  # more than 20 s: two looks at the rate, two temperatures
assert sensor.fault is None and sensor.rate_permille == 1000 and sensor.temperature_centi_c == 3125

adc = Adc(CircuitPythonI2C(bus), clock)
assert adc.configure(), adc.fault


def step_for(readings):
    while readings:
        clock.ms += 10
        if adc.step() is not None:
            readings -= 1
        assert adc.fault is None, adc.fault


step_for(8)
adc_bytes = allocated(step_for, 100)
print(
    json.dumps(
        {
            "sensor_bytes": sensor_bytes,
            "samples": total[0],
            "sum_ir": total[1],
            "sum_red": total[2],
            "adc_microvolts": [adc.microvolts(channel) for channel in range(4)],
            "adc_bytes_per_reading": adc_bytes // 100,
        }
    )
)
