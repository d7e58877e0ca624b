#!/usr/bin/env bash
# Adafruit's ADS1x15 driver 3.0.5 hands out a register's bits as a voltage after the gain is changed in continuous mode.
#
# In continuous mode a second read of the same pin sends no address of a register: the chip's pointer still stands on
# the conversion, which spares three bytes. But setting the gain (or the data rate, the comparator, the mode) writes the
# configuration and leaves the pointer there, so all that follows reads the configuration: a steady, plausible voltage
# that no input has, until another pin is read. A caller who changes the gain when a reading nears full scale gets it each time.
# The chip below is the data sheet's: a pointer that stays where the last write put it, as its "write the pointer, then
# read, and read again" has it.
# Seen: 1.000 V, then at a gain of 2 the configuration 0x5483 as 1.352 V, again and again; `get_last_result()`, which sends the
# address, says 1.000.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there"
# Without Blinka, which wants a board: of it only the four methods below and these names are needed.
echo 'class I2C: pass' > busio.py
echo 'const = int' > micropython.py
echo 'from typing import Literal' > typing_extensions.py
echo 'ReadableBuffer = WriteableBuffer = object' > circuitpython_typing.py
"$there/bin/pip" --quiet --disable-pip-version-check install --no-deps \
  adafruit-circuitpython-ads1x15==3.0.5 adafruit-circuitpython-busdevice==5.2.17
PYTHONPATH=. "$there/bin/python" > seen << 'END'
VOLTS = (0.5, 1.0, 2.0, 3.0)


class Bus:
    """An I2C bus with one ADS1115 at a gain of 1 or 2."""

    def __init__(self):
        self.pointer, self.registers = 0, {0: 0, 1: 0x8583, 2: 0x8000, 3: 0x7FFF}

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        data = bytes(buffer)[start:end]
        if data:
            self.pointer = data[0]
        if len(data) == 3:
            self.registers[self.pointer] = data[1] << 8 | data[2]

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        value = self.registers[self.pointer]
        if self.pointer == 0:
            inputs = self.registers[1] >> 12 & 7
            pairs = {0: (0, 1), 1: (0, 3), 2: (1, 3), 3: (2, 3)}
            plus, minus = (inputs - 4, None) if inputs >= 4 else pairs[inputs]
            volts = VOLTS[plus] - (0 if minus is None else VOLTS[minus])
            full_scale = 4.096 if self.registers[1] >> 9 & 7 == 1 else 2.048
            value = round(volts / full_scale * 32768) & 0xFFFF
        elif self.pointer == 1:
            value = value & 0x7FFF | (value & 0x0100) << 7  # bit 15: no conversion is under way
        buffer[0:2] = value.to_bytes(2, "big")

    def writeto_then_readfrom(self, address, out, into, *, out_start=0, out_end=None, in_start=0, in_end=None):
        self.writeto(address, out)
        self.readfrom_into(address, into)


from adafruit_ads1x15 import ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode

converter = ADS1115(Bus())
pin = AnalogIn(converter, 1)
pin.value  # a single-shot reading chooses AIN1
converter.mode = Mode.CONTINUOUS
print("slow", f"{pin.convert_to_voltage(converter.get_last_result()):.3f}")
converter.gain = 2
print("pin", *(f"{pin.voltage:.3f}" for _ in range(3)))
print("slow", f"{pin.convert_to_voltage(converter.get_last_result()):.3f}")
END
cat seen
diff - seen << 'END'
slow 1.000
pin 1.352 1.352 1.352
slow 1.000
END
