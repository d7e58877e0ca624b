#!/usr/bin/env bash
# Adafruit's ADS1x15 driver 3.0.5 never changes the channel in continuous mode: every pin reads what the first did.
#
# `read(pin)` writes the configuration anew when the pin is another one, and then waits for two conversions, as its comment
# says ("or changing channels in CONTINUOUS mode"). But the function that writes it takes the pin it is given only in
# single-shot mode; otherwise it reads the multiplexer's setting back from the chip and writes the same one. After power-on
# that is AIN0 minus AIN1. Three voltages on three pins come out as one, and no error says so.
# The chip below is the data sheet's: a pointer, a configuration of which bits 14 to 12 choose the inputs, a conversion.
# Seen: single-shot 0.5, 1.0, 2.0 V; continuous -0.5 V (AIN0 minus AIN1) from each of the three pins.
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
    """An I2C bus with one ADS1115 at a gain of 1, 4.096 V full scale."""

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
            value = round(volts / 4.096 * 32768) & 0xFFFF
        elif self.pointer == 1:
            value = value & 0x7FFF | (value & 0x0100) << 7  # bit 15: no conversion is under way
        buffer[0:2] = value.to_bytes(2, "big")

    def writeto_then_readfrom(self, address, out, into, *, out_start=0, out_end=None, in_start=0, in_end=None):
        self.writeto(address, out)
        self.readfrom_into(address, into)


from adafruit_ads1x15 import ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode

for name in ("SINGLE", "CONTINUOUS"):
    converter = ADS1115(Bus(), mode=getattr(Mode, name))
    print(name, *(f"{AnalogIn(converter, pin).voltage:.3f}" for pin in (0, 1, 2)))
END
cat seen
diff - seen << 'END'
SINGLE 0.500 1.000 2.000
CONTINUOUS -0.500 -0.500 -0.500
END
